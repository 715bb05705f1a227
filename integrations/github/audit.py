"""``github.audit``: events of GitHub's audit log, by its API or as streamed.

Format: https://docs.github.com/en/organizations/keeping-your-organization-secure/managing-security-settings-for-your-organization/audit-log-events-for-your-organization.
Times are milliseconds since 1970; ``@timestamp`` is when it was logged, ``created_at`` when it happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contract import UnparsedError
from integrations.fields import add, categorise, integer, mapping, put, put_new, text
from integrations.github.audit_samples import AUDIT_SAMPLES
from integrations.normalisers import json_source
from integrations.operations import type_of
from integrations.principals import put_both, put_client, put_principal, relate_principal
from integrations.times import Times
from integrations.web import put_agent, put_url
from rules.ecs import Document

_WHOLE: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "git.clone": (("web", "file"), ("access",)),
    "git.fetch": (("web", "file"), ("access",)),
    "git.push": (("web", "file"), ("change",)),
    "repo.download_zip": (("web", "file"), ("access",)),
    "user.login": (("authentication",), ("start", "user")),
    "user.failed_login": (("authentication",), ("start", "user")),
    "user.logout": (("authentication",), ("end", "user")),
    "org.sso_response": (("authentication",), ("info", "user")),
    "business.sso_response": (("authentication",), ("info", "user")),
    "two_factor_authentication.disabled": (("iam", "web"), ("user", "change")),
    "two_factor_authentication.enabled": (("iam", "web"), ("user", "change")),
    "org.add_member": (("iam", "web"), ("user", "creation")),
    "org.remove_member": (("iam", "web"), ("user", "deletion")),
    "org.update_member": (("iam", "web"), ("user", "change")),
    "org.invite_member": (("iam", "web"), ("user", "creation")),
    "org.remove_outside_collaborator": (("iam", "web"), ("user", "deletion")),
    "org.block_user": (("iam", "web"), ("user", "denied")),
    "repo.add_member": (("iam", "web"), ("user", "creation")),
    "repo.remove_member": (("iam", "web"), ("user", "deletion")),
    "repo.update_member": (("iam", "web"), ("user", "change")),
    "repo.access": (("configuration", "web"), ("change",)),
    "repo.transfer": (("configuration", "web"), ("change",)),
    "repo.transfer_outgoing": (("configuration", "web"), ("change",)),
}
_FAMILIES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "team": (("iam", "web"), ("group",)),
    "user": (("iam", "web"), ("user",)),
    "public_key": (("iam", "web"), ("user",)),
    "oauth_access": (("iam", "web"), ("user",)),
    "oauth_authorization": (("iam", "web"), ("user",)),
    "oauth_application": (("configuration", "web"), ()),
    "org_credential_authorization": (("iam", "web"), ("user",)),
    "personal_access_token": (("iam", "web"), ("user",)),
    "external_identity": (("iam", "web"), ("user",)),
    "external_group": (("iam", "web"), ("group",)),
    "role": (("iam", "web"), ("admin",)),
    "organization_role": (("iam", "web"), ("admin",)),
    "workflows": (("process", "web"), ()),
    "pull_request": (("web",), ()),
    "issues": (("web",), ()),
    "issue_comment": (("web",), ()),
    "api": (("web",), ()),
}
_FAILURES = frozenset({"user.failed_login", "user.two_factor_requested_failed", "org.sso_response_failed"})
_TRANSPORTS: Mapping[int, str] = {1: "http", 2: "ssh"}


def read(entry: dict[str, Any], times: Times) -> Document:
    """Read one event. Raises `UnparsedError` for one without action or time."""
    action = text(entry.get("action"))
    if action is None:
        raise UnparsedError(
            "expected an event of GitHub's audit log, with action and @timestamp or created_at"
        )
    logged, happened = times.any(entry.get("@timestamp")), times.any(entry.get("created_at"))
    document: Document = {"@timestamp": times.required(logged, happened), "vendor": {**entry}}
    categories, types = _meaning(action)
    categorise(document, categories, types, action=action, outcome=_outcome(action, entry))
    put(document, "event.reason", text(entry.get("reason")) or text(entry.get("explanation")))
    put(document, "message", text(entry.get("message")))
    _put_people(document, entry)
    put_client(document, entry.get("actor_ip"))
    country = text(mapping(entry.get("actor_location")).get("country_code"))
    if country and len(country) == 2 and "source" in document:
        put_both(document, "geo.country_iso_code", country)
    put_agent(document, entry.get("user_agent"))
    organisation = entry.get("org")
    names = organisation if isinstance(organisation, list) else [organisation]
    put(
        document,
        "organization.name",
        next(filter(None, map(text, names)), None) or text(entry.get("business")),
    )
    identities = entry.get("org_id") if isinstance(entry.get("org_id"), list) else [entry.get("org_id")]
    put(document, "organization.id", next(filter(None, map(text, identities or ())), None))
    team = text(entry.get("team"))
    put(document, "group.name", team.rpartition("/")[2] if team else None)
    put(document, "service.name", text(entry.get("integration")) or text(entry.get("oauth_application_name")))
    if request := text(entry.get("url_path")):
        put_url(document, request)
    put(document, "http.request.method", text(entry.get("request_method")))
    put(document, "http.response.status_code", integer(entry.get("status_code")))
    put(document, "http.request.id", text(entry.get("request_id")))
    protocol = text(entry.get("transport_protocol_name")) or _TRANSPORTS.get(
        integer(entry.get("transport_protocol")) or 0
    )
    put(document, "network.protocol", protocol)
    return document


def _meaning(action: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if (known := _WHOLE.get(action)) is not None:
        return known
    family, _, verb = action.partition(".")
    categories, subjects = _FAMILIES.get(family, (("configuration", "web"), ()))
    kind = type_of(verb) or type_of(action)
    if family == "team" and "member" in verb:
        kind = "change"
    return categories, (*subjects, *([kind] if kind else [])) or ("info",)


def _outcome(action: str, entry: Mapping[str, Any]) -> str | None:
    if action in _FAILURES or "failed" in action:
        return "failure"
    status = integer(entry.get("status_code"))
    if status is not None:
        return "failure" if status >= 400 else "success"
    return "success"


def _put_people(document: Document, entry: Mapping[str, Any]) -> None:
    put_principal(document, "user", entry.get("actor"))
    put(document, "user.id", text(entry.get("actor_id")))
    put(
        document,
        "user.email",
        text(entry.get("external_identity_nameid"))
        if "@" in str(entry.get("external_identity_nameid"))
        else None,
    )
    target = text(entry.get("user")) or text(entry.get("invitee")) or text(entry.get("blocked_user"))
    put_principal(document, "user.target", target)
    if target:
        put(document, "user.target.id", text(entry.get("user_id")))
    put_new(document, "user.target.email", text(entry.get("email")))
    relate_principal(document, target)
    team = text(entry.get("team"))
    if team:
        put(document, "user.target.group.name", team.rpartition("/")[2])
    add(document, "user.target.roles", text(entry.get("permission")))


def recognise(entry: dict[str, Any]) -> bool:
    action = entry.get("action")
    if not isinstance(action, str) or "." not in action or "actor" not in entry:
        return False
    return bool({"@timestamp", "created_at"} & entry.keys()) and bool(
        {"_document_id", "org", "repo", "business", "actor_id", "actor_ip"} & entry.keys()
    )


AUDIT = json_source(
    "github.audit",
    "GitHub audit log",
    "https://docs.github.com/en/organizations/keeping-your-organization-secure/managing-security-settings-for-your-organization/audit-log-events-for-your-organization",
    read,
    recognise,
    AUDIT_SAMPLES,
)
