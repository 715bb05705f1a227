"""Times as vendors write them, in ECS's form. A normaliser never looks at a clock itself.

Stated rules: a time without a zone is in the origin's zone; what an abbreviation of a zone means, `zones`
says; a time without a year is in the origin's year, else in the latest year that puts it no later than a day
after the record was received.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from integrations.contract import Origin, UnparsedError
from integrations.syslog import zone
from integrations.zones import zone_of
from rules.ecs import timestamp

_ISO = re.compile(
    r"(\d{4})[-/](\d\d)[-/](\d\d)(?:[T_ ]+(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?"
    r" ?(?:(UTC|GMT)?([+-]\d\d:?\d\d|[+-]\d\d)|([A-Z]{1,5}))?",
    re.ASCII | re.IGNORECASE,
)
_USUAL = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)
"""ECS's own form or nearly so, which needs no arithmetic."""
_USUAL_FORMATS = (
    "%d/%b/%Y:%H:%M:%S %z", "%a, %d %b %Y %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S %Z", "%a %b %d %H:%M:%S %Y",
    "%b %d %Y %H:%M:%S", "%b %d, %Y %I:%M:%S %p", "%b %d, %Y, %I:%M:%S %p", "%d %b %Y %H:%M:%S",
    "%d-%b-%Y %H:%M:%S", "%Y-%m-%d %I:%M:%S %p", "%B %d, %Y %I:%M:%S %p", "%b %d %H:%M:%S",
)  # fmt: skip
_EARLIEST, _LATEST = -62_135_596_800, 253_402_300_799
"""Seconds since 1970 of the years 1 and 9999."""


@lru_cache(maxsize=4096)
def _exists(second: str) -> bool:
    """Whether there is such a second: ``2026-02-30T25:00:00`` is none."""
    try:
        datetime.fromisoformat(second)
    except ValueError:
        return False
    return True


class Times:
    """Reads the times of one stream."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._zone = zone(origin.timezone)
        self._latest = origin.received + timedelta(days=1)
        self._known: dict[tuple[str, str], str] = {}
        self._seconds: dict[str, str] = {}
        """Times in whole seconds: many events have the same."""
        self.minutes: dict[tuple[str, str], str] = {}
        """For readers whose format has the seconds apart: what they have found of minutes."""

    @property
    def origin(self) -> Origin:
        """Where the records come from, for a reader of syslog's envelopes."""
        return self._origin

    def received(self) -> str:
        """Return when the record was received: for a record that names no time."""
        return timestamp(self._origin.received)

    def iso(self, value: Any) -> str | None:
        """Return an ISO 8601 time, loosely: ``/`` for ``-``, a space for ``T``, ``,`` for ``.``, zones
        with or without colon or as a known abbreviation. None for what is none."""
        if not isinstance(value, str) or len(value) > 64:
            return None
        if (known := self._seconds.get(value)) is not None:
            return known
        if (usual := _USUAL.fullmatch(value)) is not None and _exists(usual[1]):
            if usual[2] is not None:
                return f"{usual[1]}.{usual[2][:3]:0<3}Z"
            if len(self._seconds) > 4096:
                self._seconds.clear()
            self._seconds[value] = found = f"{usual[1]}.000Z"
            return found
        match = _ISO.fullmatch(value.strip())
        if match is None:
            return None
        year, month, day, hour, minute, second, fraction, _, offset, name = match.groups()
        zone = zone_of(name, self._zone) if name else self._zone
        if zone is None:
            return None
        leap = second == "60"
        try:
            moment = datetime(
                int(year), int(month), int(day), int(hour or 0), int(minute or 0),
                59 if leap else int(second or 0), int(f"{fraction[:6]:0<6}") if fraction else 0,
            )  # fmt: skip
            if offset is None:
                moment = moment.replace(tzinfo=zone)
            else:
                moment = moment.replace(tzinfo=UTC) - _offset(offset)
            return timestamp(moment + timedelta(seconds=int(leap)))
        except (ValueError, OverflowError):
            return None

    def epoch(self, value: Any) -> str | None:
        """Return a time that is a number since 1970, or a text of one; its size tells seconds (below
        10^11), milliseconds (10^14), microseconds (10^17) or nanoseconds. None for what is none."""
        if isinstance(value, str):
            value = value.strip()
            if not re.fullmatch(r"-?\d{1,20}(?:\.\d{1,9})?", value, re.ASCII):
                return None
            value = float(value) if "." in value else int(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            return None
        for limit, unit in ((1e11, 1), (1e14, 1_000), (1e17, 1_000_000), (1e20, 1_000_000_000)):
            if abs(value) < limit:
                return self._since_1970(value, unit)
        return None

    def _since_1970(self, value: float, unit: int) -> str | None:
        microseconds = int(value * (1_000_000 // unit)) if unit <= 1_000_000 else int(value) // 1000
        if not _EARLIEST <= microseconds // 1_000_000 <= _LATEST:
            return None
        return timestamp(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds))

    def any(self, value: Any) -> str | None:
        """Return a time in ISO 8601 or since 1970, None for what is neither."""
        return self.iso(value) or self.epoch(value)

    def usual(self, value: Any) -> str | None:
        """Return a time as `any` knows it, or in a form that people and programs use and that can't be
        taken for another: with the month's name, or with the year first and ``AM`` or ``PM``. None for
        what is none."""
        return self.any(value) or self.parse(value, *_USUAL_FORMATS)

    def parse(self, value: Any, *formats: str) -> str | None:
        """Return a time in one of `formats` (as `datetime.strptime` has them; English names; a format
        without ``%Y`` gets its year by the stated rule; a ``%Z`` at its end takes any abbreviation of a
        zone). None for what is in none."""
        if not isinstance(value, str) or len(value) > 64:
            return None
        text = " ".join(value.split())
        for format in formats:
            if (known := self._known.get((text, format))) is not None:
                return known
            moment = self._zoned(text, format) if format.endswith(" %Z") else _read(text, format)
            if moment is None:
                continue
            try:
                found = timestamp(self._dated(moment, format))
            except (ValueError, OverflowError):
                continue
            if len(self._known) > 4096:
                self._known.clear()
            self._known[text, format] = found
            return found
        return None

    def required(self, *found: str | None) -> str:
        """Return the first time there is. Raises `UnparsedError` where a record has none that can be read."""
        for time in found:
            if time is not None:
                return time
        raise UnparsedError("its time is missing, or no time that can be read")

    def _zoned(self, text: str, format: str) -> datetime | None:
        """Read a time with an abbreviation behind it; `strptime` would drop what the abbreviation says."""
        clock, _, name = text.rpartition(" ")
        if not (name.isascii() and name.isalpha() and len(name) < 6) or name.upper() in ("AM", "PM"):
            return None
        moment = _read(clock, format[:-3])
        return moment and moment.replace(tzinfo=zone_of(name, self._zone))

    def _dated(self, moment: datetime, format: str) -> datetime:
        zone = moment.tzinfo or self._zone
        if "%Y" in format or "%y" in format or "%s" in format:
            return moment.replace(tzinfo=zone)
        if self._origin.year is not None:
            return moment.replace(year=self._origin.year, tzinfo=zone)
        newest = self._latest.astimezone(zone).year
        for year in range(newest, newest - 9, -1):
            try:
                dated = moment.replace(year=year, tzinfo=zone)
            except ValueError:
                continue  # 29 February
            if dated <= self._latest:
                return dated
        raise ValueError("no year fits")


def _read(text: str, format: str) -> datetime | None:
    try:
        if "%Y" in format or "%y" in format:
            return datetime.strptime(text, format)
        return datetime.strptime(f"2024 {text}", f"%Y {format}")
    except ValueError:
        return None


@lru_cache(maxsize=256)
def _offset(text: str) -> timedelta:
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return -offset if text[0] == "-" else offset
