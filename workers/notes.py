"""Notes from one workflow to the incident's: sent in order, never lost, never waited for.

An incident that has ended takes no more signals; its late notes go on the ``system`` chain.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from workers.contract import SYSTEM_ID, EvidenceNote, EvidenceNotes, Tier


MOST_AT_ONCE = 20


class Outbox:
    """Signals ``records`` to incident workflows, from a task of its own."""

    def __init__(self) -> None:
        self._queue: deque[tuple[str, EvidenceNote]] = deque()
        self._sending = False
        self._count = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        return not self._queue and not self._sending

    def open(self) -> None:
        """Start sending. Call once, first thing in the workflow's run."""
        self._task = asyncio.create_task(self._run())

    def send(
        self,
        incident: str,
        *,
        kind: str,
        text: str,
        actor: str = "siem",
        data: dict[str, Any] | None = None,
        tell: Tier | None = None,
    ) -> None:
        self._count += 1
        info = workflow.info()
        key = f"{info.workflow_id}/{info.run_id}/{self._count}"
        note = EvidenceNote(
            key=key, kind=kind, actor=actor, text=text, data=data or {}, at=workflow.now(), tell=tell
        )
        self._queue.append((incident, note))

    async def _run(self) -> None:
        while True:
            await workflow.wait_condition(lambda: bool(self._queue))
            self._sending = True
            for _ in range(3):  # what follows from the same event goes along
                await asyncio.sleep(0)
            incident = self._queue[0][0]
            notes: list[EvidenceNote] = []
            while self._queue and self._queue[0][0] == incident and len(notes) < MOST_AT_ONCE:
                notes.append(self._queue.popleft()[1])
            try:
                await _signal(incident, notes)
            except ApplicationError:
                late = [
                    note.model_copy(update={"data": note.data | {"incident": incident}}) for note in notes
                ]
                await _signal(SYSTEM_ID, late)
            self._sending = False


async def _signal(target: str, notes: list[EvidenceNote]) -> None:
    await workflow.get_external_workflow_handle(target).signal("records", EvidenceNotes(notes=tuple(notes)))
