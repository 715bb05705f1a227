"""Playbooks that start again and again: one Temporal Schedule each, kept to what their files say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import structlog
from temporalio import workflow
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from playbooks.steps import Playbook
    from playbooks.steps import Schedule as PlaybookSchedule
    from workers.contract import QUEUE, CaseOpened, IncidentStart, case_id
    from workers.playbook_files import PlaybookSet

PREFIX = "playbook/"
LOOK = 60.0
"""Seconds between two looks at the files."""

log = structlog.get_logger(__name__)


@workflow.defn(name="ScheduledRunWorkflow")
class ScheduledRunWorkflow:
    """One start by a schedule: opens an incident for the run and leaves it to that."""

    @workflow.run
    async def run(self, playbook: str) -> str:
        incident = case_id(f"schedule/{workflow.info().workflow_id}/{workflow.info().run_id}")
        handle = await workflow.start_child_workflow(
            "IncidentWorkflow",
            IncidentStart(incident=incident),
            id=incident,
            parent_close_policy=ParentClosePolicy.ABANDON,
        )
        case = CaseOpened(
            playbook=playbook, title=f"Scheduled: {playbook}", reason=f"The schedule of {playbook} was due."
        )
        await handle.signal("open_case", case)
        return incident


async def keep_schedules(client: Client, playbooks: Callable[[], PlaybookSet]) -> None:
    """Hold Temporal's schedules to the playbooks' files, for as long as the task lives."""
    while True:
        try:
            known = await asyncio.to_thread(playbooks)
            await sync_schedules(client, {one.name: one for _, one in known.starting})
        except RPCError as error:
            log.warning("schedules could not be looked at", reason=error.message)
        await asyncio.sleep(LOOK)


async def sync_schedules(client: Client, playbooks: Mapping[str, Playbook]) -> None:
    """Make, change and delete schedules so that they are those of these playbooks. Raises RPCError."""
    wanted = {
        f"{PREFIX}{name}": one.on.schedule for name, one in playbooks.items() if one.on.schedule is not None
    }
    there = {}
    async for listed in await client.list_schedules():
        if listed.id.startswith(PREFIX):
            there[listed.id] = listed
    for name in there.keys() - wanted.keys():
        await client.get_schedule_handle(name).delete()
        log.info("a schedule is gone", schedule=name)
    for name, stated in wanted.items():
        schedule = _schedule(name.removeprefix(PREFIX), stated)
        try:
            await client.create_schedule(name, schedule)
            log.info("a playbook has a schedule", schedule=name)
        except ScheduleAlreadyRunningError:
            await client.get_schedule_handle(name).update(_Updater(schedule))


class _Updater:
    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def __call__(self, found: ScheduleUpdateInput) -> ScheduleUpdate | None:
        known: Any = found.description.schedule
        if known.spec == self._schedule.spec or _same(known.spec, self._schedule.spec):
            return None
        known.spec = self._schedule.spec
        return ScheduleUpdate(schedule=known)


def _same(known: ScheduleSpec, wanted: ScheduleSpec) -> bool:
    """Temporal turns cron into calendars; the interval is compared as it is."""
    return bool(wanted.intervals) and list(known.intervals) == list(wanted.intervals)


def _schedule(playbook: str, stated: PlaybookSchedule) -> Schedule:
    if stated.every is not None:
        spec = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(seconds=stated.every))])
    else:
        spec = ScheduleSpec(cron_expressions=[stated.cron or ""], time_zone_name=stated.timezone)
    return Schedule(
        action=ScheduleActionStartWorkflow(
            "ScheduledRunWorkflow", args=[playbook], id=f"scheduled/{playbook}", task_queue=QUEUE
        ),
        spec=spec,
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.ALLOW_ALL, catchup_window=timedelta(hours=1)),
    )
