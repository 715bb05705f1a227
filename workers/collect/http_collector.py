"""One entry that records are pushed to over HTTP: from what arrived to what is on disk."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from aiohttp import web

from integrations.arrival import Arrival
from workers.collect.http_access import Access
from workers.collect.http_body import RefusedError, split
from workers.collect.pushed import Pushed, now_us
from workers.collect.sockets import plain_address
from workers.collect.spool import Item, SpoolFullError
from workers.collect.state import SourceState
from workers.collect_section import HttpSection

RETRY_SECONDS = 5


class HttpCollector:
    """One entry that records are pushed to over HTTP."""

    def __init__(self, pushed: Pushed, access: Access, base_url: str) -> None:
        section = pushed.section.http
        assert section is not None
        self.section: HttpSection = section
        self.pushed = pushed
        self.access = access
        self.name = section.name or pushed.section.identity
        self._base_url = base_url
        self._numbers = itertools.count()

    async def run(self) -> None:
        await self.pushed.run()

    async def close(self) -> None:
        await self.pushed.close()

    def state(self) -> SourceState:
        return self.pushed.state([f"{self._base_url}{self.path}"])

    @property
    def path(self) -> str:
        return "/services/collector" if self.section.shape == "splunk-hec" else f"/ingest/{self.name}"

    async def take(self, arrivals: Sequence[Arrival], address: str) -> int:
        """Take what arrived; return how many records it was, on disk now. Raises `RefusedError`."""
        pushed, now = self.pushed, now_us()
        records = await split(list(arrivals), pushed.source.framing, pushed.section.identity)
        items = [
            Item(position or f"{address}-{pushed.run_id}-{next(self._numbers)}", address, host, now, data)
            for position, host, data in records
        ]
        if items:
            try:
                await pushed.take(items)
            except SpoolFullError as error:
                raise RefusedError(503, f"not now: {error}", RETRY_SECONDS) from error
        return len(items)


def sender_of(request: web.Request) -> str:
    """Return the address that a request came from."""
    return plain_address(request.remote or "unknown")
