"""Verbs about the installation: search its events, ask how it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.verbs.answer import Answer, Cell, Section, Table
from integrations.ports import StoredEvent
from rules.ecs import get, parse_timestamp
from workers.desk import Desk, QueryError

HINT = 'Write FIELD:VALUE AND …, with quotes around spaces and colons, like message:"Failed password".'
_SHOWN = ("source.ip", "user.name", "host.name", "event.action", "event.outcome")


async def search(desk: Desk, query: str, *, hours: float = 24.0, limit: int = 20) -> Answer:
    """Search events with Lucene's query syntax over ECS fields. Raises `workers.desk.QueryError`."""
    try:
        found = await desk.search(query, hours=hours, limit=limit)
    except QueryError as error:
        # The parser goes on with every token it would have taken; the first line has the place.
        fault = str(error).strip().splitlines()[0].strip().rstrip(".")
        raise QueryError(f"{fault}.\n{HINT}") from error
    period = f"in the last {hours:g} hours"
    if not found.total:
        return Answer(
            title=f"Search: {query}",
            text=f"No event {period}. `--hours N` looks further back; fields are ECS names, like "
            "source.ip, user.name, event.action.",
            data={"query": query, "total": 0, "events": []},
        )
    rows = tuple(_row(event) for event in found.events)
    shown = f", the newest {len(rows)} are shown" if found.total > len(rows) else ""
    return Answer(
        title=f"Search: {query}",
        text=f"{found.total:,} event{'s' * (found.total != 1)} {period}{shown}.",
        sections=(Section(table=Table(("when", *_SHOWN, "message"), rows)),),
        data={
            "query": query,
            "first": found.first,
            "last": found.last,
            "total": found.total,
            "events": [event.document for event in found.events],
        },
    )


def _row(event: StoredEvent) -> tuple[Cell, ...]:
    document = event.document
    values = tuple(_text(get(document, field)) for field in _SHOWN)
    text = get(document, "message") or get(document, "event.original") or get(document, "error.message")
    return (_when(document), *values, _text(text))


def _when(document: dict[str, Any]) -> datetime | str:
    stamp = str(document.get("@timestamp", ""))
    try:
        return parse_timestamp(stamp)
    except ValueError:
        return stamp


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


async def show_status(desk: Desk) -> Answer:
    parts = await desk.status()
    down = [part.name for part in parts if not part.ok]
    text = (
        f"Not well: {', '.join(down)}." if down else "All parts are well." if parts else "Nothing is running."
    )
    rows = tuple(("ok" if part.ok else "WRONG", part.name, part.text) for part in parts)
    return Answer(
        title="Status",
        text=text,
        sections=(Section(table=Table(("", "part", "how it is"), rows)),) if rows else (),
        data=parts,
        ok=bool(parts) and not down,
    )
