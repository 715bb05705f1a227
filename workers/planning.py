"""Plans of playbooks for an incident, where the vendors' keys are: look-ups made, nothing asked or changed.

Whoever asks in chat has no keys, so a plan is an activity of the worker, inside a workflow of its own that
ends with the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from integrations.contract import Action, ActionCall, ActionError
    from integrations.ports import Site
    from playbooks.commands import Call, Failed, Outcome, Succeeded
    from playbooks.engine import inputs_of
    from playbooks.plan import Plan
    from playbooks.plan import plan as plan_run
    from workers.blast import blast_of
    from workers.desk import DeskError, IncidentDetail
    from workers.messages import BlastRequest, Foreseen, PlanRequest
    from workers.playbook_files import PlaybookSet

SECONDS = 60.0
"""For a whole plan."""
LOOKUP_SECONDS = 20.0
REFUSED = "plan_refused"


class PlanRefusedError(Exception):
    """There is no such playbook, or its inputs are wrong."""


class Planning:
    """Makes plans with the site's own actions."""

    def __init__(
        self,
        site: Site,
        actions: Mapping[str, Action],
        playbooks: Callable[[], PlaybookSet],
        incident: Callable[[str], Awaitable[IncidentDetail]],
    ) -> None:
        self._site = site
        self._actions = actions
        self._playbooks = playbooks
        self._incident = incident

    async def foresee(self, request: PlanRequest) -> Foreseen:
        """Raises `PlanRefusedError`, `workers.desk.DeskError` and what the store raises."""
        known = await asyncio.to_thread(self._playbooks)
        found = known.named(request.playbook)
        if found is None:
            names = ", ".join(sorted(one.name for _, one in known.playbooks))
            raise PlanRefusedError(f"there is no playbook {request.playbook!r}; there are: {names}")
        playbook = found[1]
        detail = await self._incident(request.incident)
        values, wrong = inputs_of(playbook, detail.facts, request.inputs, detail.alerts)
        if wrong:
            raise PlanRefusedError("; ".join(wrong))
        specs = {name: action.spec for name, action in self._actions.items()}
        others = {one.name: one for _, one in known.playbooks}
        planning = plan_run(playbook, detail.facts, values, specs, others)
        try:
            call = next(planning)
            while True:
                call = planning.send(await self._look_up(call, detail.facts.id))
        except StopIteration as stop:
            plan: Plan = stop.value
        asked = BlastRequest(actions=plan.containments, incident=detail.facts.id)
        hit = await blast_of(asked, self._actions, self._site)
        return Foreseen(plan=plan, blast=hit.blast)

    async def _look_up(self, call: Call, incident: str) -> Outcome:
        made = ActionCall(params=call.params, key=f"plan/{call.id}", incident=incident)
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                return Succeeded(result=await self._actions[call.action].run(made, self._site))
        except TimeoutError:
            return Failed(reason=f"{call.action} gave no answer within {LOOKUP_SECONDS:.0f} s")
        except ActionError as error:
            return Failed(reason=str(error))

    @activity.defn(name="playbooks.plan")
    async def plan(self, request: PlanRequest) -> Foreseen:
        try:
            return await self.foresee(request)
        except (PlanRefusedError, DeskError) as error:
            raise ApplicationError(str(error), type=REFUSED, non_retryable=True) from error


@workflow.defn(name="PlanWorkflow")
class PlanWorkflow:
    """One question: what would this playbook do?"""

    @workflow.run
    async def run(self, request: PlanRequest) -> Foreseen:
        foreseen: Foreseen = await workflow.execute_activity(
            "playbooks.plan",
            request,
            result_type=Foreseen,
            start_to_close_timeout=timedelta(seconds=SECONDS),
            retry_policy=RetryPolicy(maximum_attempts=2),
        )
        return foreseen
