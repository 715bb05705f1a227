"""Starts runs, answers for people, and starts the worker again whenever it dies."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from os import kill as end
from pathlib import Path
from typing import Any

from temporalio.client import (
    Client,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from playbooks.commands import Cancel, RunResult
from rules.alerts import Alert, EventRef
from rules.evidence import faults
from tests.workers.runs.records import Records
from tests.workers.runs.script import Script, cancels
from tests.workers.runs.stage import TASK
from workers.contract import (
    QUEUE,
    AlertsJoined,
    AnswerRefused,
    CancelRefused,
    GivenAnswer,
    HookCall,
    IncidentStart,
    InquiryCard,
    Question,
    Vote,
    VoteRefused,
)
from workers.waits import HOOKS

TIMES = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+00:00| UTC)?")
LATE = {VoteRefused.LATE, VoteRefused.SECOND_VOTE, AnswerRefused.LATE, CancelRefused.CANCELLED}
"""Refusals of what counted already."""
PATIENCE = 300.0
QUIET, LATEST = 6, 80
"""For how many looks nothing must change, where nothing certain is waited for, and where it is."""


@dataclass(frozen=True)
class Outcome:
    """What is left when a run is over, without what differs each time."""

    result: Any
    effects: list[tuple[str, str, str, str]]
    """(idempotency key, action, run or undo, parameters): each once."""
    in_force: list[str]
    cards: list[tuple[str, str]]
    """(key, kind)."""
    evidence: Counter[str]


@dataclass
class Nursery:
    """The process that forks workers."""

    process: asyncio.subprocess.Process
    alive: dict[str, int] = field(default_factory=dict)
    """Folder to the process id of its worker."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self, folder: Path) -> int:
        """Start a worker; returns its process id."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{folder}\n".encode())
        while str(folder) not in self.alive:
            self.changed.clear()
            await self.changed.wait()
        return self.alive[str(folder)]

    async def ended(self, folder: Path) -> None:
        while str(folder) in self.alive:
            self.changed.clear()
            await self.changed.wait()

    async def watch(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            what, pid, folder = line.decode().rstrip("\n").split(" ", 2)
            if what == "started":
                self.alive[folder] = int(pid)
            elif self.alive.get(folder) == int(pid):
                del self.alive[folder]
            waiting, self.changed = self.changed, asyncio.Event()
            waiting.set()


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.workers.runs.nursery",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    here = Nursery(process)
    watching = asyncio.create_task(here.watch())
    try:
        yield here
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
        await watching


class Play:
    """One run on its stage."""

    def __init__(
        self,
        script: Script,
        folder: Path,
        client: Client,
        nursery: Nursery,
        moments: Sequence[float] = (),
    ) -> None:
        """`moments`: for how many seconds each worker lives before it is killed; the one after lives on."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "script.json").write_text(script.model_dump_json(), encoding="utf-8")
        self.script = script
        self.folder = folder
        self.client = client
        self.nursery = nursery
        self.moments = moments
        self.deaths = 0
        self.records = Records(folder)

    async def run(self, wanted: Outcome | None = None) -> Outcome:
        """Start the run, see it through, and say what is left of it once that has settled: what a containment
        has to tell may come after the run's own end. `wanted` is what is waited for."""
        incident = self.script.start.incident.id
        if self.script.by_itself:
            await self.client.start_workflow(
                "IncidentWorkflow", IncidentStart(incident=incident), id=incident, task_queue=QUEUE,
                start_signal="alerts", start_signal_args=[AlertsJoined(alerts=(self._alert(),))],
            )  # fmt: skip
        else:
            await self.client.start_workflow(
                "IncidentWorkflow", IncidentStart(incident=incident), id=incident, task_queue=QUEUE,
                task_timeout=TASK,
            )  # fmt: skip
            await self.client.start_workflow(
                "PlaybookWorkflow", self.script.start, id=self.script.workflow, task_queue=QUEUE,
                task_timeout=TASK,
            )  # fmt: skip
        handle = self.client.get_workflow_handle(self.script.workflow, result_type=RunResult)
        helpers = [asyncio.create_task(self._keep_alive()), asyncio.create_task(self._answer(handle))]
        try:
            async with asyncio.timeout(PATIENCE):
                ending = asyncio.ensure_future(self._end_of(handle))
                await asyncio.wait({ending, *helpers}, return_when=asyncio.FIRST_COMPLETED)
                for helper in helpers:
                    if helper.done():
                        await helper  # it never ends but by a fault
                result: RunResult = await ending
                await self._told(incident)
                return await self._settled(result, incident, wanted)
        except TimeoutError:
            log = (self.folder / "worker.log").read_text(encoding="utf-8")
            raise AssertionError(f"{self.script.workflow} did not end: {log[-2000:]}") from None
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            if pid := self.nursery.alive.get(str(self.folder)):
                end(pid, signal.SIGKILL)
                await self.nursery.ended(self.folder)

    async def _end_of(self, handle: WorkflowHandle[Any, RunResult]) -> RunResult:
        while True:
            try:
                return await handle.result()
            except RPCError as error:  # its incident has not started it yet
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
            await asyncio.sleep(0.1)

    def _alert(self) -> Alert:
        facts = self.script.start.incident
        return Alert(
            id="alr-1", rule=facts.rules[0], rule_id="r", title=facts.title, severity=facts.severity, risk=70,
            entities=facts.entities, evidence=(EventRef(id="e1"),), evidence_count=1, first=facts.first,
            last=facts.last, detected=facts.last, summary="A finding.",
        )  # fmt: skip

    async def _keep_alive(self) -> None:
        while True:
            pid = await self.nursery.start(self.folder)
            if self.deaths < len(self.moments):
                await asyncio.sleep(self.moments[self.deaths])
                with contextlib.suppress(ProcessLookupError):
                    end(pid, signal.SIGKILL)
            await self.nursery.ended(self.folder)
            self.deaths += 1

    # --- people ----------------------------------------------------------------------------------

    async def _answer(self, handle: WorkflowHandle[Any, Any]) -> None:
        """Answer what is asked as the script says, again and again until it counts; call awaited webhooks."""
        done: set[str] = set()
        while True:
            for key, kind, card in self.records.cards():
                if key not in done and kind in ("question", "inquiry"):
                    answer = self._vote if kind == "question" else self._tell
                    if await answer(handle, card):
                        done.add(key)
            for key in await self.records.keys(HOOKS):
                await self._call(handle, key)
            await asyncio.sleep(0.05)

    async def _vote(self, handle: WorkflowHandle[Any, Any], card: str) -> bool:
        question = Question.model_validate_json(card)
        given = self.script.outcome(question.question_id)
        if given == "expired":
            return True
        if cancels(given):
            return await self._cancel(handle, question.approver_ids[0], given)
        people = question.approver_ids[: question.quorum if given == "granted" else 1]
        for person in people:
            vote = Vote(
                question=question.question_id, digest=question.digest, by=person, approve=given == "granted",
                at=datetime.now(UTC),
            )  # fmt: skip
            if not await self._update(handle, "vote", vote):
                return False
        return True

    async def _tell(self, handle: WorkflowHandle[Any, Any], card: str) -> bool:
        inquiry = InquiryCard.model_validate_json(card)
        given = self.script.outcome(inquiry.question_id)
        if given == "expired":
            return True
        if cancels(given):
            return await self._cancel(handle, inquiry.people[0], given)
        answers = {name: str(value) for name, value in given.items() if name != "by" and value != ""}
        answer = GivenAnswer(
            question=inquiry.question_id, by=inquiry.people[0], answers=answers, at=datetime.now(UTC)
        )
        return await self._update(handle, "answer", answer)

    async def _cancel(self, handle: WorkflowHandle[Any, Any], person: str, given: Any) -> bool:
        keep = given != "cancelled" and given["cancelled"] == "keep"
        return await self._update(handle, "cancel", Cancel(by=person, reason="rehearsed", keep=keep))

    async def _update(self, handle: WorkflowHandle[Any, Any], name: str, message: Any) -> bool:
        """Send an update; False where nobody answered, so that it must be sent again."""
        try:
            await asyncio.wait_for(handle.execute_update(name, message), 5)
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            assert isinstance(cause, ApplicationError), cause
            assert cause.type in LATE, f"{name} was refused: {cause}"
        except (TimeoutError, RPCError, WorkflowUpdateRPCTimeoutOrCancelledError):
            return False
        return True

    async def _call(self, handle: WorkflowHandle[Any, Any], key: str) -> None:
        found = await self.records.get(key)
        if found is None:
            return
        wait = found[0]
        given = self.script.outcome(wait["step"]) or {}
        if given.get("happened", True):
            payload = {**_where(json.loads(self.script.start.text), wait["step"]), **given.get("payload", {})}
            payload = {name: self._filled(value) for name, value in payload.items()}
            call = HookCall(webhook=wait["webhook"], delivery="1", payload=payload)
            with contextlib.suppress(RPCError):
                await handle.signal("hook", call)

    def _filled(self, value: Any) -> Any:
        for name, given in self.script.start.inputs.items():
            if value == f"{{{{ inputs.{name} }}}}":
                return given
        return value

    # --- what is left ----------------------------------------------------------------------------

    async def _told(self, incident: str) -> None:
        """Wait until the incident has the playbook's last words in its chain."""
        while "playbook.ended" not in {one.kind for one in await self.records.chain(incident)}:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    async def _settled(self, result: RunResult, chain: str, wanted: Outcome | None) -> Outcome:
        outcome, quiet = await self._outcome(result, chain), 0
        while outcome != wanted and quiet < (QUIET if wanted is None else LATEST):
            await asyncio.sleep(0.25)
            now = await self._outcome(result, chain)
            outcome, quiet = now, quiet + 1 if now == outcome else 0
        return outcome

    async def _outcome(self, result: RunResult, chain: str) -> Outcome:
        records = await self.records.chain(chain)
        assert faults(chain, records, None) == []
        effects = [(key, action, what, params) for key, action, what, params, _ in self.records.effects()]
        return Outcome(
            result=_steady(result),
            effects=effects,
            in_force=await self.records.keys("in-force/"),
            cards=[(key, kind) for key, kind, _ in self.records.cards()],
            evidence=Counter(record.kind for record in records),
        )


def _steady(result: RunResult) -> Any:
    """Return a result without times, its steps in order of their names."""
    value = json.loads(TIMES.sub("TIME", result.model_dump_json()))
    value["steps"].sort(key=lambda step: step["id"])
    return value


def _where(node: Any, step: str) -> dict[str, Any]:
    if isinstance(node, dict):
        if node.get("id") == step and isinstance(node.get("wait"), dict):
            return dict(node["wait"].get("where", {}))
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            if found := _where(inner, step):
                return found
    return {}
