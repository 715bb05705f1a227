"""The way to a SentinelOne console: an API token, and agents found by name.

Management API 2.1, which every console documents under ``/api-doc``: answers are ``{"data": …,
"pagination": {"nextCursor": …}}``, faults ``{"errors": [{"code": …, "title": …, "detail": …}]}``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from integrations.answers import inner, record, records, text
from integrations.connections import ConnectionKind, Http, Setting, http
from integrations.contract import ActionRefusedError
from integrations.ports import Site
from integrations.reversal import TargetGoneError

KIND = "sentinelone"
API = "/web/api/v2.1"
PAGES = 30
LIMIT = 1000
"""Rows of one page; the most that the console gives."""


@asynccontextmanager
async def open_console(site: Site, name: Any) -> AsyncIterator[Http]:
    """Open the site's console. Raises `ActionRefusedError` where there is no such connection."""
    async with http(site, KIND, name, authenticate=_prove) as console:
        yield console


async def _prove(opened: Http, request: httpx.Request) -> None:
    request.headers["authorization"] = f"ApiToken {opened.named.need('token')}"


async def pages(console: Http, path: str, **params: Any) -> list[dict[str, Any]]:
    """Return the rows of all pages. Raises `ActionRefusedError` where there are more than `PAGES`."""
    found: list[dict[str, Any]] = []
    asked = {"limit": str(LIMIT), **params}
    for _ in range(PAGES):
        answer = record(await console.json("GET", f"{API}/{path}", params=asked), console.named.name)
        found += records(answer.get("data"), console.named.name)
        cursor = inner(answer, "pagination").get("nextCursor")
        if not cursor:
            return found
        asked["cursor"] = str(cursor)
    raise ActionRefusedError(f"{console.named.name}: {path} has more than {PAGES * LIMIT:,} rows")


async def change(console: Http, method: str, path: str, body: Any) -> Any:
    """Send a change and return its ``data``."""
    answer = record(await console.json(method, f"{API}/{path}", json=body), console.named.name)
    return answer.get("data")


async def find_agent(console: Http, host: str) -> dict[str, Any]:
    """Return the one agent of a name: as the console has it, or with the domain beside it.

    Raises `ActionRefusedError` where there is none (it may have another name by now, so nothing is forgotten)
    or several: nothing is cut off by a guess. Of several, one that alone is active is meant.
    """
    if len(host) > 255 or any(ord(one) < 32 or ord(one) == 127 for one in host):
        raise ActionRefusedError(f"{host!r:.80} is no name of a computer")
    found = []
    for name in dict.fromkeys((host, host.partition(".")[0])):
        rows = await pages(console, "agents", computerName=name, isDecommissioned="false") if name else []
        found += [row for row in rows if _is_named(row, host) and row not in found]
    if len(found) > 1:
        live = [one for one in found if one.get("isActive") is True]
        found = live if len(live) == 1 else found
    if not found:
        raise ActionRefusedError(f"SentinelOne knows no agent on {host}")
    if len(found) > 1:
        sites = ", ".join(sorted({str(one.get("siteName")) for one in found}))
        raise ActionRefusedError(f"SentinelOne knows {len(found)} agents on {host} (sites: {sites})")
    text(found[0], "id", console.named.name)
    text(found[0], "networkStatus", console.named.name)
    return found[0]


async def read_agent(console: Http, identity: str) -> dict[str, Any]:
    """Return an agent by its id, whatever its computer is called by now. Raises `TargetGoneError` where the
    console has none any more."""
    same = [row for row in await pages(console, "agents", ids=identity) if row.get("id") == identity]
    if not same:
        raise TargetGoneError(f"SentinelOne has no agent {identity} any more")
    text(same[0], "networkStatus", console.named.name)
    return same[0]


def scopes_of(console: Http) -> list[dict[str, Any]]:
    """Return the scopes that the connection is held to, one each: its sites, else its accounts, else the whole
    console."""
    for setting, key in (("site_ids", "siteIds"), ("account_ids", "accountIds")):
        if given := console.named.get(setting):
            ids = given if isinstance(given, list | tuple) else str(given).split(",")
            words = [str(one).strip() for one in ids]
            if not all(one.isdecimal() for one in words):
                raise ActionRefusedError(
                    f"connection {console.named.name!r}: {setting} are numbers, not {given!r}"
                )
            return [{key: [one]} for one in words]
    return [{"tenant": True}]


def _is_named(row: dict[str, Any], host: str) -> bool:
    name, domain = str(row.get("computerName") or "").casefold(), str(row.get("domain") or "").casefold()
    return bool(name) and host.casefold() in {name, f"{name}.{domain}"}


async def _test(site: Site, name: str) -> str:
    async with open_console(site, name) as console:
        scopes = scopes_of(console)
        answer = record(
            await console.json("GET", f"{API}/agents", params={"limit": "1", "isDecommissioned": "false"}),
            name,
        )
        records(answer.get("data"), name)
    total = inner(answer, "pagination").get("totalItems")
    words = ", ".join(f"{key} {one[0]}" for scope in scopes for key, one in scope.items() if key != "tenant")
    where = words or "the whole console"
    return f"SentinelOne answers; {total} agents can be seen; hashes are blocked for {where}"


SENTINELONE = ConnectionKind(
    name=KIND,
    title="SentinelOne, by an API token of a service user",
    documentation="https://community.sentinelone.com/s/article/000005291, and the console's /api-doc",
    settings=(
        Setting("url", "the console: https://example.sentinelone.net"),
        Setting("token", "an API token", secret=True),
        Setting("site_ids", "hashes are blocked for these sites", required=False),
        Setting("account_ids", "or for these accounts; without both, for the whole console", required=False),
    ),
    permissions=(
        "a role with Endpoints: View, Disconnect From Network, Reconnect To Network",
        "Blocklist: View, Create, Delete",
    ),
    test=_test,
    setup="Console: Settings, Users, Service Users, Create New Service User, with a role of the rights above and the "
    "scope that it may act in. The token ends: note when.",
)
