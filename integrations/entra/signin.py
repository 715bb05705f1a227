"""``entra.signin``: sign-ins of people, service principals and managed identities.

Formats: https://learn.microsoft.com/en-us/graph/api/resources/signin (Microsoft Graph) and
https://learn.microsoft.com/en-us/azure/azure-monitor/reference/tables/signinlogs (diagnostic settings). Stated
rule: ``event.outcome`` is success where the error code is 0, else failure; ``event.code`` is the error code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contract import UnparsedError
from integrations.entra.errors import ERRORS
from integrations.entra.shapes import (
    loaded,
    put_caller,
    put_duration,
    put_place,
    put_user,
    started,
    time_of,
    unwrap,
)
from integrations.entra.signin_samples import SIGNIN_SAMPLES
from integrations.fields import add, categorise, integer, mapping, objects, put, put_new, text
from integrations.normalisers import json_source
from integrations.times import Times
from integrations.web import put_agent
from rules.ecs import Document

CATEGORIES = frozenset(
    {"SignInLogs", "NonInteractiveUserSignInLogs", "ServicePrincipalSignInLogs", "ManagedIdentitySignInLogs"}
    | {"ADFSSignInLogs", "MicrosoftServicePrincipalSignInLogs"}
)
_JSON = (
    "status", "deviceDetail", "location", "authenticationDetails", "conditionalAccessPolicies",
    "appliedConditionalAccessPolicies", "networkLocationDetails", "mfaDetail", "authenticationProcessingDetails",
)  # fmt: skip
_PROTOCOLS: Mapping[str, str] = {"deviceCode": "Device Code", "ropc": "ROPC"}
"""What Sigma's rules call them."""
_NO_RISK = frozenset({"none", "hidden", "unknownFutureValue"})


def read(entry: dict[str, Any], times: Times) -> Document:
    """Read one sign-in of either shape. Raises `UnparsedError` for one without a time or anybody in it."""
    outer, properties = unwrap(entry, *_JSON)
    if not _is_signin(outer, properties):
        raise UnparsedError(
            "expected a sign-in of Entra ID: a category of sign-ins, or createdDateTime and an app"
        )
    document = started(
        outer, properties, time_of(times, properties.get("createdDateTime"), outer.get("time"))
    )
    status = mapping(properties.get("status"))
    code = _code(outer, status)
    outcome = None if code is None else "success" if code == "0" else "failure"
    categorise(
        document, ["authentication"], ["info"], action=text(outer.get("operationName")) or "Sign-in activity",
        outcome=outcome,
    )  # fmt: skip
    put_duration(document, outer)
    put(document, "event.code", code)
    if code not in (None, "0"):
        put(document, "error.code", code)
    failure = _failure(outer, status)
    step = _refused_step(properties, status) if code != "0" else None
    put(document, "event.reason", step or failure or ERRORS.get(code or ""))
    put(document, "message", text(outer.get("resultDescription")) or failure)
    _put_identity(document, outer, properties)
    put_caller(document, properties.get("ipAddress"), outer.get("callerIpAddress"))
    put_place(document, properties.get("location"))
    if (number := integer(properties.get("autonomousSystemNumber"))) and number > 0:
        put(document, "source.as.number", number)
        put(document, "client.as.number", number)
    put_agent(document, properties.get("userAgent"))
    _put_device(document, mapping(properties.get("deviceDetail")))
    put(
        document,
        "service.name",
        text(properties.get("resourceDisplayName")) or text(properties.get("appDisplayName")),
    )
    put(document, "service.id", text(properties.get("resourceId")))
    put(document, "session.id", text(properties.get("sessionId")))
    risk = text(properties.get("riskLevelDuringSignIn"))
    put(document, "user.risk.calculated_level", risk if risk not in _NO_RISK else None)
    _put_policies(document, properties)
    _put_columns(document, properties, code, step)
    return document


def _is_signin(outer: Mapping[str, Any], properties: Mapping[str, Any]) -> bool:
    if text(outer.get("category")) in CATEGORIES:
        return True
    return "createdDateTime" in properties and bool(
        {"appId", "appDisplayName", "servicePrincipalId", "resourceDisplayName"} & properties.keys()
    )


def _code(outer: Mapping[str, Any], status: Mapping[str, Any]) -> str | None:
    code = integer(status.get("errorCode"))
    if code is None:
        code = integer(outer.get("resultType"))
    return str(code) if code is not None else None


def _failure(outer: Mapping[str, Any], status: Mapping[str, Any]) -> str | None:
    for said in (text(status.get("failureReason")), text(outer.get("resultDescription"))):
        if said and said not in ("Other.", "Success", "None"):
            return said
    return None


def _refused_step(properties: Mapping[str, Any], status: Mapping[str, Any]) -> str | None:
    """Return why the second factor was not given: ``MFA denied; user declined the authentication``."""
    extra = text(status.get("additionalDetails"))
    if extra and extra.lower() != "none" and "mfa denied" in extra.lower():
        return extra
    for step in reversed(objects(properties.get("authenticationDetails"))):
        detail = text(step.get("authenticationStepResultDetail"))
        if detail and (step.get("succeeded") is False or "denied" in detail.lower()):
            return detail
    return None


def _put_identity(document: Document, outer: Mapping[str, Any], properties: Mapping[str, Any]) -> None:
    if text(properties.get("userPrincipalName")) or text(properties.get("userId")):
        name = text(properties.get("userDisplayName")) or text(outer.get("identity"))
        put_user(document, "user", properties.get("userId"), properties.get("userPrincipalName"), name)
    else:
        name = text(properties.get("servicePrincipalName")) or text(properties.get("appDisplayName"))
        put(document, "user.id", text(properties.get("servicePrincipalId")))
        put(document, "user.name", name or text(outer.get("identity")))


def _put_device(document: Document, device: Mapping[str, Any]) -> None:
    put(document, "device.id", text(device.get("deviceId")))
    name = text(device.get("displayName"))
    put(document, "host.name", name)
    system = text(device.get("operatingSystem"))
    if system and name:
        put(document, "host.os.name", system)
    elif system:
        put_new(document, "user_agent.os.name", system)


def _put_policies(document: Document, properties: Mapping[str, Any]) -> None:
    """Name the Conditional Access policies that refused."""
    policies = objects(properties.get("appliedConditionalAccessPolicies"))
    for policy in policies or objects(properties.get("conditionalAccessPolicies")):
        if text(policy.get("result")) == "failure":
            add(document, "rule.name", text(policy.get("displayName")))
            add(document, "rule.id", text(policy.get("id")))


def _put_columns(
    document: Document, properties: Mapping[str, Any], code: str | None, step: str | None
) -> None:
    """Add the columns of Log Analytics and of the portal that Sigma's rules ask, below ``vendor``."""
    vendor = document["vendor"]
    vendor["ResultType"] = code or vendor.get("resultType")
    said = [
        mapping(properties.get("status")).get("failureReason"),
        vendor.get("resultDescription"),
        ERRORS.get(code or ""),
    ]
    vendor["ResultDescription"] = [*dict.fromkeys(text(each) for each in said if text(each))]
    if code is not None:
        vendor["Status"] = ["Success" if code == "0" else "Failure", *([step] if step else [])]
        if code != "0":
            vendor["ResultDescription"].append("Failure")
    protocol = text(properties.get("authenticationProtocol"))
    if protocol in _PROTOCOLS:
        properties["message"] = _PROTOCOLS[protocol]  # type: ignore[index]
    places = loaded(properties.get("networkLocationDetails"))
    if places == []:
        vendor["NetworkLocationDetails"] = "[]"


def recognise(entry: dict[str, Any]) -> bool:
    if isinstance(entry.get("properties"), dict | str):
        return entry.get("category") in CATEGORIES
    return "createdDateTime" in entry and bool(
        {"conditionalAccessStatus", "signInEventTypes", "isInteractive"} & entry.keys()
    )


SIGNIN = json_source(
    "entra.signin",
    "Microsoft Entra ID sign-in logs",
    "https://learn.microsoft.com/en-us/graph/api/resources/signin",
    read,
    recognise,
    SIGNIN_SAMPLES,
)
