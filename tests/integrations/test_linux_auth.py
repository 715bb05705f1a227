"""The source `linux.auth`: repetition, years and zones, and what is no line of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from integrations.catalogue import source
from integrations.contract import Origin, Record
from integrations.pipeline import LONGEST, Pipeline

AUTH = source("linux.auth")
MARCH = Origin(received=datetime(2026, 4, 20, tzinfo=UTC))
FAILED = b"Mar 30 16:01:36 web-1 sshd[2]: Failed password for root from 203.0.113.7 port 51320 ssh2"


def test_a_repetition_gives_as_many_events_with_ids_of_their_own() -> None:
    head, tail = FAILED.split(b": ")
    line = head + b": message repeated 5 times: [ " + tail + b"]"
    events = Pipeline(AUTH, MARCH).feed(Record(line, "f@0"))
    assert len({event["event"]["id"] for event in events}) == 5
    assert {event["event"]["action"] for event in events} == {"ssh_login"}


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("2026-04-20", "2026-03-30"),
        ("2026-03-29T17:00", "2026-03-30"),
        ("2026-03-29T16:00", "2025-03-30"),
        ("2026-03-01", "2025-03-30"),
        ("2026-12-31", "2026-03-30"),
    ],
)
def test_the_year_is_the_latest_that_is_not_in_the_future(received: str, expected: str) -> None:
    origin = Origin(received=datetime.fromisoformat(received).replace(tzinfo=UTC))
    event = Pipeline(AUTH, origin).feed(Record(FAILED, "f@0"))[0]
    assert event["@timestamp"][:10] == expected


def test_a_stated_year_and_zone_are_taken() -> None:
    origin = Origin(received=datetime(2026, 4, 20, tzinfo=UTC), year=2017, timezone="Europe/Berlin")
    assert Pipeline(AUTH, origin).feed(Record(FAILED, "f@0"))[0]["@timestamp"] == "2017-03-30T14:01:36.000Z"


def test_the_29th_of_february_falls_in_a_leap_year() -> None:
    line = FAILED.replace(b"Mar 30", b"Feb 29")
    event = Pipeline(AUTH, Origin(received=datetime(2026, 4, 1, tzinfo=UTC))).feed(Record(line, "f@0"))[0]
    assert event["@timestamp"][:10] == "2024-02-29"


def test_a_replay_has_the_same_id_and_another_place_another() -> None:
    first, again, other = (
        Pipeline(AUTH, MARCH).feed(Record(FAILED, place))[0]["event"]["id"]
        for place in ("f@0", "f@0", "f@90")
    )
    assert first == again != other


def test_what_is_no_syslog_is_kept_with_the_reason() -> None:
    (event,) = Pipeline(AUTH, MARCH).feed(Record(b"\xff\x00 no syslog", "f@0"))
    assert event["event"]["kind"] == "pipeline_error"
    assert "expected a syslog line" in event["error"]["message"]
    assert "no syslog" in event["event"]["original"]


def test_an_over_long_line_is_cut_and_says_so() -> None:
    (event,) = Pipeline(AUTH, MARCH).feed(Record(FAILED + b"x" * LONGEST, "f@0"))
    assert len(event["event"]["original"]) == LONGEST
    assert f"of {len(FAILED) + LONGEST} bytes" in event["event"]["reason"]
    assert event["log"]["flags"] == ["truncated"]
