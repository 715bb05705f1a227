"""``mysql.slowlog``: slow queries of MySQL, MariaDB and Percona Server, with their extended counters.

Reference: MySQL Reference Manual, "Slow Query Log Contents"; MariaDB, "Slow Query Log Extended Statistics";
Percona Server, "Slow query log". An entry begins with ``# Time:`` or, within the same second, with
``# User@Host:``. It is dated when the statement began (``SET timestamp``).
"""

from __future__ import annotations

import re

from integrations.contract import Sample, UnparsedError
from integrations.fields import categorise, integer, number, put
from integrations.joining import Reading, lines_source
from integrations.mysql.sessions import HEADER, put_account, put_query, read_time
from integrations.times import Times
from integrations.unwrapping import by_syslog
from rules.ecs import Document

_PAIR = re.compile(r"([A-Za-z][\w]{0,40}): {1,2}(\S{0,128})", re.ASCII)
_SET = re.compile(r"SET timestamp=(\d{9,11})(?:\.\d{1,6})?;", re.ASCII | re.IGNORECASE)
_USE = re.compile(r"use `?([^`;\s]{1,128})`?;", re.IGNORECASE)
_COUNTERS = ("Rows_sent", "Rows_examined", "Rows_affected")


class _Beginnings:
    def __init__(self) -> None:
        self._timed = False

    def __call__(self, data: bytes) -> bool:
        if data.startswith(b"# Time: "):
            self._timed = True
            return True
        timed, self._timed = self._timed, False
        return (data.startswith(b"# User@Host: ") and not timed) or _is_header(
            data.decode("utf-8", "replace")
        )


def _is_header(line: str) -> bool:
    return HEADER.fullmatch(line[:1024]) is not None


def _read(text: str, times: Times) -> Document | None:
    lines = text.split("\n")
    if _is_header(lines[0]):
        return None
    at = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    about, statement = lines[:at], lines[at:]
    if not about:
        raise UnparsedError("expected `# Time: …` or `# User@Host: …`, and what was asked below it")
    counters: dict[str, str] = {}
    time = began = None
    document: Document = {"event": {"kind": "event"}}
    for line in about[:64]:
        if line.startswith("# Time: "):
            time = read_time(line[8:].strip(), times)
        elif line.startswith("# User@Host: "):
            account, _, rest = line[13:].partition("  Id:")
            put_account(document, account)
            if rest.strip():
                counters["Id"] = rest.strip()
        elif not line.startswith("# explain:"):
            counters.update(_PAIR.findall(line[:2048]))
    database = counters.get("Schema") or None
    while statement:
        if match := _SET.fullmatch(statement[0].strip()):
            began = times.epoch(match[1])
        elif match := _USE.fullmatch(statement[0].strip()):
            database = match[1]
        else:
            break
        statement = statement[1:]
    document["@timestamp"] = times.required(began, time)
    categorise(document, ["database"], ["info"])
    if (taken := number(counters.get("Query_time"))) is not None and 0 <= taken < 10**9:
        put(document, "event.duration", round(taken * 1_000_000) * 1000)
    put(document, "event.start", times.iso(counters.get("Start")))
    put(document, "event.end", times.iso(counters.get("End")))
    put_query(document, "\n".join(statement), database)
    rows = "Rows_sent" if document.get("database", {}).get("statement_class") == "read" else "Rows_affected"
    put(document, "database.rows", integer(counters.get(rows)))
    put(
        document,
        "vendor",
        {name: integer(value) if name in _COUNTERS else value for name, value in counters.items()},
    )
    if explained := [line[10:].strip() for line in about if line.startswith("# explain:")]:
        put(document, "vendor.explain", explained)
    return document


def _recognise(line: str) -> bool:
    return line.startswith(("# Time: ", "# User@Host: ")) or _is_header(line)


_BLOCK = """# Time: {time}
# User@Host: {account}
# Query_time: 2.500000  Lock_time: 0.000287 Rows_sent: {rows}  Rows_examined: 3145718{more}
{statement}"""

SLOWLOG = by_syslog(lines_source(
    "mysql.slowlog",
    "Slow query log of MySQL, MariaDB and Percona Server",
    "MySQL Reference Manual, Slow Query Log Contents; MariaDB and Percona Server, extended statistics",
    _Beginnings,
    Reading(_read),
    _recognise,
    (
        Sample(
            _BLOCK.format(
                time="2026-03-30T16:01:39.123456Z", account="alice[alice] @ app-1 [198.51.100.7]  Id:    14", rows=250000, more="",
                statement="use hr;\nSET timestamp=1774886496;\nSELECT *\n  FROM salaries;",
            ),
            {"@timestamp": "2026-03-30T16:01:36.000Z", "event.duration": 2500000000, "event.category": ["database"], "event.type": ["info"],
             "user.name": "alice", "source.domain": "app-1", "source.ip": "198.51.100.7", "client.ip": "198.51.100.7", "database.name": "hr",
             "database.table": "salaries", "database.statement_class": "read", "database.rows": 250000,
             "database.statement": "SELECT *\n  FROM salaries;", "vendor.Rows_examined": 3145718, "vendor.Id": "14"},
        ),
        Sample(
            _BLOCK.format(
                time="260330 16:01:36", account="root[root] @ localhost []", rows=0,
                more="\n# Schema: crm  Last_errno: 0  Killed: 0  Rows_affected: 12\n# Full_scan: Yes  Filesort: No",
                statement="delete from hr.people;",
            ),
            {"@timestamp": "2026-03-30T16:01:36.000Z", "source.domain": "localhost", "source.ip": None, "database.name": "hr",
             "database.rows": 12, "database.statement_class": "write", "vendor.Full_scan": "Yes"},
        ),
        Sample(
            "# User@Host: bob[bob] @  [2001:db8::7]  Id: 3\n# Query_time: 0.000153  Lock_time: 0 Rows_sent: 0 Rows_examined: 0 "
            "Start: 2026-03-30T16:01:36.000000Z End: 2026-03-30T16:01:36.000153Z\nSET timestamp=1774886496;\n# administrator command: Quit;",
            {"event.start": "2026-03-30T16:01:36.000Z", "event.end": "2026-03-30T16:01:36.000Z", "source.ip": "2001:db8::7",
             "event.duration": 153000, "database.statement": "# administrator command: Quit;"},
        ),
    ),
), "mysqld", "mysql")  # fmt: skip
