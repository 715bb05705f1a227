"""Test records of ``gcp.audit``, each with the fields that its document must have."""

from __future__ import annotations

import base64
from typing import Any

import orjson

from integrations.contract import Sample


def _entry(
    service: str, method: str, log: str = "activity", resource: Any = None, **payload: Any
) -> dict[str, Any]:
    return {
        "insertId": "a1", "logName": f"projects/example/logs/cloudaudit.googleapis.com%2F{log}", "severity": "NOTICE",
        "timestamp": "2026-04-19T10:20:30.123456Z", "receiveTimestamp": "2026-04-19T10:20:31Z",
        "resource": resource or {"type": "project", "labels": {"project_id": "example"}},
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog", "serviceName": f"{service}.googleapis.com",
            "methodName": method, "resourceName": "projects/example",
            "authenticationInfo": {"principalEmail": "alice@example.com"},
            "requestMetadata": {"callerIp": "203.0.113.7", "callerSuppliedUserAgent": "curl/8.5.0,gzip(gfe)"},
            "authorizationInfo": [{"permission": "x.y.z", "granted": True}], "status": {},
        } | payload,
    }  # fmt: skip


def _sample(entry: Any, expect: dict[str, Any]) -> Sample:
    return Sample(orjson.dumps(entry).decode(), expect)


_INSERT = _entry("compute", "v1.compute.firewalls.insert")
_DENIED = {"code": 7, "message": "PERMISSION_DENIED"}
AUDIT_SAMPLES = (
    _sample(
        _INSERT,
        {"@timestamp": "2026-04-19T10:20:30.123Z", "event.action": "v1.compute.firewalls.insert", "event.provider": "activity",
         "event.category": ["network", "configuration"], "event.type": ["creation", "allowed"], "event.outcome": "success",
         "client.user.email": "alice@example.com", "user.email": "alice@example.com", "user.name": "alice", "user.domain": "example.com",
         "source.ip": "203.0.113.7", "service.name": "compute.googleapis.com", "cloud.provider": "gcp", "cloud.project.id": "example",
         "log.logger": "projects/example/logs/cloudaudit.googleapis.com%2Factivity", "user_agent.name": "curl",
         "vendor.protoPayload.methodName": "v1.compute.firewalls.insert", "gcp.audit.log_name": "cloudaudit.googleapis.com/activity",
         "related.user": ["alice@example.com", "alice"]},
    ),
    _sample(
        _entry("storage", "storage.buckets.list", "data_access", status=_DENIED,
               authorizationInfo=[{"permission": "storage.buckets.list", "granted": False}]),
        {"event.category": ["file"], "event.type": ["access", "denied"], "event.outcome": "failure", "event.reason": "PERMISSION_DENIED",
         "error.code": "7", "event.provider": "data_access"},
    ),
    _sample(
        _entry("storage", "storage.objects.get", "data_access", {"type": "gcs_bucket", "labels": {"bucket_name": "example-data"}},
               resourceName="projects/_/buckets/example-data/objects/2026/april.csv"),
        {"file.path": "gs://example-data/2026/april.csv", "file.name": "april.csv", "cloud.project.id": "example"},
    ),
    _sample(
        _entry("iam", "google.iam.admin.v1.CreateServiceAccountKey",
               resource={"type": "service_account", "labels": {"email_id": "deploy@example.iam.gserviceaccount.com", "unique_id": "77"}}),
        {"event.category": ["iam"], "event.type": ["creation", "allowed"], "user.target.name": "deploy", "user.target.id": "77"},
    ),
    _sample(
        _entry("cloudresourcemanager", "SetIamPolicy", serviceData={"policyDelta": {"bindingDeltas": [
            {"action": "ADD", "role": "roles/owner", "member": "user:bob@example.org"}]}}),
        {"event.category": ["iam"], "event.type": ["change", "allowed"], "user.target.email": "bob@example.org",
         "related.user": ["alice@example.com", "bob@example.org", "alice", "bob"]},
    ),
    _sample(
        _entry("k8s", "io.k8s.core.v1.secrets.get", "data_access", {"type": "k8s_cluster", "labels": {
            "cluster_name": "prod", "location": "europe-west3-a", "project_id": "example"}},
               resourceName="core/v1/namespaces/shop/secrets/db", authenticationInfo={"principalEmail": "system:anonymous"}),
        {"orchestrator.type": "kubernetes", "orchestrator.cluster.name": "prod", "orchestrator.namespace": "shop",
         "orchestrator.resource.type": "secrets", "orchestrator.resource.name": "db", "orchestrator.api_version": "v1",
         "user.name": "system:anonymous", "cloud.availability_zone": "europe-west3-a", "cloud.region": "europe-west3"},
    ),
    _sample(
        _entry("compute", "compute.instances.migrateOnHostMaintenance", "system_event", authenticationInfo={}, authorizationInfo=None,
               requestMetadata={"callerIp": "gce-internal-ip"}),
        {"event.provider": "system_event", "event.type": ["info"], "source.ip": None, "user.name": None},
    ),
    _sample(
        _entry("bigquery", "google.cloud.bigquery.v2.JobService.Query", "policy", status={"code": 7},
               requestMetadata={"callerIp": "2001:db8::7"}),
        {"event.provider": "policy", "event.category": ["database"], "event.type": ["access", "denied"], "source.ip": "2001:db8::7"},
    ),
    _sample(_entry("cloudsql", "cloudsql.instances.delete", status={"code": 5, "message": "NOT_FOUND"}),
            {"event.category": ["database"], "event.type": ["deletion", "allowed"], "event.outcome": "failure"}),
    _sample(
        {"message": {"data": base64.b64encode(orjson.dumps(_INSERT)).decode(), "messageId": "1", "attributes": {}},
         "subscription": "projects/example/subscriptions/siem"},
        {"event.action": "v1.compute.firewalls.insert", "user.name": "alice"},
    ),
)  # fmt: skip
