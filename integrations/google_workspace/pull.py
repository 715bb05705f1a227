"""Google Workspace's activity reports, pulled by the Admin SDK Reports API.

https://developers.google.com/workspace/admin/reports/reference/rest/v1/activities/list: pages by
``pageToken``, the newest activities first. Most appear within minutes, some hours after they happened
(https://support.google.com/a/answer/7061566). So each pull goes back a little, and some go back further;
activities are known by ``id.time`` and ``id.uniqueQualifier``. Google keeps them for 180 days.

A used quota is answered 429, or 403 with a reason
(https://developers.google.com/workspace/admin/reports/limits).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, Literal

import httpx
from pydantic import Field

from integrations.answers import inner, record, records
from integrations.google_workspace.directory import API, KIND, REPORTS_SCOPE, authenticate
from integrations.pulling import (
    Batch,
    Cursor,
    Given,
    Keeps,
    Pull,
    PulledRecord,
    PullOptions,
    Start,
    answered,
    recorded,
)
from rules.ecs import parse_timestamp, timestamp

Application = Literal[
    "access_transparency", "admin", "calendar", "chat", "chrome", "context_aware_access", "data_studio", "drive",
    "gcp", "gmail", "groups", "groups_enterprise", "jamboard", "keep", "login", "meet", "mobile", "rules", "saml",
    "token", "user_accounts", "vault",
]  # fmt: skip
BUSY = (b"rateLimitExceeded", b"userRateLimitExceeded", b"quotaExceeded", b"dailyLimitExceeded")
PAGE = 1000
KEPT = timedelta(days=180)
MARGIN = timedelta(minutes=10)
"""Google refuses to look back further than it keeps; a little less, for the time that asking takes."""


class ReportsOptions(PullOptions):
    applications: tuple[Application, ...] = Field(default=("login", "admin", "drive", "token"), min_length=1)
    overlap_seconds: int = Field(default=600, ge=0)
    """How far back each pull goes behind the newest activity."""
    late_seconds: int = Field(default=4 * 3600, ge=0)
    """How late an activity may appear: so far back goes one pull in each"""
    sweep_seconds: int = Field(default=900, ge=0)
    """of these."""


class Reports:
    def __init__(self, start: Start[ReportsOptions]) -> None:
        self._start = start
        self._given = {name: Given() for name in start.options.applications}

    async def pull(self, cursor: Cursor | None, now: datetime) -> AsyncIterator[Batch]:
        reached = {str(name): dict(place) for name, place in (cursor or {}).items()}
        for application in self._start.options.applications:
            place = reached.get(application)
            begin, swept = self._begin(place, now)
            newest = str(place["newest"]) if place else timestamp(begin)
            async for found, more, last in self._pages(application, begin):
                newest = max([newest, *(at for at in found if at <= timestamp(now))])
                if last:
                    # The newest come first: only behind the last page is all before them there.
                    reached[application] = {"newest": newest, "swept": timestamp(swept)}
                yield Batch(self._given[application].new(more), dict(reached) or None)

    def _begin(self, place: dict[str, Any] | None, now: datetime) -> tuple[datetime, datetime]:
        """Return from when on to ask, and when late ones were last looked for."""
        if place is None:
            return now - self._start.back, now
        options = self._start.options
        newest, swept = parse_timestamp(str(place["newest"])), parse_timestamp(str(place["swept"]))
        begin = newest - timedelta(seconds=options.overlap_seconds)
        if now - swept < timedelta(seconds=options.sweep_seconds):
            return max(begin, now - KEPT + MARGIN), swept
        # Also what came late since the last look, however long ago that is.
        begin = min(begin, swept - timedelta(seconds=options.late_seconds))
        return max(begin, now - KEPT + MARGIN), now

    async def _pages(
        self, application: str, begin: datetime
    ) -> AsyncIterator[tuple[list[str], list[PulledRecord], bool]]:
        path = f"/admin/reports/v1/activity/users/all/applications/{application}"
        query: dict[str, Any] = {"startTime": timestamp(begin), "maxResults": PAGE}
        name = self._start.named.name
        while True:
            page = record(answered(await self._start.asking.ask("GET", path, params=query), name), name)
            items = records(page.get("items") or [], name)
            times = [at for item in items if (at := _time(item))]
            token = page.get("nextPageToken")
            yield times, [_recorded(application, item) for item in items], not token
            if not token:
                return
            query["pageToken"] = token


def _recorded(application: str, item: dict[str, Any]) -> PulledRecord:
    identity = inner(item, "id")
    at, own = identity.get("time"), identity.get("uniqueQualifier")
    # The ETag is of the answer, not of the activity: it may change from one to the next.
    kept = {key: value for key, value in item.items() if key != "etag"}
    return recorded(kept, f"{application}/{at}/{own}" if at and own else None)


def _time(item: dict[str, Any]) -> str | None:
    try:
        return timestamp(parse_timestamp(str(inner(item, "id").get("time"))))
    except ValueError:
        return None


def _is_busy(answer: httpx.Response) -> bool:
    return answer.status_code == 403 and any(word in answer.content for word in BUSY)


REPORTS: Pull[ReportsOptions] = Pull(
    source="google_workspace.activity",
    title="Google Workspace activity reports",
    documentation="https://developers.google.com/workspace/admin/reports/reference/rest/v1/activities/list",
    kind=KIND,
    options=ReportsOptions,
    open=Reports,
    authenticate=lambda named: authenticate(named, (REPORTS_SCOPE,)),
    url=lambda named: str(named.get("url") or API),
    keeps=lambda _: (Keeps("activities", KEPT),),
    permissions=f"domain-wide delegation of {REPORTS_SCOPE}; the administrator: the privilege Reports",
    is_busy=_is_busy,
)
