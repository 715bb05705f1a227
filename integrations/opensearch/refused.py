"""What becomes of events that can't be stored as they are: cut where that helps, else kept as errors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from integrations.opensearch.mapping import FLAT
from integrations.opensearch.sealing import Entry
from integrations.opensearch.seals import stored_json
from rules.ecs import Document, get, timestamp

LONGEST_LEAF = 30_000
"""Bytes of one value inside a flat_object, below Lucene's 32,766 for a term with its path."""


def too_long(reason: str) -> bool:
    """Say whether the engine refused a document for one value inside a flat_object."""
    return "immense term" in reason


def shortened(entry: Entry) -> Entry:
    """Return an event whose values inside flat objects are cut to what can be indexed, and marked so in
    ``log.flags``; its original is whole."""
    document = dict(entry.document)
    for root in FLAT:
        if get(document, root) is None:
            continue
        place, (*parents, leaf) = document, root.split(".")
        for parent in parents:
            place[parent] = dict(place[parent])
            place = place[parent]
        place[leaf] = _cut(place[leaf])
    log = dict(document["log"]) if isinstance(document.get("log"), dict) else {}
    flags = log.get("flags")
    log["flags"] = [*(flags if isinstance(flags, list) else []), "shortened"]
    return Entry(entry.stream, entry.id, document | {"log": log})


def _cut(value: Any) -> Any:
    if isinstance(value, str) and len(value) > LONGEST_LEAF // 4:
        return value.encode()[:LONGEST_LEAF].decode("utf-8", "ignore")
    if isinstance(value, dict):
        return {key: _cut(inner) for key, inner in value.items()}
    return [_cut(inner) for inner in value] if isinstance(value, list) else value


def json_only(entries: Sequence[Entry], refused: list[tuple[Entry, str]]) -> list[Entry]:
    fine: list[Entry] = []
    for entry in entries:
        try:
            stored_json(entry.document)
            fine.append(entry)
        except TypeError as error:
            refused.append((entry, f"not JSON: {error}"))
    return fine


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
