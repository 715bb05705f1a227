"""``aws.waf_block_ip``: an address in a WAF IP set, which a rule of the site's web ACLs blocks.

https://docs.aws.amazon.com/waf/latest/APIReference/API_UpdateIPSet.html. A set is written whole, under the
lock token that it was read with: who comes second gets no for now, and reads again.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from integrations.aws.connection import KIND, Aws, open_aws
from integrations.contract import ActionCall, ActionRefusedError
from integrations.networks import IP, Network, network_of
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from playbooks.actions import ActionKind, ActionSpec, ValueType

_ARN = re.compile(
    r"arn:aws[a-z-]*:wafv2:(?P<region>[a-z0-9-]+):\d{12}:(?P<scope>regional|global)/ipset/(?P<name>[\w-]{1,128})/(?P<id>[\w-]{1,36})\Z"
)
MOST = 10_000
"""Addresses in one set (AWS WAF quotas)."""


class WafBlockIp(Reversible):
    spec = ActionSpec(
        name="aws.waf_block_ip",
        kind=ActionKind.CONTAINMENT,
        summary="Block an address or a network at AWS WAF, by an IP set of the site's.",
        parameters=(IP, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="ip",
        noun="block",
        timeout=30.0,
        connection=KIND,
        permission="wafv2:GetIPSet, wafv2:UpdateIPSet",
        per_minute=60,
    )

    async def look(self, call: ActionCall, site: Site) -> Seen:
        aws, network = open_aws(site, call.params.get("connection")), network_of(call)
        _, answer = await _read(aws, network)
        there = network in _networks(answer)
        said = "has" if there else "does not have"
        return Seen(there, f"the IP set {answer['IPSet']['Name']} {said} {network}")

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        del seen
        await _change(open_aws(site, call.params.get("connection")), network_of(call), add=True)

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        del before
        await _change(open_aws(site, call.params.get("connection")), network_of(call), add=False)


async def _read(aws: Aws, network: Network) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return (what names the set, its answer)."""
    key = "waf_ip_set" if network.version == 4 else "waf_ip_set_v6"
    parts = _ARN.match(aws.named.need(key))
    if parts is None:
        raise ActionRefusedError(f"connection {aws.named.name!r}: {key} is no ARN of a WAF IP set")
    scope, region = "REGIONAL", parts["region"]
    if parts["scope"] == "global":
        scope, region = "CLOUDFRONT", "us-east-1"
    place = {"Name": parts["name"], "Id": parts["id"], "Scope": scope, "region": region}
    answer = await aws.known("wafv2", "get_ip_set", **place)
    if answer["IPSet"]["IPAddressVersion"] != f"IPV{network.version}":
        raise ActionRefusedError(f"connection {aws.named.name!r}: {key} is a set of the other IP version")
    return place, answer


def _networks(answer: Mapping[str, Any]) -> set[Network]:
    """Return a set's addresses, however they are written: of IPv6, AWS gives the long form back."""
    return {ipaddress.ip_network(one) for one in answer["IPSet"]["Addresses"]}


async def _change(aws: Aws, network: Network, *, add: bool) -> None:
    place, answer = await _read(aws, network)
    addresses = _networks(answer)
    changed = addresses | {network} if add else addresses - {network}
    if len(changed) > MOST:
        raise ActionRefusedError(f"the IP set {place['Name']} is full: WAF takes {MOST:,} addresses")
    if changed == addresses:
        return
    arguments: dict[str, Any] = {"Addresses": sorted(map(str, changed)), "LockToken": answer["LockToken"]}
    if description := answer["IPSet"].get("Description"):
        arguments["Description"] = description
    await aws.ask("wafv2", "update_ip_set", **place, **arguments)
