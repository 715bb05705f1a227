"""``iptables.log``: packets that netfilter logged (iptables' and nftables' LOG, ufw), and their reading.

Format: the kernel's net/netfilter/nf_log_syslog.c: a prefix that the rule chose, then ``IN=eth0 OUT=
MAC=… SRC=… DST=… LEN=… PROTO=TCP SPT=… DPT=…`` and bare flags. What became of the packet is only in the
prefix: words like DROP or BLOCK say that it was denied.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from integrations.contract import Normaliser, Origin, Record, Sample, Source, UnparsedError
from integrations.linux.lines import put
from integrations.syslog import EnvelopeReader, repeats
from integrations.text import address, readable
from rules.ecs import Document

_PACKET = re.compile(
    r"(?:\[ *\d{1,10}\.\d{1,9}\] ?)?(.{0,200}?)\bIN=(\S{0,64}) OUT=(\S{0,64}) ?(.*)", re.DOTALL | re.ASCII
)
_FIELD = re.compile(r"([A-Z]{2,16})=(\S*)", re.ASCII)
_FLAGS = re.compile(r" (SYN|ACK|FIN|RST|PSH|URG|ECE|CWR|DF|MF|CE)(?= |$)", re.ASCII)
_DENIED = re.compile(
    r"\b(?:drop|dropped|deny|denied|block|blocked|reject|rejected|bad|invalid)\b", re.IGNORECASE
)
_ALLOWED = re.compile(r"\b(?:accept|accepted|allow|allowed|pass|permit)\b", re.IGNORECASE)
_PROTOCOLS = {
    "1": "icmp",
    "2": "igmp",
    "6": "tcp",
    "17": "udp",
    "41": "ipv6",
    "47": "gre",
    "50": "esp",
    "58": "ipv6-icmp",
    "icmpv6": "ipv6-icmp",
}
_TRANSPORTS = frozenset(
    {"tcp", "udp", "icmp", "igmp", "ipv6-icmp", "gre", "esp", "sctp", "udplite", "ah", "ipv6"}
)


def read_packet(message: str, document: Document) -> bool:
    """Add to a kernel message's document what a logged packet says; whether it is one."""
    match = _PACKET.match(message)
    if match is None or "SRC=" not in match[4]:
        return False
    prefix, inside, outside, rest = match.groups()
    fields: dict[str, str] = {}
    for name, value in _FIELD.findall(rest):
        fields.setdefault(name, value)
    denied, allowed = _DENIED.search(prefix) is not None, _ALLOWED.search(prefix) is not None
    event = document["event"]
    event["category"] = ["network"]
    event["action"] = "packet_denied" if denied else "packet_allowed" if allowed else "packet_logged"
    event["type"] = (
        ["connection", "denied"]
        if denied
        else ["connection", "allowed"]
        if allowed
        else ["connection", "info"]
    )
    event["outcome"] = "failure" if denied else "success" if allowed else "unknown"
    if label := prefix.strip(" :-[]"):
        document["rule"] = {"name": label}
    _ends(document, fields)
    protocol = fields.get("PROTO", "").lower()
    protocol = _PROTOCOLS.get(protocol, protocol)
    network: dict[str, Any] = {}
    if protocol in _TRANSPORTS:
        network["transport"] = protocol
    source = document.get("source", {}).get("ip")
    if source:
        network["type"] = "ipv6" if ":" in source else "ipv4"
    if fields.get("LEN", "").isdecimal() and len(fields["LEN"]) < 8:
        network["bytes"] = int(fields["LEN"])
        network["packets"] = 1
    if inside and not outside:
        network["direction"] = "ingress"
    elif outside and not inside:
        network["direction"] = "egress"
    if network:
        document["network"] = network
    for name, place in ((inside, "ingress"), (outside, "egress")):
        if name:
            put(document, ("observer", place, "interface", "name"), name)
    vendor: dict[str, Any] = {name.lower(): value for name, value in fields.items() if value}
    if flags := _FLAGS.findall(rest):
        vendor["flags"] = list(dict.fromkeys(flags))
    document["vendor"] = vendor
    return True


def _ends(document: Document, fields: dict[str, str]) -> None:
    hardware = fields.get("MAC", "").split(":")
    for name, side, port, mac in (
        ("SRC", "source", "SPT", hardware[6:12]),
        ("DST", "destination", "DPT", hardware[:6]),
    ):
        if ip := address(fields.get(name, "")):
            put(document, (side, "ip"), ip)
            put(document, (side, "address"), ip)
        number = fields.get(port, "")
        if number.isdecimal() and len(number) < 6 and int(number) < 65_536:
            put(document, (side, "port"), int(number))
        if len(mac) == 6 and all(re.fullmatch("[0-9a-fA-F]{2}", part) for part in mac):
            put(document, (side, "mac"), "-".join(mac).upper())


class _PacketNormaliser:
    def __init__(self, origin: Origin) -> None:
        self._read = EnvelopeReader(origin).read

    def feed(self, record: Record) -> Sequence[tuple[Record, Document]]:
        text = readable(record.data)
        if not text or text.isspace():
            return ()
        envelope = self._read(text)
        times, message = repeats(envelope.message)
        found = []
        for _ in range(times):
            document = envelope.document(message)
            document.setdefault("host", {})["os"] = {"type": "linux"}
            if not read_packet(message, document):
                raise UnparsedError("expected a packet as netfilter logs it: IN=… OUT=… SRC=… DST=… PROTO=…")
            found.append((record, document))
        return found

    def flush(self) -> Sequence[tuple[Record, Document]]:
        return ()


def _open(origin: Origin) -> Normaliser:
    return _PacketNormaliser(origin)


def _guess(records: Sequence[bytes]) -> float:
    reader = EnvelopeReader(Origin(received=datetime(2026, 1, 1, tzinfo=UTC)))
    hits = 0
    for record in records:
        try:
            message = reader.read(readable(record)).message
        except UnparsedError:
            continue
        hits += _PACKET.match(message) is not None
    return hits / max(1, len(records))


_TCP = "LEN=40 TOS=0x00 PREC=0x00 TTL=243 ID=54321 PROTO=TCP SPT=40000 DPT=22 WINDOW=1024 RES=0x00 SYN URGP=0"

PACKETS = Source(
    name="iptables.log",
    title="Packets logged by iptables, nftables or ufw (kernel log)",
    documentation="iptables-extensions(8) LOG, nft(8) log, ufw(8); the kernel's nf_log_syslog.c",
    open=_open,
    guess=_guess,
    samples=(
        Sample(
            "Mar 30 16:01:36 gw kernel: [123456.789012] [UFW BLOCK] IN=eth0 OUT= MAC=02:00:00:00:00:01:02:00:00:00:00:02:08:00 "
            f"SRC=203.0.113.7 DST=192.0.2.1 {_TCP}",
            {"event.action": "packet_denied", "event.type": ["connection", "denied"], "event.outcome": "failure", "source.ip": "203.0.113.7",
             "source.port": 40000, "destination.port": 22, "network.transport": "tcp", "network.direction": "ingress", "rule.name": "UFW BLOCK",
             "observer.ingress.interface.name": "eth0", "source.mac": "02-00-00-00-00-02", "destination.mac": "02-00-00-00-00-01",
             "network.bytes": 40, "host.name": "gw", "vendor.flags": ["SYN"], "related.ip": ["203.0.113.7", "192.0.2.1"]},
        ),
        Sample(
            f"2026-03-30T16:01:36.5+00:00 gw kernel: nft-accept: IN=eth0 OUT=eth1 SRC=2001:db8::7 DST=2001:db8::1 {_TCP}",
            {"event.action": "packet_allowed", "network.type": "ipv6", "network.direction": None, "observer.egress.interface.name": "eth1"},
        ),
        Sample(
            "Mar 30 16:01:36 gw kernel: IN= OUT=eth0 SRC=192.0.2.1 DST=203.0.113.7 LEN=84 TOS=0x00 PREC=0x00 TTL=64 ID=1 DF PROTO=ICMP TYPE=8 "
            "CODE=0 ID=3 SEQ=1",
            {"event.action": "packet_logged", "network.transport": "icmp", "network.direction": "egress", "rule.name": None, "vendor.type": "8"},
        ),
    ),
)  # fmt: skip
