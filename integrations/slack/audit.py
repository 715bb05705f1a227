"""``slack.audit``: entries of Slack's Audit Logs API (Enterprise organisations).

Format: https://docs.slack.dev/reference/audit-logs-api/methods-actions-reference. ``event.action`` is the entry's own;
the entity that it is about is a user, a channel, a file, an app, a workspace.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contract import UnparsedError
from integrations.fields import categorise, mapping, put, put_new, text
from integrations.normalisers import json_source
from integrations.operations import type_of
from integrations.principals import put_client, put_principal, relate_principal
from integrations.slack.audit_samples import AUDIT_SAMPLES
from integrations.times import Times
from integrations.web import put_agent
from rules.ecs import Document

_WHOLE: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "user_login": (("authentication", "session"), ("start", "user")),
    "user_login_failed": (("authentication",), ("start", "user")),
    "user_logout": (("authentication", "session"), ("end", "user")),
    "user_logout_compromised": (("authentication", "session"), ("end", "user")),
    "user_logout_non_compliant_mobile_app_version": (("authentication", "session"), ("end", "user")),
    "user_session_invalidated": (("session",), ("end", "user")),
    "user_session_reset_by_admin": (("session",), ("end", "user")),
    "anomaly": (("threat", "intrusion_detection"), ("indicator",)),
    "file_downloaded": (("file",), ("access",)),
    "file_downloaded_blocked": (("file",), ("denied",)),
    "file_uploaded": (("file",), ("creation",)),
    "file_malicious_content_detected": (("malware", "file"), ("info",)),
    "app_installed": (("configuration",), ("installation",)),
    "app_approved": (("configuration",), ("allowed",)),
    "app_restricted": (("configuration",), ("denied",)),
    "app_scopes_expanded": (("configuration", "iam"), ("change",)),
    "app_resources_granted": (("configuration", "iam"), ("change",)),
    "app_token_preserved": (("configuration", "iam"), ("info",)),
    "owner_transferred": (("iam",), ("admin", "change")),
    "billing_address_added": (("configuration",), ("creation",)),
}
_BEGINNINGS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("user_channel_", ("iam",), ("group",)),
    ("guest_channel_", ("iam",), ("group",)),
    ("user_", ("iam",), ("user",)),
    ("guest_", ("iam",), ("user",)),
    ("role_", ("iam",), ("user",)),
    ("scim_", ("iam",), ("user",)),
    ("service_owner_", ("iam",), ("admin",)),
    ("usergroup_", ("iam",), ("group",)),
    ("idp_group_", ("iam",), ("group",)),
    ("file_", ("file",), ()),
    ("canvas_", ("file",), ()),
    ("manual_export_", ("file",), ()),
    ("scheduled_export_", ("file",), ()),
    ("corporate_exports_", ("configuration",), ()),
    ("message_", ("web",), ()),
    ("session_", ("session",), ()),
)
_OUTCOMES: Mapping[str, str] = {"user_login_failed": "failure", "file_downloaded_blocked": "failure"}
_ALERTS = frozenset({"anomaly", "file_malicious_content_detected"})


def read(entry: dict[str, Any], times: Times) -> Document:
    """Read one entry. Raises `UnparsedError` for one without action or time."""
    action = text(entry.get("action"))
    if action is None:
        raise UnparsedError("expected an entry of Slack's audit log, with action and date_create")
    document: Document = {
        "@timestamp": times.required(
            times.epoch(entry.get("date_create")), times.iso(entry.get("date_create"))
        ),
        "vendor": {**entry},
    }
    categories, types = _meaning(action)
    categorise(
        document, categories, types, kind="alert" if action in _ALERTS else "event", action=action,
        outcome=_OUTCOMES.get(action, "success"),
    )  # fmt: skip
    actor = mapping(mapping(entry.get("actor")).get("user"))
    put(document, "user.id", text(actor.get("id")))
    put(document, "user.full_name", text(actor.get("name")))
    put_principal(document, "user", actor.get("email"))
    put_new(document, "user.name", text(actor.get("name")))
    relate_principal(document, actor.get("email"))
    context, details = mapping(entry.get("context")), mapping(entry.get("details"))
    put_client(document, text(context.get("ip_address")))
    put_agent(document, context.get("ua"))
    put(document, "session.id", text(context.get("session_id")))
    place = mapping(context.get("location"))
    put(document, "organization.id", text(place.get("id")))
    put(document, "organization.name", text(place.get("name")))
    put(document, "event.reason", _reason(details))
    put(document, "message", text(details.get("description")))
    _put_entity(document, mapping(entry.get("entity")))
    return document


def _meaning(action: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if (known := _WHOLE.get(action)) is not None:
        return known
    kind = type_of(action)
    for beginning, categories, subjects in _BEGINNINGS:
        if action.startswith(beginning):
            kind = "change" if subjects == ("group",) and "channel" in beginning else kind
            return categories, (*subjects, *([kind] if kind else [])) or ("info",)
    return ("configuration",), ((kind,) if kind else ("info",))


def _reason(details: Mapping[str, Any]) -> str | None:
    reasons = details.get("reason") or details.get("reasons")
    if isinstance(reasons, list):
        return ", ".join(said for each in reasons[:32] if (said := text(each))) or None
    return text(reasons)


def _put_entity(document: Document, entity: Mapping[str, Any]) -> None:
    kind = text(entity.get("type")) or ""
    thing = mapping(entity.get(kind))
    name, identity = text(thing.get("name")), text(thing.get("id"))
    if kind == "user":
        put(document, "user.target.id", identity)
        put(document, "user.target.full_name", name)
        put_principal(document, "user.target", thing.get("email"))
        put_new(document, "user.target.name", name)
        relate_principal(document, thing.get("email"))
    elif kind == "file":
        put(document, "file.name", name or text(thing.get("title")))
        filetype = text(thing.get("filetype")) or ""
        put(document, "file.mime_type" if "/" in filetype else "file.extension", filetype)
        if name and "." in name[1:]:
            put_new(document, "file.extension", name.rpartition(".")[2])
    elif kind in ("usergroup", "channel"):
        put(document, "group.id", identity)
        put(document, "group.name", name)
    elif kind == "app":
        put(document, "service.id", identity)
        put(document, "service.name", name)
    elif kind in ("workspace", "enterprise"):
        put_new(document, "organization.id", identity)
        put_new(document, "organization.name", name)


def recognise(entry: dict[str, Any]) -> bool:
    return {"date_create", "action", "actor", "entity"} <= entry.keys()


AUDIT = json_source(
    "slack.audit",
    "Slack audit logs",
    "https://docs.slack.dev/reference/audit-logs-api/methods-actions-reference",
    read,
    recognise,
    AUDIT_SAMPLES,
)
