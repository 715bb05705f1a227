"""The own tests of `crowdstrike.fdr`."""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample


def _sample(name: str, expect: dict[str, Any], **entry: Any) -> Sample:
    usual = {
        "event_simpleName": name, "name": f"{name}V1", "id": "1", "aid": "a1", "cid": "c0ffee", "event_platform": "Win",
        "timestamp": "1774886496123", "aip": "203.0.113.9", "ConfigBuild": "1007.3", "ComputerName": "pc-1",
    }  # fmt: skip
    return Sample(
        orjson.dumps(usual | entry).decode(),
        {"@timestamp": "2026-03-30T16:01:36.123Z", "event.action": name, "host.id": "a1", "host.name": "pc-1"}
        | expect,
    )


SAMPLES = (
    _sample(
        "ProcessRollup2",
        {"event.category": ["process"], "event.type": ["start"], "process.pid": 4711, "process.entity_id": "77", "process.name": "cmd.exe",
         "process.executable": "\\Device\\HarddiskVolume3\\Windows\\System32\\cmd.exe", "process.args": ["cmd", "/c", "whoami"],
         "process.parent.entity_id": "76", "process.parent.name": "explorer.exe", "process.parent.executable": "\\explorer.exe",
         "process.hash.sha256": "ef" * 32, "process.hash.sha1": None, "user.id": "S-1-5-21-1-2-3-1001", "user.name": "alice",
         "host.os.type": "windows", "observer.ip": ["203.0.113.9"], "process.start": "2026-03-30T16:01:35.500Z"},
        TargetProcessId="77", RawProcessId="4711", ParentProcessId="76", ParentBaseFileName="explorer.exe", CommandLine="cmd /c whoami",
        ImageFileName="\\Device\\HarddiskVolume3\\Windows\\System32\\cmd.exe", SHA256HashData="ef" * 32, SHA1HashData="0" * 40,
        UserSid="S-1-5-21-1-2-3-1001", UserName="alice", ProcessStartTime="1774886495.500",
    ),
    _sample(
        "ProcessRollup2",
        {"host.os.type": "linux", "process.name": "bash", "process.args_count": 1, "user.id": "0", "process.parent.executable": "sshd"},
        event_platform="Lin", ImageFileName="/usr/bin/bash", CommandLine="-bash", UID="0", TargetProcessId="9", ParentBaseFileName="sshd",
    ),
    _sample(
        "DnsRequest",
        {"dns.question.name": "www.example.co.uk", "dns.question.registered_domain": "example.co.uk", "dns.question.type": "A",
         "dns.resolved_ip": ["192.0.2.80"], "network.protocol": "dns", "process.entity_id": "77", "dns.answers.type": ["A", "CNAME"]},
        DomainName="www.example.co.uk", RequestType="1", IP4Records="192.0.2.80;", CNAMERecords="web.example.co.uk;", ContextProcessId="77",
    ),
    _sample(
        "NetworkConnectIP4",
        {"source.ip": "192.0.2.4", "destination.port": 443, "network.transport": "tcp", "network.direction": "egress",
         "network.type": "ipv4", "event.start": "2026-03-30T16:01:36.100Z"},
        LocalAddressIP4="192.0.2.4", LocalPort="50000", RemoteAddressIP4="198.51.100.9", RemotePort="443", Protocol="6",
        ConnectionDirection="0", ContextTimeStamp="1774886496.100",
    ),
    _sample(
        "NetworkReceiveAcceptIP6",
        {"source.ip": "2001:db8::9", "destination.port": 22, "network.direction": "ingress", "network.type": "ipv6"},
        LocalAddressIP6="2001:db8::4", LocalPort="22", RemoteAddressIP6="2001:db8::9", RemotePort="50000", Protocol="6",
    ),
    _sample("NetworkListenIP4", {"server.port": 8080, "server.ip": "192.0.2.4"}, LocalAddressIP4="192.0.2.4", LocalPort="8080", Protocol="6"),
    _sample(
        "UserLogon",
        {"event.category": ["authentication", "session"], "event.outcome": "success", "user.name": "alice", "user.domain": "EXAMPLE",
         "source.ip": "203.0.113.7", "winlog.logon.type": "RemoteInteractive"},
        UserName="alice", LogonDomain="EXAMPLE", LogonType="10", RemoteAddressIP4="203.0.113.7", UserSid="S-1-5-21-1-2-3-1001",
    ),
    _sample("UserLogonFailed2", {"event.outcome": "failure", "error.code": "3221225578", "user.name": "alice"},
            UserName="alice", SubStatus="3221225578", LogonType="3"),
    _sample(
        "PeFileWritten",
        {"event.type": ["creation"], "file.path": "\\Device\\HarddiskVolume3\\t\\x.exe", "file.name": "x.exe", "file.size": 77},
        TargetFileName="\\Device\\HarddiskVolume3\\t\\x.exe", Size="77", ContextProcessId="77",
    ),
    _sample("AcmeFileWritten", {"event.category": ["file"], "event.type": ["creation"], "file.name": "y"}, TargetFileName="\\t\\y"),
    _sample(
        "AsepValueUpdate",
        {"registry.path": "HKLM\\SOFTWARE\\Run\\evil", "registry.hive": "HKLM", "registry.key": "SOFTWARE\\Run",
         "registry.value": "evil", "registry.data.strings": ["x.exe"], "registry.data.type": "REG_SZ"},
        RegObjectName="\\REGISTRY\\MACHINE\\SOFTWARE\\Run", RegValueName="evil", RegStringValue="x.exe", RegType="1",
    ),
    _sample("ScriptControlScanTelemetry", {"powershell.file.script_block_text": "Get-Item x", "event.category": ["process"]},
            ScriptContent="Get-Item x", ImageFileName="\\Device\\x\\powershell.exe"),
    _sample("CommandHistory", {"message": "whoami¶ipconfig", "process.entity_id": "77"}, CommandHistory="whoami¶ipconfig", TargetProcessId="77"),
    _sample("EndOfProcess", {"event.type": ["end"], "process.exit_code": 0}, TargetProcessId="77", ExitCode="0"),
    _sample("SensorHeartbeat", {"event.category": ["host"], "event.type": ["info"]}),
    _sample("SomethingNew", {"event.type": ["info"], "event.category": None}, timestamp=None, ContextTimeStamp="1774886496.123"),
)  # fmt: skip
