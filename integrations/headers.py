"""Sources of lines whose meaning stands in a header: ``#Fields: date time c-ip …``, ``#fields	ts	uid	…``.

The header is the state of a stream: it is what the last block of ``#`` lines said. A collector that starts
again reads on from there, so the block's first line is what the normaliser holds. A stream that begins in the
middle has no header; its reader then says what order it takes, or refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from integrations.contract import Normaliser, Origin, Record, Sample, Source
from integrations.normalisers import Found
from integrations.text import readable
from integrations.times import Times
from rules.ecs import Document

Header = TypeVar("Header")
ReadHeader = Callable[[Sequence[str]], Header]
"""Gets the ``#`` lines of the newest block, none at first. Raises `UnparsedError` for a line that is no
header of the format, so that nothing is taken for a comment that was something else."""
LONGEST_HEADER = 64
"""Lines of one block that count."""


def headed_source(
    name: str,
    title: str,
    documentation: str,
    header: ReadHeader[Header],
    read: Callable[[str, Header, Times], Found],
    recognise: Callable[[str], bool],
    samples: Sequence[Sample],
) -> Source:
    """Return a source of lines that `read` understands by what `header` made of the lines with ``#``.

    `recognise` is asked about header lines and others alike.
    """
    return Source(
        name=name,
        title=title,
        documentation=documentation,
        open=_Opener(header, read),
        guess=_Guess(recognise),
        joins=True,
        samples=tuple(samples),
    )


class HeadedNormaliser(Generic[Header]):
    def __init__(
        self, header: ReadHeader[Header], read: Callable[[str, Header, Times], Found], origin: Origin
    ) -> None:
        self._header_of, self._read = header, read
        self._times = Times(origin)
        self._lines: list[str] = []
        self._first: Record | None = None
        self._in_header = False
        self._header = header(())

    @property
    def held(self) -> Record | None:
        """The header's first line, where it stands in a file: what came over a network is not read again."""
        first = self._first
        return first if first is not None and first.position.rpartition("@")[2].isdecimal() else None

    def feed(self, record: Record) -> Sequence[tuple[Record, Document]]:
        text = readable(record.data)
        if not text or text.isspace():
            return ()
        if text.startswith("#"):
            if "\n" in text:  # a header and its lines at once, as samples have them
                lines = text.split("\n")
                pairs: list[tuple[Record, Document]] = []
                for at, line in enumerate(lines):
                    pairs += self.feed(Record(line.encode(), f"{record.position}.{at}"))
                return pairs
            self._take(text, record)
            return ()
        self._in_header = False
        found = self._read(text, self._header, self._times)
        if found is None:
            return ()
        return [(record, found)] if isinstance(found, dict) else [(record, one) for one in found]

    def _take(self, text: str, record: Record) -> None:
        if not self._in_header:
            self._lines, self._first, self._in_header = [], record, True
        lines = [*self._lines[-LONGEST_HEADER:], text]
        self._header = self._header_of(lines)
        self._lines = lines

    def flush(self) -> Sequence[tuple[Record, Document]]:
        return ()


class _Opener(Generic[Header]):
    def __init__(self, header: ReadHeader[Header], read: Callable[[str, Header, Times], Found]) -> None:
        self._header, self._read = header, read

    def __call__(self, origin: Origin) -> Normaliser:
        return HeadedNormaliser(self._header, self._read, origin)


class _Guess:
    def __init__(self, recognise: Callable[[str], bool]) -> None:
        self._recognise = recognise

    def __call__(self, records: Sequence[bytes]) -> float:
        """A recognised header is worth as much as all lines below it, which may be of any kind."""
        lines = [readable(record) for record in records]
        headers = [line for line in lines if line.startswith("#")]
        others = [line for line in lines if not line.startswith("#")]
        named = any(self._recognise(line) for line in headers)
        hits = sum(self._recognise(line) for line in others)
        if named:
            return 0.75 + 0.25 * hits / max(1, len(others))
        return hits / max(1, len(others)) if not headers else 0.0
