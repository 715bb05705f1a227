"""How far each file was read and acknowledged, in SQLite: safe over a SIGKILL at any moment."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Position:
    identity: str
    """The file, whatever its name: device, inode, hash of its first line, generation."""
    fingerprint: str
    """Hash of its first line."""
    path: str
    offset: int
    """Bytes acknowledged, of the uncompressed content."""


class Positions:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS positions "
            "(identity TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, path TEXT NOT NULL, "
            "position INTEGER NOT NULL)"
        )

    def get(self, identity: str) -> Position | None:
        row = self._database.execute(
            "SELECT identity, fingerprint, path, position FROM positions WHERE identity = ?", (identity,)
        ).fetchone()
        return Position(*row) if row else None

    def like(self, prefix: str) -> list[Position]:
        """Return the positions whose identity starts so, the newest generation last."""
        rows = self._database.execute(
            "SELECT identity, fingerprint, path, position FROM positions WHERE substr(identity, 1, ?) = ? "
            "ORDER BY identity",
            (len(prefix), prefix),
        )
        return [Position(*row) for row in rows]

    def with_fingerprint(self, fingerprint: str) -> list[Position]:
        rows = self._database.execute(
            "SELECT identity, fingerprint, path, position FROM positions WHERE fingerprint = ?",
            (fingerprint,),
        )
        return [Position(*row) for row in rows]

    def put(self, position: Position) -> None:
        self._database.execute(
            "INSERT INTO positions VALUES (?, ?, ?, ?) ON CONFLICT(identity) DO UPDATE SET "
            "path = excluded.path, position = excluded.position",
            (position.identity, position.fingerprint, position.path, position.offset),
        )

    def close(self) -> None:
        self._database.close()
