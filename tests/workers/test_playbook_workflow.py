"""A playbook from question to block, against a real workflow server; people are played by the test."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from integrations.ports import Site
from playbooks.commands import RunResult
from playbooks.policy import ApproversPolicy, GuardPolicy
from rules.alerts import Severity
from rules.entities import Entity
from rules.incidents import IncidentFacts
from tests.workers.fakes import MemoryEvidence, MemoryIncidents, MemoryState, Wall, WallClock, terminate_all
from tests.workers.test_containment_workflow import NoteTaker
from workers.containment_workflow import ContainmentWorkflow
from workers.contract import (
    BOT_QUEUE,
    QUEUE,
    BotActivity,
    PlaybookStart,
    PlaybookText,
    Progress,
    Question,
    QuestionEnd,
    ThreadRef,
    Vote,
    VoteRefused,
)
from workers.playbook_workflow import PlaybookWorkflow
from workers.response import Response
from workers.temporal import sandbox

NOW = datetime(2026, 3, 30, 16, 2, tzinfo=UTC)
GUARD = GuardPolicy(networks=("198.51.100.0/24",))
APPROVERS = ApproversPolicy(groups={"responders": ("U0ALICE", "U0BOB"), "leads": ("U0CAROL",)})
THREAD = ThreadRef(channel="C1", ts="1.0")
PLAYBOOK = """
name: contain
description: Block the address that broke in, after a responder agrees.
on:
  incident: {rules: [r]}
inputs:
  ip: {type: ip, from: incident.entities.ip}
steps:
  - id: ask
    approval:
      from: responders
      quorum: 1
      expires: EXPIRES
      on_expiry: {escalate: leads}
      question: "Block {{ inputs.ip }}?"
      releases: [block]
  - id: block
    uses: wall.block_ip
    with: {ip: "{{ inputs.ip }}"}
    for: 1m
  - id: tell
    notify: {tier: high, text: "{{ inputs.ip }} is blocked until {{ steps.block.until }}."}
"""


def facts(incident: str, ip: str = "203.0.113.7") -> IncidentFacts:
    return IncidentFacts(
        id=incident, title="t", severity=Severity.HIGH, rules=("r",), alerts=("a",),
        entities=(Entity.parse(f"ip:{ip}"),), first=NOW, last=NOW, opened=NOW,
    )  # fmt: skip


@dataclass
class People:
    """Stands where the bot does: takes questions and their ends."""

    asked: asyncio.Queue[Question] = field(default_factory=asyncio.Queue)
    retired: list[QuestionEnd] = field(default_factory=list)
    told: list[Progress] = field(default_factory=list)

    @activity.defn(name=BotActivity.ASK.value)
    async def ask(self, question: Question) -> ThreadRef:
        self.asked.put_nowait(question)
        return ThreadRef(channel="C1", ts="2.0")

    @activity.defn(name=BotActivity.RETIRE.value)
    async def retire(self, end: QuestionEnd) -> None:
        self.retired.append(end)

    @activity.defn(name=BotActivity.PROGRESS.value)
    async def progress(self, progress: Progress) -> ThreadRef:
        self.told.append(progress)
        return ThreadRef(channel="C1", ts="9.0")


@dataclass
class Rig:
    client: Client
    incident: WorkflowHandle[Any, Any]
    wall: Wall
    people: People

    async def start(self, *, expires: str = "5m", ip: str = "203.0.113.7", by: str | None = None) -> Any:
        return await self.client.start_workflow(
            PlaybookWorkflow.run,
            PlaybookStart(
                playbook="contain", path="contain.yaml", text=PLAYBOOK.replace("EXPIRES", expires),
                specs={"wall.block_ip": self.wall.spec}, incident=facts(self.incident.id, ip),
                inputs={"ip": ip}, thread=THREAD, requested_by=by, approvers=APPROVERS, guard=GUARD,
            ),
            id=f"{self.incident.id}/contain/{uuid.uuid4().hex[:6]}",
            task_queue=QUEUE,
        )  # fmt: skip

    async def question(self) -> Question:
        return await asyncio.wait_for(self.people.asked.get(), 20)

    async def kinds(self) -> list[str]:
        return [note.kind for note in await self.incident.query(NoteTaker.notes)]


def vote(question: Question, by: str = "U0ALICE", *, approve: bool = True, digest: str = "") -> Vote:
    return Vote(
        question=question.question_id,
        digest=digest or question.digest,
        by=by,
        approve=approve,
        at=datetime.now(UTC),
    )


async def refused(handle: Any, cast: Vote) -> str | None:
    with pytest.raises(WorkflowUpdateFailedError) as error:
        await handle.execute_update(PlaybookWorkflow.vote, cast)
    cause = error.value.cause
    assert isinstance(cause, ApplicationError)
    return cause.type


@pytest.fixture
async def rig(temporal: Client) -> AsyncIterator[Rig]:
    wall, people = Wall(), People()
    site = Site(
        events=None, alerts=None, incidents=MemoryIncidents(), evidence=MemoryEvidence(), state=MemoryState(),  # type: ignore[arg-type]
        clock=WallClock(), api_url="",
    )  # fmt: skip
    response = Response(
        client=temporal, site=site, actions={"wall.block_ip": wall}, playbooks=lambda: None,  # type: ignore[arg-type, return-value]
        approvers=APPROVERS, guard=GUARD,
    )  # fmt: skip
    async with (
        Worker(
            temporal,
            task_queue=QUEUE,
            workflows=[PlaybookWorkflow, ContainmentWorkflow, NoteTaker],
            activities=response.activities,
            workflow_runner=sandbox(),
        ),
        Worker(temporal, task_queue=BOT_QUEUE, activities=[people.ask, people.retire, people.progress]),
    ):
        incident = await temporal.start_workflow(
            NoteTaker.run, id=f"inc-{uuid.uuid4().hex[:8]}", task_queue=QUEUE
        )
        yield Rig(temporal, incident, wall, people)
    await terminate_all(temporal)


async def test_yes_blocks_exactly_what_was_asked(rig: Rig) -> None:
    handle = await rig.start()
    question = await rig.question()
    assert question.actions[0].params == {"ip": "203.0.113.7"}
    assert question.blast[0].summary == "Nobody else uses 203.0.113.7."
    assert rig.wall.applied == 0
    result = await handle.execute_update(PlaybookWorkflow.vote, vote(question))
    assert result.decision == "granted"
    ended: RunResult = await handle.result()
    assert ended.status == "succeeded"
    assert "203.0.113.7" in rig.wall.blocked
    assert [end.decision for end in rig.people.retired] == ["granted"]
    assert await rig.kinds() == [
        "playbook.started", "question.asked", "vote.granted", "question.granted", "containment.verified",
        "notice.sent", "playbook.ended",
    ]  # fmt: skip


async def test_a_playbook_that_another_runs_asks_and_blocks_for_it(rig: Rig) -> None:
    outer = (
        "name: outer\ndescription: Runs another.\non: {command: true}\ninputs: {ip: {type: ip}}\n"
        'steps:\n  - id: inner\n    run: contain\n    with: {ip: "{{ inputs.ip }}"}\n'
    )
    handle = await rig.client.start_workflow(
        PlaybookWorkflow.run,
        PlaybookStart(
            playbook="outer", path="outer.yaml", text=outer,
            inside=(PlaybookText(path="contain.yaml", text=PLAYBOOK.replace("EXPIRES", "5m")),),
            specs={"wall.block_ip": rig.wall.spec}, incident=facts(rig.incident.id),
            inputs={"ip": "203.0.113.7"}, thread=THREAD, approvers=APPROVERS, guard=GUARD,
        ),
        id=f"{rig.incident.id}/outer",
        task_queue=QUEUE,
    )  # fmt: skip
    await handle.execute_update(PlaybookWorkflow.vote, vote(await rig.question()))
    assert (await handle.result()).status == "succeeded"
    assert "203.0.113.7" in rig.wall.blocked


async def test_no_blocks_nothing(rig: Rig) -> None:
    handle = await rig.start()
    question = await rig.question()
    await handle.execute_update(PlaybookWorkflow.vote, vote(question, approve=False))
    ended = await handle.result()
    assert ended.status == "denied"
    assert rig.wall.applied == 0


async def test_silence_escalates_and_then_denies(rig: Rig) -> None:
    handle = await rig.start(expires="1s")
    first, second = await rig.question(), await rig.question()
    assert (first.escalated, second.escalated) == (False, True)
    assert "U0CAROL" in second.approver_ids
    ended = await handle.result()
    assert ended.status == "denied"
    assert rig.wall.applied == 0
    assert [end.decision for end in rig.people.retired] == ["expired", "expired"]


async def test_votes_that_do_not_count_change_nothing(rig: Rig) -> None:
    handle = await rig.start(by="U0BOB")
    question = await rig.question()
    assert question.approver_ids == ("U0ALICE",)
    assert await refused(handle, vote(question, "U0MALLORY")) == VoteRefused.NOT_APPROVER
    assert await refused(handle, vote(question, "U0BOB")) == VoteRefused.REQUESTER
    assert await refused(handle, vote(question, digest="0" * 64)) == VoteRefused.OTHER_DIGEST
    assert rig.wall.applied == 0
    history = [event.event_type async for event in handle.fetch_history_events()]
    assert 41 not in history, "a refused vote must not reach history (41: update accepted)"
    await handle.execute_update(PlaybookWorkflow.vote, vote(question))
    assert (await handle.result()).status == "succeeded"


@pytest.mark.parametrize(
    ("ip", "reason"), [("198.51.100.9", "protected by the guard"), ("0.0.0.0/0", "is the widest allowed")]
)
async def test_a_guarded_address_is_asked_about_but_never_touched(rig: Rig, ip: str, reason: str) -> None:
    handle = await rig.start(ip=ip)
    await handle.execute_update(PlaybookWorkflow.vote, vote(await rig.question()))
    ended = await handle.result()
    assert ended.status == "failed"
    assert reason in ended.reason
    assert rig.wall.applied == 0
    notes = {note.kind: note for note in await rig.incident.query(NoteTaker.notes)}
    assert "containment.refused" in notes
    assert reason in notes["step.failed"].text
    assert notes["playbook.ended"].text.endswith("failed at step block.")  # why was told just before
    assert reason in notes["playbook.ended"].data["reason"]


async def test_a_worker_that_dies_in_between_changes_nothing(rig: Rig) -> None:
    """Workflow state is rebuilt from history at every cache eviction; the digest must come out the same."""
    handle = await rig.start()
    question = await rig.question()
    await handle.execute_update(PlaybookWorkflow.vote, vote(question))
    await handle.result()
    from temporalio.contrib.pydantic import pydantic_data_converter
    from temporalio.worker import Replayer

    replayer = Replayer(
        workflows=[PlaybookWorkflow], workflow_runner=sandbox(), data_converter=pydantic_data_converter
    )
    await replayer.replay_workflow(await handle.fetch_history())


async def test_a_run_that_ends_just_as_its_message_is_due_ends(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.progress.FIRST", timedelta(seconds=1))
    text = "name: pause\ndescription: d\non: {command: true}\nsteps:\n  - id: pause\n    wait: 1s\n"

    async def run() -> RunResult:
        handle = await rig.client.start_workflow(
            PlaybookWorkflow.run,
            PlaybookStart(
                playbook="pause", path="pause.yaml", text=text, specs={}, incident=facts(rig.incident.id),
                thread=THREAD, approvers=APPROVERS, guard=GUARD,
            ),
            id=f"{rig.incident.id}/pause/{uuid.uuid4().hex[:6]}",
            task_queue=QUEUE,
        )  # fmt: skip
        return await asyncio.wait_for(handle.result(), 30)

    assert [(await ended).status for ended in [asyncio.ensure_future(run()) for _ in range(8)]] == [
        "succeeded"
    ] * 8
