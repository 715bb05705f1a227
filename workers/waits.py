"""What runs wait for: the activities that look for events, keep track of webhooks, and lift early.

Who waits for a webhook is a document ``hook/<name>/<digest>`` in the state store: the API finds it there
and signals the run.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from integrations.ports import Site, StoreQueryError
from rules.ecs import timestamp
from workers.containments import OVER, Containments
from workers.contract import PLAYBOOK_ACTOR, ContainmentState, ReleaseContainment
from workers.messages import ActionEffect, FindEvent, FoundEvent, HookWait, LiftRequest

HOOKS = "hook/"
LATEST = timedelta(days=1)
"""How much older than its storing an event that is waited for may be."""
SHOWN = 60_000
"""Characters of an event that a run gets."""


def hook_key(wait: HookWait) -> str:
    digest = hashlib.sha256(f"{wait.workflow}\x1f{wait.step}".encode()).hexdigest()[:24]
    return f"{HOOKS}{wait.webhook}/{digest}"


class Waits:
    def __init__(self, client: Client, site: Site) -> None:
        self._client = client
        self._site = site
        self._containments = Containments(site.state, site.clock)

    @activity.defn(name="events.find")
    async def find(self, wanted: FindEvent) -> FoundEvent:
        """Look for one event of a query that was stored since a moment."""
        now = self._site.clock.now()
        query = f"({wanted.query}) AND event.ingested:[{timestamp(wanted.since)} TO *]"
        try:
            _, found = await self._site.events.search(query, wanted.since - LATEST, now + LATEST, 1)
        except StoreQueryError as error:
            raise ApplicationError(str(error), type="StoreQueryError", non_retryable=True) from error
        if not found:
            return FoundEvent(document=None)
        document = {key: value for key, value in found[0].document.items() if key != "siem"}
        if isinstance(event := document.get("event"), dict):
            document["event"] = {key: value for key, value in event.items() if key != "original"}
        if len(repr(document)) > SHOWN:
            document.pop("vendor", None)
        return FoundEvent(document=document)

    @activity.defn(name="hooks.wait")
    async def wait(self, wait: HookWait) -> None:
        await self._site.state.put(hook_key(wait), wait.model_dump())

    @activity.defn(name="hooks.forget")
    async def forget(self, wait: HookWait) -> None:
        await self._site.state.delete(hook_key(wait))

    @activity.defn(name="containment.lift")
    async def lift(self, request: LiftRequest) -> ActionEffect:
        """Ask a containment to end; one that is over already is no failure.

        The update's id is the run's, so that asking again after a crash is answered with the same end.
        """
        known = await self._containments.get(request.containment)
        if known is None:
            raise ApplicationError(f"there is no containment {request.containment}", non_retryable=True)
        if known.status in OVER:
            return ActionEffect(in_force=False, detail=known.detail)
        handle = self._client.get_workflow_handle(known.workflow)
        why = f"its run was {request.cancelled}" if request.cancelled else "its playbook lifted it"
        lifting: asyncio.Future[ContainmentState] = asyncio.ensure_future(
            handle.execute_update(
                "release",
                ReleaseContainment(by=PLAYBOOK_ACTOR + request.workflow, reason=why),
                id=f"{request.workflow}/lift/{request.containment}{'/cancelled' * bool(request.cancelled)}",
                result_type=ContainmentState,
            )
        )
        try:
            while not lifting.done():
                activity.heartbeat()
                await asyncio.wait({lifting}, timeout=1)
            state = lifting.result()
        except WorkflowUpdateFailedError as error:
            if not isinstance(error.cause, ApplicationError):
                return ActionEffect(in_force=True, detail=str(error.cause))
            return ActionEffect(in_force=True, detail=error.cause.message, refused=error.cause.type or "")
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            over = await self._containments.ended(request.containment)
            return ActionEffect(in_force=False, detail=over.detail if over else "it had ended already")
        finally:
            lifting.cancel()
        return ActionEffect(in_force=state.status not in OVER, detail=state.detail)

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [self.find, self.wait, self.forget, self.lift]
