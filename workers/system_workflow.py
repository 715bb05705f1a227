"""The writer of the chain ``system``: what belongs to no incident, and the daily heads of all chains.

Posted in the security channel, out of the database's reach, the heads let anybody see later
whether a chain was rewritten.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from rules.evidence import SYSTEM_CHAIN, Head
    from workers.chain import FOREVER, Ledger
    from workers.contract import (
        BOT_QUEUE,
        BotActivity,
        DailyHeads,
        EvidenceNote,
        EvidenceNotes,
        SystemStart,
        ThreadPost,
        Tier,
    )

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@workflow.defn(name="SystemWorkflow")
class SystemWorkflow:
    @workflow.init
    def __init__(self, start: SystemStart) -> None:
        self._ledger = Ledger(start.head or Head(chain=SYSTEM_CHAIN), start.keys)
        self._look = False

    @workflow.run
    async def run(self, _start: SystemStart) -> None:
        workers = [
            asyncio.create_task(work)
            for work in (self._ledger.run(), self._post_heads_daily(), self._reconcile_hourly())
        ]
        await workflow.wait_condition(
            lambda: (
                workflow.info().is_continue_as_new_suggested()
                and self._ledger.idle
                and workflow.all_handlers_finished()
            )
        )
        for worker in workers:
            worker.cancel()
        workflow.continue_as_new(SystemStart(head=self._ledger.head, keys=self._ledger.keys))

    async def _reconcile_hourly(self) -> None:
        """Compare what is in force with what should be, each time a worker starts and then every hour."""
        while True:
            self._look = False
            now = workflow.now()
            found: list[str] = await workflow.execute_activity(
                "containment.reconcile",
                result_type=list[str],
                start_to_close_timeout=timedelta(minutes=30),
                heartbeat_timeout=timedelta(minutes=2),
                retry_policy=FOREVER,
            )
            for number, text in enumerate(found):
                note = EvidenceNote(
                    key=f"drift/{now.isoformat()}/{number}", kind="containment.drift", actor="siem",
                    text=text, at=workflow.now(),
                )  # fmt: skip
                self._ledger.add(note)
            if found:
                text = "What is in force was compared with what should be:\n" + "\n".join(found[:20])
                with contextlib.suppress(ActivityError):  # the chain has it; what stays wrong is told anew
                    await self._post(f"drift/{now.isoformat()}", text, "high", within=HOUR)
            with contextlib.suppress(TimeoutError):
                await workflow.wait_condition(lambda: self._look, timeout=HOUR)

    async def _post_heads_daily(self) -> None:
        while True:
            now = workflow.now()
            midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + DAY
            await workflow.sleep(midnight - now)
            heads: DailyHeads = await workflow.execute_local_activity(
                "evidence.heads",
                result_type=DailyHeads,
                start_to_close_timeout=timedelta(minutes=5),
                retry_policy=FOREVER,
            )
            self._ledger.add(
                EvidenceNote(
                    key=f"heads/{midnight:%Y-%m-%d}",
                    kind="heads.noted",
                    actor="siem",
                    text=f"The heads of {len(heads.lines)} chains were noted: SHA-256 {heads.digest}.",
                    data={"lines": list(heads.lines), "digest": heads.digest},
                    at=workflow.now(),
                )
            )
            await self._post(f"heads/{midnight:%Y-%m-%d}", heads.text, "low")

    async def _post(self, key: str, text: str, tier: Tier, within: timedelta | None = None) -> None:
        """Say something in the security channel. Raises ActivityError where that can't be done `within` a
        time; without one it is tried until it can."""
        await workflow.execute_activity(
            BotActivity.POST.value,
            ThreadPost(key=key, thread=None, tier=tier, text=text),
            task_queue=BOT_QUEUE,
            start_to_close_timeout=timedelta(seconds=10),
            schedule_to_close_timeout=within,
            retry_policy=FOREVER,
        )

    @workflow.signal
    async def look(self) -> None:
        """Compare what is in force with what should be now: a worker started, who knows after how long."""
        self._look = True

    @workflow.signal
    async def record(self, note: EvidenceNote) -> None:
        self._ledger.add(note)

    @workflow.signal
    async def records(self, several: EvidenceNotes) -> None:
        for note in several.notes:
            self._ledger.add(note)

    @workflow.query
    def head(self) -> Head:
        return self._ledger.head
