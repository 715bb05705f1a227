"""AWS Security Hub findings in the AWS Security Finding Format (ASFF), of any product.

Reference: https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-syntax.html
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.aws.arn import put_place, resource_name
from integrations.aws.envelopes import recognising, unwrapping
from integrations.contract import Sample, UnparsedError
from integrations.fields import add, categorise, integer, mapping, objects, pick, put, put_ip, text
from integrations.flows import put_flow, put_transport
from integrations.normalisers import json_source
from integrations.times import Times
from integrations.web import put_executable
from rules.ecs import Document

_CATEGORIES = {
    "Software and Configuration Checks/Vulnerabilities": "vulnerability",
    "Software and Configuration Checks": "configuration",
    "TTPs": "intrusion_detection",
    "Effects": "intrusion_detection",
    "Unusual Behaviors": "intrusion_detection",
    "Sensitive Data Identifications": "file",
}
_OUTCOMES = {"PASSED": "success", "FAILED": "failure", "WARNING": "unknown", "NOT_AVAILABLE": "unknown"}
_NORMALISED = {"INFORMATIONAL": 0, "LOW": 39, "MEDIUM": 69, "HIGH": 89, "CRITICAL": 100}


def _read(entry: dict[str, Any], times: Times) -> Document:
    identity = text(entry.get("Id"))
    if identity is None or "ProductArn" not in entry:
        raise UnparsedError("expected a finding in ASFF with Id and ProductArn")
    updated, created = times.iso(entry.get("UpdatedAt")), times.iso(entry.get("CreatedAt"))
    document: Document = {"@timestamp": times.required(updated, created)}
    types = entry.get("Types")
    kinds = [kind for kind in types if isinstance(kind, str)] if isinstance(types, list) else []
    status = text(pick(entry, "Compliance.Status"))
    passed = status == "PASSED"
    categorise(
        document, [_category(kinds)], ("info",), kind="state" if passed else "alert",
        action=text(pick(entry, "Workflow.Status")), outcome=_OUTCOMES.get(status or ""),
    )  # fmt: skip
    label = text(pick(entry, "Severity.Label")) or ""
    severity = integer(pick(entry, "Severity.Normalized"))
    put(document, "event.severity", severity if severity is not None else _NORMALISED.get(label.upper()))
    put(document, "log.level", label.lower())
    put(document, "event.start", times.iso(entry.get("FirstObservedAt")))
    put(document, "event.end", times.iso(entry.get("LastObservedAt")))
    put(document, "event.provider", text(entry.get("ProductName")))
    put(document, "message", text(entry.get("Description")))
    put(document, "rule.name", text(entry.get("Title")))
    put(document, "rule.id", text(entry.get("GeneratorId")))
    put(document, "rule.category", kinds[0] if kinds else None)
    put(document, "rule.reference", text(entry.get("SourceUrl")))
    put(document, "organization.name", text(entry.get("CompanyName")))
    put_place(document, region=text(entry.get("Region")), account=text(entry.get("AwsAccountId")))
    _put_network(document, mapping(entry.get("Network")))
    _put_action(document, mapping(entry.get("Action")))
    process = mapping(entry.get("Process"))
    put_executable(document, "process", process.get("Path"))
    put(document, "process.name", text(process.get("Name")))
    put(document, "process.pid", integer(process.get("Pid")))
    put(document, "process.parent.pid", integer(process.get("ParentPid")))
    put(document, "vulnerability.id", [
        found for item in objects(entry.get("Vulnerabilities"))[:50] if (found := text(item.get("Id")))
    ])  # fmt: skip
    for resource in objects(entry.get("Resources"))[:50]:
        _put_resource(document, resource)
    put_flow(document)
    document["vendor"] = entry
    return document


def _category(kinds: list[str]) -> str:
    for kind in kinds:
        parts = kind.split("/")
        for known in ("/".join(parts[:2]), parts[0]):
            if (category := _CATEGORIES.get(known)) is not None:
                return category
    return "intrusion_detection"


def _put_network(document: Document, network: dict[str, Any]) -> None:
    direction = (text(network.get("Direction")) or "").lower()
    put(document, "network.direction", {"in": "inbound", "out": "outbound"}.get(direction))
    put_transport(document, text(network.get("Protocol")))
    for side, name in (("source", "Source"), ("destination", "Destination")):
        ip = network.get(f"{name}IpV4") or network.get(f"{name}IpV6")
        put(document, f"{side}.address", put_ip(document, f"{side}.ip", ip))
        put(document, f"{side}.domain", text(network.get(f"{name}Domain")))
        put(document, f"{side}.port", integer(network.get(f"{name}Port")))


def _put_action(document: Document, action: dict[str, Any]) -> None:
    for name in ("NetworkConnectionAction", "AwsApiCallAction"):
        details = mapping(action.get(name))
        ip = put_ip(document, "source.ip", pick(details, "RemoteIpDetails.IpAddressV4"))
        put(document, "source.address", ip)
    put(document, "dns.question.name", text(pick(action, "DnsRequestAction.Domain")))


def _put_resource(document: Document, resource: dict[str, Any]) -> None:
    kind, arn = text(resource.get("Type")), resource.get("Id")
    name = resource_name(arn)
    if kind == "AwsEc2Instance":
        put(document, "cloud.instance.id", name)
        put(document, "host.id", name)
        add(document, "related.hosts", name)
        addresses = pick(resource, "Details.AwsEc2Instance.IpV4Addresses")
        for ip in addresses[:20] if isinstance(addresses, list) else ():
            add(document, "related.ip", ip if isinstance(ip, str) else None)
    elif kind in ("AwsIamUser", "AwsIamRole"):
        put(document, "user.name", name)
    elif kind == "AwsIamAccessKey":
        put(document, "user.name", text(pick(resource, "Details.AwsIamAccessKey.PrincipalName")))
    elif kind == "AwsS3Bucket":
        add(document, "related.hosts", name)


def _is_finding(entry: dict[str, Any]) -> bool:
    return {"SchemaVersion", "ProductArn", "GeneratorId"} <= entry.keys()


def _sample(expect: dict[str, Any], **more: Any) -> Sample:
    entry = {
        "SchemaVersion": "2018-10-08", "Id": "arn:aws:securityhub:x:1:finding/1", "AwsAccountId": "111122223333",
        "ProductArn": "arn:aws:securityhub:eu-central-1::product/aws/securityhub", "ProductName": "Security Hub",
        "GeneratorId": "aws-foundational/IAM.4", "Types": ["Software and Configuration Checks/Industry Standards"],
        "CreatedAt": "2026-04-19T10:00:00Z", "UpdatedAt": "2026-04-19T10:20:30.123Z", "Region": "eu-central-1",
        "Severity": {"Label": "HIGH", "Normalized": 70}, "Title": "T", "Description": "D",
        "Compliance": {"Status": "FAILED"}, "Workflow": {"Status": "NEW"}, "Resources": [],
    }  # fmt: skip
    return Sample(orjson.dumps(entry | more).decode(), {"event.kind": "alert"} | expect)


_SAMPLES = (
    _sample(
        {"@timestamp": "2026-04-19T10:20:30.123Z", "event.category": ["configuration"], "event.outcome": "failure", "event.severity": 70,
         "rule.name": "T", "message": "D", "rule.id": "aws-foundational/IAM.4", "user.name": "alice", "event.action": "NEW",
         "cloud.account.id": "111122223333", "cloud.region": "eu-central-1", "event.provider": "Security Hub"},
        Resources=[{"Type": "AwsIamUser", "Id": "arn:aws:iam::111122223333:user/alice"}],
    ),
    _sample({"event.kind": "state", "event.outcome": "success"}, Compliance={"Status": "PASSED"}),
    _sample(
        {"event.category": ["vulnerability"], "vulnerability.id": ["CVE-2024-3094"], "cloud.instance.id": "i-0a"},
        Types=["Software and Configuration Checks/Vulnerabilities/CVE"], Vulnerabilities=[{"Id": "CVE-2024-3094"}],
        Resources=[{"Type": "AwsEc2Instance", "Id": "arn:aws:ec2:eu-central-1:111122223333:instance/i-0a"}],
    ),
    _sample(
        {"event.category": ["intrusion_detection"], "source.ip": "203.0.113.7", "destination.port": 22, "network.direction": "inbound",
         "network.transport": "tcp", "event.severity": 89, "process.name": "sshd", "process.pid": 7},
        Types=["TTPs/Initial Access"], Severity={"Label": "HIGH"}, Compliance=None, Process={"Name": "sshd", "Pid": 7},
        Network={"Direction": "IN", "Protocol": "TCP", "SourceIpV4": "203.0.113.7", "DestinationPort": 22},
    ),
)  # fmt: skip

SECURITYHUB = json_source(
    "aws.securityhub",
    "AWS Security Hub findings",
    "https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-syntax.html",
    unwrapping(_read),
    recognising(_is_finding),
    _SAMPLES,
)
