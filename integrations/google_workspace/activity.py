"""``google_workspace.activity``: activities of the Admin SDK's Reports API, and alerts of the Alert Center.

Formats: https://developers.google.com/workspace/admin/reports/reference/rest/v1/activities/list and
https://developers.google.com/workspace/admin/alertcenter/reference/rest/v1beta1/alerts. An activity has one or more
events; each becomes a document, of the dataset ``google_workspace.<application>`` (``login``, ``admin``, ``drive`` …;
``alert``). ``event.action`` is the event's name, ``vendor.parameters`` its parameters by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from integrations.contract import UnparsedError
from integrations.fields import categorise, mapping, objects, put, put_new, text
from integrations.google_workspace.activity_samples import ACTIVITY_SAMPLES
from integrations.google_workspace.alerts import is_alert, read_alert
from integrations.google_workspace.meanings import ALERTS, meaning_of
from integrations.google_workspace.parameters import parameters_of
from integrations.google_workspace.things import put_things
from integrations.normalisers import json_source
from integrations.principals import put_client, put_principal
from integrations.times import Times
from rules.ecs import Document

MOST = 500
"""Events of one activity that are read."""
_APPLICATION = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


def read(entry: dict[str, Any], times: Times) -> Document | list[Document]:
    """Read one activity or alert. Raises `UnparsedError` for what is neither."""
    if is_alert(entry):
        return read_alert(entry, times)
    identity = mapping(entry.get("id"))
    events = objects(entry.get("events"))[:MOST]
    if not identity or not events:
        raise UnparsedError("expected an activity of Google Workspace, with id and events, or an alert")
    time = times.required(times.iso(identity.get("time")))
    documents = [_document(entry, identity, event, time) for event in events]
    return documents if len(documents) > 1 else documents[0]


def _document(
    entry: dict[str, Any], identity: Mapping[str, Any], event: dict[str, Any], time: str
) -> Document:
    application = text(identity.get("applicationName")) or ""
    name, kind = text(event.get("name")) or "unnamed", text(event.get("type")) or ""
    parameters = parameters_of(event)
    document: Document = {
        "@timestamp": time,
        "vendor": {**entry, "events": event, "parameters": parameters},
    }
    categories, types = meaning_of(application, kind, name)
    categorise(
        document, categories, types, kind="alert" if (application, name) in ALERTS else "event", action=name,
        outcome=_outcome(name, parameters),
    )  # fmt: skip
    if _APPLICATION.fullmatch(application):
        put(document, "event.dataset", f"google_workspace.{application}")
        put(document, "event.provider", application)
        put(document, "service.name", f"{application}.googleapis.com")
    put(document, "organization.id", text(identity.get("customerId")))
    _put_actor(document, mapping(entry.get("actor")))
    put_client(document, entry.get("ipAddress"))
    put_things(document, application, name, parameters)
    return document


def _outcome(name: str, parameters: Mapping[str, Any]) -> str | None:
    if name in ("login_failure", "ACCESS_DENY_EVENT", "deny_access_request"):
        return "failure"
    if name in ("login_success", "logout"):
        return "success"
    status = (text(parameters.get("login_challenge_status")) or "").lower()
    if name in ("login_challenge", "login_verification") and status:
        return "success" if "pass" in status else "failure" if "fail" in status else "unknown"
    return None


def _put_actor(document: Document, actor: Mapping[str, Any]) -> None:
    """Set ``user`` and ``source.user``; an application that acts by itself is named by its key."""
    email = text(actor.get("email"))
    for place in ("user", "source.user"):
        put(document, f"{place}.id", text(actor.get("profileId")))
        put_principal(document, place, email)
    application = mapping(actor.get("applicationInfo"))
    if email is None:
        put_new(document, "user.name", text(actor.get("key")) or text(application.get("applicationName")))


def recognise(entry: dict[str, Any]) -> bool:
    identity = entry.get("id")
    if isinstance(identity, dict):
        return "events" in entry and {"applicationName", "uniqueQualifier"} <= identity.keys()
    return is_alert(entry)


ACTIVITY = json_source(
    "google_workspace.activity",
    "Google Workspace activities",
    "https://developers.google.com/workspace/admin/reports/reference/rest/v1/activities/list",
    read,
    recognise,
    ACTIVITY_SAMPLES,
)
