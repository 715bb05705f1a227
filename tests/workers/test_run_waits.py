"""Runs that ask for data, wait for events and webhooks, lift early, and runs of no alert."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from standardwebhooks.webhooks import Webhook
from temporalio import activity
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from integrations.ports import Site, StoredEvent
from playbooks.model import load_playbook
from playbooks.policy import ApproversPolicy, GuardPolicy
from rules.incidents import IncidentStatus
from tests.workers.fakes import MemoryEvidence, MemoryIncidents, MemoryState, Wall, WallClock, terminate_all
from tests.workers.test_playbook_workflow import facts
from workers.api.hooks import HookService, register
from workers.collect.http_access import Access, Secrets
from workers.containment_workflow import ContainmentWorkflow
from workers.contract import (
    BOT_QUEUE,
    QUEUE,
    AnswerRefused,
    BotActivity,
    GivenAnswer,
    IncidentPost,
    IncidentStart,
    IncidentView,
    InquiryCard,
    InquiryEnd,
    PlaybookStart,
    Progress,
    Question,
    QuestionEnd,
    ThreadPost,
    ThreadRef,
    Vote,
)
from workers.desk import AnswerRefusedError
from workers.incident_workflow import IncidentWorkflow
from workers.live_desk import LiveDesk
from workers.playbook_files import PlaybookFile, PlaybookSet
from workers.playbook_workflow import PlaybookWorkflow
from workers.response import Response
from workers.schedules import PREFIX, ScheduledRunWorkflow, sync_schedules
from workers.site_file import WebhookSection
from workers.temporal import sandbox
from workers.waits import HOOKS, Waits

pytestmark = pytest.mark.engine
APPROVERS = ApproversPolicy(groups={"responders": ("U0ALICE", "U0BOB"), "leads": ("U0CAROL",)})
GUARD = GuardPolicy(networks=("198.51.100.0/24",))
THREAD = ThreadRef(channel="C1", ts="1.0")
SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQ="

HEAD = "name: test\ndescription: A test.\non: {command: true}\nsteps:\n"
ASK = (
    HEAD
    + """
  - id: how
    ask:
      from: responders
      expires: EXPIRES
      on_expiry: {escalate: leads}
      question: Was it you?
      answers: {verdict: {type: choice, label: Was it?, choices: [it was, it was not]}}
  - id: tell
    notify: {text: "{{ steps.how.verdict }} by {{ steps.how.by }}"}
"""
)
EVENT = HEAD + '  - id: seen\n    wait: {event: "user.name:alice", within: WITHIN}\n'
HOOK = HEAD + "  - id: call\n    wait: {webhook: ticket-closed, where: {id: 7}, within: WITHIN}\n"
UNDO = """
name: test
description: A test.
on: {command: true}
inputs: {ip: {type: ip, default: 203.0.113.7}}
steps:
  - id: ask
    approval: {from: responders, expires: 5m, question: Block?, releases: [block]}
  - id: block
    uses: wall.block_ip
    with: {ip: "{{ inputs.ip }}"}
    for: 1h
  - id: lift
    undo: block
"""
LOST = """
name: lost-device
description: Somebody reports a lost device.
on: {webhook: lost-device}
inputs: {user: {type: user, from: payload.owner}}
steps:
  - id: tell
    notify: {text: "{{ inputs.user }} lost a device"}
"""
ROUND = """
name: hand-over
description: Every morning.
on: {schedule: {every: 1h}}
steps:
  - id: tell
    notify: {text: Good morning}
"""


@dataclass
class People:
    """Stands where the bot does."""

    asked: asyncio.Queue[Question] = field(default_factory=asyncio.Queue)
    cards: asyncio.Queue[InquiryCard] = field(default_factory=asyncio.Queue)
    ends: list[InquiryEnd] = field(default_factory=list)
    retired: list[QuestionEnd] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    told: list[Progress] = field(default_factory=list)

    @activity.defn(name=BotActivity.OPEN_INCIDENT.value)
    async def open_incident(self, post: IncidentPost) -> ThreadRef:
        self.said.append(post.incident.title)
        return THREAD

    @activity.defn(name=BotActivity.UPDATE_INCIDENT.value)
    async def update(self, post: IncidentPost) -> None: ...

    @activity.defn(name=BotActivity.POST.value)
    async def post(self, post: ThreadPost) -> None:
        self.said.append(post.text)

    @activity.defn(name=BotActivity.ASK.value)
    async def ask(self, question: Question) -> ThreadRef:
        self.asked.put_nowait(question)
        return ThreadRef(channel="C1", ts="2.0")

    @activity.defn(name=BotActivity.RETIRE.value)
    async def retire(self, end: QuestionEnd) -> None:
        self.retired.append(end)

    @activity.defn(name=BotActivity.INQUIRE.value)
    async def inquire(self, card: InquiryCard) -> ThreadRef:
        self.cards.put_nowait(card)
        return ThreadRef(channel="C1", ts="3.0")

    @activity.defn(name=BotActivity.ANSWERED.value)
    async def answered(self, end: InquiryEnd) -> None:
        self.ends.append(end)

    @activity.defn(name=BotActivity.PROGRESS.value)
    async def progress(self, progress: Progress) -> ThreadRef:
        self.told.append(progress)
        return ThreadRef(channel="C1", ts="9.0")

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [
            self.open_incident,
            self.update,
            self.post,
            self.ask,
            self.retire,
            self.inquire,
            self.answered,
            self.progress,
        ]


class MemoryEvents:
    """Events that a test puts there; a query finds all."""

    def __init__(self) -> None:
        self.events: list[StoredEvent] = []
        self.queries: list[str] = []

    async def search(
        self, query: str, _first: datetime, _last: datetime, limit: int
    ) -> tuple[int, list[StoredEvent]]:
        self.queries.append(query)
        return len(self.events), self.events[:limit]


class MemoryAlerts:
    async def of_incident(self, _incident: str) -> list[Any]:
        return []


@dataclass
class Rig:
    client: Client
    site: Site
    wall: Wall
    people: People
    desk: LiveDesk
    events: MemoryEvents
    playbooks: dict[str, str] = field(default_factory=dict)

    async def start(self, text: str) -> Any:
        incident = f"inc-{uuid.uuid4().hex[:8]}"
        await self.client.start_workflow(
            IncidentWorkflow.run, IncidentStart(incident=incident), id=incident, task_queue=QUEUE
        )
        return await self.client.start_workflow(
            PlaybookWorkflow.run,
            PlaybookStart(
                playbook="test", path="test.yaml", text=text, specs={"wall.block_ip": self.wall.spec},
                incident=facts(incident), inputs={"ip": "203.0.113.7"} if "inputs:" in text else {},
                thread=THREAD, approvers=APPROVERS, guard=GUARD,
            ),
            id=f"{incident}/test",
            task_queue=QUEUE,
        )  # fmt: skip

    def known(self) -> PlaybookSet:
        specs = {"wall.block_ip": self.wall.spec}
        return PlaybookSet(
            tuple((PlaybookFile(n, t), load_playbook(n, t, specs)) for n, t in self.playbooks.items()), ()
        )


@pytest.fixture
async def rig(temporal: Client) -> AsyncIterator[Rig]:
    wall, people, events = Wall(), People(), MemoryEvents()
    site = Site(
        events=events, alerts=MemoryAlerts(), incidents=MemoryIncidents(), evidence=MemoryEvidence(),  # type: ignore[arg-type]
        state=MemoryState(), clock=WallClock(), api_url="",
    )  # fmt: skip
    here = Rig(temporal, site, wall, people, LiveDesk(temporal, site), events)
    response = Response(
        client=temporal, site=site, actions={"wall.block_ip": wall}, playbooks=here.known,
        approvers=APPROVERS, guard=GUARD,
    )  # fmt: skip
    async with (
        Worker(
            temporal,
            task_queue=QUEUE,
            workflows=[
                PlaybookWorkflow,
                ContainmentWorkflow,
                IncidentWorkflow,
                ScheduledRunWorkflow,
            ],
            activities=[*response.activities, *Waits(temporal, site).activities],
            workflow_runner=sandbox(),
        ),
        Worker(temporal, task_queue=BOT_QUEUE, activities=people.activities),
    ):
        yield here
    await terminate_all(temporal)


def given(card: InquiryCard, by: str = "U0ALICE", **answers: str) -> GivenAnswer:
    return GivenAnswer(question=card.question_id, by=by, answers=answers, at=datetime.now(UTC))


async def until(what: Callable[[], Awaitable[Any]], seconds: float = 20) -> Any:
    async with asyncio.timeout(seconds):
        while not (found := await what()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found


async def soon(queue: asyncio.Queue[Any]) -> Any:
    return await asyncio.wait_for(queue.get(), 20)


async def test_an_answer_goes_on_and_what_is_none_is_refused_before_history(rig: Rig) -> None:
    handle = await rig.start(ASK.replace("EXPIRES", "5m"))
    card = await soon(rig.people.cards)
    assert card.people == ("U0ALICE", "U0BOB")
    assert (await rig.desk.inquiry(handle.id, "how")).fields == card.fields
    for answer, why in (
        (given(card, "U0MALLORY", verdict="it was"), AnswerRefused.NOT_ASKED),
        (given(card, verdict="maybe"), AnswerRefused.NO_ANSWER),
        (given(card), AnswerRefused.NO_ANSWER),
    ):
        with pytest.raises(AnswerRefusedError) as caught:
            await rig.desk.answer(handle.id, answer)
        assert caught.value.refused is why
    assert 41 not in [event.event_type async for event in handle.fetch_history_events()]
    await rig.desk.answer(handle.id, given(card, verdict="it was not"))
    with pytest.raises(AnswerRefusedError):
        await rig.desk.answer(handle.id, given(card, "U0BOB", verdict="it was"))
    result = await handle.result()
    assert result.status == "succeeded"
    assert result.steps[0].result == {"verdict": "it was not", "answered": True, "by": "U0ALICE"}
    assert [end.answer.by for end in rig.people.ends if end.answer] == ["U0ALICE"]


async def test_a_run_that_lasts_shows_where_it_is_in_one_message(rig: Rig) -> None:
    handle = await rig.start(ASK.replace("EXPIRES", "5m"))
    card = await soon(rig.people.cards)

    async def told() -> Any:
        return rig.people.told

    (first, *_) = await until(told)
    assert first.message is None
    assert [(line.step, line.state) for line in first.lines] == [("how", "waiting")]
    await rig.desk.answer(handle.id, given(card, verdict="it was"))
    await handle.result()
    last = rig.people.told[-1]
    assert last.message == ThreadRef(channel="C1", ts="9.0")
    assert (last.status, [(line.step, line.state) for line in last.lines]) == (
        "succeeded", [("how", "succeeded"), ("tell", "succeeded")],
    )  # fmt: skip


async def test_nobody_answering_asks_others_and_then_skips(rig: Rig) -> None:
    handle = await rig.start(ASK.replace("EXPIRES", "1s"))
    first, second = await soon(rig.people.cards), await soon(rig.people.cards)
    assert (first.escalated, second.escalated) == (False, True)
    assert second.people == ("U0ALICE", "U0BOB", "U0CAROL")
    result = await handle.result()
    assert result.status == "denied"
    assert [step.status for step in result.steps] == ["expired", "skipped"]
    assert [end.answer for end in rig.people.ends] == [None, None]


async def test_an_event_that_comes_is_handed_on(rig: Rig) -> None:
    handle = await rig.start(EVENT.replace("WITHIN", "5m"))

    async def asked() -> Any:
        return rig.events.queries

    assert (await until(asked))[0].startswith("(user.name:alice) AND event.ingested:[")
    document = {
        "user": {"name": "alice"},
        "event": {"original": "secret", "action": "login"},
        "siem": {"batch": "x"},
    }
    rig.events.events.append(StoredEvent("i", 1, document))
    result = await handle.result()
    assert result.steps[0].result == {
        "happened": True, "event": {"user": {"name": "alice"}, "event": {"action": "login"}},
    }  # fmt: skip


async def test_an_event_that_never_comes_ends_the_wait(rig: Rig) -> None:
    result = await (await rig.start(EVENT.replace("WITHIN", "1s"))).result()
    assert (result.status, result.steps[0].result) == ("succeeded", {"happened": False, "event": {}})


async def test_a_containment_is_lifted_by_its_own_run(rig: Rig) -> None:
    handle = await rig.start(UNDO)
    question = await soon(rig.people.asked)
    await rig.desk.vote(
        handle.id,
        Vote(
            question=question.question_id,
            digest=question.digest,
            by="U0ALICE",
            approve=True,
            at=datetime.now(UTC),
        ),
    )
    result = await handle.result()
    assert result.status == "succeeded", result
    assert (rig.wall.applied, rig.wall.undone) == (1, 1)
    assert rig.wall.blocked == {}


async def test_another_run_may_not_lift_it(rig: Rig) -> None:
    from workers.contract import PLAYBOOK_ACTOR, ReleaseContainment, containment_workflow_id

    handle = await rig.start(UNDO.replace("  - id: lift\n    undo: block\n", "  - id: pause\n    wait: 5m\n"))
    question = await soon(rig.people.asked)
    await rig.desk.vote(
        handle.id,
        Vote(
            question=question.question_id,
            digest=question.digest,
            by="U0ALICE",
            approve=True,
            at=datetime.now(UTC),
        ),
    )
    blocks = await until(rig.desk.blocks)
    containment = rig.client.get_workflow_handle(containment_workflow_id("wall.block_ip", "203.0.113.7"))
    for by in ("inc-other/test", handle.id[:-1]):
        with pytest.raises(WorkflowUpdateFailedError) as caught:
            await containment.execute_update("release", ReleaseContainment(by=PLAYBOOK_ACTOR + by))
        assert isinstance(caught.value.cause, ApplicationError)
        assert caught.value.cause.type == "not_approver"
    assert blocks[0].status in {"applying", "active"}
    await containment.execute_update("release", ReleaseContainment(by="U0ALICE"))


# --- webhooks ------------------------------------------------------------------------------------


def service(rig: Rig, client: Callable[[], Awaitable[Client]] | None = None) -> FastAPI:
    async def connected() -> Client:
        return rig.client

    def playbooks(webhook: str) -> Sequence[str]:
        return rig.known().started_by(webhook)

    section = WebhookSection(signature="standard-webhooks", secret_env="X")
    door = Access(section.door(), Secrets(secret=SECRET), Path())
    app = FastAPI()
    doors = {"lost-device": door, "ticket-closed": door}
    register(
        app, HookService(doors=doors, state=rig.site.state, client=client or connected, playbooks=playbooks)
    )
    return app


async def call(app: FastAPI, name: str, body: str, delivery: str = "d1", **headers: str) -> httpx.Response:
    now = datetime.now(UTC)
    signed = {
        "webhook-id": delivery,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign(delivery, now, body),
    }
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://siem") as client:
        return await client.post(f"/hooks/{name}", content=body, headers=signed | headers)


async def test_a_webhook_starts_a_run_that_has_an_incident_of_its_own_and_closes_it(rig: Rig) -> None:
    rig.playbooks["lost.yaml"] = LOST
    app = service(rig)
    answer = await call(app, "lost-device", '{"owner": "alice"}')
    assert answer.status_code == 202
    (incident,) = answer.json()["incidents"]
    again = await call(app, "lost-device", '{"owner": "alice"}')
    assert again.json()["incidents"] == [incident]
    closed = await rig.client.get_workflow_handle(incident).result()
    assert closed["status"] == "closed"
    assert rig.people.said.count("alice lost a device") == 1
    stored = await rig.site.incidents.get(incident)
    assert stored is not None
    assert stored.status is IncidentStatus.CLOSED
    kinds = [record.kind for record in await rig.site.evidence.chain(incident)]
    assert kinds[0] == "incident.opened"
    assert kinds[-1] == "incident.closed"


async def test_a_payload_that_lacks_what_is_needed_is_told(rig: Rig) -> None:
    rig.playbooks["lost.yaml"] = LOST
    (incident,) = (await call(service(rig), "lost-device", "{}", "d2")).json()["incidents"]
    await rig.client.get_workflow_handle(incident).result()
    assert any("payload.owner holds nothing" in text for text in rig.people.said)


async def test_a_run_that_waits_is_woken_by_the_call_it_waits_for(rig: Rig) -> None:
    handle = await rig.start(HOOK.replace("WITHIN", "5m"))

    async def waiting() -> Any:
        return await rig.site.state.keys(HOOKS)

    await until(waiting)
    app = service(rig)
    assert (await call(app, "ticket-closed", '{"id": 8}', "d3")).json()["told"] == 1
    assert (await call(app, "ticket-closed", '{"id": 7, "by": "bob"}', "d4")).json()["told"] == 1
    result = await handle.result()
    assert result.steps[0].result == {"happened": True, "payload": {"id": 7, "by": "bob"}}
    assert await rig.site.state.keys(HOOKS) == []


async def test_who_can_not_prove_it_calls_nothing(rig: Rig) -> None:
    app = service(rig)
    assert (await call(app, "lost-device", "{}", **{"webhook-signature": "v1,AAAA"})).status_code == 403
    assert (await call(app, "nothing-here", "{}")).status_code == 404
    assert (await call(app, "lost-device", "no json")).status_code == 400
    assert (await call(app, "lost-device", '"' + "x" * (1 << 20) + '"')).status_code == 413


async def test_while_temporal_is_away_the_sender_is_asked_to_come_again(rig: Rig) -> None:
    async def away() -> Client:
        raise RuntimeError("no server")

    answer = await call(service(rig, away), "lost-device", "{}")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"


# --- schedules -----------------------------------------------------------------------------------


async def test_schedules_are_kept_to_what_the_files_say(rig: Rig) -> None:
    rig.playbooks["round.yaml"] = ROUND

    async def there() -> list[str]:
        return [each.id async for each in await rig.client.list_schedules() if each.id.startswith(PREFIX)]

    def named() -> dict[str, Any]:
        return {one.name: one for _, one in rig.known().playbooks}

    await sync_schedules(rig.client, named())
    handle = rig.client.get_schedule_handle(f"{PREFIX}hand-over")
    assert (await handle.describe()).schedule.spec.intervals[0].every.total_seconds() == 3600
    rig.playbooks["round.yaml"] = ROUND.replace("every: 1h", "every: 2h")
    await sync_schedules(rig.client, named())
    assert (await handle.describe()).schedule.spec.intervals[0].every.total_seconds() == 7200
    await handle.trigger()

    async def said() -> bool:
        return "Good morning" in rig.people.said

    await until(said)

    async def over() -> bool:
        found = await rig.site.incidents.recent(10)
        return any(
            one.status is IncidentStatus.CLOSED and one.title == "Scheduled: hand-over" for one in found
        )

    await until(over)
    rig.playbooks.clear()
    await sync_schedules(rig.client, named())
    async with asyncio.timeout(20):
        while await there():  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def test_an_incident_of_a_run_is_seen(rig: Rig) -> None:
    rig.playbooks["lost.yaml"] = LOST.replace("steps:\n", "steps:\n  - id: pause\n    wait: 5m\n")
    (incident,) = (await call(service(rig), "lost-device", '{"owner": "alice"}', "d9")).json()["incidents"]

    async def view() -> Any:
        found: IncidentView = await rig.client.get_workflow_handle(incident).query(
            "view", result_type=IncidentView
        )
        return found if found.playbooks else None

    found = await until(view)
    assert found.facts.title == "Webhook lost-device: lost-device"
    assert found.playbooks == (f"{incident}/lost-device",)
