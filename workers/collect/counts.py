"""What one entry of ``collect:`` counts, over restarts, and of the last quarter of an hour."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from integrations.ports import WriteResult
from rules.ecs import Document, parse_timestamp, timestamp
from workers.collect.state import SourceState
from workers.collect_section import WAYS, CollectSection

RECENT_SECONDS = 900.0
_SLOT = 15.0
"""Seconds that are counted together."""


class Recent:
    """Sums of the last quarter of an hour."""

    def __init__(self) -> None:
        self._slots: deque[tuple[float, list[int]]] = deque()

    def add(self, *amounts: int) -> None:
        now = time.monotonic()
        if not self._slots or now - self._slots[-1][0] > _SLOT:
            self._slots.append((now, [0] * len(amounts)))
        for place, amount in enumerate(amounts):
            self._slots[-1][1][place] += amount

    def sum(self, place: int) -> int:
        old = time.monotonic() - RECENT_SECONDS
        while self._slots and self._slots[0][0] < old:
            self._slots.popleft()
        return sum(amounts[place] for _, amounts in self._slots)


class Counts:
    def __init__(self, section: CollectSection, before: SourceState | None = None) -> None:
        """`before`: what the entry said of itself before a restart."""
        self._section = section
        self.received = before.received if before else 0
        self.events = before.events if before else 0
        self.duplicates = before.duplicates if before else 0
        self.unparsed = before.unparsed if before else 0
        self.bytes = before.bytes if before else 0
        self.dropped = before.dropped if before else 0
        self.refused = before.refused if before else 0
        self.cut = before.cut if before else 0
        self.lost = before.lost if before else 0
        self.last_lost = before.last_lost if before else None
        self.last_seen = before.last_seen if before else None
        self.last_event = before.last_event if before else None
        self.lag = before.lag if before else None
        self._since = before.since if before else timestamp(datetime.now(UTC))
        self._recent = Recent()
        self._drops = Recent()
        self.problem: str | None = None
        self._problem_since: str | None = None

    def receive(self, records: int) -> None:
        """Count records that came in."""
        if records:
            self.received += records
            self.last_seen = timestamp(datetime.now(UTC))

    def add(self, events: Sequence[Document], result: WriteResult, size: int) -> None:
        """Count a batch that is stored, made of `size` bytes of records."""
        now = datetime.now(UTC)
        unparsed = len(result.rejected) + sum(event["event"]["kind"] == "pipeline_error" for event in events)
        self.events += result.created
        self.duplicates += result.duplicates
        self.unparsed += unparsed
        self.bytes += size
        self.cut += sum("truncated" in event.get("log", {}).get("flags", ()) for event in events)
        self._recent.add(len(events), unparsed)
        if result.created:
            self.last_event = timestamp(now)
        if events:
            self.lag = _lag(max(event["@timestamp"] for event in events), now)

    def drop(self, datagrams: int) -> None:
        self.dropped += datagrams
        self._drops.add(datagrams)

    def lose(self, what: str) -> None:
        """Note that something due is not there any more."""
        self.lost += 1
        self.last_lost = what

    def fail(self, problem: str | None) -> None:
        """Note what keeps the entry from its work; None: nothing any more."""
        if problem is not None and self.problem is None:
            self._problem_since = timestamp(datetime.now(UTC))
        self.problem = problem
        if problem is None:
            self._problem_since = None

    def state(self, **more: Any) -> SourceState:
        """Return it as a state; `more` are the other fields of it."""
        section = self._section
        fields: Mapping[str, Any] = {
            "name": section.identity,
            "source": section.source,
            "way": next(way for way in WAYS if getattr(section, way)),
            "since": self._since,
            "received": self.received,
            "events": self.events,
            "duplicates": self.duplicates,
            "unparsed": self.unparsed,
            "bytes": self.bytes,
            "recent_events": self._recent.sum(0),
            "recent_unparsed": self._recent.sum(1),
            "cut": self.cut,
            "lost": self.lost,
            "last_lost": self.last_lost,
            "last_seen": self.last_seen,
            "last_event": self.last_event,
            "lag": self.lag,
            "problem": self.problem,
            "problem_since": self._problem_since,
            "dropped": self.dropped,
            "recent_dropped": self._drops.sum(0),
            "refused": self.refused,
            "silent_after": section.silent_after.total_seconds() if section.silent_after else None,
            "errors_above": section.errors_above,
        }
        return SourceState(**(dict(fields) | more))


def _lag(newest: str, now: datetime) -> float | None:
    """Return seconds since a time, None where it is none: the store kept such an event as an error."""
    try:
        return max(0.0, round((now - parse_timestamp(newest)).total_seconds(), 3))
    except ValueError:
        return None
