"""What only the running installation knows of a target: is it its own lifeline, and how critical."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from integrations.contract import ActionError
from integrations.inventory import Inventory
from playbooks.actions import ActionSpec, ValueType
from playbooks.guard import CRITICALITIES, Weighed
from rules.entities import EntityKind, canonical
from workers.settings import Settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
RESOLVE_SECONDS = 2.0
GROUPS_SECONDS = 4.0
NamesOf = Callable[[], Awaitable[Sequence[str]]]
"""Asks the action's own system for the groups of a target, or for its other names."""


class Lifelines:
    """Addresses and names without which this system, or everybody, would be cut off. Found anew each time:
    a gateway may have changed since the start."""

    def __init__(self, settings: Settings) -> None:
        environment = settings.environment
        urls = [environment.opensearch_url or "", environment.slack_url or "https://slack.com"]
        named = {urlsplit(url).hostname or "" for url in urls}
        named.add((environment.temporal_address or "").rpartition(":")[0])
        for one in settings.site.connections.values():
            named |= {urlsplit(one.url or "").hostname or "", str((one.model_extra or {}).get("host") or "")}
        self._names = sorted(named - {"", "localhost"})

    async def why(self, targets: Iterable[tuple[ValueType, str]]) -> str:
        """Return why one of these targets must not be cut off, an empty text where none is a lifeline."""
        asked = [value for kind, value in targets if kind in (ValueType.IP, ValueType.HOST)]
        if not asked:
            return ""
        addresses: dict[str, str] = {}
        for address, words in [*own_addresses(), *name_servers(), *gateways()]:
            addresses.setdefault(address, words)
        resolved = await asyncio.gather(*map(_resolve, self._names))
        needed = dict(zip(self._names, resolved, strict=True))
        return next((why for value in asked if (why := _hit(value, addresses) or _named(value, needed))), "")


def _named(value: str, needed: Mapping[str, Sequence[str]]) -> str:
    """`needed`: names of services with their addresses."""
    name = canonical(EntityKind.HOST, value)
    if name in {socket.gethostname().casefold(), socket.getfqdn().casefold()}:
        return f"{value} is the machine that this system runs on"
    for host, addresses in needed.items():
        if name == host.casefold():
            return f"{value} is a service that this system needs"
        if any(_within(address, value) for address in addresses):
            return f"{value} is an address of {host}, which this system needs"
    return ""


def own_addresses() -> Iterator[tuple[str, str]]:
    """Yield the addresses of this machine (loopback is a rule of its own)."""
    for name, found in psutil.net_if_addrs().items():
        for one in found:
            if one.family in (socket.AF_INET, socket.AF_INET6):
                address = one.address.partition("%")[0]
                if not ipaddress.ip_address(address).is_loopback:
                    yield address, f"is an address of this system itself ({name})"


def name_servers(path: Path = Path("/etc/resolv.conf")) -> Iterator[tuple[str, str]]:
    """Yield the name servers that this machine asks."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            yield words[1].partition("%")[0], "is a name server that this system asks"


def gateways(path: Path = Path("/proc/net/route")) -> Iterator[tuple[str, str]]:
    """Yield the gateways of this machine's IPv4 routes: proc(5)."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()[1:]
    except OSError:
        return
    for line in lines:
        words = line.split()
        if len(words) > 2 and words[2] != "00000000" and len(words[2]) == 8:
            try:
                number = int.from_bytes(bytes.fromhex(words[2]), "little")
            except ValueError:
                continue
            yield str(ipaddress.IPv4Address(number)), "is a gateway of this system"


def _hit(value: str, addresses: Mapping[str, str]) -> str:
    for address, words in addresses.items():
        if _within(address, value):
            return f"{value} {words}" if value == address else f"{value} holds {address}, which {words}"
    return ""


def _within(address: str, value: str) -> bool:
    """Whether an address is a target, or in it where that is a network."""
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False


async def _resolve(host: str) -> list[str]:
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        return []
    return sorted({str(place[0]).partition("%")[0] for *_, place in found})


class Weighing:
    """Weighs the targets of one action."""

    def __init__(self, lifelines: Lifelines | None, inventory: Callable[[], Inventory]) -> None:
        """`lifelines` None: nothing is this system's own (for tests)."""
        self._lifelines = lifelines
        self._inventory = inventory

    async def weigh(
        self,
        spec: ActionSpec,
        params: Mapping[str, Any],
        groups_of: NamesOf | None = None,
        aliases_of: NamesOf | None = None,
    ) -> Weighed:
        """`groups_of` and `aliases_of` ask the action's own system for the target's groups and names."""
        (groups, unknown), (aliases, nameless) = await asyncio.gather(_asked(groups_of), _asked(aliases_of))
        targets = [*targets_of(spec, params), *((ValueType.HOST, alias) for alias in aliases)]
        own = await self._lifelines.why(targets) if self._lifelines is not None else ""
        inventory = await asyncio.to_thread(self._inventory)
        found = [level for kind, value in targets if (level := _criticality(inventory, kind, value))]
        highest = max(found, key=CRITICALITIES.index) if found else None
        return Weighed.model_validate(
            {
                "own": own,
                "criticality": highest,
                "groups": groups,
                "groups_unknown": unknown,
                "aliases": aliases,
                "aliases_unknown": nameless,
            }
        )


async def _asked(ask: NamesOf | None) -> tuple[tuple[str, ...], str]:
    """Return (the names, why they are not known)."""
    if ask is None:
        return (), ""
    try:
        return tuple(await asyncio.wait_for(ask(), GROUPS_SECONDS)), ""
    except ActionError as error:
        return (), str(error)
    except TimeoutError:
        return (), f"no answer within {GROUPS_SECONDS:.0f} s"


def targets_of(spec: ActionSpec, params: Mapping[str, Any]) -> Iterator[tuple[ValueType, str]]:
    """Yield (type, value) of an action's parameters that name something: addresses, hosts, users."""
    for parameter in spec.parameters:
        value = params.get(parameter.name)
        kind = parameter.items if parameter.type is ValueType.LIST else parameter.type
        if kind in (ValueType.IP, ValueType.HOST, ValueType.USER) and value is not None:
            for item in value if isinstance(value, list | tuple) else [value]:
                yield kind, str(item)


def _criticality(inventory: Inventory, kind: ValueType, value: str) -> str | None:
    if kind is ValueType.USER:
        known = value.strip().casefold()
        for person in inventory.people:
            if person.privileged and known in {
                n.casefold() for n in (person.id, *person.names, *person.emails)
            }:
                return "critical"
        return None
    levels = []
    for asset in inventory.assets:
        names = {name.casefold() for name in (asset.name, *asset.names)}
        if value.casefold() in names | {name.partition(".")[0] for name in names} or any(
            _overlap(text, value) for text in asset.addresses
        ):
            levels.append(asset.criticality)
    return max(levels, key=CRITICALITIES.index) if levels else None


def _overlap(text: str, value: str) -> bool:
    try:
        left, right = ipaddress.ip_network(text), ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return left.version == right.version and left.overlaps(right)
