"""What a host needs to stay reachable: who asks, its own addresses, its gateways, its name servers."""

from __future__ import annotations

import contextlib
import ipaddress
import json

from integrations.linux.host.system import ancestors, command, need

RESOLVERS = ("/etc/resolv.conf", "/run/systemd/resolve/resolv.conf")
"""The second has the real servers where the first names systemd's own stub."""
MOST_SERVERS = 8


def who_asks() -> str | None:
    """Return where this system is, as the host sees it: from the connection that carries the request, which is
    that of the nearest process. An sshd that somebody restarted over SSH has that one's in its own environment."""
    for pid in ancestors():
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                values = file.read().split(b"\0")
        except OSError:
            continue
        for value in values:
            if value.startswith(b"SSH_CONNECTION="):
                with contextlib.suppress(ValueError, IndexError):
                    text = value.partition(b"=")[2].split()[0].decode("ascii", "replace")
                    return plain(text)
    return None


def plain(text: str) -> str:
    """Return an address without its interface, an IPv4 one mapped into IPv6 as itself. Raises ValueError."""
    address = ipaddress.ip_address(text.partition("%")[0])
    return str(getattr(address, "ipv4_mapped", None) or address)


def needed() -> dict[str, str]:
    """Return addresses that must not be blocked here, each with what it is."""
    found: dict[str, str] = {}
    for interface in json.loads(command(need("ip", "iproute2"), "-j", "address")):
        for one in interface.get("addr_info", ()):
            found[one["local"]] = "the host's own address"
    for family in ("-4", "-6"):
        for route in json.loads(
            command(need("ip", "iproute2"), "-j", family, "route", "show", "default") or "[]"
        ):
            hops = [route, *route.get("nexthops", ())]
            found.update({hop["gateway"]: "the host's gateway" for hop in hops if "gateway" in hop})
    found.update(dict.fromkeys(name_servers(), "the host's name server"))
    if (us := who_asks()) is not None:
        found[us] = "where this system comes from"
    return found


def name_servers() -> list[str]:
    found: dict[str, None] = {}
    for path in RESOLVERS:
        with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                words = line.split()
                if len(words) > 1 and words[0] == "nameserver":
                    with contextlib.suppress(ValueError):
                        address = plain(words[1])
                        if not ipaddress.ip_address(address).is_loopback:
                            found[address] = None
    return list(found)[:MOST_SERVERS]
