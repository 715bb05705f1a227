"""The way to a Jira Cloud site: an account's address and API token.

https://developer.atlassian.com/cloud/jira/platform/basic-auth-for-rest-apis/
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from integrations.answers import record
from integrations.connections import ConnectionKind, Http, Setting, http
from integrations.ports import Site

KIND = "jira"


@asynccontextmanager
async def open_jira(site: Site, name: Any) -> AsyncIterator[Http]:
    async with http(site, KIND, name, authenticate=_prove, headers={"accept": "application/json"}) as jira:
        yield jira


async def _prove(opened: Http, request: httpx.Request) -> None:
    pair = f"{opened.named.need('user')}:{opened.named.need('token')}"
    request.headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"


async def _test(site: Site, name: str) -> str:
    async with open_jira(site, name) as jira:
        found = record(await jira.json("GET", "/rest/api/3/myself"), name)
    return f"Jira answers {found.get('displayName') or found.get('accountId')}"


JIRA = ConnectionKind(
    name=KIND,
    title="Jira Cloud",
    documentation="https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/",
    settings=(
        Setting("url", "the site: https://example.atlassian.net"),
        Setting("user", "the account's mail address"),
        Setting("token", "an API token of it", secret=True),
        Setting("project", "the key of the project for new issues: SEC", required=False),
    ),
    permissions=("in the project: Browse Projects, Create Issues, Add Comments",),
    test=_test,
    setup="id.atlassian.com: Security, API tokens, Create API token with scopes read:jira-work, write:jira-work; "
    "with an account of its own that is in no other project.",
)
