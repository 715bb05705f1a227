"""``checkpoint.firewall``: logs of Check Point's gateways and management, as its Log Exporter writes them.

Reference: Check Point, "Log Exporter" (sk122323) and "Description of Fields in Logs" (sk144192). The
event's time is ``time`` (seconds since 1970), else the exporter's header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from integrations.checkpoint.firewall_samples import SAMPLES
from integrations.checkpoint.shapes import Shaped, read_shape
from integrations.contract import UnparsedError
from integrations.fields import add, categorise, integer, mac, number, put, put_end, put_ip, put_new, text
from integrations.flows import put_account, put_flow, put_length, put_observer, put_side, put_transport
from integrations.normalisers import message_source, started
from integrations.syslog import Envelope
from integrations.times import Times
from integrations.web import put_agent, put_domain, put_path, put_url
from rules.ecs import Document

Entry = Mapping[str, str]
_TELLING = frozenset({"product", "action", "loguid", "originsicname", "operation"})
_ALLOWED = frozenset(
    {
        "accept",
        "allow",
        "encrypt",
        "decrypt",
        "bypass",
        "inspect",
        "detect",
        "ask user",
        "inform user",
        "redirect",
        "authcrypt",
        "authorize",
        "extract",
        "flag",
        "key install",
        "monitored",
        "replace malicious code",
        "vpn routing",
    }
)
_DENIED = frozenset({"drop", "reject", "block", "prevent", "deny", "quarantine", "ips prevent"})
_SESSIONS = {
    "log in": ("start", "success"), "log out": ("end", "success"), "failed log in": ("start", "failure"),
    "login": ("start", "success"), "logout": ("end", "success"), "update": ("info", "success"),
}  # fmt: skip
_THREATS = {
    "smartdefense": ("intrusion_detection",), "ips": ("intrusion_detection",), "anti-virus": ("malware",),
    "anti malware": ("malware",), "new anti virus": ("malware",), "anti-bot": ("malware", "intrusion_detection"),
    "threat emulation": ("malware", "file"), "threat extraction": ("file",), "zero phishing": ("intrusion_detection",),
    "forensics": ("malware",), "anti-ransomware": ("malware",), "anti-exploit": ("intrusion_detection",),
    "anti phishing": ("email", "intrusion_detection"), "dlp": ("file",), "anti-spam and email security": ("email",),
}  # fmt: skip
_CONSOLES = frozenset(
    {"smartconsole", "smartdashboard", "web_api", "web-ui", "wsb_api", "mgmt cli", "security management"}
)
_OPERATIONS = {
    "create object": "creation", "create": "creation", "delete object": "deletion", "delete": "deletion",
    "log in": "start", "log out": "end",
}  # fmt: skip
_SEVERITIES = {"informational": 0, "info": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}
_NAMED = re.compile(r"(.{1,200}?) ?\(([^()]{1,200})\)", re.DOTALL)
_HASHES = (("md5", 32), ("sha1", 40), ("sha256", 64))


def read(message: str, envelope: Envelope | None, times: Times) -> Document:
    shaped = _structured(envelope) or read_shape(message)
    entry = shaped.entry
    if not entry.keys() & _TELLING:
        raise UnparsedError("expected a product, action or loguid among the fields of a Check Point log")
    document = started(envelope)
    document["vendor"] = dict(entry)
    document.get("log", {}).get("syslog", {}).pop("structured_data", None)
    document["@timestamp"] = times.required(
        times.epoch(entry.get("time")), times.iso(entry.get("time")), times.iso(shaped.time),
        document.get("@timestamp"), times.received(),
    )  # fmt: skip
    origin = text(entry.get("origin"))
    put_observer(
        document,
        "Checkpoint",
        entry.get("product") or "VPN-1 & FireWall-1",
        name=text(entry.get("orig")) or text(entry.get("hostname")) or origin,
    )
    put(document, "observer.hostname", shaped.host)
    put_ip(document, "observer.ip", origin)
    put(document, "event.sequence", integer(entry.get("sequencenum")))
    severity = entry.get("severity", "")
    put(document, "event.severity", _SEVERITIES.get(severity.lower(), integer(severity)))
    put(document, "event.risk_score", number(entry.get("risk_score") or entry.get("app_risk")))
    _read_kind(document, entry)
    _read_ends(document, entry)
    _read_subject(document, entry)
    put(document, "event.start", times.any(entry.get("start_time")))
    put_length(document, entry.get("duration") or entry.get("elapsed"))
    put(document, "event.reason", text(entry.get("reason") or entry.get("drop_reason")))
    put(document, "message", text(entry.get("message") or entry.get("msg") or entry.get("description")))
    put_flow(document, entry.get("icmp_type"), entry.get("icmp_code"))
    return document


def _structured(envelope: Envelope | None) -> Shaped | None:
    """Return a log that is its envelope's structured data (the exporter's ``rfc5424``), None for none."""
    more = envelope.more if envelope is not None else None
    elements: Mapping[str, Entry] = (more or {}).get("log.syslog.structured_data", {})
    for element in elements.values():
        if element.keys() & _TELLING:
            return Shaped({name: value for name, value in element.items() if value.strip()})
    return None


def _read_kind(document: Document, entry: Entry) -> None:
    product, action = entry.get("product", "").lower(), entry.get("action", "")
    word, operation = action.lower(), entry.get("operation", "")
    if operation or product in _CONSOLES:
        kind = _OPERATIONS.get(operation.lower(), "change")
        category = "authentication" if kind in ("start", "end") else "configuration"
        status = (entry.get("audit_status") or entry.get("operation_status") or "").lower()
        outcome = "failure" if "fail" in status else "success" if status or operation else None
        categorise(document, [category], [kind], action=operation or action, outcome=outcome)
        return
    if word in _SESSIONS:
        kind, outcome = _SESSIONS[word]
        categorise(document, ["authentication"], [kind], action=action, outcome=outcome)
        return
    threat = _THREATS.get(product)
    categorise(
        document,
        ["network", *(threat or ())],
        [],
        kind="alert" if threat or word in ("prevent", "detect") else "event",
        action=action or text(entry.get("type")),
    )
    if word in _DENIED:
        document["event"] |= {"type": ["connection", "denied"], "outcome": "success", "blocked": "true"}
    elif word in _ALLOWED:
        document["event"] |= {"type": ["allowed", "connection"], "outcome": "success", "blocked": "false"}
    else:
        document["event"]["type"] = ["info"]


def _read_ends(document: Document, entry: Entry) -> None:
    put_end(document, "source", entry.get("src") or entry.get("client_ip"), entry.get("s_port"))
    put_end(document, "destination", entry.get("dst"), entry.get("service"))
    for end, letter in (("source", "s"), ("destination", "d")):
        address = entry.get("xlatesrc" if letter == "s" else "xlatedst")
        if address not in (None, "0.0.0.0", "::"):
            put_ip(document, f"{end}.nat.ip", address)
        put(document, f"{end}.nat.port", integer(entry.get(f"xlate{letter}port")) or None)
        side = "src" if letter == "s" else "dst"
        _put_person(document, f"{end}.user", entry.get(f"{side}_user_name"))
        put_new(document, f"{end}.domain", text(entry.get(f"{side}_machine_name")))
    put(document, "source.mac", mac(entry.get("mac_source_address")))
    put(document, "destination.mac", mac(entry.get("mac_destination_address")))
    _put_person(
        document, "user", entry.get("user") or entry.get("administrator") or entry.get("src_user_name")
    )
    put(document, "user.group.name", text(entry.get("src_user_group")))
    put_transport(document, entry.get("proto"))
    inbound = entry.get("ifdir", "").lower() != "outbound"
    interface = text(entry.get("ifname"))
    put_side(document, "ingress", interface if inbound else None, _zone(entry.get("inzone")))
    put_side(document, "egress", None if inbound else interface, _zone(entry.get("outzone")))
    put(document, "network.direction", entry.get("ifdir", "").lower())
    put(document, "network.protocol", (text(entry.get("service_id")) or "").lower())
    put(document, "network.application", (text(entry.get("appi_name")) or "").lower())
    put(document, "source.bytes", integer(entry.get("sent_bytes") or entry.get("client_outbound_bytes")))
    put(
        document,
        "destination.bytes",
        integer(entry.get("received_bytes") or entry.get("server_outbound_bytes")),
    )
    put(document, "source.packets", integer(entry.get("client_outbound_packets")))
    put(document, "destination.packets", integer(entry.get("server_outbound_packets")))
    put(document, "network.bytes", integer(entry.get("bytes")))
    put(document, "network.packets", integer(entry.get("packets")))
    put(document, "rule.name", text(entry.get("rule_name") or entry.get("malware_rule_name")))
    put(document, "rule.uuid", text(entry.get("rule_uid")))
    put(document, "rule.id", text(entry.get("malware_rule_id") or entry.get("rule")))
    put(document, "rule.ruleset", text(entry.get("layer_name") or entry.get("policy")))
    put(document, "rule.category", text(entry.get("matched_category") or entry.get("app_category")))


def _zone(value: str | None) -> str | None:
    return None if value in (None, "N/A") else value


def _put_person(document: Document, place: str, value: str | None) -> None:
    """Check Point writes ``Alice Example (alice)``."""
    name = text(value)
    if name and (match := _NAMED.fullmatch(name)):
        put(document, f"{place}.full_name", match[1])
        name = match[2]
    put_account(document, place, name)


def _read_subject(document: Document, entry: Entry) -> None:
    """What the connection carried: a page, a name, a file, a mail, an attack."""
    put_url(document, entry.get("resource"))
    add(document, "related.hosts", document.get("url", {}).get("domain"))
    put_agent(document, entry.get("user_agent"))
    put(document, "http.request.method", text(entry.get("method")))
    put(document, "http.request.referrer", text(entry.get("referrer")))
    put(document, "dns.question.name", text(entry.get("domain_name") or entry.get("dns_query")))
    put(document, "dns.question.type", text(entry.get("dns_type")))
    put(document, "tls.client.server_name", text(entry.get("sni")))
    name = text(entry.get("file_name"))
    if name and ("/" in name or "\\" in name):
        put_path(document, "file", name)
    elif name:
        put(document, "file.name", name)
        put(document, "file.extension", name.rpartition(".")[2] if "." in name[1:] else None)
    put(document, "file.size", integer(entry.get("file_size")))
    for kind, length in _HASHES:
        digest = entry.get(f"file_{kind}", "")
        put(
            document,
            f"file.hash.{kind}",
            digest.lower() if len(digest) == length and digest.isalnum() else None,
        )
    put(document, "process.name", text(entry.get("process_name")))
    put(document, "host.os.name", text(entry.get("os_name") or entry.get("src_os")))
    protection = text(entry.get("protection_name") or entry.get("attack") or entry.get("malware_family"))
    if document["event"]["kind"] == "alert":
        put_new(document, "rule.name", protection)
        put(document, "rule.description", text(entry.get("attack_info")))
        malware = "malware" in document["event"].get("category", ())
        put(document, "threat.indicator.name", protection if malware else None)
        put(
            document,
            "vulnerability.id",
            [part.strip() for part in entry.get("industry_reference", "").split(",") if part.strip()],
        )
    put(document, "email.subject", text(entry.get("email_subject")))
    put(document, "email.message_id", text(entry.get("email_message_id")))
    for field, key in (("from", "from"), ("to", "to")):
        addresses = [part.strip(" <>") for part in re.split("[,;]", entry.get(key, "")) if "@" in part]
        put(document, f"email.{field}.address", addresses)
    if "url" not in document and "domain_name" in entry:
        add(document, "related.hosts", entry["domain_name"])
    if domain := text(entry.get("dst_domain_name")):
        put_domain(document, "destination", domain)


def _recognise(message: str) -> bool:
    head = message[:4096]
    if "CEF:" in head[:400] or "LEEF:" in head[:400]:
        return "|Check Point|" in head[:400]
    if head.lstrip().startswith("{"):
        return (
            '"loguid"' in head
            or '"originsicname"' in head
            or ('"product"' in head and '"sequencenum"' in head)
        )
    found = sum(
        f'{key}:"' in head
        for key in ("action", "product", "loguid", "origin", "ifdir", "operation", "sequencenum")
    )
    if found < 2 and (" CheckPoint " in head[:400] or 'loguid="{0x' in head):
        found += sum(f' {key}="' in head for key in ("loguid", "origin", "product", "sequencenum"))
    return found >= 2 or ("|product=" in head and ("|loguid=" in head or "|origin" in head))


FIREWALL = message_source(
    "checkpoint.firewall",
    "Check Point gateways and management (Log Exporter)",
    "Check Point sk122323 Log Exporter, sk144192 Description of Fields in Logs",
    read,
    _recognise,
    SAMPLES,
)
