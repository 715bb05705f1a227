"""``entra.risk``: risk detections and risky users (and service principals) of Entra ID Protection.

Formats: https://learn.microsoft.com/en-us/graph/api/resources/riskdetection and ``…/riskyuser``; alerts of
Privileged Identity Management have the same shape. A detection is an alert, a change of somebody's risk an event.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contract import UnparsedError
from integrations.entra.risk_samples import RISK_SAMPLES
from integrations.entra.shapes import (
    details,
    put_caller,
    put_duration,
    put_place,
    put_user,
    started,
    time_of,
    unwrap,
)
from integrations.fields import add, categorise, put, put_new, text
from integrations.normalisers import json_source
from integrations.times import Times
from integrations.web import put_agent
from rules.ecs import Document

CATEGORIES = frozenset(
    {"RiskyUsers", "UserRiskEvents", "RiskyServicePrincipals", "ServicePrincipalRiskEvents"}
)
_DETECTIONS = frozenset({"UserRiskEvents", "ServicePrincipalRiskEvents"})
_SEVERITIES: Mapping[str, int] = {"low": 21, "medium": 47, "high": 73}
_TIMES = ("activityDateTime", "detectedDateTime", "riskLastUpdatedDateTime", "lastUpdatedDateTime")


def read(entry: dict[str, Any], times: Times) -> Document:
    """Read a detection or a risky user, of either shape. Raises `UnparsedError` for what is neither."""
    outer, properties = unwrap(entry, "location", "additionalInfo")
    if not recognise(entry) and "riskEventType" not in properties:
        raise UnparsedError(
            "expected a record of Entra ID Protection, with riskState and a time of detection or change"
        )
    detection = (
        text(outer.get("category")) in _DETECTIONS
        or "riskEventType" in properties
        or "riskType" in properties
    )
    document = started(
        outer, properties, time_of(times, *(properties.get(name) for name in _TIMES), outer.get("time"))
    )
    kind = text(properties.get("riskEventType")) or text(properties.get("riskType"))
    level = text(properties.get("riskLevel"))
    if detection:
        categorise(document, ["threat", "iam"], ["indicator"], kind="alert",
                   action=text(outer.get("operationName")) or "User Risk Detection")  # fmt: skip
        put(document, "rule.name", kind)
        put(document, "event.severity", _SEVERITIES.get((level or "").lower()))
    else:
        categorise(
            document,
            ["iam", "threat"],
            ["user", "change"],
            action=text(outer.get("operationName")) or "Risky user",
        )
    put_duration(document, outer)
    put(document, "event.provider", text(properties.get("source")))
    detail = text(properties.get("riskDetail"))
    put(document, "event.reason", detail if detail != "none" else kind)
    put(document, "user.risk.calculated_level", level if level not in ("none", "hidden") else None)
    put(document, "event.start", times.any(properties.get("activityDateTime")))
    _put_who(document, properties)
    put_caller(document, properties.get("ipAddress"), outer.get("callerIpAddress"))
    put_place(document, properties.get("location"))
    extra = details(properties.get("additionalInfo"))
    put_agent(document, extra.get("userAgent"))
    add(
        document,
        "threat.technique.id",
        [each.strip() for each in extra.get("mitreTechniques", "").split(",")][:32],
    )
    return document


def _put_who(document: Document, properties: Mapping[str, Any]) -> None:
    principal = text(properties.get("userPrincipalName"))
    identity = text(properties.get("userId"))
    if principal or identity or text(properties.get("userDisplayName")):
        # A risky user is named by the record's own id.
        put_user(
            document, "user", identity or properties.get("id"), principal, properties.get("userDisplayName")
        )
        return
    put_new(document, "user.id", text(properties.get("servicePrincipalId")) or text(properties.get("id")))
    put_new(
        document,
        "user.name",
        text(properties.get("servicePrincipalDisplayName")) or text(properties.get("displayName")),
    )


def recognise(entry: dict[str, Any]) -> bool:
    properties = entry.get("properties")
    if isinstance(properties, dict):
        return entry.get("category") in CATEGORIES
    return "riskState" in entry and bool({"detectedDateTime", "riskLastUpdatedDateTime"} & entry.keys())


RISK = json_source(
    "entra.risk",
    "Microsoft Entra ID Protection risk detections and risky users",
    "https://learn.microsoft.com/en-us/graph/api/resources/riskdetection",
    read,
    recognise,
    RISK_SAMPLES,
)
