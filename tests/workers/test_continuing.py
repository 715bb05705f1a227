"""Runs that go on in fresh histories, on a real workflow server and a real store: nothing is lost, nothing
is done or asked twice, and nobody can tell from the outcome."""

from __future__ import annotations

import asyncio
import gzip
import random
import re
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.workflowservice.v1 import ListWorkflowExecutionsRequest
from temporalio.client import (
    Client,
    WorkflowHandle,
)
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, Worker

from integrations.contract import ActionCall
from integrations.opensearch import OpenSearchStores, connect, keep_keyring
from integrations.ports import Site, StoredEvent
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType
from playbooks.commands import Cancel, RunResult
from playbooks.model import load_playbook
from rules.incidents import IncidentStatus
from tests.workers.fakes import MemoryEvidence, MemoryIncidents, MemoryState, Wall, WallClock, terminate_all
from tests.workers.test_histories import FOLDER, without_machine
from tests.workers.test_playbook_workflow import facts
from tests.workers.test_run_waits import APPROVERS, GUARD, THREAD, MemoryAlerts, MemoryEvents, People
from workers.containment_workflow import ContainmentWorkflow
from workers.contract import (
    BOT_QUEUE,
    QUEUE,
    CaseOpened,
    GivenAnswer,
    HookCall,
    IncidentStart,
    IncidentView,
    InquiryCard,
    PlaybookStart,
    Question,
    ReleaseContainment,
    Vote,
    VoteRefused,
    containment_workflow_id,
)
from workers.desk import DeskError, UnknownIdError, VoteRefusedError
from workers.incident_workflow import IncidentWorkflow
from workers.live_desk import LiveDesk
from workers.playbook_files import PlaybookFile, PlaybookSet
from workers.playbook_workflow import PlaybookWorkflow
from workers.response import Response
from workers.run_cancel import cancel_run
from workers.run_logs import RunLogs
from workers.temporal import sandbox
from workers.waits import Waits

pytestmark = pytest.mark.engine

HEAD = "name: long\ndescription: d\non: {webhook: long}\nsteps:\n"
LONG = (
    HEAD
    + """
  - id: both
    parallel:
      work:
        - id: each
          foreach:
            in: [ITEMS]
            max: 1000
            concurrency: 4
            steps:
              - {id: look, uses: book.lookup, with: {n: "{{ item }}"}}
              - {id: change, uses: book.change, with: {n: "{{ steps.look.n }}"}}
              - {id: odd, if: "{{ item % 10 == 0 }}", notify: {text: "{{ steps.change.n }}"}}
      people:
        - id: early
          approval: {from: responders, expires: 5m, question: Early?, releases: [late_block]}
        - id: ask
          approval:
            from: responders
            quorum: 2
            expires: 5m
            question: Block?
            releases: [block]
        - {id: block, uses: wall.block_ip, with: {ip: 203.0.113.7}, for: 1h}
        - {id: late_block, uses: wall.block_ip, with: {ip: 203.0.113.8}, for: 1h}
        - {id: lift, undo: block}
      data:
        - id: how
          ask:
            from: responders
            expires: 5m
            question: Was it you?
            answers: {verdict: {type: choice, label: Was it?, choices: [it was, it was not]}}
      hook:
        - {id: call, wait: {webhook: closed, where: {id: 7}, within: 5m}}
      event:
        - {id: seen, wait: {event: "user.name:alice", within: 5m}}
      silence:
        - id: nobody
          approval:
            from: responders
            expires: 1s
            on_expiry: {escalate: leads}
            question: Is anybody there?
            releases: [never]
        - {id: never, uses: wall.block_ip, with: {ip: 203.0.113.9}, for: 1h}
      pause:
        - {id: pause, wait: 2s}
  - {id: tell, notify: {text: "{{ steps.each.count }} and {{ steps.how.verdict }}"}}
finally:
  - {id: last, uses: book.change, with: {n: 9999}}
outputs: {count: "{{ steps.each.count }}", results: "{{ steps.each.results | length }}"}
"""
)
SCRUBBED = re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+(Z|\+00:00)?|blk-[0-9a-f]+|inc-[0-9a-f]+")


class Book:
    """A look-up and a change that count what they are called with, by key."""

    def __init__(self, name: str, kind: ActionKind) -> None:
        self.calls: list[str] = []
        self.slow = asyncio.Event()
        """What number 1,000,000 waits for."""
        self.slow.set()
        self.spec = ActionSpec(
            name=name, kind=kind, summary="Count.", timeout=60,
            returns={"n": ValueType.INTEGER, "text": ValueType.TEXT},
            parameters=(Parameter(name="n", type=ValueType.INTEGER, description="A number."),),
        )  # fmt: skip

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:  # noqa: ARG002
        self.calls.append(call.key.partition("/")[2])
        if call.params["n"] == 1_000_000:
            await self.slow.wait()
        return {"n": call.params["n"], "text": f"number {call.params['n']}"}


@dataclass
class Rig:
    client: Client
    site: Site
    stores: OpenSearchStores
    people: People
    events: MemoryEvents
    wall: Wall = field(default_factory=Wall)
    lookup: Book = field(default_factory=lambda: Book("book.lookup", ActionKind.LOOKUP))
    change: Book = field(default_factory=lambda: Book("book.change", ActionKind.CHANGE))
    playbooks: dict[str, str] = field(default_factory=dict)

    @property
    def actions(self) -> dict[str, Any]:
        return {one.spec.name: one for one in (self.wall, self.lookup, self.change)}

    @property
    def specs(self) -> dict[str, ActionSpec]:
        return {name: action.spec for name, action in self.actions.items()}

    def known(self) -> PlaybookSet:
        texts = self.playbooks.items()
        read = ((PlaybookFile(name, text), load_playbook(name, text, self.specs)) for name, text in texts)
        return PlaybookSet(tuple(read), ())

    async def start(self, text: str, after: int | None, incident: str = "") -> WorkflowHandle[Any, RunResult]:
        incident = incident or f"inc-{uuid.uuid4().hex[:8]}"
        await self.client.start_workflow(
            IncidentWorkflow.run, IncidentStart(incident=incident), id=incident, task_queue=QUEUE
        )
        return await self.client.start_workflow(
            PlaybookWorkflow.run,
            PlaybookStart(
                playbook="long", path="long.yaml", text=text, specs=self.specs, incident=facts(incident),
                thread=THREAD, approvers=APPROVERS, guard=GUARD, continue_after=after,
            ),
            id=f"{incident}/long",
            task_queue=QUEUE,
        )  # fmt: skip

    async def histories(self, workflow: str) -> list[Any]:
        """Return the histories of a run, the first one first."""
        asked = ListWorkflowExecutionsRequest(
            namespace=self.client.namespace, query=f"WorkflowId = '{workflow}'", page_size=200
        )
        runs: set[str] = set()
        run = (await self.client.get_workflow_handle(workflow).describe()).run_id
        for _ in range(100):  # the list may lag behind
            answer = await self.client.workflow_service.list_workflow_executions(asked)
            runs = {one.execution.run_id for one in answer.executions}
            if run in runs:
                break
            await asyncio.sleep(0.1)
        found = [await self.client.get_workflow_handle(workflow, run_id=one).fetch_history() for one in runs]
        return sorted(found, key=lambda history: history.events[0].event_time.ToNanoseconds())

    async def whole_evidence(self, incident: str) -> Counter[str]:
        """As `evidence`, once the end of the run is on it."""
        async with asyncio.timeout(20):
            while True:
                found = await self.evidence(incident)
                if any(one.startswith("playbook.ended") for one in found):
                    return found
                await asyncio.sleep(0.05)

    async def evidence(self, incident: str) -> Counter[str]:
        """What is on the incident's chain, without what differs each time."""
        records = await self.site.evidence.chain(incident)
        return Counter(SCRUBBED.sub("…", f"{one.kind} {one.actor} {one.text}") for one in records)


@pytest.fixture
async def rig(temporal: Client, opensearch_url: str, index_prefix: str, tmp_path: Path) -> AsyncIterator[Rig]:
    stores = await connect(opensearch_url, prefix=index_prefix, keyring=keep_keyring(tmp_path / "keys"))
    await stores.events.setup(0)
    await stores.results.setup(0)
    people, events = People(), MemoryEvents()
    site = Site(
        events=events, alerts=MemoryAlerts(), incidents=MemoryIncidents(), evidence=MemoryEvidence(),  # type: ignore[arg-type]
        state=MemoryState(), clock=WallClock(), api_url="", results=stores.results,
    )  # fmt: skip
    here = Rig(temporal, site, stores, people, events)
    response = Response(
        client=temporal, site=site, actions=here.actions, playbooks=here.known, approvers=APPROVERS,
        guard=GUARD,
    )  # fmt: skip
    async with (
        Worker(
            temporal, task_queue=QUEUE, workflows=[PlaybookWorkflow, ContainmentWorkflow, IncidentWorkflow],
            activities=[
                *response.activities, *Waits(temporal, site).activities, *RunLogs(site).activities,
            ],
            workflow_runner=sandbox(),
        ),
        Worker(temporal, task_queue=BOT_QUEUE, activities=people.activities),
    ):  # fmt: skip
        yield here
    await terminate_all(temporal)
    await stores.close()


def vote_on(question: Question, by: str) -> Vote:
    return Vote(
        question=question.question_id, digest=question.digest, by=by, approve=True, at=datetime.now(UTC)
    )


async def refused(desk: LiveDesk, workflow: str, vote: Vote) -> VoteRefused:
    with pytest.raises(VoteRefusedError) as error:
        await desk.vote(workflow, vote)
    return error.value.refused


class Crowd:
    """Answers the questions of `LONG`, some early, some after the run has continued several times."""

    def __init__(self, rig: Rig, handle: Any, *, continues: bool) -> None:
        self.rig = rig
        self.handle = handle
        self.continues = continues
        self.desk = LiveDesk(rig.client, rig.site)
        self.cards: Counter[str] = Counter()
        self.runs: list[str] = []

    async def later(self, more: int) -> None:
        """Wait until the run has continued so many times more."""
        wanted = len(self.runs) + more
        while self.continues and len(self.runs) < wanted:
            run = (await self.handle.describe()).run_id
            if run not in self.runs:
                self.runs.append(run)
            await asyncio.sleep(0.02)

    async def question(self, step: str) -> Question:
        while True:
            card = await asyncio.wait_for(self.rig.people.asked.get(), 30)
            self.cards[card.key] += 1
            if card.question_id == step:
                return card

    async def answer(self) -> None:
        early = await self.question("early")
        await self.desk.vote(self.handle.id, vote_on(early, "U0ALICE"))
        ask = await self.question("ask")
        await self.later(2)
        await self.desk.vote(self.handle.id, vote_on(ask, "U0ALICE"))
        await self.later(1)
        assert await refused(self.desk, self.handle.id, vote_on(ask, "U0ALICE")) == VoteRefused.SECOND_VOTE
        assert await refused(self.desk, self.handle.id, vote_on(early, "U0BOB")) == VoteRefused.LATE
        await self.later(1)
        await self.desk.vote(self.handle.id, vote_on(ask, "U0BOB"))
        card: InquiryCard = await asyncio.wait_for(self.rig.people.cards.get(), 30)
        self.cards[card.key] += 1
        form = await self.handle.query("inquiry", card.question_id, result_type=InquiryCard)
        assert form == card
        said = {"verdict": "it was not"}
        given = GivenAnswer(question=card.question_id, by="U0BOB", answers=said, at=datetime.now(UTC))
        await self.desk.answer(self.handle.id, given)
        for number in (6, 7, 7):
            call = HookCall(webhook="closed", delivery=str(number), payload={"id": number, "by": "bob"})
            await self.handle.signal(PlaybookWorkflow.hook, call)
        await self.later(1)
        self.rig.events.events.append(StoredEvent("i", 1, {"user": {"name": "alice"}}))


async def told(rig: Rig, text: str, after: int | None) -> tuple[RunResult, Counter[str], Crowd, Any]:
    handle = await rig.start(text, after)
    crowd = Crowd(rig, handle, continues=after is not None)
    answering = asyncio.ensure_future(crowd.answer())
    result = await asyncio.wait_for(handle.result(), 120)
    assert result.status == "denied", result.reason  # nobody answered one of the questions
    await answering
    while not rig.people.asked.empty():
        crowd.cards[rig.people.asked.get_nowait().key] += 1
    evidence = await rig.whole_evidence(handle.id.partition("/")[0])
    return result, evidence, crowd, handle


def shape(result: RunResult) -> str:
    steps = sorted((one.id, one.status, one.detail, str(one.result)) for one in result.steps)
    return SCRUBBED.sub("…", str(steps))


async def test_a_run_that_continues_again_and_again_ends_as_one_that_does_not(rig: Rig) -> None:
    text = LONG.replace("ITEMS", ", ".join(str(number) for number in range(40)))
    plain, evidence, crowd, handle = await told(rig, text, None)
    assert len(await rig.histories(handle.id)) == 1
    calls = Counter(rig.lookup.calls), Counter(rig.change.calls)
    assert (rig.wall.applied, rig.wall.undone) == (2, 1)
    for book in (rig.lookup, rig.change):
        book.calls.clear()
    rig.events.events.clear()
    rig.events.queries.clear()
    for block in ("203.0.113.7", "203.0.113.8"):
        held = rig.client.get_workflow_handle(containment_workflow_id("wall.block_ip", block))
        if block in rig.wall.blocked:
            await held.execute_update("release", ReleaseContainment(by="U0ALICE"))
    rig.wall.applied = rig.wall.undone = 0

    result, again, second, handle = await told(rig, text, 50)
    assert shape(result) == shape(plain)
    assert (result.status, result.reason, result.outputs) == (plain.status, plain.reason, plain.outputs)
    assert again == evidence
    assert (Counter(rig.lookup.calls), Counter(rig.change.calls)) == calls
    assert max(calls[0].values()) == max(calls[1].values()) == 1, "each once"
    assert (rig.wall.applied, rig.wall.undone) == (2, 1)
    assert set(second.cards.values()) == set(crowd.cards.values()) == {1}, "asked once"
    ended = sorted(end.key.partition("/")[2] for end in rig.people.ends)
    assert ended == ["long/how/end"] * 2
    assert len(set(rig.events.queries)) == 1, "events since the step began, however often it continued"
    histories = await rig.histories(handle.id)
    assert len(histories) >= 5, len(histories)

    replayer = Replayer(
        workflows=[PlaybookWorkflow], workflow_runner=sandbox(), data_converter=pydantic_data_converter
    )
    for history in histories:
        await replayer.replay_workflow(history)
    sizes = [history.events[-1].event_id for history in histories]
    assert max(sizes) < 400, sizes
    assert await rig.stores.results._count([{"term": {"kind": "log"}}], ()) == 0, "the log went with the run"


ASKING = (
    HEAD
    + """
  - id: both
    parallel:
      work:
        - id: each
          foreach:
            in: [ITEMS]
            steps:
              - {id: change, uses: book.change, with: {n: "{{ item }}"}}
      people:
        - id: ask
          foreach:
            in: [1, 2, 3, 4, 5, 6, 7, 8]
            concurrency: 8
            steps:
              - id: ok
                approval: {from: responders, quorum: 2, expires: 5m, question: Well?, releases: [block]}
              - {id: block, uses: wall.block_ip, with: {ip: "203.0.113.{{ item }}"}, for: 1h}
      hooks:
        - id: hook
          foreach:
            in: [1, 2, 3, 4, 5, 6, 7, 8]
            concurrency: 8
            steps:
              - {id: call, wait: {webhook: closed, where: {id: "{{ item }}"}, within: 5m}}
"""
)


async def test_votes_and_calls_that_come_while_it_continues_count_once(rig: Rig) -> None:
    text = ASKING.replace("ITEMS", ", ".join(str(number) for number in range(35)))
    handle = await rig.start(text, 40)
    questions = [await asyncio.wait_for(rig.people.asked.get(), 30) for _ in range(8)]
    while len(await rig.site.state.keys("hook/")) < 8:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    chance, desk = random.Random(11), LiveDesk(rig.client, rig.site)

    async def vote(question: Question, by: str) -> None:
        await asyncio.sleep(chance.uniform(0, 2))
        try:
            assert by in (await desk.vote(handle.id, vote_on(question, by))).by
        except VoteRefusedError as error:  # counted, but the answer was lost as the run continued
            assert error.refused is VoteRefused.SECOND_VOTE  # noqa: PT017
        said = await refused(desk, handle.id, vote_on(question, by))
        assert said in {VoteRefused.SECOND_VOTE, VoteRefused.LATE}

    async def call(number: int) -> None:
        await asyncio.sleep(chance.uniform(0, 2))
        for _ in range(2):
            called = HookCall(webhook="closed", delivery=f"d{number}", payload={"id": number})
            await handle.signal(PlaybookWorkflow.hook, called)

    await asyncio.wait_for(
        asyncio.gather(
            *(vote(question, by) for question in questions for by in ("U0ALICE", "U0BOB")),
            *(call(number) for number in range(1, 9)),
        ),
        60,
    )
    result = await asyncio.wait_for(handle.result(), 60)
    assert result.status == "succeeded", result.reason
    assert rig.wall.applied == 8
    happened = [one.result["happened"] for one in result.steps if one.id.startswith("call[")]
    assert happened == [True] * 8
    await rig.whole_evidence(handle.id.partition("/")[0])
    records = await rig.site.evidence.chain(handle.id.partition("/")[0])
    votes = Counter((one.actor, one.data["question"]) for one in records if one.kind == "vote.granted")
    assert (len(votes), set(votes.values())) == (16, {1}), votes
    changed = Counter(key.rpartition("/")[2] for key in rig.change.calls)
    assert changed == Counter(f"change[{number}]" for number in range(35))
    assert len(await rig.histories(handle.id)) >= 5


async def test_its_incident_sees_one_run_and_closes_when_that_has_ended(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.response.PlaybookStart", partial(PlaybookStart, continue_after=30))
    loop = ASKING.partition("      people:")[0].replace("ITEMS", ", ".join(str(n) for n in range(25)))
    rig.playbooks["long.yaml"] = loop
    incident = f"inc-{uuid.uuid4().hex[:8]}"
    handle = await rig.client.start_workflow(
        IncidentWorkflow.run, IncidentStart(incident=incident), id=incident, task_queue=QUEUE,
        start_signal="open_case", start_signal_args=[CaseOpened(playbook="long", title="t", reason="r")],
    )  # fmt: skip
    async with asyncio.timeout(60):
        while True:
            view = await handle.query("view", result_type=IncidentView)
            if view.facts is not None and view.facts.status is IncidentStatus.CLOSED:
                break
            await asyncio.sleep(0.05)
    assert view.playbooks == (f"{incident}/long",)
    await asyncio.wait_for(rig.client.get_workflow_handle(f"{incident}/long").result(), 20)
    with pytest.raises(UnknownIdError, match="has 0 runs that go on: none goes on"):
        await LiveDesk(rig.client, rig.site).cancel_run(incident, Cancel(by="U0ALICE"))
    assert len(await rig.histories(f"{incident}/long")) >= 3
    kinds = Counter(one.partition(" ")[0] for one in await rig.evidence(incident))
    assert (kinds["playbook.started"], kinds["playbook.ended"]) == (1, 1)


async def test_one_that_is_cancelled_after_it_continued_lifts_what_it_did(rig: Rig) -> None:
    text = ASKING.replace("ITEMS", ", ".join(str(number) for number in range(90))).replace(
        "[1, 2, 3, 4, 5, 6, 7, 8]", "[1]"
    )
    handle = await rig.start(text, 30)
    first = (await handle.describe()).run_id
    question = await asyncio.wait_for(rig.people.asked.get(), 30)
    for by in ("U0ALICE", "U0BOB"):
        await LiveDesk(rig.client, rig.site).vote(handle.id, vote_on(question, by))
    while not rig.wall.blocked or (await handle.describe()).run_id == first:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await rig.client.get_workflow_handle(handle.id).cancel()
    result = await asyncio.wait_for(handle.result(), 60)
    assert (result.status, result.reason) == ("cancelled", "cancelled through Temporal")
    assert result.cancelled is not None
    assert [one.step for one in result.cancelled.lifted] == ["block[0]"]
    assert (rig.wall.undone, rig.wall.blocked) == (1, {})
    assert {one.step for one in result.cancelled.changes} == {
        key.rpartition("/")[2] for key in rig.change.calls
    }  # fmt: skip
    statuses = {one.id: one.status for one in result.steps}
    assert (statuses["call[0]"], statuses["both"]) == ("cancelled", "cancelled")
    assert await rig.site.state.keys("hook/") == []


RUNNING = (
    HEAD
    + """
  - id: both
    parallel:
      work:
        - id: each
          foreach:
            in: [ITEMS]
            steps:
              - {id: change, uses: book.change, with: {n: "{{ item }}"}}
      time:
        - {id: pause, wait: 10m}
finally:
  - {id: tell, notify: {text: It is over.}}
"""
)


async def test_a_cancellation_is_never_lost_at_whatever_moment_of_one_that_continues(rig: Rig) -> None:
    chance, text = random.Random(5), RUNNING.replace("ITEMS", ", ".join(map(str, range(60))))

    async def cancelled(number: int) -> RunResult:
        handle = await rig.start(text, 15)
        await asyncio.sleep(chance.uniform(0.1, 2.5))
        if number % 2:
            await handle.cancel()
        else:
            await cancel_run(rig.client, handle.id, Cancel(by="U0ALICE"), timedelta(seconds=20))
        result = await asyncio.wait_for(handle.result(), 60)
        evidence = await rig.whole_evidence(handle.id.partition("/")[0])
        kinds = Counter(one.partition(" ")[0] for one in evidence.elements())
        assert (kinds["playbook.cancelling"], kinds["notice.sent"], kinds["playbook.ended"]) == (1, 1, 1)
        return result

    results = await asyncio.gather(*map(cancelled, range(6)))
    assert {one.status for one in results} == {"cancelled"}
    made = [one.step for result in results if result.cancelled for one in result.cancelled.changes]
    assert Counter(made) == Counter(key.rpartition("/")[2] for key in rig.change.calls), "each once"


CLOSING = (
    HEAD
    + """
  - {id: pause, wait: 5m}
finally:
  - id: each
    foreach:
      in: [ITEMS]
      steps:
        - {id: change, uses: book.change, with: {n: "{{ item }}"}}
"""
)


async def test_a_finally_that_is_long_goes_on_in_fresh_histories_too(rig: Rig) -> None:
    handle = await rig.start(CLOSING.replace("ITEMS", ", ".join(map(str, range(20)))), 30)
    cancel = Cancel(by="U0ALICE", by_name="alice", reason="enough")
    await handle.execute_update("cancel", cancel)
    with pytest.raises(DeskError, match="cancelled by alice: enough already"):
        await cancel_run(rig.client, handle.id, cancel, timedelta(seconds=20))
    result = await asyncio.wait_for(handle.result(), 60)
    assert (result.status, len(rig.change.calls), len(set(rig.change.calls))) == ("cancelled", 20, 20)
    assert len(await rig.histories(handle.id)) >= 2


LOOP = (
    HEAD
    + """
  - id: both
    parallel:
      slow:
        - {id: slow, uses: book.change, with: {n: 1000000}}
      work:
        - id: each
          foreach:
            in: [ITEMS]
            steps:
              - {id: change, uses: book.change, with: {n: "{{ item }}"}}
finally:
  - {id: tell, notify: {text: It is over.}}
"""
)


async def test_what_does_not_come_to_rest_in_time_holds_up_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.continuing.PATIENCE", timedelta(milliseconds=50))
    monkeypatch.setattr("workers.progress.FIRST", timedelta(milliseconds=10))
    rig.change.slow.clear()
    handle = await rig.start(LOOP.replace("ITEMS", ", ".join(map(str, range(30)))), 20)
    async with asyncio.timeout(60):
        while len(rig.change.calls) < 12 or not rig.people.told:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert len(await rig.histories(handle.id)) == 1, "it waited for nobody"
    rig.change.slow.set()
    result = await asyncio.wait_for(handle.result(), 60)
    assert result.status == "succeeded", result.reason
    assert set(Counter(rig.change.calls).values()) == {1}
    assert len(await rig.histories(handle.id)) > 1, "later it came to rest"
    told = rig.people.told
    assert [one.message is None for one in told] == [True] + [False] * (len(told) - 1), "one message"
    assert (told[-1].status, len(told[-1].lines)) == ("succeeded", 32)


async def test_a_log_that_is_too_long_ends_the_run_by_its_own_rules(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.continuing.LOG_LIMIT", 300)
    handle = await rig.start(LOOP.replace("ITEMS", ", ".join(map(str, range(40)))), 20)
    result = await asyncio.wait_for(handle.result(), 60)
    assert result.status == "failed"
    assert "has had more results than one run may" in result.reason
    assert 3 < len(rig.change.calls) < 40
    evidence = await rig.whole_evidence(handle.id.partition("/")[0])
    assert evidence["notice.sent playbook:long It is over."] == 1


THOUSAND = (
    HEAD
    + """
  - id: each
    foreach:
      in: [ITEMS]
      max: 1000
      concurrency: 20
      steps:
        - {id: look, uses: book.lookup, with: {n: "{{ item }}"}}
        - {id: change, uses: book.change, with: {n: "{{ steps.look.n }}"}}
        - {id: tell, notify: {text: "{{ steps.change.text }}"}}
outputs: {count: "{{ steps.each.count }}"}
"""
)


@pytest.mark.asked_for("--kills")
async def test_a_thousand_items_of_three_steps(rig: Rig) -> None:
    begun = asyncio.get_running_loop().time()
    handle = await rig.start(THOUSAND.replace("ITEMS", ", ".join(map(str, range(1000)))), None)
    result = await asyncio.wait_for(handle.result(), 900)
    took = asyncio.get_running_loop().time() - begun
    assert (result.status, result.outputs) == ("succeeded", {"count": 1000}), result.reason
    assert len(result.steps) == 3001
    for book in (rig.lookup, rig.change):
        assert set(Counter(book.calls).values()) == {1}
        assert len(book.calls) == 1000
    histories = await rig.histories(handle.id)
    events = [history.events[-1].event_id for history in histories]
    print(f"{len(histories)} histories of {events} events in {took:.0f} s")
    assert len(histories) >= 2
    assert max(events) < 10_000
    replayer = Replayer(
        workflows=[PlaybookWorkflow], workflow_runner=sandbox(), data_converter=pydantic_data_converter
    )
    for history in histories:
        await replayer.replay_workflow(history)


@pytest.mark.asked_for("--record-histories")
async def test_record(rig: Rig) -> None:
    """Keep three histories of one run: its beginning, one in between, its end."""
    _, _, _, handle = await told(rig, LONG.replace("ITEMS", ", ".join(map(str, range(24)))), 50)
    histories = await rig.histories(handle.id)
    for name, history in (("first", histories[0]), ("middle", histories[2]), ("last", histories[-1])):
        text = without_machine(history.to_json())
        path = FOLDER / f"playbook.continued-{name}.json.gz"
        path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
