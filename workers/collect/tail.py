"""Reads a growing file to its end and on, through rename, truncation, replacement and compression.

A file is known by device, inode and a hash of its first line, so that a renamed file is read on
where it was, a new file under the old name from its start, and a truncated one again from its
start. A gzip file whose first line is that of a file known before is that file, compressed.
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
"""Bytes of one read, and the longest line: a longer one is cut into pieces."""


@dataclass(frozen=True)
class Chunk:
    """Complete records of one file, and where the file stands once they are acknowledged."""

    records: tuple[Record, ...]
    after: Position


class TailedFile:
    """One open file. Its name may change; what it is does not."""

    def __init__(self, path: Path, positions: Positions) -> None:
        """Open a file and find where it was left. Raises OSError, or `EmptyFileError` where not one
        line is complete yet."""
        self.path = path
        self._positions = positions
        self._file = _open(path)
        try:
            state = os.stat(path)
            self.inode = (state.st_dev, state.st_ino)
            first = self._file.readline(4096)
            if not first.endswith(b"\n") and len(first) < 4096 and path.suffix != ".gz":
                raise EmptyFileError(path)
            fingerprint = hashlib.sha256(first).hexdigest()[:16]
            self.position = self._find(fingerprint, state.st_size)
        except BaseException:
            self._file.close()
            raise

    def _find(self, fingerprint: str, size: int) -> Position:
        path = str(self.path)
        if self.path.suffix == ".gz":
            known = self._positions.with_fingerprint(fingerprint)
            if len(known) == 1:
                return Position(known[0].identity, fingerprint, path, known[0].offset)
        prefix = f"{self.inode[0]:x}-{self.inode[1]:x}-{fingerprint}-"
        known = self._positions.like(prefix)
        if not known:
            return Position(f"{prefix}{0:06d}", fingerprint, path, 0)
        last = known[-1]
        if self.path.suffix == ".gz" or last.offset <= size:
            return Position(last.identity, fingerprint, path, last.offset)
        generation = int(last.identity.rpartition("-")[2]) + 1
        return Position(f"{prefix}{generation:06d}", fingerprint, path, 0)

    def read(self, *, final: bool = False) -> Chunk | None:
        """Return the next complete lines, None where there are none yet.

        `final`: the file won't grow any more, so a last line without its end is complete.
        Raises OSError, or EOFError and `gzip.BadGzipFile` for a damaged gzip file.
        """
        start = self.position.offset
        self._file.seek(start)
        data = self._file.read(CHUNK)
        end = data.rfind(b"\n") + 1
        if not end and data and (final or len(data) >= CHUNK):
            end = len(data)
        if not end:
            return None
        records = tuple(
            Record(data=line, position=f"{self.position.identity}@{start + offset}")
            for offset, line in _lines(data[:end])
        )
        after = Position(self.position.identity, self.position.fingerprint, str(self.path), start + end)
        return Chunk(records=records, after=after)

    def acknowledge(self, after: Position) -> None:
        """Move on: the chunk's events are stored."""
        self._positions.put(after)
        self.position = after

    def shrunk(self) -> bool:
        """Whether the file was truncated below what was read (``copytruncate``)."""
        return self.path.suffix != ".gz" and os.fstat(self._file.fileno()).st_size < self.position.offset

    def modified(self) -> float:
        """When it was last written, seconds since the epoch."""
        return os.fstat(self._file.fileno()).st_mtime

    def close(self) -> None:
        self._file.close()


class EmptyFileError(Exception):
    """There is not one complete line to know the file by."""


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Split at line feeds only: any other control character is part of a line."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start) + 1 or len(data)
        yield start, data[start:end].rstrip(b"\r\n")
        start = end
