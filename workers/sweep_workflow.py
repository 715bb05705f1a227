"""The sweep: started by a schedule each minute, at most one at a time, ticking in one long activity."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from workers.contract import DETECT_QUEUE

HEARTBEAT = timedelta(seconds=8)
"""Without a heartbeat for this long the sweep is started again elsewhere."""
STRETCH = timedelta(minutes=30)
"""How long one activity ticks before it hands over to a fresh one."""


@workflow.defn(name="SweepWorkflow")
class SweepWorkflow:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(
            "sweep.run",
            args=[STRETCH.total_seconds()],
            task_queue=DETECT_QUEUE,
            start_to_close_timeout=STRETCH + timedelta(minutes=5),
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RetryPolicy(
                initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=10)
            ),
        )
