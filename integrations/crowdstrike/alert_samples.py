"""The own tests of `crowdstrike.alert`."""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample


def _event(kind: str, expect: dict[str, Any], **event: Any) -> Sample:
    metadata = {
        "customerIDString": "c0ffee",
        "offset": 7,
        "eventType": kind,
        "eventCreationTime": 1774886496123,
        "version": "1.0",
    }
    return Sample(
        orjson.dumps({"metadata": metadata, "event": event}).decode(),
        {"@timestamp": "2026-03-30T16:01:36.123Z", "event.code": kind, "organization.id": "c0ffee"} | expect,
    )


_PROCESS = {
    "ProcessStartTime": 1774886000, "ProcessEndTime": 0, "ProcessId": 38684386611, "ParentProcessId": 38682494050,
    "ComputerName": "pc-1", "UserName": "alice", "DetectName": "NGAV", "DetectDescription": "A file met the threshold.",
    "Severity": 4, "SeverityName": "High", "FileName": "x.exe", "FilePath": "\\Device\\HarddiskVolume1\\t",
    "CommandLine": "\"C:\\t\\x.exe\" -q", "SHA256String": "ef" * 32, "MD5String": "cd" * 16, "MachineDomain": "EXAMPLE",
    "FalconHostLink": "https://falcon.example.com/x", "SensorId": "a1", "DetectId": "ldt:1", "LocalIP": "192.0.2.4",
    "MACAddress": "02-00-00-00-00-01", "Tactic": "Malware", "Technique": "PUP", "Objective": "Falcon Detection Method",
    "PatternDispositionDescription": "Prevention, process was blocked from execution.",
}  # fmt: skip

SAMPLES = (
    _event(
        "DetectionSummaryEvent",
        {"event.kind": "alert", "event.category": ["malware"], "event.severity": 4, "process.name": "x.exe", "event.action": "blocked",
         "process.executable": "\\Device\\HarddiskVolume1\\t\\x.exe", "process.args": ["C:\\t\\x.exe", "-q"], "user.name": "alice",
         "process.hash.sha256": "ef" * 32, "file.hash.md5": "cd" * 16, "host.name": "pc-1", "host.domain": "EXAMPLE",
         "threat.tactic.name": ["Malware"], "threat.technique.name": ["PUP"], "rule.name": "NGAV", "agent.id": "a1",
         "source.ip": "192.0.2.4", "host.mac": ["02-00-00-00-00-01"], "process.start": "2026-03-30T15:53:20.000Z",
         "process.end": None, "message": "A file met the threshold.", "process.parent.pid": 38682494050},
        **_PROCESS,
    ),
    _event(
        "EppDetectionSummaryEvent",
        {"event.kind": "alert", "threat.tactic.name": ["Execution"], "threat.tactic.id": ["TA0002"], "host.name": "pc-1",
         "threat.technique.id": ["T1059"], "threat.technique.subtechnique.id": ["T1059.001"], "rule.name": "Suspicious",
         "event.severity": 70, "process.parent.name": "cmd.exe", "user.domain": "EXAMPLE", "host.os.type": "windows",
         "process.pid": 4711},
        Hostname="pc-1", Name="Suspicious", Description="d", Severity=70, Tactic="Execution", TacticId="TA0002",
        Technique="PowerShell", TechniqueId="T1059.001", UserName="alice", LogonDomain="EXAMPLE", PlatformName="Windows",
        ParentImageFilePath="\\Device\\HarddiskVolume1\\Windows\\cmd.exe", LocalProcessId=4711, ProcessId=123456789,
        FileName="powershell.exe", FilePath="\\Device\\x\\powershell.exe", CommandLine="powershell -enc AA",
    ),
    _event(
        "AuthActivityAuditEvent",
        {"event.action": "two_factor_authenticate", "event.category": ["authentication"], "event.outcome": "success",
         "user.email": "alice@example.com", "user.name": "alice", "source.ip": "203.0.113.7", "message": "CrowdStrike Authentication"},
        UserId="alice@example.com", UserIp="203.0.113.7", OperationName="twoFactorAuthenticate", Success=True,
        ServiceName="CrowdStrike Authentication", UTCTimestamp=1774886496,
    ),
    _event(
        "AuthActivityAuditEvent",
        {"event.outcome": "failure", "event.action": "user_authenticate", "source.ip": "2001:db8::7"},
        UserId="alice@example.com", UserIp="2001:db8::7", OperationName="userAuthenticate", Success=False,
    ),
    _event(
        "UserActivityAuditEvent",
        {"event.category": ["iam"], "event.type": ["change"], "event.action": "update_user_roles", "user.target.name": "bob"},
        UserId="alice@example.com", UserIp="203.0.113.7", OperationName="updateUserRoles",
        AuditKeyValues=[{"Key": "target_name", "ValueString": "bob@example.com"}],
    ),
    _event(
        "IncidentSummaryEvent",
        {"event.kind": "alert", "event.action": "incident", "message": "Incident score 1.5",
         "event.start": "2026-03-30T16:00:00.000Z", "event.url": "https://falcon.example.com/i"},
        IncidentStartTime=1774886400, IncidentEndTime=1774886490, FineScore=1.5, FalconHostLink="https://falcon.example.com/i",
    ),
    _event(
        "FirewallMatchEvent",
        {"event.type": ["connection", "denied"], "source.ip": "198.51.100.9", "destination.port": 445, "network.transport": "tcp",
         "network.direction": "ingress", "rule.name": "no SMB", "host.name": "pc-1"},
        HostName="pc-1", LocalAddress="192.0.2.4", LocalPort="445", RemoteAddress="198.51.100.9", RemotePort="50000",
        Protocol="6", ConnectionDirection="1", RuleAction="1", RuleName="no SMB",
    ),
    _event(
        "RemoteResponseSessionStartEvent",
        {"event.action": "remote_response_session_start_event", "user.email": "alice@example.com", "host.name": "pc-1",
         "event.category": ["network", "session"], "session.id": "s1"},
        SessionId="s1", HostnameField="pc-1", UserName="alice@example.com", StartTimestamp=1774886496,
    ),
    _event("ScheduledReportNotificationEvent", {"event.action": "scheduled_report_notification_event", "event.type": ["info"]}, A=1),
    Sample(
        orjson.dumps({
            "composite_id": "c0ffee:ind:a1:1", "cid": "c0ffee", "agent_id": "a1", "created_timestamp": "2026-03-30T16:02:00Z",
            "timestamp": "2026-03-30T16:01:36.123Z", "display_name": "OnWrite", "description": "A file was written.", "severity": 50,
            "severity_name": "Medium", "tactic": "Lateral Movement", "tactic_id": "TA0008", "technique": "Remote Services",
            "technique_id": "T1021", "filename": "x.exe", "filepath": "\\Device\\HarddiskVolume3\\x.exe", "cmdline": "x.exe -q",
            "sha256": "ef" * 32, "md5": "cd" * 16, "local_process_id": "4711", "process_id": "pid:a1:1",
            "parent_details": {"filename": "cmd.exe", "filepath": "\\Device\\HarddiskVolume3\\cmd.exe", "cmdline": "cmd /c x",
                               "local_process_id": "12", "process_id": "pid:a1:0"},
            "device": {"hostname": "pc-1", "device_id": "a1", "local_ip": "192.0.2.4", "external_ip": "203.0.113.9",
                       "platform_name": "Windows", "os_version": "Windows 11", "mac_address": "02-00-00-00-00-01"},
            "user_name": "alice", "user_principal": "alice@example.org", "user_id": "S-1-5-21-1-2-3-1001", "status": "new",
            "pattern_id": 41004, "product": "epp", "pattern_disposition_description": "Detection, standard detection.",
        }).decode(),
        {"event.kind": "alert", "event.severity": 50, "process.pid": 4711, "process.parent.name": "cmd.exe", "event.action": "detected",
         "process.parent.args": ["cmd", "/c", "x"], "host.ip": ["192.0.2.4", "203.0.113.9"], "user.email": "alice@example.org",
         "threat.tactic.id": ["TA0008"], "threat.technique.id": ["T1021"], "rule.id": "41004", "host.os.full": "Windows 11",
         "host.id": "a1", "user.id": "S-1-5-21-1-2-3-1001", "vendor.status": "new"},
    ),
    Sample(
        '{"metadata":{"customerIDString":"cid","offset":1,"eventType":"IdentityProtectionEvent","eventCreationTime":1774886496000,"version":"1.0"},"event":{"IncidentType":"ABNORMAL_GEO_LOCATION","IncidentDescription":"Far away",'
        '"Severity":2,"StartTime":1774886490,"EndTime":1774886496,"UserName":"EXAMPLE\\\\bob","EndpointName":"pc-1","EndpointIp":"192.0.2.10","FalconHostLink":"https://falcon.example.com/"}}',
        {"event.kind": "alert", "event.action": "abnormal_geo_location", "rule.name": "ABNORMAL_GEO_LOCATION", "message": "Far away", "user.name": "bob", "user.domain": "EXAMPLE", "host.name": "pc-1",
         "source.ip": "192.0.2.10", "event.start": "2026-03-30T16:01:30.000Z", "event.end": "2026-03-30T16:01:36.000Z"},
    ),
)  # fmt: skip
