"""``linux.sysmon``: Sysmon for Linux, which writes each event as XML into syslog or the journal.

The events are those of Sysmon on Windows: https://github.com/microsoft/SysmonForLinux. Sigma's rules for
Linux read users, processes and files in ECS (`rules.sigma.fields.PROCESS`), the rest under ``vendor``.
"""

from __future__ import annotations

from typing import Any

from integrations.contract import Sample, UnparsedError
from integrations.normalisers import message_source
from integrations.syslog import Envelope
from integrations.times import Times
from integrations.windows.documents import document
from integrations.windows.evtx import system_time
from integrations.windows.markup import read_markup
from integrations.windows.records import read_event
from rules.ecs import Document

_CHANNEL = "Linux-Sysmon/Operational"
_END = "</Event>"


def _read(message: str, envelope: Envelope | None, times: Times) -> Document:
    start, end = message.find("<Event>"), message.rfind(_END)
    if start < 0:
        start = message.find("<Event ")
    if start < 0 or end < start:
        raise UnparsedError("expected an XML element Event behind the syslog envelope")
    record = read_event(read_markup(message[start : end + len(_END)]), system_time(times))
    record.channel = record.channel or _CHANNEL
    made = document(record)
    made["host"]["os"] = {"type": "linux", "family": "linux"}
    if envelope is not None:
        if "name" not in made["host"] and envelope.host:
            made["host"]["name"] = envelope.host
        if (log := envelope.document().get("log")) is not None:
            made.setdefault("log", {}).update(log)
    data: dict[str, Any] = made["winlog"].get("event_data", {})
    if data:
        made["vendor"] = dict(data)
    if isinstance(login := data.get("LogonId"), str) and login:
        made.setdefault("process", {}).setdefault("user", {})["id"] = login
    # What Windows calls a domain has no place here: Linux' users are names alone.
    if isinstance(user := data.get("User"), str) and user not in ("", "-"):
        made["user"] = {"name": user}
    return made


def _recognise(message: str) -> bool:
    return "<Event" in message and (_CHANNEL in message or "Linux-Sysmon" in message)


def _event(code: int, **data: object) -> str:
    elements = "".join(f'<Data Name="{name}">{value}</Data>' for name, value in data.items())
    return (
        f'Mar 30 16:01:36 web-1 sysmon: <Event><System><Provider Name="Linux-Sysmon" '
        f'Guid="{{ff032593-a8d3-4f13-b0d6-01fc615a0f97}}"/><EventID>{code}</EventID><Version>5</Version><Level>4</Level>'
        f"<Task>{code}</Task><Opcode>0</Opcode><Keywords>0x8000000000000000</Keywords><TimeCreated "
        f'SystemTime="2026-03-30T16:01:36.123456000Z"/><EventRecordID>33</EventRecordID><Correlation/><Execution '
        f'ProcessID="91" ThreadID="91"/><Channel>{_CHANNEL}</Channel><Computer>web-1</Computer><Security UserId="0"/>'
        f"</System><EventData>{elements}</EventData></Event>"
    )


_COMMON = {"RuleName": "-", "UtcTime": "2026-03-30 16:01:36.120", "ProcessGuid": "{aa}", "ProcessId": 4242}

SYSMON = message_source(
    "linux.sysmon",
    "Sysmon for Linux",
    "https://github.com/microsoft/SysmonForLinux",
    _read,
    _recognise,
    (
        Sample(
            _event(1, **_COMMON, Image="/usr/bin/curl", CommandLine="curl -s 'http://x'", CurrentDirectory="/root", User="root",
                   LogonId=0, ParentProcessId=1, ParentImage="/usr/bin/bash", ParentCommandLine="bash", Hashes="-"),
            {"process.executable": "/usr/bin/curl", "process.name": "curl", "process.pid": 4242, "process.args": ["curl", "-s", "'http://x'"],
             "process.parent.pid": 1, "process.parent.name": "bash", "user.name": "root", "host.os.type": "linux",
             "host.name": "web-1", "event.category": ["process"], "event.type": ["start"], "process.user.id": "0",
             "winlog.channel": _CHANNEL, "vendor.LogonId": "0", "@timestamp": "2026-03-30T16:01:36.120Z",
             "process.working_directory": "/root", "process.entity_id": "aa", "event.code": "1"},
        ),
        Sample(
            _event(3, **_COMMON, Image="/usr/bin/curl", User="www-data", Protocol="tcp", Initiated="true", SourceIsIpv6="false",
                   SourceIp="192.0.2.4", SourceHostname="-", SourcePort=50000, DestinationIp="198.51.100.9",
                   DestinationHostname="-", DestinationPort=443),
            {"source.ip": "192.0.2.4", "destination.port": 443, "network.direction": "egress", "network.transport": "tcp",
             "user.name": "www-data", "destination.domain": None, "network.type": "ipv4"},
        ),
        Sample(
            _event(11, **_COMMON, Image="/usr/bin/tar", TargetFilename="/etc/cron.d/x.sh", User="root"),
            {"file.path": "/etc/cron.d/x.sh", "file.name": "x.sh", "file.extension": "sh", "file.directory": "/etc/cron.d",
             "event.type": ["creation"]},
        ),
        Sample(_event(5, **_COMMON, Image="/usr/bin/tar", User="root"), {"event.type": ["end"], "process.name": "tar"}),
        Sample(_event(23, **_COMMON, Image="/usr/bin/rm", TargetFilename="/var/log/x", User="root", Hashes="-"),
               {"event.type": ["deletion"], "file.path": "/var/log/x", "file.hash": None}),
    ),
)  # fmt: skip
