"""``osquery.log``: what osqueryd says of itself: ``osqueryd.INFO``, ``.WARNING``, ``.ERROR``.

Reference: osquery documentation, "Logging" (status logs); the format is glog's:
``Lmmdd hh:mm:ss.uuuuuu threadid file:line] message``.
"""

from __future__ import annotations

import re

from integrations.contract import Sample, UnparsedError
from integrations.fields import categorise, integer, put
from integrations.normalisers import line_source
from integrations.times import Times
from rules.ecs import Document

_LEVELS = {"I": "info", "W": "warning", "E": "error", "F": "fatal"}
_LINE = re.compile(
    r"([IWEF])(\d{4}) (\d\d:\d\d:\d\d\.\d{1,6}) +(\d{1,12}) ([\w.+-]{1,128}):(\d{1,7})\] (.*)",
    re.DOTALL | re.ASCII,
)
_HEADER = re.compile(
    r"(?:Log file created at: \d{4}/\d\d/\d\d|Running on machine: \S|Running duration|Log line format: \[).{0,200}",
    re.ASCII,
)
_QUERY = re.compile(r"Executing (?:scheduled|distributed) query:? ([^:\s]{1,256}): (.{1,8192})", re.DOTALL)


def _read(line: str, times: Times) -> Document | None:
    match = _LINE.fullmatch(line)
    if match is None:
        if _HEADER.fullmatch(line):
            return None
        raise UnparsedError("expected glog's `Lmmdd hh:mm:ss.uuuuuu threadid file:line] message`")
    level, day, clock, thread, file, number, message = match.groups()
    time = times.parse(f"{day[:2]}-{day[2:]} {clock}", "%m-%d %H:%M:%S.%f")
    document: Document = {"@timestamp": times.required(time)}
    categorise(document, [], ["error" if level in {"E", "F"} else "info"])
    put(document, "log.level", _LEVELS[level])
    put(document, "log.origin.file.name", file)
    put(document, "log.origin.file.line", integer(number))
    put(document, "process.thread.id", integer(thread))
    put(document, "message", message)
    if query := _QUERY.match(message):
        put(document, "event.action", "query-executed")
        put(document, "rule.name", query[1])
    return document


def _recognise(line: str) -> bool:
    return _LINE.match(line) is not None and ".cpp:" in line[:200]


LOG = line_source(
    "osquery.log",
    "osqueryd status log (glog)",
    "osquery documentation, Logging",
    _read,
    _recognise,
    (
        Sample("I0330 16:01:36.123456 4711 scheduler.cpp:105] Executing scheduled query users: SELECT * FROM users",
               {"@timestamp": "2026-03-30T16:01:36.123Z", "log.level": "info", "log.origin.file.name": "scheduler.cpp", "log.origin.file.line": 105,
                "process.thread.id": 4711, "rule.name": "users", "event.action": "query-executed"}),
        Sample("E0330 16:01:36.123456 4711 watcher.cpp:99] osqueryd worker (12) stopping: Memory limits exceeded", {"event.type": ["error"]}),
    ),
)  # fmt: skip
