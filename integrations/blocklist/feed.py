"""The served feed, as a firewall sees it: the only witness that an address is on it."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.ports import Site

CONSUMER = "siem.verify"
"""The name under which we look at a feed: nobody who obeys it."""
SECONDS = 2.0
LARGEST = 20_000_000
"""Bytes of a feed."""


@dataclass(frozen=True)
class Served:
    """A feed as it was served."""

    version: int
    addresses: frozenset[str]


@dataclass(frozen=True)
class Consumer:
    """Somebody who polls the feed."""

    name: str
    holds: int | None
    """The newest version that it proved to have."""
    served: int
    """The newest version that was sent to it."""
    waiting: bool
    """A poll of it waits for a change right now."""

    def has(self, version: int) -> bool:
        return self.holds is not None and self.holds >= version

    def is_learning(self, version: int) -> bool:
        """Whether it is just being told, so that a moment's patience shows it."""
        sent = self.holds is not None and self.served >= version
        return not self.has(version) and (self.waiting or sent)


@asynccontextmanager
async def open_feed(site: Site, name: str) -> AsyncIterator[FeedClient]:
    """Talk to the API about one list. No redirects, no proxies."""
    headers = {"Authorization": f"Bearer {site.api_token}"} if site.api_token else {}
    async with httpx.AsyncClient(
        base_url=site.api_url, headers=headers, timeout=SECONDS, verify=_tls(), trust_env=False
    ) as client:
        yield FeedClient(client, name)


class FeedClient:
    """All methods raise `ActionUnavailableError` where the API does not answer as it should."""

    def __init__(self, client: httpx.AsyncClient, name: str) -> None:
        self._client = client
        self._name = name

    async def served(self) -> Served | None:
        """Return the feed as it is served now, None where there is no such list."""
        answer = await self._ask("GET", f"/blocklists/{self._name}.txt", params={"consumer": CONSUMER})
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if len(answer.content) > LARGEST:
            raise ActionUnavailableError(f"the feed {self._name} has {len(answer.content):,} bytes")
        version = answer.headers.get("X-Blocklist-Version", "0")
        return Served(int(version), frozenset(answer.text.split()))

    async def consumers(self) -> Sequence[Consumer] | None:
        """Return who polls the list besides us, None where there is no such list."""
        answer = await self._ask("GET", f"/blocklists/{self._name}/consumers")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        found: list[dict[str, Any]] = answer.json()
        return [
            Consumer(one["name"], one["holds"], one["served"], one["waiting"])
            for one in found
            if one["name"] != CONSUMER
        ]

    async def poke(self) -> None:
        """Tell those who wait for a change that there is one."""
        await self._ask("POST", f"/internal/blocklists/{self._name}/poke")

    async def _ask(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            answer = await self._client.request(method, path, **arguments)
        except httpx.HTTPError as error:
            what = str(error) or type(error).__name__
            raise ActionUnavailableError(f"the blocklist service does not answer: {what}") from error
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise ActionRefusedError("the blocklist service does not take our token (SIEM_API_TOKEN)")
        if answer.status_code != httpx.codes.NOT_FOUND and not answer.is_success:
            raise ActionUnavailableError(f"the blocklist service answered {answer.status_code}")
        return answer


@cache
def _tls() -> ssl.SSLContext:
    """One context for all: making one takes 20 ms."""
    return ssl.create_default_context()
