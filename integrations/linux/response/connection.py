"""The way to Linux hosts: SSH with a key, to the hosts that the connection lists and to no others.

Host keys are checked against the connection's own list (the format of sshd(8), SSH_KNOWN_HOSTS FILE FORMAT), by
the host's listed name and its address; a key that is not there is refused, never learned. What runs on the host
is `integrations.linux.program`: installed there, so that its sudo rule or its forced command allows that and
nothing else, or, for root, sent with each connection.
"""

from __future__ import annotations

import fnmatch
import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.connections import Named, choose
from integrations.contract import ActionRefusedError
from integrations.ports import Site
from rules.entities import EntityKind, canonical

KIND = "ssh"
PORT = 22


@dataclass(frozen=True)
class Host:
    """One host, as a connection lists it."""

    name: str
    """What people call it, and under which its key is known."""
    address: str
    """A name or an address, to connect to."""
    port: int
    connection: Named = field(repr=False, compare=False)

    def __str__(self) -> str:
        return self.name


def host_of(site: Site, name: Any, connection: Any = None) -> Host:
    """Return the host that a name or an address means: one that a connection lists, or that fits a pattern.

    Raises `ActionRefusedError` where none or several do.
    """
    wanted = _name(name)
    found: list[Host] = []
    for way in ways(site, connection):
        found += _find(way, wanted)
    if not found:
        raise ActionRefusedError(
            f"no connection of kind {KIND} lists the host {wanted[:100]!r} (siem.yaml: connections)"
        )
    if len({(one.address, one.port) for one in found}) > 1:
        listed = ", ".join(f"{one.name} ({one.connection.name})" for one in found[:5])
        raise ActionRefusedError(f"{wanted} is several hosts: {listed}; say which with its whole name")
    return found[0]


def every_host(site: Site, connection: Any = None) -> list[Host]:
    """Return all hosts that the connections list by name. Raises `ActionRefusedError` where there is none."""
    found = [host for way in ways(site, connection) for host in listed(way)]
    if not found:
        raise ActionRefusedError(
            f"no connection of kind {KIND} lists a host by name: say which hosts (patterns name none)"
        )
    return found


def all_listed(site: Site) -> list[Host]:
    """Return all hosts that any connection lists by name, none where the site has no such connection."""
    named = [name for name, given in site.connections.items() if given.get("kind") == KIND]
    return [host for name in named for host in listed(choose(site, KIND, name))]


def ways(site: Site, connection: Any = None) -> list[Named]:
    """Return the connections of this kind, or the one that is named. Raises `ActionRefusedError`."""
    if connection:
        return [choose(site, KIND, connection)]
    found = [
        Named(name, KIND, given) for name, given in site.connections.items() if given.get("kind") == KIND
    ]
    return found or [choose(site, KIND)]


def listed(way: Named) -> list[Host]:
    """Return the hosts that a connection lists by name."""
    return [host for host, pattern in _entries(way) if not pattern]


def _find(way: Named, wanted: str) -> list[Host]:
    entries = list(_entries(way))
    whole = [host for host, pattern in entries if not pattern and wanted in (host.name, host.address)]
    if whole:
        return whole
    short = [
        host
        for host, pattern in entries
        if not pattern
        and ("." in wanted) != ("." in host.name)
        and not _is_address(wanted)
        and not _is_address(host.name)
        and wanted.partition(".")[0] == host.name.partition(".")[0]
    ]
    if short:
        return short
    fits = [host for host, pattern in entries if pattern and fnmatch.fnmatchcase(wanted, host.name)]
    return [Host(wanted, wanted, host.port, way) for host in fits[:1]]


def _entries(way: Named) -> Iterator[tuple[Host, bool]]:
    """Yield (host, whether it is a pattern) of ``hosts:``, a list or a mapping of names to addresses."""
    given = way.get("hosts")
    if isinstance(given, Mapping):
        pairs = list(given.items())
    elif isinstance(given, list | tuple):
        pairs = [(one, one) for one in given]
    else:
        pairs = []
    if not pairs:
        raise ActionRefusedError(
            f"connection {way.name!r} lists no hosts: write hosts: {{web-1: 192.0.2.10}} or a list of names"
        )
    for name, place in pairs:
        address, port = _place(way, str(place))
        known = _place(way, str(name))[0] if name is place else _name(name, pattern=True)
        yield Host(known, address, port, way), any(mark in known for mark in "*?")


def _place(way: Named, text: str) -> tuple[str, int]:
    """Split ``address``, ``address:port`` or ``[IPv6 address]:port``."""
    address, port = text.strip(), ""
    if address.startswith("["):
        address, _, port = address[1:].partition("]")
        port = port.removeprefix(":")
    elif address.count(":") == 1:
        address, _, port = address.partition(":")
    given = port or str(way.get("port", PORT))
    if not given.isdecimal() or not 0 < int(given) < 65536:
        raise ActionRefusedError(f"connection {way.name!r}: {text[:100]!r} has no port from 1 to 65535")
    return _name(address, pattern=True), int(given)


def _name(value: Any, *, pattern: bool = False) -> str:
    """Return a host's name or address in one spelling. Raises `ActionRefusedError` for what is none."""
    text = value if isinstance(value, str) else ""
    if _is_address(text.strip()):
        return str(ipaddress.ip_address(text.strip()))
    name = canonical(EntityKind.HOST, text) if text else ""
    allowed = "._-*?" if pattern else "._-"
    good = name.isascii() and 0 < len(name) < 254 and not name.startswith("-")
    if not good or not all(one.isalnum() or one in allowed for one in name):
        raise ActionRefusedError(f"{str(value)[:60]!r} is no name or address of a host")
    return name


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
