"""Figures of a run: percentiles, and how busy the machine was meanwhile."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

import psutil


class BenchError(Exception):
    """What should be measured did not happen."""


@dataclass(frozen=True)
class Spread:
    """Seconds, over `n` measurements."""

    n: int
    p50: float
    p99: float
    longest: float


def spread(values: Sequence[float]) -> Spread:
    """Return nearest-rank percentiles (of n values the one at ceil(p·n), in order).

    Raises ValueError for no values.
    """
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)

    def rank(part: float) -> float:
        return round(ordered[max(0, math.ceil(part * len(ordered)) - 1)], 4)

    return Spread(len(ordered), rank(0.50), rank(0.99), round(ordered[-1], 4))


@dataclass(frozen=True)
class Load:
    """How busy the machine was during a run, everybody's work on it included."""

    cores: int
    busy: float
    """Mean share of all cores that was in use, 0 to 1."""
    before: float
    """Processes that wanted to run (the load average of a minute) as the run began."""
    after: float


class LoadWatch:
    """Measures from when it is made to `read`."""

    def __init__(self) -> None:
        psutil.cpu_percent(None)
        self._before = os.getloadavg()[0]

    def read(self) -> Load:
        busy = round(psutil.cpu_percent(None) / 100, 3)
        return Load(os.cpu_count() or 1, busy, round(self._before, 2), round(os.getloadavg()[0], 2))
