"""Amazon GuardDuty findings: EC2, IAM, S3, EKS, RDS, Lambda, malware and runtime monitoring.

Reference: https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-summary.html and
https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html

EventBridge and the export to S3 write keys as ``resourceType``, the API's clients as ``ResourceType``: both
are read. The type of a finding says what it is about: ``Purpose:Resource/Family.Mechanism``.
"""

from __future__ import annotations

from typing import Any

from integrations.aws.arn import put_place
from integrations.aws.envelopes import recognising, unwrapping
from integrations.aws.guardduty_samples import GUARDDUTY_SAMPLES
from integrations.contract import UnparsedError
from integrations.fields import (
    add,
    categorise,
    integer,
    mapping,
    number,
    objects,
    pick,
    put,
    put_ip,
    put_new,
    text,
)  # fmt: skip
from integrations.flows import put_flow, put_transport
from integrations.normalisers import json_source
from integrations.times import Times
from integrations.web import put_agent, put_executable, put_path
from rules.ecs import Document

_DEEPEST = 24
_CATEGORIES = {
    "Execution": "malware", "Object": "malware", "Impact": "intrusion_detection", "Policy": "configuration",
    "CredentialAccess": "intrusion_detection",
}  # fmt: skip
"""By the first part of a finding's type; any other is ``intrusion_detection``."""
_TACTICS = {
    "Backdoor": ("TA0011", "Command and Control"),
    "Trojan": ("TA0011", "Command and Control"),
    "CredentialAccess": ("TA0006", "Credential Access"),
    "CryptoCurrency": ("TA0040", "Impact"),
    "DefenseEvasion": ("TA0005", "Defense Evasion"),
    "Discovery": ("TA0007", "Discovery"),
    "Execution": ("TA0002", "Execution"),
    "Exfiltration": ("TA0010", "Exfiltration"),
    "Impact": ("TA0040", "Impact"),
    "InitialAccess": ("TA0001", "Initial Access"),
    "Persistence": ("TA0003", "Persistence"),
    "PrivilegeEscalation": ("TA0004", "Privilege Escalation"),
    "Recon": ("TA0043", "Reconnaissance"),
}
_DIRECTIONS = {"INBOUND": "inbound", "OUTBOUND": "outbound"}


def _read(entry: dict[str, Any], times: Times) -> Document:
    finding = lowered(entry)
    kind, service = text(finding.get("type")), mapping(finding.get("service"))
    if kind is None or not isinstance(finding.get("resource"), dict):
        raise UnparsedError("expected a GuardDuty finding with type, resource and service")
    updated, created = times.iso(finding.get("updatedAt")), times.iso(finding.get("createdAt"))
    document: Document = {"@timestamp": times.required(updated, created)}
    purpose, _, rest = kind.partition(":")
    category = "malware" if "Malicious" in rest and "File" in rest else _CATEGORIES.get(purpose)
    action = mapping(service.get("action"))
    categorise(
        document,
        [category or "intrusion_detection"],
        ("info",),
        kind="alert",
        action=text(action.get("actionType")),
    )
    severity = number(finding.get("severity"))
    put(document, "event.severity", round(severity) if severity is not None else None)
    put(document, "event.risk_score", severity)
    put(document, "event.start", times.iso(service.get("eventFirstSeen")))
    put(document, "event.end", times.iso(service.get("eventLastSeen")))
    put(document, "event.provider", "guardduty.amazonaws.com")
    put(document, "message", text(finding.get("description")))
    put(document, "rule.name", text(finding.get("title")))
    put(document, "rule.category", kind)
    put(document, "rule.ruleset", purpose)
    if tactic := _TACTICS.get(purpose):
        put(document, "threat.framework", "MITRE ATT&CK")
        put(document, "threat.tactic.id", [tactic[0]])
        put(document, "threat.tactic.name", [tactic[1]])
    put_place(
        document,
        finding.get("arn"),
        region=text(finding.get("region")),
        account=text(finding.get("accountId")),
    )
    put(document, "cloud.service.name", text(service.get("serviceName")))
    _put_resource(document, mapping(finding["resource"]))
    _put_action(document, action)
    _put_runtime(document, mapping(service.get("runtimeDetails")))
    _put_scan(
        document, mapping(service.get("ebsVolumeScanDetails")) or mapping(service.get("malwareScanDetails"))
    )
    put_flow(document)
    document["vendor"] = entry
    return document


def lowered(value: Any, depth: int = _DEEPEST) -> Any:
    """Return a JSON value with the first letter of each key in lower case; what is deeper is left out."""
    if isinstance(value, dict):
        return (
            {key[:1].lower() + key[1:]: lowered(inner, depth - 1) for key, inner in value.items()}
            if depth
            else {}
        )
    if isinstance(value, list):
        return [lowered(inner, depth - 1) for inner in value] if depth else []
    return value


def _put_resource(document: Document, resource: dict[str, Any]) -> None:
    instance = mapping(resource.get("instanceDetails"))
    put(document, "cloud.instance.id", text(instance.get("instanceId")))
    put(document, "cloud.machine.type", text(instance.get("instanceType")))
    put(document, "cloud.availability_zone", text(instance.get("availabilityZone")))
    add(document, "related.hosts", text(instance.get("instanceId")))
    put(document, "host.id", text(instance.get("instanceId")))
    for tag in objects(instance.get("tags"))[:50]:
        if tag.get("key") == "Name":
            put(document, "cloud.instance.name", text(tag.get("value")))
    key = mapping(resource.get("accessKeyDetails"))
    name = text(key.get("userName"))
    put(document, "user.name", name)
    put(document, "user.id", text(key.get("principalId")))
    put(document, "user.roles", [role] if (role := text(key.get("userType"))) and role != "Unknown" else None)
    cluster = mapping(resource.get("eksClusterDetails"))
    if cluster:
        put(document, "orchestrator.type", "kubernetes")
        put(document, "orchestrator.cluster.name", text(cluster.get("name")))
        put(document, "orchestrator.cluster.id", text(cluster.get("arn")))
    kubernetes = mapping(resource.get("kubernetesDetails"))
    person = mapping(kubernetes.get("kubernetesUserDetails"))
    put_new(document, "user.name", text(person.get("username")))
    put_new(document, "user.id", text(person.get("uid")))
    workload = mapping(kubernetes.get("kubernetesWorkloadDetails"))
    put(document, "orchestrator.namespace", text(workload.get("namespace")))
    put(document, "orchestrator.resource.name", text(workload.get("name")))
    put(document, "orchestrator.resource.type", text(workload.get("type")))
    database = mapping(resource.get("rdsDbUserDetails"))
    put_new(document, "user.name", text(database.get("user")))
    put(document, "database.name", text(database.get("database")))
    container = next(
        iter(objects(resource.get("containerDetails")) + objects(workload.get("containers"))), {}
    )
    put(document, "container.id", text(container.get("id")))
    put(document, "container.name", text(container.get("name")))
    put(document, "container.image.name", text(container.get("image")))
    add(document, "related.hosts", text(pick(resource, "s3BucketDetails.0.name")))


def _put_action(document: Document, action: dict[str, Any]) -> None:
    """Who did it from where. The remote end is the source, unless the instance called out."""
    details = next((mapping(action[key]) for key in _ACTIONS if isinstance(action.get(key), dict)), {})
    direction = text(details.get("connectionDirection"))
    put(document, "network.direction", _DIRECTIONS.get(direction or ""))
    remote, local = ("destination", "source") if direction == "OUTBOUND" else ("source", "destination")
    probe = next(iter(objects(details.get("portProbeDetails"))), {})
    found = mapping(details.get("remoteIpDetails")) or mapping(probe.get("remoteIpDetails"))
    _put_end(document, remote, found, details.get("remotePortDetails"))
    here = mapping(details.get("localIpDetails")) or mapping(probe.get("localIpDetails"))
    _put_end(document, local, here, details.get("localPortDetails") or probe.get("localPortDetails"))
    put_transport(document, text(details.get("protocol")))
    blocked = details.get("blocked")
    if isinstance(blocked, bool):
        put(document, "event.blocked", "true" if blocked else "false")
    if domain := text(details.get("domain")):
        put(document, "dns.question.name", domain.rstrip("."))
        put(document, "network.protocol", "dns")
    put(document, "error.code", text(details.get("errorCode")))
    put_agent(document, details.get("userAgent"))
    put(document, "http.request.method", _verb(details))
    put(document, "http.response.status_code", integer(details.get("statusCode")))
    put(document, "url.path", text(details.get("requestUri")))
    ips = details.get("sourceIps")
    for ip in ips if isinstance(ips, list) else ():
        add(document, "related.ip", ip if isinstance(ip, str) else None)


_ACTIONS = (
    "networkConnectionAction", "portProbeAction", "awsApiCallAction", "dnsRequestAction", "kubernetesApiCallAction",
    "rdsLoginAttemptAction", "kubernetesPermissionCheckedDetails",
)  # fmt: skip


def _verb(details: dict[str, Any]) -> str | None:
    return text(details.get("verb")) if "requestUri" in details else None


def _put_end(document: Document, side: str, details: dict[str, Any], port: Any) -> None:
    ip = put_ip(document, f"{side}.ip", details.get("ipAddressV4") or details.get("ipAddressV6"))
    put(document, f"{side}.address", ip)
    put(document, f"{side}.port", integer(mapping(port).get("port")))
    organization = mapping(details.get("organization"))
    put(document, f"{side}.as.number", integer(organization.get("asn")))
    put(document, f"{side}.as.organization.name", text(organization.get("asnOrg")))
    put(document, f"{side}.geo.country_name", text(mapping(details.get("country")).get("countryName")))
    put(document, f"{side}.geo.city_name", text(mapping(details.get("city")).get("cityName")))


def _put_runtime(document: Document, details: dict[str, Any]) -> None:
    process = mapping(details.get("process"))
    put_executable(document, "process", process.get("executablePath"))
    put(document, "process.name", text(process.get("name")))
    put(document, "process.pid", integer(process.get("pid")))
    put(document, "process.hash.sha256", text(process.get("executableSha256")))
    put(document, "process.working_directory", text(process.get("pwd")))
    put(document, "process.parent.pid", integer(pick(process, "lineage.0.pid")))
    put_executable(document, "process.parent", pick(process, "lineage.0.executablePath"))
    put_new(document, "user.name", text(process.get("user")))
    context = mapping(details.get("context"))
    put(document, "process.command_line", text(context.get("commandLineExample")))
    put_path(document, "file", text(context.get("scriptPath")) or text(context.get("modulePath")))
    put_path(document, "file", text(context.get("toolPath")))


def _put_scan(document: Document, scan: dict[str, Any]) -> None:
    found = objects(pick(scan, "scanDetections.threatDetectedByName.threatNames")) or objects(
        scan.get("threats")
    )
    for threat in found[:1]:
        put(document, "threat.indicator.name", text(threat.get("name")))
        path = pick(threat, "filePaths.0.filePath") or pick(threat, "itemPaths.0.nestedItemPath")
        put_path(document, "file", path)
        put(document, "file.hash.sha256", text(pick(threat, "filePaths.0.hash")))


def _is_finding(entry: dict[str, Any]) -> bool:
    keys = {key.lower() for key in entry}
    service = mapping(entry.get("service") or entry.get("Service"))
    named = str(service.get("serviceName") or service.get("ServiceName")).lower()
    return {"type", "resource", "severity"} <= keys and (
        named == "guardduty" or ":guardduty:" in str(entry.get("arn"))
    )


GUARDDUTY = json_source(
    "aws.guardduty",
    "Amazon GuardDuty findings",
    "https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html",
    unwrapping(_read),
    recognising(_is_finding),
    GUARDDUTY_SAMPLES,
)
