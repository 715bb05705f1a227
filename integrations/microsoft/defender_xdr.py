"""``microsoft.defender_xdr``: Defender XDR's alerts and incidents by Graph, and its streamed hunting tables.

Formats: https://learn.microsoft.com/graph/api/resources/security-alert,
https://learn.microsoft.com/graph/api/resources/security-incident,
https://learn.microsoft.com/defender-xdr/streaming-api
"""

from __future__ import annotations

from typing import Any

from integrations.contract import UnparsedError
from integrations.endpoints import put_threat
from integrations.fields import add, categorise, mapping, objects, put, text
from integrations.microsoft.defender_xdr_samples import SAMPLES
from integrations.microsoft.evidence import SEVERITIES, put_evidence
from integrations.microsoft.hunting import read_hunting
from integrations.normalisers import json_source
from integrations.times import Times
from rules.ecs import Document, parse_timestamp


def _read(entry: dict[str, Any], times: Times) -> Document:
    if isinstance(category := entry.get("category"), str) and category.startswith("AdvancedHunting-"):
        document = read_hunting(entry, times)
        document["vendor"] = mapping(entry.get("properties"))
        return document
    if "evidence" in entry or "serviceSource" in entry:
        document = _alert(entry, times)
    elif "incidentWebUrl" in entry or "incidentName" in entry or "redirectIncidentId" in entry:
        document = _incident(entry, times)
    else:
        raise UnparsedError(
            "expected category AdvancedHunting-…, evidence or serviceSource (an alert), or incidentWebUrl"
        )
    document["vendor"] = entry
    return document


def _begun(entry: dict[str, Any], times: Times) -> Document:
    document: Document = {}
    categorise(document, ("intrusion_detection",), ("info",), kind="alert")
    put(document, "event.severity", SEVERITIES.get((text(entry.get("severity")) or "").lower()))
    put(document, "cloud.provider", "azure")
    put(document, "cloud.account.id", text(entry.get("tenantId")))
    put(document, "observer.vendor", "Microsoft")
    put(document, "observer.product", "Defender XDR")
    put(document, "event.reason", text(entry.get("classification")))
    document["@timestamp"] = times.required(
        times.any(entry.get("lastUpdateDateTime")),
        times.any(entry.get("lastUpdateTime")),
        times.any(entry.get("createdDateTime")),
        times.any(entry.get("createdTime")),
    )
    return document


def _alert(entry: dict[str, Any], times: Times) -> Document:
    document = _begun(entry, times)
    event = document["event"]
    category = text(entry.get("category"))
    if category == "Malware" or category == "Ransomware":
        event["category"] = ["malware"]
    put(document, "event.action", category)
    put(document, "event.provider", text(entry.get("serviceSource")))
    put(document, "event.url", text(entry.get("alertWebUrl")))
    first, last = times.any(entry.get("firstActivityDateTime")), times.any(entry.get("lastActivityDateTime"))
    put(document, "event.start", first)
    put(document, "event.end", last)
    if first and last:
        seconds = (parse_timestamp(last) - parse_timestamp(first)).total_seconds()
        put(document, "event.duration", int(seconds * 1_000_000_000) if seconds >= 0 else None)
    put(document, "message", text(entry.get("title")))
    put(document, "rule.name", text(entry.get("title")))
    put(document, "rule.description", text(entry.get("description")))
    put(document, "rule.id", text(entry.get("detectorId")))
    put(document, "rule.category", category)
    techniques = entry.get("mitreTechniques")
    put_threat(document, (category,) if category else (), techniques if isinstance(techniques, list) else ())
    put(document, "threat.group.name", text(entry.get("actorDisplayName")))
    put(
        document,
        "threat.indicator.name",
        text(entry.get("threatDisplayName")) or text(entry.get("threatFamilyName")),
    )
    put_evidence(document, entry.get("evidence"), times)
    return document


def _incident(entry: dict[str, Any], times: Times) -> Document:
    """One of Graph, or of Defender's older API, which has its alerts within."""
    document = _begun(entry, times)
    put(document, "event.action", "incident")
    put(document, "event.url", text(entry.get("incidentWebUrl") or entry.get("incidentUri")))
    put(document, "event.start", times.any(entry.get("createdDateTime") or entry.get("createdTime")))
    title = text(entry.get("displayName") or entry.get("incidentName"))
    put(document, "message", title)
    put(document, "rule.name", title)
    put(document, "rule.description", text(entry.get("description")))
    tags = entry.get("customTags") if isinstance(entry.get("customTags"), list) else entry.get("tags")
    put(document, "tags", [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else None)
    for alert in objects(entry.get("alerts"))[:200]:
        category = text(alert.get("category"))
        techniques = alert.get("mitreTechniques")
        put_threat(
            document, (category,) if category else (), techniques if isinstance(techniques, list) else ()
        )
        put_evidence(document, alert.get("evidence"), times)
        for device in objects(alert.get("devices"))[:50]:
            add(document, "related.hosts", text(device.get("deviceDnsName")))
        for entity in objects(alert.get("entities"))[:200]:
            add(document, "related.user", text(entity.get("accountName")))
            add(document, "related.ip", text(entity.get("ipAddress")))
            add(
                document,
                "related.hash",
                [sum for name in ("sha1", "sha256") if (sum := text(entity.get(name)))],
            )
    return document


def _recognise(entry: dict[str, Any]) -> bool:
    category = entry.get("category")
    if isinstance(category, str) and category.startswith("AdvancedHunting-"):
        return True
    if "detectionSource" in entry and "serviceSource" in entry:
        return True
    return "incidentWebUrl" in entry or ("incidentName" in entry and "incidentId" in entry)


DEFENDER_XDR = json_source(
    "microsoft.defender_xdr",
    "Microsoft Defender XDR: alerts, incidents, and streamed hunting tables",
    "https://learn.microsoft.com/graph/api/resources/security-alert",
    _read,
    _recognise,
    SAMPLES,
)
