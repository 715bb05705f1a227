"""Every playbook of the library: it checks against the real catalogue, its tests pass and go every way, and
what starts it can happen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any

import pytest

from integrations.catalogue import actions
from playbooks.collection import load_playbooks
from playbooks.commands import Call, Outcome, Succeeded
from playbooks.durations import parse_duration
from playbooks.engine import inputs_of, matches, runs_of
from playbooks.plan import Plan, plan
from playbooks.policy import GuardPolicy
from playbooks.rehearsal import MADE_UP, coverage, incident_of, rehearse, rehearse_all
from playbooks.steps import ActionStep, ApprovalStep, AskStep, Playbook, UndoStep
from rules.alerts import Alert, Severity
from rules.grouping import facts_of
from rules.health import HealthKind, alert_of_finding
from rules.health.findings import found_as
from rules.incidents import IncidentFacts
from rules.rule import RuleSet, RuleText, parse_rules
from rules.testing import example_alerts
from tests.playbooks.conftest import incident

FILES = sorted(
    (entry for entry in (resources.files("playbooks") / "library").iterdir() if entry.name.endswith(".yaml")),
    key=lambda entry: entry.name,
)
CATALOGUE = {action.spec.name: action.spec for action in actions()}
BY_NAME, FAULTS = load_playbooks(
    [(f"library/{entry.name}", entry.read_text(encoding="utf-8")) for entry in FILES], CATALOGUE
)
LIBRARY = [BY_NAME[name] for name in sorted(BY_NAME)]
STAYS = {
    ("check-privilege-escalation", "remove"),
    ("contain-stolen-cloud-key", "deactivate"),
    ("offboard-leaver", "disable"),
    ("offboard-leaver", "disable_now"),
    ("remove-cloud-persistence", "deny_made"),
    ("stop-mail-forwarding", "rules"),
    ("stop-oauth-grant-abuse", "disable"),
}
"""Steps whose containment must not end by itself: an attacker would wait for it."""
every_playbook = pytest.mark.parametrize("playbook", LIBRARY, ids=lambda playbook: playbook.name)


@cache
def library_rules() -> RuleSet:
    folders = [entry for entry in (resources.files("rules") / "library").iterdir() if entry.is_dir()]
    return parse_rules(
        RuleText(f"{folder.name}/{entry.name}", entry.read_text(encoding="utf-8"))
        for folder in folders
        for entry in folder.iterdir()
        if entry.name.endswith(".yml")
    )


@cache
def examples() -> Mapping[str, Alert]:
    return example_alerts(library_rules())


@cache
def health() -> Mapping[str, Alert]:
    """The system's own alerts, by their rules: no file of the rule library holds them."""
    now = datetime(2026, 3, 30, 16, 2, tzinfo=UTC)
    return {
        kind.rule: alert_of_finding(
            found_as(kind, "linux.auth", "It is wrong.", "Right it.", Severity.HIGH, now), now
        )
        for kind in HealthKind
    }


def rules_of(playbook: Playbook) -> tuple[str, ...]:
    """The rules that a playbook's trigger names."""
    on = playbook.on
    return (*(on.incident.rules if on.incident else ()), *(on.alert.rules if on.alert else ()))


def test_the_library_is_there() -> None:
    assert FAULTS == []
    assert len(LIBRARY) >= 34
    assert [f"{playbook.name}.yaml" for playbook in LIBRARY] == [entry.name for entry in FILES]


@pytest.mark.parametrize(
    ("playbook", "case"),
    [
        pytest.param(playbook, case, id=f"{playbook.name}: {case.name}")
        for playbook in LIBRARY
        for case in playbook.tests
    ],
)
def test_a_rehearsal_goes_as_it_says(playbook, case) -> None:  # type: ignore[no-untyped-def]
    assert rehearse(playbook, case, CATALOGUE, BY_NAME).faults == ()


@every_playbook
def test_yes_no_expired_and_failed_are_all_rehearsed(playbook: Playbook) -> None:
    rehearsed = rehearse_all(playbook, CATALOGUE, BY_NAME)
    assert coverage(playbook, rehearsed).missing == ()
    ended = {one.result.status for one in rehearsed if one.result is not None}
    assert {"succeeded", "failed"} <= ended
    if any(isinstance(step, ApprovalStep) for step in playbook.every_step):
        assert ended - {"cancelled"} == {"succeeded", "denied", "failed"}
    given = [case.given for case in playbook.tests]
    for step in playbook.every_step:
        if isinstance(step, AskStep):
            assert any(answers.get(step.id) == "expired" for answers in given), f"{step.id} never expires"


@every_playbook
def test_what_it_takes_away_comes_back(playbook: Playbook) -> None:
    """By itself, within the time that a site's guard allows; what an attacker made or stole, and a leaver's
    account, only when a person releases it. What is taken away without asking is given back by the one who
    is asked afterwards."""
    undone = {step.undo for step in playbook.every_step if isinstance(step, UndoStep)}
    for step in playbook.every_step:
        if isinstance(step, ActionStep) and step.for_ is not None:
            if step.for_ == "until released":
                assert (playbook.name, step.id) in STAYS
                continue
            longest = playbook.inputs["for"].default if step.for_.startswith("{{") else step.for_
            assert parse_duration(longest) <= GuardPolicy().max_seconds
            assert step.automatic is None or step.id in undone


@every_playbook
def test_whoever_is_asked_is_there_from_the_start(playbook: Playbook) -> None:
    """The groups of the starter's siem.yaml, so that nobody has to write a group first."""
    asked = {
        group
        for step in playbook.every_step
        for asking in (
            [step.approval]
            if isinstance(step, ApprovalStep)
            else [step.ask]
            if isinstance(step, AskStep)
            else []
        )
        for group in (asking.from_, *([asking.on_expiry.escalate] if asking.on_expiry else []))
    }
    assert asked <= {"responders", "on-call-leads"}


@every_playbook
def test_a_later_alert_is_not_lost_behind_an_earlier_one(playbook: Playbook) -> None:
    """A run is not started again for the same inputs: what a graver rule calls for is a playbook of its own,
    no branch by the incident's rules, which the run of the lesser rule has passed long ago."""
    text = next(entry for entry in FILES if entry.name == f"{playbook.name}.yaml").read_text(encoding="utf-8")
    assert "incident.rules" not in text or playbook.name == "confirm-root-login"


@every_playbook
def test_a_trigger_can_happen(playbook: Playbook) -> None:
    on, known = playbook.on, library_rules()
    assert [name for name in rules_of(playbook) if known.find(name) is None and name not in health()] == []
    if on.incident is not None:
        tags = {tag for alert in (*health().values(), *examples().values()) for tag in alert.tags}
        assert set(on.incident.tags) <= tags
    assert rules_of(playbook) or on.incident or on.webhook or on.schedule or on.command


def started() -> Iterator[tuple[Playbook, str]]:
    for playbook in LIBRARY:
        for rule in rules_of(playbook):
            yield playbook, rule
        tags = set(playbook.on.incident.tags if playbook.on.incident else ())
        for rule, alert in health().items():
            if tags & set(alert.tags):
                yield playbook, rule


@pytest.mark.parametrize(
    ("playbook", "rule"),
    [pytest.param(playbook, rule, id=f"{playbook.name}: {rule}") for playbook, rule in started()],
)
def test_an_alert_of_its_rule_starts_it_with_all_that_it_needs(playbook: Playbook, rule: str) -> None:
    """The alert is the one that the rule's own test makes, by the real matcher and correlation engine, or
    what the system says of itself."""
    alert = {**examples(), **health()}[rule]
    facts = facts_of([alert])
    assert matches(playbook, facts)
    runs, faults = runs_of(playbook, facts, [alert])
    assert faults == []
    for inputs in runs:
        assert planned(playbook, facts, inputs).fault == ""


@every_playbook
def test_a_plan_goes_through(playbook: Playbook) -> None:
    """For the incident of its first rehearsal, with look-ups that answer."""
    case = next(case for case in playbook.tests if case.expect.starts)
    facts = incident_of(case)
    inputs, faults = inputs_of(playbook, facts, case.inputs, payload=case.payload)
    assert faults == []
    found = planned(playbook, facts, inputs)
    assert found.fault == ""
    assert len(found.steps) >= 2


def planned(playbook: Playbook, facts: IncidentFacts, inputs: Mapping[str, Any]) -> Plan:
    """Plan a run; look-ups answer with what their specs promise."""
    driver = plan(playbook, facts, inputs, CATALOGUE, BY_NAME)
    try:
        call = next(driver)
        while True:
            call = driver.send(_answer(call))
    except StopIteration as stop:
        found: Plan = stop.value
        return found


def _answer(call: Call) -> Outcome:
    return Succeeded(result={name: MADE_UP[kind] for name, kind in CATALOGUE[call.action].returns.items()})


@pytest.mark.parametrize("severity", list(Severity))
@pytest.mark.parametrize(
    "rule", ["ssh-brute-force", "ssh-password-spray", "ssh-login-failed", "ssh-distributed-guessing"]
)
def test_guessing_that_did_not_get_in_asks_nobody_anything(rule: str, severity: Severity) -> None:
    facts = incident("ip:198.51.100.7", "user:root", "host:web-1", rules=(rule,), severity=severity)
    assert [book.name for book in LIBRARY if matches(book, facts)] == []


@pytest.mark.parametrize("entry", FILES, ids=lambda entry: entry.name)
def test_the_editor_finds_the_schema(entry) -> None:  # type: ignore[no-untyped-def]
    first = entry.read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=../schema.json"
