"""Plans: everything rendered, only look-ups made."""

from __future__ import annotations

from typing import Any

import pytest

from playbooks.commands import Call, Failed, Outcome, Succeeded
from playbooks.engine import inputs_of
from playbooks.model import load_playbook
from playbooks.plan import Plan, plan
from tests.playbooks.conftest import CATALOGUE, incident
from tests.playbooks.test_constructs import AUTOMATIC
from tests.playbooks.test_engine import BREACH, HEAD


def planned(text: str, looked_up: Outcome | None = None) -> tuple[Plan, list[Call]]:
    facts = incident(severity="critical")
    playbook = load_playbook("p.yaml", text, CATALOGUE)
    driver = plan(playbook, facts, inputs_of(playbook, facts, {})[0], CATALOGUE)
    calls: list[Call] = []
    try:
        calls.append(next(driver))
        while True:
            outcome = looked_up or Succeeded(result={"country": "Peru", "asn": 64500})
            calls.append(driver.send(outcome))
    except StopIteration as stop:
        return stop.value, calls


def test_only_lookups_are_made_and_everything_is_rendered() -> None:
    found, calls = planned(BREACH)
    assert [call.action for call in calls] == ["geo.lookup"]
    assert [(step.id, step.kind) for step in found.steps] == [
        ("who", "lookup"),
        ("ask", "question"),
        ("block", "containment"),
        ("tell", "notice"),
        ("close", "notice"),
    ]
    assert found.steps[1].text == "ask 1 of responders, then leads, within 15m: Block 203.0.113.7 (Peru)?"
    (block,) = found.containments
    assert (block.target, block.seconds) == ("203.0.113.7", 86400)
    assert "once ask is granted" in found.steps[2].text
    assert found.fault == ""


def test_a_change_is_not_made() -> None:
    found, calls = planned(
        HEAD + 'steps: [{id: t, uses: desk.open_ticket, with: {title: "{{ incident.title }}"}}]'
    )
    assert calls == []
    assert found.steps[0].text == "desk.open_ticket(title='Somebody broke in', urgency='normal')"


def test_what_happens_without_asking_says_so() -> None:
    found, _ = planned(AUTOMATIC)
    assert "without asking" in found.steps[0].text


ASKING = HEAD + """
steps:
  - id: call
    ask:
      from: leads
      expires: 1h
      question: Was it you?
      answers: {it: {type: choice, label: It was, choices: [me, a stranger]}}
  - {id: calm, if: "{{ steps.call.it == 'me' }}", notify: {text: Good.}}
  - {id: alarm, if: "{{ steps.call.it == 'a stranger' }}", notify: {text: Run!}}
"""  # fmt: skip


def test_a_question_shows_its_choices_and_what_is_taken_as_the_answer() -> None:
    found, _ = planned(ASKING)
    assert found.steps[0].text.endswith("Was it you? — It was (me / a stranger) [taken as it: me]")
    assert [step.id for step in found.steps] == ["call", "calm"]


@pytest.mark.parametrize(
    ("answers", "path", "taken"),
    [
        ({"call": {"it": "a stranger"}}, ["call", "alarm"], "[taken as it: a stranger]"),
        ({"call": "expired"}, ["call"], "[taken as expired]"),
    ],
)
def test_answers_of_a_test_lead_the_other_way(answers: dict[str, Any], path: list[str], taken: str) -> None:
    facts = incident(severity="critical")
    driver = plan(
        load_playbook("p.yaml", ASKING, CATALOGUE), facts, {"ip": "203.0.113.7"}, CATALOGUE, None, answers
    )
    with pytest.raises(StopIteration) as stop:
        next(driver)
    found: Plan = stop.value.value
    assert [step.id for step in found.steps] == path
    assert found.steps[0].text.endswith(taken)


def test_a_plan_that_would_fail_says_where() -> None:
    found, _ = planned(BREACH, Failed(reason="away"))
    assert found.fault == "who failed: away"
    assert [step for step, _ in found.skipped] == ["ask", "block", "tell", "close"]
