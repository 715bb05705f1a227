"""A plan as a person asks for it in chat: from the desk through a workflow to the worker's actions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from integrations.contract import ActionCall, ActionRefusedError
from integrations.ports import Site
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType
from playbooks.model import load_playbook
from playbooks.policy import ApproversPolicy
from tests.workers.fakes import MemoryEvidence, MemoryIncidents, MemoryState, Wall, WallClock
from tests.workers.test_playbook_workflow import facts
from workers.contract import QUEUE
from workers.desk import DeskError, IncidentDetail
from workers.live_desk import LiveDesk
from workers.messages import PlanRequest
from workers.planning import Planning, PlanRefusedError, PlanWorkflow
from workers.playbook_files import PlaybookFile, PlaybookSet
from workers.temporal import sandbox

INCIDENT = "inc-planned1"
GROUPS = {"responders": ("U0ALICE",)}
PLAYBOOK = """
name: contain
description: Look the address up, ask, block.
on: {incident: {rules: [r]}}
inputs: {ip: {type: ip, from: incident.entities.ip}}
steps:
  - {id: who, uses: book.lookup, with: {ip: "{{ inputs.ip }}"}, on_error: continue}
  - id: ask
    approval:
      from: responders
      expires: 5m
      question: "Block {{ inputs.ip }}, {{ steps.who.owner | default('nobody knows whose') }}?"
      releases: [block]
  - {id: block, uses: wall.block_ip, with: {ip: "{{ inputs.ip }}"}, for: 1h}
  - {id: quiet, if: "{{ incident.severity == 'low' }}", notify: {tier: low, text: never}}
tests:
  - name: nobody agrees
    incident: {rules: [r], severity: low, entities: {ip: [203.0.113.8]}}
    given: {ask: denied}
    expect: {status: denied}
"""


@dataclass
class Book:
    """A look-up that counts, and can be made to fail."""

    asked: list[str] = field(default_factory=list)
    fails: str = ""
    spec = ActionSpec(
        name="book.lookup",
        kind=ActionKind.LOOKUP,
        summary="Say whose an address is.",
        parameters=(Parameter(name="ip", type=ValueType.IP, description="The address."),),
        returns={"owner": ValueType.TEXT},
    )

    async def run(self, call: ActionCall, site: Any) -> dict[str, Any]:  # noqa: ARG002
        self.asked.append(call.params["ip"])
        if self.fails:
            raise ActionRefusedError(self.fails)
        return {"owner": "Example Ltd"}


@dataclass
class Rig:
    desk: LiveDesk
    book: Book
    wall: Wall
    planning: Planning


@pytest.fixture
async def rig(temporal: Client) -> AsyncIterator[Rig]:
    wall, book, incidents = Wall(), Book(), MemoryIncidents()
    await incidents.put(facts(INCIDENT), 1)
    site = Site(
        events=None, alerts=None, incidents=incidents, evidence=MemoryEvidence(), state=MemoryState(),  # type: ignore[arg-type]
        clock=WallClock(), api_url="",
    )  # fmt: skip
    actions: dict[str, Any] = {"wall.block_ip": wall, "book.lookup": book}
    known = load_playbook("p.yaml", PLAYBOOK, {name: one.spec for name, one in actions.items()})

    async def detail(incident: str) -> IncidentDetail:
        found = await incidents.get(incident)
        assert found is not None
        return IncidentDetail(found, (), (), (), None)

    shelf = PlaybookSet(((PlaybookFile("p.yaml", PLAYBOOK), known),), ())
    planning = Planning(site, actions, lambda: shelf, detail, ApproversPolicy(groups=GROUPS))
    async with Worker(
        temporal, task_queue=QUEUE, workflows=[PlanWorkflow], activities=[planning.plan],
        workflow_runner=sandbox(),
    ):  # fmt: skip
        yield Rig(LiveDesk(temporal, site), book, wall, planning)


async def test_look_ups_are_made_and_nothing_else(rig: Rig) -> None:
    foreseen = await rig.desk.plan(INCIDENT, "contain", {})
    assert [(step.id, step.kind) for step in foreseen.plan.steps] == [
        ("who", "lookup"), ("ask", "question"), ("block", "containment"),
    ]  # fmt: skip
    assert "Block 203.0.113.7, Example Ltd?" in foreseen.plan.steps[1].text
    assert [one.summary for one in foreseen.blast] == ["Nobody else uses 203.0.113.7."]
    assert foreseen.plan.skipped[0][0] == "quiet"
    assert rig.book.asked == ["203.0.113.7"]
    assert (rig.wall.applied, rig.wall.blocked) == (0, {})


async def test_a_failing_look_up_is_what_it_would_be_in_a_run(rig: Rig) -> None:
    rig.book.fails = "the quota is used up"
    foreseen = await rig.desk.plan(INCIDENT, "contain", {"ip": "203.0.113.9"})
    assert foreseen.plan.steps[0].result == {"error": "the quota is used up"}
    assert "203.0.113.9, nobody knows whose?" in foreseen.plan.steps[1].text
    assert not foreseen.plan.fault


async def test_answers_can_be_those_of_a_test_and_the_incident_too(rig: Rig) -> None:
    asked = PlanRequest(incident=INCIDENT, playbook="contain", test="nobody agrees")
    foreseen = await rig.planning.foresee(asked)
    assert foreseen.plan.incident == INCIDENT
    assert foreseen.plan.steps[1].text.endswith("[taken as denied]")
    assert [name for name, _ in foreseen.plan.skipped] == ["block", "quiet"]
    assert foreseen.plan.containments == ()

    foreseen = await rig.planning.foresee(asked.model_copy(update={"incident": ""}))
    assert [step.id for step in foreseen.plan.steps] == ["who", "ask", "quiet"]
    assert rig.book.asked == ["203.0.113.7", "203.0.113.8"]  # look-ups are made all the same
    assert rig.wall.applied == 0


async def test_a_question_that_too_few_may_answer_is_told(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await rig.desk.plan(INCIDENT, "contain", {})).lacking == ()
    monkeypatch.setattr(rig.planning, "_approvers", ApproversPolicy(groups={"others": ("U0BOB",)}))
    foreseen = await rig.desk.plan(INCIDENT, "contain", {})
    assert foreseen.lacking == (
        "ask: nobody could answer: siem.yaml has no group responders under approvers",
    )


async def test_a_plan_needs_an_incident_or_a_test_that_there_is(rig: Rig) -> None:
    with pytest.raises(PlanRefusedError, match="name the incident, or one of the playbook's tests"):
        await rig.planning.foresee(PlanRequest(incident="", playbook="contain"))
    with pytest.raises(PlanRefusedError, match="it has: nobody agrees"):
        await rig.planning.foresee(PlanRequest(incident="", playbook="contain", test="all agree"))


@pytest.mark.parametrize(
    ("incident", "playbook", "inputs", "words"),
    [
        (INCIDENT, "contian", {}, "there is no playbook 'contian'; there are: contain"),
        (INCIDENT, "contain", {"ip": "not-an-address"}, "not-an-address"),
        ("inc-nothere1", "contain", {}, "there is no incident"),
    ],
)
async def test_what_can_not_be_planned_is_told(
    rig: Rig, incident: str, playbook: str, inputs: dict[str, Any], words: str
) -> None:
    with pytest.raises(DeskError, match=words):
        await rig.desk.plan(incident, playbook, inputs)
    assert rig.book.asked == []
