"""The schedule that keeps exactly one look-out for the system's health running."""

from __future__ import annotations

import contextlib

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
from workers.health_workflow import EVERY, HealthStart

SCHEDULE = "health"
WORKFLOW_ID = "health"


async def schedule_health(client: Client) -> None:
    """Make the schedule that keeps exactly one look-out running, and start it now."""
    schedule = Schedule(
        action=ScheduleActionStartWorkflow("HealthWorkflow", HealthStart(), id=WORKFLOW_ID, task_queue=QUEUE),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=EVERY)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=EVERY),
    )
    with contextlib.suppress(ScheduleAlreadyRunningError):
        await client.create_schedule(SCHEDULE, schedule, trigger_immediately=True)
        return
    await client.get_schedule_handle(SCHEDULE).trigger(overlap=ScheduleOverlapPolicy.SKIP)
