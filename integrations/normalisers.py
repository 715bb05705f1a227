"""Normalisers made of one function, for sources whose records stand alone.

A reading function gets one record in the shape that its format has (a JSON object, a syslog message, a
line of text) and returns its document, several, or none for a record that carries nothing (a comment).
It sets ``@timestamp``, ``event.kind/category/type/action/outcome`` and whatever ECS has a field for;
what is the vendor's own goes below ``vendor``, spelt as the vendor spells it. It raises `UnparsedError`
for what its format does not allow. Bookkeeping (ids, dataset, related, enrichment) is the pipeline's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import orjson

from integrations.contract import Framing, Normaliser, Origin, Record, Sample, Source, UnparsedError
from integrations.framing import enveloped
from integrations.syslog import Envelope, EnvelopeReader
from integrations.text import readable
from integrations.times import Times
from rules.ecs import Document

_PRIORITY = re.compile(r"<(\d{1,3})>", re.ASCII)
"""What devices write that have no other envelope: ``<189>date=…``."""

Found: TypeAlias = Document | Sequence[Document] | None
ReadObject: TypeAlias = Callable[[dict[str, Any], Times], Found]
ReadLine: TypeAlias = Callable[[str, Times], Found]
ReadMessage: TypeAlias = Callable[[str, Envelope | None, Times], Found]
"""Gets the message without its envelope, and the envelope, None where the line had none."""
Recognise: TypeAlias = Callable[[dict[str, Any]], bool]


def json_source(
    name: str,
    title: str,
    documentation: str,
    read: ReadObject,
    recognise: Recognise,
    samples: Sequence[Sample],
) -> Source:
    """Return a source of JSON objects: NDJSON, an array, or the wrappers of `integrations.framing`; an
    object may also stand behind a syslog envelope. `recognise` says whether an object is of this source."""
    return Source(
        name=name,
        title=title,
        documentation=documentation,
        open=_JsonOpener(read, recognise),
        guess=_JsonGuess(recognise),
        framing=Framing.JSON,
        samples=tuple(samples),
    )


def line_source(
    name: str,
    title: str,
    documentation: str,
    read: ReadLine,
    recognise: Callable[[str], bool],
    samples: Sequence[Sample],
) -> Source:
    """Return a source of lines of text, each a record of its own; empty ones are left out."""
    return Source(
        name=name,
        title=title,
        documentation=documentation,
        open=_LineOpener(read),
        guess=_LineGuess(recognise),
        samples=tuple(samples),
    )


def message_source(
    name: str,
    title: str,
    documentation: str,
    read: ReadMessage,
    recognise: Callable[[str], bool],
    samples: Sequence[Sample],
) -> Source:
    """Return a source of messages that come by syslog, or in a file without their envelopes.

    `recognise` gets the message without its envelope.
    """
    return Source(
        name=name,
        title=title,
        documentation=documentation,
        open=_MessageOpener(read),
        guess=_MessageGuess(recognise),
        samples=tuple(samples),
    )


def load_object(data: bytes | str) -> dict[str, Any]:
    """Return the JSON object that a record is. Raises `UnparsedError`, also for one nested too deep."""
    try:
        entry = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise UnparsedError(f"expected a JSON object: {error}") from error
    if not isinstance(entry, dict):
        raise UnparsedError(f"expected a JSON object, not a {type(entry).__name__}")
    return entry


LISTS = frozenset(
    {"items", "entries", "records", "Records", "value", "events", "data", "results", "authlogs"}
)
"""Names under which answers of APIs and hooks have their records."""
MOST_LISTED = 100_000


def listed(entry: dict[str, Any], recognise: Recognise) -> list[dict[str, Any]]:
    """Return the records that an API's answer lists (``{"kind": …, "items": [{…}, {…}]}``), none where the
    object is a record itself or lists none of this source."""
    if recognise(entry):
        return []
    for name in LISTS & entry.keys():
        items = entry[name]
        if isinstance(items, dict):
            items = next((items[inner] for inner in LISTS & items.keys()), None)
        if isinstance(items, list) and items and isinstance(items[0], dict) and recognise(items[0]):
            return [item for item in items[:MOST_LISTED] if isinstance(item, dict)]
    return []


def without_envelope(text: str, reader: EnvelopeReader) -> tuple[str, Envelope | None]:
    """Split a syslog line into its message and its envelope, None where it has none.

    What a device wrote right after the time, taken for a tag (``%ASA-6-302013:``), stays in the message.
    """
    try:
        envelope = reader.read(text)
    except UnparsedError:
        if text.startswith("<") and (end := text.find(">", 1, 5)) > 0 and text[1:end].isdigit():
            return text[end + 1 :].lstrip(), None
        return text, None
    return envelope.message, envelope


def started(envelope: Envelope | None) -> Document:
    """Return the beginning of a document of a network device's message: what the envelope tells.

    The host of the envelope is the device: ``observer.hostname``; ``host.*`` is left to the reader.
    """
    document: Document = {"event": {"kind": "event"}}
    if envelope is None:
        return document
    whole = envelope.document()
    if "log" in whole:
        document["log"] = whole["log"]
    document["@timestamp"] = envelope.time
    if envelope.host:
        document["observer"] = {"hostname": envelope.host}
    return document


def _pairs(record: Record, found: Found) -> Sequence[tuple[Record, Document]]:
    if found is None:
        return ()
    if type(found) is dict or isinstance(found, Mapping):
        return ((record, found),)
    return [(record, document) for document in found]


class _Alone:
    """A normaliser that holds nothing back."""

    def flush(self) -> Sequence[tuple[Record, Document]]:
        return ()


class _Objects(_Alone):
    def __init__(self, read: ReadObject, recognise: Recognise, origin: Origin) -> None:
        self._read, self._recognise, self._times = read, recognise, Times(origin)
        self._envelopes = EnvelopeReader(origin)

    def feed(self, record: Record) -> Sequence[tuple[Record, Document]]:
        data = record.data
        if not data or data.isspace():
            return ()
        if data[:1] != b"{" and not data.lstrip().startswith(b"{"):
            message, _ = without_envelope(readable(data), self._envelopes)
            start = message.find("{", 0, 256)
            data = message[max(0, start) :].encode("utf-8", "surrogatepass")
        entry = load_object(data)
        if not entry.keys().isdisjoint(LISTS) and (found := listed(entry, self._recognise)):
            # One record each, lest the whole answer be the original of all.
            parts = ((Record(orjson.dumps(item), record.position), item) for item in found)
            return [pair for part, item in parts for pair in _pairs(part, self._read(item, self._times))]
        return _pairs(record, self._read(entry, self._times))


class _Lines(_Alone):
    def __init__(self, read: ReadLine, origin: Origin) -> None:
        self._read, self._times = read, Times(origin)

    def feed(self, record: Record) -> Sequence[tuple[Record, Document]]:
        text = readable(record.data)
        return _pairs(record, self._read(text, self._times)) if text and not text.isspace() else ()


class _Messages(_Alone):
    def __init__(self, read: ReadMessage, origin: Origin) -> None:
        self._read, self._times = read, Times(origin)
        self._envelopes = EnvelopeReader(origin)

    def feed(self, record: Record) -> Sequence[tuple[Record, Document]]:
        text = readable(record.data)
        if not text or text.isspace():
            return ()
        message, envelope = without_envelope(text, self._envelopes)
        pairs = _pairs(record, self._read(message, envelope, self._times))
        if envelope is None and (priority := _PRIORITY.match(text)) and int(priority[1]) < 192:
            for _, document in pairs:
                whole = Envelope("", None, "", None, "", int(priority[1])).document()
                document.setdefault("log", {}).setdefault("syslog", whole["log"]["syslog"])
        return pairs


class _JsonOpener:
    def __init__(self, read: ReadObject, recognise: Recognise) -> None:
        self._read, self._recognise = read, recognise

    def __call__(self, origin: Origin) -> Normaliser:
        return _Objects(self._read, self._recognise, origin)


class _LineOpener:
    def __init__(self, read: ReadLine) -> None:
        self._read = read

    def __call__(self, origin: Origin) -> Normaliser:
        return _Lines(self._read, origin)


class _MessageOpener:
    def __init__(self, read: ReadMessage) -> None:
        self._read = read

    def __call__(self, origin: Origin) -> Normaliser:
        return _Messages(self._read, origin)


class _JsonGuess:
    def __init__(self, recognise: Recognise) -> None:
        self._recognise = recognise

    def __call__(self, records: Sequence[bytes]) -> float:
        hits = 0
        for record in records:
            try:
                entry = orjson.loads(record[max(0, enveloped(record)) :])
            except orjson.JSONDecodeError:
                continue
            if isinstance(entry, dict):
                hits += self._recognise(entry) or bool(listed(entry, self._recognise))
        return hits / max(1, len(records))


class _LineGuess:
    def __init__(self, recognise: Callable[[str], bool]) -> None:
        self._recognise = recognise

    def __call__(self, records: Sequence[bytes]) -> float:
        return sum(self._recognise(readable(record)) for record in records) / max(1, len(records))


class _MessageGuess:
    def __init__(self, recognise: Callable[[str], bool]) -> None:
        self._recognise = recognise

    def __call__(self, records: Sequence[bytes]) -> float:
        from integrations.recognition import DEFAULT_ORIGIN

        reader = EnvelopeReader(DEFAULT_ORIGIN)
        hits = 0
        for record in records:
            text = readable(record)
            hits += self._recognise(without_envelope(text, reader)[0]) or self._recognise(text)
        return hits / max(1, len(records))
