"""Sources of text whose records go over several lines.

A line that does not start a record belongs to the one before.

Stated rules: a record ends where the next one starts, or at the end of the stream; one that grows beyond
`LARGEST` is cut there, and what follows is a record of its own, read as a continuation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from integrations.contract import Normaliser, Origin, Record, Sample, Source, UnparsedError
from integrations.normalisers import Found, ReadLine
from integrations.text import readable
from integrations.times import Times
from rules.ecs import Document

LARGEST = 60_000
"""Bytes of one record."""
Starts = Callable[[bytes], bool]


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
    return Source(
        name=name,
        title=title,
        documentation=documentation,
        open=_Opener(starts, read),
        guess=_Guess(starts, recognise),
        joins=True,
        samples=tuple(samples),
    )


class JoinedNormaliser:
    def __init__(self, starts: Starts, read: ReadLine, origin: Origin) -> None:
        self._starts, self._read = starts, read
        self._times = Times(origin)
        self._lines: list[bytes] = []
        self._size = 0
        self._position = ""

    @property
    def held(self) -> Record | None:
        return Record(b"\n".join(self._lines), self._position) if self._lines else None

    def feed(self, record: Record) -> Sequence[tuple[Record, Document]]:
        if not record.data.strip():
            return ()
        if self._starts(record.data):
            done = self.flush()
            self._hold(record)
            return done
        if not self._lines:
            # Nothing to belong to: the reader says what was expected.
            return _pairs(record, self._read(readable(record.data), self._times))
        if self._size + len(record.data) > LARGEST:
            done = self.flush()
            self._hold(record)
            return done
        self._lines.append(record.data)
        self._size += len(record.data) + 1
        return ()

    def _hold(self, record: Record) -> None:
        self._lines, self._size, self._position = [record.data], len(record.data), record.position

    def flush(self) -> Sequence[tuple[Record, Document]]:
        held = self.held
        self._lines, self._size = [], 0
        if held is None:
            return ()
        text = readable(held.data)
        try:
            return _pairs(held, self._read(text, self._times))
        except UnparsedError as error:
            document: Document = {
                "@timestamp": self._times.received(),
                "event": {"kind": "pipeline_error", "type": ["error"]},
                "error": {"message": str(error)},
            }
            return [(held, document)]


def _pairs(record: Record, found: Found) -> list[tuple[Record, Document]]:
    if found is None:
        return []
    return [(record, found)] if isinstance(found, dict) else [(record, document) for document in found]


class _Opener:
    def __init__(self, starts: Starts, read: ReadLine) -> None:
        self._starts, self._read = starts, read

    def __call__(self, origin: Origin) -> Normaliser:
        return JoinedNormaliser(self._starts, self._read, origin)


class _Guess:
    def __init__(self, starts: Starts, recognise: Callable[[str], bool]) -> None:
        self._starts, self._recognise = starts, recognise

    def __call__(self, records: Sequence[bytes]) -> float:
        """Continuations say nothing for or against, but a log is not made of them."""
        lines = [record for record in records if record.strip()]
        first = [line for line in lines if self._starts(line)]
        hits = sum(self._recognise(readable(line)) for line in first)
        if not hits:
            return 0.0
        return hits / len(first) * min(1.0, 0.5 + len(first) / len(lines))
