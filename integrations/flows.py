"""What follows from the two ends of a connection: sums, IP version, and the Community ID.

Readers of network devices set what the log says (addresses, ports, bytes, the protocol) and call
`put_flow` last. Community ID: https://github.com/corelight/community-id-spec, version 1, seed 0: the same
flow has the same id in every device's log, whichever direction it saw.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from communityid import CommunityID, FlowTuple, FlowTupleError

from integrations.fields import integer, put
from rules.ecs import Document

TRANSPORTS = {
    0: "hopopt", 1: "icmp", 2: "igmp", 4: "ipv4", 6: "tcp", 8: "egp", 9: "igp", 17: "udp", 27: "rdp",
    33: "dccp", 41: "ipv6", 46: "rsvp", 47: "gre", 50: "esp", 51: "ah", 58: "ipv6-icmp", 88: "eigrp",
    89: "ospf", 94: "ipip", 97: "etherip", 103: "pim", 112: "vrrp", 115: "l2tp", 132: "sctp",
    136: "udplite",
}  # fmt: skip
"""IANA's protocol numbers and names (https://www.iana.org/assignments/protocol-numbers), lower case."""

_NUMBERS = {name: number for number, name in TRANSPORTS.items()} | {
    "icmp6": 58, "icmpv6": 58, "icmp-v6": 58, "icmp v6": 58, "ip-icmp": 1, "ipinip": 4, "ospfigp": 89,
    "ipv6_icmp": 58, "ipsec-esp": 50, "ipsec-ah": 51, "carp": 112,
}  # fmt: skip
_PORTED = frozenset({6, 17, 132})
_ICMP = frozenset({1, 58})


def put_transport(document: Document, value: Any) -> None:
    """Set ``network.transport`` and ``network.iana_number`` from a protocol's number or name; what is
    neither is left out. ``network.iana_number`` is a keyword in ECS: a text."""
    number = integer(value)
    if number is None and isinstance(value, str):
        number = _NUMBERS.get(value.strip().lower())
    if number is None or not 0 <= number <= 255:
        return
    put(document, "network.iana_number", str(number))
    put(document, "network.transport", TRANSPORTS.get(number))


def put_flow(document: Document, icmp_type: Any = None, icmp_code: Any = None) -> None:
    """Set ``network.bytes``, ``.packets``, ``.type`` and ``.community_id`` from what is set already.

    Sums are of ``source`` and ``destination``; a sum that the log states itself stays. There is no
    Community ID without both addresses, the protocol, and its ports (or, of ICMP, its type).
    """
    source, destination = _part(document, "source"), _part(document, "destination")
    network = document.get("network")
    if type(network) is not dict:
        network = {}
    for field in ("bytes", "packets"):
        if field not in network:
            counts = [end[field] for end in (source, destination) if type(end.get(field)) is int]
            if counts and all(count >= 0 for count in counts):
                network[field] = sum(counts)
    ip, other = source.get("ip"), destination.get("ip")
    if "type" not in network and (known := ip or other):
        network["type"] = "ipv6" if ":" in known else "ipv4"
    if ip and other and "community_id" not in network:
        number = integer(network.get("iana_number"))
        if number is None:
            number = _NUMBERS.get(network.get("transport", ""))
        if number in _ICMP:
            ports = integer(icmp_type), integer(icmp_code) or 0
        else:
            ports = source.get("port"), destination.get("port")
        if number is not None and (found := community_id(number, ip, other, *ports)):
            network["community_id"] = found
    if network:
        document["network"] = network


@lru_cache(maxsize=65_536)
def community_id(
    protocol: int, source: str, destination: str, source_port: int | None, destination_port: int | None
) -> str | None:
    """Return the Community ID of a flow, None where the protocol needs ports and there are none.

    Of ICMP (1, 58) the ports are type and code.
    """
    if protocol in _PORTED:
        if not source_port or not destination_port:
            return None
    elif protocol in _ICMP:
        if source_port is None or not 0 <= source_port < 256:
            return None
    else:
        source_port = destination_port = None
    if (":" in source) != (":" in destination):  # translated on the way: no one flow
        return None
    try:
        flow = FlowTuple(protocol, source, destination, source_port, destination_port)
    except FlowTupleError:
        return None
    found = CommunityID().calc(flow)
    return str(found) if found else None


def _part(document: Document, name: str) -> dict[str, Any]:
    found = document.get(name)
    return found if type(found) is dict else {}
