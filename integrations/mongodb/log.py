"""``mongodb.log``: the log of mongod and mongos, as text (until 4.2) and as JSON (since 4.4).

Reference: MongoDB manual, "Log Messages".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from integrations.contract import Sample, UnparsedError
from integrations.fields import categorise, integer, mapping, put, put_end, put_new, text
from integrations.mongodb.commands import put_command
from integrations.normalisers import line_source, load_object
from integrations.times import Times
from integrations.unwrapping import by_syslog
from rules.ecs import Document

_LINE = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d{4}|[+-]\d\d:\d\d)) ([A-Z]\d?) +(-|[A-Z]\w{1,15}) +\[([^\]]{1,128})\] {1,40}(.*)",
    re.DOTALL | re.ASCII,
)
_ACCEPTED = re.compile(r"connection accepted from (\S{1,128}) #(\d{1,20})")
_ENDED = re.compile(r"end connection (\S{1,128}) ")
_AUTHENTICATED = re.compile(
    r"Successfully authenticated as principal (\S{1,128}) on (\S{1,128})(?: from client (\S{1,128}))?"
)
_FAILED = re.compile(
    r"(?:SASL |SCRAM-SHA-\d{1,3} )?authentication failed for (\S{1,128}) on (\S{1,128}) from client ([^\s,;]{1,128})",
    re.IGNORECASE,
)
_OLD_COMMAND = re.compile(
    r"(command|query|insert|update|remove|getmore) ([\w$-]{1,64}\.[\w$.-]{1,200}) .*?(?:nreturned:(\d{1,12}) .*?)?(\d{1,12})ms$",
    re.ASCII,
)


def _read(line: str, times: Times) -> Document:
    if line.startswith("{"):
        return _read_json(load_object(line), times)
    match = _LINE.fullmatch(line)
    if match is None:
        raise UnparsedError(
            "expected `TIME SEVERITY COMPONENT [context] message` or a JSON object with t, s, c, id, msg"
        )
    time, level, component, context, message = match.groups()
    document: Document = {"@timestamp": times.required(times.iso(time))}
    _start(document, level, message)
    put(document, "vendor", {"component": text(component), "context": context})
    _read_message(document, message)
    return document


def _start(document: Document, level: str | None, message: str) -> None:
    categorise(document, ["database"], ["error" if level in {"E", "F"} else "info"])
    put(document, "log.level", level)
    put(document, "message", message)


def _peer(document: Document, peer: Any) -> None:
    """Set both ``client`` and ``source`` from ``host:port``."""
    if not isinstance(peer, str):
        return
    host, _, port = peer.rpartition(":")
    for side in ("client", "source"):
        put_end(document, side, host or peer, port if host else None)


def _login(document: Document, user: Any, database: Any, outcome: str) -> None:
    types = ["start"] if outcome == "success" else ["start", "denied"]
    categorise(document, ["database", "authentication"], types, action="authenticate", outcome=outcome)
    put(document, "user.name", text(user))
    put(document, "database.name", text(database))


def _connection(document: Document, action: str, kind: str) -> None:
    categorise(document, ["database", "network"], ["connection", kind], action=action)


def _read_message(document: Document, message: str) -> None:
    if match := _ACCEPTED.match(message):
        _connection(document, "connection-accepted", "start")
        _peer(document, match[1])
    elif match := _ENDED.match(message):
        _connection(document, "connection-ended", "end")
        _peer(document, match[1])
    elif match := _AUTHENTICATED.match(message):
        _login(document, match[1], match[2].split(".")[0], "success")
        if match[3]:
            _peer(document, match[3])
    elif match := _FAILED.search(message, 0, 1024):
        _login(document, match[1], match[2], "failure")
        _peer(document, match[3])
    elif message.endswith("ms") and (match := _OLD_COMMAND.match(message[:4096])):
        operation, namespace, returned, taken = match.groups()
        categorise(document, ["database"], ["info"], action="slow-query")
        names = {"query": "find", "remove": "delete", "getmore": "getMore", "command": None}
        put_command(document, None, names.get(operation, operation), namespace)
        put(document, "database.rows", integer(returned))
        put(document, "event.duration", int(taken) * 1_000_000)


def _read_json(entry: dict[str, Any], times: Times) -> Document:
    stamp = entry.get("t")
    document: Document = {
        "@timestamp": times.required(times.iso(mapping(stamp).get("$date")), times.iso(stamp))
    }
    message = text(entry.get("msg")) or ""
    _start(document, text(entry.get("s")), message)
    put(document, "event.code", text(entry.get("id")))
    attributes = mapping(entry.get("attr"))
    if (reader := _JSON_MESSAGES.get(message)) is not None:
        reader(document, attributes)
    document["vendor"] = entry
    return document


def _json_login(outcome: str) -> Callable[[Document, dict[str, Any]], None]:
    def read(document: Document, attributes: dict[str, Any]) -> None:
        user = attributes.get("user") or attributes.get("principalName")
        if isinstance(user, dict):
            user = user.get("user")
        database = attributes.get("db") or attributes.get("authenticationDatabase")
        _login(document, user, database, outcome)
        _peer(document, attributes.get("client") or attributes.get("remote"))
        put(
            document,
            "event.reason",
            text(attributes.get("error")) or text(mapping(attributes.get("result")).get("errmsg")),
        )

    return read


def _json_connection(action: str, kind: str) -> Callable[[Document, dict[str, Any]], None]:
    def read(document: Document, attributes: dict[str, Any]) -> None:
        _connection(document, action, kind)
        _peer(document, attributes.get("remote") or attributes.get("client"))

    return read


def _json_metadata(document: Document, attributes: dict[str, Any]) -> None:
    categorise(document, ["database", "network"], ["connection", "info"], action="client-metadata")
    _peer(document, attributes.get("remote"))
    application = mapping(mapping(attributes.get("doc")).get("application"))
    put(document, "user_agent.name", text(application.get("name")))


def _json_slow(document: Document, attributes: dict[str, Any]) -> None:
    categorise(document, ["database"], ["info"], action="slow-query")
    command = mapping(attributes.get("command"))
    kind = text(attributes.get("type"))
    name = None if command else {"remove": "delete"}.get(kind or "", kind)
    put_command(document, command, name, text(attributes.get("ns")))
    if (taken := integer(attributes.get("durationMillis"))) is not None and 0 <= taken < 10**12:
        put(document, "event.duration", taken * 1_000_000)
    for counter in ("nreturned", "nMatched", "ninserted", "ndeleted", "nModified"):
        put_new(document, "database.rows", integer(attributes.get(counter)))
    _peer(document, attributes.get("remote"))


_JSON_MESSAGES: dict[str, Callable[[Document, dict[str, Any]], None]] = {
    "Connection accepted": _json_connection("connection-accepted", "start"),
    "Connection ended": _json_connection("connection-ended", "end"),
    "client metadata": _json_metadata,
    "Authentication succeeded": _json_login("success"),
    "Successfully authenticated": _json_login("success"),
    "Authentication failed": _json_login("failure"),
    "Failed to authenticate": _json_login("failure"),
    "Slow query": _json_slow,
}


def _recognise(line: str) -> bool:
    if line.startswith("{"):
        return line.startswith('{"t":{"$date"') and '"msg"' in line
    return _LINE.match(line) is not None


_T = '{"t":{"$date":"2026-03-30T16:01:36.123+00:00"},'

LOG = by_syslog(line_source(
    "mongodb.log",
    "MongoDB server log, text and JSON",
    "MongoDB manual, Log Messages",
    _read,
    _recognise,
    (
        Sample("2026-03-30T16:01:36.744+0100 I NETWORK  [initandlisten] waiting for connections on port 27017",
               {"@timestamp": "2026-03-30T15:01:36.744Z", "log.level": "I", "message": "waiting for connections on port 27017",
                "event.category": ["database"], "event.type": ["info"], "vendor.component": "NETWORK", "vendor.context": "initandlisten"}),
        Sample("2026-03-30T16:01:36.744+0000 I NETWORK  [listener] connection accepted from 198.51.100.7:55406 #2 (1 connection now open)",
               {"event.action": "connection-accepted", "source.ip": "198.51.100.7", "source.port": 55406, "event.type": ["connection", "start"]}),
        Sample("2026-03-30T16:01:36.744+0000 I ACCESS   [conn2] Successfully authenticated as principal alice on hr from client 192.0.2.10:51234",
               {"event.outcome": "success", "source.ip": "192.0.2.10", "source.port": 51234, "user.name": "alice", "database.name": "hr", "event.category": ["database", "authentication"]}),
        Sample("2026-03-30T16:01:36.744+0000 I ACCESS   [conn3] SASL SCRAM-SHA-1 authentication failed for bob on admin from client 203.0.113.9:5123 ; x",
               {"event.outcome": "failure", "user.name": "bob", "source.ip": "203.0.113.9", "event.type": ["start", "denied"]}),
        Sample('2026-03-30T16:01:36.744+0000 I COMMAND  [conn3] query hr.salaries query: { $query: {} } planSummary: COLLSCAN nreturned:120000 reslen:9 456ms',
               {"event.action": "slow-query", "database.name": "hr", "database.table": "salaries", "database.statement_class": "read",
                "database.rows": 120000, "event.duration": 456000000}),
        Sample("2026-03-30T16:01:36.744+0000 E STORAGE  [conn3] WiredTiger error", {"event.type": ["error"]}),
        Sample(_T + '"s":"I",  "c":"NETWORK",  "id":22943,   "ctx":"listener","msg":"Connection accepted","attr":{"remote":"198.51.100.7:55406","connectionId":2}}',
               {"@timestamp": "2026-03-30T16:01:36.123Z", "event.code": "22943", "source.ip": "198.51.100.7", "source.port": 55406,
                "vendor.c": "NETWORK", "vendor.ctx": "listener", "message": "Connection accepted"}),
        Sample(_T + '"s":"I","c":"ACCESS","id":5286307,"ctx":"conn3","msg":"Failed to authenticate","attr":{"client":"203.0.113.9:5123","isSpeculative":false,'
               '"mechanism":"SCRAM-SHA-256","user":"bob","db":"admin","error":"AuthenticationFailed: wrong password","result":18}}',
               {"event.action": "authenticate", "event.outcome": "failure", "user.name": "bob", "source.ip": "203.0.113.9",
                "event.reason": "AuthenticationFailed: wrong password"}),
        Sample(_T + '"s":"I","c":"ACCESS","id":20250,"ctx":"conn3","msg":"Authentication succeeded","attr":{"mechanism":"SCRAM-SHA-256","principalName":"alice",'
               '"authenticationDatabase":"hr","remote":"198.51.100.7:55406"}}',
               {"event.outcome": "success", "user.name": "alice", "database.name": "hr"}),
        Sample(_T + '"s":"I","c":"COMMAND","id":51803,"ctx":"conn3","msg":"Slow query","attr":{"type":"command","ns":"hr.salaries","command":{"find":"salaries",'
               '"filter":{},"$db":"hr"},"nreturned":120000,"durationMillis":456,"remote":"198.51.100.7:55406"}}',
               {"database.name": "hr", "database.table": "salaries", "database.rows": 120000, "database.statement_class": "read",
                "database.statement": '{"find":"salaries","filter":{},"$db":"hr"}', "event.duration": 456000000}),
    ),
), "mongod", "mongos", "mongod.27017")  # fmt: skip
