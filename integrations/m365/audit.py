"""``m365.audit``: records of the Office 365 Management Activity API, of all its workloads.

Format: https://learn.microsoft.com/en-us/office/office-365-management-api/office-365-management-activity-api-schema; also
as ``Search-UnifiedAuditLog`` exports it, the record within ``AuditData``. ``event.action`` is the operation,
``event.code`` the record type's name, ``event.provider`` the workload. The whole record stays under ``vendor``; its
name-value lists are readable there too: ``vendor.parameters``, ``vendor.properties``, ``vendor.modified``.
Stated rule: an operation without ``ResultStatus`` was done, its outcome is success.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from integrations.contract import UnparsedError
from integrations.entra.errors import ERRORS
from integrations.entra.shapes import loaded, split_port
from integrations.fields import add, categorise, integer, mapping, objects, put, put_new, text
from integrations.m365.audit_samples import AUDIT_SAMPLES
from integrations.m365.content import put_item, put_mail_rule, put_shared_file
from integrations.m365.meanings import ALERTS, meaning_of
from integrations.m365.record_types import RECORD_TYPES
from integrations.m365.threats import put_alert, put_data_loss, put_threat
from integrations.normalisers import json_source
from integrations.principals import put_client, put_principal, relate_principal
from integrations.text import address
from integrations.times import Times
from integrations.web import put_agent
from rules.ecs import Document

_OUTCOMES: Mapping[str, str] = {
    **dict.fromkeys(("success", "succeeded", "partiallysucceeded", "true"), "success"),
    **dict.fromkeys(("failed", "failure", "false", "error"), "failure"),
}
_NOBODY = frozenset(
    {"Not Available", "NotAvailable", "Unknown", "n/a", "00000000-0000-0000-0000-000000000000"}
)
_DIRECTORY = frozenset(
    {"AzureActiveDirectory", "AzureActiveDirectoryStsLogon", "AzureActiveDirectoryAccountLogon"}
)


def read(entry: dict[str, Any], times: Times) -> Document:
    """Read one audit record. Raises `UnparsedError` for one without operation or time."""
    if isinstance(data := entry.get("AuditData"), str | dict):
        entry = mapping(loaded(data))
    operation = text(entry.get("Operation"))
    if operation is None:
        raise UnparsedError("expected a record of Microsoft 365's audit log, with Operation and CreationTime")
    kind = _record_type(entry.get("RecordType"))
    workload = text(entry.get("Workload"))
    document: Document = {
        "@timestamp": times.required(times.iso(_in_utc(entry.get("CreationTime")))), "vendor": {**entry},
    }  # fmt: skip
    categories, types = meaning_of(operation, kind or "", workload or "")
    categorise(
        document, categories, types, kind="alert" if operation in ALERTS else "event", action=operation,
        outcome=_outcome(operation, entry),
    )  # fmt: skip
    put(document, "event.code", kind)
    put(document, "event.provider", workload)
    put(document, "organization.id", text(entry.get("OrganizationId")))
    put(document, "organization.name", text(entry.get("OrganizationName")))
    put(document, "host.id", text(entry.get("OrganizationId")))
    put(document, "server.address", text(entry.get("OriginatingServer")))
    _put_user(document, entry)
    _put_client(document, entry)
    lists = _name_values(document["vendor"], entry)
    _put_agent(document, entry, lists["ExtendedProperties"])
    if kind in _DIRECTORY or workload == "AzureActiveDirectory":
        _put_directory(document, entry, lists)
    put_item(document, entry)
    put_mail_rule(document, lists["Parameters"], lists["OperationProperties"])
    put_shared_file(document, entry)
    put_threat(document, entry, times)
    put_alert(document, entry)
    put_data_loss(document, entry)
    _put_teams(document, entry)
    return document


def _record_type(value: Any) -> str | None:
    number = integer(value)
    return RECORD_TYPES.get(number, str(number)) if number is not None else text(value)


def _in_utc(value: Any) -> Any:
    """Say that a time without a zone is in UTC, as this API's are."""
    if (
        isinstance(value, str)
        and len(value) < 40
        and "T" in value
        and not value.endswith("Z")
        and "+" not in value
    ):
        return value + "Z"
    return value


def _outcome(operation: str, entry: Mapping[str, Any]) -> str:
    if operation == "UserLoginFailed":
        return "failure"
    status = text(entry.get("ResultStatus")) or text(entry.get("Status")) or ""
    return _OUTCOMES.get(status.lower(), "success")


def _put_user(document: Document, entry: Mapping[str, Any]) -> None:
    user = text(entry.get("UserId"))
    if user is None or user in _NOBODY:
        user = text(entry.get("UserUPN")) or text(entry.get("AccountUPN"))
    if user is None:
        return
    put(document, "user.id", user)
    # "NT AUTHORITY\SYSTEM (Microsoft.Exchange.ServiceHost)" names the process in brackets.
    put_principal(document, "user", user.partition(" (")[0])
    relate_principal(document, user.partition(" (")[0])


def _put_client(document: Document, entry: Mapping[str, Any]) -> None:
    for name in ("ClientIP", "ClientIPAddress", "ActorIpAddress", "SenderIp", "UserIp"):
        given = text(entry.get(name))
        if given is None or given in ("null", "<null>", "::", "0.0.0.0"):
            continue
        host, port = split_port(given.split(",")[0])
        ip = address(host.strip())
        if ip is None:
            continue
        put_client(document, ip, port)
        put(document, "network.type", "ipv6" if ":" in ip else "ipv4")
        return


def _name_values(vendor: dict[str, Any], entry: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Read the lists of names and values; put them below ``vendor`` as objects too."""
    found: dict[str, dict[str, str]] = {}
    for field, twin in (
        ("Parameters", "parameters"), ("OperationProperties", "operation"), ("ExtendedProperties", "extended"),
        ("DeviceProperties", "device"), ("ModifiedProperties", "modified"),
    ):  # fmt: skip
        pairs: dict[str, str] = {}
        for item in objects(entry.get(field)):
            name = text(item.get("Name"))
            value = item.get("NewValue") if "NewValue" in item else item.get("Value")
            if isinstance(value, dict | list):
                value = orjson.dumps(value).decode()
            if name and (said := text(value)):
                pairs[name] = said
        found[field] = pairs
        if pairs:
            vendor[twin] = {name.replace("\\", "."): value for name, value in pairs.items()}
    return found


def _put_agent(document: Document, entry: Mapping[str, Any], extended: Mapping[str, str]) -> None:
    put_agent(
        document,
        text(entry.get("UserAgent")) or extended.get("UserAgent") or text(entry.get("ClientInfoString")),
    )
    put(document, "process.name", text(entry.get("ClientProcessName")))


def _put_directory(
    document: Document, entry: Mapping[str, Any], lists: Mapping[str, Mapping[str, str]]
) -> None:
    """Set what a record of Entra ID has: who was changed, in which group or role, why a login failed."""
    error = text(entry.get("ErrorNumber"))
    reason = text(entry.get("LogonError")) or ERRORS.get(error or "")
    if document["event"]["outcome"] == "failure":
        put(document, "error.code", error)
        put(document, "event.reason", reason or lists["ExtendedProperties"].get("ResultDescription"))
    device = lists["DeviceProperties"]
    put(document, "device.id", device.get("Id"))
    put(document, "host.os.name", device.get("OS") if device.get("DisplayName") else None)
    put(document, "host.name", device.get("DisplayName"))
    put(document, "session.id", device.get("SessionId"))
    action = document["event"]["action"]
    identities = objects(entry.get("Target"))
    if document["event"]["category"] == ["authentication"]:
        put(document, "service.id", text(entry.get("ApplicationId")))
        return
    for target in identities[:32]:
        value, kind = text(target.get("ID")), integer(target.get("Type"))
        if value is None:
            continue
        if kind == 5:  # a user principal name
            put_new(document, "user.target.id", value)
            put_principal(document, "user.target", value)
            relate_principal(document, value)
        elif kind == 1 and not _has_user_target(identities):  # a display name
            place = (
                "service.name"
                if "application" in action.lower() or "service principal" in action.lower()
                else None
            )
            place = place or ("group.name" if "group" in action.lower() else None)
            if place:
                put_new(document, place, value)
    modified = lists["ModifiedProperties"]
    put_new(document, "group.name", modified.get("Group.DisplayName"))
    put_new(document, "group.id", modified.get("Group.ObjectID"))
    add(document, "user.target.roles", modified.get("Role.DisplayName"))
    if "user.target" not in document and "user" in action.lower():
        target_user = text(entry.get("ObjectId"))
        if target_user and "@" in target_user:
            put_new(document, "user.target.id", target_user)
            put_principal(document, "user.target", target_user)
            relate_principal(document, target_user)


def _has_user_target(identities: list[dict[str, Any]]) -> bool:
    return any(integer(target.get("Type")) == 5 for target in identities)


def _put_teams(document: Document, entry: Mapping[str, Any]) -> None:
    """Set team and members of a record of Teams."""
    put_new(document, "group.name", text(entry.get("TeamName")))
    put_new(document, "group.id", text(entry.get("TeamGuid")) or text(entry.get("AADGroupId")))
    for member in objects(entry.get("Members"))[:64]:
        upn = text(member.get("UPN"))
        put_principal(document, "user.target", upn)
        put_new(document, "user.target.full_name", text(member.get("DisplayName")) if upn else None)
        relate_principal(document, upn)


def recognise(entry: dict[str, Any]) -> bool:
    if "AuditData" in entry and "RecordType" in entry:
        return True
    return {"Operation", "RecordType", "CreationTime"} <= entry.keys() and (
        "Workload" in entry or "OrganizationId" in entry
    )


AUDIT = json_source(
    "m365.audit",
    "Microsoft 365 unified audit log",
    "https://learn.microsoft.com/en-us/office/office-365-management-api/office-365-management-activity-api-schema",
    read,
    recognise,
    AUDIT_SAMPLES,
)
