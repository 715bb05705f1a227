"""Records of MySQL's, MariaDB's and Percona's audit logs, in all their notations, as one `Entry`."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from integrations.contract import UnparsedError
from integrations.fields import integer, mapping, text
from integrations.normalisers import load_object
from integrations.times import Times

_ACCOUNT = re.compile(r"([^\[\]]{0,128}?)(?:\[([^\]]{0,128})\])? @ ([^\[\]]{0,255}?) ?\[([^\]]{0,64})\]")
_ATTRIBUTE = re.compile(r'([A-Z_]{2,32})="([^"]*+)"', re.ASCII)
_ELEMENT = re.compile(r"<([A-Z_]{2,32})>([^<]*+)</\1>", re.ASCII)
_MARIADB = re.compile(r"(\d{8}) (\d\d:\d\d:\d\dZ?),", re.ASCII)
_PERCONA = re.compile(r'"[A-Z][\w ]{1,30}","\d{1,20}_[\dT:-]{8,20}",', re.ASCII)
_STARTS = re.compile(
    rb'\s{0,4}(?:,\s{0,4})?\{|\s{0,4}<AUDIT_RECORD|\d{8} \d\d:\d\d:\d\dZ?,|"[A-Z][\w ]{1,30}","\d{1,20}_'
)
_OPENING = re.compile(rb"\s{0,8}(?:\[|<AUDIT>|<\?xml[^>]{0,100}>)\s{0,8}")
"""What stands before a file's first record."""
_FRAME = re.compile(r"(?:<\?xml[^>]{0,100}>)?\s{0,40}(?:\[|<AUDIT>)?\s{0,40}", re.ASCII)
OPERATIONS = frozenset(
    """
    CONNECT DISCONNECT FAILED_CONNECT QUERY READ WRITE CREATE ALTER RENAME DROP CHANGEUSER CHANGE_USER AUDIT_CONFIG
    AUDIT_FILTER PROXY_CONNECT
    """.split()
)


@dataclass
class Entry:
    """One audited event."""

    time: str
    event: str
    status: int | None = None
    login: str | None = None
    """Who logged in."""
    account: str | None = None
    """Whose privileges the session has."""
    proxy: str | None = None
    host: str | None = None
    ip: str | None = None
    database: str | None = None
    table: str | None = None
    statement: str | None = None
    command: str | None = None
    rows: int | None = None
    duration: int | None = None
    """Nanoseconds."""
    server: str | None = None
    server_id: str | None = None
    version: str | None = None
    os_version: str | None = None
    vendor: dict[str, Any] = field(default_factory=dict)


class Beginnings:
    """Tells which lines begin a record: a JSON object that is no member of another, an element, a CSV row; what
    opens the file belongs to its first record."""

    def __init__(self) -> None:
        self._opening = False

    def __call__(self, data: bytes) -> bool:
        line = data[:256]
        within, self._opening = self._opening, _OPENING.fullmatch(line) is not None
        return not within and (self._opening or _STARTS.match(line) is not None)


def read_record(record: str, times: Times) -> Entry:
    """Read a record of any notation, with what frames the file's first and last. Raises `UnparsedError`."""
    frame = _FRAME.match(record)
    bare = record[frame.end() if frame else 0 :].strip().removesuffix("</AUDIT>").rstrip()
    if bare[-1:] == "]" and bare[:1] in {"{", ","}:
        bare = bare[:-1].rstrip()
    bare = bare.strip(",").strip()
    if bare.startswith("{"):
        whole = load_object(bare)
        percona = whole.get("audit_record")
        return _from_names(percona, times, whole) if isinstance(percona, dict) else _from_json(whole, times)
    if bare.startswith("<AUDIT_RECORD"):
        found = _ELEMENT.findall(bare) or _ATTRIBUTE.findall(bare)
        names = {name.lower(): unescape(value) for name, value in found[:200]}
        return _from_names(names, times, names)
    if _MARIADB.match(bare):
        return _from_mariadb(bare, times)
    if _PERCONA.match(bare):
        return _from_percona(bare, times)
    raise UnparsedError("expected an audit record: JSON, <AUDIT_RECORD …>, or MariaDB's or Percona's CSV")


def _from_json(entry: dict[str, Any], times: Times) -> Entry:
    """MySQL Enterprise, and Percona's component audit_log_filter."""
    event, kind = text(entry.get("event")), text(entry.get("class"))
    if event is None or kind is None:
        raise UnparsedError("expected class and event, as MySQL Enterprise Audit writes them")
    login, account = mapping(entry.get("login")), mapping(entry.get("account"))
    data = mapping(entry.get(f"{kind}_data")) or mapping(entry.get(f"{event}_data"))
    startup, shutdown = mapping(entry.get("startup_data")), mapping(entry.get("shutdown_data"))
    connection = mapping(entry.get("connection_data"))
    statistics = mapping(entry.get("query_statistics"))
    seconds = statistics.get("query_time")
    found = Entry(
        time=times.required(_utc(entry.get("timestamp"), times), times.epoch(entry.get("time"))),
        event=event,
        status=integer(data.get("status") if "status" in data else connection.get("status")),
        login=text(login.get("user")),
        account=text(account.get("user")),
        proxy=text(login.get("proxy")),
        host=text(account.get("host")),
        ip=text(login.get("ip")),
        database=text(data.get("db")) or text(connection.get("db")),
        table=text(data.get("table")),
        statement=text(data.get("query")),
        command=text(data.get("sql_command")) or text(data.get("command")),
        rows=integer(statistics.get("rows_sent")),
        duration=round(seconds * 1e9) if isinstance(seconds, int | float) and 0 <= seconds < 1e9 else None,
        server_id=text(startup.get("server_id")) or text(shutdown.get("server_id")),
        version=text(startup.get("mysql_version")),
        os_version=text(startup.get("os_version")),
        vendor=entry,
    )
    return found


def _utc(value: Any, times: Times) -> str | None:
    """Return a time that MySQL Enterprise writes without its zone, which is UTC."""
    if not isinstance(value, str):
        return None
    return times.iso(value if value[-1:] in {"Z", "C"} or "+" in value else f"{value}Z") or times.iso(value)


def _from_names(names: Mapping[str, Any], times: Times, whole: dict[str, Any]) -> Entry:
    """XML (either style) and Percona's JSON: the same names."""
    event = text(names.get("name"))
    if event is None:
        raise UnparsedError("expected NAME, what happened, in an audit record")
    login = account = host = ip = None
    if match := _ACCOUNT.match(text(names.get("user")) or ""):
        account, login, host, ip = (text(part) for part in match.groups())
    login = login or text(names.get("os_login")) or account or text(names.get("user"))
    stamp = names.get("timestamp")
    return Entry(
        time=times.required(_utc(stamp, times)),
        event=event,
        status=integer(names.get("status")),
        login=login,
        account=account or login,
        proxy=text(names.get("proxy_user")),
        host=text(names.get("host")) or host,
        ip=text(names.get("ip")) or ip,
        database=text(names.get("db")),
        table=text(names.get("table")),
        statement=text(names.get("sqltext")),
        command=text(names.get("command_class")),
        server_id=text(names.get("server_id")),
        version=text(names.get("mysql_version")),
        os_version=text(names.get("os_version")),
        vendor=whole,
    )


def _from_mariadb(record: str, times: Times) -> Entry:
    """``timestamp,serverhost,username,host,connectionid,queryid,operation,database,object,retcode``."""
    head = record.split(",", 8)
    if len(head) < 9 or head[6] not in OPERATIONS:
        raise UnparsedError(
            "expected timestamp,server,user,host,connection,query,operation,database,object,code"
        )
    stamp, server, user, host, connection, query, operation, database, rest = head
    thing, _, code = rest.rpartition(",")
    if integer(code) is None:
        thing, code = rest, ""
    if thing[:1] == "'" and thing[-1:] == "'" and len(thing) > 1:
        thing = re.sub(
            r"\\(.)", lambda match: {"n": "\n", "r": "\r", "t": "\t"}.get(match[1], match[1]), thing[1:-1]
        )
    date, clock = stamp[:8], stamp[9:]
    is_query = operation == "QUERY"
    return Entry(
        time=times.required(times.iso(f"{date[:4]}-{date[4:6]}-{date[6:]} {clock}")),
        event=operation,
        status=integer(code),
        login=text(user),
        account=text(user),
        host=text(host),
        database=text(database),
        statement=thing if is_query else None,
        table=text(thing) if operation in {"READ", "WRITE", "CREATE", "ALTER", "DROP", "RENAME"} else None,
        server=text(server),
        vendor={
            "connectionid": integer(connection), "queryid": integer(query), "operation": operation, "object": thing, "retcode": integer(code),
        },
    )  # fmt: skip


def _from_percona(record: str, times: Times) -> Entry:
    """``"name","record","timestamp","command_class","connection_id",status,"sqltext","user","host","os_user","ip","db"``."""
    try:
        values = next(csv.reader(io.StringIO(record, newline="")), [])
    except csv.Error as error:
        raise UnparsedError(f"no CSV: {error}") from error
    if values[0] in {"Audit", "NoAudit"}:
        names: tuple[str, ...] = (
            "name",
            "record",
            "timestamp",
            "mysql_version",
            "startup_options",
            "os_version",
        )
    elif values[0] in {"Connect", "Quit", "Change user"}:
        names = (
            "name",
            "record",
            "timestamp",
            "connection_id",
            "status",
            "user",
            "priv_user",
            "os_login",
            "proxy_user",
            "host",
            "ip",
            "db",
        )
    else:
        names = (
            "name", "record", "timestamp", "command_class", "connection_id", "status", "sqltext", "user", "host", "os_user", "ip", "db",
        )  # fmt: skip
    fields = {name: value for name, value in zip(names, values, strict=False) if value}
    return _from_names(fields, times, dict(fields))
