"""``filterlog``: packets that pf logged, as pfSense and OPNsense write them: CSV, its fields by protocol.

Reference: Netgate, "Raw Filter Log Format". OPNsense has the rule's label (a hash) where pfSense has the
rule's tracking number.
"""

from __future__ import annotations

import re

from integrations.fields import categorise, integer, put, put_end, text
from integrations.flows import put_flow, put_side, put_transport
from integrations.notations import read_csv
from rules.ecs import Document

_HEAD = "rule subrule anchor tracker interface reason action direction version".split()
_IPV4 = "tos ecn ttl id offset flags protocol_id protocol length source destination".split()
_IPV6 = "class flow_label hop_limit protocol protocol_id length source destination".split()
_TCP = "source_port destination_port data_length tcp_flags sequence acknowledgement window urgent options".split()
_UDP = "source_port destination_port data_length".split()
_CARP = "carp_type carp_ttl vhid carp_version advbase advskew".split()
_ICMP_TYPES = {
    "request": 8, "reply": 0, "unreach": 3, "unreachproto": 3, "unreachport": 3, "redirect": 5, "timexceed": 11,
    "paramprob": 12, "needfrag": 3, "tstamp": 13, "tstampreply": 14,
}  # fmt: skip
LINE = re.compile(
    r"(\d{1,8}),(\d{0,8}),([^,]{0,128}),([^,]{0,128}),([^,\s]{1,32}),([\w-]{1,32}),(\w{1,16}),(in|out),([46]),",
    re.ASCII,
)
_VLAN = re.compile(r"\w{1,20}\.(\d{1,4})|vlan0?\.?(\d{1,4})", re.ASCII)


def read_packet(message: str, document: Document) -> bool:
    """Add to a message's document what a logged packet says; whether it is one."""
    if LINE.match(message) is None:
        return False
    values = read_csv(message)
    fields = dict(zip(_HEAD, values, strict=False))
    layout = _IPV4 if fields["version"] == "4" else _IPV6
    rest = values[len(_HEAD) :]
    fields |= dict(zip(layout, rest, strict=False))
    rest = rest[len(layout) :]
    protocol = fields.get("protocol", "").lower()
    if protocol == "carp" or fields.get("protocol_id") == "112":
        fields |= dict(zip(_CARP, rest, strict=False))
    elif protocol == "tcp":
        fields |= dict(zip(_TCP, rest, strict=False))
    elif protocol in ("udp", "sctp"):
        fields |= dict(zip(_UDP, rest, strict=False))
    elif protocol.startswith(("icmp", "ipv6-icmp")) and rest:
        fields["icmp_type"] = rest[0]
    fields = {name: value for name, value in fields.items() if value}
    blocked = fields["action"].lower() in ("block", "reject")
    known = blocked or fields["action"].lower() in ("pass", "match", "nat", "rdr", "binat")
    categorise(
        document,
        ["network"],
        ["connection", "denied" if blocked else "allowed"] if known else ["connection", "info"],
        action=fields["action"],
        outcome="success",
    )
    put(document, "event.blocked", "true" if blocked else "false" if known else None)
    put(document, "event.reason", fields.get("reason"))
    put(document, "rule.id", text(fields.get("tracker")) or fields.get("rule"))
    put_end(document, "source", fields.get("source"), fields.get("source_port"))
    put_end(document, "destination", fields.get("destination"), fields.get("destination_port"))
    put_transport(document, fields.get("protocol_id") or protocol)
    put(document, "network.bytes", integer(fields.get("length")))
    put(document, "network.direction", "inbound" if fields["direction"] == "in" else "outbound")
    side = "ingress" if fields["direction"] == "in" else "egress"
    put_side(document, side, fields.get("interface"))
    if vlan := _VLAN.fullmatch(fields.get("interface", "")):
        number = vlan[1] or vlan[2]
        put(document, f"observer.{side}.vlan.id", number)
        put(document, "network.vlan.id", number)
    document["vendor"] = fields
    put_flow(document, _ICMP_TYPES.get(fields.get("icmp_type", ""), fields.get("icmp_type")), 0)
    return True
