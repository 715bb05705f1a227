"""Where a run is, told in one message of the incident's thread that is edited as it goes.

Nothing waits for it, and what is urgent goes first: changes gather for a moment, and a message that can't be
posted costs the run nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Literal

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from workers.contract import BOT_QUEUE, BotActivity, Progress, ProgressLine, ThreadRef

FIRST = timedelta(seconds=5)
"""Before the message is posted: a run that is over by then needs none."""
SETTLE = timedelta(seconds=2)
"""How long changes gather before it is edited."""
PATIENCE = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3)
Status = Literal["running", "cancelling", "succeeded", "failed", "denied", "cancelled"]
State = Literal["running", "waiting", "succeeded", "failed", "skipped", "denied", "expired", "cancelled"]


class ProgressTeller:
    """Tells of one run. `begin` and `end` steps; `close` when the run has ended."""

    def __init__(
        self,
        playbook: str,
        thread: Callable[[], ThreadRef | None],
        busy: Callable[[], bool],
        message: ThreadRef | None = None,
    ) -> None:
        """`busy`: whether something is more urgent right now. `message`: what was posted before."""
        self._playbook = playbook
        self._thread = thread
        self._busy = busy
        self._lines: dict[str, ProgressLine] = {}
        self._version = 0
        self._told = 0
        self.message = message
        self._status: Status = "running"
        self._reason = ""
        self.telling = False
        """A message is under way."""
        self._over = False

    def begin(self, step: str, *, waiting: bool) -> None:
        self._set(ProgressLine(step=step, state="waiting" if waiting else "running"))

    def end(self, step: str, state: State, text: str = "") -> None:
        self._set(ProgressLine(step=step, state=state, text=text))

    def cancel(self, reason: str) -> None:
        """Show that the run is being cancelled."""
        self._status, self._reason = "cancelling", reason
        self._version += 1

    def _set(self, line: ProgressLine) -> None:
        self._lines[line.step] = line
        self._version += 1

    async def run(self) -> None:
        """Tell, until `finish` is called."""
        while not self._over:
            await workflow.wait_condition(
                lambda: self._over or (self._version != self._told and self._thread() is not None)
            )
            with contextlib.suppress(TimeoutError):
                settle = FIRST if self.message is None else SETTLE
                await workflow.wait_condition(lambda: self._over, timeout=settle)
            await workflow.wait_condition(lambda: self._over or not self._busy())
            if not self._over:
                await self.tell()

    async def finish(self, status: Status, reason: str) -> None:
        """Say how it ended, where a message was posted.

        What is just being told is waited for, not cancelled: a server never hears of an activity that is
        begun and cancelled with the run's last task, and that task would be tried for ever.
        """
        self._over = True
        self._status, self._reason = status, reason
        self._version += 1
        await workflow.wait_condition(lambda: not self.telling)
        if self.message is not None:
            await self.tell()

    async def tell(self) -> None:
        """Post or edit the message now."""
        thread = self._thread()
        if thread is None or self.telling:
            return
        self.telling = True
        version = self._version
        info = workflow.info()
        try:
            self.message = await workflow.execute_activity(
                BotActivity.PROGRESS.value,
                Progress(
                    key=f"{info.workflow_id}/progress",
                    thread=thread,
                    message=self.message,
                    playbook=self._playbook,
                    status=self._status,
                    reason=self._reason[:1000],
                    lines=tuple(self._lines.values())[-60:],
                ),
                task_queue=BOT_QUEUE,
                result_type=ThreadRef,
                start_to_close_timeout=timedelta(seconds=10),
                schedule_to_close_timeout=timedelta(seconds=30),
                retry_policy=PATIENCE,
            )
        except ActivityError:
            workflow.logger.info("the progress could not be told")
        self._told = version
        self.telling = False
