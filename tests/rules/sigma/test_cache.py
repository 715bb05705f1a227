"""Cached rules are the same rules, and bytes that are none of ours are no harm."""

from __future__ import annotations

import json

import pytest

from rules.rule import RuleText
from rules.sigma import LoadedRules, load_rules

RULES = [
    RuleText(
        f"{number}.yml",
        f"""title: Same
id: 0000000{number}-0000-4000-8000-000000000000
level: high
tags: [attack.t1110]
falsepositives: [none]
logsource: {{product: linux, service: sshd}}
detection:
  a: {{process.name|startswith: 'x{number}', process.pid|gte: 3, user.name: null}}
  b: {{process.name|re|i: 'x+', source.ip|cidr: 10.0.0.0/8, vendor.a|fieldref: b, '@timestamp|hour|gt': 3}}
  condition: a or not b
""",
    )
    for number in range(3)
]
EVENT = {"event.module": "linux", "event.provider": "sshd", "process.name": "X1y", "process.pid": 7}


def matched(loaded: LoadedRules) -> list[str]:
    event = EVENT | {"source.ip": "10.1.1.1", "vendor.a": "1", "vendor.b": 1}
    return [rule.name for rule in loaded.matcher.match(event)]


def test_a_cached_rule_is_the_same_rule() -> None:
    cold = load_rules(RULES)
    assert cold.compiled == 3
    warm = load_rules(RULES, cold.cache)
    assert warm.compiled == 0
    assert warm.cache == cold.cache
    assert warm.rules == cold.rules
    assert warm.matcher.compiled() == cold.matcher.compiled()
    assert [rule.name for rule in warm.rules.detections] == ["same", "same-00000001", "same-00000002"]
    assert matched(warm) == matched(cold) != []
    assert warm.rules.detections[1].raw == cold.rules.detections[1].raw


def test_only_what_changed_is_compiled() -> None:
    cold = load_rules(RULES)
    changed = [RULES[0], RuleText("1.yml", RULES[1].text.replace("x1", "zz")), RULES[2]]
    warm = load_rules(changed, cold.cache)
    assert warm.compiled == 1
    assert warm.matcher.compiled() == load_rules(changed).matcher.compiled()
    moved = load_rules([RuleText("new/" + source.path, source.text) for source in changed], warm.cache)
    assert (moved.compiled, moved.rules.detections[0].source.path) == (0, "new/0.yml")
    fewer = load_rules(changed[1:], warm.cache)
    assert [rule.name for rule in fewer.rules.detections] == ["same", "same-00000002"]


def test_a_new_filter_or_placeholder_compiles_all_again() -> None:
    cold = load_rules(RULES)
    narrowing = (
        "title: f\nlogsource: {product: linux}\nfilter: {rules: any, s: {process.pid: 7}, condition: not s}"
    )
    warm = load_rules([*RULES, RuleText("f.yml", narrowing)], cold.cache)
    assert warm.compiled == 3
    assert matched(warm) == []
    assert load_rules(RULES, cold.cache, {"x": ["y"]}).compiled == 3


def test_a_filter_that_narrows_nothing_is_a_fault() -> None:
    narrowing = (
        "title: f\nlogsource: {product: linux}\nfilter: {rules: [nobody], s: {a: 7}, condition: not s}"
    )
    loaded = load_rules([*RULES, RuleText("f.yml", narrowing)])
    (fault,) = loaded.matcher.faults
    assert (fault.path, fault.line, fault.column) == ("f.yml", 3, 10)


def test_faulty_rules_are_told_each_time() -> None:
    texts = [
        *RULES,
        RuleText("bad.yml", "title: x"),
        RuleText(
            "p.yml",
            RULES[0]
            .text.replace("x0", "x")
            .replace("|startswith", "|expand")
            .replace("'x'", "'%x%'")
            .replace("00000000-0000", "00000009-0000"),
        ),
    ]
    cold = load_rules(texts)
    warm = load_rules(texts, cold.cache)
    assert warm.rules.faults == cold.rules.faults != ()
    assert warm.matcher.faults == cold.matcher.faults != ()


@pytest.mark.parametrize(
    "cached", [b"\xff", b"{", b"[]", b"null", b'{"format": 1}', b'{"format":1,"checks":[3]}']
)
def test_bytes_that_are_none_of_ours_are_passed_over(cached: bytes) -> None:
    assert load_rules(RULES, cached).compiled == 3


def test_another_format_is_passed_over() -> None:
    held = json.loads(load_rules(RULES).cache)
    assert load_rules(RULES, json.dumps({**held, "format": 0}).encode()).compiled == 3
