"""Networks as queries can ask for them: in address fields, and in fields that hold addresses as text."""

from __future__ import annotations

import ipaddress
import re

_HEX = "0123456789abcdef"
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"


class NetworkError(ValueError):
    """What is asked of addresses can't be said as networks or as an expression."""


def networks_beginning_with(prefix: str) -> list[str]:
    """Return the networks of all addresses whose text begins so, none where no address does.

    ``192.168.`` is 192.168.0.0/16, ``10.1`` is 10.1.0.0/16, 10.10.0.0/16 and so on, ``fe80:`` is
    fe80::/16. Raises NetworkError where it ends inside the first group, or after the first of IPv6.
    """
    if re.fullmatch(r"[1-9a-f][0-9a-f]{3}:", prefix):
        return [f"{prefix}:/16"]
    *groups, last = prefix.split(".")
    texts = [*groups, last or "0"]
    if not 1 <= len(groups) <= 3 or not all(re.fullmatch("[0-9]{1,3}", text) for text in texts):
        raise NetworkError(f"addresses that begin with {prefix!r} are no networks")
    if any(int(group) > 255 for group in groups):
        return []
    octets = [str(octet) for octet in range(256) if str(octet).startswith(last)] if last else ["0"]
    bits = 8 * (len(groups) + bool(last))
    return [".".join([*groups, octet, "0", "0", "0"][:4]) + f"/{bits}" for octet in octets]


def text_regex(network: str) -> str:
    """Return the Lucene expression for the addresses of a network written as text.

    Raises NetworkError for networks of IPv6 whose addresses have no common first group.
    """
    net = ipaddress.ip_network(network)
    first, last = net.network_address, net.broadcast_address
    if isinstance(net, ipaddress.IPv4Network):
        octets = [_octet(low, high) for low, high in zip(first.packed, last.packed, strict=True)]
        return "(::ffff:)?" + "\\.".join(octets)
    if net.prefixlen == 128:
        return str(first)
    low, high = (f"{int(address) >> 112:04x}" for address in (first, last))
    if net.prefixlen > 16 or low[0] == "0":
        raise NetworkError(f"the addresses of {network} can't be found as text")
    digits = (_HEX[int(a, 16) : int(b, 16) + 1] for a, b in zip(low, high, strict=True))
    return "".join(f"[{each}]" for each in digits) + ":[0-9a-f:.]*"


def _octet(low: int, high: int) -> str:
    if low == high:
        return str(low)
    if (low, high) == (0, 255):
        return _OCTET
    return f"({'|'.join(map(str, range(low, high + 1)))})"
