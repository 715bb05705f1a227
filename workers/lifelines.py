"""What must never be cut off: this machine, its gateways and name servers, and the services that it needs."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from playbooks.actions import ValueType
from playbooks.spellings import networks_of, same_host, user_names
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
FRESH_SECONDS = 30.0
MOST_NAMES = 1000


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
        self._own = {
            str(address): f"is an address of this system (connection {name!r}: us)"
            for name, one in settings.site.connections.items()
            if isinstance(given := (one.model_extra or {}).get("us"), list | tuple)
            for address in given
        }
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
        addresses = dict(self._own)
        for address, words in [*own_addresses(), *name_servers(), *gateways(), *gateways_v6()]:
            addresses.setdefault(address, words)
        names = [value for value in asked if _address(value) is None]
        resolved = await asyncio.gather(*map(_resolve, (*self._names, *names)))
        for host, found in zip(self._names, resolved, strict=False):
            for address in found:
                addresses.setdefault(address, f"is an address of {host}, which this system needs")
        at = dict(zip(names, resolved[len(self._names) :], strict=True))
        own = await _names_of_hosts.own()
        return next(
            (why for value in asked if (why := self._named(value, own) or _hit(value, at, addresses))), ""
        )

    def _named(self, value: str, own: Iterable[str]) -> str:
        name = canonical(EntityKind.HOST, value)
        if any(same_host(name, one) for one in own):
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


class _Names:
    """Looks names up, each once at a time and in threads of its own: name servers that are away must hold up
    nothing else. What was known is kept while it is fresh, and used on while nobody answers."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="names")
        self._known: dict[str, tuple[float, list[str]]] = {}
        self._asking: dict[str, Future[Any]] = {}
        self._own: Future[str] | None = None

    async def own(self) -> frozenset[str]:
        """Return what this machine is called: the name servers may have to be asked for the whole name."""
        if self._own is None:
            self._own = self._threads.submit(socket.getfqdn)
        whole = self._own.result() if self._own.done() else ""
        return frozenset({socket.gethostname().casefold(), whole.casefold()} - {"", "localhost"})

    async def find(self, host: str) -> list[str]:
        """Return a name's addresses, none where they can't be known."""
        at, known = self._known.get(host, (-FRESH_SECONDS, []))
        if time.monotonic() - at < FRESH_SECONDS:
            return known
        asking = self._asking.get(host)
        if asking is None:
            asking = self._threads.submit(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM)
            self._asking[host] = asking
        waiting = asyncio.wrap_future(asking)
        waiting.add_done_callback(
            lambda one: one.cancelled() or one.exception()
        )  # where nobody waits any more
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                found = await asyncio.shield(waiting)
        except TimeoutError:
            return known
        except (OSError, UnicodeError):
            self._asking.pop(host, None)
            return known
        self._asking.pop(host, None)
        places = sorted({str(place[0]).partition("%")[0] for *_, place in found})
        while len(self._known) >= MOST_NAMES:
            self._known.pop(next(iter(self._known)))
        self._known[host] = (time.monotonic(), places)
        return places


_names_of_hosts = _Names()


async def _resolve(host: str) -> list[str]:
    return await _names_of_hosts.find(host)
