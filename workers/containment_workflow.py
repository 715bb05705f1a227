"""The life of one containment: guard, apply, verify, wait (extend, release), undo, verify.

Its workflow id is action and target, so there can be only one at a time: a second request for the
same target joins the first. The guard sits here and nowhere else. What can't be verified is
reverted and reported; an undo that keeps failing is never given up, and people are told.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from playbooks.rendering import differences, widened
    from workers.containment_deeds import ContainmentDeeds, cause_of
    from workers.contract import (
        PLAYBOOK_ACTOR,
        ContainmentRequest,
        ContainmentStart,
        ContainmentState,
        ExtendContainment,
        ReleaseContainment,
        actor_of,
    )

APPLY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=5), maximum_attempts=6
)
UNDO = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_attempts=3)
UNDO_ATTEMPTS_BEFORE_TELLING = 3
UNDO_PAUSE = timedelta(seconds=20)
LONGEST_PAUSE = timedelta(minutes=15)
"""Pauses grow up to this: with an attempt every 20 s the workflow's history would be full in a day."""
GROWTH = 1.3
REMIND = timedelta(hours=6)
"""After how long people are told again of what still can't be lifted."""
CHECKED = "joins-are-checked"
"""The version of the workflow since which joins are checked and every end is told."""
REFUSED = frozenset({"guard", "differs"})
"""Types of the errors for a request that did not join."""
ENDING = "ending"
"""Type of the error for a request that came while the containment was ending: ask again."""


@workflow.defn(name="ContainmentWorkflow")
class ContainmentWorkflow(ContainmentDeeds):
    @workflow.init
    def __init__(self, start: ContainmentStart) -> None:
        super().__init__(start)

    # --- the story ------------------------------------------------------------------------------

    @workflow.run
    async def run(self, start: ContainmentStart) -> ContainmentState:
        self._notes.open()
        self._checked = workflow.patched(CHECKED)
        await workflow.wait_condition(lambda: bool(self._requests))
        request = self._requests[0]
        self._state = ContainmentState(
            id=start.id,
            workflow=workflow.info().workflow_id,
            action=start.action,
            target=start.target,
            params=request.action.params,
            status="applying",
            incident=request.incident,
            playbook=request.playbook,
            reason=request.reason,
            approved_by=request.approved_by,
        )
        if refusal := await self._guard(request, request.action.seconds):
            await self._end("refused", refusal.reason, {"guard": refusal.rule})
        elif await self._apply(request):
            await self._hold()
            await self._undo()
        await workflow.wait_condition(lambda: workflow.all_handlers_finished() and self._notes.idle)
        return self.current

    async def _apply(self, request: ContainmentRequest) -> bool:
        until = (
            workflow.now() + timedelta(seconds=request.action.seconds)
            if request.action.seconds is not None
            else None
        )
        self._change(applied_at=workflow.now(), until=until)
        try:
            applied = await self._act("containment.apply", until, APPLY)
        except ActivityError as error:
            await self._revert(f"could not be applied: {cause_of(error)}")
            return False
        if not applied.in_force:
            await self._revert(f"was applied but is not in force: {applied.detail}")
            return False
        self._change(status="active", verified_at=workflow.now(), detail=applied.detail)
        ends = "until it is released" if until is None else f"until {until:%Y-%m-%d %H:%M:%S} UTC"
        self._note(
            "containment.verified",
            f"{self._what()} is in force {ends}: {self.current.detail}",
            {"until": until.isoformat() if until else None},
            tell="medium",
        )
        self._settled = True
        await self._publish()
        return True

    async def _hold(self) -> None:
        """Wait until the time to live is over, however often it is extended, or until a release."""
        while self._release is None:
            until = self.current.until
            if until is not None and until <= workflow.now():
                return
            try:
                await workflow.wait_condition(
                    lambda end=until: (  # type: ignore[misc]
                        self._release is not None
                        or self._drift is not None
                        or self._wider is not None
                        or self.current.until != end
                        or (self._checked and self._told != end)
                    ),
                    timeout=None if until is None else until - workflow.now(),
                )
            except TimeoutError:
                return
            if self._release is not None:
                return
            if self._drift is not None:
                await self._repair()
            elif self._wider is not None:
                await self._widen(self._wider)
            else:
                await self._publish()
                await self._prolong()

    async def _repair(self) -> None:
        """Somebody or something undid it behind our back: apply it again, and say so either way."""
        found, self._drift = self._drift, None
        try:
            applied = await self._act("containment.apply", self.current.until, APPLY)
            wrong = "" if applied.in_force else applied.detail
        except ActivityError as error:
            wrong = cause_of(error)
        if wrong:
            text = f"{self._what()} is not in force ({found}) and could not be applied again: {wrong}"
        else:
            text = f"{self._what()} was not in force any more ({found}): it was applied again."
        self._change(detail=wrong or self.current.detail)
        self._note("containment.drift", text, {"found": found, "repaired": not wrong}, tell="high")
        await self._publish()

    async def _widen(self, params: dict[str, Any]) -> None:
        """Apply it as a later request wants it, in more places maybe. Where that fails they stay wanted: the
        hourly look tries them again."""
        more = params != self.current.params
        self._change(params=params)
        try:
            applied = await self._act("containment.apply", self.current.until, APPLY)
            self._not_wider = "" if applied.in_force else applied.detail
        except ActivityError as error:
            self._not_wider = cause_of(error)
        if self._not_wider and more:
            text = f"{self._what()} could not be applied in more places: {self._not_wider}"
            self._note("containment.widen_failed", text, tell="high")
        elif self._not_wider:
            text = (
                f"{self._what()} is not in force any more, and could not be applied again: {self._not_wider}"
            )
            self._note("containment.drift", text, {"found": self._not_wider, "repaired": False}, tell="high")
        else:
            self._change(detail=applied.detail)
            text = f"{self._what()} was applied in more places: {applied.detail}"
            if more:
                self._note("containment.widened", text, {"params": params}, tell="medium")
        await self._publish()
        if self._wider == params:
            self._wider = None

    async def _prolong(self) -> None:
        """Tell the system itself about a later end, where it expires entries by itself."""
        try:
            await self._act("containment.apply", self.current.until, APPLY)
        except ActivityError as error:
            self._note(
                "containment.extend_failed",
                f"{self._what()}: the later end could not be written: {cause_of(error)}",
                tell="high",
            )

    async def _undo(self) -> None:
        released_by = self._release.by if self._release else None
        self._change(status="releasing", released_by=released_by)
        attempt = 0
        while True:
            attempt += 1
            try:
                gone = await self._act("containment.undo", None, UNDO)
                if not gone.in_force:
                    break
                fault = gone.detail
            except ActivityError as error:
                fault = cause_of(error)
            if attempt == UNDO_ATTEMPTS_BEFORE_TELLING:
                self._change(status="stuck", detail=fault)
                self._note(
                    "containment.stuck",
                    f"{self._what()} can't be lifted: {fault}. It is tried again until it works.",
                    {"attempts": attempt},
                    tell="high",
                )
                self._reminded = workflow.now()
                await self._publish()
            elif attempt > UNDO_ATTEMPTS_BEFORE_TELLING:
                self._remind(fault, attempt)
            await self._rest(attempt - 1)
        why = "by hand" if released_by else "its time is over"
        reason = f" ({self._release.reason})" if self._release and self._release.reason else ""
        if self._release and self._release.by.startswith(PLAYBOOK_ACTOR):
            why, reason = self._release.reason, ""
        self._change(status="released", released_at=workflow.now(), detail=gone.detail)
        self._note(
            "containment.released",
            f"{self._what()} was lifted: {why}{reason}.",
            actor=actor_of(released_by) if released_by else "siem",
            tell="medium",
        )
        await self._publish()
        self._ended = True

    async def _revert(self, fault: str) -> None:
        """Take back what was or may be half done, then report."""
        attempt = 0
        while True:
            attempt += 1
            try:
                gone = await self._act("containment.undo", None, APPLY)
                left = "" if not gone.in_force else gone.detail
            except ActivityError as error:
                left = cause_of(error)
            if not left:
                break
            if attempt == 1:
                self._change(status="stuck", detail=left)
                self._note(
                    "containment.stuck",
                    f"{self._what()} {fault}, and can't be reverted: {left}",
                    tell="critical",
                )
                self._reminded = workflow.now()
                await self._publish()
                self._settled = True
            else:
                self._remind(left, attempt)
            await self._rest(attempt)
        await self._end("failed", f"{fault}; it was reverted")

    def _remind(self, fault: str, attempts: int) -> None:
        """Tell people again, now and then, of what still can't be lifted."""
        if not self._checked or workflow.now() - self._reminded < REMIND:
            return
        self._reminded = workflow.now()
        text = f"{self._what()} still can't be lifted, after {attempts} attempts: {fault}. It is tried on."
        self._note("containment.stuck", text, {"attempts": attempts}, tell="high")

    async def _rest(self, failed: int) -> None:
        """Wait before the next attempt, longer each time; who asks for the release again ends it at once."""
        if failed == 0:
            await asyncio.sleep(1)
        elif not self._checked:
            await asyncio.sleep(UNDO_PAUSE.total_seconds())
        else:
            self._again = False
            pause = min(UNDO_PAUSE * GROWTH ** min(failed - 1, 40), LONGEST_PAUSE)
            with contextlib.suppress(TimeoutError):
                await workflow.wait_condition(lambda: self._again, timeout=pause)

    async def _end(self, status: str, detail: str, data: dict[str, Any] | None = None) -> None:
        self._change(status=status, detail=detail)
        tell = "high" if status == "failed" else "medium"
        text = f"was refused: {detail}" if status == "refused" else detail
        self._note(f"containment.{status}", f"{self._what()} {text}.", data, tell=tell)
        await self._publish()
        self._settled = self._ended = True

    # --- what people and playbooks may say -------------------------------------------------------

    @workflow.update
    async def request(self, request: ContainmentRequest) -> ContainmentState:
        """Ask for this containment; answers when it is settled: active, refused, failed or stuck."""
        self._requests.append(request)
        self._gave_up = {run for run in self._gave_up if not request.is_of(run)}
        await workflow.wait_condition(lambda: self._settled)
        state = self.current
        if request is not self._requests[0] and state.status == "active":
            try:
                await (self._join(request) if self._checked else self._join_unchecked(request))
            except ApplicationError as error:
                if error.type in REFUSED:  # it has no part in what is in force: it must not keep it there
                    self._requests = [one for one in self._requests if one is not request]
                raise
        return self.current

    async def _join_unchecked(self, request: ContainmentRequest) -> None:
        """As it was before `CHECKED`, for runs of then."""
        now, later = self._wider or self.current.params, self._later(request)
        if widened(self._start.spec, now, request.action.params) != now:
            if refusal := await self._guard(request, request.action.seconds):
                raise ApplicationError(refusal.reason, type="guard")
            await self._applied_as(request)
        self._change(until=later)
        self._tell_of_joining(request, later)

    async def _join(self, request: ContainmentRequest) -> None:
        """Let a later request for the same target have what it wants of the one in force: more places, a
        later end, if the guard lets that pass; and look whether it is in force still. One that wants it
        otherwise is refused: it must not take for done what is not."""
        spec = self._start.spec
        if other := differences(spec, self.current.params, request.action.params):
            said = (
                f"{self._what()} is in force, but {'; '.join(other)}: release it first, or ask for the same"
            )
            raise ApplicationError(said, type="differs")
        before, later = self.current.until, self._later(request)
        params = widened(spec, self._wider or self.current.params, request.action.params)
        wider = params != (self._wider or self.current.params)
        if wider or later != before:
            begun = self.current.applied_at or workflow.now()
            stays = None if later is None else (later - begun).total_seconds()
            if refusal := await self._guard(request, stays, new=wider):
                raise ApplicationError(refusal.reason, type="guard")
        self._change(until=self._later(request))
        await self._applied_as(request)
        self._tell_of_joining(request, before)

    async def _applied_as(self, request: ContainmentRequest) -> None:
        """Wait until it is in force where a later request wants it too."""
        params = self._wider or self.current.params
        self._wider = widened(self._start.spec, params, request.action.params)
        await workflow.wait_condition(lambda: self._wider is None or self._ended)
        if self._ended:
            raise ApplicationError("this containment is just ending: ask again", type=ENDING)
        if self._not_wider:
            raise ApplicationError(f"it is not in force everywhere: {self._not_wider}", type="widen")

    def _later(self, request: ContainmentRequest) -> datetime | None:
        """Return the later of the present end and the one that a request wants, None for none."""
        until, wanted = self.current.until, request.action.seconds
        if until is None or wanted is None:
            return None
        return max(until, workflow.now() + timedelta(seconds=wanted))

    def _tell_of_joining(self, request: ContainmentRequest, before: datetime | None) -> None:
        until = self.current.until
        ends = "has no end now" if until is None else f"now ends {until:%Y-%m-%d %H:%M:%S} UTC"
        said = f"{self._what()} was already in force; this request joined it"
        data = {"by": list(request.approved_by), "playbook": request.playbook, "request": request.key}
        moved = until != before
        self._note(
            "containment.joined",
            f"{said}, and it {ends}." if moved else f"{said}.",
            data,
            incident=request.incident,
            tell="medium" if moved else "low",
        )
        if moved and request.incident != self.current.incident:
            self._note(
                "containment.extended",
                f"{self._what()} {ends}: {request.incident} asked for it as well.",
                {"until": until.isoformat() if until else None, **data},
                tell="medium",
            )

    @request.validator
    def _check_request(self, request: ContainmentRequest) -> None:  # noqa: ARG002
        if self._ended or (self._state is not None and self._state.status == "releasing"):
            raise ApplicationError("this containment is just ending: ask again", type=ENDING)

    @workflow.update
    async def extend(self, extension: ExtendContainment) -> ContainmentState:
        """Move the end."""
        until = self.current.until
        assert until is not None
        later = until + timedelta(seconds=extension.seconds)
        self._change(until=later)
        self._note(
            "containment.extended",
            f"{self._what()} now ends {later:%Y-%m-%d %H:%M:%S} UTC.",
            {"until": later.isoformat()},
            actor=actor_of(extension.by),
            tell="medium",
        )
        return self.current

    @extend.validator
    def _check_extend(self, extension: ExtendContainment) -> None:
        state = self._may_change(extension.by)
        if extension.seconds <= 0:
            raise ApplicationError("an extension must be longer than nothing", type="duration")
        if state.until is None:
            raise ApplicationError("it has no end: it stays until it is released", type="no_end")
        total = (state.until - (state.applied_at or state.until)).total_seconds() + extension.seconds
        longest = self._requests[0].guard.max_seconds
        if total > longest:
            raise ApplicationError(
                f"it would stay {total:.0f} s in all; the guard allows {longest} s", type="guard"
            )

    @workflow.update
    async def release(self, release: ReleaseContainment) -> ContainmentState:
        """Lift it now; answers when the undo is verified, or was found stuck."""
        if release.by.startswith(PLAYBOOK_ACTOR):
            self._give_up(release.by.removeprefix(PLAYBOOK_ACTOR))
        self._release, self._again = release, True
        await workflow.wait_condition(lambda: self._ended or self.current.status == "stuck")
        return self.current

    @release.validator
    def _check_release(self, release: ReleaseContainment) -> None:
        self._may_change(release.by)

    @workflow.signal
    async def drifted(self, detail: str) -> None:
        """A look at the system found that it is not in force."""
        if self._settled and not self._ended and self._release is None:
            self._drift = detail

    @workflow.query
    def state(self) -> ContainmentState:
        return self.current
