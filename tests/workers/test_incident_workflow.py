"""The life of an incident against a real workflow server: thread, playbook, evidence, end."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, Worker

from integrations.ports import Site
from playbooks.model import load_playbook
from rules.alerts import Alert, EventRef, Severity
from rules.entities import Entity
from rules.evidence import faults
from rules.incidents import IncidentStatus
from tests.workers.fakes import MemoryEvidence, MemoryIncidents, MemoryState, Wall, WallClock, terminate_all
from tests.workers.test_playbook_workflow import APPROVERS, GUARD, PLAYBOOK
from workers.containment_workflow import ContainmentWorkflow
from workers.contract import (
    BOT_QUEUE,
    QUEUE,
    AlertsJoined,
    BotActivity,
    ChangeIncident,
    EvidenceNote,
    IncidentPost,
    IncidentStart,
    IncidentView,
    Progress,
    Question,
    QuestionEnd,
    RunPlaybook,
    ThreadPost,
    ThreadRef,
    Vote,
)
from workers.incident_workflow import IncidentWorkflow
from workers.live_desk import LiveDesk
from workers.playbook_files import PlaybookFile, PlaybookSet
from workers.playbook_workflow import PlaybookWorkflow
from workers.response import Response
from workers.temporal import sandbox

NOW = datetime(2026, 3, 30, 16, 2, tzinfo=UTC)
TEXT = PLAYBOOK.replace("EXPIRES", "5m").replace("for: 1m", "for: 1h")


def alert(number: int, rule: str = "r", severity: Severity = Severity.HIGH) -> Alert:
    return Alert(
        id=f"alr-{number}", rule=rule, rule_id=rule, title=f"Rule {rule}", severity=severity, risk=70,
        entities=(Entity.parse("ip:203.0.113.7"), Entity.parse("user:deploy")),
        evidence=(EventRef(id=f"e{number}"),), evidence_count=1, first=NOW, last=NOW, detected=NOW,
        summary=f"Finding {number}.",
    )  # fmt: skip


@dataclass
class Bot:
    posted: list[str] = field(default_factory=list)
    updates: list[IncidentPost] = field(default_factory=list)
    asked: asyncio.Queue[Question] = field(default_factory=asyncio.Queue)
    told: list[Progress] = field(default_factory=list)

    @activity.defn(name=BotActivity.PROGRESS.value)
    async def progress(self, progress: Progress) -> ThreadRef:
        self.told.append(progress)
        return ThreadRef(channel="C1", ts="9.0")

    @activity.defn(name=BotActivity.OPEN_INCIDENT.value)
    async def open_incident(self, post: IncidentPost) -> ThreadRef:
        self.posted.append(post.incident.title)
        return ThreadRef(channel="C1", ts="1.0")

    @activity.defn(name=BotActivity.UPDATE_INCIDENT.value)
    async def update(self, post: IncidentPost) -> None:
        self.updates.append(post)

    @activity.defn(name=BotActivity.ASK.value)
    async def ask(self, question: Question) -> ThreadRef:
        self.asked.put_nowait(question)
        return ThreadRef(channel="C1", ts="2.0")

    @activity.defn(name=BotActivity.RETIRE.value)
    async def retire(self, end: QuestionEnd) -> None: ...

    @activity.defn(name=BotActivity.POST.value)
    async def post(self, post: ThreadPost) -> None:
        assert post.thread is not None
        self.posted.append(post.text)


@dataclass
class Rig:
    client: Client
    bot: Bot
    wall: Wall
    evidence: MemoryEvidence
    incidents: MemoryIncidents
    desk: LiveDesk
    incident: str = field(default_factory=lambda: f"inc-{uuid.uuid4().hex[:8]}")

    async def join(self, *alerts: Alert) -> None:
        await self.client.start_workflow(
            "IncidentWorkflow",
            IncidentStart(incident=self.incident),
            id=self.incident,
            task_queue=QUEUE,
            start_signal="alerts",
            start_signal_args=[AlertsJoined(alerts=alerts)],
        )

    async def more(self, *alerts: Alert) -> None:
        await self.client.get_workflow_handle(self.incident).signal("alerts", AlertsJoined(alerts=alerts))

    async def view(self) -> IncidentView:
        return await self.client.get_workflow_handle(self.incident).query("view", result_type=IncidentView)

    async def until(self, what: str, seconds: float = 15) -> list[str]:
        """Wait until the evidence holds a record of this kind; return all kinds."""
        for _ in range(int(seconds / 0.1)):
            kinds = [record.kind for record in await self.evidence.chain(self.incident)]
            if what in kinds:
                return kinds
            await asyncio.sleep(0.1)
        raise AssertionError(f"no {what} among {kinds}")


@pytest.fixture
async def rig(temporal: Client) -> AsyncIterator[Rig]:
    wall, bot, evidence, incidents = Wall(), Bot(), MemoryEvidence(), MemoryIncidents()
    site = Site(
        events=None, alerts=None, incidents=incidents, evidence=evidence, state=MemoryState(),  # type: ignore[arg-type]
        clock=WallClock(), api_url="",
    )  # fmt: skip
    playbook = load_playbook("contain.yaml", TEXT, {"wall.block_ip": wall.spec})
    response = Response(
        client=temporal, site=site, actions={"wall.block_ip": wall},
        playbooks=lambda: PlaybookSet(((PlaybookFile("contain.yaml", TEXT), playbook),), ()),
        approvers=APPROVERS, guard=GUARD,
    )  # fmt: skip
    async with (
        Worker(
            temporal,
            task_queue=QUEUE,
            workflows=[IncidentWorkflow, PlaybookWorkflow, ContainmentWorkflow],
            activities=response.activities,
            workflow_runner=sandbox(),
        ),
        Worker(
            temporal,
            task_queue=BOT_QUEUE,
            activities=[bot.open_incident, bot.update, bot.ask, bot.retire, bot.post, bot.progress],
        ),
    ):
        yield Rig(temporal, bot, wall, evidence, incidents, LiveDesk(temporal, site))
    await terminate_all(temporal)


async def approve(rig: Rig) -> None:
    question = await asyncio.wait_for(rig.bot.asked.get(), 20)
    vote = Vote(
        question=question.question_id,
        digest=question.digest,
        by="U0ALICE",
        approve=True,
        at=datetime.now(UTC),
    )
    assert (await rig.desk.vote(question.workflow, vote)).decision == "granted"


async def test_from_alert_to_block_release_and_close_with_whole_evidence(rig: Rig) -> None:
    await rig.join(alert(1))
    await approve(rig)
    await rig.until("containment.verified")
    assert "203.0.113.7" in rig.wall.blocked
    await rig.until("playbook.ended")
    view = await rig.view()
    assert view.facts is not None
    assert view.facts.status is IncidentStatus.CONTAINED
    (block,) = await rig.desk.blocks()
    assert (await rig.desk.release(block.id, "U0BOB", "false alarm")).status == "released"
    await rig.until("containment.released")
    assert rig.wall.blocked == {}
    await rig.desk.change(rig.incident, ChangeIncident(by="U0BOB", status="closed", note="done"))
    facts = await rig.client.get_workflow_handle(rig.incident).result()
    kinds = await rig.until("incident.closed")
    assert kinds[0] == "incident.opened"
    assert facts["status"] == "closed"
    head = (await rig.view()).head
    assert faults(rig.incident, await rig.evidence.chain(rig.incident), head) == []
    assert rig.incidents.facts[rig.incident][1].status is IncidentStatus.CLOSED


async def test_the_same_alert_again_asks_nobody_twice(rig: Rig) -> None:
    await rig.join(alert(1))
    await asyncio.wait_for(rig.bot.asked.get(), 20)
    await rig.more(alert(1))
    await rig.more(alert(2), alert(1))
    kinds = await rig.until("alert.joined")
    assert kinds.count("incident.opened") == 1
    assert kinds.count("playbook.started") == 1
    assert rig.bot.asked.empty()
    view = await rig.view()
    assert view.facts is not None
    assert view.facts.alerts == ("alr-1", "alr-2")


async def test_a_note_sent_twice_is_recorded_once(rig: Rig) -> None:
    await rig.join(alert(1))
    note = EvidenceNote(key="k", kind="vote.refused", actor="slack:U0EVE", text="No.", at=NOW)
    await rig.desk.note(rig.incident, note)
    await rig.desk.note(rig.incident, note)
    assert (await rig.until("vote.refused")).count("vote.refused") == 1


async def test_a_person_starts_a_playbook_and_may_not_approve_it(rig: Rig) -> None:
    await rig.join(alert(1, rule="other"))
    await rig.until("incident.opened")
    started = await rig.client.get_workflow_handle(rig.incident).execute_update(
        "run_playbook", RunPlaybook(playbook="contain", by="U0ALICE"), result_type=str
    )
    assert started == f"{rig.incident}/contain"
    question = await asyncio.wait_for(rig.bot.asked.get(), 20)
    assert question.approver_ids == ("U0BOB",)


@pytest.mark.parametrize("ip", ["evil.example", "999.1.1.1", "$(reboot)"])
async def test_a_person_who_asks_for_what_is_no_address_is_refused_in_thread_and_evidence(
    rig: Rig, ip: str
) -> None:
    await rig.join(alert(1, rule="other"))
    await rig.until("incident.opened")
    request = RunPlaybook(playbook="contain", by="U0ALICE", inputs={"ip": ip})
    with pytest.raises(WorkflowUpdateFailedError):
        await rig.client.get_workflow_handle(rig.incident).execute_update("run_playbook", request)
    await rig.until("playbook.refused")
    for _ in range(50):
        if any("was not started" in text for text in rig.bot.posted):
            break
        await asyncio.sleep(0.1)
    else:
        raise AssertionError("the thread was told nothing")
    assert rig.wall.applied == 0


async def test_its_history_replays(rig: Rig) -> None:
    await rig.join(alert(1))
    await approve(rig)
    await rig.until("playbook.ended")
    handle = rig.client.get_workflow_handle(rig.incident)
    replayer = Replayer(
        workflows=[IncidentWorkflow], workflow_runner=sandbox(), data_converter=pydantic_data_converter
    )
    await replayer.replay_workflow(await handle.fetch_history())


async def test_temporals_lists_find_incident_run_and_containment(rig: Rig) -> None:
    await rig.join(alert(1))
    run, block = f"{rig.incident}/contain", "contain/wall.block_ip/203.0.113.7"

    async def found(query: str, wanted: set[str]) -> None:
        for _ in range(100):
            ids = {one.id async for one in rig.client.list_workflows(query)}
            if ids == wanted:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{query}: {ids}")

    mine = f"SiemIncident = '{rig.incident}'"
    await found(f"{mine} AND SiemPlaybook = 'contain' AND SiemStatus = 'waiting'", {run})
    await found(f"{mine} AND SiemEntity = 'ip:203.0.113.7'", {rig.incident, run})
    await approve(rig)
    await rig.until("playbook.ended")
    await found(mine, {rig.incident, run, block})
    await found(f"{mine} AND SiemStatus = 'succeeded'", {run})
    await found(f"{mine} AND SiemStatus = 'contained'", {rig.incident})
