"""Holds of incidents, the daily retention and the daily heads, with real engines."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio import activity
from temporalio.client import Client, ScheduleActionExecutionStartWorkflow, ScheduleOverlapPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from integrations.opensearch import OpenSearchStores, connect
from integrations.opensearch.holds import Hold
from integrations.ports import StoreQueryError
from rules.alerts import Alert, EventRef, Severity
from rules.ecs import event_id
from rules.entities import Entity
from rules.evidence import EvidenceRecord, Head
from tests.integrations.opensearch.conftest import KEYS, event
from workers.contract import BOT_QUEUE, QUEUE, BotActivity, DailyHeads, EvidenceNote, SystemStart, ThreadPost
from workers.heads import KIND, Heads, heads_on_chain, noted_heads
from workers.keeping import Keeping
from workers.retention import SCHEDULE, Retention, schedule_retention
from workers.retention_workflow import RetentionWorkflow
from workers.site_file import RetentionSection
from workers.system_workflow import SystemWorkflow
from workers.temporal import connect as connect_temporal
from workers.temporal import sandbox

pytestmark = pytest.mark.engine


class Later:
    """A clock that is half a year on."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=200)


@pytest.fixture
async def stores(opensearch_url: str, index_prefix: str) -> AsyncIterator[OpenSearchStores]:
    stores = await connect(opensearch_url, prefix=index_prefix, keyring=KEYS)
    await stores.setup()
    yield stores
    await stores.close()


def ident(number: int) -> str:
    return event_id("linux.auth", f"f@{number}", b"x")


def alert(number: int) -> Alert:
    now = datetime.now(UTC)
    return Alert(
        id=f"alr-{number}", rule="r", rule_id="r", title="t", severity=Severity.HIGH, risk=50,
        entities=(Entity.parse("ip:203.0.113.7"),), evidence=(EventRef(id=ident(number)),), evidence_count=1,
        first=now, last=now, detected=now,
    )  # fmt: skip


async def test_a_hold_of_an_incident_covers_what_joins_it_later(stores: OpenSearchStores) -> None:
    notes: list[tuple[str, EvidenceNote]] = []

    async def note(chain: str, one: EvidenceNote) -> None:
        notes.append((chain, one))

    keeping = Keeping(stores, note)
    await stores.events.write([event(n) for n in range(4)])
    await stores.alerts.create([alert(1), alert(2)])
    await stores.alerts.assign(["alr-1"], "inc-a")
    now = datetime.now(UTC)
    with pytest.raises(StoreQueryError, match="no alert has joined"):
        await keeping.hold(Hold(name="b", reason="r", by="U0ALICE", at=now, incident="inc-b"))
    assert await keeping.hold(Hold(name="a", reason="claim", by="U0ALICE", at=now, incident="inc-a")) == 1
    await stores.alerts.assign(["alr-2"], "inc-a")
    assert len(await stores.events.rollover(max_docs=1)) == 1
    kept = await keeping.apply_retention(RetentionSection(), "siem:retention", now + timedelta(days=200))
    assert (kept.events, kept.held) == (2, 2)
    erased = await keeping.erase("ip:203.0.113.7", reason="asked", by="U0ALICE", now=now)
    assert (erased.events, erased.held) == ((), 2)
    assert [(chain, one.kind, one.actor) for chain, one in notes] == [
        ("system", "hold.placed", "slack:U0ALICE"),
        ("inc-a", "hold.placed", "slack:U0ALICE"),
        ("system", "retention.applied", "siem:retention"),
        ("system", "events.erased", "slack:U0ALICE"),
    ]
    assert "203.0.113.7" not in str(notes)  # the person is not recorded


async def test_the_schedule_applies_the_retention(
    stores: OpenSearchStores, temporal_address: str, temporal_namespace: str
) -> None:
    client: Client = await connect_temporal(temporal_address, namespace=temporal_namespace)
    notes: list[EvidenceNote] = []

    async def note(_: str, one: EvidenceNote) -> None:
        notes.append(one)

    await stores.events.write([event(n) for n in range(3)])
    assert len(await stores.events.rollover(max_docs=1)) == 1
    retention = Retention(Keeping(stores, note), RetentionSection(), Later())
    await schedule_retention(client)
    await schedule_retention(client)  # harmless
    async with Worker(
        client, task_queue=QUEUE, workflows=[RetentionWorkflow], activities=[retention.apply],
        workflow_runner=sandbox(),
    ):  # fmt: skip
        schedule = client.get_schedule_handle(SCHEDULE)
        await schedule.trigger(overlap=ScheduleOverlapPolicy.SKIP)
        for _ in range(200):
            recent = (await schedule.describe()).info.recent_actions
            if recent:
                break
            await asyncio.sleep(0.05)
        started = recent[-1].action
        assert isinstance(started, ScheduleActionExecutionStartWorkflow)
        await client.get_workflow_handle(started.workflow_id).result()
    assert [(one.kind, one.actor) for one in notes] == [("retention.applied", "siem:retention")]
    assert await stores.events.read([ident(0)]) == []
    found = await stores.events.verify()
    assert (found.findings, [one.events for one in found.deletions]) == ([], [3])


async def test_daily_heads_name_every_chain_and_are_read_back(stores: OpenSearchStores) -> None:
    record, head = EvidenceRecord.link(
        Head(chain="inc-a"), at=datetime.now(UTC), kind="note.made", actor="siem", text="One."
    )
    await stores.evidence.append([record])
    await stores.events.write([event(1)])
    heads = await Heads(stores.evidence, stores.events.heads).heads()
    assert f"evidence inc-a 1 {head.hash}" in heads.lines
    assert noted_heads(heads.text.splitlines()) == [stores.events.seals.head]
    noted, _ = EvidenceRecord.link(
        Head(chain="system"), at=datetime.now(UTC), kind=KIND, actor="siem", text="Noted.",
        data={"lines": list(heads.lines)},
    )  # fmt: skip
    assert heads_on_chain([noted, record]) == [stores.events.seals.head]


async def test_the_heads_are_posted_and_noted_each_midnight() -> None:
    """On the time-skipping server: two days pass at once."""
    posted: list[ThreadPost] = []
    written: list[EvidenceRecord] = []

    @activity.defn(name="evidence.heads")
    async def heads() -> DailyHeads:
        line = f"seals w1 {len(posted) + 1} {'0' * 64}"
        return DailyHeads(text=f"Heads: {line}", lines=(line,), digest="d" * 64)

    @activity.defn(name="evidence.append")
    async def append(records: list[EvidenceRecord]) -> None:
        written.extend(records)

    @activity.defn(name="containment.reconcile")
    async def reconcile() -> list[str]:
        return []

    @activity.defn(name=BotActivity.POST.value)
    async def post(one: ThreadPost) -> None:
        posted.append(one)

    folder = Path(sys.executable).parent
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=shutil.which("temporal-test-server", path=folder)
        or shutil.which("temporal-test-server"),
        data_converter=pydantic_data_converter,
    ) as environment:
        work = Worker(
            environment.client, task_queue=QUEUE, workflows=[SystemWorkflow],
            activities=[heads, append, reconcile], workflow_runner=sandbox(),
        )  # fmt: skip
        async with work, Worker(environment.client, task_queue=BOT_QUEUE, activities=[post]):
            await environment.client.start_workflow(
                "SystemWorkflow", SystemStart(), id="system", task_queue=QUEUE
            )
            await environment.sleep(timedelta(days=2, minutes=1))
    assert len({one.key for one in posted}) == len(posted) == 2
    assert [record.kind for record in written] == [KIND, KIND]
    assert [(one.writer, one.seq) for one in heads_on_chain(written)] == [("w1", 1), ("w1", 2)]
