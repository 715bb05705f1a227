"""Alerts, threats in mail and data loss in Microsoft 365's audit records, in ECS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from integrations.fields import add, integer, mapping, objects, put, put_new, text
from integrations.principals import put_principal, relate_principal
from integrations.times import Times
from integrations.web import put_path, put_url
from rules.ecs import Document

_SEVERITIES: Mapping[str, int] = {"informational": 1, "low": 21, "medium": 47, "high": 73}
_DIRECTIONS: Mapping[str, str] = {
    "inbound": "inbound", "outbound": "outbound", "intra-org": "internal", "intraorg": "internal",
}  # fmt: skip
MOST = 200


def put_threat(document: Document, entry: Mapping[str, Any], times: Times) -> None:
    """Set ``email.*``, ``url.*`` and ``file.*`` of a detection by Defender for Office 365."""
    action = document["event"]["action"]
    if action == "TIMailData":
        add(document, "email.from.address", text(entry.get("P2Sender")) or text(entry.get("P1Sender")))
        put(document, "email.sender.address", text(entry.get("P1Sender")))
        add(document, "email.to.address", _texts(entry.get("Recipients")))
        put(document, "email.subject", text(entry.get("Subject")))
        put(document, "email.message_id", text(entry.get("InternetMessageId")))
        put(document, "email.direction", _DIRECTIONS.get((text(entry.get("Directionality")) or "").lower()))
        put(document, "email.delivery_timestamp", times.iso(entry.get("MessageTime")))
        put(
            document,
            "email.attachments",
            [_attachment(item) for item in objects(entry.get("AttachmentData"))[:MOST]],
        )
        verdict = text(entry.get("Verdict"))
        put(document, "event.reason", verdict)
        put(document, "event.reference", text(entry.get("EventDeepLink")))
        put(document, "rule.name", text(entry.get("Policy")))
        if verdict and "malware" in verdict.lower():
            document["event"]["category"] = ["email", "malware"]
            document["event"]["type"] = ["info"]
    elif action == "TIUrlClickData":
        put_url(document, text(entry.get("Url")), whole="url.full")
        put_new(document, "url.original", text(entry.get("Url")))
        put(document, "event.reason", text(entry.get("UrlClickAction")))
        put(document, "event.reference", text(entry.get("EventDeepLink")))
    elif action == "AtpDetection":
        data = mapping(entry.get("FileData"))
        put_path(document, "file", text(data.get("FilePath")))
        put(document, "file.size", integer(data.get("FileSize")))
        put(document, "file.hash.sha256", _sha256(data.get("SHA256")))
        put(document, "threat.software.name", text(data.get("MalwareFamily")))
        put(document, "event.reason", text(data.get("FileVerdict")))
    elif action == "FileMalwareDetected":
        put(document, "threat.software.name", text(entry.get("VirusInfo")))


def _texts(value: Any) -> list[str]:
    return [found for item in value[:MOST] if (found := text(item))] if isinstance(value, list) else []


def _attachment(item: Mapping[str, Any]) -> Document:
    found: Document = {}
    name = text(item.get("FileName"))
    put(found, "file.name", name)
    put(found, "file.extension", name.rpartition(".")[2] if name and "." in name[1:] else None)
    put(found, "file.hash.sha256", _sha256(item.get("SHA256")))
    put(found, "file.size", integer(item.get("FileSize")))
    return found


def _sha256(value: Any) -> str | None:
    digest = text(value)
    return digest.lower() if digest and len(digest) == 64 else None


def put_alert(document: Document, entry: Mapping[str, Any]) -> None:
    """Set ``rule.*`` and the severity of an alert of the compliance centre."""
    if not document["event"]["action"].startswith("Alert"):
        return
    put(document, "rule.name", text(entry.get("Name")))
    put(document, "rule.id", text(entry.get("AlertId")))
    put(document, "rule.category", text(entry.get("Category")))
    put(document, "rule.ruleset", text(entry.get("Source")))
    put(document, "event.severity", _SEVERITIES.get((text(entry.get("Severity")) or "").lower()))
    put(document, "message", text(entry.get("Comments")))
    whole = text(entry.get("Data"))
    if whole and len(whole) < 65_536:
        try:
            data = mapping(orjson.loads(whole))
        except orjson.JSONDecodeError:
            data = {}
        for name in ("f3u", "trc"):
            who = text(data.get(name))
            if who and "@" in who and " " not in who:
                put_principal(document, "user.target", who)
                relate_principal(document, who)
    entity = text(entry.get("AlertEntityId"))
    if text(entry.get("EntityType")) == "User" and entity:
        put_principal(document, "user.target", entity)
        relate_principal(document, entity)


def put_data_loss(document: Document, entry: Mapping[str, Any]) -> None:
    """Set the policy's rule, and the file or mail, of a match of data loss prevention."""
    policies = objects(entry.get("PolicyDetails"))
    if not policies:
        return
    severities = []
    for policy in policies[:MOST]:
        add(document, "rule.ruleset", text(policy.get("PolicyName")))
        for rule in objects(policy.get("Rules"))[:MOST]:
            add(document, "rule.name", text(rule.get("RuleName")))
            add(document, "rule.id", text(rule.get("RuleId")))
            severities.append(_SEVERITIES.get((text(rule.get("Severity")) or "").lower(), 0))
    put(document, "event.severity", max(severities, default=0) or None)
    site = mapping(entry.get("SharePointMetaData"))
    if site:
        put(document, "file.name", text(site.get("FileName")))
        put(document, "file.owner", text(site.get("FileOwner")))
        put(document, "file.size", integer(site.get("FileSize")))
        put_url(document, text(site.get("FilePathUrl")))
        put_new(document, "url.full", text(site.get("FilePathUrl")))
    mail = mapping(entry.get("ExchangeMetaData"))
    if mail:
        add(document, "email.from.address", text(mail.get("From")))
        for field, name in (("to", "To"), ("cc", "CC"), ("bcc", "BCC")):
            add(document, f"email.{field}.address", _texts(mail.get(name)))
        put(document, "email.subject", text(mail.get("Subject")))
        put(document, "email.message_id", text(mail.get("MessageID")))
    endpoint = mapping(entry.get("EndpointMetaData"))
    if endpoint:
        put(document, "host.name", text(endpoint.get("DeviceName")))
        put(document, "process.name", text(endpoint.get("Application")))
        put_path(document, "file", text(entry.get("ObjectId")))
        put(document, "file.hash.sha256", _sha256(endpoint.get("Sha256")))
