"""``windows.splunk``: Windows events as Splunk's forwarder writes them: a date, ``LogName=…``, ``Message=…``.

A record begins with its date or, where that was left out, with ``LogName=``, and goes over many lines; syslog
servers may have written it in one, its line ends as ``#012``. The elements of the event are taken out of its
text (`integrations.windows.messages`).

Format: https://docs.splunk.com/Documentation/Splunk/latest/Data/MonitorWindowseventlogdata
"""

from __future__ import annotations

import re

from integrations.contract import Sample, UnparsedError
from integrations.fields import integer, text
from integrations.joining import Reading, lines_source
from integrations.times import Times
from integrations.unwrapping import by_syslog
from integrations.windows.documents import document
from integrations.windows.messages import elements
from integrations.windows.records import WindowsRecord
from rules.ecs import Document

_DATE = re.compile(rb"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d(?:\.\d{1,6})? [AP]M\s*(?:$|#012LogName=|LogName=)")
_NAMED = b"LogName="
_FORMATS = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M:%S.%f %p")
_KEYS = re.compile(
    r"(?:^|\s)(LogName|SourceName|EventCode|EventType|Type|ComputerName|User|Sid|SidType|TaskCategory|OpCode|"
    r"RecordNumber|Keywords|Message)="
)
_LEVELS = frozenset({"information", "warning", "error", "critical", "verbose"})
_PROVIDERS = {"Microsoft Windows security auditing.": "Microsoft-Windows-Security-Auditing"}
"""Names for people, where rules ask for the others."""
_MOST_KEYS = 40


class _Starts:
    """Whether a line starts a record: ``LogName=`` does where no date stood before it."""

    def __init__(self) -> None:
        self._dated = False

    def __call__(self, line: bytes) -> bool:
        if _DATE.match(line):
            self._dated = _NAMED not in line
            return True
        named, dated = line.startswith(_NAMED), self._dated
        if line.strip():
            self._dated = False
        return named and not dated


def _read(record: str, times: Times) -> Document:
    whole = record
    if "\n" not in whole and "#012" in whole:
        whole = whole.replace("#015", "").replace("#012", "\n").replace("#011", "\t")
    whole = whole.replace("\r\n", "\n")
    head, _, message = whole.partition("Message=")
    said: dict[str, str] = {}
    matches = list(_KEYS.finditer(head))[:_MOST_KEYS]
    for at, match in enumerate(matches):
        end = matches[at + 1].start() if at + 1 < len(matches) else len(head)
        said.setdefault(match[1], head[match.end() : end].strip())
    channel, code = said.get("LogName", ""), integer(said.get("EventCode"))
    if not channel or code is None or not 0 <= code < 65_536:
        raise UnparsedError("expected LogName= and EventCode=, a number up to 65535")
    date = head[: matches[0].start()].strip()
    level = said.get("Type", "").lower()
    message = message.strip()
    return document(
        WindowsRecord(
            channel=channel,
            provider=_PROVIDERS.get(said.get("SourceName", ""), said.get("SourceName", "")),
            code=code,
            time=times.required(times.parse(date, *_FORMATS), times.received()),
            data=dict(elements(channel, code, message)),
            computer=text(said.get("ComputerName")),
            level=level if level in _LEVELS else None,
            task=_told(said, "TaskCategory"),
            opcode=_told(said, "OpCode"),
            keywords=[word.strip() for word in said.get("Keywords", "").split(",") if word.strip()] or None,
            record_id=text(said.get("RecordNumber")),
            sid=sid if (sid := said.get("Sid", "")).startswith("S-1-") else None,
            message=message or None,
        )
    )


def _told(said: dict[str, str], name: str) -> str | None:
    value = said.get(name, "")
    return value if value not in ("", "None", "N/A", "The operation completed successfully.") else None


def _recognise(line: str) -> bool:
    return line.startswith("LogName=") or _DATE.match(line.encode("utf-8", "surrogatepass")) is not None


_HEAD = (
    "{date}LogName={log}\nEventCode={code}\nEventType=0\nComputerName=pc-1.example.org\nSourceName={source}\nType=Information\n"
    "RecordNumber=4711\nKeywords={keywords}\nTaskCategory={task}\nOpCode=Info\nMessage="
)


def _head(
    log: str, code: int, source: str, keywords: str, task: str, date: str = "03/30/2026 04:01:36 PM\n"
) -> str:
    return _HEAD.format(date=date, log=log, code=code, source=source, keywords=keywords, task=task)


_AUDITING = "Microsoft Windows security auditing."
_LOGON = (
    "An account was successfully logged on.\n\nSubject:\n\tSecurity ID:\t\tS-1-5-18\n\tAccount Name:\t\tPC-1$\n\tAccount Domain:\t\tEXAMPLE\n"
    "\tLogon ID:\t\t0x3E7\n\nLogon Information:\n\tLogon Type:\t\t10\n\tRestricted Admin Mode:\tNo\n\nImpersonation Level:\t\tImpersonation\n\n"
    "New Logon:\n\tSecurity ID:\t\tEXAMPLE\\bob\n\tAccount Name:\t\tbob\n\tAccount Domain:\t\tEXAMPLE\n\tLogon ID:\t\t0xF199D4B\n\n"
    "Process Information:\n\tProcess ID:\t\t0x28c\n\tProcess Name:\t\tC:\\Windows\\System32\\svchost.exe\n\nNetwork Information:\n"
    "\tWorkstation Name:\tPC-1\n\tSource Network Address:\t203.0.113.7\n\tSource Port:\t\t0\n\nThis event is generated when a logon session is created."
)
_PRIVILEGES = (
    "Special privileges assigned to new logon.\n\nSubject:\n\tSecurity ID:\t\tS-1-5-21-1-2-3-500\n\tAccount Name:\t\talice\n"
    "\tAccount Domain:\t\tEXAMPLE\n\tLogon ID:\t\t0x3E8\n\nPrivileges:\t\tSeSecurityPrivilege\n\t\t\tSeDebugPrivilege"
)
_ADDED = (
    "A member was added to a security-enabled global group.\n\nSubject:\n\tSecurity ID:\t\tS-1-5-21-1-2-3-500\n\tAccount Name:\t\talice\n"
    "\tAccount Domain:\t\tEXAMPLE\n\tLogon ID:\t\t0x3E8\n\nMember:\n\tSecurity ID:\t\tS-1-5-21-1-2-3-1104\n"
    "\tAccount Name:\t\tCN=Bob,OU=People,DC=example,DC=org\n\nGroup:\n\tSecurity ID:\t\tS-1-5-21-1-2-3-512\n\tGroup Name:\t\tDomain Admins\n"
    "\tGroup Domain:\t\tEXAMPLE"
)
_SCRIPT = (
    "Creating Scriptblock text (1 of 1):\nInvoke-Expression 'x'\nGet-Date\n\nScriptBlock ID: 7b0c1c2e-0000-0000-0000-000000000001\n"
    "Path: C:\\Scripts\\a.ps1"
)

SPLUNK = by_syslog(
    lines_source(
        "windows.splunk",
        "Windows events as Splunk's forwarder writes them (LogName=, EventCode=, Message=)",
        "https://docs.splunk.com/Documentation/Splunk/latest/Data/MonitorWindowseventlogdata",
        _Starts,
        Reading(_read),
        _recognise,
        (
            Sample(
                _head("Security", 4624, _AUDITING, "Audit Success", "Logon") + _LOGON,
                {"@timestamp": "2026-03-30T16:01:36.000Z", "event.action": "logged-in", "event.outcome": "success", "user.name": "bob",
                 "user.id": None, "source.ip": "203.0.113.7", "winlog.logon.type": "RemoteInteractive", "winlog.logon.id": "0xf199d4b",
                 "winlog.provider_name": "Microsoft-Windows-Security-Auditing", "winlog.task": "Logon", "winlog.record_id": "4711",
                 "winlog.event_data.SubjectUserName": "PC-1$", "host.name": "pc-1.example.org", "log.level": "information"},
            ),
            Sample(
                _head("Security", 4672, _AUDITING, "Audit Success", "Special Logon", date="") + _PRIVILEGES,
                {"user.name": "alice", "winlog.event_data.PrivilegeList": "SeSecurityPrivilege SeDebugPrivilege",
                 "@timestamp": "2026-04-20T00:00:00.000Z"},
            ),
            Sample(
                ("<13>Mar 30 16:01:37 fwd-1 " + _head("Security", 4728, _AUDITING, "Audit Success", "Security Group Management") + _ADDED)
                .replace("\n", "#012").replace("\t", "#011"),
                {"event.category": ["iam"], "user.name": "alice", "group.name": "Domain Admins", "user.target.name": "Bob",
                 "user.target.id": "S-1-5-21-1-2-3-1104", "log.syslog.priority": 13},
            ),
            Sample(
                _head("Microsoft-Windows-PowerShell/Operational", 4104, "Microsoft-Windows-PowerShell", "None", "Execute a Remote Command") + _SCRIPT,
                {"powershell.file.script_block_text": "Invoke-Expression 'x'\nGet-Date", "file.path": "C:\\Scripts\\a.ps1",
                 "winlog.event_data.ScriptBlockId": "7b0c1c2e-0000-0000-0000-000000000001"},
            ),
            Sample(
                _head("Microsoft-Windows-Sysmon/Operational", 3, "Microsoft-Windows-Sysmon", "None", "Network connection detected (rule: NetworkConnect)")
                + "Network connection detected:\nRuleName: -\nUtcTime: 2026-03-30 16:01:36.100\nProcessGuid: {1}\nProcessId: 123\nImage: C:\\a.exe\n"
                  "User: EXAMPLE\\bob\nProtocol: tcp\nInitiated: true\nSourceIp: 192.0.2.7\nSourcePort: 50412\nDestinationIp: 203.0.113.9\n"
                  "DestinationPort: 443",
                {"source.ip": "192.0.2.7", "destination.ip": "203.0.113.9", "destination.port": 443, "network.direction": "egress",
                 "process.executable": "C:\\a.exe", "user.name": "bob", "@timestamp": "2026-03-30T16:01:36.100Z"},
            ),
            Sample(
                "LogName=System SourceName=Service Control Manager EventCode=7036 EventType=4 Type=Information ComputerName=pc-1 Keywords=Classic "
                "Message=The x service entered the running state.",
                {"event.code": "7036", "winlog.channel": "System", "message": "The x service entered the running state."},
            ),
        ),
    ),
    "splunk",
    "splunkd",
)  # fmt: skip
