"""Legal holds: events that neither retention nor an erasure touches, by query or by id."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from integrations.opensearch.connection import Connection
from integrations.ports import StoreConflictError, StoreQueryError
from rules.ecs import timestamp

MOST_IDS = 50_000
"""The most event ids of one hold: OpenSearch refuses longer lists of terms."""


class Hold(BaseModel):
    """One hold. An incident is held by the ids of its alerts' evidence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")
    reason: str = Field(min_length=1)
    by: str
    at: datetime
    query: str | None = None
    """Lucene query string over ECS fields; also holds what will match later."""
    events: tuple[str, ...] = Field(default=(), max_length=MOST_IDS)
    incident: str | None = None
    """The incident that `events` belong to, for people."""


class Holds:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._index = f"{connection.prefix}siem-holds"

    async def setup(self, replicas: int) -> None:
        fields = {"name": {"type": "keyword"}, "at": {"type": "date"},
                  "body": {"type": "object", "enabled": False}}  # fmt: skip
        settings = {"index": {"number_of_shards": 1, "number_of_replicas": replicas}}
        body = {"settings": settings, "mappings": {"dynamic": "strict", "properties": fields}}
        await self._connection.ensure_index(self._index, body)

    async def place(self, hold: Hold, events: str) -> None:
        """Place a hold. `events` is the pattern of the data streams, against which a query is tried.

        Raises `StoreQueryError` for a faulty or empty hold, `StoreConflictError` where the name is taken.
        """
        if hold.query is None and not hold.events:
            raise StoreQueryError(f"the hold {hold.name} holds nothing: give a query or events")
        await self._connection.search(events, {"size": 0, "query": _of(hold)})
        document = {"name": hold.name, "at": timestamp(hold.at), "body": hold.model_dump(mode="json")}
        try:
            await self._connection.request("PUT", f"/{self._index}/_create/{hold.name}", document)
        except StoreConflictError as error:
            raise StoreConflictError(f"there is a hold {hold.name} already") from error

    async def widen(self, hold: Hold) -> None:
        """Store a hold anew, with more events than before. Raises `StoreError`."""
        document = {"name": hold.name, "at": timestamp(hold.at), "body": hold.model_dump(mode="json")}
        await self._connection.request("PUT", f"/{self._index}/_doc/{hold.name}", document, retry=True)

    async def get(self, name: str) -> Hold | None:
        found = await self._connection.request("GET", f"/{self._index}/_doc/{name}", retry=True)
        return Hold.model_validate(found["_source"]["body"]) if found else None

    async def lift(self, name: str) -> bool:
        """Lift a hold; whether there was one."""
        return await self._connection.request("DELETE", f"/{self._index}/_doc/{name}") is not None

    async def all(self) -> list[Hold]:
        await self._connection.refresh(self._index)
        found: list[Hold] = []
        async for hits in self._connection.pages(
            self._index, {"query": {"match_all": {}}}, [{"name": "asc"}]
        ):
            found += [Hold.model_validate(hit["_source"]["body"]) for hit in hits]
        return found


def held(holds: Sequence[Hold]) -> dict[str, Any]:
    """Return the query for all events that any of these holds covers."""
    return {"bool": {"should": [_of(hold) for hold in holds] or [{"match_none": {}}]}}


async def held_by(connection: Connection, events: str, hold: Hold) -> int:
    """Return how many stored events a hold covers now."""
    await connection.refresh(events)
    body = {"size": 0, "track_total_hits": True, "query": held([hold])}
    return int((await connection.search(events, body))["hits"]["total"]["value"])


def _of(hold: Hold) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    if hold.query is not None:
        parts.append({"query_string": {"query": hold.query, "analyze_wildcard": True}})
    if hold.events:
        parts.append({"ids": {"values": list(hold.events)}})
    return {"bool": {"should": parts}}
