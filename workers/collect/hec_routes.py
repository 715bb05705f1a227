"""Splunk HEC's paths, for shippers that were made for it: the entry is told by the token."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import structlog
from aiohttp import web

from integrations.arrival import Arrival
from integrations.splunk import hec
from workers.collect.http_body import Budget, RefusedError, read_body, unpack_body
from workers.collect.http_collector import HttpCollector, sender_of
from workers.collect.pushed import now_us

log = structlog.get_logger(__name__)


class HecRoutes:
    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._entries: list[HttpCollector] = []
        self._acks = itertools.count(now_us())
        """Acknowledgement ids: higher than those of any run before."""
        self._last_ack = 0

    def add(self, entry: HttpCollector) -> None:
        self._entries.append(entry)

    def register(self, app: web.Application) -> None:
        for path in ("", "/event", "/event/1.0"):
            app.router.add_post(f"/services/collector{path}", self._event)
        for path in ("/raw", "/raw/1.0"):
            app.router.add_post(f"/services/collector{path}", self._raw)
        app.router.add_post("/services/collector/ack", self._ack)
        for path in ("/health", "/health/1.0"):
            app.router.add_get(f"/services/collector{path}", self._health)

    async def _event(self, request: web.Request) -> web.Response:
        return await self._take(request, hec.read_events)

    async def _raw(self, request: web.Request) -> web.Response:
        def read(body: bytes) -> list[Arrival]:
            if not body.strip():
                raise hec.HecError(hec.NO_DATA)
            return [Arrival(body, host=request.query.get("host", ""))]

        return await self._take(request, read)

    async def _take(self, request: web.Request, read: Callable[[bytes], list[Arrival]]) -> web.Response:
        entry: HttpCollector | None = None
        try:
            entry = self._entry(request)
            with self._budget.share() as share:
                body = await read_body(request, entry.section, share)
                body = await unpack_body(request, body, entry.section, share)
                await entry.take(await asyncio.to_thread(read, body), sender_of(request))
        except hec.HecError as error:
            return _refusal(entry, request, error)
        except RefusedError as error:
            answer = {413: hec.TOO_LARGE, 400: hec.WRONG_FORMAT, 415: hec.WRONG_FORMAT}.get(
                error.status, hec.BUSY
            )
            return _refusal(entry, request, hec.HecError(answer), error.retry_after)
        more: dict[str, Any] = {}
        if _channel(request):
            self._last_ack = next(self._acks)
            more["ackId"] = self._last_ack
        return _answer(hec.SUCCESS, **more)

    async def _ack(self, request: web.Request) -> web.Response:
        """Every id that was given out is of what was on disk by then: also those before a restart."""
        try:
            entry = self._entry(request)
            if not _channel(request):
                raise hec.HecError(hec.NO_CHANNEL)
            with self._budget.share() as share:
                body = await read_body(request, entry.section, share)
            asked = await asyncio.to_thread(hec.read_acks, body)
        except hec.HecError as error:
            return _refusal(None, request, error)
        newest = self._last_ack or now_us()
        return web.json_response({"acks": {str(number): 0 < number <= newest for number in asked}})

    async def _health(self, _: web.Request) -> web.Response:
        full = any(entry.pushed.spool.full_since for entry in self._entries)
        return _answer(hec.FULL if full else hec.HEALTHY)

    def _entry(self, request: web.Request) -> HttpCollector:
        token = hec.token_of(request.headers.get("Authorization"))
        found = [entry for entry in self._entries if entry.access.has_token(token)]
        if not found:
            raise hec.HecError(hec.WRONG_TOKEN)
        return found[0]


def _channel(request: web.Request) -> str | None:
    return request.headers.get("X-Splunk-Request-Channel") or request.query.get("channel")


def _answer(answer: hec.HecAnswer, retry_after: int | None = None, **more: Any) -> web.Response:
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    said = {"text": answer.text, "code": answer.code} | more
    return web.json_response(said, status=answer.status, headers=headers)


def _refusal(
    entry: HttpCollector | None, request: web.Request, error: hec.HecError, retry_after: int | None = None
) -> web.Response:
    if entry is not None:
        entry.pushed.counts.refused += 1
    log.warning("a HEC request was refused", sender=sender_of(request), answer=error.answer.text)
    more = {} if error.event is None else {"invalid-event-number": error.event}
    return _answer(error.answer, retry_after, **more)
