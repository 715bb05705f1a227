"""What a window's groups come to: which fire, which only go on with what fired before, and their alerts.

An alert's id is derived from the rule, the group and the window, so that a window that is asked twice gives
the same alert. A group that fires again in a window that overlaps one in which it fired goes on with that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rules import entities
from rules.alerts import Alert, EventRef, alert_id
from rules.ecs import parse_timestamp, timestamp
from rules.rule import Query
from rules.scheduled.definition import Definition, Group, Usual

Key = tuple[str, ...]


class Firings:
    """In which windows groups fired, by their ends; what is kept between two questions."""

    def __init__(self, known: Mapping[str, Sequence[str]] | None = None) -> None:
        self._ends = {key: [parse_timestamp(end) for end in ends] for key, ends in (known or {}).items()}

    def add(self, key: Key, end: datetime, window: timedelta) -> bool:
        """Note that a group fired; return whether that is something new."""
        ends = self._ends.setdefault(json.dumps(key), [])
        if end in ends:
            return False
        overlaps = any(abs(other - end) < window for other in ends)
        ends.append(end)
        return not overlaps

    def forget(self, before: datetime) -> None:
        kept = {key: [end for end in ends if end >= before] for key, ends in self._ends.items()}
        self._ends = {key: ends for key, ends in kept.items() if ends}

    def state(self) -> dict[str, list[str]]:
        """Return them as JSON, for `Firings`."""
        return {key: [timestamp(end) for end in ends] for key, ends in self._ends.items()}


@dataclass(frozen=True)
class Fired:
    """A group that fired."""

    group: Group
    start: datetime
    end: datetime
    usual: float | None = None
    """What the measure is on average, where that was asked."""


def more_than_usual(value: float, before: Iterable[float], usual: Usual) -> float | None:
    """Return the average of the windows before that had something, where `value` is so many times more;
    None where it is not, or where there were too few."""
    active = [one for one in before if one > 0]
    if len(active) < usual.least:
        return None
    mean = sum(active) / len(active)
    return mean if value > usual.times * mean else None


def alert_of_group(
    definition: Definition,
    fired: Fired,
    evidence: Sequence[tuple[str, Mapping[str, Any]]],
    detected: datetime,
) -> Alert:
    """Return the alert of a group that fired. `evidence`: (index, flat event) of its events, by time."""
    rule, group = definition.rule, fired.group
    named = dict(zip(definition.group_by, group.key, strict=True))
    events = [event for _, event in evidence]
    times = [parse_timestamp(str(event["@timestamp"])) for event in events]
    about = {field: named[field] for field in definition.entities if field in named}
    rest = [field for field in definition.entities if field not in named]
    for field in rest:
        values = {str(event[field]) for event in events if event.get(field)}
        if len(values) == 1:
            about[field] = values.pop()
    return Alert(
        id=alert_id(rule.id, named, timestamp(fired.end)),
        rule=rule.name,
        rule_id=rule.id,
        title=rule.title,
        severity=rule.severity,
        risk=rule.risk,
        entities=entities.of_event(about),
        evidence=tuple(EventRef(id=str(event["event.id"]), index=index) for index, event in evidence),
        evidence_count=group.events,
        first=min(times, default=fired.start),
        last=max(times, default=fired.end),
        detected=detected,
        attack=rule.attack,
        tags=rule.tags,
        group=named,
        summary=_summary(definition, rule, named, fired),
        false_positives=rule.false_positives,
    )


def _summary(definition: Definition, rule: Query, named: Mapping[str, str], fired: Fired) -> str:
    who = ", ".join(f"{field} {value}" for field, value in named.items())
    measure = definition.measure
    what = "events" if measure.kind == "count" else f"{measure.kind} of {measure.field}"
    value = (
        f"{fired.group.value:,.0f}"
        if fired.group.value == int(fired.group.value)
        else f"{fired.group.value:,.2f}"
    )
    told = f"{rule.title}: {who}" if who else rule.title
    if definition.new is not None:
        return f"{told}; not seen in the {_days(definition.new.within)} before."
    if fired.usual is not None:
        return f"{told}; {what} {value}, where {fired.usual:,.1f} is usual."
    return f"{told}; {what} {value}."


def _days(length: timedelta) -> str:
    days = length / timedelta(days=1)
    return f"{days:g} days" if days >= 1 else f"{length.total_seconds() / 3600:g} hours"
