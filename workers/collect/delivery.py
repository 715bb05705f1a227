"""Batches on their way to the store: some at a time, acknowledged in the order they were given."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential_jitter

from integrations.ports import StoreError, Writable, WriteResult
from rules.ecs import Document

BATCH = 2000
"""Events of one batch."""
IN_FLIGHT = 3
"""Batches on their way at once: the store works on two, and finds the next one ready."""

log = structlog.get_logger(__name__)

Write = Callable[[Sequence[Writable]], Awaitable[WriteResult]]
Acknowledge = Callable[[WriteResult], None]
NOTHING = WriteResult(created=0, duplicates=0)


class Writing(Protocol):
    """As much of an `EventStore` as events are stored with."""

    def draft(self, documents: Sequence[Document]) -> Sequence[Writable]: ...

    async def write(self, events: Sequence[Writable]) -> WriteResult: ...


class Delivery:
    """Sends batches with `write`; memory is bounded because `give` waits while enough are on their way."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._pending: deque[tuple[asyncio.Task[WriteResult], Acknowledge]] = deque()

    async def give(self, events: Sequence[Writable], acknowledge: Acknowledge) -> None:
        """Send a batch; `acknowledge` is called once it and all before it are stored.

        Raises what `write` raises, of this or an earlier batch.
        """
        while len(self._pending) >= IN_FLIGHT:
            await self._first()
        self._pending.append((asyncio.ensure_future(self._send(events)), acknowledge))
        await asyncio.sleep(0)  # let it begin before the next batch is made

    async def settle(self) -> None:
        """Wait until all that was given is stored."""
        while self._pending:
            await self._first()

    async def abandon(self) -> None:
        """Stop what is on its way; it stays unacknowledged, but for what is stored already."""
        while self._pending and (first := self._pending[0][0]).done() and not first.cancelled():
            if first.exception() is not None:
                break
            await self._first()
        tasks = [task for task, _ in self._pending]
        self._pending.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _first(self) -> None:
        task, acknowledge = self._pending[0]
        result = await asyncio.shield(task)
        self._pending.popleft()
        acknowledge(result)

    async def _send(self, events: Sequence[Writable]) -> WriteResult:
        return await self._write(events) if events else NOTHING


class PatientWriter:
    """Writes to a store, however long it is away: nothing is lost, and nothing is read on meanwhile."""

    def __init__(self, store: Writing) -> None:
        self._store = store
        self._failing: dict[int, str] = {}

    @property
    def waits_for(self) -> str | None:
        """Why a batch is not stored yet, None where none waits."""
        return next(iter(self._failing.values()), None)

    def draft(self, documents: Sequence[Document]) -> Sequence[Writable]:
        return self._store.draft(documents)

    async def write(self, events: Sequence[Writable]) -> WriteResult:
        key = id(events)

        def failed(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            self._failing[key] = str(error)
            if state.attempt_number in {1, 5} or state.attempt_number % 50 == 0:
                log.warning("waits for the store", attempt=state.attempt_number, reason=str(error))

        try:
            async for attempt in AsyncRetrying(
                wait=wait_exponential_jitter(multiplier=0.2, max=3.0, jitter=0.2),
                retry=retry_if_exception_type(StoreError),
                before_sleep=failed,
            ):
                with attempt:
                    result = await self._store.write(events)
        finally:
            if self._failing.pop(key, None):
                log.info("the store is back")
        for event, reason in result.rejected:
            log.warning("an event was kept as a pipeline error", event_id=event, reason=reason)
        return result
