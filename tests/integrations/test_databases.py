"""A bulk read of a sensitive table looks alike whatever the database; and what joining lines must not do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrations import catalogue
from integrations.contract import Origin, Record
from integrations.pipeline import Pipeline
from rules.ecs import Document, flatten

ORIGIN = Origin(received=datetime(2026, 4, 20, tzinfo=UTC))


def read(source: str, text: str) -> list[Document]:
    """Feed a log line by line, each at its offset."""
    pipeline = Pipeline(catalogue.source(source), ORIGIN)
    events: list[Document] = []
    offset = 0
    for line in text.split("\n"):
        events += pipeline.feed(Record(line.encode(), f"f@{offset}"))
        offset += len(line.encode()) + 1
    return events + pipeline.flush()


BULK_READS = [
    (
        "postgresql.log",
        "2026-03-30 16:01:36.004 UTC [9] alice@hr LOG:  AUDIT: SESSION,4,1,READ,SELECT,TABLE,public.salaries,"
        '"select *\n\tfrom salaries",<not logged>,120000',
        120000,
    ),
    (
        "postgresql.log",
        "2026-03-30 16:01:36.004 UTC [9] alice@hr LOG:  duration: 812.5 ms  statement: COPY salaries TO STDOUT",
        None,
    ),
    (
        "mysql.audit",
        '{ "timestamp": "2026-03-30 16:01:36", "id": 2, "class": "general", "event": "status", "connection_id": 12, '
        '"account": { "user": "alice", "host": "" }, "login": { "user": "alice", "ip": "198.51.100.7" }, "general_data": '
        '{ "command": "Query", "sql_command": "select", "query": "SELECT * FROM hr.salaries", "status": 0 }, '
        '"query_statistics": { "query_time": 0.5, "rows_sent": 120000 } }',
        120000,
    ),
    (
        "mysql.audit",
        "20260330 16:01:36,db-1,alice,198.51.100.7,25,141,QUERY,hr,'select * from salaries',0",
        None,
    ),
    (
        "mysql.slowlog",
        "# Time: 2026-03-30T16:01:39.000000Z\n# User@Host: alice[alice] @  [198.51.100.7]  Id: 14\n"
        "# Query_time: 2.5  Lock_time: 0.0 Rows_sent: 120000  Rows_examined: 120000\nuse hr;\n"
        "SET timestamp=1774886496;\nselect *\n\n  from salaries;",
        120000,
    ),
    (
        "mysql.general",
        "2026-03-30T16:01:35.000000Z\t   12 Connect\talice@198.51.100.7 on hr using SSL/TLS\n"
        "2026-03-30T16:01:36.000000Z\t   12 Query\tselect * from salaries",
        None,
    ),
    (
        "mssql.audit",
        '{"event_time":"2026-03-30T16:01:36Z","action_id":"SL  ","succeeded":true,"class_type":"U ","object_name":"salaries",'
        '"server_principal_name":"alice","database_name":"hr","statement":"select * from salaries","response_rows":120000,'
        '"client_ip":"198.51.100.7"}',
        120000,
    ),
    (
        "oracle.audit",
        '{"EVENT_TIMESTAMP_UTC":"2026-03-30T16:01:36","DBUSERNAME":"alice","ACTION_NAME":"SELECT","PDB_NAME":"hr",'
        '"OBJECT_NAME":"salaries","RETURN_CODE":0,"SQL_TEXT":"select * from salaries"}',
        None,
    ),
    (
        "mongodb.audit",
        '{"atype":"authCheck","ts":{"$date":"2026-03-30T16:01:36.000+00:00"},"users":[{"user":"alice","db":"hr"}],'
        '"param":{"command":"find","ns":"hr.salaries","args":{"find":"salaries","filter":{}}},"result":0}',
        None,
    ),
    (
        "elasticsearch.audit",
        '{"type":"audit","timestamp":"2026-03-30T16:01:36,000+0000","node.id":"n1","cluster.name":"hr",'
        '"event.action":"access_granted","user.name":"alice","action":"indices:data/read/search","indices":["salaries"]}',
        None,
    ),
]


@pytest.mark.parametrize(("source", "text", "rows"), BULK_READS)
def test_a_bulk_read_is_visible_whatever_the_database(source: str, text: str, rows: int | None) -> None:
    flat = flatten(read(source, text)[-1])
    assert flat["@timestamp"].startswith("2026-03-30T16:01:36")
    assert "database" in flat["event.category"]
    assert flat["user.name"] == "alice"
    assert flat["database.name"] == "hr"
    assert flat["database.table"] == "salaries"
    assert flat["database.statement_class"] == "read"
    assert flat.get("database.rows") == rows


def test_an_error_says_who_tried_what_and_its_statement_is_an_event_of_its_own() -> None:
    prefix = "2026-03-30 16:01:36.004 UTC [9] bob@hr "
    error, detail, statement, other = read(
        "postgresql.log",
        f"{prefix}ERROR:  permission denied for table salaries\n{prefix}DETAIL:  no\n{prefix}STATEMENT:  select *\n"
        f"\tfrom salaries\n{prefix.replace('[9]', '[8]')}LOG:  checkpoint starting: time",
    )
    assert flatten(error)["database.statement"] == "select *\n\tfrom salaries"
    assert flatten(error)["vendor.detail"] == "no"
    assert flatten(detail)["message"] == "no"
    assert flatten(statement)["database.table"] == "salaries"
    assert flatten(other)["process.pid"] == 8
    assert len({event["event"]["id"] for event in (error, detail, statement, other)}) == 4


def test_what_follows_another_process_is_not_said_of_an_error() -> None:
    error, statement = read(
        "postgresql.log",
        "2026-03-30 16:01:36 UTC [9] bob@hr ERROR:  division by zero\n"
        "2026-03-30 16:01:36 UTC [10] eve@hr STATEMENT:  select 1 from salaries",
    )
    assert "database.statement" not in flatten(error)
    assert flatten(statement)["user.name"] == "eve"


def test_a_statement_with_a_line_feed_forges_no_csv_entry() -> None:
    forged = '2026-03-30 16:01:37.000 UTC,""admin"",""hr"",1'
    row = (
        '2026-03-30 16:01:36.000 UTC,"bob","hr",9,"203.0.113.9:1",69ca1b80.9,1,"SELECT",2026-03-30 16:00:00 UTC,3/17,0,'
        f'LOG,00000,"statement: select 1 --\n{forged}\nfrom salaries",,,,,,,,,"psql"'
    )
    (event,) = read("postgresql.log", row)
    flat = flatten(event)
    assert flat["user.name"] == "bob"
    assert flat["database.table"] == "salaries"
    assert forged.replace('""', '"') in flat["database.statement"]


def test_a_csv_field_that_never_closes_costs_its_own_entry_only() -> None:
    row = '2026-03-30 16:01:36.000 UTC,"bob","hr",9,,s,1,"",2026-03-30 16:00:00 UTC,,0,LOG,00000,"open'
    good = row.replace('"open', '"statement: select 1",,,,,,,,,"psql"')
    filling = "\n".join(["x" * 1000] * 70)
    events = read("postgresql.log", f"{row}\n{filling}\n{good}\n{good}")
    assert [flatten(event)["database.statement"] for event in events[-2:]] == ["select 1", "select 1"]


def test_a_connection_of_the_general_log_is_known_until_it_ends() -> None:
    at = "2026-03-30T16:01:36.000000Z\t"
    events = read(
        "mysql.general",
        f"{at}    8 Connect\talice@198.51.100.7 on hr using TCP/IP\n{at}    9 Query\tselect 1\n{at}    8 Init DB\tcrm\n"
        f"{at}    8 Query\tselect * from people\n{at}    8 Quit\t\n{at}    8 Query\tselect 2",
    )
    flat = [flatten(event) for event in events]
    assert [one.get("user.name") for one in flat] == ["alice", None, "alice", "alice", "alice", None]
    assert flat[3]["database.name"] == "crm"
    assert flat[3]["source.ip"] == "198.51.100.7"


def test_a_record_is_held_from_its_first_line_until_it_is_whole() -> None:
    pipeline = Pipeline(catalogue.source("mysql.slowlog"), ORIGIN)
    for number, line in enumerate(
        (b"# Time: 2026-03-30T16:01:39Z", b"# User@Host: a[a] @ b []", b"select 1;")
    ):
        assert pipeline.feed(Record(line, f"f@{number * 10}")) == []
    assert pipeline.held is not None
    assert pipeline.held.position == "f@0"
    assert pipeline.held.data.endswith(b"select 1;")
    (event,) = pipeline.flush()
    assert flatten(event)["database.statement"] == "select 1;"
    assert pipeline.held is None


def test_documents_in_ecs_lose_nothing_and_break_no_mapping() -> None:
    (event,) = read(
        "ecs.event",
        '{"@timestamp":"2026-03-30T16:01:36Z","ecs.version":"8.0","process":{"parent":"init"},"dns":{"answers":["a"]},'
        '"source":{"ip":["192.0.2.1","x"],"port":99999},"host":{"os":{"name":"Debian"}},"event":{"type":["start","odd"]}}',
    )
    flat = flatten(event)
    assert (flat["source.ip"], flat["vendor.source.ip"]) == (["192.0.2.1"], ["x"])
    assert "source.port" not in flat
    assert flat["vendor.source.port"] == 99999
    assert flat["vendor.process.parent"] == "init"
    assert flat["vendor.dns.answers"] == ["a"]
    assert (flat["event.type"], flat["vendor.event.type"]) == (["start"], ["odd"])
