"""What is added to finished events from data that comes with the program: where an address is."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from integrations.text import address
from rules.ecs import Document

Enricher = Callable[[Document], None]
"""Adds to a finished document in place; must not fail on any."""


_ORDINARY = frozenset(map(str, range(1, 224))) - set("10 100 127 169 172 192 198 203".split())
"""First parts of IPv4 addresses that are public whatever follows: IANA's registry of special addresses
(https://www.iana.org/assignments/iana-ipv4-special-registry) has nothing there. To ask `ipaddress` takes
as long as to look the address up."""
_ENDS = ("source", "destination", "client", "server")


@cache
def geo_enricher() -> Enricher:
    """Return an enricher of ``source``, ``destination``, ``client`` and ``server``: country and network
    operator of public addresses, ``network.direction`` and ``network.type`` of private ones.

    The data is GeoLite2 as geoip2fast packs it; it knows the operator's name, not the AS number. Reading
    it takes 0.3 s, once a process; an answer is kept, so that the next event of an address costs a dict
    look-up.
    """
    from geoip2fast import GeoIP2Fast

    data = resources.files("geoip2fast") / "geoip2fast-asn-ipv6.dat.gz"
    database = GeoIP2Fast(geoip2fast_data_file=str(data))

    @lru_cache(maxsize=16_384)
    def look_up(text: str) -> Mapping[str, Any]:
        if text.partition(".")[0] not in _ORDINARY or address(text) != text:
            try:
                ip = ipaddress.ip_address(text)
            except ValueError:
                return {}
            if not ip.is_global or ip.is_multicast:
                return {}
        answer = database.lookup(text)
        found: dict[str, Any] = {}
        code = answer.country_code
        if code and len(code) == 2 and code.isalpha():
            found["geo"] = {"country_iso_code": code, "country_name": answer.country_name}
        if answer.asn_name:
            found["as"] = {"organization": {"name": answer.asn_name}}
        return found

    def enrich(document: Document) -> None:
        for side in _ENDS:
            if side not in document or (end := document[side]) is None:
                continue
            ip = end.get("ip")
            if type(ip) is str and (found := look_up(ip)):
                if "geo" in found and "geo" not in end:
                    end["geo"] = found["geo"].copy()
                if "as" in found and "as" not in end:
                    end["as"] = {"organization": found["as"]["organization"].copy()}

    return enrich


def is_private(text: str) -> bool:
    """Whether an address is no public one of the Internet (RFC 1918, 4193, 6598, loopback, …)."""
    try:
        return not ipaddress.ip_address(text).is_global
    except ValueError:
        return False
