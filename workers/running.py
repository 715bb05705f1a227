"""What the parts of one playbook run share: its input, its thread, its notes, and which of its commands rest.

A command rests while it only waits for people, a moment, an event or a webhook, with nothing under way:
then all that it is can be said in a few fields, and the run may go on in a fresh history
(`workers.continuing`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeAlias

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from workers.chain import FOREVER
    from workers.contract import (
        BOT_QUEUE,
        BotActivity,
        InquiryCard,
        InquiryEnd,
        PlaybookStart,
        PostedCard,
        Question,
        QuestionEnd,
        ThreadRef,
        Tier,
    )
    from workers.inquiries import OpenInquiry
    from workers.locals import Locals
    from workers.notes import Outbox
    from workers.questions import OpenQuestion
    from workers.results import AT_ONCE

CardAt: TypeAlias = Callable[[PostedCard], Question | InquiryCard]
"""Makes the card of a question as it is at a place."""
CARD = timedelta(seconds=10)
"""How long one attempt to post or close a card may take."""

CALL = RetryPolicy(
    initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=10), maximum_attempts=4
)
"""Of what a step asks for and may fail by."""


class Running:
    """One run, as its parts see it."""

    def __init__(self, start: PlaybookStart) -> None:
        self.start = start
        self.thread: ThreadRef | None = start.thread
        self.locals = Locals(one_at_a_time=True)
        self.notes = Outbox(self.locals)
        self.urgent = False
        """A containment was just released and is being applied."""
        self.resuming = start.carried is not None
        """The engine is being brought to where it was: what is decided already is not known yet."""
        self.background: set[asyncio.Task[None]] = set()
        self._resting: dict[str, Callable[[], bool]] = {}
        self._brought = 0
        """Bytes that came since the last task that this run ended for them."""

    def key(self, step: str) -> str:
        """Return the idempotency key of a step: the same in each history of the run."""
        return f"{workflow.info().workflow_id}/{step}"

    def note(
        self,
        kind: str,
        text: str,
        data: dict[str, Any] | None = None,
        *,
        tell: Tier | None = None,
        actor: str = "",
        once: str = "",
    ) -> None:
        """Put something on the incident's chain, soon; `once` as `Outbox.send` has it."""
        self.notes.send(
            self.start.incident.id,
            kind=kind,
            text=text,
            actor=actor or f"playbook:{self.start.playbook}",
            data={"playbook": self.start.playbook} | (data or {}),
            tell=tell,
            once=once,
        )

    async def post(
        self, activity: BotActivity, asked: OpenQuestion | OpenInquiry, step: str, card_at: CardAt
    ) -> None:
        """Post the card of a question, once there is a thread for it."""
        with self.rests(step, lambda: self.thread is None):
            await workflow.wait_condition(lambda: self.thread is not None or bool(asked.withdrawn))
        if self.thread is None:
            return
        place = PostedCard(
            thread=self.thread, card=self.thread, expires=asked.expires, escalated=asked.escalated
        )
        posted: ThreadRef = await workflow.execute_activity(
            activity.value,
            card_at(place),
            task_queue=BOT_QUEUE,
            result_type=ThreadRef,
            start_to_close_timeout=CARD,
            retry_policy=FOREVER,
        )
        asked.cards.append(place.model_copy(update={"card": posted}))

    async def retire(self, activity: BotActivity, end: QuestionEnd | InquiryEnd) -> None:
        """Close a card; one that can't be closed is told, and stops nothing."""
        try:
            await workflow.execute_activity(
                activity.value, end, task_queue=BOT_QUEUE, start_to_close_timeout=CARD, retry_policy=FOREVER
            )
        except ActivityError as error:
            self.note("message.failed", f"The card could not be retired: {error.cause or error}")

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that no step waits for; the run does not end without it."""
        task: asyncio.Task[None] = asyncio.create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)

    @contextmanager
    def rests(self, command: str, still: Callable[[], bool] = lambda: True) -> Iterator[None]:
        """Say that a command only waits meanwhile; `still`: until what it waits for has come."""
        self._resting[command] = still
        try:
            yield
        finally:
            del self._resting[command]

    def at_rest(self, command: str) -> bool:
        return command in self._resting and self._resting[command]()

    async def pace(self, size: int) -> None:
        """End this workflow task where much has come in it: the server takes 4 MiB at once."""
        self._brought += size
        if self._brought > AT_ONCE:
            self._brought = 0
            await workflow.sleep(timedelta(milliseconds=1))
