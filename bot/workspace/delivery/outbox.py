"""Events wait here, durable, until the app has acknowledged them or Slack would give up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from bot.workspace.delivery.request import AppRequest, Delivery
from bot.workspace.errors import DeliveryError, UnacknowledgedError
from bot.workspace.store import Json, Store

PAUSES = (1.0, 60.0, 300.0)
"""Seconds before each of Slack's three further attempts."""


class Outbox:
    def __init__(self, store: Store, delivery: Delivery, log: Callable[[str], None]) -> None:
        self._store = store
        self._delivery = delivery
        self._log = log
        self._wake = asyncio.Event()

    def put(self, event: Json) -> None:
        """Deliver an ``event_callback`` payload as soon as can be."""
        self._store.put_delivery(event["event_id"], 0, 0, {"payload": event, "reason": ""})
        self._wake.set()

    def hurry(self) -> None:
        """Try now what waits: the app has just connected."""
        for key, attempt, _due, body in self._store.deliveries():
            self._store.put_delivery(key, attempt, 0, body)
        self._wake.set()

    async def run(self) -> None:
        while True:
            self._wake.clear()
            waiting = self._store.deliveries()
            now = time.time()
            for key, attempt, due, body in waiting:
                if due <= now:
                    await self._try(key, attempt, body)
            pauses = [due - time.time() for _key, _attempt, due, _body in self._store.deliveries()]
            try:
                async with asyncio.timeout(max(0.0, min(pauses)) if pauses else None):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _try(self, key: str, attempt: int, body: Json) -> None:
        try:
            await self._delivery.deliver(
                AppRequest("events_api", body["payload"], attempt, body["reason"] if attempt else "")
            )
        except DeliveryError as error:
            if attempt >= len(PAUSES):
                self._log(f"event {key} was not taken after {attempt + 1} attempts: {error}")
                self._store.delete_delivery(key)
                return
            reason = "timeout" if isinstance(error, UnacknowledgedError) else "http_error"
            due = time.time() + PAUSES[attempt]
            self._store.put_delivery(key, attempt + 1, due, {**body, "reason": reason})
        else:
            self._store.delete_delivery(key)
