"""Blocklists as a feed: what is on them now, who holds which version, and waiting for a change.

The truth is the state document ``blocklist/<name>`` (`integrations.blocklist.entries`). Whatever process
wrote it, a waiting poll sees the change within `WATCH_SECONDS`, or at once after `Feed.poke`.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ipaddress
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from integrations.blocklist.entries import state_key
from integrations.ports import Clock, StateStore, StoreError

WATCH_SECONDS = 0.2
LONGEST_WAIT = 25.0
_MOST_CONSUMERS = 1000
_MOST_TAGS = 1000


@dataclass(frozen=True)
class Listing:
    """A blocklist at one moment."""

    version: int
    """Of the state document; 0 where nothing was ever written."""
    addresses: tuple[str, ...]
    """Addresses and networks that have not expired, IPv4 first, each in its order."""

    @property
    def text(self) -> str:
        """One address a line."""
        return "".join(f"{address}\n" for address in self.addresses)

    @property
    def etag(self) -> str:
        """A strong validator (RFC 9110, 8.8.3): the same text, the same tag."""
        return f'"{hashlib.sha256(self.text.encode()).hexdigest()[:32]}"'


def render(document: Mapping[str, Any] | None, now: datetime) -> Listing:
    """Return what a state document says at `now`. What has expired is not served, whether or not
    somebody took it off; neither is what is no address."""
    if document is None:
        return Listing(0, ())
    networks = []
    for address, entry in document["entries"].items():
        until = entry.get("until")
        if until is not None and datetime.fromisoformat(until) <= now:
            continue
        with contextlib.suppress(ValueError):
            networks.append((ipaddress.ip_network(address), address))
    networks.sort(key=lambda pair: (pair[0].version, int(pair[0].network_address), pair[0].prefixlen))
    return Listing(int(document["version"]), tuple(address for _, address in networks))


@dataclass(frozen=True)
class Consumer:
    """Somebody who polls a list."""

    name: str
    address: str
    """Where it polled from."""
    first: datetime
    last: datetime
    """When it polled first and last."""
    polls: int
    served: int
    """The newest version that was sent to it."""
    holds: int | None
    """The newest version that it proved to have, by sending its ETag; None before it did."""
    held_at: datetime | None
    """When it first proved that."""
    waiting: bool = False
    """A poll of it waits for a change right now."""


class Feed:
    """One blocklist."""

    def __init__(self, name: str, state: StateStore, clock: Clock) -> None:
        self.name = name
        self._state = state
        self._clock = clock
        self._consumers: OrderedDict[str, Consumer] = OrderedDict()
        self._tags: OrderedDict[str, int] = OrderedDict()
        self._waiting = 0
        self._watcher: asyncio.Task[None] | None = None
        self._poked = asyncio.Event()
        self._changed = asyncio.Condition()
        self._reads = 0
        """How many reads the watcher began."""
        self._seen: tuple[int, Listing | StoreError] = (0, Listing(0, ()))
        """The number of its last finished read, and what it found."""
        self._closed = False

    async def document(self) -> Mapping[str, Any] | None:
        """Read the list's state document, None where nothing was ever written. Raises `StoreError`."""
        found = await self._state.get(state_key(self.name))
        return found[0] if found else None

    async def read(self) -> Listing:
        """Read the list. Raises `StoreError`."""
        listing = render(await self.document(), self._clock.now())
        self._tags[listing.etag] = max(listing.version, self._tags.get(listing.etag, 0))
        self._tags.move_to_end(listing.etag)
        while len(self._tags) > _MOST_TAGS:
            self._tags.popitem(last=False)
        return listing

    async def wait(self, etag: str, seconds: float) -> Listing:
        """Return the list as soon as its tag is not `etag`, at the latest after `seconds`.

        Raises `StoreError` where it can't be read.
        """
        listing = await self.read()
        if listing.etag != etag or seconds <= 0 or self._closed:
            return listing
        after = self._reads
        self._waiting += 1
        if self._watcher is None:
            self._watcher = asyncio.create_task(self._watch())
        try:
            async with self._changed, asyncio.timeout(min(seconds, LONGEST_WAIT)):
                await self._changed.wait_for(lambda: self._closed or self._differs(etag, after))
        except TimeoutError:
            pass
        finally:
            self._waiting -= 1
        seen = self._since(after)
        if isinstance(seen, StoreError):
            raise seen
        return seen or listing

    def _since(self, after: int) -> Listing | StoreError | None:
        """Return what the watcher found, if it began to read later than its read number `after`. An older
        finding may lie behind what the caller has read itself: an address would be back that was off."""
        number, found = self._seen
        return found if number > after else None

    def _differs(self, etag: str, after: int) -> bool:
        seen = self._since(after)
        return isinstance(seen, StoreError) or (seen is not None and seen.etag != etag)

    async def _watch(self) -> None:
        """Read again and again while somebody waits: one reader however many wait."""
        try:
            while self._waiting and not self._closed:
                self._poked.clear()
                self._reads += 1
                try:
                    self._seen = (self._reads, await self.read())
                except StoreError as error:
                    self._seen = (self._reads, error)
                async with self._changed:
                    self._changed.notify_all()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._poked.wait(), WATCH_SECONDS)
        finally:
            self._watcher = None

    def poke(self) -> None:
        """Somebody wrote: look now."""
        self._poked.set()

    async def close(self) -> None:
        """Let all who wait go, with the list as it is."""
        self._closed = True
        self._poked.set()
        async with self._changed:
            self._changed.notify_all()

    def polled(self, name: str, address: str, tags: frozenset[str]) -> None:
        """Note that a consumer asked, and which version the tags it sent prove it to hold."""
        now = self._clock.now()
        known = self._consumers.get(name) or Consumer(name, address, now, now, 0, 0, None, None)
        held = max((self._tags[tag] for tag in tags if tag in self._tags), default=None)
        if held is not None and held != known.holds:
            known = replace(known, holds=held, held_at=now)
        self._put(replace(known, address=address, last=now, polls=known.polls + 1, waiting=True))

    def answered(self, name: str, version: int | None) -> None:
        """Note what a consumer was sent, None where it was nothing."""
        if known := self._consumers.get(name):
            served = known.served if version is None else version
            self._put(replace(known, served=served, waiting=False))

    def _put(self, consumer: Consumer) -> None:
        self._consumers[consumer.name] = consumer
        self._consumers.move_to_end(consumer.name)
        while len(self._consumers) > _MOST_CONSUMERS:
            self._consumers.popitem(last=False)

    @property
    def consumers(self) -> tuple[Consumer, ...]:
        return tuple(sorted(self._consumers.values(), key=lambda consumer: consumer.name))
