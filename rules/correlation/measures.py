"""Measures: what a condition compares, kept up while a window slides over occurrences."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Protocol

from rules.correlation.definition import Condition, Kind
from rules.correlation.hits import values_of


class Measure(Protocol):
    """A number about the occurrences in a window."""

    def add(self, fields: Mapping[str, Any], rule: str) -> None: ...

    def remove(self, fields: Mapping[str, Any], rule: str) -> None: ...

    def value(self) -> float | None:
        """Return the number, None where no occurrence has one."""


def measure_of(kind: Kind, condition: Condition, names: Mapping[str, tuple[str, ...]]) -> Measure:
    """Return an empty measure; `names` gives the value fields in what each rule found."""
    match kind:
        case Kind.EVENT_COUNT:
            return _Count()
        case Kind.TEMPORAL:
            return _Rules()
        case Kind.VALUE_COUNT:
            return _Distinct(names)
        case Kind.VALUE_PERCENTILE if condition.percentile is None:
            return _Share(names)
        case Kind.VALUE_PERCENTILE:
            return _Quantile(names, Fraction(condition.percentile or 0) / 100)
        case Kind.VALUE_MEDIAN:
            return _Quantile(names, Fraction(1, 2))
        case Kind.VALUE_SUM | Kind.VALUE_AVG:
            return _Sum(names, average=kind is Kind.VALUE_AVG)
        case _:
            raise ValueError(f"{kind} measures nothing")


class _Count:
    def __init__(self) -> None:
        self._count = 0

    def add(self, fields: Mapping[str, Any], rule: str) -> None:  # noqa: ARG002
        self._count += 1

    def remove(self, fields: Mapping[str, Any], rule: str) -> None:  # noqa: ARG002
        self._count -= 1

    def value(self) -> float | None:
        return self._count


class _Rules:
    """How many of the rules occur."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, fields: Mapping[str, Any], rule: str) -> None:  # noqa: ARG002
        self._counts[rule] += 1

    def remove(self, fields: Mapping[str, Any], rule: str) -> None:  # noqa: ARG002
        _take(self._counts, rule)

    def value(self) -> float | None:
        return len(self._counts)


class _Distinct:
    """How many different values (or combinations of values) occur."""

    def __init__(self, names: Mapping[str, tuple[str, ...]]) -> None:
        self._names = names
        self._counts: Counter[tuple[str, ...]] = Counter()

    def _values(self, fields: Mapping[str, Any], rule: str) -> list[tuple[str, ...]]:
        names = self._names[rule]
        if len(names) == 1:
            return [(str(value),) for value in values_of(fields, names[0])]
        found = [values_of(fields, name) for name in names]
        return [tuple(str(values[0]) for values in found)] if all(found) else []

    def add(self, fields: Mapping[str, Any], rule: str) -> None:
        self._counts.update(self._values(fields, rule))

    def remove(self, fields: Mapping[str, Any], rule: str) -> None:
        for value in self._values(fields, rule):
            _take(self._counts, value)

    def value(self) -> float | None:
        return len(self._counts)


class _Share:
    """The share of the newest value among all values, in percent."""

    def __init__(self, names: Mapping[str, tuple[str, ...]]) -> None:
        self._names = names
        self._counts: Counter[str] = Counter()
        self._newest: str | None = None

    def add(self, fields: Mapping[str, Any], rule: str) -> None:
        values = [str(value) for value in values_of(fields, self._names[rule][0])]
        self._counts.update(values)
        self._newest = values[-1] if values else None

    def remove(self, fields: Mapping[str, Any], rule: str) -> None:
        for value in values_of(fields, self._names[rule][0]):
            _take(self._counts, str(value))

    def value(self) -> float | None:
        if self._newest is None:
            return None
        return float(Fraction(100 * self._counts[self._newest], self._counts.total()))


class _Sum:
    """The sum or the average, exact until it is read."""

    def __init__(self, names: Mapping[str, tuple[str, ...]], *, average: bool) -> None:
        self._names = names
        self._average = average
        self._sum = Fraction(0)
        self._count = 0

    def add(self, fields: Mapping[str, Any], rule: str) -> None:
        for number in numbers_of(fields, self._names[rule][0]):
            self._sum += number
            self._count += 1

    def remove(self, fields: Mapping[str, Any], rule: str) -> None:
        for number in numbers_of(fields, self._names[rule][0]):
            self._sum -= number
            self._count -= 1

    def value(self) -> float | None:
        if not self._count:
            return None
        return float(self._sum / self._count if self._average else self._sum)


class _Quantile:
    """A quantile by linear interpolation between the two nearest ranks."""

    def __init__(self, names: Mapping[str, tuple[str, ...]], quantile: Fraction) -> None:
        self._names = names
        self._quantile = quantile
        self._sorted: list[Fraction] = []

    def add(self, fields: Mapping[str, Any], rule: str) -> None:
        for number in numbers_of(fields, self._names[rule][0]):
            insort(self._sorted, number)

    def remove(self, fields: Mapping[str, Any], rule: str) -> None:
        for number in numbers_of(fields, self._names[rule][0]):
            del self._sorted[bisect_left(self._sorted, number)]

    def value(self) -> float | None:
        if not self._sorted:
            return None
        rank = (len(self._sorted) - 1) * self._quantile
        below = math.floor(rank)
        above = min(below + 1, len(self._sorted) - 1)
        low, high = self._sorted[below], self._sorted[above]
        return float(low + (high - low) * (rank - below))


def numbers_of(fields: Mapping[str, Any], name: str) -> list[Fraction]:
    """Return the numbers in a field, exact; texts that read as numbers count, others don't."""
    found: list[Fraction] = []
    for value in values_of(fields, name):
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            continue
        try:
            number = float(value) if not isinstance(value, int) else value
        except ValueError:
            continue
        if math.isfinite(number):
            found.append(Fraction(number))
    return found


def _take(counts: Counter[Any], key: Any) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]
