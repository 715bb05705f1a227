"""``cisco.ftd``: Cisco Secure Firewall Threat Defense: ASA's messages under ``%FTD-``, and its security
events (430001 to 430005), which are ``Key: value`` pairs.

Reference: Cisco, "Cisco Secure Firewall Threat Defense Syslog Messages", "Security Event Syslog Messages".
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from integrations.cisco.asa import begun, read_message
from integrations.cisco.ftd_samples import SAMPLES
from integrations.cisco.headers import split_message
from integrations.cisco.sourcefire import read_audit, read_sourcefire
from integrations.contract import UnparsedError
from integrations.fields import add, categorise, integer, put, put_end, put_ip, text
from integrations.flows import put_account, put_flow, put_length, put_observer, put_side, put_transport
from integrations.normalisers import message_source, started
from integrations.syslog import Envelope
from integrations.times import Times
from integrations.web import put_agent, put_path, put_url
from rules.ecs import Document

_KEY = re.compile(r"(?:^|, ?)([A-Z][A-Za-z0-9_/]{0,40}(?: [A-Z][A-Za-z0-9_]{0,40}){0,3}): ?", re.ASCII)
_FAMILY = re.compile(r"%(?:FTD|NGIPS)(?:-[A-Za-z]{1,20})?-{1,2}[0-7]-\d{5,6}(?: ?:| )", re.ASCII)
_TAGGED = re.compile(r"\s(?:SFIMS|sfdccsm|mojo_server\.pl)(?:\[\d{1,10}\])?: ", re.ASCII)
_EVENTS = {
    "430001": ("alert", ("network", "intrusion_detection"), ("info",), "intrusion-detected"),
    "430002": ("event", ("network",), ("connection", "start"), "connection-started"),
    "430003": ("event", ("network",), ("connection", "end"), "connection-finished"),
    "430004": ("event", ("network", "file"), ("info",), "file-detected"),
    "430005": ("alert", ("network", "malware", "file"), ("info",), "malware-detected"),
}
_ALLOWED = frozenset(
    {
        "allow",
        "trust",
        "fastpath",
        "monitor",
        "inspect",
        "detect",
        "interactive allow",
        "cloud lookup",
        "archive",
    }
    | {"malware cloud lookup", "would have blocked", "pass", "alert"}
)
_OLDER = frozenset({"SFIMS", "sfdccsm", "mojo_server.pl"})
"""Tags of syslog."""
_NO_USER = frozenset(
    {"No Authentication Required", "Unknown", "Not Found", "Special Identities/No Authentication Required"}
)


def read(message: str, envelope: Envelope | None, times: Times) -> Document:
    if envelope is not None and envelope.program in _OLDER:
        return _read_older(message, envelope, times)
    said = split_message(message, envelope, times)
    if said is None or said.facility.partition("-")[0] not in ("FTD", "NGIPS"):
        raise UnparsedError("expected %FTD-severity-number: text")
    document = begun(said, envelope, times, "ftd")
    if said.mnemonic not in _EVENTS:
        read_message(document, said)
        return document
    entry = _pairs(said.text)
    if not entry:
        raise UnparsedError("expected Key: value pairs after a security event's number")
    del document["message"]
    _read_event(document, said.mnemonic, entry, times)
    return document


def _read_event(document: Document, number: str, entry: Mapping[str, str], times: Times) -> None:
    document["vendor"] = {"message_id": number, **entry}
    kind, category, types, action = _EVENTS[number]
    categorise(document, category, types, kind=kind, action=action)
    _read_verdict(document, entry)
    _read_flow(document, entry, times)
    _read_subject(document, entry)


def _read_older(message: str, envelope: Envelope, times: Times) -> Document:
    """Read what Firepower sends under a tag of its own: events before 6.3, and the audit log."""
    document = started(envelope)
    put_observer(document, "Cisco", "ftd")
    if (found := read_sourcefire(message)) is not None and envelope.program == "SFIMS":
        number, entry = found
        put(document, "event.code", number)
        _read_event(document, number, entry, times)
        return document
    if (audit := read_audit(message)) is not None:
        user, address, place, deed = audit
        said = deed.lower()
        session = "start" if "login" in said or "log in" in said else "end" if "logout" in said else None
        categorise(
            document,
            ["authentication" if session else "configuration"],
            [session or ("access" if "view" in said else "change")],
            action=said.replace(" ", "-"),
            outcome="failure" if "fail" in said else "success",
        )
        put_account(document, "user", user)
        put_end(document, "source", address)
        put(document, "message", message)
        document["vendor"] = {"place": place, "deed": deed}
        return document
    raise UnparsedError("expected an event of Firepower, or `user@address, place, deed` of its audit log")


def _pairs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    keys = list(_KEY.finditer(text))[:500]
    for at, match in enumerate(keys):
        end = keys[at + 1].start() if at + 1 < len(keys) else len(text)
        if value := text[match.end() : end].strip().strip('"'):
            found.setdefault(match[1].replace(" ", ""), value)
    return found


def _read_verdict(document: Document, entry: Mapping[str, str]) -> None:
    action = (entry.get("AccessControlRuleAction") or entry.get("FileAction") or "").lower()
    blocked = "block" in action and "would" not in action
    if inline := entry.get("InlineResult", "").lower():
        blocked = inline in ("blocked", "dropped")
    if blocked or action in _ALLOWED or entry.get("InlineResult"):
        add(document, "event.type", "denied" if blocked else "allowed")
        put(document, "event.outcome", "success")
        put(document, "event.blocked", "true" if blocked else "false")


def _read_flow(document: Document, entry: Mapping[str, str], times: Times) -> None:
    put_end(document, "source", entry.get("SrcIP"), entry.get("SrcPort"))
    put_end(document, "destination", entry.get("DstIP"), entry.get("DstPort"))
    put_transport(document, entry.get("Protocol"))
    put_side(document, "ingress", entry.get("IngressInterface"), entry.get("IngressZone"))
    put_side(document, "egress", entry.get("EgressInterface"), entry.get("EgressZone"))
    for side, who in (("source", "Initiator"), ("destination", "Responder")):
        put(document, f"{side}.bytes", integer(entry.get(f"{who}Bytes")))
        put(document, f"{side}.packets", integer(entry.get(f"{who}Packets")))
    put_ip(document, "source.nat.ip", entry.get("NAT_InitiatorIP"))
    put(document, "source.nat.port", integer(entry.get("NAT_InitiatorPort")) or None)
    put_ip(document, "destination.nat.ip", entry.get("NAT_ResponderIP"))
    put(document, "destination.nat.port", integer(entry.get("NAT_ResponderPort")) or None)
    put(document, "network.application", (entry.get("WebApplication") or entry.get("Client") or "").lower())
    put(document, "network.protocol", (entry.get("ApplicationProtocol") or "").lower())
    put(document, "event.start", times.iso(entry.get("FirstPacketSecond")))
    put(document, "event.end", times.iso(entry.get("LastPacketSecond")))
    put_length(document, entry.get("ConnectionDuration"))
    put(document, "event.reason", text(entry.get("AccessControlRuleReason")))
    if (user := entry.get("User")) and user not in _NO_USER:
        put_account(document, "source.user", user)
        put_account(document, "user", user)
    put(document, "rule.name", text(entry.get("AccessControlRuleName")))
    put(document, "rule.ruleset", text(entry.get("ACPolicy")))
    put(document, "observer.name", text(entry.get("Sensor")))
    icmp = str(document.get("network", {}).get("transport", "")).endswith("icmp")
    put_flow(
        document,
        entry.get("ICMPType") or (entry.get("SrcPort") if icmp else None),
        entry.get("ICMPCode") or (entry.get("DstPort") if icmp else None),
    )


def _read_subject(document: Document, entry: Mapping[str, str]) -> None:
    """What the connection carried: a page, a name, a file, an attack."""
    url = entry.get("URL") or entry.get("URI")
    put_url(document, url)
    put_agent(document, entry.get("UserAgent"))
    put(document, "http.request.referrer", text(entry.get("HTTPReferer")))
    put(document, "http.response.status_code", integer(entry.get("HTTPResponse")) or None)
    put(document, "url.domain", text(entry.get("ReferencedHost") or entry.get("HTTP_Hostname")))
    if host := text(entry.get("ReferencedHost") or entry.get("HTTP_Hostname")):
        add(document, "related.hosts", host)
    put(document, "dns.question.name", text(entry.get("DNSQuery")))
    put(document, "dns.question.type", (entry.get("DNSRecordType") or "").split(" ")[0].upper())
    put(document, "dns.response_code", (entry.get("DNSResponseType") or "").replace(" ", "").upper())
    name = text(entry.get("FileName"))
    put_path(document, "file", name)
    if name and "/" not in name and "\\" not in name:
        document["file"].pop("path", None)
    put(document, "file.size", integer(entry.get("FileSize")))
    put(document, "file.hash.sha256", text(entry.get("FileSHA256") or entry.get("SHA256")))
    put(
        document,
        "threat.indicator.name",
        text(entry.get("ThreatName") if "FileName" in entry or "FileSHA256" in entry else None),
    )
    put(document, "tls.version", _tls(entry.get("SSLVersion")))
    put(
        document,
        "tls.cipher",
        text(entry.get("SSLCipherSuite")) if entry.get("SSLCipherSuite") != "Unknown" else None,
    )
    put(document, "tls.client.server_name", text(entry.get("SSLServerName")))
    if number := text(entry.get("SID")):
        put(document, "rule.id", number)
        put(document, "rule.name", text(entry.get("Message")))
        put(document, "rule.version", text(entry.get("Revision")))
        put(document, "rule.category", text(entry.get("Classification")))
        put(document, "message", text(entry.get("Message")))
    elif entry.get("Message"):
        put(document, "rule.description", text(entry.get("Message")))


def _tls(value: str | None) -> str | None:
    version = (value or "").upper().removeprefix("TLSV").removeprefix("SSLV")
    return version if version[:1].isdigit() else None


def _recognise(message: str) -> bool:
    head = message[:300]
    return _FAMILY.search(head) is not None or _TAGGED.search(head) is not None


FTD = message_source(
    "cisco.ftd",
    "Cisco Secure Firewall Threat Defense (FTD)",
    "Cisco Secure Firewall Threat Defense Syslog Messages",
    read,
    _recognise,
    SAMPLES,
)
