"""Who is at the other end of a MySQL connection, and what its refusals say; the same in all of its logs.

Reference: MySQL Reference Manual, "The General Query Log", "The Slow Query Log", and the messages of
share/messages_to_clients.txt (``ER_ACCESS_DENIED_ERROR``).
"""

from __future__ import annotations

import re
from typing import Any

from integrations.fields import categorise, put, put_end, put_new, text
from integrations.sql import put_statement
from integrations.times import Times
from rules.ecs import Document

_ACCOUNT = re.compile(r"([^\[\]]{0,128}?)(?:\[([^\]]{0,128})\])? @ ([^\[\]]{0,255}?) ?\[([^\]]{0,64})\]")
_DENIED = re.compile(
    r"Access denied for user '([^']{0,128})'@'([^']{0,255})'(?: to database '([^']{1,128})')?"
)
_ABORTED = re.compile(
    r"Aborted connection (\d{1,20}) to db: '([^']{0,128})' user: '([^']{0,128})' host: '([^']{0,255})'(?: \(([^)]{0,256})\))?"
)
_OLD_TIME = re.compile(r"(\d\d)(\d\d)(\d\d)  ?(\d{1,2}:\d\d:\d\d)", re.ASCII)

HEADER = re.compile(
    r"\S{1,255}, Version: .{1,255} started with:|T[Cc][Pp] [Pp]ort: \d{1,5} .{0,400}|Time\s{1,40}Id Command\s{1,20}Argument",
    re.ASCII,
)
"""The three lines that a server writes at its start, and when a log of queries is rotated; they say nothing."""


def read_time(value: str, times: Times) -> str | None:
    """Return a time as MySQL writes it: ISO 8601, or ``161209 14:18:50`` until 5.6."""
    if match := _OLD_TIME.fullmatch(value):
        year, month, day, clock = match.groups()
        return times.iso(f"20{year}-{month}-{day} {clock:0>8}")
    return times.iso(value)


def put_client(document: Document, host: Any, ip: Any = None) -> None:
    """Set both ``client.*`` and ``source.*``: the address, and the name that goes with it."""
    name, address = text(host), text(ip)
    for side in ("client", "source"):
        if address:
            put_end(document, side, address)
            if name and name != address:
                put(document, f"{side}.domain", name)
        elif name:
            put_end(document, side, name)


def put_account(document: Document, account: str) -> None:
    """Set user and client of ``privileged[user] @ host [address]``."""
    match = _ACCOUNT.match(account.strip())
    if match is None:
        return
    privileged, user, host, ip = (text(part) for part in match.groups())
    put_new(document, "user.name", privileged or user)
    if user and privileged and user != privileged:
        put(document, "user.effective.name", privileged)
        document["user"]["name"] = user
    put_client(document, host, ip)


def read_refusal(message: str, document: Document) -> bool:
    """Read a login that was denied or a connection that broke off; whether it is one."""
    if match := _DENIED.search(message, 0, 2048):
        user, host, database = match.groups()
        categorise(
            document,
            ["database", "authentication"],
            ["start", "denied"],
            action="access-denied",
            outcome="failure",
        )
        put(document, "user.name", text(user))
        put_client(document, host)
        put(document, "database.name", database)
        put(document, "event.reason", match[0])
        return True
    if match := _ABORTED.search(message, 0, 2048):
        _, database, user, host, reason = match.groups()
        categorise(document, ["database", "session"], ["end", "error"], action="aborted-connection")
        put(document, "user.name", text(user) if user != "unauthenticated" else None)
        put_client(document, host)
        put(document, "database.name", text(database) if database != "unconnected" else None)
        put(document, "event.reason", text(reason))
        return True
    return False


def put_query(document: Document, statement: Any, database: str | None) -> None:
    """Set ``database.*`` of a statement; one that names its table's database says so itself."""
    found = put_statement(document, statement)
    qualified = next((name for name in found.tables if "." in name), None) if found else None
    put_new(document, "database.name", qualified.partition(".")[0] if qualified else database)
    put_new(document, "database.name", database)
