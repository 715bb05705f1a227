"""The audit of what is stored: every seal, every event and every block of originals, recomputed.

Reads everything once, a few batches at a time. Needs no key: originals are checked by the digest of
their sealed bytes. What a chain can't show by itself is a tail cut off together with its events; the
writer's head, the first seals of younger chains and `known` heads noted elsewhere (the daily ones
in the channel) show it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from integrations.opensearch.batch_checks import (
    GROUP,
    PAGE_SEALS,
    UNDER_WAY_SECONDS,
    Audit,
    Progress,
    Selection,
    Verification,
    check_batches,
    check_strangers,
)
from integrations.opensearch.connection import Connection
from integrations.opensearch.deletions import deletions_of
from integrations.opensearch.generations import backing_indices
from integrations.opensearch.sealing import Names
from integrations.opensearch.seals import Kind, Position, Seal, chain_findings, unfinished
from rules.ecs import timestamp

__all__ = ["Progress", "Selection", "Verification", "verify"]


async def verify(
    connection: Connection,
    names: Names,
    events: str,
    known: Iterable[Position] = (),
    selection: Selection | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Recompute all chains and hold the store against them; `events` is the pattern of the data streams.

    Raises `integrations.ports.StoreError` where something can't be read whole.
    """
    audit = Audit(connection, names, events, selection or Selection())
    result = audit.result
    for index in (names.seals, names.heads):
        await connection.refresh(index)
    chains = await _chains(connection, names)
    audit.deletions = deletions_of([seal for seals in chains.values() for seal in seals])
    result.deletions = tuple(audit.deletions.told)
    positions = await _known(connection, names, chains, known)
    result.heads = tuple(
        Position(writer=writer, seq=seals[-1].seq, hash=seals[-1].hash)
        for writer, seals in sorted(chains.items())
    )
    for writer in sorted({*chains, *positions}):
        seals = chains.get(writer, [])
        result.findings += chain_findings(writer, seals, positions.get(writer, ()))
    every = [seal for writer in sorted(chains) for seal in chains[writer] if seal.kind is Kind.BATCH]
    batches = [
        seal
        for seal in every
        if seal.at >= audit.selection.since and any(audit.wants(stream) for stream, _ in seal.streams)
    ]
    audit.unsure = {name for seals in chains.values() for name in unfinished(seals)}
    just_now = timestamp(datetime.now(UTC) - timedelta(seconds=30))
    if any(seal.name in audit.unsure and seal.at > just_now for seal in batches):
        await asyncio.sleep(UNDER_WAY_SECONDS)
    await connection.refresh(events)
    audit.streams = {
        index: stream
        for stream, indices in (await backing_indices(connection, events)).items()
        for index in indices
    }
    for start in range(0, len(batches), GROUP):
        await check_batches(audit, batches[start : start + GROUP])
        if progress is not None:
            progress(min(start + GROUP, len(batches)), len(batches))
    await check_strangers(audit, every)
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
