"""Rollover, retention, legal hold and erasure on a real node; the seals stay whole over all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from integrations.opensearch import OpenSearchStores
from integrations.opensearch.holds import Hold
from integrations.opensearch.retention import Period, RetentionPolicy
from integrations.opensearch.seals import Kind
from integrations.opensearch.subjects import subject_query
from integrations.ports import StoreConflictError, StoreQueryError
from rules.ecs import event_id
from tests.integrations.opensearch.conftest import event

pytestmark = pytest.mark.engine


def ident(number: int) -> str:
    return event_id("linux.auth", f"f@{number}", b"x")


async def roll(stores: OpenSearchStores) -> None:
    assert len(await stores.events.rollover(max_docs=1)) == 1


def later(days: int) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


async def test_a_replay_after_a_rollover_makes_no_duplicate(stores: OpenSearchStores) -> None:
    await stores.events.write([event(n) for n in range(5)])
    await roll(stores)
    result = await stores.events.write([event(n) for n in range(7)])
    assert (result.created, result.duplicates) == (2, 5)
    assert (await stores.events.verify()).whole


async def test_between_goes_on_in_the_next_generation(stores: OpenSearchStores) -> None:
    await stores.events.write([event(1)])
    mark = await stores.events.checkpoints()
    await roll(stores)
    await stores.events.write([event(2)])
    upto = await stores.events.checkpoints()
    assert set(mark) < set(upto)
    found = [one.document["event"]["id"] async for p in stores.events.between(mark, upto) for one in p]
    assert found == [ident(2)]


async def test_retention_deletes_old_indices_and_the_chain_explains_it(stores: OpenSearchStores) -> None:
    await stores.events.write([event(n) for n in range(4)])
    await roll(stores)
    await stores.events.write([event(9)])
    assert await stores.events.expire(RetentionPolicy(), later(179)) == []
    (gone,) = await stores.events.expire(RetentionPolicy(), later(181))
    assert (gone.events, gone.kept) == (4, 0)
    found = await stores.events.verify()
    assert found.findings == []
    assert found.events == 1


async def test_retention_passes_no_hold_by_query_or_by_event(stores: OpenSearchStores) -> None:
    await stores.events.write([event(n, "198.51.100.9" if n == 2 else "203.0.113.7") for n in range(5)])
    await roll(stores)
    now = datetime.now(UTC)
    await stores.events.hold(
        Hold(name="case-1", reason="court", by="u", at=now, query="source.ip:198.51.100.9")
    )
    await stores.events.hold(Hold(name="case-2", reason="inc", by="u", at=now, events=(ident(4),)))
    with pytest.raises(StoreConflictError):
        await stores.events.hold(Hold(name="case-2", reason="r", by="u", at=now, query="*"))
    with pytest.raises(StoreQueryError):
        await stores.events.hold(Hold(name="case-3", reason="r", by="u", at=now, query="a:("))
    (gone,) = await stores.events.expire(RetentionPolicy(), later(200))
    assert (gone.events, gone.kept) == (3, 2)
    await stores.events.checkpoints()
    left = await stores.events.read([ident(n) for n in range(5)])
    assert sorted(one.document["event"]["original"] for one in left) == ["line 2", "line 4"]
    assert (await stores.events.verify()).findings == []
    assert await stores.events.holds.lift("case-1")
    (gone,) = await stores.events.expire(RetentionPolicy(), later(200))
    assert (gone.events, gone.kept) == (1, 1)
    assert (await stores.events.verify()).findings == []


async def test_an_erasure_takes_events_and_originals_and_leaves_the_rest(stores: OpenSearchStores) -> None:
    await stores.events.write([event(n, user={"name": "eve" if n == 3 else "bob"}) for n in range(6)])
    now = datetime.now(UTC)
    await stores.events.hold(Hold(name="case", reason="r", by="u", at=now, events=(ident(1),)))
    erased = await stores.events.erase("user.name:eve", reason="asked", by="slack:U0ALICE", now=now)
    assert (erased.events, erased.held) == ((ident(3),), 0)
    assert await stores.events.read([ident(3)]) == []
    (block,) = (await stores.events.originals.open_blocks([f"{stores.events.seals.writer}-1.0"])).values()
    assert block == ["line 0", "line 1", "line 2", None, "line 4", "line 5"]
    kept = await stores.events.erase("user.name:bob", reason="asked", by="slack:U0ALICE", now=now)
    assert (len(kept.events), kept.held) == (4, 1)
    found = await stores.events.verify()
    assert (found.findings, found.events) == ([], 1)


async def test_an_erasure_finds_a_subject_in_fields_and_leftovers_and_nobody_else(
    stores: OpenSearchStores,
) -> None:
    await stores.events.write(
        [
            event(1, user={"name": "Eve"}),
            event(2, user={"name": "bob", "target": {"name": "eve"}}),
            event(3, user={"name": "bob"}, vendor={"acme": {"owner": "eve"}}),
            event(4, user={"name": "bob"}, message="eve called"),
            event(5, "198.51.100.9", user={"name": "evelyn"}, message="nothing"),
            event(6, user={"name": "bob"}, message="nothing"),
        ]
    )
    now = datetime.now(UTC)
    found = await stores.events.concerned(subject_query("user:eve"))
    assert (found.events, found.held) == (3, {})
    assert (await stores.events.concerned(subject_query("user:eve", text=True))).events == 4
    assert (await stores.events.concerned(subject_query("ip:198.51.100.9"))).events == 1
    erased = await stores.events.erase(subject_query("user:eve"), reason="asked", by="u", now=now)
    assert set(erased.events) == {ident(1), ident(2), ident(3)}
    verified = await stores.events.verify()
    assert (verified.findings, verified.events) == ([], 3)
    assert [(one.kind, one.events) for one in verified.deletions] == [(Kind.ERASURE, 3)]
    assert len(await stores.events.expunge()) == 2  # the events' index and that of originals
    (settings,) = (
        await stores.connection.request("GET", f"/{stores.connection.prefix}siem-originals/_settings")
    ).values()
    assert "merge" not in settings["settings"]["index"]
    assert (await stores.events.verify()).findings == []
    for wrong in ("eve", "user:", "ip:10.0.0.0/8", "colour:red"):
        with pytest.raises(StoreQueryError):
            subject_query(wrong)


def test_less_than_half_a_year_needs_its_reason() -> None:
    with pytest.raises(ValidationError, match="reason"):
        Period(days=30)
    policy = RetentionPolicy(
        datasets={"aws.*": Period(days=30, reason="volume"), "linux.*": Period(days=400)}
    )
    assert [policy.days_of(name) for name in ("aws.cloudtrail", "linux.auth", "okta.system")] == [
        30,
        400,
        180,
    ]
