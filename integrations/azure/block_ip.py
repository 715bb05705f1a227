"""``azure.block_ip``: an address is denied in a network security group, in and out.

https://learn.microsoft.com/rest/api/virtualnetwork/security-rules. The rule of the lowest number that fits
decides, and no two rules of a direction have the same number (100 to 4096): ours take the first that is free.
A rule before them that allows the address would let it through, so such a block is refused, and where one
comes later it is not believed. Of service tags only ``Internet`` and ``*`` are known to hold an address.
Connections that go on may live until they are idle.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping
from typing import Any, Literal

from integrations.answers import inner, records
from integrations.azure.resource_manager import KIND, ask_azure, nsg_path, open_azure, read_nsg
from integrations.connections import Http
from integrations.contract import ActionCall, ActionRefusedError
from integrations.networks import IP, Network, network_of, shortest
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from playbooks.actions import ActionKind, ActionSpec, ValueType

WAYS = {"Inbound": ("source", "destination"), "Outbound": ("destination", "source")}
"""Direction to (where the blocked address stands, where all others do)."""
FIRST, LAST = 100, 4096
EVERYBODY = frozenset({"*", "any", "internet"})


class BlockIp(Reversible):
    spec = ActionSpec(
        name="azure.block_ip",
        kind=ActionKind.CONTAINMENT,
        summary="Deny an address in a network security group of Azure, in and out.",
        parameters=(IP, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="ip",
        noun="block",
        timeout=60.0,
        connection=KIND,
        permission="Microsoft.Network/networkSecurityGroups/read, .../securityRules/read, write, delete",
        per_minute=120,
    )
    patience = 30.0

    async def look(self, call: ActionCall, site: Site) -> Seen:
        network = network_of(call)
        async with open_azure(site, call.params.get("connection")) as azure:
            rules = await _rules(azure)
        ours = {way: rules[name] for way in WAYS if (name := _name(call, way)) in rules}
        states = {str(rule.get("provisioningState")) for rule in ours.values()}
        denied = [way for way, rule in ours.items() if _denies(rule, network, way)]
        said = f"{shortest(network)} is denied {' and '.join(denied).lower() or 'nowhere'} in {azure.named.get('nsg')}"
        earlier = [
            one for way in denied if (one := _let_through(rules, network, way, int(ours[way]["priority"])))
        ]
        if earlier:
            said += f", but {earlier[0]} lets it through"
        whole = len(denied) == len(WAYS) and not earlier and "Failed" not in states
        moving: Literal["", "in", "out"] = (
            "out" if "Deleting" in states else "in" if "Updating" in states else ""
        )
        return Seen(whole, said, moving=moving, partly=bool(ours) and not whole, ours=True if ours else None)

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        """Raises `ActionRefusedError` where there is no room before a rule that allows the address."""
        del seen
        network = network_of(call)
        async with open_azure(site, call.params.get("connection")) as azure:
            rules = await _rules(azure)
            wanted = []
            for way in WAYS:
                name = _name(call, way)
                priority = int(rules[name]["priority"]) if name in rules else _free(rules, way)
                if earlier := _let_through(rules, network, way, priority):
                    raise ActionRefusedError(
                        f"{azure.named.name}: {earlier} would let {shortest(network)} through before our rule: move it "
                        "behind 1000, so that the priorities from 100 on are free for blocks"
                    )
                if name not in rules or not _denies(rules[name], network, way):
                    wanted.append((name, _body(call, network, way, priority)))
            for name, body in wanted:
                path = nsg_path(azure, "securityRules", name)
                await ask_azure(azure, "PUT", path, json={"properties": body})

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        del before
        async with open_azure(site, call.params.get("connection")) as azure:
            rules = await _rules(azure)
            for name in (_name(call, way) for way in WAYS):
                if name in rules and rules[name].get("provisioningState") != "Deleting":
                    await ask_azure(azure, "DELETE", nsg_path(azure, "securityRules", name))


def _name(call: ActionCall, way: str) -> str:
    return f"siem-deny-{way.lower()}-{hashlib.sha256(call.key.encode()).hexdigest()[:24]}"


async def _rules(azure: Http) -> dict[str, dict[str, Any]]:
    """Return the group's own rules by name."""
    found = records((await read_nsg(azure)).get("securityRules"), azure.named.name)
    rules = {str(one.get("name")): inner(one, "properties") for one in found}
    for name, rule in rules.items():
        if not isinstance(rule.get("priority"), int):
            raise ActionRefusedError(f"{azure.named.name}: the rule {name!r:.80} has no priority")
    return rules


def _free(rules: Mapping[str, Mapping[str, Any]], way: str) -> int:
    taken = {rule["priority"] for rule in rules.values() if rule.get("direction") == way}
    found = next((number for number in range(FIRST, LAST + 1) if number not in taken), None)
    if found is None:
        raise ActionRefusedError(f"the network security group has no {way.lower()} priority left")
    return found


def _body(call: ActionCall, network: Network, way: str, priority: int) -> dict[str, Any]:
    here, there = WAYS[way]
    return {
        "description": f"Denied in response to {call.incident or 'a request'}; it is taken away again."[:140],
        "priority": priority,
        "direction": way,
        "access": "Deny",
        "protocol": "*",
        "sourcePortRange": "*",
        "destinationPortRange": "*",
        f"{here}AddressPrefix": shortest(network),
        f"{there}AddressPrefix": "*",
    }


def _prefixes(rule: Mapping[str, Any], side: str) -> list[str]:
    several = rule.get(f"{side}AddressPrefixes")
    found = [rule.get(f"{side}AddressPrefix"), *(several if isinstance(several, list) else [])]
    return [str(one) for one in found if one]


def _denies(rule: Mapping[str, Any], network: Network, way: str) -> bool:
    """Whether a rule does the whole of it."""
    here, there = WAYS[way]
    return (
        (rule.get("direction"), rule.get("access"), rule.get("protocol")) == (way, "Deny", "*")
        and rule.get("sourcePortRange") == rule.get("destinationPortRange") == "*"
        and _prefixes(rule, there) == ["*"]
        and any(_holds(one, network) for one in _prefixes(rule, here))
    )


def _let_through(
    rules: Mapping[str, Mapping[str, Any]], network: Network, way: str, priority: int
) -> str | None:
    """Return the first rule before a priority that allows some of what the address does."""
    here, _ = WAYS[way]
    for name, rule in sorted(rules.items(), key=lambda pair: int(pair[1]["priority"])):
        earlier = rule.get("direction") == way and rule["priority"] < priority
        prefixes = _prefixes(rule, here) if earlier and rule.get("access") == "Allow" else []
        if any(one.lower() in EVERYBODY or _meets(one, network) for one in prefixes):
            return f"the rule {name} (priority {rule['priority']})"
    return None


def _read(prefix: str) -> Network | None:
    try:
        return ipaddress.ip_network(prefix, strict=False)
    except ValueError:
        return None


def _holds(prefix: str, network: Network) -> bool:
    wide = _read(prefix)
    return wide is not None and wide.version == network.version and network.subnet_of(wide)  # type: ignore[arg-type]


def _meets(prefix: str, network: Network) -> bool:
    other = _read(prefix)
    return other is not None and other.version == network.version and other.overlaps(network)
