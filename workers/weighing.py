"""What only this installation knows of a target: is it a lifeline, how critical, what else is it called."""

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
from integrations.inventory import Asset, Inventory, InventoryError, Person
from playbooks.actions import ActionSpec, ValueType
from playbooks.guard import CRITICALITIES, Weighed
from playbooks.spellings import Network, networks_of, same_host, user_names
from rules.entities import EntityKind, canonical
from workers.settings import Settings

RESOLVERS = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
"""The second has the real servers where the first names systemd's own stub."""
ACCOUNTS = ("user", "username", "client_id", "subject", "account", "access_key", "access_key_id")
"""Settings of connections that say as whom this system comes."""
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
AT_VENDOR: Mapping[str, tuple[str, ...]] = {
    "microsoft": ("login.microsoftonline.com", "graph.microsoft.com"),
    "google_workspace": ("oauth2.googleapis.com", "admin.googleapis.com"),
}
"""Where kinds of connections lead whose address is the vendor's own: identity providers of everybody."""
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
            named.update(AT_VENDOR.get(one.kind, ()))
        self._names = sorted(named - {"", "localhost"})
        self._accounts = {
            account: name
            for name, one in settings.site.connections.items()
            for key in ACCOUNTS
            if isinstance(account := (one.model_extra or {}).get(key), str) and account
        }

    async def why(self, targets: Iterable[tuple[ValueType, str]]) -> str:
        """Return why one of these targets must not be cut off, an empty text where none is a lifeline."""
        asked = [value for kind, value in targets if kind in (ValueType.IP, ValueType.HOST)]
        if not asked:
            return ""
        addresses: dict[str, str] = {}
        for address, words in [*own_addresses(), *name_servers(), *gateways(), *gateways_v6()]:
            addresses.setdefault(address, words)
        names = [value for value in asked if _address(value) is None]
        resolved = await asyncio.gather(*map(_resolve, (*self._names, *names)))
        for host, found in zip(self._names, resolved, strict=False):
            for address in found:
                addresses.setdefault(address, f"is an address of {host}, which this system needs")
        at = dict(zip(names, resolved[len(self._names) :], strict=True))
        return next((why for value in asked if (why := self._named(value) or _hit(value, at, addresses))), "")

    def _named(self, value: str) -> str:
        name = canonical(EntityKind.HOST, value)
        if any(same_host(name, one.casefold()) for one in (socket.gethostname(), socket.getfqdn())):
            return f"{value} is the machine that this system runs on"
        if name in {host.casefold() for host in self._names}:
            return f"{value} is a service that this system needs"
        return ""

    def account(self, users: Iterable[str]) -> str:
        """Return why one of these users is this system's own, an empty text where none is."""
        for user in users:
            names = user_names(user)
            for account, connection in self._accounts.items():
                if names & user_names(account):
                    return f"connection {connection!r} comes in as {account}"
        return ""


def own_addresses() -> Iterator[tuple[str, str]]:
    """Yield the addresses of this machine (loopback is a rule of its own)."""
    for name, found in psutil.net_if_addrs().items():
        for one in found:
            if one.family in (socket.AF_INET, socket.AF_INET6):
                address = one.address.partition("%")[0]
                if not ipaddress.ip_address(address).is_loopback:
                    yield address, f"is an address of this system itself ({name})"


def name_servers(*paths: Path) -> Iterator[tuple[str, str]]:
    """Yield the name servers that this machine asks."""
    for path in paths or RESOLVERS:
        for line in _lines(path):
            words = line.split()
            if len(words) > 1 and words[0] == "nameserver":
                yield words[1].partition("%")[0], "is a name server that this system asks"


def gateways(path: Path = Path("/proc/net/route")) -> Iterator[tuple[str, str]]:
    """Yield the gateways of this machine's IPv4 routes: proc(5)."""
    for line in _lines(path)[1:]:
        words = line.split()
        if len(words) > 2 and words[2] != "00000000" and len(words[2]) == 8:
            try:
                number = int.from_bytes(bytes.fromhex(words[2]), "little")
            except ValueError:
                continue
            yield str(ipaddress.IPv4Address(number)), "is a gateway of this system"


def gateways_v6(path: Path = Path("/proc/net/ipv6_route")) -> Iterator[tuple[str, str]]:
    """Yield the gateways of this machine's IPv6 routes: the fifth field of each, in hex."""
    for line in _lines(path):
        words = line.split()
        if len(words) > 4 and len(words[4]) == 32 and words[4].strip("0"):
            try:
                number = int(words[4], 16)
            except ValueError:
                continue
            yield str(ipaddress.IPv6Address(number)), "is a gateway of this system"


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _hit(value: str, at: Mapping[str, Sequence[str]], addresses: Mapping[str, str]) -> str:
    """`at`: where names are that were looked up; `addresses`: what must not be hit, and why."""
    for address, words in addresses.items():
        if any(_within(address, one) for one in (value, *at.get(value, ()))):
            return f"{value} {words}" if value == address else f"{value} holds {address}, which {words}"
    return ""


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text.partition("/")[0])
    except ValueError:
        return None


def _within(address: str, value: str) -> bool:
    """Whether an address is a target, or in it where that is a network, in whatever form it is written."""
    try:
        forms = tuple(networks_of(ipaddress.ip_network(value, strict=False)))
        return any(ipaddress.ip_address(address) in form for form in forms)
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
        names_of: NamesOf | None = None,
    ) -> Weighed:
        """`groups_of`, `aliases_of` (hosts) and `names_of` (users) ask the action's own system."""
        (groups, unknown), (aliases, nameless), (names, unnamed) = await asyncio.gather(
            _asked(groups_of), _asked(aliases_of), _asked(names_of)
        )
        targets = [
            *targets_of(spec, params),
            *((ValueType.HOST, one) for one in aliases),
            *((ValueType.USER, one) for one in names),
        ]
        try:
            inventory = await asyncio.to_thread(self._inventory)
        except (InventoryError, OSError) as error:
            inventory, unlisted = Inventory(), f"the inventory can't be read: {error}"
        else:
            unlisted = ""
        assets = [one for one in inventory.assets if any(_is_asset(one, *target) for target in targets)]
        people = [one for one in inventory.people if any(_is_person(one, *target) for target in targets)]
        hosts = [*aliases, *(name for one in assets for name in _called(one))]
        users = [*names, *(name for one in people for name in _names(one))]
        known = dict.fromkeys(
            [*targets, *((ValueType.HOST, one) for one in hosts), *((ValueType.USER, one) for one in users)]
        )
        own = await self._lifelines.why(known) if self._lifelines is not None else ""
        asked = [value for one, value in known if one is ValueType.USER]
        account = self._lifelines.account(asked) if self._lifelines is not None else ""
        found = [one.criticality for one in assets] + ["critical" for one in people if one.privileged]
        return Weighed.model_validate(
            {
                "own": own,
                "account": account,
                "criticality": max(found, key=CRITICALITIES.index) if found else None,
                "groups": groups,
                "groups_unknown": unknown,
                "aliases": tuple(dict.fromkeys(hosts)),
                "users": tuple(dict.fromkeys(users)),
                "aliases_unknown": nameless or unnamed or unlisted,
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


def _names(person: Person) -> tuple[str, ...]:
    return (person.id, *person.names, *person.emails)


def _is_person(person: Person, kind: ValueType, value: str) -> bool:
    """Whether a user is one of the inventory's people, under any of the names that it knows."""
    if kind is not ValueType.USER:
        return False
    wanted = user_names(value)
    return any(wanted & user_names(name) for name in _names(person))


def _called(asset: Asset) -> Iterator[str]:
    """Yield an asset's names, and the addresses that are its alone."""
    yield from (asset.name, *asset.names)
    for text in asset.addresses:
        if (network := ipaddress.ip_network(text)).num_addresses == 1:
            yield str(network.network_address)


def _is_asset(asset: Asset, kind: ValueType, value: str) -> bool:
    """Whether a host or an address is one of the inventory's assets: by a name, or an address in any form."""
    if kind not in (ValueType.HOST, ValueType.IP):
        return False
    name = canonical(EntityKind.HOST, value)
    if any(same_host(name, canonical(EntityKind.HOST, one)) for one in (asset.name, *asset.names)):
        return True
    try:
        forms = tuple(networks_of(ipaddress.ip_network(value, strict=False)))
    except ValueError:
        return False
    return any(_overlap(ipaddress.ip_network(text), form) for text in asset.addresses for form in forms)


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)
