"""Indicators in a real store: replaced by what the source now says, read in the order of their changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from integrations.opensearch import OpenSearchStores
from integrations.opensearch.intelligence import KEPT, Change, Renewal
from rules.intelligence import Indicator, IndicatorKind

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def _ip(number: int, **more: object) -> Indicator:
    one = Indicator(IndicatorKind.IP, f"203.0.113.{number}", confidence=70)
    return replace(one, **more)  # type: ignore[arg-type]


async def _changes(stores: OpenSearchStores, after: int) -> tuple[int, list[Change]]:
    upto = await stores.intelligence.position()
    return upto, [one async for page in stores.intelligence.changes(after, upto) for one in page]


async def test_a_source_says_exactly_what_it_says_now(stores: OpenSearchStores) -> None:
    store = stores.intelligence
    assert await store.position() == -1
    assert await store.replace("one", [_ip(1), _ip(2), _ip(3)], NOW) == Renewal(added=3)
    assert await store.replace("two", [_ip(1, confidence=90)], NOW) == Renewal(added=1)
    first, changes = await _changes(stores, -1)
    assert [(one.claim.source, one.value, one.withdrawn) for one in changes] == [
        ("one", "203.0.113.1", False), ("one", "203.0.113.2", False), ("one", "203.0.113.3", False),
        ("two", "203.0.113.1", False),
    ]  # fmt: skip

    later = NOW + timedelta(hours=1)
    said = [_ip(1), _ip(2, confidence=20), _ip(4)]
    assert await store.replace("one", said, later) == Renewal(added=1, changed=1, withdrawn=1, same=1)
    second, changes = await _changes(stores, first)
    assert sorted((one.value, one.claim.confidence, one.withdrawn) for one in changes) == [
        ("203.0.113.2", 20, False), ("203.0.113.3", 70, True), ("203.0.113.4", 70, False),
    ]  # fmt: skip
    assert await store.replace("one", said, later) == Renewal(same=3)
    assert await _changes(stores, second) == (second, [])
    assert await store.counts() == {"one": {"ip": 3}, "two": {"ip": 1}}

    about = await store.about(["203.0.113.1", "203.0.113.3"])
    assert [(one.source, one.indicator.value, one.withdrawn) for one in about] == [
        ("two", "203.0.113.1", None), ("one", "203.0.113.1", None), ("one", "203.0.113.3", later),
    ]  # fmt: skip

    again = later + timedelta(hours=1)
    assert await store.replace("one", [*said, _ip(3)], again) == Renewal(added=1, same=3)
    (back,) = await store.about(["203.0.113.3"])
    assert (back.first_seen, back.fresh, back.withdrawn) == (NOW, again, None)


async def test_a_source_that_tells_what_is_new_takes_back_by_id(stores: OpenSearchStores) -> None:
    store = stores.intelligence
    said = [_ip(1, external="a"), _ip(2, external="a"), _ip(3, external="b"), _ip(4, external="c")]
    await store.replace("one", said, NOW)
    more = [_ip(2, external="a"), _ip(5, external="a"), _ip(3, external="b", revoked=True)]
    assert await store.apply("one", more, ["a", "b"], NOW) == Renewal(added=1, withdrawn=2, same=1)
    live = await store.of_values([f"203.0.113.{number}" for number in range(9)])
    await stores.connection.refresh("*siem-intelligence")
    live = await store.of_values([f"203.0.113.{number}" for number in range(9)])
    assert sorted(one.value for one in live) == ["203.0.113.2", "203.0.113.4", "203.0.113.5"]
    assert await store.remove_source("one", NOW) == Renewal(withdrawn=3)
    assert await store.counts() == {}


async def test_what_has_ended_is_withdrawn_and_forgotten_later(stores: OpenSearchStores) -> None:
    store = stores.intelligence
    ends = NOW + timedelta(days=1)
    await store.replace("one", [_ip(1, valid_until=ends), _ip(2)], NOW)
    assert await store.expire(NOW) == 0
    position, _ = await _changes(stores, -1)
    assert await store.expire(ends) == 1
    _, changes = await _changes(stores, position)
    assert [(one.value, one.withdrawn) for one in changes] == [("203.0.113.1", True)]
    assert await store.expire(ends + KEPT + timedelta(days=1)) == 0
    await stores.connection.refresh("*siem-intelligence")
    assert await store.about(["203.0.113.1"]) == []
    assert len(await store.about(["203.0.113.2"])) == 1
