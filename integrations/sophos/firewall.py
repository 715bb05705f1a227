"""``sophos.firewall``: logs of Sophos Firewall (XG, XGS, SFOS), in the older and in the central format.

Reference: Sophos, "Sophos Firewall Syslog Guide" (SFOS 17 to 21): ``key=value`` pairs. The central format
(``timestamp=``, ``device_serial_id=``) has other names for many fields; they are read under the older names.
A time zone that is only an abbreviation means what `integrations.zones` says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from integrations.contract import UnparsedError
from integrations.fields import add, categorise, integer, mac, put, put_end, put_ip, put_new, text
from integrations.flows import put_account, put_flow, put_length, put_observer, put_side, put_transport
from integrations.normalisers import message_source, started
from integrations.notations import read_pairs
from integrations.sophos.firewall_samples import SAMPLES
from integrations.syslog import Envelope
from integrations.times import Times
from integrations.web import put_agent, put_domain, put_executable, put_path, put_url
from rules.ecs import Document

Entry = Mapping[str, str]
_OLDER = {
    "device_serial_id": "device_id", "severity": "priority", "user": "user_name", "user_group": "user_gp", "usergroupname": "user_gp",
    "packets_sent": "sent_pkts", "packets_received": "recv_pkts", "bytes_sent": "sent_bytes", "bytes_received": "recv_bytes",
    "src_trans_ip": "tran_src_ip", "src_trans_port": "tran_src_port", "dst_trans_ip": "tran_dst_ip", "dst_trans_port": "tran_dst_port",
    "src_zone": "srczone", "dst_zone": "dstzone", "con_event": "connevent", "con_id": "connid", "app_name": "application",
    "app_category": "application_category", "sig_id": "signature_id", "file_name": "filename", "file_size": "filesize",
    "file_type": "filetype", "http_status": "httpresponsecode", "status_code": "httpresponsecode", "httpstatus": "httpresponsecode",
    "http_method": "httpmethod", "method": "httpmethod", "user_agent": "useragent", "content_type": "contenttype",
    "sender": "from_email_address", "recipient": "to_email_address", "subject": "email_subject", "sourceip": "src_ip", "srcip": "src_ip",
    "destinationip": "dst_ip", "localip": "dst_ip", "threat": "threatname", "domainname": "domain", "bytessent": "recv_bytes",
    "bytesrcv": "sent_bytes", "con_duration": "duration", "ep_ip": "src_ip", "sha1sum": "sha1", "login_user": "user_name",
    "process_user": "user_name", "web_category": "category", "src_port_": "src_port", "remote_ip": "src_ip", "http_category": "category",
}  # fmt: skip
"""The central format's names, and those of single modules, by the older ones."""
_LEVELS = {
    "emergency": 0, "alert": 1, "critical": 2, "error": 3, "warning": 4, "notice": 5, "notification": 5, "information": 6,
    "informational": 6, "debug": 7,
}  # fmt: skip
_NAMES = ("emergency", "alert", "critical", "error", "warning", "notification", "informational", "debug")
_ALLOWED = frozenset(
    {
        "allowed",
        "allow",
        "accept",
        "permitted",
        "detect",
        "detected",
        "alert",
        "clean",
        "warned",
        "monitor",
        "decrypt",
        "do not decrypt",
        "pass",
    }
)
_DENIED = frozenset(
    {
        "denied",
        "deny",
        "drop",
        "dropped",
        "blocked",
        "block",
        "reject",
        "rejected",
        "virus",
        "malicious",
        "quarantine",
        "reset",
    }
)
_ZONES = {
    ("LAN", "WAN"): "outbound", ("WAN", "LAN"): "inbound", ("WAN", "DMZ"): "inbound", ("DMZ", "WAN"): "outbound",
    ("LAN", "LAN"): "internal", ("LAN", "DMZ"): "internal", ("DMZ", "LAN"): "internal",
}  # fmt: skip
_HASHES = {32: "md5", 40: "sha1", 64: "sha256"}


def read(message: str, envelope: Envelope | None, times: Times) -> Document:
    raw = {key: value for key, value in read_pairs(message).items() if value}
    if "log_type" not in raw or not raw.keys() & {
        "log_id",
        "device_id",
        "device_serial_id",
        "device_name",
        "device",
        "log_component",
    }:
        raise UnparsedError(
            "expected Sophos Firewall's fields: device_name=… log_id=… log_type=… log_component=…"
        )
    entry: dict[str, str] = {}
    for key, value in raw.items():
        entry.setdefault(_OLDER.get(key, key), value)
    document = started(envelope)
    document["vendor"] = raw
    zone = entry.get("timezone", "")
    clock = f"{entry.get('date', '')} {entry.get('time', '')}"
    document["@timestamp"] = times.required(
        times.iso(entry.get("timestamp")), times.iso(f"{clock} {zone}"), times.iso(clock),
        document.get("@timestamp"), times.received(),
    )  # fmt: skip
    put_observer(
        document, "Sophos", "XG", serial_number=text(entry.get("device_id")), name=text(entry.get("device_name")),
        version=text(entry.get("fw_version")),
    )  # fmt: skip
    number = entry.get("log_id", "")
    put(document, "event.code", number[-5:] if number.isdigit() and len(number) > 5 else text(number))
    if (level := _LEVELS.get(entry.get("priority", "").lower())) is not None:
        put(document, "event.severity", level)
        put(document, "log.level", _NAMES[level])
    _read_ends(document, entry)
    _READERS.get(entry["log_type"].lower(), _read_other)(document, entry)
    _read_subject(document, entry)
    put(document, "message", text(entry.get("message")))
    put(document, "event.reason", text(entry.get("reason")))
    put_flow(document, entry.get("icmp_type"), entry.get("icmp_code"))
    return document


def _read_ends(document: Document, entry: Entry) -> None:
    for side, name, sent in (("source", "src", "sent"), ("destination", "dst", "recv")):
        put_end(document, side, entry.get(f"{name}_ip"), entry.get(f"{name}_port"))
        put(document, f"{side}.mac", mac(entry.get(f"{name}_mac")))
        put(document, f"{side}.bytes", integer(entry.get(f"{sent}_bytes")))
        put(document, f"{side}.packets", integer(entry.get(f"{sent}_pkts")))
        if entry.get(f"tran_{name}_ip") not in (None, "0.0.0.0", "::"):
            put_ip(document, f"{side}.nat.ip", entry.get(f"tran_{name}_ip"))
        put(document, f"{side}.nat.port", integer(entry.get(f"tran_{name}_port")) or None)
    if user := entry.get("user_name"):
        put_account(document, "source.user", user)
        put_account(document, "user", user)
        put(document, "source.user.group.name", text(entry.get("user_gp")))
    put_side(document, "ingress", entry.get("in_interface"), entry.get("srczone"))
    put_side(document, "egress", entry.get("out_interface"), entry.get("dstzone"))
    put_transport(document, entry.get("protocol"))
    put(document, "network.application", (text(entry.get("application")) or "").lower())
    zones = (
        entry.get("srczonetype") or entry.get("src_zone_type"),
        entry.get("dstzonetype") or entry.get("dst_zone_type"),
    )
    put(document, "network.direction", _ZONES.get((zones[0] or "", zones[1] or "")))
    put(document, "rule.id", text(entry.get("fw_rule_id")))
    put(document, "rule.name", text(entry.get("fw_rule_name")))
    put(document, "rule.ruleset", text(entry.get("policy_name") or entry.get("fw_rule_section")))


def _verdict(document: Document, entry: Entry) -> bool | None:
    word = entry.get("log_subtype", "").lower()
    denied = word in _DENIED or (word not in _ALLOWED and entry.get("status", "").lower() in _DENIED)
    allowed = (
        False if denied else True if word in _ALLOWED or entry.get("status", "").lower() in _ALLOWED else None
    )
    if allowed is not None:
        add(document, "event.type", "allowed" if allowed else "denied")
        put_new(document, "event.outcome", "success")
        put(document, "event.blocked", "false" if allowed else "true")
    return allowed


def _action(entry: Entry) -> str | None:
    return (entry.get("log_subtype") or entry.get("status") or "").lower() or None


def _read_firewall(document: Document, entry: Entry) -> None:
    stage = {"start": "start", "stop": "end", "end": "end"}.get(entry.get("connevent", "").lower())
    categorise(document, ["network"], ["connection", *([stage] if stage else [])], action=_action(entry))
    _verdict(document, entry)
    if (length := entry.get("duration", "0")) != "0":
        if stage == "end":
            put(document, "event.end", document["@timestamp"])
        put_length(document, length)


def _read_threat(*categories: str) -> Callable[[Document, Entry], None]:
    def read_threat(document: Document, entry: Entry) -> None:
        clean = entry.get("log_subtype", "").lower() in ("allowed", "clean", "info")
        categorise(
            document, ["network", *categories], [], kind="event" if clean else "alert", action=_action(entry)
        )
        _verdict(document, entry)
        if not document["event"].get("type"):
            document["event"]["type"] = ["info"]
        put(document, "rule.id", text(entry.get("signature_id")) or document.get("rule", {}).get("id"))
        put(document, "rule.name", text(entry.get("signature_msg")) or document.get("rule", {}).get("name"))
        put(document, "rule.category", text(entry.get("classification") or entry.get("category")))
        put(document, "threat.indicator.name", text(entry.get("virus") or entry.get("threatname")))

    return read_threat


def _read_content(document: Document, entry: Entry) -> None:
    categorise(
        document,
        ["network", "web"],
        ["connection"] if entry.get("log_component") == "Application" else ["access"],
        action=_action(entry),
    )
    _verdict(document, entry)
    put(document, "rule.category", text(entry.get("category") or entry.get("application_category")))


def _read_web_server(document: Document, entry: Entry) -> None:
    status = integer(entry.get("httpresponsecode"))
    bad = (entry.get("reason") or "-") not in ("-", "") and (status or 0) >= 400
    categorise(document, ["network", "web"], ["access", *(["denied"] if bad else [])], action=_action(entry))
    put(document, "event.outcome", None if status is None else "failure" if status >= 400 else "success")
    put(document, "http.version", (entry.get("ws_protocol") or "").removeprefix("HTTP/"))
    put_domain(document, "url", entry.get("server") or entry.get("host"))


def _read_spam(document: Document, entry: Entry) -> None:
    categorise(document, ["network", "email"], [], action=_action(entry))
    allowed = _verdict(document, entry)
    if allowed is None:
        document["event"]["type"] = ["info"]


_AUTHENTICATIONS = frozenset(
    {
        "firewall authentication",
        "ssl vpn authentication",
        "vpn authentication",
        "my account authentication",
        "dial-in authentication",
    }
    | {
        "external authentication",
        "webadmin authentication",
        "user portal authentication",
        "vpn portal authentication",
        "captive portal",
    }
    | {"ipsec authentication", "l2tp authentication", "pptp authentication"}
)
_FAILED = frozenset({"failed", "failure", "denied", "unsuccessful", "error"})
_DONE = frozenset({"successful", "success", "established", "connected", "succeeded", "completed"})
_VPNS = ("ssl vpn", "ipsec", "l2tp", "pptp", "red", "vpn")


def _read_event(document: Document, entry: Entry) -> None:
    component, subtype = entry.get("log_component", "").lower(), entry.get("log_subtype", "").lower()
    status = entry.get("status", "").lower()
    said = entry.get("message", "").lower()
    outcome = (
        "failure"
        if status in _FAILED or "failed to login" in said
        else "success"
        if status in _DONE
        else None
    )
    category, kind = "host", "info"
    if component in _AUTHENTICATIONS or subtype == "authentication":
        category, kind = "authentication", "end" if "logged out" in said or "logout" in said else "start"
        outcome = outcome or ("success" if "successful" in said or "logged out" in said else None)
    elif component.startswith(_VPNS):
        category = "network"
        kind = {"established": "start", "connected": "start", "terminated": "end", "disconnected": "end"}.get(
            status, "info"
        )
    elif subtype == "admin" or component in ("gui", "cli", "central management", "console"):
        category, kind = "configuration", "change"
        if "log" in said and ("logged in" in said or "login" in said or "logged out" in said):
            category, kind = "authentication", "end" if "logged out" in said else "start"
            outcome = outcome or ("failure" if "failed" in said else "success")
    elif component in ("dhcp server", "interface", "gateway", "dns", "sd-wan"):
        category = "network"
    categories = ["network", "session"] if category == "network" and kind in ("start", "end") else [category]
    categorise(document, categories, [kind], action=status or _action(entry), outcome=outcome)


def _read_tls(document: Document, entry: Entry) -> None:
    categorise(document, ["network"], ["connection"], action=_action(entry))
    _verdict(document, entry)
    version = entry.get("tls_version", "").upper().replace("V", "").removeprefix("TLS").strip()
    put(document, "tls.version", version if version[:1].isdigit() else None)
    put(document, "tls.cipher", text(entry.get("cipher_suite")))
    put(document, "tls.client.server_name", text(entry.get("sni")))
    put(document, "tls.server.hash.sha1", text(entry.get("fingerprint")))


def _read_heartbeat(document: Document, entry: Entry) -> None:
    categorise(document, ["host"], ["info"], action=_action(entry))
    put(document, "host.name", text(entry.get("ep_name")))
    put(document, "host.id", text(entry.get("ep_uuid")))


def _read_other(document: Document, entry: Entry) -> None:
    category = "network" if "src_ip" in entry else "host"
    categorise(document, [category], action=_action(entry))


_READERS: Mapping[str, Callable[[Document, Entry], None]] = {
    "firewall": _read_firewall, "idp": _read_threat("intrusion_detection"), "ips": _read_threat("intrusion_detection"),
    "anti-virus": _read_threat("malware"), "sandbox": _read_threat("malware"), "sandstorm": _read_threat("malware"),
    "zero-day protection": _read_threat("malware"), "atp": _read_threat("intrusion_detection", "malware"), "active threat response": _read_threat("intrusion_detection"),
    "advanced threat protection": _read_threat("intrusion_detection", "malware"), "anti-spam": _read_spam, "content filtering": _read_content,
    "waf": _read_web_server, "web server protection": _read_web_server, "event": _read_event, "ssl": _read_tls, "ssl/tls inspection": _read_tls,
    "tls": _read_tls, "heartbeat": _read_heartbeat, "security heartbeat": _read_heartbeat,
}  # fmt: skip


def _read_subject(document: Document, entry: Entry) -> None:
    """What the connection carried: a page, a file, a mail."""
    url = text(entry.get("url"))
    query = (text(entry.get("queryparam")) or "").lstrip("?")
    put_url(document, f"{url}?{query}" if url and query and "?" not in url else url)
    if domain := text(entry.get("domain")):
        put_domain(document, "url", domain)
        add(document, "related.hosts", domain)
        if document.get("destination"):
            put_new(document, "destination.domain", domain)
    put_agent(document, entry.get("useragent"))
    put(document, "http.request.method", text(entry.get("httpmethod")))
    put(document, "http.request.referrer", text(entry.get("referer")))
    put(document, "http.response.status_code", integer(entry.get("httpresponsecode")) or None)
    put(document, "http.response.mime_type", text(entry.get("contenttype")))
    name = text(entry.get("filename"))
    if name and ("/" in name or "\\" in name):
        put_path(document, "file", name)
    elif name:
        put(document, "file.name", name)
        put(document, "file.extension", name.rpartition(".")[2] if "." in name[1:] else None)
    put(document, "file.size", integer(entry.get("filesize")))
    for key in ("sha1", "sha256", "md5", "filehash"):
        digest = entry.get(key, "").lower()
        if len(digest) in _HASHES and re.fullmatch("[0-9a-f]+", digest):
            put(document, f"file.hash.{_HASHES[len(digest)]}", digest)
    put_executable(document, "process", text(entry.get("execution_path")))
    for field, key in (("from", "from_email_address"), ("to", "to_email_address")):
        put(
            document,
            f"email.{field}.address",
            [part.strip() for part in re.split("[,;]", entry.get(key, "")) if "@" in part],
        )
    put(document, "email.subject", text(entry.get("email_subject")))
    put(
        document,
        "email.message_id",
        text(entry.get("mailid") or entry.get("message_id") if "email_subject" in entry else None),
    )


def _recognise(message: str) -> bool:
    head = message[:800]
    return (
        "log_type=" in head
        and "log_component=" in head
        and ("device_name=" in head or "device_id=" in head or "device=" in head)
    )


FIREWALL = message_source(
    "sophos.firewall",
    "Sophos Firewall (XG, XGS, SFOS)",
    "Sophos Firewall Syslog Guide (SFOS 17-21)",
    read,
    _recognise,
    SAMPLES,
)
