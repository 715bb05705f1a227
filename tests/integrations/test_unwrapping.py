"""Lines of files that came by syslog are read as the file's, and kept as they came."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.catalogue import sources
from integrations.contract import Origin, Record
from integrations.pipeline import Pipeline
from integrations.recognition import guess_sources
from integrations.syslog import EnvelopeReader
from integrations.unwrapping import unwrap
from rules.ecs import Document

ORIGIN = Origin(received=datetime(2026, 4, 20, tzinfo=UTC))
BY_NAME = {source.name: source for source in sources()}
STATEMENT = [
    b"<134>Mar 30 16:01:36 db-1 mysqld: # Time: 2026-03-30T16:01:36.000000Z",
    b"<134>Mar 30 16:01:36 db-1 mysqld: # User@Host: bob[bob] @  [192.0.2.10]  Id:     7",
    b"<134>Mar 30 16:01:36 db-1 mysqld: # Query_time: 2.5  Lock_time: 0.0 Rows_sent: 9  Rows_examined: 9",
    b"<134>Mar 30 16:01:36 db-1 mysqld: SELECT *",
    b"<134>Mar 30 16:01:36 db-1 mysqld: FROM customers;",
]


def test_a_record_of_several_lines_is_joined_and_its_original_has_their_envelopes() -> None:
    pipeline = Pipeline(BY_NAME["mysql.slowlog"], ORIGIN)
    events: list[Document] = []
    for at, line in enumerate(STATEMENT):
        assert events == []
        events += pipeline.feed(Record(line, f"f@{at * 100}"))
        assert pipeline.held is not None
        assert pipeline.held.position == "f@0"
        assert pipeline.held.data == b"\n".join(STATEMENT[: at + 1])
    events += pipeline.feed(Record(STATEMENT[0], "f@500"))
    assert pipeline.held == Record(STATEMENT[0], "f@500")
    (event,) = events
    assert event["event"]["original"] == b"\n".join(STATEMENT).decode()
    assert event["database"]["rows"] == 9
    assert event["host"]["name"] == "db-1"
    assert event["log"]["syslog"]["priority"] == 134


def test_plain_lines_and_those_by_syslog_may_be_mixed() -> None:
    pipeline = Pipeline(BY_NAME["nginx.access"], ORIGIN)
    line = b'198.51.100.7 - - [30/Mar/2026:16:01:36 +0000] "GET / HTTP/1.1" 200 612 "-" "curl/7.88.1"'
    (plain,) = pipeline.feed(Record(line, "f@0"))
    (wrapped,) = pipeline.feed(Record(b"<190>Mar 30 16:01:36 web-1 nginx: " + line, "f@90"))
    assert plain["source"] == wrapped["source"]
    assert plain["url"] == wrapped["url"]
    assert "host" not in plain
    assert wrapped["host"]["name"] == "web-1"


@pytest.mark.parametrize(
    ("program", "likeliest"),
    [("nginx", "nginx.access"), ("httpd", "apache.access"), ("apache2", "apache.access")],
)
def test_who_sent_a_line_decides_between_logs_that_look_alike(program: str, likeliest: str) -> None:
    line = f'<190>Mar 30 16:01:36 web-1 {program}: 198.51.100.7 - - [30/Mar/2026:16:01:36 +0000] "GET / HTTP/1.1" 200 6 "-" "x"'
    assert guess_sources(line.encode(), sources())[0].source.name == likeliest


@pytest.mark.parametrize(
    "line",
    [
        b"2026-03-30 16:01:36 W3SVC1 WEB-1 192.0.2.5 GET /a - 443 - 198.51.100.7",
        b"2026-03-30T16:01:36.123456Z 0 [System] [MY-010116] [Server] starting",
        b"<999>Mar 30 16:01:36 web-1 nginx: x",
        b"<13>Mar 30 16:01:36 web-1 nginx: ",
        b"Mar 30 16:01:36 nothing that names a program",
    ],
)
def test_what_is_no_envelope_stays_with_the_line(line: bytes) -> None:
    assert unwrap(line, EnvelopeReader(ORIGIN)) is None


@given(st.lists(st.sampled_from([*STATEMENT, b"plain", b"", b"<134>Mar 30 16:01:36 x"]), max_size=12))
def test_no_line_is_lost(lines: list[bytes]) -> None:
    pipeline = Pipeline(BY_NAME["mysql.slowlog"], ORIGIN)
    events = []
    for at, line in enumerate(lines):
        events += pipeline.feed(Record(line, f"f@{at}"))
    events += pipeline.flush()
    kept = "\n".join(event["event"]["original"] for event in events).split("\n")
    wanted = [line.decode() for line in lines if line]
    assert [line for line in kept if line] == wanted


def test_a_file_whose_only_object_ends_without_a_newline_is_guessed() -> None:
    record = b'{\n  "eventVersion": "1.08",\n  "eventTime": "2026-03-30T16:01:36Z",\n  "eventSource": "iam.amazonaws.com",\n  "eventName": "X",\n  "userIdentity": {"type": "Root"}\n}'
    assert guess_sources(record, sources())[0].source.name == "aws.cloudtrail"
    assert guess_sources(record[:-2], sources(), cut=True) == []
