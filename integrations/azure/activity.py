"""Azure's activity log: who did what to which resource of a subscription.

Reference: https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema

It comes in three shapes: as diagnostic settings write it (``operationName`` a text, ``category``,
``identity.claims``), as the REST API and PowerShell have it (``operationName: {"value": …}``, ``caller``), and as
the table AzureActivity (``OperationNameValue``). ``event.action`` is the operation's name, as written in each.
"""

from __future__ import annotations

from typing import Any

from integrations.azure.activity_samples import ACTIVITY_SAMPLES
from integrations.azure.records import (
    first,
    loaded,
    meaning,
    of_records,
    outcome_of,
    put_claims,
    recognising,
    started,
)
from integrations.contract import UnparsedError
from integrations.fields import add, categorise, mapping, pick, put, put_new, text
from integrations.normalisers import json_source
from integrations.principals import put_principal, relate_principal
from integrations.times import Times
from rules.ecs import Document

CATEGORIES = frozenset(
    {"Administrative", "Security", "ServiceHealth", "Alert", "Recommendation", "Policy", "Autoscale"}
    | {"ResourceHealth", "Action", "Write", "Delete"}
)
_ALLOWED = {"allowed": "allowed", "denied": "denied"}


def _read(record: dict[str, Any], times: Times) -> Document:
    operation = first(record, "OperationNameValue", "operationName", "OperationName")
    if operation is None:
        raise UnparsedError("expected an activity log record with operationName")
    document = started(record, times)
    properties = loaded(record.get("properties") or record.get("Properties"))
    category, kind = meaning(operation)
    named = first(record, "category", "CategoryValue", "Category")
    result = first(record, "resultType", "status", "ActivityStatusValue", "ActivityStatus")
    outcome = outcome_of(result)
    code = text(properties.get("statusCode")) or first(record, "resultSignature")
    if kind == "change" and code and code.rpartition(".")[2] in ("Created", "201"):
        kind = "creation"
    kinds = [kind]
    if granted := _ALLOWED.get((text(pick(record, "identity.authorization.outcome")) or "").lower()):
        kinds.append(granted)
    is_alert = named in ("Security", "Alert")
    categorise(
        document, ["threat"] if named == "Security" else category, ["info"] if is_alert else kinds,
        kind="alert" if is_alert else "event", action=operation, outcome=outcome or "unknown",
    )  # fmt: skip
    put(document, "event.reason", text(properties.get("statusMessage")) or first(record, "resultDescription"))
    put(document, "message", text(properties.get("message")) or first(record, "description"))
    put(document, "azure.activitylogs.category", named)
    stated = first(record, "ResourceProviderValue", "resourceProviderName", "resourceProvider")
    put(document, "azure.resource.provider", stated)
    identity = mapping(record.get("identity"))
    put_claims(document, loaded(identity.get("claims") or record.get("claims") or record.get("Claims_d")))
    caller = first(record, "caller", "Caller")
    if caller is not None and "@" in caller:
        put_principal(document, "user", caller)
        relate_principal(document, caller)
    else:
        put_new(document, "user.id", caller)
    put(document, "organization.id", first(record, "tenantId", "TenantId"))
    role = mapping(mapping(identity.get("authorization")).get("evidence"))
    put(document, "user.roles", [name] if (name := text(role.get("role"))) else None)
    _put_assignment(document, operation, properties)
    _put_request(document, record)
    document["vendor"] = record
    return document


def _put_assignment(document: Document, operation: str, properties: dict[str, Any]) -> None:
    """Whom a role was given to: the request's body is a JSON text within a JSON text."""
    if "ROLEASSIGNMENTS" not in operation.upper():
        return
    body = loaded(properties.get("requestbody"))
    inner = mapping(body.get("Properties") or body.get("properties")) or body
    target = text(inner.get("PrincipalId")) or text(inner.get("principalId"))
    put(document, "user.target.id", target)
    add(document, "related.user", target)


def _put_request(document: Document, record: dict[str, Any]) -> None:
    request = loaded(record.get("httpRequest") or record.get("HTTPRequest"))
    put(document, "http.request.method", text(request.get("method")))
    put(document, "http.request.id", text(request.get("clientRequestId")))
    put(document, "url.original", text(request.get("uri")))


def _is_activity(record: dict[str, Any]) -> bool:
    if "OperationNameValue" in record or "ActivityStatusValue" in record:
        return True
    if first(record, "operationName") is None or "auditID" in record:
        return False
    if isinstance(record.get("operationName"), dict):
        return "eventTimestamp" in record or "caller" in record or "resourceId" in record
    return first(record, "category") in CATEGORIES and first(record, "resourceId") is not None


ACTIVITY = json_source(
    "azure.activity",
    "Azure activity log",
    "https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema",
    of_records(_read),
    recognising(_is_activity),
    ACTIVITY_SAMPLES,
)
