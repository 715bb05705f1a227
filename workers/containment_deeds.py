"""What a containment does over and over: ask the guard, act, note, publish; and who may change it.

`workers.containment_workflow` is the story that uses these.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

from playbooks.guard import Refusal, check_guard
from workers.chain import FOREVER
from workers.contract import (
    PLAYBOOK_ACTOR,
    ContainmentRequest,
    ContainmentStart,
    ContainmentState,
    ReleaseContainment,
)
from workers.messages import ActionEffect, ActionRequest, WeighAnswer, WeighRequest
from workers.notes import Outbox

WORKER_DIED = timedelta(seconds=15)
"""After how long without a sign of life an attempt is made anew, by another worker."""


class ContainmentDeeds:
    """The state of one containment, and what is done with it."""

    def __init__(self, start: ContainmentStart) -> None:
        self._start = start
        self._requests: list[ContainmentRequest] = []
        self._release: ReleaseContainment | None = None
        self._settled = False
        self._ended = False
        self._checked = False
        """Whether joins are checked and every end is told: false in runs that began before that was so."""
        self._state: ContainmentState | None = None
        self._told: datetime | None = None
        """The end that the system itself was told last."""
        self._drift: str | None = None
        """What a look from outside found wrong, until it is repaired."""
        self._wider: dict[str, Any] | None = None
        """Parameters that a later request wants in force, of more places maybe, until they are applied."""
        self._not_wider = ""
        """Why the last of these could not be."""
        self._gave_up: set[str] = set()
        """Runs that asked for it and would have lifted it, had not others asked for it too."""
        self._reminded = workflow.now()
        self._again = False
        self._notes = Outbox()

    @property
    def current(self) -> ContainmentState:
        if self._state is None:
            raise ApplicationError("no request has arrived yet", type="no_request")
        return self._state

    async def _guard(
        self, request: ContainmentRequest, seconds: float | None, *, new: bool = True
    ) -> Refusal | None:
        """`seconds` that it would stay in all; `new` is false where it is in force, and would only stay
        longer: what the guard says of how many there are, and when, is no matter then."""
        known: WeighAnswer = await workflow.execute_local_activity(
            "containment.weigh",
            WeighRequest(containment=self._start.id, spec=self._start.spec, params=request.action.params),
            result_type=WeighAnswer,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=FOREVER,
        )
        recent = known.applied_last_hour if new else 0
        if new and request.max_per_hour is not None and recent >= request.max_per_hour:
            return Refusal(
                rule="automatic.max_per_hour",
                reason=f"{recent} containments in the last hour; this playbook may apply "
                f"{request.max_per_hour} by itself",
            )
        asked = partial(
            check_guard,
            request.guard,
            self._start.spec,
            request.action.params,
            seconds=None if seconds is None else round(seconds),
            applied_last_hour=recent,
            automatic=request.max_per_hour is not None,
            of_this_action=known.of_this_action if new else 0,
            now=workflow.now() if new else None,
            weighed=known.weighed,
            approvers=len(set(request.approved_by)),
        )
        refusal = asked(override=request.override)
        if refusal is None and request.override:
            self._note_override(request, asked(override="") if self._checked else None)
        return refusal

    def _note_override(self, request: ContainmentRequest, passed: Refusal | None) -> None:
        """Put on the chain what was overridden, why and by whom; what stood in no way was not overridden."""
        if passed is None and self._checked:
            return
        said = f" ({passed.reason})" if passed else ""
        people = len(set(request.approved_by))
        self._note(
            "guard.overridden",
            f"{self._what()}: the guard{said} was overridden by {people} people: {request.override}",
            {"by": list(request.approved_by), "reason": request.override}
            | ({"guard": passed.rule, "refused": passed.reason} if passed else {}),
            tell="critical",
        )

    def _may_change(self, person: str) -> ContainmentState:
        if person.startswith(PLAYBOOK_ACTOR):
            self._check_playbook(person.removeprefix(PLAYBOOK_ACTOR))
        elif not any(person in request.approvers.everyone for request in self._requests):
            raise ApplicationError("only approvers may extend or release a containment", type="not_approver")
        state = self.current
        asked = self._release is not None and (state.status != "stuck" or not self._checked)
        if state.status not in {"active", "stuck"} or asked:
            raise ApplicationError(f"it is {state.status} already", type="not_active")
        return state

    def _of(self, run: str) -> list[ContainmentRequest]:
        return [request for request in self._requests if request.is_of(run)]

    def _check_playbook(self, run: str) -> None:
        """A run may lift what it asked for."""
        if not self._of(run):
            raise ApplicationError("this run did not apply it", type="not_approver")

    def _give_up(self, run: str) -> None:
        """A run wants it lifted: it stays while another that asked for it as well has not said the same.

        Raises ApplicationError, of type ``shared``, where it stays.
        """
        mine = self._of(run)
        self._gave_up.add(run)
        wanted = [one for one in self._requests if not any(map(one.is_of, self._gave_up))]
        if not wanted:
            return
        others = ", ".join(sorted({request.incident for request in wanted} - {mine[0].incident}))
        text = f"{self._what()} stays: {others or 'another run'} asked for it as well."
        self._note("containment.given_up", text, {"run": run}, incident=mine[0].incident)
        raise ApplicationError(f"it stays: {others or 'another run'} asked for it as well", type="shared")

    async def _act(self, name: str, until: datetime | None, retry: RetryPolicy) -> ActionEffect:
        request = self._requests[0]
        if name == "containment.apply":
            self._told = until
        result: ActionEffect = await workflow.execute_activity(
            name,
            ActionRequest(
                action=self._start.action,
                params=self.current.params,
                key=self._start.id,
                incident=request.incident,
                until=until,
                lasts=None if until is None else (until - workflow.now()).total_seconds(),
                reason=request.reason,
            ),
            result_type=ActionEffect,
            start_to_close_timeout=timedelta(seconds=self._start.spec.timeout),
            heartbeat_timeout=WORKER_DIED,
            retry_policy=retry,
        )
        return result

    def _what(self) -> str:
        return f"The {self._start.spec.noun} of {self._start.target} ({self._start.id})"

    def _change(self, **changes: Any) -> None:
        self._state = self.current.model_copy(update=changes)

    def _note(
        self,
        kind: str,
        text: str,
        data: dict[str, Any] | None = None,
        *,
        tell: Any = None,
        actor: str = "siem",
        incident: str | None = None,
    ) -> None:
        self._notes.send(
            incident or self.current.incident,
            kind=kind,
            actor=actor,
            text=text,
            data={"containment": self._start.id, "action": self._start.action, "target": self._start.target}
            | (data or {}),
            tell=tell,
        )

    async def _publish(self) -> None:
        """Write the state where lists of containments are read from."""
        await workflow.execute_local_activity(
            "containment.publish",
            args=[self.current],
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=FOREVER,
        )


def cause_of(error: ActivityError) -> str:
    cause = error.cause
    return cause.message if isinstance(cause, ApplicationError) else str(cause or error)
