"""``POST /hooks/NAME``: other systems start playbooks, or tell those that wait for them.

A call is answered once Temporal has it: then it is in a history, and nothing can lose it. The sender's
delivery id makes a repetition harmless. Who may call is said in ``siem.yaml`` under ``webhooks:``; a name
that is not there does not exist.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, HTTPException, Request
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from integrations.ports import StateStore
from workers.collect.http_access import Access
from workers.collect.http_body import RefusedError
from workers.contract import QUEUE, CaseOpened, HookCall, IncidentStart, case_id
from workers.messages import HookWait
from workers.waits import HOOKS

LONGEST = 1 << 20
"""Bytes of one body."""
PATIENCE = 5.0
"""Seconds that Temporal may take."""
_IDS = ("webhook-id", "x-github-delivery", "x-request-id", "idempotency-key")
"""Headers in which senders name a delivery."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class HookService:
    """What the route needs."""

    doors: Mapping[str, Access]
    """Who may call which webhook."""
    state: StateStore
    client: Callable[[], Awaitable[Client]]
    """Connects to Temporal when it is first needed."""
    playbooks: Callable[[str], Sequence[str]]
    """The names of the playbooks that a webhook starts."""

    async def take(self, name: str, delivery: str, payload: Any) -> tuple[list[str], int]:
        """Start what the webhook starts, and tell who waits for it; returns (incident ids, runs told).

        Raises RPCError or RuntimeError where Temporal is away: then the sender must come again.
        """
        client = await self.client()
        told = 0
        for key in await self.state.keys(f"{HOOKS}{name}/"):
            if (found := await self.state.get(key)) is None:
                continue
            wait = HookWait.model_validate(found[0])
            try:
                await client.get_workflow_handle(wait.workflow).signal(
                    "hook", HookCall(webhook=name, delivery=delivery, payload=payload)
                )
                told += 1
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                await self.state.delete(key)  # it ended without saying so
        started = [
            await self._start(client, playbook, name, delivery, payload)
            for playbook in await asyncio.to_thread(self.playbooks, name)
        ]
        return started, told

    async def _start(self, client: Client, playbook: str, name: str, delivery: str, payload: Any) -> str:
        incident = case_id(f"hook/{name}/{playbook}/{delivery}")
        case = CaseOpened(
            playbook=playbook,
            title=f"Webhook {name}: {playbook}",
            reason=f"Webhook {name} was called (delivery {delivery}).",
            payload=payload,
        )
        try:
            await client.start_workflow(
                "IncidentWorkflow",
                IncidentStart(incident=incident),
                id=incident,
                task_queue=QUEUE,
                start_signal="open_case",
                start_signal_args=[case],
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            )
        except WorkflowAlreadyStartedError:
            log.info("this delivery was taken before", webhook=name, delivery=delivery)
        return incident


def register(app: FastAPI, service: HookService) -> None:
    """Add the route to the API."""

    @app.post("/hooks/{name}", status_code=202)
    async def hook(name: str, request: Request) -> dict[str, Any]:
        """A webhook is called: 202 once it is durable; 401 or 403 without its proof; 503 to come again."""
        door = service.doors.get(name)
        if door is None:
            raise HTTPException(404, f"siem.yaml names no webhook {name!r}")
        body = await _body(request)
        try:
            door.check(request.headers, body)
        except RefusedError as error:
            raise HTTPException(error.status, str(error)) from error
        try:
            payload = orjson.loads(body) if body.strip() else {}
        except orjson.JSONDecodeError as error:
            raise HTTPException(400, f"the body is no JSON: {error}") from error
        delivery = next((request.headers[one] for one in _IDS if request.headers.get(one)), uuid.uuid4().hex)
        try:
            async with asyncio.timeout(PATIENCE):
                started, told = await service.take(name, delivery[:200], payload)
        except (RPCError, RuntimeError, TimeoutError) as error:
            log.warning("a webhook could not be taken", webhook=name, reason=str(error))
            raise HTTPException(503, "Temporal does not answer: call again", {"Retry-After": "5"}) from error
        return {"delivery": delivery[:200], "incidents": started, "told": told}


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LONGEST:
            raise HTTPException(413, f"a body has at most {LONGEST:,} bytes")
        parts.append(part)
    return b"".join(parts)
