"""What a SQL statement does, and to which table: read from its words, whatever the dialect.

The classes are pgaudit's (its README, "Settings"): ``read`` (SELECT, COPY from a table), ``write`` (INSERT,
UPDATE, DELETE, TRUNCATE, COPY into a table), ``ddl``, ``role`` (accounts and privileges), ``function``
(calls and DO blocks), ``misc`` (SET, VACUUM, SHOW and the rest).

A statement in a log may be anybody's: cut, hostile, or no SQL at all. A grammar would refuse it or take
long over it, so its words are read one after the other, a bounded number of them, in time that follows
their number. Of several statements in one text the gravest counts (``SELECT 1; DROP TABLE t`` is ddl).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from integrations.fields import put, put_new
from rules.ecs import Document

LONGEST = 65_536
"""Characters of a statement that are read."""
MOST_WORDS = 4000
MOST_TABLES = 20

_WORD = re.compile(
    r"""(?P<space>\s++|--[^\n]*+|\#[^\n]*+|/\*!\d{0,6}|\*/|/\*(?:[^*]|\*(?!/))*+(?:\*/|$))
    |(?P<text>'(?:[^'\\]|\\.|'')*+(?:'|$)|\$(?P<tag>\w{0,32})\$.*?(?:\$(?P=tag)\$|$))
    |(?P<name>"(?:[^"]|"")*+(?:"|$)|`[^`]*+(?:`|$)|\[[^\]\n]{0,256}\])
    |(?P<word>[\w@\#$]++)
    |(?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
"""MySQL runs what stands in ``/*!50000 … */``: only the signs around it are passed over."""


@dataclass(frozen=True)
class Statement:
    """What is known of a statement."""

    statement_class: str
    """read, write, ddl, role, function or misc."""
    verb: str
    """Its command in lower case: ``select``, ``create table``, ``grant``."""
    tables: tuple[str, ...] = ()
    """The tables it names, without quotes, with a schema where it says one, the first (of a write: the
    target) first; `MOST_TABLES` at most."""


@dataclass(frozen=True)
class _Token:
    upper: str
    """A word in upper case, a sign; empty for a text, and for a quoted name."""
    name: str
    """What it is as a name; empty where it can be none."""


_GRAVITY = ("misc", "read", "function", "write", "ddl", "role")

_CLASSES: dict[str, str] = {
    **dict.fromkeys("SELECT TABLE VALUES FETCH HANDLER".split(), "read"),
    **dict.fromkeys("INSERT UPDATE DELETE TRUNCATE MERGE REPLACE UPSERT LOAD BULK IMPORT".split(), "write"),
    **dict.fromkeys(
        "CREATE ALTER DROP RENAME COMMENT REINDEX REFRESH SECURITY PURGE FLASHBACK".split(), "ddl"
    ),
    **dict.fromkeys("GRANT REVOKE REASSIGN DENY".split(), "role"),
    **dict.fromkeys("CALL EXEC EXECUTE DO".split(), "function"),
}
_ROLE_OBJECTS = frozenset({"ROLE", "USER", "GROUP", "LOGIN", "PROFILE", "PRIVILEGES"})
_OBJECTS = frozenset(
    """
    TABLE VIEW INDEX SEQUENCE DATABASE SCHEMA FUNCTION PROCEDURE TRIGGER TYPE DOMAIN EXTENSION SERVER ROLE
    USER GROUP LOGIN TABLESPACE EVENT PACKAGE SYNONYM LINK PROFILE POLICY PUBLICATION SUBSCRIPTION RULE
    AGGREGATE OPERATOR CAST COLLATION LANGUAGE CERTIFICATE CREDENTIAL AUDIT ASSEMBLY ENDPOINT SYSTEM
    SESSION DEFAULT
    """.split()
)
_ROLE_PROCEDURES = frozenset(
    """
    SP_ADDLOGIN SP_DROPLOGIN SP_ADDUSER SP_DROPUSER SP_ADDROLE SP_DROPROLE SP_ADDROLEMEMBER SP_DROPROLEMEMBER
    SP_ADDSRVROLEMEMBER SP_DROPSRVROLEMEMBER SP_GRANTLOGIN SP_REVOKELOGIN SP_GRANTDBACCESS SP_REVOKEDBACCESS
    SP_PASSWORD
    """.split()
)
"""SQL Server's older way to change accounts."""
_BEFORE_TABLE = frozenset({"FROM", "JOIN", "INTO", "UPDATE", "USING", "STRAIGHT_JOIN", "APPLY"})
_NO_TABLE = frozenset(
    "SELECT SET ON AS DUAL OUTFILE DUMPFILE CURRENT STDIN STDOUT PROGRAM UNNEST ALL".split()
)
_SKIPPED = frozenset(
    "ONLY TABLE TABLES LOW_PRIORITY IGNORE QUICK DELAYED HIGH_PRIORITY IF NOT EXISTS CONCURRENTLY".split()
)
_CLAUSES = frozenset(
    "WHERE GROUP ORDER HAVING LIMIT UNION INTERSECT EXCEPT SET VALUES RETURNING OFFSET".split()
)
_UNTABLED = frozenset(
    """
    DATABASE SCHEMA FUNCTION PROCEDURE ROUTINE SEQUENCE LANGUAGE TABLESPACE DOMAIN TYPE FOREIGN LARGE ALL
    SERVER
    """.split()
)
"""Words behind a GRANT's ON whose names are no tables."""
_FROM_INSIDE = frozenset({"EXTRACT", "SUBSTRING", "TRIM", "OVERLAY", "SUBSTR", "POSITION", "MID"})
"""Functions in whose arguments FROM names no table."""


@lru_cache(maxsize=8192)
def read_statement(text: str) -> Statement | None:
    """Return what a SQL text does, None where it holds no word at all."""
    found = [read for tokens in _statements(text[:LONGEST]) if (read := _read(tokens)) is not None]
    if not found:
        return None
    gravest = max(found, key=lambda statement: _GRAVITY.index(statement.statement_class))
    tables = dict.fromkeys([*gravest.tables, *(name for statement in found for name in statement.tables)])
    return Statement(gravest.statement_class, gravest.verb, tuple(tables)[:MOST_TABLES])


def put_statement(
    document: Document, text: object, *, default_database: str | None = None
) -> Statement | None:
    """Set ``database.statement`` and what it tells: ``database.statement_class`` and ``database.table`` (a
    list where it names several). ``database.name`` is `default_database`, the session's, unless set."""
    put_new(document, "database.name", default_database)
    if not isinstance(text, str) or not text.strip():
        return None
    put(document, "database.statement", text.strip())
    statement = read_statement(text)
    if statement is not None:
        put_new(document, "database.statement_class", statement.statement_class)
        put_new(document, "database.table", one_or_list(bare_names(statement.tables)))
    return statement


def bare_names(tables: Iterable[str]) -> list[str]:
    """Return table names without their schemas, each once: ``hr.salaries`` and ``salaries`` are one."""
    return list(dict.fromkeys(name.rpartition(".")[2] for name in tables))


def one_or_list(items: Sequence[str]) -> str | list[str] | None:
    """Return the only item, a list of several, None of none."""
    return (items[0] if len(items) == 1 else list(items)) if items else None


def statement_type(statement_class: str | None, verb: str = "") -> list[str]:
    """Return ``event.type`` of a statement of a class, by ECS's "database" category and its neighbours."""
    first = verb.partition(" ")[0].lower()
    if statement_class == "read":
        return ["access"]
    if statement_class == "ddl":
        return [{"create": "creation", "drop": "deletion"}.get(first, "change")]
    if statement_class == "role":
        return [{"create": "creation", "drop": "deletion"}.get(first, "change")]
    if statement_class == "write":
        return [{"delete": "deletion", "truncate": "deletion"}.get(first, "change")]
    return ["info"]


def _statements(text: str) -> Iterator[list[_Token]]:
    tokens: list[_Token] = []
    depth = 0
    for number, match in enumerate(_WORD.finditer(text)):
        if number > MOST_WORDS:
            break
        kind = match.lastgroup
        if kind == "space":
            continue
        said = match[0]
        if kind == "word":
            tokens.append(_Token(said.upper(), said))
        elif kind == "name":
            tokens.append(_Token("", said[1:].rstrip(said[0] if said[0] != "[" else "]")))
        elif kind == "sign":
            if said == ";" and depth <= 0:
                yield tokens
                tokens, depth = [], 0
                continue
            depth += (said == "(") - (said == ")")
            tokens.append(_Token(said, ""))
        else:
            tokens.append(_Token("'", ""))
    yield tokens


def _read(tokens: Sequence[_Token]) -> Statement | None:
    start = 0
    while start + 1 < len(tokens) and tokens[start].upper in {"(", "BEGIN"}:
        if tokens[start].upper == "BEGIN" and tokens[start + 1].upper not in _CLASSES:
            break
        start += 1
    words = [token for token in tokens[start : start + 12] if token.upper]
    if not words:
        return None
    first = words[0].upper
    second = words[1].upper if len(words) > 1 else ""
    if first == "WITH":
        return _with(tokens[start:])
    if first == "SHOW":
        return Statement("misc", "show")
    if first in {"EXPLAIN", "DESCRIBE"}:
        return _explain(tokens[start:], first)
    if first in {"PREPARE", "DECLARE"}:
        for at, token in enumerate(tokens[start + 1 : start + 40], start + 1):
            if token.upper in {"SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "EXEC", "EXECUTE", "MERGE"}:
                return _read(tokens[at:])
        return Statement("misc", first.lower())
    if first == "COPY":
        return _copy(tokens[start:])
    if first in {"EXEC", "EXECUTE"} and any(word.upper in _ROLE_PROCEDURES for word in words[1:6]):
        return Statement("role", next(word.upper.lower() for word in words if word.upper in _ROLE_PROCEDURES))
    if first in _ROLE_PROCEDURES:
        return Statement("role", first.lower())
    statement_class = _CLASSES.get(first, "misc")
    verb = first.lower()
    tables: list[str] = []
    if statement_class == "ddl" or first == "TRUNCATE":
        kind = next((word.upper for word in words[1:8] if word.upper in _OBJECTS), "")
        if kind:
            verb = f"{verb} {kind.lower()}"
        if kind in _ROLE_OBJECTS and first in {"CREATE", "ALTER", "DROP", "RENAME"}:
            return Statement("role", verb)
        if first == "TRUNCATE" or kind in {"TABLE", "VIEW"}:
            tables = _named_after(tokens[start:], kind or "TRUNCATE")
        elif kind in {"INDEX", "TRIGGER", "POLICY", "RULE"}:
            tables = _named_after(tokens[start:], "ON")
        if first != "CREATE":
            return Statement(statement_class, verb, tuple(tables))
    elif statement_class == "role":
        tables = _named_after(tokens[start:], "ON")
        if tables and tables[0].upper() in _UNTABLED:
            tables = []
        return Statement(statement_class, verb, tuple(tables))
    elif first == "SET" and second == "PASSWORD":
        return Statement("role", "set password")
    elif first in {"LOCK", "TABLE", "HANDLER", "DESC"}:
        return Statement(statement_class, verb, tuple(_named_after(tokens[start:], first)))
    return Statement(statement_class, verb, _first(tables, _tables(tokens[start:], first)))


def _first(target: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*target, *others]))[:MOST_TABLES]


def _with(tokens: Sequence[_Token]) -> Statement:
    """A common table expression: the class is that of the gravest of its parts, PostgreSQL's may write."""
    depth, main, gravest, verb = 0, "", "read", "select"
    for at, token in enumerate(tokens):
        if token.upper == "(":
            depth += 1
        elif token.upper == ")":
            depth -= 1
        elif token.upper in {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"}:
            before = tokens[at - 1].upper if at else ""
            if depth and before != "(":
                continue
            kind = _CLASSES[token.upper]
            if _GRAVITY.index(kind) > _GRAVITY.index(gravest):
                gravest, verb = kind, token.upper.lower()
            if depth == 0:
                main = main or token.upper
    names = {
        tokens[at - 1].name.lower()
        for at, token in enumerate(tokens)
        if token.upper == "AS" and 0 < at < len(tokens) - 1 and tokens[at + 1].upper in _AFTER_AS
    }
    tables = [name for name in _tables(tokens, main) if name.lower() not in names]
    return Statement(gravest, verb, tuple(tables))


_AFTER_AS = frozenset({"(", "MATERIALIZED", "NOT"})


def _explain(tokens: Sequence[_Token], first: str) -> Statement:
    """EXPLAIN ANALYZE runs the statement; plain EXPLAIN and DESCRIBE tell of tables only."""
    verbs = {"SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"}
    at = next((at for at, token in enumerate(tokens[:30]) if token.upper in verbs), None)
    if at is None:
        return Statement("misc", first.lower(), tuple(_named_after(tokens, first)))
    inner = _read(tokens[at:])
    runs = any(token.upper in {"ANALYZE", "ANALYSE"} for token in tokens[:at])
    if inner is None or not runs:
        return Statement("misc", first.lower(), inner.tables if inner else ())
    return inner


def _copy(tokens: Sequence[_Token]) -> Statement:
    """COPY t FROM … writes, COPY t TO … and COPY (query) TO … read."""
    if len(tokens) > 1 and tokens[1].upper == "(":
        return Statement("read", "copy", _tables(tokens, "COPY"))
    depth, writes = 0, False
    for token in tokens[1:200]:
        depth += (token.upper == "(") - (token.upper == ")")
        if depth == 0 and token.upper in {"FROM", "TO"}:
            writes = token.upper == "FROM"
            break
    return Statement("write" if writes else "read", "copy", tuple(_named_after(tokens, "COPY")[:1]))


def _named_after(tokens: Sequence[_Token], word: str) -> list[str]:
    """Return the names right behind the first `word`, several separated by commas."""
    at = next((at for at, token in enumerate(tokens[:64]) if token.upper == word), None)
    if at is None:
        return []
    names: list[str] = []
    at += 1
    while at < len(tokens) and len(names) < MOST_TABLES:
        while at < len(tokens) and tokens[at].upper in _SKIPPED:
            at += 1
        name, at = _name(tokens, at)
        if not name:
            break
        names.append(name)
        if at < len(tokens) and tokens[at].upper == ",":
            at += 1
            continue
        break
    return names


def _name(tokens: Sequence[_Token], at: int) -> tuple[str, int]:
    """Return the dotted name that begins at a token, empty where none does, and where it ends."""
    parts: list[str] = []
    while at < len(tokens) and tokens[at].name and len(parts) < 4:
        parts.append(tokens[at].name)
        at += 1
        dots = 0
        while at < len(tokens) and tokens[at].upper in {".", ":"} and dots < 3:
            at, dots = at + 1, dots + 1
        if not dots:
            break
    if at < len(tokens) and tokens[at].upper == "*":  # all tables of a schema: ON hr.*
        return "", at
    return ".".join(parts), at


def _tables(tokens: Sequence[_Token], first: str) -> tuple[str, ...]:
    """Return the names that stand where tables do, each once, as they come."""
    found: dict[str, None] = {}
    lists, inside = [False], [False]
    """Of each open bracket: whether a comma goes on with tables, and whether a FROM in it names none."""
    expected = False
    at, previous = 0, ""
    while at < len(tokens) and len(found) < MOST_TABLES:
        word = tokens[at].upper
        if word == "(":
            lists.append(False)
            inside.append(previous in _FROM_INSIDE)
            expected = False
        elif word == ")":
            if len(lists) > 1:
                lists.pop()
                inside.pop()
        elif word in _BEFORE_TABLE and _introduces(word, previous, first, inside[-1]):
            lists[-1] = word in {"FROM", "USING"} or (word == "UPDATE" and first == "UPDATE")
            expected = True
        elif word == "," and lists[-1]:
            expected = True
        elif word in _CLAUSES:
            lists[-1] = expected = False
        elif expected and word not in _SKIPPED and word != "LATERAL":
            expected = False
            name, end = _name(tokens, at)
            if name:
                is_call = lists[-1] and end < len(tokens) and tokens[end].upper == "("
                if not (is_call or word in _NO_TABLE or name[0].isdigit() or name[0] in "@$"):
                    found.setdefault(name)
                at, previous = end, ""
                continue
        previous = word
        at += 1
    return tuple(found)


def _introduces(word: str, previous: str, first: str, inside: bool) -> bool:
    if word == "FROM":
        return not inside and previous != "DISTINCT"
    if word == "UPDATE":
        return previous not in {"FOR", "KEY", "ON", "DO", "THEN", "AFTER", "BEFORE", "OR", ","}
    if word == "USING":
        return first in {"DELETE", "MERGE"}
    if word == "INTO":
        return first in {"INSERT", "REPLACE", "MERGE", "LOAD", "SELECT", "UPSERT", "WITH", ""}
    return True
