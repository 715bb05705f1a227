"""The way to Cloudflare: API 4 with an API token.

https://developers.cloudflare.com/fundamentals/api/. Every answer carries ``success`` and ``errors``; a quota
of 1,200 requests in five minutes that is used up is 429 with ``Retry-After``
(.../fundamentals/api/reference/limits/).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from integrations.answers import record, records
from integrations.connections import ConnectionKind, Http, Setting, bearer, http
from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.ports import Site

KIND = "cloudflare"
URL = "https://api.cloudflare.com/client/v4"
_ID = re.compile(r"[0-9a-f]{32}\Z")


@asynccontextmanager
async def open_cloudflare(site: Site, name: Any) -> AsyncIterator[Http]:
    async with http(site, KIND, name, authenticate=bearer(), url=URL) as cloudflare:
        yield cloudflare


def identifier(cloudflare: Http, key: str) -> str:
    """Return an id that the connection names. Raises `ActionRefusedError` where there is none."""
    found = cloudflare.named.need(key)
    if not _ID.match(found):
        raise ActionRefusedError(
            f"connection {cloudflare.named.name!r}: {key} has 32 digits in hex, not {found!r:.40}"
        )
    return found


async def ask(
    cloudflare: Http, method: str, path: str, *, expected: tuple[int, ...] = (), **arguments: Any
) -> dict[str, Any]:
    """Return a successful answer whole (``result``, ``result_info``), or one whose status is `expected`."""
    answer = record(
        await cloudflare.json(method, path, expected=expected, **arguments), cloudflare.named.name
    )
    if answer.get("success") is not True and not (expected and answer.get("errors")):
        raise ActionUnavailableError(f"{cloudflare.named.name}: {method} {path} did not say success")
    return answer


def codes(answer: dict[str, Any]) -> set[int]:
    """Return the numbers of an answer's errors."""
    errors = answer.get("errors")
    return {one["code"] for one in errors if isinstance(one, dict) and "code" in one} if errors else set()


async def _test(site: Site, name: str) -> str:
    async with open_cloudflare(site, name) as cloudflare:
        result = record((await ask(cloudflare, "GET", "/user/tokens/verify")).get("result"), name)
        said = f"Cloudflare answers; the token is {result.get('status')}"
        if cloudflare.named.get("list"):
            path = f"/accounts/{identifier(cloudflare, 'account')}/rules/lists"
            known = {
                one.get("id"): one
                for one in records((await ask(cloudflare, "GET", path)).get("result"), name)
            }
            found = known.get(identifier(cloudflare, "list"))
            said += (
                f"; the list {found.get('name')} has {found.get('num_items')} items"
                if found
                else "; its list is not there"
            )
    return said


CLOUDFLARE = ConnectionKind(
    name=KIND,
    title="Cloudflare: an account, or one zone",
    documentation="https://developers.cloudflare.com/fundamentals/api/get-started/create-token/",
    settings=(
        Setting("token", "an API token", secret=True),
        Setting("account", "the account's id, 32 digits in hex: rules for all its zones", required=False),
        Setting("zone", "a zone's id: rules for that one only", required=False),
        Setting("list", "the id of a custom list of addresses, for list_ip (with account)", required=False),
        Setting("url", f"else {URL}", required=False),
    ),
    permissions=(
        "Account Firewall Access Rules: Edit, or of a zone: Firewall Services: Edit (block_ip)",
        "Account Filter Lists: Edit (list_ip)",
    ),
    test=_test,
    setup="My Profile, API Tokens, Create Custom Token with the permissions above for that account or zone only, and "
    "Client IP Address Filtering to this system. For list_ip: Account, Manage Account, Configurations, Lists: a list "
    "of IPs; and in each zone, Security, WAF: a custom rule (ip.src in $LIST), Block.",
)
