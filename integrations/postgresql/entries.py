"""Entries of PostgreSQL's server log in its three notations: stderr (or syslog), CSV, JSON.

Reference: PostgreSQL's manual, "Error Reporting and Logging": ``log_line_prefix``, "Using CSV-Format Log
Output" and "Using JSON-Format Log Output". The prefix of a stderr line is the site's own choice: its parts
are known by their shapes, wherever they stand.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import Any

from integrations.contract import UnparsedError
from integrations.fields import integer, port_number, text
from integrations.normalisers import load_object
from integrations.text import readable
from integrations.times import Times

FOLLOWING = frozenset({"DETAIL", "HINT", "QUERY", "CONTEXT", "LOCATION", "STATEMENT", "BACKTRACE"})
"""What follows an error or a message, and says more of it."""
_LEVELS = "DEBUG[1-5]?|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC|" + "|".join(sorted(FOLLOWING))
LONGEST_PREFIX = 512

_LEVEL = re.compile(rf"(?:^|[\s:|,>\])])({_LEVELS}):  ?", re.ASCII)
_STATE = re.compile(r"([0-9A-Z]{5}): ", re.ASCII)
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,6})?) ?([A-Za-z]{1,5}(?![A-Za-z])|[+-]\d\d(?::?\d\d)?)?"
    r"|(?<![\d.])(1\d{9}\.\d{3})(?![\d.])",
    re.ASCII,
)
_PID = re.compile(r"\[(\d{1,10})(?:-(\d{1,10}))?\]|(?:pid|p)=(\d{1,10})", re.ASCII)
_LINE = re.compile(r"\[(\d{1,10})-1\]|l=(\d{1,10})", re.ASCII)
_KEYED = re.compile(r"(user|db|database|app|application|client|host|remote)=([^\s,=]{0,128})", re.ASCII)
_WHO = re.compile(r"(\[unknown\]|[^\s@,:|<>\[\]()=]{1,64})@(\[unknown\]|[^\s@,:|<>\[\]()=]{1,64})")
_FROM = re.compile(
    r"(\[local\]|::[0-9A-Fa-f.:]{0,40}|[0-9A-Za-z._-][0-9A-Za-z.:_-]{1,128})\((\d{1,5})\)|[:\s](\[local\])",
    re.ASCII,
)
_SESSION = re.compile(r"(?<![\w.])([0-9a-f]{8}\.[0-9a-f]{1,8})(?![\w.])", re.ASCII)
_SYSLOG = re.compile(r"\[(\d{1,10})-(\d{1,6})\] ", re.ASCII)
"""What PostgreSQL puts before each piece of a message that goes to syslog: its number, the piece's."""
_PIECE = re.compile(r"[^\n]{10,200}?\[\d{1,10}\]: \[\d{1,10}-\d{1,6}\] (?:#011)?", re.ASCII)
"""The envelope of the further pieces; a tab is written ``#011`` there (rsyslog's ``$EscapeControlCharactersOnReceive``)."""
_CSV = re.compile(r'"?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})? [A-Za-z0-9+:-]{1,6}"?,', re.ASCII)

CSV_COLUMNS = """
log_time user_name database_name process_id connection_from session_id session_line_num command_tag
session_start_time virtual_transaction_id transaction_id error_severity sql_state_code message detail hint
internal_query internal_query_pos context query query_pos location application_name backend_type leader_pid
query_id
""".split()
_JSON_NAMES = {
    "timestamp": "log_time", "user": "user_name", "dbname": "database_name", "pid": "process_id",
    "line_num": "session_line_num", "ps": "command_tag", "session_start": "session_start_time",
    "vxid": "virtual_transaction_id", "txid": "transaction_id", "state_code": "sql_state_code",
    "internal_position": "internal_query_pos", "statement": "query", "cursor_position": "query_pos",
}  # fmt: skip
"""JSON's names of CSV's columns, where they differ."""


@dataclass
class Entry:
    """One entry, whatever its notation."""

    time: str
    level: str
    message: str
    pid: int | None = None
    state: str | None = None
    user: str | None = None
    database: str | None = None
    host: str | None = None
    port: int | None = None
    statement: str | None = None
    whole: str | None = None
    """All of it, of one in stderr's notation."""
    vendor: dict[str, Any] = field(default_factory=dict)
    """The rest, by the names of the CSV columns."""


class Beginnings:
    """Tells which lines begin an entry; remembers whether a CSV field that may have line feeds is open."""

    def __init__(self) -> None:
        self._open = False
        self._size = 0

    def __call__(self, data: bytes) -> bool:
        line = readable(data)
        if self._open and self._size < 60_000:
            self._size += len(line) + 1
            self._open ^= line.count('"') % 2 == 1
            return False
        if is_csv(line):
            self._open, self._size = line.count('"') % 2 == 1, len(line)
            return True
        self._open = False
        level = begins(line)
        return level is not None and level not in FOLLOWING


def is_csv(line: str) -> bool:
    """Whether a line begins a CSV entry."""
    return _CSV.match(line) is not None


def begins(line: str) -> str | None:
    """Return the level of the entry, or of what follows one, that a line begins; None where it goes on."""
    if line.startswith('{"timestamp"'):
        return "JSON"
    if not line or line[0] in " \t" or line.startswith("#"):
        return None
    head = line[:LONGEST_PREFIX]
    match = _LEVEL.search(head)
    if match is None or not (
        _TIME.search(head, 0, match.start() + 1) or _PID.search(head, 0, match.start() + 1)
    ):
        return None
    return match[1]


def read_entry(record: str, times: Times) -> Entry:
    """Read an entry with all its lines. Raises `UnparsedError`."""
    if record.startswith("{"):
        return _from_json(load_object(record), times)
    if is_csv(record):
        return _from_csv(record, times)
    return _from_stderr(record, times)


def _moment(time: str | None, zone: str | None, times: Times) -> str | None:
    if time is None:
        return None
    return times.iso(f"{time} {zone or ''}") or times.iso(time)


def _said(value: Any) -> str | None:
    """Return what a part of the prefix says; ``[unknown]`` stands for nobody yet."""
    found = text(value)
    return None if found in {"[unknown]", "[local]"} else found


def _from_stderr(record: str, times: Times) -> Entry:
    match = _LEVEL.search(record, 0, LONGEST_PREFIX)
    if match is None:
        raise UnparsedError("expected a line with a level, as in `2026-01-31 12:00:00 UTC [123] LOG:  …`")
    prefix, message = record[: match.start() + 1], record[match.end() :]
    number = _SYSLOG.search(prefix)
    by_syslog = number is not None and _TIME.search(prefix, number.end()) is not None
    if number is not None and by_syslog:
        prefix = prefix[number.end() :]
    moment = _TIME.search(prefix) or _TIME.search(record, 0, match.start())
    time = None
    if moment is not None:
        time = times.epoch(moment[3]) if moment[3] else _moment(moment[1], moment[2], times)
        prefix = prefix.replace(moment[0], " ", 1)
    if by_syslog and "\n" in message:
        first, *further = message.split("\n")
        message = "\n".join(
            [first, *(_PIECE.sub("\t", line, count=1) if _PIECE.match(line) else line for line in further)]
        )
    entry = Entry(times.required(time), match[1], message, whole=None if by_syslog else record)
    if (state := _STATE.match(message)) and not state[1].isalpha():
        entry.state, entry.message = state[1], message[state.end() :]
    if line := _LINE.search(prefix):
        entry.vendor["session_line_num"] = integer(line[1] or line[2])
    if pid := _PID.search(prefix) or _PID.search(record, 0, match.start()):
        entry.pid = integer(pid[1] or pid[3])
        if pid[2]:
            entry.vendor["session_line_num"] = integer(pid[2])
            prefix = prefix.replace(pid[0], " ", 1)
    keyed = dict(_KEYED.findall(prefix))
    entry.user, entry.database = _said(keyed.get("user")), _said(keyed.get("db") or keyed.get("database"))
    who = None if keyed.get("user") else _WHO.search(prefix)
    if who is not None:
        entry.user, entry.database = _said(who[1]), _said(who[2])
        prefix = prefix.replace(who[0], " ", 1)
    client = keyed.get("client") or keyed.get("host") or keyed.get("remote")
    if origin := _FROM.search(prefix):
        host = origin[1][1:] if origin[1].startswith(":::") else origin[1]  # ``%t:%r:`` before ``::1``
        entry.host, entry.port = _said(host), port_number(origin[2])
    elif client:
        entry.host = _said(client)
    if application := _said(keyed.get("app") or keyed.get("application")):
        entry.vendor["application_name"] = application
    if session := _SESSION.search(prefix):
        entry.vendor["session_id"] = session[1]
    return entry


def _from_csv(record: str, times: Times) -> Entry:
    try:
        values = next(csv.reader(io.StringIO(record, newline="")), [])
    except csv.Error as error:
        raise UnparsedError(f"no CSV: {error}") from error
    if len(values) < 14:
        raise UnparsedError(f"a CSV entry has 23 fields or more, this one {len(values)}")
    return _from_columns(dict(zip(CSV_COLUMNS, values, strict=False)), times)


def _from_json(entry: dict[str, Any], times: Times) -> Entry:
    return _from_columns({_JSON_NAMES.get(name, name): value for name, value in entry.items()}, times)


def _from_columns(columns: dict[str, Any], times: Times) -> Entry:
    stamp = columns.get("log_time")
    moment = _TIME.fullmatch(stamp) if isinstance(stamp, str) else None
    time = _moment(moment[1], moment[2], times) if moment else None
    level, message = text(columns.get("error_severity")), columns.get("message")
    if level is None:
        raise UnparsedError("expected error_severity, a level like LOG or ERROR")
    entry = Entry(times.required(time), level, message if isinstance(message, str) else "")
    entry.pid = integer(columns.get("process_id"))
    entry.state = text(columns.get("sql_state_code"))
    entry.user, entry.database = _said(columns.get("user_name")), _said(columns.get("database_name"))
    came = text(columns.get("connection_from")) or ""
    host, colon, port = came.rpartition(":")
    entry.host = _said(columns.get("remote_host")) or _said(host if colon and port.isdecimal() else came)
    entry.port = port_number(columns.get("remote_port")) or (port_number(port) if colon else None)
    entry.statement = text(columns.get("query"))
    entry.vendor = {name: value for name, value in columns.items() if value not in (None, "")}
    return entry
