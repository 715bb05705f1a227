"""The records of one object that lies in a file: unpacked, bounded, some at a time."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path

from integrations.contract import Framing, Record
from integrations.framing import BLOCK, open_log, records_of
from integrations.parquet import ParquetError, is_parquet, parquet_rows

SOME = 500
"""Records that are taken at once,"""
SOME_BYTES = 1 << 20
"""or so many bytes of them."""
UNREADABLE = (EOFError, zlib.error, lzma.LZMAError, OSError)
"""What reading a damaged object raises."""
_PACKED_OTHERWISE = {
    b"PK\x03\x04": "zip", b"\x28\xb5\x2f\xfd": "zstd", b"Obj\x01": "Avro", b"ORC": "ORC",
}  # fmt: skip


class FormatError(Exception):
    """An object is not of a form that is read here; the text says of which it is, or why."""


def read_object(path: Path, framing: Framing, identity: str, most: int) -> Iterator[list[Record]]:
    """Yield an object's records, some at a time.

    `most`: bytes of it unpacked. Raises `FormatError`, or one of `UNREADABLE` where it is damaged.
    """
    some: list[Record] = []
    size = 0
    records = _rows(path, identity, most) if is_parquet(path) else None
    for record in records or records_of(_blocks(path, most), _shape(path, framing), identity):
        some.append(record)
        size += len(record.data)
        if len(some) >= SOME or size >= SOME_BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some


def _rows(path: Path, identity: str, most: int) -> Iterator[Record]:
    size = 0
    try:
        for at, row in enumerate(parquet_rows(path)):
            size += len(row)
            if size > most:
                raise FormatError(f"it has more than {most:,} bytes unpacked (largest_unpacked)")
            yield Record(row, f"{identity}@{at}")
    except ParquetError as error:
        raise FormatError(str(error)) from error


def _blocks(path: Path, most: int) -> Iterator[bytes]:
    size = 0
    with open_log(path) as file:
        while block := file.read(BLOCK):
            size += len(block)
            if size > most:
                raise FormatError(f"it has more than {most:,} bytes unpacked (largest_unpacked)")
            yield block


def _shape(path: Path, framing: Framing) -> Framing:
    """Return how an object falls into records: lines may also come as a JSON array."""
    with open_log(path) as file:
        start = file.read(64)
    for magic, what in _PACKED_OTHERWISE.items():
        if start.startswith(magic):
            raise FormatError(f"it is {what}, which is not read: store gzip, or text as it is")
    text = start.lstrip()
    if framing is Framing.LINES and text.startswith(b"[") and text[1:].lstrip().startswith(b"{"):
        return Framing.JSON
    return framing
