"""How a stream of bytes falls into records: lines, JSON values, Windows event logs.

Memory is bounded whatever comes: a line or JSON value longer than `PIECE` is read as pieces, each a
record of its own (the pipeline keeps what it can of each).
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, cast

import orjson

from integrations.contract import Framing, Record
from integrations.parquet import ParquetError, is_parquet, parquet_rows

BLOCK = 1 << 20
"""Bytes of one read."""
PIECE = 1 << 20
"""Bytes of the longest line or JSON value that is one record."""
EVTX_MAGIC = b"ElfFile\x00"
"""How a binary Windows event log begins."""
_EVTX_HEADER, _EVTX_CHUNK = 4096, 65_536
"""Bytes of its header and of each chunk."""
IDENTIFYING = 4096
"""Bytes by which a file's content is known."""

_PACKED = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\x00", lzma.open))


def open_log(path: Path) -> IO[bytes]:
    """Open a log file for reading, unpacked where it is gzip, bzip2 or xz by its first bytes.

    Raises OSError; reading may raise OSError or EOFError where it is damaged.
    """
    with path.open("rb") as file:
        start = file.read(8)
    for magic, opened in _PACKED:
        if start.startswith(magic):
            return cast(IO[bytes], opened(path, "rb"))
    return path.open("rb")


def content_identity(path: Path) -> str:
    """Return the identity of a file's (unpacked) content: by its first 4 KiB, whatever its name."""
    with open_log(path) as file:
        return "content-" + hashlib.sha256(file.read(IDENTIFYING)).hexdigest()[:24]


def read_records(path: Path, framing: Framing) -> Iterator[Record]:
    """Yield a file's records, positions being ``<content identity>@<byte offset or record number>``.

    Of a Parquet file each row is one, as JSON. Raises OSError or EOFError where the file can't be read (on).
    """
    identity = content_identity(path)
    if is_parquet(path):
        try:
            yield from (Record(row, f"{identity}@{at}") for at, row in enumerate(parquet_rows(path)))
        except ParquetError as error:
            raise ParquetError(f"{path}: {error}") from error
        return
    with open_log(path) as file:
        yield from records_of(iter(lambda: file.read(BLOCK), b""), framing, identity)


def records_of(blocks: Iterable[bytes], framing: Framing, identity: str) -> Iterator[Record]:
    """Split a stream that comes in blocks. A binary Windows event log is read whole before it is split: its
    reader has to seek."""
    if framing is Framing.EVTX:
        blocks = iter(blocks)
        head = b""
        for block in blocks:
            head += block
            if len(head) >= len(EVTX_MAGIC):
                break
        blocks = _chain(head, blocks)
        if head.startswith(EVTX_MAGIC):
            yield from _evtx_records(blocks, identity)
            return
    if framing is Framing.XML:
        split = split_xml(blocks)
    else:
        split = split_lines(blocks) if framing is Framing.LINES else split_json(blocks)
    for offset, data in split:
        yield Record(data, f"{identity}@{offset}")


def split_lines(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, line without its end). Only a line feed ends a line (a CR before it goes too)."""
    rest, start = b"", 0
    for block in blocks:
        data = rest + block
        at = 0
        while (end := data.find(b"\n", at)) >= 0:
            line = data[at:end]
            yield start + at, line[:-1] if line.endswith(b"\r") else line
            at = end + 1
        while len(data) - at > PIECE:
            yield start + at, data[at : at + PIECE]
            at += PIECE
        rest, start = data[at:], start + at
    if rest:
        yield start, rest.removesuffix(b"\r")


_TOKEN = re.compile(rb'["{}\[\]]')
_STRING_END = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_BETWEEN = re.compile(rb"[\s,\[\]\x1e\x00]*+")
_WRAPPER = re.compile(rb'\s*+\{\s*+"(?:Records|records|value|items)"\s*+:\s*+\[')
"""Of a file whose records are the list in one object: CloudTrail's, Azure's, many APIs' answers."""
_WRAPPERS = tuple(b'{"%s":[' % word for word in (b"Records", b"records", b"value", b"items"))
_OPENING = ord("{")
_ENVELOPE = re.compile(rb"<\d{1,3}>|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:|\d{4}-\d\d-\d\d[T ]\d\d:")
"""How a syslog line begins."""


def split_json(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, JSON object) of NDJSON, of concatenated objects, of an array of objects, and of an
    object that wraps such an array (``{"Records": [{…}, {…}]}``).

    Where the first line is a whole object, or ends with one behind a syslog envelope, each line is a record,
    so that one damaged line costs one record. Else objects are found by their braces. What is no JSON is a
    record too, to be reported.
    """
    blocks = iter(blocks)
    head = b""
    for block in blocks:
        head += block
        if b"\n" in head.lstrip() or len(head) > PIECE:
            break
    together = _chain(head, blocks)
    if _WRAPPER.match(head):
        yield from _split_objects(together)
    elif _is_record(head.lstrip().split(b"\n", 1)[0]):
        yield from ((offset, line) for offset, line in split_lines(together) if line.strip())
    else:
        yield from _split_objects(together)


def _chain(head: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from blocks


def enveloped(line: bytes) -> int:
    """Return where the object of a line begins that has a syslog envelope before it, -1 where it has none."""
    return line.find(b"{", 0, 512) if _ENVELOPE.match(line) else -1


def _is_record(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line[max(0, enveloped(line)) :]), dict)
    except orjson.JSONDecodeError:
        return False


def _split_objects(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    buffer, start = b"", 0
    """What is not done with, and its offset in the stream."""
    at = depth = 0
    """Where to look on in the buffer, and how many brackets are open there."""
    wrapped = False
    """Whether these are the records of a wrapper that is still open."""
    for block, last in _marked(blocks):
        buffer += block
        begin = 0
        while True:
            if depth == 0:
                # Between objects: whatever is neither separator nor object is a record to its line's end.
                match = _BETWEEN.match(buffer, begin)
                begin = at = match.end() if match else begin
                if wrapped and buffer[begin : begin + 1] == b"}":
                    wrapped, begin = False, begin + 1
                    continue
                if wrapper := _WRAPPER.match(buffer, begin):
                    wrapped, begin = True, wrapper.end()
                    continue
                if not last and _may_wrap(buffer[begin : begin + 64]):
                    break
                if begin == len(buffer):
                    break
                if buffer[begin] != _OPENING:
                    end = buffer.find(b"\n", begin, begin + PIECE)
                    if end < 0 and len(buffer) - begin < PIECE:
                        break
                    end = end if end >= 0 else begin + PIECE
                    yield start + begin, buffer[begin:end]
                    begin = end
                    continue
            at, depth = _scan(buffer, at, depth)
            if depth and len(buffer) - begin > PIECE:
                at, depth = begin + PIECE, 0
            if depth:
                break
            yield start + begin, buffer[begin:at]
            begin = at
        buffer, start, at = buffer[begin:], start + begin, at - begin
    if buffer:
        yield start, buffer


def _marked(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield each block and whether it is the last, which is empty."""
    for block in blocks:
        yield block, False
    yield b"", True


def _may_wrap(start: bytes) -> bool:
    """Whether a wrapper may be cut off here."""
    squeezed = b"".join(start.split())
    return bool(squeezed) and any(wrapper.startswith(squeezed) for wrapper in _WRAPPERS)


def _scan(buffer: bytes, at: int, depth: int) -> tuple[int, int]:
    """Return (where, depth) after the object closes, or before what is not whole yet."""
    while token := _TOKEN.search(buffer, at):
        character = token[0]
        if character == b'"':
            end = _STRING_END.match(buffer, token.end())
            if end is None:
                return token.start(), depth
            at = end.end()
            continue
        at = token.end()
        depth += 1 if character in b"{[" else -1
        if depth == 0:
            return at, 0
    return len(buffer), depth


_EVENT_END = b"</Event>"


def split_xml(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, what ends with ``</Event>``) without white space before it; at the end, what is left."""
    rest, start, seen = b"", 0, 0
    for block in blocks:
        data = rest + block
        at = 0
        seen = max(0, seen - len(_EVENT_END))
        while (end := data.find(_EVENT_END, max(at, seen))) >= 0:
            end += len(_EVENT_END)
            record = data[at:end]
            yield start + end - len(record.lstrip()), record.lstrip()
            at = end
        while len(data) - at > PIECE:
            yield start + at, data[at : at + PIECE]
            at += PIECE
        rest, start = data[at:], start + at
        seen = len(rest)
    if rest.strip():
        yield start, rest


def _evtx_records(blocks: Iterable[bytes], identity: str) -> Iterator[Record]:
    """Yield the records of a Windows event log as evtx_dump prints them, one JSON object each."""
    from evtx import PyEvtxParser

    with tempfile.TemporaryFile() as file:
        for block in blocks:
            file.write(block)
        size = file.tell()
        file.seek(0)
        chunks = int.from_bytes(file.read(44)[42:], "little")
        file.seek(0)
        try:
            parser = PyEvtxParser(file)
        except RuntimeError as error:
            yield Record(str(error).encode(), f"{identity}@0")
            return
        records = parser.records_json()
        damaged = 0
        while True:
            try:
                record = next(records, None)
            except RuntimeError as error:
                damaged += 1
                yield Record(f"a damaged record: {error}".encode(), f"{identity}@damaged-{damaged}")
                continue
            if record is None:
                break
            yield Record(record["data"].encode(), f"{identity}@{record['event_record_id']}")
        if size < _EVTX_HEADER + chunks * _EVTX_CHUNK:
            reason = (
                f"a damaged record: the file ends after {size} bytes, its header tells of {chunks} chunks"
            )
            yield Record(reason.encode(), f"{identity}@end")
