"""What becomes of events that the engine refuses for the length of a key or value: they are cut."""

from __future__ import annotations

from typing import Any

from integrations.opensearch.entries import Entry, flagged
from rules.ecs import Document

LONGEST_TERM = 32_000
"""Bytes of a path with its value, which a flat_object indexes, below Lucene's 32,766 for a term."""
LONGEST_LEAF = 30_000
"""Bytes of one value."""
LONGEST_KEY = 512
"""Characters of one key, where some term was too long."""


def too_long(reason: str) -> bool:
    """Say whether the engine refused a document for the length of one key or value."""
    return "immense term" in reason or "is too large, must be" in reason


def shortened(entry: Entry) -> Entry:
    """Return an event whose keys and values are cut to what can be indexed, and marked so in
    ``log.flags``; its original is whole."""
    document: Document = _cut(entry.document, 0)
    if entry.original is not None:
        document["event"] = document["event"] | {"original": entry.original}
    return Entry.of(entry.stream, flagged(document, "shortened"))


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
