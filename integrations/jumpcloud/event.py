"""``jumpcloud.event``: events of JumpCloud's Directory Insights, of all its services.

Format: https://docs.jumpcloud.com/api/insights/directory/1.0/index.html. ``event.action`` is the ``event_type``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contract import UnparsedError
from integrations.fields import categorise, mapping, number, put, put_new, text
from integrations.jumpcloud.event_samples import EVENT_SAMPLES
from integrations.normalisers import json_source
from integrations.operations import type_of
from integrations.principals import put_client, put_principal, relate_principal
from integrations.times import Times
from rules.ecs import Document

_LOGINS = frozenset(
    {
        "user_login_attempt",
        "admin_login_attempt",
        "login_attempt",
        "sso_auth",
        "radius_auth",
        "radius_auth_attempt",
        "ldap_bind",
    }
)
_SUBJECTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "user": (("iam",), ("user",)),
    "admin": (("iam",), ("admin",)),
    "group": (("iam",), ("group",)),
    "usergroup": (("iam",), ("group",)),
    "association": (("iam",), ()),
    "system": (("host", "configuration"), ()),
    "software": (("package",), ()),
    "passwordmanager": (("iam",), ("user",)),
}


def read(entry: dict[str, Any], times: Times) -> Document:
    """Read one event. Raises `UnparsedError` for one without type or time."""
    action = text(entry.get("event_type"))
    if action is None:
        raise UnparsedError(
            "expected an event of JumpCloud's Directory Insights, with event_type and timestamp"
        )
    document: Document = {
        "@timestamp": times.required(
            times.iso(entry.get("timestamp")), times.iso(entry.get("server_timestamp"))
        ),
        "vendor": {**entry},
    }
    categories, types = _meaning(action)
    categorise(document, categories, types, action=action, outcome=_outcome(entry))
    put(document, "event.provider", text(entry.get("service")))
    put(document, "event.reason", text(entry.get("error_message")) or text(entry.get("message")))
    put(document, "organization.id", text(entry.get("organization")))
    _put_person(document, "user", mapping(entry.get("initiated_by")))
    if (login := text(entry.get("username"))) is not None:
        put_principal(document, "user", login)
    resource = mapping(entry.get("resource"))
    if (text(resource.get("type")) or "") in ("user", "admin", "administrator", "systemuser"):
        _put_person(document, "user.target", resource)
    elif text(resource.get("type")) == "system":
        put(document, "host.hostname", text(resource.get("hostname")))
        put(document, "host.name", text(resource.get("displayName")) or text(resource.get("hostname")))
    elif "group" in (text(resource.get("type")) or ""):
        put(document, "group.id", text(resource.get("id")))
        put(document, "group.name", text(resource.get("name")))
    system = mapping(entry.get("system"))
    put_new(document, "host.hostname", text(system.get("hostname")))
    put_new(document, "host.name", text(system.get("displayName")) or text(system.get("hostname")))
    put_client(document, text(entry.get("client_ip")) or text(entry.get("src_ip")))
    _put_place(document, mapping(entry.get("geoip")))
    agent = mapping(entry.get("useragent"))
    put(document, "user_agent.name", text(agent.get("name")))
    put(document, "user_agent.version", text(agent.get("version")))
    put(document, "user_agent.os.name", text(agent.get("os_name")) or text(agent.get("os")))
    put(document, "user_agent.device.name", text(agent.get("device")))
    put(document, "service.name", text(mapping(entry.get("application")).get("name")))
    return document


def _meaning(action: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if action in _LOGINS:
        return ("authentication",), ("start",)
    if "logout" in action:
        return ("authentication",), ("end",)
    kind = "change" if "membership" in action or action.startswith("association") else type_of(action)
    categories, subjects = _SUBJECTS.get(action.partition("_")[0], (("configuration",), ()))
    return categories, (*subjects, *([kind] if kind else [])) or ("info",)


def _outcome(entry: Mapping[str, Any]) -> str | None:
    done = entry.get("success")
    if not isinstance(done, bool):
        done = mapping(entry.get("auth_meta")).get("success")
    return ("success" if done else "failure") if isinstance(done, bool) else None


def _put_person(document: Document, place: str, person: Mapping[str, Any]) -> None:
    put(document, f"{place}.id", text(person.get("id")))
    put(document, f"{place}.email", text(person.get("email")))
    put_principal(document, place, text(person.get("username")) or text(person.get("email")))
    relate_principal(document, text(person.get("email")))
    relate_principal(document, text(person.get("username")))


def _put_place(document: Document, place: Mapping[str, Any]) -> None:
    if "source" not in document:
        return
    geo: Document = {}
    put(geo, "country_iso_code", text(place.get("country_code")))
    put(geo, "region_name", text(place.get("region_name")))
    put(geo, "continent_code", text(place.get("continent_code")))
    put(geo, "timezone", text(place.get("timezone")))
    latitude, longitude = number(place.get("latitude")), number(place.get("longitude"))
    if latitude is not None and longitude is not None and abs(latitude) <= 90 and abs(longitude) <= 180:
        geo["location"] = {"lat": latitude, "lon": longitude}
    for side in ("source", "client"):
        put(document, f"{side}.geo", dict(geo))


def recognise(entry: dict[str, Any]) -> bool:
    return {"event_type", "organization", "service"} <= entry.keys() and bool(
        {"initiated_by", "client_ip", "system", "resource"} & entry.keys()
    )


EVENT = json_source(
    "jumpcloud.event",
    "JumpCloud Directory Insights",
    "https://docs.jumpcloud.com/api/insights/directory/1.0/index.html",
    read,
    recognise,
    EVENT_SAMPLES,
)
