"""What network devices have in common: verdicts, observers, and what follows from a flow's two ends.

Readers of network devices set what the log says (addresses, ports, bytes, the protocol) and call
`put_flow` last. Community ID: https://github.com/corelight/community-id-spec, version 1, seed 0: the same
flow has the same id in every device's log, whichever direction it saw.
"""

from __future__ import annotations

import base64
import hashlib
import socket
import struct
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from communityid import CommunityID, FlowTuple, FlowTupleError

from integrations.fields import LARGEST, add, integer, number, put, put_new, text
from rules.ecs import Document, timestamp

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
_NOBODY = frozenset({"n/a", "na", "none", "null", "unknown", "(null)", "<none>"})


def put_transport(document: Document, value: Any) -> None:
    """Set ``network.transport`` and ``network.iana_number`` from a protocol's number or name; what is
    neither is left out. ``network.iana_number`` is a keyword in ECS: a text."""
    protocol = integer(value)
    if protocol is None and isinstance(value, str):
        protocol = _NUMBERS.get(value.strip().lower())
    if protocol is None or not 0 <= protocol <= 255:
        return
    put(document, "network.iana_number", str(protocol))
    put(document, "network.transport", TRANSPORTS.get(protocol))


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
            total = sum(counts)
            if counts and all(count >= 0 for count in counts) and total <= LARGEST:
                network[field] = total
    ip, other = source.get("ip"), destination.get("ip")
    if "type" not in network and (known := ip or other):
        network["type"] = "ipv6" if ":" in known else "ipv4"
    if ip and other and "community_id" not in network:
        protocol = integer(network.get("iana_number"))
        if protocol is None:
            protocol = _NUMBERS.get(network.get("transport", ""))
        of_icmp = protocol in _ICMP
        first = integer(icmp_type) if of_icmp else source.get("port")
        second = integer(icmp_code) or 0 if of_icmp else destination.get("port")
        if protocol is not None and (found := community_id(protocol, ip, other, first, second)):
            network["community_id"] = found
    if network:
        document["network"] = network


def put_observer(document: Document, vendor: str, product: str, **more: Any) -> None:
    """Set ``observer.vendor``, ``.product`` and ``.type`` (a firewall, unless `more` says otherwise) and
    whatever else the log tells of the device: ``serial_number``, ``name``, ``version``."""
    for field, value in ({"vendor": vendor, "product": product, "type": "firewall"} | more).items():
        put(document, f"observer.{field}", value)


def put_side(document: Document, side: str, interface: Any = None, zone: Any = None) -> None:
    """Set interface and zone of one side (``ingress`` or ``egress``) of the observer."""
    put(document, f"observer.{side}.interface.name", text(interface))
    put(document, f"observer.{side}.zone", text(zone))


def put_verdict(document: Document, allowed: bool | None) -> None:
    """Add ``allowed`` or ``denied`` to ``event.type``, and set ``event.blocked`` (``"true"``, ``"false"``),
    for which Sigma's firewall rules ask. A firewall that denies succeeds in what it is for, so the outcome
    is ``success`` both ways: https://www.elastic.co/docs/reference/ecs/ecs-using-categorization-fields"""
    if allowed is not None:
        add(document, "event.type", "allowed" if allowed else "denied")
        put(document, "event.blocked", "false" if allowed else "true")
        put_new(document, "event.outcome", "success")


def put_account(document: Document, place: str, name: Any) -> str | None:
    """Set ``<place>.name`` and ``.domain`` (and ``.email``) of a user as logged: ``bob``, ``EXAMPLE\\bob``,
    ``bob@example.com``. Return the name, None where there is none."""
    user = text(name)
    if user is None or user.lower() in _NOBODY:
        return None
    domain, backslash, account = user.partition("\\")
    if backslash and account:
        user = account.lstrip("\\") or account
        put(document, f"{place}.domain", domain)
    elif "@" in user and not user.startswith("@"):
        put(document, f"{place}.email", user)
        user, _, domain = user.partition("@")
        put(document, f"{place}.domain", domain)
    put(document, f"{place}.name", user)
    return user


def put_length(document: Document, seconds: Any) -> None:
    """Set ``event.duration`` (nanoseconds) from seconds, and the one of ``event.start`` and ``event.end``
    that the other one then tells."""
    length = number(seconds)
    if length is None or not 0 <= length < 1e9:
        return
    put(document, "event.duration", round(length * 1_000_000_000))
    event = _part(document, "event")
    if (start := event.get("start")) and "end" not in event:
        put(document, "event.end", _shifted(start, length))
    elif (end := event.get("end")) and "start" not in event:
        put(document, "event.start", _shifted(end, -length))


def _shifted(time: str, seconds: float) -> str | None:
    try:
        return timestamp(datetime.fromisoformat(time) + timedelta(seconds=seconds))
    except OverflowError:
        return None


@lru_cache(maxsize=16_384)
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
    if protocol in _PORTED and isinstance(source_port, int) and isinstance(destination_port, int):
        return _ported_id(protocol, source, destination, source_port, destination_port)
    try:
        flow = FlowTuple(protocol, source, destination, source_port, destination_port)
    except FlowTupleError:
        return None
    found = CommunityID().calc(flow)
    return str(found) if found else None


def _ported_id(
    protocol: int, source: str, destination: str, source_port: int, destination_port: int
) -> str | None:
    """The same as the library, in a tenth of its time: most flows are met once, so no cache helps them."""
    first, second = _packed(source), _packed(destination)
    if first is None or second is None or not (0 <= source_port < 65_536 and 0 <= destination_port < 65_536):
        return None
    if (first, source_port) > (second, destination_port):
        first, second = second, first
        source_port, destination_port = destination_port, source_port
    ports = _PORTS.pack(protocol, 0, source_port, destination_port)
    digest = hashlib.sha1(b"\0\0" + first + second + ports, usedforsecurity=False).digest()
    return "1:" + base64.b64encode(digest).decode("ascii")


_PORTS = struct.Struct("!BBHH")


@lru_cache(maxsize=16_384)
def _packed(ip: str) -> bytes | None:
    try:
        return socket.inet_pton(socket.AF_INET6 if ":" in ip else socket.AF_INET, ip)
    except (OSError, ValueError):
        return None


def _part(document: Document, name: str) -> dict[str, Any]:
    found = document.get(name)
    return found if type(found) is dict else {}
