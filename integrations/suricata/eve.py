"""``suricata.eve``: the events of Suricata's EVE log, every type of it.

A table says what each type means; `integrations.suricata.protocols` reads what is the protocol's own. The
object stays whole under ``vendor``. Reference: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from integrations.contract import UnparsedError
from integrations.fields import (
    categorise,
    integer,
    mac,
    mapping,
    number,
    port_number,
    put,
    put_end,
    put_new,
    text,
)
from integrations.flows import put_flow, put_transport
from integrations.normalisers import json_source
from integrations.suricata import protocols
from integrations.suricata.eve_samples import EVE_SAMPLES
from integrations.times import Times
from rules.ecs import Document

ReadProtocol = Callable[[Document, Mapping[str, Any]], None]

_PROTOCOL = (("network",), ("protocol",))
TYPES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "alert": (("network", "intrusion_detection"), ()),
    "anomaly": (("network",), ("error",)),
    "drop": (("network",), ("denied",)),
    "flow": (("network",), ("connection",)),
    "netflow": (("network",), ("connection",)),
    "fileinfo": (("network", "file"), ("info",)),
    "http": (("network", "web"), ("access", "protocol")),
    "http2": (("network", "web"), ("access", "protocol")),
    "krb5": (("network", "authentication"), ("protocol",)),
    "rdp": (("network",), ("protocol",)),
    "ssh": (("network",), ("connection", "protocol")),
    "smtp": (("network", "email"), ("protocol",)),
    "stats": ((), ("info",)),
    "engine": ((), ("info",)),
}
"""ECS's category and type of an event type; any other is a protocol of the network."""
READERS: Mapping[str, tuple[str, ReadProtocol]] = {
    "http": ("http", protocols.read_http),
    "http2": ("http", protocols.read_http),
    "dns": ("dns", protocols.read_dns),
    "tls": ("tls", protocols.read_tls),
    "fileinfo": ("fileinfo", protocols.read_file),
    "ssh": ("ssh", protocols.read_ssh),
    "smtp": ("smtp", protocols.read_smtp),
    "smb": ("smb", protocols.read_smb),
    "krb5": ("krb5", protocols.read_krb5),
    "rdp": ("rdp", protocols.read_rdp),
    "dhcp": ("dhcp", protocols.read_dhcp),
    "ftp": ("ftp", protocols.read_ftp),
    "ftp_data": ("ftp_data", protocols.read_ftp_data),
    "sip": ("sip", protocols.read_sip),
    "tftp": ("tftp", protocols.read_tftp),
    "nfs": ("nfs", protocols.read_nfs),
    "anomaly": ("anomaly", protocols.read_anomaly),
    "drop": ("drop", protocols.read_drop),
}
"""Where an event type's own object is, and who reads it. Others keep it under ``vendor`` alone."""
_SIDED = ("http", "dns", "tls", "ssh", "smtp", "smb", "rdp", "krb5")
"""What an alert may carry of the protocol it was raised in."""


def read(entry: dict[str, Any], times: Times) -> Document:
    kind = entry.get("event_type")
    if not isinstance(kind, str) or not kind or len(kind) > 64:
        raise UnparsedError("expected event_type and timestamp of Suricata's EVE log")
    document: Document = {"@timestamp": times.required(times.iso(entry.get("timestamp")))}
    categories, types = TYPES.get(kind, _PROTOCOL)
    categorise(document, categories, types, kind="metric" if kind == "stats" else "event")
    _put_ends(document, entry)
    if kind == "alert":
        _read_alert(document, entry, times)
    if (reader := READERS.get(kind)) is not None:
        reader[1](document, mapping(entry.get(reader[0])))
    elif kind in ("flow", "netflow"):
        pass
    elif kind == "alert":
        for name in _SIDED:
            if name in entry:
                READERS[name][1](document, mapping(entry[name]))
        _put_files(document, entry)
        if _from_server(entry):
            _turn_name(document)
    _put_flow(document, entry, kind, times)
    if kind not in ("alert", "flow", "netflow", "fileinfo", "anomaly", "drop", "stats", "engine"):
        put_new(
            document, "network.protocol", "http" if kind == "http2" else kind.partition("_data")[0].lower()
        )
    put(document, "observer.product", "Suricata")
    put(document, "observer.vendor", "OISF")
    put(document, "observer.type", "ids")
    put(document, "observer.hostname", text(entry.get("host")))
    document["vendor"] = entry
    put_flow(document, entry.get("icmp_type"), entry.get("icmp_code"))
    return document


def _put_ends(document: Document, entry: Mapping[str, Any]) -> None:
    put_end(document, "source", entry.get("src_ip"), port_number(entry.get("src_port")) or None)
    put_end(document, "destination", entry.get("dest_ip"), port_number(entry.get("dest_port")) or None)
    put_transport(document, entry.get("proto"))
    put(document, "network.community_id", text(entry.get("community_id")))
    if (protocol := text(entry.get("app_proto"))) and protocol not in ("failed", "unknown"):
        put(document, "network.protocol", protocol.lower())
    put(document, "observer.ingress.interface.name", text(entry.get("in_iface")))
    tags = entry.get("vlan")
    put(document, "network.vlan.id", text(tags[0] if isinstance(tags, list) and tags else tags))
    if isinstance(ether := entry.get("ether"), dict):
        put(document, "source.mac", mac(ether.get("src_mac")))
        put(document, "destination.mac", mac(ether.get("dest_mac")))


def _read_alert(document: Document, entry: Mapping[str, Any], times: Times) -> None:
    alert = mapping(entry.get("alert"))
    action = text(alert.get("action"))
    allowed = {"allowed": ["allowed"], "blocked": ["denied"]}.get(action or "", ["info"])
    categorise(document, ["network", "intrusion_detection"], allowed, kind="alert", action=action)
    put(document, "event.severity", integer(alert.get("severity")))
    put(document, "rule.id", text(alert.get("signature_id")))
    put(document, "rule.name", text(alert.get("signature")))
    put(document, "rule.category", text(alert.get("category")))
    put(document, "rule.version", text(alert.get("rev")))
    put(document, "message", text(alert.get("category")) or text(alert.get("signature")))
    metadata = mapping(alert.get("metadata"))
    for field, names in (
        ("threat.tactic.id", ("mitre_tactic_id",)),
        ("threat.tactic.name", ("mitre_tactic_name",)),
        ("threat.technique.id", ("mitre_technique_id",)),
        ("threat.technique.name", ("mitre_technique_name",)),
    ):
        for name in names:
            values = metadata.get(name)
            items = values if isinstance(values, list) else [values]
            put(document, field, [item.replace("_", " ") for item in items if isinstance(item, str) and item])
    put(document, "event.start", times.iso(mapping(entry.get("flow")).get("start")))


def _from_server(entry: Mapping[str, Any]) -> bool:
    """Whether an alert's packet came from the server: its source is then the flow's destination."""
    direction = entry.get("direction")
    if direction == "to_client":
        return True
    if direction == "to_server":
        return False
    start = text(mapping(entry.get("flow")).get("src_ip"))
    if start is not None and entry.get("src_ip") != entry.get("dest_ip"):
        return bool(start == entry.get("dest_ip"))
    near, far = port_number(entry.get("src_port")), port_number(entry.get("dest_port"))
    return near is not None and far is not None and near < 1024 <= far


def _turn_name(document: Document) -> None:
    """The name that a request or a handshake asked for is the server's: here, the source's."""
    if name := document.get("destination", {}).pop("domain", None):
        put(document, "source.domain", name)


def _put_files(document: Document, entry: Mapping[str, Any]) -> None:
    files = entry.get("files")
    if isinstance(files, list) and files:
        protocols.read_file(document, mapping(files[0]))


def _put_flow(document: Document, entry: Mapping[str, Any], kind: str, times: Times) -> None:
    flow = mapping(entry.get("netflow") if kind == "netflow" else entry.get("flow"))
    if not flow:
        return
    if kind == "netflow":  # one direction each
        put(document, "source.bytes", integer(flow.get("bytes")))
        put(document, "source.packets", integer(flow.get("pkts")))
    else:
        near, far = ("client", "server") if kind == "alert" and _from_server(entry) else ("server", "client")
        for side, to in (("source", near), ("destination", far)):
            put(document, f"{side}.bytes", integer(flow.get(f"bytes_to{to}")))
            put(document, f"{side}.packets", integer(flow.get(f"pkts_to{to}")))
    put(document, "event.start", times.iso(flow.get("start")))
    if kind == "alert":
        return
    put(document, "event.end", times.iso(flow.get("end")))
    age = number(flow.get("age"))
    if age is not None and 0 <= age < 10**9:
        put(document, "event.duration", int(age * 1_000_000_000))
    if (state := text(flow.get("state"))) in ("new", "closed") and kind == "flow":
        document["event"]["type"] = ["connection", "start" if state == "new" else "end"]
    put(document, "event.reason", text(flow.get("reason")))


def recognise(entry: dict[str, Any]) -> bool:
    return (
        isinstance(entry.get("event_type"), str)
        and isinstance(entry.get("timestamp"), str)
        and (
            "flow_id" in entry
            or "src_ip" in entry
            or entry["event_type"] in entry
            or entry["event_type"] in ("stats", "engine")
        )
    )


EVE = json_source(
    "suricata.eve",
    "Suricata EVE log",
    "https://docs.suricata.io/en/latest/output/eve/eve-json-format.html",
    read,
    recognise,
    EVE_SAMPLES,
)
