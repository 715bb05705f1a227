"""``cef.event``: any product's events in CEF.

Format: "Implementing ArcSight Common Event Format (CEF)", version 26, its dictionary of extension keys.
What the dictionary has an ECS field for goes there; custom fields stand below ``vendor`` under the labels
that the product gave them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from integrations.contract import Sample
from integrations.fields import add, categorise, integer, mac, number, port_number, put, put_end, put_new
from integrations.generic.subjects import put_subject
from integrations.normalisers import message_source, started
from integrations.notations import Cef, read_cef
from integrations.syslog import Envelope
from integrations.text import address
from integrations.times import Times
from integrations.web import put_agent, put_path, put_url
from rules.ecs import Document

_SEVERITIES: Mapping[str, int] = {"unknown": 0, "low": 3, "medium": 6, "high": 8, "very-high": 10}
_TIME_FORMATS = (
    "%b %d %Y %H:%M:%S", "%b %d %H:%M:%S", "%b %d %Y %H:%M:%S.%f", "%b %d %Y %H:%M:%S %Z",
    "%b %d %Y %H:%M:%S.%f %Z", "%b %d %H:%M:%S.%f", "%b %d %H:%M:%S %Z", "%b %d %H:%M:%S.%f %Z",
)  # fmt: skip

_TEXTS: Mapping[str, str] = {
    "act": "event.action",
    "app": "network.protocol",
    "destinationServiceName": "destination.service.name",
    "sourceServiceName": "source.service.name",
    "deviceExternalId": "observer.serial_number",
    "deviceInboundInterface": "observer.ingress.interface.name",
    "deviceOutboundInterface": "observer.egress.interface.name",
    "deviceProcessName": "process.name",
    "dntdom": "destination.user.domain",
    "sntdom": "source.user.domain",
    "dpriv": "destination.user.group.name",
    "spriv": "source.user.group.name",
    "dproc": "destination.process.name",
    "sproc": "source.process.name",
    "duid": "destination.user.id",
    "suid": "source.user.id",
    "duser": "destination.user.name",
    "suser": "source.user.name",
    "dtz": "event.timezone",
    "dvchost": "observer.hostname",
    "externalId": "event.reference",
    "fileHash": "file.hash.value",
    "fileId": "file.inode",
    "filePermission": "file.mode",
    "fileType": "file.type",
    "msg": "message",
    "reason": "event.reason",
    "requestContext": "http.request.referrer",
    "requestCookies": "http.request.cookie",
    "requestMethod": "http.request.method",
}
_NUMBERS: Mapping[str, str] = {
    "in": "source.bytes",
    "out": "destination.bytes",
    "fsize": "file.size",
    "dpid": "destination.process.pid",
    "spid": "source.process.pid",
    "dvcpid": "process.pid",
}
_ADDRESSES: Mapping[str, str] = {
    "destinationTranslatedAddress": "destination.nat.ip",
    "sourceTranslatedAddress": "source.nat.ip",
    "deviceTranslatedAddress": "observer.nat.ip",
}
_PORTS: Mapping[str, str] = {
    "destinationTranslatedPort": "destination.nat.port",
    "sourceTranslatedPort": "source.nat.port",
}
_DIRECTIONS: Mapping[str, str] = {"0": "inbound", "1": "outbound"}
_OUTCOMES: Mapping[str, str] = {
    **dict.fromkeys(("success", "succeeded", "successful", "allowed", "allow", "accept", "permit", "ok", "true"), "success"),
    **dict.fromkeys(("failure", "failed", "fail", "denied", "deny", "drop", "block", "blocked", "reject", "false"), "failure"),
}  # fmt: skip
_HASHES: Mapping[int, str] = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}


def read_event(message: str, envelope: Envelope | None, times: Times) -> Document:
    """Return the document of a CEF record. Raises `UnparsedError`."""
    cef = read_cef(message)
    document = started(envelope)
    put_cef(document, cef, times)
    put_subject(document, cef.name)
    if "@timestamp" not in document:
        document["@timestamp"] = times.received()
    return document


def put_cef(document: Document, cef: Cef, times: Times) -> None:
    """Set what a CEF record says in ECS, with all of it below ``vendor``."""
    fields = cef.extension
    categorise(document, outcome=outcome_of(fields.get("outcome") or fields.get("act"))
               or outcome_of(fields.get("categoryOutcome", "").strip("/")))  # fmt: skip
    put(document, "observer.vendor", cef.vendor)
    put(document, "observer.product", cef.product)
    put(document, "observer.version", cef.product_version)
    put(document, "event.code", cef.event_class)
    put(document, "event.severity", severity_of(cef.severity))
    put(document, "message", cef.name)
    for table, convert in _TABLES:
        for key, field in table.items():
            if (value := fields.get(key)) is not None:
                put(document, field, convert(value))
    _put_ends(document, fields)
    _put_times(document, fields, times)
    if transport := fields.get("proto"):
        put(document, "network.transport", transport.lower())
    put(document, "network.direction", _DIRECTIONS.get(fields.get("deviceDirection", "")))
    put(document, "observer.ip", address(fields.get("dvc", "")))
    put(document, "observer.mac", mac(fields.get("dvcmac")))
    put_url(document, fields.get("request"))
    put_agent(document, fields.get("requestClientApplication"))
    if path := fields.get("filePath") or fields.get("fname"):
        put_path(document, "file", path)
        put(document, "file.name", fields.get("fname"))
    if (value := fields.get("fileHash")) is not None:
        document.get("file", {}).pop("hash", None)
        if kind := _HASHES.get(len(value)):
            put(document, f"file.hash.{kind}", value.lower())
    if user := fields.get("suser") or fields.get("duser"):
        put(document, "user.name", user)
        put(document, "user.id", fields.get("suid") if fields.get("suser") else fields.get("duid"))
    add(document, "related.user", [fields.get("suser"), fields.get("duser")])
    add(document, "related.hosts", [fields.get("shost"), fields.get("dhost"), fields.get("dvchost")])
    total = [integer(fields.get("in")), integer(fields.get("out"))]
    if any(size is not None for size in total):
        put(document, "network.bytes", sum(size or 0 for size in total))
    document["vendor"] = {**cef.labelled(), "name": cef.name, "severity": cef.severity}


def _put_ends(document: Document, fields: Mapping[str, str]) -> None:
    for side, ip, host, port, hardware in (
        ("source", "src", "shost", "spt", "smac"),
        ("destination", "dst", "dhost", "dpt", "dmac"),
    ):
        put_end(document, side, fields.get(ip) or fields.get(host), fields.get(port))
        if fields.get(ip):
            put(document, f"{side}.domain", fields.get(host))
        put(document, f"{side}.mac", mac(fields.get(hardware)))
    for label, side in (("c6a2", "source"), ("c6a3", "destination")):
        if "Address" in fields.get(f"{label}Label", "") and (found := address(fields.get(label, ""))):
            put_new(document, f"{side}.ip", found)
            put_new(document, f"{side}.address", found)


def _put_times(document: Document, fields: Mapping[str, str], times: Times) -> None:
    def read(key: str) -> str | None:
        value = fields.get(key)
        return times.any(value) or times.parse(value, *_TIME_FORMATS)

    begun, ended, received = read("start"), read("end"), read("rt")
    put(document, "event.start", begun)
    put(document, "event.end", ended)
    stated = received or begun or ended
    if stated is None and "@timestamp" not in document:
        stated = read("mrt") or read("art")  # when the manager or the agent got it: better than nothing
    if stated is not None:
        document["@timestamp"] = stated


def outcome_of(word: str | None) -> str | None:
    """Return the outcome that a word like ``blocked`` means, None for one that means none."""
    return _OUTCOMES.get(word.strip().lower()) if word else None


def severity_of(text: str) -> int | None:
    """Return a CEF severity as 0 to 10."""
    size = number(text)
    return int(size) if size is not None else _SEVERITIES.get(text.strip().lower())


def _same(value: str) -> Any:
    return value


def _address(value: str) -> Any:
    return address(value)


_TABLES: tuple[tuple[Mapping[str, str], Callable[[str], Any]], ...] = (
    (_TEXTS, _same),
    (_NUMBERS, integer),
    (_ADDRESSES, _address),
    (_PORTS, port_number),
)


def recognise(message: str) -> bool:
    at = message.find("CEF:", 0, 512)
    return at >= 0 and message[at + 4 : at + 5].isdigit() and message.count("|", at) >= 7


CEF = message_source(
    "cef.event",
    "Events of any product in CEF (ArcSight's Common Event Format)",
    "Implementing ArcSight Common Event Format (CEF), version 26",
    read_event,
    recognise,
    (
        Sample(
            "<134>Mar 30 16:01:36 gw CEF:0|Example|Gateway|4.2|100|Connection blocked|7|src=203.0.113.7 spt=40000 dst=192.0.2.1 dpt=22 "
            "proto=TCP act=blocked rt=1774886496123 in=120 out=80 suser=alice cs1Label=Rule cs1=deny ssh shost=a.example.com",
            {"@timestamp": "2026-03-30T16:01:36.123Z", "event.action": "blocked", "event.outcome": "failure", "event.code": "100",
             "event.severity": 7, "source.ip": "203.0.113.7", "source.port": 40000, "source.domain": "a.example.com", "destination.port": 22,
             "network.transport": "tcp", "network.bytes": 200, "user.name": "alice", "vendor.Rule": "deny ssh", "observer.vendor": "Example",
             "observer.product": "Gateway", "observer.hostname": "gw", "message": "Connection blocked", "related.user": ["alice"]},
        ),
        Sample(
            "CEF:0|Example|Manager|1|up|Device up|Low|mrt=1774886496123 categoryOutcome=/Success",
            {"@timestamp": "2026-03-30T16:01:36.123Z", "event.outcome": "success", "event.category": None},
        ),
        Sample(
            "CEF:0|Example|Vault|12|7|User logged off|5|rt=1774886496000 suser=bob shost=pc-1",
            {"event.category": ["authentication"], "event.type": ["end"], "user.name": "bob"},
        ),
        Sample(
            "CEF:1|Example|Proxy \\| Web|1|url|A page \\\\ seen|Low|request=https://example.org:8443/a.php?x\\=1 requestMethod=GET "
            "fileHash=9E107D9D372BB6826BD81D3542A419D6 fname=C:\\\\Temp\\\\a.exe msg=two\\nlines start=Mar 30 2026 16:01:36",
            {"observer.product": "Proxy | Web", "url.domain": "example.org", "url.port": 8443, "url.query": "x=1", "url.extension": "php",
             "file.hash.md5": "9e107d9d372bb6826bd81d3542a419d6", "file.extension": "exe", "message": "two\nlines", "event.severity": 3,
             "@timestamp": "2026-03-30T16:01:36.000Z", "event.start": "2026-03-30T16:01:36.000Z"},
        ),
    ),
)  # fmt: skip
