"""Events on their way into a batch: as the text that will be stored, but for what the batch alone knows.

A document of two thousand bytes takes five times as much memory as nested dicts. So it is written as text
soon after it was made, while the processor's caches still have it, and let go of; a batch of thousands is
then sealed without going through memory for each of them again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from rules.ecs import Document, timestamp

DEEPEST = 100
"""Levels that are kept of a document that is too deep to be written."""
LARGEST = 2**63
_HOLE = orjson.Fragment(b"\x00")
"""Where the time of ingestion and the mark of the batch go. No JSON has such a byte: it would be escaped."""


class Entry(NamedTuple):
    """One event."""

    stream: str
    """The data stream it belongs in."""
    id: str
    time: Any
    """Its ``@timestamp``."""
    original: Any
    """Its ``event.original``, which is sealed apart; None where it has none."""
    parts: tuple[bytes, bytes, bytes]
    """Its JSON, keys sorted, around ``event.ingested`` and ``siem``."""
    refused: str = ""
    """Why it could not be written as it was: this is what is kept of it as an error."""

    @classmethod
    def of(cls, stream: str, document: Document) -> Entry:
        """Return the entry of a document. Raises TypeError where it is no JSON."""
        event = document["event"].copy()
        original = event.pop("original", None)
        event["ingested"] = _HOLE
        text = orjson.dumps(document | {"event": event, "siem": _HOLE}, option=orjson.OPT_SORT_KEYS)
        before, between, after = text.split(b"\x00")
        if original is not None and (type(original) is not str or not original.isascii()):
            orjson.dumps(original)  # it is packed with others, whom it must not hinder
        return cls(stream, event["id"], document.get("@timestamp"), original, (before, between, after))

    def source(self, ingested: bytes, mark: bytes) -> bytes:
        """Return the JSON to be stored: what `integrations.opensearch.seals.stored_json` would write."""
        before, between, after = self.parts
        return b"".join((before, ingested, between, mark, after))

    @property
    def document(self) -> Document:
        """The document that it was made of, read again."""
        document: Document = orjson.loads(self.source(b"null", b"null"))
        del document["siem"], document["event"]["ingested"]
        if self.original is not None:
            document["event"]["original"] = self.original
        return document


def entry_of(stream: str, document: Document) -> Entry:
    """Return the entry of a document, mended where it can't be written as it is (`log.flags` says so); of
    one that can't be mended either, what is kept of it as an error."""
    try:
        return Entry.of(stream, document)
    except TypeError as error:
        reason = f"not JSON: {error}"
    try:
        return Entry.of(stream, flagged(_mend(document, DEEPEST), "mended"))
    except (TypeError, RecursionError):
        return as_error(stream, document, reason)


def flagged(document: Document, flag: str) -> Document:
    """Return a document with one more of ``log.flags``."""
    log = dict(document["log"]) if isinstance(document.get("log"), dict) else {}
    flags = log.get("flags")
    log["flags"] = [*(flags if isinstance(flags, list) else []), flag]
    return document | {"log": log}


def _mend(value: Any, left: int) -> Any:
    """Return a value that can be written: halves of surrogate pairs replaced, numbers of more than 64 bits
    as text, what is too deep left out. Raises RecursionError where it is too deep even for that."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, int) and not -LARGEST <= value < LARGEST:
        return str(value) if value.bit_length() < 4000 else f"{value:#x}"[:1000]
    if isinstance(value, dict | list) and not left:
        return "…"
    if isinstance(value, dict):
        return {_mend(key, left): _mend(inner, left - 1) for key, inner in value.items()}
    return [_mend(inner, left - 1) for inner in value] if isinstance(value, list) else value


def as_error(stream: str, document: Document, reason: str) -> Entry:
    """Return what is kept of an event that could not be stored: its identity, its raw text, and why."""
    event = document["event"]
    kept: dict[str, Any] = {"id": event["id"], "kind": "pipeline_error"}
    for name in ("dataset", "module", "original", "created"):
        if isinstance(event.get(name), str):
            kept[name] = event[name].encode("utf-8", "replace").decode()
    when = document.get("@timestamp")
    try:
        moment = timestamp(datetime.fromisoformat(str(when)))
    except (ValueError, OverflowError):
        moment = timestamp(datetime.now(UTC))
    message = f"the store refused it: {reason}".encode("utf-8", "replace").decode()[:4000]
    error: Document = {"@timestamp": moment, "event": kept, "error": {"message": message}}
    if isinstance(ecs := document.get("ecs"), dict):
        error["ecs"] = {"version": str(ecs.get("version", ""))}
    return Entry.of(stream, error)._replace(refused=reason)
