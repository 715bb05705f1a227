"""One way to Microsoft's clouds: an app registration with a client secret (client credentials).

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow. Graph answers
directories and mailboxes, Defender for Endpoint its machines; each wants a token of its own. Paging is by
``@odata.nextLink`` (Graph and Defender alike), and a link to another host is not followed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from integrations.answers import record, records
from integrations.connections import (
    ConnectionKind,
    Http,
    Named,
    Setting,
    choose,
    client_credentials,
    open_http,
)
from integrations.contract import ActionRefusedError
from integrations.ports import Site

KIND = "microsoft"
GRAPH = "https://graph.microsoft.com"
DEFENDER = "https://api.security.microsoft.com"
LOGIN = "https://login.microsoftonline.com"
DEFENDER_SCOPE = "https://api.securitycenter.microsoft.com/.default"
PAGES = 20
"""At most so many pages of one answer."""


@asynccontextmanager
async def open_graph(site: Site, name: Any) -> AsyncIterator[Http]:
    """Open Microsoft Graph with the site's app registration."""
    named = choose(site, KIND, name)
    base = str(named.get("graph_url") or GRAPH)
    async with _open(named, base, f"{base}/.default") as graph:
        yield graph


@asynccontextmanager
async def open_defender(site: Site, name: Any) -> AsyncIterator[Http]:
    """Open Defender for Endpoint's API with the site's app registration."""
    named = choose(site, KIND, name)
    async with _open(named, str(named.get("defender_url") or DEFENDER), DEFENDER_SCOPE) as defender:
        yield defender


def quoted(value: str) -> str:
    """Return a text as a literal of an OData filter (OData 4.01, 5.1.1.14): apostrophes doubled.

    Raises `ActionRefusedError` for control characters and more than 1,024 characters.
    """
    if len(value) > 1024 or any(ord(one) < 32 or ord(one) == 127 for one in value):
        raise ActionRefusedError(f"{value!r:.80} can't be asked for")
    return "'" + value.replace("'", "''") + "'"


async def pages(opened: Http, path: str, **params: Any) -> list[dict[str, Any]]:
    """Return the rows of all pages. Raises `ActionRefusedError` where there are more than `PAGES`."""
    found: list[dict[str, Any]] = []
    base = opened.client.base_url
    arguments: dict[str, Any] = {"params": params} if params else {}
    for _ in range(PAGES):
        answer = record(await opened.json("GET", path, **arguments), opened.named.name)
        found += records(answer.get("value"), opened.named.name)
        link = answer.get("@odata.nextLink")
        if not link:
            return found
        url = httpx.URL(str(link))
        if (url.scheme, url.host, url.port) != (base.scheme, base.host, base.port):
            raise ActionRefusedError(f"{opened.named.name}: the next page is at {url.host}, another host")
        path, arguments = str(url), {}
    raise ActionRefusedError(f"{opened.named.name}: {path.partition('?')[0]} has more than {PAGES} pages")


@asynccontextmanager
async def _open(named: Named, base: str, scope: str) -> AsyncIterator[Http]:
    tenant = named.need("tenant")
    if not tenant.replace("-", "").replace(".", "").isalnum():
        raise ActionRefusedError(f"connection {named.name!r}: tenant is an id or a domain, not {tenant!r}")
    login = str(named.get("login_url") or LOGIN)
    here = Named(named.name, named.kind, {**named.settings, "url": base})
    prove = client_credentials(f"{login}/{tenant}/oauth2/v2.0/token", scope=scope)
    async with open_http(here, authenticate=prove) as opened:
        yield opened


async def _test(site: Site, name: str) -> str:
    async with open_graph(site, name) as graph:
        found = await pages(graph, "/v1.0/organization", **{"$select": "displayName"})
    return (
        f"Microsoft Graph answers for {found[0].get('displayName') if found else 'a tenant without a name'}"
    )


MICROSOFT = ConnectionKind(
    name=KIND,
    title="Microsoft: Entra ID, Defender for Endpoint and Exchange Online, by one app registration",
    documentation="https://learn.microsoft.com/entra/identity-platform/quickstart-register-app",
    settings=(
        Setting("tenant", "the tenant's id or first domain"),
        Setting("client_id", "the application's id"),
        Setting("client_secret", "a client secret of it", secret=True),
        Setting("graph_url", "Graph of a national cloud", required=False),
        Setting("defender_url", "Defender's API, https://eu.api.security.microsoft.com", required=False),
        Setting("office_url", "the Management Activity API of a national cloud", required=False),
        Setting("login_url", "the sign-in service of a national cloud", required=False),
    ),
    permissions=(
        "Graph, application: User.Read.All, Group.Read.All, User.EnableDisableAccount.All, "
        "User.RevokeSessions.All, User-PasswordProfile.ReadWrite.All (reset_password), Application.ReadWrite.All (disable_app_consent), AuditLog.Read.All (sign-ins)",
        "Graph, application, for mail: Mail.ReadWrite, MailboxSettings.ReadWrite, ExchangeMessageTrace.Read.All; "
        "narrow the first two to some mailboxes with RBAC for Applications",
        "the role User Administrator; Privileged Authentication Administrator where administrators may be disabled",
        "Office 365 Management APIs, application: ActivityFeed.Read, ActivityFeed.ReadDlp (to collect the audit "
        "log; nothing else is needed for that)",
        "WindowsDefenderATP, application: Machine.Read.All, Machine.Isolate, Machine.Scan, Ti.ReadWrite",
    ),
    test=_test,
    setup="Entra admin center: App registrations, New registration; Certificates & secrets, New client secret; "
    "API permissions: add only those of the actions that you use, then Grant admin consent.",
)
