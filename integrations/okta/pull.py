"""Okta's System Log, pulled: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/

Asked without an end it is polled: pages come in the order in which Okta kept the events, and each page's
``Link`` names the next, also the last one's, behind which later events appear. So the cursor is that link,
and nothing is skipped when events come late. Okta keeps them for 90 days.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
from pydantic import Field

from integrations.contract import ActionRefusedError
from integrations.okta.connection import KIND, LOGS_SCOPE, authenticate
from integrations.pulling import Batch, Cursor, Keeps, Pull, PullOptions, Start, listed, next_link, recorded
from rules.ecs import parse_timestamp, timestamp

KEPT = timedelta(days=90)
OVERLAP = timedelta(hours=1)
"""How far back to go where a link is no longer taken."""
FEW = 0.1
"""A page filled to a smaller share ends a pull: the rest is for the next one, which goes on from there."""


class SystemLogOptions(PullOptions):
    limit: int = Field(default=1000, ge=1, le=1000)
    """Events of one page."""
    filter: str | None = None
    """In Okta's filter language; None: all events."""


class SystemLog:
    def __init__(self, start: Start[SystemLogOptions]) -> None:
        self._start = start
        self._base = start.named.need("url")

    async def pull(self, cursor: Cursor | None, now: datetime) -> AsyncIterator[Batch]:
        seen = str(cursor["seen"]) if cursor else timestamp(now - self._start.back)
        path = str(cursor["next"]) if cursor and cursor.get("next") else None
        while True:
            try:
                answer = await self._page(path, seen)
            except ActionRefusedError:
                if path is None:
                    raise
                path, seen = None, timestamp(max(parse_timestamp(seen) - OVERLAP, now - KEPT))
                answer = await self._page(path, seen)
            entries = listed(answer, self._start.named.name)
            path = next_link(answer, self._base) or path
            seen = max([seen, *(at for entry in entries if (at := _published(entry)))])
            records = tuple(recorded(entry, entry.get("uuid")) for entry in entries)
            yield Batch(records, {"next": path, "seen": seen})
            if len(entries) <= self._start.options.limit * FEW:
                return

    async def _page(self, path: str | None, seen: str) -> httpx.Response:
        if path is not None:
            return await self._start.asking.ask("GET", path)
        options = self._start.options
        query: dict[str, Any] = {"since": seen, "sortOrder": "ASCENDING", "limit": options.limit}
        if options.filter:
            query["filter"] = options.filter
        return await self._start.asking.ask("GET", "/api/v1/logs", params=query)


def _published(entry: dict[str, Any]) -> str | None:
    try:
        return timestamp(parse_timestamp(str(entry.get("published"))))
    except ValueError:
        return None


SYSTEM_LOG: Pull[SystemLogOptions] = Pull(
    source="okta.system",
    title="Okta System Log",
    documentation="https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/",
    kind=KIND,
    options=SystemLogOptions,
    open=SystemLog,
    authenticate=lambda named: authenticate(named, (LOGS_SCOPE,)),
    url=lambda named: named.need("url"),
    keeps=lambda _: (Keeps("events of the System Log", KEPT),),
    permissions=f"{LOGS_SCOPE}, or an API token of a Read-only Administrator",
)
