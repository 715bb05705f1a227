"""How fast a channel may be posted to: about one message a second, and short bursts.

https://docs.slack.dev/apis/web-api/rate-limits
"""

from __future__ import annotations

import time
from collections.abc import Callable

BURST = 5.0
PER_SECOND = 1.0
KEPT_BACK = 2.0
"""Messages of a burst that are kept for what can't wait: incidents and questions."""


class Pace:
    """A token bucket for each channel; `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, channel: str, *, urgent: bool) -> float:
        """Return 0 and count a message, or the seconds after which to ask again."""
        now = self._clock()
        level, since = self._buckets.get(channel, (BURST, now))
        level = min(BURST, level + (now - since) * PER_SECOND)
        missing = (1.0 if urgent else 1.0 + KEPT_BACK) - level
        if missing > 0:
            self._buckets[channel] = (level, now)
            return missing / PER_SECOND
        self._buckets[channel] = (level - 1.0, now)
        return 0.0

    def hold(self, channel: str, seconds: float) -> None:
        """Slack itself asked to wait."""
        self._buckets[channel] = (-seconds * PER_SECOND, self._clock())
