"""Records of Oracle's audit trails in all their notations, under the column names of UNIFIED_AUDIT_TRAIL.

References: Oracle Database Security Guide, "Unified Audit Records in SYSLOG", "AUDIT_SYSLOG_LEVEL", "Operating
system audit trail" (``.aud`` and ``.xml`` files); Database Reference, UNIFIED_AUDIT_TRAIL and AUDIT_ACTIONS.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from integrations.contract import UnparsedError
from integrations.fields import integer, text
from integrations.normalisers import load_object
from integrations.times import Times

_SYSLOG = re.compile(
    r"(?:<\d{1,3}>)?(?:1 )?([A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S{8,24}) (\S{1,255}) "
    r"(?:\S{1,64} )??(?:Oracle )?(?:Unified )?Audit\[(\d{1,10})\](?:\[\d{1,10}\])?: (?=LENGTH|TYPE|ACTION|SESSIONID)",
    re.ASCII,
)
_AUD = re.compile(
    r"([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})(?: ([+-]\d\d:\d\d))?\s*(?:\n|$)", re.ASCII
)
_FIELD = re.compile(r"""([A-Z][A-Z$_ ]{1,30}?) ?: ?(?:\[(\d{1,7})\] ?)?(?="|')""", re.ASCII)
"""A value's length in bytes stands before it: it may hold any quote."""
_ELEMENT = re.compile(r"<([A-Za-z_]{2,40})>([^<]*+)</\1>", re.ASCII)
_HEADER = re.compile(
    r"(?:Audit file |Oracle Database |With the |ORACLE_HOME|System name|Node name|Release|Version|Machine|Instance name|Redo thread|Oracle process|Unix process)"
)

_NAMES: Mapping[str, str] = {
    "ACTION": "ACTION_NAME", "DATABASE USER": "DBUSERNAME", "USERID": "DBUSERNAME", "DBUSER": "DBUSERNAME", "DB_USER": "DBUSERNAME",
    "CURUSER": "CURRENT_USER", "PRIVILEGE": "SYSTEM_PRIVILEGE_USED", "PRIV$USED": "SYSTEM_PRIVILEGE_USED", "PRIV_USED": "SYSTEM_PRIVILEGE_USED",
    "CLIENT USER": "OS_USERNAME", "OS$USERID": "OS_USERNAME", "OS_USER": "OS_USERNAME", "CLIENT TERMINAL": "TERMINAL", "STATUS": "RETURN_CODE",
    "RETURNCODE": "RETURN_CODE", "RETCODE": "RETURN_CODE", "SESID": "SESSIONID", "SESSION_ID": "SESSIONID", "OBJ$CREATOR": "OBJECT_SCHEMA",
    "SCHEMA": "OBJECT_SCHEMA", "OBJ$NAME": "OBJECT_NAME", "OBJNAME": "OBJECT_NAME", "COMMENT$TEXT": "AUTHENTICATION_TYPE",
    "COMMENT_TEXT": "AUTHENTICATION_TYPE", "CLIENT ADDRESS": "CLIENT_ADDRESS", "ACTION NUMBER": "ACTION_NUMBER", "SQL_TEXT": "SQL_TEXT",
    "SQLTEXT": "SQL_TEXT", "EXTENDED_TIMESTAMP": "EVENT_TIMESTAMP", "OS_PROCESS": "OS_PROCESS", "AUTH$GRANTEE": "TARGET_USER",
    "GRANTEE": "TARGET_USER", "ENTRYID": "ENTRY_ID", "STATEMENT": "STATEMENT_ID", "STMTID": "STATEMENT_ID",
}  # fmt: skip
"""The other trails' names of those columns."""

ACTION_NUMBERS: Mapping[str, str] = {
    "1": "CREATE TABLE", "2": "INSERT", "3": "SELECT", "6": "UPDATE", "7": "DELETE", "9": "CREATE INDEX", "10": "DROP INDEX", "12": "DROP TABLE",
    "15": "ALTER TABLE", "17": "GRANT OBJECT", "18": "REVOKE OBJECT", "19": "CREATE SYNONYM", "21": "CREATE VIEW", "22": "DROP VIEW", "26": "LOCK",
    "28": "RENAME", "30": "AUDIT OBJECT", "31": "NOAUDIT OBJECT", "32": "CREATE DATABASE LINK", "35": "ALTER DATABASE", "39": "CREATE TABLESPACE",
    "42": "ALTER SESSION", "43": "ALTER USER", "44": "COMMIT", "45": "ROLLBACK", "47": "PL/SQL EXECUTE", "49": "ALTER SYSTEM", "50": "EXPLAIN",
    "51": "CREATE USER", "52": "CREATE ROLE", "53": "DROP USER", "54": "DROP ROLE", "55": "SET ROLE", "59": "CREATE TRIGGER", "61": "DROP TRIGGER",
    "65": "CREATE PROFILE", "66": "DROP PROFILE", "67": "ALTER PROFILE", "79": "ALTER ROLE", "85": "TRUNCATE TABLE", "91": "CREATE FUNCTION",
    "94": "CREATE PACKAGE", "100": "LOGON", "101": "LOGOFF", "102": "LOGOFF BY CLEANUP", "103": "SESSION REC", "104": "SYSTEM AUDIT",
    "105": "SYSTEM NOAUDIT", "108": "SYSTEM GRANT", "109": "SYSTEM REVOKE", "114": "GRANT ROLE", "115": "REVOKE ROLE", "116": "EXECUTE PROCEDURE",
    "189": "MERGE",
}  # fmt: skip
"""AUDIT_ACTIONS."""


@dataclass
class AuditRecord:
    time: str
    columns: dict[str, str]
    """By the names of UNIFIED_AUDIT_TRAIL."""
    host: str | None = None
    pid: int | None = None
    vendor: dict[str, Any] = field(default_factory=dict)
    """As the record spells them."""


def starts(data: bytes) -> bool:
    """Whether a line starts a record; of an ``.aud`` file it is the line with the time."""
    head = data[:400].decode("utf-8", "replace")
    return (
        head.lstrip().startswith(("{", "<AuditRecord>", "<?xml"))
        or _SYSLOG.match(head) is not None
        or _AUD.fullmatch(head.strip("\r\n ")) is not None
        or _HEADER.match(head) is not None
    )


def read_record(record: str, times: Times) -> AuditRecord | None:
    """Read a record, None for the lines that open an ``.aud`` or ``.xml`` file. Raises `UnparsedError`."""
    bare = record.strip()
    if bare.startswith("{"):
        whole = load_object(bare.rstrip(","))
        columns = {
            _NAMES.get(name.upper(), name.upper()): said
            for name, value in whole.items()
            if (said := text(value)) is not None
        }
        return AuditRecord(_stamp(columns, times), columns, vendor=whole)
    if (at := bare.find("<AuditRecord>", 0, 2000)) >= 0:
        found = {name: unescape(value) for name, value in _ELEMENT.findall(bare, at)[:200] if value}
        columns = _renamed({name.upper(): value for name, value in found.items()})
        return AuditRecord(
            _stamp(columns, times), columns, pid=integer(columns.get("OS_PROCESS")), vendor=dict(found)
        )
    if match := _SYSLOG.match(bare):
        stamp, host, pid = match.groups()
        found = _fields(bare[match.end() :])
        time = times.iso(stamp) or times.parse(stamp, "%b %d %H:%M:%S")
        return AuditRecord(times.required(time), _renamed(found), host, integer(pid), dict(found))
    if match := _AUD.match(bare):
        found = _fields(bare[match.end() :])
        if not found:
            raise UnparsedError("expected LENGTH, ACTION and so on below the time of an audit record")
        day = times.parse(match[1], "%a %b %d %H:%M:%S %Y") if match[2] is None else None
        if match[2]:
            day = times.parse(f"{match[1]} {match[2]}", "%a %b %d %H:%M:%S %Y %z")
        return AuditRecord(times.required(day), _renamed(found), vendor=dict(found))
    if _HEADER.match(bare):
        return None
    raise UnparsedError(
        "expected an audit record of Oracle: syslog or .aud with LENGTH, JSON, or <AuditRecord>"
    )


def _stamp(columns: Mapping[str, str], times: Times) -> str:
    utc = columns.get("EVENT_TIMESTAMP_UTC")
    if utc and not utc.endswith("Z"):
        utc = f"{utc}Z"
    return times.required(
        times.iso(utc),
        times.iso(columns.get("EVENT_TIMESTAMP")),
        times.parse(columns.get("EVENT_TIMESTAMP"), "%d-%b-%y %I.%M.%S.%f %p", "%d-%b-%y %H.%M.%S.%f"),
    )


def _renamed(found: Mapping[str, str]) -> dict[str, str]:
    columns = {_NAMES.get(name, name): value for name, value in found.items() if value}
    number = columns.get("ACTION_NUMBER") or columns.get("ACTION_NAME", "")
    if number in ACTION_NUMBERS:
        said = columns.get("ACTION_NAME", "")
        if said and said != number:
            columns.setdefault("SQL_TEXT", said)
        columns["ACTION_NAME"] = ACTION_NUMBERS[number]
    return columns


def _fields(rest: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while len(found) < 200 and (match := _FIELD.search(rest, at, at + 4096)):
        name, length = match[1].strip(), match[2]
        quote, begin = rest[match.end()], match.end() + 1
        end = -1
        if length is not None:
            stated = rest[begin : begin + int(length)]
            # The length is in bytes: of a value that is not ASCII the characters are fewer.
            if not stated.isascii():
                stated = stated.encode("utf-8", "surrogatepass")[: int(length)].decode("utf-8", "ignore")
            if rest[begin + len(stated) : begin + len(stated) + 1] == quote:
                end = begin + len(stated)
        if end < 0:
            end = rest.find(quote, begin)
        if end < 0:
            end = len(rest)
        found.setdefault(name, rest[begin:end])
        at = end + 1
    return found
