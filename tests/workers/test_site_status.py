"""What `siem status` says of collectors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from rules.ecs import timestamp
from workers.collect.state import CollectorState
from workers.site_status import collector_parts


def collector(ago: timedelta = timedelta(), **entry: Any) -> CollectorState:
    one = {
        "name": "web", "source": "linux.auth", "way": "files", "since": "2026-03-30T16:01:36.000Z",
        "received": 7,
        "events": 6, "unparsed": 1, **entry,
    }  # fmt: skip
    said = {"host": "web-1", "pid": 1, "at": timestamp(datetime.now(UTC) - ago), "sources": [one]}
    return CollectorState.model_validate(said)


def test_an_entry_that_works_is_counted() -> None:
    (part,) = collector_parts([collector(lag=1.25)])
    assert (part.name, part.ok) == ("collect web", True)
    assert part.text == "7 received, 6 stored, 1 not parsed, stored 1 second after it happened"


def test_what_an_api_refuses_comes_first() -> None:
    (part,) = collector_parts([collector(problem="okta: GET /api/v1/logs: 401 Unauthorized", lost=1)])
    assert not part.ok
    assert part.text.startswith("okta: GET /api/v1/logs: 401 Unauthorized; 7 received")


def test_a_collector_that_is_silent_is_told_by_its_host() -> None:
    parts = collector_parts([collector(), collector(timedelta(minutes=5))])
    assert [(part.name, part.ok) for part in parts] == [
        ("collect web at web-1", True), ("collect web at web-1", False)
    ]  # fmt: skip
    assert parts[1].text.startswith("the collector has said nothing since ")
