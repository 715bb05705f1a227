"""Looks at the system's health once a minute, and says where it can't: then the store is away.

Started by a schedule, at most one at a time; it goes on as a new run once an hour, and remembers since
when looking fails.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel, ConfigDict

    from rules.health import stamp
    from workers.chain import FOREVER
    from workers.contract import BOT_QUEUE, BotActivity, ThreadPost, Tier

EVERY = timedelta(minutes=1)
LOOKS = 60
"""Of one run; then it goes on as a new one."""
PATIENCE = timedelta(minutes=5)
"""How long looking may fail before people are told."""
TRIES = RetryPolicy(initial_interval=timedelta(seconds=2), maximum_attempts=3)


class HealthStart(BaseModel):
    """Input of ``HealthWorkflow``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    failing_since: datetime | None = None
    told: bool = False


@workflow.defn(name="HealthWorkflow")
class HealthWorkflow:
    @workflow.init
    def __init__(self, start: HealthStart) -> None:
        self._failing_since = start.failing_since
        self._told = start.told

    @workflow.run
    async def run(self, _start: HealthStart) -> None:
        for _ in range(LOOKS):
            began = workflow.now()
            await self._look(began)
            await workflow.sleep(max(timedelta(seconds=1), began + EVERY - workflow.now()))
        workflow.continue_as_new(HealthStart(failing_since=self._failing_since, told=self._told))

    async def _look(self, now: datetime) -> None:
        try:
            await workflow.execute_activity(
                "health.look", start_to_close_timeout=timedelta(seconds=50), retry_policy=TRIES
            )
        except ActivityError as error:
            since = self._failing_since = self._failing_since or now
            if not self._told and now - since >= PATIENCE:
                self._told = True
                text = (
                    f"The system can't look at its own health since {stamp(since)}, and most likely detects "
                    f"nothing: {error.cause or error}. See `siem status`."
                )
                await self._post(f"health/unseen/{since.isoformat()}", text, "critical")
            return
        if self._told and self._failing_since is not None:
            text = (
                f"The system sees to its own health again; it could not since {stamp(self._failing_since)}."
            )
            await self._post(f"health/seen/{self._failing_since.isoformat()}", text, "high")
        self._failing_since, self._told = None, False

    async def _post(self, key: str, text: str, tier: Tier) -> None:
        """Say something in the security channel."""
        await workflow.execute_activity(
            BotActivity.POST.value,
            ThreadPost(key=key, thread=None, tier=tier, text=text),
            task_queue=BOT_QUEUE,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=FOREVER,
        )
