"""``onelogin.event``: events of OneLogin, by its API or its event webhooks.

Format: https://developers.onelogin.com/api-docs/1/events/event-resource. The numbers of event types are in OneLogin's
list of them (``/api/1/events/types``); ``event.code`` is the number, ``event.action`` its name where it is known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contract import UnparsedError
from integrations.fields import categorise, integer, put, put_new, text
from integrations.normalisers import json_source
from integrations.onelogin.event_samples import EVENT_SAMPLES
from integrations.principals import put_client, put_principal, relate_principal
from integrations.times import Times
from integrations.web import put_agent
from rules.ecs import Document

_TYPES: Mapping[int, tuple[str, tuple[str, ...], tuple[str, ...], str | None]] = {
    1: ("app-added-to-role", ("iam", "configuration"), ("change",), None),
    2: ("app-removed-from-role", ("iam", "configuration"), ("change",), None),
    3: ("user-assumed-another-user", ("iam", "session"), ("start", "user"), None),
    5: ("user-logged-into-onelogin", ("authentication", "session"), ("start", "user"), "success"),
    6: ("user-failed-onelogin-login", ("authentication",), ("start", "user"), "failure"),
    7: ("user-logged-out-of-onelogin", ("authentication", "session"), ("end", "user"), "success"),
    8: ("user-logged-into-app", ("authentication",), ("start", "user"), "success"),
    11: ("user-changed-password", ("iam",), ("user", "change"), None),
    13: ("user-created", ("iam",), ("user", "creation"), None),
    14: ("user-updated", ("iam",), ("user", "change"), None),
    15: ("user-deactivated", ("iam",), ("user", "change"), None),
    16: ("user-activated", ("iam",), ("user", "change"), None),
    17: ("user-deleted", ("iam",), ("user", "deletion"), None),
    532: ("user-locked-via-api", ("iam",), ("user", "change"), None),
    551: ("user-suspended-via-api", ("iam",), ("user", "change"), None),
    553: ("user-locked-via-api", ("iam",), ("user", "change"), None),
}
"""Number to name, categories, types, outcome."""


def read(entry: dict[str, Any], times: Times) -> Document:
    """Read one event. Raises `UnparsedError` for one without type or time."""
    number = integer(entry.get("event_type_id"))
    if number is None:
        raise UnparsedError(
            "expected an event of OneLogin, with event_type_id and created_at or event_timestamp"
        )
    stamp = entry.get("created_at") or entry.get("event_timestamp")
    if isinstance(stamp, str):
        stamp = stamp.removesuffix(" UTC") + "Z" if stamp.endswith(" UTC") else stamp
    document: Document = {"@timestamp": times.required(times.any(stamp)), "vendor": {**entry}}
    name, categories, types, outcome = _TYPES.get(number, (f"event-type-{number}", ("iam",), ("info",), None))
    wrong = text(entry.get("error_description"))
    categorise(document, categories, types, action=name, outcome=outcome or ("failure" if wrong else None))
    put(document, "event.code", str(number))
    put(document, "event.reason", wrong or text(entry.get("custom_message")) or text(entry.get("resolution")))
    put(document, "message", text(entry.get("notes")))
    put(document, "event.risk_score", integer(entry.get("risk_score")))
    put(document, "organization.id", text(entry.get("account_id")))
    _put_people(document, entry)
    put_client(document, text(entry.get("ipaddr")) or text(entry.get("proxy_ip")))
    put_agent(document, entry.get("user_agent"))
    for field, key in (("service", "app"), ("group", "group"), ("rule", "policy")):
        put(document, f"{field}.id", text(entry.get(f"{key}_id")))
        put(document, f"{field}.name", text(entry.get(f"{key}_name")))
    if role := text(entry.get("role_name")):
        put(document, "user.target.roles", [role])
    return document


def _put_people(document: Document, entry: Mapping[str, Any]) -> None:
    """The actor did it to the user; where there is no actor the user did it."""
    user, actor = text(entry.get("user_name")), text(entry.get("actor_user_name"))
    user_id, actor_id = text(entry.get("user_id")), text(entry.get("actor_user_id"))
    place = "user"
    if (actor or actor_id) and (actor_id, actor) != (user_id, user):
        put(document, "user.id", actor_id)
        _put_name(document, "user", actor)
        place = "user.target"
    elif not user and not user_id:
        put_new(document, "user.name", text(entry.get("actor_system")))
    put(document, f"{place}.id", user_id)
    _put_name(document, place, user)
    put_new(document, f"{place}.email", text(entry.get("login_name")))


def _put_name(document: Document, place: str, name: str | None) -> None:
    if name and " " in name:
        put(document, f"{place}.full_name", name)
    put_principal(document, place, name)
    relate_principal(document, name)


def recognise(entry: dict[str, Any]) -> bool:
    return "event_type_id" in entry and bool({"created_at", "event_timestamp"} & entry.keys())


EVENT = json_source(
    "onelogin.event",
    "OneLogin events",
    "https://developers.onelogin.com/api-docs/1/events/event-resource",
    read,
    recognise,
    EVENT_SAMPLES,
)
