"""Workflows of which exactly one always runs: Temporal starts each again where it ended."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

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

EVERY = timedelta(minutes=1)


async def keep_running(
    client: Client, schedule: str, workflow: str, *args: Any, id: str, every: timedelta = EVERY
) -> None:
    """Make the schedule that keeps one workflow running, unless it is there, and start it now.

    `id` is the workflow's; `every` is how soon it starts again once it has ended.
    """
    made = Schedule(
        action=ScheduleActionStartWorkflow(workflow, args=list(args), id=id, task_queue=QUEUE),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=every),
    )
    with contextlib.suppress(ScheduleAlreadyRunningError):
        await client.create_schedule(schedule, made, trigger_immediately=True)
        return
    await client.get_schedule_handle(schedule).trigger(overlap=ScheduleOverlapPolicy.SKIP)
