"""The retention's activity and its daily schedule."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import structlog
from temporalio import activity
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
)

from integrations.ports import Clock
from workers.contract import QUEUE
from workers.keeping import Keeping
from workers.site_file import RetentionSection

SCHEDULE = "retention"
WORKFLOW_ID = "retention"
HOUR = 3
"""UTC; when a site is least busy."""
BEAT_SECONDS = 10.0

log = structlog.get_logger(__name__)


class Retention:
    def __init__(self, keeping: Keeping, section: RetentionSection, clock: Clock) -> None:
        self._keeping = keeping
        self._section = section
        self._clock = clock

    @activity.defn(name="retention.apply")
    async def apply(self) -> None:
        work = asyncio.ensure_future(
            self._keeping.apply_retention(self._section, "siem:retention", self._clock.now())
        )
        try:
            while not work.done():
                activity.heartbeat()
                await asyncio.wait({work}, timeout=BEAT_SECONDS)
            kept = work.result()
        finally:
            work.cancel()
        log.info("retention applied", rolled=len(kept.rolled), deleted=kept.events, held=kept.held)


async def schedule_retention(client: Client) -> None:
    """Make the daily schedule, unless it is there."""
    hour = ScheduleCalendarSpec(hour=[ScheduleRange(HOUR)], minute=[ScheduleRange(17)])
    schedule = Schedule(
        action=ScheduleActionStartWorkflow("RetentionWorkflow", id=WORKFLOW_ID, task_queue=QUEUE),
        spec=ScheduleSpec(calendars=[hour]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(days=1)),
    )
    with contextlib.suppress(ScheduleAlreadyRunningError):
        await client.create_schedule(SCHEDULE, schedule)
