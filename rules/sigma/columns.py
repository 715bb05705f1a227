"""Events as tables: those with the same fields together, and of each field the column of its values.

What Python does once a column it need not do once an event. The events of a busy domain have few shapes, and
most of their columns hold few different texts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

from rules.sigma.values import texts_of

_TEXT = {str}


@dataclass(frozen=True)
class Column:
    """The values of one field, row by row."""

    values: Sequence[Any]

    @cached_property
    def _different(self) -> Set[str] | None:
        """The different texts where all values are texts."""
        try:
            different = set(self.values)
        except TypeError:  # lists have no hash
            return None
        return different if set(map(type, different)) == _TEXT else None  # nothing else equals a text

    @property
    def is_plain(self) -> bool:
        """Whether each value is a text, neither a number nor a list nor nothing."""
        return self._different is not None

    @cached_property
    def texts(self) -> Set[str]:
        """The different texts."""
        return set(self.elements) if self._different is None else self._different

    @cached_property
    def elements(self) -> Collection[str]:
        """All texts, without most repetitions: of lists each element is one, and few lists are alike."""
        if self.is_plain:
            return self.texts
        each = [value if value.__class__ is list else (value,) for value in self.values]
        elements = list(chain.from_iterable(each))
        if set(map(type, elements)) <= _TEXT:
            return elements
        return [text for value in self.values for text in texts_of(value)]

    @cached_property
    def spellings(self) -> Sequence[str]:
        """One text for each value, the same for the same ones only: a list has no hash, and 1 is not True."""
        return self.values if self.is_plain else list(map(repr, self.values))


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
