"""Findings that are made beside the ticks, handed to the sweep, which alone writes and groups alerts.

What searches the past or asks the store on a schedule may take its time; the ticks must not wait for it.
It gives its findings here, and goes on once the sweep has delivered them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rules.alerts import Alert

Finding = tuple[Alert, Mapping[str, Any] | None]
"""An alert, and the event or fields that exceptions may ask about."""


@dataclass
class _Batch:
    findings: Sequence[Finding]
    delivered: asyncio.Event = field(default_factory=asyncio.Event)


class SideFindings:
    def __init__(self) -> None:
        self._waiting: deque[_Batch] = deque()
        self._taken: list[_Batch] = []

    async def deliver(self, findings: Sequence[Finding]) -> None:
        """Return when these are alerts of the store, or silenced."""
        if findings:
            batch = _Batch(findings)
            self._waiting.append(batch)
            await batch.delivered.wait()

    def take(self) -> list[Finding]:
        """Return what waits, for the tick that delivers it."""
        self._taken += self._waiting
        self._waiting.clear()
        return [finding for batch in self._taken for finding in batch.findings]

    def settle(self) -> None:
        """Say that all that was taken is delivered."""
        for batch in self._taken:
            batch.delivered.set()
        self._taken.clear()
