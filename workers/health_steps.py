"""What follows from a health look: alerts for incidents, notes, and the end. Each may be repeated."""

from __future__ import annotations

from datetime import timedelta

import structlog
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

from integrations.ports import Site
from rules.health import Close, Note, Open, Step
from rules.incidents import IncidentStatus
from workers.contract import SYSTEM_ID, ChangeIncident, EvidenceNote, IncidentView
from workers.sweep import hand_over

ACTOR = "siem:health"
PATIENCE = timedelta(seconds=20)

log = structlog.get_logger(__name__)


class Steps:
    def __init__(self, client: Client, site: Site) -> None:
        self._client = client
        self._site = site

    async def take(self, step: Step) -> bool:
        """Take a step; False where it must wait. Raises `StoreError` or RPCError: then take it again."""
        match step:
            case Open():
                await self._open(step)
            case Note():
                await self._note(step)
            case Close():
                return await self._close(step)
        return True

    async def _open(self, step: Open) -> None:
        await self._site.alerts.create([step.alert])
        await hand_over(self._client, step.incident, [step.alert])
        await self._site.alerts.assign([step.alert.id], step.incident)

    async def _note(self, step: Note) -> None:
        note = EvidenceNote(
            key=step.key,
            kind=step.kind,
            actor=ACTOR,
            text=step.text,
            at=self._site.clock.now(),
            tell="medium",
        )
        try:
            await self._client.get_workflow_handle(step.incident).signal("record", note)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            late = note.model_copy(update={"data": {"incident": step.incident}})
            await self._client.get_workflow_handle(SYSTEM_ID).signal("record", late)

    async def _close(self, step: Close) -> bool:
        handle = self._client.get_workflow_handle(step.incident)
        try:
            view: IncidentView = await handle.query("view", result_type=IncidentView, rpc_timeout=PATIENCE)
            if view.facts is None or await self._any_runs(view.playbooks):
                return False
            if view.facts.owner is not None or view.facts.status is not IncidentStatus.OPEN:
                return True  # somebody has it in hand
            change = ChangeIncident(by=ACTOR, status="closed", note=step.text)
            await handle.execute_update("change", change, id=step.key, rpc_timeout=PATIENCE)
        except WorkflowUpdateFailedError as error:
            log.warning(
                "a health incident could not be closed", incident=step.incident, error=str(error.cause)
            )
        except RPCError as error:
            return error.status is RPCStatusCode.NOT_FOUND
        return True

    async def _any_runs(self, playbooks: tuple[str, ...]) -> bool:
        for playbook in playbooks:
            try:
                described = await self._client.get_workflow_handle(playbook).describe(rpc_timeout=PATIENCE)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                continue
            if described.close_time is None:
                return True
        return False
