"""Rule files become values, or faults that name their place."""

from __future__ import annotations

import pytest

from rules.alerts import Severity
from rules.rule import LogSource, RuleFault, RuleText, parse_rules

GOOD = """\
title: SSH - Login After a Spray
id: 5E0A3F22-93D1-4B5A-9E6B-6A3F0A3B5D01
level: high
status: test
tags: [attack.credential_access, attack.t1110.003, attack.s0154, cve.2024-1]
falsepositives: A user who forgot a password
logsource: {product: Linux, service: sshd}
detection:
  selection: {event.outcome: success}
  condition: selection
tests:
  - {event: {}, match: false}
---
title: Many of Them
name: many
risk: 55
correlation:
  type: event_count
  rules: [ssh-login-after-a-spray]
  generate: true
"""


def test_a_file_of_two_documents_gives_two_rules() -> None:
    rules = parse_rules([RuleText("spray.yml", GOOD)])
    assert rules.faults == ()
    (detection,) = rules.detections
    assert detection.name == "ssh-login-after-a-spray"
    assert detection.id == "5e0a3f22-93d1-4b5a-9e6b-6a3f0a3b5d01"
    assert (detection.severity, detection.risk) == (Severity.HIGH, 70)
    assert detection.attack == ("credential-access", "T1110.003")
    assert detection.logsource == LogSource("linux", "", "sshd")
    assert detection.false_positives == ("A user who forgot a password",)
    assert detection.tests == [{"event": {}, "match": False}]
    (correlation,) = rules.correlations
    assert (correlation.name, correlation.risk, correlation.generate) == ("many", 55, True)
    assert rules.find("many") is correlation
    assert rules.find(detection.id) is detection
    fault = correlation.fault(("correlation", "rules", 0), "no such rule")
    assert (fault.line, fault.column) == (19, 11)


def places(faults: tuple[RuleFault, ...]) -> list[tuple[str, int, int]]:
    return [(fault.path, fault.line, fault.column) for fault in faults]


def test_all_faults_of_all_files_come_at_once_with_their_places() -> None:
    bad = """\
titel: x
level: hgh
risk: 200
tags: [foo, attack.t1]
logsource: {prodct: linux}
detection: {a: {b: 1}, condition: a}
"""
    twice = "title: x\ntitle: y\nlogsource: {product: linux}\ndetection: {a: {b: off}}\n"
    rules = parse_rules([RuleText("bad.yml", bad), RuleText("twice.yml", twice)])
    assert not rules.detections
    assert set(places(rules.faults)) == {
        ("bad.yml", 1, 1),
        ("bad.yml", 2, 1),
        ("bad.yml", 3, 1),
        ("bad.yml", 4, 8),
        ("bad.yml", 4, 13),
        ("bad.yml", 5, 1),
        ("bad.yml", 5, 13),
        ("twice.yml", 2, 1),
        ("twice.yml", 4, 20),
    }
    text = str(next(fault for fault in rules.faults if fault.line == 2))
    assert text.startswith("bad.yml:2:1: 'hgh' is no level\n    level: hgh\n    ^\n    did you mean 'high'?")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("foo: [", 1),
        ("&a [*a]", 1),
        ("- 1", 1),
        ("title: x\ndetection: {}\ncorrelation: {}", 3),
        ("title: x\nlogsource: {product: a}\ndetection: 3", 3),
        ("action: global\ntitle: x", 1),
        ("title: !!python/object:os.system x", 1),
        ("title: \0", 1),
        ("? [a]\n: 1", 1),
    ],
)
def test_what_is_no_rule_is_a_fault(text: str, line: int) -> None:
    rules = parse_rules([RuleText("x.yml", text)])
    assert not rules.detections
    assert not rules.correlations
    assert [fault.line for fault in rules.faults][:1] == [line]
    assert rules.faults[0].remedy


def test_equal_ids_and_names_are_faults_and_equal_titles_are_told_apart() -> None:
    body = "logsource: {product: linux}\ndetection: {a: {b: 1}, condition: a}\n"
    texts = [
        RuleText("1.yml", f"title: One\nid: 00000000-0000-4000-8000-000000000001\n{body}"),
        RuleText("2.yml", f"title: Two\nid: 00000000-0000-4000-8000-000000000001\n{body}"),
        RuleText("3.yml", f"title: One\nid: 33333333-0000-4000-8000-000000000001\n{body}"),
        RuleText("4.yml", f"title: Four\nname: one\n{body}"),
    ]
    rules = parse_rules(texts)
    assert [rule.name for rule in rules.detections] == ["one", "one-33333333"]
    assert places(rules.faults) == [("2.yml", 2, 1), ("4.yml", 2, 1)]
