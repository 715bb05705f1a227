"""Containments of a playbook run: asked for where they were approved, and lifted before their time."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from playbooks.commands import Contain, Failed, Outcome, Release, Succeeded
    from workers.approving import Approvals
    from workers.chain import FOREVER
    from workers.contract import ContainmentRequest, ContainmentState
    from workers.messages import ActionEffect, LiftRequest
    from workers.running import Running


class Containing:
    """What one run contains."""

    def __init__(self, running: Running, approvals: Approvals) -> None:
        self._running = running
        self._start = running.start
        self._approvals = approvals

    async def contain(self, contain: Contain) -> Outcome:
        """Apply it, and wait until it is settled."""
        try:
            return await self._contain(contain)
        finally:
            self._running.urgent = False

    async def _contain(self, contain: Contain) -> Outcome:
        question = self._approvals.questions.get(contain.approval or "")
        if contain.approval is not None and (
            question is None or question.decision != "granted" or contain.action not in question.ask.releases
        ):
            return Failed(reason="no approval for exactly this action was granted", kind="refused")
        request = ContainmentRequest(
            key=self._running.key(contain.id),
            incident=self._start.incident.id,
            playbook=self._start.playbook,
            action=contain.action,
            digest=contain.digest,
            guard=self._start.guard,
            approvers=self._start.approvers,
            approved_by=question.voters if question else (),
            max_per_hour=contain.max_per_hour,
            override=contain.override,
            reason=f"{self._start.incident.id}: {self._start.incident.title}",
        )
        state: ContainmentState = await workflow.execute_activity(
            "containment.request",
            args=[request, self._start.specs[contain.action.action]],
            result_type=ContainmentState,
            start_to_close_timeout=timedelta(minutes=5),
            heartbeat_timeout=timedelta(seconds=5),
            retry_policy=FOREVER,
        )
        if state.status == "refused":
            return Failed(reason=state.detail, kind="refused")
        if state.status in {"failed", "stuck"}:
            return Failed(reason=state.detail)
        return Succeeded(
            result={
                "id": state.id,
                "until": f"{state.until:%Y-%m-%dT%H:%M:%SZ}" if state.until else None,
                "detail": state.detail,
            }
        )

    async def lift(self, release: Release) -> Outcome:
        """Lift it; one that is over already is lifted. Refused where others asked for it as well."""
        effect: ActionEffect = await workflow.execute_activity(
            "containment.lift",
            LiftRequest(
                containment=release.containment,
                workflow=workflow.info().workflow_id,
                cancelled=release.cancelled,
            ),
            result_type=ActionEffect,
            start_to_close_timeout=timedelta(minutes=2),
            heartbeat_timeout=timedelta(seconds=10),
            retry_policy=FOREVER,
        )
        if effect.in_force and release.cancelled and effect.refused != "shared":
            return Failed(reason=effect.detail)
        if effect.in_force:
            return Failed(reason=effect.detail, kind="refused")
        return Succeeded(result={"detail": effect.detail})
