"""``panw.block_ip``: an address gets a tag that a dynamic address group matches, which a rule drops.

User-ID XML API: https://docs.paloaltonetworks.com/ngfw/api/pan-os-xml-api-use-cases/
apply-user-id-mapping-and-populate-dynamic-address-groups-api. It holds without a commit. With an end, the
firewall takes the tag away by itself (PAN-OS 9.0, 30 days at most). A tag that is there keeps its time, so
for a later end it is taken and given again: the address is without it for that moment.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from integrations.connections import Http
from integrations.contract import ActionCall, ActionRefusedError
from integrations.networks import IP, Network, network_of, same, shortest
from integrations.panw.xml_api import (
    KIND,
    NETWORKS_SINCE,
    TIMEOUTS_SINCE,
    ask,
    open_panos,
    tag_of,
    version_of,
)
from integrations.ports import Site
from integrations.reversal import CONNECTION, Reversible, Seen
from playbooks.actions import ActionKind, ActionSpec, ValueType

LONGEST = 30 * 86400
"""Seconds that a tag may last by itself."""


class BlockIp(Reversible):
    spec = ActionSpec(
        name="panw.block_ip",
        kind=ActionKind.CONTAINMENT,
        summary="Tag an address at a PAN-OS firewall, so that its dynamic address group drops it.",
        parameters=(IP, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="ip",
        noun="block",
        timeout=30.0,
        connection=KIND,
        permission="XML API: User-ID Agent, Operational Requests",
        per_minute=120,
        expires=True,
    )

    async def look(self, call: ActionCall, site: Site) -> Seen:
        network = network_of(call)
        async with open_panos(site, call.params.get("connection")) as panos:
            tag = tag_of(panos)
            there = tag in await _tags(panos, network)
        return Seen(there, f"{shortest(network)} {'has' if there else 'does not have'} the tag {tag}")

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        del seen
        network = network_of(call)
        async with open_panos(site, call.params.get("connection")) as panos:
            seconds = _seconds(call, site)
            version = await version_of(panos)
            if network.prefixlen < network.max_prefixlen and (
                version < NETWORKS_SINCE or network.version == 6
            ):
                raise ActionRefusedError(
                    f"{panos.named.name}: PAN-OS tags networks from 10.0 on, of IPv4 only; not {network}"
                )
            if version < TIMEOUTS_SINCE:
                seconds = None  # it has no second net there: the undo alone ends it
            await _message(panos, "register", network, seconds)

    async def prolong(self, call: ActionCall, site: Site, seen: Seen) -> None:
        del seen
        async with open_panos(site, call.params.get("connection")) as panos:
            if await version_of(panos) >= TIMEOUTS_SINCE:
                await _message(panos, "unregister", network_of(call), None)
                await _message(panos, "register", network_of(call), _seconds(call, site))

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        del before
        async with open_panos(site, call.params.get("connection")) as panos:
            await _message(panos, "unregister", network_of(call), None)


def _seconds(call: ActionCall, site: Site) -> int | None:
    """Return how long the tag lasts by itself, None for one that stays."""
    if call.until is None:
        return None
    seconds = math.ceil((call.until - site.clock.now()).total_seconds())
    return None if seconds > LONGEST else max(1, seconds)


async def _tags(panos: Http, network: Network) -> set[str]:
    show = ElementTree.Element("show")
    registered = ElementTree.SubElement(ElementTree.SubElement(show, "object"), "registered-ip")
    ElementTree.SubElement(registered, "ip").text = shortest(network)
    root = await ask(panos, type="op", cmd=ElementTree.tostring(show, encoding="unicode"))
    return {
        str(member.text)
        for entry in root.iter("entry")
        if same(entry.get("ip"), network)
        for member in entry.iterfind("tag/member")
    }


async def _message(panos: Http, verb: str, network: Network, seconds: int | None) -> None:
    message = ElementTree.Element("uid-message")
    ElementTree.SubElement(message, "version").text = "2.0"
    ElementTree.SubElement(message, "type").text = "update"
    payload = ElementTree.SubElement(ElementTree.SubElement(message, "payload"), verb)
    entry = ElementTree.SubElement(payload, "entry", {"ip": shortest(network)})
    member = ElementTree.SubElement(ElementTree.SubElement(entry, "tag"), "member")
    member.text = tag_of(panos)
    if seconds is not None:
        member.set("timeout", str(seconds))
    await ask(panos, type="user-id", cmd=ElementTree.tostring(message, encoding="unicode"))
