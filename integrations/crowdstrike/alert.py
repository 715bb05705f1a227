"""``crowdstrike.alert``: what Falcon finds, by event streams and by the Alerts API, and who did what in its console.

Event streams: https://falcon.crowdstrike.com/documentation/page/fa572b1c/falcon-siem-connector; Alerts API:
https://www.falconpy.io/Service-Collections/Alerts.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from integrations.contract import UnparsedError
from integrations.crowdstrike.alert_samples import SAMPLES
from integrations.endpoints import put_account, put_command, put_sums, put_threat, system_type
from integrations.fields import (
    add,
    categorise,
    integer,
    mac,
    mapping,
    objects,
    put,
    put_end,
    put_ip,
    put_new,
    text,
)
from integrations.normalisers import json_source
from integrations.times import Times
from integrations.web import put_path
from rules.ecs import Document

Reader = Callable[[dict[str, Any], dict[str, Any], Times, Document], None]
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\s-]+")
_SEVERITIES = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}


def snake(value: Any) -> str | None:
    """Return ``userAuthenticate`` as Elastic has it: ``user_authenticate``."""
    word = text(value)
    return _WORDS.sub("_", word[:256]).lower() if word else None


def _outcome(value: Any) -> str | None:
    if isinstance(value, str):
        value = {"true": True, "false": False}.get(value.lower())
    return None if not isinstance(value, bool) else "success" if value else "failure"


def _detection(event: dict[str, Any], _: dict[str, Any], times: Times, document: Document) -> None:
    """DetectionSummaryEvent and its successor EppDetectionSummaryEvent, which renamed half of the fields."""
    categorise(document, ("malware",), ("info",), kind="alert", action=_action(event))
    put(document, "message", text(event.get("DetectDescription") or event.get("Description")))
    put(document, "event.severity", integer(event.get("Severity")))
    put(document, "event.reason", text(event.get("PatternDispositionDescription")))
    put(document, "rule.name", text(event.get("DetectName") or event.get("Name")))
    put(document, "rule.description", text(event.get("DetectDescription") or event.get("Description")))
    put(document, "rule.id", text(event.get("PatternId")))
    put(document, "rule.category", text(event.get("Objective")))
    put_threat(
        document,
        (event.get("Tactic"), event.get("TacticId")),
        (event.get("Technique"), event.get("TechniqueId")),
    )
    _put_indicator(document, event.get("IOCType"), event.get("IOCValue"))
    name = text(event.get("FileName"))
    path = text(event.get("FilePath"))
    if name and path:
        separator = "\\" if "\\" in path else "/"
        whole = path if path.endswith(name) else f"{path.rstrip(separator)}{separator}{name}"
        put(document, "process.executable", whole)
        put_path(document, "file", whole)
    put(document, "process.name", name)
    put(document, "process.pid", integer(event.get("LocalProcessId") or event.get("ProcessId")))
    put(document, "process.entity_id", text(event.get("ProcessId")))
    put_command(document, "process", event.get("CommandLine"))
    put(document, "process.start", times.epoch(_set(event.get("ProcessStartTime"))))
    put(document, "process.end", times.epoch(_set(event.get("ProcessEndTime"))))
    put(document, "process.parent.pid", integer(event.get("ParentProcessId")))
    put_command(document, "process.parent", event.get("ParentCommandLine"))
    parent = text(event.get("ParentImageFilePath") or event.get("ParentImageFileName"))
    if parent:
        put(document, "process.parent.executable", parent if "\\" in parent or "/" in parent else None)
        put(document, "process.parent.name", re.split(r"[\\/]", parent)[-1])
    for place in ("process", "file"):
        put_sums(
            document,
            place,
            event.get("MD5String"),
            event.get("SHA1String"),
            event.get("SHA256String"),
        )
    put_account(document, "user", event.get("UserName"))
    put(document, "user.domain", text(event.get("LogonDomain")))
    _put_host(document, event.get("ComputerName") or event.get("Hostname"), event.get("MachineDomain"))
    put(document, "agent.id", text(event.get("SensorId") or event.get("AgentId")))
    if ip := put_ip(document, "source.ip", event.get("LocalIP")):
        put(document, "source.address", ip)
        put(document, "host.ip", [ip])
    put(document, "host.mac", [mac(event.get("MACAddress"))] if mac(event.get("MACAddress")) else None)
    put(document, "host.os.type", system_type(event.get("PlatformName")))
    for access in objects(event.get("NetworkAccesses"))[:1]:
        put_end(document, "destination", access.get("RemoteAddress"), access.get("RemotePort"))
    put(document, "event.url", text(event.get("FalconHostLink")))


def _action(event: Mapping[str, Any]) -> str | None:
    disposition = text(event.get("PatternDispositionDescription"))
    if not disposition:
        return None
    return "blocked" if re.search(r"block|kill|prevent|quarantin", disposition, re.IGNORECASE) else "detected"


def _set(value: Any) -> Any:
    """A time that is none is 0."""
    return None if value in (0, "0") else value


def _put_indicator(document: Document, kind: Any, value: Any) -> None:
    kind, value = text(kind), text(value)
    if not kind or not value:
        return
    put(document, "threat.indicator.name", value)
    known = {"domain": "domain-name", "ipv4": "ipv4-addr", "ipv6": "ipv6-addr", "url": "url"}
    put(document, "threat.indicator.type", known.get(kind.lower(), "file"))


def _put_host(document: Document, name: Any, domain: Any = None) -> None:
    if (host := text(name)) is not None:
        put(document, "host.name", host)
        put(document, "host.hostname", host)
    put(document, "host.domain", text(domain))


def _authentication(event: dict[str, Any], _: dict[str, Any], _times: Times, document: Document) -> None:
    action = snake(event.get("OperationName"))
    login = action is not None and "authenticate" in action
    categorise(
        document,
        ("authentication",) if login else ("iam",),
        ("start",) if login else ("change",),
        action=action,
        outcome=_outcome(event.get("Success")),
    )
    put_account(document, "user", event.get("UserId"))
    put_end(document, "source", event.get("UserIp"))
    put(document, "message", text(event.get("ServiceName")))
    _put_target(event, document)


def _put_target(event: Mapping[str, Any], document: Document) -> None:
    values = {
        text(pair.get("Key")): text(pair.get("ValueString")) for pair in objects(event.get("AuditKeyValues"))
    }
    if target := values.get("target_name") or values.get("target_user"):
        put_account(document, "user.target", target)
        add(document, "related.user", document["user"]["target"].get("name"))
    put(document, "group.id", values.get("group_id"))


def _activity(event: dict[str, Any], _: dict[str, Any], _times: Times, document: Document) -> None:
    categorise(
        document,
        ("iam",),
        ("change",),
        action=snake(event.get("OperationName")),
        outcome=_outcome(event.get("Success")),
    )
    put_account(document, "user", event.get("UserId"))
    put_end(document, "source", event.get("UserIp"))
    put(document, "message", text(event.get("ServiceName")))
    _put_target(event, document)


def _incident(event: dict[str, Any], _: dict[str, Any], times: Times, document: Document) -> None:
    categorise(document, ("malware",), ("info",), kind="alert", action="incident")
    score = text(event.get("FineScore"))
    put(document, "message", f"Incident score {score}" if score else None)
    put(document, "event.start", times.epoch(_set(event.get("IncidentStartTime"))))
    put(document, "event.end", times.epoch(_set(event.get("IncidentEndTime"))))
    put(document, "event.url", text(event.get("FalconHostLink")))
    put(document, "event.risk_score", integer(event.get("FineScore")))
    put(document, "host.id", text(event.get("HostID")))
    put_account(document, "user", event.get("UserName"))


def _identity(event: dict[str, Any], _: dict[str, Any], times: Times, document: Document) -> None:
    categorise(document, ("threat", "iam"), ("indicator",), kind="alert", action=snake(event.get("Name")))
    put(document, "message", text(event.get("DetectDescription") or event.get("Description")))
    kind = text(event.get("IncidentType"))
    put(document, "rule.name", text(event.get("DetectName") or event.get("Name")) or kind)
    put_new(document, "message", text(event.get("IncidentDescription")))
    put_new(document, "event.action", snake(kind))
    put(document, "event.severity", integer(event.get("Severity")))
    put(document, "event.start", times.epoch(_set(event.get("StartTime"))))
    put(document, "event.end", times.epoch(_set(event.get("EndTime"))))
    put(document, "host.name", text(event.get("EndpointName")))
    put_end(document, "source", event.get("EndpointIp"))
    put_account(document, "user", event.get("UserName"))
    put_threat(
        document,
        (event.get("Tactic"), event.get("TacticId")),
        (event.get("Technique"), event.get("TechniqueId")),
    )
    put_account(document, "user", event.get("SourceAccountUpn") or event.get("SourceAccountName"))
    put(document, "user.domain", text(event.get("SourceAccountDomain")))
    put(document, "user.id", text(event.get("SourceAccountObjectSid")))
    put_end(document, "source", event.get("SourceEndpointIpAddress") or event.get("SourceEndpointHostName"))
    put_end(document, "destination", event.get("TargetEndpointHostName"))
    put(document, "event.url", text(event.get("FalconHostLink")))


def _firewall(event: dict[str, Any], _: dict[str, Any], _times: Times, document: Document) -> None:
    action = {"1": "firewall_block", "2": "firewall_allow"}.get(
        str(event.get("RuleAction")), "firewall_match_event"
    )
    allowed = action != "firewall_block"
    categorise(document, ("network",), ("connection", "allowed" if allowed else "denied"), action=action)
    inbound = str(event.get("ConnectionDirection")) in ("1", "in")
    local, remote = ("destination", "source") if inbound else ("source", "destination")
    put_end(document, local, event.get("LocalAddress"), event.get("LocalPort"))
    put_end(document, remote, event.get("RemoteAddress"), event.get("RemotePort"))
    put(document, "network.direction", "ingress" if inbound else "egress")
    put(document, "network.transport", {"6": "tcp", "17": "udp", "1": "icmp"}.get(str(event.get("Protocol"))))
    put(document, "rule.name", text(event.get("RuleName")))
    put(document, "rule.id", text(event.get("RuleId")))
    put(document, "rule.ruleset", text(event.get("RuleGroupName")))
    put(document, "process.executable", text(event.get("ImageFileName")))
    put(document, "process.pid", integer(event.get("PID")))
    put_command(document, "process", event.get("CommandLine"))
    _put_host(document, event.get("HostName"))
    put(document, "agent.id", text(event.get("DeviceId")))


def _session(event: dict[str, Any], metadata: dict[str, Any], times: Times, document: Document) -> None:
    """Somebody works on a host by Real Time Response."""
    ended = text(metadata.get("eventType")) == "RemoteResponseSessionEndEvent"
    categorise(
        document,
        ("network", "session"),
        ("end" if ended else "start",),
        action="remote_response_session_end_event" if ended else "remote_response_session_start_event",
    )
    put_account(document, "user", event.get("UserName"))
    _put_host(document, event.get("HostnameField"))
    put(document, "session.id", text(event.get("SessionId")))
    put(document, "event.start", times.epoch(_set(event.get("StartTimestamp"))))
    put(document, "event.end", times.epoch(_set(event.get("EndTimestamp"))))
    put(document, "agent.id", text(event.get("AgentIdString")))
    commands = event.get("Commands")
    put(document, "process.command_line", text(commands) if isinstance(commands, str) else None)
    put(document, "message", f"Remote response session {'end' if ended else 'start'} event.")


_READERS: Mapping[str, Reader] = {
    "DetectionSummaryEvent": _detection,
    "EppDetectionSummaryEvent": _detection,
    "CustomerIOCEvent": _detection,
    "MobileDetectionSummaryEvent": _detection,
    "IncidentSummaryEvent": _incident,
    "AuthActivityAuditEvent": _authentication,
    "UserActivityAuditEvent": _activity,
    "IdentityProtectionEvent": _identity,
    "IdpDetectionSummaryEvent": _identity,
    "FirewallMatchEvent": _firewall,
    "RemoteResponseSessionStartEvent": _session,
    "RemoteResponseSessionEndEvent": _session,
}


def _streamed(entry: dict[str, Any], times: Times) -> Document:
    metadata, event = mapping(entry.get("metadata")), mapping(entry.get("event"))
    kind = text(metadata.get("eventType")) or ""
    document: Document = {"event": {"kind": "event"}}
    reader = _READERS.get(kind) or _READERS.get(kind.removeprefix("Event_"))
    if reader is None:
        categorise(document, action=snake(kind))
    else:
        reader(event, metadata, times, document)
    stated = (
        event.get("UTCTimestamp")
        if kind.removeprefix("Event_") in ("AuthActivityAuditEvent", "UserActivityAuditEvent")
        else event.get("ProcessStartTime")
    )
    document["@timestamp"] = times.required(
        times.epoch(metadata.get("eventCreationTime")),
        times.epoch(_set(stated)),
        times.any(event.get("timestamp")),
    )
    put(document, "event.code", kind)
    put(document, "organization.id", text(metadata.get("customerIDString")))
    return document


def _alert(entry: dict[str, Any], times: Times) -> Document:
    """One of the Alerts API."""
    document: Document = {"event": {"kind": "event"}}
    device = mapping(entry.get("device"))
    disposition = text(entry.get("pattern_disposition_description"))
    categorise(
        document,
        ("malware",),
        ("info",),
        kind="alert",
        action=_action({"PatternDispositionDescription": disposition}),
    )
    document["@timestamp"] = times.required(
        times.any(entry.get("timestamp")),
        times.any(entry.get("created_timestamp")),
        times.any(entry.get("updated_timestamp")),
    )
    put(document, "message", text(entry.get("description")))
    put(document, "event.severity", integer(entry.get("severity")))
    if "severity" not in document["event"]:
        put(document, "event.severity", _SEVERITIES.get(str(entry.get("severity_name")).lower()))
    put(document, "event.reason", disposition)
    put(document, "event.url", text(entry.get("falcon_host_link")))
    put(document, "event.start", times.any(entry.get("start_time")))
    put(document, "event.end", times.any(entry.get("end_time")))
    put(document, "rule.name", text(entry.get("display_name") or entry.get("name")))
    put(document, "rule.id", text(entry.get("pattern_id")))
    put(document, "rule.description", text(entry.get("description")))
    put(document, "rule.category", text(entry.get("objective")))
    attacks = objects(entry.get("mitre_attack"))
    put_threat(
        document,
        [entry.get("tactic"), entry.get("tactic_id"), *(each.get("tactic_id") for each in attacks)],
        [entry.get("technique"), entry.get("technique_id"), *(each.get("technique_id") for each in attacks)],
    )
    _put_indicator(document, entry.get("ioc_type"), entry.get("ioc_value"))
    put(document, "process.executable", text(entry.get("filepath")))
    put(document, "process.name", text(entry.get("filename")))
    put_path(document, "file", entry.get("filepath"))
    put(document, "process.pid", integer(entry.get("local_process_id")))
    put(document, "process.entity_id", text(entry.get("process_id")))
    put_command(document, "process", entry.get("cmdline"))
    put(document, "process.start", times.any(_set(entry.get("process_start_time"))))
    put(document, "process.end", times.any(_set(entry.get("process_end_time"))))
    for place in ("process", "file"):
        put_sums(document, place, entry.get("md5"), entry.get("sha1"), entry.get("sha256"))
    parent = mapping(entry.get("parent_details"))
    put(document, "process.parent.executable", text(parent.get("filepath")))
    put(document, "process.parent.name", text(parent.get("filename")))
    put(document, "process.parent.pid", integer(parent.get("local_process_id")))
    put(
        document, "process.parent.entity_id", text(parent.get("process_id") or entry.get("parent_process_id"))
    )
    put_command(document, "process.parent", parent.get("cmdline"))
    put_sums(document, "process.parent", parent.get("md5"), parent.get("sha256"))
    put_account(document, "user", entry.get("user_principal") or entry.get("user_name"))
    put(document, "user.name", text(entry.get("user_name")))
    put(document, "user.id", text(entry.get("user_id")))
    put(document, "user.domain", text(entry.get("logon_domain")))
    _put_host(document, device.get("hostname") or entry.get("host_name"), device.get("machine_domain"))
    put(document, "host.id", text(device.get("device_id") or entry.get("agent_id")))
    put(document, "host.os.full", text(device.get("os_version")))
    put(document, "host.os.type", system_type(device.get("platform_name") or entry.get("platform")))
    put(document, "host.mac", [found] if (found := mac(device.get("mac_address"))) else None)
    ips = [ip for name in ("local_ip", "external_ip") if (ip := text(device.get(name)))]
    put(document, "host.ip", [ip for ip in ips if put_ip({}, "ip", ip)])
    put(document, "agent.id", text(entry.get("agent_id")))
    put(document, "agent.version", text(device.get("agent_version")))
    put(document, "organization.id", text(entry.get("cid")))
    return document


def _read(entry: dict[str, Any], times: Times) -> Document:
    if "metadata" in entry and "event" in entry:
        document = _streamed(entry, times)
        document["vendor"] = {"metadata": entry["metadata"], "event": entry["event"]}
    elif "composite_id" in entry or ("agent_id" in entry and "created_timestamp" in entry):
        document = _alert(entry, times)
        document["vendor"] = entry
    else:
        raise UnparsedError("expected metadata and event (event streams), or composite_id (Alerts API)")
    document["observer"] = {"vendor": "CrowdStrike", "product": "Falcon"}
    return document


def _recognise(entry: dict[str, Any]) -> bool:
    metadata = entry.get("metadata")
    if isinstance(metadata, dict):
        return "eventType" in metadata and "customerIDString" in metadata
    return "composite_id" in entry and "cid" in entry


ALERT = json_source(
    "crowdstrike.alert",
    "CrowdStrike Falcon: detections, incidents, and what people do in its console",
    "https://falcon.crowdstrike.com/documentation/page/fa572b1c/falcon-siem-connector",
    _read,
    _recognise,
    SAMPLES,
)
