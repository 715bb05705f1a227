"""What outlives a killed worker: one SQLite file for each run, written by every worker of it.

A process that is killed loses nothing that was committed; only the machine's death could, so nothing is
synced.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from integrations.ports import StoreConflictError, StoreError
from rules.evidence import EvidenceRecord
from rules.incidents import IncidentFacts

RUN_ID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
TABLES = """
CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT, version INTEGER);
CREATE TABLE IF NOT EXISTS evidence (chain TEXT, seq INTEGER, record TEXT, PRIMARY KEY (chain, seq));
CREATE TABLE IF NOT EXISTS effects (key TEXT, action TEXT, what TEXT, params TEXT, calls INTEGER,
                                    PRIMARY KEY (key, action, what, params));
CREATE TABLE IF NOT EXISTS cards (key TEXT PRIMARY KEY, kind TEXT, card TEXT, posted INTEGER);
CREATE TABLE IF NOT EXISTS steps (containment TEXT PRIMARY KEY, step TEXT);
CREATE TABLE IF NOT EXISTS boundaries (name TEXT PRIMARY KEY, step TEXT, killed INTEGER);
"""


class Records:
    """Implements the state and the evidence store too."""

    def __init__(self, folder: Path) -> None:
        self._db = sqlite3.connect(
            folder / "records.db", timeout=30, isolation_level=None, check_same_thread=False
        )
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.executescript(TABLES)

    def close(self) -> None:
        self._db.close()

    # --- the vendor and the people ---------------------------------------------------------------

    def effect(self, key: str, action: str, what: str, params: Mapping[str, Any]) -> None:
        """Count something that was done to the world: the same key again is the same effect."""
        text = json.dumps(params, sort_keys=True, default=str)
        self._db.execute(
            "INSERT INTO effects VALUES (?, ?, ?, ?, 1) ON CONFLICT DO UPDATE SET calls = calls + 1",
            (key, action, what, text),
        )

    def effects(self) -> list[tuple[str, str, str, str, int]]:
        return self._db.execute("SELECT * FROM effects ORDER BY key, action, what, params").fetchall()

    def post(self, key: str, kind: str, card: str) -> None:
        """Post a card, or find it posted."""
        self._db.execute(
            "INSERT INTO cards VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET posted = posted + 1",
            (key, kind, card),
        )

    def cards(self) -> list[tuple[str, str, str]]:
        return self._db.execute("SELECT key, kind, card FROM cards ORDER BY key").fetchall()

    def name_step(self, containment: str, step: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO steps VALUES (?, ?)", (containment, step))

    def step_of(self, containment: str) -> str:
        found = self._db.execute("SELECT step FROM steps WHERE containment = ?", (containment,)).fetchone()
        return str(found[0]) if found else ""

    def posted(self, kind: str) -> dict[str, int]:
        """Return how often each card of a kind was posted, by its key."""
        return dict(self._db.execute("SELECT key, posted FROM cards WHERE kind = ?", (kind,)).fetchall())

    # --- boundaries ------------------------------------------------------------------------------

    def reach(self, name: str, step: str) -> int:
        """Return which boundary this is, from 0 on, at the first time that it is reached; later -1."""
        done = self._db.execute("INSERT OR IGNORE INTO boundaries VALUES (?, ?, 0)", (name, step)).rowcount
        if not done:
            return -1
        return int(self._db.execute("SELECT count(*) FROM boundaries").fetchone()[0]) - 1

    def steps(self, *, killed: bool) -> set[str]:
        """Return the steps that something was done for; those of them at which the worker was killed."""
        asked = "SELECT DISTINCT step FROM boundaries WHERE step != '' AND killed >= ?"
        return {str(step) for (step,) in self._db.execute(asked, (int(killed),))}

    def kill(self, name: str) -> None:
        self._db.execute("UPDATE boundaries SET killed = 1 WHERE name = ?", (name,))

    def boundaries(self) -> tuple[set[str], set[str]]:
        """Return those that were reached, and those at which the worker was killed, without run ids."""
        found = self._db.execute("SELECT name, killed FROM boundaries").fetchall()
        steady = [(RUN_ID.sub("", name), killed) for name, killed in found]
        return {name for name, _ in steady}, {name for name, killed in steady if killed}

    # --- stores ----------------------------------------------------------------------------------

    async def get(self, key: str) -> tuple[dict[str, Any], str] | None:
        found = self._db.execute("SELECT value, version FROM state WHERE key = ?", (key,)).fetchone()
        return (json.loads(found[0]), str(found[1])) if found else None

    async def put(self, key: str, value: Mapping[str, Any], version: str | None = None) -> str:
        known = await self.get(key)
        if version is not None and version != (known[1] if known else ""):
            raise StoreConflictError(key)
        number = int(known[1]) + 1 if known else 1
        text = json.dumps(value, default=str)
        self._db.execute("INSERT OR REPLACE INTO state VALUES (?, ?, ?)", (key, text, number))
        return str(number)

    async def delete(self, key: str) -> None:
        self._db.execute("DELETE FROM state WHERE key = ?", (key,))

    async def keys(self, prefix: str) -> list[str]:
        return [
            key for (key,) in self._db.execute("SELECT key FROM state ORDER BY key") if key.startswith(prefix)
        ]

    async def append(self, records: Sequence[EvidenceRecord]) -> None:
        for record in records:
            text = record.model_dump_json()
            self._db.execute(
                "INSERT OR IGNORE INTO evidence VALUES (?, ?, ?)", (record.chain, record.seq, text)
            )
            (known,) = self._db.execute(
                "SELECT record FROM evidence WHERE chain = ? AND seq = ?", (record.chain, record.seq)
            ).fetchone()
            if known != text:
                raise StoreError(f"{record.chain}:{record.seq} is another record")

    async def chain(self, chain: str) -> list[EvidenceRecord]:
        found = self._db.execute("SELECT record FROM evidence WHERE chain = ? ORDER BY seq", (chain,))
        return [EvidenceRecord.model_validate_json(text) for (text,) in found]

    async def chains(self) -> list[str]:
        return [name for (name,) in self._db.execute("SELECT DISTINCT chain FROM evidence ORDER BY chain")]


class NoIncidents:
    """A store of incidents that nobody reads here."""

    async def put(self, incident: IncidentFacts, version: int) -> None: ...

    async def get(self, incident: str) -> IncidentFacts | None:  # noqa: ARG002
        return None
