"""``redis.log``: the log of Redis and Valkey servers, also of versions before 3.0.

Reference: redis.conf (``loglevel``) and ``serverLogRaw`` in src/server.c: ``PID:ROLE TIME LEVEL message``.
"""

from __future__ import annotations

import re

from integrations.contract import Sample, UnparsedError
from integrations.fields import categorise, integer, put, put_end
from integrations.normalisers import line_source
from integrations.times import Times
from integrations.unwrapping import by_syslog
from rules.ecs import Document

_LEVELS = {".": "debug", "-": "verbose", "*": "notice", "#": "warning"}
_ROLES = {"M": "master", "S": "slave", "C": "child", "X": "sentinel"}
_LINE = re.compile(
    r"(?:(\d{1,10}):([MSCX]) |\[\d{1,10}\] )?(\d{1,2} [A-Z][a-z]{2} (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{3})?) ([.\-*#]) (.*)",
    re.DOTALL | re.ASCII,
)
_SIGNAL = re.compile(r"(\d{1,10}):signal-handler \((\d{9,11})\) (.*)", re.DOTALL | re.ASCII)
_FORMATS = ("%d %b %Y %H:%M:%S.%f", "%d %b %Y %H:%M:%S", "%d %b %H:%M:%S.%f", "%d %b %H:%M:%S")
_ATTACK = re.compile(
    r"Possible SECURITY ATTACK detected\..{0,300}?(?:from|host) (\S{1,64}?)(?::(\d{1,5}))?[ ,]"
)
_ACCEPTED = re.compile(
    r"(Accepted|Client closed connection|Closing idle client|Reading from client:|Error accepting.*?:)? ?(?:id=\d{1,20} )?(?:addr=)?([0-9a-fA-F.:\[\]]{3,64}):(\d{1,5})\b"
)


def _read(line: str, times: Times) -> Document | None:
    if match := _SIGNAL.fullmatch(line):
        document = _document(times.required(times.epoch(match[2])), None, match[3])
        put(document, "process.pid", integer(match[1]))
        return document
    match = _LINE.fullmatch(line)
    if match is None:
        if _is_banner(line):
            return None
        raise UnparsedError("expected `PID:ROLE DAY MONTH YEAR TIME LEVEL message`")
    pid, role, time, level, message = match.groups()
    document = _document(times.required(times.parse(time, *_FORMATS)), _LEVELS[level], message)
    put(document, "process.pid", integer(pid))
    put(document, "vendor.role", _ROLES.get(role or ""))
    return document


def _is_banner(line: str) -> bool:
    """Whether a line is of the picture that a server draws when it starts."""
    return (line.startswith(" ") and not line.strip(" _.-`'\"|\\/(),")) or (
        "`" in line and "_" in line and line[:1] == " "
    )


def _document(time: str, level: str | None, message: str) -> Document:
    document: Document = {"@timestamp": time}
    categorise(document, ["database"], ["info"])
    put(document, "log.level", level)
    put(document, "message", message)
    if match := _ATTACK.search(message[:1024] + " "):
        categorise(
            document,
            ["database", "intrusion_detection"],
            ["denied"],
            action="security-attack",
            outcome="failure",
        )
        for side in ("client", "source"):
            put_end(document, side, match[1], match[2])
    elif message.startswith(("Accepted ", "Client closed connection")) and (
        match := _ACCEPTED.match(message[:512])
    ):
        ends = message.startswith("Client")
        categorise(document, ["database", "network"], ["connection", "end" if ends else "start"],
                   action="connection-closed" if ends else "connection-accepted")  # fmt: skip
        for side in ("client", "source"):
            put_end(document, side, match[2], match[3])
    return document


def _recognise(line: str) -> bool:
    return _LINE.match(line) is not None or _SIGNAL.match(line) is not None


LOG = by_syslog(line_source(
    "redis.log",
    "Redis and Valkey server log",
    "redis.conf, loglevel; src/server.c, serverLogRaw",
    _read,
    _recognise,
    (
        Sample("26571:M 30 Mar 2026 16:01:36.874 * Synchronization with replica 192.0.2.18:6023 succeeded",
               {"@timestamp": "2026-03-30T16:01:36.874Z", "log.level": "notice", "process.pid": 26571, "vendor.role": "master",
                "message": "Synchronization with replica 192.0.2.18:6023 succeeded", "event.category": ["database"], "event.type": ["info"]}),
        Sample("[2932] 30 Mar 16:01:36 - Accepted 198.51.100.7:50112",
               {"@timestamp": "2026-03-30T16:01:36.000Z", "log.level": "verbose", "process.pid": None, "event.action": "connection-accepted",
                "source.ip": "198.51.100.7", "source.port": 50112}),
        Sample("26571:signal-handler (1774886496) Received SIGINT scheduling shutdown...",
               {"@timestamp": "2026-03-30T16:01:36.000Z", "process.pid": 26571, "log.level": None,
                "message": "Received SIGINT scheduling shutdown..."}),
        Sample("7:M 30 Mar 2026 16:01:36.874 # Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to Redis. "
               "Connection from 203.0.113.9:4711 aborted.",
               {"event.action": "security-attack", "source.ip": "203.0.113.9", "source.port": 4711, "log.level": "warning"}),
    ),
), "redis", "redis-server")  # fmt: skip
