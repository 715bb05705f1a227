"""``mssql.errorlog``: SQL Server's ERRORLOG: logins, failed ones above all, configuration, backups, errors.

Reference: Microsoft Learn, "View the SQL Server error log"; errors 18453 to 18456. The file itself is UTF-16:
shippers send its lines in UTF-8. Its times are the server's local ones.
"""

from __future__ import annotations

import re

from integrations.contract import Sample, UnparsedError
from integrations.fields import categorise, integer, put, put_end
from integrations.joining import joined_source
from integrations.text import readable
from integrations.times import Times
from rules.ecs import Document

_LINE = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{2,3}) (spid\d{1,10}s?|Logon|Server|Backup|\w{1,16}) {1,16}(.*)",
    re.DOTALL | re.ASCII,
)
_LOGIN = re.compile(
    r"Login (failed|succeeded) for (?:user|login) '([^']{0,256})'\.(.{0,1024}?)(?:\[CLIENT: ([^\]]{1,64})\])?\s*$",
    re.DOTALL,
)
_ERROR = re.compile(r"Error: (\d{1,9}), Severity: (\d{1,3}), State: (\d{1,6})")
_OPTION = re.compile(r"Configuration option '([^']{1,128})' changed from (\S{1,32}) to (\S{1,32})\.")
_BACKUP = re.compile(
    r"(Database|Log) (?:was|backed up|restored).{0,64}?Database: ([^,(]{1,128})", re.IGNORECASE
)


def _read(record: str, times: Times) -> Document:
    match = _LINE.match(record)
    if match is None:
        raise UnparsedError("expected `2026-01-31 12:00:00.12 Logon       message`")
    stamp, origin, message = match.groups()
    document: Document = {"@timestamp": times.required(times.iso(stamp))}
    categorise(document, ["database"], ["info"])
    put(document, "message", message)
    put(document, "vendor.origin", origin)
    if login := _LOGIN.match(message[:4096]):
        outcome, user, reason, client = login.groups()
        failed = outcome == "failed"
        categorise(
            document, ["database", "authentication"], ["start", "denied"] if failed else ["start"],
            action=f"login-{outcome}", outcome="failure" if failed else "success",
        )  # fmt: skip
        domain, separator, name = user.rpartition("\\")
        put(document, "user.name", name if separator else user)
        put(document, "user.domain", domain)
        put(document, "event.code", "18456" if failed else None)
        put(document, "event.reason", reason.strip().removeprefix("Reason: ").strip() or None)
        if client and not client.startswith("<"):
            for side in ("client", "source"):
                put_end(document, side, client)
    elif error := _ERROR.match(message):
        categorise(document, ["database"], ["error"])
        put(document, "event.code", error[1])
        put(document, "event.severity", integer(error[2]))
        put(document, "vendor.state", integer(error[3]))
    elif option := _OPTION.match(message):
        categorise(document, ["database", "configuration"], ["change"], action="configuration-option-changed")
        put(document, "vendor.option", {"name": option[1], "from": option[2], "to": option[3]})
    elif backup := _BACKUP.match(message):
        categorise(document, ["database"], ["access"], action="backup")
        put(document, "database.name", backup[2].strip())
    return document


def _starts(data: bytes) -> bool:
    return _LINE.match(readable(data[:128])) is not None


def _recognise(line: str) -> bool:
    match = _LINE.match(line)
    return match is not None and (match[2].startswith("spid") or match[2] in {"Logon", "Server", "Backup"})


ERRORLOG = joined_source(
    "mssql.errorlog",
    "Microsoft SQL Server error log",
    "Microsoft Learn, View the SQL Server error log; MSSQLSERVER_18456",
    _starts,
    _read,
    _recognise,
    (
        Sample("2026-03-30 16:01:36.12 Logon       Login failed for user 'EXAMPLE\\bob'. Reason: Password did not match that for the login provided. "
               "[CLIENT: 203.0.113.9]",
               {"@timestamp": "2026-03-30T16:01:36.120Z", "event.action": "login-failed", "event.category": ["database", "authentication"],
                "event.outcome": "failure", "user.name": "bob", "user.domain": "EXAMPLE", "source.ip": "203.0.113.9", "event.code": "18456",
                "event.reason": "Password did not match that for the login provided.", "vendor.origin": "Logon"}),
        Sample("2026-03-30 16:01:36.12 Logon       Login succeeded for user 'sa'. Connection made using SQL Server authentication. [CLIENT: <local machine>]",
               {"event.outcome": "success", "user.name": "sa", "source.ip": None}),
        Sample("2026-03-30 16:01:36.12 Logon       Error: 18456, Severity: 14, State: 8.",
               {"event.type": ["error"], "event.code": "18456", "event.severity": 14}),
        Sample("2026-03-30 16:01:36.12 spid55      Configuration option 'xp_cmdshell' changed from 0 to 1. Run the RECONFIGURE statement to install.",
               {"event.action": "configuration-option-changed", "vendor.option.name": "xp_cmdshell", "vendor.option.to": "1"}),
        Sample("2026-03-30 16:01:36.12 Server      Microsoft SQL Server 2022 (RTM)\n\tCopyright (C) 2022", {"event.type": ["info"], "event.action": None}),
        Sample("2026-03-30 16:01:36.12 Backup      Database backed up. Database: hr, creation date(time): 2026/01/01(00:00:00)",
               {"event.action": "backup", "database.name": "hr"}),
    ),
)  # fmt: skip
