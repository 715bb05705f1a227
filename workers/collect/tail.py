"""Reads a growing file to its end and on, through rename, truncation, replacement and compression.

A file is known by device, inode and a hash of its first line; a place in it also by the bytes right
before it. So a renamed file is read on where it was; a new file under the old name from its start; a
truncated one (``copytruncate``) again from its start, as another generation, even if it has grown past
the old place; and a copy, packed or not, of what was read before is read on where the original was.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from integrations.contract import Record
from workers.collect.positions import Position, Positions

CHUNK = 1 << 20
"""Bytes of one read, and the longest line: a longer one is read as pieces."""
PACKED_READ = 1 << 16
BEFORE = 256
"""Bytes before a place that are compared."""
FIRST_LINE = 4096
"""Bytes of the first line that count."""


class NoLineYetError(Exception):
    """There is not one complete line to know the file by."""


class ReplacedError(Exception):
    """The file's content is not what was read: it was truncated or written anew."""


@dataclass(frozen=True)
class Chunk:
    """Complete records of one file, in order."""

    records: tuple[Record, ...]
    ends: tuple[int, ...]
    """Offset behind each record."""
    start: int
    """Offset of `data` in the file."""
    data: bytes
    """What was read, and before it what tells the place."""

    def before(self, offset: int) -> bytes | None:
        """Return the bytes right before an offset, None where it is not in this chunk."""
        at = offset - self.start
        whole = BEFORE <= at <= len(self.data) or (self.start == 0 and 0 <= at <= len(self.data))
        return self.data[max(0, at - BEFORE) : at] if whole else None


class TailedFile:
    """One open file. Its name may change; what it is does not."""

    def __init__(self, path: Path, positions: Positions, *, complete: bool = False) -> None:
        """Open a file and find where it was left. `complete`: also take a first line without end.

        Raises OSError, EOFError or `gzip.BadGzipFile`, or `NoLineYetError`.
        """
        self.path = path
        self._positions = positions
        self._file, self.packed = _open(path)
        try:
            state = os.fstat(self._file.fileno())
            self.inode = (state.st_dev, state.st_ino)
            first = self._file.readline(FIRST_LINE)
            whole = (
                first.endswith(b"\n")
                or len(first) == FIRST_LINE
                or (bool(first) and (self.packed or complete))
            )
            if not whole:
                raise NoLineYetError(path)
            self.position = self._find(hashlib.sha256(first.rstrip(b"\r\n")).hexdigest()[:16])
            self._before = self._read_before(self.position.offset)
            self._file.seek(self.position.offset)
        except BaseException:
            self._file.close()
            raise
        self.offset = self.position.offset
        """Where to read on; what was acknowledged is `position`."""
        self._rest = b""
        """Of a packed file: what was unpacked behind the offset."""
        self._ended: tuple[int, int] | None = None
        self._fault: OSError | EOFError | None = None

    def _find(self, fingerprint: str) -> Position:
        prefix = f"{self.inode[0]:x}-{self.inode[1]:x}-{fingerprint}-"
        own = self._positions.like(prefix)
        for known in reversed(own):
            if self._holds(known):
                return _moved(known, self.path)
        if own:
            return self._start(prefix, fingerprint, int(own[-1].identity.rpartition("-")[2]) + 1)
        for known in self._positions.with_fingerprint(fingerprint):
            if self._holds(known):
                return _moved(known, self.path)
        return self._start(prefix, fingerprint, 0)

    def _start(self, prefix: str, fingerprint: str, generation: int) -> Position:
        return Position(f"{prefix}{generation:06d}", fingerprint, str(self.path), 0, _hash(b""))

    def _holds(self, known: Position) -> bool:
        """Whether what stands before a known place stands there in this file too."""
        return known.offset > 0 and _hash(self._read_before(known.offset)) == known.before

    def _read_before(self, offset: int) -> bytes:
        start = max(0, offset - BEFORE)
        self._file.seek(start)
        return self._file.read(offset - start) if self._file.tell() == start else b""

    def read(self, *, final: bool = False) -> Chunk | None:
        """Return the next complete lines, None where there are none yet.

        `final`: the file won't grow any more, so that a last line without its end is complete.
        Raises `ReplacedError`, OSError, or EOFError and `gzip.BadGzipFile` for a damaged gzip file.
        """
        return self._read_packed() if self.packed else self._read_plain(final)

    def _read_plain(self, final: bool) -> Chunk | None:
        size = os.fstat(self._file.fileno()).st_size
        if size < self.offset:
            raise ReplacedError(self.path)
        if size == self.offset:
            return None
        self._file.seek(self.offset - len(self._before))
        data = self._file.read(len(self._before) + CHUNK)
        if not data.startswith(self._before):
            raise ReplacedError(self.path)
        data = data[len(self._before) :]
        end = data.rfind(b"\n") + 1
        if not end and data and (final or len(data) >= CHUNK):
            end = len(data)
        return self._take(data[:end])

    def _read_packed(self) -> Chunk | None:
        """Unpack on from where the last read stood: going back means to unpack again from the start."""
        stamp = self._stamp()
        if self._ended is not None:
            if self._ended != stamp:
                raise ReplacedError(self.path)
            return None
        if self._fault is not None:
            raise self._fault
        data, more = self._rest, True
        while more and len(data) < CHUNK:
            try:
                piece = self._file.read(PACKED_READ)
            except (OSError, EOFError) as error:
                self._fault, piece = error, b""
            more = bool(piece)
            data += piece
        end = data.rfind(b"\n") + 1
        if not end or (not more and self._fault is None):
            end = len(data)
        self._rest = data[end:]
        if not more and self._fault is None:
            self._ended = stamp
        if not end and self._fault is not None:
            raise self._fault
        return self._take(data[:end])

    def _stamp(self) -> tuple[int, int]:
        """Return size and time of the last change (nanoseconds)."""
        state = os.fstat(self._file.fileno())
        return state.st_size, state.st_mtime_ns

    def _take(self, data: bytes) -> Chunk | None:
        if not data:
            return None
        start = self.offset - len(self._before)
        window = self._before + data
        records, ends = [], []
        for at, behind in _lines(data):
            line = data[at:behind].removesuffix(b"\n").removesuffix(b"\r")
            records.append(Record(line, f"{self.position.identity}@{self.offset + at}"))
            ends.append(self.offset + behind)
        self._before = window[-BEFORE:]
        self.offset += len(data)
        return Chunk(tuple(records), tuple(ends), start, window)

    def place(self, offset: int, chunk: Chunk | None = None) -> Position:
        """Return the position at an offset that was read, best in `chunk`, the last one."""
        before = self._before if offset == self.offset else chunk.before(offset) if chunk else None
        if before is None:
            before = self._read_before(offset)
        return Position(
            self.position.identity, self.position.fingerprint, str(self.path), offset, _hash(before)
        )

    def acknowledge(self, position: Position) -> None:
        """All before `position` is stored: read on from there after a restart."""
        self._positions.put(position)
        self.position = position

    def restarted(self) -> Position:
        """Return where this same file begins as its next generation: it was truncated."""
        prefix, _, generation = self.position.identity.rpartition("-")
        return self._start(f"{prefix}-", self.position.fingerprint, int(generation) + 1)

    @property
    def size(self) -> int:
        """Bytes on disk (packed ones of a gzip file)."""
        return os.fstat(self._file.fileno()).st_size

    @property
    def modified(self) -> float:
        """When it was last written, seconds since the epoch."""
        return os.fstat(self._file.fileno()).st_mtime

    def close(self) -> None:
        self._file.close()


def _open(path: Path) -> tuple[IO[bytes], bool]:
    file = path.open("rb", buffering=0)  # a buffer would show what a truncated file held before
    if file.read(2) == b"\x1f\x8b":
        file.close()
        return cast(IO[bytes], gzip.open(path, "rb")), True
    file.seek(0)
    return file, False


def _moved(known: Position, path: Path) -> Position:
    return Position(known.identity, known.fingerprint, str(path), known.offset, known.before)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _lines(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each line begins and ends: only a line feed ends one."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start) + 1 or len(data)
        yield start, end
        start = end
