"""The collector process: tails what ``collect:`` names, for as long as it is let.

While the store is away it stops reading: the files are the spool, nothing is dropped, and memory stays
flat.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog

from integrations.catalogue import source as source_named
from integrations.pipeline import Enricher, geo_enricher
from integrations.ports import EventStore
from rules.ecs import timestamp
from workers.collect.collector import Collector
from workers.collect.garbage import rare_collections
from workers.collect.positions import Positions
from workers.collect.state import CollectorState, write_state
from workers.site_file import CollectSection

POLL = 0.15
"""Seconds between two looks at the files."""
SAY = 2.0
"""Seconds between two writes of the state file."""

log = structlog.get_logger(__name__)


async def run_collectors(
    sections: Sequence[CollectSection],
    store: EventStore,
    folder: Path,
    stop: asyncio.Event,
    *,
    root: Path | None = None,
    enrichers: Sequence[Enricher] | None = None,
) -> None:
    """Tail all sections' files until `stop` is set. Positions and state are kept in `folder`.

    `root`: the folder of relative patterns. `enrichers`: None for the usual ones.
    Raises `integrations.catalogue.CatalogueError` for an unknown source, OSError or `sqlite3.Error`
    where positions can't be kept.
    """
    sources = [source_named(section.source) for section in sections]
    positions = Positions(folder / "positions.sqlite")
    enriching = [geo_enricher()] if enrichers is None else enrichers
    collectors = [
        Collector(section, source, store, positions, enriching, root)
        for section, source in zip(sections, sources, strict=True)
    ]
    tasks = [asyncio.create_task(_run(collector)) for collector in collectors]
    tasks.append(asyncio.create_task(_say(collectors, folder)))
    stopped = asyncio.create_task(_wait(stop))
    try:
        with rare_collections():
            await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in (stopped, *tasks):
            task.cancel()
        await asyncio.gather(stopped, *tasks, return_exceptions=True)
        for collector in collectors:
            await collector.close()
        positions.close()


async def _wait(stop: asyncio.Event) -> None:
    await stop.wait()


async def _run(collector: Collector) -> None:
    while True:
        if not await collector.step():
            await asyncio.sleep(POLL)


async def _say(collectors: Sequence[Collector], folder: Path) -> None:
    while True:
        state = CollectorState(
            pid=os.getpid(),
            at=timestamp(datetime.now(UTC)),
            sources=tuple(collector.state() for collector in collectors),
        )
        with contextlib.suppress(OSError):  # a full disk stops positions, and that is said there
            write_state(folder, state)
        await asyncio.sleep(SAY)
