"""The own tests of `sentinelone.event`."""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample


def _sample(expect: dict[str, Any], **entry: Any) -> Sample:
    return Sample(orjson.dumps(entry).decode(), {"@timestamp": "2026-03-30T16:01:36.123Z"} | expect)


def _funnel(kind: str, expect: dict[str, Any], **more: Any) -> Sample:
    entry = {
        "event.type": kind, "event.category": "x", "event.time": 1774886496123, "endpoint.name": "pc-1", "endpoint.os": "windows",
        "agent.uuid": "u1", "account.id": "7", "src.process.name": "cmd.exe", "src.process.pid": 12, "src.process.user": "EXAMPLE\\alice",
        "src.process.image.path": "C:\\Windows\\System32\\cmd.exe", "src.process.cmdline": "cmd /c x", "src.process.uid": "p1",
        "src.process.parent.name": "explorer.exe", "src.process.parent.image.path": "C:\\Windows\\explorer.exe",
    }  # fmt: skip
    more = {name.replace("__", "."): value for name, value in more.items()}
    return Sample(
        orjson.dumps(entry | more).decode(),
        {
            "@timestamp": "2026-03-30T16:01:36.123Z",
            "event.action": kind,
            "host.name": "pc-1",
            "host.os.type": "windows",
        }
        | expect,
    )


_AGENT = {
    "agentDetectionInfo": {"agentIpV4": "192.0.2.4", "agentOsName": "Windows 11 Pro", "agentVersion": "23.4", "accountName": "Example",
                           "agentDomain": "EXAMPLE", "externalIp": "203.0.113.9"},
    "agentRealtimeInfo": {"agentComputerName": "pc-1", "agentOsType": "windows", "agentUuid": "u1", "agentId": "9",
                          "networkInterfaces": [{"inet": ["192.0.2.4"], "inet6": ["2001:db8::4"], "physical": "02:00:00:00:00:01"}]},
}  # fmt: skip

SAMPLES = (
    _sample(
        {"event.kind": "alert", "event.category": ["malware"], "event.action": "On-Write Static AI", "file.path": "C:\\t\\x.exe",
         "file.name": "x.exe", "file.hash.sha1": "ab" * 20, "file.size": 77, "host.name": "pc-1", "host.mac": ["02-00-00-00-00-01"],
         "host.ip": ["192.0.2.4", "2001:db8::4"], "threat.tactic.name": ["Persistence"], "threat.tactic.id": ["TA0003"],
         "threat.technique.id": ["T1547"], "user.name": "alice", "user.domain": "EXAMPLE", "event.severity": 4,
         "rule.name": "x.exe", "host.os.type": "windows", "process.parent.name": "explorer.exe", "event.reason": "Not mitigated"},
        id="1", **_AGENT,
        threatInfo={"threatName": "x.exe", "identifiedAt": "2026-03-30T16:01:36.123456Z", "createdAt": "2026-03-30T16:01:40Z",
                    "filePath": "C:\\t\\x.exe", "fileSize": 77, "fileExtension": "EXE", "sha1": "ab" * 20, "confidenceLevel": "malicious",
                    "classification": "Malware", "processUser": "EXAMPLE\\alice", "originatorProcess": "explorer.exe",
                    "detectionEngines": [{"key": "pre_execution", "title": "On-Write Static AI"}],
                    "mitigationStatus": "not_mitigated", "mitigationStatusDescription": "Not mitigated"},
        indicators=[{"category": "Persistence", "tactics": [{"name": "Persistence", "techniques": [{"name": "T1547.001", "link": "x"}]}]}],
    ),
    _sample(
        {"event.kind": "alert", "rule.name": "Mine", "process.pid": 12, "process.parent.name": "explorer.exe", "destination.ip": "198.51.100.9",
         "event.severity": 4, "network.direction": "outbound", "user.name": "alice", "event.action": "TCPV4"},
        **_AGENT, alertInfo={"alertId": "1", "createdAt": "2026-03-30T16:01:36.123Z", "eventType": "TCPV4", "dstIp": "198.51.100.9",
                             "dstPort": 443, "netEventDirection": "OUTGOING"},
        ruleInfo={"name": "Mine", "severity": "High", "id": "3"},
        sourceProcessInfo={"name": "cmd.exe", "pid": "12", "filePath": "C:\\cmd.exe", "commandline": "cmd /c x", "user": "EXAMPLE\\alice"},
        sourceParentProcessInfo={"name": "explorer.exe", "pid": "3"},
    ),
    _sample(
        {"event.category": ["authentication"], "event.outcome": "success", "user.name": "alice", "user.email": "alice@example.org",
         "source.ip": "203.0.113.7", "message": "The user logged in.", "event.code": "27", "user.id": "5"},
        id="1", activityType=27, activityUuid="a", createdAt="2026-03-30T16:01:36.123456Z", primaryDescription="The user logged in.",
        userId="5", data={"username": "alice@example.org", "ipAddress": "203.0.113.7"},
    ),
    _sample(
        {"event.category": ["host"], "event.type": ["info"], "host.name": "pc-1", "event.code": "9999"},
        id="1", activityType=9999, createdAt="2026-03-30T16:01:36.123Z", primaryDescription="?", data={"computerName": "pc-1"},
    ),
    _funnel(
        "Process Creation",
        {"event.category": ["process"], "event.type": ["start"], "process.name": "x.exe", "process.pid": 4711, "process.parent.name": "cmd.exe",
         "process.parent.executable": "C:\\Windows\\System32\\cmd.exe", "process.command_line": "x.exe -q", "user.name": "bob",
         "process.hash.sha256": "ef" * 32, "process.args": ["x.exe", "-q"]},
        tgt__process__name="x.exe", tgt__process__pid=4711, tgt__process__image__path="C:\\t\\x.exe", tgt__process__cmdline="x.exe -q",
        tgt__process__user="EXAMPLE\\bob", tgt__process__image__sha256="ef" * 32,
    ),
    _funnel(
        "IP Connect",
        {"source.ip": "192.0.2.4", "destination.port": 443, "network.direction": "egress", "event.outcome": "success", "process.name": "cmd.exe",
         "process.parent.name": "explorer.exe", "event.type": ["start", "connection"]},
        src__ip__address="192.0.2.4", src__port__number=50000, dst__ip__address="198.51.100.9", dst__port__number=443,
        event__network__direction="OUTGOING", event__network__connectionStatus="SUCCESS",
    ),
    _funnel("DNS Resolved", {"dns.question.name": "www.example.org", "dns.resolved_ip": ["192.0.2.80"], "dns.question.registered_domain": "example.org",
                             "network.protocol": "dns"}, event__dns__request="www.example.org", event__dns__response="192.0.2.80;"),
    _funnel("File Creation", {"file.path": "C:\\t\\y.ps1", "file.extension": "ps1", "event.type": ["creation"]}, tgt__file__path="C:\\t\\y.ps1"),
    _funnel("Registry Value Modified", {"registry.path": "HKLM\\SOFTWARE\\Run\\evil", "registry.value": "evil", "registry.key": "SOFTWARE\\Run",
                                        "registry.hive": "HKLM"}, registry__keyPath="MACHINE\\SOFTWARE\\Run\\evil", registry__value="x.exe"),
    _funnel("Login", {"event.outcome": "failure", "user.name": "bob", "source.ip": "203.0.113.7"}, event__login__userName="bob",
            event__login__loginIsSuccessful=False, src__endpoint__ip__address="203.0.113.7"),
    _funnel("Module Load", {"dll.path": "C:\\t\\a.dll", "dll.name": "a.dll", "event.category": ["library"]}, module__path="C:\\t\\a.dll"),
    _funnel("Something New", {"event.type": ["info"], "event.category": None}),
    _sample(
        {"event.action": "Process Creation", "event.category": ["process"], "process.name": "x.exe", "process.parent.name": "cmd.exe",
         "host.name": "pc-1", "user.name": "alice", "host.ip": ["192.0.2.4"]},
        eventType="Process Creation", createdAt="2026-03-30T16:01:36.123Z", agentName="pc-1", agentUuid="u1", agentIp="192.0.2.4",
        processName="x.exe", processCmd="x.exe -q", parentProcessName="cmd.exe", pid="4711", user="EXAMPLE\\alice", agentOs="windows",
    ),
)  # fmt: skip
