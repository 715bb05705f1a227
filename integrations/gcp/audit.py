"""Google Cloud's audit logs: admin activity, data access, system events, policy denied.

References: https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog and
https://cloud.google.com/logging/docs/audit

``event.action`` is the method as written, ``event.provider`` which of the four logs it is. The LogEntry is
``vendor``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from integrations.contract import UnparsedError
from integrations.fields import add, categorise, mapping, objects, pick, put, put_ip, text
from integrations.gcp.audit_samples import AUDIT_SAMPLES
from integrations.gcp.entries import log_entry, log_id, recognised, started, status_code
from integrations.normalisers import json_source
from integrations.times import Times
from integrations.web import put_agent
from rules.ecs import Document

_CATEGORIES = {
    "compute": ["network", "configuration"], "iam": ["iam"], "iamcredentials": ["authentication"],
    "cloudresourcemanager": ["configuration"], "storage": ["file"], "bigquery": ["database"],
    "cloudsql": ["database"], "spanner": ["database"], "datastore": ["database"], "firestore": ["database"],
    "bigtable": ["database"], "bigtableadmin": ["database"], "alloydb": ["database"], "login": ["authentication"],
    "securetoken": ["authentication"], "sts": ["authentication"], "identitytoolkit": ["iam"], "admin": ["iam"],
    "oslogin": ["authentication"], "iap": ["authentication"], "artifactregistry": ["package"],
    "k8s": ["configuration"], "cloudidentity": ["iam"], "secretmanager": ["iam"], "cloudkms": ["configuration"],
}  # fmt: skip
"""By service; any other's are ``configuration`` where they change something, else ``api``."""
_VERBS = {
    "creation": "create insert add generate import upload register provision undelete clone submit",
    "deletion": "delete remove destroy purge cancel wipe",
    "change": "update patch set replace enable disable attach detach modify restore move start stop reset resume "
    "suspend write put bind rotate apply run execute grant revoke deploy reidentify promote approve reject ack",
    "access": "get list aggregated search query read fetch access test download watch lookup check export "
    "recognize sign encrypt decrypt getiampolicy connect proxy exec",
}  # fmt: skip
_KINDS = {verb: kind for kind, verbs in _VERBS.items() for verb in verbs.split()}
_FIRST = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_IAM = ("setiampolicy", "serviceaccounts", "roles", "serviceaccountkey", "rolebinding", "secret")


def _read(raw: dict[str, Any], times: Times) -> Document:
    entry = log_entry(raw)
    payload = mapping(entry.get("protoPayload"))
    method = text(payload.get("methodName"))
    if not payload or method is None:
        raise UnparsedError("expected a LogEntry with a protoPayload of google.cloud.audit.AuditLog")
    document = started(entry, times)
    service = text(payload.get("serviceName")) or ""
    checks = objects(payload.get("authorizationInfo"))[:100]
    code = status_code(entry)
    category, kind = meaning(service, method)
    types = [kind]
    denied = any(check.get("granted") is False for check in checks) or code in (7, 16)
    if denied:
        types.append("denied")
    elif any(check.get("granted") is True for check in checks):
        types.append("allowed")
    outcome = "failure" if denied or code not in (None, 0) else "success"
    categorise(document, category, types, action=method, outcome=outcome)
    log = log_id(entry)
    put(document, "event.provider", log.rpartition("/")[2])
    put(document, "gcp.audit.log_name", log)
    put(document, "event.reason", text(pick(payload, "status.message")))
    put(document, "error.code", str(code) if code else None)
    put(document, "service.name", service)
    _put_caller(document, payload)
    _put_resource(document, entry, payload, method)
    document["vendor"] = entry
    return document


@lru_cache(maxsize=8192)
def meaning(service: str, method: str) -> tuple[list[str], str]:
    """Return ``event.category`` and the first of ``event.type`` of a service's method."""
    short = service.partition(".")[0]
    last = method.rpartition("/")[2].rpartition(".")[2]
    words = [word.lower() for word in _FIRST.findall(last[:128])]
    kind = next((found for word in words[:2] if (found := _KINDS.get(word))), "info")
    if short == "login":
        return ["authentication"], "start" if last == "login_success" else "info"
    folded = method.lower()
    if any(word in folded for word in _IAM) and short not in ("admin", "login"):
        return ["iam"], "change" if "setiampolicy" in folded else kind
    if (known := _CATEGORIES.get(short)) is not None:
        return known, kind
    return ["configuration" if kind in ("creation", "deletion", "change") else "api"], kind


def _put_caller(document: Document, payload: dict[str, Any]) -> None:
    who = mapping(payload.get("authenticationInfo"))
    email = text(who.get("principalEmail"))
    if email and email.count("@") == 1:
        name, _, domain = email.partition("@")
        put(document, "client.user.email", email)
        put(document, "user.email", email)
        put(document, "user.name", name)
        put(document, "user.domain", domain)
        add(document, "related.user", email)
    elif email:  # Kubernetes' own: system:anonymous
        put(document, "user.name", email)
    subject = text(who.get("principalSubject"))
    put(document, "client.user.id", subject)
    put(document, "user.id", subject)
    for delegation in objects(who.get("serviceAccountDelegationInfo"))[:20]:
        add(document, "related.user", text(pick(delegation, "firstPartyPrincipal.principalEmail")))
    about = mapping(payload.get("requestMetadata"))
    caller = text(about.get("callerIp"))
    if caller and caller not in ("private", "gce-internal-ip"):
        put(document, "source.address", caller)
        put_ip(document, "source.ip", caller)
    put_agent(document, about.get("callerSuppliedUserAgent"))


def _put_resource(document: Document, entry: dict[str, Any], payload: dict[str, Any], method: str) -> None:
    resource = mapping(entry.get("resource"))
    labels = mapping(resource.get("labels"))
    kind, name = text(resource.get("type")), text(payload.get("resourceName"))
    if kind in ("k8s_cluster", "gke_cluster"):
        put(document, "orchestrator.type", "kubernetes")
        put(document, "orchestrator.cluster.name", text(labels.get("cluster_name")))
    if kind == "k8s_cluster" and name:
        # core/v1/namespaces/<namespace>/<resource>/<name>, or core/v1/<resource>/<name>
        parts = name.split("/", 7)
        if len(parts) > 3 and parts[2] == "namespaces" and len(parts) > 4:
            put(document, "orchestrator.namespace", parts[3])
            parts = [*parts[:2], *parts[4:]]
        put(document, "orchestrator.api_version", parts[1] if len(parts) > 1 else None)
        put(document, "orchestrator.resource.type", parts[2] if len(parts) > 2 else None)
        put(document, "orchestrator.resource.name", parts[3] if len(parts) > 3 else None)
    elif kind == "gce_instance":
        put(document, "cloud.instance.id", text(labels.get("instance_id")))
    if "objects" in method and kind == "gcs_bucket" and name:
        bucket, _, key = name.removeprefix("projects/_/buckets/").partition("/objects/")
        put(document, "file.path", f"gs://{bucket}/{key}" if key else None)
        put(document, "file.name", key.rpartition("/")[2])
    account = text(labels.get("email_id"))
    if kind == "service_account" and account:
        put(document, "user.target.email", account)
        put(document, "user.target.name", account.partition("@")[0])
        put(document, "user.target.id", text(labels.get("unique_id")))
    for delta in objects(pick(payload, "serviceData.policyDelta.bindingDeltas"))[:50]:
        kind_of_member, _, member = (text(delta.get("member")) or "").partition(":")
        if kind_of_member in ("user", "serviceAccount", "group"):
            add(document, "related.user", member)
            if kind_of_member == "group":
                put(document, "group.name", member)
            else:
                put(document, "user.target.email", member)
                put(document, "user.target.name", member.partition("@")[0])


def _is_audit(raw: dict[str, Any]) -> bool:
    entry = recognised(raw)
    payload = mapping(entry.get("protoPayload"))
    if "methodName" not in payload or payload.get("serviceName") in (
        "login.googleapis.com",
        "admin.googleapis.com",
    ):
        return False  # of Google Workspace
    return "AuditLog" in str(payload.get("@type")) or "cloudaudit.googleapis.com" in log_id(entry)


AUDIT = json_source(
    "gcp.audit",
    "Google Cloud audit logs",
    "https://cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog",
    _read,
    _is_audit,
    AUDIT_SAMPLES,
)
