"""Is what should be in force in force, and nothing else? Looked at when the system starts, and hourly.

A containment that was lifted behind our back is applied again by its own workflow. What is in force under
our mark although no workflow knows it any more (a database put back, a part replaced) is lifted. Either way
people are told. One whose own workflow is gone is lifted here when its time is over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import structlog
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from integrations.contract import (
    Action,
    ActionCall,
    ActionError,
    Containment,
    Mark,
    Marking,
    MarksUnreadError,
)
from integrations.ports import Site
from integrations.reversal import NOTHING
from playbooks.rendering import target_of
from workers.containments import OVER, Containments, where_of
from workers.contract import ContainmentState, containment_workflow_id

log = structlog.get_logger(__name__)


class Reconciliation:
    def __init__(self, client: Client, site: Site, actions: Mapping[str, Action]) -> None:
        self._client = client
        self._site = site
        self._actions = actions
        self._containments = Containments(site.state, site.clock)

    @activity.defn(name="containment.reconcile")
    async def reconcile(self) -> list[str]:
        """Compare, repair, and return what was found, a sentence each; none where all is as it should be."""
        known = await self._containments.every()
        found: list[str] = []
        for state in known:
            activity.heartbeat()
            if not await self._runs(state.workflow):
                found += await self._abandoned(state)
            elif state.status == "active":
                found += await self._look(state)
        ids = {state.id for state in known}
        for name, action in self._actions.items():
            activity.heartbeat()
            if hasattr(action, "marks"):
                found += await self._orphans(name, action, ids)
        return found

    async def _look(self, state: ContainmentState) -> list[str]:
        action = self._actions.get(state.action)
        what = f"{state.action} of {state.target} ({state.id})"
        if action is None:
            return [f"{what} is in force, and this worker has no such action to look at it with"]
        call = ActionCall(params=state.params, key=state.id, incident=state.incident, until=state.until)
        try:
            seen = await cast(Containment, action).verify(call, self._site)
        except ActionError as error:
            return [f"{what} could not be looked at: {error}"]
        if seen.in_force:
            return []
        try:
            await self._client.get_workflow_handle(state.workflow).signal("drifted", seen.detail)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return [f"{what} is listed as in force, but its workflow has ended: {seen.detail}"]
        return [f"{what} is not in force: {seen.detail}. It is being applied again"]

    async def _abandoned(self, listed: ContainmentState) -> list[str]:
        """Do what the workflow of a containment would have done, had it not been lost: lift it at its end."""
        state = await self._containments.get(listed.id)
        if state is None or state.status in OVER:
            return []  # it ended since the list was read
        what, now = f"{state.action} of {state.target} ({state.id})", self._site.clock.now()
        if state.status == "active" and (state.until is None or state.until > now):
            ends = (
                "by hand" if state.until is None else f"after {state.until:%Y-%m-%d %H:%M} UTC, by this look"
            )
            said = f"{what} is listed as in force, but its workflow has ended: it is lifted {ends}"
            return [f"{said}{await self._seen(state)}"]
        ended, action = f"{what} is over, its workflow has ended", self._actions.get(state.action)
        if action is None:
            return [f"{ended}, and this worker has no such action to lift it with"]
        containment = cast(Containment, action)
        call = ActionCall(params=state.params, key=state.id, incident=state.incident, reason="its end")
        try:
            undone = await containment.undo(call, self._site)
            left = None if undone.get(NOTHING) is True else await containment.verify(call, self._site)
        except ActionError as error:
            return [f"{ended}, and it could not be lifted: {error}"]
        if left is not None and left.in_force:
            return [f"{ended}, and it is in force still: {left.detail}"]
        said = "lifted by the hourly look: its workflow had ended"
        change = {"status": "released", "released_at": now, "detail": said}
        await self._containments.publish(state.model_copy(update=change))
        return [f"{what} was {said}"]

    async def _seen(self, state: ContainmentState) -> str:
        if (action := self._actions.get(state.action)) is None:
            return ""
        call = ActionCall(params=state.params, key=state.id, incident=state.incident, until=state.until)
        try:
            seen = await cast(Containment, action).verify(call, self._site)
        except ActionError as error:
            return f". It could not be looked at: {error}"
        return f". {seen.detail}"

    async def _runs(self, workflow: str) -> bool:
        try:
            run = await self._client.get_workflow_handle(workflow).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return run.status is WorkflowExecutionStatus.RUNNING

    async def _orphans(self, name: str, action: Action, known: set[str]) -> list[str]:
        found = []
        try:
            marks = await cast(Marking, action).marks(self._site)
        except ActionError as error:
            marks = error.marks if isinstance(error, MarksUnreadError) else ()
            found.append(f"{name}: what is in force could not be read: {error}")
        for mark in marks:
            if mark.key in known or await self._is_under_way(action, mark):
                continue
            call = ActionCall(params=mark.params, key=mark.key, reason="nobody knows of it any more")
            try:
                await cast(Containment, action).undo(call, self._site)
                said = "it was lifted"
            except ActionError as error:
                said = f"it could not be lifted: {error}"
            found.append(f"{name}: {mark.detail or mark.key} was in force and nobody knew of it; {said}")
        return found

    async def _is_under_way(self, action: Action, mark: Mark) -> bool:
        """Whether a containment of the mark's target runs, also one that came after the list was read."""
        state = await self._containments.get(mark.key)
        if state is not None and state.status not in OVER:
            return True
        if (target := target_of(action.spec, mark.params)) is None:
            return False
        call = ActionCall(params=mark.params, key=mark.key)
        try:
            target += where_of(action, call, self._site)
        except ActionError:
            return False  # what is there can't be reached by any connection now: undoing it will say so
        return await self._runs(containment_workflow_id(action.spec.name, target))

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [self.reconcile]
