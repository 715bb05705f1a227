"""``entra.audit``: changes of the directory: users, groups, roles, applications, policies, devices.

Formats: https://learn.microsoft.com/en-us/graph/api/resources/directoryaudit (Microsoft Graph) and
https://learn.microsoft.com/en-us/azure/azure-monitor/reference/tables/auditlogs (diagnostic settings).
``vendor.modified`` has the new values of all modified properties by name, their JSON quotes taken off.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from integrations.contract import UnparsedError
from integrations.entra.audit_samples import AUDIT_SAMPLES
from integrations.entra.meanings import meaning_of
from integrations.entra.shapes import (
    details,
    loaded,
    put_caller,
    put_duration,
    put_user,
    started,
    time_of,
    unwrap,
)
from integrations.fields import add, categorise, mapping, objects, put, put_new, text
from integrations.normalisers import json_source
from integrations.times import Times
from integrations.web import put_agent
from rules.ecs import Document

_JSON = ("initiatedBy", "targetResources", "additionalDetails")
MOST = 100
"""Targets, and changes of one, that are looked at."""
_WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])")
_OUTCOMES = {"success": "success", "failure": "failure", "timeout": "failure", "clienterror": "failure"}


def read(entry: dict[str, Any], times: Times) -> Document:
    """Read one directory audit of either shape. Raises `UnparsedError` for what has no activity or no time."""
    outer, properties = unwrap(entry, *_JSON)
    activity = text(properties.get("activityDisplayName")) or text(outer.get("operationName"))
    if activity is None:
        raise UnparsedError(
            "expected a directory audit of Entra ID, with activityDisplayName or operationName"
        )
    time = time_of(times, properties.get("activityDateTime"), outer.get("time"))
    document = started(outer, properties, time)
    result = (
        text(properties.get("result"))
        or text(outer.get("resultSignature"))
        or text(outer.get("resultType"))
        or ""
    )
    categories, types = meaning_of(activity, text(properties.get("category")) or "")
    categorise(document, categories, types, action=activity, outcome=_OUTCOMES.get(result.lower()))
    put_duration(document, outer)
    put(document, "event.provider", text(properties.get("loggedByService")))
    reason = text(properties.get("resultReason")) or text(outer.get("resultDescription"))
    put(document, "event.reason", reason)
    put(document, "message", text(outer.get("resultDescription")) or activity)
    _put_initiator(document, mapping(properties.get("initiatedBy")), outer)
    extra = details(properties.get("additionalDetails"))
    put_agent(document, extra.get("User-Agent"))
    modified: dict[str, Any] = {}
    for target in objects(properties.get("targetResources")):
        _put_target(document, target)
        for change in objects(target.get("modifiedProperties")):
            if name := text(change.get("displayName")):
                modified.setdefault(name, []).append(_plain(change.get("newValue")))
    _put_columns(document, properties, modified, activity, result, reason)
    return document


def _put_initiator(document: Document, initiator: Mapping[str, Any], outer: Mapping[str, Any]) -> None:
    user, app = mapping(initiator.get("user")), mapping(initiator.get("app"))
    if user:
        name = text(user.get("displayName"))
        put_user(document, "user", user.get("id"), user.get("userPrincipalName"), name)
        add(
            document,
            "user.roles",
            [text(mapping(role).get("displayName")) or text(role) for role in _list(user.get("roles"))],
        )
    if app:
        put_new(document, "user.id", text(app.get("servicePrincipalId")))
        put_new(document, "user.name", text(app.get("servicePrincipalName")) or text(app.get("displayName")))
    put_new(document, "user.full_name", text(outer.get("identity")))
    put_caller(document, user.get("ipAddress"), app.get("ipAddress"), outer.get("callerIpAddress"))


def _list(value: Any) -> list[Any]:
    return value[:64] if isinstance(value, list) else []


def _put_target(document: Document, target: Mapping[str, Any]) -> None:
    kind, name, identity = (
        text(target.get("type")) or "",
        text(target.get("displayName")),
        text(target.get("id")),
    )
    changed = {
        text(change.get("displayName")): _plain(change.get("newValue")) or _plain(change.get("oldValue"))
        for change in objects(target.get("modifiedProperties"))
    }
    if kind == "User" or text(target.get("userPrincipalName")):
        put_user(document, "user.target", identity, target.get("userPrincipalName"), name)
    elif kind == "Group":
        put_new(document, "group.id", identity)
        put_new(document, "group.name", name)
    elif kind == "Role":
        add(document, "user.target.roles", name)
    elif kind in ("Application", "ServicePrincipal", "Service Principal"):
        put_new(document, "service.id", identity)
        put_new(document, "service.name", name)
    elif kind == "Policy":
        put_new(document, "rule.id", identity)
        put_new(document, "rule.name", name)
    elif kind == "Device":
        put_new(document, "device.id", identity)
        put_new(document, "host.name", name)
    add(document, "user.target.roles", changed.get("Role.DisplayName"))
    put_new(document, "group.name", changed.get("Group.DisplayName"))
    put_new(document, "group.id", changed.get("Group.ObjectID"))


def _plain(value: Any) -> str | None:
    """Return a value of a modified property: JSON within a text; a text in it loses its quotes."""
    found = loaded(value)
    if isinstance(found, list) and len(found) == 1 and isinstance(found[0], str):
        found = found[0]
    plain = text(found) if not isinstance(found, dict | list) else orjson.dumps(found).decode()
    return plain if plain != "null" else None


def _put_columns(
    document: Document,
    properties: dict[str, Any],
    modified: dict[str, Any],
    activity: str,
    result: str,
    reason: str | None,
) -> None:
    """Add what Sigma's rules ask beside the record's own fields, below ``vendor``."""
    vendor = document["vendor"]
    vendor["modified"] = {
        name: said[0] if len(said) == 1 else said
        for name, values in modified.items()
        if (said := [value for value in values if value is not None])
    }
    targets = objects(properties.get("targetResources"))
    # The portal's words: the result, and why.
    vendor["Status"] = [*dict.fromkeys(filter(None, [result, reason]))]
    # Rules look for an activity, or for a change's own JSON, in the message that Azure Monitor makes of both.
    changes = [
        change for target in targets[:MOST] for change in objects(target.get("modifiedProperties"))[:MOST]
    ]
    properties["message"] = [activity, *map(_written, changes)]
    vendor["TargetResources"] = orjson.dumps(properties.get("targetResources")).decode()
    # As the API writes a type, and as people do: "Service Principal".
    types = [kind for target in targets[:MOST] if (kind := text(target.get("type")))]
    vendor["TargetTypes"] = [*dict.fromkeys([*types, *(_WORD_START.sub(" ", kind) for kind in types)])]


def _written(change: Mapping[str, Any]) -> str:
    """Return a modified property's JSON, without its braces, in the order of the API's documentation."""
    fields = {name: change.get(name) for name in ("displayName", "oldValue", "newValue")}
    return orjson.dumps(fields).decode()[1:-1]


def recognise(entry: dict[str, Any]) -> bool:
    properties = entry.get("properties")
    if isinstance(properties, dict):
        return entry.get("category") == "AuditLogs" and "activityDisplayName" in properties
    return "activityDisplayName" in entry and {"initiatedBy", "targetResources"} <= entry.keys()


AUDIT = json_source(
    "entra.audit",
    "Microsoft Entra ID audit logs",
    "https://learn.microsoft.com/en-us/graph/api/resources/directoryaudit",
    read,
    recognise,
    AUDIT_SAMPLES,
)
