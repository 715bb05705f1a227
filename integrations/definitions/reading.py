"""The normaliser of a source that is defined in YAML."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from integrations.contract import Normaliser, Origin, Record, UnparsedError
from integrations.definitions.model import SourceFile
from integrations.definitions.patterns import Pattern
from integrations.definitions.values import FieldReader, complete, part
from integrations.fields import put, put_new
from integrations.normalisers import load_object, without_envelope
from integrations.notations import read_cef, read_csv, read_leef, read_pairs
from integrations.syslog import Envelope, EnvelopeReader
from integrations.text import readable
from integrations.times import Times
from rules.ecs import Document

Split = Callable[[str], Mapping[str, Any]]


class DefinedReader:
    """Reads single records."""

    def __init__(self, file: SourceFile, patterns: Sequence[Pattern]) -> None:
        self._file = file
        self._patterns = tuple(patterns)
        self._fields = [FieldReader(field, mapped) for field, mapped in file.fields.items()]
        self._when = [
            (
                [(name, _words(wanted)) for name, wanted in when.if_.items()],
                [FieldReader(field, mapped) for field, mapped in when.fields.items()],
            )
            for when in file.when
        ]
        self._split: Split = {
            "pattern": self._by_pattern,
            "json": load_object,
            "keyvalue": read_pairs,
            "csv": self._by_column,
            "cef": _cef,
            "leef": _leef,
        }[file.format]

    def read(self, text: str, times: Times, envelopes: EnvelopeReader) -> Document | None:
        """Return a record's document, None where it carries nothing. Raises `UnparsedError`."""
        if not text or text.isspace() or any(word in text for word in self._file.ignore):
            return None
        message, envelope = self._message(text, envelopes)
        parts = self._split(message)
        if not parts:
            raise UnparsedError(f"expected {self._file.format}, found nothing that is")
        document: Document = {"event": {}, "@timestamp": self._time(parts, envelope, times)}
        for field in self._fields:
            field.read(parts, document, times)
        for conditions, fields in self._when:
            if all(_holds(part(parts, name), wanted) for name, wanted in conditions):
                for field in fields:
                    field.read(parts, document, times)
        complete(document)
        put_new(document, "message", message if self._file.format == "pattern" else None)
        put_new(document, "vendor", dict(parts))
        if envelope is not None:
            put_new(document, "host.name", envelope.host)
            put_new(document, "process.name", envelope.program)
            put(document, "log.syslog", envelope.document().get("log", {}).get("syslog"))
        return document

    def _message(self, text: str, envelopes: EnvelopeReader) -> tuple[str, Envelope | None]:
        if not self._file.syslog:
            return text, None
        if self._file.format == "json":
            if text.startswith("{"):
                return text, None
            message, envelope = without_envelope(text, envelopes)
            start = message.find("{", 0, 256)
            return message[max(0, start) :], envelope
        if self._file.format == "pattern" and any(
            pattern.read(text) is not None for pattern in self._patterns
        ):
            return text, None
        return without_envelope(text, envelopes)

    def _time(self, parts: Mapping[str, Any], envelope: Envelope | None, times: Times) -> str:
        stated = self._file.timestamp
        if stated is None:
            return envelope.time if envelope is not None else times.received()
        names = (stated.field,) if isinstance(stated.field, str) else stated.field
        values = [part(parts, name) for name in names]
        value = values[0] if len(values) == 1 else " ".join(str(one) for one in values if one is not None)
        for form in stated.formats:
            found = (
                times.iso(value)
                if form == "iso"
                else times.epoch(value)
                if form == "epoch"
                else times.parse(value, form)
            )
            if found is not None:
                return found
        raise UnparsedError(f"{' and '.join(names)}: {value!r:.80} is no time in {', '.join(stated.formats)}")

    def _by_pattern(self, text: str) -> Mapping[str, Any]:
        for pattern in self._patterns:
            if (found := pattern.read(text)) is not None:
                return found or {"message": text}
        raise UnparsedError(f"none of its {len(self._patterns)} patterns fits")

    def _by_column(self, text: str) -> Mapping[str, Any]:
        values = read_csv(text, self._file.delimiter)
        if len(values) < len(self._file.columns):
            raise UnparsedError(f"expected {len(self._file.columns)} columns, found {len(values)}")
        return dict(zip(self._file.columns, values, strict=False))


def _cef(text: str) -> Mapping[str, Any]:
    found = read_cef(text)
    header = {
        "deviceVendor": found.vendor,
        "deviceProduct": found.product,
        "deviceVersion": found.product_version,
        "deviceEventClassId": found.event_class,
        "name": found.name,
        "severity": found.severity,
    }
    return {**found.extension, **found.labelled(), **header}


def _leef(text: str) -> Mapping[str, Any]:
    found = read_leef(text)
    return {
        **found.attributes,
        "vendor": found.vendor,
        "product": found.product,
        "version": found.product_version,
        "eventId": found.event_id,
    }


def _words(wanted: Any) -> frozenset[str]:
    return frozenset(_word(item) for item in (wanted if isinstance(wanted, tuple) else (wanted,)))


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _holds(value: Any, wanted: frozenset[str]) -> bool:
    return value is not None and _word(value) in wanted


class _Defined:
    def __init__(self, reader: DefinedReader, origin: Origin) -> None:
        self._reader, self._times, self._envelopes = reader, Times(origin), EnvelopeReader(origin)

    def feed(self, record: Record) -> Sequence[tuple[Record, Document]]:
        document = self._reader.read(readable(record.data), self._times, self._envelopes)
        return () if document is None else ((record, document),)

    def flush(self) -> Sequence[tuple[Record, Document]]:
        return ()


class Opener:
    """Makes normalisers."""

    def __init__(self, reader: DefinedReader) -> None:
        self._reader = reader

    def __call__(self, origin: Origin) -> Normaliser:
        return _Defined(self._reader, origin)


class Recogniser:
    """Says how many of some records are of this source."""

    def __init__(self, reader: DefinedReader, words: Sequence[str]) -> None:
        self._reader, self._words = reader, tuple(words)

    def __call__(self, records: Sequence[bytes]) -> float:
        from integrations.recognition import DEFAULT_ORIGIN

        times, envelopes = Times(DEFAULT_ORIGIN), EnvelopeReader(DEFAULT_ORIGIN)
        hits = 0
        for record in records:
            text = readable(record)
            if not all(word in text for word in self._words):
                continue
            try:
                hits += self._reader.read(text, times, envelopes) is not None
            except UnparsedError:
                continue
        # A loose format fits much: what names no words of its own is the likeliest only where it is alone.
        return hits / max(1, len(records)) * (1.0 if self._words else 0.6)
