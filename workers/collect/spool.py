"""The spool: what was pushed to us, safe on disk before anybody is told that it was taken.

A folder of segment files. Each holds frames: length and CRC-32 (big endian, 4 bytes each), then the
payload; a frame is written whole or not at all as far as a reader can tell, so a request's records are
taken together. Whatever dies when, what `append` said is there is there; the end of a frame that was
being written is cut off. Senders that come at once share one fsync. Segments that are stored go away.

The size is bounded: a full spool refuses, and the sender waits, or is told to come again.
"""

from __future__ import annotations

import os
import struct
import threading
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import structlog

SEGMENT = 16 << 20
"""Bytes after which the next segment begins."""
LARGEST_FRAME = 256 << 20
"""A length beyond it is no frame's."""
_HEAD = struct.Struct(">II")
_ITEM = struct.Struct(">HHHqI")
_STOP = "stop"

log = structlog.get_logger(__name__)


class Item(NamedTuple):
    """One record that was pushed to us."""

    position: str
    """What its event's id is derived from: never the same for two records."""
    address: str
    """Who sent it."""
    host: str
    """The host it says it is of; empty where only the record knows."""
    received: int
    """Microseconds since the epoch."""
    data: bytes


class Mark(NamedTuple):
    """A place in the spool: behind a frame, at `offset` of segment `segment`."""

    segment: int
    offset: int


@dataclass(frozen=True)
class Frame:
    items: tuple[Item, ...]
    end: Mark


class SpoolError(Exception):
    """What was pushed could not be taken.

    SpoolError
    └── SpoolFullError   not now: the store is away for long, or slower than the senders, or the disk is full
    """


class SpoolFullError(SpoolError):
    pass


class Spool:
    """One entry's spool. `append` may be called from any thread; the rest from one."""

    def __init__(self, folder: Path, limit: int) -> None:
        """Open or make a spool that takes up to `limit` bytes. Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._limit = limit
        self.damaged = 0
        """Segments whose rest could not be read back since the start; it is kept, as ``*.damaged``."""
        self.full_since: str | None = None
        """Why the last append was refused; None where it was taken, or room was made since."""
        self._condition = threading.Condition()
        self._waiting: list[tuple[bytes, Future[None]]] = []
        self._closing = False
        self._roll = False
        self._reading: tuple[int, int] | None = None
        self._sizes = {int(path.stem): path.stat().st_size for path in folder.glob("*.spool")}
        self._committed = self._read_commit()
        for number in sorted(self._sizes):
            if number < self._committed.segment:
                self._remove(number)
        self._mend()
        self._number = max([*self._sizes, self._committed.segment, 0]) + 1
        self._file: int | None = None
        self.durable = Mark(self._number, 0)
        """All before it is on disk."""
        first = min(self._sizes, default=self._number)
        self.read_to = max(self._committed, Mark(first, 0))
        """Where `read` goes on."""
        self._committed = self.read_to
        self._commit_file = os.open(folder / "stored", os.O_RDWR | os.O_CREAT, 0o600)
        self._writer = threading.Thread(target=self._write, name=f"spool {folder.name}", daemon=True)
        self._writer.start()

    # --- taking ----------------------------------------------------------------------------------

    def append(self, items: Sequence[Item]) -> Future[None]:
        """Take records together; they are on disk when the future is done.

        It fails with `SpoolFullError` where there is no room: then nothing of them was taken.
        """
        frame = _encode(items)
        taken: Future[None] = Future()
        with self._condition:
            if self._closing:
                taken.set_exception(SpoolFullError("the collector stops"))
            elif self.depth + len(frame) + sum(len(other) for other, _ in self._waiting) > self._limit:
                self.full_since = f"the spool holds {self.depth:,} of {self._limit:,} bytes"
                taken.set_exception(SpoolFullError(self.full_since))
            else:
                self._waiting.append((frame, taken))
                self._condition.notify()
        return taken

    @property
    def depth(self) -> int:
        """Bytes that are not stored yet."""
        sizes = dict(self._sizes)
        return sum(size for number, size in sizes.items() if number >= self._committed.segment) - min(
            self._committed.offset, sizes.get(self._committed.segment, 0)
        )

    def _write(self) -> None:
        while True:
            with self._condition:
                while not self._waiting and not self._closing:
                    self._condition.wait()
                batch, self._waiting = self._waiting, []
            if not batch:
                return
            try:
                self._write_frames([frame for frame, _ in batch])
            except OSError as error:
                self.full_since = f"the spool can't be written: {error.strerror}"
                for _, taken in batch:
                    taken.set_exception(SpoolFullError(self.full_since))
            else:
                self.full_since = None
                for _, taken in batch:
                    taken.set_result(None)

    def _write_frames(self, frames: Sequence[bytes]) -> None:
        if self._roll:
            self._end_segment()
        if self._file is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            self._file = os.open(self._path(self._number), flags, 0o600)
            self._sizes[self._number] = 0
            self._sync_folder()
        size = self._sizes[self._number]
        data = memoryview(b"".join(frames))
        try:
            at = 0
            while at < len(data):
                at += os.pwrite(self._file, data[at:], size + at)
            os.fdatasync(self._file)
        except OSError:
            # Nobody was told that any of it is there: what was written of it must not be read.
            failed = self._path(self._number)
            self._end_segment()
            os.truncate(failed, size)
            raise
        self._sizes[self._number] = size + len(data)
        self.durable = Mark(self._number, size + len(data))
        if size + len(data) >= SEGMENT:
            self._end_segment()

    def _end_segment(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._number += 1
        self._roll = False

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    # --- giving ----------------------------------------------------------------------------------

    def read(self, most: int = 1 << 20) -> list[Frame]:
        """Return the next frames, of `most` bytes or one, in order; none where all was read."""
        found: list[Frame] = []
        size = 0
        while size < most and (frame := self._next()) is not None:
            found.append(frame)
            size += sum(len(item.data) for item in frame.items)
        return found

    def _next(self) -> Frame | None:
        while True:
            number, offset = self.read_to
            durable = self.durable
            if (number, offset) >= durable:
                return None
            end = durable.offset if number == durable.segment else self._sizes.get(number, 0)
            if offset >= end:
                later = [other for other in list(self._sizes) if other > number]
                self.read_to = Mark(min(later), 0) if later else Mark(durable.segment, 0)
                continue
            data = self._payload(number, offset, end)
            if data is None and number == durable.segment:
                self._roll = True  # what comes next goes to a segment that can be read
                return None
            if data is None:
                self._set_aside(number, offset)
                self.read_to = Mark(number, end)
                continue
            self.read_to = Mark(number, offset + _HEAD.size + len(data))
            return Frame(tuple(_decode(data)), self.read_to)

    def _payload(self, number: int, offset: int, end: int) -> bytes | None:
        if self._reading is None or self._reading[0] != number:
            self._stop_reading()
            self._reading = number, os.open(self._path(number), os.O_RDONLY)
        return _frame_at(self._reading[1], offset, end)

    def _stop_reading(self) -> None:
        if self._reading is not None:
            os.close(self._reading[1])
            self._reading = None

    def _set_aside(self, number: int, offset: int) -> None:
        """Keep the rest of a segment that does not read on."""
        path = self._path(number)
        kept = path.with_suffix(".damaged")
        with path.open("rb") as file:
            file.seek(offset)
            kept.write_bytes(file.read())
        self.damaged += 1
        log.error("a part of the spool can't be read and was set aside", file=str(kept))

    def commit(self, mark: Mark) -> None:
        """All before `mark` is stored."""
        if mark <= self._committed:
            return
        self._committed = mark
        self.full_since = None
        # Not synced: were it lost, records would be given again, and stored once all the same.
        text = f"{mark.segment} {mark.offset}"
        os.pwrite(self._commit_file, f"{text} {zlib.crc32(text.encode())}\n".ljust(64).encode(), 0)
        for number in [number for number in list(self._sizes) if number < mark.segment]:
            self._remove(number)

    def _read_commit(self) -> Mark:
        try:
            words = (self._folder / "stored").read_text("ascii").split()
            segment, offset, check = (int(word) for word in words)
        except (OSError, ValueError):
            return Mark(0, 0)
        return Mark(segment, offset) if zlib.crc32(f"{segment} {offset}".encode()) == check else Mark(0, 0)

    def _remove(self, number: int) -> None:
        if self._reading is not None and self._reading[0] == number:
            self._stop_reading()
        self._path(number).unlink(missing_ok=True)
        self._sizes.pop(number, None)

    def _mend(self) -> None:
        """Cut off a frame that was being written when the process died: nobody was told it is there."""
        if not self._sizes:
            return
        number = max(self._sizes)
        path, size, offset = self._path(number), self._sizes[number], 0
        with path.open("r+b") as file:
            while (data := _frame_at(file.fileno(), offset, size)) is not None:
                offset += _HEAD.size + len(data)
            if offset < size:
                if _is_whole(file.fileno(), offset, size):  # not cut short: altered
                    self._set_aside(number, offset)
                file.truncate(offset)
                log.info("cut off what was being written when the collector died", bytes=size - offset)
        self._sizes[number] = offset

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:016d}.spool"

    def close(self) -> None:
        """Write what waits, and end."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        self._writer.join()
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._stop_reading()
        os.close(self._commit_file)


def _frame_at(file: int, offset: int, end: int) -> bytes | None:
    """Return the payload of the frame at an offset, None where no whole one is there."""
    if offset + _HEAD.size > end:
        return None
    length, check = _HEAD.unpack(os.pread(file, _HEAD.size, offset))
    if length > LARGEST_FRAME or offset + _HEAD.size + length > end:
        return None
    data = os.pread(file, length, offset + _HEAD.size)
    return data if len(data) == length and zlib.crc32(data) == check else None


def _is_whole(file: int, offset: int, end: int) -> bool:
    """Whether a frame at an offset has all its bytes, whatever they are."""
    head = os.pread(file, _HEAD.size, offset)
    return len(head) == _HEAD.size and offset + _HEAD.size + int(_HEAD.unpack(head)[0]) <= end


def _encode(items: Sequence[Item]) -> bytes:
    parts: list[bytes] = []
    for item in items:
        words = item.position.encode(), item.address.encode(), item.host.encode("utf-8", "replace")[:255]
        parts.append(_ITEM.pack(*map(len, words), item.received, len(item.data)))
        parts += words
        parts.append(item.data)
    data = b"".join(parts)
    return _HEAD.pack(len(data), zlib.crc32(data)) + data


def _decode(data: bytes) -> Iterator[Item]:
    at = 0
    while at < len(data):
        position, address, host, received, length = _ITEM.unpack_from(data, at)
        at += _ITEM.size
        words = []
        for size in (position, address, host):
            words.append(data[at : at + size].decode("utf-8", "replace"))
            at += size
        yield Item(words[0], words[1], words[2], received, data[at : at + length])
        at += length
