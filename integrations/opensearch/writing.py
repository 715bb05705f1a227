"""The way of events into the store: sealed in batches, create-only, two requests under way at once.

A batch is one bulk request: its seal, its sealed originals, and its events, so that a batch costs
one round trip. Nothing in it is harmful twice: a repetition is answered with conflicts. When a
writer dies in the middle, events may be there whose seal is not; whoever writes the same events
again finds that out and overwrites them with their own, sealed ones.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from integrations.opensearch.connection import Connection
from integrations.opensearch.entries import Entry, as_error, entry_of
from integrations.opensearch.generations import Generations
from integrations.opensearch.refused import shortened, too_long
from integrations.opensearch.sealing import SealedBatch, SealWriter, check_seals
from integrations.ports import StoreError, StoreQueryError, StoreUnavailableError, Writable, WriteResult
from rules.ecs import Document, get, timestamp

BATCH = 2000
"""The most events of one bulk request."""
BATCH_BYTES = 8 * 1024 * 1024
"""A batch ends once its originals have so many characters: the engine takes requests of 100 MB at most, and
an event is several times as long as its original."""
IN_FLIGHT = 2
"""Bulk requests under way at once; one more batch is sealed meanwhile, so that the node never waits for us."""
KNOWN_BATCHES = 10_000
KNOWN_STREAMS = 10_000
_DATASET = re.compile(r"[^a-z0-9._]+")
_FILTER = "items.*.status,items.*.error.type,items.*.error.reason,items.*.error.index"


@dataclass
class _Tally:
    created: int = 0
    duplicates: int = 0
    rejected: list[tuple[Entry, str]] = field(default_factory=list)


def _parts(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Cut events into batches."""
    start = size = 0
    for at, entry in enumerate(entries):
        size += len(entry.original) if isinstance(entry.original, str) else 1024
        if size >= BATCH_BYTES or at + 1 - start == BATCH:
            yield entries[start : at + 1]
            start, size = at + 1, 0
    if start < len(entries):
        yield entries[start:]


class EventWriter:
    def __init__(self, connection: Connection, seals: SealWriter, namespace: str) -> None:
        self._connection = connection
        self._seals = seals
        self._namespace = namespace
        self.generations = Generations(connection)
        self._streams: set[str] = set()
        self._names = {"": f"{connection.prefix}logs-generic-{namespace}"}
        self._sealed: dict[str, bool] = {}
        self._batches = asyncio.Semaphore(IN_FLIGHT + 1)
        self._requests = asyncio.Semaphore(IN_FLIGHT)

    def draft(self, documents: Sequence[Document]) -> list[Entry]:
        """Make events ready to be written."""
        return [entry_of(self.stream(document), document) for document in documents]

    async def write(self, events: Sequence[Writable]) -> WriteResult:
        """Write events. Raises `StoreError`; then some may be stored, and all may be written again."""
        entries: dict[str, Entry] = {}
        refused: list[tuple[Entry, str]] = []
        """What is kept of events that are errors now, and why."""
        for event in events:
            entry = entry_of(self.stream(event), event) if isinstance(event, dict) else event
            if not isinstance(entry, Entry):
                raise TypeError(f"another store drafted this event: {type(event).__name__}")
            entries.setdefault(entry.id, entry)
        twice = len(events) - len(entries)
        if unwritten := [entry for entry in entries.values() if entry.refused]:
            refused = [(entries.pop(entry.id), entry.refused) for entry in unwritten]
        outcomes = await asyncio.gather(
            *(self._write_batch(part) for part in _parts(list(entries.values()))), return_exceptions=True
        )
        tallies: list[_Tally] = []
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
            tallies.append(outcome)
        rejected = [one for tally in tallies for one in tally.rejected]
        long = [shortened(entry) for entry, reason in rejected if too_long(reason)]
        rejected = [(entry, reason) for entry, reason in rejected if not too_long(reason)]
        if long:
            tallies.append(await self._write_batch(long))
            rejected += tallies[-1].rejected
        refused += [(as_error(entry.stream, entry.document, reason), reason) for entry, reason in rejected]
        await self._keep_as_errors([entry for entry, _ in refused])
        return WriteResult(
            created=sum(tally.created for tally in tallies),
            duplicates=twice + sum(tally.duplicates for tally in tallies),
            rejected=tuple((entry.id, reason) for entry, reason in refused),
        )

    async def _write_batch(self, entries: Sequence[Entry]) -> _Tally:
        async with self._batches:
            await self._ensure_streams({entry.stream for entry in entries})
            older = await self.generations.already_in(entries)
            fresh = [entry for entry in entries if entry.id not in older] if older else entries
            await self._seals.prepare()
            batch = self._seals.seal(fresh, timestamp(datetime.now(UTC))) if fresh else None
            tally = await self._send(batch) if batch else _Tally()
            tally.duplicates += len(older)
            return tally

    async def _send(self, batch: SealedBatch) -> _Tally:
        lines = list(batch.lines)
        for pair in batch.events:
            lines += pair
        try:
            async with self._requests:
                results = await self._connection.bulk(lines, retry=True, filter_path=_FILTER)
            check_seals(results, batch.leading, batch.seal)
            tally = _Tally()
            there: list[tuple[int, dict[str, Any]]] = []
            for at, result in enumerate(results[batch.leading :]):
                status = result["status"]
                if status == 201:
                    tally.created += 1
                elif status == 409:
                    there.append((at, result))
                elif status == 400:
                    reason = f"{result['error'].get('type')}: {result['error'].get('reason')}"
                    tally.rejected.append((batch.entries[at], reason))
                else:
                    self._streams.clear()
                    raise StoreUnavailableError(
                        f"OpenSearch could not write: {result['error'].get('reason')}"
                    )
            if there:
                await self._adopt(batch, there, tally)
        except BaseException:
            self._seals.fail(batch.seal)
            raise
        self._seals.settle(batch.seal)
        return tally

    async def _adopt(
        self, batch: SealedBatch, there: list[tuple[int, dict[str, Any]]], tally: _Tally
    ) -> None:
        """Sort out events that are there already: ours after a repeated request, somebody's, or nobody's."""
        asked = [
            {"_index": result["error"]["index"], "_id": batch.entries[at].id, "_source": ["siem.batch"]}
            for at, result in there
        ]
        answer = await self._connection.request("POST", "/_mget", {"docs": asked}, retry=True)
        of = [str(get(doc.get("_source") or {}, "siem.batch") or "") for doc in answer["docs"]]
        await self._look_up({name for name in of if name and name != batch.seal.name})
        lines: list[bytes] = []
        for (at, _), doc, name in zip(there, answer["docs"], of, strict=True):
            if name == batch.seal.name:
                tally.created += 1
                continue
            tally.duplicates += 1
            if doc.get("found") and not self._sealed.get(name, False):
                where = {"_index": doc["_index"], "_id": doc["_id"], "if_seq_no": doc["_seq_no"],
                         "if_primary_term": doc["_primary_term"]}  # fmt: skip
                lines += [orjson.dumps({"index": where}), batch.events[at][1]]
        if lines:
            for result in await self._connection.bulk(lines, filter_path=_FILTER):
                if result["status"] not in (200, 201, 409):
                    raise StoreUnavailableError(f"OpenSearch could not write: {result['error']}")

    async def _look_up(self, names: set[str]) -> None:
        """Learn which batches are stored whole."""
        unknown = sorted(names - self._sealed.keys())
        if not unknown:
            return
        answer = await self._connection.request(
            "POST", f"/{self._seals.names.seals}/_mget", {"ids": unknown}, retry=True,
            _source_includes="events",
        )  # fmt: skip
        if len(self._sealed) > KNOWN_BATCHES:
            self._sealed.clear()
        for doc in answer["docs"]:
            if doc.get("found") and doc["_source"]["events"] > 0:
                self._sealed[doc["_id"]] = True

    async def _keep_as_errors(self, errors: Sequence[Entry]) -> None:
        for start in range(0, len(errors), BATCH):
            tally = await self._write_batch(errors[start : start + BATCH])
            if tally.rejected:
                raise StoreError(f"an event could not even be kept as an error: {tally.rejected[0][1]}")

    async def _ensure_streams(self, streams: set[str]) -> None:
        """Make the data streams that this process has not seen yet."""
        for stream in sorted(streams - self._streams):
            try:
                await self._connection.request("PUT", f"/_data_stream/{stream}")
            except StoreQueryError as error:
                if "already_exists" not in str(error) and "already exists" not in str(error):
                    raise
            self._streams.add(stream)

    def stream(self, document: Document) -> str:
        """Return the name of the data stream that a document belongs in."""
        dataset = document["event"].get("dataset")
        name = self._names.get(dataset) if isinstance(dataset, str) else self._names[""]
        if name is None:
            clean = _DATASET.sub("_", dataset.lower())[:100] or "generic"
            name = f"{self._connection.prefix}logs-{clean}-{self._namespace}"
            if len(self._names) < KNOWN_STREAMS:
                self._names[dataset] = name
        return name
