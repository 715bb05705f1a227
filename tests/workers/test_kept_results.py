"""Large results by reference, on the real store and the real workflow server: kept, handed on whole, printed,
refused where altered, deleted in time."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.worker import Worker
from typer.testing import CliRunner

import workers.composition
from bot.cli import app
from bot.commands.failures import words
from integrations.contract import ActionCall
from integrations.opensearch import OpenSearchStores, connect, keep_keyring
from integrations.opensearch.holds import Hold
from integrations.ports import KeptAlteredError, KeptGoneError, KeptItem, Site, StoreUnavailableError
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType
from playbooks.commands import RunResult
from playbooks.kept import KeptAt
from playbooks.model import load_playbook
from playbooks.policy import ApproversPolicy
from tests.workers.fakes import MemoryEvidence, MemoryIncidents, MemoryState, WallClock
from tests.workers.test_containment_workflow import NoteTaker
from tests.workers.test_playbook_workflow import APPROVERS, GUARD, THREAD, People, facts
from workers.contract import BOT_QUEUE, QUEUE, EvidenceNote, PlaybookStart
from workers.desk import IncidentDetail
from workers.keeping import Keeping
from workers.kept_results import KeptResults, unpack
from workers.messages import PlanRequest
from workers.planning import Planning
from workers.playbook_files import PlaybookFile, PlaybookSet
from workers.playbook_workflow import PlaybookWorkflow
from workers.response import Response
from workers.results import KEPT_LIMIT, ResultError
from workers.site_file import RetentionSection
from workers.temporal import sandbox

pytestmark = pytest.mark.engine

HEAD = "name: big\ndescription: d\non: {command: true}\nsteps:\n"
SEARCH = "  - id: search\n    uses: logs.search\n    with: {megabytes: 10}\n"
HAND_ON = (
    '  - id: attach\n    uses: case.attach\n    with: {rows: "{{ steps.search.answer.rows }}", '
    'said: "{{ steps.search.answer.total }} rows"}\n'
    '  - id: tell\n    notify: {text: "{{ steps.attach.got }} of {{ steps.search.answer.total }}"}\n'
)
INTO = '  - id: tell\n    notify:\n      text: "first: {{ steps.search.answer.rows[0].user }}"\n'


def rows(megabytes: int) -> list[dict[str, Any]]:
    """Rows that hardly compress, so that they are kept in several pieces."""
    chance = random.Random(7)
    return [
        {"user": "alice", "n": number, "text": f"{chance.getrandbits(3920):0980x}"}
        for number in range(megabytes * 1000)
    ]


class Search:
    spec = ActionSpec(
        name="logs.search", kind=ActionKind.LOOKUP, summary="Search.", returns={"answer": ValueType.ANY},
        parameters=(Parameter(name="megabytes", type=ValueType.INTEGER, description="How much."),),
    )  # fmt: skip

    def __init__(self) -> None:
        self.calls = 0

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:  # noqa: ARG002
        self.calls += 1
        found = rows(call.params["megabytes"])
        return {"answer": {"rows": found, "total": len(found)}}


class Attach:
    spec = ActionSpec(
        name="case.attach", kind=ActionKind.CHANGE, summary="Attach.", returns={"got": ValueType.INTEGER},
        parameters=(
            Parameter(name="rows", type=ValueType.LIST, description="Rows."),
            Parameter(name="said", type=ValueType.TEXT, description="Words.", required=False),
        ),
    )  # fmt: skip

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:  # noqa: ARG002
        self.got.append(dict(call.params))
        return {"got": len(call.params["rows"])}


class Flaky:
    """The store, away for the first times that it is asked."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.away = 0

    def __getattr__(self, name: str) -> Any:
        if self.away:
            self.away -= 1
            raise StoreUnavailableError("OpenSearch does not answer")
        return getattr(self.store, name)


@dataclass
class Rig:
    client: Client
    stores: OpenSearchStores
    site: Site
    incident: Any
    flaky: Flaky
    search: Search = field(default_factory=Search)
    attach: Attach = field(default_factory=Attach)

    async def start(self, steps: str) -> Any:
        return await self.client.start_workflow(
            PlaybookWorkflow.run,
            PlaybookStart(
                playbook="big", path="big.yaml", text=HEAD + steps,
                specs={one.spec.name: one.spec for one in (self.search, self.attach)},
                incident=facts(self.incident.id), thread=THREAD, approvers=APPROVERS, guard=GUARD,
            ),
            id=f"{self.incident.id}/big/{uuid.uuid4().hex[:6]}",
            task_queue=QUEUE,
        )  # fmt: skip

    async def run(self, steps: str) -> RunResult:
        handle = await self.start(steps)
        return await asyncio.wait_for(handle.result(), 60)

    async def notes(self) -> list[EvidenceNote]:
        notes: list[EvidenceNote] = await self.incident.query(NoteTaker.notes)
        return notes

    async def kept(self) -> list[dict[str, Any]]:
        return [one for note in await self.notes() for one in note.data.get("kept", ())]


@pytest.fixture
async def stores(opensearch_url: str, index_prefix: str, tmp_path: Path) -> AsyncIterator[OpenSearchStores]:
    keyring = keep_keyring(tmp_path / ".siem" / "keys")
    stores = await connect(opensearch_url, prefix=index_prefix, keyring=keyring)
    await stores.events.setup(0)
    await stores.results.setup(0)
    yield stores
    await stores.close()


@pytest.fixture
async def rig(temporal: Client, stores: OpenSearchStores) -> AsyncIterator[Rig]:
    flaky = Flaky(stores.results)
    site = Site(
        events=None, alerts=None, incidents=MemoryIncidents(), evidence=MemoryEvidence(), state=MemoryState(),  # type: ignore[arg-type]
        clock=WallClock(), api_url="", results=flaky,
    )  # fmt: skip
    incident = await temporal.start_workflow(
        NoteTaker.run, id=f"inc-{uuid.uuid4().hex[:8]}", task_queue=QUEUE
    )
    here = Rig(temporal, stores, site, incident, flaky)
    response = Response(
        client=temporal, site=site, actions={"logs.search": here.search, "case.attach": here.attach},
        playbooks=lambda: None, approvers=APPROVERS, guard=GUARD,  # type: ignore[arg-type, return-value]
    )  # fmt: skip
    people = People()
    async with (
        Worker(
            temporal, task_queue=QUEUE, workflows=[PlaybookWorkflow, NoteTaker],
            activities=response.activities, workflow_runner=sandbox(),
        ),
        Worker(temporal, task_queue=BOT_QUEUE, activities=[people.ask, people.retire, people.progress]),
    ):  # fmt: skip
        yield here
        await incident.terminate()


async def test_ten_megabytes_reach_the_next_action_whole_and_never_the_history(
    rig: Rig, opensearch_url: str, index_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = await rig.start(SEARCH + HAND_ON)
    ended = await asyncio.wait_for(handle.result(), 60)
    assert ended.status == "succeeded", ended.reason
    assert rig.attach.got == [{"rows": rows(10), "said": "10000 rows"}]
    history = (await handle.describe()).raw_description.workflow_execution_info.history_size_bytes
    assert history < 30_000, f"{history:,} bytes of history"
    (kept,) = await rig.kept()
    assert (kept["path"], kept["kind"], kept["count"]) == (["answer", "rows"], "list", 10_000)
    assert kept["bytes"] > 10_000_000
    (done, _) = [note for note in await rig.notes() if note.kind == "step.done"]
    assert done.data["result"] == {"answer": {"rows": None, "total": 10_000}}
    assert "10000 of 10000" in [note.text for note in await rig.notes()]
    assert ended.steps[0].result["answer"]["rows"]["id"] == kept["id"]

    place = f"/{index_prefix}siem-results/_doc/{kept['id']}"
    head = await rig.stores.connection.request("GET", place)
    assert head["_source"]["pieces"] > 5
    pieces = [await rig.stores.connection.request("GET", f"{place}.{number}") for number in range(5)]
    texts = [row["text"][:40].encode() for row in rows(10)[::500]]  # so long that chance writes none of them
    assert not [piece for piece in map(orjson.dumps, pieces) if any(text in piece for text in texts)]

    (tmp_path / "siem.yaml").write_text("guard: {networks: [10.0.0.0/8]}\n", encoding="utf-8")
    monkeypatch.setenv("SIEM_OPENSEARCH_URL", opensearch_url)
    monkeypatch.setenv("SIEM_CONFIG", str(tmp_path / "siem.yaml"))
    monkeypatch.setattr(workers.composition, "connect_opensearch", partial(connect, prefix=index_prefix))

    async def siem(*line: str) -> Any:
        return await asyncio.to_thread(CliRunner().invoke, app, list(line))

    printed = await siem("playbooks", "result", kept["id"])
    assert json.loads(printed.output)["answer"]["rows"] == rows(10)
    part = await siem("playbooks", "result", kept["id"], "--path", "answer.total")
    assert part.output.strip() == "10000"
    unknown = await siem("playbooks", "result", "res-" + "0" * 24)
    assert isinstance(unknown.exception, Exception)
    assert "it is past its time, or was erased" in str(words(unknown.exception))
    assert "kept for 90 days" in str(words(unknown.exception))


async def test_reading_inside_fails_the_step_with_its_line(rig: Rig) -> None:
    ended = await rig.run(SEARCH + INTO)
    assert (ended.status, [step.status for step in ended.steps]) == ("failed", ["succeeded", "failed"])
    assert "big.yaml:10:" in ended.reason
    assert "steps.search.answer.rows can't be looked into: a list of 10,000 items (10." in ended.reason


async def test_what_was_altered_meanwhile_reaches_nobody(rig: Rig, index_prefix: str) -> None:
    handle = await rig.start(
        SEARCH
        + "  - id: pause\n    wait: 2s\n"
        + HAND_ON.partition("  - id: tell")[0]
        + "    on_error: continue\n"
        + '  - id: tell\n    notify: {text: "{{ steps.attach.error }}"}\n'
    )  # fmt: skip
    while not (kept := await rig.kept()):
        assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
        await asyncio.sleep(0.05)
    name = kept[0]["id"]
    item = await rig.stores.results.describe(name)
    other = {"answer": {"rows": [*rows(10)[1:], {"user": "mallory"}], "total": 10_000}}
    await rig.stores.results.keep(item, orjson.dumps(other))
    assert (await asyncio.wait_for(handle.result(), 60)).status == "succeeded"
    assert rig.attach.got == []
    said = next(note.text for note in await rig.notes() if note.kind == "notice.sent")
    assert "is not what was set aside: its digest differs" in said

    path = f"/{index_prefix}siem-results/_doc/{name}.0"
    piece = (await rig.stores.connection.request("GET", path))["_source"]
    await rig.stores.connection.request("PUT", path, piece | {"data": "A" + piece["data"][1:]})
    with pytest.raises(KeptAlteredError):
        await rig.stores.results.fetch(name)


async def test_a_store_that_is_away_loses_nothing_and_too_much_is_refused(rig: Rig) -> None:
    rig.flaky.away = 2
    ended = await rig.run(SEARCH.replace("10", "1") + HAND_ON)
    assert ended.status == "succeeded", ended.reason
    assert rig.search.calls == 3
    assert len(rig.attach.got[0]["rows"]) == 1000
    ended = await rig.run(SEARCH.replace("10", "25") + HAND_ON)
    assert ended.status == "failed"
    assert f"a step's result may have {KEPT_LIMIT:,}" in ended.reason


async def test_a_reference_of_another_incident_opens_nothing(rig: Rig) -> None:
    keeper = KeptResults(rig.stores.results, WallClock())
    answer = await keeper.keep({"rows": rows(1)}, "logs.search", "inc-a/big/search", "inc-a")
    _, (kept,) = unpack(answer)
    assert await keeper.keep({"rows": rows(1)}, "logs.search", "inc-a/big/search", "inc-a") == answer
    at = (KeptAt(place=("rows",), kept=kept),)
    assert (await keeper.fill(Attach.spec, {"rows": None}, at, "inc-a"))["rows"] == rows(1)
    with pytest.raises(ResultError, match="belongs to inc-a"):
        await keeper.fill(Attach.spec, {"rows": None}, at, "inc-b")
    with pytest.raises(ResultError, match="'siem:kept', which is none"):
        await keeper.keep({"siem:kept": [], "result": {}}, "logs.search", "k", "inc-a")


async def test_a_plan_has_it_by_reference_too(rig: Rig) -> None:
    text = HEAD + SEARCH.replace("10", "1") + (
        '  - id: again\n    uses: logs.count\n    with: {rows: "{{ steps.search.answer.rows }}"}\n' + INTO
    )  # fmt: skip

    class Count(Attach):
        spec = Attach.spec.model_copy(update={"name": "logs.count", "kind": ActionKind.LOOKUP})

    counting = Count()
    actions: dict[str, Any] = {"logs.search": rig.search, "logs.count": counting}
    known = load_playbook("big.yaml", text, {name: one.spec for name, one in actions.items()})

    async def detail(incident: str) -> IncidentDetail:
        return IncidentDetail(facts(incident), (), (), (), None)

    shelf = PlaybookSet(((PlaybookFile("big.yaml", text), known),), ())
    planning = Planning(rig.site, actions, lambda: shelf, detail, ApproversPolicy(groups={}))
    plan = (await planning.foresee(PlanRequest(incident="inc-a", playbook="big"))).plan
    assert counting.got == [{"rows": rows(1)}]
    assert "big.yaml:13:" in plan.fault
    assert "can't be looked into" in plan.fault
    assert len(plan.model_dump_json()) < 20_000


async def test_results_go_in_time_and_on_request_but_not_while_their_incident_is_held(
    stores: OpenSearchStores,
) -> None:
    now, results = datetime.now(UTC), stores.results
    noted: list[EvidenceNote] = []

    async def note(_chain: str, one: EvidenceNote) -> None:
        noted.append(one)

    def item(name: str, incident: str, days: int, kind: Any = "result") -> KeptItem:
        return KeptItem(
            id=name + "0" * 20, kind=kind, incident=incident, run=f"{incident}/p",
            at=now - timedelta(days=days),
        )  # fmt: skip

    old, held = item("res-a000", "inc-a", 91), item("res-b000", "inc-b", 91)
    new = item("res-c000", "inc-a", 89)
    log = item("log-d000", "inc-a", 700, "log")
    for one in (old, held, new, log):
        await results.keep(one, orjson.dumps({"who": "Alice", "mail": "bob@example.com", "n": one.id}))
    await stores.events.hold(Hold(name="h", reason="r", by="b", at=now, events=("e",), incident="inc-b"))
    keeping = Keeping(stores, note)
    totals = await results.totals(90, now)
    assert (totals.results, totals.due) == (3, 2)
    kept = await keeping.apply_retention(RetentionSection(), "b", now)
    assert kept.results == 1
    assert noted[-1].data["results"] == 1
    with pytest.raises(KeptGoneError):
        await results.fetch(old.id)
    assert (await results.describe(held.id)).incident == "inc-b"
    assert await results.fetch(log.id)

    assert (await keeping.concerned("user:ali")).results == 0, "a whole word"
    assert (await keeping.concerned("user:alice")).results == 1
    assert (await keeping.erase("email:bob@example.com", reason="r", by="b", now=now)).results == (new.id,)
    assert noted[-1].data["results"] == [new.id]
    with pytest.raises(KeptGoneError):
        await results.fetch(new.id)
    assert await results.fetch(held.id)
    await results.forget("inc-a/p")
    with pytest.raises(KeptGoneError):
        await results.fetch(log.id)
