"""Memory: the hits of the groups that are active, a cache of what the store holds.

Each series (one detection, one set of fields, one group) knows for which stretch of event time it is
whole. What is asked for outside that stretch must be fetched. The memory is bounded: groups not used
for long are forgotten and fetched again when needed. Only a group with more than `MOST_OF_A_GROUP`
hits within reach loses its oldest ones for good, and then says so.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from rules.correlation.hits import Hit, Key, keys_of

MOST_OF_A_GROUP = 20_000
MOST_IN_ALL = 300_000
_ORDER = attrgetter("order")


class Place(NamedTuple):
    """Which series of hits: of a detection, grouped by these fields of its events."""

    rule: str
    fields: tuple[str, ...]


class Stretch(NamedTuple):
    """Event time from `first` to `last`, both included, microseconds; open ends are infinite."""

    first: float
    last: float


class Missing(NamedTuple):
    """Hits that must be fetched before they can be judged."""

    place: Place
    key: Key
    stretch: Stretch


@dataclass(slots=True)
class _Series:
    whole: list[Stretch]
    """For which times all hits are here: apart from each other, in order."""
    hits: list[Hit] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    lost: float = -math.inf
    """Up to this time hits were dropped because there were too many."""

    def insert(self, hit: Hit) -> bool:
        if hit.id in self.ids or hit.at <= self.lost:
            return False
        self.ids.add(hit.id)
        if not self.hits or self.hits[-1].order < hit.order:
            self.hits.append(hit)
        else:
            insort(self.hits, hit, key=_ORDER)
        return True

    def drop(self, count: int) -> None:
        for hit in self.hits[:count]:
            self.ids.discard(hit.id)
        del self.hits[:count]


class Memory:
    """Hits by place and group, least recently used groups first."""

    def __init__(self, places: Iterable[Place], reach: Mapping[str, int], most: int = MOST_IN_ALL) -> None:
        """`reach` says for each rule how far back, in microseconds, a hit can matter to a new one."""
        self._reach = reach
        self._series: dict[Place, OrderedDict[Key, _Series]] = {place: OrderedDict() for place in places}
        self._by_rule: dict[str, list[Place]] = {}
        for place in self._series:
            self._by_rule.setdefault(place.rule, []).append(place)
        self._horizon: dict[Place, float] = dict.fromkeys(self._series, math.inf)
        self._most = most
        self._size = 0
        self.missing: list[Missing] = []
        """What was asked for and isn't here, since it was last emptied."""
        self.crowded: dict[tuple[Place, Key], int] = {}
        """Groups with too many hits: the newest time of those that were dropped."""

    def start(self, at: float) -> None:
        """Say that from event time `at` on everything has been and will be observed."""
        self._horizon = {place: min(known, at) for place, known in self._horizon.items()}

    def observe(self, hit: Hit) -> Iterator[tuple[Place, Key]]:
        """Keep a new hit; yield the groups that it belongs to."""
        for place in self._by_rule.get(hit.rule, ()):
            for key in keys_of(hit.fields, place.fields):
                self._keep(place, key, hit)
                yield place, key

    def load(self, missing: Iterable[Missing], hits: Sequence[Hit], whole: Stretch) -> None:
        """Keep fetched hits of the groups that were missing, which are whole in `whole` now."""
        wanted: dict[Place, set[Key]] = {}
        for place, key, _ in missing:
            wanted.setdefault(place, set()).add(key)
        for place, keys in wanted.items():
            for key in keys:
                series = self._at(place, key)
                series.whole = _joined([*series.whole, whole])
        for hit in hits:
            for place in self._by_rule.get(hit.rule, ()):
                for key in keys_of(hit.fields, place.fields):
                    if key in wanted.get(place, ()):
                        self._keep(place, key, hit)

    def between(self, place: Place, key: Key, first: int, last: int) -> list[Hit]:
        """Return the hits with first <= time <= last, in order, noting what is not here in `missing`."""
        group = self._series[place]
        series = group.get(key)
        horizon = self._horizon[place]
        if series is None:
            if first >= horizon:
                return []
            self.missing.append(Missing(place, key, Stretch(first, last)))
            return []
        group.move_to_end(key)
        for gap in _gaps(series.whole, Stretch(max(first, series.lost), last)):
            self.missing.append(Missing(place, key, gap))
        hits = series.hits
        start = bisect_left(hits, first, key=attrgetter("at"))
        return hits[start : bisect_right(hits, last, key=attrgetter("at"))]

    def forget(self, now: float) -> None:
        """Drop what is out of reach of anything that still happens now, and then, where there is
        still too much, the groups that were used longest ago."""
        if self._size <= self._most // 2:
            return
        for place, group in self._series.items():
            edge = now - self._reach[place.rule]
            for key, series in list(group.items()):
                if series.whole[-1].last == math.inf and (not series.hits or series.hits[-1].at < edge):
                    self._evict(place, key)
        goal = self._most * 3 // 4 if self._size > self._most else self._size
        while self._size > goal:
            fullest = max(self._series, key=lambda place: len(self._series[place]))
            for key in list(self._series[fullest])[: max(1, len(self._series[fullest]) // 4)]:
                self._evict(fullest, key)

    @property
    def size(self) -> int:
        """How many hits are held, each counted once for each group it is in."""
        return self._size

    def _at(self, place: Place, key: Key) -> _Series:
        group = self._series[place]
        series = group.get(key)
        if series is None:
            series = group[key] = _Series([Stretch(self._horizon[place], math.inf)])
        group.move_to_end(key)
        return series

    def _keep(self, place: Place, key: Key, hit: Hit) -> None:
        series = self._at(place, key)
        if not series.insert(hit):
            return
        self._size += 1
        if len(series.hits) > MOST_OF_A_GROUP:
            count = len(series.hits) - MOST_OF_A_GROUP * 9 // 10
            dropped = series.hits[count - 1].at
            if dropped < series.hits[-1].at - self._reach[place.rule]:
                series.whole = _after(series.whole, dropped + 1)
            else:
                series.lost = dropped
                self.crowded[place, key] = dropped
            series.drop(count)
            self._size -= count

    def _evict(self, place: Place, key: Key) -> None:
        series = self._series[place].pop(key)
        self._size -= len(series.hits)
        if series.hits:
            self._horizon[place] = max(self._horizon[place], series.hits[-1].at + 1)


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return what stretches cover together, as stretches that don't touch."""
    found: list[Stretch] = []
    for each in sorted(stretches):
        if found and each.first <= found[-1].last + 1:
            found[-1] = Stretch(found[-1].first, max(found[-1].last, each.last))
        else:
            found.append(each)
    return found


def _after(stretches: Iterable[Stretch], first: float) -> list[Stretch]:
    kept = [Stretch(max(each.first, first), each.last) for each in stretches if each.last >= first]
    return kept or [Stretch(math.inf, math.inf)]


def _gaps(whole: Iterable[Stretch], wanted: Stretch) -> Iterator[Stretch]:
    first = wanted.first
    for each in whole:
        if first > wanted.last or each.first > wanted.last:
            break
        if first < each.first:
            yield Stretch(first, each.first)
        first = max(first, each.last + 1)
    if first <= wanted.last:
        yield Stretch(first, wanted.last)
