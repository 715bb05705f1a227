"""Audit records as Atlassian's Data Center products write them: Bitbucket, Jira, Confluence.

Format: https://confluence.atlassian.com/bitbucketserver/audit-log-integrations-1005493346.html (file) and
https://developer.atlassian.com/server/bitbucket/rest/ (``/rest/auditing/1.0/events``). Names of actions and
categories are in the site's language; their keys, ``actionI18nKey`` and ``categoryI18nKey``, are not, so
``event.action`` is the key where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from integrations.contract import UnparsedError
from integrations.fields import add, categorise, mapping, objects, put, put_new, text
from integrations.operations import type_of
from integrations.principals import put_principal, relate_principal
from integrations.text import address
from integrations.times import Times
from rules.ecs import Document

_CATEGORIES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "authentication": (("authentication",), ("info",)),
    "usersandgroups": (("iam",), ("user",)),
    "usermanagement": (("iam",), ("user",)),
    "groupmanagement": (("iam",), ("group",)),
    "permissions": (("iam", "configuration"), ()),
    "security": (("configuration",), ()),
}
"""By the last part of a category's key, or its name; others configure."""
_FAILED = ("failed", "unauthorized", "unauthorised", "denied")


def put_record(entry: dict[str, Any], times: Times) -> Document:
    """Read one record. Raises `UnparsedError` for one without ``auditType`` (``type`` by the API) or time."""
    kind = mapping(entry.get("auditType")) or mapping(entry.get("type"))
    name, key = text(kind.get("action")), text(kind.get("actionI18nKey"))
    if name is None and key is None:
        raise UnparsedError(
            "expected an audit record of Atlassian's Data Center, with auditType.action and timestamp"
        )
    # Rules ask for auditType, whichever way the record came.
    document: Document = {"@timestamp": _time(entry, times), "vendor": {**entry, "auditType": kind}}
    action = key or name or ""
    family = (text(kind.get("categoryI18nKey")) or text(kind.get("category")) or "").rpartition(".")[2]
    categories, types = _meaning(family.replace(" ", "").lower(), name or action)
    failed = any(word in f"{name} {key}".lower() for word in _FAILED)
    categorise(document, categories, types, action=action, outcome="failure" if failed else None)
    put(document, "message", name)
    author = mapping(entry.get("author"))
    put(document, "user.id", text(author.get("id")))
    put_principal(document, "user", author.get("name"))
    put(document, "user.full_name", text(author.get("displayName")))
    relate_principal(document, author.get("name"))
    source = text(entry.get("source"))
    for hop in (source or "").split(",")[:16]:
        if ip := address(hop.strip()):
            put_new(document, "source.address", ip)
            put_new(document, "source.ip", ip)
            add(document, "related.ip", ip)
    _put_service(document, text(entry.get("system")))
    for thing in objects(entry.get("affectedObjects"))[:64]:
        _put_object(document, thing)
    for extra in objects(entry.get("extraAttributes"))[:64]:
        if (text(extra.get("name")) or "").lower() in ("target user", "username", "user"):
            put_principal(document, "user.target", extra.get("value"))
            relate_principal(document, extra.get("value"))
    return document


def _time(entry: Mapping[str, Any], times: Times) -> str:
    stamp = entry.get("timestamp")
    parts = mapping(stamp)
    second, nano = parts.get("epochSecond"), parts.get("nano")
    if (
        isinstance(second, int)
        and isinstance(nano, int)
        and abs(second) < 1 << 40
        and 0 <= nano < 1_000_000_000
    ):
        return times.required(times.epoch(second * 1000 + nano // 1_000_000))
    return times.required(times.any(stamp), times.any(entry.get("createdDate")))


def _meaning(family: str, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    categories, subjects = _CATEGORIES.get(family, (("configuration",), ()))
    lower = name.lower()
    if family == "authentication" and "login" in lower:
        return categories, ("start",)
    if family == "usersandgroups" and "group" in lower:
        subjects = ("group",)
        return categories, (
            *subjects,
            "change" if "user" in lower or "member" in lower else type_of(name) or "info",
        )
    if "info" in subjects:
        return categories, subjects
    kind = type_of(name)
    return categories, (*subjects, *([kind] if kind else [])) or ("info",)


def _put_service(document: Document, system: str | None) -> None:
    if system is None:
        return
    put(document, "service.address", system)
    try:
        host = urlsplit(system[:2048]).hostname
    except ValueError:
        return
    add(document, "related.hosts", host)


def _put_object(document: Document, thing: Mapping[str, Any]) -> None:
    kind, name = (text(thing.get("type")) or "").upper(), text(thing.get("name"))
    if kind == "USER":
        put_new(document, "user.target.id", text(thing.get("id")))
        put_principal(document, "user.target", name)
        relate_principal(document, name)
    elif kind == "GROUP":
        put_new(document, "group.id", text(thing.get("id")))
        put_new(document, "group.name", name)


def is_record(entry: Mapping[str, Any]) -> bool:
    """Whether an object is such a record."""
    kind = entry.get("auditType") if "auditType" in entry else entry.get("type")
    return isinstance(kind, dict) and "action" in kind and {"author", "timestamp"} <= entry.keys()


def is_of_bitbucket(entry: Mapping[str, Any]) -> bool:
    """Whether such a record is Bitbucket's: its keys begin so, or its areas do not say otherwise."""
    kind = mapping(entry.get("auditType")) or mapping(entry.get("type"))
    keys = [text(kind.get(name)) or "" for name in ("actionI18nKey", "categoryI18nKey")]
    if any(keys):
        return any("bitbucket" in key for key in keys)
    return "bitbucket" in (text(entry.get("system")) or "").lower()
