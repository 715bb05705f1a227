"""``auth0.log``: log events of an Auth0 tenant, by a log stream or the Management API.

Formats: https://auth0.com/docs/customize/log-streams (``{"log_id", "data": {…}}``) and
https://auth0.com/docs/api/management/v2/logs/get-logs (the inner object alone).
"""

from __future__ import annotations

from typing import Any

from integrations.auth0.log_samples import LOG_SAMPLES
from integrations.auth0.meanings import meaning_of
from integrations.contract import UnparsedError
from integrations.fields import categorise, integer, mapping, put, put_new, text
from integrations.normalisers import json_source
from integrations.principals import is_address, put_client, put_principal, relate_principal
from integrations.text import address
from integrations.times import Times
from integrations.web import put_agent, put_url
from rules.ecs import Document


def read(entry: dict[str, Any], times: Times) -> Document:
    """Read one event. Raises `UnparsedError` for one without type or date."""
    data = mapping(entry.get("data")) or entry
    code = text(data.get("type"))
    if code is None:
        raise UnparsedError("expected a log event of Auth0, with type and date")
    meaning = meaning_of(code)
    document: Document = {"@timestamp": times.required(times.any(data.get("date"))), "vendor": {**entry}}
    categorise(
        document,
        meaning.categories,
        meaning.types,
        kind=meaning.kind,
        action=meaning.action,
        outcome=meaning.outcome,
    )
    put(document, "event.code", code)
    put(document, "event.reason", text(data.get("description")) if meaning.outcome == "failure" else None)
    put(document, "message", text(data.get("description")))
    put(document, "log.level", "error" if meaning.outcome == "failure" else "info")
    user = text(data.get("user_name"))
    put(document, "user.id", text(data.get("user_id")))
    put_principal(document, "user", user)
    relate_principal(document, user)
    details = mapping(data.get("details"))
    request = mapping(details.get("request"))
    mail = text(mapping(mapping(request.get("auth")).get("user")).get("email"))
    if mail and is_address(mail):
        put_new(document, "user.email", mail)
        put_principal(document, "user", mail)
        relate_principal(document, mail)
    put_client(document, data.get("ip"))
    if ip := address(text(data.get("ip")) or ""):
        put(document, "network.type", "ipv6" if ":" in ip else "ipv4")
    put_agent(document, data.get("user_agent"))
    put(document, "service.name", text(data.get("client_name")))
    put(document, "service.id", text(data.get("client_id")))
    put(document, "session.id", text(details.get("session_id")))
    if path := text(request.get("path")):
        put_url(document, path)
    put(document, "http.request.method", (text(request.get("method")) or "").upper())
    put(document, "http.response.status_code", integer(mapping(details.get("response")).get("statusCode")))
    place = mapping(data.get("location_info"))
    if "source" in document:
        put(document, "source.geo.city_name", text(place.get("city_name")))
        put(document, "source.geo.country_name", text(place.get("country_name")))
        put(document, "source.geo.country_iso_code", text(place.get("country_code")))
    return document


def recognise(entry: dict[str, Any]) -> bool:
    data = entry.get("data")
    inner = data if isinstance(data, dict) and "log_id" in entry else entry
    return (
        {"type", "date"} <= inner.keys()
        and bool({"log_id", "_id"} & (entry.keys() | inner.keys()))
        and bool({"client_id", "connection", "tenant_name", "user_agent"} & inner.keys())
    )


LOG = json_source(
    "auth0.log",
    "Auth0 tenant logs",
    "https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes",
    read,
    recognise,
    LOG_SAMPLES,
)
