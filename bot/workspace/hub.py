"""Tells open pages what changed, each only what its user may see."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.workspace.store import Json

_MOST_WAITING = 1000
"""A page that is so far behind is told to load again."""


class Subscription:
    """What one page has yet to be told. A ``reload`` stands for everything that was left out."""

    def __init__(self, user: str) -> None:
        self.user = user
        self._queue: asyncio.Queue[Json] = asyncio.Queue(_MOST_WAITING)

    async def next(self) -> Json:
        return await self._queue.get()

    def put(self, event: Json) -> None:
        if self._queue.full():
            while not self._queue.empty():
                self._queue.get_nowait()
            event = {"type": "reload"}
        self._queue.put_nowait(event)


class Hub:
    """`sees(user, channel)` tells who is in a channel."""

    def __init__(self, sees: Callable[[str, str], bool]) -> None:
        self._sees = sees
        self._subscriptions: set[Subscription] = set()

    @contextmanager
    def subscribe(self, user: str) -> Iterator[Subscription]:
        subscription = Subscription(user)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def tell_channel(self, channel: str, event: Json) -> None:
        """Tell everyone in `channel`."""
        for each in self._subscriptions:
            if self._sees(each.user, channel):
                each.put({**event, "channel": channel})

    def tell_user(self, user: str, event: Json) -> None:
        for each in self._subscriptions:
            if each.user == user:
                each.put(event)

    def tell_all(self, event: Json) -> None:
        for each in self._subscriptions:
            each.put(event)
