"""``mysql.audit``: MySQL Enterprise Audit (JSON, new and old XML), MariaDB's server_audit (CSV), and Percona's
audit log (JSON, CSV, XML).

References: MySQL Reference Manual, "Audit Log File Formats"; MariaDB, "MariaDB Audit Plugin - Log Format";
Percona Server, "Audit Log Plugin". All are read into one record (`Entry`) and described alike. ``event.action``
is ``mysql-`` and the record's own event, as Elastic's ``mysql_enterprise.audit`` has it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from integrations.contract import Origin, UnparsedError
from integrations.fields import categorise, put, put_new
from integrations.joining import Reading, lines_source
from integrations.mysql.audit_records import OPERATIONS, Beginnings, Entry, read_record
from integrations.mysql.audit_samples import AUDIT_SAMPLES
from integrations.mysql.sessions import put_client, put_query
from integrations.sql import statement_type
from integrations.syslog import Envelope
from integrations.times import Times
from integrations.unwrapping import by_syslog
from rules.ecs import Document

_LOGINS = frozenset({"connect", "change-user", "failed-connect", "changeuser"})
_ENDS = frozenset({"disconnect", "quit", "shutdown", "noaudit"})
_STARTS = frozenset({"startup", "audit", "server-startup"})
_CLASSES = {"read": "read", "insert": "write", "update": "write", "delete": "write", "write": "write"}
"""Of table accesses."""


def _read(record: str, times: Times) -> Document:
    entry = read_record(record, times)
    action = entry.event.lower().replace(" ", "-").replace("_", "-")
    document: Document = {"@timestamp": entry.time}
    _database(document, entry, action)
    categories, types = _meaning(document, entry, action)
    categorise(document, categories, types, action=f"mysql-{action}", outcome=_outcome(entry, action))
    if categories[-1] == "authentication" and document["event"]["outcome"] == "failure":
        document["event"]["type"] = ["start", "denied"]
    put(document, "event.code", str(entry.status) if entry.status else None)
    put(document, "user.name", entry.login or entry.account)
    put(document, "server.user.name", entry.account)
    if entry.proxy:
        put(document, "user.effective.name", entry.proxy)
    put_client(document, entry.host, entry.ip)
    put(document, "host.name", entry.server)
    put(document, "host.os.full", entry.os_version)
    put(document, "service.id", entry.server_id)
    put(document, "service.version", entry.version)
    put_new(document, "vendor", entry.vendor)
    return document


def _database(document: Document, entry: Entry, action: str) -> None:
    put(document, "database.name", entry.database)
    put(document, "database.table", entry.table)
    if entry.table and action in _CLASSES:
        put(document, "database.statement_class", _CLASSES[action])
    put_query(document, entry.statement, entry.database)
    put(document, "database.rows", entry.rows)
    put(document, "event.duration", entry.duration)


def _meaning(document: Document, entry: Entry, action: str) -> tuple[list[str], list[str]]:
    if action in _LOGINS:
        return ["database", "authentication"], ["start"]
    if action == "disconnect" or action == "quit":
        return ["database", "session"], ["end"]
    if action in _ENDS or action in _STARTS:
        return ["database"], ["access"]
    statement_class = document.get("database", {}).get("statement_class")
    verb = (entry.statement or entry.command or action).split(None, 1)[:1]
    types = statement_type(statement_class, verb[0] if verb else "")
    if statement_class == "role":
        return ["database", "iam"], [*types, "user"]
    return ["database"], ["access"] if types == ["info"] else types


def _outcome(entry: Entry, action: str) -> str:
    if action == "failed-connect":
        return "failure"
    if entry.status is None:
        return "unknown"
    return "failure" if entry.status else "success"


_TIMES = Times(Origin(received=datetime(2026, 1, 1, tzinfo=UTC)))
"""To look at lines of which nothing is known yet."""


def _recognise(line: str) -> bool:
    try:
        read_record(line, _TIMES)
    except UnparsedError:
        return line.lstrip().startswith("<AUDIT")
    return True


def _dated(message: str, envelope: Envelope) -> str:
    """MariaDB leaves the time to syslog, where its plugin writes there."""
    if len(head := message.split(",", 6)) < 7 or head[5] not in OPERATIONS:
        return message
    return f"{envelope.time[:10].replace('-', '')} {envelope.time[11:19]}Z,{message}"


AUDIT = by_syslog(
    lines_source(
        "mysql.audit",
        "Audit log of MySQL Enterprise, MariaDB (server_audit) and Percona Server",
        "MySQL Reference Manual, Audit Log File Formats; MariaDB Audit Plugin, Log Format; Percona Audit Log Plugin",
        Beginnings,
        Reading(_read),
        _recognise,
        AUDIT_SAMPLES,
    ),
    "mysql-server_auditing",
    "mysqld",
    "mysql",
    "mariadbd",
    "percona-audit",
    restore=_dated,
)
