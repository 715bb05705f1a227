"""The own tests of `wazuh.alerts`."""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample


def _sample(expect: dict[str, Any], rule: dict[str, Any], **entry: Any) -> Sample:
    usual = {
        "timestamp": "2026-03-30T16:01:36.123+0000", "agent": {"id": "003", "name": "web-1", "ip": "192.0.2.4"},
        "manager": {"name": "wazuh-1"}, "id": "1774886496.1", "decoder": {"name": "sshd"}, "location": "/var/log/auth.log",
        "rule": {"level": 5, "id": "5716", "description": "It happened.", "groups": ["syslog", "sshd"], "firedtimes": 1} | rule,
        "full_log": "x",
    }  # fmt: skip
    return Sample(
        orjson.dumps(usual | entry).decode(),
        {"event.kind": "alert", "@timestamp": "2026-03-30T16:01:36.123Z", "observer.name": "wazuh-1"}
        | expect,
    )


SAMPLES = (
    _sample(
        {"event.category": ["authentication"], "event.outcome": "failure", "source.ip": "203.0.113.7", "source.port": 50000, "user.name": "root",
         "rule.id": "5716", "rule.name": "It happened.", "event.severity": 5, "host.name": "web-1", "host.ip": ["192.0.2.4"],
         "threat.technique.id": ["T1110"], "threat.technique.name": ["Brute Force"], "threat.tactic.id": ["TA0006"], "agent.id": "003",
         "log.file.path": "/var/log/auth.log", "event.provider": "sshd", "process.name": "sshd"},
        {"groups": ["syslog", "sshd", "authentication_failed"],
         "mitre": {"id": ["T1110"], "tactic": ["Credential Access"], "technique": ["Brute Force"]}},
        data={"srcip": "203.0.113.7", "srcport": "50000", "dstuser": "root"}, predecoder={"program_name": "sshd", "hostname": "web-1"},
    ),
    _sample(
        {"event.category": ["file"], "event.type": ["change"], "event.action": "modified", "file.path": "/etc/passwd", "file.name": "passwd",
         "file.hash.sha256": "ef" * 32, "file.owner": "root", "file.size": 77, "process.executable": "/usr/bin/vi", "user.name": "alice",
         "file.mtime": "2026-03-30T16:01:30.000Z"},
        {"groups": ["ossec", "syscheck", "syscheck_entry_modified", "syscheck_file"]},
        syscheck={"path": "/etc/passwd", "event": "modified", "sha256_after": "ef" * 32, "uname_after": "root", "size_after": "77",
                  "mtime_after": "2026-03-30T16:01:30", "audit": {"login_user": {"name": "alice"}, "process": {"name": "/usr/bin/vi", "id": "7"}}},
        location="syscheck",
    ),
    _sample(
        {"winlog.channel": "Security", "event.code": "4625", "event.outcome": "failure", "user.name": "bob", "source.ip": "203.0.113.7",
         "winlog.event_data.TargetUserName": "bob", "rule.id": "60122", "event.category": ["authentication"], "host.os.type": "windows",
         "winlog.logon.type": "Network", "host.name": "pc-1.example.org", "host.hostname": "pc-1"},
        {"groups": ["windows", "authentication_failed"], "id": "60122"},
        agent={"id": "004", "name": "pc-1"}, location="EventChannel",
        data={"win": {"system": {"channel": "Security", "eventID": "4625", "computer": "pc-1.example.org", "severityValue": "AUDIT_FAILURE",
                                 "providerName": "Microsoft-Windows-Security-Auditing", "level": "0"},
                      "eventdata": {"targetUserName": "bob", "logonType": "3", "ipAddress": "203.0.113.7"}}},
    ),
    _sample(
        {"process.executable": "C:\\x.exe", "process.command_line": "x.exe -q", "event.category": ["process"], "user.name": "alice"},
        {"groups": ["sysmon"]}, data={"win": {"system": {"channel": "Microsoft-Windows-Sysmon/Operational", "eventID": "1"},
                                              "eventdata": {"image": "C:\\x.exe", "commandLine": "x.exe -q", "user": "EXAMPLE\\alice"}}},
    ),
    _sample(
        {"event.category": ["vulnerability"], "vulnerability.id": "CVE-2026-1", "package.name": "x"}, {"groups": ["vulnerability-detector"]},
        data={"vulnerability": {"cve": "CVE-2026-1", "severity": "High", "package": {"name": "x", "version": "1"}}},
    ),
    _sample({"event.type": ["info"], "event.category": None, "user.name": "alice", "user.target.name": "root"}, {"groups": ["local"]},
            data={"srcuser": "alice", "dstuser": "root"}),
)  # fmt: skip
