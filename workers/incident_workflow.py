"""The life of one incident: alerts join, people are told, playbooks answer, all of it in evidence.

It is the single writer of its evidence chain and of its thread: playbooks and containments send it
notes. It ends when a person closed it and nothing it contained is still in force.
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from rules.alerts import Alert, Severity
    from rules.evidence import Head
    from rules.grouping import facts_of
    from rules.incidents import IncidentFacts, IncidentStatus
    from workers.attributes import ENTITY, INCIDENT, STATUS, attributes_of_run, entities_of
    from workers.chain import FOREVER, Ledger
    from workers.contract import (
        BOT_QUEUE,
        AlertsJoined,
        BotActivity,
        CaseOpened,
        ChangeIncident,
        EvidenceNote,
        EvidenceNotes,
        IncidentCarried,
        IncidentPost,
        IncidentStart,
        IncidentView,
        PlaybookStart,
        RunPlaybook,
        ThreadPost,
        ThreadRef,
        actor_of,
        playbook_workflow_id,
    )
    from workers.messages import SelectedPlaybooks, SelectPlaybooks

ALERTS_KEPT = 500
"""How many alerts are held in the workflow; all are in the store."""
ALERTS_READ = 50
"""From how many of the latest alerts a playbook's inputs may be taken."""
SELECT = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=10))
UNSAID = timedelta(seconds=30)
"""Before the incident's first message is tried anew, after it was refused for good."""
SETTLE = timedelta(milliseconds=500)
"""How long changes gather before the incident's first message is edited."""
IN_FORCE = {"containment.verified": True, "containment.released": False, "containment.failed": False}


@workflow.defn(name="IncidentWorkflow")
class IncidentWorkflow:
    @workflow.init
    def __init__(self, start: IncidentStart) -> None:
        carried = start.carried
        self._incident = start.incident
        self._alerts: dict[str, Alert] = {alert.id: alert for alert in carried.alerts} if carried else {}
        self._facts: IncidentFacts | None = carried.view.facts if carried else None
        self._thread: ThreadRef | None = carried.view.thread if carried else None
        self._playbooks: list[str] = list(carried.view.playbooks) if carried else []
        self._started: set[str] = set(carried.started) if carried else set()
        self._containments: set[str] = set(carried.view.containments) if carried else set()
        self._version = carried.version if carried else 0
        self._told_version = self._version
        self._ledger = Ledger(
            carried.view.head if carried else Head(chain=start.incident), carried.keys if carried else ()
        )
        self._inbox: deque[AlertsJoined] = deque()
        self._cases: deque[CaseOpened] = deque()
        self._case = carried.case if carried else False
        self._posts: deque[ThreadPost] = deque()
        self._busy = 0
        self._asked = 0
        self._unsaid = 0
        self._closing = False

    # --- the story ------------------------------------------------------------------------------

    @workflow.run
    async def run(self, start: IncidentStart) -> IncidentFacts | None:
        workers = [
            asyncio.create_task(work)
            for work in (
                self._ledger.run(),
                self._open_thread(),
                self._talk(),
                self._keep_message_current(),
            )
        ]
        while True:
            await workflow.wait_condition(
                lambda: (
                    bool(self._inbox or self._cases) or (self._idle and (self._over or self._history_is_long))
                )
            )
            if self._inbox:
                await self._take_in(self._inbox.popleft())
            elif self._cases:
                await self._take_case(self._cases.popleft())
            elif self._over or self._history_is_long:
                break
        for worker in workers:
            worker.cancel()
        if not self._over:
            workflow.continue_as_new(IncidentStart(incident=start.incident, carried=self._carried()))
        return self._facts

    async def _take_in(self, joined: AlertsJoined) -> None:
        new = [alert for alert in joined.alerts if alert.id not in self._alerts]
        if not new:
            return
        opening = self._facts is None
        known_rules = set(self._facts.rules) if self._facts else set()
        told = set(known_rules)
        for alert in new:
            if len(self._alerts) < ALERTS_KEPT:
                self._alerts[alert.id] = alert
            self._note_alert(alert, opening, tell=not opening and alert.rule not in told)
            told.add(alert.rule)
        self._refresh_facts()
        self._attributes()
        if {alert.rule for alert in new} - known_rules:
            await asyncio.gather(self._project(), self._respond())
        else:
            await self._project()

    async def _take_case(self, case: CaseOpened) -> None:
        """Open for a run without alerts, and start it; asked for twice it is opened once."""
        if self._facts is not None:
            return
        now = workflow.now()
        self._case = True
        self._facts = IncidentFacts(
            id=self._incident, title=case.title, severity=Severity.INFORMATIONAL, rules=(), alerts=(),
            entities=(), summary=case.reason, first=now, last=now, opened=now,
        )  # fmt: skip
        self._version += 1
        self._record("case", "incident.opened", case.reason, {"playbook": case.playbook})
        self._attributes()
        await self._project()
        selected = await self._select(
            SelectPlaybooks(facts=self._facts, only=case.playbook, payload=case.payload)
        )
        for start in selected.starts:
            await self._start_playbook(start)
        if not selected.starts:
            reason = "; ".join(selected.faults)
            text = f"Playbook {case.playbook} was not started: {reason}."
            self._record("case/refused", "playbook.refused", text, tell="high")
            await self._close_case()

    async def _close_case(self) -> None:
        self._record("case/over", "incident.closed", "The run has ended, and with it what was opened for it.")
        self._closing = True
        await self._set_status(IncidentStatus.CLOSED)

    def _note_alert(self, alert: Alert, opening: bool, *, tell: bool) -> None:
        kind = "incident.opened" if opening and len(self._alerts) == 1 else "alert.joined"
        self._record(
            f"alert/{alert.id}",
            kind,
            f"{alert.title}: {alert.summary}",
            {
                "alert": alert.id,
                "rule": alert.rule,
                "severity": alert.severity.value,
                "first": alert.first.isoformat(),
                "last": alert.last.isoformat(),
                "events": [event.id for event in alert.evidence],
            },
            tell="low" if tell else None,
        )

    async def _send_thread(self, playbook: str) -> None:
        try:
            await workflow.get_external_workflow_handle(playbook).signal("thread", self._thread)
        except ApplicationError:
            workflow.logger.info("playbook %s ended before the thread was opened", playbook)

    async def _respond(self) -> None:
        """Start the playbooks whose triggers match now and that have not been started."""
        assert self._facts is not None
        selected = await self._select(
            SelectPlaybooks(
                facts=self._facts,
                alerts=self._latest_alerts(),
                started=tuple(sorted(self._started)),
            )
        )
        for fault in selected.faults:
            self._record(f"fault/{fault}", "playbook.fault", fault, tell="high")
        for start in selected.starts:
            self._started.add(f"{start.playbook}#{start.run_key}")
            await self._start_playbook(start)

    async def _select(self, request: SelectPlaybooks) -> SelectedPlaybooks:
        selected: SelectedPlaybooks = await workflow.execute_local_activity(
            "playbooks.select",
            request,
            result_type=SelectedPlaybooks,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=SELECT,
        )
        return selected

    async def _start_playbook(self, start: PlaybookStart) -> str:
        number = 1 + sum(_name(run) == start.playbook for run in self._playbooks)
        workflow_id = playbook_workflow_id(self._incident, start.playbook, number)
        self._playbooks.append(workflow_id)
        try:
            await workflow.start_child_workflow(
                "PlaybookWorkflow",
                start.model_copy(update={"thread": self._thread}),
                id=workflow_id,
                parent_close_policy=ParentClosePolicy.ABANDON,
                search_attributes=attributes_of_run(self._incident, start.playbook, start.incident.entities),
            )
        except WorkflowAlreadyStartedError:
            workflow.logger.info("%s was started before", workflow_id)
        if start.thread is None and self._thread is not None:
            await self._send_thread(workflow_id)
        return workflow_id

    # --- tasks that last as long as the incident -------------------------------------------------

    async def _open_thread(self) -> None:
        """Post the incident's first message, and tell the playbooks that started before it was."""
        if self._thread is not None:
            return
        await workflow.wait_condition(lambda: self._facts is not None)
        assert self._facts is not None
        self._busy += 1
        self._told_version = self._version
        while self._thread is None:
            post = IncidentPost(
                key=f"{self._incident}/open", incident=self._facts, alerts=tuple(self._alerts.values())[:10]
            )
            self._thread = await self._say(BotActivity.OPEN_INCIDENT, post)
            if self._thread is None:
                await workflow.sleep(UNSAID)
        for playbook in self._playbooks:
            await self._send_thread(playbook)
        self._busy -= 1

    async def _talk(self) -> None:
        """Post in the thread, one message after the other."""
        while True:
            await workflow.wait_condition(lambda: bool(self._posts) and self._thread is not None)
            self._busy += 1
            post = self._posts.popleft()
            await self._say(BotActivity.POST, post.model_copy(update={"thread": self._thread}))
            self._busy -= 1

    async def _keep_message_current(self) -> None:
        """Edit the incident's first message after its facts changed."""
        while True:
            await workflow.wait_condition(
                lambda: self._thread is not None and self._told_version != self._version
            )
            self._busy += 1
            await workflow.sleep(SETTLE)
            version = self._version
            assert self._facts is not None
            await self._say(
                BotActivity.UPDATE_INCIDENT,
                IncidentPost(
                    key=f"{self._incident}/update/{version}",
                    incident=self._facts,
                    alerts=tuple(self._alerts.values())[:10],
                    thread=self._thread,
                ),
            )
            self._told_version = version
            self._busy -= 1

    async def _say(self, what: BotActivity, message: Any) -> ThreadRef | None:
        """Have the bot say something; what it says can never be said is put in evidence instead."""
        try:
            said: ThreadRef | None = await workflow.execute_activity(
                what.value,
                message,
                task_queue=BOT_QUEUE,
                result_type=ThreadRef if what is BotActivity.OPEN_INCIDENT else None,
                start_to_close_timeout=timedelta(seconds=10),
                retry_policy=FOREVER,
            )
        except ActivityError as error:
            self._unsaid += 1
            self._record(
                f"unsaid/{workflow.info().run_id}/{self._unsaid}",
                "message.failed",
                f"A message could not be posted: {error.cause or error}",
                {"activity": what.value, "key": message.key},
            )
            return None
        return said

    async def _project(self) -> None:
        """Write the facts where searches and dashboards read them."""
        assert self._facts is not None
        await workflow.execute_local_activity(
            "incident.put",
            args=[self._facts, self._version],
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=FOREVER,
        )

    # --- what others may say ---------------------------------------------------------------------

    @workflow.signal
    async def alerts(self, joined: AlertsJoined) -> None:
        self._inbox.append(joined)

    @workflow.signal
    async def open_case(self, case: CaseOpened) -> None:
        self._cases.append(case)

    @workflow.signal
    async def record(self, note: EvidenceNote) -> None:
        if not self._ledger.add(note):
            return
        if note.tell is not None:
            self._posts.append(
                ThreadPost(
                    key=note.key, thread=None, tier=note.tell, text=note.text, actor=_person(note.actor)
                )
            )
        if note.kind in IN_FORCE:
            containment = str(note.data.get("containment"))
            (self._containments.add if IN_FORCE[note.kind] else self._containments.discard)(containment)
            await self._set_status(
                IncidentStatus.CONTAINED if self._containments else IncidentStatus.OPEN, unless_closed=True
            )

        if self._case and not self._alerts and note.kind == "playbook.ended" and not self._closing:
            await self._close_case()

    @workflow.signal
    async def records(self, several: EvidenceNotes) -> None:
        for note in several.notes:
            await self.record(note)

    @workflow.update
    async def run_playbook(self, request: RunPlaybook) -> str:
        """Start a playbook because a person asked; returns its workflow id."""
        assert self._facts is not None
        selected = await self._select(
            SelectPlaybooks(
                facts=self._facts,
                alerts=self._latest_alerts(),
                only=request.playbook,
                inputs=request.inputs,
                requested_by=request.by,
            )
        )
        if not selected.starts:
            reason = "; ".join(selected.faults)
            self._asked += 1
            self._record(
                f"refused/{workflow.info().run_id}/{self._asked}",
                "playbook.refused",
                f"Playbook {request.playbook} was not started: {reason}.",
                {"inputs": request.inputs},
                actor=actor_of(request.by),
                tell="medium",
            )
            raise ApplicationError(reason, type="playbook", non_retryable=True)
        self._asked += 1
        self._record(
            f"run/{workflow.info().run_id}/{self._asked}",
            "playbook.requested",
            f"Playbook {request.playbook} was started by hand.",
            {"inputs": request.inputs},
            actor=actor_of(request.by),
        )
        return await self._start_playbook(selected.starts[0])

    @run_playbook.validator
    def _check_run_playbook(self, request: RunPlaybook) -> None:  # noqa: ARG002
        if self._facts is None or self._closing:
            raise ApplicationError("the incident is closed", type="closed")

    @workflow.update
    async def change(self, change: ChangeIncident) -> None:
        """Take ownership, close or reopen."""
        assert self._facts is not None
        if change.owner is not None:
            self._facts = self._facts.model_copy(update={"owner": change.owner})
            self._record(
                f"own/{self._version}", "incident.owned", "The incident has an owner now.",
                actor=actor_of(change.by), tell="low",
            )  # fmt: skip
        if change.status == "closed":
            note = f": {change.note}" if change.note else "."
            self._record(
                f"close/{self._version}", "incident.closed", f"The incident was closed{note}",
                actor=actor_of(change.by), tell="low",
            )  # fmt: skip
        self._closing = change.status == "closed"
        if change.status is not None:
            await self._set_status(IncidentStatus(change.status))
        else:
            self._version += 1
            await self._project()

    @change.validator
    def _check_change(self, change: ChangeIncident) -> None:  # noqa: ARG002
        if self._facts is None:
            raise ApplicationError("the incident has not opened yet", type="not_open")

    @workflow.query
    def view(self) -> IncidentView:
        return IncidentView(
            facts=self._facts,
            thread=self._thread,
            head=self._ledger.head,
            playbooks=tuple(self._playbooks),
            containments=tuple(sorted(self._containments)),
        )

    # --- the rest --------------------------------------------------------------------------------

    @property
    def _idle(self) -> bool:
        return (
            self._ledger.idle
            and not self._posts
            and not self._busy
            and workflow.all_handlers_finished()
            and self._told_version == self._version
        )

    @property
    def _over(self) -> bool:
        return self._closing and not self._containments

    @property
    def _history_is_long(self) -> bool:
        return self._facts is not None and workflow.info().is_continue_as_new_suggested()

    def _latest_alerts(self) -> tuple[Alert, ...]:
        return tuple(self._alerts.values())[-ALERTS_READ:]

    def _carried(self) -> IncidentCarried:
        return IncidentCarried(
            view=self.view(),
            alerts=tuple(self._alerts.values()),
            version=self._version,
            keys=self._ledger.keys,
            started=tuple(sorted(self._started)),
            case=self._case,
        )

    async def _set_status(self, status: IncidentStatus, *, unless_closed: bool = False) -> None:
        if self._facts is None or (unless_closed and self._facts.status is IncidentStatus.CLOSED):
            return
        if self._facts.status is not status:
            self._facts = self._facts.model_copy(update={"status": status})
            self._version += 1
            self._attributes()
            await self._project()

    def _refresh_facts(self) -> None:
        before, self._case = self._facts, False
        facts = facts_of(tuple(self._alerts.values()))
        self._facts = facts.model_copy(
            update={
                "id": self._incident,
                "opened": before.opened if before else workflow.now(),
                "status": before.status if before else IncidentStatus.OPEN,
                "owner": before.owner if before else None,
            }
        )
        self._version += 1

    def _attributes(self) -> None:
        assert self._facts is not None
        workflow.upsert_search_attributes(
            [
                INCIDENT.value_set(self._incident),
                STATUS.value_set(self._facts.status.value),
                ENTITY.value_set(entities_of(self._facts.entities)),
            ]
        )

    def _record(
        self,
        key: str,
        kind: str,
        text: str,
        data: dict[str, Any] | None = None,
        *,
        actor: str = "siem",
        tell: Any = None,
    ) -> None:
        note = EvidenceNote(
            key=f"{self._incident}/{key}",
            kind=kind,
            actor=actor,
            text=text,
            data=data or {},
            at=workflow.now(),
            tell=tell,
        )
        if self._ledger.add(note) and tell is not None:
            self._posts.append(
                ThreadPost(key=note.key, thread=None, tier=tell, text=text, actor=_person(actor))
            )


def _name(run: str) -> str:
    """The playbook's name in a playbook workflow's id."""
    return run.split("/")[1]


def _person(actor: str) -> str:
    return actor if actor.startswith("slack:") else ""
