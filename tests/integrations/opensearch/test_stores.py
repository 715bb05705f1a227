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


def deep(levels: int) -> dict[str, Any]:
    document: dict[str, Any] = {"bottom": 1}
    for _ in range(levels):
        document = {"k": document}
    return document


HOSTILE: dict[str, Any] = {
    "deep": deep(200),
    "wide": {f"key{n}": f"value {n}" for n in range(10_000)},
    "dots": {"a.b": 1, "a": {"b": 2}, ".": 1, "..": 2, "a..b": 3, ".a": 4, "a.": 5},
    "nameless": {"": {"": 1}},
    "arrays": {"a": [[1, [2, {"b": [[3]]}]], None, []]},
    "signs": {"a=b": "c=d", "\x00k": "a\x00b", "😀": "😀"},
    "many long": {f"v{n}": "y" * 31_000 for n in range(40)},
    "no object": [1, {"a": 2}, "text"],
}


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # one write of a batch
async def test_no_shape_of_leftovers_loses_an_event_or_its_leftovers(stores: OpenSearchStores) -> None:
    events = [event(n, vendor=leftover) for n, leftover in enumerate(HOSTILE.values())]
    result = await stores.events.write(events)
    assert (result.created, result.rejected) == (len(HOSTILE), ())
    await stores.events.checkpoints()
    found = {
        one.document["event"]["id"]: one.document
        for one in await stores.events.read([one["event"]["id"] for one in events])
    }
    for one in events:
        assert found[one["event"]["id"]]["vendor"] == one["vendor"]
    assert (await stores.events.search('vendor.key9999:"value 9999"', NOW - DAY, NOW + DAY, 10))[0] == 1


@pytest.mark.parametrize(
    ("leftover", "flag"),
    [
        ({"v": "x" * 1_000_000, "k" * 40_000: "v", "kept": "yes"}, "shortened"),
        ({"a" * 20_000: {"b" * 20_000: "c"}, "kept": "yes"}, "shortened"),
        ({"deep": deep(300), "kept": "yes"}, "mended"),
        ({"large": 2**70, "half a \ud800 pair": "\ud800", "kept": "yes"}, "mended"),
    ],
    ids=["long", "long path", "too deep", "no JSON"],
)
async def test_what_can_not_be_indexed_is_mended_so_that_rules_still_see_the_event(
    stores: OpenSearchStores, leftover: dict[str, Any], flag: str
) -> None:
    """A key of 33 KB must not make a pipeline error of an attack."""
    one = event(1, vendor=leftover)
    result = await stores.events.write([one, event(2)])
    assert (result.created, result.rejected) == (2, ())
    assert (await stores.events.search("vendor.kept:yes", NOW - DAY, NOW + DAY, 10))[0] == 1
    (kept,) = await stores.events.read([one["event"]["id"]])
    assert kept.document["event"]["kind"] == "event"
    assert kept.document["source"] == one["source"]
    assert kept.document["log"]["flags"] == [flag]
    assert kept.document["event"]["original"] == "line 1"
    assert (await stores.events.verify()).whole


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # one write of a batch
async def test_events_too_long_for_one_request_are_stored_in_several(stores: OpenSearchStores) -> None:
    """The engine takes 100 MB at once; 2,000 records of 64 KB, each with its message, are more."""
    text = "x" * 65_000
    events = [event(n, message=text, process={"command_line": text}) for n in range(900)]
    for one in events:
        one["event"]["original"] = text
    assert (await stores.events.write(events)).created == 900
    await stores.connection.refresh(stores.events.names.seals)
    seals = await stores.connection.request("GET", f"/{stores.events.names.seals}/_count")
    assert seals["count"] == 7


@pytest.mark.parametrize("field", ["message", "command_line"])
@pytest.mark.parametrize(("text", "flags"), [("x" * 60_000, None), ("ä" * 30_000, ["shortened"])])
async def test_a_long_message_or_command_line_costs_no_event_its_fields(
    stores: OpenSearchStores, field: str, text: str, flags: list[str] | None
) -> None:
    one = event(1, message=text) if field == "message" else event(1, process={"command_line": text})
    result = await stores.events.write([one, event(2)])
    assert (result.created, result.rejected) == (2, ())
    await stores.events.checkpoints()
    (kept,) = await stores.events.read([one["event"]["id"]])
    assert kept.document["event"]["kind"] == "event"
    assert (kept.document.get("log") or {}).get("flags") == flags
    stored = kept.document["message"] if field == "message" else kept.document["process"]["command_line"]
    assert stored == text[: None if flags is None else 15_000]


async def test_what_is_no_json_at_all_is_kept_as_an_error(stores: OpenSearchStores) -> None:
    odd = event(1, vendor={"what": object()})
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
