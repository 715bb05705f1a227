"""How a playbook run goes on in a fresh history, before the present one grows heavy.

Temporal ends a workflow whose history has 51,200 events or 50 MiB, and suggests to continue as new from
4,096 events or 4 MiB on. A run takes the suggestion: it hands no new commands out, lets those end that are
short, keeps the log of outcomes in the store, and continues. The next history rebuilds the engine, which is
a pure generator, by sending it the same outcomes in the same order, and performs what is outstanding.
Whatever only waits is carried as it stands. Nothing tells from outside: one workflow id, one child of its
incident, the same idempotency keys.

Bounds:
- A history begins with what the log costs to read. It continues again only after `LEAST_EVENTS` or
  `LEAST_BYTES` of its own, so that each goes forward.
- A log of more than `LOG_LIMIT` (compressed) would leave too little room: from then on each further call of
  an action is refused, and the run ends by its own rules, ``finally`` included.
- What does not come to rest within `PATIENCE` (a card that can't be posted, a containment that takes long)
  lets the run go on in the history that it has, and try again later; beyond `LATEST` events it is waited
  for.
- What is carried in the input (open questions, at most 20 at once in a ``foreach``) may have
  `CARRIED_LIMIT`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from playbooks.commands import Cancel, Completed
    from workers.chain import FOREVER
    from workers.contract import LogPart, PlaybookStart
    from workers.messages import KeepLog, KeptLog
    from workers.results import size_of
    from workers.run_logs import unpack_log
    from workers.running import CALL, Running

PATCH = "continue-as-new"
LEAST_EVENTS, LEAST_BYTES = 2_000, 2_000_000
PATIENCE = timedelta(seconds=60)
LATEST = 40_000
"""Events."""
LOG_LIMIT = 20_000_000
"""Bytes."""
CARRIED_LIMIT = 1_500_000
"""Bytes of the next history's input."""
AT_ONCE = 100
"""Outcomes sent to the engine in one workflow task: it may take 2 s."""


class Continuing:
    """When a run continues, and the log that goes along."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._limit = running.start.continue_after
        carried = running.start.carried
        self.parts: list[LogPart] = list(carried.log) if carried else []
        self._fresh: list[Completed | Cancel] = []
        """Outcomes that are not kept yet."""
        self._events, self._bytes = 0, 0
        """What this history had when it began to go forward."""
        self._stays = False
        """It does not continue any more."""
        self.full = False
        """The log has become too large to go on."""

    def took(self, done: Completed | Cancel) -> None:
        """Remember an outcome, in the order in which the engine gets it."""
        if not self._stays:
            self._fresh.append(done)

    def began(self) -> None:
        """The engine is where it was: from here on the history goes forward."""
        info = workflow.info()
        self._events = info.get_current_history_length()
        self._bytes = info.get_current_history_size()

    @property
    def due(self) -> bool:
        """Whether the history has become heavy."""
        if self._stays:
            return False
        info = workflow.info()
        events = info.get_current_history_length() - self._events
        if self._limit is not None:
            return events >= self._limit
        grown = events >= LEAST_EVENTS or info.get_current_history_size() - self._bytes >= LEAST_BYTES
        return grown and info.is_continue_as_new_suggested()

    @property
    def patience(self) -> timedelta | None:
        """How long the run may take to come to rest; None: as long as it takes."""
        return PATIENCE if workflow.info().get_current_history_length() < LATEST else None

    def may(self) -> bool:
        """Whether this history may continue: one that was begun by an earlier version goes on as it began."""
        if not workflow.patched(PATCH):
            self._stays = True
        return not self._stays

    def postpone(self) -> None:
        """Go on in this history for now."""
        self.began()

    async def keep(self) -> bool:
        """Keep the outcomes that are not kept yet; whether the run may continue."""
        if self._fresh:
            outcomes = tuple(self._fresh)
            info = workflow.info()
            log = KeepLog(
                workflow=info.workflow_id,
                run=info.first_execution_run_id,
                incident=self._running.start.incident.id,
                first=len(self.parts),
                outcomes=outcomes,
            )
            try:
                async with self._running.locals.turn():
                    kept: KeptLog = await workflow.execute_local_activity(
                        "run.keep_log",
                        log,
                        result_type=KeptLog,
                        start_to_close_timeout=timedelta(seconds=60),
                        retry_policy=FOREVER,
                    )
            except FailureError as error:
                workflow.logger.warning("the run can't continue: %s", error)
                self._stays = True
                return False
            self.parts += kept.parts
            del self._fresh[: len(outcomes)]
        if sum(part.packed for part in self.parts) > LOG_LIMIT:
            self._stays = self.full = True
        return not self._stays

    @property
    def kept(self) -> bool:
        """Whether the store has all outcomes."""
        return not self._fresh

    async def outcomes(self) -> AsyncIterator[Completed | Cancel]:
        """Yield the outcomes of earlier histories, in order, over as many workflow tasks as that takes."""
        sent = 0
        for part in self.parts:
            async with self._running.locals.turn():
                text: str = await workflow.execute_local_activity(
                    "run.read_log",
                    part,
                    result_type=str,
                    start_to_close_timeout=timedelta(seconds=60),
                    retry_policy=FOREVER,
                )
            await self._running.pace(len(text))
            for done in unpack_log(text):
                yield done
                sent += 1
                if sent % AT_ONCE == 0:
                    await workflow.sleep(timedelta(milliseconds=1))

    async def forget(self) -> None:
        """Delete what the store has of the log; retention deletes what can't be deleted now."""
        if not self.parts:
            return
        try:
            async with self._running.locals.turn():
                await workflow.execute_local_activity(
                    "run.forget_log",
                    workflow.info().workflow_id,
                    start_to_close_timeout=timedelta(seconds=60),
                    retry_policy=CALL,
                )
        except FailureError as error:
            workflow.logger.warning("the run's log stays for now: %s", error)


def fits(start: PlaybookStart) -> bool:
    """Whether the next history's input is small enough for a message."""
    return size_of(start) <= CARRIED_LIMIT
