"""``postgresql.log``: PostgreSQL's server log (stderr, syslog, CSV or JSON), pgaudit's records included.

An entry is joined from its lines. What follows an error (``DETAIL:``, ``HINT:``, ``STATEMENT:``) is an event
of its own, as Elastic's ``postgresql.log`` has it, and the error's event also has the statement and the
detail, so that it says by itself who tried what.
"""

from __future__ import annotations

from collections.abc import Sequence

from integrations.contract import Record
from integrations.fields import put, put_end, put_new
from integrations.joining import Complete, Pairs, lines_source, whole
from integrations.postgresql.entries import FOLLOWING, Beginnings, Entry, begins, is_csv, read_entry
from integrations.postgresql.log_samples import LOG_SAMPLES
from integrations.postgresql.meanings import describe
from integrations.sql import put_statement
from integrations.text import readable
from integrations.times import Times
from rules.ecs import Document


def _document(entry: Entry) -> Document:
    document: Document = {"@timestamp": entry.time, "event": {"kind": "event"}}
    put(document, "log.level", entry.level)
    put(document, "message", entry.message)
    put(document, "process.pid", entry.pid)
    put(document, "event.code", entry.state)
    put(document, "user.name", entry.user)
    put(document, "database.name", entry.database)
    if entry.host is not None:
        for side in ("client", "source"):
            put_end(document, side, entry.host, entry.port)
    describe(entry, document)
    for name, value in entry.vendor.items():
        put_new(document, f"vendor.{name}", value)
    return document


def _open(times: Times) -> Complete:
    def complete(lines: Sequence[Record]) -> Pairs:
        if begins(readable(lines[0].data)) in {None, "JSON"}:
            record = whole(lines)
            return [(record, _document(read_entry(readable(record.data), times)))]
        found: list[tuple[Record, Document]] = []
        head: Entry | None = None
        for record in map(whole, _parts(lines)):
            entry = read_entry(readable(record.data), times)
            document = _document(entry)
            if entry.level in FOLLOWING:
                if head is not None and head.pid == entry.pid:
                    _add(found[0][1], entry)
                if entry.level in {"STATEMENT", "QUERY"}:
                    put_statement(document, entry.message)
            elif head is None:
                head = entry
            found.append((record, document))
        return found

    return complete


def _parts(lines: Sequence[Record]) -> list[list[Record]]:
    """Part an entry from what follows it."""
    parts = [[lines[0]]]
    for line in lines[1:]:
        if begins(readable(line.data)) in FOLLOWING:
            parts.append([line])
        else:
            parts[-1].append(line)
    return parts


def _add(document: Document, entry: Entry) -> None:
    if entry.level == "STATEMENT":
        put_statement(document, entry.message)
    else:
        put_new(document, f"vendor.{entry.level.lower()}", entry.message)


def _recognise(line: str) -> bool:
    if line.startswith('{"timestamp"'):
        return '"error_severity"' in line and '"pid"' in line
    return begins(line) is not None or (is_csv(line) and line.count(",") > 10)


LOG = lines_source(
    "postgresql.log",
    "PostgreSQL server log (stderr, syslog, csvlog, jsonlog) and pgaudit",
    "PostgreSQL manual, Error Reporting and Logging; pgaudit README",
    Beginnings,
    _open,
    _recognise,
    LOG_SAMPLES,
)
