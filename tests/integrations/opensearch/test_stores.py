"""The stores on a real OpenSearch node."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from integrations.opensearch import OpenSearchStores
from integrations.ports import StoreConflictError, StoreError, StoreQueryError
from rules.alerts import Alert, EventRef, Severity
from rules.ecs import event_id
from rules.entities import Entity
from rules.evidence import EvidenceRecord, Head
from rules.incidents import IncidentFacts, IncidentStatus
from tests.integrations.opensearch.conftest import NOW, event

DAY = timedelta(days=1)


async def seen(stores: OpenSearchStores, after: dict[str, int], upto: dict[str, int]) -> list[str]:
    return [
        stored.document["event"]["id"] async for page in stores.events.between(after, upto) for stored in page
    ]


async def test_a_replay_makes_no_duplicate(stores: OpenSearchStores) -> None:
    first = await stores.events.write([event(1), event(2)])
    again = await stores.events.write([event(2), event(3)])
    assert (first.created, first.duplicates) == (2, 0)
    assert (again.created, again.duplicates) == (1, 1)


async def test_between_reads_each_event_once_while_others_write(stores: OpenSearchStores) -> None:
    written = {event_id("linux.auth", f"f@{number}", b"x") for number in range(4 * 300)}

    async def write(start: int) -> None:
        for number in range(start, start + 300, 20):
            await stores.events.write([event(n) for n in range(number, number + 20)])

    writers = asyncio.gather(*(write(start * 300) for start in range(4)))
    found: list[str] = []
    mark: dict[str, int] = {}
    while True:
        done = writers.done()
        if done:
            await writers
        upto = dict(await stores.events.checkpoints())
        found += await seen(stores, mark, upto)
        mark = upto
        if done:
            break
    assert sorted(found) == sorted(written)


async def test_an_event_with_odd_fields_is_kept_whole(stores: OpenSearchStores) -> None:
    odd = event(1, vendor={"deep": {"x": [1, "two", None]}}, unknown={"field": "kept"})
    odd["source"]["port"] = "no number"
    assert (await stores.events.write([odd])).created == 1
    await stores.events.checkpoints()
    (stored,) = await stores.events.read([odd["event"]["id"]])
    assert stored.document["unknown"] == {"field": "kept"}
    assert stored.document["source"]["port"] == "no number"


async def test_an_event_that_the_engine_refuses_is_kept_as_a_pipeline_error(stores: OpenSearchStores) -> None:
    bad = event(1)
    bad["user"] = "a value where an object belongs"
    result = await stores.events.write([bad, event(2)])
    assert result.created == 1
    assert result.rejected[0][0] == bad["event"]["id"]
    await stores.events.checkpoints()
    (kept,) = await stores.events.read([bad["event"]["id"]])
    assert kept.document["event"]["kind"] == "pipeline_error"
    assert kept.document["event"]["original"] == "line 1"
    assert "refused" in kept.document["error"]["message"]


@pytest.mark.parametrize(
    "leftover",
    [
        {"a": None, "b": [None, 1, "x"], "c": [], "d": {}},
        {"a": [{"b": 1}, {"b": {"c": [[1], [2]]}}], "": "empty", "x.y": 1, " ": 0},
        {"wide": {f"k{n}": n for n in range(3000)}},
        {"number": 2**63, "float": 1e300, "truth": True},
    ],
    ids=["nothing", "lists", "wide", "numbers"],
)
async def test_no_leftover_of_a_vendor_costs_an_event_its_fields(
    stores: OpenSearchStores, leftover: dict[str, Any]
) -> None:
    one = event(1, aws={"cloudtrail": leftover}, winlog={"event_data": leftover}, unknown=leftover)
    result = await stores.events.write([one])
    assert (result.created, result.rejected) == (1, ())
    await stores.events.checkpoints()
    (stored,) = await stores.events.read([one["event"]["id"]])
    assert stored.document["aws"] == {"cloudtrail": leftover}
    assert (await stores.events.verify()).whole


async def test_a_leftover_too_long_to_index_is_cut_and_marked_and_the_original_is_whole(
    stores: OpenSearchStores,
) -> None:
    long = {"ScriptBlockText": "ä" * 40_000, "short": "kept"}
    one = event(1, winlog={"event_data": long, "channel": "Security"})
    one["event"]["original"] = "ä" * 40_000
    result = await stores.events.write([one, event(2)])
    assert (result.created, result.rejected) == (2, ())
    await stores.events.checkpoints()
    (stored,) = await stores.events.read([one["event"]["id"]])
    assert stored.document["winlog"]["event_data"] == {"ScriptBlockText": "ä" * 15_000, "short": "kept"}
    assert stored.document["winlog"]["channel"] == "Security"
    assert stored.document["log"]["flags"] == ["shortened"]
    assert stored.document["event"]["original"] == one["event"]["original"]
    assert one["winlog"]["event_data"]["ScriptBlockText"] == "ä" * 40_000
    assert (await stores.events.verify()).whole


async def test_what_is_no_json_is_kept_as_an_error(stores: OpenSearchStores) -> None:
    odd = event(1, user={"name": "half a \ud800 pair"}, process={"pid": 2**70})
    result = await stores.events.write([odd, event(2)])
    assert (result.created, [one for one, _ in result.rejected]) == (1, [odd["event"]["id"]])
    await stores.events.checkpoints()
    (kept,) = await stores.events.read([odd["event"]["id"]])
    assert kept.document["event"]["kind"] == "pipeline_error"
    assert kept.document["event"]["original"] == "line 1"


async def test_a_leaf_of_a_leftover_is_found(stores: OpenSearchStores) -> None:
    await stores.events.write([event(1, aws={"cloudtrail": {"requestParameters": {"enable": "false"}}})])
    query = "aws.cloudtrail.requestParameters.enable:false"
    assert (await stores.events.search(query, NOW - DAY, NOW + DAY, 10))[0] == 1


async def test_search_finds_by_field_and_says_where_a_query_is_wrong(stores: OpenSearchStores) -> None:
    await stores.events.write([event(1), event(2, "198.51.100.1")])
    total, events = await stores.events.search(
        "source.ip:203.0.113.0\\/24 AND failed", NOW - DAY, NOW + DAY, 10
    )
    assert total == 1
    assert events[0].document["source"]["ip"] == "203.0.113.7"
    assert (await stores.events.search("user.name.caseless:alice", NOW - DAY, NOW + DAY, 10))[0] == 2
    with pytest.raises(StoreQueryError, match="Cannot parse"):
        await stores.events.search("source.ip:(", NOW - DAY, NOW + DAY, 10)


async def test_history_and_count_by_keys(stores: OpenSearchStores) -> None:
    await stores.events.write([event(n, "203.0.113.7" if n % 2 else "198.51.100.1") for n in range(10)])
    await stores.events.checkpoints()
    keys = {"source.ip": ["203.0.113.7"]}
    pages = [page async for page in stores.events.history(keys, NOW, NOW + timedelta(seconds=5))]
    assert [stored.document["@timestamp"][17:19] for page in pages for stored in page] == ["37", "39", "41"]
    assert await stores.events.count(keys, NOW, NOW + DAY) == 5


def alert(number: int, ip: str = "203.0.113.7") -> Alert:
    return Alert(
        id=f"alr-{number}", rule="ssh-brute-force", rule_id="r", title="t", severity=Severity.MEDIUM,
        risk=30, entities=(Entity.parse(f"ip:{ip}"),), evidence=(EventRef(id="e"),), evidence_count=1,
        first=NOW, last=NOW + timedelta(minutes=number), detected=NOW,
    )  # fmt: skip


async def test_alerts_are_written_once_and_join(stores: OpenSearchStores) -> None:
    assert await stores.alerts.create([alert(1), alert(2)]) == ["alr-1", "alr-2"]
    assert await stores.alerts.create([alert(2), alert(3, "198.51.100.1")]) == ["alr-3"]
    await stores.alerts.assign(["alr-1"], "inc-a")
    assert await stores.alerts.incident_of(["alr-1", "alr-2", "alr-9"]) == {"alr-1": "inc-a"}
    assert await stores.alerts.of_incident("inc-a") == [alert(1)]
    about = await stores.alerts.about(["ip:203.0.113.7"], NOW, NOW + DAY)
    assert [one.id for one in about] == ["alr-1", "alr-2"]
    assert await stores.alerts.about(["ip:203.0.113.7"], NOW + DAY, NOW + 2 * DAY) == []


async def test_incidents_never_go_back_to_an_older_version(stores: OpenSearchStores) -> None:
    facts = IncidentFacts(
        id="inc-a", title="t", severity=Severity.HIGH, rules=("r",), alerts=("alr-1",),
        entities=(Entity.parse("ip:203.0.113.7"),), first=NOW, last=NOW, opened=NOW,
    )  # fmt: skip
    await stores.incidents.put(facts.model_copy(update={"title": "newer"}), 2)
    await stores.incidents.put(facts, 1)
    assert (await stores.incidents.get("inc-a")) == facts.model_copy(update={"title": "newer"})
    assert await stores.incidents.get("inc-none") is None
    assert len(await stores.incidents.about(["ip:203.0.113.7"], NOW - DAY, NOW + DAY)) == 1
    await stores.incidents.put(facts.model_copy(update={"status": IncidentStatus.CLOSED}), 3)
    assert await stores.incidents.about(["ip:203.0.113.7"], NOW - DAY, NOW + DAY) == []
    assert await stores.incidents.recent(5, open_only=True) == []


async def test_evidence_is_create_only(stores: OpenSearchStores) -> None:
    record, head = EvidenceRecord.link(
        Head(chain="inc-a"), at=NOW, kind="note.made", actor="siem", text="One."
    )
    second, _ = EvidenceRecord.link(head, at=NOW, kind="note.made", actor="siem", text="Two.")
    await stores.evidence.append([record, second])
    await stores.evidence.append([record])
    forged = record.model_copy(update={"text": "Other.", "hash": "0" * 64})
    with pytest.raises(StoreError, match="another one"):
        await stores.evidence.append([forged])
    assert await stores.evidence.chain("inc-a") == [record, second]
    assert await stores.evidence.chains() == ["inc-a"]


async def test_state_compares_before_it_sets(stores: OpenSearchStores) -> None:
    version = await stores.state.put("containment/a b", {"x": 1}, "")
    with pytest.raises(StoreConflictError):
        await stores.state.put("containment/a b", {"x": 2}, "")
    newer = await stores.state.put("containment/a b", {"x": 3}, version)
    with pytest.raises(StoreConflictError):
        await stores.state.put("containment/a b", {"x": 4}, version)
    assert await stores.state.get("containment/a b") == ({"x": 3}, newer)
    assert await stores.state.keys("containment/") == ["containment/a b"]
    await stores.state.delete("containment/a b")
    assert await stores.state.get("containment/a b") is None
