"""Events in data streams ``logs-<dataset>-<namespace>``, written sealed, read by sequence number."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from integrations.opensearch.connection import PAGE, STARTING_SECONDS, Connection
from integrations.opensearch.entries import Entry
from integrations.opensearch.erasure import Concerned, Erased, concerned, erase, expunge
from integrations.opensearch.generations import backing_indices, rollover
from integrations.opensearch.holds import Hold, Holds, held_by
from integrations.opensearch.keyring import KeyWrapper
from integrations.opensearch.mapping import template
from integrations.opensearch.originals import Originals
from integrations.opensearch.patterns import all_events, canary_events, shown_events
from integrations.opensearch.query_fields import check_fields
from integrations.opensearch.retention import Expired, RetentionPolicy, StreamAge, ages, expire
from integrations.opensearch.sealing import Names, SealWriter
from integrations.opensearch.seals import Position
from integrations.opensearch.verification import Progress, Selection, Verification, verify
from integrations.opensearch.writing import EventWriter
from integrations.ports import (
    Checkpoints,
    StoredEvent,
    StoreLimitError,
    StoreUnavailableError,
    Writable,
    WriteResult,
)
from rules.ecs import Document, timestamp

TERMS = 1000
"""Values of one terms query."""
LOOK_SECONDS = 0.2
_KEYWORD = {"type": "keyword"}
_SEALING: dict[str, dict[str, Any]] = {
    "seals": {"writer": _KEYWORD, "seq": {"type": "long"}, "at": {"type": "date"}, "kind": _KEYWORD,
              "events": {"type": "integer"}, "seal": {"type": "object", "enabled": False},
              "listed": {"type": "object", "enabled": False}},
    "originals": {"key": _KEYWORD, "stream": _KEYWORD, "at": {"type": "date"},
                  "data": {"type": "object", "enabled": False}},
    "keys": {"key": _KEYWORD, "wrapped": {"type": "object", "enabled": False}},
    "heads": {"writer": _KEYWORD, "seq": {"type": "long"}, "hash": {"type": "object", "enabled": False},
              "at": {"type": "date"}},
}  # fmt: skip
"""Fields of the indices that `integrations.opensearch.sealing` describes."""


class OpenSearchEvents:
    """`integrations.ports.EventStore` on OpenSearch."""

    def __init__(self, connection: Connection, namespace: str, keyring: KeyWrapper | None = None) -> None:
        self._connection = connection
        self._all = all_events(connection.prefix)
        self._canaries = canary_events(connection.prefix)
        self._shown = shown_events(connection.prefix)
        self.names = Names.under(connection.prefix)
        self.seals = SealWriter(connection, self.names, keyring)
        self.originals = Originals(connection, self.names, keyring)
        self.holds = Holds(connection)
        self._writer = EventWriter(connection, self.seals, namespace)

    async def setup(self, replicas: int) -> None:
        name = f"{self._connection.prefix}siem-logs"
        body = template(f"{self._connection.prefix}logs-*-*", replicas)
        await self._connection.request("PUT", f"/_index_template/{name}", body, retry=True)
        await self.holds.setup(replicas)
        for index, fields in _SEALING.items():
            settings = {"number_of_shards": 1, "number_of_replicas": replicas, "codec": "best_compression"}
            body = {"settings": {"index": settings}, "mappings": {"dynamic": "strict", "properties": fields}}
            await self._connection.ensure_index(getattr(self.names, index), body)

    async def close(self) -> None:
        """End this writer's chain in order."""
        with contextlib.suppress(StoreUnavailableError):  # then its last batches count as unfinished
            await self.seals.close(timestamp(datetime.now(UTC)))

    def draft(self, documents: Sequence[Document]) -> Sequence[Entry]:
        return self._writer.draft(documents)

    async def write(self, events: Sequence[Writable]) -> WriteResult:
        return await self._writer.write(events)

    async def verify(
        self,
        known: Iterable[Position] = (),
        selection: Selection | None = None,
        progress: Progress | None = None,
    ) -> Verification:
        """Recompute all seals and hold what is stored against them: see `verification.verify`.

        `known` are heads noted outside the store. Raises `StoreError` where it can't be read whole.
        """
        return await verify(self._connection, self.names, self._all, known, selection, progress)

    async def heads(self) -> list[tuple[Position, str]]:
        """Return where each writer's chain of seals stands, with the time of its last seal, newest first."""
        await self._connection.refresh(self.names.heads)
        found: list[tuple[Position, str]] = []
        sort = [{"at": "desc"}, {"writer": "asc"}]
        async for hits in self._connection.pages(self.names.heads, {"query": {"match_all": {}}}, sort):
            for hit in hits:
                head = hit["_source"]
                position = Position(writer=head["writer"], seq=head["seq"], hash=head["hash"])
                found.append((position, str(head["at"])))
        return found

    # --- keeping and deleting ----------------------------------------------------------------------

    async def rollover(
        self, *, max_bytes: int = 30 * 1024**3, max_age_days: int = 30, max_docs: int = 200_000_000
    ) -> list[str]:
        """Start new backing indices where the present ones are too big or old; return the new ones."""
        made = await rollover(
            self._connection, self._all, max_bytes=max_bytes, max_age_days=max_age_days, max_docs=max_docs
        )
        made += await rollover(
            self._connection, self._canaries, max_bytes=max_bytes, max_age_days=1, max_docs=max_docs
        )  # kept for days only, and what is kept is whole indices
        self._writer.generations.forget()
        return made

    async def expire(self, policy: RetentionPolicy, now: datetime) -> list[Expired]:
        """Delete what is past its time and not held: see `retention.expire`."""
        holds = await self.holds.all()
        return await expire(self._connection, self.seals, self._all, policy, holds, now)

    async def ages(self, policy: RetentionPolicy, now: datetime) -> list[StreamAge]:
        """Return how each data stream stands towards its period."""
        return await ages(self._connection, self._all, policy, now)

    async def concerned(self, query: str | Mapping[str, Any]) -> Concerned:
        """Count what `erase` would find, touching nothing."""
        return await concerned(self._connection, self._all, query, await self.holds.all())

    async def held_by(self, hold: Hold) -> int:
        """Return how many stored events a hold covers now."""
        return await held_by(self._connection, self._all, hold)

    async def erase(self, query: str | Mapping[str, Any], *, reason: str, by: str, now: datetime) -> Erased:
        """Delete the events about a person and their originals: see `erasure.erase`."""
        holds = await self.holds.all()
        return await erase(
            self._connection, self.seals, self.originals, self._all, query, holds,
            reason=reason, by=by, now=now,
        )  # fmt: skip

    async def expunge(self) -> list[str]:
        """Drop what was deleted from the engine's files too: see `erasure.expunge`."""
        return await expunge(self._connection, f"{self._all},{self.names.originals}")

    async def hold(self, hold: Hold) -> None:
        """Place a legal hold. Raises `StoreQueryError` or `StoreConflictError`."""
        await self.holds.place(hold, self._all)

    # --- reading in order ------------------------------------------------------------------------

    async def checkpoints(self) -> Checkpoints:
        """See `integrations.ports.EventStore`. Raises `StoreUnavailableError` where a backing index does
        not say where it stands: going on without it would lose its events."""
        streams = await backing_indices(self._connection, self._all)
        indices = {index for its in streams.values() for index in its}
        found = await self._global_checkpoints() if indices else {}
        patience = STARTING_SECONDS
        while silent := sorted(indices - found.keys()):  # most likely made just now: its shard is starting
            if patience <= 0:
                raise StoreUnavailableError(f"{', '.join(silent[:3])}: the primary shard is away")
            await asyncio.sleep(LOOK_SECONDS)
            patience -= LOOK_SECONDS
            found = await self._global_checkpoints()
        if found:
            await self._connection.refresh(self._all)
        return {index: checkpoint for index, checkpoint in found.items() if checkpoint >= 0}

    async def _global_checkpoints(self) -> dict[str, int]:
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
                if shard["routing"]["primary"] and "seq_no" in shard:
                    found[index] = int(shard["seq_no"]["global_checkpoint"])
        return found

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

    async def matching(
        self, query: Mapping[str, Any], first: datetime, last: datetime
    ) -> AsyncIterator[list[StoredEvent]]:
        """Yield pages of the events in [first, last] event time that a query in query DSL finds, ordered
        by time. Raises `StoreError`."""
        body = {"query": {"bool": {"filter": [query, _span(first, last)]}}, "seq_no_primary_term": True}
        await self._connection.refresh(self._all)
        async for hits in self._connection.pages(
            self._shown, body, [{"@timestamp": "asc"}, {"event.id": "asc"}]
        ):
            yield [_event(hit) for hit in hits]

    # --- asking ----------------------------------------------------------------------------------

    async def search(
        self, query: str, first: datetime, last: datetime, limit: int
    ) -> tuple[int, list[StoredEvent]]:
        check_fields(query)
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
        answer = await self._connection.search(self._shown, body)
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
        answer = await self._connection.search(self._shown, {"size": 0, "aggs": aggs})
        buckets = answer.get("aggregations", {}).get("datasets", {"buckets": []})["buckets"]
        return [(b["key"], b["doc_count"], str(b["last"].get("value_as_string"))) for b in buckets]

    async def read(self, ids: Sequence[str]) -> list[StoredEvent]:
        found: list[StoredEvent] = []
        for start in range(0, len(ids), TERMS):
            query = {"terms": {"event.id": list(ids[start : start + TERMS])}}
            async for hits in self._connection.pages(
                self._all, {"query": query, "seq_no_primary_term": True}, [{"event.id": "asc"}], PAGE
            ):
                await self.originals.restore([hit["_source"] for hit in hits])
                found += [_event(hit) for hit in hits]
        return found

    async def count(self, keys: Mapping[str, Sequence[str]], first: datetime, last: datetime) -> int:
        body = {"size": 0, "track_total_hits": True, "query": _where(keys, first, last)}
        return int((await self._connection.search(self._shown, body))["hits"]["total"]["value"])


def _event(hit: Mapping[str, Any]) -> StoredEvent:
    document = hit["_source"]
    document.pop("siem", None)
    return StoredEvent(index=hit["_index"], seq_no=hit["_seq_no"], document=document)


def _span(first: datetime, last: datetime) -> dict[str, Any]:
    return {"range": {"@timestamp": {"gte": timestamp(first), "lte": timestamp(last)}}}


def _where(keys: Mapping[str, Sequence[str]], first: datetime, last: datetime) -> dict[str, Any]:
    terms = [{"terms": {field: list(values)}} for field, values in keys.items()]
    return {"bool": {"filter": [*terms, _span(first, last)]}}
