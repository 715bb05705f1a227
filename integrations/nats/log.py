"""``nats.log``: the log of nats-server, traces of its protocol included.

Reference: NATS documentation, "Logging" and "Client Protocol"; server/log.go. To the server ``->>`` is what a
client sends; its direction is told from the client's side, as Elastic's ``nats.log`` has it.
"""

from __future__ import annotations

import re

from integrations.contract import Sample, UnparsedError
from integrations.fields import categorise, integer, put, put_end
from integrations.normalisers import line_source
from integrations.times import Times
from rules.ecs import Document

_LEVELS = {"INF": "info", "DBG": "debug", "WRN": "warning", "ERR": "error", "FTL": "fatal", "TRC": "trace"}
_LINE = re.compile(
    r"\[(\d{1,10})\] (\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)(?: ([+-]\d\d:?\d\d|UTC))? \[(INF|DBG|WRN|ERR|FTL|TRC)\] (.*)",
    re.DOTALL | re.ASCII,
)
_CLIENT = re.compile(
    r"\[?([0-9A-Za-z.:_-]{2,128}?)\]?:(\d{1,5}) - (cid|rid|gid|lid|mid|wid):(\d{1,20}) - (.*)",
    re.DOTALL | re.ASCII,
)
_TRACE = re.compile(r"(->>|<<-) (?:MSG_PAYLOAD: )?\[(.*)\]", re.DOTALL)
_TYPES = {
    "CONNECT": "connection", "SUB": "subscribe", "UNSUB": "unsubscribe", "PUB": "publish", "HPUB": "publish", "MSG": "message",
    "HMSG": "message", "PING": "ping", "PONG": "pong", "OK": "acknowledge", "+OK": "acknowledge", "INFO": "information", "ERR": "error",
    "-ERR": "error",
}  # fmt: skip


def _read(line: str, times: Times) -> Document:
    match = _LINE.fullmatch(line)
    if match is None:
        raise UnparsedError("expected `[PID] TIME [LEVEL] message`")
    pid, time, zone, level, message = match.groups()
    document: Document = {"@timestamp": times.required(times.iso(f"{time}{zone or ''}"))}
    categorise(document, [], ["error" if level in {"ERR", "FTL"} else "info"])
    put(document, "process.pid", integer(pid))
    put(document, "log.level", _LEVELS[level])
    client = _CLIENT.fullmatch(message)
    if client is None:
        put(document, "message", message)
        return document
    host, port, kind, number, rest = client.groups()
    put_end(document, "client", host, port)
    put(document, "vendor.client" if kind == "cid" else "vendor.connection", {"id": integer(number)})
    trace = _TRACE.fullmatch(rest) if level == "TRC" else None
    if trace is None:
        put(document, "message", rest)
        _authentication(document, rest)
        return document
    put(document, "network.direction", "outbound" if trace[1] == "->>" else "inbound")
    put(document, "vendor.msg", _traced(document, rest, trace[2]))
    return document


def _traced(document: Document, rest: str, said: str) -> dict[str, object]:
    """Read one message of the protocol: ``PUB subject [reply-to] bytes``, ``MSG subject sid [reply-to] bytes``,
    ``SUB subject [queue group] sid``."""
    if " MSG_PAYLOAD: " in rest[:20]:
        return {"type": "payload"}
    verb, _, arguments = said.partition(" ")
    message: dict[str, object] = {"type": _TYPES.get(verb, verb.lower())}
    words = arguments.split()
    if verb in {"CONNECT", "INFO"}:
        put(document, "message", arguments)
        categorise(document, ["network"], ["connection", "start" if verb == "CONNECT" else "info"])
    elif verb in {"PUB", "HPUB"} and len(words) in {2, 3}:
        message |= {"subject": words[0], "bytes": integer(words[-1])}
        if len(words) == 3:
            message["reply_to"] = words[1]
    elif verb in {"MSG", "HMSG"} and len(words) in {3, 4}:
        message |= {"subject": words[0], "sid": integer(words[1]), "bytes": integer(words[-1])}
        if len(words) == 4:
            message["reply_to"] = words[2]
    elif verb == "SUB" and len(words) in {2, 3}:
        message |= {"subject": words[0], "sid": integer(words[-1])}
        if len(words) == 3:
            message["queue_group"] = words[1]
    elif verb == "UNSUB" and words:
        message["sid"] = integer(words[0])
    elif verb in {"ERR", "-ERR"}:
        put(document, "event.reason", arguments.strip("'"))
    return message


def _authentication(document: Document, message: str) -> None:
    if message.startswith(
        ("authentication error", "Authentication error", "Authorization Violation", "authorization violation")
    ):
        categorise(
            document,
            ["authentication"],
            ["start", "denied"],
            action="authentication-error",
            outcome="failure",
        )
        if match := re.search(r'[Uu]ser "([^"]{1,128})"', message[:512]):
            put(document, "user.name", match[1])
    elif message.startswith("Client connection c"):
        ends = message.startswith("Client connection closed")
        categorise(document, ["network"], ["connection", "end" if ends else "start"])


def _recognise(line: str) -> bool:
    return _LINE.match(line) is not None


LOG = line_source(
    "nats.log",
    "NATS server log",
    "NATS documentation, Logging and Client Protocol",
    _read,
    _recognise,
    (
        Sample("[1] 2026/03/30 16:01:36.624334 [INF] Starting nats-server version 2.10.0",
               {"@timestamp": "2026-03-30T16:01:36.624Z", "process.pid": 1, "log.level": "info", "message": "Starting nats-server version 2.10.0"}),
        Sample("[1] 2026/03/30 16:01:36.624334 [TRC] 198.51.100.7:38630 - cid:1 - ->> [PUB hr.salaries _INBOX.x 20]",
               {"client.ip": "198.51.100.7", "client.port": 38630, "network.direction": "outbound", "vendor.msg.type": "publish",
                "vendor.msg.subject": "hr.salaries", "vendor.msg.reply_to": "_INBOX.x", "vendor.msg.bytes": 20, "message": None}),
        Sample("[1] 2026/03/30 16:01:36.624334 [TRC] 198.51.100.7:38630 - cid:1 - <<- [MSG hr.salaries 6 20]",
               {"network.direction": "inbound", "vendor.msg.sid": 6, "vendor.client.id": 1}),
        Sample('[1] 2026/03/30 16:01:36.624334 [ERR] 203.0.113.9:38630 - cid:2 - authentication error - User "bob"',
               {"event.category": ["authentication"], "event.outcome": "failure", "user.name": "bob", "client.ip": "203.0.113.9", "log.level": "error"}),
    ),
)  # fmt: skip
