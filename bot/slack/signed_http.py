"""Slack's requests over HTTP. A forged one is refused, counted and put in evidence.

Signatures: https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog
from aiohttp import web
from prometheus_client import Counter
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp

from rules.evidence import SYSTEM_CHAIN
from workers.contract import EvidenceNote
from workers.desk import Desk, DeskError
from workers.marked_yaml import Fault
from workers.settings import SettingsError

log = structlog.get_logger(__name__)

PATH = "/slack/events"
LARGEST = 1 << 20
"""Bytes of a request's body."""
NOTE_EVERY = 60.0
"""Seconds between two notes about forged requests: who sends many can't flood the evidence."""
FORGED = Counter("siem_slack_forged_requests", "Requests to the bot whose signature was wrong or too old")


class Forgeries:
    """Counts refused requests, and notes them on the chain ``system`` at most once a minute."""

    def __init__(self, desk: Desk, every: float = NOTE_EVERY) -> None:
        self._desk = desk
        self._every = every
        self._senders: dict[str, int] = {}
        self._noting: asyncio.Task[None] | None = None

    def count(self, sender: str) -> None:
        FORGED.inc()
        sender = sender if sender in self._senders or len(self._senders) < 20 else "others"
        self._senders[sender] = self._senders.get(sender, 0) + 1
        if self._noting is None:
            self._noting = asyncio.create_task(self._keep_noting())

    async def close(self) -> None:
        if self._noting is not None:
            self._noting.cancel()
            await asyncio.gather(self._noting, return_exceptions=True)
        await self._note()

    async def _keep_noting(self) -> None:
        while self._senders:
            await self._note()
            await asyncio.sleep(self._every)
        self._noting = None

    async def _note(self) -> None:
        senders, self._senders = self._senders, {}
        total = sum(senders.values())
        if not total:
            return
        log.warning("requests with a wrong signature were refused", count=total, senders=senders)
        note = EvidenceNote(
            key=f"slack.forged/{uuid.uuid4().hex}",
            kind="slack.request_refused",
            actor="siem",
            text=f"{total} request{'s' * (total != 1)} to the bot had no valid Slack signature and "
            f"{'were' if total != 1 else 'was'} refused.",
            data={"senders": senders},
            at=datetime.now(UTC),
        )
        try:
            await self._desk.note(SYSTEM_CHAIN, note)
        except DeskError as error:
            log.error("refused requests could not be noted", reason=str(error))


@asynccontextmanager
async def serve_http(app: AsyncApp, listen: str, desk: Desk) -> AsyncIterator[int]:
    """Take Slack's requests at `listen` (``host:port``, port 0: a free one); yields the port.

    Raises `SettingsError` where it can't listen.
    """
    forgeries = Forgeries(desk)

    async def take(request: web.Request) -> web.Response:
        response = await app.async_dispatch(await to_bolt_request(request))
        if response.status == 401:
            forgeries.count(request.remote or "unknown")
        return await to_aiohttp_response(response)

    server = web.Application(client_max_size=LARGEST)
    server.router.add_post(PATH, take)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=3)
    await runner.setup()
    try:
        host, _, port = listen.rpartition(":")
        try:
            await web.TCPSite(runner, host.strip("[]"), int(port)).start()
        except OSError as error:
            hint = "stop what listens there, or name another address"
            fault = Fault("slack: listen:", f"can't listen at {listen}: {error.strerror}", hint=hint)
            raise SettingsError([fault]) from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
        await forgeries.close()
