"""``fortinet.block_ip``: an address object in an address group that a policy of the FortiGate denies.

FortiOS REST API, ``cmdb/firewall/address`` and ``address6``, ``addrgrp`` and ``addrgrp6``. The object is made
first and taken away last; its comment carries the containment's mark, and an object of somebody else's is put
into the group and taken out again, never changed. What uses our object besides the group keeps it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from integrations.connections import Http
from integrations.contract import ActionCall, ActionRefusedError
from integrations.fortinet.rest_api import (
    EXISTS,
    GROUP,
    IN_USE,
    KIND,
    NOT_FOUND,
    ask,
    members,
    open_fortigate,
    path_of,
    read,
)
from integrations.networks import IP, Network, network_of, shortest
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from integrations.tickets import mark_of
from playbooks.actions import ActionKind, ActionSpec, ValueType


class BlockIp(Reversible):
    spec = ActionSpec(
        name="fortinet.block_ip",
        kind=ActionKind.CONTAINMENT,
        summary="Put an address into an address group that a FortiGate's policy denies.",
        parameters=(IP, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="ip",
        noun="block",
        timeout=30.0,
        connection=KIND,
        permission="Firewall, Address: Read/Write",
        per_minute=120,
    )

    async def look(self, call: ActionCall, site: Site) -> Seen:
        network = network_of(call)
        async with open_fortigate(site, call.params.get("connection")) as fortigate:
            name, group = _name(network), _group(fortigate)
            inside = name in await _members(fortigate, network)
            found = await read(fortigate, path_of(_table(network), name))
        right = found is not None and _is(found, network)
        ours = found is not None and mark_of(call, self.spec.name) in str(found.get("comment"))
        said = f"{shortest(network)} is {'' if inside and right else 'not '}in the group {group}"
        if found is not None and not right:
            said += f": the object {name} is another address"
        return Seen(inside and right, said, partly=ours and not (inside and right))

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        """Raises `ActionRefusedError` where an object of our name is another address."""
        del seen
        network = network_of(call)
        async with open_fortigate(site, call.params.get("connection")) as fortigate:
            name, table = _name(network), _table(network)
            found = await read(fortigate, path_of(table, name))
            if found is None:
                made = {
                    "name": name,
                    "comment": f"{mark_of(call, self.spec.name)} {call.incident or ''}".strip(),
                    **_value(network),
                }
                await ask(fortigate, "POST", path_of(table), expected=(EXISTS,), **made)
            elif not _is(found, network):
                raise ActionRefusedError(
                    f"{fortigate.named.name}: the object {name} is another address: remove it"
                )
            member = path_of(_groups(network), _group(fortigate), "member")
            await ask(fortigate, "POST", member, expected=(EXISTS,), name=name)

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        del before
        network = network_of(call)
        async with open_fortigate(site, call.params.get("connection")) as fortigate:
            name, object_ = _name(network), path_of(_table(network), _name(network))
            member = path_of(_groups(network), _group(fortigate), "member", name)
            await ask(fortigate, "DELETE", member, expected=(NOT_FOUND,))
            found = await read(fortigate, object_)
            if found is None or mark_of(call, self.spec.name) not in str(found.get("comment")):
                return
            if await ask(fortigate, "DELETE", object_, expected=(NOT_FOUND, IN_USE)) == IN_USE:
                await ask(fortigate, "PUT", object_, comment="kept: it is used elsewhere")


def _name(network: Network) -> str:
    return "siem-" + str(network).replace("/", "_").replace(":", "-")


def _table(network: Network) -> str:
    return "address" if network.version == 4 else "address6"


def _groups(network: Network) -> str:
    return "addrgrp" if network.version == 4 else "addrgrp6"


def _group(fortigate: Http) -> str:
    return str(fortigate.named.get("group") or GROUP)


def _value(network: Network) -> dict[str, str]:
    if network.version == 4:
        return {"type": "ipmask", "subnet": f"{network.network_address} {network.netmask}"}
    return {"type": "ipprefix", "ip6": str(network)}


def _is(found: Mapping[str, Any], network: Network) -> bool:
    given = str(found.get("subnet" if network.version == 4 else "ip6") or "").replace(" ", "/")
    try:
        return found.get("type") == _value(network)["type"] and ipaddress.ip_network(given) == network
    except ValueError:
        return False


async def _members(fortigate: Http, network: Network) -> set[str]:
    group = await read(fortigate, path_of(_groups(network), _group(fortigate)))
    if group is None:
        raise ActionRefusedError(
            f"{fortigate.named.name} has no {_groups(network)} {_group(fortigate)}: make it, and a policy that denies it"
        )
    return members(group, fortigate.named.name)
