"""``onepassword.event``: sign-in attempts, item usages and audit events of 1Password Business.

Format: https://developer.1password.com/docs/events-api/reference. The three are told apart by their fields:
``target_user``, ``item_uuid``, ``actor_uuid``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contract import UnparsedError
from integrations.fields import categorise, mapping, number, put, put_new, text
from integrations.normalisers import json_source
from integrations.onepassword.event_samples import EVENT_SAMPLES
from integrations.operations import type_of
from integrations.principals import put_client, put_principal, relate_principal
from integrations.times import Times
from rules.ecs import Document

_SIGNED_IN = frozenset({"success", "firewall_reported_success"})
_USAGES: Mapping[str, str] = {
    "create": "creation", "server-create": "creation", "update": "change", "server-update": "change",
    "share": "change", "move": "change",
}  # fmt: skip
"""Usages that write; all others read."""
_OBJECTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "user": (("iam",), ("user",)),
    "invite": (("iam",), ("user",)),
    "group": (("iam",), ("group",)),
    "gm": (("iam",), ("group",)),
    "uva": (("iam",), ("user",)),
    "gva": (("iam",), ("group",)),
    "ec": (("iam",), ("user",)),
    "device": (("iam",), ("user",)),
    "sso": (("configuration", "iam"), ()),
    "mfa": (("configuration", "iam"), ()),
    "sa": (("iam",), ()),
    "satoken": (("iam",), ()),
    "vault": (("configuration",), ()),
    "items": (("file",), ()),
    "item": (("file",), ()),
    "file": (("file",), ()),
}
"""By ``object_type``: gm is a group's member, uva and gva are a user's and a group's access to a vault."""
_DEEDS: Mapping[str, str] = {
    "join": "change", "leave": "change", "role": "change", "begin": "start", "complete": "change", "grant": "change",
    "musercom": "creation", "muserdec": "denied", "expand": "change", "verify": "info", "reauth": "info", "purge": "deletion",
}  # fmt: skip


def read(entry: dict[str, Any], times: Times) -> Document:
    """Read one event. Raises `UnparsedError` for what is none of the three."""
    document: Document = {
        "@timestamp": times.required(times.any(entry.get("timestamp"))),
        "vendor": {**entry},
    }
    if "target_user" in entry:
        _read_signin(document, entry)
    elif "item_uuid" in entry or "vault_uuid" in entry:
        _read_usage(document, entry)
    elif "actor_uuid" in entry or "object_type" in entry:
        _read_audit(document, entry)
    else:
        raise UnparsedError("expected an event of 1Password: with target_user, item_uuid or actor_uuid")
    client, place = mapping(entry.get("client")), mapping(entry.get("location"))
    put_client(document, client.get("ip_address") or mapping(entry.get("session")).get("ip"))
    put(document, "user_agent.name", text(client.get("app_name")))
    put(document, "user_agent.version", text(client.get("app_version")))
    put(document, "user_agent.os.name", text(client.get("os_name")))
    put(document, "user_agent.os.version", text(client.get("os_version")))
    if "source" in document:
        for side in ("source", "client"):
            _put_place(document, side, place, entry)
    return document


def _put_place(document: Document, side: str, place: Mapping[str, Any], entry: Mapping[str, Any]) -> None:
    put(document, f"{side}.geo.city_name", text(place.get("city")))
    put(document, f"{side}.geo.region_name", text(place.get("region")))
    country = text(place.get("country")) or text(entry.get("country"))
    put(document, f"{side}.geo.country_iso_code", country if country and len(country) == 2 else None)
    latitude, longitude = number(place.get("latitude")), number(place.get("longitude"))
    if latitude is not None and longitude is not None and abs(latitude) <= 90 and abs(longitude) <= 180:
        put(document, f"{side}.geo.location", {"lat": latitude, "lon": longitude})


def _put_user(document: Document, place: str, user: Mapping[str, Any]) -> None:
    put(document, f"{place}.id", text(user.get("uuid")))
    put(document, f"{place}.full_name", text(user.get("name")))
    put_principal(document, place, user.get("email"))
    relate_principal(document, user.get("email"))


def _read_signin(document: Document, entry: Mapping[str, Any]) -> None:
    category = text(entry.get("category"))
    categorise(document, ["authentication"], ["info"], action=category or "signin",
               outcome=None if category is None else "success" if category in _SIGNED_IN else "failure")  # fmt: skip
    put(document, "event.reason", text(entry.get("type")))
    put(document, "session.id", text(entry.get("session_uuid")))
    _put_user(document, "user", mapping(entry.get("target_user")))


def _read_usage(document: Document, entry: Mapping[str, Any]) -> None:
    action = text(entry.get("action")) or "usage"
    categorise(document, ["file"], [_USAGES.get(action, "access")], action=action)
    _put_user(document, "user", mapping(entry.get("user")))


def _read_audit(document: Document, entry: Mapping[str, Any]) -> None:
    action, thing = text(entry.get("action")) or "audit", text(entry.get("object_type")) or ""
    categories, subjects = _OBJECTS.get(thing, (("configuration",), ()))
    kind = _DEEDS.get(action) or type_of(action)
    categorise(document, categories, (*subjects, *([kind] if kind else [])) or ("info",), action=action)
    put(document, "user.id", text(entry.get("actor_uuid")))
    _put_user(document, "user", mapping(entry.get("actor_details")))
    put(document, "session.id", text(mapping(entry.get("session")).get("uuid")))
    put(document, "device.id", text(mapping(entry.get("session")).get("device_uuid")))
    details, other = mapping(entry.get("object_details")), mapping(entry.get("aux_details"))
    if thing in ("user", "invite"):
        put_new(document, "user.target.id", text(entry.get("object_uuid")))
        _put_user(document, "user.target", details)
    elif thing in ("gm", "uva"):
        put_new(document, "user.target.id", text(entry.get("aux_uuid")))
        _put_user(document, "user.target", other)
    if thing in ("group", "gm"):
        put(document, "group.id", text(entry.get("object_uuid")))
        put(document, "group.name", text(details.get("name")))


def recognise(entry: dict[str, Any]) -> bool:
    if not {"uuid", "timestamp"} <= entry.keys():
        return False
    return (
        {"target_user", "category"} <= entry.keys() or {"vault_uuid", "user"} <= entry.keys()
        or {"actor_uuid", "action", "object_type"} <= entry.keys()
    )  # fmt: skip


EVENT = json_source(
    "onepassword.event",
    "1Password events",
    "https://developer.1password.com/docs/events-api/reference",
    read,
    recognise,
    EVENT_SAMPLES,
)
