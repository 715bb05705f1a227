"""What a rule's ``query:`` section means, as values.

    query:
      query_string: event.category:process AND event.type:start   # Lucene's syntax; or dsl: {…}
      every: 1h                        # how often it is asked
      window: 1h                       # of the last hour each time, by event time; none: as `every`
      group_by: [host.name, process.executable]
      measure: count                   # or {sum: FIELD}: cardinality, sum, avg, min, max; {percentile: FIELD,
                                       # percent: 95}
      condition: {gte: 5}              # none: at least one
      new: {within: 30d, known_by: [host.name], known_for: 7d}
      usual: {over: 14d, times: 5, least: 7}
      entities: [host.name]            # whom an alert is about; none: those among group_by

A group fires where its measure fulfils the condition, and

- with ``new``, where it was not there in the time before the window, but what it is known by was: at least
  once, longer ago than `known_for`, among all events of the rule's ``logsource`` (without one, of the query).
  So a host that just came does not alert with all it does;
- with ``usual``, where the measure is more than `times` what it was on average in those windows of the time
  before that had something, of which there must be at least `least`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from rules.rule import Query, RuleFault

_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "gt": gt, "gte": ge, "lt": lt, "lte": le, "eq": eq, "neq": ne,
}  # fmt: skip
METRICS = ("cardinality", "sum", "avg", "min", "max", "percentile")


@dataclass(frozen=True)
class Measure:
    """What is measured of a group's events."""

    kind: str = "count"
    """``count``, or one of METRICS."""
    field: str = ""
    percent: float = 95.0


@dataclass(frozen=True)
class New:
    """Asks whether a group was not there before."""

    within: timedelta
    known_by: tuple[str, ...]
    """Those of the group-by fields that must have been there."""
    known_for: timedelta


@dataclass(frozen=True)
class Usual:
    """Asks whether a measure is more than usual."""

    over: timedelta
    times: float
    least: int


@dataclass(frozen=True)
class Definition:
    """One scheduled query."""

    rule: Query
    query: Mapping[str, Any]
    """In query DSL, the log source's gate included."""
    background: Mapping[str, Any]
    """All events of the log source, where it names one, else the query: what `New.known_by` is judged by."""
    every: timedelta
    window: timedelta
    group_by: tuple[str, ...]
    measure: Measure
    bounds: tuple[tuple[str, float], ...]
    new: New | None
    usual: Usual | None
    entities: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.rule.name

    def ends(self, after: datetime, upto: datetime) -> list[datetime]:
        """Return the ends of the windows with after < end <= upto, on the grid of `every` since 1970."""
        step = self.every.total_seconds()
        first = int(after.timestamp() // step) + 1
        last = int(upto.timestamp() // step)
        return [datetime.fromtimestamp(number * step, after.tzinfo) for number in range(first, last + 1)]

    def holds(self, value: float) -> bool:
        """Whether a measure fulfils the condition."""
        return all(_COMPARE[operator](value, bound) for operator, bound in self.bounds)


@dataclass(frozen=True)
class QueryPlan:
    """All sound scheduled queries of a rule set."""

    definitions: tuple[Definition, ...] = ()
    faults: tuple[RuleFault, ...] = ()


@dataclass(frozen=True)
class Group:
    """One group of one window: the values of the group-by fields, in their order, and its measure."""

    key: tuple[str, ...]
    value: float
    events: int
