"""What an event's parameters are about, in ECS: a document, a user, a group, an app, a device, a rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.fields import add, integer, mapping, put, put_new, text
from integrations.google_workspace.parameters import words
from integrations.principals import is_address, put_client, put_principal, relate_principal
from integrations.web import put_agent, put_url, split_path
from rules.ecs import Document

_SEVERITIES: Mapping[str, int] = {"LOW": 21, "MEDIUM": 47, "HIGH": 73}
_FOLDERS = frozenset({"folder", "shared_drive", "team_drive"})


def put_things(document: Document, application: str, name: str, parameters: Mapping[str, Any]) -> None:
    """Set what `parameters` name."""
    put_agent(document, text(parameters.get("user_agent")) or text(parameters.get("USER_AGENT")))
    if "ip" not in mapping(document.get("source")):
        put_client(document, text(parameters.get("ip_address")) or text(parameters.get("IP_ADDRESS")))
    if application == "drive":
        _put_file(document, parameters)
    elif application == "chrome":
        _put_browser(document, parameters)
    elif application in ("mobile", "device"):
        _put_device(document, parameters)
    elif application == "rules":
        _put_rule(document, parameters)
    elif application in ("token", "saml"):
        put(
            document,
            "service.name",
            text(parameters.get("app_name")) or text(parameters.get("application_name")),
        )
        put(document, "service.id", text(parameters.get("client_id")))
    _put_reason(document, name, parameters)
    _put_target(document, parameters)
    _put_group(document, parameters)
    for role in ("ROLE_NAME", "PRIVILEGE_NAME"):
        add(document, "user.target.roles", words(parameters.get(role)))


def _put_reason(document: Document, name: str, parameters: Mapping[str, Any]) -> None:
    for field in (
        "login_failure_type",
        "failure_type",
        "EVENT_REASON",
        "login_challenge_status",
        "block_reason",
    ):
        if reason := text(parameters.get(field)):
            put_new(document, "event.reason", reason)
    if name == "email_forwarding_out_of_domain":
        add(document, "email.to.address", words(parameters.get("email_forwarding_destination_address")))


def _put_target(document: Document, parameters: Mapping[str, Any]) -> None:
    for field in (
        "USER_EMAIL",
        "affected_email_address",
        "target_user",
        "member_id",
        "user_email",
        "NEW_VALUE_USER",
    ):
        for who in words(parameters.get(field)):
            if is_address(who):
                put_principal(document, "user.target", who)
                relate_principal(document, who)


def _put_group(document: Document, parameters: Mapping[str, Any]) -> None:
    group = (
        text(parameters.get("GROUP_EMAIL"))
        or text(parameters.get("group_email"))
        or text(parameters.get("group_id"))
    )
    if group and is_address(group):
        name, _, domain = group.rpartition("@")
        put(document, "group.name", name)
        put(document, "group.domain", domain)
        put_new(document, "user.target.group.name", name)
        put_new(document, "user.target.group.domain", domain)
    put_new(document, "group.name", text(parameters.get("GROUP_NAME")))


def _put_file(document: Document, parameters: Mapping[str, Any]) -> None:
    title = text(parameters.get("doc_title"))
    put(document, "file.name", title)
    if title and "." in title[1:]:
        extension = title.rpartition(".")[2]
        put(
            document,
            "file.extension",
            extension if 0 < len(extension) <= 10 and extension.isalnum() else None,
        )
    kind = text(parameters.get("doc_type"))
    if kind:
        put(document, "file.type", "dir" if kind in _FOLDERS else "file")
    owner = text(parameters.get("owner"))
    if owner:
        put(document, "file.owner", owner.rpartition("@")[0] if is_address(owner) else owner)
        relate_principal(document, owner)


def _put_browser(document: Document, parameters: Mapping[str, Any]) -> None:
    put_url(document, text(parameters.get("URL")))
    if url := text(parameters.get("URL")):
        put(document, "url.full", url)
    put(document, "host.name", text(parameters.get("DEVICE_NAME")))
    put(document, "device.id", text(parameters.get("DEVICE_ID")) or text(parameters.get("VIRTUAL_DEVICE_ID")))
    if content := text(parameters.get("CONTENT_NAME")):
        put(document, "file.name", split_path(content)[2])
        put(document, "file.path", content if split_path(content)[1] else None)
    put(document, "file.size", integer(parameters.get("CONTENT_SIZE")))
    digest = text(parameters.get("CONTENT_HASH"))
    put(document, "file.hash.sha256", digest.lower() if digest and len(digest) == 64 else None)
    put(document, "file.mime_type", text(parameters.get("CONTENT_TYPE")))
    result = (text(parameters.get("EVENT_RESULT")) or "").upper()
    if "BLOCK" in result:
        add(document, "event.type", ["denied"])


def _put_device(document: Document, parameters: Mapping[str, Any]) -> None:
    put(document, "device.id", text(parameters.get("DEVICE_ID")))
    put(document, "device.model.name", text(parameters.get("DEVICE_MODEL")))
    put(document, "device.serial_number", text(parameters.get("SERIAL_NUMBER")))
    put(document, "host.os.version", text(parameters.get("OS_VERSION")))


def _put_rule(document: Document, parameters: Mapping[str, Any]) -> None:
    put(document, "rule.name", text(parameters.get("rule_name")))
    put(document, "rule.id", text(parameters.get("rule_resource_name")) or text(parameters.get("rule_id")))
    put(document, "event.severity", _SEVERITIES.get((text(parameters.get("severity")) or "").upper()))
    put(document, "file.name", text(parameters.get("resource_title")))
    put(document, "file.owner", (text(parameters.get("resource_owner_email")) or "").partition("@")[0])
