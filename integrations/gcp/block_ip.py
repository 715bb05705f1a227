"""``gcp.block_ip``: an address is denied in a VPC network, in and out, before every rule that allows.

https://docs.cloud.google.com/compute/docs/reference/rest/v1/firewalls. Two rules of priority 0, the highest,
where a denial beats what else is there (https://docs.cloud.google.com/firewall/docs/firewalls). Their names
follow from the containment, so they are ours and nobody else's. A hierarchical policy of the folder or the
organisation comes before them. Connections that go on are cut where they are denied.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from integrations.answers import record, records
from integrations.connections import Http
from integrations.contract import ActionCall, ActionRefusedError, ActionUnavailableError
from integrations.gcp.connection import COMPUTE, KIND, finish, open_gcp, project_of
from integrations.google_api import ask_google
from integrations.networks import IP, Network, network_of, shortest
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from playbooks.actions import ActionKind, ActionSpec, ValueType

DIRECTIONS = {"INGRESS": "sourceRanges", "EGRESS": "destinationRanges"}
_NETWORK = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")


class BlockIp(Reversible):
    spec = ActionSpec(
        name="gcp.block_ip",
        kind=ActionKind.CONTAINMENT,
        summary="Deny an address in a VPC network of Google Cloud, in and out.",
        parameters=(IP, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="ip",
        noun="block",
        timeout=60.0,
        connection=KIND,
        permission="compute.firewalls.create, .delete, .get; compute.networks.updatePolicy; compute.globalOperations.get",
        per_minute=120,
    )

    patience = 15.0

    async def look(self, call: ActionCall, site: Site) -> Seen:
        network = network_of(call)
        async with open_gcp(site, call.params.get("connection"), COMPUTE) as compute:
            found = {direction: await _rule(compute, call, direction) for direction in DIRECTIONS}
            denied = [way for way, rule in found.items() if rule and _denies(rule, network, way, compute)]
        there = [way for way, rule in found.items() if rule]
        said = f"{shortest(network)} is denied {' and '.join(denied).lower() or 'nowhere'} in {project_of(compute)}"
        whole = len(denied) == len(DIRECTIONS)
        return Seen(whole, said, partly=bool(there) and not whole, ours=True if there else None)

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        """Make what is missing; what somebody altered is made anew."""
        del seen
        network = network_of(call)
        async with open_gcp(site, call.params.get("connection"), COMPUTE) as compute:
            for direction in DIRECTIONS:
                rule = await _rule(compute, call, direction)
                if rule and not _denies(rule, network, direction, compute):
                    await _delete(compute, call, direction)
                elif rule:
                    continue
                body = _body(compute, call, network, direction)
                operation = await ask_google(compute, "POST", _path(compute), expected=(409,), json=body)
                if operation is not None:
                    await finish(compute, operation)

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        del before
        async with open_gcp(site, call.params.get("connection"), COMPUTE) as compute:
            for direction in DIRECTIONS:
                await _delete(compute, call, direction)


def _name(call: ActionCall, direction: str) -> str:
    return f"siem-deny-{direction.lower()}-{hashlib.sha256(call.key.encode()).hexdigest()[:24]}"


def _path(compute: Http, *names: str) -> str:
    return "/".join([f"/compute/v1/projects/{project_of(compute)}/global/firewalls", *names])


def _vpc(compute: Http) -> str:
    found = str(compute.named.get("network") or "default")
    if not _NETWORK.match(found):
        raise ActionRefusedError(f"connection {compute.named.name!r}: {found!r:.80} is no name of a network")
    return f"projects/{project_of(compute)}/global/networks/{found}"


def _body(compute: Http, call: ActionCall, network: Network, direction: str) -> dict[str, Any]:
    return {
        "name": _name(call, direction),
        "description": f"Denied in response to {call.incident or 'a request'}; it is taken away again.",
        "network": _vpc(compute),
        "direction": direction,
        "priority": 0,
        DIRECTIONS[direction]: [str(network)],
        "denied": [{"IPProtocol": "all"}],
        "logConfig": {"enable": True},
    }


async def _rule(compute: Http, call: ActionCall, direction: str) -> dict[str, Any] | None:
    found = await ask_google(compute, "GET", _path(compute, _name(call, direction)), missing=True)
    if found is None:
        return None
    rule = record(found, compute.named.name)
    if rule.get("name") != _name(call, direction):
        raise ActionUnavailableError(f"{compute.named.name} did not answer with the rule that was asked for")
    return rule


def _denies(rule: Mapping[str, Any], network: Network, direction: str, compute: Http) -> bool:
    """Whether a rule does the whole of it: nobody turned it off, narrowed it or put it behind another."""
    ranges = rule.get(DIRECTIONS[direction])
    narrowed = any(rule.get(key) for key in ("targetTags", "targetServiceAccounts", "sourceTags", "disabled"))
    return (
        rule.get("direction") == direction
        and rule.get("priority") == 0
        and not narrowed
        and str(rule.get("network")).endswith(_vpc(compute))
        and any(
            one.get("IPProtocol") == "all" for one in records(rule.get("denied") or [], compute.named.name)
        )
        and isinstance(ranges, list)
        and any(_covers(one, network) for one in ranges)
    )


def _covers(text: object, network: Network) -> bool:
    try:
        wide = ipaddress.ip_network(str(text))
    except ValueError:
        return False
    return wide.version == network.version and network.subnet_of(wide)  # type: ignore[arg-type]


async def _delete(compute: Http, call: ActionCall, direction: str) -> None:
    operation = await ask_google(compute, "DELETE", _path(compute, _name(call, direction)), missing=True)
    if operation is not None:
        await finish(compute, operation)
