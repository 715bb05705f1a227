"""Durations as people write them: ``90s``, ``15m``, ``24h``, ``7d``."""

from __future__ import annotations

import re
from typing import Any

_DURATION = re.compile(r"([0-9]{1,6})\s?(s|m|h|d)\Z")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_duration(value: Any) -> int:
    """Return seconds, more than 0. Raises ValueError with what to write instead."""
    match = _DURATION.match(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{value!r} is no duration: write a number with its unit, like 90s, 15m, 24h or 7d")
    seconds = int(match[1]) * _UNITS[match[2]]
    if seconds == 0:
        raise ValueError("a duration must be longer than nothing")
    return seconds


def say_duration(seconds: int) -> str:
    """Return seconds as people write them: 86400 is ``1d``, 5400 is ``90m``."""
    for unit in ("d", "h", "m"):
        if seconds % _UNITS[unit] == 0 and seconds:
            return f"{seconds // _UNITS[unit]}{unit}"
    return f"{seconds}s"
