"""The HTTP receiver: records that are pushed to us, in the shapes that shippers speak.

    POST /ingest/NAME                       NDJSON, JSON array, lines; Firehose; Pub/Sub push
    POST /services/collector[/event|/raw]   Splunk HEC, the entry being told by its token

It answers 2xx only when the records are on disk. Where it can't take more it says 503 or 429 with
Retry-After. An id that the sender gives makes a record's position, so that what is sent again makes
no second event.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from integrations.arrival import Arrival, ArrivalError
from integrations.aws import firehose
from integrations.gcp import pubsub
from integrations.unpacking import TooLargeError
from workers.collect.hec_routes import HecRoutes
from workers.collect.http_body import Budget, RefusedError, Share, read_body, unpack_body
from workers.collect.http_collector import HttpCollector, sender_of
from workers.collect.pushed import now_us
from workers.collect.sockets import listen_at, load_certificates, shown
from workers.collect_section import ReceiverSection

IDS = ("webhook-id", "X-GitHub-Delivery", "Idempotency-Key")
"""Headers in which senders give a request an id that stays the same when it is sent again."""
LONGEST_ID = 200

log = structlog.get_logger(__name__)
Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Receiver:
    """The listener of all HTTP entries."""

    def __init__(self, section: ReceiverSection, root: Path) -> None:
        """Raises `ListenError`."""
        self._section = section
        self._entries: dict[str, HttpCollector] = {}
        self._budget = Budget()
        self._hec = HecRoutes(self._budget)
        self._busy = 0
        self._runner: web.AppRunner | None = None
        self._tls: ssl.SSLContext | None = None
        if section.certificate and section.key:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            self._tls = load_certificates(context, root, section.certificate, section.key)
        self._socket = listen_at(section.listen)
        self.url = f"{'https' if self._tls else 'http'}://{shown(self._socket)}"

    def add(self, entry: HttpCollector) -> None:
        if entry.section.shape == "splunk-hec":
            self._hec.add(entry)
        else:
            self._entries[entry.name] = entry

    async def start(self) -> None:
        app = web.Application(middlewares=[self._guard], client_max_size=0)
        app.router.add_get("/health", self._health)
        app.router.add_post("/ingest/{name}", self._ingest)
        self._hec.register(app)
        self._runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=5)
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket, ssl_context=self._tls).start()
        log.info("receives", at=self.url)

    async def close(self) -> None:
        """Answer what is being taken, and stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
        self._socket.close()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handle) -> web.StreamResponse:
        if request.method == "POST" and self._busy >= self._section.requests:
            return _refusal(RefusedError(429, "too many requests at this moment: come again", 1))
        self._busy += 1
        try:
            return await handler(request)
        except RefusedError as error:
            return _refusal(error)
        finally:
            self._busy -= 1

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    # --- /ingest ---------------------------------------------------------------------------------

    async def _ingest(self, request: web.Request) -> web.Response:
        entry = self._entries.get(request.match_info["name"])
        if entry is None:
            raise RefusedError(404, "no entry of collect: is called so")
        try:
            with self._budget.share() as share:
                handle = {"firehose": self._firehose, "pubsub": self._pubsub}.get(entry.section.shape, _plain)
                return await handle(entry, request, share)
        except RefusedError as error:
            entry.pushed.counts.refused += 1
            _tell(entry, request, error)
            raise

    async def _firehose(self, entry: HttpCollector, request: web.Request, share: Share) -> web.Response:
        header = request.headers.get(firehose.REQUEST_ID)
        name = header or ""
        try:
            entry.access.check_key(request.headers.get(firehose.ACCESS_KEY))
            body = await read_body(request, entry.section, share)
            body = await unpack_body(request, body, entry.section, share)
            name = name or firehose.request_id_of(body)
            try:
                arrivals = await asyncio.to_thread(
                    firehose.read_delivery, body, header, entry.section.max_unpacked
                )
            except TooLargeError as error:
                raise RefusedError(413, f"a record {error}") from error
            except ArrivalError as error:
                raise RefusedError(400, str(error)) from error
            await entry.take(arrivals, sender_of(request))
        except RefusedError as error:
            entry.pushed.counts.refused += 1
            _tell(entry, request, error)
            return _firehose_answer(name, error)
        return _firehose_answer(name, None)

    async def _pubsub(self, entry: HttpCollector, request: web.Request, share: Share) -> web.Response:
        await entry.access.check_push(request.headers, request.query.get("token"))
        body = await read_body(request, entry.section, share)
        try:
            message = pubsub.read_message(await unpack_body(request, body, entry.section, share))
        except ArrivalError as error:
            raise RefusedError(400, str(error)) from error
        await entry.take([message], sender_of(request))
        return web.Response(status=204)


async def _plain(entry: HttpCollector, request: web.Request, share: Share) -> web.Response:
    if entry.section.signature is None:
        entry.access.check(request.headers, b"")  # before anything of a stranger's is read
    body = await read_body(request, entry.section, share)
    if entry.section.signature is not None:
        entry.access.check(request.headers, body)
    body = await unpack_body(request, body, entry.section, share)
    taken = await entry.take([Arrival(body, _request_id(request))], sender_of(request))
    return web.json_response({"accepted": taken})


def _request_id(request: web.Request) -> str | None:
    given = next((request.headers[name] for name in IDS if request.headers.get(name)), None)
    if given is None or (len(given) <= LONGEST_ID and given.isascii()):
        return given
    return hashlib.sha256(given.encode("utf-8", "surrogateescape")).hexdigest()


def _tell(entry: HttpCollector, request: web.Request, error: RefusedError) -> None:
    log.warning(
        "a request was refused",
        entry=entry.name,
        sender=sender_of(request),
        status=error.status,
        reason=str(error),
    )


def _refusal(error: RefusedError) -> web.Response:
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return web.json_response({"error": str(error)}, status=error.status, headers=headers)


def _firehose_answer(name: str, error: RefusedError | None) -> web.Response:
    said: dict[str, Any] = {"requestId": name, "timestamp": now_us() // 1000}
    if error is None:
        return web.json_response(said)
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    return web.json_response(said | {"errorMessage": str(error)}, status=error.status, headers=headers)
