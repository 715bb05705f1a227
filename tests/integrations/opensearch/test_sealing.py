"""What is sealed can be read back, and every tampering is named, on a real node."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from integrations.opensearch import Keyring, KeyringError, MissingKeyError, OpenSearchStores, connect
from integrations.opensearch.keyring import Wrapped
from integrations.opensearch.originals import keys_in_use, rotate
from integrations.opensearch.seals import Fault, Position
from integrations.opensearch.verification import Verification
from integrations.ports import StoreUnavailableError
from rules.ecs import event_id
from tests.integrations.opensearch.conftest import KEYS, event

pytestmark = pytest.mark.engine


def event_ids(*numbers: int) -> list[str]:
    return [event_id("linux.auth", f"f@{number}", b"x") for number in numbers]


async def faults(stores: OpenSearchStores, known: list[Position] | None = None) -> list[tuple[Fault, str]]:
    return _faults(await stores.events.verify(known or []))


def _faults(found: Verification) -> list[tuple[Fault, str]]:
    return sorted((one.fault, one.event or one.batch) for one in found.findings)


async def stored(stores: OpenSearchStores, number: int) -> dict[str, Any]:
    """An event as it lies in the store, mark and all."""
    await stores.connection.refresh(f"{stores.connection.prefix}logs-*")
    body = {"query": {"ids": {"values": event_ids(number)}}, "size": 1}
    hit: dict[str, Any] = (await stores.connection.search(f"{stores.connection.prefix}logs-*", body))["hits"][
        "hits"
    ][0]
    return hit


async def overwrite(stores: OpenSearchStores, hit: dict[str, Any], source: dict[str, Any]) -> None:
    await stores.connection.request(
        "PUT", f"/{hit['_index']}/_doc/{hit['_id']}", source, **await _at(stores, hit)
    )


async def _at(stores: OpenSearchStores, hit: dict[str, Any]) -> dict[str, Any]:
    doc = await stores.connection.request("GET", f"/{hit['_index']}/_doc/{hit['_id']}")
    return {"if_seq_no": doc["_seq_no"], "if_primary_term": doc["_primary_term"]}


async def test_originals_are_not_in_the_clear_and_are_read_back_alone(stores: OpenSearchStores) -> None:
    await stores.events.write([event(n) for n in range(600)] + [event(9, dataset="aws.cloudtrail")])
    hit = await stored(stores, 300)
    assert "original" not in hit["_source"]["event"]
    body = {"query": {"match_all": {}}, "size": 100}
    blocks = (await stores.connection.search(f"{stores.connection.prefix}siem-originals", body))["hits"][
        "hits"
    ]
    assert len(blocks) in (0, 4)
    await stores.connection.refresh(f"{stores.connection.prefix}siem-*")
    blocks = (await stores.connection.search(f"{stores.connection.prefix}siem-originals", body))["hits"][
        "hits"
    ]
    assert b"line" not in orjson.dumps(blocks)
    (one,) = await stores.events.read(event_ids(300))
    assert one.document["event"]["original"] == "line 300"
    assert "siem" not in one.document


async def test_a_store_without_keys_neither_writes_nor_opens_originals(
    stores: OpenSearchStores, opensearch_url: str
) -> None:
    await stores.events.write([event(1)])
    await stores.events.checkpoints()
    blind = await connect(opensearch_url, prefix=stores.connection.prefix)
    other = await connect(opensearch_url, prefix=stores.connection.prefix, keyring=Keyring({"k1": b"2" * 32}))
    try:
        with pytest.raises(MissingKeyError, match="SIEM_KEYS"):
            await blind.events.write([event(2)])
        with pytest.raises(MissingKeyError):
            await blind.events.read(event_ids(1))
        with pytest.raises(KeyringError, match="does not open"):
            await other.events.read(event_ids(1))
        assert (await blind.events.verify()).whole
    finally:
        await blind.close()
        await other.close()


async def test_a_rotation_leaves_the_old_key_without_use(
    stores: OpenSearchStores, opensearch_url: str
) -> None:
    await stores.events.write([event(1)])
    both = Keyring({"k2": b"2" * 32, "k1": b"1" * 32})
    assert await rotate(stores.connection, stores.events.names, both) == {"k1": 1}
    assert await keys_in_use(stores.connection, stores.events.names) == {"k2": 1}
    assert await rotate(stores.connection, stores.events.names, both) == {}
    new = await connect(opensearch_url, prefix=stores.connection.prefix, keyring=Keyring({"k2": b"2" * 32}))
    await new.events.checkpoints()
    (one,) = await new.events.read(event_ids(1))
    assert one.document["event"]["original"] == "line 1"
    assert (await new.events.verify()).whole
    await new.close()


async def test_a_rotation_that_is_cut_off_goes_on_and_never_loses_a_data_key(
    stores: OpenSearchStores, opensearch_url: str
) -> None:
    """The third wrapping fails, as a KMS may; what was wrapped stays, and a second run does the rest."""

    class Failing(Keyring):
        left = 2

        def wrap(self, data_key: bytes, about: str) -> Wrapped:
            if self.left == 0:
                raise KeyringError("the KMS is away")
            self.left -= 1
            return super().wrap(data_key, about)

    class Lying(Keyring):
        def wrap(self, data_key: bytes, about: str) -> Wrapped:
            return super().wrap(bytes(len(data_key)), about)

    for number in range(4):
        one = await connect(opensearch_url, prefix=stores.connection.prefix, keyring=KEYS)
        await one.events.write([event(number)])
        await one.close()
    both = {"k2": b"2" * 32, "k1": b"1" * 32}
    names = stores.events.names
    with pytest.raises(KeyringError, match="does not give back"):
        await rotate(stores.connection, names, Lying(both))
    assert await keys_in_use(stores.connection, names) == {"k1": 4}
    with pytest.raises(KeyringError, match="away"):
        await rotate(stores.connection, names, Failing(both))
    assert await keys_in_use(stores.connection, names) == {"k1": 2, "k2": 2}
    seen: list[tuple[int, int]] = []
    done = await rotate(stores.connection, names, Keyring(both), lambda *counts: seen.append(counts))
    assert (done, seen) == ({"k1": 2}, [(1, 2), (2, 2)])
    new = await connect(opensearch_url, prefix=stores.connection.prefix, keyring=Keyring({"k2": b"2" * 32}))
    await new.events.checkpoints()
    assert len(await new.events.read(event_ids(*range(4)))) == 4
    await new.close()


async def test_a_whole_store_is_found_whole(stores: OpenSearchStores) -> None:
    bad = event(70)
    bad["user"] = "a value where an object belongs"
    await asyncio.gather(
        *(stores.events.write([event(n) for n in range(s, s + 30)]) for s in range(0, 90, 20))
    )
    await stores.events.write([bad, event(1), event(1), event(2000)])
    found = await stores.events.verify()
    assert found.findings == []
    assert found.events == 111
    assert found.originals > 0
    await stores.events.close()
    assert (await stores.events.verify()).whole


async def test_each_tampering_is_named(stores: OpenSearchStores) -> None:
    for start in (0, 10, 20):
        await stores.events.write([event(n) for n in range(start, start + 10)])
    await stores.events.close()
    assert (await stores.events.verify()).whole

    altered = await stored(stores, 3)
    await overwrite(
        stores, altered, altered["_source"] | {"message": altered["_source"]["message"][:-1] + "8"}
    )
    gone = await stored(stores, 14)
    await stores.connection.request(
        "DELETE", f"/{gone['_index']}/_doc/{gone['_id']}", **await _at(stores, gone)
    )
    added = await stored(stores, 25)
    forged = f"{stores.connection.prefix}logs-linux.auth-default/_create/{'f' * 32}"
    await stores.connection.request("PUT", f"/{forged}", added["_source"])
    unsealed = {k: v for k, v in added["_source"].items() if k != "siem"}
    await stores.connection.request("PUT", f"/{forged[:-1]}e", unsealed)
    assert await faults(stores) == sorted(
        [
            (Fault.ALTERED_EVENT, event_ids(3)[0]),
            (Fault.MISSING_EVENT, event_ids(14)[0]),
            (Fault.ADDED_EVENT, "f" * 32),
            (Fault.ADDED_EVENT, "f" * 31 + "e"),
        ]
    )


async def test_a_dropped_batch_is_named_also_with_its_events_also_at_the_end(
    stores: OpenSearchStores,
) -> None:
    for start in (0, 10, 20):
        await stores.events.write([event(n) for n in range(start, start + 10)])
    writer = stores.events.seals.writer
    await stores.events.close()
    seals = stores.events.names.seals
    seal = await stores.connection.request("GET", f"/{seals}/_doc/{writer}-2")
    await stores.connection.request("DELETE", f"/{seals}/_doc/{writer}-2")
    found = await faults(stores)
    assert (Fault.DROPPED_BATCH, f"{writer}-2") in found
    assert [event for fault, event in found if fault is Fault.ADDED_EVENT] == sorted(
        event_ids(*range(10, 20))
    )

    await stores.connection.request("PUT", f"/{seals}/_create/{writer}-2", seal["_source"])
    assert await faults(stores) == []
    for seq in (3, 4):
        await stores.connection.request("DELETE", f"/{seals}/_doc/{writer}-{seq}")
    for number in range(20, 30):
        hit = await stored(stores, number)
        await stores.connection.request(
            "DELETE", f"/{hit['_index']}/_doc/{hit['_id']}", **await _at(stores, hit)
        )
    dropped = [(Fault.DROPPED_BATCH, f"{writer}-3"), (Fault.DROPPED_BATCH, f"{writer}-4")]
    assert await faults(stores) == dropped
    head = await stores.connection.request("GET", f"/{stores.events.names.heads}/_doc/{writer}")
    await stores.connection.request("DELETE", f"/{stores.events.names.heads}/_doc/{writer}")
    assert await faults(stores) == []  # the chain alone can't know
    noted = Position(writer=writer, seq=4, hash=head["_source"]["hash"])
    assert await faults(stores, [noted]) == dropped


async def test_a_younger_chain_knows_where_the_older_ended(
    stores: OpenSearchStores, opensearch_url: str
) -> None:
    await stores.events.write([event(1)])
    await stores.events.write([event(2)])
    older = stores.events.seals.writer
    young = await connect(opensearch_url, prefix=stores.connection.prefix, keyring=KEYS)
    await young.events.write([event(3)])
    await young.close()
    hit = await stored(stores, 2)
    for path in (f"{stores.events.names.seals}/_doc/{older}-2", f"{stores.events.names.heads}/_doc/{older}"):
        await stores.connection.request("DELETE", f"/{path}")
    await stores.connection.request("DELETE", f"/{hit['_index']}/_doc/{hit['_id']}", **await _at(stores, hit))
    assert await faults(stores) == [(Fault.DROPPED_BATCH, f"{older}-2")]


@pytest.mark.parametrize("part", ["root", "listed", "original"])
async def test_an_altered_seal_or_original_is_named(stores: OpenSearchStores, part: str) -> None:
    await stores.events.write([event(1), event(2)])
    writer = stores.events.seals.writer
    index = stores.events.names.originals if part == "original" else stores.events.names.seals
    name = f"{writer}-1.0" if part == "original" else f"{writer}-1"
    source = (await stores.connection.request("GET", f"/{index}/_doc/{name}"))["_source"]
    if part == "original":
        source["data"] = ("A" if source["data"][0] != "A" else "B") + source["data"][1:]
    elif part == "root":
        source["seal"]["root"] = "0" * 64
    else:
        source["listed"]["ids"].reverse()
    await stores.connection.request("PUT", f"/{index}/_doc/{name}", source)
    fault = Fault.ALTERED_ORIGINAL if part == "original" else Fault.ALTERED_BATCH
    assert (fault, f"{writer}-1") in await faults(stores)


async def test_a_writer_cut_off_in_the_middle_leaves_nothing_unsealed_after_the_replay(
    stores: OpenSearchStores, opensearch_url: str
) -> None:
    """Events without their seal: the next to write them seals them; in the meantime they are named."""
    await stores.events.write([event(n) for n in range(5)])
    writer = stores.events.seals.writer
    for path in (
        f"{stores.events.names.seals}/_doc/{writer}-1",
        f"{stores.events.names.heads}/_doc/{writer}",
    ):
        await stores.connection.request("DELETE", f"/{path}")
    assert len(await faults(stores)) == 5
    second = await connect(opensearch_url, prefix=stores.connection.prefix, keyring=KEYS)
    again = await second.events.write([event(n) for n in range(7)])
    assert (again.created, again.duplicates) == (2, 5)
    assert await faults(stores) == []
    await second.events.checkpoints()
    assert [one.document["event"]["original"] for one in await second.events.read(event_ids(*range(7)))]
    await second.close()


async def test_a_batch_that_failed_leaves_the_chain_whole(
    stores: OpenSearchStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stores.events.write([event(1)])
    sent = stores.connection.bulk

    async def lost(*_: Any, **__: Any) -> list[dict[str, Any]]:
        raise StoreUnavailableError("the request never arrived")

    monkeypatch.setattr(stores.connection, "bulk", lost)
    with pytest.raises(StoreUnavailableError):
        await stores.events.write([event(2)])
    monkeypatch.setattr(stores.connection, "bulk", sent)
    assert (await stores.events.write([event(2)])).created == 1
    await stores.events.close()
    assert await faults(stores) == []
