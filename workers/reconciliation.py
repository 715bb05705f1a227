"""Is what should be in force in force, and nothing else? Looked at when the system starts, and hourly.

A containment that was lifted behind our back is applied again by its own workflow. What is in force under
our mark although no workflow knows it any more (a database put back, a part replaced) is lifted. Either way
people are told.
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
            if state.status == "active":
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
        handle = self._client.get_workflow_handle(containment_workflow_id(action.spec.name, target))
        try:
            run = await handle.describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
        return run.status is WorkflowExecutionStatus.RUNNING

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [self.reconcile]
