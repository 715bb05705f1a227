"""``cloudflare.block_ip``: an IP access rule that blocks, for all zones of an account or for one.

https://developers.cloudflare.com/waf/tools/ip-access-rules/ and .../api/resources/firewall/subresources/
access_rules/. There is one rule at most for an address. One of somebody else's that only challenges is turned
into a block and back again; one that allows is a decision of somebody's, and stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.answers import inner, records, text
from integrations.cloudflare.api import KIND, ask, codes, identifier, open_cloudflare
from integrations.connections import Http, segment
from integrations.contract import ActionCall, ActionRefusedError
from integrations.networks import IP, Network, network_of, same, shortest
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from integrations.tickets import mark_of
from playbooks.actions import ActionKind, ActionSpec, ValueType

PREFIXES = {4: (16, 24, 32), 6: (32, 48, 64, 128)}
"""Lengths of prefixes that a rule may be about."""
DUPLICATE = 10009
CHALLENGES = frozenset({"challenge", "js_challenge", "managed_challenge"})


class BlockIp(Reversible):
    spec = ActionSpec(
        name="cloudflare.block_ip",
        kind=ActionKind.CONTAINMENT,
        summary="Block an address at Cloudflare by an IP access rule.",
        parameters=(IP, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="ip",
        noun="block",
        timeout=30.0,
        connection=KIND,
        permission="Account Firewall Access Rules: Edit, or Firewall Services: Edit",
        per_minute=240,
    )

    async def look(self, call: ActionCall, site: Site) -> Seen:
        network = _network(call)
        async with open_cloudflare(site, call.params.get("connection")) as cloudflare:
            rule = await self._rule(cloudflare, call, network)
        if rule is None:
            return Seen(False, f"Cloudflare has no access rule for {shortest(network)}")
        mode = str(rule.get("mode"))
        before = {"rule": {"id": rule["id"], "mode": mode, "notes": str(rule.get("notes") or "")}}
        ours = mark_of(call, self.spec.name) in str(rule.get("notes"))
        return Seen(
            mode == "block", f"Cloudflare's access rule for {shortest(network)} is {mode}", before, ours=ours
        )

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        """Raises `ActionRefusedError` where somebody allowed the address."""
        network, mark = _network(call), mark_of(call, self.spec.name)
        wanted = {"mode": "block", "notes": f"{mark} {call.incident or ''}".strip()}
        async with open_cloudflare(site, call.params.get("connection")) as cloudflare:
            path = _path(cloudflare)
            if rule := seen.before.get("rule"):
                if rule["mode"] not in CHALLENGES:
                    raise ActionRefusedError(f"{seen.said}: somebody decided that; change it there first")
                await ask(cloudflare, "PATCH", f"{path}/{segment(rule['id'])}", json=wanted)
                return
            made = {**wanted, "configuration": {"target": _target(network), "value": shortest(network)}}
            answer = await ask(cloudflare, "POST", path, expected=(400,), json=made)
            if answer.get("success") is not True and DUPLICATE not in codes(answer):
                raise ActionRefusedError(f"{cloudflare.named.name}: {str(answer.get('errors'))[:300]}")

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        network = _network(call)
        async with open_cloudflare(site, call.params.get("connection")) as cloudflare:
            rule = await self._rule(cloudflare, call, network)
            if rule is None or mark_of(call, self.spec.name) not in str(rule.get("notes")):
                return
            path = f"{_path(cloudflare)}/{segment(rule['id'])}"
            if was := before.get("rule"):
                await ask(cloudflare, "PATCH", path, json={"mode": was["mode"], "notes": was["notes"]})
            else:
                await ask(cloudflare, "DELETE", path)

    async def _rule(self, cloudflare: Http, call: ActionCall, network: Network) -> dict[str, Any] | None:
        """Return the rule about exactly this address: found by our mark, for an address may be written in
        several ways there, else by the address."""
        searches = (
            {"notes": mark_of(call, self.spec.name)},
            {"configuration.target": _target(network), "configuration.value": shortest(network)},
        )
        for search in searches:
            answer = await ask(
                cloudflare, "GET", _path(cloudflare), params={**search, "match": "all", "per_page": "100"}
            )
            for rule in records(answer.get("result"), cloudflare.named.name):
                if same(inner(rule, "configuration").get("value"), network):
                    text(rule, "id", cloudflare.named.name)
                    return rule
        return None


def _network(call: ActionCall) -> Network:
    network = network_of(call)
    if network.prefixlen not in PREFIXES[network.version]:
        lengths = ", ".join(f"/{length}" for length in PREFIXES[network.version])
        raise ActionRefusedError(f"Cloudflare's access rules are about {lengths}, not {network}")
    return network


def _target(network: Network) -> str:
    if network.prefixlen < network.max_prefixlen:
        return "ip_range"
    return "ip" if network.version == 4 else "ip6"


def _path(cloudflare: Http) -> str:
    scope = "zone" if cloudflare.named.get("zone") else "account"
    return f"/{scope}s/{identifier(cloudflare, scope)}/firewall/access_rules/rules"
