"""``cloudflare.list_ip``: an address on a custom list, which WAF rules of the account's zones block.

https://developers.cloudflare.com/waf/tools/lists/ and .../api/resources/rules/subresources/lists/. A change
of a list is an operation that goes on after the answer: it is asked for until it is done, and one at a time
is allowed in an account.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from integrations.answers import inner, record, records, text
from integrations.cloudflare.api import KIND, ask, identifier, open_cloudflare
from integrations.connections import Http, segment
from integrations.contract import ActionCall, ActionRefusedError, ActionUnavailableError
from integrations.networks import IP, Network, network_of, same, shortest
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from integrations.tickets import mark_of
from playbooks.actions import ActionKind, ActionSpec, ValueType

PAGES = 20
"""Pages of 500 items: a list holds 10,000 at most."""
PAUSES = (0.05, 0.1, 0.2, 0.4, *(0.8,) * 15)
"""Seconds after each look at an operation."""


class ListIp(Reversible):
    spec = ActionSpec(
        name="cloudflare.list_ip",
        kind=ActionKind.CONTAINMENT,
        summary="Put an address on a custom list of Cloudflare's, which the site's WAF rules block.",
        parameters=(IP, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="ip",
        noun="block",
        timeout=45.0,
        connection=KIND,
        permission="Account Filter Lists: Edit",
        per_minute=120,
    )

    patience = 6.0

    async def look(self, call: ActionCall, site: Site) -> Seen:
        network = network_of(call)
        async with open_cloudflare(site, call.params.get("connection")) as cloudflare:
            item = await _item(cloudflare, network)
        said = f"{shortest(network)} is {'' if item else 'not '}on the list"
        ours = None if item is None else mark_of(call, self.spec.name) in str(item.get("comment"))
        return Seen(item is not None, said, ours=ours)

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        del seen
        comment = f"{mark_of(call, self.spec.name)} {call.incident or ''}".strip()
        async with open_cloudflare(site, call.params.get("connection")) as cloudflare:
            item = {"ip": shortest(network_of(call)), "comment": comment[:500]}
            await _operate(cloudflare, "POST", [item])

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        del before
        async with open_cloudflare(site, call.params.get("connection")) as cloudflare:
            item = await _item(cloudflare, network_of(call))
            if item is not None and mark_of(call, self.spec.name) in str(item.get("comment")):
                found = {"id": text(item, "id", cloudflare.named.name)}
                await _operate(cloudflare, "DELETE", {"items": [found]})


def _path(cloudflare: Http, *rest: str) -> str:
    return "/".join(["/accounts", identifier(cloudflare, "account"), "rules/lists", *rest])


async def _item(cloudflare: Http, network: Network) -> dict[str, Any] | None:
    params = {"per_page": "500"}
    path = _path(cloudflare, identifier(cloudflare, "list"), "items")
    for _ in range(PAGES):
        answer = await ask(cloudflare, "GET", path, params=params)
        for item in records(answer.get("result"), cloudflare.named.name):
            if same(item.get("ip"), network):
                return item
        after = inner(inner(answer, "result_info"), "cursors").get("after")
        if not after:
            return None
        params["cursor"] = str(after)
    raise ActionRefusedError(f"{cloudflare.named.name}: the list has more than {PAGES * 500:,} items")


async def _operate(cloudflare: Http, method: str, body: Any) -> None:
    """Change the list, and wait until it is changed."""
    path = _path(cloudflare, identifier(cloudflare, "list"), "items")
    answer = await ask(cloudflare, method, path, expected=(409,), json=body)
    if answer.get("success") is not True:
        raise ActionUnavailableError(
            f"{cloudflare.named.name}: another change of a list goes on", retry_after=2
        )
    started = record(answer.get("result"), cloudflare.named.name)
    operation = segment(text(started, "operation_id", cloudflare.named.name))
    for pause in PAUSES:
        answer = await ask(cloudflare, "GET", _path(cloudflare, "bulk_operations", operation))
        found = record(answer.get("result"), cloudflare.named.name)
        if found.get("status") == "completed":
            return
        if found.get("status") == "failed":
            raise ActionRefusedError(f"{cloudflare.named.name}: {str(found.get('error'))[:300]}")
        await asyncio.sleep(pause)
    raise ActionUnavailableError(
        f"{cloudflare.named.name}: the change of the list is not done yet", retry_after=2
    )
