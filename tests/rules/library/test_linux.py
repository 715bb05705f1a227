"""The library's rules keep what their own tests say."""

from __future__ import annotations

from pathlib import Path

import pytest

import rules
from rules.correlation import plan_correlations
from rules.rule import RuleSet, RuleText, parse_rules
from rules.testing import run_tests

LIBRARY = Path(rules.__file__).parent / "library"


@pytest.fixture(scope="module")
def library() -> RuleSet:
    files = sorted(LIBRARY.rglob("*.yml"))
    return parse_rules(RuleText(str(path.relative_to(LIBRARY)), path.read_text()) for path in files)


def test_every_rule_passes_its_own_tests(library: RuleSet) -> None:
    run = run_tests(library)
    assert run.faults == ()
    assert run.untested == ()
    assert [f"{result.rule}: {result.case}: {result.message}" for result in run.failed] == []
    assert len(run.results) > 60


def test_every_rule_has_one_example_each_way(library: RuleSet) -> None:
    for rule in (*library.detections, *library.correlations):
        assert {test["match"] for test in rule.tests} == {True, False}, rule.name


def test_every_rule_names_its_technique_and_what_may_be_harmless(library: RuleSet) -> None:
    for rule in (*library.detections, *library.correlations):
        assert rule.attack, rule.name
        assert rule.false_positives, rule.name
        assert rule.raw["references"], rule.name
        assert rule.description.endswith("."), rule.name
        assert Path(rule.source.path).stem == rule.name.replace("-", "_")


def test_building_blocks_raise_no_alerts(library: RuleSet) -> None:
    alerting = plan_correlations(library).alerting
    assert {"ssh-brute-force", "ssh-login-after-brute-force", "user-created"} <= alerting
    assert not {"ssh-login", "ssh-login-failed", "sudo-root-command"} & alerting
