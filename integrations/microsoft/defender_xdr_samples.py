"""The own tests of `microsoft.defender_xdr`."""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample

_BY = {
    "InitiatingProcessFileName": "cmd.exe", "InitiatingProcessFolderPath": "c:\\windows\\system32\\cmd.exe", "InitiatingProcessId": 12,
    "InitiatingProcessCommandLine": "cmd /c x", "InitiatingProcessParentFileName": "explorer.exe", "InitiatingProcessParentId": 3,
    "InitiatingProcessAccountName": "alice", "InitiatingProcessAccountDomain": "example", "InitiatingProcessAccountSid": "S-1-5-21-1-2-3-1001",
    "InitiatingProcessSHA1": "ab" * 20, "DeviceId": "d1", "DeviceName": "pc-1.example.org",
}  # fmt: skip


def _hunting(table: str, expect: dict[str, Any], **fields: Any) -> Sample:
    entry = {
        "time": "2026-03-30T16:02:30.0Z", "tenantId": "t1", "operationName": "Publish", "category": f"AdvancedHunting-{table}",
        "properties": {"Timestamp": "2026-03-30T16:01:36.1234567Z"} | (_BY if table.startswith("Device") else {}) | fields,
    }  # fmt: skip
    return Sample(
        orjson.dumps(entry).decode(),
        {"@timestamp": "2026-03-30T16:01:36.123Z", "cloud.account.id": "t1"} | expect,
    )


SAMPLES = (
    _hunting(
        "DeviceProcessEvents",
        {"event.action": "ProcessCreated", "event.category": ["process"], "event.type": ["start"], "process.pid": 4711,
         "process.executable": "c:\\t\\x.exe", "process.name": "x.exe", "process.args": ["x.exe", "-q"], "process.hash.sha256": "ef" * 32,
         "process.parent.executable": "c:\\windows\\system32\\cmd.exe", "process.parent.pid": 12, "process.parent.command_line": "cmd /c x",
         "process.pe.original_file_name": "y.exe", "user.name": "bob", "user.domain": "example", "host.name": "pc-1.example.org",
         "host.hostname": "pc-1", "host.domain": "example.org", "host.id": "d1"},
        ActionType="ProcessCreated", FileName="x.exe", FolderPath="c:\\t\\x.exe", ProcessId=4711, ProcessCommandLine="x.exe -q",
        SHA256="ef" * 32, ProcessVersionInfoOriginalFileName="y.exe", AccountName="bob", AccountDomain="example",
    ),
    _hunting(
        "DeviceNetworkEvents",
        {"event.type": ["start", "connection", "allowed"], "source.ip": "192.0.2.4", "destination.port": 443, "network.transport": "tcp",
         "destination.domain": "www.example.org", "process.name": "cmd.exe", "process.parent.name": "explorer.exe", "user.name": "alice",
         "network.direction": "egress"},
        ActionType="ConnectionSuccess", LocalIP="192.0.2.4", LocalPort=50000, RemoteIP="198.51.100.9", RemotePort=443, Protocol="Tcp",
        RemoteUrl="www.example.org",
    ),
    _hunting(
        "DeviceNetworkEvents", {"source.ip": "2001:db8::9", "destination.port": 445, "network.direction": "ingress", "network.type": "ipv6"},
        ActionType="InboundConnectionAccepted", LocalIP="2001:db8::4", LocalPort=445, RemoteIP="2001:db8::9", RemotePort=50000,
    ),
    _hunting(
        "DeviceFileEvents", {"event.category": ["file"], "event.type": ["creation"], "file.path": "C:\\t\\a.ps1", "file.extension": "ps1",
                             "file.size": 7, "file.hash.sha1": "cd" * 20, "process.hash.sha1": "ab" * 20},
        ActionType="FileCreated", FileName="a.ps1", FolderPath="C:\\t\\a.ps1", FileSize=7, SHA1="cd" * 20,
    ),
    _hunting(
        "DeviceRegistryEvents", {"registry.path": "HKLM\\SOFTWARE\\Run\\evil", "registry.hive": "HKLM", "registry.key": "SOFTWARE\\Run",
                                 "registry.value": "evil", "registry.data.strings": ["x.exe"], "event.type": ["change"]},
        ActionType="RegistryValueSet", RegistryKey="HKEY_LOCAL_MACHINE\\SOFTWARE\\Run", RegistryValueName="evil", RegistryValueData="x.exe",
        RegistryValueType="String",
    ),
    _hunting("DeviceImageLoadEvents", {"event.category": ["library"], "dll.name": "a.dll", "dll.path": "C:\\t\\a.dll", "file.path": "C:\\t\\a.dll"},
             ActionType="ImageLoaded", FileName="a.dll", FolderPath="C:\\t\\a.dll"),
    _hunting(
        "DeviceLogonEvents", {"event.category": ["authentication"], "event.outcome": "failure", "user.name": "bob", "source.ip": "203.0.113.7",
                              "winlog.logon.type": "Network", "event.reason": "InvalidUserNameOrPassword"},
        ActionType="LogonFailed", AccountName="bob", AccountDomain="example", RemoteIP="203.0.113.7", LogonType="Network",
        FailureReason="InvalidUserNameOrPassword",
    ),
    _hunting("DeviceEvents", {"event.kind": "alert", "event.category": ["malware"], "rule.name": "EICAR", "file.name": "e.com"},
             ActionType="AntivirusDetection", FileName="e.com", FolderPath="C:\\t", AdditionalFields='{"ThreatName":"EICAR"}'),
    _hunting("DeviceEvents", {"event.type": ["denied"], "event.category": ["host"]}, ActionType="AsrOfficeChildProcessBlocked", AdditionalFields="{"),
    _hunting("DeviceInfo", {"host.os.type": "windows", "host.ip": ["203.0.113.9"], "event.action": "DeviceInfo"}, OSPlatform="Windows11", PublicIP="203.0.113.9"),
    _hunting(
        "EmailEvents", {"email.subject": "Invoice", "email.from.address": ["mallory@example.com"], "email.to.address": ["alice@example.org"],
                        "email.direction": "inbound", "source.ip": "203.0.113.7", "event.outcome": "failure", "user.name": "alice",
                        "event.category": ["email", "threat"]},
        Subject="Invoice", SenderFromAddress="mallory@example.com", RecipientEmailAddress="alice@example.org", EmailDirection="Inbound",
        SenderIPv4="203.0.113.7", DeliveryAction="Blocked", ThreatTypes="Phish",
    ),
    _hunting("UrlClickEvents", {"url.domain": "www.example.com", "event.outcome": "success", "user.name": "alice", "source.ip": "203.0.113.7"},
             ActionType="ClickAllowed", Url="https://www.example.com/x", AccountUpn="alice@example.org", IPAddress="203.0.113.7"),
    _hunting(
        "IdentityLogonEvents", {"event.category": ["authentication"], "event.outcome": "success", "user.name": "alice", "user.domain": "example.org",
                                "source.ip": "192.0.2.4", "network.protocol": "kerberos", "destination.domain": "dc-1"},
        ActionType="LogonSuccess", AccountUpn="alice@example.org", AccountName="alice", IPAddress="192.0.2.4", Protocol="Kerberos",
        DestinationDeviceName="dc-1",
    ),
    _hunting(
        "CloudAppEvents", {"event.action": "FileDownloaded", "event.provider": "Microsoft SharePoint Online", "user.full_name": "Alice",
                           "source.ip": "203.0.113.7", "user_agent.original": "curl/8", "vendor.ObjectName": "x"},
        ActionType="FileDownloaded", Application="Microsoft SharePoint Online", AccountDisplayName="Alice", AccountObjectId="o1",
        IPAddress="203.0.113.7", UserAgent="curl/8", ObjectName="x",
    ),
    _hunting("AlertInfo", {"event.kind": "alert", "event.severity": 4, "threat.technique.id": ["T1078"], "threat.technique.name": ["Valid Accounts"],
                           "threat.tactic.id": ["TA0001"], "rule.name": "Strange logon"},
             Title="Strange logon", Severity="High", Category="InitialAccess", AttackTechniques='["Valid Accounts (T1078)"]'),
    Sample(
        orjson.dumps({
            "id": "al1", "providerAlertId": "al1", "incidentId": "12", "status": "new", "severity": "low", "classification": None,
            "serviceSource": "microsoftDefenderForEndpoint", "detectionSource": "antivirus", "detectorId": "d1", "tenantId": "t1",
            "title": "Hijack", "description": "Of a library.", "category": "DefenseEvasion", "alertWebUrl": "https://security.example.com/1",
            "createdDateTime": "2026-03-30T16:02:00Z", "lastUpdateDateTime": "2026-03-30T16:03:00.5Z",
            "firstActivityDateTime": "2026-03-30T16:01:36Z", "lastActivityDateTime": "2026-03-30T16:01:38Z",
            "mitreTechniques": ["T1574.001", "T1574"],
            "evidence": [
                {"@odata.type": "#microsoft.graph.security.deviceEvidence", "deviceDnsName": "pc-1.example.org", "mdeDeviceId": "m1",
                 "osPlatform": "Windows11", "lastIpAddress": "192.0.2.4", "loggedOnUsers": [{"accountName": "bob"}]},
                {"@odata.type": "#microsoft.graph.security.processEvidence", "processId": 4711, "processCommandLine": "x.exe -q", "parentProcessId": 12,
                 "imageFile": {"fileName": "x.exe", "filePath": "C:\\t", "sha256": "ef" * 32}, "parentProcessImageFile": {"fileName": "cmd.exe"},
                 "userAccount": {"accountName": "alice", "domainName": "EXAMPLE", "userPrincipalName": "alice@example.org"}},
                {"@odata.type": "#microsoft.graph.security.fileEvidence", "fileDetails": {"fileName": "a.dll", "filePath": "C:\\t", "sha1": "ab" * 20}},
                {"@odata.type": "#microsoft.graph.security.ipEvidence", "ipAddress": "203.0.113.7"},
            ],
        }).decode(),
        {"event.kind": "alert", "event.severity": 2, "event.duration": 2_000_000_000, "event.provider": "microsoftDefenderForEndpoint",
         "host.name": "pc-1.example.org", "process.executable": "C:\\t\\x.exe", "process.parent.name": "cmd.exe", "user.name": "alice",
         "user.email": "alice@example.org", "file.path": "C:\\t\\a.dll", "source.ip": "203.0.113.7", "threat.technique.id": ["T1574"],
         "threat.technique.subtechnique.id": ["T1574.001"], "threat.tactic.name": ["DefenseEvasion"], "related.user": ["bob", "alice"],
         "host.os.type": "windows", "message": "Hijack"},
    ),
    Sample(
        orjson.dumps({
            "id": "12", "tenantId": "t1", "status": "active", "incidentWebUrl": "https://security.example.com/i", "displayName": "Many things",
            "createdDateTime": "2026-03-30T16:01:36Z", "lastUpdateDateTime": "2026-03-30T16:03:00Z", "severity": "high", "customTags": ["demo"],
            "alerts": [{"category": "Execution", "mitreTechniques": ["T1059"], "evidence": []}],
        }).decode(),
        {"event.kind": "alert", "event.action": "incident", "event.severity": 4, "message": "Many things", "tags": ["demo"],
         "threat.tactic.id": ["TA0002"], "event.start": "2026-03-30T16:01:36.000Z"},
    ),
    Sample(
        orjson.dumps({"incidentId": 7, "incidentName": "Old", "createdTime": "2026-03-30T16:01:36.33Z", "severity": "Medium",
                      "alerts": [{"devices": [{"deviceDnsName": "pc-1"}], "entities": [{"accountName": "bob"}]}]}).decode(),
        {"event.kind": "alert", "message": "Old", "related.hosts": ["pc-1"], "related.user": ["bob"], "@timestamp": "2026-03-30T16:01:36.330Z"},
    ),
    Sample(
        '{"time":"2026-03-30T16:01:36Z","tenantId":"t","category":"AdvancedHunting-DeviceTvmSoftwareVulnerabilities","properties":{"DeviceId":"d","DeviceName":"pc-1","CveId":"CVE-2024-1","VulnerabilitySeverityLevel":"High"}}',
        {"event.category": ["vulnerability"], "vulnerability.id": "CVE-2024-1", "host.name": "pc-1"},
    ),
    Sample(
        '{"time":"2026-03-30T16:01:36Z","tenantId":"t","category":"AdvancedHunting-AADSignInEventsBeta","properties":{"Timestamp":"2026-03-30T16:01:36Z","AccountUpn":"bob@example.com","IPAddress":"198.51.100.7","ErrorCode":50126}}',
        {"event.category": ["authentication"], "event.outcome": "failure", "user.name": "bob", "source.ip": "198.51.100.7", "event.code": "50126"},
    ),
)  # fmt: skip
