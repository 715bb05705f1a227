"""``siem keys``, ``hold``, ``retention``, ``erase``, ``event`` and ``audit verify`` on real engines."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker
from typer.testing import CliRunner

import workers.composition
from bot.cli import app
from bot.commands.failures import exit_code, words
from integrations.opensearch import OpenSearchStores, connect, keep_keyring
from rules.ecs import event_id
from tests.integrations.opensearch.conftest import event
from workers.contract import QUEUE
from workers.heads import Heads
from workers.system_workflow import SystemWorkflow
from workers.temporal import connect as connect_temporal
from workers.temporal import sandbox
from workers.worker import start_system

pytestmark = pytest.mark.engine


@dataclass
class Ran:
    code: int
    out: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


def ident(number: int, dataset: str = "linux.auth") -> str:
    return event_id(dataset, f"f@{number}", b"x")


@dataclass
class Site:
    stores: OpenSearchStores
    folder: Path

    async def siem(self, *words_: str) -> Ran:
        return await asyncio.to_thread(self._run, words_)

    def _run(self, line: tuple[str, ...]) -> Ran:
        result = CliRunner().invoke(app, list(line))
        if isinstance(error := result.exception, Exception):
            code = exit_code(error)
            if code is None:
                raise error
            return Ran(code, f"{result.output}{words(error)}")
        return Ran(result.exit_code, result.output)

    async def recorded(self) -> list[str]:
        return [record.kind for record in await self.stores.evidence.chain("system")]

    async def stored(self, number: int, dataset: str = "linux.auth") -> dict[str, Any]:
        await self.stores.connection.refresh(f"{self.stores.connection.prefix}logs-*")
        body = {"query": {"ids": {"values": [ident(number, dataset)]}}}
        found = await self.stores.connection.search(f"{self.stores.connection.prefix}logs-*", body)
        hit: dict[str, Any] = found["hits"]["hits"][0]
        doc = await self.stores.connection.request("GET", f"/{hit['_index']}/_doc/{hit['_id']}")
        return hit | {"at": {"if_seq_no": doc["_seq_no"], "if_primary_term": doc["_primary_term"]}}


@pytest.fixture
async def site(
    opensearch_url: str,
    temporal_address: str,
    temporal_client: Client,
    index_prefix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Site]:
    """An installation on the shared engines, in a namespace and under a prefix of its own."""
    (tmp_path / "siem.yaml").write_text("guard: {networks: [10.0.0.0/8]}\n", encoding="utf-8")
    for name, value in {
        "SIEM_OPENSEARCH_URL": opensearch_url,
        "TEMPORAL_ADDRESS": temporal_address,
        "TEMPORAL_NAMESPACE": temporal_client.namespace,
        "SIEM_CONFIG": str(tmp_path / "siem.yaml"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(workers.composition, "connect_opensearch", partial(connect, prefix=index_prefix))
    stores = await connect(
        opensearch_url, prefix=index_prefix, keyring=keep_keyring(tmp_path / ".siem" / "keys")
    )
    await stores.setup()
    client = await connect_temporal(temporal_address, namespace=temporal_client.namespace)

    @activity.defn(name="evidence.append")
    async def append(records: list[Any]) -> None:
        from rules.evidence import EvidenceRecord

        await stores.evidence.append([EvidenceRecord.model_validate(record) for record in records])

    @activity.defn(name="containment.reconcile")
    async def reconcile() -> list[str]:
        return []

    heads = Heads(stores.evidence, stores.events.heads)
    async with Worker(
        client, task_queue=QUEUE, workflows=[SystemWorkflow], activities=[append, reconcile, heads.heads],
        workflow_runner=sandbox(),
    ):  # fmt: skip
        await start_system(client)
        yield Site(stores, tmp_path)
    await stores.close()


async def test_one_altered_deleted_inserted_event_and_a_dropped_batch_are_each_named(site: Site) -> None:
    write = site.stores.events.write
    for start in (0, 10, 20):
        await write([event(n) for n in range(start, start + 10)])
    await write([event(n, dataset="aws.cloudtrail") for n in range(5)])
    writer = site.stores.events.seals.writer
    await site.stores.events.close()
    whole = await site.siem("audit", "verify")
    assert whole.code == 0, whole.out
    assert "35 events in 4 batches" in whole.out

    connection, prefix = site.stores.connection, site.stores.connection.prefix
    altered = await site.stored(3)
    altered["_source"]["message"] = altered["_source"]["message"][:-1] + "8"
    await connection.request(
        "PUT", f"/{altered['_index']}/_doc/{altered['_id']}", altered["_source"], **altered["at"]
    )
    gone = await site.stored(14)
    await connection.request("DELETE", f"/{gone['_index']}/_doc/{gone['_id']}", **gone["at"])
    copied = await site.stored(2, "aws.cloudtrail")
    path = f"/{prefix}logs-aws.cloudtrail-default/_create/{'f' * 32}"
    await connection.request("PUT", path, copied["_source"])
    await connection.request("DELETE", f"/{site.stores.events.names.seals}/_doc/{writer}-3")

    ran = await site.siem("audit", "verify", "--json")
    assert ran.code == 1
    faults = {(one["stream"].removeprefix(prefix), one["fault"]): one for one in ran.data["events"]["faults"]}
    auth, trail = "logs-linux.auth-default", "logs-aws.cloudtrail-default"
    assert faults[auth, "altered event"]["first"]["event"] == ident(3)
    assert faults[auth, "missing event"]["first"]["event"] == ident(14)
    assert faults[trail, "added event"]["first"]["event"] == "f" * 32
    assert faults["", "dropped batch"]["first"]["batch"] == f"{writer}-3"
    assert faults[auth, "added event"]["count"] == 10  # the dropped batch's, which nothing vouches for
    said = await site.siem("audit", "verify")
    assert said.code == 1
    assert f"altered event {ident(3)} of {prefix}{auth}" in said.out
    assert "(the first of 10)" in said.out

    only = await site.siem("audit", "verify", "--stream", "aws.*", "--json")
    assert {one["event"] for one in only.data["events"]["findings"]} == {"f" * 32, ""}
    assert only.data["events"]["events"] == 6
    later = await site.siem("audit", "verify", "--since", "2999-01-01", "--json")
    assert ident(3) not in {one["event"] for one in later.data["events"]["findings"]}
    assert (await site.siem("audit", "verify", "--since", "yesterday")).code == 2


async def test_a_tail_cut_off_with_its_head_is_known_from_the_daily_message(site: Site) -> None:
    await site.stores.events.write([event(1)])
    await site.stores.events.write([event(2)])
    writer, names = site.stores.events.seals.writer, site.stores.events.names
    daily = await Heads(site.stores.evidence, site.stores.events.heads).heads()
    message = site.folder / "message.txt"
    message.write_text(daily.text, encoding="utf-8")
    gone = await site.stored(2)
    request = site.stores.connection.request
    await request("DELETE", f"/{gone['_index']}/_doc/{gone['_id']}", **gone["at"])
    for path in (f"{names.seals}/_doc/{writer}-2", f"{names.heads}/_doc/{writer}"):
        await request("DELETE", f"/{path}")
    assert (await site.siem("audit", "verify")).code == 0  # the store alone can't know
    told = await site.siem("audit", "verify", "--heads", str(message))
    assert told.code == 1
    assert f"dropped batch in {writer}-2" in told.out


async def test_a_hold_beats_retention_and_erasure_until_it_is_released(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    siem = site.siem
    users = {1: "eve", 2: "eve", 3: "bob", 4: "bob"}
    await site.stores.events.write([event(n, user={"name": name}) for n, name in users.items()])
    assert len(await site.stores.events.rollover(max_docs=1)) == 1
    await site.stores.events.write([event(5, user={"name": "Eve"}, message="nothing about anybody")])

    assert (await siem("hold", "add", "case-1", "--reason", "court")).code == 2
    wrong = await siem("hold", "add", "case-1", "--reason", "court", "--query", "user.nmae:eve")
    assert (wrong.code, "did you mean user.name" in wrong.out) == (1, True)
    held = await siem("hold", "add", "case-1", "--reason", "court", "--query", f"event.id:{ident(1)}")
    assert "holds 1 events" in held.out
    assert (await siem("hold", "list", "--json")).data[0]["covers"] == 1

    asked = await siem("erase", "--subject", "user:eve", "--reason", "article 17")
    assert asked.code == 2
    assert "--yes" in asked.out
    assert len(await site.stores.events.read([ident(n) for n in users])) == 4
    erased = await siem("erase", "--subject", "user:eve", "--reason", "article 17", "--yes")
    assert erased.code == 1
    assert "2 events and their originals were erased; 1 are held" in erased.out
    assert "case-1" in erased.out
    await site.stores.events.checkpoints()
    left = await site.stores.events.read([ident(n) for n in range(1, 6)])
    assert [one.document["event"]["id"] for one in left] == sorted([ident(1), ident(3), ident(4)])
    verified = await siem("audit", "verify")
    assert verified.code == 0, verified.out
    assert "2 erased under" in verified.out
    assert "article 17 (cli:" in verified.out

    (site.folder / "siem.yaml").write_text(
        "guard: {networks: [10.0.0.0/8]}\nretention: {datasets: {'linux.*': {days: 30}}}\n", encoding="utf-8"
    )
    assert "write the reason" in (await siem("retention", "show")).out
    clock = workers.composition.WallClock
    monkeypatch.setattr(clock, "now", lambda _: datetime.now(UTC) + timedelta(days=40))
    (site.folder / "siem.yaml").write_text(
        "guard: {networks: [10.0.0.0/8]}\n"
        "retention: {datasets: {'linux.*': {days: 30, reason: agreed with the works council}}}\n",
        encoding="utf-8",
    )
    shown = (await siem("retention", "show", "--json")).data["streams"]
    assert [(one["dataset"], one["days"], one["due"]) for one in shown] == [("linux.auth", 30, 3)]
    assert "agreed with the works council" in (await siem("retention", "show")).out
    applied = await siem("retention", "apply", "--json")
    assert [(one["events"], one["kept"]) for one in applied.data["expired"]] == [(2, 1)]
    await siem("hold", "release", "case-1", "--reason", "settled")
    applied = await siem("retention", "apply", "--json")
    assert [(one["events"], one["kept"]) for one in applied.data["expired"]] == [(1, 0)]
    assert (await siem("hold", "release", "case-1", "--reason", "again")).code == 1
    verified = await siem("audit", "verify")
    assert verified.code == 0, verified.out
    assert "expired under" in verified.out
    assert await _settled(site, 5) == [
        "hold.placed", "events.erased", "retention.applied", "hold.released", "retention.applied",
    ]  # fmt: skip


async def _settled(site: Site, count: int) -> list[str]:
    for _ in range(100):
        if len(found := await site.recorded()) >= count:
            return found
        await asyncio.sleep(0.05)
    return await site.recorded()


async def test_keys_are_made_rotated_and_an_original_is_read_back_alone(site: Site) -> None:
    siem = site.siem
    await site.stores.events.write([event(n) for n in range(300)])
    shown = await siem("event", ident(123), "--original")
    assert (shown.code, shown.out) == (0, "line 123\n")
    assert (await siem("event", "0" * 32)).code == 1
    assert (await siem("keys", "list", "--json")).data == [{"name": "k1", "state": "current", "data_keys": 1}]
    assert (await siem("keys", "new", "k2")).code == 0
    assert (await siem("keys", "new", "k2")).code == 1
    rotated = await siem("keys", "rotate")
    assert rotated.code == 0
    assert "k1 wraps nothing any more" in rotated.out
    assert (await siem("keys", "rotate", "--json")).data["rewrapped"] == {}
    keys = site.folder / ".siem" / "keys"
    keys.write_text(keys.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    assert (await siem("event", ident(7), "--original")).out == "line 7\n"
    keys.write_text(f"other:{base64.b64encode(os.urandom(32)).decode()}\n", encoding="utf-8")
    lost = await siem("keys", "list")
    assert (lost.code, "MISSING" in lost.out) == (1, True)
    assert (await siem("event", ident(8), "--original")).code == 1
    assert (await siem("audit", "verify")).code == 0  # needs no key
    assert await _settled(site, 1) == ["keys.rotated"]
