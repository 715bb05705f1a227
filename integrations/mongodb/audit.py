"""``mongodb.audit``: audit events of MongoDB Enterprise, Atlas and Percona Server for MongoDB, in JSON:
``{"atype": …, "ts": …, "local": …, "remote": …, "users": …, "param": …, "result": …}``.

Reference: MongoDB manual, "System Event Audit Messages". ``result`` is 0 for success, else an error's code.
"""

from __future__ import annotations

from typing import Any

from integrations.contract import Sample
from integrations.fields import add, categorise, integer, mapping, objects, put, put_end, put_new, text
from integrations.mongodb.commands import CLASSES, put_command, text_class
from integrations.normalisers import json_source
from integrations.times import Times
from rules.ecs import Document

_SYSTEM = frozenset(
    """
    startup shutdown applicationMessage getClusterParameter setClusterParameter replSetReconfig enableSharding addShard
    removeShard refineCollectionShardKey rotateLog auditConfigure directAuthMutation
    """.split()
)


def _read(entry: dict[str, Any], times: Times) -> Document:
    stamp = entry.get("ts")
    if isinstance(stamp, dict):
        stamp = stamp.get("$date")
        stamp = stamp.get("$numberLong") if isinstance(stamp, dict) else stamp
    document: Document = {"@timestamp": times.required(times.any(stamp))}
    action = text(entry.get("atype")) or "unknown"
    parameters = mapping(entry.get("param"))
    _who(document, entry)
    result = integer(entry.get("result"))
    outcome = None if result is None else "failure" if result else "success"
    command = text(parameters.get("command")) if action == "authCheck" else action
    if action == "authenticate":
        types = ["start", "denied"] if outcome == "failure" else ["start"]
        categorise(document, ["database", "authentication"], types, action=action, outcome=outcome)
        put(document, "user.name", text(parameters.get("user")))
        put(document, "database.name", text(parameters.get("db")))
    elif action == "logout":
        categorise(document, ["database", "session"], ["end"], action=action, outcome=outcome)
    elif action == "clientMetadata":
        categorise(document, ["database", "network"], ["connection", "info"], action=action, outcome=outcome)
    elif action in _SYSTEM:
        kind = {"startup": "start", "shutdown": "end"}.get(action, "change")
        categorise(document, ["database", "configuration"], [kind], action=action, outcome=outcome)
    else:
        categories, types = text_class(command or "")
        if result == 13:  # Unauthorized
            types = ["denied"] if types == ["info"] else [*types, "denied"]
        categorise(document, categories, types, action=action, outcome=outcome)
        _object(document, action, command, parameters)
    put(document, "event.code", str(result) if result else None)
    document["vendor"] = entry
    return document


def _who(document: Document, entry: dict[str, Any]) -> None:
    users = objects(entry.get("users"))
    if users:
        put(document, "user.name", text(users[0].get("user")))
        put_new(document, "database.name", text(users[0].get("db")))
        for other in users[1:]:
            add(document, "related.user", text(other.get("user")))
    put(
        document,
        "user.roles",
        [name for role in objects(entry.get("roles")) if (name := text(role.get("role")))],
    )
    remote, local = mapping(entry.get("remote")), mapping(entry.get("local"))
    for side in ("client", "source"):
        put_end(document, side, remote.get("ip"), remote.get("port"))
    for side in ("server", "destination"):
        put_end(document, side, local.get("ip"), local.get("port"))


def _object(document: Document, action: str, command: str | None, parameters: dict[str, Any]) -> None:
    """The database, collection and account that an event is about: ``param.ns``, ``.db``, ``.user``."""
    namespace = text(parameters.get("ns"))
    database = text(parameters.get("db"))
    document.get("database", {}).pop("name", None)
    put(document, "database.name", database)
    arguments = mapping(parameters.get("args"))
    if command in CLASSES or arguments:
        put_command(document, arguments, command, namespace)
    elif namespace:
        put_new(document, "database.name", namespace.partition(".")[0])
    target = text(parameters.get("user"))
    if target and action not in {"authCheck"}:
        put(document, "user.target.name", target)
    put(
        document,
        "user.target.roles",
        [name for role in objects(parameters.get("roles")) if (name := text(role.get("role")))],
    )
    role = text(parameters.get("role"))
    put(document, "group.name", role)


def _recognise(entry: dict[str, Any]) -> bool:
    return "atype" in entry and "ts" in entry and "param" in entry


_HEAD = (
    '"ts":{"$date":"2026-03-30T16:01:36.123+00:00"},"local":{"ip":"192.0.2.1","port":27017},"remote":{"ip":"198.51.100.7","port":50112},'
    '"users":[{"user":"alice","db":"admin"}],"roles":[{"role":"readWrite","db":"hr"}],'
)

AUDIT = json_source(
    "mongodb.audit",
    "MongoDB audit events (Enterprise, Atlas, Percona)",
    "MongoDB manual, System Event Audit Messages",
    _read,
    _recognise,
    (
        Sample('{"atype":"authenticate","ts":{"$date":"2026-03-30T16:01:36.123+00:00"},"local":{"ip":"192.0.2.1","port":27017},'
               '"remote":{"ip":"203.0.113.9","port":50112},"users":[],"roles":[],"param":{"user":"bob","db":"admin","mechanism":"SCRAM-SHA-256"},"result":18}',
               {"@timestamp": "2026-03-30T16:01:36.123Z", "event.action": "authenticate", "event.category": ["database", "authentication"],
                "event.type": ["start", "denied"], "event.outcome": "failure", "event.code": "18", "user.name": "bob", "source.ip": "203.0.113.9",
                "source.port": 50112, "destination.ip": "192.0.2.1", "database.name": "admin"}),
        Sample('{"atype":"authCheck",' + _HEAD + '"param":{"command":"find","ns":"hr.salaries","args":{"find":"salaries","filter":{},"$db":"hr"}},"result":0}',
               {"event.action": "authCheck", "event.type": ["access"], "event.outcome": "success", "user.name": "alice", "user.roles": ["readWrite"],
                "database.name": "hr", "database.table": "salaries", "database.statement_class": "read",
                "database.statement": '{"find":"salaries","filter":{},"$db":"hr"}'}),
        Sample('{"atype":"authCheck",' + _HEAD + '"param":{"command":"delete","ns":"hr.salaries","args":{"delete":"salaries","deletes":[{"q":{},"limit":0}]}},"result":13}',
               {"event.outcome": "failure", "event.type": ["deletion", "denied"], "database.statement_class": "write", "event.code": "13"}),
        Sample('{"atype":"createUser",' + _HEAD + '"param":{"user":"eve","db":"hr","roles":[{"role":"dbOwner","db":"hr"}]},"result":0}',
               {"event.category": ["database", "iam"], "event.type": ["creation", "user"], "user.target.name": "eve", "user.target.roles": ["dbOwner"],
                "database.name": "hr", "database.statement_class": "role"}),
        Sample('{"atype":"dropCollection",' + _HEAD + '"param":{"ns":"hr.salaries"},"result":0}',
               {"event.type": ["deletion"], "database.table": "salaries", "database.statement_class": "ddl", "database.name": "hr"}),
        Sample('{"atype":"shutdown",' + _HEAD + '"param":{},"result":0}', {"event.category": ["database", "configuration"], "event.type": ["end"]}),
    ),
)  # fmt: skip
