"""The refresh of threat intelligence: started by a schedule, at most one at a time, in one long activity."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

HEARTBEAT = timedelta(seconds=60)
"""Without a heartbeat for this long it is started again elsewhere."""
STRETCH = timedelta(minutes=30)
"""How long one activity looks for sources that are due before it hands over to a fresh one."""


@workflow.defn(name="IntelligenceWorkflow")
class IntelligenceWorkflow:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(
            "intelligence.refresh",
            args=[STRETCH.total_seconds()],
            start_to_close_timeout=STRETCH + timedelta(hours=2),
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RetryPolicy(
                initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=5)
            ),
        )
