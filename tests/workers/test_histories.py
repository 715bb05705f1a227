"""Histories of runs that real workers made, replayed by the workflows as they are now.

Whatever changed in the engine, a run that was begun before must go on as it began. See
``histories/README.md`` for when they may be recorded anew.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import re
import uuid
from collections import Counter
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from integrations.catalogue import actions
from playbooks.collection import load_playbooks
from tests.workers.runs.paths import STEPS, text_of
from tests.workers.runs.script import script_of
from tests.workers.runs.theatre import Nursery, Play, nursery
from workers.containment_workflow import ContainmentWorkflow
from workers.contract import ChangeIncident, EvidenceNote, IncidentStart, IncidentView, ReleaseContainment
from workers.engines import prepare_namespace
from workers.incident_workflow import IncidentWorkflow
from workers.playbook_workflow import PlaybookWorkflow
from workers.temporal import connect, sandbox

pytestmark = pytest.mark.engine

FOLDER = Path(__file__).parent / "histories"
KEPT = sorted(FOLDER.glob("*.json.gz"))
SPECS = {action.spec.name: action.spec for action in actions()}
INCIDENT = "inc-recorded"
WORKER = re.compile(r'"\d+@[^":]*')
"""A process and its host, as queues of single workers are named."""
OF_THE_MACHINE = re.compile(r'"\d+@|/(home|root|tmp|work|usr|opt|Users)/')
LONG = "x" * 450_000
"""A note so long that a dozen of them make a history's size worth starting afresh."""


def read(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(f"{INCIDENT}/{path.name}", gzip.decompress(path.read_bytes()).decode())


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name.removesuffix(".json.gz"))
async def test_a_run_that_was_begun_before_goes_on_as_it_began(path: Path) -> None:
    replayer = Replayer(
        workflows=[PlaybookWorkflow, IncidentWorkflow, ContainmentWorkflow],
        workflow_runner=sandbox(),
        data_converter=pydantic_data_converter,
    )
    await replayer.replay_workflow(read(path))


async def test_a_replay_finds_what_no_longer_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.notes.SEND", "notes.tell")
    replayer = Replayer(
        workflows=[PlaybookWorkflow], workflow_runner=sandbox(), data_converter=pydantic_data_converter
    )
    with pytest.raises(NondeterminismError):
        await replayer.replay_workflow(read(FOLDER / "playbook.granted.json.gz"))


def test_each_way_is_kept_and_nothing_of_the_machine_that_made_it() -> None:
    kinds = Counter(path.name.split(".")[0] for path in KEPT)
    assert kinds["playbook"] >= len(STEPS)
    assert kinds["incident"] >= 2
    assert kinds["containment"] >= 4
    for path in KEPT:
        text = gzip.decompress(path.read_bytes()).decode()
        said = [base64.b64decode(data).decode() for data in re.findall(r'"data":"([^"]*)"', text)]
        assert said, path.name
        assert not [one for one in (text, *said) if OF_THE_MACHINE.search(one)], path.name
        assert path.stat().st_size < 100_000, path.name


def test_each_way_is_among_the_events_that_it_is_about() -> None:
    def kinds(name: str) -> set[str]:
        return {event["eventType"] for event in json.loads(read(FOLDER / name).to_json())["events"]}

    assert "EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW" in kinds("incident.long.json.gz")
    assert "EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED" in kinds("playbook.granted.json.gz")
    assert "EVENT_TYPE_TIMER_FIRED" in kinds("playbook.expired.json.gz")
    assert "EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED" in kinds("playbook.webhook.json.gz")
    assert "EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED" in kinds("incident.whole.json.gz")
    assert "EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED" not in kinds("playbook.waiting.json.gz")
    assert "EVENT_TYPE_TIMER_CANCELED" in kinds("playbook.cancelled.json.gz")
    for part in ("first", "middle"):
        again = kinds(f"playbook.continued-{part}.json.gz")
        assert "EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW" in again
    assert "EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED" in kinds("playbook.continued-last.json.gz")


# --- recording -----------------------------------------------------------------------------------


@pytest.mark.asked_for("--record-histories")
async def test_record(temporal_address: str, tmp_path: Path) -> None:
    for path in KEPT:
        if "continued" not in path.name:  # those are recorded by test_continuing
            path.unlink()
    async with nursery() as here:
        recorder = Recorder(temporal_address, tmp_path, here)
        gate = asyncio.Semaphore(6)

        async def one(name: str) -> None:
            async with gate:
                await recorder.record_run(name)

        await asyncio.gather(*map(one, STEPS))
        await recorder.record_incident()
        await recorder.record_long_incident()


class Recorder:
    def __init__(self, address: str, folder: Path, nursery: Nursery) -> None:
        self._address = address
        self._folder = folder
        self._nursery = nursery

    async def _prepare(self, name: str, *, by_itself: bool = False) -> Play:
        namespace = f"record-{name}-{uuid.uuid4().hex[:6]}"
        client = await connect(self._address, namespace=namespace)
        await prepare_namespace(client, create=True)
        texts = {one: text_of(one) for one in (name, "denied")}
        known, faults = load_playbooks(((f"{one}.yaml", text) for one, text in texts.items()), SPECS)
        assert not faults, faults
        inside = [("denied.yaml", texts["denied"])] if name == "inner" else []
        script = script_of(
            known[name], known[name].tests[0], texts[name], inside,
            {one: SPECS[one] for one in ("geoip.lookup", "blocklist.block_ip")},
            address=self._address, namespace=namespace, incident=INCIDENT,
        )  # fmt: skip
        script.by_itself = by_itself
        return Play(script, self._folder / namespace, client, self._nursery)

    async def record_run(self, name: str) -> None:
        """Record a run of one way, and the containment that it asked for."""
        play = await self._prepare(name)
        waiting = asyncio.create_task(self._keep_waiting(play)) if name == "granted" else None
        await play.run()
        if waiting is not None:
            await waiting
        await self._keep(play, play.script.workflow, f"playbook.{name}")
        if name in ("granted", "refused", "not-applied", "undone"):
            await self._keep(play, "contain/blocklist.block_ip/203.0.113.7", f"containment.{name}")

    async def _keep_waiting(self, play: Play) -> None:
        """Also keep a run while it still waits for people."""
        while not play.records.cards():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await self._keep(play, play.script.workflow, "playbook.waiting")

    async def record_incident(self) -> None:
        """Record an incident from its first alert to its close, with a run and a release within."""
        play = await self._prepare("granted", by_itself=True)
        await play.run()
        await self._nursery.start(play.folder)
        block = play.client.get_workflow_handle("contain/blocklist.block_ip/203.0.113.7")
        person = play.script.start.approvers.groups["responders"][0]
        await block.execute_update("release", ReleaseContainment(by=person, reason="a false alarm"))
        incident = play.client.get_workflow_handle(INCIDENT)
        await incident.execute_update("change", ChangeIncident(by=person, status="closed"))
        await incident.result()
        await self._keep(play, INCIDENT, "incident.whole")
        await self._keep(play, "contain/blocklist.block_ip/203.0.113.7", "containment.released")
        await self._keep(play, play.script.workflow, "playbook.of-incident")

    async def record_long_incident(self) -> None:
        """Record an incident that starts afresh since its history grew."""
        play = await self._prepare("wait", by_itself=True)
        await play.run()
        await self._nursery.start(play.folder)
        incident = play.client.get_workflow_handle(INCIDENT)
        first = (await incident.describe()).run_id
        for number in range(12):
            note = EvidenceNote(
                key=str(number), kind="note", actor="siem", text=LONG, at=play.script.start.incident.opened
            )
            await incident.signal("record", note)
        while (await incident.describe()).run_id == first:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        view = await incident.query("view", result_type=IncidentView)
        assert view.facts is not None
        assert view.head.seq >= 12
        await self._keep(play, INCIDENT, "incident.long", first)

    async def _keep(self, play: Play, workflow: str, name: str, run: str | None = None) -> None:
        handle = play.client.get_workflow_handle(workflow, run_id=run)
        for _ in range(50):  # a run that is just under way has its first task soon
            try:
                history = await handle.fetch_history()
            except RPCError:
                await asyncio.sleep(0.1)
                continue
            break
        text = without_machine(history.to_json())
        (FOLDER / f"{name}.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def without_machine(text: str) -> str:
    """Take out who worked on it, and where: nothing that a replay looks at."""
    value = json.loads(text)

    def clean(node: object) -> None:
        if isinstance(node, dict):
            for name in ("identity", "stackTrace", "binaryChecksum"):
                if name in node:
                    node[name] = ""
            for inner in node.values():
                clean(inner)
        elif isinstance(node, list):
            for inner in node:
                clean(inner)

    clean(value)
    return WORKER.sub('"a-worker', json.dumps(value, separators=(",", ":")))


def test_an_incident_starts_afresh_with_all_it_knew() -> None:
    """What continue-as-new carried over, as the kept history has it."""
    events = json.loads(read(FOLDER / "incident.long.json.gz").to_json())["events"]
    last = events[-1]["workflowExecutionContinuedAsNewEventAttributes"]
    (payload,) = last["input"]["payloads"]
    carried = IncidentStart.model_validate_json(base64.b64decode(payload["data"])).carried
    assert carried is not None
    assert carried.view.head.seq >= 12
    assert carried.view.facts is not None
    assert len(carried.alerts) == 1
    assert carried.started
