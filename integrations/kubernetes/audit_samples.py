"""Test records of ``kubernetes.audit``, each with the fields that its document must have."""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample


def _event(verb: str, about: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse", "auditID": "3f1c-1", "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/shop/pods?limit=500", "verb": verb,
        "user": {"username": "alice@example.com", "uid": "u1", "groups": ["developers", "system:authenticated"]},
        "sourceIPs": ["203.0.113.7", "192.0.2.1"], "userAgent": "kubectl/v1.29.3 (linux/amd64) kubernetes/6813625",
        "objectRef": about, "responseStatus": {"metadata": {}, "code": 200},
        "requestReceivedTimestamp": "2026-04-19T10:20:30.123456Z", "stageTimestamp": "2026-04-19T10:20:30.223456Z",
        "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": 'RBAC: allowed by RoleBinding "dev"'},
    } | more  # fmt: skip


def _sample(event: Any, expect: dict[str, Any]) -> Sample:
    return Sample(orjson.dumps(event).decode(), expect)


_POD = {"resource": "pods", "namespace": "shop", "name": "web-1", "apiVersion": "v1"}
_SPEC = {
    "hostPID": True, "volumes": [{"name": "root", "hostPath": {"path": "/", "type": ""}}, {"name": "x", "emptyDir": {}}],
    "containers": [{"name": "web", "image": "example/web:1", "securityContext": {"privileged": True, "capabilities": {"add": ["SYS_ADMIN"]}}}],
}  # fmt: skip

AUDIT_SAMPLES = (
    _sample(
        _event("list", {"resource": "pods", "namespace": "shop", "apiVersion": "v1"}),
        {"@timestamp": "2026-04-19T10:20:30.123Z", "event.action": "list", "event.category": ["api"], "event.type": ["access", "allowed"],
         "event.outcome": "success", "event.start": "2026-04-19T10:20:30.123Z", "event.end": "2026-04-19T10:20:30.223Z",
         "user.name": "alice@example.com", "user.id": "u1", "user.group.name": ["developers", "system:authenticated"],
         "user.email": "alice@example.com", "source.ip": "203.0.113.7", "related.ip": ["203.0.113.7", "192.0.2.1"],
         "orchestrator.type": "kubernetes", "orchestrator.namespace": "shop", "orchestrator.resource.type": "pods",
         "http.response.status_code": 200, "url.path": "/api/v1/namespaces/shop/pods", "url.query": "limit=500",
         "user_agent.original": "kubectl/v1.29.3 (linux/amd64) kubernetes/6813625", "vendor.objectRef.resource": "pods",
         "event.reason": 'RBAC: allowed by RoleBinding "dev"'},
    ),
    _sample(
        _event("create", _POD, requestObject={"kind": "Pod", "spec": _SPEC}, responseStatus={"code": 201}),
        {"event.category": ["configuration"], "event.type": ["creation", "allowed"], "vendor.hostPath": ["/"],
         "vendor.capabilities": ["SYS_ADMIN"], "container.image.name": "example/web:1", "container.name": "web",
         "kubernetes.audit.privileged": True, "kubernetes.audit.hostPID": True, "orchestrator.resource.name": "web-1"},
    ),
    _sample(
        _event("create", {"resource": "cronjobs", "namespace": "shop", "apiGroup": "batch", "apiVersion": "v1"},
               requestObject={"spec": {"jobTemplate": {"spec": {"template": {"spec": _SPEC}}}}}),
        {"vendor.apiGroup": "batch", "vendor.hostPath": ["/"]},
    ),
    _sample(_event("create", _POD | {"subresource": "exec"}, responseStatus={"code": 101}),
            {"event.category": ["process"], "event.type": ["start", "allowed"]}),
    _sample(
        _event("list", {"resource": "secrets", "apiVersion": "v1"}, user={"username": "system:anonymous", "groups": ["system:unauthenticated"]},
               responseStatus={"status": "Failure", "reason": "Forbidden", "code": 403},
               annotations={"authorization.k8s.io/decision": "forbid", "authorization.k8s.io/reason": ""}),
        {"event.category": ["iam"], "event.type": ["access", "denied"], "event.outcome": "failure", "event.reason": "Forbidden",
         "user.name": "system:anonymous", "user.email": None, "http.response.status_code": 403},
    ),
    _sample(
        _event("create", {"resource": "clusterrolebindings", "name": "boss", "apiGroup": "rbac.authorization.k8s.io", "apiVersion": "v1"},
               impersonatedUser={"username": "bob", "groups": ["admins"]}),
        {"event.category": ["iam"], "event.type": ["creation", "allowed"], "user.effective.name": "bob",
         "related.user": ["alice@example.com", "bob"], "vendor.objectRef.apiGroup": "rbac.authorization.k8s.io"},
    ),
    _sample(
        _event("create", {"resource": "serviceaccounts", "name": "deploy", "namespace": "shop", "apiVersion": "v1"}),
        {"user.target.name": "system:serviceaccount:shop:deploy", "event.type": ["creation", "allowed"]},
    ),
    _sample(_event("delete", {"resource": "deployments", "namespace": "shop", "name": "web", "apiGroup": "apps"}, sourceIPs=["2001:db8::7"]),
            {"event.type": ["deletion", "allowed"], "source.ip": "2001:db8::7"}),
    _sample(_event("get", None, requestURI="/healthz", stage="RequestReceived", responseStatus=None, annotations=None),
            {"event.outcome": "unknown", "url.path": "/healthz", "orchestrator.resource.type": None}),
    _sample(_event("create", {"resource": "selfsubjectrulesreviews", "apiGroup": "authorization.k8s.io"}),
            {"event.category": ["iam"], "event.type": ["info", "allowed"], "vendor.apiGroup": "authorization.k8s.io"}),
    _sample({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": [_event("patch", _POD), _event("get", _POD)]},
            {"event.action": "patch", "event.type": ["change", "allowed"]}),
    _sample(
        {"messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "/aws/eks/prod/cluster", "logStream": "kube-apiserver-audit-1",
         "logEvents": [{"id": "1", "timestamp": 1776594030123, "message": orjson.dumps(_event("get", _POD, user={
             "username": "admin", "extra": {"arn": ["arn:aws:sts::111122223333:assumed-role/Admin/alice"]}})).decode()}]},
        {"event.action": "get", "related.user": ["arn:aws:sts::111122223333:assumed-role/Admin/alice", "admin"]},
    ),
    _sample(
        {"time": "2026-04-19T10:20:31Z", "category": "kube-audit", "operationName": "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read",
         "resourceId": "/SUBSCRIPTIONS/1/RESOURCEGROUPS/R/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/PROD",
         "properties": {"log": orjson.dumps(_event("delete", _POD)).decode(), "stream": "stdout", "pod": "kube-apiserver-1"}},
        {"event.action": "delete", "user.name": "alice@example.com"},
    ),
)  # fmt: skip
