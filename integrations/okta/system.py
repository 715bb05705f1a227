"""``okta.system``: events of Okta's System Log.

Format: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/ (LogEvent). The
whole event stays under ``vendor`` as Okta spells it; ``event.action`` is its ``eventType``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from integrations.contract import UnparsedError
from integrations.fields import add, categorise, integer, mapping, number, objects, put, put_new, text
from integrations.normalisers import json_source
from integrations.okta.meanings import ALERTS, meaning_of
from integrations.okta.system_samples import SYSTEM_SAMPLES
from integrations.principals import put_both, put_client, put_principal, relate_principal
from integrations.times import Times
from integrations.web import put_agent, put_url
from rules.ecs import Document

_OUTCOMES: Mapping[str, str] = {
    "SUCCESS": "success",
    "ALLOW": "success",
    "FAILURE": "failure",
    "DENY": "failure",
    "CHALLENGE": "unknown",
    "SKIPPED": "unknown",
    "UNKNOWN": "unknown",
}
_SEVERITIES: Mapping[str, str] = {"DEBUG": "debug", "INFO": "info", "WARN": "warn", "ERROR": "error"}
_LEVEL = re.compile(r"\blevel=([A-Z]{1,16})\b", re.ASCII)
_PERSONS = frozenset({"User", "AppUser", "PublicClientApp", "SystemPrincipal"})


def read(entry: dict[str, Any], times: Times) -> Document:
    """Read one LogEvent. Raises `UnparsedError` for one without ``eventType`` or ``published``."""
    event_type = text(entry.get("eventType"))
    if event_type is None:
        raise UnparsedError("expected an event of Okta's System Log, with eventType")
    document: Document = {"@timestamp": times.required(times.iso(entry.get("published"))), "vendor": entry}
    result = mapping(entry.get("outcome"))
    categories, types = meaning_of(event_type)
    categorise(
        document,
        categories,
        types,
        kind="alert" if event_type in ALERTS else "event",
        action=event_type,
        outcome=_OUTCOMES.get(text(result.get("result")) or "", "unknown" if result.get("result") else None),
    )
    put(document, "event.reason", text(result.get("reason")))
    put(document, "message", text(entry.get("displayMessage")))
    put(document, "log.level", _SEVERITIES.get(text(entry.get("severity")) or ""))
    put(document, "transaction.id", text(mapping(entry.get("transaction")).get("id")))
    put(document, "session.id", text(mapping(entry.get("authenticationContext")).get("externalSessionId")))
    _put_actor(document, mapping(entry.get("actor")))
    _put_client(document, mapping(entry.get("client")), mapping(entry.get("securityContext")))
    _put_chain(document, objects(mapping(entry.get("request")).get("ipChain")))
    for target in objects(entry.get("target")):
        _put_target(document, target)
    _put_debug(document, mapping(mapping(entry.get("debugContext")).get("debugData")))
    return document


def _put_actor(document: Document, actor: Mapping[str, Any]) -> None:
    put(document, "user.id", text(actor.get("id")))
    put(document, "user.full_name", text(actor.get("displayName")))
    login = _login(actor)
    put_principal(document, "user", login)
    for side in ("source", "client"):
        put(document, f"{side}.user.id", text(actor.get("id")))
        put(document, f"{side}.user.full_name", text(actor.get("displayName")))
        put_principal(document, f"{side}.user", login)
    relate_principal(document, login)
    add(document, "related.user", text(actor.get("displayName")))


def _login(principal: Mapping[str, Any]) -> str | None:
    login = text(principal.get("alternateId"))
    return login if login and login.lower() != "unknown" else None


def _put_client(document: Document, client: Mapping[str, Any], security: Mapping[str, Any]) -> None:
    put_client(document, client.get("ipAddress"))
    place = mapping(client.get("geographicalContext"))
    geo: Document = {}
    for field, name in (
        ("city_name", "city"), ("region_name", "state"), ("country_name", "country"), ("postal_code", "postalCode"),
    ):  # fmt: skip
        put(geo, field, text(place.get(name)))
    at = mapping(place.get("geolocation"))
    latitude, longitude = number(at.get("lat")), number(at.get("lon"))
    if latitude is not None and longitude is not None and abs(latitude) <= 90 and abs(longitude) <= 180:
        geo["location"] = {"lat": latitude, "lon": longitude}
    for side in ("source", "client"):
        put(document, f"{side}.geo", dict(geo))
    put_both(document, "as.number", integer(security.get("asNumber")))
    put_both(document, "as.organization.name", text(security.get("asOrg")))
    domain = text(security.get("domain"))
    if domain and domain != ".":
        put_both(document, "domain", domain)
    agent = mapping(client.get("userAgent"))
    put_agent(document, agent.get("rawUserAgent"))
    device = mapping(client.get("device"))
    put(document, "device.id", text(device.get("id")))


def _put_chain(document: Document, chain: list[dict[str, Any]]) -> None:
    """Name the proxies that the request passed in ``related.ip``."""
    from integrations.text import address

    for hop in chain[:32]:
        ip = hop.get("ip")
        add(document, "related.ip", address(ip) if isinstance(ip, str) else None)


def _put_target(document: Document, target: Mapping[str, Any]) -> None:
    kind, name = text(target.get("type")) or "", text(target.get("displayName"))
    identity, login = text(target.get("id")), _login(target)
    if kind in ("User", "AppUser"):
        there = mapping(document.get("user")).get("target")
        if kind == "User" or not there:
            put_new(document, "user.target.id", identity)
            put_new(document, "user.target.full_name", name)
            put_principal(document, "user.target", login)
        relate_principal(document, login)
        add(document, "related.user", name)
    elif kind in ("UserGroup", "Group"):
        put_new(document, "group.id", identity)
        put_new(document, "group.name", name)
        put_new(document, "user.target.group.id", identity)
        put_new(document, "user.target.group.name", name)
    elif kind in ("AppInstance", "App", "PublicClientApp"):
        put_new(document, "service.id", identity)
        put_new(document, "service.name", name)
        put_new(document, "service.type", login)
    elif kind in ("PolicyRule", "Rule"):
        put_new(document, "rule.id", identity)
        put_new(document, "rule.name", name)
    elif kind in ("PolicyEntity", "Policy"):
        put_new(document, "rule.ruleset", name)
    elif kind in ("Device", "ManagedDevice"):
        put_new(document, "device.id", identity)
        add(document, "related.hosts", name)
    elif kind in ("ROLE", "Role", "CUSTOM_ROLE"):
        add(document, "user.target.roles", name)


def _put_debug(document: Document, debug: Mapping[str, Any]) -> None:
    """Set what rules ask of the debug data, which Okta does not promise: URL, risk, granted roles."""
    url = text(debug.get("url")) or text(debug.get("requestUri"))
    if url and url.startswith("/"):
        put_url(document, url)
    for field in ("risk", "logOnlySecurityData"):
        if (said := text(debug.get(field))) and (
            level := _LEVEL.search(said[:4096]) or re.search(r'"level":"([A-Z]{1,16})"', said[:4096])
        ):
            put_new(document, "user.risk.calculated_level", level[1].lower())
    granted = text(debug.get("privilegeGranted"))
    add(
        document, "user.target.roles", [role.strip() for role in granted.split(",")][:64] if granted else None
    )
    if text(debug.get("threatSuspected")) == "true":
        event = document["event"]
        event["category"] = [*dict.fromkeys([*event.get("category", ()), "threat"])]


def recognise(entry: dict[str, Any]) -> bool:
    return {"eventType", "published", "actor", "uuid"} <= entry.keys() and "." in str(entry["eventType"])


SYSTEM = json_source(
    "okta.system",
    "Okta System Log",
    "https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/",
    read,
    recognise,
    SYSTEM_SAMPLES,
)
