"""Every playbook of the library: it checks against the real catalogue, and its own tests pass."""

from __future__ import annotations

from importlib import resources

import pytest

from integrations.catalogue import actions
from playbooks.engine import matches
from playbooks.model import load_playbook
from playbooks.rehearsal import coverage, rehearse, rehearse_all
from playbooks.steps import ApprovalStep
from rules.alerts import Severity
from rules.rule import RuleText, parse_rules
from tests.playbooks.conftest import incident

FILES = sorted(
    (entry for entry in (resources.files("playbooks") / "library").iterdir() if entry.name.endswith(".yaml")),
    key=lambda entry: entry.name,
)
CATALOGUE = {action.spec.name: action.spec for action in actions()}
LIBRARY = [
    load_playbook(f"library/{entry.name}", entry.read_text(encoding="utf-8"), CATALOGUE) for entry in FILES
]


def test_the_library_is_there() -> None:
    assert len(LIBRARY) >= 2
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
    rehearsed = rehearse(playbook, case, CATALOGUE)
    assert rehearsed.faults == ()


@pytest.mark.parametrize("playbook", LIBRARY, ids=lambda playbook: playbook.name)
def test_yes_no_expired_and_failed_are_all_rehearsed(playbook) -> None:  # type: ignore[no-untyped-def]
    rehearsed = rehearse_all(playbook, CATALOGUE)
    assert coverage(playbook, rehearsed).missing == ()
    ended = {one.result.status for one in rehearsed if one.result is not None}
    assert "failed" in ended
    if any(isinstance(step, ApprovalStep) for step in playbook.every_step):
        assert ended == {"succeeded", "denied", "failed"}


def test_a_trigger_names_rules_that_exist() -> None:
    folder = resources.files("rules") / "library" / "linux"
    rules = parse_rules(
        RuleText(entry.name, entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".yml")
    )
    named = {name for book in LIBRARY if book.on.incident is not None for name in book.on.incident.rules}
    assert named
    assert {name for name in named if rules.find(name) is None} == set()


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
