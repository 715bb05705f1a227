"""Runs that are cancelled, on a real Temporal server: what ends at once, what is waited for, what is lifted,
what people are told."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, Worker

from integrations.contract import ActionCall
from integrations.ports import Site
from playbooks.actions import ActionKind
from playbooks.commands import Cancel, RunResult
from playbooks.model import load_playbook
from rules.alerts import Alert, EventRef
from tests.workers.fakes import MemoryEvidence, MemoryIncidents, MemoryState, Wall, WallClock, terminate_all
from tests.workers.test_continuing import Book, vote_on
from tests.workers.test_playbook_workflow import facts
from tests.workers.test_run_waits import (
    APPROVERS,
    GUARD,
    THREAD,
    MemoryAlerts,
    MemoryEvents,
    People,
    given,
    soon,
    until,
)
from workers.attributes import STATUS
from workers.containment_workflow import ContainmentWorkflow
from workers.contract import (
    BOT_QUEUE,
    QUEUE,
    AlertsJoined,
    AnswerRefused,
    BotActivity,
    IncidentStart,
    IncidentView,
    PlaybookStart,
    PlaybookText,
    Question,
    ThreadRef,
    VoteRefused,
)
from workers.desk import AnswerRefusedError, DeskError, NotAllowedError, UnknownIdError, VoteRefusedError
from workers.incident_workflow import IncidentWorkflow
from workers.live_desk import LiveDesk
from workers.playbook_files import PlaybookFile, PlaybookSet
from workers.playbook_workflow import PlaybookWorkflow
from workers.response import Response
from workers.temporal import sandbox
from workers.waits import Waits

pytestmark = pytest.mark.engine
SLOW = 1_000_000
"""The number for which a book waits."""
BY = Cancel(by="U0ALICE", by_name="alice", reason="it was our scanner")
SAID = "cancelled by alice: it was our scanner"
HEAD = "name: NAME\ndescription: d\non: {command: true}\nsteps:\n"
AUTOMATIC = "automatic: {reason: it is allowed to, max_per_hour: 100}"


class Gated(Wall):
    """A wall that is slow to apply what it is asked for, until its gate opens."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun = asyncio.Event()
        self.order: list[str] = []
        """Addresses in the order in which they were lifted."""

    async def run(self, call: ActionCall, site: Any) -> dict[str, Any]:
        self.begun.set()
        await self.gate.wait()
        return await super().run(call, site)

    async def undo(self, call: ActionCall, site: Any) -> dict[str, Any]:
        done = await super().undo(call, site)
        self.order.append(call.params["ip"])
        return done


@dataclass
class SlowPeople(People):
    """Their chat takes its time to post a card, until its gate opens."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    @activity.defn(name=BotActivity.ASK.value)
    async def ask(self, question: Question) -> ThreadRef:
        self.begun.set()
        await self.gate.wait()
        return await super().ask(question)


class Rig:
    def __init__(self, client: Client) -> None:
        self.client = client
        self.wall, self.people, self.events = Gated(), SlowPeople(), MemoryEvents()
        self.people.gate.set()
        self.lookup, self.change = (
            Book("book.lookup", ActionKind.LOOKUP),
            Book("book.change", ActionKind.CHANGE),
        )
        self.site = Site(
            events=self.events, alerts=MemoryAlerts(), incidents=MemoryIncidents(), evidence=MemoryEvidence(),  # type: ignore[arg-type]
            state=MemoryState(), clock=WallClock(), api_url="",
        )  # fmt: skip
        self.desk = LiveDesk(client, self.site)
        self.known: dict[str, str] = {}
        """Playbooks that people may start, by file."""
        self.actions = {one.spec.name: one for one in (self.wall, self.lookup, self.change)}

    async def start(self, steps: str, *inside: str) -> Any:
        incident = f"inc-{uuid.uuid4().hex[:8]}"
        known = facts(incident)
        await self.site.incidents.put(known, 1)
        alert = Alert(
            id="alr-1", rule="r", rule_id="r", title=known.title, severity=known.severity, risk=70,
            entities=known.entities, evidence=(EventRef(id="e1"),), evidence_count=1, first=known.first,
            last=known.last, detected=known.last, summary="A finding.",
        )  # fmt: skip
        await self.client.start_workflow(
            IncidentWorkflow.run, IncidentStart(incident=incident), id=incident, task_queue=QUEUE,
            start_signal="alerts", start_signal_args=[AlertsJoined(alerts=(alert,))],
        )  # fmt: skip
        text = HEAD.replace("NAME", "test") + steps
        guard = GUARD.model_copy(update={"automatic": ("wall.block_ip",), "max_per_hour": 1000})
        return await self.client.start_workflow(
            PlaybookWorkflow.run,
            PlaybookStart(
                playbook="test", path="test.yaml", text=text, incident=known, thread=THREAD,
                inside=tuple(PlaybookText(path=f"{n}.yaml", text=one) for n, one in enumerate(inside)),
                specs={name: one.spec for name, one in self.actions.items()},
                approvers=APPROVERS, guard=guard,
            ),
            id=f"{incident}/test",
            task_queue=QUEUE,
        )  # fmt: skip

    def playbooks(self) -> PlaybookSet:
        specs = {name: one.spec for name, one in self.actions.items()}
        read = ((PlaybookFile(n, t), load_playbook(n, t, specs)) for n, t in self.known.items())
        return PlaybookSet(tuple(read), ())

    async def ended(self, handle: Any, kind: str = "playbook.ended") -> Any:
        """Return the note of a kind on the chain of a run's incident."""

        async def found() -> Any:
            chain = await self.site.evidence.chain(handle.id.partition("/")[0])
            return next((one for one in chain if one.kind == kind), None)

        return await until(found)


@pytest.fixture
async def rig(temporal: Client) -> AsyncIterator[Rig]:
    here = Rig(temporal)
    response = Response(
        client=temporal, site=here.site, actions=here.actions,  # type: ignore[arg-type]
        playbooks=here.playbooks, approvers=APPROVERS, guard=GUARD,
    )  # fmt: skip
    async with (
        Worker(
            temporal, task_queue=QUEUE, workflows=[PlaybookWorkflow, ContainmentWorkflow, IncidentWorkflow],
            activities=[*response.activities, *Waits(temporal, here.site).activities],
            workflow_runner=sandbox(),
        ),
        Worker(temporal, task_queue=BOT_QUEUE, activities=here.people.activities),
    ):  # fmt: skip
        yield here
        for one in (here.wall.gate, here.lookup.slow, here.change.slow, here.people.gate):
            one.set()
    await terminate_all(temporal)


async def replays(handle: Any) -> None:
    replayer = Replayer(
        workflows=[PlaybookWorkflow], workflow_runner=sandbox(), data_converter=pydantic_data_converter
    )
    await replayer.replay_workflow(await handle.fetch_history())


def statuses(result: RunResult) -> dict[str, str]:
    return {one.id: one.status for one in result.steps}


ASK = f"""
  - {{id: first, uses: wall.block_ip, with: {{ip: 203.0.113.7}}, for: 1h, {AUTOMATIC}}}
  - {{id: ticket, uses: book.change, with: {{n: 1}}}}
  - id: ask
    approval: {{from: responders, expires: 5m, question: More?, releases: [second]}}
  - {{id: second, uses: wall.block_ip, with: {{ip: 203.0.113.8}}, for: 1h}}
finally:
  - {{id: close, uses: book.change, with: {{n: {SLOW}}}}}
"""


async def test_an_open_question_is_withdrawn_and_all_is_told(rig: Rig) -> None:
    rig.change.slow.clear()
    handle = await rig.start(ASK)
    question = await soon(rig.people.asked)
    for stranger in ("U0MALLORY", "cli:root", "temporal:cancel"):
        with pytest.raises(NotAllowedError, match="only approvers"):
            await rig.desk.cancel_run(handle.id, Cancel(by=stranger))
    assert await rig.desk.cancel_run(handle.id, BY) == handle.id

    async def closing() -> bool:
        return len(rig.change.calls) == 2

    await until(closing)
    assert (rig.wall.blocked, rig.wall.order) == ({}, ["203.0.113.7"]), "lifted before finally"
    with pytest.raises(DeskError, match=f"is being {SAID} already"):
        await rig.desk.cancel_run(handle.id, Cancel(by="U0BOB"))
    with pytest.raises(VoteRefusedError, match=f"too late: the run was {SAID}") as late:
        await rig.desk.vote(handle.id, vote_on(question, "U0BOB"))
    assert late.value.refused is VoteRefused.LATE
    view = await handle.query(PlaybookWorkflow.view)
    assert (view.status, view.waiting_for) == ("cancelling", ())
    lifted = f"was lifted: its run was {SAID}."
    assert (await rig.ended(handle, "containment.released")).text.endswith(lifted)
    rig.change.slow.set()
    result = await asyncio.wait_for(handle.result(), 20)
    assert (result.status, result.reason) == ("cancelled", SAID)
    assert statuses(result) == {
        "first": "succeeded", "ticket": "succeeded", "ask": "cancelled", "second": "skipped",
        "close": "succeeded",
    }  # fmt: skip
    assert (await handle.describe()).typed_search_attributes[STATUS] == "cancelled"
    (card,) = rig.people.retired
    assert (card.decision, card.why, card.by) == ("withdrawn", SAID, ())
    begun, ended = await rig.ended(handle, "playbook.cancelling"), await rig.ended(handle)
    assert (begun.actor, begun.data["reason"], begun.data["keep"]) == (
        "slack:U0ALICE", "it was our scanner", False,
    )  # fmt: skip
    block = ended.data["cancelled"]["lifted"][0]["what"]
    assert ended.text == (
        f"Playbook test was {SAID}. Lifted: first ({block}). Was done, and nothing takes it back: "
        "ticket (book.change); close (book.change)."
    )

    async def told() -> bool:
        return {begun.text, ended.text} <= set(rig.people.said)

    await until(told)
    with pytest.raises(VoteRefusedError, match=f"too late: the run was {SAID}"):
        await rig.desk.vote(handle.id, vote_on(question, "U0BOB"))
    with pytest.raises(DeskError, match=f"has ended already: it was {SAID}"):
        await rig.desk.cancel_run(handle.id, BY)
    with pytest.raises(UnknownIdError, match="there is no run"):
        await rig.desk.cancel_run(f"{handle.id}/2", BY)
    await replays(handle)


async def test_a_chat_that_does_not_answer_holds_up_no_lifting(rig: Rig) -> None:
    rig.people.gate.clear()
    handle = await rig.start(ASK.replace(str(SLOW), "2"))
    await asyncio.wait_for(rig.people.begun.wait(), 20)
    await rig.desk.cancel_run(handle.id, BY)

    async def closed() -> bool:
        return len(rig.change.calls) == 2

    await until(closed)
    assert rig.wall.blocked == {}
    assert rig.people.asked.empty(), "its card is not even posted"
    rig.people.gate.set()
    result = await asyncio.wait_for(handle.result(), 20)
    assert (result.status, [end.decision for end in rig.people.retired]) == ("cancelled", ["withdrawn"])
    await replays(handle)


BRANCHES = f"""
  - id: both
    parallel:
      looks:
        - {{id: look, uses: book.lookup, with: {{n: {SLOW}}}}}
      others:
        - {{id: other, uses: book.lookup, with: {{n: {SLOW}}}}}
      blocks:
        - {{id: block, uses: wall.block_ip, with: {{ip: 203.0.113.7}}, for: 1h, {AUTOMATIC}}}
        - {{id: so, notify: {{text: It is blocked}}}}
      people:
        - id: how
          ask:
            from: responders
            expires: 5m
            question: Was it you?
            answers: {{verdict: {{type: choice, label: Was it?, choices: [it was, it was not]}}}}
      time:
        - {{id: pause, wait: 5m}}
      hook:
        - {{id: call, wait: {{webhook: closed, within: 5m}}}}
      event:
        - {{id: seen, wait: {{event: "user.name:alice", within: 5m}}}}
"""


async def test_of_all_that_is_under_way_the_containment_alone_is_waited_for(rig: Rig) -> None:
    rig.lookup.slow.clear()
    rig.wall.gate.clear()
    handle = await rig.start(BRANCHES)
    card = await soon(rig.people.cards)
    await asyncio.wait_for(rig.wall.begun.wait(), 20)

    async def under_way() -> bool:
        return bool(rig.lookup.calls and rig.events.queries and await rig.site.state.keys("hook/"))

    await until(under_way)
    await handle.cancel()  # as Temporal's own UI does

    async def withdrawn() -> Any:
        view = await handle.query(PlaybookWorkflow.view)
        return view if view.status == "cancelling" and len(view.steps) == 6 else None

    view = await until(withdrawn)
    assert {one.partition(":")[0] for one in view.steps} == {"look", "other", "how", "pause", "call", "seen"}
    assert not rig.wall.applied
    with pytest.raises(AnswerRefusedError, match="the run was cancelled through Temporal") as late:
        await rig.desk.answer(handle.id, given(card, verdict="it was"))
    assert late.value.refused is AnswerRefused.LATE
    rig.wall.gate.set()
    result = await asyncio.wait_for(handle.result(), 20)
    assert (result.status, result.reason) == ("cancelled", "cancelled through Temporal")
    wanted = dict.fromkeys(("look", "other", "how", "pause", "call", "seen", "both"), "cancelled")
    assert statuses(result) == wanted | {"block": "succeeded", "so": "skipped"}
    assert (rig.wall.applied, rig.wall.undone, rig.wall.blocked) == (1, 1, {})
    assert [(end.answer, end.withdrawn) for end in rig.people.ends] == [(None, "cancelled through Temporal")]
    assert await rig.site.state.keys("hook/") == []
    assert (await rig.ended(handle, "playbook.cancelling")).actor == "temporal:cancel"
    await replays(handle)


INSIDE = (
    HEAD.replace("NAME", "inside").replace("steps:", "inputs: {n: {type: integer}}\nsteps:")
    + f"""
  - {{id: block, uses: wall.block_ip, with: {{ip: "203.0.113.{{{{ inputs.n }}}}"}}, for: 1h, {AUTOMATIC}}}
  - {{id: pause, wait: 5m}}
finally:
  - {{id: bye, uses: book.change, with: {{n: "{{{{ inputs.n }}}}"}}}}
"""
)
EACH = """
  - id: each
    foreach:
      in: [1, 2, 3]
      concurrency: 2
      steps:
        - {id: call, run: inside, with: {n: "{{ item }}"}}
finally:
  - {id: last, uses: book.change, with: {n: 99}}
"""


async def test_inside_a_foreach_and_a_playbook_inside(rig: Rig) -> None:
    handle = await rig.start(EACH, INSIDE)

    async def blocked() -> bool:
        view = await handle.query(PlaybookWorkflow.view)
        return len(rig.wall.blocked) == 2 and len(view.steps) == 2

    await until(blocked)
    await rig.desk.cancel_run(handle.id, BY)
    result = await asyncio.wait_for(handle.result(), 20)
    assert (result.status, rig.wall.blocked, rig.wall.applied) == ("cancelled", {}, 2)
    found = statuses(result)
    assert (found["call[0]"], found["call[1]"], found["call[2]"]) == ("cancelled", "cancelled", "skipped")
    keys = [key.rpartition("/")[2] for key in rig.change.calls]
    assert (sorted(keys[:2]), keys[2:]) == (["call[0].bye", "call[1].bye"], ["last"])
    await replays(handle)


async def test_an_incident_names_the_only_one_of_its_runs_that_goes_on(rig: Rig) -> None:
    rig.known["pausing.yaml"] = HEAD.replace("NAME", "pausing") + "  - {id: pause, wait: 5m}\n"
    handle = await rig.start("  - {id: pause, wait: 5m}\n")
    incident = handle.id.partition("/")[0]

    async def opened() -> bool:
        view = await rig.client.get_workflow_handle(incident).query("view", result_type=IncidentView)
        return view.facts is not None

    await until(opened)
    first = await rig.desk.run_playbook(incident, "pausing", {}, "U0CAROL")
    second = await rig.desk.run_playbook(incident, "pausing", {}, "U0CAROL")
    with pytest.raises(UnknownIdError, match=f"2 runs that go on: name one of {first}, {second}"):
        await rig.desk.cancel_run(incident, BY)
    assert await rig.desk.cancel_run(first, BY) == first
    await asyncio.wait_for(rig.client.get_workflow_handle(first).result(), 20)
    assert await rig.desk.cancel_run(incident.removeprefix("inc-"), BY) == second
    ended = await asyncio.wait_for(rig.client.get_workflow_handle(second, result_type=RunResult).result(), 20)
    assert (ended.status, (await rig.ended(handle)).text) == (
        "cancelled", f"Playbook pausing was {SAID}. Nothing was left to lift.",
    )  # fmt: skip


HELD = f"""
  - {{id: block, uses: wall.block_ip, with: {{ip: 203.0.113.7}}, for: 1h, {AUTOMATIC}}}
  - {{id: more, uses: wall.block_ip, with: {{ip: IP}}, for: 1h, {AUTOMATIC}}}
  - {{id: pause, wait: 5m}}
"""


async def paused(rig: Rig, ip: str, blocked: int) -> Any:
    handle = await rig.start(HELD.replace("IP", ip))

    async def waits() -> bool:
        view = await handle.query(PlaybookWorkflow.view)
        return len(rig.wall.blocked) == blocked and len(view.steps) == 2

    await until(waits)
    return handle


async def test_kept_stays_and_what_others_asked_for_stays_until_they_are_cancelled_too(rig: Rig) -> None:
    first, second = await paused(rig, "203.0.113.8", 2), await paused(rig, "203.0.113.9", 3)
    await rig.desk.cancel_run(first.id, BY)
    result = await asyncio.wait_for(first.result(), 20)
    assert result.cancelled is not None
    assert [one.step for one in result.cancelled.lifted] == ["more"]
    (kept,) = result.cancelled.kept
    other = second.id.partition("/")[0]
    assert (kept.step, kept.why) == ("block", f"it stays: {other} asked for it as well")
    assert set(rig.wall.blocked) == {"203.0.113.7", "203.0.113.9"}
    assert f"Stays in force: block ({kept.what}), it stays" in (await rig.ended(first)).text

    third = await paused(rig, "203.0.113.10", 3)
    await rig.desk.cancel_run(third.id, BY.model_copy(update={"keep": True}))
    result = await asyncio.wait_for(third.result(), 20)
    assert result.cancelled is not None
    assert [(one.step, one.why) for one in result.cancelled.kept] == [
        ("more", "as was asked"), ("block", "as was asked"),
    ]  # fmt: skip
    assert (len(rig.wall.blocked), rig.wall.order) == (3, ["203.0.113.8"])

    await rig.desk.cancel_run(second.id, BY)
    await asyncio.wait_for(second.result(), 20)
    assert set(rig.wall.blocked) == {"203.0.113.7", "203.0.113.10"}, "the third asked for it and keeps it"


async def test_the_last_of_those_who_asked_for_it_lifts_it(rig: Rig) -> None:
    runs = [await paused(rig, "203.0.113.7", 1) for _ in range(2)]
    for run in runs:
        assert set(rig.wall.blocked) == {"203.0.113.7"}
        await rig.desk.cancel_run(run.id, BY)
        await asyncio.wait_for(run.result(), 20)
    assert (rig.wall.blocked, rig.wall.order) == ({}, ["203.0.113.7"])


async def test_a_lift_that_fails_is_told_and_stops_no_other(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pause in ("UNDO_PAUSE", "LONGEST_PAUSE"):
        monkeypatch.setattr(f"workers.containment_workflow.{pause}", timedelta(milliseconds=50))
    monkeypatch.setattr("workers.containment_workflow.UNDO", RetryPolicy(maximum_attempts=1))
    handle = await paused(rig, "203.0.113.8", 2)
    rig.wall.fail_undo = 3  # after which people are told
    await rig.desk.cancel_run(handle.id, BY)
    result = await asyncio.wait_for(handle.result(), 60)
    assert result.cancelled is not None
    assert [one.step for one in result.cancelled.lifted] == ["block"]
    (failed,) = result.cancelled.failed
    assert (failed.step, "the wall does not answer" in failed.why) == ("more", True)
    told = (await rig.ended(handle, "containment.not_lifted")).text
    assert told.startswith(f"{failed.what}, which step more applied, could not be lifted yet")
    assert f"Could not be lifted yet, and is tried on: more ({failed.what})" in (await rig.ended(handle)).text

    async def lifted() -> bool:
        return not rig.wall.blocked

    await until(lifted)
