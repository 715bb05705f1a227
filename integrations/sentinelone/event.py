"""``sentinelone.event``: SentinelOne's threats, alerts of its rules, activities, and what its agents see.

Told apart by their fields: threats have ``threatInfo``, alerts ``alertInfo`` (Management API 2.1), activities
``activityType``, Cloud Funnel's events dotted names (``src.process.name``), Deep Visibility's ``eventType`` beside
``agentName`` or ``agentUuid``. Documentation: the Management Console's API reference and the Cloud Funnel guide.
"""

from __future__ import annotations

from typing import Any

from integrations.contract import UnparsedError
from integrations.endpoints import put_account, put_command, put_sums, put_threat, system_type
from integrations.fields import add, categorise, integer, mac, mapping, objects, put, put_end, put_new, text
from integrations.normalisers import json_source
from integrations.sentinelone.event_samples import SAMPLES
from integrations.sentinelone.telemetry import read_funnel, read_visibility
from integrations.text import address
from integrations.times import Times
from integrations.web import put_domain, put_executable, put_path, put_url
from rules.ecs import Document

_SEVERITIES = {"info": 1, "informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
_CONFIDENCES = {"malicious": 4, "suspicious": 3}

_ACTIVITIES: dict[int, tuple[tuple[str, ...], tuple[str, ...], str | None]] = {
    2: (("malware",), ("info",), "success"),
    5: (("package",), ("change",), None),
    17: (("host",), ("creation",), None),
    18: (("malware",), ("info",), None),
    19: (("malware",), ("info",), None),
    20: (("malware",), ("change",), None),
    21: (("malware",), ("change",), None),
    23: (("iam",), ("user", "creation"), None),
    24: (("iam",), ("user", "change"), None),
    25: (("iam",), ("user", "deletion"), None),
    27: (("authentication",), ("start",), "success"),
    33: (("authentication",), ("end",), "success"),
    37: (("iam",), ("user", "change"), None),
    43: (("package",), ("change",), None),
    47: (("host",), ("deletion",), None),
    50: (("host",), ("end",), None),
    51: (("host", "package"), ("deletion",), None),
    54: (("host",), ("change",), None),
    61: (("network", "host"), ("change",), None),
    62: (("network", "host"), ("change",), None),
    71: (("host",), ("start",), None),
    90: (("host",), ("start",), None),
    91: (("host",), ("end",), None),
    92: (("host",), ("end",), None),
    110: (("iam",), ("user", "change"), None),
    133: (("authentication",), ("start",), "failure"),
    1001: (("network", "host"), ("denied",), None),
    1002: (("network", "host"), ("allowed",), None),
    2001: (("malware",), ("info",), "success"),
    2002: (("malware",), ("info",), "failure"),
    2003: (("malware",), ("info",), "success"),
    2004: (("malware",), ("info",), "success"),
    3200: (("session",), ("start",), None),
    3608: (("intrusion_detection",), ("info",), None),
    4001: (("malware",), ("info",), None),
    4002: (("malware",), ("info",), None),
    4003: (("malware",), ("info",), None),
    5125: (("host",), ("denied",), None),
    5126: (("host",), ("start",), None),
    5127: (("host",), ("start",), None),
    5128: (("host",), ("end",), None),
}
"""What the console's activities mean, by their type."""


def _agent(detection: dict[str, Any], realtime: dict[str, Any], document: Document) -> None:
    name = text(
        realtime.get("agentComputerName") or detection.get("name") or detection.get("agentComputerName")
    )
    put(document, "host.name", name)
    put(document, "host.hostname", name)
    put(
        document,
        "host.id",
        text(realtime.get("agentUuid") or detection.get("agentUuid") or detection.get("uuid")),
    )
    put(document, "host.domain", text(detection.get("agentDomain") or realtime.get("agentDomain")))
    put(
        document,
        "host.os.name",
        text(detection.get("agentOsName") or realtime.get("agentOsName") or detection.get("osName")),
    )
    kind = realtime.get("agentOsType") or detection.get("osFamily") or detection.get("agentOsName")
    put(document, "host.os.type", system_type(kind))
    put(document, "host.os.version", text(detection.get("agentOsRevision") or detection.get("osRevision")))
    ips: list[str] = []
    macs: list[str] = []
    for each in (detection.get("agentIpV4"), detection.get("agentIpV6")):
        ips += [ip for part in (text(each) or "").split(",")[:32] if (ip := address(part.strip()))]
    for interface in objects(realtime.get("networkInterfaces"))[:32]:
        for addresses in (interface.get("inet"), interface.get("inet6")):
            found = addresses if isinstance(addresses, list) else []
            ips += [ip for each in found[:32] if (ip := address(text(each) or ""))]
        if found_mac := mac(interface.get("physical")):
            macs.append(found_mac)
    put(document, "host.ip", list(dict.fromkeys(ips)))
    put(document, "host.mac", list(dict.fromkeys(macs)))
    put(document, "agent.id", text(realtime.get("agentId") or detection.get("agentId")))
    put(document, "agent.version", text(detection.get("agentVersion") or detection.get("version")))
    put(document, "organization.id", text(detection.get("accountId")))
    put(document, "organization.name", text(detection.get("accountName")))
    if outside := address(text(detection.get("externalIp")) or ""):
        add(document, "related.ip", outside)


def _threat(entry: dict[str, Any], times: Times) -> Document:
    threat = mapping(entry.get("threatInfo"))
    document: Document = {}
    engines = [
        title for each in objects(threat.get("detectionEngines")) if (title := text(each.get("title")))
    ]
    status = text(threat.get("mitigationStatus"))
    categorise(document, ("malware",), ("info",), kind="alert", action=engines[0] if engines else status)
    document["@timestamp"] = times.required(
        times.any(threat.get("identifiedAt")),
        times.any(threat.get("createdAt")),
        times.any(threat.get("updatedAt")),
    )
    put(document, "event.severity", _CONFIDENCES.get(str(threat.get("confidenceLevel")).lower()))
    put(document, "event.reason", text(threat.get("mitigationStatusDescription")) or status)
    put(document, "message", text(threat.get("threatName")))
    put(document, "rule.name", text(threat.get("threatName")))
    put(document, "rule.category", text(threat.get("classification")))
    put(document, "threat.indicator.name", text(threat.get("threatName")))
    put(document, "threat.indicator.type", "file" if text(threat.get("filePath")) else None)
    _agent(mapping(entry.get("agentDetectionInfo")), mapping(entry.get("agentRealtimeInfo")), document)
    path = text(threat.get("filePath"))
    put_path(document, "file", path)
    put(document, "file.size", integer(threat.get("fileSize")))
    put_new(document, "file.extension", (text(threat.get("fileExtension")) or "").lower() or None)
    put_sums(document, "file", threat.get("md5"), threat.get("sha1"), threat.get("sha256"))
    put(document, "file.code_signature.subject_name", text(threat.get("publisherName")))
    put_command(document, "process", _line(path, threat.get("maliciousProcessArguments")))
    put(document, "process.parent.name", text(threat.get("originatorProcess")))
    put_account(document, "user", threat.get("processUser"))
    for indicator in objects(entry.get("indicators"))[:200]:
        for tactic in objects(indicator.get("tactics"))[:50]:
            techniques = [each.get("name") for each in objects(tactic.get("techniques"))[:50]]
            put_threat(document, (tactic.get("name"),), techniques)
    container, cluster = mapping(entry.get("containerInfo")), mapping(entry.get("kubernetesInfo"))
    put(document, "container.id", text(container.get("id")))
    put(document, "container.name", text(container.get("name")))
    put(document, "container.image.name", text(container.get("image")))
    put(document, "orchestrator.cluster.name", text(cluster.get("cluster")))
    put(document, "orchestrator.namespace", text(cluster.get("namespace")))
    return document


def _line(path: str | None, arguments: Any) -> str | None:
    said = text(arguments)
    return said if said is None or path is None or path in said else f'"{path}" {said}'


def _alert(entry: dict[str, Any], times: Times) -> Document:
    """One that a rule of the customer's own gave (STAR)."""
    alert, rule = mapping(entry.get("alertInfo")), mapping(entry.get("ruleInfo"))
    document: Document = {}
    categorise(document, ("malware",), ("info",), kind="alert", action=text(alert.get("eventType")))
    document["@timestamp"] = times.required(
        times.any(alert.get("createdAt")), times.any(alert.get("reportedAt"))
    )
    put(document, "event.severity", _SEVERITIES.get(str(rule.get("severity")).lower()))
    for field in ("name", "description", "id"):
        put(document, f"rule.{field}", text(rule.get(field)))
    put(document, "message", text(rule.get("name")))
    _agent(mapping(entry.get("agentDetectionInfo")), mapping(entry.get("agentRealtimeInfo")), document)
    for name, place in (("sourceProcessInfo", "process"), ("sourceParentProcessInfo", "process.parent")):
        process = mapping(entry.get(name))
        put_executable(document, place, process.get("filePath"))
        put(document, f"{place}.name", text(process.get("name")))
        put(document, f"{place}.pid", integer(process.get("pid")))
        put(document, f"{place}.entity_id", text(process.get("uniqueId")))
        put(document, f"{place}.start", times.any(process.get("pidStarttime")))
        put_command(document, place, process.get("commandline"))
        put_sums(
            document,
            place,
            process.get("fileHashMd5"),
            process.get("fileHashSha1"),
            process.get("fileHashSha256"),
        )
    put_account(
        document, "user", mapping(entry.get("sourceProcessInfo")).get("user") or alert.get("loginsUserName")
    )
    target = mapping(entry.get("targetProcessInfo"))
    put_path(document, "file", target.get("tgtFilePath"))
    put_sums(document, "file", target.get("tgtFileHashSha1"), target.get("tgtFileHashSha256"))
    put_end(document, "source", alert.get("srcIp") or alert.get("srcMachineIp"), alert.get("srcPort"))
    put_end(document, "destination", alert.get("dstIp"), alert.get("dstPort"))
    put(
        document,
        "network.direction",
        {"OUTGOING": "outbound", "INCOMING": "inbound"}.get(str(alert.get("netEventDirection"))),
    )
    put(document, "dns.question.name", text(alert.get("dnsRequest")))
    put(document, "registry.path", text(alert.get("registryKeyPath") or alert.get("registryPath")))
    put(document, "registry.value", text(alert.get("registryValue")))
    return document


def _activity(entry: dict[str, Any], times: Times) -> Document:
    code = integer(entry.get("activityType"))
    data = mapping(entry.get("data"))
    about = (
        "malware"
        if entry.get("threatId")
        else "host"
        if entry.get("agentId") or data.get("computerName")
        else "configuration"
    )
    category, type, outcome = _ACTIVITIES.get(code if code is not None else -1, ((about,), ("info",), None))
    document: Document = {}
    categorise(document, category, type, action=text(entry.get("description")), outcome=outcome)
    document["@timestamp"] = times.required(
        times.any(entry.get("createdAt")), times.any(entry.get("updatedAt"))
    )
    put(document, "event.code", str(code) if code is not None else None)
    put(document, "message", text(entry.get("primaryDescription")))
    put(document, "event.reason", text(entry.get("secondaryDescription")))
    who = data.get("username") or data.get("byUser") or data.get("userName")
    put_account(document, "user", who)
    put(document, "user.full_name", text(data.get("userFullName")))
    put(document, "user.id", text(entry.get("userId")))
    put_end(document, "source", data.get("ipAddress") or data.get("sourceIp"))
    name = text(data.get("computerName") or data.get("agentName"))
    put(document, "host.name", name)
    put(document, "host.hostname", name)
    put(document, "host.os.type", system_type(entry.get("osFamily")))
    put(document, "agent.id", text(entry.get("agentId")))
    put(document, "organization.id", text(entry.get("accountId")))
    put(document, "organization.name", text(entry.get("accountName")))
    put_path(document, "file", data.get("filePath"))
    put_sums(document, "file", data.get("fileContentHash"), entry.get("hash"))
    put(document, "threat.indicator.name", text(data.get("threatName") or data.get("threatClassification")))
    put(document, "group.id", text(entry.get("groupId")))
    put(document, "group.name", text(entry.get("groupName")))
    return document


def _read(entry: dict[str, Any], times: Times) -> Document:
    if "threatInfo" in entry:
        document = _threat(entry, times)
    elif "alertInfo" in entry:
        document = _alert(entry, times)
    elif "activityType" in entry:
        document = _activity(entry, times)
    elif "event.type" in entry:
        document = read_funnel(entry, times)
    elif "eventType" in entry:
        document = read_visibility(entry, times)
    else:
        raise UnparsedError("expected threatInfo, alertInfo, activityType, event.type or eventType")
    if (name := document.get("dns", {}).get("question", {}).get("name")) is not None:
        put_domain(document, "dns.question", name)
        document["dns"]["question"].pop("domain", None)
        put(document, "network.protocol", "dns")
    put_url(document, entry.get("url.address") or entry.get("networkUrl"))
    document["observer"] = {"vendor": "SentinelOne", "product": "Singularity"}
    document["vendor"] = entry
    return document


def _recognise(entry: dict[str, Any]) -> bool:
    if "threatInfo" in entry or "alertInfo" in entry:
        return "agentDetectionInfo" in entry
    if "activityType" in entry:
        return "primaryDescription" in entry or "activityUuid" in entry
    if "event.type" in entry:
        return "src.process.name" in entry or "agent.uuid" in entry or "endpoint.name" in entry
    return "eventType" in entry and bool({"agentUuid", "trueContext"} & entry.keys())


EVENT = json_source(
    "sentinelone.event",
    "SentinelOne: threats, alerts, activities, and its agents' telemetry",
    "SentinelOne's Management API 2.1 and Cloud Funnel",
    _read,
    _recognise,
    SAMPLES,
)
