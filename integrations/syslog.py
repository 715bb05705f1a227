"""Syslog and journald envelopes: who said what when, before anybody reads what it means.

Four shapes are told apart by how they begin:

- RFC 3164 (``Mar 30 16:01:36 web-1 sshd[14723]: …``), with or without ``<PRI>``; also with a year
- the same with an ISO 8601 time, as rsyslog's ``RSYSLOG_FileFormat`` and Debian 12 write it
- RFC 5424 (``<38>1 2026-03-30T16:01:36.123Z web-1 sshd 14723 - - …``)
- journald's JSON export (``journalctl -o json``), one object a line: systemd.journal-fields(7)

Times follow stated rules. One without a zone is in the origin's zone. One without a year is in the
origin's year where it states one, else in the latest year that puts it no later than a day after the
record was received. One that an RFC 5424 sender doesn't know (``-``) is when the record was received.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson

from integrations.contract import Origin, UnparsedError
from rules.ecs import Document, timestamp

DAY = timedelta(days=1)
MOST_REPEATS = 1000
"""Events made of one "message repeated" line at most, lest one line fill the store."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FACILITIES = (
    "kernel user-level mail system security/authorization syslog line-printer network-news uucp clock "
    "security/authorization ftp ntp log-audit log-alert clock local0 local1 local2 local3 local4 local5 "
    "local6 local7"
).split()
_SEVERITIES = "Emergency Alert Critical Error Warning Notice Informational Debug".split()
"""RFC 5424, 6.2.1."""

_PRI = r"(?:<(\d{1,3})> {0,2})?"
_REST = r" {1,2}(?:([^\s\[\]-][^\s\[\]]{0,254}) )? *(.*)"
_RFC3164 = re.compile(
    _PRI
    + rf"((?:{'|'.join(_MONTHS)}) (?:\d\d| ?\d)(?: \d{{4}})? \d\d:\d\d):(\d\d)(?:\.(\d{{1,9}}))?"
    + _REST,
    re.DOTALL | re.ASCII,
)
_ISO = re.compile(
    _PRI + r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d):(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?" + _REST,
    re.DOTALL | re.ASCII,
)
_RFC5424 = re.compile(
    r"<(\d{1,3})> ?1 (?:(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)|-) "
    r"(\S{1,255}) (?:((?:CEF|LEEF):\d.*)|(\S{1,128}) (\S{1,128}) (\S{1,64}) (.*))",
    re.DOTALL | re.ASCII,
)
_TAG = re.compile(
    r"([^\s\[\]:]{1,128}|[^\[\]:]{1,64}(?=\[\d))(?:\[(\d{1,10})\])?(?: \([^()]{1,128}\))?:(?: |$)",
    re.DOTALL | re.ASCII,
)
"""Program and process id; macOS adds a service in parentheses."""
_ELEMENT = re.compile(
    r"\[([^\s=\]\"]{1,64})((?: [^\s=\]\"]{1,64}=\"(?:[^\"\\]|\\.)*\")*)\]", re.DOTALL | re.ASCII
)
_PARAMETER = re.compile(r" ([^\s=\]\"]{1,64})=\"((?:[^\"\\]|\\.)*)\"", re.DOTALL | re.ASCII)
_ESCAPED = re.compile(r"\\([\"\\\]])")
_REPEATED = re.compile(r"message repeated (\d{1,9}) times: \[ ?(.*)\]", re.DOTALL | re.ASCII)


class Envelope(NamedTuple):
    """One syslog message without what it means."""

    time: str
    """As ECS writes it: UTC, milliseconds."""
    host: str | None
    program: str
    """Empty where the line names none."""
    pid: int | None
    message: str
    priority: int | None = None
    more: Mapping[str, Any] | None = None
    """What RFC 5424 and the journal say beyond that, flat, by ECS name."""

    def document(self, message: str | None = None) -> Document:
        """Return the beginning of an event: time, host, process and the message."""
        syslog: dict[str, Any] = {}
        document: Document = {
            "@timestamp": self.time,
            "event": {"kind": "event", "type": ["info"]},
            "process": {},
            "message": self.message if message is None else message,
        }
        if self.host is not None:
            document["host"] = {"name": self.host, "hostname": self.host}
        if self.program:
            document["process"]["name"] = syslog["appname"] = self.program
        if self.pid is not None:
            document["process"]["pid"] = self.pid
        if self.priority is not None:
            facility, severity = divmod(self.priority, 8)
            syslog["priority"] = self.priority
            syslog["severity"] = {"code": severity, "name": _SEVERITIES[severity]}
            if facility < len(_FACILITIES):
                syslog["facility"] = {"code": facility, "name": _FACILITIES[facility]}
        if syslog:
            document["log"] = {"syslog": syslog}
        if not document["process"]:
            del document["process"]
        for field, value in (self.more or {}).items():
            *parents, leaf = field.split(".")
            place = document
            for parent in parents:
                place = place.setdefault(parent, {})
            place[leaf] = value
        return document


def repeats(message: str) -> tuple[int, str]:
    """Return how often a message was said, and the message: rsyslog folds repetitions into one line."""
    if message.startswith("message repeated ") and (match := _REPEATED.fullmatch(message)):
        return max(1, min(int(match[1]), MOST_REPEATS)), match[2].rstrip()
    return 1, message


class EnvelopeReader:
    """Reads the records of one stream."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._latest = origin.received + DAY
        self._zone = zone(origin.timezone)
        self._prefixes: dict[str, str] = {}

    def read(self, text: str) -> Envelope:
        """Read one record of any of the four shapes. Raises `UnparsedError`."""
        if match := _RFC3164.match(text):
            priority, minute, second, fraction, host, rest = match.groups()
            return self._line(priority, self._time(minute, second, fraction, ""), host, rest)
        if text.startswith("{"):
            return self._journal(text)
        if match := _RFC5424.match(text):
            return self._rfc5424(match)
        if match := _ISO.match(text):
            priority, minute, second, fraction, offset, host, rest = match.groups()
            return self._line(priority, self._time(minute, second, fraction, offset or ""), host, rest)
        raise UnparsedError("expected a syslog line (RFC 3164 or 5424) or a journald JSON object")

    def _line(self, priority: str | None, time: str, host: str | None, rest: str) -> Envelope:
        if host is not None and host.endswith(":"):
            # No host: what stands in its place is the tag.
            rest, host = f"{host} {rest}", None
        program, pid, message = "", None, rest
        if tag := _TAG.match(rest):
            program, number = tag.groups()
            pid = int(number) if number else None
            message = rest[tag.end() :]
        code = int(priority) if priority else None
        if code is not None and code > 191:
            raise UnparsedError(f"<{code}> is no priority: 191 is the highest (RFC 3164, 4.1.1)")
        return Envelope(time, host or self._origin.host, program, pid, message, code)

    # --- times -----------------------------------------------------------------------------------

    def _time(self, minute: str, second: str, fraction: str | None, offset: str) -> str:
        prefix = self._prefixes.get(minute + offset)
        if prefix is None or second > "59":
            return self._slow_time(minute, second, fraction, offset)
        return f"{prefix}{second}.{fraction[:3]:0<3}Z" if fraction else f"{prefix}{second}.000Z"

    def _slow_time(self, minute: str, second: str, fraction: str | None, offset: str) -> str:
        if second > "60":
            raise UnparsedError(f"{minute}:{second} is no time of day")
        moment = self._minute(minute, offset)
        if moment.second == 0:
            if len(self._prefixes) > 4096:
                self._prefixes.clear()
            self._prefixes[minute + offset] = timestamp(moment)[:17]
        milliseconds = int(f"{fraction[:3]:0<3}") if fraction else 0
        try:
            # A leap second is the first of the next minute.
            return timestamp(moment + timedelta(seconds=int(second), milliseconds=milliseconds))
        except OverflowError as error:
            raise UnparsedError(f"{minute} lies outside the calendar") from error

    def _minute(self, text: str, offset: str) -> datetime:
        try:
            if text[0].isdigit():
                moment = datetime.fromisoformat(text.upper() + ":00" + offset.upper())
                return _utc(moment if moment.tzinfo else moment.replace(tzinfo=self._zone))
            return self._without_year(text)
        except (ValueError, OverflowError) as error:
            raise UnparsedError(f"{text!r} is no date and time") from error

    def _without_year(self, text: str) -> datetime:
        month, day, *year, clock = text.split()
        stated = int(year[0]) if year else self._origin.year
        number = _MONTHS.index(month) + 1
        at = int(clock[:2]), int(clock[3:])
        newest = self._latest.astimezone(self._zone).year
        for candidate in [stated] if stated is not None else range(newest, newest - 9, -1):
            try:
                date(candidate, number, int(day))
            except ValueError:
                if number == 2 and day.strip() == "29" and stated is None:
                    continue
                raise
            moment = _utc(datetime(candidate, number, int(day), *at, tzinfo=self._zone))
            if stated is not None or moment <= self._latest:
                return moment
        raise UnparsedError(f"{text!r} is no date and time")

    # --- the newer shapes ------------------------------------------------------------------------

    def _rfc5424(self, match: re.Match[str]) -> Envelope:
        priority, minute, second, fraction, offset, host, alone, *parts = match.groups()
        # Some senders of CEF and LEEF leave out all that stands between the host and the message.
        program, process, message_id, rest = parts if alone is None else ("-", "-", "-", f"- {alone}")
        if int(priority) > 191:
            raise UnparsedError(f"<{priority}> is no priority: 191 is the highest (RFC 5424, 6.2.1)")
        more: dict[str, Any] = {"log.syslog.version": "1"}
        if message_id != "-":
            more["log.syslog.msgid"] = message_id
        if process != "-":
            more["log.syslog.procid"] = process
        structured, message = _structured(rest)
        if structured:
            more["log.syslog.structured_data"] = structured
        return Envelope(
            time=self._time(minute, second, fraction, offset) if minute else timestamp(self._origin.received),
            host=host if host != "-" else self._origin.host,
            program=program if program != "-" else "",
            pid=_number(process),
            message=message,
            priority=int(priority),
            more=more,
        )

    def _journal(self, text: str) -> Envelope:
        try:
            entry = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise UnparsedError(f"no JSON: {error}") from error
        if not isinstance(entry, dict) or "__REALTIME_TIMESTAMP" not in entry:
            raise UnparsedError("a JSON object without __REALTIME_TIMESTAMP is no journal entry")
        try:
            time = timestamp(datetime.fromtimestamp(int(entry["__REALTIME_TIMESTAMP"]) / 1e6, UTC))
        except (TypeError, ValueError, OverflowError, OSError) as error:
            raise UnparsedError("__REALTIME_TIMESTAMP is no number of microseconds") from error
        said = {name: _said(entry[name]) for name in _JOURNAL if name in entry}
        severity, facility = _number(said.get("PRIORITY", "")), _number(said.get("SYSLOG_FACILITY", ""))
        more: dict[str, Any] = {
            field: said[name] for name, field in _JOURNAL.items() if field and said.get(name)
        }
        return Envelope(
            time=time,
            host=said.get("_HOSTNAME") or self._origin.host,
            program=said.get("SYSLOG_IDENTIFIER") or said.get("_COMM") or "",
            pid=_number(said.get("SYSLOG_PID") or said.get("_PID") or ""),
            message=said.get("MESSAGE", ""),
            priority=8 * facility + severity
            if severity is not None and severity < 8 and facility is not None and facility < 24
            else None,
            more=more,
        )


_JOURNAL = {
    "MESSAGE": "",
    "PRIORITY": "",
    "SYSLOG_FACILITY": "",
    "SYSLOG_IDENTIFIER": "",
    "SYSLOG_PID": "",
    "_COMM": "",
    "_HOSTNAME": "",
    "_PID": "",
    "_EXE": "process.executable",
    "_MACHINE_ID": "host.id",
    "_SYSTEMD_UNIT": "service.name",
}


def _said(value: Any) -> str:
    """Return a journal field as text: binary ones are lists of byte values, repeated ones lists."""
    if isinstance(value, list):
        if all(isinstance(item, int) and 0 <= item < 256 for item in value):
            return bytes(value).decode("utf-8", "backslashreplace")
        return "\n".join(_said(item) for item in value if not isinstance(item, list))
    return "" if value is None else str(value)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 else None


def _structured(rest: str) -> tuple[dict[str, dict[str, str]], str]:
    """Split structured data from the message (RFC 5424, 6.3 and 6.4)."""
    found: dict[str, dict[str, str]] = {}
    if rest == "-" or rest.startswith("- "):
        end = 1
    elif not rest.startswith("["):
        # Senders that know of no structured data often leave out the dash too.
        return found, rest
    else:
        end = 0
        while match := _ELEMENT.match(rest, end):
            found[match[1]] = {
                name: _ESCAPED.sub(r"\1", value) for name, value in _PARAMETER.findall(match[2])
            }
            end = match.end()
        if not found or rest[end : end + 1] not in {"", " "}:
            raise UnparsedError("expected structured data or '-' after the message id (RFC 5424, 6.3)")
    return found, rest[end + 1 :].removeprefix("\ufeff")


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
