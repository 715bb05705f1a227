"""Hits: what the correlation engine knows of an event that a detection matched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice, product
from typing import Any, TypeAlias

from rules.ecs import parse_timestamp

Key: TypeAlias = tuple[str, ...]
"""A correlation's group-by values, in the order of its group-by."""

Order: TypeAlias = tuple[int, str, int, str]
"""Event time, then the place in the store, so that events of one second keep their order."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
MOST_KEYS = 16
"""Into how many groups one event with lists in its group-by fields may fall."""


@dataclass(frozen=True, slots=True, eq=False)
class Hit:
    """One event that one detection matched. `Engine.hit` makes it, with the fields that matter."""

    rule: str
    """The detection's name."""
    id: str
    """The event's id."""
    index: str
    seq: int
    """The event's sequence number in its index."""
    at: int
    """Event time, microseconds since 1970."""
    fields: Mapping[str, Any]
    order: Order = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", (self.at, self.index, self.seq, self.id))

    @property
    def time(self) -> datetime:
        return moment(self.at)

    @property
    def hit(self) -> Hit:
        """Itself: a hit is an occurrence of its rule, as a `windows.Firing` is one of its."""
        return self

    @property
    def group(self) -> Key:
        return ()

    @property
    def identity(self) -> tuple[str, ...]:
        """What is counted once: an event, however many rules found it."""
        return (self.id,)


def hit_of(rule: str, event: Mapping[str, Any], kept: Iterable[str], index: str = "", seq: int = 0) -> Hit:
    """Return the hit of a flat event, with only the fields `kept`.

    Raises ValueError where ``@timestamp`` is no time, KeyError where it or ``event.id`` is missing.
    """
    fields = {name: event[name] for name in kept if event.get(name) is not None}
    return Hit(rule, str(event["event.id"]), index, seq, micros(_time(event["@timestamp"])), fields)


def _time(value: Any) -> datetime:
    return value if isinstance(value, datetime) else parse_timestamp(str(value))


def micros(time: datetime) -> int:
    """Return a time as microseconds since 1970."""
    return (time - EPOCH) // _MICROSECOND


def length(span: timedelta) -> int:
    """Return a length of time as microseconds."""
    return span // _MICROSECOND


def moment(at: int) -> datetime:
    """Return microseconds since 1970 as an aware time, within what a datetime can hold."""
    lowest, highest = -62_000_000_000_000_000, 250_000_000_000_000_000
    return EPOCH + min(max(at, lowest), highest) * _MICROSECOND


def values_of(fields: Mapping[str, Any], name: str) -> list[Any]:
    """Return the values of a field: none where it is absent, null or empty."""
    value = fields.get(name)
    items = value if isinstance(value, list | tuple) else (value,)
    return [item for item in items if item is not None and item != ""]


def keys_of(fields: Mapping[str, Any], names: Iterable[str]) -> list[Key]:
    """Return the groups an event falls into: one for each combination of its group-by values, none
    where a field is missing."""
    choices = [list(dict.fromkeys(str(value) for value in values_of(fields, name))) for name in names]
    return list(islice(product(*choices), MOST_KEYS))
