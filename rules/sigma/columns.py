"""Events as tables: those with the same fields together, and of each field the column of its values.

What Python does once a column it need not do once an event. The events of a busy domain have few shapes, and
most of their columns hold few different texts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain
from typing import Any

from rules.sigma.values import text_of

_TEXT = {str}
_NUMBERS = {int, float, bool}
_SCALARS = {str, type(None), *_NUMBERS}


class Column:
    """The values of one field, row by row. What is asked about them is found out once, when it is asked."""

    __slots__ = ("_elements", "_is_plain", "_texts", "values")

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = values
        self._is_plain: bool | None = None
        self._elements: Collection[str] = ()
        self._texts: Set[str] | None = None

    @property
    def is_plain(self) -> bool:
        """Whether each value is a text, neither a number nor a list nor nothing."""
        if self._is_plain is None:
            self._read()
        return bool(self._is_plain)

    @property
    def elements(self) -> Collection[str]:
        """All texts, of lists those of each element, without most repetitions."""
        if self._is_plain is None:
            self._read()
        return self._elements

    @property
    def texts(self) -> Set[str]:
        """The different texts."""
        if self._texts is None:
            elements = self.elements
            self._texts = elements if isinstance(elements, set) else set(elements)
        return self._texts

    @property
    def spellings(self) -> Sequence[str]:
        """One text for each value, the same for the same ones only: a list has no hash, and 1 is not True."""
        return self.values if self.is_plain else list(map(repr, self.values))

    def _read(self) -> None:
        different = _different(self.values)
        if set(map(type, different)) == _TEXT:  # nothing else equals a text
            self._is_plain, self._elements = True, different
            return
        self._is_plain = False
        each = [value if isinstance(value, (list, tuple)) else (value,) for value in self.values]
        self._elements = _texts_of(list(chain.from_iterable(each)))


def _different(values: Sequence[Any]) -> Set[Any]:
    try:
        return set(values)
    except TypeError:  # lists have no hash
        return frozenset()


def _texts_of(values: Sequence[Any]) -> Collection[str]:
    kinds = set(map(type, values))
    if kinds <= _TEXT:
        return values
    if kinds <= _SCALARS and len(kinds & _NUMBERS) < 2:  # 1, 1.0 and True are one to a set, and three here
        values = list(set(values))
    return [text for value in values if (text := text_of(value)) is not None]


@dataclass(frozen=True)
class Table:
    """Events with the same fields."""

    places: Sequence[int]
    """Of each row, the event's place in its page."""
    columns: Mapping[str, Column]

    def take(self, rows: Sequence[int]) -> Table:
        """Return the table of some of the rows."""
        columns = {name: Column([each.values[row] for row in rows]) for name, each in self.columns.items()}
        return Table([self.places[row] for row in rows], columns)


def tables_of(events: Sequence[Mapping[str, Any]]) -> Iterator[Table]:
    """Yield the tables that flat events make, one for each set and order of fields."""
    shapes: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, event in enumerate(events):
        shapes[tuple(event)].append(place)
    for names, places in shapes.items():
        columns = map(Column, zip(*[events[place].values() for place in places], strict=True))
        yield Table(places, dict(zip(names, columns, strict=False)))
