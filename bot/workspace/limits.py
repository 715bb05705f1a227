"""Rate limits as token buckets, one for each method or channel."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from bot.workspace.settings import RateLimits

ROUNDING = 1e-9
"""Who waited as long as was said may be short of a call by this."""


class RateLimitedError(Exception):
    """Too many calls; `retry_after` is in whole seconds, as in Slack's header."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after


class Limiter:
    """Counts calls against `RateLimits`; `clock` is monotonic, in seconds."""

    def __init__(self, limits: RateLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def count_call(self, method: str, tier: int) -> None:
        """Raises `RateLimitedError`."""
        a_minute = {2: self._limits.tier2, 3: self._limits.tier3, 4: self._limits.tier4}[tier]
        self._take(method, a_minute, a_minute / 60)

    def count_post(self, channel: str) -> None:
        """Raises `RateLimitedError`."""
        self._take(f"post {channel}", self._limits.post_burst, self._limits.post_per_second)

    def _take(self, key: str, size: float, per_second: float) -> None:
        now = self._clock()
        level, since = self._buckets.get(key, (size, now))
        level = min(size, level + (now - since) * per_second)
        if level < 1 - ROUNDING:
            self._buckets[key] = (level, now)
            raise RateLimitedError(max(1, math.ceil((1 - level) / per_second)))
        self._buckets[key] = (level - 1, now)
