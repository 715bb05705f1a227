"""Looking after health over hours, on the time-skipping server: what can't be looked at is told once."""

from __future__ import annotations

import shutil
import sys
from datetime import timedelta
from pathlib import Path

from temporalio import activity
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, Worker

from workers.contract import BOT_QUEUE, QUEUE, BotActivity, ThreadPost
from workers.health_schedule import SCHEDULE, schedule_health
from workers.health_workflow import HealthStart, HealthWorkflow
from workers.temporal import connect, sandbox


async def test_a_store_that_is_away_is_told_once_and_when_it_is_back() -> None:
    posted: list[ThreadPost] = []
    looks = 0
    away = range(20, 150)
    """Attempts that fail: three a look, a quarter of an hour and more."""

    @activity.defn(name="health.look")
    async def look() -> None:
        nonlocal looks
        looks += 1
        if looks in away:
            raise ApplicationError("OpenSearch does not answer")

    @activity.defn(name=BotActivity.POST.value)
    async def post(one: ThreadPost) -> None:
        posted.append(one)

    folder = Path(sys.executable).parent
    server = shutil.which("temporal-test-server", path=folder) or shutil.which("temporal-test-server")
    histories: list[WorkflowHistory] = []
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=server, data_converter=pydantic_data_converter
    ) as environment:
        work = Worker(
            environment.client, task_queue=QUEUE, workflows=[HealthWorkflow], activities=[look],
            workflow_runner=sandbox(),
        )  # fmt: skip
        async with work, Worker(environment.client, task_queue=BOT_QUEUE, activities=[post]):
            handle = await environment.client.start_workflow(
                "HealthWorkflow", HealthStart(), id="health", task_queue=QUEUE
            )
            await environment.sleep(timedelta(minutes=90))
            run = environment.client.get_workflow_handle("health", run_id=handle.first_execution_run_id)
            histories.append(await run.fetch_history())
            assert (await environment.client.get_workflow_handle("health").describe()).run_id != run.run_id
    assert [(one.tier, one.thread) for one in posted] == [("critical", None), ("high", None)]
    assert "can't look at its own health since" in posted[0].text
    assert "OpenSearch does not answer" in posted[0].text
    assert "again" in posted[1].text
    assert len({one.key for one in posted}) == 2
    replayer = Replayer(
        workflows=[HealthWorkflow], workflow_runner=sandbox(), data_converter=pydantic_data_converter
    )
    for history in histories:
        await replayer.replay_workflow(history)


async def test_the_schedule_keeps_one_running(temporal_address: str, temporal_namespace: str) -> None:
    temporal_client = await connect(temporal_address, namespace=temporal_namespace)
    await schedule_health(temporal_client)
    await schedule_health(temporal_client)  # harmless
    described = await temporal_client.get_schedule_handle(SCHEDULE).describe()
    assert described.schedule.policy.overlap.name == "SKIP"
    async for run in temporal_client.list_workflows("ExecutionStatus = 'Running'"):
        await temporal_client.get_workflow_handle(run.id).terminate()
