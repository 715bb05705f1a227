"""Records of several lines, and records whose meaning stands in a header."""

from __future__ import annotations

from datetime import UTC, datetime

from integrations import catalogue
from integrations.contract import Origin, Record
from integrations.joining import LARGEST
from integrations.pipeline import Pipeline
from rules.ecs import Document

ORIGIN = Origin(received=datetime(2026, 4, 20, tzinfo=UTC))


def feed(source: str, *lines: str) -> tuple[list[Document], Pipeline]:
    pipeline = Pipeline(catalogue.source(source), ORIGIN)
    events = []
    for at, line in enumerate(lines):
        events += pipeline.feed(Record(line.encode(), f"f@{at}"))
    return events, pipeline


def test_lines_without_a_time_belong_to_the_message_before() -> None:
    events, pipeline = feed(
        "nginx.error",
        '2025/10/25 14:49:35 [error] 7#7: *9 FastCGI sent in stderr: "PHP message: one',
        'PHP message: two" while reading, client: 192.0.2.7, server: _',
        "2025/10/25 14:49:36 [notice] 1#1: exiting",
    )
    assert [event["source"]["ip"] for event in events] == ["192.0.2.7"]
    assert events[0]["message"].count("\n") == 1
    assert pipeline.held == Record(b"2025/10/25 14:49:36 [notice] 1#1: exiting", "f@2")
    assert [event["message"] for event in pipeline.flush()] == ["exiting"]
    assert pipeline.held is None


def test_a_message_that_never_ends_is_cut_and_nothing_is_lost() -> None:
    lines = ["2025/10/25 14:49:35 [error] 7#7: start", *["x" * 1000] * 150]
    events, pipeline = feed("nginx.error", *lines)
    events += pipeline.flush()
    assert len(events) == 3
    assert all(len(event["event"]["original"]) <= LARGEST + 1001 for event in events)
    assert "".join(event["event"]["original"] for event in events).count("x") == 150_000


def test_a_line_that_belongs_to_nothing_is_kept_with_the_reason() -> None:
    events, pipeline = feed("nginx.error", "PHP message: two")
    events += pipeline.flush()
    assert events[0]["event"]["kind"] == "pipeline_error"
    assert "expected '2025/10/25" in events[0]["error"]["message"]


def test_a_new_header_changes_the_meaning_of_what_follows() -> None:
    line = "2026-01-08 10:11:13 192.0.2.1 192.0.2.2 GET / 200"
    events, pipeline = feed(
        "iis.access",
        "#Software: Microsoft Internet Information Services 10.0",
        "#Fields: date time c-ip s-ip cs-method cs-uri-stem sc-status",
        line,
        "#Software: Microsoft Internet Information Services 10.0",
        "#Fields: date time s-ip c-ip cs-method cs-uri-stem sc-status",
        line,
    )
    assert [event["source"]["ip"] for event in events] == ["192.0.2.1", "192.0.2.2"]
    # A collector that starts again reads the header again.
    assert pipeline.held is not None
    assert pipeline.held.position == "f@3"


def test_a_header_that_is_none_is_no_comment() -> None:
    events, _ = feed("iis.access", "#Fields: date time 192.0.2.1 200", "#!/bin/sh")
    assert [event["event"]["kind"] for event in events] == ["pipeline_error"] * 2
    assert "'192.0.2.1', which can't be a field's name" in events[0]["error"]["message"]


def test_a_line_that_fits_no_order_says_which_there_are() -> None:
    events, _ = feed("iis.access", "2026-01-08 10:11:13 192.0.2.1 200")
    assert (
        "after a #Fields: line, or in a usual order of 14, 15, 19, 22 fields, not 4"
        in (events[0]["error"]["message"])
    )
