"""Lines of vSphere's logs: who wrote them, how grave, in which operation, and what they say.

Reference: VMware vSphere documentation, "ESXi Log Files" and "Syslog messages"; Broadcom KB 306962. ESXi 8 puts
``In(166)`` (severity, and syslog's priority) before the program; before that hostd and vpxa put a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from integrations.contract import Normaliser, Origin, Record, Sample, Source, UnparsedError
from integrations.normalisers import ReadMessage, without_envelope
from integrations.recognition import DEFAULT_ORIGIN
from integrations.syslog import Envelope, EnvelopeReader
from integrations.text import readable
from integrations.times import Times
from rules.ecs import Document

_TIME = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d))"
_LEVELS = {
    "Em": "emergency", "Al": "alert", "Cr": "critical", "Er": "error", "Wa": "warning", "No": "notice", "In": "info", "Db": "debug",
    "panic": "critical", "error": "error", "warning": "warning", "info": "info", "verbose": "verbose", "trivia": "trivia",
}  # fmt: skip
_STAMP = re.compile(rf"{_TIME}:? ", re.ASCII)
_PROGRAM = re.compile(
    r"(?:(?:([A-Z][a-z])\(\d{1,3}\)|(panic|error|warning|info|verbose|trivia)) )?(?:-?>)?"
    r"([A-Za-z][\w.-]{1,47})(?:\[([0-9A-Fa-f]{1,12})\])?(?: ?\([^()]{1,64}\))?(?::? (?=\[)|: )",
    re.ASCII,
)
_ORIGINATOR = re.compile(r"\[Originator@\d{1,8} ([^\]]{0,512})\] ?", re.ASCII)
_PAIR = re.compile(r"(\w{1,32})=(\S{1,256})", re.ASCII)
_KERNEL = re.compile(r"(?:WARNING: |ALERT: )?cpu\d{1,4}:\d{1,10}(?: opID=\w{1,32})?\)", re.ASCII)


@dataclass
class Said:
    """One line."""

    time: str
    program: str
    message: str
    pid: int | None = None
    level: str | None = None
    host: str | None = None
    originator: dict[str, str] = field(default_factory=dict)
    """``sub``, ``opID``, ``user`` and so on."""


def read_line(text: str, envelope: Envelope | None, times: Times) -> Said:
    """Read a line of a file, or what stands behind a syslog envelope. Raises `UnparsedError`."""
    time = envelope.time if envelope is not None else None
    program = envelope.program if envelope is not None else ""
    host = envelope.host if envelope is not None else None
    if match := _STAMP.match(text):
        time, text = times.iso(match[1]) or time, text[match.end() :]
    if time is None:
        raise UnparsedError("expected a time, as in `2026-01-31T12:00:00.123Z In(166) Hostd[2099414]: …`")
    said = Said(time, program, text, envelope.pid if envelope is not None else None, host=host)
    if not program and _KERNEL.match(text):
        said.program = "vmkernel"
    elif match := _PROGRAM.match(text):
        short, word, name, number = match.groups()
        if short or word or not program or number:
            said.level = _LEVELS.get(short or word or "")
            said.program, said.message = name, text[match.end() :]
            said.pid = int(number) if number and number.isdigit() else said.pid
    if match := _ORIGINATOR.match(said.message):
        said.originator = dict(_PAIR.findall(match[1]))
        said.message = said.message[match.end() :]
    return said


def vendor_of(said: Said) -> dict[str, Any]:
    return {"originator": dict(said.originator)} if said.originator else {}


def vsphere_source(
    name: str,
    title: str,
    documentation: str,
    read: ReadMessage,
    recognise: Callable[[str], bool],
    samples: Sequence[Sample],
) -> Source:
    """Return a source of lines that come by syslog or stand in a file, where a level or a program follows
    the time: what a syslog reader would take for the host."""
    return Source(
        name=name,
        title=title,
        documentation=documentation,
        open=_Opener(read),
        guess=_Guess(recognise),
        samples=tuple(samples),
    )


def _split(text: str, reader: EnvelopeReader) -> tuple[str, Envelope | None]:
    if match := _STAMP.match(text):
        rest = text[match.end() :]
        if rest[:1] in {"{", "["} or _KERNEL.match(rest) or _PROGRAM.match(rest):
            return text, None
    return without_envelope(text, reader)


class _Opener:
    def __init__(self, read: ReadMessage) -> None:
        self._read = read

    def __call__(self, origin: Origin) -> Normaliser:
        return _Lines(self._read, origin)


class _Lines:
    def __init__(self, read: ReadMessage, origin: Origin) -> None:
        self._read, self._times, self._envelopes = read, Times(origin), EnvelopeReader(origin)

    def feed(self, record: Record) -> Sequence[tuple[Record, Document]]:
        text = readable(record.data)
        if not text or text.isspace():
            return ()
        message, envelope = _split(text, self._envelopes)
        found = self._read(message, envelope, self._times)
        return ((record, found),) if isinstance(found, dict) else ()

    def flush(self) -> Sequence[tuple[Record, Document]]:
        return ()


class _Guess:
    def __init__(self, recognise: Callable[[str], bool]) -> None:
        self._recognise = recognise

    def __call__(self, records: Sequence[bytes]) -> float:
        reader = EnvelopeReader(DEFAULT_ORIGIN)
        hits = 0
        for record in records:
            text = readable(record)
            hits += self._recognise(text) or self._recognise(_split(text, reader)[0])
        return hits / max(1, len(records))
