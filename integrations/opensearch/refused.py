"""What becomes of events that can't be stored as they are: cut where that helps, else kept as errors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from integrations.opensearch.sealing import Entry
from integrations.opensearch.seals import stored_json
from rules.ecs import Document, get, timestamp

LONGEST_TERM = 32_000
"""Bytes of a path with its value, which a flat_object indexes, below Lucene's 32,766 for a term."""
LONGEST_LEAF = 30_000
"""Bytes of one value."""
LONGEST_KEY = 512
"""Characters of one key, where some term was too long."""
DEEPEST = 100
"""Levels that are kept of a document that is too deep to be written."""
LARGEST = 2**63


def too_long(reason: str) -> bool:
    """Say whether the engine refused a document for the length of one key or value."""
    return "immense term" in reason or "is too large, must be" in reason


def shortened(entry: Entry) -> Entry:
    """Return an event whose keys and values are cut to what can be indexed, and marked so in
    ``log.flags``; its original is whole."""
    document: Document = _cut(entry.document, 0)
    if (original := get(entry.document, "event.original")) is not None:
        document["event"] = document["event"] | {"original": original}
    return _flagged(entry, document, "shortened")


def _flagged(entry: Entry, document: Document, flag: str) -> Entry:
    log = dict(document["log"]) if isinstance(document.get("log"), dict) else {}
    flags = log.get("flags")
    log["flags"] = [*(flags if isinstance(flags, list) else []), flag]
    return Entry(entry.stream, entry.id, document | {"log": log})


def _cut(value: Any, path: int) -> Any:
    """`path`: bytes of the keys above."""
    if isinstance(value, str):
        most = min(LONGEST_LEAF, max(0, LONGEST_TERM - path))
        return value.encode()[:most].decode("utf-8", "ignore") if len(value) > most // 4 else value
    if isinstance(value, dict):
        cut: dict[str, Any] = {}
        for key, inner in value.items():
            name = key if len(key) <= LONGEST_KEY else f"{key[:LONGEST_KEY]}…{len(cut)}"
            below = path + 1 + len(name.encode())
            if below < LONGEST_TERM:
                cut[name] = _cut(inner, below)
        return cut
    return [_cut(inner, path) for inner in value] if isinstance(value, list) else value


def json_only(entries: Sequence[Entry], refused: list[tuple[Entry, str]]) -> list[Entry]:
    """Return the events that can be written, mended where they could not be as they are."""
    fine: list[Entry] = []
    for entry in entries:
        try:
            stored_json(entry.document)
            fine.append(entry)
            continue
        except TypeError as error:
            reason = f"not JSON: {error}"
        try:
            mended = _flagged(entry, _mend(entry.document, DEEPEST), "mended")
            stored_json(mended.document)
            fine.append(mended)
        except (TypeError, RecursionError):
            refused.append((entry, reason))
    return fine


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


def as_error(entry: Entry, reason: str) -> Entry:
    """Return what is kept of an event that could not be stored: its identity, its raw text, and why."""
    event = entry.document["event"]
    kept: dict[str, Any] = {"id": entry.id, "kind": "pipeline_error"}
    for name in ("dataset", "module", "original", "created"):
        if isinstance(event.get(name), str):
            kept[name] = event[name].encode("utf-8", "replace").decode()
    when = entry.document.get("@timestamp")
    try:
        moment = timestamp(datetime.fromisoformat(str(when)))
    except (ValueError, OverflowError):
        moment = timestamp(datetime.now(UTC))
    message = f"the store refused it: {reason}".encode("utf-8", "replace").decode()[:4000]
    document: Document = {"@timestamp": moment, "event": kept, "error": {"message": message}}
    if isinstance(ecs := entry.document.get("ecs"), dict):
        document["ecs"] = {"version": str(ecs.get("version", ""))}
    return Entry(entry.stream, entry.id, document)
