"""The refresh's activity and its schedule: sources of intelligence are asked as they come due."""

from __future__ import annotations

import asyncio
import time

from temporalio import activity
from temporalio.client import Client

from workers.intelligence import Feeds
from workers.standing import keep_running

SCHEDULE = "intelligence"
WORKFLOW_ID = "intelligence"
LOOK = 15.0
"""Seconds between two looks at what is due."""
BEAT = 5.0


class Refresh:
    def __init__(self, feeds: Feeds) -> None:
        self._feeds = feeds

    @activity.defn(name="intelligence.refresh")
    async def run(self, seconds: float) -> None:
        """Ask sources as they come due, until `seconds` are over or the worker shuts down."""
        end = time.monotonic() + seconds
        beats = asyncio.create_task(self._beat())
        try:
            while time.monotonic() < end and not activity.is_worker_shutdown():
                await self._feeds.refresh()
                await asyncio.sleep(LOOK)
        finally:
            beats.cancel()

    async def _beat(self) -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(BEAT)


async def schedule_refresh(client: Client) -> None:
    """Make the schedule that keeps exactly one refresh running, unless it is there, and start it now."""
    await keep_running(client, SCHEDULE, "IntelligenceWorkflow", id=WORKFLOW_ID)
