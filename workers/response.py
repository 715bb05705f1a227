"""The activities that respond: playbooks chosen, actions called, containments applied and undone.

Business failures are typed and not retried; Temporal alone retries the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

from temporalio import activity
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from integrations.connections import choose, hold_pace, without_secrets
from integrations.contract import Action, ActionCall, ActionError, Aliased, Containment, Grouped, Naming
from integrations.inventory import Inventory
from integrations.ports import Site
from integrations.reversal import NOTHING
from playbooks.actions import ActionKind, ActionSpec, RenderedAction
from playbooks.engine import inputs_of, matches, run_key, runs_of
from playbooks.guard import Weighed, check_change, foreseen, protected_by
from playbooks.policy import ApproversPolicy, GuardPolicy
from rules.evidence import EvidenceRecord
from rules.incidents import IncidentFacts
from workers.attributes import attributes_of_containment
from workers.blast import blast_of
from workers.containment_workflow import ENDING
from workers.containments import Containments, block_id, where_of
from workers.contract import (
    QUEUE,
    SYSTEM_ID,
    ContainmentRequest,
    ContainmentStart,
    ContainmentState,
    EvidenceNotes,
    PlaybookStart,
    PlaybookText,
    containment_workflow_id,
)
from workers.kept_results import KeptResults
from workers.messages import (
    ActionEffect,
    ActionRequest,
    BlastAnswer,
    BlastRequest,
    SelectedPlaybooks,
    SelectPlaybooks,
    WeighAnswer,
    WeighRequest,
)
from workers.playbook_files import PlaybookSet
from workers.results import TEXT_LIMIT, ResultError
from workers.weighing import NamesOf, Weighing

VERIFY_TRIES = 8
VERIFY_PAUSE = 0.25
"""Seconds between two looks at a system that needs a moment to obey."""


class Response:
    def __init__(
        self,
        *,
        client: Client,
        site: Site,
        actions: Mapping[str, Action],
        playbooks: Callable[[], PlaybookSet],
        approvers: ApproversPolicy,
        guard: GuardPolicy,
        weighing: Weighing | None = None,
    ) -> None:
        self._client = client
        self._site = site
        self._actions = actions
        self._playbooks = playbooks
        self._approvers = approvers
        self._guard = guard
        self._containments = Containments(site.state, site.clock)
        self._kept = KeptResults(site.results, site.clock)
        self._weighing = weighing or Weighing(None, Inventory)

    # --- evidence and projections ----------------------------------------------------------------

    @activity.defn(name="evidence.append")
    async def append_evidence(self, records: list[EvidenceRecord]) -> None:
        await self._site.evidence.append(records)

    @activity.defn(name="incident.put")
    async def put_incident(self, facts: IncidentFacts, version: int) -> None:
        await self._site.incidents.put(facts, version)

    @activity.defn(name="notes.send")
    async def send_notes(self, incident: str, notes: EvidenceNotes) -> None:
        """Signal notes to their incident; those of one that has ended go on the chain ``system``."""
        try:
            await self._client.get_workflow_handle(incident).signal("records", notes)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND or incident == SYSTEM_ID:
                raise
            late = [
                note.model_copy(update={"data": note.data | {"incident": incident}}) for note in notes.notes
            ]
            await self.send_notes(SYSTEM_ID, EvidenceNotes(notes=tuple(late)))

    # --- playbooks -------------------------------------------------------------------------------

    @activity.defn(name="playbooks.select")
    async def select(self, request: SelectPlaybooks) -> SelectedPlaybooks:
        """Choose the playbooks that answer an incident, with all that their runs will need."""
        known = await asyncio.to_thread(self._playbooks)
        starts: list[PlaybookStart] = []
        faults: list[str] = list(known.faults) if request.only is None else []
        if request.only is not None and known.named(request.only) is None:
            names = ", ".join(sorted(playbook.name for _, playbook in known.playbooks))
            faults.append(f"there is no playbook {request.only!r}; there are: {names}")
        for file, playbook in known.playbooks:
            if request.only is not None:
                if playbook.name != request.only:
                    continue
                inputs, wrong = inputs_of(
                    playbook, request.facts, request.inputs, request.alerts, request.payload
                )
                runs = [] if wrong else [inputs]
            elif playbook.name not in known.idle and matches(playbook, request.facts):
                runs, wrong = runs_of(playbook, request.facts, request.alerts)
            else:
                continue
            if wrong:
                faults.append(f"playbook {playbook.name} can't start: {'; '.join(wrong)}")
            within = known.inside(playbook)
            used = {name for one in (playbook, *(inner for _, inner in within)) for name in one.actions}
            for inputs in runs:
                key = run_key(inputs)
                if request.only is None and f"{playbook.name}#{key}" in request.started:
                    continue
                starts.append(
                    PlaybookStart(
                        playbook=playbook.name,
                        path=file.path,
                        text=file.text,
                        inside=tuple(PlaybookText(path=one.path, text=one.text) for one, _ in within),
                        specs={name: self._actions[name].spec for name in sorted(used)},
                        incident=request.facts,
                        inputs=inputs,
                        run_key=key,
                        requested_by=request.requested_by,
                        approvers=self._approvers,
                        guard=self._guard,
                    )
                )
        return SelectedPlaybooks(starts=tuple(starts), faults=tuple(faults))

    # --- actions ---------------------------------------------------------------------------------

    @activity.defn(name="action.call")
    async def call(self, request: ActionRequest) -> dict[str, Any]:
        """Call a lookup or a change: fetch for it what is kept elsewhere, and keep what is too large for a
        run."""
        action, incident = self._action(request.action), request.incident or ""
        try:
            if request.kept:
                params = await self._kept.fill(action.spec, request.params, request.kept, incident)
                request = request.model_copy(update={"params": params})
            with _business_errors(self._site):
                await self._check_change(action.spec, request)
                self._hold_pace(action, request)
                result = await action.run(_call_of(request), self._site)
            return await self._kept.keep(result, request.action, request.key, incident)
        except ResultError as error:
            raise ApplicationError(str(error), type="result", non_retryable=True) from error

    async def _check_change(self, spec: ActionSpec, request: ActionRequest) -> None:
        """Raise what the guard says of a change that takes something from somebody."""
        if not spec.guarded:
            return
        weighed = await self._weighed(WeighRequest(containment=request.key, spec=spec, params=request.params))
        if refusal := check_change(self._guard, spec, request.params, weighed):
            raise ApplicationError(refusal.reason, type="guard", non_retryable=True)

    def _hold_pace(self, action: Action, request: ActionRequest) -> None:
        """Hold a lookup or a change to its own quota, unless it does so itself, or the site's connection
        names another. A containment is never held back, nor is its end: the vendor's no is no sooner."""
        spec, connection = action.spec, request.params.get("connection")
        if spec.per_minute is None or getattr(action, "paces_itself", False):
            return
        if spec.connection is not None:
            named = choose(self._site, spec.connection, connection)
            if named.get("per_minute"):
                return
            connection = named.name
        hold_pace(f"{spec.name} at {connection}" if connection else spec.name, spec.per_minute)

    @activity.defn(name="action.blast_radius")
    async def blast_radius(self, request: BlastRequest) -> BlastAnswer:
        """Say what each action would hit, and where the guard will refuse it; one that can't say so says that
        instead."""
        return await blast_of(request, self._actions, self._site, self._verdict)

    async def _verdict(self, rendered: RenderedAction) -> str:
        spec = self._actions[rendered.action].spec
        if spec.kind is not ActionKind.CONTAINMENT:
            return ""
        weighed = await self._weighed(WeighRequest(containment="", spec=spec, params=rendered.params))
        return foreseen(self._guard, spec, rendered, weighed, self._site.clock.now())

    # --- containments ----------------------------------------------------------------------------

    @activity.defn(name="containment.weigh")
    async def weigh(self, request: WeighRequest) -> WeighAnswer:
        """Count a containment for the guard, and say what only this installation knows of its target."""
        recent, of_this_action = await self._containments.reserve(request.containment, request.spec.name)
        weighed = await self._weighed(request)
        since = protected_by(self._guard, request.spec, request.params, weighed)
        return WeighAnswer(
            applied_last_hour=recent,
            of_this_action=of_this_action,
            weighed=weighed.model_copy(update={"since": since}),
        )

    async def _weighed(self, request: WeighRequest) -> Weighed:
        return await self._weighing.weigh(
            request.spec,
            request.params,
            self._groups_of(request),
            self._aliases_of(request),
            self._names_of(request),
        )

    def _groups_of(self, request: WeighRequest) -> NamesOf | None:
        action = self._actions.get(request.spec.name)
        if not self._guard.groups or not hasattr(action, "groups_of"):
            return None
        call = ActionCall(params=request.params, key=request.containment)
        return lambda: cast(Grouped, action).groups_of(call, self._site)

    def _aliases_of(self, request: WeighRequest) -> NamesOf | None:
        action = self._actions.get(request.spec.name)
        if not hasattr(action, "aliases_of"):
            return None
        call = ActionCall(params=request.params, key=request.containment)
        return lambda: cast(Aliased, action).aliases_of(call, self._site)

    def _names_of(self, request: WeighRequest) -> NamesOf | None:
        action = self._actions.get(request.spec.name)
        if not self._guard.users or not hasattr(action, "names_of"):
            return None
        call = ActionCall(params=request.params, key=request.containment)
        return lambda: cast(Naming, action).names_of(call, self._site)

    @activity.defn(name="containment.publish")
    async def publish(self, state: ContainmentState) -> None:
        await self._containments.publish(state)

    @activity.defn(name="containment.apply")
    async def apply(self, request: ActionRequest) -> ActionEffect:
        """Apply and look at the system itself until it obeys, for a moment."""
        action = cast(Containment, self._action(request.action))
        call = _call_of(request)
        async with _heartbeats():
            with _business_errors(self._site):
                await action.run(call, self._site)
                return await self._look(action, call, wanted=True)

    @activity.defn(name="containment.undo")
    async def undo(self, request: ActionRequest) -> ActionEffect:
        action = cast(Containment, self._action(request.action))
        call = _call_of(request)
        async with _heartbeats():
            with _business_errors(self._site):
                done = await action.undo(call, self._site)
                if done.get(NOTHING) is True:
                    return self._effect(False, str(done.get("state", "")))
                return await self._look(action, call, wanted=False)

    async def _look(self, action: Containment, call: ActionCall, *, wanted: bool) -> ActionEffect:
        for attempt in range(VERIFY_TRIES):
            if attempt:
                await asyncio.sleep(VERIFY_PAUSE)
            seen = await action.verify(call, self._site)
            if seen.in_force is wanted:
                break
        return self._effect(seen.in_force, seen.detail)

    def _effect(self, in_force: bool, detail: str) -> ActionEffect:
        return ActionEffect(in_force=in_force, detail=without_secrets(self._site, detail)[:TEXT_LIMIT])

    @activity.defn(name="containment.request")
    async def request(self, request: ContainmentRequest, spec: ActionSpec) -> ContainmentState:
        """Start the containment of this target, or join the one that is there; wait until it is settled.

        The update's id is the request's key, so asking again is answered with the same state. One
        that has ended since the first asking is not started anew.
        """
        containment = block_id(request.key)
        if activity.info().attempt > 1 and (ended := await self._containments.ended(containment)):
            return ended
        target = self._target_of(request.action, spec, containment)
        start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
            "ContainmentWorkflow",
            ContainmentStart(id=containment, spec=spec, action=spec.name, target=target),
            id=containment_workflow_id(spec.name, target),
            task_queue=QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=attributes_of_containment(request.incident, request.playbook),
        )
        asked: asyncio.Future[ContainmentState] = asyncio.ensure_future(
            self._client.execute_update_with_start_workflow(
                "request",
                request,
                id=request.key,
                start_workflow_operation=start,
                result_type=ContainmentState,
            )
        )
        try:
            while not asked.done():
                activity.heartbeat()
                await asyncio.wait({asked}, timeout=1)
            return asked.result()
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            ending = isinstance(cause, ApplicationError) and cause.type == ENDING
            raise ApplicationError(str(cause), type=ENDING, non_retryable=not ending) from error
        finally:
            asked.cancel()

    # --- the rest --------------------------------------------------------------------------------

    def _target_of(self, rendered: RenderedAction, spec: ActionSpec, containment: str) -> str:
        call = ActionCall(params=rendered.params, key=containment)
        with _business_errors(self._site):
            where = where_of(self._action(spec.name), call, self._site)
        return (rendered.target or spec.name) + where

    def _action(self, name: str) -> Action:
        if name not in self._actions:
            raise ApplicationError(
                f"this worker has no action {name}: is it an older version?", type="unknown_action"
            )
        return self._actions[name]

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [
            self.append_evidence, self.put_incident, self.send_notes, self.select, self.call,
            self.blast_radius, self.weigh, self.publish, self.apply, self.undo, self.request,
        ]  # fmt: skip


@asynccontextmanager
async def _heartbeats() -> AsyncIterator[None]:
    """Say that this attempt lives, so that one whose worker died is made anew soon."""

    async def beat() -> None:
        while True:
            activity.heartbeat()
            await asyncio.sleep(1)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()


class _business_errors:  # noqa: N801
    """Turns an action's own errors into Temporal's: a refusal is final, the rest is retried. No secret of a
    connection goes with them into the history."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, ActionError):
            wait = None if error.retry_after is None else timedelta(seconds=error.retry_after)
            raise ApplicationError(
                without_secrets(self._site, str(error))[:TEXT_LIMIT],
                type=type(error).__name__,
                non_retryable=not error.retryable,
                next_retry_delay=wait,
            ) from None
        if isinstance(error, Exception) and not isinstance(error, ApplicationError):
            said = without_secrets(self._site, str(error))[:TEXT_LIMIT]
            if said != str(error):
                raise ApplicationError(said, type=type(error).__name__) from None


def _call_of(request: ActionRequest) -> ActionCall:
    return ActionCall(
        params=request.params,
        key=request.key,
        incident=request.incident,
        until=request.until,
        lasts=request.lasts,
        reason=request.reason,
    )
