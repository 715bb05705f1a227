"""What PostgreSQL's messages mean in ECS: connections, logins, statements, errors, pgaudit's records.

Messages are known by their English words (``lc_messages = C``), as src/backend has them. pgaudit's records
are defined by its README, "Format".
"""

from __future__ import annotations

import re
from collections.abc import Callable

from integrations.fields import add, categorise, integer, put, put_end, put_new, text
from integrations.notations import read_csv
from integrations.postgresql.entries import Entry
from integrations.sql import bare_names, one_or_list, put_statement, statement_type
from rules.ecs import Document

_STEP = re.compile(
    r"(?:duration: (\d{1,12}(?:\.\d{1,6})?) ms)?(?:  )?"
    r"(?:(statement|fastpath function call)|(parse|bind|execute(?: fetch from)?) ([^:\n]{1,256})): (.*)",
    re.DOTALL | re.ASCII,
)
_DURATION = re.compile(r"duration: (\d{1,12}(?:\.\d{1,6})?) ms", re.ASCII)
_FIELD = re.compile(
    r"(user|database|host|port|application_name|protocol|cipher|identity|method)=(\"[^\"]{0,256}\"|[^\s,)]{0,256})"
)
_SESSION_TIME = re.compile(r"session time: (\d{1,6}):(\d\d):(\d\d)\.(\d{3})", re.ASCII)
_QUOTED = re.compile(r'"((?:[^"]|""){1,256})"')
_AUTHENTICATION = re.compile(r"([\w./ ]{1,40}) authentication failed for user \"")
_DENIED = re.compile(
    r"(?:permission denied for|must be (?:owner|member) of) (?:(\w{1,32}) )?\"?([^\"]{0,256})\"?$", re.ASCII
)
_OFF = (
    "password authentication failed",
    "authentication failed for user",
    "no pg_hba.conf entry",
    "pg_hba.conf rejects",
)
_LEVELS_OF_ERRORS = frozenset({"ERROR", "FATAL", "PANIC"})


def describe(entry: Entry, document: Document) -> None:
    """Add to an entry's document what its message means."""
    message = entry.message
    categorise(document, ["database"], ["info"])
    for beginning, reader in _MESSAGES:
        if message.startswith(beginning):
            reader(entry, document)
            return
    if entry.level in _LEVELS_OF_ERRORS or (
        (entry.state or "00") > "03" and entry.level not in {"LOG", "NOTICE"}
    ):
        _error(entry, document)
    if entry.statement is not None:
        put_statement(document, entry.statement)


def _fields(message: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in _FIELD.findall(message)}


def _who(document: Document, fields: dict[str, str]) -> None:
    put_new(document, "user.name", text(fields.get("user")))
    put_new(document, "database.name", text(fields.get("database")))
    if (host := text(fields.get("host"))) and host != "[local]":
        for side in ("client", "source"):
            put_end(document, side, host, fields.get("port"))


def _received(entry: Entry, document: Document) -> None:
    categorise(document, ["database", "network"], ["connection", "start"], action="connection-received")
    _who(document, _fields(entry.message))


def _authenticated(entry: Entry, document: Document) -> None:
    categorise(
        document,
        ["database", "authentication"],
        ["info"],
        action="connection-authenticated",
        outcome="success",
    )
    put_new(document, "user.name", text(_fields(entry.message).get("identity")))


def _authorized(entry: Entry, document: Document) -> None:
    categorise(
        document, ["database", "authentication"], ["start"], action="connection-authorized", outcome="success"
    )
    fields = _fields(entry.message)
    _who(document, fields)
    if "SSL enabled" in entry.message:
        name, _, version = fields.get("protocol", "").partition("v")
        if name.lower() in {"tls", "ssl"} and version:
            put(document, "tls.version_protocol", name.lower())
            put(document, "tls.version", version)
        put(document, "tls.cipher", text(fields.get("cipher")))
        put(document, "tls.established", True)


def _disconnected(entry: Entry, document: Document) -> None:
    categorise(document, ["database", "session"], ["end"], action="disconnection")
    _who(document, _fields(entry.message))
    if match := _SESSION_TIME.search(entry.message, 0, 128):
        hours, minutes, seconds, milliseconds = (int(part) for part in match.groups())
        put(
            document, "event.duration", ((hours * 60 + minutes) * 60 + seconds) * 10**9 + milliseconds * 10**6
        )


def _duration(entry: Entry, document: Document) -> None:
    match = _STEP.fullmatch(entry.message)
    if match is None:
        if taken := _DURATION.match(entry.message):
            put(document, "event.duration", _nanoseconds(taken[1]))
        categorise(document, ["database"], ["info"], action="statement")
        if entry.statement is not None:
            put_statement(document, entry.statement)
        return
    duration, step, named_step, name, statement = match.groups()
    categorise(document, ["database"], ["info"], action=(step or named_step).replace(" ", "-"))
    if duration:
        put(document, "event.duration", _nanoseconds(duration))
    if entry.whole and duration:
        # With the line's own prefix, as Elastic's module has the message of a statement that was timed.
        put(document, "message", entry.whole)
    put(document, "vendor.query_step", step or named_step)
    if name and name != "<unnamed>":
        put(document, "vendor.query_name", name)
    put_statement(document, statement)


def _nanoseconds(milliseconds: str) -> int:
    whole, _, fraction = milliseconds.partition(".")
    return int(whole) * 10**6 + int(f"{fraction[:6]:0<6}")


def _audit(entry: Entry, document: Document) -> None:
    """``AUDIT: TYPE,STATEMENT_ID,SUBSTATEMENT_ID,CLASS,COMMAND,OBJECT_TYPE,OBJECT_NAME,STATEMENT,PARAMETER``
    and, with pgaudit.log_rows, ``,ROWS``."""
    values = read_csv(entry.message[7:].replace("\n", "\x1f"))
    values += [""] * (9 - len(values))
    kind, _, _, statement_class, command, object_type, name, statement = values[:8]
    statement_class = statement_class.lower().replace("misc_set", "misc")
    object_name = text(name)
    if statement_class in {"read", "write", "ddl", "role", "function", "misc"}:
        put(document, "database.statement_class", statement_class)
    if object_name and object_type in {
        "TABLE",
        "VIEW",
        "MATERIALIZED VIEW",
        "FOREIGN TABLE",
        "PARTITIONED TABLE",
    }:
        put(document, "database.table", one_or_list(bare_names([object_name.replace('"', "")])))
    if statement and statement not in {"<none>", "<previously logged>", "<not logged>"}:
        put_statement(document, statement.replace("\x1f", "\n"))
    if len(values) > 9:
        put(document, "database.rows", integer(values[9]))
    types = statement_type(statement_class, command)
    categories = ["database"]
    if statement_class == "role":
        categories = ["database", "iam"]
        types = [*types, "admin" if command in {"GRANT", "REVOKE"} else "user"]
    categorise(document, categories, types, action=command.strip().lower().replace(" ", "-") or "audit")
    names = (
        "audit_type",
        "statement_id",
        "substatement_id",
        "class",
        "command",
        "object_type",
        "object_name",
    )
    record = {key: value for key, value in zip(names, values, strict=False) if value}
    if values[8] and values[8] not in {"<none>", "<not logged>"}:
        record["parameter"] = values[8]
    put(document, "vendor.pgaudit", record)
    if kind not in {"SESSION", "OBJECT"}:
        put(document, "event.reason", "no pgaudit record of a known type")


def _error(entry: Entry, document: Document) -> None:
    message = entry.message
    state = entry.state or ""
    categorise(document, ["database"], ["error"], action="error", outcome="failure")
    if entry.level == "FATAL" and (
        state.startswith("28") or any(text in message for text in _OFF) or _unknown_role(message)
    ):
        categorise(
            document,
            ["database", "authentication"],
            ["start", "denied"],
            action="authentication-failed",
            outcome="failure",
        )
        put(document, "event.reason", message)
        _refused(message, document)
    elif state == "42501" or message.startswith(
        ("permission denied for", "must be owner of", "must be superuser")
    ):
        categorise(document, ["database"], ["denied"], action="permission-denied", outcome="failure")
        put(document, "event.reason", message)
        if (match := _DENIED.match(message)) and match[1] in {"table", "relation", "view", "sequence"}:
            put(document, "database.table", match[2])


def _unknown_role(message: str) -> bool:
    return message.startswith('role "') and message.endswith(
        (" does not exist", " is not permitted to log in")
    )


def _refused(message: str, document: Document) -> None:
    """Whom a login was refused to, where the message names them."""
    names = _QUOTED.findall(message[:1024])
    if message.startswith(("no pg_hba.conf entry", "pg_hba.conf rejects")):
        for word, field in (("user", "user.name"), ("database", "database.name")):
            if match := re.search(rf'{word} "([^"]{{1,256}})"', message[:1024]):
                put_new(document, field, match[1])
        if match := re.search(r'host "([^"]{1,256})"', message[:1024]):
            for side in ("client", "source"):
                put_end(document, side, match[1])
    elif names:
        put_new(document, "user.name", names[0])
        if document.get("user", {}).get("name") != names[0]:
            add(document, "related.user", names[0])


_MESSAGES: tuple[tuple[str, Callable[[Entry, Document], None]], ...] = (
    ("AUDIT: ", _audit),
    ("duration: ", _duration),
    ("statement: ", _duration),
    ("execute ", _duration),
    ("connection received: ", _received),
    ("connection authenticated: ", _authenticated),
    ("connection authorized: ", _authorized),
    ("replication connection authorized: ", _authorized),
    ("disconnection: ", _disconnected),
)
