"""``geoip.lookup``: country and organisation of an address, offline.

The data is MaxMind's GeoLite2 (country and AS names, IPv4 and IPv6) as geoip2fast packs it; it names
the organisation that announces an address but not its AS number. It is read at the first look-up:
0.3 s and 80 MB, once a process.
"""

from __future__ import annotations

import asyncio
import ipaddress
import threading
from functools import cache
from importlib import resources
from typing import Any

from geoip2fast import GeoIP2Fast

from integrations.contract import ActionCall, ActionRefusedError
from integrations.ports import Site
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

_loading = threading.Lock()

SPEC = ActionSpec(
    name="geoip.lookup",
    kind=ActionKind.LOOKUP,
    summary="Say in which country an address is and who runs its network.",
    parameters=(Parameter(name="ip", type=ValueType.IP, description="The address."),),
    returns={
        "country": ValueType.TEXT,
        "country_code": ValueType.TEXT,
        "organisation": ValueType.TEXT,
        "network": ValueType.TEXT,
        "private": ValueType.BOOLEAN,
        "where": ValueType.TEXT,
    },
    timeout=10.0,
)


class GeoLookup:
    """Answers ``country`` (English name), ``country_code`` (ISO 3166-1 alpha-2), ``organisation``,
    ``network`` (CIDR), ``private`` (no address of the Internet) and ``where``, all of it in words.

    What isn't known is ``unknown`` (code and network: empty). Raises `ActionRefusedError` for a
    network: only an address has a place.
    """

    @property
    def spec(self) -> ActionSpec:
        return SPEC

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        del site
        address = call.params["ip"]
        if _is_loaded():
            return locate(address)
        return await asyncio.to_thread(locate, address)


def locate(text: str) -> dict[str, Any]:
    """Return what is known of an address. Raises `ActionRefusedError` where it is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError as error:
        raise ActionRefusedError(f"{text} is no single address") from error
    if special := _special(address):
        return {
            "country": "no country",
            "country_code": "",
            "organisation": special,
            "network": "",
            "private": True,
            "where": special,
        }
    with _loading:
        found = _data().lookup(str(address))
    known = len(found.country_code) == 2 and found.country_code.isalpha()
    country = found.country_name if known else "unknown"
    organisation = found.asn_name or "unknown"
    return {
        "country": country,
        "country_code": found.country_code if known else "",
        "organisation": organisation,
        "network": found.asn_cidr or found.cidr or "",
        "private": False,
        "where": f"{country}, {organisation}" if known and found.asn_name else country,
    }


_DOCUMENTATION = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")
)
"""RFC 5737, 3849 and 9637."""
_SHARED = ipaddress.ip_network("100.64.0.0/10")
"""RFC 6598: behind a carrier's NAT."""


def _special(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """Return in words what an address that is nowhere on the Internet is, else the empty string."""
    if address.is_loopback:
        return "this machine itself"
    if address.is_unspecified:
        return "no address"
    if address.is_link_local:
        return "the local link"
    if address.is_multicast:
        return "a multicast group"
    if any(address in network for network in _DOCUMENTATION if network.version == address.version):
        return "an address for documentation"
    if address.version == 4 and address in _SHARED:
        return "a provider's shared address space"
    if address.is_reserved or str(address) == "255.255.255.255":
        return "a reserved address"
    return "a private network" if address.is_private else ""


def _is_loaded() -> bool:
    return bool(_data.cache_info().currsize)


@cache
def _data() -> GeoIP2Fast:
    package = resources.files("geoip2fast")
    return GeoIP2Fast(geoip2fast_data_file=str(package / "geoip2fast-asn-ipv6.dat.gz"))
