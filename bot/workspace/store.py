"""The workspace's state in one SQLite file: every change is durable before it is answered or shown.

Slack objects are kept as JSON beside the columns that are searched by. The database runs in WAL mode,
so a killed process loses nothing that was committed.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS channels (id TEXT PRIMARY KEY, name TEXT NOT NULL, topic TEXT NOT NULL,
    person TEXT, created INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS members (channel TEXT, user TEXT, PRIMARY KEY (channel, user)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (channel TEXT, ts TEXT, thread TEXT, shown INTEGER NOT NULL,
    body TEXT NOT NULL, PRIMARY KEY (channel, ts)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS messages_by_thread ON messages (channel, thread, ts) WHERE thread IS NOT NULL;
CREATE TABLE IF NOT EXISTS ephemerals (channel TEXT, ts TEXT, user TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (channel, ts)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS views (id TEXT PRIMARY KEY, user TEXT NOT NULL, kind TEXT NOT NULL,
    external TEXT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS files (id TEXT PRIMARY KEY, ready INTEGER NOT NULL, body TEXT NOT NULL,
    content BLOB);
CREATE TABLE IF NOT EXISTS handles (id TEXT PRIMARY KEY, kind TEXT NOT NULL, expires REAL NOT NULL,
    uses INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS reads (user TEXT, channel TEXT, ts TEXT NOT NULL, PRIMARY KEY (user, channel))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (id TEXT PRIMARY KEY, attempt INTEGER NOT NULL, due REAL NOT NULL,
    body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS clock (one INTEGER PRIMARY KEY CHECK (one = 1), micros INTEGER NOT NULL);
"""


class Store:
    """All reads and writes. `now` gives Unix seconds."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        """Raises sqlite3.Error and OSError."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._now = now
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)
        row = self._db.execute("SELECT micros FROM clock").fetchone()
        self._micros: int = row[0] if row else 0

    def close(self) -> None:
        self._db.close()

    def new_ts(self) -> str:
        """Return a message timestamp that is later than all before, also across restarts."""
        self._micros = max(self._micros + 1, int(self._now() * 1_000_000))
        self._db.execute("INSERT OR REPLACE INTO clock VALUES (1, ?)", (self._micros,))
        return f"{self._micros // 1_000_000}.{self._micros % 1_000_000:06d}"

    # --- channels -------------------------------------------------------------------------------

    def put_channel(self, channel: str, name: str, topic: str, person: str | None = None) -> None:
        """Create or rename; `person` is the other side of a direct message with the app."""
        self._db.execute(
            "INSERT INTO channels VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
            " topic = excluded.topic",
            (channel, name, topic, person, int(self._now())),
        )

    def channels(self) -> list[Json]:
        rows = self._db.execute("SELECT id, name, topic, person, created FROM channels ORDER BY rowid")
        return [dict(zip(("id", "name", "topic", "person", "created"), row, strict=True)) for row in rows]

    def channel(self, channel: str) -> Json | None:
        return next((each for each in self.channels() if each["id"] == channel), None)

    def join(self, channel: str, user: str) -> None:
        self._db.execute("INSERT OR IGNORE INTO members VALUES (?, ?)", (channel, user))

    def members(self, channel: str) -> list[str]:
        rows = self._db.execute("SELECT user FROM members WHERE channel = ? ORDER BY user", (channel,))
        return [row[0] for row in rows]

    # --- messages -------------------------------------------------------------------------------

    def put_message(self, channel: str, body: Json) -> None:
        """Insert or replace ``body["ts"]``. A reply stays out of the channel, unless it is broadcast."""
        thread = body.get("thread_ts")
        shown = thread in (None, body["ts"]) or body.get("subtype") == "thread_broadcast"
        self._db.execute(
            "INSERT OR REPLACE INTO messages VALUES (?, ?, ?, ?, ?)",
            (channel, body["ts"], thread, shown, _dump(body)),
        )

    def message(self, channel: str, ts: str) -> Json | None:
        return self._one("SELECT body FROM messages WHERE channel = ? AND ts = ?", channel, ts)

    def delete_message(self, channel: str, ts: str) -> None:
        self._db.execute("DELETE FROM messages WHERE channel = ? AND ts = ?", (channel, ts))

    def history(
        self, channel: str, *, limit: int, oldest: str = "", latest: str = "", inclusive: bool = False
    ) -> list[Json]:
        """Messages of the channel itself, newest first."""
        low, high = (">=", "<=") if inclusive else (">", "<")
        return list(
            self._all(
                f"SELECT body FROM messages WHERE channel = ? AND shown AND ts {low} ? AND ts {high} ?"
                " ORDER BY ts DESC LIMIT ?",
                channel,
                oldest or "0",
                latest or "9999999999.999999",
                limit,
            )
        )

    def thread(self, channel: str, ts: str) -> list[Json]:
        """The parent and its replies, oldest first."""
        return list(
            self._all(
                "SELECT body FROM messages WHERE channel = ? AND (ts = ? OR thread = ?) ORDER BY ts",
                channel,
                ts,
                ts,
            )
        )

    def unread(self, user: str) -> dict[str, int]:
        """How many messages of others are newer than what `user` has read, by channel (at most 100)."""
        rows = self._db.execute(
            "SELECT m.channel, count(*) FROM messages m LEFT JOIN reads r ON r.channel = m.channel"
            " AND r.user = ?1 WHERE m.shown AND m.ts > coalesce(r.ts, '') AND"
            " json_extract(m.body, '$.user') <> ?1 GROUP BY m.channel",
            (user,),
        )
        return {channel: min(count, 100) for channel, count in rows}

    def mark_read(self, user: str, channel: str, ts: str) -> None:
        self._db.execute(
            "INSERT INTO reads VALUES (?, ?, ?) ON CONFLICT (user, channel) DO UPDATE SET"
            " ts = max(ts, excluded.ts)",
            (user, channel, ts),
        )

    # --- ephemerals -----------------------------------------------------------------------------

    def put_ephemeral(self, channel: str, user: str, body: Json) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO ephemerals VALUES (?, ?, ?, ?)", (channel, body["ts"], user, _dump(body))
        )
        oldest = f"{int(self._now()) - 86_400}.000000"
        self._db.execute("DELETE FROM ephemerals WHERE ts < ?", (oldest,))

    def ephemeral(self, channel: str, ts: str, user: str) -> Json | None:
        return self._one(
            "SELECT body FROM ephemerals WHERE channel = ? AND ts = ? AND user = ?", channel, ts, user
        )

    def ephemerals(self, user: str, since: str) -> list[tuple[str, Json]]:
        """(channel, message) visible to `user` and newer than `since`, oldest first."""
        rows = self._db.execute(
            "SELECT channel, body FROM ephemerals WHERE user = ? AND ts > ? ORDER BY ts", (user, since)
        )
        return [(channel, json.loads(body)) for channel, body in rows]

    def delete_ephemeral(self, channel: str, ts: str) -> None:
        self._db.execute("DELETE FROM ephemerals WHERE channel = ? AND ts = ?", (channel, ts))

    # --- views, files, handles, outbox ----------------------------------------------------------

    def put_view(self, user: str, kind: str, body: Json) -> None:
        """`kind` is ``modal`` or ``home``; one home a user."""
        self._db.execute(
            "INSERT INTO views VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " external = excluded.external, body = excluded.body",
            (body["id"], user, kind, body.get("external_id") or None, _dump(body)),
        )

    def view(self, view: str = "", external: str = "") -> tuple[str, Json] | None:
        """(user, view) of an open view, by id or by the app's own id."""
        row = self._db.execute(
            "SELECT user, body FROM views WHERE id = ? OR external = ?", (view, external or None)
        ).fetchone()
        return (row[0], json.loads(row[1])) if row else None

    def views(self, user: str, kind: str = "modal") -> list[Json]:
        """Open views, the topmost last."""
        return list(
            self._all("SELECT body FROM views WHERE user = ? AND kind = ? ORDER BY rowid", user, kind)
        )

    def close_views(self, ids: Iterable[str]) -> None:
        self._db.executemany("DELETE FROM views WHERE id = ?", [(each,) for each in ids])

    def put_file(self, body: Json, *, ready: bool = False) -> None:
        self._db.execute(
            "INSERT INTO files VALUES (?, ?, ?, NULL) ON CONFLICT (id) DO UPDATE SET ready = excluded.ready,"
            " body = excluded.body",
            (body["id"], ready, _dump(body)),
        )

    def fill_file(self, file: str, content: bytes) -> None:
        self._db.execute("UPDATE files SET content = ? WHERE id = ?", (content, file))

    def file(self, file: str) -> tuple[Json, bytes | None, bool] | None:
        """(file object, content once uploaded, whether it was completed)."""
        row = self._db.execute("SELECT body, content, ready FROM files WHERE id = ?", (file,)).fetchone()
        return (json.loads(row[0]), row[1], bool(row[2])) if row else None

    def new_handle(self, kind: str, seconds: float, uses: int, body: Json) -> str:
        """Keep something that an app may use so often and so long (a trigger, a response URL)."""
        handle = secrets.token_hex(16)
        now = self._now()
        self._db.execute("DELETE FROM handles WHERE expires < ?", (now - 86_400,))
        self._db.execute(
            "INSERT INTO handles VALUES (?, ?, ?, ?, ?)", (handle, kind, now + seconds, uses, _dump(body))
        )
        return handle

    def use_handle(self, kind: str, handle: str) -> Json | str:
        """Return what the handle stands for and count the use, or ``unknown``, ``expired`` or ``used``."""
        row = self._db.execute(
            "SELECT expires, uses, body FROM handles WHERE id = ? AND kind = ?", (handle, kind)
        ).fetchone()
        if row is None:
            return "unknown"
        if row[0] < self._now():
            return "expired"
        if row[1] < 1:
            return "used"
        self._db.execute("UPDATE handles SET uses = uses - 1 WHERE id = ?", (handle,))
        body: Json = json.loads(row[2])
        return body

    def put_delivery(self, key: str, attempt: int, due: float, body: Json) -> None:
        """An event on its way to the app, attempted `attempt` times, next at `due` (Unix seconds)."""
        self._db.execute(
            "INSERT OR REPLACE INTO outbox VALUES (?, ?, ?, ?)", (key, attempt, due, _dump(body))
        )

    def deliveries(self) -> list[tuple[str, int, float, Json]]:
        rows = self._db.execute("SELECT id, attempt, due, body FROM outbox ORDER BY due")
        return [(key, attempt, due, json.loads(body)) for key, attempt, due, body in rows]

    def delete_delivery(self, key: str) -> None:
        self._db.execute("DELETE FROM outbox WHERE id = ?", (key,))

    def _one(self, query: str, *values: object) -> Json | None:
        return next(self._all(query, *values), None)

    def _all(self, query: str, *values: object) -> Iterator[Json]:
        for row in self._db.execute(query, values):
            yield json.loads(row[0])


def _dump(body: Json) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))
