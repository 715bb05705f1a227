"""The one writer of an evidence chain, inside the workflow that owns it.

`Ledger` takes notes, drops those it has seen, links the rest and writes them with a local
activity. Its head lives in the workflow's state, so a retry writes the same records again.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from rules.evidence import EvidenceRecord, Head
    from workers.contract import EvidenceNote

APPEND = "evidence.append"
KEYS_KEPT = 500
"""How many of the latest idempotency keys are remembered."""

FOREVER = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2,
    maximum_interval=timedelta(seconds=10),
)
"""For what must be written sooner or later, however long the other side is away."""


class Ledger:
    def __init__(self, head: Head, keys: tuple[str, ...] = ()) -> None:
        self.head = head
        self._keys: dict[str, None] = dict.fromkeys(keys)
        self._queue: deque[EvidenceNote] = deque()
        self._writing = False

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._keys)

    @property
    def idle(self) -> bool:
        return not self._queue and not self._writing

    def add(self, note: EvidenceNote) -> bool:
        """Queue a note; False where one with its key was already taken."""
        if note.key in self._keys:
            return False
        self._keys[note.key] = None
        while len(self._keys) > KEYS_KEPT:
            del self._keys[next(iter(self._keys))]
        self._queue.append(note)
        return True

    async def run(self) -> None:
        """Write what is queued, for as long as the workflow lives."""
        while True:
            await workflow.wait_condition(lambda: bool(self._queue))
            self._writing = True
            records: list[EvidenceRecord] = []
            while self._queue and len(records) < 100:
                note = self._queue.popleft()
                record, self.head = EvidenceRecord.link(
                    self.head, at=note.at, kind=note.kind, actor=note.actor, text=note.text, data=note.data
                )
                records.append(record)
            await workflow.execute_local_activity(
                APPEND, args=[records], start_to_close_timeout=timedelta(seconds=10), retry_policy=FOREVER
            )
            self._writing = False
