"""The generations of data streams: rollover, and replays of what an older generation holds.

OpenSearch keeps ids apart within one backing index only. After a rollover, a replay of an event
from before it would be stored a second time; so events whose time falls within that of an older
generation are looked for there first. Live events are younger than it, and cost nothing.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from integrations.opensearch.connection import Connection
from integrations.opensearch.entries import Entry
from rules.ecs import timestamp

FRESH_SECONDS = 30.0
"""How long what is known of generations is believed: so long after a rollover by another process a
replay may be stored twice."""


@dataclass(frozen=True)
class Generation:
    """One backing index that is no longer written."""

    index: str
    first: str
    """Event time of its earliest event, ECS text; empty where it has none."""
    last: str


class Generations:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._older: dict[str, tuple[float, list[Generation]]] = {}
        self._spans: dict[str, Generation] = {}

    async def already_in(self, entries: Sequence[Entry]) -> set[str]:
        """Return the ids of those of these events that older generations of their streams hold."""
        found: set[str] = set()
        for stream in sorted({entry.stream for entry in entries}):
            for old in await self._of(stream):
                ids = [
                    entry.id
                    for entry in entries
                    if entry.stream == stream and old.first <= str(entry.time) <= old.last
                ]
                if ids:
                    body = {"size": len(ids), "query": {"ids": {"values": ids}}, "_source": False}
                    hits = (await self._connection.search(old.index, body))["hits"]["hits"]
                    found |= {hit["_id"] for hit in hits}
        return found

    def forget(self) -> None:
        """Look again which generations there are: after a rollover of one's own."""
        self._older.clear()

    async def _of(self, stream: str) -> list[Generation]:
        known = self._older.get(stream)
        if known is None or time.monotonic() - known[0] > FRESH_SECONDS:
            indices = await backing_indices(self._connection, stream)
            known = time.monotonic(), [await self._span(index) for index in indices.get(stream, [])[:-1]]
            self._older[stream] = known
        return known[1]

    async def _span(self, index: str) -> Generation:
        if index not in self._spans:
            await self._connection.refresh(index)
            ends = {name: {name: {"field": "@timestamp"}} for name in ("min", "max")}
            found = (await self._connection.search(index, {"size": 0, "aggs": ends})).get("aggregations", {})
            first, last = (_time(found.get(name, {}).get("value")) for name in ("min", "max"))
            self._spans[index] = Generation(index, first, last)
        return self._spans[index]


def _time(milliseconds: float | None) -> str:
    return timestamp(datetime.fromtimestamp(milliseconds / 1000, UTC)) if milliseconds is not None else ""


async def backing_indices(connection: Connection, pattern: str) -> dict[str, list[str]]:
    """Return {data stream: its backing indices, the one that is written last}."""
    answer: Any = await connection.request("GET", f"/_data_stream/{pattern}", retry=True)
    return {
        stream["name"]: [index["index_name"] for index in stream["indices"]]
        for stream in (answer or {"data_streams": []})["data_streams"]
    }


async def rollover(
    connection: Connection, pattern: str, *, max_bytes: int, max_age_days: int, max_docs: int
) -> list[str]:
    """Start a new backing index for each data stream whose present one is too big or too old.

    Return the new indices. Harmless when several processes do it at once, and on an empty stream.
    """
    conditions = {"max_size": f"{max_bytes}b", "max_age": f"{max_age_days}d", "max_docs": max_docs}
    made: list[str] = []
    await connection.refresh(pattern)  # the conditions look at what is searchable
    for stream in sorted(await backing_indices(connection, pattern)):
        answer = await connection.request(
            "POST", f"/{stream}/_rollover", {"conditions": conditions}, retry=False
        )
        if answer and answer["rolled_over"]:
            made.append(str(answer["new_index"]))
    return made
