"""The questions of scheduled queries: groups of events and their measures, what was there before, how much
there usually is. Each answer is whole, or raises, or says that it was cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import orjson

from integrations.opensearch.connection import Connection, require_whole
from integrations.opensearch.patterns import shown_events
from integrations.ports import StoredEvent, StoreError
from rules.ecs import timestamp
from rules.scheduled import Group, Measure

MOST_GROUPS = 10_000
"""Groups of one window; a rule with more is told that it is cut."""
PAGE = 1000
SEARCHES = 100
"""Questions of one request."""
TIMEOUT = "15s"
Query = Mapping[str, Any]


@dataclass(frozen=True)
class Groups:
    groups: tuple[Group, ...]
    cut: bool
    """Whether there are more than MOST_GROUPS."""


class Aggregations:
    def __init__(self, connection: Connection, index: str = "") -> None:
        """`index`: what is asked; the events of all data streams by default."""
        self._connection = connection
        self._index = index or shown_events(connection.prefix)

    async def refresh(self) -> None:
        """Make all that was written searchable."""
        await self._connection.refresh(self._index)

    async def groups(
        self, query: Query, fields: Sequence[str], measure: Measure, start: datetime, end: datetime
    ) -> Groups:
        """Return the groups of the events of [start, end). Raises `StoreError`."""
        inner = _metric(measure)
        body: dict[str, Any] = {"size": 0, "timeout": TIMEOUT, "query": within(query, start, end)}
        if not fields:
            body |= {"track_total_hits": True, "aggs": inner}
            answer = await self._connection.search(self._index, body)
            count = int(answer["hits"]["total"]["value"])
            value = _value(answer.get("aggregations", {}), count, measure)
            return Groups((Group((), value, count),) if count else (), False)
        sources = [{f"g{place}": {"terms": {"field": field}}} for place, field in enumerate(fields)]
        composite: dict[str, Any] = {"size": PAGE, "sources": sources}
        body |= {"track_total_hits": False, "aggs": {"groups": {"composite": composite, "aggs": inner}}}
        found: list[Group] = []
        while True:
            answer = await self._connection.search(self._index, body)
            part = answer.get("aggregations", {}).get("groups", {"buckets": []})
            for bucket in part["buckets"]:
                key = tuple(_text(bucket["key"][f"g{place}"]) for place in range(len(fields)))
                count = int(bucket["doc_count"])
                found.append(Group(key, _value(bucket, count, measure), count))
            if len(found) > MOST_GROUPS:
                return Groups(tuple(found[:MOST_GROUPS]), True)
            if len(part["buckets"]) < PAGE or "after_key" not in part:
                return Groups(tuple(found), False)
            composite["after"] = part["after_key"]

    async def exist(self, queries: Sequence[Query]) -> list[bool]:
        """Return of each query whether an event fulfils it. Raises `StoreError`."""
        bodies = [{"size": 0, "terminate_after": 1, "track_total_hits": 1, "timeout": TIMEOUT, "query": query}
                  for query in queries]  # fmt: skip
        return [bool(one["hits"]["total"]["value"]) for one in await self._ask(bodies)]

    async def series(
        self, queries: Sequence[Query], measure: Measure, start: datetime, end: datetime, step: timedelta
    ) -> list[list[float]]:
        """Return, of each query, its measure in each step of [start, end) that has something."""
        milliseconds = int(step.total_seconds() * 1000)
        histogram = {
            "field": "@timestamp", "fixed_interval": f"{milliseconds}ms", "min_doc_count": 1,
            "offset": f"{int(start.timestamp() * 1000) % milliseconds}ms",
        }  # fmt: skip
        aggs = {"steps": {"date_histogram": histogram, "aggs": _metric(measure)}}
        bodies = [{"size": 0, "track_total_hits": False, "timeout": TIMEOUT,
                   "query": within(query, start, end), "aggs": aggs} for query in queries]  # fmt: skip
        return [
            [
                _value(bucket, int(bucket["doc_count"]), measure)
                for bucket in one.get("aggregations", {}).get("steps", {"buckets": []})["buckets"]
            ]
            for one in await self._ask(bodies)
        ]

    async def late(
        self, query: Query, since: datetime, times: tuple[datetime, datetime], step: timedelta
    ) -> list[datetime]:
        """Return the beginnings of the steps with events of `times` that came to be stored after `since`."""
        came = {"range": {"event.ingested": {"gt": timestamp(since)}}}
        milliseconds = int(step.total_seconds() * 1000)
        histogram = {"field": "@timestamp", "fixed_interval": f"{milliseconds}ms", "min_doc_count": 1}
        body = {"size": 0, "track_total_hits": False, "timeout": TIMEOUT,
                "query": {"bool": {"filter": [within(query, *times), came]}},
                "aggs": {"steps": {"date_histogram": histogram}}}  # fmt: skip
        answer = await self._connection.search(self._index, body)
        buckets = answer.get("aggregations", {}).get("steps", {"buckets": []})["buckets"]
        return [datetime.fromtimestamp(bucket["key"] / 1000, times[0].tzinfo) for bucket in buckets]

    async def samples(self, query: Query, start: datetime, end: datetime, most: int) -> list[StoredEvent]:
        """Return the first events of [start, end), by time."""
        body = {
            "size": most, "track_total_hits": False, "seq_no_primary_term": True, "timeout": TIMEOUT,
            "sort": [{"@timestamp": "asc"}, {"event.id": "asc"}], "query": within(query, start, end),
        }  # fmt: skip
        hits = (await self._connection.search(self._index, body))["hits"]["hits"]
        return [StoredEvent(hit["_index"], hit["_seq_no"], hit["_source"]) for hit in hits]

    async def _ask(self, bodies: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        head = orjson.dumps({"index": self._index, "ignore_unavailable": True, "allow_no_indices": True})
        for at in range(0, len(bodies), SEARCHES):
            lines = [line for body in bodies[at : at + SEARCHES] for line in (head, orjson.dumps(body))]
            found += await self._connection.whole(partial(self._ask_once, b"\n".join(lines) + b"\n"))
        return found

    async def _ask_once(self, lines: bytes) -> list[dict[str, Any]]:
        answer = await self._connection.request(
            "POST", "/_msearch", lines, ndjson=True, retry=True, max_concurrent_searches=2
        )
        found: list[dict[str, Any]] = answer["responses"]
        for one in found:
            if "error" in one:
                raise StoreError(f"OpenSearch refused a question: {one['error'].get('reason')}")
            require_whole(one, self._index)
        return found


def of_group(query: Query, fields: Sequence[str], key: Sequence[str]) -> Query:
    """Return the query for the events of one group."""
    terms = [{"term": {field: value}} for field, value in zip(fields, key, strict=True)]
    return {"bool": {"filter": [query, *terms]}}


def within(query: Query, start: datetime, end: datetime) -> dict[str, Any]:
    span = {"range": {"@timestamp": {"gte": timestamp(start), "lt": timestamp(end)}}}
    return {"bool": {"filter": [query, span]}}


def _metric(measure: Measure) -> dict[str, Any]:
    if measure.kind == "count":
        return {}
    settings: dict[str, Any] = {"field": measure.field}
    if measure.kind == "cardinality":
        settings["precision_threshold"] = 10_000
    if measure.kind == "percentile":
        settings |= {"percents": [measure.percent], "keyed": False}
        return {"value": {"percentiles": settings}}
    return {"value": {measure.kind: settings}}


def _value(bucket: Mapping[str, Any], count: int, measure: Measure) -> float:
    """Return a group's measure; 0 where none of its events has the field."""
    if measure.kind == "count":
        return float(count)
    found = bucket.get("value", {})
    value = found["values"][0]["value"] if measure.kind == "percentile" and found else found.get("value")
    return float(value) if value is not None else 0.0


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
