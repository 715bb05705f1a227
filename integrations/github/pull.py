"""GitHub's audit log, pulled: https://docs.github.com/en/rest/orgs/orgs#get-the-audit-log-for-an-organization

Pages follow each other by the cursor ``after``, the oldest first; behind the last page there is none, so the
next pull starts a little before the newest entry. Entries are known by ``_document_id``. GitHub keeps them
for 180 days, those of Git for 7, and allows 1,750 queries an hour; a used quota is answered 403 or 429
(https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self

import httpx
from pydantic import Field, model_validator

from integrations.answers import record
from integrations.connections import Authenticate, ConnectionKind, Http, Named, Setting, http
from integrations.contract import ActionRefusedError
from integrations.ports import Site
from integrations.pulling import (
    Batch,
    Cursor,
    Given,
    Keeps,
    Pull,
    PullOptions,
    Start,
    listed,
    next_link,
    query_value,
    recorded,
)
from rules.ecs import parse_timestamp, timestamp

KIND = "github_audit"
URL = "https://api.github.com"
VERSION = "2022-11-28"
PAGE = 100


class AuditLogOptions(PullOptions):
    organisation: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{1,100}$")
    enterprise: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,100}$")
    include: Literal["web", "git", "all"] = "all"
    overlap_seconds: int = Field(default=600, ge=0)
    """How late an entry may appear."""

    @model_validator(mode="after")
    def _whose(self) -> Self:
        if bool(self.organisation) == bool(self.enterprise):
            raise ValueError("write organisation: NAME or enterprise: NAME, one of the two")
        return self


class AuditLog:
    def __init__(self, start: Start[AuditLogOptions]) -> None:
        self._start = start
        self._base = _url(start.named)
        self._given = Given()
        options = start.options
        whose = (
            f"orgs/{options.organisation}" if options.organisation else f"enterprises/{options.enterprise}"
        )
        self._path = f"/{whose}/audit-log"

    async def pull(self, cursor: Cursor | None, now: datetime) -> AsyncIterator[Batch]:
        newest = parse_timestamp(str(cursor["newest"])) if cursor else now - self._start.back
        overlap = timedelta(seconds=self._start.options.overlap_seconds if cursor else 0)
        since = parse_timestamp(str(cursor["since"])) if cursor and cursor.get("after") else newest - overlap
        after = cursor.get("after") if cursor else None
        while True:
            try:
                answer = await self._page(since, after)
            except ActionRefusedError:
                if after is None:
                    raise
                after = None
                answer = await self._page(since, after)
            entries = listed(answer, self._start.named.name)
            link = next_link(answer, self._base)
            after = query_value(link, "after") if link else None
            newest = max([newest, *(at for entry in entries if (at := _moment(entry)) and at <= now)])
            records = [recorded(entry, entry.get("_document_id")) for entry in entries]
            further = {"newest": timestamp(newest), "since": timestamp(since), "after": after}
            yield Batch(self._given.new(records), further)
            if after is None:
                return

    async def _page(self, since: datetime, after: str | None) -> httpx.Response:
        query: dict[str, Any] = {
            "phrase": f"created:>={since.astimezone(UTC):%Y-%m-%dT%H:%M:%S+00:00}",
            "include": self._start.options.include,
            "order": "asc",
            "per_page": PAGE,
        }
        if after:
            query["after"] = after
        return await self._start.asking.ask("GET", self._path, params=query)


def _moment(entry: dict[str, Any]) -> datetime | None:
    at = entry.get("@timestamp") or entry.get("created_at")
    try:
        return datetime.fromtimestamp(int(at) / 1000, UTC) if at else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _url(named: Named) -> str:
    return str(named.get("url") or URL)


def _authenticate(_: Named) -> Authenticate:
    async def add(opened: Http, request: httpx.Request) -> None:
        request.headers["authorization"] = f"Bearer {opened.named.need('token')}"
        request.headers["accept"] = "application/vnd.github+json"
        request.headers["x-github-api-version"] = VERSION

    return add


def _is_busy(answer: httpx.Response) -> bool:
    used = answer.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in answer.headers
    return answer.status_code == 403 and (used or b"rate limit" in answer.content)


def _keeps(options: AuditLogOptions) -> Sequence[Keeps]:
    git = Keeps("Git events of the audit log", timedelta(days=7))
    web = Keeps("events of the audit log", timedelta(days=180))
    return {"git": (git,), "web": (web,), "all": (git, web)}[options.include]


async def _test(site: Site, name: str) -> str:
    async with http(site, KIND, name, authenticate=_authenticate(_NOBODY), url=URL) as github:
        found = record(await github.json("GET", "/rate_limit"), name)
    left = found.get("rate", {}).get("remaining") if isinstance(found.get("rate"), dict) else None
    return f"GitHub takes the token, which has {left} requests of this hour left"


_NOBODY = Named("", KIND, {})

AUDIT_LOG: Pull[AuditLogOptions] = Pull(
    source="github.audit",
    title="GitHub audit log",
    documentation="https://docs.github.com/en/rest/orgs/orgs#get-the-audit-log-for-an-organization",
    kind=KIND,
    options=AuditLogOptions,
    open=AuditLog,
    authenticate=_authenticate,
    url=_url,
    keeps=_keeps,
    permissions="read:audit_log, of an owner of the organisation (GitHub Enterprise Cloud)",
    is_busy=_is_busy,
)

GITHUB_AUDIT = ConnectionKind(
    name=KIND,
    title="GitHub: the audit log of an organisation or enterprise",
    documentation="https://docs.github.com/en/organizations/keeping-your-organization-secure/"
    "managing-security-settings-for-your-organization/reviewing-the-audit-log-for-your-organization",
    settings=(
        Setting("token", "a personal access token (classic), or an app's", secret=True),
        Setting("url", f"GitHub Enterprise Server: https://HOST/api/v3; else {URL}", required=False),
    ),
    permissions=("the scope read:audit_log; of an app: Organization permissions, Administration: read",),
    test=_test,
    setup="GitHub: Settings, Developer settings, Tokens (classic), Generate; only read:audit_log; authorise it "
    "for the organisation's SSO. The organisation must be on GitHub Enterprise Cloud.",
)
