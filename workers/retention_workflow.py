"""Retention, started by a schedule once a day, at most one at a time."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

HEARTBEAT = timedelta(seconds=60)
"""Without a heartbeat for this long it is started again elsewhere."""


@workflow.defn(name="RetentionWorkflow")
class RetentionWorkflow:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(
            "retention.apply",
            start_to_close_timeout=timedelta(hours=12),
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RetryPolicy(
                initial_interval=timedelta(seconds=10), maximum_interval=timedelta(minutes=10)
            ),
        )
