"""``panw.panos``: the logs of Palo Alto Networks' firewalls, as CSV, CEF or LEEF, with or without syslog, and as
Strata Logging Service forwards them (JSON, ``Name=value``).

Reference: PAN-OS Administrator's Guide, "Syslog Field Descriptions" (9.1 to 11.1). The event's time is its
high resolution time, which names a zone, else the time it was generated, in the origin's zone; the zone
that the one names holds for the record's other times too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from integrations.contract import UnparsedError
from integrations.fields import add, categorise, integer, mac, put, put_end, put_ip, text
from integrations.flows import (
    put_account,
    put_flow,
    put_length,
    put_observer,
    put_side,
    put_transport,
    put_verdict,
)
from integrations.normalisers import message_source, started
from integrations.notations import read_csv
from integrations.panw.envelopes import read_cef_entry, read_leef_entry
from integrations.panw.layouts import LAYOUTS, named
from integrations.panw.panos_samples import SAMPLES
from integrations.panw.records import READERS
from integrations.panw.strata import is_strata, read_strata_entry
from integrations.syslog import Envelope
from integrations.times import Times
from integrations.web import put_agent, put_domain, put_path, put_url
from rules.ecs import Document

Entry = Mapping[str, str]
_BEGIN = re.compile(r"[^,|]{0,80},[^,]{0,40},[^,]{0,40},([A-Z-]{3,16}),[^,]{0,40},")
_OFFSET = re.compile(r"(?:Z|[+-]\d\d:\d\d)$", re.ASCII)
_ID = re.compile(r"(.{0,400})\((\d{1,12})\)$", re.DOTALL | re.ASCII)
_LEVELS = {"critical": 1, "high": 2, "medium": 3, "low": 4, "informational": 5}
_ALLOWED = frozenset(
    {"allow", "alert", "continue", "override", "forward", "wildfire-upload-success", "wildfire-upload-skip"}
)
_DENIED = frozenset(
    "deny drop drop-icmp drop-packet drop-all-packets reset-client reset-server reset-both block block-url "
    "block-ip block-continue block-override override-lockout random-drop sinkhole syncookie-sent "
    "denied reset".split()
)
_FLOWS = {
    "start": ("flow_started", ("connection", "start")),
    "end": ("flow_terminated", ("connection", "end")),
    "drop": ("flow_dropped", ("connection",)),
    "deny": ("flow_denied", ("connection",)),
}
_THREATS = {
    "data": "data_match", "dlp": "data_match", "file": "file_match", "flood": "flood_detected",
    "packet": "packet_attack", "scan": "scan_detected", "spyware": "spyware_detected", "url": "url_filtering",
    "virus": "virus_detected", "ml-virus": "virus_detected", "vulnerability": "exploit_detected",
    "wildfire": "wildfire_verdict", "wildfire-virus": "wildfire_virus_detected",
}  # fmt: skip
_OF_FILES = frozenset({"data", "dlp", "file", "virus", "ml-virus", "wildfire", "wildfire-virus"})
_OF_MALWARE = frozenset({"virus", "ml-virus", "wildfire-virus"})
_FLAGS = {
    0x80000000: "pcap_included", 0x02000000: "ipv6_session", 0x01000000: "ssl_decrypted",
    0x00800000: "url_filter_denied", 0x00400000: "nat_translated", 0x00200000: "captive_portal_authenticated",
    0x00080000: "x_forwarded_for", 0x00040000: "http_proxy", 0x00008000: "container_page",
    0x00002000: "temporary_match", 0x00000800: "symmetric_return",
}  # fmt: skip
_DIRECTIONS = {
    ("trust", "untrust"): "outbound",
    ("untrust", "trust"): "inbound",
    ("trust", "trust"): "internal",
    ("untrust", "untrust"): "external",
}
"""Only PAN-OS's own zone names tell which side is which."""


def read(message: str, envelope: Envelope | None, times: Times) -> Document:
    if envelope is not None and envelope.host and "," in envelope.host:
        # No host: the log's first fields stand in its place.
        message, envelope = f"{envelope.host} {message}", envelope._replace(host=None)
    entry = _entry(message)
    if entry is None and envelope is not None:
        entry = _entry(f"{envelope.program}: {message}") if envelope.program else None
    if entry is None:
        raise UnparsedError(
            "expected PAN-OS fields: FUTURE_USE,receive time,serial,type,subtype,…, CEF or LEEF"
        )
    document = started(envelope)
    document["vendor"] = dict(entry)
    offset = _OFFSET.search(entry.get("high_res_timestamp", ""))
    zone = offset[0] if offset else ""

    def time(name: str) -> str | None:
        value = entry.get(name, "")
        return times.iso(value + zone) or times.iso(value) or times.parse(
            value, "%b %d %Y %H:%M:%S %Z", "%b %d %Y %H:%M:%S"
        )  # fmt: skip

    document["@timestamp"] = times.required(
        times.iso(entry.get("high_res_timestamp")), time("time_generated"), time("receive_time"),
        document.get("@timestamp"),
    )  # fmt: skip
    put_observer(
        document,
        "Palo Alto Networks",
        "PAN-OS",
        serial_number=text(entry.get("serial")),
        hostname=text(entry.get("device_name")),
        version=text(entry.get("sw_version")),
    )
    severity = entry.get("severity", "").lower()
    if severity in _LEVELS:
        document["event"]["severity"] = _LEVELS[severity]
        put(document, "log.level", severity)
    kind = entry["type"]
    if kind in _SESSIONS:
        _read_session(document, entry, time)
        _SESSIONS[kind](document, entry)
        put_flow(document)
    elif kind in READERS:
        READERS[kind](document, entry)
    else:
        categorise(document, action=entry.get("subtype"))
    return document


def _entry(message: str) -> dict[str, str] | None:
    begin = message.lstrip()
    if match := _BEGIN.match(begin):
        if match[1] not in LAYOUTS and begin[:2] not in ("1,", "0,"):
            return None
        values = read_csv(begin)
        if len(values) < 7:
            raise UnparsedError(f"expected 7 or more fields, found {len(values)}")
        return named(values)
    if is_strata(message):
        return read_strata_entry(message)
    if "|Palo Alto Networks|" in message[:400]:
        entry = read_cef_entry(message) if "CEF:" in message[:300] else read_leef_entry(message)
        return entry
    return None


def _read_session(document: Document, entry: Entry, time: Callable[[str], str | None]) -> None:
    """What all logs about a session begin with."""
    for side, name in (("source", "src"), ("destination", "dst")):
        put_end(document, side, entry.get(name), entry.get(f"{name[0]}port"))
        if entry.get(f"nat{name}") not in (None, "0.0.0.0", "::"):
            put_ip(document, f"{side}.nat.ip", entry.get(f"nat{name}"))
        put(document, f"{side}.nat.port", integer(entry.get(f"nat{name[0]}port")) or None)
        put_account(document, f"{side}.user", entry.get(f"{name}user"))
        put(document, f"{side}.mac", mac(entry.get(f"{name}_mac")))
        put(document, f"{side}.domain", text(entry.get(f"{name}_host")))
    put_account(document, "user", entry.get("srcuser"))
    put_side(document, "ingress", entry.get("inbound_if"), entry.get("from"))
    put_side(document, "egress", entry.get("outbound_if"), entry.get("to"))
    put(document, "rule.name", text(entry.get("rule")))
    put(document, "rule.uuid", text(entry.get("rule_uuid")))
    put_transport(document, entry.get("proto"))
    put(document, "network.application", (entry.get("app") or "").lower())
    put(document, "network.direction", _DIRECTIONS.get((entry.get("from", ""), entry.get("to", ""))))
    put(document, "source.bytes", integer(entry.get("bytes_sent")))
    put(document, "source.packets", integer(entry.get("pkts_sent")))
    put(document, "destination.bytes", integer(entry.get("bytes_received")))
    put(document, "destination.packets", integer(entry.get("pkts_received")))
    put(document, "network.bytes", integer(entry.get("bytes")))
    put(document, "network.packets", integer(entry.get("packets")))
    put(document, "event.start", time("start"))
    put_length(document, entry.get("elapsed"))
    put(document, "event.reason", text(entry.get("session_end_reason")))
    put_ip(document, "network.forwarded_ip", entry.get("xff_ip") or entry.get("xff"))
    flags = integer(entry.get("flags")) or 0
    for bit, label in _FLAGS.items():
        if flags & bit:
            put(document, f"labels.{label}", True)


def _verdict(entry: Entry) -> bool | None:
    action = entry.get("action", "").lower().replace(" ", "-")
    return True if action in _ALLOWED else False if action in _DENIED else None


def _read_traffic(document: Document, entry: Entry) -> None:
    subtype = entry.get("subtype", "").lower()
    action, types = _FLOWS.get(subtype, (subtype or None, ("connection",)))
    categorise(document, ["network"], types, action=action)
    allowed = _verdict(entry)
    put_verdict(document, False if subtype in ("drop", "deny") else allowed)
    if subtype == "start":
        document["event"].pop("end", None)
        document["event"].pop("duration", None)


def _read_threat(document: Document, entry: Entry) -> None:
    subtype = entry.get("subtype", "").lower()
    action = _THREATS.get(subtype, subtype or None)
    categorise(document, ["intrusion_detection", "threat", "network"], (), kind="alert", action=action)
    if subtype in _OF_MALWARE:
        add(document, "event.category", "malware")
    allowed = _verdict(entry)
    put_verdict(document, allowed)
    if allowed is None:
        add(document, "event.type", "info")
    name, number = entry.get("threatid", ""), None
    if match := _ID.match(name):
        name, number = match.groups()
    if number and subtype != "url":
        document["vendor"]["threat_name"] = name
        put(document, "event.code", number)
    subject = entry.get("misc", "")
    if subtype in _OF_FILES:
        if "/" in subject or "\\" in subject:
            put_path(document, "file", subject)
        elif subject:
            put(document, "file.name", subject)
            stem, dot, extension = subject.rpartition(".")
            put(document, "file.extension", extension if stem and dot and len(extension) < 16 else None)
        if subtype in _OF_MALWARE:
            put(document, "threat.indicator.name", text(name))
    elif subject and subtype == "spyware" and "/" not in subject:
        put_domain(document, "url", subject.partition(":")[0])
        put(document, "url.original", subject)
    elif subject:
        put_url(document, subject if "://" in subject[:12] else f"//{subject}")
        put(document, "url.original", subject)
    add(document, "related.hosts", document.get("url", {}).get("domain"))
    digest = entry.get("filedigest", "").lower()
    if len(digest) in (32, 40, 64) and all(character in "0123456789abcdef" for character in digest):
        put(
            document, {32: "file.hash.md5", 40: "file.hash.sha1", 64: "file.hash.sha256"}[len(digest)], digest
        )
    put_agent(document, entry.get("user_agent"))
    put(document, "http.request.method", _known(entry.get("http_method")))
    put(document, "http.request.referrer", _known(entry.get("referer")))
    put(document, "http.response.mime_type", _known(entry.get("contenttype")) if subtype == "url" else None)
    for field, key in (("from.address", "sender"), ("to.address", "recipient")):
        add(
            document,
            f"email.{field}",
            [part.strip() for part in entry.get(key, "").split(";") if "@" in part],
        )
    put(document, "email.subject", _known(entry.get("subject")))


def _known(value: str | None) -> str | None:
    found = text(value)
    return found if found and found.lower() != "unknown" else None


def _read_decryption(document: Document, entry: Entry) -> None:
    categorise(document, ["network"], ["connection"], action=entry.get("subtype") or "decryption")
    put_verdict(document, _verdict(entry))
    version = entry.get("tls_version", "").upper().removeprefix("TLS").lstrip("V")
    if version[:1].isdigit():
        put(document, "tls.version", version)
        put(document, "tls.version_protocol", "tls")
    put(document, "tls.cipher", _known(entry.get("tls_enc")))
    put(document, "tls.curve", _known(entry.get("ec_curve")))
    put(document, "tls.client.server_name", text(entry.get("sni")))
    put(document, "tls.server.x509.subject.common_name", text(entry.get("cn")))
    put(document, "tls.server.x509.issuer.common_name", text(entry.get("issuer_cn")))
    put(document, "tls.server.x509.serial_number", text(entry.get("cert_serial")))
    put(document, "tls.server.hash.sha256", text(entry.get("fingerprint")))
    if error := _known(entry.get("error")):
        put(document, "event.reason", error)
    add(document, "related.hosts", text(entry.get("sni")))


def _read_tunnel(document: Document, entry: Entry) -> None:
    subtype = entry.get("subtype", "").lower()
    subtype = entry["type"].lower() if subtype in ("", "0") else subtype
    action, types = _FLOWS.get(subtype, (subtype or None, ("connection",)))
    categorise(document, ["network"], types, action=action)
    put_verdict(document, _verdict(entry))


_SESSIONS: Mapping[str, Callable[[Document, Entry], None]] = {
    "TRAFFIC": _read_traffic,
    "THREAT": _read_threat,
    "DECRYPTION": _read_decryption,
    "TUNNEL": _read_tunnel,
    "GTP": _read_tunnel,
    "SCTP": _read_tunnel,
    "START": _read_tunnel,
    "END": _read_tunnel,
}


def _recognise(message: str) -> bool:
    if match := _BEGIN.match(message.lstrip()):
        return match[1] in LAYOUTS and message.count(",") > 9
    if is_strata(message):
        return True
    head = message[:300]
    return "|Palo Alto Networks|" in head and ("CEF:" in head or "LEEF:" in head)


PANOS = message_source(
    "panw.panos",
    "Palo Alto Networks PAN-OS (traffic, threat, system, configuration, GlobalProtect and others)",
    "PAN-OS Administrator's Guide, Syslog Field Descriptions (9.1-11.1)",
    read,
    _recognise,
    SAMPLES,
)
