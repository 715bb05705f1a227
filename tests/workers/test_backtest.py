"""A backtest counts, by day, what a rule and what it was before would have found in the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integrations.opensearch import Keyring, connect
from rules.ecs import timestamp
from rules.rule import RuleText
from workers.backtest import (
    BacktestError,
    Findings,
    backtest_query,
    queries_under_test,
    rules_under_test,
    run_backtest,
)

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FAILED = """title: Failed
name: failed
id: r-1
logsource: {product: linux}
detection: {a: {event.outcome: failure, user.name|startswith: 'a'}, condition: a}
"""
MANY = """title: Many
name: many
id: r-2
correlation: {type: event_count, rules: failed, group-by: [user.name], timespan: 10m, condition: {gte: 3}}
"""
QUERY = """title: Asked
name: asked
id: q-1
query: {query_string: event.outcome:failure, every: 1h, group_by: [user.name], condition: {gte: 3}}
"""


async def test_counts_by_day(opensearch_url: str, index_prefix: str) -> None:
    stores = await connect(opensearch_url, prefix=index_prefix, keyring=Keyring({"test": b"k" * 32}))
    try:
        await stores.setup()
        for day in range(3):
            for number in range(day + 2):
                at = timestamp(START + timedelta(days=day, minutes=number))
                for user in ("alice", "bob"):
                    event = {"id": f"{user}-{day}-{number}", "module": "linux", "dataset": "linux.auth",
                             "outcome": "failure", "kind": "event"}  # fmt: skip
                    await stores.events.write([{"@timestamp": at, "event": event, "user": {"name": user}}])
        await stores.events.checkpoints()

        async def run(text: str, name: str, samples: int = 2) -> Findings:
            detection, queries = rules_under_test([RuleText("r.yml", text)], [name])
            first, last = START - timedelta(days=1), START + timedelta(days=9)
            return await run_backtest(stores, detection, queries, first, last, samples)

        found = await run(FAILED, "failed")
        assert [found.by_day[(START + timedelta(days=day)).date()] for day in range(3)] == [2, 3, 4]
        assert (found.alerts, found.events, len(found.samples), found.everything) == (9, 9, 2, False)
        assert (await run(FAILED.replace("|startswith: 'a'", ": [alice, bob]"), "r-1")).alerts == 18
        slow = await run(FAILED.replace("|startswith: 'a'", "|re: '(^a|x)l'"), "r-1")
        assert (slow.alerts, slow.events, slow.everything) == (9, 18, False)
        correlated = await run(f"{FAILED}---\n{MANY}", "many")
        assert sorted(correlated.by_day) == [(START + timedelta(days=day)).date() for day in (1, 2)]
        assert set(correlated.by_rule) == {"many"}

        asked = QUERY.replace("{gte: 3}", "{gte: 4}")
        for text, days in ((QUERY, {1, 2}), (asked, {2})):
            (definition,) = queries_under_test([RuleText("q.yml", text)], ["asked"])
            span = START - timedelta(days=1), START + timedelta(days=9)
            found = await backtest_query(stores, definition, *span, 2)
            assert {day - START.date() for day in found.by_day} == {timedelta(days=day) for day in days}
            assert (found.alerts, len(found.samples)) == (2 * len(days), 2)
            assert found.samples[0].group["user.name"] == "alice"
    finally:
        await stores.close()


def test_a_rule_that_is_not_there_is_told() -> None:
    with pytest.raises(BacktestError, match="no sound rule 'nobody'"):
        rules_under_test([RuleText("r.yml", FAILED)], ["nobody"])
