"""The collector process: each entry of ``collect:`` in its own way, for as long as it is let.

What is read (files, APIs, objects) stays where it is until the store has it. What is pushed to us is
safe in a spool before its sender is told so. So the store may be away, and any process may die.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import structlog

from integrations.catalogue import source as source_named
from integrations.contract import Source
from integrations.pipeline import Enricher, geo_enricher
from integrations.ports import EventStore, StateStore, StoreError
from rules.ecs import timestamp
from workers.collect.canary import plant_canaries
from workers.collect.collector import Collector
from workers.collect.counts import Counts
from workers.collect.http_access import Access, Secrets
from workers.collect.http_collector import HttpCollector
from workers.collect.objects import ObjectCollector
from workers.collect.positions import Positions
from workers.collect.pulls import PullCollector
from workers.collect.pushed import Pushed
from workers.collect.receiver import Receiver
from workers.collect.state import STATE_KEY, CollectorState, SourceState, read_state, write_state
from workers.collect.syslog import SyslogCollector
from workers.collect_section import CollectSection, ReceiverSection
from workers.garbage import rare_collections

SAY = 2.0
"""Seconds between two writes of the state file."""
TELL = 5.0
"""Seconds between two writes of the state to the store."""

log = structlog.get_logger(__name__)


class Collecting(Protocol):
    """One entry at work."""

    async def run(self) -> None:
        """Work until cancelled."""

    async def close(self) -> None:
        """Leave off; what is not stored yet comes again."""

    def state(self) -> SourceState: ...


@dataclass(frozen=True)
class Surroundings:
    """What entries work with."""

    store: EventStore
    positions: Positions
    folder: Path
    """Of what lasts."""
    root: Path
    """The folder of relative paths."""
    enrichers: Sequence[Enricher]
    secrets: Mapping[str, Mapping[str, str]]
    """``token`` and ``secret`` of entries, by their name."""
    connections: Mapping[str, Mapping[str, Any]]
    receiver: Receiver | None


async def run_collectors(
    sections: Sequence[CollectSection],
    store: EventStore,
    folder: Path,
    stop: asyncio.Event,
    *,
    root: Path | None = None,
    enrichers: Sequence[Enricher] | None = None,
    states: StateStore | None = None,
    ready: Callable[[], None] | None = None,
    receiver: ReceiverSection | None = None,
    secrets: Mapping[str, Mapping[str, str]] | None = None,
    connections: Mapping[str, Mapping[str, Any]] | None = None,
    canary: timedelta | None = None,
) -> None:
    """Collect by all sections until `stop` is set. Positions, spools and state are kept in `folder`.

    `root`: the folder of relative paths. `enrichers`: None for the usual ones. `states`: where the
    state is told as well. `ready` is called once all listen. `secrets` are the entries' own,
    `connections` those they name. `canary`: how often canaries are planted; None: never.

    Raises `integrations.catalogue.CatalogueError` for an unknown source, `ListenError` where a listener
    can't start, `EntryError` where a connection or its settings do not fit, OSError or `sqlite3.Error` where
    nothing can be kept.
    """
    sources = [source_named(section.source) for section in sections]
    positions = Positions(folder / "positions.sqlite")
    listening: Receiver | None = None
    if any(section.http for section in sections):
        listening = Receiver(receiver or ReceiverSection(), root or Path())
    surroundings = Surroundings(
        store=store,
        positions=positions,
        folder=folder,
        root=root or Path(),
        enrichers=[geo_enricher()] if enrichers is None else enrichers,
        secrets=secrets or {},
        connections=connections or {},
        receiver=listening,
    )
    before = {one.name: one for one in known.sources} if (known := read_state(folder)) else {}
    collecting: list[Collecting] = []
    tasks: list[asyncio.Task[None]] = []
    stopped = asyncio.create_task(_wait(stop))
    try:
        for section, source in zip(sections, sources, strict=True):
            collecting.append(
                _collecting(section, source, Counts(section, before.get(section.identity)), surroundings)
            )
        if listening is not None:
            await listening.start()
        if ready is not None:
            ready()
        tasks += [asyncio.create_task(one.run(), name=one.state().name) for one in collecting]
        tasks.append(asyncio.create_task(_say(collecting, folder)))
        if canary is not None:
            tasks.append(asyncio.create_task(plant_canaries(store, canary, surroundings.enrichers)))
        if states is not None:
            tasks.append(asyncio.create_task(_tell(collecting, states)))
        with rare_collections():
            await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        if listening is not None:
            await listening.close()
        for task in (stopped, *tasks):
            task.cancel()
        await asyncio.gather(stopped, *tasks, return_exceptions=True)
        for one in collecting:
            await one.close()
        if tasks:
            with contextlib.suppress(OSError):
                write_state(folder, _state(collecting))
        positions.close()


def _collecting(section: CollectSection, source: Source, counts: Counts, around: Surroundings) -> Collecting:
    if section.files:
        return Collector(
            section, source, around.store, around.positions, around.enrichers, around.root, counts
        )
    if section.objects:
        return ObjectCollector(
            section, source, around.store, around.folder / "objects", counts, around.connections,
            around.enrichers,
        )  # fmt: skip
    if section.pull:
        return PullCollector(
            section, source, around.store, around.positions, counts, around.connections, around.enrichers
        )
    pushed = Pushed(section, source, around.store, around.folder / "spool", counts, around.enrichers)
    if section.http and around.receiver:
        own = Secrets(**around.secrets.get(section.identity, {}))
        entry = HttpCollector(pushed, Access(section.http, own, around.root), around.receiver.url)
        around.receiver.add(entry)
        return entry
    return SyslogCollector(pushed, around.root)


async def _wait(stop: asyncio.Event) -> None:
    await stop.wait()


def _state(collecting: Sequence[Collecting]) -> CollectorState:
    return CollectorState(
        host=socket.gethostname(),
        pid=os.getpid(),
        at=timestamp(datetime.now(UTC)),
        sources=tuple(one.state() for one in collecting),
    )


async def _say(collecting: Sequence[Collecting], folder: Path) -> None:
    while True:
        with contextlib.suppress(OSError):  # a full disk stops positions, and that is said there
            write_state(folder, _state(collecting))
        await asyncio.sleep(SAY)


async def _tell(collecting: Sequence[Collecting], states: StateStore) -> None:
    while True:
        state = _state(collecting)
        try:
            await states.put(f"{STATE_KEY}{state.host}", state.model_dump())
        except StoreError as error:
            log.debug("the state could not be told to the store", reason=str(error))
        await asyncio.sleep(TELL)
