"""A slow and obvious evaluator of correlations: the definition in `rules.correlation.windows`, word for word.

It looks at all events at once, tries everything, and keeps nothing.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rules.correlation import Definition, Hit, Kind, Plan
from rules.correlation.hits import Key, keys_of, values_of


@dataclass(frozen=True, eq=False)
class Thing:
    rule: str
    hit: Hit
    fields: dict[str, Any]
    key: Key | None = None

    @property
    def at(self) -> int:
        return self.hit.at


@dataclass(frozen=True)
class Found:
    rule: str
    key: Key
    anchor: str
    at: int


def find_all(plan: Plan, hits: Iterable[Hit]) -> set[Found]:
    """Return every finding of every alerting correlation over all hits."""
    every = sorted({hit.id: hit for hit in hits}.values(), key=lambda hit: hit.order)
    found: set[Found] = set()
    for definition in plan.definitions.values():
        if definition.name in plan.alerting:
            for key in all_keys(plan, definition, every):
                for thing in first_ones(plan, definition, key, every):
                    found.add(Found(definition.name, key, thing.hit.id, thing.at))
    return found


def all_keys(plan: Plan, definition: Definition, every: list[Hit]) -> set[Key]:
    keys: set[Key] = set()
    for rule in definition.rules:
        names = [definition.field_of(name, rule) for name in definition.group_by]
        for thing in parts(plan, definition, rule, every):
            keys |= set(keys_of(thing.fields, names))
    return keys


def parts(plan: Plan, definition: Definition, rule: str, every: list[Hit]) -> list[Thing]:
    """Return how a rule occurs in a correlation that refers to it."""
    inner = plan.definitions.get(rule)
    if inner is None:
        return [Thing(rule, hit, dict(hit.fields)) for hit in every if hit.rule == rule]
    found = []
    for key in sorted(all_keys(plan, inner, every)):
        sequence = definition.kind in (Kind.TEMPORAL, Kind.TEMPORAL_ORDERED)
        things = fired(plan, inner, key, every) if sequence else first_ones(plan, inner, key, every)
        for thing in things:
            fields = thing.fields | dict(zip(inner.group_by, key, strict=True))
            found.append(Thing(rule, thing.hit, fields, key))
    return sorted(found, key=lambda thing: (thing.hit.order, thing.key))


def first_ones(plan: Plan, definition: Definition, key: Key, every: list[Hit]) -> list[Thing]:
    """Return the firings that no other firing (about the same) precedes within a timespan."""
    things = fired(plan, definition, key, every)
    kept = []
    for place, thing in enumerate(things):
        before = [
            other
            for other in things[:place]
            if thing.at - other.at <= definition.timespan
            and (definition.kind not in (Kind.TEMPORAL, Kind.TEMPORAL_ORDERED) or who(other) == who(thing))
        ]
        if not before:
            kept.append(thing)
    return kept


def who(thing: Thing) -> tuple[Any, ...]:
    return tuple(
        tuple(str(value) for value in values_of(thing.hit.fields, name))
        for name in ("user.name", "host.name")
    )


def fired(plan: Plan, definition: Definition, key: Key, every: list[Hit]) -> list[Thing]:
    lists = []
    for rule in definition.rules:
        names = [definition.field_of(name, rule) for name in definition.group_by]
        things = parts(plan, definition, rule, every)
        lists.append([thing for thing in things if key in keys_of(thing.fields, names)])
    span = definition.timespan
    if definition.kind is Kind.ABSENCE:
        return [
            thing
            for thing in lists[0]
            if not any(
                thing.at <= other.at <= thing.at + span and other.hit.id != thing.hit.id
                for others in lists[1:]
                for other in others
            )
        ]
    if definition.kind is Kind.TEMPORAL_ORDERED:
        return [thing for thing in lists[-1] if chain_to(lists[:-1], thing, thing.at - span)]
    merged = sorted(
        ((thing, place) for place, things in enumerate(lists) for thing in things),
        key=lambda each: (each[0].hit.order, each[1], each[0].key or ()),
    )
    things = [thing for thing, _ in merged]
    if definition.kind is Kind.TEMPORAL:
        return [
            thing
            for place, thing in enumerate(things)
            if definition.condition.holds(
                len({other.rule for other in things[: place + 1] if other.at >= thing.at - span})
            )
        ]
    once: dict[Any, Thing] = {}
    for thing in things:
        once.setdefault(thing.hit.id if thing.key is None else (thing.rule, thing.key, thing.hit.id), thing)
    things = list(once.values())
    found = []
    for place, thing in enumerate(things):
        if definition.deferred:
            if any(other.at >= thing.at - span for other in things[:place]):
                continue
            window = [other for other in things[place:] if other.at <= thing.at + span]
        else:
            window = [other for other in things[: place + 1] if other.at >= thing.at - span]
        value = measure(definition, window)
        if value is not None and definition.condition.holds(value):
            found.append(thing)
    return found


def chain_to(lists: list[list[Thing]], last: Thing, start: int) -> bool:
    if not lists:
        return True
    return any(
        start <= thing.at <= last.at and thing.hit.id != last.hit.id and chain_to(lists[:-1], thing, start)
        for thing in lists[-1]
    )


def measure(definition: Definition, window: list[Thing]) -> float | None:
    if definition.kind is Kind.EVENT_COUNT:
        return len(window)
    values = [
        [
            values_of(thing.fields, definition.field_of(name, thing.rule))
            for name in definition.condition.fields
        ]
        for thing in window
    ]
    if definition.kind is Kind.VALUE_COUNT:
        if len(definition.condition.fields) > 1:
            return len({tuple(str(each[0]) for each in found) for found in values if all(found)})
        return len({str(value) for found in values for value in found[0]})
    flat = [value for found in values for value in found[0]]
    if definition.kind is Kind.VALUE_PERCENTILE and definition.condition.percentile is None:
        newest = [str(value) for value in values[-1][0]]
        if not newest:
            return None
        return 100 * [str(value) for value in flat].count(newest[-1]) / len(flat)
    numbers = sorted(float(value) for value in flat if str(value).lstrip("-").isdecimal())
    if not numbers:
        return None
    if definition.kind is Kind.VALUE_SUM:
        return sum(numbers)
    if definition.kind is Kind.VALUE_AVG:
        return sum(numbers) / len(numbers)
    if definition.kind is Kind.VALUE_MEDIAN:
        return statistics.median(numbers)
    if len(numbers) == 1:
        return numbers[0]
    assert definition.condition.percentile == 75
    return statistics.quantiles(numbers, n=4, method="inclusive")[2]
