"""Inline tests fail where they must, and say what came instead."""

from __future__ import annotations

import pytest

from rules.rule import RuleText, parse_rules
from rules.testing import CaseResult, run_tests

DETECTION = """\
title: Failed
name: failed
level: low
logsource: {product: linux}
detection: {s: {event.action: x}, condition: s}
tests:
"""
CORRELATION = """\
---
title: Many
name: many
level: medium
correlation: {type: event_count, rules: [failed], group-by: [source.ip], timespan: 10s, condition: {gte: 3}}
tests:
"""
EVENT = "{event.module: linux, event.action: x, source.ip: 198.51.100.7}"


def run(detection: str, correlation: str = "") -> list[CaseResult]:
    text = DETECTION + detection + (CORRELATION + correlation if correlation else "")
    rules = parse_rules([RuleText("rule.yml", text)])
    assert rules.faults == ()
    return list(run_tests(rules).results)


def test_what_must_match_and_what_must_not() -> None:
    good, wrong = run(f"  - {{event: {EVENT}, match: true}}\n  - {{event: {EVENT}, match: false}}\n")
    assert (good.passed, good.case) == (True, "test 1")
    assert not wrong.passed
    assert wrong.message == "it must not match and does"
    assert wrong.fault is not None
    assert (wrong.fault.path, wrong.fault.line) == ("rule.yml", 8)


@pytest.mark.parametrize(
    ("test", "message"),
    [
        (f"{{events: [{{event: {EVENT}, repeat: 3, every: 5s}}], match: true}}", ""),
        (f"{{events: [{{event: {EVENT}, repeat: 3, every: 5001ms}}], match: true}}",
         "it must give 1 alert and gave 0 alerts"),
        (f"{{events: [{{event: {EVENT}, repeat: 9, every: 1s}}], match: true, alerts: 2}}",
         "it must give 2 alerts and gave 1 alert"),
        (f"{{events: [{{event: {EVENT}, repeat: 3}}], match: true, group: {{source.ip: a}}}}",
         "its group must be {'source.ip': 'a'} and is {'source.ip': '198.51.100.7'}"),
        (f"{{events: [{{event: {EVENT}, repeat: 3}}], match: true, entities: [host:x]}}",
         "its entities must be ['host:x'] and is ['ip:198.51.100.7']"),
    ],
)  # fmt: skip
def test_correlations_are_run_with_their_times(test: str, message: str) -> None:
    *_, result = run(f"  - {{event: {EVENT}, match: true}}\n", f"  - {test}\n")
    assert result.rule == "many"
    assert result.passed is (not message)
    assert result.message == message


@pytest.mark.parametrize(
    ("test", "line", "words"),
    [
        ("{event: {}, mtach: true}", 7, "'mtach' is no key of a test"),
        ("{event: {}}", 7, "whether the rule must match"),
        ("{match: true}", 7, "either event or events"),
        ("{events: [{event: {}, at: soon}], match: true}", 7, "'soon' is no length of time"),
        ("{events: [{event: {}, repeat: 0}], match: true}", 7, "repeat is from 1"),
        ("{events: [{event.action: x}], match: true}", 7, "an event must be a mapping"),
        ("{event: {'@timestamp': noon}, match: true}", 7, "'noon' is no time"),
        ("nothing", 7, "must be a mapping"),
    ],
)
def test_a_malformed_test_is_a_failure_with_its_place(test: str, line: int, words: str) -> None:
    (result,) = run(f"  - {test}\n")
    assert not result.passed
    assert result.fault is not None
    assert result.fault.line == line
    assert words in result.fault.text
    assert result.fault.remedy


def test_rules_without_tests_are_named() -> None:
    rules = parse_rules([RuleText("rule.yml", DETECTION.removesuffix("tests:\n"))])
    assert run_tests(rules).untested == ("failed",)
    assert run_tests(rules, only=["other"]).untested == ()
