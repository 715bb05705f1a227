"""A whole stream at once: raw records in, ECS documents as NDJSON out, on all cores, without any engine."""

from __future__ import annotations

import gc
import multiprocessing
import os
import select
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import orjson

from integrations.contract import Framing, Origin, Record, Source
from integrations.framing import (
    BLOCK,
    content_identity,
    open_log,
    read_records,
    records_of,
    split_lines,
)
from integrations.parquet import is_parquet
from integrations.pipeline import Enricher, Pipeline, Place

_LINE_FEED = orjson.OPT_APPEND_NEWLINE


@dataclass(frozen=True)
class Tally:
    """What became of a stream."""

    records: int = 0
    events: int = 0
    unparsed: int = 0
    """Events that are pipeline errors."""

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.records + other.records, self.events + other.events, self.unparsed + other.unparsed)


def normalize_stream(
    source: Source,
    input: IO[bytes],
    output: IO[bytes],
    origin: Origin,
    processes: int | None = None,
    *,
    path: str | None = None,
    identity: str = "stream",
    enrichers: Sequence[Enricher] = (),
) -> Tally:
    """Read `input` to its end and write each event as a line of JSON to `output`, in order.

    `processes`: how many normalise, None for all cores; only files and pipes of some size use more
    than one. `path` and `identity` name the stream in ``log.file.path`` and in positions. What a slow
    pipe brings is written before the next read. Raises what reading and writing raise
    (BrokenPipeError where nobody reads on).
    """
    work = _Work(source, origin, path, identity, tuple(enrichers))
    if source.joins or source.framing is not Framing.LINES:
        return _in_order(work, records_of(_blocks(input), source.framing, identity), output)
    count = processes if processes is not None else len(os.sched_getaffinity(0))
    return _Crew(work, output, max(1, count)).run(input)


def normalize_file(
    source: Source,
    path: Path,
    output: IO[bytes],
    origin: Origin,
    processes: int | None = None,
    *,
    enrichers: Sequence[Enricher] = (),
) -> Tally:
    """As `normalize_stream`, of a file (also a packed one, also EVTX); positions, and so event ids, are
    those that `siem ingest` gives. Raises also OSError or EOFError where it can't be read."""
    if is_parquet(path):
        work = _Work(source, origin, str(path), "", tuple(enrichers))
        return _in_order(work, read_records(path, source.framing), output)
    identity = content_identity(path)
    with open_log(path) as input:
        return normalize_stream(
            source,
            input,
            output,
            origin,
            processes,
            path=str(path),
            identity=identity,
            enrichers=enrichers,
        )


@dataclass(frozen=True)
class _Work:
    source: Source
    origin: Origin
    path: str | None
    identity: str
    enrichers: tuple[Enricher, ...]

    def pipeline(self) -> Pipeline:
        return Pipeline(self.source, self.origin, Place(self.path), self.enrichers)


def _in_order(work: _Work, records: Iterable[Record], output: IO[bytes]) -> Tally:
    pipeline = work.pipeline()
    tally = Tally()
    for record in records:
        events = pipeline.feed(record)
        output.write(b"".join([orjson.dumps(event, option=_LINE_FEED) for event in events]))
        tally += Tally(1, len(events), _unparsed(events))
    events = pipeline.flush()
    output.write(b"".join([orjson.dumps(event, option=_LINE_FEED) for event in events]))
    output.flush()
    return tally + Tally(0, len(events), _unparsed(events))


def _unparsed(events: Iterable[dict[str, dict[str, object]]]) -> int:
    return sum(event["event"]["kind"] == "pipeline_error" for event in events)


def _blocks(input: IO[bytes]) -> Iterator[bytes]:
    """Yield what there is to read, at once, not only when a block is full."""
    read = getattr(input, "read1", input.read)
    while block := read(BLOCK):
        yield block


class _Crew:
    """Blocks of whole lines go round to processes, their answers are written in the blocks' order."""

    def __init__(self, work: _Work, output: IO[bytes], processes: int) -> None:
        self._work = work
        self._output = output
        self._processes = processes
        self._pool: ProcessPoolExecutor | None = None
        self._pending: deque[Future[tuple[bytes, Tally]]] = deque()
        self._tally = Tally()

    def run(self, input: IO[bytes]) -> Tally:
        _start(self._work)
        try:
            rest, offset = b"", 0
            for block in _blocks(input):
                rest += block
                more = _more(input)
                if more and len(rest) < BLOCK:
                    continue
                end = rest.rfind(b"\n") + 1
                if end == 0 and len(rest) < BLOCK:
                    continue
                end = end or len(rest)
                self._give(offset, rest[:end], alone=not more)
                rest, offset = rest[end:], offset + end
                if not more:
                    self._write(0)
                    self._output.flush()
            if rest:
                self._give(offset, rest, alone=not self._pending)
            self._write(0)
            self._output.flush()
            return self._tally
        finally:
            if self._pool is not None:
                self._pool.shutdown(wait=True, cancel_futures=True)

    def _give(self, offset: int, data: bytes, *, alone: bool) -> None:
        if self._processes == 1 or (alone and not self._pending):
            self._take(_normalize(offset, data))
            return
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._processes,
                multiprocessing.get_context("fork"),
                initializer=_start,
                initargs=(self._work, True),
            )
        self._pending.append(self._pool.submit(_normalize, offset, data))
        self._write(2 * self._processes)

    def _write(self, left: int) -> None:
        """Write answers until no more than `left` are awaited."""
        while len(self._pending) > left:
            self._take(self._pending.popleft().result())

    def _take(self, answer: tuple[bytes, Tally]) -> None:
        self._output.write(answer[0])
        self._tally += answer[1]


def _more(input: IO[bytes]) -> bool:
    """Whether the next read would answer at once."""
    try:
        return bool(select.select([input.fileno()], [], [], 0)[0])
    except (OSError, ValueError):
        return True


_at_work: tuple[_Work, Pipeline] | None = None
"""Of this process: set once by `_start`."""


def _start(work: _Work, apart: bool = False) -> None:
    global _at_work
    if apart:
        # An interrupt is the parent's to answer. Events hold no cycles: looking for some costs a fifth.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        gc.disable()
    _at_work = work, work.pipeline()


def _normalize(offset: int, data: bytes) -> tuple[bytes, Tally]:
    if _at_work is None:
        raise RuntimeError("this process was not started for a stream")
    work, pipeline = _at_work
    prefix = f"{work.identity}@"
    lines: list[bytes] = []
    records = unparsed = 0
    for at, line in split_lines((data,)):
        records += 1
        for event in pipeline.feed(Record(line, f"{prefix}{offset + at}")):
            unparsed += event["event"]["kind"] == "pipeline_error"
            lines.append(orjson.dumps(event, option=_LINE_FEED))
    return b"".join(lines), Tally(records, len(lines), unparsed)
