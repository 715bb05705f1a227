"""The own tests of `windows.evtx`: records of the logs that matter, as evtx_dump prints them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from integrations.contract import Sample

SECURITY, SYSMON = "Security", "Microsoft-Windows-Sysmon/Operational"
_PROVIDERS = {
    SECURITY: "Microsoft-Windows-Security-Auditing",
    SYSMON: "Microsoft-Windows-Sysmon",
    "Windows PowerShell": "PowerShell",
}
SUCCESS, FAILURE = "0x8020000000000000", "0x8010000000000000"
SUBJECT = {
    "SubjectUserSid": "S-1-5-21-1-2-3-1001",
    "SubjectUserName": "alice",
    "SubjectDomainName": "EXAMPLE",
    "SubjectLogonId": "0x3e7a1",
}


def event(
    channel: str,
    code: int,
    data: Mapping[str, Any],
    *,
    provider: str = "",
    keywords: str = SUCCESS,
    wrapper: str = "",
    **system: Any,
) -> dict[str, Any]:
    """Return an event as evtx_dump prints it; `wrapper` names the element of UserData that data stands in."""
    provider = provider or _PROVIDERS.get(channel, channel.partition("/")[0])
    body: dict[str, Any] = {wrapper: data} if wrapper else dict(data)
    return {
        "Event": {
            "#attributes": {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"},
            "System": {
                "Provider": {
                    "#attributes": {"Name": provider, "Guid": "54849625-5478-4994-A5BA-3E3B0328C30D"}
                },
                "EventID": code,
                "Version": 0,
                "Level": 0 if channel == SECURITY else 4,
                "Task": 0,
                "Opcode": 0,
                "Keywords": keywords,
                "TimeCreated": {"#attributes": {"SystemTime": "2026-03-30T16:01:36.123456Z"}},
                "EventRecordID": 4711,
                "Correlation": None,
                "Execution": {"#attributes": {"ProcessID": 652, "ThreadID": 700}},
                "Channel": channel,
                "Computer": "pc-1.example.org",
                "Security": None,
                **system,
            },
            "UserData" if wrapper else "EventData": body,
        }
    }


def _sample(expect: Mapping[str, Any], *args: Any, **named: Any) -> Sample:
    return Sample(orjson.dumps(event(*args, **named)).decode(), expect)


_LOGON = {
    **SUBJECT,
    "TargetUserSid": "S-1-5-21-1-2-3-1002", "TargetUserName": "bob", "TargetDomainName": "EXAMPLE",
    "TargetLogonId": "0x9f1", "LogonType": 10, "IpAddress": "203.0.113.7", "IpPort": 50412,
    "WorkstationName": "PC-9", "ProcessId": "0x28c", "ProcessName": "C:\\Windows\\System32\\svchost.exe",
}  # fmt: skip
_STARTED = {
    "RuleName": "technique_id=T1033,technique_name=System Owner/User Discovery",
    "UtcTime": "2026-03-30 16:01:36.100", "ProcessGuid": "5AA13A44-0C90-68FC-BF1D-000000004002",
    "ProcessId": 10048, "Image": "C:\\Windows\\System32\\whoami.exe", "FileVersion": "10.0.1",
    "Description": "whoami", "Product": "Windows", "Company": "Microsoft", "OriginalFileName": "whoami.exe",
    "CommandLine": "\"C:\\Windows\\System32\\whoami.exe\" /all", "CurrentDirectory": "C:\\",
    "User": "EXAMPLE\\alice", "LogonId": "0x3e7a1", "IntegrityLevel": "High",
    "Hashes": "SHA1=" + "AB" * 20 + ",MD5=" + "CD" * 16 + ",SHA256=" + "EF" * 32 + ",IMPHASH=" + "12" * 16,
    "ParentProcessGuid": "5AA13A44-0C90-68FC-BF1D-000000004001", "ParentProcessId": 77,
    "ParentImage": "C:\\Windows\\System32\\cmd.exe", "ParentCommandLine": "cmd /c whoami",
}  # fmt: skip

SAMPLES = (
    _sample(
        {"event.code": "4624", "event.action": "logged-in", "event.category": ["authentication"],
         "event.type": ["start"], "event.outcome": "success", "user.name": "bob", "user.id": "S-1-5-21-1-2-3-1002",
         "user.domain": "EXAMPLE", "source.ip": "203.0.113.7", "source.port": 50412, "source.domain": "PC-9",
         "winlog.logon.type": "RemoteInteractive", "winlog.logon.id": "0x9f1", "process.pid": 652,
         "process.name": "svchost.exe", "process.executable": "C:\\Windows\\System32\\svchost.exe",
         "host.name": "pc-1.example.org", "winlog.record_id": "4711", "winlog.keywords": ["Audit Success"],
         "winlog.event_data.LogonType": "10", "@timestamp": "2026-03-30T16:01:36.123Z", "log.level": "information"},
        SECURITY, 4624, _LOGON,
    ),
    _sample(
        {"event.action": "logon-failed", "event.outcome": "failure", "user.name": "bob", "user.id": None,
         "winlog.logon.failure.sub_status": "User logon with misspelled or bad password",
         "winlog.logon.failure.reason": "Unknown user name or bad password.", "source.ip": "2001:db8::7"},
        SECURITY, 4625,
        {**_LOGON, "TargetUserSid": "S-1-0-0", "IpAddress": "2001:db8::7", "FailureReason": "%%2313",
         "Status": "0xc000006d", "SubStatus": "0xc000006a", "LogonType": 3},
        keywords=FAILURE,
    ),
    _sample(
        {"event.action": "logged-in-explicit", "user.name": "alice", "user.effective.name": "bob", "source.ip": None},
        SECURITY, 4648, {**_LOGON, "IpAddress": "-", "IpPort": "-"},
    ),
    _sample(
        {"event.category": ["process"], "event.type": ["start"], "process.pid": 4660, "process.parent.pid": 652,
         "process.executable": "C:\\a b\\x.exe", "process.args": ["C:\\a b\\x.exe", "-q"], "process.args_count": 2,
         "process.parent.name": "cmd.exe", "user.name": "alice", "user.effective.name": None,
         "winlog.event_data.NewProcessId": "0x1234"},
        SECURITY, 4688,
        {**SUBJECT, "NewProcessId": "0x1234", "NewProcessName": "C:\\a b\\x.exe", "ProcessId": "0x28c",
         "CommandLine": "\"C:\\a b\\x.exe\" -q", "TargetUserName": "-", "TargetUserSid": "S-1-0-0",
         "ParentProcessName": "C:\\Windows\\cmd.exe", "TokenElevationType": "%%1937"},
    ),
    _sample(
        {"event.action": "added-user-account", "event.type": ["user", "creation"], "user.name": "alice",
         "user.target.name": "mallory", "user.target.id": "S-1-5-21-1-2-3-1009", "user.target.domain": "EXAMPLE"},
        SECURITY, 4720,
        {**SUBJECT, "TargetUserName": "mallory", "TargetDomainName": "EXAMPLE", "TargetSid": "S-1-5-21-1-2-3-1009"},
    ),
    _sample(
        {"event.action": "added-member-to-group", "group.name": "Domain Admins", "user.target.name": "Bob Example",
         "user.target.domain": "example.org", "user.name": "alice", "group.id": "S-1-5-21-1-2-3-512"},
        SECURITY, 4728,
        {**SUBJECT, "MemberName": "CN=Bob Example,OU=People,DC=example,DC=org", "MemberSid": "S-1-5-21-1-2-3-1002",
         "TargetUserName": "Domain Admins", "TargetDomainName": "EXAMPLE", "TargetSid": "S-1-5-21-1-2-3-512"},
    ),
    _sample(
        {"event.action": "renamed-user-account", "user.target.name": "bob", "user.changes.name": "rob"},
        SECURITY, 4781, {**SUBJECT, "OldTargetUserName": "bob", "NewTargetUserName": "rob", "TargetSid": "S-1-5-7"},
    ),
    _sample(
        {"event.outcome": "failure", "event.action": "kerberos-authentication-ticket-requested", "user.name": "bob",
         "source.ip": "192.0.2.5", "event.reason": "KDC_ERR_C_PRINCIPAL_UNKNOWN"},
        SECURITY, 4768,
        {"TargetUserName": "bob", "TargetDomainName": "EXAMPLE", "TargetSid": "S-1-0-0", "Status": "0x6",
         "IpAddress": "::ffff:192.0.2.5", "IpPort": "40000", "TicketEncryptionType": "0xffffffff"}, keywords=FAILURE,
    ),
    _sample(
        {"event.action": "credential-validated", "user.name": "bob", "source.domain": "PC-9",
         "event.outcome": "failure", "event.reason": "User logon with misspelled or bad password"},
        SECURITY, 4776, {"TargetUserName": "bob", "Workstation": "\\\\PC-9", "Status": "0xc000006a"}, keywords=FAILURE,
    ),
    _sample(
        {"event.action": "audit-log-cleared", "user.name": "alice", "winlog.user_data.xml_name": "LogFileCleared",
         "winlog.event_data.SubjectUserName": "alice", "event.type": ["admin", "change"], "event.outcome": "success"},
        SECURITY, 1102, SUBJECT, wrapper="LogFileCleared", provider="Microsoft-Windows-Eventlog",
        keywords="0x4020000000000000",
    ),
    _sample(
        {"event.action": "windows-firewall-connection", "source.ip": "192.0.2.4", "destination.port": 443,
         "network.transport": "tcp", "network.direction": "egress", "network.type": "ipv4", "process.pid": 900,
         "source.address": "192.0.2.4", "event.type": ["connection", "allowed"]},
        SECURITY, 5156,
        {"ProcessID": 900, "Application": "\\device\\harddiskvolume2\\x.exe", "Direction": "%%14593",
         "SourceAddress": "192.0.2.4", "SourcePort": 50000, "DestAddress": "198.51.100.9", "DestPort": 443, "Protocol": 6},
    ),
    _sample(
        {"event.action": "network-share-object-access-checked", "source.ip": "192.0.2.4", "file.path": "C:\\Windows\\x.exe",
         "file.name": "x.exe", "network.protocol": "smb", "winlog.event_data.ShareName": "\\\\*\\ADMIN$"},
        SECURITY, 5145,
        {**SUBJECT, "IpAddress": "192.0.2.4", "IpPort": 445, "ShareName": "\\\\*\\ADMIN$",
         "ShareLocalPath": "\\??\\C:\\Windows", "RelativeTargetName": "x.exe"},
    ),
    _sample(
        {"event.action": "registry-value-modified", "registry.hive": "HKLM", "registry.value": "Run1",
         "registry.key": "SOFTWARE\\Run", "registry.data.strings": ["x.exe"], "registry.data.type": "REG_SZ"},
        SECURITY, 4657,
        {**SUBJECT, "ObjectName": "\\REGISTRY\\MACHINE\\SOFTWARE\\Run", "ObjectValueName": "Run1",
         "NewValue": "x.exe", "NewValueType": "%%1873"},
    ),
    _sample(
        {"event.action": "session-reconnected", "user.name": "bob", "source.ip": "192.0.2.4", "source.domain": "PC-9"},
        SECURITY, 4778,
        {"AccountName": "bob", "AccountDomain": "EXAMPLE", "LogonID": "0x1", "SessionName": "RDP-Tcp#1",
         "ClientName": "PC-9", "ClientAddress": "192.0.2.4"},
    ),
    _sample({"event.type": ["info"], "event.category": None, "winlog.event_data.A": "1"}, SECURITY, 65000, {"A": 1}),
    _sample(
        {"event.action": "Process Create (rule: ProcessCreate)", "event.category": ["process"],
         "@timestamp": "2026-03-30T16:01:36.100Z", "process.pid": 10048, "process.name": "whoami.exe",
         "process.args": ["C:\\Windows\\System32\\whoami.exe", "/all"], "process.hash.md5": "cd" * 16,
         "process.pe.imphash": "12" * 16, "process.pe.original_file_name": "whoami.exe",
         "process.entity_id": "5AA13A44-0C90-68FC-BF1D-000000004002", "process.parent.pid": 77,
         "process.parent.args": ["cmd", "/c", "whoami"], "user.name": "alice", "user.domain": "EXAMPLE",
         "rule.name": "technique_id=T1033,technique_name=System Owner/User Discovery",
         "threat.technique.id": ["T1033"], "winlog.logon.id": "0x3e7a1", "winlog.event_data.User": "EXAMPLE\\alice"},
        SYSMON, 1, _STARTED,
    ),
    _sample(
        {"network.direction": "egress", "network.transport": "tcp", "network.protocol": "https",
         "source.ip": "192.0.2.4", "source.port": 50000, "destination.ip": "198.51.100.9", "destination.port": 443,
         "destination.domain": "www.example.org", "network.type": "ipv4",
         "network.community_id": "1:AoDJzc1ycpWCf42bWmyQC/gc2UE="},
        SYSMON, 3,
        {"UtcTime": "2026-03-30 16:01:36.100", "ProcessId": 4, "Image": "C:\\x.exe", "User": "NT AUTHORITY\\SYSTEM",
         "Protocol": "tcp", "Initiated": True, "SourceIsIpv6": False, "SourceIp": "192.0.2.4",
         "SourceHostname": "-", "SourcePort": 50000, "DestinationIp": "198.51.100.9",
         "DestinationHostname": "www.example.org", "DestinationPort": 443, "DestinationPortName": "https"},
    ),
    _sample(
        {"dll.path": "C:\\a.dll", "dll.name": "a.dll", "file.path": "C:\\a.dll", "file.pe.company": "Example",
         "file.code_signature.signed": True, "file.code_signature.valid": True, "file.hash.sha256": "ef" * 32,
         "file.code_signature.subject_name": "Example Ltd", "dll.hash.sha256": "ef" * 32},
        SYSMON, 7,
        {"UtcTime": "2026-03-30 16:01:36.100", "ProcessId": 4, "Image": "C:\\x.exe", "ImageLoaded": "C:\\a.dll",
         "Hashes": "SHA256=" + "EF" * 32, "Company": "Example", "Signed": "true", "Signature": "Example Ltd",
         "SignatureStatus": "Valid"},
    ),
    _sample(
        {"event.category": ["process"], "process.pid": 12, "process.thread.id": 9, "process.name": "x.exe",
         "process.entity_id": "5AA13A44-0C90-68FC-BF1D-000000004002"},
        SYSMON, 10,
        {"SourceProcessGUID": "5AA13A44-0C90-68FC-BF1D-000000004002", "SourceProcessId": 12, "SourceThreadId": 9,
         "SourceImage": "C:\\x.exe", "TargetImage": "C:\\Windows\\System32\\lsass.exe", "GrantedAccess": "0x1010"},
    ),
    _sample(
        {"file.path": "C:\\x\\a.TXT", "file.name": "a.TXT", "file.extension": "TXT", "file.directory": "C:\\x",
         "event.type": ["creation"]},
        SYSMON, 11, {"UtcTime": "broken", "Image": "C:\\x.exe", "TargetFilename": "C:\\x\\a.TXT"},
    ),
    _sample(
        {"registry.path": "HKLM\\System\\Select\\Current", "registry.hive": "HKLM", "registry.key": "System\\Select",
         "registry.value": "Current", "registry.data.type": "SZ_DWORD", "registry.data.strings": ["1"]},
        SYSMON, 13,
        {"EventType": "SetValue", "Image": "C:\\x.exe", "TargetObject": "HKLM\\System\\Select\\Current",
         "Details": "DWORD (0x00000001)"},
    ),
    _sample(
        {"registry.key": "S-1-5-18\\Software\\New", "registry.hive": "HKU", "registry.value": None},
        SYSMON, 12, {"EventType": "CreateKey", "TargetObject": "HKU\\S-1-5-18\\Software\\New"},
    ),
    _sample(
        {"dns.question.name": "www.example.co.uk", "dns.question.registered_domain": "example.co.uk",
         "dns.question.subdomain": "www", "dns.resolved_ip": ["192.0.2.80"], "sysmon.dns.status": "SUCCESS",
         "network.protocol": "dns", "dns.answers.type": ["CNAME", "A"], "event.outcome": "success"},
        SYSMON, 22,
        {"Image": "C:\\x.exe", "QueryName": "www.example.co.uk", "QueryStatus": 0,
         "QueryResults": "type:  5 web.example.co.uk;::ffff:192.0.2.80;"},
    ),
    _sample(
        {"file.hash.sha1": "ab" * 20, "event.type": ["deletion"], "process.name": "x.exe", "process.hash.sha1": None},
        SYSMON, 23, {"Image": "C:\\x.exe", "TargetFilename": "C:\\y.exe", "Hashes": "SHA1=" + "AB" * 20, "Archived": "true"},
    ),
    _sample(
        {"powershell.file.script_block_text": "Get-Item x", "powershell.total": 1, "powershell.sequence": 1,
         "file.path": "C:\\s\\a.ps1", "file.name": "a.ps1", "event.category": ["process"], "log.level": "warning",
         "user.id": "S-1-5-21-1-2-3-1001", "event.action": "Execute a Remote Command"},
        "Microsoft-Windows-PowerShell/Operational", 4104,
        {"MessageNumber": 1, "MessageTotal": 1, "ScriptBlockText": "Get-Item x", "ScriptBlockId": "b1",
         "Path": "C:\\s\\a.ps1"},
        Level=3, Security={"#attributes": {"UserID": "S-1-5-21-1-2-3-1001"}},
    ),
    _sample(
        {"process.title": "ConsoleHost", "process.args": ["powershell.exe", "-nop"], "powershell.command.name": "Get-X",
         "powershell.engine.version": "5.1.1", "user.name": "alice", "event.sequence": 34,
         "powershell.command.invocation_details.type": ["CommandInvocation", "ParameterBinding"],
         "powershell.command.invocation_details.related_command": ["Get-X", "Get-X"],
         "powershell.process.executable_version": "5.1.2"},
        "Microsoft-Windows-PowerShell/Operational", 4103,
        {"ContextInfo": "        Severity = Informational\r\n        Host Name = ConsoleHost\r\n"
         "        Host Version = 5.1.2\r\n        Host Application = powershell.exe -nop\r\n"
         "        Engine Version = 5.1.1\r\n        Command Name = Get-X\r\n        Command Path = \r\n"
         "        Sequence Number = 34\r\n        User = EXAMPLE\\alice\r\n",
         "UserData": "", "Payload": "CommandInvocation(Get-X): \"Get-X\"\r\n"
         "ParameterBinding(Get-X): name=\"Path\"; value=\"C:\\\"\r\n"},
    ),
    _sample(
        {"event.action": "Engine Lifecycle", "event.type": ["start"], "powershell.engine.new_state": "Available",
         "winlog.event_data.param1": "Available", "process.command_line": "powershell.exe -enc AA",
         "winlog.event_data.Data": ["Available", "None", "\tNewEngineState=Available\r\n\tHostName=ConsoleHost\r\n"
                                    "\tHostApplication=powershell.exe -enc AA\r\n"]},
        "Windows PowerShell", 400,
        {"Data": {"#text": ["Available", "None", "\tNewEngineState=Available\r\n\tHostName=ConsoleHost\r\n"
                            "\tHostApplication=powershell.exe -enc AA\r\n"]}},
        EventID={"#attributes": {"Qualifiers": 0}, "#text": 400},
    ),
    _sample(
        {"event.kind": "alert", "event.category": ["malware"], "rule.name": "Virus:DOS/EICAR_Test_File",
         "file.path": "C:\\t\\eicar.com", "user.name": "alice", "event.severity": 99,
         "winlog.event_data.Threat Name": "Virus:DOS/EICAR_Test_File", "winlog.event_data.ThreatName": "Virus:DOS/EICAR_Test_File",
         "process.executable": None},
        "Microsoft-Windows-Windows Defender/Operational", 1116,
        {"Threat ID": "2147519003", "Threat Name": "Virus:DOS/EICAR_Test_File", "Severity ID": "5", "Severity Name": "Severe",
         "Category Name": "Virus", "Path": "file:_C:\\t\\eicar.com", "Detection User": "EXAMPLE\\alice",
         "Process Name": "Unknown"},
        Level=3,
    ),
    _sample(
        {"event.action": "antimalware-configuration-changed", "winlog.event_data.NewValue": "HKLM\\X = 0x1"},
        "Microsoft-Windows-Windows Defender/Operational", 5007, {"Old Value": "", "New Value": "HKLM\\X = 0x1"},
    ),
    _sample(
        {"event.action": "service-installed", "service.name": "evil", "event.type": ["creation"], "user.id": "S-1-5-18"},
        "System", 7045, {"ServiceName": "evil", "ImagePath": "%COMSPEC% /c x", "AccountName": "LocalSystem"},
        provider="Service Control Manager", keywords="0x8080000000000000",
        Security={"#attributes": {"UserID": "S-1-5-18"}},
    ),
    _sample(
        {"event.action": "service-state-changed", "service.name": "Spooler", "service.state": "stopped"},
        "System", 7036, {"param1": "Spooler", "param2": "stopped", "Binary": "53"}, provider="Service Control Manager",
    ),
    _sample(
        {"event.action": "log-cleared", "user.name": "alice", "event.type": ["deletion"]},
        "System", 104, {**SUBJECT, "Channel": "System"}, wrapper="LogFileCleared", provider="Microsoft-Windows-Eventlog",
    ),
    _sample(
        {"event.action": "wmi-operation-failed", "user.name": "alice", "user.domain": "EXAMPLE", "event.outcome": "failure",
         "winlog.event_data.Operation": "Start IWbemServices::ExecQuery - root\\cimv2 : select * from x"},
        "Microsoft-Windows-WMI-Activity/Operational", 5858,
        {"User": "EXAMPLE\\alice", "ClientProcessId": 99, "Operation": "Start IWbemServices::ExecQuery - root\\cimv2 : select * from x"},
        wrapper="Operation_ClientFailure",
    ),
    _sample(
        {"event.action": "task-disabled", "user.name": "alice", "winlog.event_data.TaskName": "\\x"},
        "Microsoft-Windows-TaskScheduler/Operational", 142,
        {"#attributes": {"Name": "TaskDisabled"}, "TaskName": "\\x", "UserName": "EXAMPLE\\alice"},
    ),
    _sample(
        {"event.action": "session-logon", "user.name": "alice", "source.ip": "203.0.113.7", "session.id": "3"},
        "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational", 21,
        {"#attributes": {"xmlns": "Event_NS"}, "User": "EXAMPLE\\alice", "SessionID": 3, "Address": "203.0.113.7"},
        wrapper="EventXML",
    ),
    _sample(
        {"event.action": "bits-transfer-started", "url.domain": "www.example.org", "url.path": "/a.exe"},
        "Microsoft-Windows-Bits-Client/Operational", 59, {"name": "job", "url": "http://www.example.org/a.exe"},
    ),
    _sample(
        {"event.action": "application-blocked", "event.outcome": "failure", "file.path": "%OSDRIVE%\\X.EXE",
         "rule.name": "(Default Rule)", "user.id": "S-1-5-21-1-2-3-1001"},
        "Microsoft-Windows-AppLocker/EXE and DLL", 8004,
        {"PolicyName": "EXE", "RuleName": "(Default Rule)", "TargetUser": "S-1-5-21-1-2-3-1001", "FilePath": "%OSDRIVE%\\X.EXE"},
        wrapper="RuleAndFileData", Level=2,
    ),
    _sample(
        {"event.action": "dns-query-completed", "dns.question.name": "www.example.org", "dns.resolved_ip": ["192.0.2.80"]},
        "Microsoft-Windows-DNS-Client/Operational", 3008,
        {"QueryName": "www.example.org", "QueryType": 1, "QueryStatus": 0, "QueryResults": "::ffff:192.0.2.80;"},
    ),
    _sample(
        {"event.action": "firewall-rule-added", "rule.name": "x", "process.name": "netsh.exe", "network.direction": "ingress"},
        "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall", 2004,
        {"RuleId": "{1}", "RuleName": "x", "Direction": 1, "ModifyingUser": "S-1-5-18",
         "ModifyingApplication": "C:\\Windows\\System32\\netsh.exe"},
    ),
    _sample(
        {"event.action": "code-integrity-blocked", "file.name": "x.dll", "process.name": "y.exe"},
        "Microsoft-Windows-CodeIntegrity/Operational", 3077,
        {"FileNameBuffer": "\\Device\\HarddiskVolume3\\x.dll", "ProcessNameBuffer": "\\Device\\HarddiskVolume3\\y.exe"},
    ),
    _sample(
        {"event.action": "ntlm-audited", "user.name": "bob", "destination.domain": "srv-1"},
        "Microsoft-Windows-NTLM/Operational", 8001, {"TargetName": "cifs/srv-1", "UserName": "bob", "DomainName": "EXAMPLE"},
    ),
    _sample(
        {"winlog.event_data.Data": ["a", "b"], "event.action": "application-crashed", "event.outcome": None},
        "Application", 1000, {"Data": {"#text": ["a", "b"]}}, provider="Application Error", keywords="0x80000000000000",
        EventID={"#attributes": {"Qualifiers": 0}, "#text": 1000},
    ),
    _sample(
        {"event.action": "dns-query-received", "dns.question.name": "www.example.org", "dns.question.type": "A", "source.ip": "192.0.2.4",
         "network.transport": "udp", "network.protocol": "dns"},
        "Microsoft-Windows-DNSServer/Analytical", 256,
        {"TCP": 0, "InterfaceIP": "192.0.2.53", "Source": "192.0.2.4", "QNAME": "www.example.org.", "QTYPE": 1, "XID": 7, "Port": 5353},
    ),
    _sample({"event.type": ["info"], "winlog.channel": "X/Y"}, "X/Y", 1, {}, Provider=None, Computer=None),
)  # fmt: skip
