"""The audit of what is stored: every seal, every event and every block of originals, recomputed.

Reads everything once, a few batches at a time. Needs no key: originals are checked by the digest of
their sealed bytes. What a chain can't show by itself is a tail cut off together with its events; the
writer's head, the first seals of younger chains and `known` heads noted elsewhere (the daily ones
in the channel) show it.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.opensearch.connection import Connection
from integrations.opensearch.sealing import Names, body_digest
from integrations.opensearch.seals import (
    LEAF_BYTES,
    Fault,
    Finding,
    Kind,
    Position,
    Seal,
    batch_findings,
    chain_findings,
    details_findings,
    stored_json,
    unfinished,
)
from rules.ecs import timestamp

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

    @property
    def whole(self) -> bool:
        return not self.findings


@dataclass
class _Deletions:
    """What the chains say was deleted."""

    erased: set[str] = field(default_factory=set)
    blocks: dict[str, set[str]] = field(default_factory=dict)
    """Block to the digests that erasures gave it."""
    expired: dict[str, str] = field(default_factory=dict)
    """Data stream to the time before which its events may be gone."""
    kept: set[str] = field(default_factory=set)
    """Events that retention left, since they were held: they may not be gone unless erased since."""


async def verify(
    connection: Connection, names: Names, events: str, known: Iterable[Position] = ()
) -> Verification:
    """Recompute all chains and hold the store against them; `events` is the pattern of the data streams.

    Raises `integrations.ports.StoreError` where something can't be read whole.
    """
    result = Verification()
    for index in (names.seals, names.heads):
        await connection.refresh(index)
    chains = await _chains(connection, names)
    deletions = _deletions([seal for seals in chains.values() for seal in seals])
    positions = await _known(connection, names, chains, known)
    result.heads = tuple(
        Position(writer=writer, seq=seals[-1].seq, hash=seals[-1].hash)
        for writer, seals in sorted(chains.items())
    )
    for writer in sorted({*chains, *positions}):
        seals = chains.get(writer, [])
        result.findings += chain_findings(writer, seals, positions.get(writer, ()))
    batches = [seal for writer in sorted(chains) for seal in chains[writer] if seal.kind is Kind.BATCH]
    unsure = {name for seals in chains.values() for name in unfinished(seals)}
    just_now = timestamp(datetime.now(UTC) - timedelta(seconds=30))
    if any(seal.name in unsure and seal.at > just_now for seal in batches):
        await asyncio.sleep(UNDER_WAY_SECONDS)
    await connection.refresh(events)
    for start in range(0, len(batches), GROUP):
        group = batches[start : start + GROUP]
        await _check_batches(connection, names, events, group, deletions, unsure, result)
    await _check_strangers(connection, names.seals, events, batches, result)
    return result


# --- chains --------------------------------------------------------------------------------------


async def _chains(connection: Connection, names: Names) -> dict[str, list[Seal]]:
    chains: dict[str, list[Seal]] = {}
    body = {"query": {"match_all": {}}, "_source": {"excludes": ["listed"]}}
    sort = [{"writer": "asc"}, {"seq": "asc"}]
    async for hits in connection.pages(names.seals, body, sort, PAGE_SEALS):
        for hit in hits:
            seal = Seal.model_validate(hit["_source"]["seal"])
            chains.setdefault(seal.writer, []).append(seal)
    return {writer: sorted(seals, key=lambda seal: seal.seq) for writer, seals in chains.items()}


async def _known(
    connection: Connection, names: Names, chains: Mapping[str, Sequence[Seal]], known: Iterable[Position]
) -> dict[str, list[Position]]:
    positions: dict[str, list[Position]] = {}
    for position in known:
        positions.setdefault(position.writer, []).append(position)
    for seals in chains.values():
        for seal in seals:
            for writer, seq, hash_ in seal.data.get("witnessed", ()):
                positions.setdefault(writer, []).append(Position(writer=writer, seq=seq, hash=hash_))
    async for hits in connection.pages(names.heads, {"query": {"match_all": {}}}, [{"writer": "asc"}]):
        for hit in hits:
            head = {name: hit["_source"][name] for name in ("writer", "seq", "hash")}
            positions.setdefault(head["writer"], []).append(Position(**head))
    for its in positions.values():
        its.sort(key=lambda position: position.seq)
    return positions


def _deletions(seals: Iterable[Seal]) -> _Deletions:
    found = _Deletions()
    for seal in seals:
        if seal.kind is Kind.ERASURE:
            found.erased |= set(seal.data.get("events", ()))
            for block, digest in seal.blocks.items():
                found.blocks.setdefault(block, set()).add(digest)
        elif seal.kind is Kind.EXPIRY:
            stream, before = seal.data["stream"], seal.data["before"]
            found.expired[stream] = max(before, found.expired.get(stream, ""))
            found.kept |= set(seal.data.get("kept", ()))
    return found


# --- batches -------------------------------------------------------------------------------------


async def _check_batches(
    connection: Connection,
    names: Names,
    events: str,
    seals: Sequence[Seal],
    deletions: _Deletions,
    unsure: set[str],
    result: Verification,
) -> None:
    listed = await _listed(connection, names, [seal.name for seal in seals])
    stored: dict[str, list[tuple[str, bytes]]] = {seal.name: [] for seal in seals}
    async for batch, event, source in _events(connection, events, [seal.name for seal in seals]):
        stored[batch].append((event, source))
        result.events += 1
    for seal in seals:
        result.batches += 1
        ids, leaves = listed.get(seal.name, ([], []))
        if not ids and seal.name in unsure:  # its seal was sent again without the list
            result.findings += [
                Finding(Fault.UNFINISHED, seal.name, event, "it was never acknowledged")
                for event, _ in stored[seal.name]
            ]
            continue
        wrong = details_findings(seal, ids, leaves)
        result.findings += wrong
        if wrong:
            continue
        absent = set(ids) - {event for event, _ in stored[seal.name]} - deletions.erased
        result.findings += batch_findings(
            seal, ids, leaves, stored[seal.name],
            elsewhere=await _elsewhere(connection, events, absent),
            excused=frozenset(deletions.erased) | _expired(seal, ids, deletions),
            finished=seal.name not in unsure,
        )  # fmt: skip
    kept = [seal for seal in seals if listed.get(seal.name, ([], []))[0] or seal.name not in unsure]
    await _check_originals(connection, names, kept, deletions, unsure, result)


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


async def _events(
    connection: Connection, events: str, batches: Sequence[str]
) -> AsyncIterator[tuple[str, str, bytes]]:
    """Yield (batch, id under which it is stored, JSON) of the events that name one of these batches."""
    query = {"terms": {"siem.batch": list(batches)}}
    sort = [{"_seq_no": "asc"}, {"_index": "asc"}]
    async for hits in connection.pages(events, {"query": query}, sort):
        for hit in hits:
            yield hit["_source"]["siem"]["batch"], hit["_id"], stored_json(hit["_source"])


async def _elsewhere(connection: Connection, events: str, ids: Iterable[str]) -> frozenset[str]:
    """Return those of `ids` that are stored, under whatever batch."""
    wanted, found = sorted(ids), set()
    for start in range(0, len(wanted), 1000):
        part = wanted[start : start + 1000]
        body = {"query": {"ids": {"values": part}}, "_source": False}
        async for hits in connection.pages(events, body, [{"_seq_no": "asc"}, {"_index": "asc"}]):
            found |= {hit["_id"] for hit in hits}
    return frozenset(found)


def _expired(seal: Seal, ids: Sequence[str], deletions: _Deletions) -> frozenset[str]:
    gone: set[str] = set()
    at = 0
    for stream, count in seal.streams:
        if seal.at < deletions.expired.get(stream, ""):
            gone |= set(ids[at : at + count])
        at += count
    return frozenset(gone - deletions.kept)


async def _check_originals(
    connection: Connection,
    names: Names,
    seals: Sequence[Seal],
    deletions: _Deletions,
    unsure: set[str],
    result: Verification,
) -> None:
    of = {block: seal for seal in seals for block in seal.blocks}
    wanted = sorted(of)
    for start in range(0, len(wanted), PAGE_SEALS):
        part = wanted[start : start + PAGE_SEALS]
        answer = await connection.request("POST", f"/{names.originals}/_mget", {"ids": part}, retry=True)
        for doc in answer["docs"]:
            block, seal = doc["_id"], of[doc["_id"]]
            allowed = {seal.blocks[block]} | deletions.blocks.get(block, set())
            if not doc.get("found"):
                gone = any(seal.at < deletions.expired.get(stream, "") for stream, _ in seal.streams)
                if not gone:
                    fault = Fault.UNFINISHED if seal.name in unsure else Fault.MISSING_ORIGINAL
                    result.findings.append(Finding(fault, seal.name, text=f"the block {block} is gone"))
                continue
            result.originals += 1
            data = doc["_source"].get("data")
            if not isinstance(data, str) or body_digest(data) not in allowed:
                text = f"the block {block} is not what was sealed"
                result.findings.append(Finding(Fault.ALTERED_ORIGINAL, seal.name, text=text))


# --- what belongs to no batch ----------------------------------------------------------------------


async def _check_strangers(
    connection: Connection, seals: str, events: str, batches: Sequence[Seal], result: Verification
) -> None:
    """Find events that name no batch, or one that no chain has."""
    names = {seal.name for seal in batches}
    strange = [name async for name in _named_batches(connection, events) if name not in names]
    strange = await _sealed_never(connection, seals, strange)
    dropped = {finding.batch for finding in result.findings if finding.fault is Fault.DROPPED_BATCH}
    for start in range(0, len(strange), GROUP):
        async for batch, event, _ in _events(connection, events, strange[start : start + GROUP]):
            result.events += 1
            text = "its seal is gone" if batch in dropped else "no chain has this batch"
            result.findings.append(Finding(Fault.ADDED_EVENT, batch, event, text))
    query = {"bool": {"must_not": [{"exists": {"field": "siem.batch"}}]}}
    sort = [{"_seq_no": "asc"}, {"_index": "asc"}]
    async for hits in connection.pages(events, {"query": query, "_source": False}, sort):
        for hit in hits:
            result.events += 1
            result.findings.append(Finding(Fault.ADDED_EVENT, "no batch", hit["_id"], "it was never sealed"))


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
