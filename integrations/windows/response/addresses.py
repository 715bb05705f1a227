"""Addresses in the forms of Windows Firewall: which ones to block so that only some get through.

A block counts before any rule that allows, so an isolation blocks all addresses but this system's: as ranges,
``1.0.0.0-192.0.2.9``, for a rule has no "all but". Windows reads its own loopback past the firewall.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from integrations.contract import ActionRefusedError

FIRST, LAST = int(ipaddress.ip_address("1.0.0.0")), int(ipaddress.ip_address("255.255.255.255"))
"""0.0.0.0/8 is nobody's address (RFC 1122, 3.2.1.3)."""
LOOPBACK = (int(ipaddress.ip_address("127.0.0.0")), int(ipaddress.ip_address("127.255.255.255")))
SIX = "::2-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
"""All of IPv6 but nobody's address and the loopback."""
WIDEST = 16
"""The shortest prefix that may get through."""
Span = tuple[int, int]


def ours(given: Iterable[object], where: str) -> list[str]:
    """Return what gets through, one spelling each: IPv4 addresses and networks.

    Raises `ActionRefusedError` for what is none, for IPv6 (whose neighbours are found by what an isolation
    blocks) and for networks so wide that the isolation would be none. `where` names the setting.
    """
    found = []
    for one in given:
        try:
            network = ipaddress.ip_network(str(one).strip())
        except ValueError as error:
            raise ActionRefusedError(
                f"{where}: {str(one)[:60]!r} is no address or network: {error}"
            ) from error
        if network.version != 4 or network.prefixlen < WIDEST:
            raise ActionRefusedError(f"{where}: {network} is not IPv4, or wider than /{WIDEST}")
        found.append(str(network).removesuffix("/32"))
    if not found:
        raise ActionRefusedError(
            f"{where} is missing: this system's own IPv4 addresses, which must get through"
        )
    return found


def others(us: Sequence[str]) -> list[str]:
    """Return all addresses but these, as ranges."""
    open_spans = sorted([LOOPBACK, *(_span(one) for one in us)])
    spans, start = [], FIRST
    for low, high in open_spans:
        if low > start:
            spans.append((start, low - 1))
        start = max(start, high + 1)
    if start <= LAST:
        spans.append((start, LAST))
    return [*(f"{ipaddress.ip_address(low)}-{ipaddress.ip_address(high)}" for low, high in spans), SIX]


def covers(found: Iterable[str], wanted: Iterable[str]) -> bool:
    """Whether addresses as Windows spells them (``Any``, single, range, with a mask) hold all that is wanted."""
    spans: list[tuple[int, Span]] = []
    for one in found:
        if one.casefold() == "any":
            return True
        spans.append(_both(one))
    for text in wanted:
        version, (low, high) = _both(text)
        for start, end in sorted(span for kind, span in spans if kind == version):
            if start <= low <= end:
                low = end + 1
        if low <= high:
            return False
    return True


def holds(networks: Sequence[str], address: str) -> bool:
    """Whether an address is in one of the networks, IPv4 within IPv6 too."""
    try:
        own = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    own = getattr(own, "ipv4_mapped", None) or own
    return any(own in ipaddress.ip_network(one) for one in networks)


def _both(text: str) -> tuple[int, Span]:
    """Return (version, span) of one address, range or network. Raises `ActionRefusedError`."""
    try:
        low, dash, high = text.partition("-")
        if dash:
            start, end = ipaddress.ip_address(low.strip()), ipaddress.ip_address(high.strip())
            return start.version, (int(start), int(end))
        return ipaddress.ip_network(text, strict=False).version, _span(text)
    except ValueError as error:
        raise ActionRefusedError(f"a rule of ours has the address {text[:60]!r}, which is none") from error


def _span(text: str) -> Span:
    network = ipaddress.ip_network(text, strict=False)
    return int(network.network_address), int(network.broadcast_address)
