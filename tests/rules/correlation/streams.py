"""Random streams of hits, the correlations they are judged by, and a store to fetch from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import strategies as st

from rules.alerts import Alert
from rules.correlation import Engine, HistoryRequest, Hit, Plan, plan_correlations
from rules.correlation.hits import moment, values_of
from rules.rule import RuleText, parse_rules

SECOND = 1_000_000
START = 1_700_000_000 * SECOND

_DETECTION = """\
title: {name}
name: {name}
logsource: {{product: linux}}
detection: {{s: {{event.action: {name}}}, condition: s}}
"""
_CORRELATION = """\
title: {name}
name: {name}
level: medium
correlation: {{generate: true, {body}}}
"""
CORRELATIONS = {
    "count": "type: event_count, rules: [a], group-by: [ip], timespan: 3s, condition: {gte: 3}",
    "count-all": "type: event_count, rules: [a, b], timespan: 2s, condition: {gt: 4}",
    "count-pair": "type: event_count, rules: [b], group-by: [ip, user.name], timespan: 5s, "
    "condition: {gte: 2}",
    "few": "type: event_count, rules: [a], group-by: [ip], timespan: 4s, condition: {lt: 3}",
    "exact": "type: event_count, rules: [a, b], group-by: [user.name], timespan: 3s, condition: {eq: 2}",
    "range": "type: event_count, rules: [b], timespan: 6s, condition: {gt: 1, lte: 3}",
    "values": "type: value_count, rules: [a], group-by: [ip], timespan: 4s, "
    "condition: {field: user.name, gte: 2}",
    "pairs": "type: value_count, rules: [a, c], timespan: 4s, condition: {field: [ip, user.name], gte: 3}",
    "one-value": "type: value_count, rules: [c], group-by: [ip], timespan: 3s, "
    "condition: {field: user.name, lte: 1}",
    "sum": "type: value_sum, rules: [a], group-by: [ip], timespan: 3s, condition: {field: n, gte: 10}",
    "low-sum": "type: value_sum, rules: [a], group-by: [ip], timespan: 3s, condition: {field: n, lt: 10}",
    "average": "type: value_avg, rules: [a, b], group-by: [ip], timespan: 3s, condition: {field: n, gt: 4}",
    "median": "type: value_median, rules: [b], timespan: 5s, condition: {field: n, lte: 2}",
    "upper": "type: value_percentile, rules: [a], timespan: 5s, condition: {field: n, percentile: 75, gt: 6}",
    "rare": "type: value_percentile, rules: [a], timespan: 8s, condition: {field: user.name, lte: 25}",
    "near": "type: temporal, rules: [a, b], group-by: [ip], timespan: 2s",
    "two-of": "type: temporal, rules: [a, b, c], group-by: [user.name], timespan: 3s, condition: {gte: 2}",
    "order": "type: temporal_ordered, rules: [a, b, c], group-by: [ip], timespan: 6s",
    "aliased": "type: temporal_ordered, rules: [a, b], group-by: [who], timespan: 4s, "
    "aliases: {who: {a: ip, b: peer}}",
    "then": "type: temporal_ordered, rules: [count, b], group-by: [ip], timespan: 4s",
    "then-user": "type: temporal_ordered, rules: [count, b], group-by: [user.name], timespan: 4s",
    "after-alias": "type: temporal, rules: [aliased, c], group-by: [who], timespan: 5s, "
    "aliases: {who: {aliased: who, c: ip}}",
    "bursts": "type: event_count, rules: [count], timespan: 9s, condition: {gte: 2}",
    "spread": "type: value_count, rules: [count, near], timespan: 8s, condition: {field: ip, gte: 2}",
    "deep": "type: temporal_ordered, rules: [then, c], group-by: [ip], timespan: 6s",
    "missing": "type: absence, rules: [a, b], group-by: [ip], timespan: 2s",
    "missing-user": "type: absence, rules: [b, a, c], group-by: [user.name], timespan: 3s",
}
LATE_PROOF = frozenset(CORRELATIONS) - {
    *("few", "exact", "range", "one-value", "low-sum", "average", "median", "upper", "rare"),
    *("bursts", "spread", "missing", "missing-user"),
}
"""Those whose firings stay when more events come."""


def make_plan() -> Plan:
    texts = [RuleText(f"{name}.yml", _DETECTION.format(name=name)) for name in "abc"]
    texts += [
        RuleText(f"{name}.yml", _CORRELATION.format(name=name, body=body))
        for name, body in CORRELATIONS.items()
    ]
    rules = parse_rules(texts)
    assert rules.faults == ()
    plan = plan_correlations(rules)
    assert plan.faults == ()
    assert set(plan.definitions) == set(CORRELATIONS)
    return plan


@st.composite
def hits(draw: st.DrawFn, *, in_order: bool) -> list[Hit]:
    """Draw hits in the order in which they arrive; their sequence numbers follow it."""
    times = draw(st.lists(st.integers(0, 50), min_size=1, max_size=24))
    if in_order:
        times.sort()
    found = []
    for seq, half_seconds in enumerate(times):
        fields = {
            "ip": draw(st.sampled_from(["1", "1", "2", ["1", "2"], None])),
            "peer": draw(st.sampled_from(["1", "2"])),
            "user.name": draw(st.sampled_from(["u", "u", "v", "w", None])),
            "n": draw(st.sampled_from([0, 1, 3, "5", 9, "x", None])),
        }
        fields = {name: value for name, value in fields.items() if value is not None}
        rule = draw(st.sampled_from("aaabbc"))
        found.append(Hit(rule, f"e{seq}", "i", seq, START + half_seconds * SECOND // 2, fields))
    return found


def batches(draw: st.DrawFn, arrived: Sequence[Hit]) -> list[list[Hit]]:
    """Cut a stream into up to seven batches, none of them empty."""
    cuts = draw(st.sets(st.integers(1, len(arrived)), max_size=6)) - {len(arrived)}
    return [list(arrived[first:last]) for first, last in pairwise([0, *sorted(cuts), len(arrived)])]


class Store:
    """What was stored so far, asked as the real one is asked."""

    def __init__(self) -> None:
        self.hits: list[Hit] = []

    def history(self, request: HistoryRequest) -> list[Hit]:
        return [
            hit
            for hit in self.hits
            if hit.rule in request.rules
            and request.first <= hit.time <= request.last
            and all(
                {str(value) for value in values_of(hit.fields, name)} & set(wanted)
                for name, wanted in request.keys.items()
            )
        ]


def judge(engine: Engine, store: Store, new: Iterable[Hit], now: datetime) -> list[Alert]:
    requests = engine.observe(new, now)
    rounds = 0
    while requests:
        rounds += 1
        assert rounds < 20
        for request in requests:
            engine.load(request, store.history(request))
        requests = engine.pending()
    return engine.evaluate(now)


def end_of(found: Iterable[Hit]) -> datetime:
    return moment(max(hit.at for hit in found)) + timedelta(minutes=5)
