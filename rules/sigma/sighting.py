"""What is true of each event of a table, and which rules that wakes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from rules.sigma.columns import Column, Table
from rules.sigma.groups import Group
from rules.sigma.memory import Found
from rules.sigma.values import UNSEARCHED, texts_of


def sight(group: Group, table: Table) -> Iterator[tuple[int, list[int], frozenset[int]]]:
    """Yield (place of the event, rules to run, numbers of the true checks) where an event wakes a rule."""
    sighting = _Sighting(table.places)
    searched: list[Column] = []
    texts: list[str] = []
    for name, column in table.columns.items():
        index = group.indexes.get(name)
        if index is not None and (found := index.find(column.texts)):
            sighting.add(column, found)
        if group.keywords is not None and name not in UNSEARCHED:
            searched.append(column)
            texts += column.elements
    if group.keywords is not None and (found := group.keywords.search(texts)):
        for column in searched:
            if not found.keys().isdisjoint(column.texts):
                sighting.add(column, found)
    return sighting.read(group.always)


class _Sighting:
    """What was found in the columns so far."""

    def __init__(self, places: Sequence[int]) -> None:
        self._places = places
        self._of_all: list[Found] = []
        """In columns that hold one text only."""
        self._of_each: dict[int, list[Found]] = defaultdict(list)

    def add(self, column: Column, found: Mapping[str, Found]) -> None:
        """Take what is true of a column's texts for what is true of its events."""
        of_each = self._of_each
        if not column.is_plain:
            for place, value in zip(self._places, column.values, strict=True):
                of_each[place] += [found[text] for text in texts_of(value) if text in found]
        elif len(column.texts) == 1:
            self._of_all += [found[text] for text in column.texts if text in found]
        else:
            for place, text in zip(self._places, column.values, strict=True):
                if text in found:
                    of_each[place].append(found[text])

    def read(self, always: Sequence[int]) -> Iterator[tuple[int, list[int], frozenset[int]]]:
        of_all: frozenset[int] = frozenset().union(*(true for true, _ in self._of_all))
        woken_by_all = set(always).union(*(wakes for _, wakes in self._of_all))
        for place in self._places if woken_by_all else list(self._of_each):
            own = self._of_each.get(place, ())
            if woken := woken_by_all.union(*[wakes for _, wakes in own]):
                yield place, sorted(woken), of_all.union(*[true for true, _ in own])
