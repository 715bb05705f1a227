"""``keycloak.event``: login and admin events of Keycloak, from its server log or as JSON.

Formats: https://www.keycloak.org/docs/latest/server_admin/#configuring-auditing-to-track-events: the logger
``org.keycloak.events`` writes ``type="LOGIN_ERROR", realmName="master", userId="…", ipAddress="…"`` after its time and
level (older releases without quotes); the REST API and listeners give EventRepresentation and
AdminEventRepresentation. Lines of other loggers are kept as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from integrations.contract import UnparsedError
from integrations.fields import categorise, mapping, put, put_new, text
from integrations.keycloak.event_samples import EVENT_SAMPLES
from integrations.normalisers import line_source, load_object
from integrations.principals import put_client, put_principal, relate_principal
from integrations.times import Times
from integrations.unwrapping import by_syslog
from rules.ecs import Document

_LINE = re.compile(
    r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,]\d{1,9}(?:Z|[+-]\d\d:?\d\d)?) {1,4}([A-Z]{4,6}) {1,4}\[([\w.$-]{1,200})\] ?"
    r"(?:\(([^)]{0,200})\))? ?(.*)",
    re.ASCII | re.DOTALL,
)
_PAIR = re.compile(r'([A-Za-z_.]{1,80})=(?:"([^"]{0,4096})"|([^,]{0,4096}))(?:, |,|$)', re.ASCII)
_LOGGERS = ("org.keycloak.events", "org.keycloak.events.admin")
_NULLS = frozenset({"null", "none", ""})
_DEEDS: Mapping[str, str] = {
    "CREATE": "creation",
    "UPDATE": "change",
    "DELETE": "deletion",
    "ACTION": "change",
}
_TYPES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "LOGIN": (("authentication", "session"), ("start",)),
    "LOGOUT": (("authentication", "session"), ("end",)),
    "REGISTER": (("iam",), ("user", "creation")),
    "DELETE_ACCOUNT": (("iam",), ("user", "deletion")),
    "IMPERSONATE": (("iam", "session"), ("user", "start")),
    "GRANT_CONSENT": (("iam",), ("user", "change")),
    "REVOKE_GRANT": (("iam",), ("user", "change")),
    "USER_DISABLED_BY_PERMANENT_LOCKOUT": (("iam",), ("user", "change")),
    "USER_DISABLED_BY_TEMPORARY_LOCKOUT": (("iam",), ("user", "change")),
    "CLIENT_REGISTER": (("configuration",), ("creation",)),
    "CLIENT_UPDATE": (("configuration",), ("change",)),
    "CLIENT_DELETE": (("configuration",), ("deletion",)),
}
"""By type, without ``_ERROR``."""


def read(line: str, times: Times) -> Document:
    """Read a line of the log or a JSON event. Raises `UnparsedError` for what is neither."""
    if line.lstrip()[:1] == "{":
        return _read_object(load_object(line), times)
    match = _LINE.fullmatch(line)
    if match is None:
        raise UnparsedError(
            "expected a line of Keycloak's log (time, level, [logger], (thread), message) or an event as JSON"
        )
    time, level, logger, thread, message = match.groups()
    stamp = times.required(times.iso(time))
    if logger not in _LOGGERS:
        document: Document = {"@timestamp": stamp, "message": message}
        categorise(document, (), ("info",))
    else:
        pairs = {name: quoted if quoted is not None else bare for name, quoted, bare in _pairs(message)}
        document = _read_event(pairs, stamp)
        document["vendor"] = pairs
        document["message"] = message
    put(document, "log.level", level)
    put(document, "log.logger", logger)
    put(document, "process.thread.name", thread)
    return document


def _pairs(message: str) -> list[tuple[str, str | None, str]]:
    return [(match[1], match[2], match[3]) for match in _PAIR.finditer(message[:32_768])]


def _read_object(entry: dict[str, Any], times: Times) -> Document:
    if "loggerName" in entry and isinstance(entry.get("message"), str):
        # The console's JSON: the line's parts are fields.
        stamp = times.required(times.any(entry.get("timestamp")))
        found = {
            name: quoted if quoted is not None else bare for name, quoted, bare in _pairs(entry["message"])
        }
        document = _read_event(found, stamp)
        put(document, "log.level", text(entry.get("level")))
        put(document, "log.logger", text(entry.get("loggerName")))
        put(document, "message", text(entry["message"]))
        document["vendor"] = {**entry, **found}
        return document
    time = times.any(entry.get("time")) or times.any(entry.get("timestamp"))
    document = _read_event({**entry, **mapping(entry.get("authDetails"))}, times.required(time))
    document["vendor"] = {**entry}
    return document


def _read_event(entry: Mapping[str, Any], stamp: str) -> Document:
    document: Document = {"@timestamp": stamp}
    error = _said(entry, "error")
    kind, operation = _said(entry, "type"), _said(entry, "operationType")
    if operation:
        thing = _said(entry, "resourceType") or "RESOURCE"
        subject = (
            "group" if "GROUP" in thing else "user" if "USER" in thing or "ROLE_MAPPING" in thing else None
        )
        deed = (
            "change" if "MEMBERSHIP" in thing or "MAPPING" in thing else _DEEDS.get(operation.upper(), "info")
        )
        categorise(
            document, ("iam",) if subject else ("configuration",), (subject, deed) if subject else (deed,),
            action=f"{operation}-{thing}".lower(), outcome="failure" if error or operation.endswith("_ERROR") else "success",
        )  # fmt: skip
        _put_resource(document, _said(entry, "resourcePath"))
    elif kind:
        plain = kind.removesuffix("_ERROR")
        categories, types = _TYPES.get(plain, (("authentication",), ("info",)))
        if plain not in _TYPES and any(
            word in plain for word in ("UPDATE", "REMOVE", "RESET", "VERIFY_EMAIL")
        ):
            categories, types = ("iam",), ("user", "change")
        categorise(
            document,
            categories,
            types,
            action=kind,
            outcome="failure" if error or kind.endswith("_ERROR") else "success",
        )
    else:
        raise UnparsedError("expected an event of Keycloak, with type or operationType")
    put(document, "event.reason", error)
    _put_user(document, entry)
    put_client(document, _said(entry, "ipAddress"))
    put(document, "service.name", _said(entry, "clientId"))
    put(document, "organization.name", _said(entry, "realmName"))
    put(document, "organization.id", _said(entry, "realmId"))
    put(document, "session.id", _said(entry, "sessionId") or _said(entry, "code_id"))
    return document


def _said(entry: Mapping[str, Any], name: str) -> str | None:
    found = text(entry.get(name))
    return found if found is not None and found.lower() not in _NULLS else None


def _put_user(document: Document, entry: Mapping[str, Any]) -> None:
    put(document, "user.id", _said(entry, "userId"))
    details = mapping(entry.get("details"))
    name = _said(entry, "username") or _said(details, "username")
    put_principal(document, "user", name)
    relate_principal(document, name)
    target = _said(entry, "impersonated_user") or _said(details, "impersonated_user")
    put_principal(document, "user.target", target)


def _put_resource(document: Document, path: str | None) -> None:
    """Set who or what was changed, of ``users/<id>/…``, ``groups/<id>``."""
    parts = (path or "").split("/")
    for at in range(0, min(len(parts) - 1, 8), 2):
        if parts[at] == "users":
            put_new(document, "user.target.id", parts[at + 1])
        elif parts[at] == "groups":
            put_new(document, "group.id", parts[at + 1])


def recognise(line: str) -> bool:
    if line.lstrip()[:1] == "{":
        try:
            entry = load_object(line)
        except UnparsedError:
            return False
        if str(entry.get("loggerName", "")).startswith("org.keycloak.events"):
            return True
        return "realmId" in entry and bool({"type", "operationType"} & entry.keys())
    match = _LINE.match(line)
    return match is not None and "keycloak" in match[3]


EVENT = by_syslog(
    line_source(
        "keycloak.event",
        "Keycloak login and admin events",
        "https://www.keycloak.org/docs/latest/server_admin/#configuring-auditing-to-track-events",
        read,
        recognise,
        EVENT_SAMPLES,
    ),
    "keycloak",
)
