"""A run that is cancelled: what ends, what is lifted, what still runs, and that nothing swallows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbooks.collection import load_playbooks
from playbooks.commands import (
    Cancel,
    Command,
    Completed,
    Contain,
    Failed,
    Outcome,
    Release,
    RunResult,
    Succeeded,
    ends_at_once,
)
from playbooks.engine import inputs_of, run
from playbooks.model import load_playbook
from playbooks.rehearsal import rehearse_all
from tests.playbooks.conftest import CATALOGUE, answer, incident

HEAD = "name: {name}\ndescription: A test.\non: {{command: true}}\nsteps:\n"
BLOCKS = """
  - id: ask
    approval: {from: responders, expires: 15m, question: Both?, releases: [first, second]}
  - {id: first, uses: wall.block_ip, with: {ip: 203.0.113.7}, for: 24h}
  - {id: ticket, uses: desk.open_ticket, with: {title: It goes on}}
  - {id: second, uses: wall.block_ip, with: {ip: 203.0.113.8}, for: 24h}
  - {id: wait, wait: 1h}
  - {id: tell, notify: {text: All is done}}
"""
FINALLY = """
finally:
  - id: again
    approval: {from: responders, expires: 15m, question: Once more?, releases: [third]}
  - {id: third, uses: wall.block_ip, with: {ip: 203.0.113.9}, for: 24h}
  - {id: own, uses: wall.block_ip, with: {ip: 203.0.113.10}, for: 24h, automatic: {reason: it is allowed to, max_per_hour: 5}}
  - {id: lift, undo: first}
  - {id: close, uses: desk.open_ticket, with: {title: "first: {{ steps.first.outcome }}"}}
  - {id: reads, notify: {text: "until {{ steps.second.until | default('never') }}"}}
  - {id: last, notify: {text: "wait {{ steps.wait.outcome }}"}}
"""  # noqa: E501
BY = Cancel(by="U0ALICE", by_name="alice", reason="it was our scanner")


class Cancelled:
    """Drives a playbook, and cancels it once a command is under way; the rest goes on as long as it can."""

    def __init__(
        self,
        texts: Iterable[str],
        at: str,
        *,
        said: Mapping[str, Outcome] | None = None,
        cancel: Cancel = BY,
    ) -> None:
        known, faults = load_playbooks([(f"{n}.yaml", text) for n, text in enumerate(texts)], CATALOGUE)
        assert faults == []
        playbook = list(known.values())[-1]
        facts = incident()
        self.said = said or {}
        self.commands: list[Command] = []
        self.pending: list[Command] = []
        self.after: list[str] = []
        """What was asked for once it was cancelled."""
        self.blocks = 0
        done = False
        engine = run(playbook, facts, inputs_of(playbook, facts, {})[0], CATALOGUE, known)
        try:
            self._take(next(engine), done)
            while True:
                here = next((one for one in self.pending if one.id == at), None)
                if not done and here is not None:
                    done = True
                    open_now = list(self.pending)
                    self._take(engine.send(cancel), done)
                    assert self.after == [], "nothing begins by itself"
                    for one in open_now:
                        if ends_at_once(one):
                            self.pending.remove(one)
                            ended = Failed(reason=cancel.said, kind="cancelled")
                            self._take(engine.send(Completed(id=one.id, outcome=ended)), done)
                    continue
                command = next((one for one in self.pending if done or one.id != at), self.pending[0])
                self.pending.remove(command)
                self._take(engine.send(Completed(id=command.id, outcome=self._answer(command))), done)
        except StopIteration as stop:
            self.result: RunResult = stop.value
        assert done, f"{at} was never reached"

    def _take(self, new: Iterable[Command], done: bool) -> None:
        self.commands += new
        self.pending += new
        if done:
            self.after += [one.id for one in new]

    def _answer(self, command: Command) -> Outcome:
        if command.id in self.said:
            return self.said[command.id]
        if isinstance(command, Contain):
            self.blocks += 1
            until = "2026-03-31T16:02:00Z"
            return Succeeded(result={"id": f"blk-{command.id}", "until": until, "detail": ""})
        return answer(command)

    @property
    def statuses(self) -> dict[str, str]:
        return {step.id: step.status for step in self.result.steps}

    @property
    def lifted(self) -> list[str]:
        assert self.result.cancelled is not None
        return [one.step for one in self.result.cancelled.lifted]


ONE = HEAD.format(name="one") + BLOCKS


def test_what_it_contained_is_lifted_the_latest_first_and_the_run_ends_cancelled() -> None:
    run = Cancelled([ONE], "wait")
    assert run.after == ["second#lift", "first#lift"]
    lifts = [one for one in run.commands if isinstance(one, Release)]
    assert [(one.step, one.containment, one.cancelled) for one in lifts] == [
        ("second", "blk-second", BY.said), ("first", "blk-first", BY.said),
    ]  # fmt: skip
    assert run.statuses == {
        "ask": "succeeded", "first": "succeeded", "ticket": "succeeded", "second": "succeeded",
        "wait": "cancelled", "tell": "skipped",
    }  # fmt: skip
    report = run.result.cancelled
    assert report is not None
    assert (run.result.status, run.result.reason) == ("cancelled", "cancelled by alice: it was our scanner")
    assert [(one.step, one.what) for one in report.changes] == [("ticket", "desk.open_ticket")]
    assert (report.kept, report.failed, run.result.outputs) == ((), (), {})


def test_a_question_that_is_open_releases_nothing_any_more() -> None:
    run = Cancelled([ONE], "ask")
    assert (run.after, run.lifted, run.blocks) == ([], [], 0)
    assert run.statuses == {
        "ask": "cancelled", "first": "skipped", "ticket": "skipped", "second": "skipped", "wait": "skipped",
        "tell": "skipped",
    }  # fmt: skip


def test_a_containment_that_is_being_applied_is_waited_for_and_lifted() -> None:
    run = Cancelled([ONE], "first")
    assert (run.after, run.statuses["first"]) == (["first#lift"], "succeeded")
    assert run.statuses["ticket"] == "skipped"


def test_kept_is_what_shall_be_kept() -> None:
    run = Cancelled([ONE], "wait", cancel=Cancel(by="U0ALICE", keep=True))
    assert (run.after, run.lifted) == ([], [])
    assert run.result.cancelled is not None
    assert [(one.step, one.why) for one in run.result.cancelled.kept] == [
        ("second", "as was asked"), ("first", "as was asked"),
    ]  # fmt: skip


def test_one_that_can_not_be_lifted_stops_no_other() -> None:
    said = {
        "second#lift": Failed(reason="the wall does not answer"),
        "first#lift": Failed(reason="it stays: inc-other asked for it as well", kind="refused"),
    }
    run = Cancelled([ONE], "wait", said=said)
    report = run.result.cancelled
    assert report is not None
    assert [(one.step, one.why) for one in report.failed] == [("second", "the wall does not answer")]
    assert [(one.step, one.why) for one in report.kept] == [
        ("first", "it stays: inc-other asked for it as well")
    ]
    assert run.result.status == "cancelled"


def test_finally_runs_after_the_lifting_and_contains_and_asks_nothing() -> None:
    run = Cancelled([ONE + FINALLY], "wait")
    assert run.after == ["second#lift", "first#lift", "close", "reads", "last"]
    assert run.statuses | {"again": "skipped", "third": "skipped", "own": "skipped", "lift": "skipped"} == (
        run.statuses
    )
    texts = [getattr(one, "text", None) for one in run.commands]
    assert "wait cancelled" in texts
    assert run.result.status == "cancelled"


def test_finally_knows_what_never_came() -> None:
    run = Cancelled([ONE + FINALLY], "ask")
    assert run.after == ["close", "reads", "last"]
    assert [getattr(one, "text", "") for one in run.commands[-2:]] == ["until never", "wait skipped"]


def test_an_undo_in_finally_tries_again_what_could_not_be_lifted_and_leaves_what_is_kept() -> None:
    run = Cancelled([ONE + FINALLY], "wait", said={"first#lift": Failed(reason="no answer")})
    assert run.after[:3] == ["second#lift", "first#lift", "lift"]
    assert (sorted(run.lifted), run.statuses["lift"]) == (["first", "second"], "succeeded")
    assert run.result.cancelled is not None
    assert run.result.cancelled.failed == ()
    kept = Cancelled([ONE + FINALLY], "wait", cancel=Cancel(by="U0ALICE", keep=True))
    assert kept.after == ["close", "reads", "last"]
    assert kept.statuses["lift"] == "skipped"


@pytest.mark.parametrize(
    ("at", "lifted"), [("again", ["second", "first"]), ("last", ["own", "third", "second", "first"])]
)
def test_one_that_is_cancelled_in_its_finally_is_lifted_after_it(at: str, lifted: list[str]) -> None:
    run = Cancelled([(ONE + FINALLY).replace("  - {id: lift, undo: first}\n", "")], at)
    assert run.after[-len(lifted) :] == [f"{one}#lift" for one in lifted]
    assert (run.lifted, run.result.status, run.statuses["last"]) == (lifted, "cancelled", "succeeded")


SWALLOWING = """
  - id: look
    uses: geo.lookup
    with: {ip: 203.0.113.7}
    retry: {attempts: 3, every: 10s}
    on_error: ON
  - {id: next, uses: geo.lookup, with: {ip: 203.0.113.8}}
"""


@pytest.mark.parametrize("on_error", ["continue", "fail", "[{id: instead, notify: {text: Instead}}]"])
@pytest.mark.parametrize("at", ["look", "look#pause1", "look#2"])
def test_neither_on_error_nor_a_retry_swallows_it(on_error: str, at: str) -> None:
    said: dict[str, Outcome] = {"look": Failed(reason="no answer"), "look#2": Failed(reason="no answer")}
    text = HEAD.format(name="one") + SWALLOWING.replace("ON", on_error)
    run = Cancelled([text], at, said=said)
    assert (run.after, run.result.status) == ([], "cancelled")
    assert run.statuses["next"] == "skipped"
    assert run.statuses["look"] == ("failed" if at == "look#pause1" else "cancelled")


LOOP = """
  - id: each
    foreach:
      in: [1, 2, 3, 4, 5]
      concurrency: 2
      steps:
        - {id: look, uses: geo.lookup, with: {ip: "203.0.113.{{ item }}"}}
        - {id: block, uses: wall.block_ip, with: {ip: "203.0.113.{{ item }}"}, for: 1h, automatic: {reason: it is allowed to, max_per_hour: 9}}
        - {id: tell, notify: {text: "{{ steps.block.until }}"}}
finally:
  - {id: count, notify: {text: "{{ steps.each.count | default(0) }}"}}
"""  # noqa: E501


def test_of_a_foreach_no_item_begins_any_more() -> None:
    run = Cancelled([HEAD.format(name="one") + LOOP], "look[2]")
    begun = [one.id for one in run.commands if isinstance(one, Contain)]
    assert begun, "items before it"
    assert run.after == [*(f"{one}#lift" for one in reversed(begun)), "count"]
    assert run.statuses["look[2]"] == "cancelled"
    assert run.statuses["look[4]"] == run.statuses["tell[4]"] == "skipped"
    assert (run.statuses["each"], run.result.status) == ("cancelled", "cancelled")


BRANCHES = """
  - id: both
    parallel:
      looks:
        - {id: look, uses: geo.lookup, with: {ip: 203.0.113.7}}
        - {id: then, notify: {text: "{{ steps.look.country }}"}}
      blocks:
        - {id: block, uses: wall.block_ip, with: {ip: 203.0.113.7}, for: 1h, automatic: {reason: it is allowed to, max_per_hour: 9}}
        - {id: so, notify: {text: Blocked}}
      people:
        - id: how
          ask: {from: responders, expires: 1h, question: How?, answers: {what: {type: text, label: What?}}}
      time:
        - {id: pause, wait: 1h}
      hook:
        - {id: call, wait: {webhook: closed, within: 1h}}
"""  # noqa: E501


def test_of_branches_the_containment_alone_is_waited_for() -> None:
    run = Cancelled([HEAD.format(name="one") + BRANCHES], "block")
    assert run.after == ["block#lift"]
    wanted = dict.fromkeys(("look", "how", "pause", "call", "both"), "cancelled")
    assert run.statuses == wanted | {"block": "succeeded", "then": "skipped", "so": "skipped"}


INSIDE = HEAD.format(name="inside") + BLOCKS + "finally:\n  - {id: bye, notify: {text: Bye}}\n"
OUTER = (
    HEAD.format(name="outer")
    + """
  - id: own
    uses: wall.block_ip
    with: {ip: 203.0.113.20}
    for: 1h
    automatic: {reason: it is allowed to, max_per_hour: 9}
  - {id: call, run: inside}
  - {id: tell, notify: {text: "{{ steps.call.outcome }}"}}
finally:
  - {id: end, notify: {text: "call: {{ steps.call.outcome }}"}}
"""
)


def test_what_runs_inside_is_cancelled_with_it_and_lifted_first() -> None:
    run = Cancelled([OUTER, INSIDE], "call.wait")
    assert run.after == ["call.second#lift", "call.first#lift", "own#lift", "call.bye", "end"]
    assert run.statuses["call"] == "cancelled"
    assert run.statuses["tell"] == "skipped"
    assert run.result.status == "cancelled"


def test_the_finally_of_one_inside_that_has_begun_goes_on() -> None:
    run = Cancelled([OUTER, INSIDE], "call.bye")
    assert run.after == ["call.second#lift", "call.first#lift", "own#lift", "end"]
    assert run.statuses["call.bye"] == "succeeded"


def test_a_playbook_that_finally_runs_does_all_but_ask_and_contain() -> None:
    text = (
        OUTER.split("  - {id: call")[0] + "  - {id: pause, wait: 1h}\nfinally:\n  - {id: call, run: inside}\n"
    )
    run = Cancelled([text, INSIDE], "pause")
    assert run.after == ["own#lift", "call.ticket", "call.wait", "call.tell", "call.bye"]
    assert run.statuses["call.ask"] == run.statuses["call.first"] == "skipped"
    assert run.statuses["call"] == "succeeded"


def test_the_first_cancellation_counts_and_outcomes_come_as_they_like() -> None:
    playbook = load_playbook("one.yaml", ONE, CATALOGUE)
    engine = run(playbook, incident(), {}, CATALOGUE)
    next(engine)
    assert engine.send(BY) == ()
    assert engine.send(Cancel(by="U0BOB", keep=True)) == ()
    with pytest.raises(StopIteration) as stop:
        engine.send(Completed(id="ask", outcome=Failed(reason=BY.said, kind="cancelled")))
    assert stop.value.value.cancelled.asked == BY


@given(st.sampled_from(["first", "ask", "wait", "ticket", "second"]), st.booleans(), st.booleans())
@settings(max_examples=20)
def test_after_it_nothing_is_ever_contained(at: str, keep: bool, with_finally: bool) -> None:
    run = Cancelled([ONE + (FINALLY if with_finally else "")], at, cancel=Cancel(by="U0ALICE", keep=keep))
    contained = [one.id for one in run.commands if isinstance(one, Contain)]
    assert not set(contained) & set(run.after)
    assert run.result.cancelled is not None
    left = {one.step for one in run.result.cancelled.kept}
    assert (set(run.lifted), left) == (set(), set(contained)) if keep else (set(contained), set())


# --- rehearsed -----------------------------------------------------------------------------------


def rehearsed(given_: str, expect: str, text: str = ONE) -> tuple[str, ...]:
    tests = f"tests:\n  - {{name: one, given: {given_}, expect: {expect}}}\n"
    playbook = load_playbook("one.yaml", text + tests, CATALOGUE)
    (found,) = rehearse_all(playbook, CATALOGUE)
    return found.faults


PATH = "path: [ask, first, ticket, second, wait]"


@pytest.mark.parametrize(
    ("given_", "expect"),
    [
        ("{ask: granted, wait: cancelled}", f"{{status: cancelled, {PATH}, lifted: [second, first]}}"),
        ("{ask: granted, wait: {cancelled: keep}}", f"{{status: cancelled, {PATH}, lifted: []}}"),
        ("{ask: cancelled}", "{status: cancelled, path: [ask], lifted: []}"),
        ("{ask: granted, first: cancelled}", "{status: cancelled, path: [ask, first], lifted: [first]}"),
        (
            '{ask: granted, wait: cancelled, "second#lift": {error: no answer}}',
            "{status: cancelled, lifted: [first], reason: cancelled by}",
        ),
    ],
)
def test_a_rehearsal_may_cancel_at_a_step(given_: str, expect: str) -> None:
    assert rehearsed(given_, expect) == ()


def test_a_rehearsal_says_what_was_lifted_instead_and_what_is_no_cancellation() -> None:
    found = rehearsed("{ask: granted, wait: cancelled}", "{lifted: [first]}")
    assert found == ("expected first to be lifted, it was second, first",)
    found = rehearsed("{ask: {cancelled: perhaps}}", "{status: cancelled}")
    assert found == ("given.ask: write cancelled, or {cancelled: keep}",)
