"""Alerts of Google Workspace's Alert Center: phishing, suspicious logins, leaked passwords, device compromise.

Format: https://developers.google.com/workspace/admin/alertcenter/reference/rest/v1beta1/alerts
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.fields import add, categorise, mapping, objects, put, text
from integrations.principals import put_client, put_principal, relate_principal
from integrations.times import Times
from rules.ecs import Document

_SEVERITIES: Mapping[str, int] = {"LOW": 21, "MEDIUM": 47, "HIGH": 73}
_CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "Gmail phishing": ("email", "threat"),
    "Google identity": ("iam", "threat"),
    "Mobile device management": ("host", "threat"),
    "Domain wide takeout": ("file", "threat"),
    "Data Loss Prevention": ("file",),
    "State Sponsored Attack": ("intrusion_detection", "threat"),
    "Google Operations": ("threat",),
}
MOST = 200


def is_alert(entry: Mapping[str, Any]) -> bool:
    """Whether a record is an alert of the Alert Center."""
    return "alertId" in entry and "customerId" in entry and "createTime" in entry


def read_alert(entry: dict[str, Any], times: Times) -> Document:
    """Read one alert. Raises `UnparsedError` for one without a time."""
    start = times.iso(entry.get("startTime"))
    document: Document = {
        "@timestamp": times.required(times.iso(entry.get("createTime")), start), "vendor": {**entry},
    }  # fmt: skip
    source = text(entry.get("source")) or ""
    categorise(
        document,
        _CATEGORIES.get(source, ("threat",)),
        ["info"],
        kind="alert",
        action=text(entry.get("type")) or "alert",
    )
    put(document, "event.dataset", "google_workspace.alert")
    put(document, "event.provider", source)
    put(document, "event.start", start)
    put(document, "event.end", times.iso(entry.get("endTime")))
    put(document, "rule.name", text(entry.get("type")))
    put(document, "organization.id", text(entry.get("customerId")))
    put(document, "event.reference", text(entry.get("securityInvestigationToolLink")))
    severity = text(mapping(entry.get("metadata")).get("severity")) or ""
    put(document, "event.severity", _SEVERITIES.get(severity.upper()))
    data = mapping(entry.get("data"))
    who = text(data.get("email")) or text(data.get("actorEmail"))
    put_principal(document, "user", who)
    relate_principal(document, who)
    put_client(document, mapping(data.get("loginDetails")).get("ipAddress"))
    _put_mail(document, data)
    return document


def _put_mail(document: Document, data: Mapping[str, Any]) -> None:
    sender = mapping(data.get("maliciousEntity"))
    add(document, "email.from.address", text(sender.get("fromHeader")))
    add(document, "email.sender.address", text(mapping(sender.get("entity")).get("emailAddress")))
    for message in objects(data.get("messages"))[:MOST]:
        add(document, "email.to.address", text(message.get("recipient")))
        add(document, "email.message_id", text(message.get("messageId")))
        add(document, "email.subject", text(message.get("subjectText")))
        add(document, "email.attachments.file.hash.sha256", [
            digest for each in _list(message.get("attachmentsSha256Hash")) if (digest := text(each))])  # fmt: skip


def _list(value: Any) -> list[Any]:
    return value[:MOST] if isinstance(value, list) else []
