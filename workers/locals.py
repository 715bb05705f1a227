"""Local activities of one workflow, one at a time.

The SDK groups the results of local activities that run side by side otherwise when it replays a history than
when it recorded it (temporalio/sdk-python#1881, #1578): what follows from them is numbered differently then,
and the run is stuck. One that runs alone has no order to lose.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio import workflow

PATCH = "one-local-at-a-time"


class Locals:
    """Whose turn it is."""

    def __init__(self, *, one_at_a_time: bool = False) -> None:
        """Otherwise there are no turns: for workflows whose local activities never run side by side."""
        self._lock = asyncio.Lock() if one_at_a_time else None

    @property
    def in_turn(self) -> bool:
        """Whether there are turns; a history that was begun without them goes on without."""
        return self._lock is not None and workflow.patched(PATCH)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn, and hold it meanwhile."""
        if self._lock is None or not self.in_turn:
            yield
            return
        async with self._lock:
            yield
