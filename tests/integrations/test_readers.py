"""What all normalisers build on: times, numbers, URLs, agents, paths, wrappers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.contract import Framing, Origin
from integrations.fields import LARGEST, add, integer, mac, number, put, put_end
from integrations.flows import put_flow
from integrations.framing import records_of
from integrations.times import Times
from integrations.web import domain_parts, put_agent, put_path, put_url
from rules.ecs import flatten

ORIGIN = Origin(received=datetime(2026, 1, 2, tzinfo=UTC), timezone="Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-30T16:01:36Z", "2026-03-30T16:01:36.000Z"),
        ("2026/03/30 16:01:36,5 +0200", "2026-03-30T14:01:36.500Z"),
        ("2026-03-30 16:01", "2026-03-30T14:01:00.000Z"),
        ("2026-03-30T16:01:36.123456789-05", "2026-03-30T21:01:36.123Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
        ("2026-02-30", None),
        ("9999-12-31T23:59:59-10:00", None),
        ("2026-03-30 16:01:36 PDT", "2026-03-30T23:01:36.000Z"),
        ("2026-01-30 16:01:36 cet", "2026-01-30T15:01:36.000Z"),
        ("2026-03-30T16:01:36 GMT+02:00", "2026-03-30T14:01:36.000Z"),
        ("2026-03-30 04:01:36 PM", None),
        ("yesterday", None),
        (7, None),
    ],
)
def test_iso_times(text: Any, expected: str | None) -> None:
    assert Times(ORIGIN).iso(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mar 30 2026 16:01:36 GMT", "2026-03-30T16:01:36.000Z"),
        ("Mar 30 2026 16:01:36 EST", "2026-03-30T21:01:36.000Z"),
        ("Mar 30 2026 16:01:36 CST", "2026-03-30T22:01:36.000Z"),
        ("Jan 30 2026 16:01:36 CEST", "2026-01-30T14:01:36.000Z"),
        ("Mar 30 2026 16:01:36 XYZ", "2026-03-30T14:01:36.000Z"),
        ("Mar 30 2026 04:01:36 PM", None),
    ],
)
def test_an_abbreviated_zone_is_known_or_says_nothing(text: str, expected: str | None) -> None:
    assert Times(ORIGIN).parse(text, "%b %d %Y %H:%M:%S %Z") == expected


@pytest.mark.parametrize(
    "text",
    [
        "30/Mar/2026:16:01:36 +0200",
        "Mon, 30 Mar 2026 14:01:36 GMT",
        "Mon Mar 30 16:01:36 2026",
        "Mar 30, 2026 4:01:36 PM",
        "2026-03-30 04:01:36 PM",
        "30-Mar-2026 16:01:36",
        1774879296000,
    ],
)
def test_usual_forms_of_a_time_are_known(text: Any) -> None:
    assert Times(ORIGIN).usual(text) == "2026-03-30T14:01:36.000Z"


def test_a_time_that_may_be_two_is_none() -> None:
    assert Times(ORIGIN).usual("03/04/2026 16:01:36") is None


def test_an_abbreviation_means_what_it_means_at_the_origin() -> None:
    shanghai = Times(Origin(received=datetime(2026, 1, 2, tzinfo=UTC), timezone="Asia/Shanghai"))
    assert shanghai.iso("2026-03-30 16:01:36 CST") == "2026-03-30T08:01:36.000Z"
    new_york = Times(Origin(received=datetime(2026, 1, 2, tzinfo=UTC), timezone="America/New_York"))
    assert new_york.iso("2026-07-30 16:01:36 EST") == "2026-07-30T21:01:36.000Z"


@pytest.mark.parametrize(
    "value",
    [1774886496, "1774886496.0", 1774886496000, "1774886496000000", 1774886496000000000, 1774886496.0],
)
def test_the_size_of_a_number_tells_its_unit(value: Any) -> None:
    assert Times(ORIGIN).epoch(value) == "2026-03-30T16:01:36.000Z"


@pytest.mark.parametrize("value", [True, None, "x", float("nan"), float("inf"), 10**30, "1e5", [], "٣"])
def test_what_is_no_time_is_none(value: Any) -> None:
    assert Times(ORIGIN).any(value) is None


def test_a_time_without_a_year_is_in_the_latest_that_fits() -> None:
    times = Times(ORIGIN)
    assert times.parse("Jan  2 01:00:00", "%b %d %H:%M:%S") == "2026-01-02T00:00:00.000Z"
    assert times.parse("Dec 31 01:00:00", "%b %d %H:%M:%S") == "2025-12-31T00:00:00.000Z"
    assert times.parse("Feb 29 01:00:00", "%b %d %H:%M:%S") == "2024-02-29T00:00:00.000Z"


@given(value=st.one_of(st.integers(), st.floats(), st.text(max_size=30), st.booleans(), st.none()))
def test_any_value_is_a_time_of_one_form_or_none(value: Any) -> None:
    found = Times(ORIGIN).any(value)
    assert found is None or (len(found) == 24 and found.endswith("Z"))


@given(
    value=st.one_of(
        st.integers(), st.floats(), st.text(max_size=30), st.booleans(), st.none(), st.lists(st.none())
    )
)
def test_a_number_fits_the_store_or_is_none(value: Any) -> None:
    found = integer(value)
    assert found is None or (type(found) is int and -LARGEST <= found <= LARGEST)
    orjson.dumps(number(value))


def test_urls_have_parts() -> None:
    document: dict[str, Any] = {}
    put_url(document, "HTTPS://bob:pw@www.Example.co.uk:8443/a/b.tar?q=1#f")
    assert flatten(document) == {
        "url.original": "HTTPS://bob:pw@www.Example.co.uk:8443/a/b.tar?q=1#f", "url.scheme": "https",
        "url.domain": "www.Example.co.uk", "url.registered_domain": "example.co.uk", "url.subdomain": "www",
        "url.top_level_domain": "co.uk", "url.port": 8443, "url.path": "/a/b.tar", "url.query": "q=1", "url.fragment": "f",
        "url.username": "bob", "url.extension": "tar",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["/", "//", "http://", "mailto:a@example.com", "http://[::1]:80/x", "?", "a b", "\x00", "http://[::1"],
)
def test_odd_urls_are_kept(text: str) -> None:
    document: dict[str, Any] = {}
    put_url(document, text)
    assert document["url"]["original"] == text


def test_domains() -> None:
    assert domain_parts("203.0.113.7") == {}
    assert domain_parts("localhost") == {}
    assert domain_parts("Example.org.") == {"registered_domain": "example.org", "top_level_domain": "org"}


def test_agents_as_elastic_has_them() -> None:
    document: dict[str, Any] = {}
    text = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
    put_agent(document, text)
    assert flatten(document) == {
        "user_agent.original": text, "user_agent.name": "Chrome", "user_agent.version": "120.0.0.0", "user_agent.device.name": "Other",
        "user_agent.os.name": "Windows", "user_agent.os.version": "10", "user_agent.os.full": "Windows 10",
    }  # fmt: skip


def test_paths_of_both_kinds() -> None:
    document: dict[str, Any] = {}
    put_path(document, "file", "C:\\Users\\bob\\a.txt")
    put_path(document, "dll", "/tmp/.hidden")
    assert flatten(document) == {
        "file.path": "C:\\Users\\bob\\a.txt", "file.name": "a.txt", "file.directory": "C:\\Users\\bob", "file.extension": "txt",
        "dll.path": "/tmp/.hidden", "dll.name": ".hidden", "dll.directory": "/tmp",
    }  # fmt: skip


def test_a_number_beyond_the_store_s_is_left_out() -> None:
    document: dict[str, Any] = {}
    put(document, "source.bytes", LARGEST)
    put(document, "destination.bytes", LARGEST + 1)
    put(document, "event.duration", -LARGEST - 1)
    put_flow(document | {"destination": {"bytes": 1}})
    assert flatten(document) == {"source.bytes": LARGEST}
    assert Times(ORIGIN).epoch("1774886496000\x1f") == "2026-03-30T16:01:36.000Z"


def test_small_things() -> None:
    assert [mac(text) for text in ("02:00:00:00:00:0a", "0200.0000.000A", "02000000000a", "x", None)] == [
        *["02-00-00-00-00-0A"] * 3, None, None,
    ]  # fmt: skip
    document: dict[str, Any] = {}
    put_end(document, "source", "[2001:db8::7]", "443")
    put_end(document, "destination", "web.example.org", 70_000)
    add(document, "related.user", ["a", "", None, "a", "b"])
    add(document, "related.user", "b")
    assert flatten(document) == {
        "source.address": "2001:db8::7", "source.ip": "2001:db8::7", "source.port": 443,
        "destination.address": "web.example.org", "destination.domain": "web.example.org", "related.user": ["a", "b"],
    }  # fmt: skip


@pytest.mark.parametrize("block", [7, 64, 1 << 20])
def test_a_list_wrapped_in_an_object_is_its_records(block: int) -> None:
    data = b'{ "Records" : [ {"a":{"b":[1,2]}},\n {"c":"}"} ] }\n{"Records":[{"d":3}]}'
    blocks = [data[at : at + block] for at in range(0, len(data), block)]
    found = [orjson.loads(record.data) for record in records_of(blocks, Framing.JSON, "f")]
    assert found == [{"a": {"b": [1, 2]}}, {"c": "}"}, {"d": 3}]


def test_an_object_that_only_looks_like_a_wrapper_is_a_record() -> None:
    data = b'{"Records": 3}\n{"items": {"a": 1}}\n'
    assert [record.data for record in records_of([data], Framing.JSON, "f")] == data.splitlines()
