"""One window of one scheduled query: which groups fire in it, and their alerts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from integrations.opensearch.aggregations import Aggregations, of_group
from integrations.opensearch.mapping import properties
from integrations.opensearch.query_fields import check_fields
from integrations.ports import StoreQueryError
from rules.alerts import Alert
from rules.ecs import flatten, timestamp
from rules.rule import Query
from rules.scheduled import Definition, Fired, QueryPlan, alert_of_group, more_than_usual, plan_queries
from rules.sigma import kinds_of

EVIDENCE = 100
"""Events that an alert names."""


def load_queries(rules: Iterable[Query]) -> QueryPlan:
    """Read scheduled queries against the store's mapping."""
    return plan_queries(rules, kinds_of(properties()), _wrong)


def _wrong(text: str) -> str:
    try:
        check_fields(text)
    except StoreQueryError as error:
        return str(error).splitlines()[0]
    return ""


async def ask_window(
    definition: Definition, end: datetime, store: Aggregations, known: KnownGroups
) -> tuple[list[Fired], bool]:
    """Return the groups that fire in the window that ends at `end`, and whether there were too many to see
    all. Raises `StoreError`."""
    start = end - definition.window
    found = await store.groups(definition.query, definition.group_by, definition.measure, start, end)
    fired = [Fired(group, start, end) for group in found.groups if definition.holds(group.value)]
    if definition.new is not None and fired:
        fired = await _new(definition, fired, start, store, known)
    if definition.usual is not None and fired:
        fired = await _unusual(definition, fired, start, store)
    return fired, found.cut


class KnownGroups:
    """Groups that windows had, so that it need not be asked each time whether they were there before."""

    def __init__(self, most: int = 50_000) -> None:
        self._seen: dict[tuple[str, ...], tuple[datetime, datetime]] = {}
        self._most = most

    def has(self, name: str, key: Sequence[str], first: datetime, last: datetime) -> bool:
        """Whether a group is known to have been there in [first, last)."""
        seen = self._seen.get((name, *key))
        return seen is not None and first <= seen[0] and seen[1] <= last

    def add(self, name: str, key: Sequence[str], start: datetime, end: datetime) -> None:
        """Note that the window [start, end) had a group."""
        if len(self._seen) >= self._most:
            self._seen.clear()
        self._seen[(name, *key)] = start, end


async def _new(
    definition: Definition, fired: list[Fired], start: datetime, store: Aggregations, known: KnownGroups
) -> list[Fired]:
    asked = definition.new
    assert asked is not None
    name, first = definition.name, start - asked.within
    unknown = [one for one in fired if not known.has(name, one.group.key, first, start)]
    queries = [
        _between(of_group(definition.query, definition.group_by, one.group.key), first, start)
        for one in unknown
    ]
    there = await store.exist(queries)
    fresh = [one for one, was in zip(unknown, there, strict=True) if not was]
    for one in fired:
        known.add(name, one.group.key, one.start, one.end)
    places = [definition.group_by.index(field) for field in asked.known_by]
    long_ago = [
        _between(
            of_group(definition.background, asked.known_by, [one.group.key[place] for place in places]),
            first,
            start - asked.known_for,
        )
        for one in fresh
    ]
    return [one for one, settled in zip(fresh, await store.exist(long_ago), strict=True) if settled]


async def _unusual(
    definition: Definition, fired: list[Fired], start: datetime, store: Aggregations
) -> list[Fired]:
    usual = definition.usual
    assert usual is not None
    windows = int(usual.over / definition.window)
    first = start - windows * definition.window
    queries = [of_group(definition.query, definition.group_by, one.group.key) for one in fired]
    series = await store.series(queries, definition.measure, first, start, definition.window)
    found = []
    for one, before in zip(fired, series, strict=True):
        mean = more_than_usual(one.group.value, before, usual)
        if mean is not None:
            found.append(Fired(one.group, one.start, one.end, mean))
    return found


def _between(query: Mapping[str, Any], first: datetime, last: datetime) -> dict[str, Any]:
    span = {"range": {"@timestamp": {"gte": timestamp(first), "lt": timestamp(last)}}}
    return {"bool": {"filter": [query, span]}}


async def alerts_of(
    definition: Definition, fired: Sequence[Fired], store: Aggregations, now: datetime
) -> list[Alert]:
    """Return the alerts of groups that fired, with their events as evidence."""
    alerts = []
    for one in fired:
        query = of_group(definition.query, definition.group_by, one.group.key)
        events = await store.samples(query, one.start, one.end, EVIDENCE)
        evidence = [(event.index, flatten(event.document)) for event in events]
        alerts.append(alert_of_group(definition, one, evidence, now))
    return alerts
