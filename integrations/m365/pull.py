"""Microsoft 365's audit log, pulled by the Management Activity API.

https://learn.microsoft.com/en-us/office/office-365-management-api/office-365-management-activity-api-reference:
a subscription for each content type is started once; then its content is listed by when it became
available, in spans of a day at most and a week back at most; each piece of content is an array of
records. Listings go back over an overlap, since content may be listed late; records are known by ``Id``.

A used quota is answered 429, or 403 with AF429.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import httpx
from pydantic import Field

from integrations.connections import Authenticate, Named, client_credentials
from integrations.contract import ActionRefusedError
from integrations.microsoft.registration import KIND, LOGIN
from integrations.pulling import (
    Batch,
    Cursor,
    Keeps,
    Pull,
    PullOptions,
    Start,
    listed,
    local,
    recorded,
    told_at,
)
from rules.ecs import parse_timestamp, timestamp

ContentType = Literal[
    "Audit.AzureActiveDirectory", "Audit.Exchange", "Audit.SharePoint", "Audit.General", "DLP.All"
]
URL = "https://manage.office.com"
WEEK = timedelta(days=7)
SPAN = timedelta(hours=24)
MARGIN = timedelta(minutes=10)
"""A listing goes back a little less than a week, for the time that asking takes."""
ALREADY = "AF20024"
"""The subscription is already enabled: no fault."""
ENDED = ("AF20022", "AF20023")
"""There is no subscription, or it was disabled: it must be started again."""
GONE = ("AF20050", "AF20051")
"""Content that does not exist, or not any more."""
KNOWN_CONTENT = 20_000
_TENANT = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class ActivityOptions(PullOptions):
    content: tuple[ContentType, ...] = Field(
        default=("Audit.AzureActiveDirectory", "Audit.Exchange", "Audit.SharePoint", "Audit.General"),
        min_length=1,
    )
    overlap_seconds: int = Field(default=3600, ge=0)
    """How late content may be listed."""


class Activity:
    def __init__(self, start: Start[ActivityOptions]) -> None:
        self._start = start
        self._base = _url(start.named)
        tenant = start.named.need("tenant")
        if not _TENANT.fullmatch(tenant):
            raise ActionRefusedError(
                f"connection {start.named.name!r}: the Management Activity API wants the tenant's id (a GUID, "
                f"Entra admin center: Overview), not {tenant!r}"
            )
        self._feed = f"/api/v1.0/{tenant}/activity/feed"
        self._publisher = {"PublisherIdentifier": str(start.named.get("publisher_id") or tenant)}
        self._told_at: datetime | None = None
        """The vendor's time at the last listing."""
        self._started: set[str] = set()
        self._fetched: OrderedDict[str, None] = OrderedDict()
        """Content that was given already, by this process: it need not be fetched again."""

    async def pull(self, cursor: Cursor | None, now: datetime) -> AsyncIterator[Batch]:
        now = now.replace(microsecond=0)
        reached = {str(name): str(at) for name, at in (cursor or {}).items()}
        for content in self._start.options.content:
            await self._subscribe(content)
            overlap = timedelta(seconds=self._start.options.overlap_seconds)
            if content in reached:
                begin = parse_timestamp(reached[content]) - overlap
            else:
                begin = now - self._start.back
            begin = max(begin, now - WEEK + MARGIN).replace(microsecond=0)
            while begin < now:
                end = min(begin + SPAN, now)
                async for batch in self._span(content, begin, end, dict(reached) or None):
                    yield batch
                # Content is listed by the vendor's clock, and ours may be ahead of it.
                reached[content] = timestamp(min(end, self._told_at or end))
                yield Batch((), dict(reached))
                begin = end

    async def _subscribe(self, content: str) -> None:
        if content in self._started:
            return
        query = {"contentType": content} | self._publisher
        try:
            await self._start.asking.ask("POST", f"{self._feed}/subscriptions/start", params=query)
        except ActionRefusedError as error:
            if ALREADY not in str(error):
                raise
        self._started.add(content)

    async def _span(
        self, content: str, begin: datetime, end: datetime, cursor: Cursor | None
    ) -> AsyncIterator[Batch]:
        path: str | None = f"{self._feed}/subscriptions/content"
        query: dict[str, Any] | None = {
            "contentType": content,
            "startTime": f"{begin.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
            "endTime": f"{end.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
        } | self._publisher
        while path is not None:
            try:
                answer = await self._start.asking.ask("GET", path, params=query)
            except ActionRefusedError as error:
                if any(code in str(error) for code in ENDED):
                    self._started.discard(content)  # the next pull starts it again
                raise
            self._told_at = told_at(answer)
            for one in listed(answer, self._start.named.name):
                name = str(one.get("contentId"))
                if name not in self._fetched:
                    yield await self._content(name, str(one.get("contentUri")), cursor)
                    self._fetched[name] = None
                    if len(self._fetched) > KNOWN_CONTENT:
                        self._fetched.popitem(last=False)
            further = answer.headers.get("NextPageUri")
            path, query = (local(further, self._base), None) if further else (None, None)

    async def _content(self, name: str, uri: str, cursor: Cursor | None) -> Batch:
        try:
            answer = await self._start.asking.ask("GET", local(uri, self._base), params=self._publisher)
        except ActionRefusedError as error:
            if not any(code in str(error) for code in GONE):
                raise
            return Batch((), cursor, lost=f"the content {name} is not there any more: {error}")
        entries = listed(answer, self._start.named.name)
        return Batch(tuple(recorded(entry, entry.get("Id")) for entry in entries), cursor)


def _url(named: Named) -> str:
    return str(named.get("office_url") or URL).rstrip("/")


def _authenticate(named: Named) -> Authenticate:
    login = str(named.get("login_url") or LOGIN).rstrip("/")
    return client_credentials(
        f"{login}/{named.need('tenant')}/oauth2/v2.0/token", scope=f"{_url(named)}/.default"
    )


def _is_busy(answer: httpx.Response) -> bool:
    return b"AF429" in answer.content


ACTIVITY: Pull[ActivityOptions] = Pull(
    source="m365.audit",
    title="Microsoft 365 Management Activity API",
    documentation=(
        "https://learn.microsoft.com/en-us/office/office-365-management-api/"
        "office-365-management-activity-api-reference"
    ),
    kind=KIND,
    options=ActivityOptions,
    open=Activity,
    authenticate=_authenticate,
    url=_url,
    keeps=lambda _: (Keeps("content of the activity feed", WEEK),),
    permissions="Office 365 Management APIs, application: ActivityFeed.Read (DLP.All: ActivityFeed.ReadDlp)",
    is_busy=_is_busy,
)
