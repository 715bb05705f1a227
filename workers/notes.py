"""Notes from one workflow to the incident's: sent in order, never lost, never waited for.

A local activity signals the incident: it needs no task of its own as a signal between workflows does, so
that telling costs a run next to nothing. Sent again after a crash, a note is the same by its key, which is
made of what it says: a task that is done again may meet new events first, and number its notes otherwise. An
incident that has ended takes no more signals; its late notes go on the ``system`` chain.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic_core import to_json

    from workers.chain import FOREVER
    from workers.contract import EvidenceNote, EvidenceNotes, Tier
    from workers.locals import Locals
    from workers.results import NOTE_LIMIT

SEND = "notes.send"
MOST_AT_ONCE = 20


class Outbox:
    """Signals ``records`` to incident workflows, from a task of its own."""

    def __init__(self, alone: Locals | None = None) -> None:
        """`alone`: lets one local activity of the workflow run at a time."""
        self._alone = alone or Locals()
        self._queue: deque[tuple[str, EvidenceNote]] = deque()
        self._sending = False
        self._held = 0
        self._said: Counter[str] = Counter()
        """How often each note was sent, by its digest."""
        self._task: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        return not self._queue and not self._sending

    def open(self) -> None:
        """Start sending. Call once, first thing in the workflow's run."""
        self._task = asyncio.create_task(self._run())

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let notes gather meanwhile: for what takes milliseconds and is followed by more."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1

    def send(
        self,
        incident: str,
        *,
        kind: str,
        text: str,
        actor: str = "siem",
        data: dict[str, Any] | None = None,
        tell: Tier | None = None,
        once: str = "",
    ) -> None:
        """`once`: what tells the note from others of the same chain of histories, for what somebody says: a
        task that took it in may be thrown away once the note is sent, where the workflow just continues, and
        the next history is told the same."""
        info, bounded = workflow.info(), _bounded(data or {})
        digest = hashlib.sha256(to_json([incident, kind, actor, text, bounded])).hexdigest()[:24]
        self._said[digest] += 1
        key = f"{info.workflow_id}/{info.run_id}/{digest}/{self._said[digest]}"
        if once:
            key = f"{info.workflow_id}/{info.first_execution_run_id}/{once}"
        note = EvidenceNote(
            key=key,
            kind=kind,
            actor=actor,
            text=text,
            data=bounded,
            at=workflow.now(),
            tell=tell,
        )
        self._queue.append((incident, note))

    async def _run(self) -> None:
        while True:
            await workflow.wait_condition(lambda: bool(self._queue) and not self._held)
            self._sending = True
            for _ in range(3):  # what follows from the same event goes along
                await asyncio.sleep(0)
            if self._held:
                continue
            incident = self._queue[0][0]
            notes: list[EvidenceNote] = []
            while self._queue and self._queue[0][0] == incident and len(notes) < MOST_AT_ONCE:
                notes.append(self._queue.popleft()[1])
            async with self._alone.turn():
                await workflow.execute_local_activity(
                    SEND,
                    args=[incident, EvidenceNotes(notes=tuple(notes))],
                    start_to_close_timeout=timedelta(seconds=10),
                    retry_policy=FOREVER,
                )
            self._sending = False


def _bounded(data: dict[str, Any]) -> dict[str, Any]:
    """Put the digest and the beginning in place of what is too large for a message."""
    return {name: _short(value) for name, value in data.items()}


def _short(value: Any) -> Any:
    text = to_json(value)
    if len(text) <= NOTE_LIMIT:
        return value
    digest = hashlib.sha256(text).hexdigest()
    return {"bytes": len(text), "sha256": digest, "begins": text[:2000].decode(errors="replace")}
