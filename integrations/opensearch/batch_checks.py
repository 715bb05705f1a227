"""Batches held against the store: each event, each block of originals, and what belongs to no batch."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from integrations.opensearch.connection import Connection
from integrations.opensearch.deletions import Deletion, Deletions
from integrations.opensearch.sealing import Names, body_digest
from integrations.opensearch.seals import (
    LEAF_BYTES,
    Fault,
    Finding,
    Position,
    Seal,
    Stored,
    batch_findings,
    details_findings,
    stored_json,
)

GROUP = 5
"""Batches looked at together."""
PAGE_SEALS = 200
UNDER_WAY_SECONDS = 1.0
"""What a bulk request under way is given to end."""


@dataclass
class Verification:
    """What a verification looked at and found."""

    events: int = 0
    batches: int = 0
    originals: int = 0
    """Blocks of sealed originals."""
    heads: tuple[Position, ...] = ()
    """Where each chain stands, to be noted outside the store."""
    findings: list[Finding] = field(default_factory=list)
    deletions: tuple[Deletion, ...] = ()
    """What is gone in order, oldest first."""

    @property
    def whole(self) -> bool:
        return not self.findings

    def by_stream(self) -> dict[str, dict[Fault, list[Finding]]]:
        """Return the findings by data stream ("" for batches) and fault, in the order they were found."""
        found: dict[str, dict[Fault, list[Finding]]] = {}
        for one in self.findings:
            found.setdefault(one.stream, {}).setdefault(one.fault, []).append(one)
        return found


@dataclass(frozen=True)
class Selection:
    """What part of the store is looked at; chains are always recomputed whole."""

    streams: str = "*"
    """Data streams, as a pattern after the installation's prefix: ``logs-linux.auth-*``."""
    since: str = ""
    """Batches sealed from this time on, ECS text."""


Progress = Callable[[int, int], None]
"""Called with the batches done and how many there are."""


@dataclass
class Audit:
    """One verification under way."""

    connection: Connection
    names: Names
    events: str
    """Pattern of all data streams."""
    selection: Selection
    result: Verification = field(default_factory=Verification)
    deletions: Deletions = field(default_factory=Deletions)
    unsure: set[str] = field(default_factory=set)
    streams: dict[str, str] = field(default_factory=dict)
    """Backing index to data stream."""

    @property
    def looked_at(self) -> str:
        return f"{self.connection.prefix}{self.selection.streams}" if self.partial else self.events

    @property
    def partial(self) -> bool:
        return self.selection.streams != "*"

    def wants(self, stream: str) -> bool:
        return not self.partial or fnmatchcase(stream, self.looked_at)


async def check_batches(audit: Audit, seals: Sequence[Seal]) -> None:
    """Add to the result what is wrong with these batches, their events and their originals."""
    result, deletions = audit.result, audit.deletions
    listed = await _listed(audit.connection, audit.names, [seal.name for seal in seals])
    stored: dict[str, list[Stored]] = {seal.name: [] for seal in seals}
    async for batch, event in _events(audit, [seal.name for seal in seals]):
        stored[batch].append(event)
        result.events += 1
    for seal in seals:
        result.batches += 1
        ids, leaves = listed.get(seal.name, ([], []))
        if not ids and seal.name in audit.unsure:  # its seal was sent again without the list
            text = "it was never acknowledged"
            result.findings += [
                Finding(Fault.UNFINISHED, seal.name, event.id, text, event.stream)
                for event in stored[seal.name]
            ]
            continue
        wrong = details_findings(seal, ids, leaves)
        result.findings += wrong
        if wrong:
            continue
        expected = {
            event: (stream, digest)
            for event, stream, digest in zip(ids, _streams_of(seal), leaves, strict=True)
            if audit.wants(stream)
        }
        absent = expected.keys() - {event.id for event in stored[seal.name]} - deletions.erased
        result.findings += batch_findings(
            seal, expected, stored[seal.name],
            elsewhere=await _elsewhere(audit.connection, audit.events, absent),
            excused=frozenset(deletions.erased) | _expired(seal, expected, deletions),
            finished=seal.name not in audit.unsure,
        )  # fmt: skip
    kept = [seal for seal in seals if listed.get(seal.name, ([], []))[0] or seal.name not in audit.unsure]
    await _check_originals(audit, kept)


def _streams_of(seal: Seal) -> Iterator[str]:
    """Yield the data stream of each event of a batch, in their order."""
    for stream, count in seal.streams:
        yield from (stream for _ in range(count))


async def _listed(
    connection: Connection, names: Names, batches: Sequence[str]
) -> dict[str, tuple[list[str], list[bytes]]]:
    path = f"/{names.seals}/_mget"
    answer = await connection.request(
        "POST", path, {"ids": list(batches)}, retry=True, _source_includes="listed"
    )
    found: dict[str, tuple[list[str], list[bytes]]] = {}
    for doc in answer["docs"]:
        listed = (doc.get("_source") or {}).get("listed") or {}
        try:
            packed = base64.b64decode(listed.get("leaves", ""), validate=True)
        except ValueError:
            packed = b""
        leaves = [packed[at : at + LEAF_BYTES] for at in range(0, len(packed), LEAF_BYTES)]
        found[doc["_id"]] = [str(one) for one in listed.get("ids", ())], leaves
    return found


async def _events(audit: Audit, batches: Sequence[str]) -> AsyncIterator[tuple[str, Stored]]:
    """Yield the events that name one of these batches, each with the batch."""
    query = {"terms": {"siem.batch": list(batches)}}
    sort = [{"_seq_no": "asc"}, {"_index": "asc"}]
    async for hits in audit.connection.pages(audit.looked_at, {"query": query}, sort):
        for hit in hits:
            stream = audit.streams.get(hit["_index"], hit["_index"])
            yield hit["_source"]["siem"]["batch"], Stored(hit["_id"], stream, stored_json(hit["_source"]))


async def _elsewhere(connection: Connection, events: str, ids: Iterable[str]) -> frozenset[str]:
    """Return those of `ids` that are stored, under whatever batch."""
    wanted, found = sorted(ids), set()
    for start in range(0, len(wanted), 1000):
        part = wanted[start : start + 1000]
        body = {"query": {"ids": {"values": part}}, "_source": False}
        async for hits in connection.pages(events, body, [{"_seq_no": "asc"}, {"_index": "asc"}]):
            found |= {hit["_id"] for hit in hits}
    return frozenset(found)


def _expired(seal: Seal, expected: Mapping[str, tuple[str, bytes]], deletions: Deletions) -> frozenset[str]:
    gone = {event for event, (stream, _) in expected.items() if seal.at < deletions.expired.get(stream, "")}
    return frozenset(gone - deletions.kept) if gone else frozenset()


async def _check_originals(audit: Audit, seals: Sequence[Seal]) -> None:
    result, deletions = audit.result, audit.deletions
    of = {block: seal for seal in seals for block in seal.blocks}
    wanted = sorted(of)
    path = f"/{audit.names.originals}/_mget"
    for start in range(0, len(wanted), PAGE_SEALS):
        part = wanted[start : start + PAGE_SEALS]
        answer = await audit.connection.request("POST", path, {"ids": part}, retry=True)
        for doc in answer["docs"]:
            block, seal = doc["_id"], of[doc["_id"]]
            allowed = {seal.blocks[block]} | deletions.blocks.get(block, set())
            if not doc.get("found"):
                gone = any(seal.at < deletions.expired.get(stream, "") for stream, _ in seal.streams)
                if not gone:
                    fault = Fault.UNFINISHED if seal.name in audit.unsure else Fault.MISSING_ORIGINAL
                    result.findings.append(Finding(fault, seal.name, text=f"the block {block} is gone"))
                continue
            result.originals += 1
            data = doc["_source"].get("data")
            if not isinstance(data, str) or body_digest(data) not in allowed:
                text = f"the block {block} is not what was sealed"
                result.findings.append(Finding(Fault.ALTERED_ORIGINAL, seal.name, text=text))


# --- what belongs to no batch ----------------------------------------------------------------------


async def check_strangers(audit: Audit, batches: Sequence[Seal]) -> None:
    """Find events that name no batch, or one that no chain has."""
    connection, result = audit.connection, audit.result
    names = {seal.name for seal in batches}
    strange = [name async for name in _named_batches(connection, audit.looked_at) if name not in names]
    strange = await _sealed_never(connection, audit.names.seals, strange)
    dropped = {finding.batch for finding in result.findings if finding.fault is Fault.DROPPED_BATCH}
    for start in range(0, len(strange), GROUP):
        async for batch, event in _events(audit, strange[start : start + GROUP]):
            result.events += 1
            text = "its seal is gone" if batch in dropped else "no chain has this batch"
            result.findings.append(Finding(Fault.ADDED_EVENT, batch, event.id, text, event.stream))
    query = {"bool": {"must_not": [{"exists": {"field": "siem.batch"}}]}}
    sort = [{"_seq_no": "asc"}, {"_index": "asc"}]
    async for hits in connection.pages(audit.looked_at, {"query": query, "_source": False}, sort):
        for hit in hits:
            result.events += 1
            stream = audit.streams.get(hit["_index"], hit["_index"])
            text = "it was never sealed"
            result.findings.append(Finding(Fault.ADDED_EVENT, "no batch", hit["_id"], text, stream))


async def _sealed_never(connection: Connection, seals: str, batches: Sequence[str]) -> list[str]:
    """Return those of these batches that have no seal; the others are younger than this verification."""
    left = list(batches)
    for look in range(2):
        if left and look:  # a bulk request under way may have stored its events just before its seal
            await asyncio.sleep(UNDER_WAY_SECONDS)
        there: set[str] = set()
        for start in range(0, len(left), 1000):
            answer = await connection.request(
                "POST", f"/{seals}/_mget", {"ids": left[start : start + 1000]}, retry=True, _source="false"
            )
            there |= {doc["_id"] for doc in answer["docs"] if doc.get("found")}
        left = [name for name in left if name not in there]
    return left


async def _named_batches(connection: Connection, events: str) -> AsyncIterator[str]:
    after: Any = None
    while True:
        composite: dict[str, Any] = {"size": 1000, "sources": [{"batch": {"terms": {"field": "siem.batch"}}}]}
        if after is not None:
            composite["after"] = after
        body = {"size": 0, "aggs": {"batches": {"composite": composite}}}
        answer = (await connection.search(events, body)).get("aggregations", {}).get("batches")
        for bucket in (answer or {"buckets": []})["buckets"]:
            yield bucket["key"]["batch"]
        after = (answer or {}).get("after_key")
        if after is None:
            return
