"""A store that keeps events as the real one does: create-only by ``event.id``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

import pytest

from integrations.ports import (
    Checkpoints,
    StoredEvent,
    StoreQueryError,
    StoreUnavailableError,
    Writable,
    WriteResult,
)
from rules.ecs import Document, get, timestamp


class KeptEvents:
    """Implements `integrations.ports.EventStore` in memory; `away` makes it unavailable."""

    def __init__(self) -> None:
        self.kept: dict[str, Document] = {}
        self.away = False
        self.calls = 0
        self.largest = 0

    @property
    def originals(self) -> list[str]:
        return [document["event"]["original"] for document in self.kept.values()]

    def draft(self, documents: Sequence[Document]) -> Sequence[Document]:
        return documents

    async def write(self, events: Sequence[Writable]) -> WriteResult:
        documents = [event for event in events if isinstance(event, dict)]
        self.calls += 1
        self.largest = max(self.largest, len(documents))
        if self.away:
            raise StoreUnavailableError("the store is away")
        before = len(self.kept)
        for document in documents:
            self.kept.setdefault(document["event"]["id"], document)
        created = len(self.kept) - before
        return WriteResult(created=created, duplicates=len(documents) - created)

    async def checkpoints(self) -> Checkpoints:
        return {"events": len(self.kept) - 1}

    async def between(self, after: Checkpoints, upto: Checkpoints) -> AsyncIterator[list[StoredEvent]]:
        low, high = after.get("events", -1) + 1, upto["events"] + 1
        events = list(self.kept.values())[low:high]
        yield [StoredEvent("events", low + at, event) for at, event in enumerate(events)]

    async def history(
        self, keys: Mapping[str, Sequence[str]], first: datetime, last: datetime
    ) -> AsyncIterator[list[StoredEvent]]:
        found = sorted(self._where(keys, first, last), key=lambda event: str(event["@timestamp"]))
        yield [StoredEvent("events", at, event) for at, event in enumerate(found)]

    async def search(
        self, query: str, first: datetime, last: datetime, limit: int
    ) -> tuple[int, list[StoredEvent]]:
        """Only the query of all events is known here."""
        if query not in {"", "*"}:
            raise StoreQueryError(query)
        found = self._where({}, first, last)
        return len(found), [StoredEvent("events", at, event) for at, event in enumerate(found[:limit])]

    def _where(self, keys: Mapping[str, Sequence[str]], first: datetime, last: datetime) -> list[Document]:
        return [
            event
            for event in self.kept.values()
            if timestamp(first) <= event["@timestamp"] <= timestamp(last)
            and all(get(event, field) in values for field, values in keys.items())
        ]

    async def read(self, ids: Sequence[str]) -> list[StoredEvent]:
        return [StoredEvent("events", 0, self.kept[name]) for name in ids if name in self.kept]

    async def count(self, keys: Mapping[str, Sequence[str]], first: datetime, last: datetime) -> int:
        return len(self._where(keys, first, last))


@pytest.fixture
def store() -> KeptEvents:
    return KeptEvents()
