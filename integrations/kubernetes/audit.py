"""Kubernetes' API server audit log, also as EKS, AKS and webhooks deliver it.

Reference: https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/

``event.action`` is the verb. The event is ``vendor``; beside its own fields there are those that Sigma's rules
name without their path: ``vendor.apiGroup``, ``.capabilities`` and ``.hostPath``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from integrations.contract import UnparsedError
from integrations.fields import add, categorise, integer, mapping, objects, pick, put, put_ip, text
from integrations.kubernetes.audit_samples import AUDIT_SAMPLES
from integrations.normalisers import json_source, load_object
from integrations.text import address
from integrations.times import Times
from integrations.web import put_agent, put_url
from rules.ecs import Document

_TYPES = {
    "get": "access", "list": "access", "watch": "access", "proxy": "access", "create": "creation", "update": "change",
    "patch": "change", "replace": "change", "delete": "deletion", "deletecollection": "deletion", "connect": "start",
    "impersonate": "access", "bind": "change", "escalate": "change", "approve": "change", "post": "creation",
    "put": "change", "head": "access", "use": "access",
}  # fmt: skip
_IDENTITIES = frozenset(
    "roles rolebindings clusterroles clusterrolebindings serviceaccounts users groups "
    "certificatesigningrequests userextras".split()
)
_REVIEWS = frozenset(
    "selfsubjectaccessreviews subjectaccessreviews localsubjectaccessreviews selfsubjectrulesreviews".split()
)
_LOGINS = frozenset({"tokenreviews", "selfsubjectreviews"})
_RUNS = {"exec": "start", "attach": "start", "portforward": "start", "log": "access", "proxy": "access"}


def _read_all(raw: dict[str, Any], times: Times) -> list[Document]:
    found = [_read(event, times) for event in _events(raw)]
    if not found and raw.get("messageType") != "CONTROL_MESSAGE" and raw.get("items") != []:
        raise UnparsedError("expected an audit.k8s.io Event, an EventList, or what a cloud wraps around one")
    return found


def _events(raw: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the events of a list, of CloudWatch Logs (EKS), of Azure's diagnostic settings (AKS)."""
    if raw.get("kind") == "EventList":
        yield from objects(raw.get("items"))
    elif "logEvents" in raw:
        for envelope in objects(raw["logEvents"]):
            if isinstance(written := envelope.get("message"), str):
                yield load_object(written)
    elif isinstance(raw.get("records"), list):
        for record in objects(raw["records"]):
            yield _single(record)
    else:
        yield _single(raw)


def _single(raw: dict[str, Any]) -> dict[str, Any]:
    if "auditID" in raw:
        return raw
    for written in (pick(raw, "properties.log"), raw.get("message"), raw.get("@message")):
        if isinstance(written, str):
            return load_object(written)
    return raw


def _read(event: dict[str, Any], times: Times) -> Document:
    verb = text(event.get("verb"))
    if verb is None or "auditID" not in event:
        raise UnparsedError("expected an audit.k8s.io Event with auditID and verb")
    received = times.iso(event.get("requestReceivedTimestamp"))
    staged = times.iso(event.get("stageTimestamp"))
    document: Document = {"@timestamp": times.required(received, staged, times.iso(event.get("timestamp")))}
    about = mapping(event.get("objectRef"))
    status = mapping(event.get("responseStatus"))
    notes = mapping(event.get("annotations"))
    code = integer(status.get("code"))
    decision = text(notes.get("authorization.k8s.io/decision"))
    category, kind = _meaning(verb, about)
    types = [kind]
    if decision in ("allow", "forbid"):
        types.append("allowed" if decision == "allow" else "denied")
    failed = decision == "forbid" or (code is not None and code >= 400)
    outcome = "failure" if failed else "success" if code is not None or decision else "unknown"
    categorise(document, [category], types, action=verb, outcome=outcome)
    put(document, "event.start", received)
    put(document, "event.end", staged)
    put(
        document, "event.reason", text(status.get("reason")) or text(notes.get("authorization.k8s.io/reason"))
    )
    put(document, "http.response.status_code", code)
    put_url(document, event.get("requestURI"))
    put_agent(document, event.get("userAgent"))
    _put_users(document, event)
    _put_object(document, about)
    addresses = event.get("sourceIPs")
    ips = [ip for item in (addresses if isinstance(addresses, list) else ())[:20] if (ip := _address(item))]
    put(document, "source.address", ips[0] if ips else None)
    put_ip(document, "source.ip", ips[0] if ips else None)
    add(document, "related.ip", ips)
    put(document, "vendor", event | _put_pod(document, about, event))
    return document


def _address(value: Any) -> str | None:
    return address(value.strip()) if isinstance(value, str) else None


def _meaning(verb: str, about: dict[str, Any]) -> tuple[str, str]:
    resource, sub = text(about.get("resource")) or "", text(about.get("subresource")) or ""
    kind = _TYPES.get(verb, "info")
    if resource == "pods" and sub in _RUNS:
        return "process" if sub in ("exec", "attach") else "network", _RUNS[sub]
    if resource in _LOGINS or (resource == "serviceaccounts" and sub == "token"):
        return "authentication", "info"
    if resource in _REVIEWS:
        return "iam", "info"
    if resource in _IDENTITIES or resource == "secrets":
        return "iam", kind
    if kind == "access":
        return "api", kind
    return "configuration", kind


def _put_users(document: Document, event: dict[str, Any]) -> None:
    user, other = mapping(event.get("user")), mapping(event.get("impersonatedUser"))
    for place, who in (("user", user), ("user.effective", other)):
        put(document, f"{place}.name", text(who.get("username")))
        put(document, f"{place}.id", text(who.get("uid")))
    groups = user.get("groups")
    if isinstance(groups, list):
        put(document, "user.group.name", [name for name in groups[:100] if isinstance(name, str)])
    name = text(user.get("username")) or ""
    if name.count("@") == 1:
        put(document, "user.email", name)
        put(document, "user.domain", name.partition("@")[2])
    for path in ("extra.canonicalArn", "extra.arn", "extra.sessionName"):  # EKS: who it is in AWS
        found = pick(user, path)
        add(
            document,
            "related.user",
            [item for item in found[:5] if isinstance(item, str)] if isinstance(found, list) else None,
        )


def _put_object(document: Document, about: dict[str, Any]) -> None:
    put(document, "orchestrator.type", "kubernetes")
    put(document, "orchestrator.namespace", text(about.get("namespace")))
    put(document, "orchestrator.api_version", text(about.get("apiVersion")))
    resource, name = text(about.get("resource")), text(about.get("name"))
    put(document, "orchestrator.resource.type", resource)
    put(document, "orchestrator.resource.name", name)
    if resource == "serviceaccounts" and name:
        put(
            document,
            "user.target.name",
            f"system:serviceaccount:{text(about.get('namespace')) or 'default'}:{name}",
        )


def _put_pod(document: Document, about: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """Set what a pod (also a workload's) runs, and return what of it is dangerous, by Sigma's names."""
    more: dict[str, Any] = {}
    put(more, "apiGroup", text(about.get("apiGroup")))
    request = mapping(event.get("requestObject"))
    spec = mapping(request.get("spec"))
    for path in ("jobTemplate.spec.template.spec", "template.spec"):
        spec = mapping(pick(spec, path)) or spec
    containers = [
        container
        for name in ("initContainers", "containers", "ephemeralContainers")
        for container in objects(spec.get(name))[:50]
    ]
    images = [image for container in containers if (image := text(container.get("image")))]
    put(document, "container.image.name", images[0] if images else None)
    put(document, "container.name", text(containers[0].get("name")) if containers else None)
    capabilities: list[str] = []
    privileged = False
    for container in containers:
        context = mapping(container.get("securityContext"))
        privileged = privileged or context.get("privileged") is True
        for wanted in objects(context.get("capabilities")):
            added = wanted.get("add")
            capabilities += (
                [item for item in added[:50] if isinstance(item, str)] if isinstance(added, list) else []
            )
    put(more, "capabilities", capabilities)
    put(more, "hostPath", [
        mounted
        for volume in objects(spec.get("volumes"))[:50]
        if (mounted := text(pick(volume, "hostPath.path")))
    ])  # fmt: skip
    put(document, "kubernetes.audit.privileged", True if privileged else None)
    for flag in ("hostNetwork", "hostPID", "hostIPC"):
        put(document, f"kubernetes.audit.{flag}", True if spec.get(flag) is True else None)
    return more


def _is_audit(raw: dict[str, Any]) -> bool:
    if str(raw.get("apiVersion")).startswith("audit.k8s.io/"):
        return True
    try:
        for event in _events(raw):
            return {"auditID", "verb", "stage"} <= event.keys()
    except UnparsedError:
        return False
    return False


AUDIT = json_source(
    "kubernetes.audit",
    "Kubernetes audit log",
    "https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/",
    _read_all,
    _is_audit,
    AUDIT_SAMPLES,
)
