"""``mysql.general``: what clients send, statement by statement.

Reference: MySQL Reference Manual, "The General Query Log". A line has its time (until 5.6 only where the second
changed), the connection's id, the command and its argument. Who a connection belongs to is said when it is
made only; so it is remembered for the statements that come by it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from integrations.contract import Record, Sample, UnparsedError
from integrations.fields import categorise, integer, put, text
from integrations.joining import Complete, Pairs, lines_source, whole
from integrations.mysql.sessions import HEADER, put_client, put_query, read_refusal, read_time
from integrations.text import readable
from integrations.times import Times
from integrations.unwrapping import by_syslog
from rules.ecs import Document

MOST_SESSIONS = 10_000
_COMMANDS = (
    "Query|Execute|Prepare|Connect|Quit|Init DB|Field List|Statistics|Close stmt|Reset stmt|Change user|Binlog Dump|"
    "Binlog Dump GTID|Register Slave|Register Replica|Ping|Refresh|Shutdown|Processlist|Kill|Debug|Create DB|Drop DB|"
    "Long Data|Set option|Fetch|Daemon|Error|Sleep|Time|Delayed insert|Connect Out|Table Dump"
)
_LINE = re.compile(
    rf"(?:(\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{1,6}}(?:Z|[+-]\d\d:\d\d))|(\d{{6}}  ?\d{{1,2}}:\d\d:\d\d))?[\t ]{{1,40}}(\d{{1,20}}) "
    rf"({_COMMANDS})(?:\t(.*))?",
    re.DOTALL | re.ASCII,
)
_CONNECTED = re.compile(
    r"([^@\s]{0,128})@(\S{0,255}) (?:as ([^@\s]{1,128}) )?(?:anonymous )?on ?(\S{0,128}?)(?: using (.{1,40}))?",
    re.ASCII,
)


class _Session:
    def __init__(self, user: str | None, host: str | None, database: str | None) -> None:
        self.user, self.host, self.database = user, host, database


def _starts(data: bytes) -> bool:
    return _LINE.match(readable(data)) is not None or _is_header(data)


def _is_header(data: bytes) -> bool:
    return HEADER.fullmatch(readable(data[:1024])) is not None


def _open(times: Times) -> Complete:
    sessions: dict[str, _Session] = {}
    last: list[str] = []

    def complete(lines: Sequence[Record]) -> Pairs:
        record = whole(lines)
        if _is_header(record.data):
            return ()
        match = _LINE.fullmatch(readable(record.data))
        if match is None:
            raise UnparsedError(
                "expected `TIME  ID COMMAND  ARGUMENT`, as in `2026-01-31T12:00:00.123456Z  8 Query  SELECT 1`"
            )
        new, old, thread, command, argument = match.groups()
        if stamp := new or old:
            last[:] = [times.required(read_time(stamp, times))]
        document: Document = {"@timestamp": last[0] if last else times.received()}
        categorise(document, ["database"], ["info"], action=command.lower().replace(" ", "-"))
        put(document, "vendor", {"thread_id": integer(thread), "command": command})
        _describe(document, command, (argument or "").rstrip("\n"), thread, sessions)
        return [(record, document)]

    return complete


def _describe(
    document: Document, command: str, argument: str, thread: str, sessions: dict[str, _Session]
) -> None:
    put(document, "message", argument)
    if command in {"Connect", "Change user"}:
        if read_refusal(argument, document):
            sessions.pop(thread, None)
        elif match := _CONNECTED.fullmatch(argument):
            user, host, other, database, way = (text(part) for part in match.groups())
            categorise(document, ["database", "session"], ["start"], action=document["event"]["action"])
            session = sessions[thread] = _Session(user, host, database)
            if len(sessions) > MOST_SESSIONS:
                del sessions[next(iter(sessions))]
            _put_session(document, session)
            put(document, "user.effective.name", other)
            put(document, "vendor.connection_type", way)
        return
    session = sessions.get(thread) or _Session(None, None, None)
    if command == "Init DB":
        session.database = text(argument)
    if command in {"Query", "Execute", "Prepare"}:
        put_query(document, argument, session.database)
    elif command in {"Create DB", "Drop DB"}:
        put(document, "database.name", text(argument))
        put(document, "database.statement_class", "ddl")
    _put_session(document, session)
    if command == "Quit":
        categorise(document, ["database", "session"], ["end"], action="quit")
        sessions.pop(thread, None)


def _put_session(document: Document, session: _Session) -> None:
    put(document, "user.name", session.user)
    put_client(document, session.host)
    if "name" not in document.get("database", {}):
        put(document, "database.name", session.database)


def _recognise(line: str) -> bool:
    return _LINE.match(line) is not None


_T = "2026-03-30T16:01:36.123456Z\t"

GENERAL = by_syslog(lines_source(
    "mysql.general",
    "General query log of MySQL, MariaDB and Percona Server",
    "MySQL Reference Manual, The General Query Log",
    lambda: _starts,
    _open,
    _recognise,
    (
        Sample(f"{_T}    8 Connect\talice@198.51.100.7 on hr using SSL/TLS",
               {"@timestamp": "2026-03-30T16:01:36.123Z", "event.action": "connect", "event.category": ["database", "session"], "event.type": ["start"],
                "user.name": "alice", "source.ip": "198.51.100.7", "database.name": "hr", "vendor.connection_type": "SSL/TLS", "vendor.thread_id": 8}),
        Sample(f"{_T}    9 Connect\tAccess denied for user 'root'@'203.0.113.9' (using password: YES)",
               {"event.action": "access-denied", "event.category": ["database", "authentication"], "event.outcome": "failure", "user.name": "root",
                "source.ip": "203.0.113.9"}),
        Sample(f"{_T}    8 Query\tSELECT *\n FROM hr.salaries",
               {"event.action": "query", "database.statement": "SELECT *\n FROM hr.salaries", "database.name": "hr", "database.table": "salaries",
                "database.statement_class": "read"}),
        Sample("260330  9:46:45\t   13 Init DB\tcrm", {"@timestamp": "2026-03-30T09:46:45.000Z", "event.action": "init-db", "database.name": "crm"}),
        Sample("\t\t   13 Quit\t", {"event.action": "quit", "event.type": ["end"], "@timestamp": "2026-04-20T00:00:00.000Z"}),
    ),
), "mysqld", "mysql")  # fmt: skip
