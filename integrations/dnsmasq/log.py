"""``dnsmasq.log``: what dnsmasq was asked, whom it asked, what it answered, and the leases it gave.

With ``log-queries=extra`` a line begins with a serial number and the client. Reference: dnsmasq(8),
``--log-queries`` and ``--log-dhcp``.
"""

from __future__ import annotations

import re

from integrations.contract import Sample, UnparsedError
from integrations.dns import put_answers, put_code, put_question
from integrations.fields import categorise, mac, put, put_end
from integrations.normalisers import message_source, started
from integrations.syslog import Envelope
from integrations.text import address
from integrations.times import Times
from rules.ecs import Document

_BEFORE = re.compile(r"dnsmasq(?:-dhcp|-tftp)?(?:\[\d{1,10}\])?: ", re.ASCII)
_EXTRA = re.compile(r"(\d{1,10}) ([0-9A-Fa-f.:%a-z]{2,64})/(\d{1,5}) ", re.ASCII)
_QUERY = re.compile(r"query\[([A-Za-z0-9=]{1,32})\] (\S{1,1024}) from (\S{1,64})", re.ASCII)
_FORWARDED = re.compile(
    r"(?:forwarded|dnssec-(?:query\[[A-Z0-9]{1,16}\]|retry)) (\S{1,1024}) to (\S{1,64}?)(?:#(\d{1,5}))?",
    re.ASCII,
)
_ANSWER = re.compile(
    r"(reply|cached|cached-stale|config|DHCP|/\S{1,255}|gravity blocked|regex blacklisted|exactly blacklisted|"
    r"exactly denied|regex denied|Rate-limiting|special domain|Blocked [a-z ]{1,32}) "
    r"(\S{1,1024}) is (.{1,1024})",
    re.ASCII | re.DOTALL,
)
_DHCP = re.compile(
    r"(?:(\d{1,10}) )?(DHCP[A-Z]{2,16})\((\S{1,64})\)(?: ([0-9.]{7,15}|[0-9A-Fa-f:]{2,45}(?=\s)))?"
    r"(?: ((?:[0-9a-fA-F]{2}:){5,19}[0-9a-fA-F]{2}))?(?: (.{1,255}))?",
    re.ASCII | re.DOTALL,
)
_CODES = ("NXDOMAIN", "SERVFAIL", "REFUSED", "FORMERR", "NOTIMP")
_BLOCKING = ("gravity", "regex", "exactly", "Blocked", "special")
_LEASES = {
    "DHCPACK": (["start"], "success"),
    "DHCPNAK": (["denied"], "failure"),
    "DHCPRELEASE": (["end"], None),
    "DHCPDECLINE": (["error"], "failure"),
}


def read(message: str, envelope: Envelope | None, times: Times) -> Document:
    document = started(envelope)
    document.setdefault("@timestamp", times.received())
    if envelope is not None:
        put(document, "process.name", envelope.program)
        put(document, "process.pid", envelope.pid)
    known = envelope is not None
    if match := _BEFORE.match(message):
        message, known = message[match.end() :], True
    put(document, "message", message)
    rest = message
    if match := _DHCP.fullmatch(rest):
        _lease(document, match)
        return document
    vendor: Document = {}
    if match := _EXTRA.match(rest):
        vendor["serial"] = match[1]
        put_end(document, "source", match[2], match[3])
        rest = rest[match.end() :]
    if match := _QUERY.fullmatch(rest):
        categorise(document, ["network"], ["protocol"], action="query")
        put_question(document, match[2], match[1])
        put(document, "dns.type", "query")
        if "source" not in document:
            put_end(document, "source", match[3])
    elif match := _FORWARDED.fullmatch(rest):
        categorise(document, ["network"], ["protocol"], action="forwarded")
        put_question(document, match[1])
        put(document, "dns.type", "query")
        put_end(document, "destination", match[2], match[3])
    elif match := _ANSWER.fullmatch(rest):
        _answer(document, vendor, match)
    elif known:
        categorise(document, ["network"], ["info"])
    else:
        raise UnparsedError(
            "expected a line of dnsmasq: 'query[A] name from address', 'reply name is …', 'DHCPACK(…)'"
        )
    put(document, "network.protocol", "dns" if "dns" in document else None)
    put(document, "vendor", vendor)
    return document


def _answer(document: Document, vendor: Document, match: re.Match[str]) -> None:
    how, name, what = match.groups()
    blocked = how.startswith(_BLOCKING)
    action = "hosts" if how.startswith("/") else how.lower().replace(" ", "-")
    categorise(document, ["network"], ["protocol", "denied"] if blocked else ["protocol"], action=action)
    if how.startswith("/"):
        vendor["file"] = how
    put_question(document, name)
    put(document, "dns.type", "answer")
    value = what.strip()
    if value in _CODES:
        put_code(document, value)
    elif value.startswith("NODATA"):
        put_code(document, "NOERROR")
    else:
        put_code(document, "NOERROR")
        kind = "CNAME" if value == "<CNAME>" else None
        if ip := address(value):
            kind = "AAAA" if ":" in ip else "A"
        put_answers(
            document, [{"name": name, "type": kind, "data": None if value.startswith("<") else value}]
        )


def _lease(document: Document, match: re.Match[str]) -> None:
    serial, kind, interface, ip, hardware, rest = match.groups()
    types, outcome = _LEASES.get(kind, (["protocol"], None))
    categorise(
        document,
        ["network"],
        types if "protocol" in types else ["protocol", *types],
        action=kind.lower(),
        outcome=outcome,
    )
    put_end(document, "client", ip)
    put(document, "client.mac", mac(hardware))
    put(document, "network.protocol", "dhcp")
    put(document, "observer.ingress.interface.name", interface)
    if rest and kind == "DHCPNAK":
        put(document, "event.reason", rest)
    elif rest and " " not in rest:
        put(document, "host.hostname", rest)
    put(document, "vendor", {"serial": serial} if serial else None)


def recognise(message: str) -> bool:
    if _BEFORE.match(message):
        return True
    match = _EXTRA.match(message)
    rest = message[match.end() :] if match else message
    return any(pattern.fullmatch(rest) for pattern in (_QUERY, _FORWARDED, _ANSWER, _DHCP))


SAMPLES = (
    Sample(
        "Jan  8 09:00:00 gw dnsmasq[812]: query[A] www.example.com from 192.0.2.7",
        {
            "@timestamp": "2026-01-08T09:00:00.000Z",
            "event.category": ["network"],
            "event.type": ["protocol"],
            "event.action": "query",
            "dns.type": "query",
            "dns.question.name": "www.example.com",
            "dns.question.type": "A",
            "source.ip": "192.0.2.7",
            "network.protocol": "dns",
            "observer.hostname": "gw",
            "process.pid": 812,
        },
    ),
    Sample(
        "Jan  8 09:00:00 gw dnsmasq[812]: 77 192.0.2.7/53123 forwarded www.example.com to 203.0.113.53",
        {
            "event.action": "forwarded",
            "source.port": 53123,
            "destination.ip": "203.0.113.53",
            "vendor.serial": "77",
        },
    ),
    Sample(
        "Jan  8 09:00:00 gw dnsmasq[812]: reply www.example.com is 2001:db8::80",
        {
            "event.action": "reply",
            "event.outcome": "success",
            "dns.type": "answer",
            "dns.resolved_ip": ["2001:db8::80"],
            "dns.answers.type": "AAAA",
        },
    ),
    Sample(
        "Jan  8 09:00:00 gw dnsmasq[812]: cached none.example.com is NXDOMAIN",
        {"event.action": "cached", "event.outcome": "failure", "dns.response_code": "NXDOMAIN"},
    ),
    Sample(
        "Jan  8 09:00:00 gw dnsmasq[812]: config bad.example.org is 0.0.0.0",
        {"event.action": "config", "dns.question.name": "bad.example.org"},
    ),
    Sample(
        "Jan  8 09:00:00 gw dnsmasq[812]: gravity blocked ads.example.org is 0.0.0.0",
        {"event.action": "gravity-blocked", "event.type": ["protocol", "denied"]},
    ),
    Sample(
        "Jan  8 09:00:01 gw dnsmasq-dhcp[812]: DHCPACK(eth0) 192.0.2.44 02:00:00:00:00:44 laptop-1",
        {
            "event.action": "dhcpack",
            "event.type": ["protocol", "start"],
            "event.outcome": "success",
            "client.ip": "192.0.2.44",
            "client.mac": "02-00-00-00-00-44",
            "host.hostname": "laptop-1",
            "network.protocol": "dhcp",
        },
    ),
    Sample(
        "Jan  8 09:00:02 gw dnsmasq-dhcp[812]: 3301 DHCPDISCOVER(eth0) 02:00:00:00:00:45",
        {"event.action": "dhcpdiscover", "client.mac": "02-00-00-00-00-45", "vendor.serial": "3301"},
    ),
    Sample(
        "Jan  8 09:00:03 gw dnsmasq[812]: started, version 2.90 cachesize 1000",
        {"event.type": ["info"], "message": "started, version 2.90 cachesize 1000"},
    ),
)

LOG = message_source(
    "dnsmasq.log",
    "dnsmasq (queries, answers, DHCP leases)",
    "https://thekelleys.org.uk/dnsmasq/docs/dnsmasq-man.html",
    read,
    recognise,
    SAMPLES,
)
