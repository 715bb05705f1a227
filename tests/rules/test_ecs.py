"""Flat and nested documents."""

from __future__ import annotations

from typing import Any

import pytest

from rules import ecs
from rules.ecs import flatten, nest


def test_flat_fields_have_dotted_names_and_lists_of_objects_become_lists() -> None:
    document: dict[str, Any] = {
        "source": {"ip": "192.0.2.1", "geo": {"city_name": None}},
        "event": {"category": ["process"], "code": 1},
        "dns": {"answers": [{"data": "192.0.2.7", "ttl": 3}, {"data": "192.0.2.8"}, "x"]},
        "user.name": "alice",
    }
    assert flatten(document) == {
        "source.ip": "192.0.2.1",
        "source.geo.city_name": None,
        "event.category": ["process"],
        "event.code": 1,
        "dns.answers.data": ["192.0.2.7", "192.0.2.8"],
        "dns.answers.ttl": 3,
        "dns.answers": "x",
        "user.name": "alice",
    }
    assert flatten({"user.name": "alice", "user": {"name": "bob"}}) == {"user.name": ["alice", "bob"]}
    assert nest(flatten({"a": {"b": {"c": 1}}})) == {"a": {"b": {"c": 1}}}


def test_events_share_the_names_of_their_fields() -> None:
    one, other = (next(iter(flatten({"process": {"parent": {"pid": pid}}}))) for pid in (1, 2))
    assert one == "process.parent.pid"
    assert one is other


def test_ever_new_names_are_not_all_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ecs, "_NAMES", ecs._Names(""))
    monkeypatch.setattr(ecs, "_MOST_SHARED", 50)
    monkeypatch.setattr(ecs._Names, "shared", 0)
    for number in range(100):
        assert flatten({f"a{number}": {f"b{number}": 1}}) == {f"a{number}.b{number}": 1}
    long = "x" * 1000
    assert flatten({long: 1, "y": {long: 2}}) == {long: 1, f"y.{long}": 2}
    assert ecs._Names.shared == 50
    assert long not in ecs._NAMES
