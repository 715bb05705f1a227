"""``atlassian.audit``: events of an Atlassian organisation in the cloud; audit records of Jira and Confluence.

Formats: https://developer.atlassian.com/cloud/admin/organization/rest/api-group-events/ and, for Data Center,
`integrations.atlassian.datacenter`.
"""

from __future__ import annotations

from typing import Any

from integrations.atlassian.audit_samples import AUDIT_SAMPLES
from integrations.atlassian.datacenter import is_of_bitbucket, is_record, put_record
from integrations.contract import UnparsedError
from integrations.fields import categorise, mapping, objects, put, put_new, text
from integrations.normalisers import json_source
from integrations.operations import type_of
from integrations.principals import put_client, put_principal, relate_principal
from integrations.times import Times
from rules.ecs import Document

_SUBJECTS = (
    ("group", ("iam",), ("group",)), ("role", ("iam",), ("user",)), ("user", ("iam",), ("user",)),
    ("api_token", ("iam",), ("user",)), ("api_key", ("iam", "configuration"), ()), ("access", ("iam",), ()),
    ("export", ("file", "configuration"), ()), ("page", ("file",), ()), ("attachment", ("file",), ()),
)  # fmt: skip


def read(entry: dict[str, Any], times: Times) -> Document:
    """Read one event. Raises `UnparsedError` for one without an action or time."""
    if is_record(entry):
        return put_record(entry, times)
    what = mapping(entry.get("attributes"))
    action = text(what.get("action"))
    if action is None:
        raise UnparsedError(
            "expected an event of an Atlassian organisation, with attributes.action and .time"
        )
    document: Document = {"@timestamp": times.required(times.iso(what.get("time"))), "vendor": {**entry}}
    categories, types = _meaning(action.lower())
    categorise(
        document,
        categories,
        types,
        action=action,
        outcome="failure" if "fail" in action.lower() else "success",
    )
    put(document, "message", text(mapping(entry.get("message")).get("content")))
    actor = mapping(what.get("actor"))
    put(document, "user.id", text(actor.get("id")))
    put(document, "user.full_name", text(actor.get("name")))
    put_principal(document, "user", actor.get("email"))
    relate_principal(document, actor.get("email"))
    place = mapping(what.get("location"))
    put_client(document, place.get("ip"))
    if "source" in document:
        put(document, "source.geo.city_name", text(place.get("city")))
        put(document, "source.geo.region_name", text(place.get("regionName")))
        put(document, "source.geo.country_name", text(place.get("countryName")))
    for thing in objects(what.get("context"))[:64]:
        kind, about = (text(thing.get("type")) or "").lower(), mapping(thing.get("attributes"))
        if kind.startswith("user"):
            put_new(document, "user.target.id", text(thing.get("id")))
            put_new(document, "user.target.full_name", text(about.get("name")))
            put_principal(document, "user.target", about.get("email"))
            relate_principal(document, about.get("email"))
        elif kind.startswith("group"):
            put_new(document, "group.id", text(thing.get("id")))
            put_new(document, "group.name", text(about.get("name")))
    for container in objects(what.get("container"))[:8]:
        if "org" in (text(container.get("type")) or "").lower():
            put(document, "organization.id", text(container.get("id")))
            put(document, "organization.name", text(mapping(container.get("attributes")).get("siteName")))
    return document


def _meaning(action: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if "login" in action or "logged_in" in action:
        return ("authentication",), ("start",)
    if "logout" in action or "logged_out" in action:
        return ("authentication",), ("end",)
    kind = type_of(action)
    for word, categories, subjects in _SUBJECTS:
        if word in action:
            kind = "change" if subjects == ("group",) and "user" in action else kind
            return categories, (*subjects, *([kind] if kind else [])) or ("info",)
    return ("configuration",), ((kind,) if kind else ("info",))


def recognise(entry: dict[str, Any]) -> bool:
    if is_record(entry):
        return not is_of_bitbucket(entry)
    what = entry.get("attributes")
    return (
        entry.get("type") == "events"
        and isinstance(what, dict)
        and {"action", "actor", "time"} <= what.keys()
    )


AUDIT = json_source(
    "atlassian.audit",
    "Atlassian organisation audit log; Jira and Confluence Data Center audit log",
    "https://developer.atlassian.com/cloud/admin/organization/rest/api-group-events/",
    read,
    recognise,
    AUDIT_SAMPLES,
)
