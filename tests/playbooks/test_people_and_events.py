"""Asking people for data, waiting for what happens, lifting a containment early, and what starts a run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from playbooks.asking import AnswerError, read_answers
from playbooks.commands import AskedField, Await, Decided, Failed, Inquire, Notify, Release, Succeeded, Wait
from playbooks.engine import inputs_of, matches, runs_of
from playbooks.expressions import ExpressionError
from playbooks.model import PlaybookError, load_playbook
from playbooks.plan import plan
from playbooks.rehearsal import rehearse_all
from playbooks.schedules import cron_fault
from playbooks.waiting import holds, read_moment
from rules.alerts import Alert, EventRef, Severity
from tests.playbooks.conftest import CATALOGUE, drive, incident

ASK = """
name: test
description: A test.
on: {incident: {rules: [ssh-breach]}}
steps:
  - id: how
    ask:
      from: responders
      expires: 30m
      on_expiry: {escalate: leads}
      question: "Was this you, {{ incident.entities.user | first }}?"
      answers:
        verdict: {type: choice, label: Was it you?, choices: [it was, it was not]}
        since: {type: date, label: Since when?, required: false}
        note: {type: text, label: Anything else?, required: false}
  - id: tell
    if: "{{ steps.how.verdict == 'it was not' }}"
    notify: {text: "{{ steps.how.by }} says {{ steps.how.verdict }}: {{ steps.how.note }}"}
"""


def test_an_answer_is_typed_data() -> None:
    driven = drive(
        ASK, said={"how": Succeeded(result={"verdict": "it was not", "note": "odd", "by": "U0BOB"})}
    )
    asked = driven.commands[0]
    assert isinstance(asked, Inquire)
    assert (asked.people, asked.seconds, asked.escalate) == ("responders", 1800, "leads")
    assert asked.question == "Was this you, alice?"
    assert [field.name for field in asked.fields] == ["verdict", "since", "note"]
    assert isinstance(driven.commands[1], Notify)
    assert driven.commands[1].text == "U0BOB says it was not: odd"
    assert driven.result.status == "succeeded"


@pytest.mark.parametrize(
    "result",
    [
        {"verdict": "maybe"},
        {},
        {"verdict": "it was not", "since": "yesterday"},
        {"verdict": ["no"]},
        {"verdict": "it was not", "x": "y"},
    ],
)
def test_what_is_no_answer_fails_the_step(result: dict[str, Any]) -> None:
    driven = drive(ASK, said={"how": Succeeded(result=result)})
    assert driven.result.status == "failed"
    assert driven.result.reason.startswith("how failed: refused: the answer is none")


def test_nobody_answering_skips_what_needs_an_answer() -> None:
    driven = drive(ASK, said={"how": Decided(decision="expired", digest="")})
    assert driven.statuses == {"how": "expired", "tell": "skipped"}
    assert driven.result.status == "denied"


@pytest.mark.parametrize(
    ("kind", "given", "taken"),
    [
        ("ip", " 2001:DB8::0001 ", "2001:db8::1"),
        ("host", "web-1.example.com", "web-1.example.com"),
        ("user", "alice@example.com", "alice@example.com"),
        ("domain", "Example.ORG", "example.org"),
        ("url", "https://example.org/a", "https://example.org/a"),
        ("hash", "A" * 64, "a" * 64),
    ],
)
def test_an_answer_has_the_type_of_what_it_is_for(kind: Any, given: str, taken: str) -> None:
    asked = (AskedField(name="it", type=kind, label="Which?", required=False),)
    assert read_answers(asked, {"it": given}) == {"it": taken}
    assert read_answers(asked, {}) == {"it": ""}
    with pytest.raises(AnswerError, match=r"^it: "):
        read_answers(asked, {"it": "the one over there,\nyou know"})


def test_an_answer_of_another_type_than_the_action_takes_is_a_fault() -> None:
    text = """
name: test
description: A test.
on: {incident: {rules: [ssh-breach]}}
steps:
  - id: how
    ask:
      {from: responders, expires: 30m, question: Which?, answers: {it: {type: user, label: Which?}}}
  - id: where
    uses: geo.lookup
    with: {ip: "{{ steps.how.it }}"}
"""
    with pytest.raises(PlaybookError, match="ip takes ip, this is user"):
        load_playbook("p.yaml", text, CATALOGUE)
    playbook = load_playbook("p.yaml", text.replace("type: user", "type: ip"), CATALOGUE)
    assert list(playbook.actions) == ["geo.lookup"]


def test_a_decision_is_no_answer() -> None:
    assert drive(ASK, said={"how": Decided(decision="granted", digest="")}).result.status == "failed"


def test_defaults_count_where_every_required_answer_has_one() -> None:
    text = ASK.replace("choices: [it was, it was not]", "choices: [it was, it was not], default: it was not")
    driven = drive(text, said={"how": Decided(decision="expired", digest="")})
    assert driven.statuses == {"how": "succeeded", "tell": "succeeded"}
    assert driven.result.status == "succeeded"
    assert driven.result.steps[0].result["answered"] is False


def test_answers_that_are_too_long_or_unasked_are_named() -> None:
    fields = (AskedField(name="note", type="text", label="x"),)
    with pytest.raises(AnswerError, match="note: 4,000 characters"):
        read_answers(fields, {"note": "x" * 4000})
    with pytest.raises(AnswerError, match="b: nobody asked"):
        read_answers(fields, {"note": "x", "b": "y"})


WAIT = """
name: test
description: A test.
on: {incident: {rules: [ssh-breach]}}
steps:
  - id: login
    wait: {event: 'user.name:"{{ incident.entities.user | first }}" AND event.outcome:success', within: 1h}
  - id: tell
    if: "{{ steps.login.happened }}"
    notify: {text: "logged in from {{ steps.login.event.source.ip }}"}
  - id: hook
    wait: {webhook: ticket-closed, where: {ticket.id: "{{ incident.id }}"}, within: 2d}
  - id: pause
    wait: {until: "2026-03-31T08:00:00+02:00"}
"""


def test_events_and_webhooks_are_waited_for_and_time_running_out_is_no_failure() -> None:
    driven = drive(
        WAIT,
        said={
            "login": Succeeded(result={"happened": True, "event": {"source": {"ip": "203.0.113.7"}}}),
            "hook": Succeeded(result={"happened": False, "payload": {}}),
            "pause": Succeeded(),
        },
    )
    login, tell, hook, pause = driven.commands
    assert isinstance(login, Await)
    assert login.event == 'user.name:"alice" AND event.outcome:success'
    assert login.seconds == 3600
    assert isinstance(tell, Notify)
    assert tell.text == "logged in from 203.0.113.7"
    assert isinstance(hook, Await)
    assert (hook.webhook, hook.where, hook.seconds) == (
        "ticket-closed",
        {"ticket.id": "inc-abcdefgh"},
        172_800,
    )
    assert isinstance(pause, Wait)
    assert pause.until == datetime(2026, 3, 31, 6, tzinfo=UTC)
    assert driven.result.status == "succeeded"


def test_a_webhook_is_the_one_that_is_waited_for() -> None:
    assert holds({"a.b": 1}, {"a": {"b": 1}, "c": 2})
    assert not holds({"a.b": 1}, {"a": [1]})
    assert holds({}, None)


@pytest.mark.parametrize("text", ["tomorrow", "2026-03-31T08:00:00", ""])
def test_a_moment_needs_its_zone(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"moment|zone"):
        read_moment(text)


UNDO = """
name: test
description: A test.
on: {incident: {rules: [ssh-breach]}}
inputs: {ip: {type: ip, from: incident.entities.ip}}
steps:
  - id: ask
    approval: {from: responders, expires: 5m, question: Block?, releases: [block]}
  - id: block
    uses: wall.block_ip
    with: {ip: "{{ inputs.ip }}"}
    for: 1h
  - id: lift
    undo: block
  - id: tell
    notify: {text: "lift: {{ steps.lift.outcome }}"}
"""


def test_a_containment_of_this_run_is_lifted_early() -> None:
    driven = drive(UNDO)
    assert driven.commands[2] == Release(id="lift", step="block", containment="blk-1")
    assert driven.result.status == "succeeded"


def test_nothing_is_lifted_where_nothing_was_applied() -> None:
    driven = drive(UNDO, decision="denied")
    assert "lift" not in driven.ids
    assert driven.statuses["lift"] == "skipped"
    assert isinstance(driven.commands[-1], Notify)
    assert driven.commands[-1].text == "lift: skipped"


def test_a_lift_that_fails_is_a_failure() -> None:
    assert (
        drive(UNDO, said={"lift": Failed(reason="still stuck")}).result.reason == "lift failed: still stuck"
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("undo: block", "undo: ask", "step 'ask' is no containment"),
        ("undo: block", "undo: blok", "did you mean 'block'?"),
        ('notify: {text: "lift: {{ steps.lift.outcome }}"}', "wait: {event: x}", "the wait needs an end"),
        (
            'notify: {text: "lift: {{ steps.lift.outcome }}"}',
            "wait: {until: x, event: z}",
            "a wait is for one thing",
        ),
        ('notify: {text: "lift: {{ steps.lift.outcome }}"}', "wait: {until: noon}", "'noon' is no moment"),
        (
            'notify: {text: "lift: {{ steps.lift.outcome }}"}',
            "wait: {until: noon, within: 1h}",
            "within is for",
        ),
        (
            'notify: {text: "lift: {{ steps.lift.outcome }}"}',
            "wait: {webhook: A B, within: 1h}",
            "is no name",
        ),
        ("on: {incident: {rules: [ssh-breach]}}", "on: {schedule: {every: 5s}}", "once a minute at the most"),
        ("on: {incident: {rules: [ssh-breach]}}", "on: {schedule: {cron: 61 * * * *}}", "'61' is no minute"),
        (
            "on: {incident: {rules: [ssh-breach]}}",
            "on: {schedule: {every: 1h, timezone: Mars}}",
            "no IANA time zone",
        ),
        ("on: {incident: {rules: [ssh-breach]}}", "on: {schedule: {}}", "has every or cron"),
        ("from: incident.entities.ip", "from: payload.ip", "only a webhook has a payload"),
        ("on: {incident: {rules: [ssh-breach]}}", "on: {alert: {severity: low}}", "rules is missing"),
    ],
)
def test_what_would_not_work_is_a_fault_with_its_place(old: str, new: str, said: str) -> None:
    text = UNDO.replace(old, new)
    assert text != UNDO
    with pytest.raises(PlaybookError) as caught:
        load_playbook("t.yaml", text, CATALOGUE)
    assert said in str(caught.value)
    assert "t.yaml:" in str(caught.value)


@pytest.mark.parametrize("cron", ["* * * * *", "0 8 * * 1-5", "*/15 0-6,22 1 jan,jul mon", "5 4 * * 7"])
def test_cron(cron: str) -> None:
    assert cron_fault(cron) == ""


@pytest.mark.parametrize(
    "cron", ["* * * *", "60 * * * *", "* 24 * * *", "5-1 * * * *", "*/0 * * * *", "a * * * *", "* * 0 * *"]
)
def test_no_cron(cron: str) -> None:
    assert cron_fault(cron)


def test_a_webhook_gives_inputs_their_values() -> None:
    text = """
name: test
description: A test.
on: {webhook: lost-device}
inputs:
  user: {type: user, from: payload.owner.name}
  why: {type: text, from: payload.why, default: not said}
steps:
  - id: tell
    notify: {text: "{{ inputs.user }}: {{ inputs.why }}"}
tests:
  - name: it comes
    payload: {owner: {name: alice}}
    expect: {status: succeeded, says: {tell: "alice: not said"}}
"""
    playbook = load_playbook("t.yaml", text, CATALOGUE)
    inputs, faults = inputs_of(playbook, incident(), {}, payload={"owner": {"name": "alice"}})
    assert (inputs, faults) == ({"user": "alice", "why": "not said"}, [])
    (fault,) = inputs_of(playbook, incident(), {}, payload=[])[1]
    assert fault.startswith("input user: payload.owner.name holds nothing, and it has no default: give it")
    assert [one.faults for one in rehearse_all(playbook, CATALOGUE)] == [()]
    assert not matches(playbook, incident())


def test_an_alert_starts_a_run_of_its_own_each_time() -> None:
    text = UNDO.replace(
        "on: {incident: {rules: [ssh-breach]}}", "on: {alert: {rules: [scan], severity: medium}}"
    ).replace("from: incident.entities.ip", "from: alert.entities.ip")
    playbook = load_playbook("t.yaml", text, CATALOGUE)
    facts = incident(rules=("scan",))
    assert matches(playbook, facts)
    assert not matches(playbook, incident(rules=("other",)))
    alerts = [alert("scan", "203.0.113.1"), alert("other", "203.0.113.2"), alert("scan", "203.0.113.3")]
    runs, faults = runs_of(playbook, facts, alerts)
    assert faults == []
    assert runs == [{"ip": "203.0.113.1"}, {"ip": "203.0.113.3"}]


def alert(rule: str, ip: str) -> Alert:
    facts = incident(f"ip:{ip}")
    return Alert(
        id=f"alr-{ip}", rule=rule, rule_id=rule, title=rule, severity=Severity.MEDIUM, risk=10, entities=facts.entities,
        evidence=(EventRef(id="e"),), evidence_count=1, first=facts.first, last=facts.last, detected=facts.opened,
    )  # fmt: skip


def test_a_plan_says_what_would_be_asked_waited_for_and_lifted() -> None:
    for text, kinds in (
        (ASK, ["question", "notice"]),
        (WAIT, ["wait", "wait", "wait"]),
        (UNDO, ["question", "containment", "release", "notice"]),
    ):
        playbook = load_playbook("t.yaml", text, CATALOGUE)
        planning = plan(playbook, incident(), inputs_of(playbook, incident(), {})[0], CATALOGUE)
        with pytest.raises(StopIteration) as stop:
            next(planning)
        found = [step.kind for step in stop.value.value.steps]
        assert found == kinds or found == kinds[:-1], stop.value.value
