"""Lines that shippers packed into objects are read as lines, and kept as they came."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.catalogue import sources
from integrations.contract import Framing, Origin, Record, Source
from integrations.pipeline import Pipeline
from integrations.recognition import guess_sources
from integrations.shippers import is_shipped, line_in
from rules.ecs import Document, flatten

ORIGIN = Origin(received=datetime(2026, 4, 20, tzinfo=UTC))
BY_NAME = {source.name: source for source in sources()}
BEATS = {"@timestamp": "2026-03-30T16:01:40Z", "agent": {"type": "filebeat", "id": "a1"}, "host": {"name": "web-1"},
         "log": {"file": {"path": "/var/log/x.log"}, "offset": 7}, "input": {"type": "filestream"}}  # fmt: skip
SHIPPED = [source for source in sources() if is_shipped(source)]


def feed(source: Source, *lines: bytes) -> list[Document]:
    pipeline = Pipeline(source, ORIGIN)
    events = [event for at, line in enumerate(lines) for event in pipeline.feed(Record(line, f"f@{at}"))]
    return events + pipeline.flush()


@pytest.mark.parametrize(
    ("around", "key"),
    [
        (BEATS, "message"),
        ({"stream": "stdout", "time": "2026-03-30T16:01:40Z"}, "log"),
        ({"date": 1774886500.1, "container_id": "c"}, "log"),
        ({"source_type": "file", "host": "web-1", "timestamp": "2026-03-30T16:01:40Z"}, "message"),
        ({"@version": "1", "@timestamp": "2026-03-30T16:01:40Z"}, "message"),
        ({}, "message"),
    ],
    ids=["filebeat", "docker", "fluent bit", "vector", "logstash", "bare"],
)
def test_each_shippers_object_is_read_as_its_line(around: dict[str, Any], key: str) -> None:
    line = '198.51.100.7 - - [30/Mar/2026:16:01:36 +0000] "GET /a HTTP/1.1" 200 6 "-" "curl/8.0"'
    packed = orjson.dumps({**around, key: line + "\n"})
    (event,) = feed(BY_NAME["nginx.access"], packed)
    flat = flatten(event)
    assert flat["source.ip"] == "198.51.100.7"
    assert flat["@timestamp"] == "2026-03-30T16:01:36.000Z"
    assert flat["event.original"] == packed.decode()
    likely = {one.source.name for one in guess_sources(packed, sources()) if one.likelihood == 1}
    assert likely == {"nginx.access", "apache.access"}


def test_where_the_shipper_read_the_line_is_kept() -> None:
    line = "Mar 30 16:01:36 other sshd[7]: Failed password for bob from 198.51.100.7 port 1 ssh2"
    (event,) = feed(BY_NAME["linux.auth"], orjson.dumps({**BEATS, "message": line}))
    flat = flatten(event)
    assert flat["host.name"] == "other"
    assert flat["log.file.path"] == "/var/log/x.log"
    assert flat["agent.type"] == "filebeat"


def test_a_json_log_in_an_object_is_read_where_a_shipper_left_its_mark() -> None:
    inner = BY_NAME["aws.cloudtrail"].samples[0].record
    (plain,) = feed(BY_NAME["aws.cloudtrail"], inner.encode())
    (shipped,) = feed(BY_NAME["aws.cloudtrail"], orjson.dumps({**BEATS, "message": inner}))
    assert shipped["event"]["action"] == plain["event"]["action"]
    assert line_in(orjson.dumps({"timestamp": 1, "message": inner}), Framing.JSON) is None


def test_what_says_more_than_shippers_add_is_no_shippers_object() -> None:
    assert line_in(b'{"message":"x","level":"info"}') is None
    assert line_in(b'{"message":7}') is None
    assert line_in(b'{"message":"') is None
    assert line_in(b'["message"]') is None


def test_a_record_of_several_lines_each_packed_is_joined() -> None:
    lines = [
        orjson.dumps({"stream": "stderr", "time": "2026-03-30T16:01:40Z", "log": text})
        for text in ("2026-03-30 16:01:36 UTC [7] bob@hr LOG:  statement: SELECT *\n", "\tFROM pay\n")
    ]
    (event,) = feed(BY_NAME["postgresql.log"], *lines)
    assert event["database"]["table"] == "pay"
    assert event["event"]["original"] == b"\n".join(lines).decode()


@pytest.mark.parametrize("source", SHIPPED, ids=lambda source: source.name)
def test_every_sources_samples_come_out_the_same_when_shipped(source: Source) -> None:
    for sample in source.samples:
        if "\n" in sample.record and source.framing is Framing.LINES:
            continue  # shippers send line by line
        if source.framing is Framing.JSON and sample.record.lstrip()[:1] != "{":
            continue
        plain = feed(source, sample.record.encode())
        shipped = feed(source, orjson.dumps({"message": sample.record, "stream": "stdout"}))
        assert [_said(event) for event in shipped] == [_said(event) for event in plain]


def _said(event: Document) -> dict[str, Any]:
    flat = flatten(event)
    return {name: value for name, value in flat.items() if name not in ("event.id", "event.original")}


@pytest.mark.parametrize("shape", ["items", "entries", "hook"])
def test_the_records_that_an_apis_answer_lists_are_events_of_their_own(shape: str) -> None:
    records = [orjson.loads(sample.record) for sample in BY_NAME["okta.system"].samples[:3]]
    answer = {"hook": {"eventType": "com.okta.event_hook", "data": {"events": records}}}.get(
        shape, {"kind": "answer", "etag": "x", shape: records}
    )
    data = orjson.dumps(answer)
    events = feed(BY_NAME["okta.system"], data)
    assert [orjson.loads(event["event"]["original"]) for event in events] == records
    assert len({event["event"]["id"] for event in events}) == 3
    assert guess_sources(data, sources())[0].source.name == "okta.system"


@given(st.binary(max_size=200), st.sampled_from(list(Framing)))
def test_any_bytes_are_a_shippers_object_or_none(data: bytes, framing: Framing) -> None:
    found = line_in(data, framing)
    assert found is None or found[0]
