"""All files of one entry of ``collect:``: finds them, reads them in turn, and sees their events stored."""

from __future__ import annotations

import asyncio
import glob
import gzip
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from integrations.contract import Origin, Source
from integrations.pipeline import Enricher, Pipeline, Place
from integrations.ports import EventStore, WriteResult
from rules.ecs import Document
from workers.collect.counts import Counts
from workers.collect.delivery import BATCH, Delivery, PatientWriter
from workers.collect.positions import Position, Positions
from workers.collect.state import FileState, SourceState
from workers.collect.tail import Chunk, NoLineYetError, ReplacedError, TailedFile
from workers.collect_section import CollectSection

POLL = 0.15
"""Seconds between two looks at the files."""
OLD = timedelta(days=1)
"""A file not written for so long is dated by its last change, not by now."""
PARTIAL_SECONDS = 30.0
"""A last line that got no end for so long is taken as it is."""
GONE_SECONDS = 10.0
"""A file whose name is gone is read on for so long: its writer may not have noticed."""
FLUSH_SECONDS = 1.0
"""Records held back to be joined wait so long for more."""
RENEW_SECONDS = 3600.0
"""A normaliser takes its time of reception anew after so long, so that years are right at New Year."""
_DAMAGED = (OSError, EOFError, gzip.BadGzipFile)

log = structlog.get_logger(__name__)
FileKey = tuple[int, int]


@dataclass
class _Reading:
    """One file being read."""

    file: TailedFile
    pipeline: Pipeline
    opened: float
    grew: float
    """When something was last read, monotonic seconds."""
    gone: bool = False
    """No pattern finds it any more."""


class Collector:
    def __init__(
        self,
        section: CollectSection,
        source: Source,
        store: EventStore,
        positions: Positions,
        enrichers: Sequence[Enricher] = (),
        root: Path | None = None,
        counts: Counts | None = None,
    ) -> None:
        """`root`: the folder that relative patterns are meant in; None: the current one."""
        self._section = section
        self._source = source
        self._positions = positions
        self._enrichers = enrichers
        self._patterns = tuple(str((root or Path()) / pattern) for pattern in section.files)
        self._writer = PatientWriter(store)
        self._delivery = Delivery(self._writer.write)
        self._readings: dict[FileKey, _Reading] = {}
        self._counts = counts or Counts(section)
        self._unreadable: dict[str, str] = {}
        self._look_next = 0.0
        self._damaged: dict[FileKey, tuple[int, int]] = {}
        """Files that can't be read on, with size and time of change: until these change."""

    async def step(self) -> bool:
        """Look once at all files; whether there was anything to read. All that was read is stored, and
        its place kept, when a step answers False.

        Raises OSError or `sqlite3.Error` where positions can't be kept.
        """
        self._discover()
        busy = False
        for key, reading in list(self._readings.items()):
            busy |= await self._read(key, reading)
        if not busy:
            await self._delivery.settle()
        return busy

    async def close(self) -> None:
        """Leave off: what is on its way stays unacknowledged, and is read again next time."""
        await self._delivery.abandon()
        for reading in self._readings.values():
            reading.file.close()
        self._readings.clear()

    async def run(self) -> None:
        """Look again and again, until cancelled. Raises as `step` does."""
        while True:
            if not await self.step():
                await asyncio.sleep(POLL)

    def state(self) -> SourceState:
        return self._counts.state(
            patterns=self._patterns,
            files=tuple(
                FileState(
                    path=str(reading.file.path),
                    offset=reading.file.position.offset,
                    behind=None if reading.file.packed else reading.file.size - reading.file.position.offset,
                )
                for reading in self._readings.values()
            ),
            waits_for=self._writer.waits_for,
            unreadable=dict(self._unreadable),
        )

    # --- finding files ---------------------------------------------------------------------------

    def _discover(self) -> None:
        """Open files that are new under the patterns; note whose name is gone or another's."""
        begun = time.monotonic()
        if begun < self._look_next:
            return
        found: dict[FileKey, Path] = {}
        unreadable: dict[str, str] = {}
        paths = {Path(name) for pattern in self._patterns for name in glob.glob(pattern, recursive=True)}
        for path in paths:
            try:
                state = path.stat()
            except OSError as error:
                unreadable[str(path)] = error.strerror or str(error)
                continue
            key = (state.st_dev, state.st_ino)
            if self._damaged.get(key) == _stamp(path):
                unreadable[str(path)] = self._unreadable.get(str(path), "damaged")
            elif path.is_file() and state.st_size:
                found[key] = path
        for key, path in sorted(found.items(), key=lambda item: (_modified(item[1]), item[1])):
            if key in self._readings:
                self._readings[key].file.path = path
            else:
                self._open(key, path, unreadable)
        for key, reading in self._readings.items():
            reading.gone = key not in found
        for name in unreadable.keys() - self._unreadable.keys():
            log.warning("can't be read", file=name, reason=unreadable[name])
        self._unreadable = unreadable
        # Looking must stay a small part of the work, however many files there are.
        self._look_next = time.monotonic() + min(5.0, 20 * (time.monotonic() - begun))

    def _open(self, key: FileKey, path: Path, unreadable: dict[str, str]) -> None:
        try:
            file = TailedFile(path, self._positions, complete=time.time() - _modified(path) > PARTIAL_SECONDS)
        except NoLineYetError:
            return
        except _DAMAGED as error:
            unreadable[str(path)] = str(error)
            self._damaged[key] = _stamp(path)
            return
        now = time.monotonic()
        self._readings[key] = _Reading(file, self._pipeline(file), opened=now, grew=now)
        log.info("reads", file=str(path), source=self._source.name, from_offset=file.offset)

    def _pipeline(self, file: TailedFile) -> Pipeline:
        now = datetime.now(UTC)
        modified = datetime.fromtimestamp(file.modified, UTC)
        origin = Origin(
            received=modified if now - modified > OLD else now,
            timezone=self._section.timezone,
            year=self._section.year,
            host=self._section.host,
        )
        return Pipeline(self._source, origin, Place(str(file.path)), self._enrichers)

    # --- reading ---------------------------------------------------------------------------------

    async def _read(self, key: FileKey, reading: _Reading) -> bool:
        file, now = reading.file, time.monotonic()
        quiet = now - reading.grew
        try:
            chunk = file.read(final=quiet > (GONE_SECONDS if reading.gone else PARTIAL_SECONDS))
        except ReplacedError:
            log.info("was truncated or written anew, is read from its start", file=str(file.path))
            await self._reopen(key, reading)
            return True
        except _DAMAGED as error:
            log.warning("can't be read on", file=str(file.path), reason=str(error))
            self._unreadable[str(file.path)] = str(error)
            self._damaged[key] = _stamp(file.path)
            await self._finish(key, reading)
            return False
        if chunk is None:
            return await self._rest(key, reading, quiet)
        if now - reading.opened > RENEW_SECONDS and reading.pipeline.held is None:
            reading.pipeline, reading.opened = self._pipeline(file), now
        reading.grew = now
        self._counts.receive(len(chunk.records))
        reading.pipeline.receive(datetime.now(UTC))
        events: list[Document] = []
        for record, end in zip(chunk.records, chunk.ends, strict=True):
            events += reading.pipeline.feed(record)
            if len(events) >= BATCH:
                await self._give(reading, events, end, chunk)
                events = []
        await self._give(reading, events, chunk.ends[-1], chunk)
        return True

    async def _rest(self, key: FileKey, reading: _Reading, quiet: float) -> bool:
        """Nothing new: give what was held back, let go of a file that is gone or packed and read."""
        waited = quiet > FLUSH_SECONDS and reading.pipeline.held is not None
        # A file's header stays held: there may be nothing to give.
        if waited and (events := reading.pipeline.flush()):
            await self._give(reading, events, reading.file.offset)
            return True
        if reading.gone and quiet > GONE_SECONDS:
            await self._finish(key, reading)
        return False

    async def _give(
        self, reading: _Reading, events: list[Document], end: int, chunk: Chunk | None = None
    ) -> None:
        held = reading.pipeline.held
        file = reading.file
        position: Position | None
        if held is None:
            position = file.place(end, chunk)
        else:
            at = int(held.position.rpartition("@")[2])
            position = None if file.packed or at <= file.position.offset else file.place(at, chunk)

        size = sum(len(event["event"]["original"]) for event in events)

        def acknowledge(result: WriteResult) -> None:
            if position is not None:
                file.acknowledge(position)
            self._counts.add(events, result, size)

        await self._delivery.give(events, acknowledge)

    async def _reopen(self, key: FileKey, reading: _Reading) -> None:
        await self._finish(key, reading)
        old = reading.file
        try:
            file = TailedFile(old.path, self._positions)
        except (*_DAMAGED, NoLineYetError):
            return  # found again by the next look
        if file.position.identity == old.position.identity:
            file.position, file.offset = old.restarted(), 0
        now = time.monotonic()
        self._readings[file.inode] = _Reading(file, self._pipeline(file), opened=now, grew=now)

    async def _finish(self, key: FileKey, reading: _Reading) -> None:
        """Let go of a file, what was held back of it given."""
        if (events := reading.pipeline.flush()) or reading.pipeline.held is not None:
            await self._give(reading, events, reading.file.offset)
        await self._delivery.settle()
        reading.file.close()
        self._readings.pop(key, None)


def _stamp(path: Path) -> tuple[int, int]:
    """Return what changes when a file's content or its rights do, zeros where it is gone."""
    try:
        state = path.stat()
    except OSError:
        return 0, 0
    return state.st_size, state.st_ctime_ns


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
