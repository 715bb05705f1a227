"""The worker process: all workflows and activities, the sweep's schedule, the system's workflow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.worker import Worker

from integrations.catalogue import actions
from integrations.opensearch.aggregations import Aggregations
from rules.grouping import GroupingPolicy
from rules.scheduled import QueryPlan
from workers.composition import installation
from workers.containment_workflow import ContainmentWorkflow
from workers.contract import DETECT_QUEUE, QUEUE, SWEEP_ID, SYSTEM_ID, SystemStart
from workers.detection import intelligence_of, load_detection
from workers.engines import prepare_namespace
from workers.heads import Heads
from workers.health import Health
from workers.health_schedule import schedule_health
from workers.health_workflow import HealthWorkflow
from workers.incident_workflow import IncidentWorkflow
from workers.intelligence import Feeds
from workers.intelligence_refresh import Refresh, schedule_refresh
from workers.intelligence_workflow import IntelligenceWorkflow
from workers.keeping import Keeping
from workers.lifelines import Lifelines
from workers.live_desk import LiveDesk
from workers.own_vendors import read_inventory
from workers.planning import Planning, PlanWorkflow
from workers.playbook_files import PlaybookShelf
from workers.playbook_workflow import PlaybookWorkflow
from workers.reconciliation import Reconciliation
from workers.response import Response
from workers.retention import Retention, schedule_retention
from workers.retention_workflow import RetentionWorkflow
from workers.rule_costs import CostKeeper
from workers.run_logs import RunLogs
from workers.scheduled_queries import ScheduledQueries
from workers.schedules import ScheduledRunWorkflow, keep_schedules
from workers.settings import Settings
from workers.standing import keep_running
from workers.sweep import Sweep
from workers.sweep_workflow import SweepWorkflow
from workers.system_workflow import SystemWorkflow
from workers.temporal import CACHED_WORKFLOWS, sandbox
from workers.waits import Waits
from workers.weighing import Weighing

log = structlog.get_logger(__name__)

SCHEDULE = "sweep"


async def run_worker(settings: Settings, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Work until `stop` is set; `ready` is called once tasks are taken.

    Raises what `installation` raises, and `StoreError` where the store can't be set up.
    """
    async with installation(settings, vendors=True) as here:
        await here.stores.setup()
        await prepare_namespace(here.client)
        known = {action.spec.name: action for action in actions()}
        specs = {name: action.spec for name, action in known.items()}

        playbooks = PlaybookShelf(settings, specs)

        response = Response(
            client=here.client,
            site=here.site,
            actions=known,
            playbooks=playbooks,
            approvers=settings.approvers,
            guard=settings.guard,
            weighing=Weighing(Lifelines(settings), lambda: read_inventory(settings)),
        )
        detection = settings.site.detection
        intelligence = intelligence_of(settings, here.stores, here.site)
        desk = LiveDesk(here.client, here.site)

        def schedule(plan: QueryPlan) -> ScheduledQueries:
            store = Aggregations(here.stores.connection)
            return ScheduledQueries(plan, store, here.site.state, here.site.clock, desk.note)

        sweep = Sweep(
            client=here.client,
            site=here.site,
            detection=lambda: load_detection(settings, intelligence, schedule),
            grouping=lambda: GroupingPolicy(
                open_at=detection.open_at, window=detection.window, opening=playbooks().alert_rules
            ),
            tick=detection.tick.total_seconds(),
            costs=CostKeeper(settings.data),
        )
        keeping = Keeping(here.stores, desk.note)
        retention = Retention(keeping, settings.site.retention, here.site.clock)
        feeds = Feeds(
            settings.site.intelligence, settings.root, here.site, here.stores.intelligence, desk.note
        )
        heads = Heads(here.site.evidence, here.stores.events.heads)
        respond = Worker(
            here.client,
            task_queue=QUEUE,
            workflows=[
                IncidentWorkflow, PlaybookWorkflow, ContainmentWorkflow, SystemWorkflow, SweepWorkflow,
                ScheduledRunWorkflow, RetentionWorkflow, IntelligenceWorkflow, HealthWorkflow, PlanWorkflow,
            ],
            activities=[
                *response.activities,
                *Waits(here.client, here.site).activities,
                *RunLogs(here.site).activities,
                *Reconciliation(here.client, here.site, known).activities,
                heads.heads,
                retention.apply,
                Refresh(feeds).run,
                Planning(here.site, known, playbooks, desk.incident, settings.approvers).plan,
                *Health(here.client, here.site, here.stores.watch, settings).activities,
            ],
            workflow_runner=sandbox(),
            max_cached_workflows=CACHED_WORKFLOWS,
            graceful_shutdown_timeout=timedelta(seconds=5),
        )  # fmt: skip
        detect = Worker(
            here.client,
            task_queue=DETECT_QUEUE,
            activities=[sweep.run],
            max_concurrent_activities=1,
            graceful_shutdown_timeout=timedelta(seconds=5),
        )
        async with respond, detect:
            await start_system(here.client)
            await schedule_sweep(here.client)
            await schedule_retention(here.client)
            await schedule_refresh(here.client)
            await schedule_health(here.client)
            ready()
            log.info("worker takes tasks", actions=len(known))
            scheduling = asyncio.create_task(keep_schedules(here.client, playbooks))
            await stop.wait()
            scheduling.cancel()


async def start_system(client: Client) -> None:
    """Start the writer of the chain ``system`` unless it runs, and have it look at what is in force."""
    await client.start_workflow(
        "SystemWorkflow",
        SystemStart(),
        id=SYSTEM_ID,
        task_queue=QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        start_signal="look",
    )


async def schedule_sweep(client: Client) -> None:
    """Make the schedule that keeps exactly one sweep running, and start it now."""
    await keep_running(client, SCHEDULE, "SweepWorkflow", id=SWEEP_ID)
