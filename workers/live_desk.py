"""The `Desk` over a running installation: reads the stores, talks to workflows through Temporal."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NoReturn

from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from integrations.ports import Site, StoredEvent, StoreQueryError
from playbooks.commands import Cancel
from playbooks.policy import ApproversPolicy
from rules.attack_path import AttackPath, rebuild
from rules.ecs import get, parse_timestamp
from rules.evidence import SYSTEM_CHAIN, EvidenceRecord
from rules.incidents import IncidentFacts
from workers.containments import Containments
from workers.contract import (
    QUEUE,
    SYSTEM_ID,
    AnswerRefused,
    ChangeIncident,
    ContainmentState,
    EvidenceNote,
    ExtendContainment,
    GivenAnswer,
    IncidentView,
    InquiryCard,
    ReleaseContainment,
    RunPlaybook,
    Vote,
    VoteRefused,
    VoteResult,
    actor_of,
)
from workers.delivery import delivered, late
from workers.desk import (
    AnswerRefusedError,
    DeskError,
    IncidentDetail,
    NotAllowedError,
    PartStatus,
    QueryError,
    ReleasedAll,
    SearchAnswer,
    TimelineEntry,
    UnknownIdError,
    VoteRefusedError,
)
from workers.intelligence_answers import Ask, Known
from workers.messages import Foreseen, PlanRequest
from workers.run_cancel import cancel_run, going_on, how_it_ended

PATIENCE = timedelta(seconds=20)
"""How long a person waits for a workflow's answer before being told that it has not come."""
AT_ONCE = 20
"""Containments that are lifted at once, where all are: one that does not answer holds up no other."""
PLAN_PATIENCE = timedelta(seconds=75)
ALERT_KINDS = frozenset({"incident.opened", "alert.joined"})
EVENTS_SHOWN = 500


class LiveDesk:
    def __init__(
        self,
        client: Client,
        site: Site,
        parts: Callable[[], Awaitable[Sequence[PartStatus]]] | None = None,
        approvers: ApproversPolicy | None = None,
        known: Ask | None = None,
    ) -> None:
        """`approvers`: who may ask to lift everything; None: nobody. `known`: what is known to be bad."""
        self._known = known
        self._approvers = approvers or ApproversPolicy(groups={})
        self._client = client
        self._site = site
        self._parts = parts
        self._containments = Containments(site.state, site.clock)

    # --- reading ---------------------------------------------------------------------------------

    async def search(self, query: str, *, hours: float, limit: int) -> SearchAnswer:
        last = self._site.clock.now()
        first = last - timedelta(hours=hours)
        try:
            total, events = await self._site.events.search(query, first, last, limit)
        except StoreQueryError as error:
            raise QueryError(str(error)) from error
        return SearchAnswer(query=query, first=first, last=last, total=total, events=tuple(events))

    async def incidents(self, *, open_only: bool, limit: int) -> list[IncidentFacts]:
        return await self._site.incidents.recent(limit, open_only=open_only)

    async def incident(self, incident: str) -> IncidentDetail:
        facts = await self._facts(incident)
        view = await self._view(incident)
        alerts = await self._site.alerts.of_incident(facts.id)
        mine = [one for one in await self._containments.every(ended=True) if one.incident == facts.id]
        return IncidentDetail(
            facts=facts,
            alerts=tuple(alerts),
            containments=tuple(mine),
            playbooks=view.playbooks if view else (),
            thread=view.thread if view else None,
        )

    async def timeline(self, incident: str) -> list[TimelineEntry]:
        facts = await self._facts(incident)
        records = await self._site.evidence.chain(facts.id)
        alerts = await self._site.alerts.of_incident(facts.id)
        events = await self._events(facts.id)
        entries = [
            *(
                TimelineEntry(
                    at=event_time(event), kind="event", actor=_source(event), text=_event_text(event)
                )
                for event in events
            ),
            *(
                TimelineEntry(
                    at=alert.last,
                    kind="alert",
                    actor=f"rule:{alert.rule}",
                    text=f"{alert.title}: {alert.summary}",
                )
                for alert in alerts
            ),
            *(
                TimelineEntry(at=record.at, kind=record.kind, actor=record.actor, text=record.text)
                for record in records
                if record.kind not in ALERT_KINDS
            ),
        ]
        return sorted(entries, key=lambda entry: entry.at)

    async def path(self, incident: str) -> AttackPath:
        facts = await self._facts(incident)
        alerts = await self._site.alerts.of_incident(facts.id)
        documents = [event.document for event in await self._events(facts.id)]
        return rebuild(facts, alerts, documents)

    async def blocks(self, *, all_states: bool = False) -> list[ContainmentState]:
        return await self._containments.every(ended=all_states)

    async def evidence(self, chain: str) -> list[EvidenceRecord]:
        """Return a chain's records in order."""
        return await self._site.evidence.chain(chain)

    async def known_bad(self, value: str, days: int) -> Known:
        if self._known is None:
            raise QueryError("this desk knows no intelligence")
        return await self._known(value, days)

    async def status(self) -> list[PartStatus]:
        return list(await self._parts()) if self._parts else []

    # --- asking workflows ------------------------------------------------------------------------

    async def extend(self, block: str, seconds: int, by: str) -> ContainmentState:
        return await self._change_block(block, "extend", ExtendContainment(by=by, seconds=seconds))

    async def release(self, block: str, by: str, reason: str = "") -> ContainmentState:
        return await self._change_block(block, "release", ReleaseContainment(by=by, reason=reason))

    async def release_all(self, by: str, reason: str = "") -> ReleasedAll:
        if by not in self._approvers.everyone:
            raise NotAllowedError("only approvers may ask to lift everything")
        first = await self._containments.second_of_two(by, reason)
        now = self._site.clock.now()
        said = f" ({reason})" if reason else ""
        note = EvidenceNote(
            key=f"release-all/{by}/{now.isoformat()}",
            kind="containment.release_all",
            actor=actor_of(by),
            text=f"Asked to lift everything that is contained{said}"
            + (f": the second of two after {first}." if first else ": a second approver must ask too."),
            at=now,
        )
        await self.note(SYSTEM_CHAIN, note)
        if first is None:
            return ReleasedAll(waiting=True)
        why = f"everything is lifted, asked for by {first} and {by}{said}"
        gate = asyncio.Semaphore(AT_ONCE)

        async def lift(block: str) -> ContainmentState | str:
            async with gate:
                try:
                    state = await self.release(block, by, why)
                except DeskError as error:
                    return str(error)
            return state if state.status == "released" else state.detail

        blocks = [block.id for block in await self._containments.every()]
        done = dict(zip(blocks, await asyncio.gather(*map(lift, blocks)), strict=True))
        released = tuple(state for state in done.values() if isinstance(state, ContainmentState))
        failed = tuple((block, why) for block, why in done.items() if isinstance(why, str))
        return ReleasedAll(False, first, released, failed)

    async def run_playbook(self, incident: str, playbook: str, inputs: dict[str, Any], by: str) -> str:
        facts = await self._facts(incident)
        handle = self._client.get_workflow_handle(facts.id)
        request = RunPlaybook(playbook=playbook, inputs=inputs, by=by)
        try:
            started: str = await handle.execute_update(
                "run_playbook", request, result_type=str, rpc_timeout=PATIENCE
            )
        except WorkflowUpdateFailedError as error:
            raise DeskError(_text(error)) from error
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise late(f"incident {facts.id}", PATIENCE) from error
        except RPCError as error:
            _raise_gone(error, f"incident {facts.id}")
        return started

    async def cancel_run(self, run: str, cancel: Cancel) -> str:
        incident, _, name = run.strip().strip("/").partition("/")
        facts = await self._facts(incident)
        whole = f"{facts.id}/{name}" if name else await self._only_run(facts.id)
        await cancel_run(self._client, whole, cancel, PATIENCE)
        return whole

    async def _only_run(self, incident: str) -> str:
        """Return the only run of an incident that goes on."""
        view = await self._view(incident)
        found = await going_on(self._client, view.playbooks if view else (), PATIENCE)
        if len(found) != 1:
            which = f"name one of {', '.join(found)}" if found else "none goes on"
            raise UnknownIdError(f"{incident} has {len(found)} runs that go on: {which}")
        return found[0]

    async def _too_late(self, workflow: str) -> str:
        how = await how_it_ended(self._client, workflow, PATIENCE)
        return f"too late: the run was {how}" if how else "too late: this playbook has ended already"

    async def plan(self, incident: str, playbook: str, inputs: dict[str, Any]) -> Foreseen:
        facts = await self._facts(incident)
        try:
            foreseen: Foreseen = await self._client.execute_workflow(
                "PlanWorkflow",
                PlanRequest(incident=facts.id, playbook=playbook, inputs=inputs),
                id=f"plan/{facts.id}/{uuid.uuid4().hex}",
                task_queue=QUEUE,
                result_type=Foreseen,
                execution_timeout=PLAN_PATIENCE,
                rpc_timeout=PLAN_PATIENCE,
            )
        except WorkflowFailureError as error:
            cause = error.cause.cause if isinstance(error.cause, ActivityError) else error.cause
            said = cause.message if isinstance(cause, ApplicationError) else "no worker answered in time"
            raise DeskError(said) from error
        except RPCError as error:
            raise DeskError(f"no plan could be asked for ({error.message}): see `siem status`") from error
        return foreseen

    async def change(self, incident: str, change: ChangeIncident) -> None:
        facts = await self._facts(incident)
        try:
            await self._client.get_workflow_handle(facts.id).execute_update(
                "change", change, rpc_timeout=PATIENCE
            )
        except WorkflowUpdateFailedError as error:
            raise DeskError(_text(error)) from error
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise late(f"incident {facts.id}", PATIENCE) from error
        except RPCError as error:
            _raise_gone(error, f"incident {facts.id}")

    async def vote(self, workflow: str, vote: Vote) -> VoteResult:
        handle = self._client.get_workflow_handle(workflow)
        try:
            result: VoteResult = await delivered(
                partial(
                    handle.execute_update,
                    "vote",
                    vote,
                    id=f"{vote.question}/{vote.by}/{uuid.uuid4().hex}",
                    result_type=VoteResult,
                    rpc_timeout=PATIENCE,
                )
            )
            return result
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            kind = cause.type if isinstance(cause, ApplicationError) else None
            refused = VoteRefused(kind) if kind in set(VoteRefused) else VoteRefused.UNKNOWN_QUESTION
            raise await self._refused(workflow, vote, refused, _text(error)) from error
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise late("the vote", PATIENCE) from error
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise DeskError(f"the vote could not be delivered ({error.message}): try again") from error
            text = await self._too_late(workflow)
            raise await self._refused(workflow, vote, VoteRefused.LATE, text) from error

    async def inquiry(self, workflow: str, question: str) -> InquiryCard:
        try:
            card: InquiryCard | None = await self._client.get_workflow_handle(workflow).query(
                "inquiry", question, result_type=InquiryCard, rpc_timeout=PATIENCE
            )
        except (RPCError, WorkflowQueryRejectedError) as error:
            raise DeskError("the question can't be read now: try again") from error
        if card is None:
            raise DeskError("this question is not open any more")
        return card

    async def answer(self, workflow: str, given: GivenAnswer) -> None:
        try:
            await delivered(
                partial(
                    self._client.get_workflow_handle(workflow).execute_update,
                    "answer",
                    given,
                    id=f"{given.question}/{given.by}/{uuid.uuid4().hex}",
                    rpc_timeout=PATIENCE,
                )
            )
        except WorkflowUpdateFailedError as error:
            kind = error.cause.type if isinstance(error.cause, ApplicationError) else None
            refused = AnswerRefused(kind) if kind in set(AnswerRefused) else AnswerRefused.UNKNOWN_QUESTION
            raise AnswerRefusedError(refused, _text(error)) from error
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise late("the answer", PATIENCE) from error
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise DeskError(f"the answer could not be delivered ({error.message}): try again") from error
            text = await self._too_late(workflow)
            raise AnswerRefusedError(AnswerRefused.LATE, text) from error

    async def _refused(self, workflow: str, vote: Vote, refused: VoteRefused, text: str) -> VoteRefusedError:
        incident = workflow.split("/")[0]
        note = EvidenceNote(
            key=f"{workflow}/{vote.question}/{vote.by}/refused/{refused.value}/{vote.at.isoformat()}",
            kind="vote.refused",
            actor=actor_of(vote.by),
            text=f"A click by {vote.by_name or vote.by} was refused: {text}.",
            data={
                "workflow": workflow,
                "question": vote.question,
                "refused": refused.value,
                "digest": vote.digest,
                "approve": vote.approve,
            },
            at=self._site.clock.now(),
        )
        await self.note(incident, note)
        return VoteRefusedError(refused, text)

    async def note(self, chain: str, note: EvidenceNote) -> None:
        target = SYSTEM_ID if chain == SYSTEM_CHAIN else chain
        try:
            await self._client.get_workflow_handle(target).signal("record", note, rpc_timeout=PATIENCE)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND or target == SYSTEM_ID:
                raise DeskError(f"the note could not be delivered: {error.message}") from error
            late = note.model_copy(update={"data": note.data | {"incident": chain}})
            await self._client.get_workflow_handle(SYSTEM_ID).signal("record", late, rpc_timeout=PATIENCE)

    # --- the rest --------------------------------------------------------------------------------

    async def _facts(self, incident: str) -> IncidentFacts:
        """Return an incident's facts by its id, with or without ``inc-``, or by a clear start of it."""
        wanted = incident.strip().lower()
        wanted = wanted if wanted.startswith("inc-") else f"inc-{wanted}"
        if facts := await self._site.incidents.get(wanted):
            return facts
        recent = await self._site.incidents.recent(500)
        close = [facts for facts in recent if len(wanted) > 5 and facts.id.startswith(wanted)]
        if len(close) == 1:
            return close[0]
        names = ", ".join(facts.id for facts in (close or recent)[:5]) or "none yet"
        raise UnknownIdError(f"there is no incident {incident!r}; the latest are: {names}")

    async def _view(self, incident: str) -> IncidentView | None:
        try:
            view: IncidentView = await self._client.get_workflow_handle(incident).query(
                "view", result_type=IncidentView, rpc_timeout=PATIENCE
            )
        except (RPCError, WorkflowQueryRejectedError):
            return None
        return view

    async def _events(self, incident: str) -> list[StoredEvent]:
        alerts = await self._site.alerts.of_incident(incident)
        ids = list(dict.fromkeys(event.id for alert in alerts for event in alert.evidence))[:EVENTS_SHOWN]
        return sorted(await self._site.events.read(ids), key=_order)

    async def _change_block(self, block: str, update: str, message: Any) -> ContainmentState:
        wanted = block if block.startswith("blk-") else f"blk-{block}"
        containment = await self._containments.get(wanted)
        if containment is None:
            active = ", ".join(one.id for one in (await self._containments.every())[:5]) or "none"
            raise UnknownIdError(f"there is no block {block!r}; in force are: {active}")
        try:
            state: ContainmentState = await self._client.get_workflow_handle(
                containment.workflow
            ).execute_update(update, message, result_type=ContainmentState, rpc_timeout=PATIENCE)
        except WorkflowUpdateFailedError as error:
            refused = isinstance(error.cause, ApplicationError) and error.cause.type == "not_approver"
            raise (NotAllowedError if refused else DeskError)(_text(error)) from error
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise late(wanted, PATIENCE) from error
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise DeskError(f"{wanted} is {containment.status} already") from error
            _raise_gone(error, wanted)
        return state


def event_time(event: StoredEvent) -> datetime:
    return parse_timestamp(str(event.document["@timestamp"]))


def _order(event: StoredEvent) -> tuple[datetime, str, int]:
    """By time; events of one second, as syslog has them, in the order in which they were stored."""
    return event_time(event), event.index, event.seq_no


def _source(event: StoredEvent) -> str:
    return str(get(event.document, "event.dataset") or "event")


def _event_text(event: StoredEvent) -> str:
    document = event.document
    return str(get(document, "message") or get(document, "event.original") or get(document, "event.action"))


def _text(error: WorkflowUpdateFailedError) -> str:
    cause = error.cause
    return cause.message if isinstance(cause, ApplicationError) else str(cause)


def _raise_gone(error: RPCError, what: str) -> NoReturn:
    if error.status is RPCStatusCode.NOT_FOUND:
        raise DeskError(f"{what} has ended: nothing can be changed any more") from error
    raise DeskError(f"{what} did not answer ({error.message}): see `siem status`") from error
