"""``entra.graph`` and ``entra.provisioning``: what was asked of Microsoft Graph, and accounts that Entra ID made
in other systems.

Formats: https://learn.microsoft.com/en-us/azure/azure-monitor/reference/tables/microsoftgraphactivitylogs and
https://learn.microsoft.com/en-us/graph/api/resources/provisioningobjectsummary.
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample, UnparsedError
from integrations.entra.shapes import loaded, put_caller, put_duration, put_user, started, time_of, unwrap
from integrations.fields import add, categorise, integer, mapping, objects, pick, put, put_new, text
from integrations.normalisers import json_source
from integrations.times import Times
from integrations.web import put_agent, put_url
from rules.ecs import Document

_METHODS = {
    "get": "access", "head": "access", "post": "creation", "put": "change", "patch": "change",
    "delete": "deletion",
}  # fmt: skip
_ACTIONS = {
    "create": "creation", "update": "change", "delete": "deletion", "disable": "change", "enable": "change",
    "stagedDelete": "deletion",
}  # fmt: skip


def read_graph(entry: dict[str, Any], times: Times) -> Document:
    """Read a request to Microsoft Graph. Raises `UnparsedError` for what has no method or no time."""
    outer, properties = unwrap(entry)
    method = text(properties.get("requestMethod"))
    if method is None:
        raise UnparsedError("expected a request to Microsoft Graph, with requestMethod")
    time = time_of(times, properties.get("timeGenerated"), properties.get("TimeGenerated"), outer.get("time"))
    document = started(outer, properties, time)
    code = integer(properties.get("responseStatusCode")) or integer(outer.get("resultSignature"))
    outcome = None if code is None else "failure" if code >= 400 else "success"
    action = text(outer.get("operationName")) or "Microsoft Graph Activity"
    categorise(
        document, ("web", "api"), (_METHODS.get(method.lower(), "info"),), action=action, outcome=outcome
    )
    put_duration(document, outer)
    put(document, "http.request.method", method)
    put(document, "http.request.id", text(properties.get("requestId")))
    put(document, "http.response.status_code", code)
    put(document, "http.response.body.bytes", integer(properties.get("responseSizeBytes")))
    put_url(document, properties.get("requestUri"))
    put_agent(document, properties.get("userAgent"))
    put(document, "user.id", text(properties.get("userId")) or text(properties.get("servicePrincipalId")))
    put(document, "session.id", text(properties.get("sessionId")))
    put(document, "service.id", text(properties.get("appId")))
    put_caller(document, properties.get("ipAddress"), outer.get("callerIpAddress"))
    add(document, "related.user", document.get("user", {}).get("id"))
    return document


def read_provisioning(entry: dict[str, Any], times: Times) -> Document:
    """Read one provisioning. Raises `UnparsedError` for what has no action or no time."""
    outer, properties = unwrap(entry, "initiatedBy", "sourceIdentity", "targetIdentity", "servicePrincipal",
                               "targetSystem", "sourceSystem", "provisioningStatusInfo", "statusInfo")  # fmt: skip
    action = text(properties.get("provisioningAction")) or text(properties.get("action"))
    if action is None:
        raise UnparsedError("expected a provisioning of Entra ID, with provisioningAction")
    time = time_of(times, properties.get("activityDateTime"), outer.get("time"))
    document = started(outer, properties, time)
    status = mapping(properties.get("provisioningStatusInfo")) or mapping(properties.get("statusInfo"))
    result = (text(status.get("status")) or text(outer.get("resultType")) or "").lower()
    categorise(
        document,
        ("iam",),
        ("user", _ACTIONS.get(action, "info")),
        action=text(outer.get("operationName")) or f"provisioning-{action}",
        outcome="success" if result == "success" else "failure" if result == "failure" else None,
    )
    put_duration(document, outer)
    put(document, "event.reason", text(pick(status, "errorInformation.reason")))
    for place, key in (("user", "initiatedBy"), ("user.target", "targetIdentity")):
        who = mapping(properties.get(key))
        named = mapping(loaded(who.get("details")))
        put_user(document, place, who.get("id"), named.get("UserPrincipalName"), who.get("displayName"))
        put_new(document, f"{place}.name", text(who.get("displayName")))
    principal = objects([properties.get("servicePrincipal")]) or objects(properties.get("servicePrincipal"))
    for service in principal[:1]:
        put(document, "service.id", text(service.get("id")))
        put(document, "service.name", text(service.get("displayName")) or text(service.get("name")))
    return document


def _recognise_graph(entry: dict[str, Any]) -> bool:
    return entry.get("category") == "MicrosoftGraphActivityLogs"


def _recognise_provisioning(entry: dict[str, Any]) -> bool:
    return entry.get("category") == "ProvisioningLogs" or "provisioningAction" in entry


def _sample(category: str, properties: dict[str, Any], expect: dict[str, Any], **more: Any) -> Sample:
    record = {
        "time": "2026-03-30T16:01:36.5Z",
        "category": category,
        "tenantId": "tenant-1",
        "properties": properties,
    }
    return Sample(orjson.dumps(record | more).decode(), {"organization.id": "tenant-1"} | expect)


GRAPH = json_source(
    "entra.graph",
    "Microsoft Graph activity logs",
    "https://learn.microsoft.com/en-us/azure/azure-monitor/reference/tables/microsoftgraphactivitylogs",
    read_graph,
    _recognise_graph,
    (
        _sample(
            "MicrosoftGraphActivityLogs",
            {"requestId": "r-1", "requestMethod": "GET", "responseStatusCode": "403", "ipAddress": "198.51.100.7", "userAgent": "curl/8.0",
             "requestUri": "https://graph.microsoft.com/v1.0/users?$top=999", "userId": "user-1", "appId": "app-1", "timeGenerated": "2026-03-30T16:01:36Z"},
            {"@timestamp": "2026-03-30T16:01:36.000Z", "event.category": ["web", "api"], "event.type": ["access"], "event.outcome": "failure", "event.duration": 12_000_000,
             "http.response.status_code": 403, "url.domain": "graph.microsoft.com", "url.path": "/v1.0/users", "source.ip": "198.51.100.7", "user.id": "user-1", "service.id": "app-1"},
            operationName="Microsoft Graph Activity", durationMs="12",
        ),
        _sample(
            "MicrosoftGraphActivityLogs", {"requestMethod": "DELETE", "responseStatusCode": 204, "servicePrincipalId": "sp-1"},
            {"event.type": ["deletion"], "event.outcome": "success", "user.id": "sp-1"}, callerIpAddress="203.0.113.9",
        ),
    ),
)  # fmt: skip
PROVISIONING = json_source(
    "entra.provisioning",
    "Microsoft Entra ID provisioning logs",
    "https://learn.microsoft.com/en-us/graph/api/resources/provisioningobjectsummary",
    read_provisioning,
    _recognise_provisioning,
    (
        _sample(
            "ProvisioningLogs",
            {"id": "p-1", "activityDateTime": "2026-03-30T16:01:36Z", "provisioningAction": "create", "servicePrincipal": [{"id": "sp-1", "name": "Box"}],
             "initiatedBy": {"id": "", "displayName": "Azure AD Provisioning Service"}, "targetIdentity": {"id": "t-1", "displayName": "bob", "details": {"UserPrincipalName": "bob@example.com"}},
             "provisioningStatusInfo": {"status": "failure", "errorInformation": {"reason": "licence"}}},
            {"event.category": ["iam"], "event.type": ["user", "creation"], "event.outcome": "failure", "event.reason": "licence", "user.target.id": "t-1", "user.target.email": "bob@example.com",
             "service.name": "Box", "user.name": "Azure AD Provisioning Service"},
            operationName="Provisioning activity", resultType="Failure",
        ),
        _sample("ProvisioningLogs", {"provisioningAction": "disable"}, {"event.type": ["user", "change"], "event.outcome": "success"}, resultType="Success"),
    ),
)  # fmt: skip
