"""What the collector says of itself: ``state.json`` in its folder, for ``siem status`` and for people."""

from __future__ import annotations

import json
import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

STATE_FILE = "state.json"


class FileState(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    offset: int
    """Bytes acknowledged, of the unpacked content."""
    behind: int | None
    """Bytes not read yet; None for a packed file."""


class SourceState(BaseModel):
    """One entry of ``collect:``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    patterns: tuple[str, ...]
    files: tuple[FileState, ...]
    events: int
    """Stored since the collector started."""
    duplicates: int
    unparsed: int
    """Kept as pipeline errors, of the events stored."""
    last_event: str | None
    """When the last event was stored."""
    waits_for: str | None
    """Why nothing is read on: what the store said; None where it reads."""
    unreadable: dict[str, str]
    """Path to reason, of files that can't be read now."""


class CollectorState(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

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
