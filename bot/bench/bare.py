"""The least that a click could cost: one update that runs one activity which does nothing."""

from __future__ import annotations

from datetime import timedelta

from temporalio import activity, workflow

QUEUE = "siem-bench"


@activity.defn(name="bench.nothing")
async def do_nothing() -> None:
    return None


@workflow.defn(name="BareWorkflow")
class BareWorkflow:
    def __init__(self) -> None:
        self._over = False

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: self._over)

    @workflow.update
    async def act(self) -> None:
        await workflow.execute_activity("bench.nothing", start_to_close_timeout=timedelta(seconds=10))

    @workflow.signal
    async def end(self) -> None:
        self._over = True
