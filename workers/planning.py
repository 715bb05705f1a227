"""Plans of playbooks for an incident, where the vendors' keys are: look-ups made, nothing asked or changed.

Whoever asks in chat has no keys, so a plan is an activity of the worker, inside a workflow of its own that
ends with the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from integrations.contract import Action, ActionCall, ActionError
    from integrations.ports import Site
    from playbooks.cases import Case
    from playbooks.commands import Call, Failed, Outcome, Succeeded
    from playbooks.engine import inputs_of
    from playbooks.kept import take_out
    from playbooks.plan import Plan
    from playbooks.plan import plan as plan_run
    from playbooks.policy import ApproversPolicy
    from playbooks.rehearsal import incident_of
    from playbooks.steps import Playbook
    from rules.alerts import Alert
    from rules.incidents import IncidentFacts
    from workers.blast import blast_of
    from workers.desk import DeskError, IncidentDetail
    from workers.kept_results import aside_of, filled
    from workers.messages import BlastRequest, Foreseen, PlanRequest
    from workers.playbook_files import PlaybookSet
    from workers.results import KEPT_LIMIT, ResultError, check_result

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
        approvers: ApproversPolicy,
    ) -> None:
        self._site = site
        self._actions = actions
        self._playbooks = playbooks
        self._incident = incident
        self._approvers = approvers

    async def foresee(self, request: PlanRequest) -> Foreseen:
        """Raises `PlanRefusedError`, `workers.desk.DeskError` and what the store raises."""
        known = await asyncio.to_thread(self._playbooks)
        found = known.named(request.playbook)
        if found is None:
            names = ", ".join(sorted(one.name for _, one in known.playbooks))
            raise PlanRefusedError(f"there is no playbook {request.playbook!r}; there are: {names}")
        playbook = found[1]
        case = _test_of(playbook, request)
        facts, alerts, given = await self._occasion(request, case)
        values, wrong = inputs_of(playbook, facts, given, alerts, case.payload if case else None)
        if wrong:
            raise PlanRefusedError("; ".join(wrong))
        specs = {name: action.spec for name, action in self._actions.items()}
        others = {one.name: one for _, one in known.playbooks}
        whole: dict[str, dict[str, Any]] = {}
        planning = plan_run(playbook, facts, values, specs, others, case.given if case else {})
        try:
            call = next(planning)
            while True:
                call = planning.send(await self._look_up(call, facts.id, whole))
        except StopIteration as stop:
            plan: Plan = stop.value
        asked = BlastRequest(actions=plan.containments, incident=facts.id)
        hit = await blast_of(asked, self._actions, self._site)
        return Foreseen(plan=plan, blast=hit.blast, lacking=tuple(self._lacking(plan)))

    def _lacking(self, plan: Plan) -> Iterator[str]:
        there = {connection.get("kind") for connection in self._site.connections.values()}
        for step in plan.steps:
            for group in step.groups:
                people = len(self._approvers.members(group))
                if not people:
                    yield f"{step.id}: nobody could answer: siem.yaml has no group {group} under approvers"
                elif people < step.quorum:
                    yield f"{step.id}: {step.quorum} of {group} must answer, and only {people} are in it"
            if step.kind not in ("change", "containment"):
                continue  # a look-up was really made, and tells itself
            kind = self._actions[step.uses].spec.connection
            if kind is not None and kind not in there:
                yield f"{step.id}: {step.uses} needs a connection of kind {kind}, and siem.yaml has none"

    async def _occasion(
        self, request: PlanRequest, case: Case | None
    ) -> tuple[IncidentFacts, Sequence[Alert], dict[str, Any]]:
        """Return the incident, its alerts and the inputs that are given: those of the test where no incident
        is named."""
        if request.incident:
            detail = await self._incident(request.incident)
            return detail.facts, detail.alerts, request.inputs
        if case is None:
            raise PlanRefusedError("name the incident, or one of the playbook's tests")
        return incident_of(case), (), {**case.inputs, **request.inputs}

    async def _look_up(self, call: Call, incident: str, whole: dict[str, dict[str, Any]]) -> Outcome:
        """Make a look-up. A large result is referred to as in a run, and kept in `whole` while the plan is
        made."""
        action, name = self._actions[call.action], f"plan/{call.id}"
        try:
            params = filled(action.spec, *take_out(call.params), whole)
            made = ActionCall(params=params, key=name, incident=incident)
            async with asyncio.timeout(LOOKUP_SECONDS):
                answer = await action.run(made, self._site)
            plain = check_result(answer, call.action, KEPT_LIMIT)
            left, kept = aside_of(plain, call.action, name)
        except TimeoutError:
            return Failed(reason=f"{call.action} gave no answer within {LOOKUP_SECONDS:.0f} s")
        except (ActionError, ResultError) as error:
            return Failed(reason=str(error))
        if kept:
            whole[name] = plain
        return Succeeded(result=left, kept=kept)

    @activity.defn(name="playbooks.plan")
    async def plan(self, request: PlanRequest) -> Foreseen:
        try:
            return await self.foresee(request)
        except (PlanRefusedError, DeskError) as error:
            raise ApplicationError(str(error), type=REFUSED, non_retryable=True) from error


def _test_of(playbook: Playbook, request: PlanRequest) -> Case | None:
    if not request.test:
        return None
    for case in playbook.tests:
        if case.name == request.test:
            return case
    names = "; ".join(case.name for case in playbook.tests) or "none"
    raise PlanRefusedError(f"{playbook.name} has no test {request.test!r}; it has: {names}")


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
