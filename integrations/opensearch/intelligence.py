"""Indicators of compromise in an index of their own: one document for what one source says of one value.

A document is never changed in silence: whoever reads the index by sequence number sees each indicator that
came, changed or was taken back, in order, and so keeps a table of them up to date at the cost of what is
new. What a source no longer says is marked as withdrawn, and deleted a month later.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson

from integrations.opensearch.connection import Connection
from integrations.ports import StoreError, StoreLimitError
from rules.alerts import Severity
from rules.ecs import parse_timestamp, timestamp
from rules.intelligence import Claim, Indicator, IndicatorKind

BULK = 5000
PAGE = 10_000
TERMS = 1000
KEPT = timedelta(days=30)
"""How long what is withdrawn can still be asked about."""
COLUMNS_ONLY = {"stored_fields": "_none_"}
"""Reads nothing of the documents themselves, not their ids either: five times faster over a million."""
_KEYWORD = {"type": "keyword"}
_DATE = {"type": "date"}
_SHOWN = {"type": "keyword", "index": False, "doc_values": False}


@dataclass(frozen=True, slots=True)
class StoredIndicator:
    """What one source says, or said, of one value."""

    source: str
    indicator: Indicator
    first_seen: datetime
    """When this system first read it there."""
    changed: datetime
    fresh: datetime
    """When it came, or came back: since then the past is to be searched for it."""
    withdrawn: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """One document as the matcher needs it."""

    kind: IndicatorKind
    value: str
    claim: Claim
    fresh: str
    """ECS time."""
    withdrawn: bool


@dataclass(frozen=True)
class Renewal:
    """What one reading of a source changed."""

    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    same: int = 0


class OpenSearchIntelligence:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._index = f"{connection.prefix}siem-intelligence"

    async def setup(self, replicas: int) -> None:
        properties: dict[str, Any] = {
            "key": _KEYWORD, "source": _KEYWORD, "kind": _KEYWORD, "external": _KEYWORD, "digest": _KEYWORD,
            "value": {"type": "keyword", "ignore_above": 4096}, "confidence": {"type": "short"},
            "severity": _KEYWORD, "since": _DATE, "until": _DATE, "first_seen": _DATE, "changed": _DATE,
            "fresh": _DATE, "withdrawn": _DATE, "subdomains": {"type": "boolean"}, "labels": _KEYWORD,
            "tlp": _KEYWORD, "name": _SHOWN, "reference": _SHOWN,
        }  # fmt: skip
        settings = {"number_of_shards": 1, "number_of_replicas": replicas, "codec": "best_compression"}
        body = {
            "settings": {"index": settings | {"refresh_interval": "30s"}},
            "mappings": {"dynamic": "strict", "properties": properties},
        }
        await self._connection.ensure_index(self._index, body)

    # --- writing -------------------------------------------------------------------------------------

    async def replace(self, source: str, indicators: Iterable[Indicator], now: datetime) -> Renewal:
        """Let a source say exactly this: the rest of what it said is withdrawn. Raises `StoreError`."""
        wanted = await asyncio.to_thread(_keyed, source, indicators)
        known = {"term": {"source": source}}
        return await self._renew(source, wanted, [known], now)

    async def apply(
        self, source: str, indicators: Iterable[Indicator], externals: Iterable[str], now: datetime
    ) -> Renewal:
        """Let a source say this of these ids of its own, and what it says of others stay."""
        wanted = await asyncio.to_thread(_keyed, source, indicators)
        names = sorted({*externals, *(one.external for one, _ in wanted.values())})
        queries = [
            {
                "bool": {
                    "filter": [{"term": {"source": source}}, {"terms": {"external": names[at : at + TERMS]}}]
                }
            }
            for at in range(0, len(names), TERMS)
        ]
        return await self._renew(source, wanted, queries, now)

    async def remove_source(self, source: str, now: datetime) -> Renewal:
        """Withdraw all that a source said: it is no longer asked."""
        return await self.replace(source, (), now)

    async def _renew(
        self,
        source: str,
        wanted: dict[str, tuple[Indicator, str]],
        queries: Sequence[Mapping[str, Any]],
        now: datetime,
    ) -> Renewal:
        at = timestamp(now)
        same = changed = withdrawn = added = 0
        await self._connection.refresh(self._index)
        lines: list[bytes] = []
        fields = {**COLUMNS_ONLY, "docvalue_fields": ["key", "digest", "withdrawn"]}
        for query in queries:
            body = {"query": query, **fields}
            async for hits in self._connection.pages(self._index, body, [{"key": "asc"}], PAGE):
                for hit in hits:
                    values = hit["fields"]
                    key, is_gone = values["key"][0], "withdrawn" in values
                    found = wanted.pop(key, None)
                    if found is None:
                        if not is_gone:
                            withdrawn += 1
                            lines += self._update(key, {"withdrawn": at, "changed": at})
                    elif is_gone:
                        added += 1
                        lines += self._update(
                            key, {**_body(source, *found), "changed": at, "fresh": at, "withdrawn": None}
                        )
                    elif values["digest"][0] != found[1]:
                        changed += 1
                        lines += self._update(key, {**_body(source, *found), "changed": at})
                    else:
                        same += 1
                    if len(lines) >= 2 * BULK:
                        lines = await self._send(lines)
        for key, found in wanted.items():
            added += 1
            document = {**_body(source, *found), "key": key, "first_seen": at, "changed": at, "fresh": at}
            lines += [orjson.dumps({"index": {"_index": self._index, "_id": key}}), orjson.dumps(document)]
            if len(lines) >= 2 * BULK:
                lines = await self._send(lines)
        await self._send(lines)
        return Renewal(added, changed, withdrawn, same)

    def _update(self, key: str, document: Mapping[str, Any]) -> list[bytes]:
        action = {"update": {"_index": self._index, "_id": key, "retry_on_conflict": 3}}
        return [orjson.dumps(action), orjson.dumps({"doc": document})]

    async def _send(self, lines: list[bytes]) -> list[bytes]:
        if lines:
            for result in await self._connection.bulk(lines):
                if result["status"] not in (200, 201, 404):
                    raise StoreError(f"an indicator could not be written: {result['error']}")
        return []

    async def expire(self, now: datetime) -> int:
        """Withdraw what has ended by its own date, and delete what was withdrawn long ago; return how many
        ended. Raises `StoreError`."""
        await self._connection.refresh(self._index)
        live = {"bool": {"must_not": [{"exists": {"field": "withdrawn"}}],
                         "filter": [{"range": {"until": {"lte": timestamp(now)}}}]}}  # fmt: skip
        body = {"query": live, **COLUMNS_ONLY, "docvalue_fields": ["key"]}
        ended = 0
        async for hits in self._connection.pages(self._index, body, [{"key": "asc"}], PAGE):
            lines: list[bytes] = []
            for hit in hits:
                at = timestamp(now)
                lines += self._update(hit["fields"]["key"][0], {"withdrawn": at, "changed": at})
            await self._send(lines)
            ended += len(hits)
        gone = {"query": {"range": {"withdrawn": {"lt": timestamp(now - KEPT)}}}}
        await self._connection.request(
            "POST", f"/{self._index}/_delete_by_query", gone, conflicts="proceed", slices="1"
        )
        return ended

    # --- reading -------------------------------------------------------------------------------------

    async def position(self) -> int:
        """Return the sequence number up to which all writes are done, and make them searchable; -1 where
        there are none. Raises `StoreError`."""
        answer = await self._connection.request(
            "GET", f"/{self._index}/_stats/docs", retry=True, level="shards", filter_path="indices.*.shards"
        )
        for index in ((answer or {}).get("indices") or {}).values():
            if len(index["shards"]) != 1:
                raise StoreLimitError(
                    f"{self._index} has {len(index['shards'])} primary shards; it needs one"
                )
            for shard in index["shards"]["0"]:
                if shard["routing"]["primary"] and "seq_no" in shard:
                    position = int(shard["seq_no"]["global_checkpoint"])
                    await self._connection.refresh(self._index)
                    return position
        return -1

    async def changes(self, after: int, upto: int) -> AsyncIterator[list[Change]]:
        """Yield pages of what changed with after < sequence number <= upto, in order; of each the latest."""
        body = {"query": {"range": {"_seq_no": {"gt": after, "lte": upto}}}, "_source": _CLAIMED}
        async for hits in self._connection.pages(self._index, body, [{"_seq_no": "asc"}], PAGE):
            yield [_change(hit["_source"]) for hit in hits]

    async def of_values(self, values: Iterable[str]) -> list[Change]:
        """Return all that is said of values now."""
        wanted = sorted(set(values))
        found: list[Change] = []
        for at in range(0, len(wanted), TERMS):
            query = {"bool": {"filter": [{"terms": {"value": wanted[at : at + TERMS]}}],
                              "must_not": [{"exists": {"field": "withdrawn"}}]}}  # fmt: skip
            body = {"query": query, "_source": _CLAIMED}
            async for hits in self._connection.pages(self._index, body, [{"key": "asc"}], PAGE):
                found += [_change(hit["_source"]) for hit in hits]
        return found

    async def about(self, values: Iterable[str]) -> list[StoredIndicator]:
        """Return all that is and was said of values, the surest first."""
        await self._connection.refresh(self._index)
        body = {"query": {"terms": {"value": sorted(set(values))}}}
        found: list[StoredIndicator] = []
        async for hits in self._connection.pages(self._index, body, [{"key": "asc"}]):
            found += [_stored(hit["_source"]) for hit in hits]
        return sorted(found, key=lambda one: (one.withdrawn is not None, -(one.indicator.confidence or 0)))

    async def networks(self) -> list[str]:
        """Return the networks that are listed now, to find those that an address is in."""
        query = {"bool": {"filter": [{"term": {"kind": IndicatorKind.NETWORK.value}}],
                          "must_not": [{"exists": {"field": "withdrawn"}}]}}  # fmt: skip
        body = {"query": query, **COLUMNS_ONLY, "docvalue_fields": ["value"]}
        found: list[str] = []
        async for hits in self._connection.pages(self._index, body, [{"key": "asc"}], PAGE):
            found += [hit["fields"]["value"][0] for hit in hits]
        return found

    async def counts(self) -> dict[str, dict[str, int]]:
        """Return how many indicators each source has now, by kind."""
        await self._connection.refresh(self._index)
        aggs = {"sources": {"terms": {"field": "source", "size": 1000},
                            "aggs": {"kinds": {"terms": {"field": "kind", "size": 20}}}}}  # fmt: skip
        query = {"bool": {"must_not": [{"exists": {"field": "withdrawn"}}]}}
        answer = await self._connection.search(self._index, {"size": 0, "query": query, "aggs": aggs})
        buckets = answer.get("aggregations", {}).get("sources", {"buckets": []})["buckets"]
        return {
            bucket["key"]: {kind["key"]: kind["doc_count"] for kind in bucket["kinds"]["buckets"]}
            for bucket in buckets
        }


def _keyed(source: str, indicators: Iterable[Indicator]) -> dict[str, tuple[Indicator, str]]:
    """Return indicators by their document's id, each with a digest of what is said; of several that say
    the same value under one id the last counts, and revoked ones are left out."""
    found: dict[str, tuple[Indicator, str]] = {}
    for one in indicators:
        text = "\x1f".join((source, one.kind.value, one.value, one.external))
        key = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:40]
        if one.revoked:
            found.pop(key, None)
        else:
            found[key] = one, hashlib.sha256(orjson.dumps(_said(one))).hexdigest()[:16]
    return found


def _said(one: Indicator) -> dict[str, Any]:
    return {
        "confidence": one.confidence,
        "severity": one.severity.value if one.severity else None,
        "since": timestamp(one.valid_from) if one.valid_from else None,
        "until": timestamp(one.valid_until) if one.valid_until else None,
        "subdomains": one.subdomains is not False,
        "name": one.name,
        "labels": list(one.labels),
        "tlp": one.tlp,
        "reference": one.reference,
    }


def _body(source: str, one: Indicator, digest: str) -> dict[str, Any]:
    return {
        "source": source, "kind": one.kind.value, "value": one.value, "external": one.external,
        "digest": digest, **_said(one),
    }  # fmt: skip


_CLAIMED = [
    "source", "kind", "value", "confidence", "severity", "since", "until", "subdomains", "tlp", "fresh",
    "withdrawn",
]  # fmt: skip


def _change(source: Mapping[str, Any]) -> Change:
    claim = _claim(
        source["source"], source["confidence"] or 0, source.get("severity"), source.get("until"),
        source.get("since"), source["subdomains"] is not False, source["tlp"],
    )  # fmt: skip
    gone = source.get("withdrawn") is not None
    return Change(IndicatorKind(source["kind"]), source["value"], claim, source["fresh"], gone)


@lru_cache(maxsize=10_000)
def _claim(
    source: str,
    confidence: int,
    severity: str | None,
    until: str | None,
    since: str | None,
    wide: bool,
    tlp: str,
) -> Claim:
    return Claim(
        source=source,
        confidence=confidence,
        severity=Severity(severity) if severity else None,
        until=int(parse_timestamp(until).timestamp()) if until else 0,
        since=int(parse_timestamp(since).timestamp()) if since else 0,
        subdomains=wide,
        tlp=tlp,
    )


def _stored(source: Mapping[str, Any]) -> StoredIndicator:
    def time(key: str) -> datetime | None:
        return parse_timestamp(source[key]) if source.get(key) else None

    changed = parse_timestamp(source["changed"])
    return StoredIndicator(
        source=source["source"],
        indicator=Indicator(
            kind=IndicatorKind(source["kind"]),
            value=source["value"],
            external=source["external"],
            confidence=source["confidence"],
            severity=Severity(source["severity"]) if source.get("severity") else None,
            valid_from=time("since"),
            valid_until=time("until"),
            name=source["name"],
            labels=tuple(source["labels"]),
            tlp=source["tlp"],
            reference=source["reference"],
            subdomains=source["subdomains"],
        ),
        first_seen=time("first_seen") or changed,
        changed=changed,
        fresh=time("fresh") or changed,
        withdrawn=time("withdrawn"),
    )
