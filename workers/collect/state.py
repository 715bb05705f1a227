"""What the collector says of itself: ``state.json`` in its folder and a document in the store, for
``siem status``, for metrics, and for those who watch over its health."""

from __future__ import annotations

import json
import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

STATE_FILE = "state.json"
STATE_KEY = "collect/"
"""What the keys of collectors' state documents begin with; the host's name follows."""


class FileState(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    offset: int
    """Bytes acknowledged, of the unpacked content."""
    behind: int | None
    """Bytes not read yet; None for a packed file."""


class SpoolState(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    depth: int
    """Bytes taken and not stored yet."""
    limit: int
    full: str | None
    """Why senders are refused or made to wait, None where they are not."""
    damaged: int
    """Segments that could not be read back to their end."""


class SourceState(BaseModel):
    """One entry of ``collect:``. Counts are since the entry was first seen, over restarts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    source: str
    way: str
    """``files``, ``syslog``, ``http``, ``objects`` or ``pull``."""
    since: str
    """When the entry was first seen."""
    patterns: tuple[str, ...] = ()
    files: tuple[FileState, ...] = ()
    listens: tuple[str, ...] = ()
    """Where it listens, as ``udp 127.0.0.1:5514``."""
    received: int = 0
    """Records that came in; what is read again after a crash counts again."""
    events: int = 0
    """Stored."""
    duplicates: int = 0
    unparsed: int = 0
    """Kept as pipeline errors, of the events stored."""
    bytes: int = 0
    """Of the records that were stored."""
    cut: int = 0
    """Records too long, of which the start was stored."""
    lost: int = 0
    """Gaps that were found: what was due is not there any more. Each is an event too."""
    last_lost: str | None = None
    """What the last of them said."""
    recent_events: int = 0
    recent_unparsed: int = 0
    """Of the last quarter of an hour."""
    last_seen: str | None = None
    """When the last record came in."""
    last_event: str | None = None
    """When the last event was stored."""
    lag: float | None = None
    """Seconds from the time that the newest event of the last batch claims to when it was stored."""
    waits_for: str | None = None
    """Why nothing is read on: what the store said; None where it reads."""
    unreadable: dict[str, str] = {}
    """Path or object to reason, of what can't be read now."""
    problem: str | None = None
    """What keeps it from its work: an API's refusal, a queue that is not there."""
    problem_since: str | None = None
    spool: SpoolState | None = None
    dropped: int = 0
    """Datagrams that the kernel threw away because we were too slow."""
    recent_dropped: int = 0
    refused: int = 0
    """Requests and connections turned away."""
    connections: int = 0
    silent_after: float | None = None
    """Seconds without events that are one too many; None: it may be silent."""
    errors_above: float = 1.0


class CollectorState(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    pid: int
    at: str
    sources: tuple[SourceState, ...]


def write_state(folder: Path, state: CollectorState) -> None:
    """Replace the state file; a reader finds the old or the new one, whole. Raises OSError."""
    temporary = folder / f".{STATE_FILE}.{os.getpid()}"
    temporary.write_text(json.dumps(state.model_dump(), indent=1), encoding="utf-8")
    temporary.replace(folder / STATE_FILE)


def read_state(folder: Path) -> CollectorState | None:
    """Return what a collector last said, None where none did."""
    try:
        return CollectorState.model_validate_json((folder / STATE_FILE).read_bytes())
    except (OSError, ValidationError):
        return None
