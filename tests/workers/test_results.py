"""Whatever an integration answers: a run gets plain JSON, or its step fails with the reason."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from integrations.contract import ActionCall, ActionRefusedError
from integrations.ports import Site
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType
from playbooks.commands import RunResult
from tests.workers.fakes import MemoryEvidence, MemoryIncidents, MemoryState, WallClock
from tests.workers.test_containment_workflow import NoteTaker
from tests.workers.test_playbook_workflow import APPROVERS, GUARD, THREAD, People, facts
from workers.contract import BOT_QUEUE, QUEUE, EvidenceNote, PlaybookStart
from workers.playbook_workflow import PlaybookWorkflow
from workers.response import Response
from workers.results import NOTE_LIMIT, RESULT_LIMIT, ResultError, check_result
from workers.temporal import sandbox


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"in": value}
    return value


ODD = {
    "10 MB": {"text": "x" * 10_000_000},
    "deep": nested(100_000),
    "binary": {"raw": b"\xff\xfe\x00"},
    "a list": [1, 2],
    "nothing": None,
    "an object": {"when": object()},
    "half a character": {"text": "\ud800"},
}


@pytest.mark.parametrize("what", ODD)
def test_what_is_no_result_is_refused_with_the_reason(what: str) -> None:
    with pytest.raises(ResultError, match=r"^geo\.lookup answered with "):
        check_result(ODD[what], "geo.lookup")


def test_a_result_becomes_plain_json() -> None:
    moment = datetime(2026, 1, 5, tzinfo=UTC)
    assert check_result({"at": moment, "of": ("a", 1), "deep": nested(30)}, "a.b") == {
        "at": "2026-01-05T00:00:00Z", "of": ["a", 1], "deep": nested(30),
    }  # fmt: skip


class OddAction:
    """Answers with what it is asked for."""

    spec = ActionSpec(
        name="odd.lookup",
        kind=ActionKind.LOOKUP,
        summary="Answer oddly.",
        parameters=(Parameter(name="what", type=ValueType.TEXT, description="What."),),
        returns={"text": ValueType.TEXT},
    )

    async def run(self, call: ActionCall, site: Site) -> Any:  # noqa: ARG002
        what = call.params["what"]
        if what == "an error of 10 MB":
            raise ActionRefusedError("no " * 3_000_000)
        return ODD[what] if what in ODD else {"text": what[0] * (RESULT_LIMIT - 100)}


@dataclass
class Rig:
    client: Client
    incident: Any
    people: People = field(default_factory=People)

    async def run(self, steps: str) -> RunResult:
        text = f"name: odd\ndescription: d\non: {{command: true}}\nsteps:\n{steps}"
        handle = await self.client.start_workflow(
            PlaybookWorkflow.run,
            PlaybookStart(
                playbook="odd", path="odd.yaml", text=text, specs={"odd.lookup": OddAction.spec},
                incident=facts(self.incident.id), thread=THREAD, approvers=APPROVERS, guard=GUARD,
            ),
            id=f"{self.incident.id}/odd/{uuid.uuid4().hex[:6]}",
            task_queue=QUEUE,
        )  # fmt: skip
        return await asyncio.wait_for(handle.result(), 60)

    async def notes(self) -> list[EvidenceNote]:
        notes: list[EvidenceNote] = await self.incident.query(NoteTaker.notes)
        return notes


@pytest.fixture
async def rig(temporal: Client) -> AsyncIterator[Rig]:
    site = Site(
        events=None, alerts=None, incidents=MemoryIncidents(), evidence=MemoryEvidence(), state=MemoryState(),  # type: ignore[arg-type]
        clock=WallClock(), api_url="",
    )  # fmt: skip
    response = Response(
        client=temporal, site=site, actions={"odd.lookup": OddAction()}, playbooks=lambda: None,  # type: ignore[arg-type, return-value]
        approvers=APPROVERS, guard=GUARD,
    )  # fmt: skip
    people = People()
    async with (
        Worker(
            temporal, task_queue=QUEUE, workflows=[PlaybookWorkflow, NoteTaker],
            activities=response.activities, workflow_runner=sandbox(),
        ),
        Worker(temporal, task_queue=BOT_QUEUE, activities=[people.ask, people.retire, people.progress]),
    ):  # fmt: skip
        incident = await temporal.start_workflow(
            NoteTaker.run, id=f"inc-{uuid.uuid4().hex[:8]}", task_queue=QUEUE
        )
        yield Rig(temporal, incident, people)
        await incident.terminate()


@pytest.mark.engine
async def test_an_odd_answer_fails_its_step_and_the_incident_is_told(rig: Rig) -> None:
    ended = await asyncio.gather(
        *(rig.run(f'  - id: odd\n    uses: odd.lookup\n    with: {{what: "{what}"}}\n') for what in ODD),
        rig.run("  - id: odd\n    uses: odd.lookup\n    with: {what: an error of 10 MB}\n"),
    )
    assert [(one.status, [step.status for step in one.steps]) for one in ended] == [
        ("failed", ["failed"])
    ] * len(ended)
    assert all("answered with" in one.reason for one in ended[:-1])
    assert ended[-1].reason.startswith("odd failed: error: no no") or "no no" in ended[-1].reason
    failures = [note for note in await rig.notes() if note.kind == "step.failed"]
    assert len(failures) == len(ended)
    assert {note.tell for note in failures} == {"high"}


@pytest.mark.engine
async def test_many_large_answers_fit_into_tasks_messages_and_evidence(rig: Rig) -> None:
    loop = (
        "  - id: each\n    foreach:\n      in: [{items}]\n"
        "      concurrency: 20\n      steps:\n        - id: one\n          uses: odd.lookup\n"
        '          with: {what: "{{ item }}"}\n'
    )
    ended = await rig.run(loop.replace("{items}", ", ".join(f"i{number}" for number in range(20))))
    assert ended.status == "succeeded", ended.reason
    assert len(ended.steps) == 21
    assert not any(step.result for step in ended.steps), "4 MB are no message"
    done = [note for note in await rig.notes() if note.kind == "step.done"]
    assert len(done) == 20
    for note in done:
        assert note.data["result"]["bytes"] > NOTE_LIMIT
        assert len(note.data["result"]["sha256"]) == 64
