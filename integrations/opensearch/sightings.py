"""Stored events that name values of indicators: where something was seen before it was known to be bad."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from publicsuffixlist import PublicSuffixList

from integrations.opensearch.connection import Connection
from integrations.opensearch.mapping import properties
from integrations.opensearch.patterns import shown_events
from integrations.ports import StoredEvent
from rules.ecs import parse_timestamp, timestamp
from rules.intelligence import FIELDS, IndicatorKind
from rules.sigma import Kind, kinds_of

Values = Sequence[tuple[IndicatorKind, str]]
REGISTERED = ("dns.question.registered_domain", "url.registered_domain")
_WHAT = {
    IndicatorKind.IP: ("address", "name"),
    IndicatorKind.NETWORK: ("address",),
    IndicatorKind.DOMAIN: ("name",),
    IndicatorKind.URL: ("url",),
    IndicatorKind.HASH: ("hash",),
    IndicatorKind.EMAIL: ("email",),
}


@dataclass(frozen=True)
class Sighting:
    """Where a value was seen: one source of events, one field."""

    dataset: str
    field: str
    events: int
    first: datetime
    last: datetime
    hosts: tuple[str, ...]
    """Some of the hosts, or addresses, that had to do with it."""


class Sightings:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._all = shown_events(connection.prefix)

    async def catch_up(self) -> None:
        """Make all events that are stored by now findable."""
        await self._connection.refresh(self._all)

    async def count(self, values: Values, first: datetime, last: datetime, most: int) -> int:
        """Return how many events of [first, last] name one of the values, counted up to `most`."""
        body = {"size": 0, "track_total_hits": most, "query": _within(naming(values), first, last)}
        return int((await self._connection.search(self._all, body))["hits"]["total"]["value"])

    async def events(
        self, values: Values, first: datetime, last: datetime, *, newest_first: bool = False
    ) -> AsyncIterator[list[StoredEvent]]:
        """Yield pages of the events that name one of the values, in the order of their times."""
        order = "desc" if newest_first else "asc"
        body = {"query": _within(naming(values), first, last), "seq_no_primary_term": True}
        sort = [{"@timestamp": order}, {"event.id": "asc"}]
        async for hits in self._connection.pages(self._all, body, sort):
            yield [StoredEvent(hit["_index"], hit["_seq_no"], hit["_source"]) for hit in hits]

    async def of(self, kind: IndicatorKind, value: str, first: datetime, last: datetime) -> list[Sighting]:
        """Return where a value was seen, the latest first."""
        found: list[Sighting] = []
        for field, query in _by_field([(kind, value)]).items():
            aggs: dict[str, Any] = {
                "datasets": {
                    "terms": {"field": "event.dataset", "size": 100, "missing": "unknown"},
                    "aggs": {
                        "first": {"min": {"field": "@timestamp"}},
                        "last": {"max": {"field": "@timestamp"}},
                        "hosts": {"terms": {"field": "host.name", "size": 5}},
                    },
                }
            }
            body = {"size": 0, "query": _within(query, first, last), "aggs": aggs}
            answer = await self._connection.search(self._all, body)
            buckets = answer.get("aggregations", {}).get("datasets", {"buckets": []})["buckets"]
            found += [_sighting(field, bucket) for bucket in buckets]
        return sorted(found, key=lambda one: one.last, reverse=True)


def _sighting(field: str, bucket: Mapping[str, Any]) -> Sighting:
    return Sighting(
        dataset=bucket["key"],
        field=field,
        events=bucket["doc_count"],
        first=parse_timestamp(bucket["first"]["value_as_string"]),
        last=parse_timestamp(bucket["last"]["value_as_string"]),
        hosts=tuple(host["key"] for host in bucket["hosts"]["buckets"]),
    )


def naming(values: Values) -> dict[str, Any]:
    """Return the query for events that may name one of these values, for the matcher to look at closely.

    Names below a domain are found where events have their registered domain, and the indicator is one.
    """
    clauses = list(_by_field(values).values())
    registered = sorted(
        {value for kind, value in values if kind is IndicatorKind.DOMAIN and _is_registered(value)}
    )
    if registered:
        clauses += [{"terms": {f"{field}.caseless": registered}} for field in REGISTERED]
    return {"bool": {"should": clauses, "minimum_should_match": 1}} if clauses else {"match_none": {}}


def _by_field(values: Values) -> dict[str, dict[str, Any]]:
    wanted: dict[str, list[str]] = {}
    for kind, value in values:
        for field, as_ip in _fields(kind):
            if kind is IndicatorKind.NETWORK and not as_ip:
                continue
            wanted.setdefault(field, []).extend(_spellings(kind, value))
    return {field.removesuffix(".caseless"): {"terms": {field: texts}} for field, texts in wanted.items()}


@cache
def _fields(kind: IndicatorKind) -> tuple[tuple[str, bool], ...]:
    """Return the fields of the index to ask for a kind of value, and which hold addresses as such."""
    kinds = kinds_of(properties())
    found = []
    for field, compared in FIELDS.items():
        held = kinds.of(field)
        if compared.what not in _WHAT[kind]:
            continue
        if held is Kind.IP:
            found.append((field, True))
        elif held is Kind.KEYWORD:
            found.append((f"{field}.caseless", False))
        elif held is Kind.LONG:
            found.append((field, False))
    return tuple(found)


def _spellings(kind: IndicatorKind, value: str) -> Iterable[str]:
    if kind is not IndicatorKind.URL or "://" in value:
        return (value,)
    bare = value.removesuffix("/") if value.endswith("/") and value.count("/") == 1 else value
    return dict.fromkeys((f"http://{value}", f"https://{value}", f"http://{bare}", f"https://{bare}"))


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _is_registered(name: str) -> bool:
    return bool(_suffixes().privatesuffix(name) == name)


def _within(query: Mapping[str, Any], first: datetime, last: datetime) -> dict[str, Any]:
    span = {"range": {"@timestamp": {"gte": timestamp(first), "lte": timestamp(last)}}}
    return {"bool": {"filter": [query, span]}}
