"""Syslog and journald envelopes: who said what when, before anybody reads what it means.

Four shapes are told apart by their first characters:

- RFC 3164 (``Mar 30 16:01:36 web-1 sshd[14723]: …``), with or without ``<PRI>``: no year, no zone
- the same with an ISO 8601 time, as rsyslog's ``RSYSLOG_FileFormat`` and Debian 12 write it
- RFC 5424 (``<38>1 2026-03-30T16:01:36.123Z web-1 sshd 14723 - - …``)
- journald's JSON export (``journalctl -o json``), one object a line
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from integrations.contract import Origin, UnparsedError

_PRI = r"(?:<(?P<pri>\d{1,3})>)?"
_TAG = r"(?P<program>[^\s\[\]:]{1,128})(?:\[(?P<pid>\d{1,10})\])?:[ ]?(?P<message>.*)"
_RFC3164 = re.compile(
    _PRI + r"(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[ ]{1,2}(?P<day>\d{1,2}) "
    r"(?P<time>\d\d:\d\d:\d\d) (?P<host>\S{1,255}) " + _TAG,
    re.DOTALL,
)
_ISO = re.compile(_PRI + r"(?P<iso>\d{4}-\d\d-\d\dT\S{8,30}) (?P<host>\S{1,255}) " + _TAG, re.DOTALL)
_RFC5424 = re.compile(
    r"<(?P<pri>\d{1,3})>1 (?P<iso>\S{1,40}) (?P<host>\S{1,255}) (?P<program>\S{1,128}) (?P<pid>\S{1,128}) "
    r"(?P<msgid>\S{1,32}) (?P<rest>.*)",
    re.DOTALL,
)
_STRUCTURED = re.compile(r'(?:-|(?:\[(?:[^\]"\\]|\\.|"(?:[^"\\]|\\.)*")*\])+)(?: |$)')
_MONTHS = {
    name: number for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)
}
_REPEATED = re.compile(r"message repeated (\d{1,6}) times: \[ ?(.*)\]", re.DOTALL)
MOST_REPEATS = 10_000
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Envelope:
    """One syslog message without what it means."""

    time: datetime
    """Aware, UTC."""
    host: str
    program: str
    pid: int | None
    message: str
    priority: int | None = None


def parse_envelope(text: str, origin: Origin) -> Envelope:
    """Parse one record of any of the four shapes. Raises `UnparsedError`."""
    if text.startswith("{"):
        return _journald(text)
    if match := _RFC5424.match(text):
        return _rfc5424(match)
    if match := _RFC3164.match(text):
        time = _without_year(match["month"], int(match["day"]), match["time"], origin)
    elif match := _ISO.match(text):
        time = parse_iso(match["iso"], origin.timezone)
    else:
        raise UnparsedError("expected a syslog line (RFC 3164 or 5424) or a journald JSON object")
    return Envelope(
        time=time,
        host=match["host"],
        program=match["program"],
        pid=int(match["pid"]) if match["pid"] else None,
        message=match["message"],
        priority=int(match["pri"]) if match["pri"] else None,
    )


def repeats(message: str) -> tuple[int, str]:
    """Return how often a message was said, and the message: rsyslog folds repetitions into one line."""
    if message.startswith("message repeated ") and (match := _REPEATED.fullmatch(message)):
        return max(1, min(int(match[1]), MOST_REPEATS)), match[2].rstrip()
    return 1, message


def parse_iso(text: str, timezone: str) -> datetime:
    """Parse an ISO 8601 time; one without an offset is in `timezone`. Raises `UnparsedError`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnparsedError(f"{text!r} is no ISO 8601 time") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone(timezone))
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise UnparsedError(f"{text!r} lies outside the calendar") from error


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _without_year(month: str, day: int, clock: str, origin: Origin) -> datetime:
    minute = _minute(month, day, clock[:5], origin.received.date(), origin.timezone, origin.year)
    second = int(clock[6:8])
    if second > 60:
        raise UnparsedError(f"{clock} is no time of day")
    return minute + timedelta(seconds=second)


@lru_cache(maxsize=4096)
def _minute(month: str, day: int, clock: str, received: Any, timezone: str, year: int | None) -> datetime:
    """Return the minute of a time without a year: the latest that is not over a day after `received`."""
    hour, minute = int(clock[:2]), int(clock[3:5])
    years = [year] if year is not None else range(received.year + 1, received.year - 9, -1)
    for candidate in years:
        try:
            moment = datetime(candidate, _MONTHS[month], day, hour, minute, tzinfo=zone(timezone))
        except ValueError:
            continue
        if year is not None or moment.astimezone(UTC).date() <= received + DAY:
            return moment.astimezone(UTC)
    raise UnparsedError(f"{month} {day} {clock} is no date and time")


def _rfc5424(match: re.Match[str]) -> Envelope:
    if match["iso"] == "-":
        raise UnparsedError("the message has no time (RFC 5424 allows that, an event needs one)")
    structured = _STRUCTURED.match(match["rest"])
    if structured is None:
        raise UnparsedError("expected structured data or '-' after the message id (RFC 5424, 6.3)")
    return Envelope(
        time=parse_iso(match["iso"], "UTC"),
        host=match["host"],
        program=match["program"],
        pid=int(match["pid"]) if match["pid"].isascii() and match["pid"].isdigit() else None,
        message=match["rest"][structured.end() :].removeprefix("\ufeff"),
        priority=int(match["pri"]),
    )


def _journald(text: str) -> Envelope:
    try:
        entry = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UnparsedError(f"no JSON: {error}") from error
    if not isinstance(entry, dict) or "__REALTIME_TIMESTAMP" not in entry:
        raise UnparsedError("a JSON object without __REALTIME_TIMESTAMP is no journal entry")
    try:
        time = datetime.fromtimestamp(int(entry["__REALTIME_TIMESTAMP"]) / 1e6, UTC)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise UnparsedError("__REALTIME_TIMESTAMP is no number of microseconds") from error
    pid = _said(entry.get("SYSLOG_PID") or entry.get("_PID"))
    return Envelope(
        time=time,
        host=_said(entry.get("_HOSTNAME")),
        program=_said(entry.get("SYSLOG_IDENTIFIER") or entry.get("_COMM")) or "unknown",
        pid=int(pid) if pid.isascii() and pid.isdigit() and len(pid) < 11 else None,
        message=_said(entry.get("MESSAGE")),
    )


def _said(value: Any) -> str:
    """Return a journal field as text; binary fields are lists of byte values."""
    if isinstance(value, list):
        if all(isinstance(item, int) and 0 <= item < 256 for item in value):
            return bytes(value).decode("utf-8", "replace")
        return _said(value[0]) if value else ""
    return "" if value is None else str(value)
