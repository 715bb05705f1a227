"""One containment from guard to undo, against a real workflow server."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import RetryPolicy, WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.ports import Site
from playbooks.actions import RenderedAction
from playbooks.policy import ApproversPolicy, GuardPolicy
from tests.workers.fakes import MemoryEvidence, MemoryIncidents, MemoryState, Wall, WallClock
from workers.containment_workflow import GROWTH, LONGEST_PAUSE, UNDO_PAUSE, ContainmentWorkflow
from workers.contract import (
    PLAYBOOK_ACTOR,
    ContainmentRequest,
    ContainmentStart,
    ContainmentState,
    EvidenceNote,
    EvidenceNotes,
    ExtendContainment,
    ReleaseContainment,
    containment_workflow_id,
)
from workers.response import Response
from workers.temporal import sandbox

SECRET = "t0ken-of-the-wall"
GUARD = GuardPolicy(networks=("198.51.100.0/24",), max_per_hour=5, max_seconds=86_400)
APPROVERS = ApproversPolicy(groups={"responders": ("U0ALICE",)})


@workflow.defn(name="IncidentWorkflow")
class NoteTaker:
    """Stands where the incident's workflow does and keeps the notes it is sent."""

    def __init__(self) -> None:
        self._notes: list[EvidenceNote] = []

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.signal
    async def record(self, note: EvidenceNote) -> None:
        self._notes.append(note)

    @workflow.signal
    async def records(self, several: EvidenceNotes) -> None:
        self._notes += several.notes

    @workflow.query
    def notes(self) -> list[EvidenceNote]:
        return self._notes


@dataclass
class Rig:
    client: Client
    queue: str
    incident: WorkflowHandle[Any, Any]
    wall: Wall
    state: MemoryState = field(default_factory=MemoryState)

    def request(
        self, ip: str = "203.0.113.7", seconds: int | None = 3600, key: str = ""
    ) -> ContainmentRequest:
        return ContainmentRequest(
            key=key or uuid.uuid4().hex,
            incident=self.incident.id,
            playbook="contain",
            action=RenderedAction(
                step="block", action="wall.block_ip", params={"ip": ip}, target=ip, seconds=seconds
            ),
            digest="d",
            guard=GUARD,
            approvers=APPROVERS,
        )

    async def ask(
        self, request: ContainmentRequest, workflow_id: str
    ) -> tuple[ContainmentState, WorkflowHandle[Any, Any]]:
        start = WithStartWorkflowOperation(
            ContainmentWorkflow.run,
            ContainmentStart(id="blk-1", spec=self.wall.spec, action="wall.block_ip", target="x"),
            id=workflow_id,
            task_queue=self.queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
        state = await self.client.execute_update_with_start_workflow(
            ContainmentWorkflow.request, request, id=request.key, start_workflow_operation=start
        )
        return state, await start.workflow_handle()

    async def kinds(self) -> list[str]:
        return [note.kind for note in await self.incident.query(NoteTaker.notes)]


@asynccontextmanager
async def rig_on(client: Client) -> AsyncIterator[Rig]:
    queue = uuid.uuid4().hex
    state, wall = MemoryState(), Wall()
    site = Site(
        events=None, alerts=None, incidents=MemoryIncidents(), evidence=MemoryEvidence(), state=state,  # type: ignore[arg-type]
        clock=WallClock(), api_url="", connections={"wall": {"kind": "wall", "token": SECRET}},
    )  # fmt: skip
    response = Response(
        client=client, site=site, actions={"wall.block_ip": wall}, playbooks=lambda: None,  # type: ignore[arg-type, return-value]
        approvers=APPROVERS, guard=GUARD,
    )  # fmt: skip
    async with Worker(
        client,
        task_queue=queue,
        workflows=[ContainmentWorkflow, NoteTaker],
        activities=response.activities,
        workflow_runner=sandbox(),
    ):
        incident = await client.start_workflow(
            NoteTaker.run, id=f"inc-{uuid.uuid4().hex[:8]}", task_queue=queue
        )
        yield Rig(client, queue, incident, wall, state)
        await incident.terminate()


@pytest.fixture
async def rig(temporal: Client) -> AsyncIterator[Rig]:
    async with rig_on(temporal) as rig:
        yield rig


async def test_it_is_applied_verified_and_lifted_when_its_time_is_over(rig: Rig) -> None:
    state, handle = await rig.ask(rig.request(seconds=1), f"contain/{uuid.uuid4()}")
    assert state.status == "active"
    assert "203.0.113.7" in rig.wall.blocked
    ended = await handle.result()
    assert ended.status == "released"
    assert rig.wall.blocked == {}
    assert ended.released_at - ended.applied_at >= timedelta(seconds=1)
    assert await rig.kinds() == ["containment.verified", "containment.released"]


@pytest.mark.parametrize(
    ("ip", "rule"),
    [
        ("198.51.100.9", "networks"),
        ("0.0.0.0/0", "widest_prefix"),
        ("evil.example", "address"),
        ("::ffff:198.51.100.9", "networks"),
        ("127.0.0.1", "never"),
        ("0x7f000001", "address"),
        ("010.1.1.1", "address"),
    ],
)
async def test_the_guard_refuses_with_the_reason_and_nothing_is_touched(rig: Rig, ip: str, rule: str) -> None:
    state, handle = await rig.ask(rig.request(ip), f"contain/{uuid.uuid4()}")
    assert state.status == "refused"
    assert state.detail
    assert rig.wall.applied == 0
    await handle.result()
    notes = await rig.incident.query(NoteTaker.notes)
    assert [(note.kind, note.data["guard"]) for note in notes] == [("containment.refused", rule)]


async def test_the_hourly_limit_refuses_the_sixth(rig: Rig) -> None:
    for number in range(5):
        rig.state.documents["guard/recent"] = (
            {"at": {f"blk-{n}": WallClock().now().isoformat() for n in range(10, 11 + number)}},
            1,
        )
    state, _ = await rig.ask(rig.request(), f"contain/{uuid.uuid4()}")
    assert state.status == "refused"
    assert "5 containments in the last hour" in state.detail


async def test_a_second_request_joins_and_the_same_request_again_changes_nothing(rig: Rig) -> None:
    workflow_id = f"contain/{uuid.uuid4()}"
    request = rig.request(seconds=6)
    first, handle = await rig.ask(request, workflow_id)
    again, _ = await rig.ask(request, workflow_id)
    joined, _ = await rig.ask(rig.request(seconds=8), workflow_id)
    assert first.until == again.until
    assert joined.until is not None
    assert first.until is not None
    assert joined.until > first.until
    assert rig.wall.applied == 1
    await handle.result()
    assert rig.wall.undone == 1


def test_targets_of_any_length_are_told_apart() -> None:
    targets = ["/srv/x on web-1", *(f"/srv/{'x' * 4000}{end} on web-1" for end in "ab")]
    ids = [containment_workflow_id("linux.quarantine_file", target) for target in targets]
    assert ids[0] == "contain/linux.quarantine_file//srv/x on web-1"
    assert len(set(ids)) == 3
    assert max(map(len, ids)) < 250


async def test_a_later_request_for_more_places_widens_it(rig: Rig) -> None:
    workflow_id = f"contain/{uuid.uuid4()}"

    def asked(*hosts: str) -> ContainmentRequest:
        request = rig.request()
        params = {"ip": "203.0.113.7", **({"hosts": list(hosts)} if hosts else {})}
        return request.model_copy(update={"action": request.action.model_copy(update={"params": params})})

    await rig.ask(asked("web-1"), workflow_id)
    await rig.ask(asked("web-1"), workflow_id)
    assert {tuple(places) for places in rig.wall.places} == {("web-1",)}
    joined, handle = await rig.ask(asked("db-1", "web-1"), workflow_id)
    assert joined.params["hosts"] == ["web-1", "db-1"]
    assert ["web-1", "db-1"] in rig.wall.places
    protected = asked("dc-1")
    guard = GUARD.model_copy(update={"hosts": ("dc-1",)})
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await rig.ask(protected.model_copy(update={"guard": guard}), workflow_id)
    assert "dc-1 is protected" in str(caught.value.cause)
    rig.wall.fail_apply = 6
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await rig.ask(asked("files-1"), workflow_id)
    assert "not in force everywhere" in str(caught.value.cause)
    joined, _ = await rig.ask(asked(), workflow_id)
    assert joined.params["hosts"] is None
    assert rig.wall.places[-1] is None
    kinds = await rig.kinds()
    assert (kinds.count("containment.widened"), kinds.count("containment.widen_failed")) == (2, 1)
    await handle.execute_update(ContainmentWorkflow.release, ReleaseContainment(by="U0ALICE"))
    assert rig.wall.blocked == {}


async def test_extend_and_release_are_for_approvers(rig: Rig) -> None:
    before, handle = await rig.ask(rig.request(), f"contain/{uuid.uuid4()}")
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await handle.execute_update(ContainmentWorkflow.release, ReleaseContainment(by="U0MALLORY"))
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "not_approver"
    longer = await handle.execute_update(
        ContainmentWorkflow.extend, ExtendContainment(by="U0ALICE", seconds=60)
    )
    assert before.until is not None
    assert longer.until == before.until + timedelta(seconds=60)
    with pytest.raises(WorkflowUpdateFailedError) as too_long:
        await handle.execute_update(
            ContainmentWorkflow.extend, ExtendContainment(by="U0ALICE", seconds=90_000)
        )
    assert "the guard allows" in str(too_long.value.cause)
    released = await handle.execute_update(ContainmentWorkflow.release, ReleaseContainment(by="U0ALICE"))
    assert released.status == "released"
    assert rig.wall.blocked == {}
    await handle.result()


async def test_what_is_not_in_force_after_applying_is_reverted_and_reported(rig: Rig) -> None:
    rig.wall.lies = True
    state, handle = await rig.ask(rig.request(), f"contain/{uuid.uuid4()}")
    assert state.status == "failed"
    assert "not in force" in state.detail
    await handle.result()
    assert await rig.kinds() == ["containment.failed"]


async def test_an_undo_that_fails_ten_times_is_told_and_never_given_up(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pause in ("UNDO_PAUSE", "LONGEST_PAUSE"):
        monkeypatch.setattr(f"workers.containment_workflow.{pause}", timedelta(milliseconds=100))
    rig.wall.fail_undo = 10
    _, handle = await rig.ask(rig.request(seconds=1), f"contain/{uuid.uuid4()}")
    ended = await handle.result()
    assert ended.status == "released"
    assert rig.wall.blocked == {}
    assert await rig.kinds() == ["containment.verified", "containment.stuck", "containment.released"]


async def test_what_stays_stuck_is_told_again_and_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    for pause in ("UNDO_PAUSE", "LONGEST_PAUSE", "REMIND"):
        monkeypatch.setattr(f"workers.containment_workflow.{pause}", timedelta(milliseconds=100))
    monkeypatch.setattr("workers.containment_workflow.UNDO_ATTEMPTS_BEFORE_TELLING", 1)
    monkeypatch.setattr("workers.containment_workflow.UNDO", RetryPolicy(maximum_attempts=1))
    rig.wall.fail_undo = 3
    _, handle = await rig.ask(rig.request(seconds=1), f"contain/{uuid.uuid4()}")
    await handle.result()
    assert (await rig.kinds()).count("containment.stuck") == 3
    notes = await rig.incident.query(NoteTaker.notes)
    assert "still can't be lifted, after 2 attempts: the wall does not answer" in notes[2].text


async def test_a_release_asked_for_again_ends_the_pause(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    for pause in ("UNDO_PAUSE", "LONGEST_PAUSE"):
        monkeypatch.setattr(f"workers.containment_workflow.{pause}", timedelta(hours=9))
    monkeypatch.setattr("workers.containment_workflow.UNDO_ATTEMPTS_BEFORE_TELLING", 2)
    monkeypatch.setattr("workers.containment_workflow.UNDO", RetryPolicy(maximum_attempts=1))
    _, handle = await rig.ask(rig.request(), f"contain/{uuid.uuid4()}")
    rig.wall.fail_undo = 2
    stuck = await handle.execute_update(ContainmentWorkflow.release, ReleaseContainment(by="U0ALICE"))
    assert stuck.status == "stuck"
    await handle.execute_update(ContainmentWorkflow.release, ReleaseContainment(by="U0ALICE"))
    assert (await handle.result()).status == "released"


def test_attempts_fill_no_history_in_a_month() -> None:
    pauses = [min(UNDO_PAUSE * GROWTH ** min(failed - 1, 40), LONGEST_PAUSE) for failed in range(1, 4000)]
    month, passed, attempts = timedelta(days=30), timedelta(), 0
    while passed < month:
        passed += pauses[attempts]
        attempts += 1
    assert pauses[0] == UNDO_PAUSE
    assert attempts * 12 < 51_200, "events of an attempt; Temporal ends a workflow with that many"


async def test_no_secret_of_a_connection_reaches_history_or_notes(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by what a vendor says back, nor by a fault of ours."""
    monkeypatch.setattr("workers.containment_workflow.APPLY", RetryPolicy(maximum_attempts=1))
    for failure in (
        ActionUnavailableError(f"POST https://api.example.com/?sig={SECRET}: 500 {SECRET}"),
        ActionRefusedError(f"401 wrong token {SECRET}"),
        KeyError(f"Bearer {SECRET}"),
    ):
        rig.wall.failure = failure
        rig.wall.fail_apply = 1
        state, handle = await rig.ask(rig.request(seconds=1), f"contain/{uuid.uuid4()}")
        assert state.status == "failed"
        assert "***" in state.detail
        await handle.result()
        history = (await handle.fetch_history()).to_json()
        said = [base64.b64decode(data).decode() for data in re.findall(r'"data": ?"([^"]*)"', history)]
        assert SECRET not in history + "".join(said)
    notes = await rig.incident.query(NoteTaker.notes)
    assert len(notes) == 3
    assert SECRET not in str(notes)
    rig.wall.seen = f"session {SECRET} is open"
    state, handle = await rig.ask(rig.request(seconds=1), f"contain/{uuid.uuid4()}")
    assert state.detail == "session *** is open"
    await handle.result()


async def test_an_override_is_in_evidence_with_what_it_passed(rig: Rig) -> None:
    both, why = ("U0ALICE", "U0BOB"), "it attacks us from inside"
    ways = (
        (("U0ALICE",), "refused", "an override needs 2 approvers"),
        (("U0ALICE", "U0ALICE"), "refused", "an override needs 2 approvers"),
        (both, "active", ""),
    )
    for people, status, words in ways:
        state, handle = await rig.ask(
            rig.request("198.51.100.9", seconds=1).model_copy(
                update={"override": why, "approved_by": people}
            ),
            f"contain/{uuid.uuid4()}",
        )
        assert (state.status, words in state.detail) == (status, True)
        await handle.result()
    free, handle = await rig.ask(
        rig.request(seconds=1).model_copy(update={"override": why, "approved_by": both}),
        f"contain/{uuid.uuid4()}",
    )
    assert free.status == "active"
    await handle.result()
    (note,) = [one for one in await rig.incident.query(NoteTaker.notes) if one.kind == "guard.overridden"]
    assert "198.51.100.9 is protected by the guard (198.51.100.0/24)) was overridden by 2 people" in note.text
    assert (note.tell, note.data["guard"], note.data["by"]) == ("critical", "networks", list(both))


# --- a second request for the same target ---------------------------------------------------------


def asked(rig: Rig, seconds: int | None = 3600, **more: Any) -> ContainmentRequest:
    """Return a request; `more` replaces what it says besides, ``params`` adds parameters."""
    request = rig.request(seconds=seconds)
    params = {**request.action.params, **more.pop("params", {})}
    action = request.action.model_copy(update={"params": params})
    return request.model_copy(update={"action": action, **more})


async def refused(rig: Rig, request: ContainmentRequest, workflow_id: str) -> str:
    with pytest.raises(WorkflowUpdateFailedError) as caught:
        await rig.ask(request, workflow_id)
    return str(caught.value.cause)


async def test_a_later_request_moves_the_end_in_the_thread_and_in_the_system(rig: Rig) -> None:
    workflow_id = f"contain/{uuid.uuid4()}"
    first, handle = await rig.ask(asked(rig), workflow_id)
    other = await rig.client.start_workflow(
        NoteTaker.run, id=f"inc-{uuid.uuid4().hex[:8]}", task_queue=rig.queue
    )
    longer = asked(rig, 7200, incident=other.id, approved_by=("U0BOB",))
    joined, _ = await rig.ask(longer, workflow_id)
    assert first.until is not None
    assert joined.until is not None
    assert joined.until - first.until > timedelta(seconds=3500)
    assert rig.wall.blocked["203.0.113.7"] == joined.until, "the system itself knows of the later end"
    shorter, _ = await rig.ask(asked(rig, 60), workflow_id)
    assert shorter.until == joined.until, "who wants it shorter does not end it for the others"
    (note,) = await other.query(NoteTaker.notes)
    assert note.kind == "containment.joined"
    assert f"it now ends {joined.until:%Y-%m-%d %H:%M:%S} UTC" in note.text
    assert (note.tell, note.data["by"]) == ("medium", ["U0BOB"])
    mine = [one for one in await rig.incident.query(NoteTaker.notes) if one.kind == "containment.extended"]
    assert [(one.data["by"], other.id in one.text) for one in mine] == [(["U0BOB"], True)]
    await other.terminate()
    await handle.execute_update(ContainmentWorkflow.release, ReleaseContainment(by="U0ALICE"))


async def test_joining_is_no_way_around_the_guard(rig: Rig) -> None:
    workflow_id = f"contain/{uuid.uuid4()}"
    first, handle = await rig.ask(asked(rig, 80_000), workflow_id)
    assert "the guard" not in first.detail
    too_long = asked(rig, 90_000)
    assert "not within 1 to 86400" in await refused(rig, too_long, workflow_id)
    by_itself = asked(rig, 86_000, max_per_hour=10)
    assert "nobody approved it" in await refused(rig, by_itself, workflow_id)
    protected = GUARD.model_copy(update={"networks": ("203.0.113.0/24",)})
    assert "protected" in await refused(rig, asked(rig, 86_000, guard=protected), workflow_id)
    same, _ = await rig.ask(asked(rig, 60, max_per_hour=10), workflow_id)
    assert same.until == first.until, "who changes nothing joins"
    state = await handle.query(ContainmentWorkflow.state)
    assert state.until == first.until
    forced = asked(
        rig,
        None,
        guard=protected,
        override="it burns here, and it burns there",
        approved_by=("U0ALICE", "U0BOB"),
    )
    joined, _ = await rig.ask(forced, workflow_id)
    assert joined.until is None
    assert "guard.overridden" in await rig.kinds()
    await handle.execute_update(ContainmentWorkflow.release, ReleaseContainment(by="U0ALICE"))


async def test_what_is_in_force_otherwise_is_not_taken_for_done(rig: Rig) -> None:
    workflow_id = f"contain/{uuid.uuid4()}"
    await rig.ask(asked(rig, params={"side": "in"}), workflow_id)
    said = await refused(rig, asked(rig, params={"side": "both"}), workflow_id)
    assert "is in force, but side is in, not both: release it first" in said
    joined, handle = await rig.ask(asked(rig, params={"side": "in", "patience": 5}), workflow_id)
    assert joined.status == "active"
    await handle.execute_update(ContainmentWorkflow.release, ReleaseContainment(by="U0ALICE"))


async def test_who_was_refused_keeps_nothing_in_force(rig: Rig) -> None:
    workflow_id = f"contain/{uuid.uuid4()}"
    _, handle = await rig.ask(asked(rig, key="run-a/block", params={"side": "in"}), workflow_id)
    await refused(rig, asked(rig, key="run-b/block", params={"side": "out"}), workflow_id)
    await refused(rig, asked(rig, 86_500, key="run-c/block", params={"side": "in"}), workflow_id)
    lift = ReleaseContainment(by=f"{PLAYBOOK_ACTOR}run-a")
    assert (await handle.execute_update(ContainmentWorkflow.release, lift)).status == "released"
    _, handle = await rig.ask(asked(rig, key="run-a/again"), workflow_id)
    await rig.ask(asked(rig, key="run-b/again"), workflow_id)
    with pytest.raises(WorkflowUpdateFailedError):  # who joined keeps it
        await handle.execute_update(ContainmentWorkflow.release, lift)
    await handle.execute_update(ContainmentWorkflow.release, ReleaseContainment(by="U0ALICE"))


async def test_who_joins_is_told_whether_it_is_in_force_now(rig: Rig) -> None:
    workflow_id = f"contain/{uuid.uuid4()}"
    await rig.ask(asked(rig), workflow_id)
    rig.wall.blocked.clear()  # somebody flushed it
    joined, handle = await rig.ask(asked(rig), workflow_id)
    assert joined.status == "active"
    assert "203.0.113.7" in rig.wall.blocked
    rig.wall.blocked.clear()
    rig.wall.lies = True
    assert "not in force everywhere: the wall does not have it" in await refused(rig, asked(rig), workflow_id)
    assert "containment.drift" in await rig.kinds()
    rig.wall.lies = False
    await handle.execute_update(ContainmentWorkflow.release, ReleaseContainment(by="U0ALICE"))


async def test_what_the_guard_refused_uses_up_no_hour(rig: Rig) -> None:
    for number in range(8):
        state, handle = await rig.ask(rig.request("198.51.100.9"), f"contain/{uuid.uuid4()}")
        assert state.status == "refused", number
        await handle.result()
    assert rig.state.documents["guard/recent"][0] == {"at": {}, "action": {}}
    state, _ = await rig.ask(rig.request(seconds=1), f"contain/{uuid.uuid4()}")
    assert state.status == "active"
