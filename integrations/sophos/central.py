"""``sophos.central``: events and alerts of Sophos Central, as its SIEM integration API and script give them.

Reference: https://developer.sophos.com/docs/siem-v1/1/routes/events/get and .../alerts/get. An event's type says
what happened (``Event::Endpoint::Threat::CleanedUp``), its group what it is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contract import Sample, UnparsedError
from integrations.fields import add, categorise, integer, mapping, objects, put, put_end, put_new, text
from integrations.flows import put_account
from integrations.normalisers import json_source
from integrations.times import Times
from integrations.web import put_path, put_url
from rules.ecs import Document

_SEVERITIES = {"none": 0, "info": 1, "low": 21, "medium": 47, "high": 73, "critical": 99}
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "MALWARE": ("malware",), "RUNTIME_DETECTIONS": ("malware", "process"), "PUA": ("malware",),
    "APPLICATION_CONTROL": ("process",), "WEB": ("web", "network"), "UPDATING": ("package",),
    "POLICY": ("configuration",), "PROTECTION": ("host",), "PERIPHERALS": ("host",), "CONNECTIVITY": ("network",),
    "DATA_LOSS_PREVENTION": ("file",), "FILE_REPUTATION": ("file",), "AD_SYNC": ("iam",), "MOBILES": ("host",),
    "WIRELESS": ("network",), "FIREWALL": ("network",), "EMAIL": ("email",), "PHISHING": ("email", "threat"),
    "DENC": ("host",), "ISOLATION": ("host", "network"), "IDENTITY": ("authentication",), "EFW": ("network",),
    "ATP": ("network", "intrusion_detection"), "IPS": ("network", "intrusion_detection"), "ADR": ("intrusion_detection",),
}  # fmt: skip
_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("threat", ("malware",)), ("hmpa", ("malware", "process")), ("core", ("malware",)), ("exploit", ("malware", "process")),
    ("pua", ("malware",)), ("web", ("web", "network")), ("applicationcontrol", ("process",)), ("device", ("host",)),
    ("update", ("package",)), ("datalossprevention", ("file",)), ("userauto", ("iam",)), ("adsync", ("iam",)),
    ("login", ("authentication",)), ("auth", ("authentication",)), ("firewall", ("network",)), ("ips", ("network", "intrusion_detection")),
    ("email", ("email",)), ("registered", ("host",)), ("savdisabled", ("host",)), ("task", ("configuration",)),
)  # fmt: skip
"""By what a type says, for events without a group; the first that it has."""
_THREATS = frozenset({"malware", "intrusion_detection", "threat"})


def read(entry: dict[str, Any], times: Times) -> Document:
    """Read one event or alert. Raises `UnparsedError` for what has no type or no time."""
    kind = text(entry.get("type"))
    if kind is None or not kind.startswith("Event::"):
        raise UnparsedError("expected an event of Sophos Central: its type begins with Event::")
    document: Document = {
        "@timestamp": times.required(times.any(entry.get("when")), times.any(entry.get("created_at")))
    }
    categories = _categories(kind, text(entry.get("group")) or "")
    low = kind.lower()
    ended = next((word for word in ("blocked", "cleanedup", "failed") if word in low), None)
    types = {"blocked": ["denied"], "cleanedup": ["change"], "failed": ["error"]}.get(ended or "", ["info"])
    alert = bool(_THREATS & set(categories)) or "data" in entry
    categorise(
        document, categories, types, kind="alert" if alert else "event", action=kind.rpartition("::")[2],
        outcome="failure" if ended == "failed" else "success" if ended else None,
    )  # fmt: skip
    severity = (text(entry.get("severity")) or "").lower()
    put(document, "event.severity", _SEVERITIES.get(severity))
    put(document, "log.level", severity)
    put(document, "event.code", kind)
    put(document, "message", text(entry.get("name")) or text(entry.get("description")))
    _read_host(document, entry)
    _read_threat(document, entry)
    put(document, "observer.vendor", "Sophos")
    put(document, "observer.product", "Central")
    put(document, "organization.id", text(entry.get("customer_id")))
    document["vendor"] = entry
    return document


def _categories(kind: str, group: str) -> tuple[str, ...]:
    if found := _GROUPS.get(group.upper()):
        return found
    low = kind.lower()
    return next((categories for word, categories in _WORDS if word in low), ("host",))


def _read_host(document: Document, entry: Mapping[str, Any]) -> None:
    data = mapping(entry.get("data"))
    put(document, "host.name", text(entry.get("location")) or text(entry.get("dhost")))
    put(document, "host.hostname", text(entry.get("location")) or text(entry.get("dhost")))
    put(document, "host.id", text(entry.get("endpoint_id")) or text(data.get("endpoint_id")))
    put(document, "host.type", text(entry.get("endpoint_type")) or text(data.get("endpoint_type")))
    address = text(mapping(entry.get("source_info")).get("ip")) or text(
        mapping(data.get("source_info")).get("ip")
    )
    put_end(document, "source", address or text(entry.get("src")))
    user = text(entry.get("source")) or text(entry.get("suser")) or text(data.get("user_match_id"))
    put_account(document, "user", user)
    put(document, "user.id", text(entry.get("user_id")))


def _read_threat(document: Document, entry: Mapping[str, Any]) -> None:
    threat = text(entry.get("threat"))
    if document["event"]["kind"] == "alert":
        put(document, "rule.name", threat or text(entry.get("type")))
    put(document, "threat.indicator.name", threat)
    path = text(entry.get("filePath")) or text(entry.get("file_path"))
    digest = text(entry.get("appSha256")) or text(entry.get("sha256"))
    for item in objects(mapping(entry.get("core_remedy_items")).get("items"))[:20]:
        path = path or text(item.get("descriptor"))
        digest = digest or text(item.get("sha256"))
    put_path(document, "file", path)
    if digest and len(digest) == 64:
        put(document, "file.hash.sha256", digest.lower())
    put_url(document, entry.get("url"))
    add(document, "related.hosts", document.get("url", {}).get("domain"))
    details = mapping(entry.get("details"))
    put_new(document, "process.name", text(details.get("processName")))
    put(document, "process.pid", integer(details.get("processId")))


def _recognise(entry: dict[str, Any]) -> bool:
    kind = entry.get("type")
    return isinstance(kind, str) and kind.startswith("Event::") and "customer_id" in entry


CENTRAL = json_source(
    "sophos.central",
    "Sophos Central (endpoints, servers, mobiles: events and alerts)",
    "https://developer.sophos.com/docs/siem-v1/1/overview",
    read,
    _recognise,
    (
        Sample(
            '{"severity":"medium","threat":"EICAR-AV-Test","when":"2026-03-30T16:01:36.123Z","created_at":"2026-03-30T16:01:40.000Z","name":"Malware cleaned up: EICAR-AV-Test at C:\\\\Users\\\\bob\\\\eicar.com","location":"pc-1",'
            '"source":"EXAMPLE\\\\bob","type":"Event::Endpoint::CoreCleaned","group":"MALWARE","id":"e1","endpoint_id":"d1","endpoint_type":"computer","customer_id":"c1","user_id":"u1","source_info":{"ip":"192.0.2.10"},'
            '"core_remedy_items":{"items":[{"type":"file","result":"SUCCESS","descriptor":"C:\\\\Users\\\\bob\\\\eicar.com","sha256":"' + "ab" * 32 + '"}]}}',
            {"@timestamp": "2026-03-30T16:01:36.123Z", "event.kind": "alert", "event.category": ["malware"], "event.action": "CoreCleaned", "event.severity": 47, "host.name": "pc-1", "host.id": "d1", "user.name": "bob",
             "user.domain": "EXAMPLE", "source.ip": "192.0.2.10", "file.path": "C:\\Users\\bob\\eicar.com", "file.name": "eicar.com", "file.hash.sha256": "ab" * 32, "rule.name": "EICAR-AV-Test"},
        ),
        Sample(
            '{"severity":"low","when":"2026-03-30T16:01:36.123Z","name":"\'http://bad.example.com\' blocked due to category","location":"pc-1","source":"n/a","type":"Event::Endpoint::WebFilteringBlocked","group":"WEB","id":"e2","customer_id":"c1"}',
            {"event.kind": "event", "event.category": ["web", "network"], "event.type": ["denied"], "event.outcome": "success", "user.name": None},
        ),
        Sample(
            '{"severity":"high","description":"Manual cleanup required: x","location":"pc-1","when":"2026-03-30T16:01:36.123Z","type":"Event::Endpoint::Threat::CleanupFailed","threat":"Troj/x","customer_id":"c1","id":"a1",'
            '"data":{"endpoint_id":"d1","endpoint_type":"server","source_info":{"ip":"192.0.2.10"}}}',
            {"event.kind": "alert", "event.category": ["malware"], "event.type": ["error"], "event.outcome": "failure", "host.type": "server", "message": "Manual cleanup required: x"},
        ),
        Sample(
            '{"severity":"none","when":"2026-03-30T16:01:36.123Z","name":"Update succeeded","location":"pc-1","type":"Event::Endpoint::UpdateSuccess","customer_id":"c1","id":"e3"}',
            {"event.category": ["package"], "event.severity": 0},
        ),
    ),
)  # fmt: skip
