"""The collector process: tails what ``collect:`` names, for as long as it is let.

While the store is away it stops reading: the files are the spool, nothing is dropped, and memory
stays flat.
"""

from __future__ import annotations

import asyncio
import glob
import gzip
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential

from integrations.catalogue import source as source_named
from integrations.contract import Origin
from integrations.pipeline import Enricher, Pipeline, Place, geo_enricher
from integrations.ports import EventStore, StoreError
from rules.ecs import Document
from workers.collect.positions import Position, Positions
from workers.collect.tail import EmptyFileError, TailedFile
from workers.site_file import CollectSection

POLL = 0.2
"""Seconds between two looks at the files."""
DISCOVER = 1.0
"""Seconds between two looks for new files."""
OLD = timedelta(days=1)
"""A file not written for so long is dated by its last change, not by now."""

log = structlog.get_logger(__name__)


async def run_collectors(
    sections: Sequence[CollectSection], store: EventStore, folder: Path, stop: asyncio.Event
) -> None:
    """Tail all sections' files until `stop` is set. Positions are kept in `folder`.

    Raises `integrations.catalogue.CatalogueError` for an unknown source.
    """
    positions = Positions(folder / "positions.sqlite")
    enrichers = [geo_enricher()]
    collectors = [Collector(section, store, positions, enrichers) for section in sections]
    try:
        await asyncio.gather(*(collector.run(stop) for collector in collectors))
        if not collectors:
            await stop.wait()
    finally:
        positions.close()


class Collector:
    """All files of one section."""

    def __init__(
        self,
        section: CollectSection,
        store: EventStore,
        positions: Positions,
        enrichers: Sequence[Enricher],
    ) -> None:
        self._section = section
        self._source = source_named(section.source)
        self._store = store
        self._positions = positions
        self._enrichers = enrichers
        self._files: dict[tuple[int, int], TailedFile] = {}
        self._current: set[tuple[int, int]] = set()
        self._looked = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        try:
            while not stop.is_set():
                busy = await self.step()
                if not busy:
                    await asyncio.sleep(POLL)
        finally:
            for file in self._files.values():
                file.close()

    async def step(self) -> bool:
        """Look once at all files; whether there was anything to read."""
        if time.monotonic() - self._looked >= DISCOVER:
            self._discover()
            self._looked = time.monotonic()
        busy = False
        for key, file in list(self._files.items()):
            busy |= await self._read(key, file)
        return busy

    def _discover(self) -> None:
        """Open files that are new under the patterns; mark those whose name is gone or another's."""
        paths = {Path(name) for pattern in self._section.files for name in glob.glob(pattern, recursive=True)}
        current: set[tuple[int, int]] = set()
        for path in sorted(paths):
            try:
                state = path.stat()
                key = (state.st_dev, state.st_ino)
                if not path.is_file():
                    continue
                current.add(key)
                if key not in self._files:
                    self._files[key] = TailedFile(path, self._positions)
                    log.info("reads", file=str(path), from_offset=self._files[key].position.offset)
                else:
                    self._files[key].path = path
            except EmptyFileError:
                current.discard(key)
            except (OSError, EOFError, gzip.BadGzipFile) as error:
                log.warning("can't be read", file=str(path), reason=str(error))
        self._current = current

    async def _read(self, key: tuple[int, int], file: TailedFile) -> bool:
        gone = key not in self._current
        try:
            if file.shrunk():
                log.info("was truncated, is read again from its start", file=str(file.path))
                self._reopen(key, file)
                return True
            chunk = file.read(final=gone or file.path.suffix == ".gz")
        except (OSError, EOFError, gzip.BadGzipFile) as error:
            log.warning("can't be read on", file=str(file.path), reason=str(error))
            self._drop(key, file)
            return False
        if chunk is None:
            if gone:
                self._drop(key, file)
            return False
        pipeline = Pipeline(self._source, self._origin(file), Place(str(file.path)), self._enrichers)
        events = [event for record in chunk.records for event in pipeline.feed(record)] + pipeline.flush()
        await write_at_last(self._store, events)
        file.acknowledge(chunk.after)
        return True

    def _reopen(self, key: tuple[int, int], file: TailedFile) -> None:
        old = file.position
        file.close()
        del self._files[key]
        try:
            fresh = TailedFile(file.path, self._positions)
        except (OSError, EmptyFileError):
            return
        if fresh.position.identity == old.identity:
            # The same first line again: a new generation tells its records from the old ones.
            prefix, _, generation = old.identity.rpartition("-")
            identity = f"{prefix}-{int(generation) + 1:06d}"
            fresh.position = Position(identity, old.fingerprint, str(file.path), 0)
        self._files[key] = fresh

    def _drop(self, key: tuple[int, int], file: TailedFile) -> None:
        file.close()
        self._files.pop(key, None)

    def _origin(self, file: TailedFile) -> Origin:
        now = datetime.now(UTC)
        modified = datetime.fromtimestamp(file.modified(), UTC)
        return Origin(
            received=modified if now - modified > OLD else now,
            timezone=self._section.timezone,
            year=self._section.year,
            host=self._section.host,
        )


async def write_at_last(store: EventStore, events: Sequence[Document]) -> None:
    """Write events, however long the store is away: nothing is read on until they are kept."""
    if not events:
        return
    async for attempt in AsyncRetrying(
        wait=wait_exponential(multiplier=0.2, max=3),
        retry=retry_if_exception_type(StoreError),
        before_sleep=_say_waiting,
    ):
        with attempt:
            result = await store.write(events)
    for event, reason in result.rejected:
        log.warning("an event was kept as a pipeline error", event=event, reason=reason)


def _say_waiting(state: RetryCallState) -> None:
    if state.attempt_number in {1, 5} or state.attempt_number % 50 == 0:
        error = state.outcome.exception() if state.outcome else None
        log.warning("waits for the store", attempt=state.attempt_number, reason=str(error))
