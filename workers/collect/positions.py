"""How far each file was read and acknowledged, and where each pull goes on, in SQLite: safe over a SIGKILL at
any moment."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEEP_SECONDS = 400 * 86_400.0
"""A file not heard of for so long is forgotten."""


@dataclass(frozen=True)
class Position:
    """A place in a file's (unpacked) content."""

    identity: str
    """The file, whatever its name: device, inode, fingerprint, and how often it was truncated."""
    fingerprint: str
    """Hash of its first line."""
    path: str
    """Its last known name."""
    offset: int
    """Bytes acknowledged."""
    before: str
    """Hash of the bytes that stand right before the offset, so that other content is told apart."""


class Positions:
    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises OSError or `sqlite3.Error`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS tailed (identity TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, "
            "path TEXT NOT NULL, position INTEGER NOT NULL, before TEXT NOT NULL, changed REAL NOT NULL)"
        )
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS pulled (name TEXT PRIMARY KEY, cursor TEXT NOT NULL, "
            "changed REAL NOT NULL)"
        )
        self._database.execute("CREATE INDEX IF NOT EXISTS fingerprints ON tailed (fingerprint)")
        self._database.execute("DELETE FROM tailed WHERE changed < ?", (time.time() - KEEP_SECONDS,))

    def like(self, prefix: str) -> list[Position]:
        """Return the positions whose identity starts so, the newest generation last."""
        rows = self._database.execute(
            "SELECT identity, fingerprint, path, position, before FROM tailed "
            "WHERE substr(identity, 1, ?) = ? ORDER BY identity",
            (len(prefix), prefix),
        )
        return [Position(*row) for row in rows]

    def with_fingerprint(self, fingerprint: str) -> list[Position]:
        """Return the positions in files with this first line, the last moved first."""
        rows = self._database.execute(
            "SELECT identity, fingerprint, path, position, before FROM tailed "
            "WHERE fingerprint = ? ORDER BY changed DESC",
            (fingerprint,),
        )
        return [Position(*row) for row in rows]

    def put(self, position: Position) -> None:
        """Keep a position; it is on disk when this returns."""
        self._database.execute(
            "INSERT INTO tailed VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(identity) DO UPDATE SET "
            "path = excluded.path, position = excluded.position, before = excluded.before, "
            "changed = excluded.changed",
            (
                position.identity,
                position.fingerprint,
                position.path,
                position.offset,
                position.before,
                time.time(),
            ),
        )

    def cursor(self, name: str) -> dict[str, Any] | None:
        """Return what was last kept under a name, None where there is nothing."""
        row = self._database.execute("SELECT cursor FROM pulled WHERE name = ?", (name,)).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def keep_cursor(self, name: str, cursor: Mapping[str, Any]) -> None:
        """Keep where to go on; it is on disk when this returns."""
        self._database.execute(
            "INSERT INTO pulled VALUES (?, ?, ?) ON CONFLICT(name) DO UPDATE SET "
            "cursor = excluded.cursor, changed = excluded.changed",
            (name, json.dumps(cursor), time.time()),
        )

    def close(self) -> None:
        self._database.close()
