"""Windows: when a correlation holds, as pure functions of the occurrences of one group.

All of it is local: whether there is a finding at some time depends on what happened at most two
timespans before (and, where an end must be awaited, one after), so any part of history can be
judged again from the store with the same result.

- **Order.** Occurrences are ordered by event time, then by their place in the store.
- **Edges.** A window is closed: two events exactly one timespan apart are in one window.
- **Firing.** A correlation fires at an occurrence when its condition holds for the window that ends
  with it. In a sequence, equal times count as in order, and consecutive steps are different events.
- **Burst.** A firing within one timespan after another firing (of the same group; for sequences also
  about the same user and host) goes on with its burst. Only the first firing of a burst is a finding.
- **Upper bounds** on a count or a sum: judged for the timespan that begins with an occurrence before
  which there was a timespan of silence, once it is over; the finding is anchored at that first one.
- **Absence** fires at an occurrence of the first rule that none of the others follows in a timespan.
- **Parts.** A correlation that another one refers to occurs at each of its firings for a sequence,
  and once a burst for everything that counts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

from rules.correlation.definition import MOST_EVENTS, SEQUENCES, Definition, Kind
from rules.correlation.hits import Hit, Key, Order, values_of
from rules.correlation.measures import measure_of


class Slice(NamedTuple):
    """Part of a list of occurrences, which many firings share."""

    source: Sequence[Occurrence]
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Firing:
    """A correlation that fired."""

    rule: str
    at: int
    hit: Hit
    """The hit that completed it."""
    fields: Mapping[str, Any]
    parts: Callable[[], Slice]
    """What it rests on."""
    group: Key
    order: Order = field(init=False)

    def __post_init__(self) -> None:
        self.order = self.hit.order

    @property
    def identity(self) -> tuple[str, ...]:
        """What is counted once: a firing in one group."""
        return (self.hit.id, self.rule, *self.group)


Occurrence: TypeAlias = Hit | Firing
"""Something that happened: a detection's hit, or a correlation's firing."""

_Found: TypeAlias = list[tuple[Occurrence, Callable[[], Slice]]]
"""Completing occurrences, each with what it rests on."""

Occurrences: TypeAlias = Mapping[str, Sequence[Occurrence]]
"""By rule, each in order."""

_AT = attrgetter("at")
_IDENTITY = ("user.name", "host.name")


def evidence(occurrence: Occurrence) -> list[Hit]:
    """Return all hits an occurrence rests on, each once, in order."""
    found: dict[str, Hit] = {}
    level: list[Occurrence] = [occurrence]
    while level:
        spans: dict[int, list[Slice]] = {}
        for each in level:
            if isinstance(each, Hit):
                found.setdefault(each.id, each)
            else:
                part = each.parts()
                spans.setdefault(id(part.source), []).append(part)
        level = [each for slices in spans.values() for each in _union(slices)]
    return sorted(found.values(), key=lambda hit: hit.order)


def _union(slices: list[Slice]) -> Iterable[Occurrence]:
    """Go once through all that slices of one list cover."""
    done = 0
    for source, start, end in sorted(slices, key=lambda each: each.start):
        yield from source[max(start, done) : end]
        done = max(done, end)


def firings(
    definition: Definition, key: Key, occurrences: Occurrences, first: int, last: int
) -> list[Firing]:
    """Return the firings of one group with first <= time <= last, in order.

    `occurrences` must be complete from one timespan before `first`; for a deferred definition also
    until one timespan after `last`.
    """
    if definition.kind is Kind.ABSENCE:
        found = _absences(definition, occurrences, first, last)
    elif definition.kind is Kind.TEMPORAL_ORDERED:
        found = _sequences(definition, occurrences, first, last)
    else:
        merged = _merge(definition, occurrences)
        found = (_runs if definition.deferred else _sliding)(definition, merged, first, last)
    groups = dict(zip(definition.group_by, key, strict=True))
    return [
        Firing(definition.name, each.at, each.hit, {**each.fields, **groups}, parts, key)
        for each, parts in found
    ]


def bursts(definition: Definition, fired: Iterable[Firing], first: int) -> list[Firing]:
    """Return the first firing of each burst, from `first` on; `fired` must be complete from one
    timespan before."""
    latest: dict[tuple[str, ...], int] = {}
    found: list[Firing] = []
    for firing in fired:
        who = identity(definition, firing.hit)
        before = latest.get(who)
        if firing.at >= first and (before is None or firing.at - before > definition.timespan):
            found.append(firing)
        latest[who] = firing.at
    return found


def identity(definition: Definition, hit: Hit) -> tuple[str, ...]:
    """Return who the completion of a sequence is about; nothing for other kinds."""
    if definition.kind not in SEQUENCES:
        return ()
    return tuple(str(value) for name in _IDENTITY for value in (values_of(hit.fields, name) or ("",)))


def _merge(definition: Definition, occurrences: Occurrences) -> list[Occurrence]:
    """Put all rules' occurrences in order; where several rules found one event it counts once, save
    for sequences, which ask for the rules themselves."""
    if len(definition.rules) == 1:
        merged = list(occurrences[definition.rules[0]])
        if not merged or isinstance(merged[0], Hit):
            return merged
    else:
        places = {rule: place for place, rule in enumerate(definition.rules)}
        every = (each for rule in definition.rules for each in occurrences[rule])
        merged = sorted(every, key=lambda each: (each.order, places[each.rule], each.group))
    if definition.kind in SEQUENCES:
        return merged
    once: dict[tuple[str, ...], Occurrence] = {}
    for each in merged:
        once.setdefault(each.identity, each)
    return list(once.values())


def _names(definition: Definition) -> dict[str, tuple[str, ...]]:
    return {
        rule: tuple(definition.field_of(name, rule) for name in definition.condition.fields)
        for rule in definition.rules
    }


def _sliding(definition: Definition, merged: list[Occurrence], first: int, last: int) -> _Found:
    if definition.kind is Kind.EVENT_COUNT:
        return _counting(definition, merged, first, last)
    measure = measure_of(definition.kind, definition.condition, _names(definition))
    holds = definition.condition.holds
    found: _Found = []
    start = 0
    for place, each in enumerate(merged):
        if each.at > last:
            break
        measure.add(each.fields, each.rule)
        while merged[start].at < each.at - definition.timespan:
            measure.remove(merged[start].fields, merged[start].rule)
            start += 1
        value = measure.value() if each.at >= first else None
        if value is not None and holds(value):
            found.append((each, _slice(merged, start, place + 1)))
    return found


def _counting(definition: Definition, merged: list[Occurrence], first: int, last: int) -> _Found:
    """Do what `_sliding` does for counts with lower bounds only: look back just as many as it takes."""
    least = next(count for count in range(1, MOST_EVENTS + 2) if definition.condition.holds(count))

    def parts(place: int, start: int) -> Callable[[], Slice]:
        return lambda: Slice(merged, bisect_left(merged, start, key=_AT), place + 1)

    found: _Found = []
    for place in range(bisect_left(merged, first, key=_AT), bisect_right(merged, last, key=_AT)):
        each = merged[place]
        start = each.at - definition.timespan
        if place >= least - 1 and merged[place - least + 1].at >= start:
            found.append((each, parts(place, start)))
    return found


def _runs(definition: Definition, merged: list[Occurrence], first: int, last: int) -> _Found:
    found: _Found = []
    for place, each in enumerate(merged):
        silent = place == 0 or merged[place - 1].at < each.at - definition.timespan
        if not silent or not first <= each.at <= last:
            continue
        end = bisect_right(merged, each.at + definition.timespan, key=_AT)
        measure = measure_of(definition.kind, definition.condition, _names(definition))
        for other in merged[place:end]:
            measure.add(other.fields, other.rule)
        value = measure.value()
        if value is not None and definition.condition.holds(value):
            found.append((each, _slice(merged, place, end)))
    return found


def _absences(definition: Definition, occurrences: Occurrences, first: int, last: int) -> _Found:
    found: _Found = []
    for each in _between(occurrences[definition.rules[0]], first, last):
        end = each.at + definition.timespan
        followed = any(
            other.hit.id != each.hit.id
            for rule in definition.rules[1:]
            for other in _between(occurrences[rule], each.at, end)
        )
        if not followed:
            found.append((each, _slice([each], 0, 1)))
    return found


def _sequences(definition: Definition, occurrences: Occurrences, first: int, last: int) -> _Found:
    lists = [occurrences[rule] for rule in definition.rules]
    found: _Found = []
    for each in _between(lists[-1], first, last):
        start = each.at - definition.timespan
        limits = [_Limit(each.hit.id, each.at, None)]
        for steps in reversed(lists[:-1]):
            limit = _latest(steps, start, limits[-1])
            if limit is None:
                break
            limits.append(limit)
        if len(limits) == len(lists):
            found.append((each, _taking_part(lists, start, each, limits)))
    return found


@dataclass(frozen=True, slots=True)
class _Limit:
    """The two latest possible events of one step: what the step before must not come after."""

    id: str
    at: int
    other: int | None
    """Time of the latest possible event of this step with another id."""

    def allows(self, occurrence: Occurrence) -> bool:
        if occurrence.hit.id != self.id:
            return occurrence.at <= self.at
        return self.other is not None and occurrence.at <= self.other


def _latest(steps: Sequence[Occurrence], start: int, limit: _Limit) -> _Limit | None:
    """Return the limit that a step sets for the one before it, None where the step can't be taken."""
    best: Occurrence | None = None
    for place in range(bisect_right(steps, limit.at, key=_AT) - 1, -1, -1):
        each = steps[place]
        if each.at < start:
            break
        if not limit.allows(each):
            continue
        if best is None:
            best = each
        elif each.hit.id != best.hit.id:
            return _Limit(best.hit.id, best.at, each.at)
    return None if best is None else _Limit(best.hit.id, best.at, None)


def _taking_part(
    lists: Sequence[Sequence[Occurrence]], start: int, last: Occurrence, limits: Sequence[_Limit]
) -> Callable[[], Slice]:
    def parts() -> Slice:
        found = [last]
        for steps, limit in zip(reversed(lists[:-1]), limits, strict=False):
            found += [each for each in _between(steps, start, limit.at) if limit.allows(each)]
        return Slice(found, 0, len(found))

    return parts


def _between(steps: Sequence[Occurrence], first: int, last: int) -> Sequence[Occurrence]:
    return steps[bisect_left(steps, first, key=_AT) : bisect_right(steps, last, key=_AT)]


def _slice(merged: list[Occurrence], start: int, end: int) -> Callable[[], Slice]:
    return lambda: Slice(merged, start, end)
