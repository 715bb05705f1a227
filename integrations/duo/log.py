"""``duo.log``: authentications, administrators' and users' activity, telephony, offline enrolments, Trust Monitor.

Format: https://duo.com/docs/adminapi#logs. The API has one log for each; they are told apart by their fields. A
second factor that was refused, cancelled or called fraud is ``event.outcome: failure``, the why in ``event.reason``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from integrations.contract import UnparsedError
from integrations.duo.log_samples import LOG_SAMPLES
from integrations.fields import add, categorise, mapping, objects, put, put_new, text
from integrations.normalisers import json_source
from integrations.operations import type_of
from integrations.principals import is_address, put_client, put_principal, relate_principal
from integrations.times import Times
from integrations.web import put_agent
from rules.ecs import Document

_OUTCOMES: Mapping[str, str] = {
    "success": "success", "denied": "failure", "failure": "failure", "fraud": "failure", "error": "failure",
}  # fmt: skip
_SUBJECTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "user": (("iam",), ("user",)),
    "group": (("iam",), ("group",)),
    "admin": (("iam",), ("admin",)),
    "role": (("iam",), ("admin",)),
    "bypass": (("iam",), ("user",)),
    "phone": (("iam",), ("user",)),
    "hardtoken": (("iam",), ("user",)),
    "u2ftoken": (("iam",), ("user",)),
    "webauthn": (("iam",), ("user",)),
    "webauthncredential": (("iam",), ("user",)),
    "activation": (("iam",), ("user",)),
    "deactivation": (("iam",), ("user",)),
    "o2fa": (("iam",), ("user",)),
    "directory": (("iam",), ()),
}
"""By the first word of an action; others configure."""


def read(entry: dict[str, Any], times: Times) -> Document:
    """Read one entry of any of the logs. Raises `UnparsedError` for what is of none."""
    for is_such, reader in _READERS:
        if is_such(entry):
            document = reader(entry, times)
            document["vendor"] = {**entry}
            return document
    raise UnparsedError("expected an entry of a log of Duo's Admin API: none of them has these fields")


def _read_authentication(entry: Mapping[str, Any], times: Times) -> Document:
    document: Document = {"@timestamp": _time(entry, times)}
    result = (text(entry.get("result")) or "").lower()
    action = text(entry.get("event_type")) or "authentication"
    categories = ("authentication",) if action == "authentication" else ("iam",)
    categorise(
        document,
        categories,
        ("info",),
        action=action,
        outcome=_OUTCOMES.get(result, "unknown" if result else None),
    )
    put(document, "event.reason", text(entry.get("reason")))
    user = entry.get("user")
    person = mapping(user)
    name = text(person.get("name")) if person else text(user) or text(entry.get("username"))
    groups = [said for each in _list(person.get("groups")) if (said := text(each))]
    for place in ("user", "source.user"):
        put(document, f"{place}.id", text(person.get("key")))
        put(document, f"{place}.email", text(entry.get("email")))
        if name and is_address(name):
            put_principal(document, place, name)
        put(document, f"{place}.name", name)
    add(document, "source.user.group.name", groups)
    relate_principal(document, name)
    relate_principal(document, entry.get("email"))
    device = mapping(entry.get("access_device"))
    put_client(document, device.get("ip") or entry.get("ip"))
    put(document, "source.geo.city_name", text(mapping(device.get("location")).get("city")))
    put(document, "source.geo.region_name", text(mapping(device.get("location")).get("state")))
    put(document, "source.geo.country_name", text(mapping(device.get("location")).get("country")))
    put(document, "user_agent.name", text(device.get("browser")))
    put(document, "user_agent.version", text(device.get("browser_version")))
    put(document, "user_agent.os.name", text(device.get("os")))
    put(document, "user_agent.os.version", text(device.get("os_version")))
    put(document, "host.hostname", text(device.get("hostname")))
    put(
        document,
        "service.name",
        text(mapping(entry.get("application")).get("name")) or text(entry.get("integration")),
    )
    put(document, "service.id", text(mapping(entry.get("application")).get("key")))
    put(document, "transaction.id", text(entry.get("txid")))
    factor = text(entry.get("factor"))
    put(document, "message", f"{factor}: {result}" if factor else None)
    return document


def _list(value: Any) -> list[Any]:
    return value[:200] if isinstance(value, list) else []


def _time(entry: Mapping[str, Any], times: Times) -> str:
    return times.required(
        times.iso(entry.get("isotimestamp")), times.any(entry.get("timestamp")), times.any(entry.get("ts")),
        times.any(entry.get("surfaced_timestamp")),
    )  # fmt: skip


def _read_administration(entry: Mapping[str, Any], times: Times) -> Document:
    document: Document = {"@timestamp": _time(entry, times)}
    action = text(entry.get("action")) or ""
    details = _details(entry.get("description"))
    first = action.partition("_")[0]
    if action.startswith("admin_login") or action == "admin_2fa_error":
        failed = "error" in action or "fail" in action
        categorise(
            document, ["authentication"], ["start"], action=action, outcome="failure" if failed else "success"
        )
    else:
        categories, subjects = _SUBJECTS.get(first, (("configuration",), ()))
        kind = type_of(action)
        categorise(document, categories, (*subjects, *([kind] if kind else [])) or ("info",), action=action,
                   outcome="failure" if "error" in action or "fail" in action else "success")  # fmt: skip
    put(document, "event.reason", text(details.get("error")))
    put_principal(document, "user", entry.get("username"))
    put(document, "user.email", text(details.get("email")) if action.startswith("admin_login") else None)
    relate_principal(document, entry.get("username"))
    target = text(entry.get("object"))
    if (
        target
        and first in ("user", "admin", "bypass", "activation", "deactivation")
        and not action.startswith("admin_login")
    ):
        put(document, "user.target.full_name" if " " in target else "user.target.name", target)
        put_new(document, "user.target.email", text(details.get("email")))
        put(document, "user.target.roles", [role] if (role := text(details.get("role"))) else None)
        relate_principal(document, target)
    elif target and first == "group":
        put(document, "group.name", target)
    elif target and first == "o2fa":
        put(document, "service.name", target)
        put(document, "host.hostname", text(details.get("hostname")))
    put_agent(document, text(details.get("user_agent")))
    put_client(document, text(details.get("ip_address")) or text(entry.get("host")))
    put(document, "message", text(entry.get("description")))
    return document


def _details(value: Any) -> Mapping[str, Any]:
    """Return what a description says: Duo writes an object as a JSON text."""
    if isinstance(value, str) and value[:1] == "{" and len(value) < 65_536:
        try:
            return mapping(orjson.loads(value))
        except orjson.JSONDecodeError:
            return {}
    return mapping(value)


def _read_telephony(entry: Mapping[str, Any], times: Times) -> Document:
    document: Document = {"@timestamp": _time(entry, times)}
    categorise(
        document, ["authentication"], ["info"], action=f"telephony-{text(entry.get('type')) or 'message'}"
    )
    put(document, "event.reason", text(entry.get("context")))
    put(document, "transaction.id", text(entry.get("txid")))
    return document


def _read_activity(entry: Mapping[str, Any], times: Times) -> Document:
    document: Document = {"@timestamp": _time(entry, times)}
    action = text(mapping(entry.get("action")).get("name")) or ""
    result = (text(mapping(entry.get("outcome")).get("result")) or "").lower()
    first = action.partition("_")[0]
    categories: tuple[str, ...] = ("authentication",)
    types: tuple[str, ...] = ("start",)
    if "login" not in action:
        categories, subjects = _SUBJECTS.get(first, (("configuration",), ()))
        kind = type_of(action)
        types = (*subjects, *([kind] if kind else [])) or ("info",)
    categorise(document, categories, types, action=action, outcome=_OUTCOMES.get(result))
    actor, target = mapping(entry.get("actor")), mapping(entry.get("target"))
    put(document, "user.id", text(actor.get("key")))
    put(document, "user.email", text(_details(actor.get("details")).get("email")))
    put_principal(document, "user", actor.get("name"))
    relate_principal(document, actor.get("name"))
    name = text(target.get("name"))
    if "user" in (text(target.get("type")) or "") or "admin" in (text(target.get("type")) or ""):
        put(document, "user.target.id", text(target.get("key")))
        put_principal(document, "user.target", name)
        relate_principal(document, name)
    elif text(target.get("type")) == "group":
        put(document, "group.name", name)
        put(document, "group.id", text(target.get("key")))
    device = mapping(entry.get("access_device"))
    ip = device.get("ip")
    put_client(document, mapping(ip).get("address") or ip)
    put(document, "user_agent.name", text(device.get("browser")))
    put(document, "user_agent.version", text(device.get("browser_version")))
    put(document, "user_agent.os.name", text(device.get("os")))
    put(document, "user_agent.os.version", text(device.get("os_version")))
    put(document, "service.name", text(mapping(entry.get("application")).get("name")))
    return document


def _read_trust(entry: Mapping[str, Any], times: Times) -> Document:
    surfaced = mapping(entry.get("surfaced_auth"))
    document: Document = _read_authentication(
        {**surfaced, **{"timestamp": entry.get("surfaced_timestamp"), "isotimestamp": None}}, times
    )
    event = document["event"]
    event["kind"], event["category"], event["type"] = "alert", ["threat", "authentication"], ["indicator"]
    event["action"] = text(entry.get("type")) or "trust-monitor"
    put(document, "event.severity", 73 if entry.get("priority_event") is True else 47)
    put(document, "event.reference", text(entry.get("triage_event_uri")))
    summaries = [
        text(each.get("summary")) or text(each.get("type"))
        for each in objects(entry.get("explanations"))[:32]
    ]
    put(document, "event.reason", "; ".join(filter(None, summaries)))
    put_new(document, "user.target.name", text(mapping(entry.get("enabled_for")).get("name")))
    put_new(document, "user.name", text(mapping(entry.get("enabled_by")).get("name")))
    return document


def _is_authentication(entry: Mapping[str, Any]) -> bool:
    return (
        "event_type" in entry
        and "result" in entry
        and bool({"factor", "access_device", "auth_device", "txid"} & entry.keys())
    )


def _is_administration(entry: Mapping[str, Any]) -> bool:
    return isinstance(entry.get("action"), str) and {"description", "username", "object"} <= entry.keys()


def _is_telephony(entry: Mapping[str, Any]) -> bool:
    return {"context", "credits", "phone"} <= entry.keys()


def _is_activity(entry: Mapping[str, Any]) -> bool:
    return (
        isinstance(entry.get("action"), dict)
        and "actor" in entry
        and bool({"activity_id", "akey"} & entry.keys())
    )


def _is_trust(entry: Mapping[str, Any]) -> bool:
    return "sekey" in entry and "surfaced_timestamp" in entry


_READERS: tuple[
    tuple[Callable[[Mapping[str, Any]], bool], Callable[[Mapping[str, Any], Times], Document]], ...
] = (
    (_is_trust, _read_trust),
    (_is_authentication, _read_authentication),
    (_is_activity, _read_activity),
    (_is_administration, _read_administration),
    (_is_telephony, _read_telephony),
)


def recognise(entry: dict[str, Any]) -> bool:
    return any(is_such(entry) for is_such, _ in _READERS)


LOG = json_source(
    "duo.log", "Cisco Duo logs", "https://duo.com/docs/adminapi#logs", read, recognise, LOG_SAMPLES
)
