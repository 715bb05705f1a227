"""History: what the engine asks its caller to fetch from the store."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rules.correlation.hits import length, moment
from rules.correlation.memory import Missing, Stretch

SKEW = timedelta(days=1)
"""How far in the future an event's time may be."""


@dataclass(frozen=True)
class HistoryRequest:
    """Events that the engine needs: those in [first, last] event time where every field of `keys`
    holds one of its values. With no keys: all events of that time."""

    keys: Mapping[str, tuple[str, ...]]
    first: datetime
    last: datetime
    rules: tuple[str, ...]
    """The detections whose matches among them matter."""
    missing: tuple[Missing, ...] = field(default=(), repr=False)
    whole: Stretch = field(default=Stretch(0, 0), repr=False)


def requests_of(missing: Iterable[Missing], now: float) -> list[HistoryRequest]:
    """Merge what is missing into as few requests as there are sets of fields. `now` is on the clock,
    microseconds."""
    merged: dict[tuple[str, ...], list[Missing]] = {}
    for each in dict.fromkeys(missing):
        merged.setdefault(each.place.fields, []).append(each)
    requests = []
    for fields, group in merged.items():
        first = min(each.stretch.first for each in group)
        last: float = max(each.stretch.last for each in group)
        end = last
        if last >= now - length(SKEW):
            end, last = max(last, now) + length(SKEW), math.inf
        values = [sorted({each.key[place] for each in group}) for place in range(len(fields))]
        requests.append(
            HistoryRequest(
                {name: tuple(each) for name, each in zip(fields, values, strict=True)},
                moment(int(first)),
                moment(int(end)),
                tuple(sorted({each.place.rule for each in group})),
                tuple(group),
                Stretch(first, last),
            )
        )
    return requests
