"""Sources of text whose records go over several lines.

A line that does not start a record belongs to the one before.

Stated rules: a record ends where the next one starts, or at the end of the stream; one that grows beyond
`LARGEST` is cut there, and what follows is a record of its own, read as a continuation. Empty lines are part
of the record that they stand in (a statement may have some), and none before the first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from integrations.contract import Normaliser, Origin, Record, Sample, Source, UnparsedError
from integrations.normalisers import ReadLine
from integrations.text import readable
from integrations.times import Times
from rules.ecs import Document

LARGEST = 60_000
"""Bytes of one record."""
Starts: TypeAlias = Callable[[bytes], bool]
"""Whether a line starts a record. Is asked of each line in turn."""
Pairs: TypeAlias = Sequence[tuple[Record, Document]]
Complete: TypeAlias = Callable[[Sequence[Record]], Pairs]
"""Makes the documents of a record, of which it gets the lines. May raise `UnparsedError`."""


def joined_source(
    name: str,
    title: str,
    documentation: str,
    starts: Starts,
    read: ReadLine,
    recognise: Callable[[str], bool],
    samples: Sequence[Sample],
) -> Source:
    """Return a source of records that begin with a line for which `starts` is true.

    `read` gets a whole record, its lines joined by newlines. `recognise` gets one line, and is asked about
    lines that start a record only.
    """
    return lines_source(name, title, documentation, _Always(starts), Reading(read), recognise, samples)


def lines_source(
    name: str,
    title: str,
    documentation: str,
    framing: Callable[[], Starts],
    open: Callable[[Times], Complete],
    recognise: Callable[[str], bool],
    samples: Sequence[Sample],
) -> Source:
    """As `joined_source`, of records that are more than a text: for each stream `framing` makes the function
    that tells their starts, which may remember what it saw, and `open` the one that gets their lines."""
    return Source(
        name=name,
        title=title,
        documentation=documentation,
        open=_Opener(framing, open),
        guess=_Guess(framing, recognise),
        joins=True,
        samples=tuple(samples),
    )


def whole(lines: Sequence[Record]) -> Record:
    """Return the record that lines are, at the position of the first."""
    if len(lines) == 1:
        return lines[0]
    return Record(b"\n".join(line.data for line in lines), lines[0].position)


class JoinedNormaliser:
    def __init__(self, starts: Starts, complete: Complete, received: str) -> None:
        self._starts, self._complete, self._received = starts, complete, received
        self._lines: list[Record] = []
        self._size = 0

    @property
    def held(self) -> Record | None:
        return whole(self._lines) if self._lines else None

    def feed(self, record: Record) -> Pairs:
        if b"\n" not in record.data:
            return self._line(record)
        # A whole record in one piece, as some shippers send it: its lines are where they would stand.
        found: list[tuple[Record, Document]] = []
        place, at, offset = record.position.rpartition("@")
        start = int(offset) if at and offset.isdecimal() and len(offset) < 19 else None
        passed = 0
        for number, data in enumerate(record.data.split(b"\n")):
            position = f"{place}@{start + passed}" if start is not None else f"{record.position}.{number}"
            found += self._line(Record(data, position if number else record.position))
            passed += len(data) + 1
        return found

    def _line(self, record: Record) -> Pairs:
        if not self._lines and not record.data.strip():
            return ()
        done: Pairs = ()
        starts = self._starts(record.data)
        if self._lines and (starts or self._size + len(record.data) > LARGEST):
            done = self.flush()
        self._lines.append(record)
        self._size += len(record.data) + 1
        return done

    def flush(self) -> Pairs:
        lines, self._lines, self._size = self._lines, [], 0
        if not lines:
            return ()
        try:
            return self._complete(lines)
        except UnparsedError as error:
            # The line that is being fed is another one: the fault is told of the record that has it.
            document: Document = {
                "@timestamp": self._received,
                "event": {"kind": "pipeline_error", "type": ["error"]},
                "error": {"message": str(error)},
            }
            return [(whole(lines), document)]


class _Always:
    """A framing that remembers nothing."""

    def __init__(self, starts: Starts) -> None:
        self._starts = starts

    def __call__(self) -> Starts:
        return self._starts


class Reading:
    """Reads a whole record with a function of its text: an `open` of `lines_source`."""

    def __init__(self, read: ReadLine) -> None:
        self._read = read

    def __call__(self, times: Times) -> Complete:
        def complete(lines: Sequence[Record]) -> Pairs:
            record = whole(lines)
            found = self._read(readable(record.data), times)
            if found is None:
                return ()
            documents: Sequence[Document] = [found] if isinstance(found, dict) else found
            return [(record, document) for document in documents]

        return complete


class _Opener:
    def __init__(self, framing: Callable[[], Starts], open: Callable[[Times], Complete]) -> None:
        self._framing, self._open = framing, open

    def __call__(self, origin: Origin) -> Normaliser:
        times = Times(origin)
        return JoinedNormaliser(self._framing(), self._open(times), times.received())


class _Guess:
    def __init__(self, framing: Callable[[], Starts], recognise: Callable[[str], bool]) -> None:
        self._framing, self._recognise = framing, recognise

    def __call__(self, records: Sequence[bytes]) -> float:
        """Continuations say nothing for or against, but a log is not made of them."""
        starts = self._framing()
        lines = [record for record in records if record.strip()]
        first = [line for line in lines if starts(line)]
        hits = sum(self._recognise(readable(line)) for line in first)
        if not hits:
            return 0.0
        return hits / len(first) * min(1.0, 0.5 + len(first) / len(lines))
