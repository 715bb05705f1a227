"""``cisco.asa``: messages of Cisco's Adaptive Security Appliance (also PIX and FWSM), with or without syslog.

Reference: Cisco, "Cisco Secure Firewall ASA Series Syslog Messages". Of a connection that was built the log
tells who began it; of one that ended it doesn't, and the end that it names first is the source.
"""

from __future__ import annotations

import re
from typing import Any

from integrations.cisco.asa_messages import BETWEEN, GROUP, IKE, PERMIT, ROWS, Meaning, meaning_of
from integrations.cisco.asa_samples import SAMPLES
from integrations.cisco.headers import LEVELS, Said, split_message
from integrations.contract import UnparsedError
from integrations.fields import add, categorise, integer, mac, put, put_end, put_ip, text
from integrations.flows import put_account, put_flow, put_length, put_observer, put_side, put_transport
from integrations.normalisers import message_source, started
from integrations.syslog import Envelope
from integrations.text import address
from integrations.times import Times
from integrations.web import put_domain, put_path, put_url
from rules.ecs import Document

_CLOCK = re.compile(r"(?:(\d{1,4})d ?)?(?:(\d{1,6})h:?)?(?:(\d{1,2})m:?)?(?:(\d{1,2})s)?", re.ASCII)
_FAMILY = re.compile(r"%(?:ASA|PIX|FWSM)(?:-[A-Za-z]{1,20})?-{1,2}[0-7]-\d{5,6}(?: ?:| )", re.ASCII)
_PORTS = {
    "http": 80, "www": 80, "https": 443, "ssh": 22, "telnet": 23, "ftp": 21, "domain": 53, "snmp": 161, "ntp": 123,
    "smtp": 25, "syslog": 514, "bootps": 67, "bootpc": 68, "netbios-ns": 137, "netbios-dgm": 138, "tftp": 69,
    "radius": 1645, "isakmp": 500, "ldap": 389, "ldaps": 636, "sip": 5060, "h323": 1720, "sqlnet": 1521,
}  # fmt: skip
"""As the devices write them where names are on."""


def read(message: str, envelope: Envelope | None, times: Times) -> Document:
    said = split_message(message, envelope, times)
    if said is None or said.facility.partition("-")[0] not in ("ASA", "PIX", "FWSM"):
        raise UnparsedError("expected %ASA-severity-number: text")
    document = begun(said, envelope, times, "asa")
    read_message(document, said)
    return document


def begun(said: Said, envelope: Envelope | None, times: Times, product: str) -> Document:
    """Return the beginning of the document of a Cisco device's message."""
    document = started(envelope)
    program = envelope.program if envelope is not None else ""
    if envelope is not None and program and program[0].isalpha() and program.isascii() and len(program) > 3:
        put(document, "process.name", program)
        put(document, "process.pid", envelope.pid)
    document["@timestamp"] = times.required(said.time, times.received())
    put_observer(document, "Cisco", product)
    document["observer"].pop("hostname", None)
    if said.host:
        put(document, "observer.hostname", said.host)
        put(document, "host.hostname", said.host)
        put(document, "host.name", said.host)
    put(document, "event.code", said.mnemonic)
    put(document, "event.severity", said.severity)
    put(document, "log.level", LEVELS[said.severity])
    put(document, "message", said.text)
    put(document, "event.sequence", said.sequence)
    return document


def read_message(document: Document, said: Said) -> None:
    """Read a numbered message of ASA or FTD."""
    meaning, found = meaning_of(said.mnemonic), None
    for row in ROWS.get(said.mnemonic, ()):
        if found := row.pattern.match(said.text):
            meaning = row.meaning
            break
    if found is None:
        found = GROUP.match(said.text) or IKE.match(said.text) or BETWEEN.match(said.text)
        if rows := ROWS.get(said.mnemonic):
            meaning = rows[0].meaning
    fields: dict[str, Any] = {
        name: value for name, value in (found.groupdict() if found else {}).items() if value
    }
    if fields.get("verdict") in ("permitted", "est-allowed"):
        meaning = PERMIT
    if fields.get("result") in ("FAILED", "Failed"):
        meaning = meaning._replace(outcome="failure")
    elif fields.get("result") in ("OK", "Succeeded"):
        meaning = meaning._replace(outcome="success")
    if "failed authentication" in said.text[:200] and said.mnemonic.startswith("772"):
        meaning = meaning._replace(outcome="failure", action="logon-failed")
    _categorise(document, meaning)
    _read_fields(document, fields)
    document["vendor"] = {"message_id": said.mnemonic, **fields}


def _categorise(document: Document, meaning: Meaning) -> None:
    categorise(
        document,
        meaning.category,
        meaning.type,
        kind=meaning.kind,
        action=meaning.action,
        outcome=meaning.outcome,
    )
    if meaning.blocked is not None:
        put(document, "event.blocked", "true" if meaning.blocked else "false")


def _read_fields(document: Document, fields: dict[str, Any]) -> None:
    _read_icmp_ends(fields)
    sides = ("s", "source", "ingress"), ("d", "destination", "egress")
    if fields.get("way") == "outbound" and "connection" in fields and "f" not in fields:
        # "for outside:203.0.113.80/443 to inside:192.0.2.10/51234": the inner end began it
        sides = ("d", "source", "ingress"), ("s", "destination", "egress")
    for letter, end, side in sides:
        port = fields.get(f"{letter}port") or fields.get(f"{letter}port2")
        put_end(document, end, fields.get(letter), _PORTS.get(port or "", port))
        nat, nat_port = fields.get(f"{letter}nat"), integer(fields.get(f"{letter}natport"))
        if nat and address(nat) and (nat, nat_port) != (fields.get(letter), integer(port)):
            put_ip(document, f"{end}.nat.ip", nat)
            put(document, f"{end}.nat.port", nat_port)
        put_account(document, f"{end}.user", _account(fields.get(f"{letter}user")))
        put_side(document, side, fields.get(f"{letter}if"))
    put(document, "source.mac", mac(fields.get("smac")))
    user = _account(fields.get("user"))
    put_account(document, "user", user or _account(fields.get("suser")))
    if user and fields.get("s"):
        put_account(document, "source.user", user)
    put(document, "source.user.group.name", text(fields.get("group")))
    protocol = fields.get("proto", "")
    put_transport(document, protocol)
    put(document, "network.direction", fields.get("way"))
    put(document, "network.bytes", integer(fields.get("bytes")))
    if "sent" in fields:
        put(document, "destination.bytes", integer(fields["sent"]))
        put(document, "source.bytes", integer(fields.get("received")))
    put(document, "rule.name", text(fields.get("acl")))
    put(document, "event.reason", text(fields.get("reason")))
    _read_length(document, fields)
    if "url" in fields:
        put_url(document, fields["url"])
        if "url" in document and "domain" not in document["url"]:
            put_domain(document, "url", fields.get("d"))
    put_path(document, "file", text(fields.get("file")))
    put(document, "process.command_line", text(fields.get("command")))
    put(document, "event.provider", text(fields.get("app")))
    put(document, "threat.indicator.domain", text(fields.get("domain")))
    if domain := text(fields.get("domain")):
        add(document, "related.hosts", domain)
    if tls := fields.get("tls", ""):
        name, _, version = tls.partition("v")
        put(document, "tls.version", version)
        put(document, "tls.version_protocol", name.lower())
    for name in ("assigned", "assigned6"):
        if fields.get(name) not in (None, "::", "0.0.0.0"):
            add(document, "source.nat.ip" if name == "assigned" else "related.ip", address(fields[name]))
    if isinstance(nat := document.get("source", {}).get("nat", {}).get("ip"), list):
        document["source"]["nat"]["ip"] = nat[0]
    put_flow(document, fields.get("icmp"), fields.get("icmpcode"))


def _read_icmp_ends(fields: dict[str, Any]) -> None:
    """faddr is the other side, laddr the inner one, gaddr the address that laddr is translated to."""
    if "f" not in fields:
        return
    fields["proto"] = "icmp"
    outer, inner = ("d", "s") if fields.get("way") == "outbound" else ("s", "d")
    fields[outer], fields[inner] = fields["f"], fields["l"]
    if fields.get("g") != fields["l"]:
        fields[f"{inner}nat"] = fields.get("g")
    for letter, key in ((outer, "fuser"), (inner, "luser")):
        if key in fields:
            fields[f"{letter}user"] = fields[key]


def _read_length(document: Document, fields: dict[str, Any]) -> None:
    seconds = None
    if clock := fields.get("length"):
        hours, minutes, rest = clock.split(":")
        seconds = int(hours) * 3600 + int(minutes) * 60 + int(rest)
    elif (hms := fields.get("hms", "").strip()) and (match := _CLOCK.fullmatch(hms)):
        days, hours, minutes, rest = (int(part or 0) for part in match.groups())
        seconds = days * 86_400 + hours * 3600 + minutes * 60 + rest
    if seconds is not None:
        put(document, "event.end", document["@timestamp"])
        put_length(document, seconds)


def _account(name: Any) -> str | None:
    """``LOCAL\\bob`` is bob of the device itself; stars stand for a name that is not shown."""
    found = text(name)
    if found is None or set(found) <= {"*"} or found in ("UNKNOWN", "Unknown"):
        return None
    return found.removeprefix("LOCAL\\")


def _recognise(message: str) -> bool:
    return _FAMILY.search(message[:300]) is not None


ASA = message_source(
    "cisco.asa",
    "Cisco ASA, PIX and FWSM firewalls",
    "Cisco Secure Firewall ASA Series Syslog Messages",
    read,
    _recognise,
    SAMPLES,
)
