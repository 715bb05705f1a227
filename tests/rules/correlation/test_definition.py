"""Correlation sections become definitions, or faults that name their place."""

from __future__ import annotations

import pytest

from rules.correlation import Kind, Plan, plan_correlations
from rules.rule import RuleText, parse_rules

BASES = """\
title: A
name: a
id: 5638f7c0-ac70-491d-8465-2a65075e0d86
level: low
logsource: {product: linux}
detection: {s: {event.action: a}, condition: s}
---
title: B
name: b
level: informational
logsource: {product: linux}
detection: {s: {event.action: b}, condition: s}
"""


def plan_of(*correlations: str) -> Plan:
    texts = [RuleText("bases.yml", BASES)]
    texts += [
        RuleText(f"c{place}.yml", f"title: C{place}\ncorrelation:\n{body}")
        for place, body in enumerate(correlations)
    ]
    rules = parse_rules(texts)
    assert rules.faults == ()
    return plan_correlations(rules)


def test_a_rule_is_named_by_name_or_id() -> None:
    body = (
        "  type: event_count\n  rules: [5638f7c0-ac70-491d-8465-2a65075e0d86]\n  group-by: [source.ip]\n"
        "  timespan: 90m\n  condition: {gt: 100, lte: 200}\n"
    )
    plan = plan_of(body)
    assert plan.faults == ()
    definition = plan.definitions["c0"]
    assert definition.kind is Kind.EVENT_COUNT
    assert definition.rules == ("a",)
    assert definition.timespan == 90 * 60 * 1_000_000
    assert definition.condition.bounds == (("gt", 100), ("lte", 200))
    assert [definition.condition.holds(count) for count in (100, 101, 200, 201)] == [False, True, True, False]
    assert definition.deferred


def test_chains_come_inner_first_and_resolve_their_aliases() -> None:
    outer = (
        "  type: temporal_ordered\n  rules: [c1, b]\n  group-by: [who]\n  timespan: 10m\n"
        "  aliases: {who: {c1: address, b: destination.ip}}\n"
    )
    inner = (
        "  type: event_count\n  rules: [a]\n  group-by: [address]\n  timespan: 5m\n  condition: {gte: 5}\n"
        "  aliases: {address: {a: source.ip}}\n"
    )
    plan = plan_of(outer, inner)
    assert plan.faults == ()
    assert list(plan.definitions) == ["c1", "c0"]
    assert plan.bases("c0") == ("a", "b")
    assert plan.base_fields("c0", "a") == (("source.ip",),)
    assert plan.base_fields("c0", "b") == (("destination.ip",),)
    assert plan.reach("c0") == 30 * 60 * 1_000_000
    assert plan.alerting == {"c0"}


@pytest.mark.parametrize(
    ("body", "line", "column", "words"),
    [
        ("  type: event_cuont\n  rules: [a]\n  timespan: 5m\n  condition: {gte: 5}\n", 3, 3, "event_count"),
        ("  type: event_count\n  rules: [ax]\n  timespan: 5m\n  condition: {gte: 5}\n",
         4, 11, "no rule 'ax'"),
        ("  type: event_count\n  rules: [a, a]\n  timespan: 5m\n  condition: {gte: 5}\n", 4, 14, "twice"),
        ("  type: event_count\n  rules: [a]\n  timespan: 5 min\n  condition: {gte: 5}\n",
         5, 3, "timespan: 5m"),
        ("  type: event_count\n  rules: [a]\n  timespan: 0s\n  condition: {gte: 5}\n", 5, 3, "no timespan"),
        ("  type: event_count\n  rules: [a]\n  timespan: 5m\n  condition: {ge: 5}\n", 6, 15, "no operator"),
        ("  type: event_count\n  rules: [a]\n  timespan: 5m\n  condition: {gte: x}\n", 6, 15, "number"),
        ("  type: event_count\n  rules: [a]\n  timespan: 5m\n  condition: {lt: 1}\n", 6, 3, "no count"),
        ("  type: event_count\n  rules: [a]\n  timespan: 5m\n  condition: {gte: 99999}\n", 6, 15, "10,000"),
        ("  type: event_count\n  rules: [a]\n  timespan: 5m\n", 2, 1, "needs a condition"),
        ("  type: value_count\n  rules: [a]\n  timespan: 5m\n  condition: {gte: 5}\n", 6, 3, "needs a field"),
        ("  type: value_sum\n  rules: [a]\n  timespan: 5m\n  condition: {field: [x, y], gt: 5}\n",
         6, 15, "one field"),
        ("  type: temporal\n  rules: [a]\n  timespan: 5m\n", 4, 3, "two rules"),
        ("  type: temporal\n  rules: [a, b]\n  timespan: 5m\n  condition: {gte: 3}\n", 6, 3, "only 2 rules"),
        ("  type: temporal\n  rules: [a, b]\n  timespan: 5m\n  condition: a and not b\n", 6, 3, "mapping"),
        ("  type: temporal\n  rules: [a, b]\n  timespn: 5m\n", 5, 3, "timespan"),
        ("  type: temporal\n  rules: [a, b]\n  timespan: 5m\n  group-by: {a: b}\n", 6, 3, "list of field"),
        ("  type: temporal\n  rules: [a, b]\n  timespan: 5m\n  aliases: {x: {a: f}}\n", 6, 13, "in b"),
        ("  type: temporal\n  rules: [a, b]\n  timespan: 5m\n  aliases: {x: {c: f, b: f}}\n",
         6, 17, "none of"),
        ("  type: absence\n  rules: [a, b]\n  timespan: 5m\n  condition: {gte: 1}\n", 6, 3, "no condition"),
        ("  type: temporal\n  rules: [a, c0]\n  timespan: 5m\n", 4, 14, "refers back"),
    ],
)  # fmt: skip
def test_faults_name_their_place_and_what_to_write(body: str, line: int, column: int, words: str) -> None:
    plan = plan_of(body)
    assert plan.definitions == {}
    found = [fault for fault in plan.faults if (fault.line, fault.column) == (line, column)]
    assert found, [str(fault) for fault in plan.faults]
    assert any(words in f"{fault.text} {fault.remedy}" for fault in found)
    assert all(fault.remedy for fault in plan.faults)


def test_all_faults_come_at_once_and_spoil_what_builds_on_them() -> None:
    bad = "  type: count\n  rules: [x]\n  timespan: 5\n"
    outer = "  type: temporal\n  rules: [a, c0]\n  timespan: 5m\n"
    plan = plan_of(bad, outer)
    assert plan.definitions == {}
    assert [(fault.path, fault.line) for fault in plan.faults] == [
        ("c0.yml", 3), ("c0.yml", 4), ("c0.yml", 5), ("c1.yml", 4),
    ]  # fmt: skip


def test_nothing_builds_on_what_must_be_awaited() -> None:
    absent = "  type: absence\n  rules: [a, b]\n  timespan: 5m\n"
    outer = "  type: temporal\n  rules: [a, c0]\n  timespan: 5m\n"
    plan = plan_of(absent, outer)
    assert list(plan.definitions) == ["c0"]
    assert "only known when its time is over" in plan.faults[0].text


def test_who_raises_alerts_follows_generate_and_level() -> None:
    quiet = "  type: event_count\n  rules: [a, b]\n  timespan: 5m\n  condition: {gte: 5}\n"
    assert plan_of(quiet).alerting == {"c0"}
    assert plan_of(f"{quiet}  generate: true\n").alerting == {"a", "c0"}
    assert plan_of(quiet, f"{quiet}  generate: true\n").alerting == {"a", "c0", "c1"}
