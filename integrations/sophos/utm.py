"""``sophos.utm``: logs of Sophos UTM (SG series, Astaro): packet filter, web proxy, IPS, mail, VPN, logins.

Reference: Sophos UTM, "Log Files" and "How to read packet filter logs". Each line is
``2026:01:31-12:00:00 utm-1 ulogd[4867]: id="2001" severity="info" sys="SecureNet" sub="packetfilter" …``; its
time is the device's own, in the origin's zone. Programs of which the device is made (dhcpd, named, openvpn)
write lines without such fields: those are kept as messages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from integrations.contract import UnparsedError
from integrations.fields import add, categorise, integer, mac, put, put_end, put_ip, put_new, text
from integrations.flows import put_account, put_flow, put_observer, put_side, put_transport, put_verdict
from integrations.normalisers import message_source, started
from integrations.notations import read_pairs
from integrations.sophos.utm_samples import SAMPLES
from integrations.syslog import Envelope
from integrations.times import Times
from integrations.web import put_agent, put_path, put_url
from rules.ecs import Document

Entry = Mapping[str, str]
_LINE = re.compile(
    r"(\d{4}):(\d\d):(\d\d)-(\d\d:\d\d:\d\d) (\S{1,255}) ([^\s\[\]:]{1,64})(?:\[(\d{1,10})\])?: ?(.*)",
    re.DOTALL | re.ASCII,
)
_OURS = re.compile(r"\d{4}:\d\d:\d\d-\d\d:\d\d:\d\d \S{1,255} [^\s\[\]:]{1,64}(?:\[\d{1,10}\])?: ", re.ASCII)
_LEVELS = {
    "emergency": 0, "alert": 1, "critical": 2, "error": 3, "warn": 4, "warning": 4, "notice": 5, "info": 6,
    "debug": 7,
}  # fmt: skip
_ALLOWED = frozenset({"pass", "accept", "allow", "warn", "alert", "log", "nat", "quarantine released"})
_DENIED = frozenset({"drop", "block", "reject", "blocked", "deny", "quarantined", "blackhole"})
_ADDRESS = re.compile(r"[^\s<>,;\"]{1,320}@[^\s<>,;\"]{1,255}")


def read(message: str, envelope: Envelope | None, times: Times) -> Document:
    match = _LINE.match(message)
    if match is None:
        raise UnparsedError(
            'expected a line as `2026:01:31-12:00:00 utm ulogd[4867]: id="2001" severity="…" …`'
        )
    year, month, day, clock, host, program, pid, said = match.groups()
    document = started(envelope)
    document["@timestamp"] = times.required(times.iso(f"{year}-{month}-{day} {clock}"))
    put_observer(document, "Sophos", "UTM", hostname=host, name=host)
    put(document, "process.name", program)
    put(document, "process.pid", integer(pid))
    entry = {name: value for name, value in read_pairs(said).items() if value}
    if "sys" not in entry and "id" not in entry:
        categorise(document, ["network"] if program in _NETWORK else ["host"])
        put(document, "message", said)
        return document
    document["vendor"] = dict(entry)
    put(document, "event.code", entry.get("id"))
    severity = entry.get("severity", "").lower()
    put(document, "event.severity", _LEVELS.get(severity))
    put(document, "log.level", severity)
    put(document, "message", entry.get("name") or said)
    _read_ends(document, entry)
    kind = entry.get("sub", "").lower()
    if kind not in _READERS and program == "reverseproxy":
        kind = "reverseproxy"
    _READERS.get(kind, _read_other)(document, entry)
    put(document, "event.reason", text(entry.get("reason")))
    put_flow(document, entry.get("type"), entry.get("code"))
    return document


_NETWORK = frozenset(
    {"dhcpd", "named", "openvpn", "pluto", "charon", "pppd", "ulogd", "afcd", "dns-resolver"}
)


def _read_ends(document: Document, entry: Entry) -> None:
    put_end(document, "source", entry.get("srcip"), entry.get("srcport"))
    put_end(document, "destination", entry.get("dstip") or entry.get("localip"), entry.get("dstport"))
    put(document, "source.mac", mac(entry.get("srcmac")))
    put(document, "destination.mac", mac(entry.get("dstmac")))
    put_side(document, "ingress", entry.get("initf"))
    put_side(document, "egress", entry.get("outitf"))
    put_transport(document, entry.get("proto"))
    if user := text(entry.get("user") or entry.get("username")):
        put_account(document, "user", user)
        put_account(document, "source.user", user)
        put_new(document, "user.domain", text(entry.get("ad_domain")))
    put(document, "user.group.name", text(entry.get("group")) if "user" in entry else None)
    put(document, "rule.id", text(entry.get("fwrule")))


def _verdict(entry: Entry) -> bool | None:
    action = entry.get("action", "").lower()
    return True if action in _ALLOWED else False if action in _DENIED else None


def _read_packet(document: Document, entry: Entry) -> None:
    action = text(entry.get("action"))
    categorise(document, ["network"], ["connection"], action=action)
    put_verdict(document, _verdict(entry))
    put(document, "network.bytes", integer(entry.get("length")))


def _read_web(document: Document, entry: Entry) -> None:
    categorise(document, ["network", "web"], ["access"], action=text(entry.get("action")))
    put_verdict(document, _verdict(entry))
    put_url(document, entry.get("url"))
    add(document, "related.hosts", document.get("url", {}).get("domain"))
    put_agent(document, entry.get("ua"))
    put(document, "http.request.method", text(entry.get("method")))
    put(document, "http.request.referrer", text(entry.get("referer")))
    put(document, "http.response.status_code", integer(entry.get("statuscode")) or None)
    put(document, "http.response.body.bytes", integer(entry.get("size")))
    put(document, "http.response.mime_type", text(entry.get("content-type")))
    put(document, "rule.category", text(entry.get("categoryname")))
    put(document, "rule.ruleset", text(entry.get("filteraction") or entry.get("profile")))
    put(
        document, "network.application", (text(entry.get("app-id") or entry.get("application")) or "").lower()
    )
    if virus := text(entry.get("virus")):
        document["event"]["kind"] = "alert"
        add(document, "event.category", "malware")
        put(document, "threat.indicator.name", virus)
    if name := text(entry.get("filename") or entry.get("file")):
        put_path(document, "file", name)


def _read_server(document: Document, entry: Entry) -> None:
    """The web application firewall: what came to the site's own servers."""
    status = integer(entry.get("statuscode"))
    denied = entry.get("reason", "-") not in ("-", "") and (status or 0) >= 400
    categorise(document, ["network", "web"], ["access"], action=text(entry.get("action")))
    put_verdict(document, not denied if status is not None else None)
    put_url(document, entry.get("url"))
    put_new(document, "url.domain", text(entry.get("server")))
    put(document, "url.query", (text(entry.get("query")) or "").lstrip("?"))
    put(document, "http.request.method", text(entry.get("method")))
    put(document, "http.request.referrer", text(entry.get("referer")))
    put(document, "http.response.status_code", status)
    put(document, "http.response.body.bytes", integer(entry.get("size")))
    if (length := integer(entry.get("time"))) is not None and length >= 0:
        put(document, "event.duration", length * 1000)
    add(document, "related.hosts", text(entry.get("server")))


def _read_attack(document: Document, entry: Entry) -> None:
    action = text(entry.get("action"))
    categorise(document, ["network", "intrusion_detection"], [], kind="alert", action=action)
    put_verdict(document, _verdict(entry))
    if not document["event"].get("type"):
        document["event"]["type"] = ["info"]
    put(document, "rule.id", text(entry.get("sid")) or text(entry.get("threatname")))
    put(document, "rule.name", text(entry.get("reason") or entry.get("threatname")))
    put(document, "rule.category", text(entry.get("class")))
    if "host" in entry:
        put_url(document, entry.get("url"))
        add(document, "related.hosts", entry["host"])


def _read_login(document: Document, entry: Entry) -> None:
    said = entry.get("name", "").lower()
    failed = "fail" in said or "denied" in said or "block" in said or "locked" in said
    categorise(
        document,
        ["authentication"],
        ["end" if "logout" in said or "logged out" in said else "start"],
        action=said.replace(" ", "-") or None,
        outcome="failure" if failed else "success",
    )
    put(document, "service.name", text(entry.get("caller")))


def _read_vpn(document: Document, entry: Entry) -> None:
    said = entry.get("name", entry.get("event", "")).lower()
    end = "terminated" in said or "closed" in said or "disconnect" in said
    categorise(
        document,
        ["network", "session"],
        ["end" if end else "start" if "start" in said or "established" in said else "info"],
        action=said.replace(" ", "-") or None,
        outcome="failure" if "fail" in said else "success",
    )
    put_ip(document, "source.nat.ip", entry.get("virtual_ip"))


def _read_mail(document: Document, entry: Entry) -> None:
    categorise(document, ["network", "email"], [], action=entry.get("name", "").replace(" ", "-") or None)
    said = entry.get("name", "").lower()
    denied = "reject" in said or "quarantin" in said or "blackhole" in said or "blocked" in said
    put_verdict(document, False if denied else True if "passed" in said or "delivered" in said else None)
    if not document["event"].get("type"):
        document["event"]["type"] = ["info"]
    for field, key in (("from", "from"), ("to", "to")):
        put(document, f"email.{field}.address", _ADDRESS.findall(entry.get(key, ""))[:100])
    put(document, "email.subject", text(entry.get("subject")))
    put(document, "email.message_id", text(entry.get("mailid") or entry.get("queueid")))


def _read_change(document: Document, entry: Entry) -> None:
    said = entry.get("name", "").lower()
    kind = "creation" if "created" in said else "deletion" if "delet" in said else "change"
    if "login" in said or "logout" in said:
        _read_login(document, entry)
        return
    categorise(
        document, ["configuration"], [kind], action=said.replace(" ", "-") or None,
        outcome="failure" if "fail" in said or "denied" in said else "success",
    )  # fmt: skip


def _read_other(document: Document, entry: Entry) -> None:
    category = "network" if "srcip" in entry else "host"
    categorise(document, [category], action=text(entry.get("action")))


_READERS: Mapping[str, Callable[[Document, Entry], None]] = {
    "packetfilter": _read_packet, "http": _read_web, "ips": _read_attack, "afc": _read_packet, "atp": _read_attack,
    "auth": _read_login, "vpn": _read_vpn, "smtp": _read_mail, "pop3": _read_mail, "confd": _read_change,
    "webadmin": _read_change, "reverseproxy": _read_server,
}  # fmt: skip


def _recognise(message: str) -> bool:
    return _OURS.match(message) is not None


UTM = message_source(
    "sophos.utm",
    "Sophos UTM (SG series)",
    "Sophos UTM, Log Files",
    read,
    _recognise,
    SAMPLES,
)
