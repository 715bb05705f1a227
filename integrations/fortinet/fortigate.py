"""``fortinet.fortigate``: FortiOS's logs, as ``key=value`` or CEF, with or without syslog.

Reference: Fortinet, "FortiOS Log Message Reference" (6.0 to 7.6). ``date`` and ``time`` are local to the
device, ``tz`` says where; where it is missing, ``eventtime`` (since 1970) is the event's time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from integrations.contract import UnparsedError
from integrations.fields import add, categorise, integer, mac, number, put, put_end, put_ip, put_new, text
from integrations.flows import (
    put_account,
    put_flow,
    put_length,
    put_observer,
    put_side,
    put_transport,
    put_verdict,
)
from integrations.fortinet.fortigate_samples import SAMPLES
from integrations.normalisers import message_source, started
from integrations.notations import read_cef, read_pairs
from integrations.syslog import Envelope
from integrations.times import Times
from integrations.web import put_agent, put_domain, put_path, put_url
from rules.ecs import Document

Entry = Mapping[str, str]
_CEF = {
    "deviceExternalId": "devid", "dvchost": "devname", "externalId": "sessionid", "act": "action", "src": "srcip",
    "dst": "dstip", "spt": "srcport", "dpt": "dstport", "app": "service", "deviceInboundInterface": "srcintf",
    "deviceOutboundInterface": "dstintf", "out": "sentbyte", "in": "rcvdbyte", "suser": "user", "duser": "dstuser",
    "shost": "srcname", "dhost": "hostname", "request": "url", "fname": "filename", "fsize": "filesize",
    "requestClientApplication": "agent", "requestMethod": "httpmethod", "sourceTranslatedAddress": "transip",
    "sourceTranslatedPort": "transport", "destinationTranslatedAddress": "tranip", "smac": "srcmac",
    "destinationTranslatedPort": "tranport", "cnt": "count", "outcome": "status", "sntdom": "domain",
    "deviceDirection": "direction", "fileHash": "analyticscksum",
}  # fmt: skip
_DENIED = frozenset(
    "deny denied block blocked drop dropped drop_session clear_session reset reset_client reset_server "
    "reset-client reset-server ban quarantine quarantined violation ssl-block connection-blocked".split()
)
_ALLOWED = frozenset(
    "accept allow allowed close start timeout client-rst server-rst dns pass passthrough passed detected monitored "
    "monitor permit permitted exempt log-only log analytics redirect".split()
)
_ROLES = {
    ("lan", "wan"): "outbound",
    ("wan", "lan"): "inbound",
    ("lan", "lan"): "internal",
    ("wan", "wan"): "external",
}
_WAYS = {"outgoing": "outbound", "incoming": "inbound", "1": "inbound", "0": "outbound"}
_ALERTS = frozenset({"virus", "ips", "anomaly", "waf", "attack"})
_UTM_CATEGORIES = {
    "virus": ("network", "malware"), "ips": ("network", "intrusion_detection"), "attack": ("network", "intrusion_detection"),
    "anomaly": ("network", "intrusion_detection"), "waf": ("network", "web", "intrusion_detection"),
    "webfilter": ("network", "web"), "emailfilter": ("network", "email"), "spam": ("network", "email"),
    "dlp": ("network", "file"), "file-filter": ("network", "file"),
}  # fmt: skip
_HASH = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}", re.ASCII)
_HASHES = {32: "md5", 40: "sha1", 64: "sha256"}
_UI = re.compile(r"([A-Za-z0-9_-]{1,32})\(([0-9A-Fa-f.:]{3,45})\)", re.ASCII)


def read(message: str, envelope: Envelope | None, times: Times) -> Document:
    entry = _entry(message)
    kind, subtype = entry.get("type", "").lower(), entry.get("subtype", "").lower()
    if not kind or not (entry.keys() & {"logid", "devid", "devname", "log_id"}):
        raise UnparsedError(
            'expected FortiOS fields: date=… time=… devname="…" logid="…" type="…" subtype="…"'
        )
    document = started(envelope)
    document["vendor"] = dict(entry)
    clock = f"{entry.get('date', '')} {entry.get('time', '')}".strip()
    zone = entry.get("tz", "")
    eventtime = times.epoch(entry.get("eventtime"))
    local = times.iso(f"{clock} {zone}".strip())
    document["@timestamp"] = times.required(
        *((local, eventtime) if zone else (eventtime, local)),
        times.epoch(entry.get("start")),
        document.get("@timestamp"),
    )
    put_observer(
        document,
        "Fortinet",
        "Fortigate",
        serial_number=text(entry.get("devid")),
        name=text(entry.get("devname")),
        version=text(entry.get("product_version")),
    )
    put(document, "event.code", text(entry.get("logid")))
    put(document, "log.level", text(entry.get("level") or entry.get("pri")))
    put(document, "event.timezone", text(zone))
    put(document, "event.start", eventtime)
    _read_ends(document, entry)
    if kind == "gtp":
        put_end(document, "source", entry.get("from"), entry.get("srcport"))
        put_end(document, "destination", entry.get("to"), entry.get("dstport"))
    _READERS.get(kind, _read_utm)(document, entry, subtype)
    put(document, "event.risk_score", number(entry.get("crscore")))
    put_new(document, "message", text(entry.get("msg")))
    put_flow(document, entry.get("icmptype"), entry.get("icmpcode"))
    return document


_VOIP = {
    "src_port": "srcport", "dst_port": "dstport", "src_int": "srcintf", "dst_int": "dstintf",
    "policy_id": "policyid", "session_id": "sessionid",
}  # fmt: skip
"""Fields of VoIP logs under the names that all others have."""


def _entry(message: str) -> Entry:
    if "CEF:" not in message[:200]:
        pairs = read_pairs(message)
        return {_VOIP.get(name, name): value for name, value in pairs.items() if value not in ("", "N/A")}
    cef = read_cef(message)
    if cef.vendor != "Fortinet":
        raise UnparsedError(f"expected CEF of Fortinet, not of {cef.vendor[:80]!r}")
    entry: dict[str, str] = {}
    for name, value in cef.extension.items():
        if value:
            entry.setdefault(_CEF.get(name, name.removeprefix("FTNTFGT").removeprefix("ad.")), value)
    kind, _, rest = (entry.get("cat") or cef.name).partition(":")
    entry.setdefault("type", kind)
    entry.setdefault("subtype", rest.partition(" ")[0])
    entry.setdefault("logid", cef.event_class)
    entry["product_version"] = cef.product_version
    return entry


def _read_ends(document: Document, entry: Entry) -> None:
    for side, name in (("source", "src"), ("destination", "dst")):
        put_end(document, side, entry.get(f"{name}ip"), entry.get(f"{name}port"))
        put(document, f"{side}.mac", mac(entry.get(f"{name}mac") or entry.get(f"master{name}mac")))
    nat = (("source", "transip", "transport"), ("destination", "tranip", "tranport"))
    for side, ip, port in nat:
        if entry.get(ip) not in (None, "0.0.0.0", "::"):
            put_ip(document, f"{side}.nat.ip", entry[ip])
            put(document, f"{side}.nat.port", integer(entry.get(port)) or None)
    put(document, "source.bytes", integer(entry.get("sentbyte")))
    put(document, "source.packets", integer(entry.get("sentpkt")))
    put(document, "destination.bytes", integer(entry.get("rcvdbyte")))
    put(document, "destination.packets", integer(entry.get("rcvdpkt")))
    if user := entry.get("user") or entry.get("unauthuser"):
        put_account(document, "source.user", user)
        put_account(document, "user", user)
        put(document, "source.user.group.name", text(entry.get("group")))
        put(document, "user.group.name", text(entry.get("group")))
    put_account(document, "destination.user", entry.get("dstuser"))
    put_side(document, "ingress", _known(entry.get("srcintf")))
    put_side(document, "egress", _known(entry.get("dstintf")))
    put_transport(document, entry.get("proto"))
    put(document, "network.protocol", (_known(entry.get("service")) or "").lower())
    put(document, "network.application", (_known(entry.get("app")) or "").lower())
    way = _WAYS.get(entry.get("direction", "").lower()) or _ROLES.get(
        (entry.get("srcintfrole", ""), entry.get("dstintfrole", ""))
    )
    put(document, "network.direction", way)
    policy = entry.get("policyid")
    put(document, "rule.id", policy)
    put(document, "rule.name", text(entry.get("policyname")))
    put(document, "rule.uuid", text(entry.get("poluuid")))
    put(document, "rule.ruleset", text(entry.get("profile") or entry.get("policytype")))
    put(document, "rule.category", text(entry.get("catdesc") or entry.get("appcat")))


def _known(value: str | None) -> str | None:
    found = text(value)
    return (
        found
        if found and found.lower() not in ("unknown-0", "undefined", "n/a", "unknown", "unscanned")
        else None
    )


def _verdict(*words: str | None) -> bool | None:
    found = [word.lower() for word in words if word]
    if any(word in _DENIED for word in found):
        return False
    return True if any(word in _ALLOWED for word in found) else None


def _read_traffic(document: Document, entry: Entry, subtype: str) -> None:
    action = entry.get("action", "").lower()
    allowed = _verdict(action, entry.get("utmaction"))
    ended = action not in ("", "start", "accept", "deny", "ip-conn", "dns")
    categorise(
        document,
        ["network"],
        ["connection", *(["start"] if action == "start" else ["end"] if ended else [])],
        action=action or subtype or None,
        outcome="success" if action else None,
    )
    if action == "ip-conn":  # FortiOS could not reach the other side
        document["event"]["outcome"] = "failure"
    put_verdict(document, allowed)
    put_length(document, entry.get("duration"))


def _read_utm(document: Document, entry: Entry, subtype: str) -> None:
    subtype = subtype or entry.get("type", "").lower()
    categorise(
        document,
        _UTM_CATEGORIES.get(subtype, ("network",)),
        [],
        kind="alert" if subtype in _ALERTS else "event",
        action=text(entry.get("eventtype")) or text(entry.get("action")),
        outcome="success",
    )
    allowed = _verdict(entry.get("action"), entry.get("utmaction"))
    put_verdict(document, allowed)
    if allowed is None:
        add(document, "event.type", "info")
    if attack := text(entry.get("attack")):
        put(document, "rule.name", attack)
        put(document, "rule.id", text(entry.get("attackid")))
        put(document, "rule.reference", text(entry.get("ref")))
    _read_url(document, entry)
    _read_file(document, entry)
    put(document, "dns.question.name", text(entry.get("qname")))
    put(document, "dns.question.type", text(entry.get("qtype")))
    put(document, "dns.question.class", text(entry.get("qclass")))
    put(document, "dns.id", text(entry.get("xid")) if "qname" in entry else None)
    if answers := entry.get("ipaddr"):
        for answer in answers.split(",")[:64]:
            if (ip := answer.strip()) and ip.replace(".", "").replace(":", "").isalnum():
                add(document, "dns.resolved_ip", ip if put_ip({}, "ip", ip) else None)
    put(document, "tls.client.server_name", text(entry.get("sni")))
    put(document, "tls.server.x509.subject.common_name", text(entry.get("scertcname")))
    put(document, "tls.server.issuer", text(entry.get("scertissuer")))
    put(document, "user.name", text(entry.get("login")) if subtype == "ssh" else None)
    if subtype in ("voip", "gtp"):
        return  # ``from`` and ``to`` are no mail's
    for field, key in (
        ("from.address", "from"),
        ("sender.address", "sender"),
        ("to.address", "recipient"),
        ("to.address", "to"),
    ):
        addresses = [part.strip(" <>") for part in re.split("[,;]", entry.get(key, "")) if "@" in part]
        if addresses:
            put(document, f"email.{field}", addresses[0] if field.startswith("sender") else addresses)
    put(document, "email.subject", text(entry.get("subject")))


def _read_url(document: Document, entry: Entry) -> None:
    host, url = text(entry.get("hostname")), text(entry.get("url"))
    if url:
        put_url(document, url)
    if host:
        name, colon, port = host.rpartition(":")
        plain = name if colon and port.isdigit() else host
        put_domain(document, "url", plain)
        put(document, "destination.domain", plain if document.get("destination") else None)
        add(document, "related.hosts", plain)
    put_agent(document, entry.get("agent"))
    put(document, "http.request.method", text(entry.get("httpmethod")))
    put(document, "http.request.referrer", text(entry.get("referralurl")))
    put(document, "http.response.status_code", integer(entry.get("httpcode")))
    put_ip(document, "network.forwarded_ip", entry.get("forwardedfor"))


def _read_file(document: Document, entry: Entry) -> None:
    name = text(entry.get("filename"))
    if name and ("/" in name or "\\" in name):
        put_path(document, "file", name)
    elif name:
        put(document, "file.name", name)
        put(document, "file.extension", name.rpartition(".")[2] if "." in name[1:] else None)
    put(document, "file.size", integer(entry.get("filesize")))
    digest = entry.get("analyticscksum") or entry.get("filehash") or ""
    if _HASH.fullmatch(digest):
        put(document, f"file.hash.{_HASHES[len(digest)]}", digest.lower())
    put(document, "threat.indicator.name", text(entry.get("virus")))


_ACCOUNTS = frozenset({"system.admin", "user.local", "user.group", "system.api-user"})
_CHANGES = {"add": "creation", "edit": "change", "delete": "deletion", "move": "change", "clone": "creation"}
_SESSIONS = {
    "tunnel-up": ("network", "session", "start"), "tunnel-down": ("network", "session", "end"),
    "tunnel-stats": ("network", "session", "info"), "ssl-new-con": ("network", "connection"),
    "ssl-login-fail": ("authentication", "start"), "ssl-exit-fail": ("network", "session", "end"),
    "ssl-web-deny": ("network", "denied"), "ssl-web-pass": ("network", "allowed"), "ssl-alert": ("network", "info"),
    "login": ("authentication", "start"), "logout": ("authentication", "end"),
    "authentication": ("authentication", "start"), "auth-logon": ("authentication", "start"),
    "auth-logout": ("authentication", "end"), "fsso-logon": ("authentication", "start"),
    "fsso-logoff": ("authentication", "end"), "radius": ("authentication", "info"),
}  # fmt: skip
"""By action: categories, and last the type."""
_EVENT_CATEGORIES = {
    "vpn": "network", "user": "authentication", "router": "network", "ha": "host", "wireless": "network",
    "endpoint": "host", "system": "host", "compliance-check": "configuration", "security-rating": "configuration",
    "sdwan": "network", "connector": "network", "fortiextender": "network", "wad": "network",
}  # fmt: skip
_FAILURES = frozenset(
    {"failure", "failed", "fail", "error", "negotiate_error", "timed_out", "deny", "denied"}
)


def _read_event(document: Document, entry: Entry, subtype: str) -> None:
    action = entry.get("action", "")
    status = entry.get("status", entry.get("result", "")).lower()
    outcome = None
    if status in _FAILURES or action.lower().endswith("-fail") or action.lower() == "negotiate_error":
        outcome = "failure"
    elif status in ("success", "succeeded", "ok", "pass", "accept") or action.lower() in (
        "tunnel-up",
        "auth-logon",
    ):
        outcome = "success"
    categories, kind = [_EVENT_CATEGORIES.get(subtype, "host")], "info"
    if path := entry.get("cfgpath"):
        categories = ["configuration", *(["iam"] if path in _ACCOUNTS else [])]
        kind, outcome = _CHANGES.get(action.lower(), "change"), outcome or "success"
    elif found := _SESSIONS.get(action.lower()):
        *categories, kind = found
    categorise(document, categories, [kind], action=action or None, outcome=outcome)
    if entry.get("cfgpath") in _ACCOUNTS and entry.get("cfgobj"):
        place = "group" if entry["cfgpath"] == "user.group" else "user.target"
        put(document, f"{place}.name", entry["cfgobj"])
    put(document, "rule.description", text(entry.get("logdesc")))
    put(document, "event.reason", text(entry.get("reason") or entry.get("error_reason")))
    remote, local = entry.get("remip"), entry.get("locip")
    if (remote and "source" not in document) or (remote and not document.get("source", {}).get("ip")):
        if local and entry.get("init") != "remote":
            put_end(document, "source", local, entry.get("locport"))
            put_end(document, "destination", remote, entry.get("remport"))
        else:
            put_end(document, "source", remote, entry.get("remport"))
            put_end(document, "destination", local, entry.get("locport"))
    elif (ui := _UI.search(entry.get("ui", ""))) and not document.get("source", {}).get("ip"):
        put_end(document, "source", ui[2])
    if entry.get("tunnelip") not in (None, "0.0.0.0", "(null)"):
        put_ip(document, "source.nat.ip", entry.get("tunnelip"))
    put(document, "source.mac", mac(entry.get("mac")))
    if (length := entry.get("duration", "0")) != "0":
        put_length(document, length)


_READERS: Mapping[str, Callable[[Document, Entry, str], None]] = {
    "traffic": _read_traffic,
    "event": _read_event,
}


def _recognise(message: str) -> bool:
    if "CEF:" in message[:200]:
        return "|Fortinet|Fortigate|" in message[:400] or "|Fortinet|FortiGate|" in message[:400]
    head = message[:600]
    return "date=" in head and "time=" in head and "logid=" in head and "type=" in head


FORTIGATE = message_source(
    "fortinet.fortigate",
    "Fortinet FortiGate (traffic, UTM, event and anomaly logs)",
    "FortiOS Log Message Reference (6.0-7.6)",
    read,
    _recognise,
    SAMPLES,
)
