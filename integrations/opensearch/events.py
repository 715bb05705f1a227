"""Events in data streams ``logs-<dataset>-<namespace>``, written create-only, read by sequence number."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from integrations.opensearch.connection import PAGE, Connection
from integrations.opensearch.mapping import template
from integrations.ports import (
    Checkpoints,
    StoredEvent,
    StoreError,
    StoreLimitError,
    StoreQueryError,
    StoreUnavailableError,
    WriteResult,
)
from rules.ecs import Document, get, timestamp

BATCH = 2000
"""Documents of one bulk request."""
TERMS = 1000
"""Values of one terms query."""
_DATASET = re.compile(r"[^a-z0-9._]+")


class OpenSearchEvents:
    """`integrations.ports.EventStore` on OpenSearch."""

    def __init__(self, connection: Connection, namespace: str) -> None:
        self._connection = connection
        self._namespace = namespace
        self._all = f"{connection.prefix}logs-*"
        self._streams: set[str] = set()

    async def setup(self, replicas: int) -> None:
        name = f"{self._connection.prefix}siem-logs"
        body = template(f"{self._connection.prefix}logs-*-*", replicas)
        await self._connection.request("PUT", f"/_index_template/{name}", body, retry=True)

    # --- writing ---------------------------------------------------------------------------------

    async def write(self, documents: Sequence[Document]) -> WriteResult:
        created = duplicates = 0
        rejected: list[tuple[str, str]] = []
        for start in range(0, len(documents), BATCH):
            batch = documents[start : start + BATCH]
            kept_as_errors: list[Document] = []
            for document, result in zip(batch, await self._bulk(batch), strict=True):
                if result["status"] == 201:
                    created += 1
                elif result["status"] == 409:
                    duplicates += 1
                else:
                    reason = f"{result['error'].get('type')}: {result['error'].get('reason')}"
                    rejected.append((str(get(document, "event.id")), reason))
                    kept_as_errors.append(_as_error(document, reason))
            for result in await self._bulk(kept_as_errors):
                if result["status"] == 400:
                    raise StoreError(f"an event could not even be kept as an error: {result['error']}")
        return WriteResult(created=created, duplicates=duplicates, rejected=tuple(rejected))

    async def _bulk(self, documents: Sequence[Document]) -> list[dict[str, Any]]:
        """Write documents; each result is 201, 409, or 400 for a document that is itself at fault.

        Any other answer is the engine's trouble, not the document's, and raises.
        """
        if not documents:
            return []
        await self._ensure_streams({self._stream(document) for document in documents})
        now = timestamp(datetime.now(UTC))
        lines: list[bytes] = []
        for document in documents:
            event = document["event"]
            lines.append(orjson.dumps({"create": {"_index": self._stream(document), "_id": event["id"]}}))
            lines.append(orjson.dumps(document | {"event": event | {"ingested": now}}))
        results = await self._connection.bulk(lines, filter_path="items.*.status,items.*.error")
        for result in results:
            if result["status"] not in {201, 400, 409}:
                self._streams.clear()
                raise StoreUnavailableError(f"OpenSearch could not write: {result['error'].get('reason')}")
        return results

    async def _ensure_streams(self, streams: set[str]) -> None:
        """Make the data streams that this process has not seen yet."""
        for stream in sorted(streams - self._streams):
            try:
                await self._connection.request("PUT", f"/_data_stream/{stream}")
            except StoreQueryError as error:
                if "already_exists" not in str(error) and "already exists" not in str(error):
                    raise
            self._streams.add(stream)

    def _stream(self, document: Document) -> str:
        dataset = _DATASET.sub("_", str(get(document, "event.dataset") or "generic").lower())
        return f"{self._connection.prefix}logs-{dataset}-{self._namespace}"

    # --- reading in order ------------------------------------------------------------------------

    async def checkpoints(self) -> Checkpoints:
        stats = await self._connection.request(
            "GET",
            f"/{self._all}/_stats/docs",
            retry=True,
            level="shards",
            expand_wildcards="open",
            filter_path="_shards,indices.*.shards",
        )
        found: dict[str, int] = {}
        for index, shards in ((stats or {}).get("indices") or {}).items():
            if len(shards["shards"]) != 1:
                raise StoreLimitError(
                    f"{index} has {len(shards['shards'])} primary shards; the sweep needs one"
                )
            for shard in shards["shards"]["0"]:
                if shard["routing"]["primary"]:
                    found[index] = int(shard["seq_no"]["global_checkpoint"])
        if found:
            await self._connection.refresh(self._all)
        return {index: checkpoint for index, checkpoint in found.items() if checkpoint >= 0}

    async def between(self, after: Checkpoints, upto: Checkpoints) -> AsyncIterator[list[StoredEvent]]:
        for index in sorted(upto):
            low, high = after.get(index, -1), upto[index]
            if high <= low:
                continue
            body = {
                "query": {"range": {"_seq_no": {"gt": low, "lte": high}}},
                "seq_no_primary_term": True,
            }
            async for hits in self._connection.pages(index, body, [{"_seq_no": "asc"}]):
                yield [_event(hit) for hit in hits]

    async def history(
        self, keys: Mapping[str, Sequence[str]], first: datetime, last: datetime
    ) -> AsyncIterator[list[StoredEvent]]:
        async for hits in self._connection.pages(
            self._all,
            {"query": _where(keys, first, last), "seq_no_primary_term": True},
            [{"@timestamp": "asc"}, {"event.id": "asc"}],
        ):
            yield [_event(hit) for hit in hits]

    # --- asking ----------------------------------------------------------------------------------

    async def search(
        self, query: str, first: datetime, last: datetime, limit: int
    ) -> tuple[int, list[StoredEvent]]:
        body = {
            "size": limit,
            "track_total_hits": True,
            "seq_no_primary_term": True,
            "timeout": "10s",
            "sort": [{"@timestamp": "desc"}, {"event.id": "asc"}],
            "query": {
                "bool": {
                    "must": [
                        {
                            "query_string": {
                                "query": query or "*",
                                "analyze_wildcard": True,
                                "max_determinized_states": 10_000,
                            }
                        }
                    ],
                    "filter": [_span(first, last)],
                }
            },
        }
        await self._connection.refresh(self._all)
        answer = await self._connection.search(self._all, body)
        hits = answer["hits"]
        return int(hits["total"]["value"]), [_event(hit) for hit in hits["hits"]]

    async def sources(self) -> list[tuple[str, int, str]]:
        """Return (dataset, events stored, time of the latest) of each source, by name."""
        aggs = {
            "datasets": {
                "terms": {"field": "event.dataset", "size": 1000, "order": {"_key": "asc"}},
                "aggs": {"last": {"max": {"field": "@timestamp"}}},
            }
        }
        answer = await self._connection.search(self._all, {"size": 0, "aggs": aggs})
        buckets = answer.get("aggregations", {}).get("datasets", {"buckets": []})["buckets"]
        return [(b["key"], b["doc_count"], str(b["last"].get("value_as_string"))) for b in buckets]

    async def read(self, ids: Sequence[str]) -> list[StoredEvent]:
        found: list[StoredEvent] = []
        for start in range(0, len(ids), TERMS):
            query = {"terms": {"event.id": list(ids[start : start + TERMS])}}
            async for hits in self._connection.pages(
                self._all, {"query": query, "seq_no_primary_term": True}, [{"event.id": "asc"}], PAGE
            ):
                found += [_event(hit) for hit in hits]
        return found

    async def count(self, keys: Mapping[str, Sequence[str]], first: datetime, last: datetime) -> int:
        body = {"size": 0, "track_total_hits": True, "query": _where(keys, first, last)}
        return int((await self._connection.search(self._all, body))["hits"]["total"]["value"])


def _event(hit: Mapping[str, Any]) -> StoredEvent:
    return StoredEvent(index=hit["_index"], seq_no=hit["_seq_no"], document=hit["_source"])


def _span(first: datetime, last: datetime) -> dict[str, Any]:
    return {"range": {"@timestamp": {"gte": timestamp(first), "lte": timestamp(last)}}}


def _where(keys: Mapping[str, Sequence[str]], first: datetime, last: datetime) -> dict[str, Any]:
    terms = [{"terms": {field: list(values)}} for field, values in keys.items()]
    return {"bool": {"filter": [*terms, _span(first, last)]}}


def _as_error(document: Document, reason: str) -> Document:
    """Return what is kept of an event that the engine refused: its identity, its raw text, and why."""
    event = document["event"]
    kept = {key: event[key] for key in ("id", "dataset", "module", "original", "created") if key in event}
    return {
        "@timestamp": document.get("@timestamp"),
        "ecs": document.get("ecs", {}),
        "event": kept | {"kind": "pipeline_error"},
        "error": {"message": f"the store refused it: {reason}"},
    }
