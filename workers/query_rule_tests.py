"""Inline tests of scheduled queries on a real engine: events in an index for a moment, each window asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.opensearch import OpenSearchStores
from integrations.opensearch.aggregations import Aggregations
from integrations.opensearch.matching import Answers, indexed
from rules.alerts import Alert
from rules.ecs import nest, parse_timestamp
from rules.rule import Query
from rules.scheduled import Definition, Firings, QueryPlan
from rules.testing import CaseResult, TestRun, query_cases
from workers.query_windows import KnownGroups, alerts_of, ask_window

MOST_WINDOWS = 10_000


def has_tests(rules: Iterable[Query]) -> bool:
    return any(rule.tests for rule in rules)


async def run_query_tests(stores: OpenSearchStores, plan: QueryPlan, rules: Sequence[Query]) -> TestRun:
    """Run the inline tests of these queries. Raises `integrations.ports.StoreError`."""
    definitions = {one.name: one for one in plan.definitions}
    results: list[CaseResult] = []
    untested: list[str] = []
    for rule in rules:
        cases = query_cases(rule)
        definition = definitions.get(rule.name)
        if isinstance(cases, CaseResult):
            results.append(cases)
            continue
        if not cases:
            untested.append(rule.name)
        for case in cases if definition is not None else ():
            events = case.events()
            if isinstance(events, CaseResult):
                results.append(events)
            elif definition is not None:
                results.append(case.judge(await _play(stores, definition, events)))
    return TestRun(tuple(results), tuple(untested), plan.faults)


async def _play(
    stores: OpenSearchStores, definition: Definition, events: Sequence[dict[str, Any]]
) -> list[Alert]:
    """Return the alerts that all windows give in which there is an event, in order."""
    answers = Answers()
    async with indexed(stores.connection, [nest(event) for event in events], 0, answers) as index:
        store = Aggregations(stores.connection, index)
        firings, known = Firings(), KnownGroups()
        alerts: list[Alert] = []
        for end in _ends(definition, [parse_timestamp(event["@timestamp"]) for event in events]):
            fired, _ = await ask_window(definition, end, store, known)
            new = [one for one in fired if firings.add(one.group.key, end, definition.window)]
            alerts += await alerts_of(definition, new, store, datetime.now(UTC))
    return alerts


def _ends(definition: Definition, times: Iterable[datetime]) -> list[datetime]:
    found: set[datetime] = set()
    for time in times:
        found.update(definition.ends(time, time + definition.window + timedelta(milliseconds=1)))
    return sorted(found)[:MOST_WINDOWS]
