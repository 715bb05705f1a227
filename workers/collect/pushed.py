"""What entries have in common to which records are pushed: a spool, its way to the store, a state."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from integrations.contract import Source
from integrations.pipeline import Enricher
from integrations.ports import EventStore
from workers.collect.counts import Counts
from workers.collect.drain import Drain
from workers.collect.spool import Item, Spool, SpoolFullError
from workers.collect.state import SourceState, SpoolState
from workers.collect_section import CollectSection

POLL = 0.03
"""Seconds between two looks into an empty spool."""
AGAIN = 0.05
"""Seconds after which a full spool is asked again."""


class Pushed:
    def __init__(
        self,
        section: CollectSection,
        source: Source,
        store: EventStore,
        folder: Path,
        counts: Counts,
        enrichers: Sequence[Enricher] = (),
    ) -> None:
        """`folder`: of all spools. Raises OSError where the spool can't be opened."""
        self.section = section
        self.source = source
        self.counts = counts
        self.run_id = f"{time.time_ns():x}"
        """Of this run of the receiver: a record's position begins with it, where its sender gives it none."""
        self.spool = Spool(folder / section.identity, section.spool)
        self._drain = Drain(section, source, self.spool, store, counts, enrichers)

    async def run(self) -> None:
        """Store what is in the spool, until cancelled."""
        while True:
            if not await self._drain.step():
                await asyncio.sleep(POLL)
            else:
                await asyncio.sleep(0)

    async def take(self, items: Sequence[Item]) -> None:
        """Take records together; they are on disk on return. Raises `SpoolFullError`."""
        await asyncio.wrap_future(self.spool.append(items))
        self.counts.receive(len(items))

    async def take_patiently(self, items: Sequence[Item]) -> None:
        """The same for senders that can't be told: they wait until there is room."""
        while True:
            try:
                await self.take(items)
            except SpoolFullError:
                await asyncio.sleep(AGAIN)
            else:
                return

    async def close(self) -> None:
        await self._drain.close()
        await asyncio.to_thread(self.spool.close)

    def state(self, listens: Iterable[str] = (), **more: Any) -> SourceState:
        spool = self.spool
        return self.counts.state(
            listens=tuple(listens),
            waits_for=self._drain.waits_for,
            spool=SpoolState(
                depth=spool.depth, limit=self.section.spool, full=spool.full_since, damaged=spool.damaged
            ),
            **more,
        )


def now_us() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000
