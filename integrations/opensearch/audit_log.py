"""``opensearch.audit``: OpenSearch's security audit log, as the plugin writes it to log4j, a file or an index.

Reference: OpenSearch documentation, "Audit log field reference". What is read and written is the index:
``database.table``; ``COMPLIANCE_DOC_READ`` tells of single documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contract import Sample
from integrations.elasticsearch.audit import LONGEST, action_class
from integrations.fields import categorise, put, put_end, text
from integrations.normalisers import json_source
from integrations.sql import one_or_list
from integrations.times import Times
from integrations.web import put_url
from rules.ecs import Document

_KINDS: Mapping[str, tuple[list[str], list[str], str | None]] = {
    "FAILED_LOGIN": (["database", "authentication"], ["start", "denied"], "failure"),
    "AUTHENTICATED": (["database", "authentication"], ["start"], "success"),
    "MISSING_PRIVILEGES": (["database"], ["access", "denied"], "failure"),
    "GRANTED_PRIVILEGES": (["database"], ["access", "allowed"], "success"),
    "INDEX_EVENT": (["database"], ["change"], "success"),
    "OPENDISTRO_SECURITY_INDEX_ATTEMPT": (["database", "intrusion_detection"], ["denied"], "failure"),
    "OPENSEARCH_SECURITY_INDEX_ATTEMPT": (["database", "intrusion_detection"], ["denied"], "failure"),
    "BAD_HEADERS": (["database", "intrusion_detection"], ["denied"], "failure"),
    "SSL_EXCEPTION": (["database", "network"], ["error"], "failure"),
    "COMPLIANCE_DOC_READ": (["database"], ["access"], "success"),
    "COMPLIANCE_DOC_WRITE": (["database"], ["change"], "success"),
    "COMPLIANCE_EXTERNAL_CONFIG": (["database", "configuration"], ["info"], None),
    "COMPLIANCE_INTERNAL_CONFIG_READ": (["database", "configuration"], ["access"], "success"),
    "COMPLIANCE_INTERNAL_CONFIG_WRITE": (["database", "configuration"], ["change"], "success"),
}
_CLASSES = {"COMPLIANCE_DOC_READ": "read", "COMPLIANCE_DOC_WRITE": "write", "INDEX_EVENT": "ddl"}


def _read(entry: dict[str, Any], times: Times) -> Document:
    stamp = entry.get("@timestamp") or entry.get("audit_utc_timestamp")
    document: Document = {"@timestamp": times.required(times.any(stamp))}
    category = text(entry.get("audit_category")) or "unknown"
    categories, types, outcome = _KINDS.get(category, (["database"], ["info"], None))
    privilege = text(entry.get("audit_request_privilege"))
    categorise(document, categories, types, action=category.lower(), outcome=outcome)
    put(
        document,
        "user.name",
        text(entry.get("audit_request_initiating_user")) or text(entry.get("audit_request_effective_user")),
    )
    effective = text(entry.get("audit_request_effective_user"))
    if effective and effective != document.get("user", {}).get("name"):
        put(document, "user.effective.name", effective)
    put_end(document, "source", text(entry.get("audit_request_remote_address")))
    put(document, "http.request.method", text(entry.get("audit_rest_request_method")))
    put_url(document, text(entry.get("audit_rest_request_path")))
    put(document, "host.name", text(entry.get("audit_node_name")))
    put(document, "host.id", text(entry.get("audit_node_id")))
    put(document, "database.name", text(entry.get("audit_cluster_name")))
    indices = entry.get("audit_trace_resolved_indices") or entry.get("audit_trace_indices")
    if isinstance(indices, list):
        put(
            document,
            "database.table",
            one_or_list([index for index in indices[:100] if isinstance(index, str)]),
        )
    if "authentication" not in categories:
        put(document, "database.statement_class", _CLASSES.get(category) or action_class(privilege))
        put(document, "database.statement", (text(entry.get("audit_request_body")) or "")[:LONGEST])
    put(document, "event.reason", text(entry.get("audit_request_exception_stacktrace")))
    document["vendor"] = entry
    return document


def _recognise(entry: dict[str, Any]) -> bool:
    return "audit_category" in entry and ("audit_format_version" in entry or "audit_node_id" in entry)


_HEAD = '"audit_cluster_name":"prod","audit_format_version":4,"audit_node_name":"os-1","audit_node_id":"n1","@timestamp":"2026-03-30T16:01:36.123+00:00",'

AUDIT = json_source(
    "opensearch.audit",
    "OpenSearch security audit log",
    "OpenSearch documentation, Audit log field reference",
    _read,
    _recognise,
    (
        Sample("{" + _HEAD + '"audit_category":"FAILED_LOGIN","audit_request_effective_user":"bob","audit_request_remote_address":"203.0.113.9",'
               '"audit_rest_request_path":"/hr/_search","audit_rest_request_method":"GET","audit_request_layer":"REST"}',
               {"@timestamp": "2026-03-30T16:01:36.123Z", "event.action": "failed_login", "event.outcome": "failure", "user.name": "bob",
                "source.ip": "203.0.113.9", "url.path": "/hr/_search", "http.request.method": "GET", "host.name": "os-1"}),
        Sample("{" + _HEAD + '"audit_category":"GRANTED_PRIVILEGES","audit_request_effective_user":"alice","audit_request_privilege":"indices:data/read/search",'
               '"audit_trace_resolved_indices":["salaries"],"audit_request_body":"{\\"size\\":10000}"}',
               {"event.type": ["access", "allowed"], "database.table": "salaries", "database.statement_class": "read", "database.statement": '{"size":10000}'}),
        Sample("{" + _HEAD + '"audit_category":"COMPLIANCE_DOC_WRITE","audit_request_effective_user":"alice","audit_trace_indices":["hr"]}',
               {"database.statement_class": "write", "database.table": "hr"}),
    ),
)  # fmt: skip
