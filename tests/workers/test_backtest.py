"""A backtest counts, by day, what a rule and what it was before would have found in the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integrations.opensearch import Keyring, connect
from rules.ecs import timestamp
from rules.rule import RuleText
from workers.backtest import BacktestError, Findings, rules_under_test, run_backtest

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
        assert (slow.alerts, slow.everything) == (9, True)
        correlated = await run(f"{FAILED}---\n{MANY}", "many")
        assert sorted(correlated.by_day) == [(START + timedelta(days=day)).date() for day in (1, 2)]
        assert set(correlated.by_rule) == {"many"}
    finally:
        await stores.close()


def test_a_rule_that_is_not_there_is_told() -> None:
    with pytest.raises(BacktestError, match="no sound rule 'nobody'"):
        rules_under_test([RuleText("r.yml", FAILED)], ["nobody"])
