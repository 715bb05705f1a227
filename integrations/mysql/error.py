"""``mysql.error``: the server's own messages, logins that were denied among them.

Reference: MySQL Reference Manual, "Error Log Output Format" (traditional and JSON); MariaDB, "Error Log".
"""

from __future__ import annotations

import re
from typing import Any

from integrations.contract import Sample, UnparsedError
from integrations.fields import categorise, integer, put, text
from integrations.joining import joined_source
from integrations.mysql.sessions import read_refusal, read_time
from integrations.normalisers import load_object
from integrations.text import readable
from integrations.times import Times
from integrations.unwrapping import by_syslog
from rules.ecs import Document

_TIME = (
    r"(\d{4}-\d\d-\d\d[T ]{1,2}\d{1,2}:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)?|\d{6}  ?\d{1,2}:\d\d:\d\d)"
)
_LINE = re.compile(
    rf"{_TIME}[\t ]{{1,40}}(?:(\d{{1,20}})[\t ]{{1,4}})?(?:\[(\w{{1,16}})\] )?[\t ]{{0,40}}(.*)",
    re.DOTALL | re.ASCII,
)
_CODE = re.compile(r"\[(MY-\d{1,9})\] \[(\w{1,32})\]", re.ASCII)


def _read(line: str, times: Times) -> Document:
    if line.startswith("{"):
        return _read_json(load_object(line), times)
    match = _LINE.match(line)
    if match is None:
        raise UnparsedError("expected a time, as in `2026-01-31T12:00:00.123456Z 0 [Warning] …`")
    stamp, thread, level, message = match.groups()
    document: Document = {"@timestamp": times.required(read_time(stamp, times))}
    if code := _CODE.match(message):
        put(document, "event.code", code[1])
        put(document, "vendor.subsystem", code[2])
    put(document, "vendor.thread_id", integer(thread))
    _describe(document, level, message)
    return document


def _describe(document: Document, level: str | None, message: str) -> None:
    is_error = (level or "").lower() == "error"
    categorise(document, ["database"], ["error" if is_error else "info"])
    put(document, "log.level", level)
    put(document, "message", message)
    read_refusal(message, document)


def _read_json(entry: dict[str, Any], times: Times) -> Document:
    """A line of ``log_sink_json``."""
    if "msg" not in entry:
        raise UnparsedError("expected msg, the message, in a line of log_sink_json")
    document: Document = {
        "@timestamp": times.required(times.iso(entry.get("time")), times.epoch(entry.get("ts")))
    }
    _describe(document, text(entry.get("label")), text(entry.get("msg")) or "")
    code = integer(entry.get("err_code"))
    put(document, "event.code", f"MY-{code:06}" if code is not None and code >= 0 else None)
    document["vendor"] = entry
    return document


def _starts(data: bytes) -> bool:
    return data.startswith(b"{") or _LINE.match(readable(data[:256])) is not None


def _recognise(line: str) -> bool:
    if line.startswith("{"):
        return '"err_code"' in line and '"subsystem"' in line
    match = _LINE.match(line)
    return match is not None and (match[3] in _LEVELS or match[4].startswith(("InnoDB: ", "mysqld_safe ")))


_LEVELS = frozenset({"Note", "Warning", "Error", "ERROR", "System"})

ERROR = by_syslog(joined_source(
    "mysql.error",
    "Error log of MySQL, MariaDB and Percona Server",
    "MySQL Reference Manual, Error Log Output Format",
    _starts,
    _read,
    _recognise,
    (
        Sample("2026-03-30T16:01:36.484123Z 0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections.",
               {"@timestamp": "2026-03-30T16:01:36.484Z", "log.level": "System", "event.code": "MY-010931", "vendor.thread_id": 0,
                "message": "[MY-010931] [Server] /usr/sbin/mysqld: ready for connections.", "event.category": ["database"], "event.type": ["info"]}),
        Sample("2026-03-30 16:01:36 41 [Warning] Access denied for user 'root'@'203.0.113.9' (using password: YES)",
               {"event.category": ["database", "authentication"], "event.outcome": "failure", "event.action": "access-denied", "user.name": "root",
                "source.ip": "203.0.113.9", "log.level": "Warning"}),
        Sample("2026-03-30 16:01:36 42 [Warning] Aborted connection 42 to db: 'hr' user: 'alice' host: 'app-1' (Got an error reading communication packets)",
               {"event.action": "aborted-connection", "user.name": "alice", "database.name": "hr", "source.domain": "app-1",
                "event.reason": "Got an error reading communication packets"}),
        Sample("260330 16:01:36 [ERROR] Fatal error: Can't open and lock privilege tables", {"event.type": ["error"], "log.level": "ERROR"}),
        Sample("260330 16:01:36  InnoDB: Setting file ./ibdata1 size to 10 MB", {"message": "InnoDB: Setting file ./ibdata1 size to 10 MB",
               "log.level": None}),
        Sample('{"prio":3,"err_code":10926,"subsystem":"Server","source_line":1,"msg":"Access denied for user \'bob\'@\'192.0.2.4\' (using password: NO)",'
               '"time":"2026-03-30T16:01:36.484123Z","ts":1774886496484,"thread":9,"label":"Note"}',
               {"event.code": "MY-010926", "user.name": "bob", "event.outcome": "failure", "source.ip": "192.0.2.4"}),
    ),
), "mysqld", "mysql", "mariadbd")  # fmt: skip
