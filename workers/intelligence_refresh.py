"""The refresh's activity and its schedule: sources of intelligence are asked as they come due."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import timedelta

from temporalio import activity
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)

from workers.contract import QUEUE
from workers.intelligence import Feeds

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
    schedule = Schedule(
        action=ScheduleActionStartWorkflow("IntelligenceWorkflow", id=WORKFLOW_ID, task_queue=QUEUE),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(minutes=1))]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1)),
    )
    with contextlib.suppress(ScheduleAlreadyRunningError):
        await client.create_schedule(SCHEDULE, schedule, trigger_immediately=True)
        return
    await client.get_schedule_handle(SCHEDULE).trigger(overlap=ScheduleOverlapPolicy.SKIP)
