"""How often a source usually delivers, by hour of the week, and when its silence is out of the ordinary.

Counts by hour are kept for four weeks. An hour is expected to bring something only where the same hour of
each week known, and the hours around it, did: so nights, weekends and a change to daylight saving time are
no silence. Hours in which no source at all delivered say nothing about a single one (the collector was
away). What is expected is the least that was seen, and only a silence that swallowed a good deal of it
counts: an irregular or rare source is never called silent, unless the site states when it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

HOUR = 3600
WEEK = 168
HOURS_KEPT = 4 * WEEK
EXPECTED = 20.0
"""Events that must be missing, by the least that the same hours of former weeks had."""
YOUNG = 3.0
"""How many times more must be missing where only one week is known."""
LEAST_HOURS = 2
"""Whole hours, each expected to bring something, that must be missing."""


def hour_of(moment: datetime) -> int:
    """Return hours since 1970, UTC, that are over."""
    return int(moment.timestamp()) // HOUR


class History(BaseModel):
    """Counts of events, by hour, of all sources; hours that are over."""

    model_config = ConfigDict(extra="forbid")

    first: int
    """The hour of the first count, see `hour_of`."""
    length: int = 0
    events: dict[str, list[int]] = Field(default_factory=dict)
    errors: dict[str, list[int]] = Field(default_factory=dict)
    """Pipeline errors among them."""

    @property
    def end(self) -> int:
        """The first hour that is not known."""
        return self.first + self.length

    def extended(
        self, hours: int, events: Mapping[str, Mapping[int, int]], errors: Mapping[str, Mapping[int, int]]
    ) -> History:
        """Return it with the next `hours` hours: by source, then by hour (as `hour_of`) the count."""
        begin, length = self.end, self.length + hours
        drop = max(0, length - HOURS_KEPT)

        def joined(
            old: Mapping[str, list[int]], new: Mapping[str, Mapping[int, int]]
        ) -> dict[str, list[int]]:
            found = {}
            for name in sorted({*old, *new}):
                more = [new.get(name, {}).get(begin + hour, 0) for hour in range(hours)]
                counts = [*old.get(name, [0] * self.length), *more][drop:]
                if any(counts):
                    found[name] = counts
            return found

        return History(
            first=self.first + drop,
            length=length - drop,
            events=joined(self.events, events),
            errors=joined(self.errors, errors),
        )

    def last_hour(self, source: str) -> int | None:
        """Return the last hour in which a source delivered, None where it never did."""
        counts = self.events.get(source, ())
        return next((self.first + at for at in range(len(counts) - 1, -1, -1) if counts[at]), None)

    def usual_errors(self, source: str, before: int) -> float:
        """Return the share of a source's events that could not be parsed, before an hour."""
        upto = max(0, before - self.first)
        total = sum(self.events.get(source, ())[:upto])
        return sum(self.errors.get(source, ())[:upto]) / total if total else 0.0

    def known(self) -> list[bool]:
        """Return for each hour whether any source delivered in it."""
        known = [False] * self.length
        for counts in self.events.values():
            for at, count in enumerate(counts):
                if count:
                    known[at] = True
        return known


@dataclass(frozen=True)
class Unseen:
    """A silence that is out of the ordinary."""

    hours: int
    """Whole hours that usually bring something and did not."""
    events: float
    """The least that they brought in former weeks."""


def overdue(
    history: History, source: str, last: datetime, now: datetime, known: Sequence[bool] | None = None
) -> Unseen | None:
    """Return how far a source's silence since `last` is out of the ordinary; None where it is not.

    `known` is what `history.known` says, for callers that ask about many sources.
    """
    counts = history.events.get(source)
    if counts is None:
        return None
    known = history.known() if known is None else known
    hours, weight, events = 0, 0.0, 0.0
    for hour in range(max(hour_of(last) + 1, history.first), hour_of(now)):
        least, weeks = _least(counts, known, hour - history.first)
        if least:
            hours += 1
            events += least
            weight += least / (YOUNG if weeks == 1 else 1.0)
            if hours >= LEAST_HOURS and weight >= EXPECTED:
                return Unseen(hours, events)
    return None


def _least(counts: Sequence[int], known: Sequence[bool], at: int) -> tuple[int, int]:
    """Return (the least count of that hour and its neighbours in former weeks, how many weeks are known)."""
    least, weeks = 0, 0
    for week in range(1, HOURS_KEPT // WEEK + 1):
        around = range(at - week * WEEK - 1, at - week * WEEK + 2)
        if any(not 0 <= hour < len(counts) or not known[hour] for hour in around):
            continue
        fewest = min(counts[hour] for hour in around)
        least = fewest if weeks == 0 else min(least, fewest)
        weeks += 1
    return least, weeks


def moment_of(hour: int) -> datetime:
    """Return when an hour begins."""
    return datetime.fromtimestamp(hour * HOUR, UTC)
