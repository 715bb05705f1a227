"""``elasticsearch.audit``: Elasticsearch's security audit log (``*_audit.json``, since 7.0).

Reference: Elasticsearch documentation, "Audit events". What is read and written is the index: ``database.table``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contract import Sample
from integrations.fields import categorise, mapping, put, put_end, text
from integrations.normalisers import json_source
from integrations.sql import one_or_list
from integrations.times import Times
from integrations.web import put_url
from rules.ecs import Document

LONGEST = 8192
"""Characters of a request's body that are kept as ``database.statement``."""
_KINDS: Mapping[str, tuple[list[str], list[str], str | None]] = {
    "authentication_success": (["database", "authentication"], ["start"], "success"),
    "authentication_failed": (["database", "authentication"], ["start", "denied"], "failure"),
    "realm_authentication_failed": (["database", "authentication"], ["info"], "failure"),
    "anonymous_access_denied": (["database", "authentication"], ["start", "denied"], "failure"),
    "access_granted": (["database"], ["access", "allowed"], "success"),
    "access_denied": (["database"], ["access", "denied"], "failure"),
    "system_access_granted": (["database"], ["access", "allowed"], "success"),
    "tampered_request": (["database", "intrusion_detection"], ["denied"], "failure"),
    "connection_granted": (["database", "network"], ["connection", "allowed"], "success"),
    "connection_denied": (["database", "network"], ["connection", "denied"], "failure"),
    "run_as_granted": (["database", "iam"], ["allowed"], "success"),
    "run_as_denied": (["database", "iam"], ["denied"], "failure"),
}
_CHANGES = {
    "put": "creation",
    "create": "creation",
    "delete": "deletion",
    "invalidate": "deletion",
    "change": "change",
}
"""First words of the actions that change security settings: ``put_user``, ``delete_role``, ``change_password``."""


def action_class(action: str | None) -> str | None:
    """Return the statement class of a transport action: ``indices:data/read/search`` reads."""
    if action is None:
        return None
    if action.startswith("indices:data/read"):
        return "read"
    if action.startswith("indices:data/write"):
        return "write"
    if action.startswith(
        (
            "indices:admin/create",
            "indices:admin/delete",
            "indices:admin/mapping",
            "indices:admin/template",
            "indices:admin/close",
        )
    ):
        return "ddl"
    return "role" if "/security/" in action or "security/user" in action else "misc"


def _read(entry: dict[str, Any], times: Times) -> Document:
    document: Document = {
        "@timestamp": times.required(times.iso(entry.get("timestamp")), times.iso(entry.get("@timestamp")))
    }
    action = text(entry.get("event.action")) or "unknown"
    word = action.partition("_")[0]
    if action in _KINDS:
        categories, types, outcome = _KINDS[action]
    elif word in _CHANGES and text(entry.get("event.type")) == "security_config_change":
        categories, types, outcome = (
            ["database", "iam"],
            [_CHANGES[word], "user" if "user" in action or "password" in action else "admin"],
            "success",
        )
    else:
        categories, types, outcome = ["database"], ["info"], None
    categorise(document, categories, types, action=action, outcome=outcome)
    put(document, "user.name", text(entry.get("user.name")))
    put(
        document,
        "user.roles",
        [role for role in entry.get("user.roles") or [] if isinstance(role, str)]
        if isinstance(entry.get("user.roles"), list)
        else None,
    )
    if by := text(entry.get("user.run_by.name")):
        put(document, "user.effective.name", document.get("user", {}).get("name"))
        put(document, "user.name", by)
    origin = text(entry.get("origin.address"))
    if origin:
        host, _, port = origin.rpartition(":")
        put_end(document, "source", host or origin, port if host else None)
    put(document, "http.request.method", text(entry.get("request.method")))
    put(document, "http.request.id", text(entry.get("request.id")))
    path, query = text(entry.get("url.path")), text(entry.get("url.query"))
    put_url(document, f"{path}?{query}" if path and query else path)
    body = text(entry.get("request.body"))
    put(document, "http.request.body.content", body)
    if action in {"access_granted", "access_denied"} and body:
        put(document, "database.statement", body[:LONGEST])
    indices = entry.get("indices")
    if isinstance(indices, list):
        put(
            document,
            "database.table",
            one_or_list([index for index in indices[:100] if isinstance(index, str)]),
        )
    put(document, "database.name", text(entry.get("cluster.name")))
    if "authentication" not in categories:
        put(
            document,
            "database.statement_class",
            "role" if "iam" in categories else action_class(text(entry.get("action"))),
        )
    put(document, "host.id", text(entry.get("node.id")))
    put(document, "host.name", text(entry.get("host.name")) or text(entry.get("node.name")))
    put(document, "trace.id", text(entry.get("trace.id")))
    for part in ("put", "delete", "change", "create"):
        if target := text(mapping(mapping(entry.get(part)).get("user")).get("name")) or text(
            mapping(mapping(entry.get(part)).get("password")).get("user")
        ):
            put(document, "user.target.name", target)
    document["vendor"] = entry
    return document


def _recognise(entry: dict[str, Any]) -> bool:
    return (
        entry.get("type") == "audit"
        and "event.action" in entry
        and ("node.id" in entry or "node.name" in entry)
    )


_HEAD = (
    '"type":"audit","timestamp":"2026-03-30T16:01:36,123+0000","cluster.name":"prod","node.id":"n1","node.name":"es-1","event.type":"rest",'
    '"origin.type":"rest","origin.address":"203.0.113.9:50112",'
)

AUDIT = json_source(
    "elasticsearch.audit",
    "Elasticsearch security audit log",
    "Elasticsearch documentation, Audit events",
    _read,
    _recognise,
    (
        Sample("{" + _HEAD + '"event.action":"authentication_failed","user.name":"bob","url.path":"/hr/_search","url.query":"pretty","request.method":"GET","request.id":"r1"}',
               {"@timestamp": "2026-03-30T16:01:36.123Z", "event.action": "authentication_failed", "event.category": ["database", "authentication"],
                "event.outcome": "failure", "user.name": "bob", "source.ip": "203.0.113.9", "source.port": 50112, "url.path": "/hr/_search",
                "url.original": "/hr/_search?pretty", "http.request.method": "GET", "host.id": "n1", "database.name": "prod"}),
        Sample("{" + _HEAD + '"event.action":"access_granted","user.name":"alice","user.roles":["superuser"],"action":"indices:data/read/search","indices":["salaries"],'
               '"request.body":"{\\"size\\":10000}","request.name":"SearchRequest"}',
               {"event.type": ["access", "allowed"], "database.table": "salaries", "database.statement_class": "read", "database.statement": '{"size":10000}',
                "user.roles": ["superuser"]}),
        Sample('{"type":"audit","timestamp":"2026-03-30T16:01:36,123+0000","node.id":"n1","event.type":"security_config_change","event.action":"put_user",'
               '"request.id":"r1","put":{"user":{"name":"eve","enabled":true,"roles":["superuser"]}}}',
               {"event.category": ["database", "iam"], "event.type": ["creation", "user"], "user.target.name": "eve", "database.statement_class": "role"}),
    ),
)  # fmt: skip
