"""Collectors at work in a test, and waiting for what they do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from integrations.ports import EventStore
from workers.collect import run_collectors, service
from workers.collect.state import SourceState, read_state
from workers.site_file import CollectSection


async def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for is in files, or another's
            await asyncio.sleep(0.01)


@asynccontextmanager
async def collecting(
    folder: Path, store: EventStore, *sections: CollectSection, **more: Any
) -> AsyncIterator[None]:
    """Run collectors, with their state in `folder`, until the block ends or they fail."""
    stop = asyncio.Event()
    service.SAY = 0.05
    written = (folder / "state.json").stat().st_mtime_ns if (folder / "state.json").exists() else 0
    running = asyncio.create_task(
        run_collectors(sections, store, folder, stop, root=folder, enrichers=[], **more)
    )
    try:
        await until(lambda: running.done() or _written(folder) > written)
        if not running.done():
            yield
    finally:
        stop.set()
        await asyncio.wait([running])
    running.result()


def _written(folder: Path) -> int:
    return (folder / "state.json").stat().st_mtime_ns if read_state(folder) else 0


def said(folder: Path) -> SourceState:
    """What the first entry last said of itself."""
    state = read_state(folder)
    assert state is not None
    return state.sources[0]


def port(folder: Path, kind: str) -> int:
    """Where the first entry listens for ``udp``, ``tcp`` or ``tls``."""
    found = [listen for listen in said(folder).listens if listen.startswith(kind)]
    return int(found[0].rpartition(":")[2])
