"""Logs of files that came by syslog: the line of the file stands behind an envelope that the file never had.

nginx's ``access_log syslog:…``, ``logger``, rsyslog's ``imfile`` and the like send what else would be a line
of a file. A source that is wrapped here reads both. The envelope says which host sent it and with what
priority; the event's time stays the one that the line itself has, and its original is the whole line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from integrations.contract import Normaliser, Origin, Record, Source, UnparsedError
from integrations.fields import put_new
from integrations.syslog import Envelope, EnvelopeReader
from integrations.text import readable
from rules.ecs import Document

Pairs = Sequence[tuple[Record, Document]]
Restore = Callable[[str, Envelope], str]
_BEGIN = re.compile(
    rb"<\d{1,3}>|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:|\d{4}-\d\d-\d\dT"
)
ANOTHER_PROGRAM = 0.9
"""How likely a source is, of 1, that reads a line which a program sent that is not known to be its own."""


def by_syslog(source: Source, *programs: str, restore: Restore | None = None) -> Source:
    """Return a source that also reads its records behind syslog envelopes; `programs` are those whose logs
    they are, as syslog names them. `restore` makes the file's line of a message that is not the same."""
    opener = _Opener(source.open, restore)
    return replace(source, open=opener, guess=_Guess(source.guess, frozenset(programs), restore))


def unwrap(
    data: bytes, reader: EnvelopeReader, restore: Restore | None = None
) -> tuple[bytes, Envelope] | None:
    """Return what stands behind the envelope, and it; None for a record that has none.

    Without a priority a line may begin with a time of its own: it then takes a program's tag as well to be
    an envelope.
    """
    if not _BEGIN.match(data):
        return None
    try:
        envelope = reader.read(readable(data))
    except UnparsedError:
        return None
    message = envelope.message.lstrip(" ")
    if not message or (envelope.priority is None and not envelope.program):
        return None
    line = message if restore is None else restore(message, envelope)
    return line.encode("utf-8", "surrogatepass"), envelope


Tell = Callable[[Document], None]
"""Puts what stood around a line into the document of the line."""
Unwrap = Callable[[bytes], tuple[bytes, Tell] | None]


class Unwrapping:
    """A normaliser whose records may have something around them: `unwrap` takes it off. Documents belong to
    the records as they came."""

    def __init__(self, inner: Normaliser, unwrap: Unwrap) -> None:
        self._inner, self._unwrap = inner, unwrap
        self._joins: bool = inner._joins if isinstance(inner, Unwrapping) else hasattr(inner, "held")
        self._whole: dict[str, tuple[Record, int, Tell | None]] = {}
        """By position: records as they came of which the inner one may still hold the lines, how many lines
        each has, and what stood around them."""

    @property
    def held(self) -> Record | None:
        held: Record | None = getattr(self._inner, "held", None)
        return held if held is None else self._as_it_came(held)[0]

    def feed(self, record: Record) -> Pairs:
        unwrapped = self._unwrap(record.data)
        if unwrapped is None and not self._joins:
            return self._inner.feed(record)
        line, tell = unwrapped or (record.data, None)
        self._whole[record.position] = (record, line.count(b"\n") + 1, tell)
        try:
            return self._told(self._inner.feed(Record(line, record.position)))
        finally:
            self._forget()

    def flush(self) -> Pairs:
        pairs = self._told(self._inner.flush())
        self._whole.clear()
        return pairs

    def _told(self, pairs: Pairs) -> Pairs:
        told = []
        for record, document in pairs:
            came, tell = self._as_it_came(record)
            if tell is not None:
                tell(document)
            told.append((came, document))
        return told

    def _as_it_came(self, record: Record) -> tuple[Record, Tell | None]:
        """Return a record of the inner one as its lines came, and what tells what stood around the first."""
        first = record.position if record.position in self._whole else record.position.rpartition(".")[0]
        if first not in self._whole:
            return record, None
        wanted, lines = record.data.count(b"\n") + 1, []
        positions = list(self._whole)
        for position in positions[positions.index(first) :]:
            came, count, _ = self._whole[position]
            lines.append(came.data)
            wanted -= count
            if wanted <= 0:
                break
        return Record(b"\n".join(lines), record.position), self._whole[first][2]

    def _forget(self) -> None:
        """Keep no more than what the inner one holds."""
        held: Record | None = getattr(self._inner, "held", None)
        if held is None:
            self._whole.clear()
            return
        for position in list(self._whole):
            if position in (held.position, held.position.rpartition(".")[0]):
                break
            del self._whole[position]


class _Envelopes:
    """Takes syslog's envelopes off: an `Unwrap`."""

    def __init__(self, origin: Origin, restore: Restore | None) -> None:
        self._reader, self._restore = EnvelopeReader(origin), restore

    def __call__(self, data: bytes) -> tuple[bytes, Tell] | None:
        if not _BEGIN.match(data):
            return None
        unwrapped = unwrap(data, self._reader, self._restore)
        if unwrapped is None:
            return None
        line, envelope = unwrapped
        return line, lambda document: _put_envelope(document, envelope)


def _put_envelope(document: Document, envelope: Envelope) -> None:
    said = envelope.document()
    if "syslog" in said.get("log", {}):
        document.setdefault("log", {}).setdefault("syslog", said["log"]["syslog"])
    if envelope.host and not {"name", "hostname"} & document.get("observer", {}).keys():
        put_new(document, "host.name", envelope.host)
        put_new(document, "host.hostname", envelope.host)


class _Opener:
    def __init__(self, open: Callable[[Origin], Normaliser], restore: Restore | None) -> None:
        self._open, self._restore = open, restore

    def __call__(self, origin: Origin) -> Normaliser:
        return Unwrapping(self._open(origin), _Envelopes(origin, self._restore))


class _Guess:
    def __init__(
        self,
        guess: Callable[[Sequence[bytes]], float],
        programs: frozenset[str],
        restore: Restore | None,
    ) -> None:
        self._guess, self._programs, self._restore = guess, programs, restore

    def __call__(self, records: Sequence[bytes]) -> float:
        from integrations.recognition import DEFAULT_ORIGIN

        reader = EnvelopeReader(DEFAULT_ORIGIN)
        lines, programs = [], set()
        for record in records:
            unwrapped = unwrap(record, reader, self._restore)
            lines.append(unwrapped[0] if unwrapped else record)
            programs.add(unwrapped[1].program if unwrapped else "")
        known = programs <= self._programs | {""}
        return self._guess(lines) * (1.0 if known else ANOTHER_PROGRAM)
