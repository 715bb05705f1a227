"""``icinga.main``, ``icinga.debug`` and ``icinga.startup``: one notation, of which the startup log has no time.

Reference: Icinga 2 documentation, "FileLogger", and lib/base/streamlogger.cpp:
``[TIME] severity/Facility: message``, with more lines where a plugin wrote more.
"""

from __future__ import annotations

import re

from integrations.contract import Sample, Source, UnparsedError
from integrations.fields import categorise, integer, put, put_end, text
from integrations.joining import joined_source
from integrations.text import readable
from integrations.times import Times
from rules.ecs import Document

_LINE = re.compile(
    r"(?:\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4})\] )?(debug|notice|information|warning|critical)/(\w[\w :.-]{0,63}?): ?(.*)",
    re.DOTALL | re.ASCII,
)
_PEER = re.compile(
    r"(?:New|No) (?:data|client connection|client)[^\[]{0,200}(?:from|for) \[?([0-9a-fA-F.:]{3,64}?)\]?:(\d{1,5})\b"
)
_USER = re.compile(r"user[:=]? '([^']{1,128})'|user: ([^,\s]{1,128})")
_REQUEST = re.compile(
    r"Request: ([A-Z]{3,8}) (\S{1,512}) \(from \[?([0-9a-fA-F.:]{3,64}?)\]?:(\d{1,5})\)(?:, user: ([^,)\s]{0,128}))?"
)
_COMMAND = re.compile(r"Running command (.{1,8192}): PID (\d{1,10})", re.DOTALL)


def _starts(data: bytes) -> bool:
    return _LINE.match(readable(data[:256])) is not None


def _read(record: str, times: Times) -> Document:
    match = _LINE.match(record)
    if match is None:
        raise UnparsedError("expected `[TIME] severity/Facility: message`")
    time, level, facility, message = match.groups()
    document: Document = {"@timestamp": times.required(times.iso(time) if time else times.received())}
    categorise(document, [], ["error" if level == "critical" else "info"])
    put(document, "log.level", level)
    put(document, "message", message)
    put(document, "vendor.facility", facility)
    if facility == "HttpServerConnection" and (request := _REQUEST.match(message)):
        method, path, host, port, user = request.groups()
        categorise(document, ["web"], ["access"], action="api-request")
        put(document, "http.request.method", method)
        put(document, "url.original", path)
        put(document, "user.name", text(user))
        put_end(document, "source", host, port)
    elif facility == "Process" and (command := _COMMAND.match(message)):
        categorise(document, ["process"], ["start"])
        put(document, "process.command_line", command[1].replace("' '", " ").strip("'"))
        put(document, "process.pid", integer(command[2]))
    elif facility == "ApiListener" and (peer := _PEER.search(message, 0, 1024)):
        categorise(document, ["network"], ["connection", "info"])
        put_end(document, "source", peer[1], peer[2])
    return document


def _of(*levels: str, timed: bool) -> type:
    class Recognise:
        def __call__(self, line: str) -> bool:
            match = _LINE.match(line)
            return match is not None and (match[1] is not None) == timed and match[2] in levels

    return Recognise


def _source(name: str, title: str, recognise: type, samples: tuple[Sample, ...]) -> Source:
    return joined_source(
        name, title, "Icinga 2 documentation, FileLogger", _starts, _read, recognise(), samples
    )


MAIN = _source(
    "icinga.main",
    "Icinga 2 main log",
    _of("information", "warning", "critical", timed=True),
    (
        Sample("[2026-03-30 16:01:36 +0200] warning/PluginNotificationTask: Notification command terminated with exit code 127, output: mail: not found\n"
               "/usr/bin/printf: write error: Broken pipe",
               {"@timestamp": "2026-03-30T14:01:36.000Z", "log.level": "warning", "vendor.facility": "PluginNotificationTask", "event.type": ["info"],
                "message": "Notification command terminated with exit code 127, output: mail: not found\n/usr/bin/printf: write error: Broken pipe"}),
        Sample("[2026-03-30 16:01:36 +0000] information/HttpServerConnection: Request: POST /v1/actions (from [198.51.100.7]:50112), user: root, agent: curl",
               {"event.category": ["web"], "http.request.method": "POST", "source.ip": "198.51.100.7", "source.port": 50112, "user.name": "root"}),
        Sample("[2026-03-30 16:01:36 +0000] information/ApiListener: New client connection for identity 'app-1' from [198.51.100.7]:50112",
               {"source.ip": "198.51.100.7"}),
        Sample("[2026-03-30 16:01:36 +0000] critical/ApiListener: Cannot bind", {"event.type": ["error"]}),
    ),
)  # fmt: skip

DEBUG = _source(
    "icinga.debug",
    "Icinga 2 debug log",
    _of("debug", "notice", timed=True),
    (
        Sample("[2026-03-30 16:01:36 +0200] debug/GraphiteWriter: Add to metric list:'icinga2.demo.warn 250 1491306189'.",
               {"@timestamp": "2026-03-30T14:01:36.000Z", "log.level": "debug", "vendor.facility": "GraphiteWriter"}),
        Sample("[2026-03-30 16:01:36 +0200] notice/Process: Running command '/usr/lib/nagios/plugins/check_ping' '-H' '192.0.2.1': PID 8288",
               {"event.category": ["process"], "process.pid": 8288, "process.command_line": "/usr/lib/nagios/plugins/check_ping -H 192.0.2.1"}),
    ),
)  # fmt: skip

STARTUP = _source(
    "icinga.startup",
    "Icinga 2 startup log",
    _of("debug", "notice", "information", "warning", "critical", timed=False),
    (
        Sample("information/cli: Icinga application loader (version: r2.6.3-1)",
               {"log.level": "information", "vendor.facility": "cli", "message": "Icinga application loader (version: r2.6.3-1)"}),
    ),
)  # fmt: skip
