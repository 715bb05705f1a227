"""The worker of one run: the product's workflows and activities, a test vendor, and a bot that keeps cards.

Between what it does lie boundaries: before an activity begins, after its effect but before the server hears
of it, and as a vote or an answer arrives. At those that the script names the process kills itself (SIGKILL),
once at each.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import zlib
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client, OutboundInterceptor, StartWorkflowUpdateWithStartInput
from temporalio.client import Interceptor as ClientInterceptor
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    HandleUpdateInput,
    Interceptor,
    StartActivityInput,
    Worker,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from integrations.contract import ActionCall, ActionRefusedError
from integrations.ports import Site, StoredEvent
from playbooks.actions import ActionKind, ActionSpec, BlastRadius, Verification
from playbooks.guard import Weighed
from playbooks.model import load_playbook
from tests.workers.runs.records import NoIncidents, Records
from tests.workers.runs.script import Script, failure_of, made_up
from workers.composition import WallClock
from workers.containment_workflow import ContainmentWorkflow
from workers.containments import block_id
from workers.contract import (
    BOT_QUEUE,
    QUEUE,
    BotActivity,
    IncidentPost,
    InquiryCard,
    InquiryEnd,
    Progress,
    Question,
    QuestionEnd,
    ThreadPost,
    ThreadRef,
)
from workers.incident_workflow import IncidentWorkflow
from workers.messages import WeighAnswer
from workers.playbook_files import PlaybookFile, PlaybookSet
from workers.playbook_workflow import PlaybookWorkflow
from workers.response import Response
from workers.temporal import PASSED_THROUGH
from workers.waits import Waits

LONGEST = timedelta(seconds=3)
"""What an activity may take here at most, so that one whose worker died is soon tried again."""
TASK = timedelta(seconds=2)
"""The same for workflow tasks."""


# --- the vendor ----------------------------------------------------------------------------------


class StagedAction:
    """An action of the catalogue's spec, whose outcomes are the script's; what it does is kept."""

    paces_itself = True

    def __init__(self, spec: ActionSpec, script: Script, records: Records) -> None:
        self.spec = spec
        self._script = script
        self._records = records

    def _step(self, call: ActionCall) -> str:
        if call.key.startswith("blk-"):
            return self._records.step_of(call.key)
        return call.key.rpartition("/")[2]

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        given = self._script.outcome(self._step(call))
        if failed := failure_of(given):
            if failed[0] == "timeout":
                await asyncio.sleep(60)
            raise ActionRefusedError(failed[1])
        self._records.effect(call.key, self.spec.name, "run", call.params)
        if self.spec.kind is ActionKind.CONTAINMENT:
            await site.state.put(self._mark(call), {"key": call.key})
        return {**made_up(self.spec), **(given if isinstance(given, dict) else {})}

    def _mark(self, call: ActionCall) -> str:
        target = call.params.get(self.spec.target or "", "")
        return f"in-force/{self.spec.name}/{target}"

    def connection_of(self, call: ActionCall, site: Site) -> str:  # noqa: ARG002
        """One place only: no connection is needed, nor told apart."""
        return ""

    async def verify(self, call: ActionCall, site: Site) -> Verification:
        there = await site.state.get(self._mark(call)) is not None
        return Verification(in_force=there, detail="it is there" if there else "it is not there")

    async def undo(self, call: ActionCall, site: Site) -> dict[str, Any]:
        if await site.state.get(self._mark(call)) is not None:
            self._records.effect(call.key, self.spec.name, "undo", call.params)
        await site.state.delete(self._mark(call))
        return {}

    async def blast_radius(self, call: ActionCall, site: Site) -> BlastRadius:  # noqa: ARG002
        return BlastRadius(summary="Nobody else.")


_waiting: ContextVar[str] = ContextVar("waiting", default="")
"""The step that an event is looked for."""


class StagedEvents:
    def __init__(self, script: Script) -> None:
        self._script = script

    async def search(
        self, _query: str, _first: datetime, _last: datetime, _limit: int
    ) -> tuple[int, list[StoredEvent]]:
        given = self._script.outcome(_waiting.get())
        given = given if isinstance(given, dict) else {}
        if given.get("happened", True) is False:
            return 0, []
        return 1, [StoredEvent(index="logs", seq_no=1, document=given.get("event", {}))]


# --- the bot -------------------------------------------------------------------------------------


class StagedBot:
    """Keeps cards by their key, as the bot finds what it posted before."""

    def __init__(self, records: Records) -> None:
        self._records = records

    @activity.defn(name=BotActivity.ASK.value)
    async def ask(self, question: Question) -> ThreadRef:
        self._records.post(question.key, "question", question.model_dump_json())
        return ThreadRef(channel="C1", ts="2.0")

    @activity.defn(name=BotActivity.INQUIRE.value)
    async def inquire(self, card: InquiryCard) -> ThreadRef:
        self._records.post(card.key, "inquiry", card.model_dump_json())
        return ThreadRef(channel="C1", ts="3.0")

    @activity.defn(name=BotActivity.OPEN_INCIDENT.value)
    async def open_incident(self, post: IncidentPost) -> ThreadRef:
        self._records.post(post.key, "incident", post.incident.title)
        return ThreadRef(channel="C1", ts="1.0")

    @activity.defn(name=BotActivity.UPDATE_INCIDENT.value)
    async def update_incident(self, post: IncidentPost) -> None: ...

    @activity.defn(name=BotActivity.POST.value)
    async def post(self, post: ThreadPost) -> None:
        self._records.post(post.key, "post", post.text)

    @activity.defn(name=BotActivity.RETIRE.value)
    async def retire(self, end: QuestionEnd) -> None:
        self._records.post(end.key, "retired", end.decision)

    @activity.defn(name=BotActivity.ANSWERED.value)
    async def answered(self, end: InquiryEnd) -> None:
        self._records.post(end.key, "retired", "answered" if end.answer else "expired")

    @activity.defn(name=BotActivity.PROGRESS.value)
    async def progress(self, progress: Progress) -> ThreadRef:  # noqa: ARG002
        return ThreadRef(channel="C1", ts="9.0")

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [
            self.ask, self.inquire, self.open_incident, self.update_incident, self.post, self.retire,
            self.answered, self.progress,
        ]  # fmt: skip


# --- boundaries ----------------------------------------------------------------------------------


class Boundaries:
    def __init__(self, records: Records, script: Script) -> None:
        self._records = records
        self._steps = frozenset(script.steps)
        number, slash, every = script.kills.partition("/")
        self._number, self._every = (int(number), int(every)) if slash else (0, script.kills == "all")

    def reach(self, name: str, step: str) -> None:
        """End this process where a boundary is one of those, and is reached for the first time."""
        place = self._records.reach(name, step)
        if self._steps:
            place = (
                zlib.crc32(f"{step} {name.rpartition(' ')[2]}".encode())
                if step in self._steps and place >= 0
                else -1
            )
        if place >= 0 and self._every and place % self._every == self._number:
            self._records.kill(name)
            os.kill(os.getpid(), signal.SIGKILL)


_boundaries: Boundaries | None = None
"""Of this process: what runs inside workflows can't be handed anything."""


class StagedActivities(ActivityInboundInterceptor):
    def __init__(self, after: ActivityInboundInterceptor, script: Script, records: Records) -> None:
        super().__init__(after)
        self._script = script
        self._records = records

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        assert _boundaries is not None
        info = activity.info()
        kind = "local" if info.is_local else "activity"
        name = f"{info.workflow_id} {info.workflow_run_id} {kind} {info.activity_id} {info.activity_type}"
        if info.activity_type == "containment.request":
            key = input.args[0].key
            self._records.name_step(block_id(key), key.rpartition("/")[2])
        step = self._step(input)
        _boundaries.reach(f"{name} before", step)
        result = await self._execute(input, info.activity_type)
        _boundaries.reach(f"{name} after", step)
        return result

    def _step(self, input: ExecuteActivityInput) -> str:
        """Return the step that an activity is done for, empty where it is for none."""
        asked = input.args[0] if input.args else None
        if step := getattr(asked, "step", ""):
            return str(step)
        key = str(getattr(asked, "key", "") or getattr(asked, "containment", ""))
        if key.startswith("blk-"):
            return self._records.step_of(key)
        return key.partition(f"{self._script.workflow}/")[2].partition("/")[0]

    async def _execute(self, input: ExecuteActivityInput, name: str) -> Any:
        if name == "events.find":
            _waiting.set(input.args[0].step)
        if name == "containment.weigh":
            step = self._records.step_of(input.args[0].containment)
            failed = failure_of(self._script.outcome(step))
            own = failed[1] if failed and failed[0] == "refused" else ""
            return WeighAnswer(applied_last_hour=0, of_this_action=0, weighed=Weighed(own=own))
        return await super().execute_activity(input)


class ShortTimes(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> Any:
        for name in ("start_to_close_timeout", "heartbeat_timeout"):
            if (given := getattr(input, name)) is not None and input.activity != "containment.request":
                setattr(input, name, min(given, LONGEST))
        if input.activity == "containment.request":
            input.heartbeat_timeout = LONGEST
        return super().start_activity(input)


class StagedWorkflows(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(ShortTimes(outbound))

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:
        if not workflow.unsafe.is_replaying():
            with workflow.unsafe.sandbox_unrestricted():
                assert _boundaries is not None
                step = str(getattr(input.args[0], "question", ""))
                _boundaries.reach(f"{workflow.info().workflow_id} update {input.update} {input.id}", step)
        return await super().handle_update_handler(input)


class Staged(Interceptor):
    def __init__(self, script: Script, records: Records) -> None:
        self._script = script
        self._records = records

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return StagedActivities(next, self._script, self._records)

    def workflow_interceptor_class(
        self,
        input: WorkflowInterceptorClassInput,  # noqa: ARG002
    ) -> type[WorkflowInboundInterceptor]:
        return StagedWorkflows


class ShortTasks(OutboundInterceptor):
    async def start_update_with_start_workflow(self, input: StartWorkflowUpdateWithStartInput) -> Any:
        input.start_workflow_input.task_timeout = TASK
        return await super().start_update_with_start_workflow(input)


class ShortTaskClient(ClientInterceptor):
    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        return ShortTasks(next)


def _known(script: Script) -> PlaybookSet:
    """The script's own playbook, where its incident shall start it by itself."""
    if not script.by_itself:
        return PlaybookSet((), ())
    start = script.start
    playbook = load_playbook(start.path, start.text, start.specs)
    return PlaybookSet(((PlaybookFile(start.path, start.text), playbook),), ())


# --- the process ---------------------------------------------------------------------------------


async def work(folder: Path) -> None:
    """Work on the script in a folder until the process ends."""
    global _boundaries
    script = Script.model_validate_json((folder / "script.json").read_text(encoding="utf-8"))
    records = Records(folder)
    _boundaries = Boundaries(records, script)
    client = await Client.connect(
        script.address,
        namespace=script.namespace,
        data_converter=pydantic_data_converter,
        interceptors=[ShortTaskClient()],
    )
    site = Site(
        events=StagedEvents(script), alerts=None, incidents=NoIncidents(), evidence=records, state=records,  # type: ignore[arg-type]
        clock=WallClock(), api_url="",
    )  # fmt: skip
    response = Response(
        client=client,
        site=site,
        actions={name: StagedAction(spec, script, records) for name, spec in script.specs.items()},
        playbooks=lambda: _known(script),
        approvers=script.start.approvers,
        guard=script.start.guard,
    )
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH, "tests", "sqlite3")
    interceptors = [Staged(script, records)]
    async with contextlib.AsyncExitStack() as stack:
        for queue, workflows, activities in (
            (BOT_QUEUE, [], StagedBot(records).activities),
            (
                QUEUE,
                [IncidentWorkflow, PlaybookWorkflow, ContainmentWorkflow],
                [*response.activities, *Waits(client, site).activities],
            ),
        ):
            worker = Worker(
                client,
                task_queue=queue,
                workflows=workflows,
                activities=activities,
                workflow_runner=SandboxedWorkflowRunner(restrictions=restrictions),
                interceptors=interceptors,
                sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
            )
            await stack.enter_async_context(worker)
        await asyncio.Event().wait()
