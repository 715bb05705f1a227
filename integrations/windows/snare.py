"""``windows.snare``: Windows events as the Snare agent sends them: ``MSWinEventLog`` and values between tabs.

``<host> MSWinEventLog <criticality> <log> <counter> <date> <event id> <source> <user> <SID type> <type>
<computer> <category> <data> <text> <counter>``, behind a syslog envelope or not; rsyslog writes the tabs as
``#011``. The elements of the event are taken out of its text (`integrations.windows.messages`).

Format: https://prophecyinternational.atlassian.net/wiki/spaces/WADOC/pages/1233224043/Appendix+A+-+Windows+Event+Output+Format
"""

from __future__ import annotations

import re

from integrations.contract import Sample, UnparsedError
from integrations.fields import integer, text
from integrations.normalisers import message_source
from integrations.syslog import Envelope
from integrations.times import Times
from integrations.windows.documents import document
from integrations.windows.messages import elements
from integrations.windows.records import WindowsRecord
from integrations.windows.sysmon import split_user
from rules.ecs import Document

MARK = "MSWinEventLog"
_BEGIN = re.compile(r"MSWinEventLog(?:\t|#011|\[(?=\d{1,3}\]:))", re.ASCII)
_LEAST = 11
"""Values that each record has, up to the computer's name."""
_NOTHING = frozenset({"N/A", "None", "Unknown User"})
_KEYWORDS = {"success audit": ["Audit Success"], "failure audit": ["Audit Failure"]}


def _read(message: str, envelope: Envelope | None, times: Times) -> Document:
    begin = _BEGIN.search(message, 0, 512)
    if begin is None:
        raise UnparsedError("expected MSWinEventLog and values between tabs")
    rest = message[begin.start() :]
    if rest.startswith(f"{MARK}["):  # MSWinEventLog[0]:Security
        rest = rest.replace("[", "\t", 1).replace("]:", "\t", 1)
    if "\t" not in rest[:200]:
        rest = rest.replace("#011", "\t")
    values = [value.strip() for value in rest.split("\t", 64)]
    if len(values) < _LEAST or (code := integer(values[5])) is None or not 0 <= code < 65_536:
        raise UnparsedError(
            f"expected at least {_LEAST} values between tabs, the sixth an event's id, not {len(values)} values"
        )
    log, date, provider, user, kind, computer = (values[at] for at in (2, 4, 6, 7, 9, 10))
    category = values[11] if len(values) > 11 else ""
    said = max(values[12:14], key=len, default="")
    level = kind.lower()
    made = document(
        WindowsRecord(
            channel=log,
            provider=provider,
            code=code,
            time=times.required(
                times.parse(date, "%a %b %d %H:%M:%S %Y"),
                times.iso(date),
                envelope.time if envelope else None,
            ),
            data=dict(elements(log, code, said)),
            computer=text(computer),
            level=level if level in ("information", "warning", "error", "critical", "verbose") else None,
            task=category if category and category not in _NOTHING else None,
            keywords=_KEYWORDS.get(level),
            message=text(said),
        )
    )
    if "user" not in made and user not in _NOTHING and (who := split_user(user)):
        made["user"] = who
    if envelope is not None and "log" in (whole := envelope.document()):
        made.setdefault("log", {}).update(whole["log"])
    return made


def _recognise(message: str) -> bool:
    return _BEGIN.search(message, 0, 512) is not None


def _line(*values: str, start: str = "") -> str:
    return start + "\t".join((MARK, *values))


_LOGON = (
    "An account was successfully logged on.    Subject:   Security ID:  S-1-5-18   Account Name:  PC-1$   Account Domain:  EXAMPLE   "
    "Logon ID:  0x3E7    Logon Information:   Logon Type:  3   Restricted Admin Mode: -   Virtual Account:  No   Elevated Token:  Yes    "
    "Impersonation Level:  Impersonation    New Logon:   Security ID:  S-1-5-21-1-2-3-1104   Account Name:  bob   Account Domain:  EXAMPLE   "
    "Logon ID:  0xF199D4B   Linked Logon ID:  0x0   Network Account Name: -   Network Account Domain: -   Logon GUID:  "
    "{00000000-0000-0000-0000-000000000000}    Process Information:   Process ID:  0x0   Process Name:  -    Network Information:   "
    "Workstation Name: WS-7   Source Network Address: 203.0.113.7   Source Port:  50412    Detailed Authentication Information:   "
    "Logon Process:  NtLmSsp   Authentication Package: NTLM   Transited Services: -   Package Name (NTLM only): NTLM V2   "
    "Key Length:  128    This event is generated when a logon session is created."
)
_FAILED = (
    "An account failed to log on.    Subject:   Security ID:  NULL SID   Account Name:  -   Account Domain:  -   Logon ID:  0x0    "
    "Logon Type:   3    Account For Which Logon Failed:   Security ID:  NULL SID   Account Name:  {user}   Account Domain:  EXAMPLE    "
    "Failure Information:   Failure Reason:  Unknown user name or bad password.   Status:   0xC000006D   Sub Status:  0xC0000064    "
    "Process Information:   Caller Process ID: 0x0   Caller Process Name: -    Network Information:   Workstation Name: WS-7   "
    "Source Network Address: 203.0.113.7   Source Port:  50413    Detailed Authentication Information:   Logon Process:  NtLmSsp"
)
_STARTED = (
    "A new process has been created.    Creator Subject:   Security ID:  S-1-5-21-1-2-3-1104   Account Name:  bob   Account Domain:  EXAMPLE   "
    "Logon ID:  0xF199D4B    Target Subject:   Security ID:  NULL SID   Account Name:  -   Account Domain:  -   Logon ID:  0x0    "
    "Process Information:   New Process ID:  0x12dc   New Process Name: C:\\Windows\\System32\\cmd.exe   Token Elevation Type: %%1936   "
    "Mandatory Label:  S-1-16-8192   Creator Process ID: 0x4   Creator Process Name: C:\\Windows\\explorer.exe   "
    "Process Command Line: cmd /c echo   Subject:   Account Name:  SYSTEM    Token Elevation Type indicates the type of token"
)
_SYSMON = (
    "Process Create:  RuleName: -  UtcTime: 2026-03-30 16:01:36.100  ProcessGuid: {54849625-0000-0000-0000-000000000001}  ProcessId: 123  "
    "Image: C:\\Windows\\System32\\cmd.exe  FileVersion: 10.0  Description: -  Product: -  Company: -  OriginalFileName: Cmd.Exe  "
    "CommandLine: cmd /c whoami  CurrentDirectory: C:\\  User: EXAMPLE\\bob  LogonGuid: {1}  LogonId: 0x3e7  TerminalSessionId: 1  "
    "IntegrityLevel: High  Hashes: SHA256="
    + "AB"
    * 32
    + "  ParentProcessGuid: {2}  ParentProcessId: 4  ParentImage: C:\\a.exe  "
    "ParentCommandLine: a.exe   Image: C:\\spoofed.exe  ParentUser: EXAMPLE\\bob"
)
_SECURITY = "Microsoft-Windows-Security-Auditing"
_DATE = "Mon Mar 30 16:01:36 2026"

SNARE = message_source(
    "windows.snare",
    "Windows events as the Snare agent sends them (MSWinEventLog)",
    "https://prophecyinternational.atlassian.net/wiki/spaces/WADOC/pages/1233224043/Appendix+A+-+Windows+Event+Output+Format",
    _read,
    _recognise,
    (
        Sample(
            _line("1", "Security", "3027", _DATE, "4624", _SECURITY, "EXAMPLE\\bob", "N/A", "Success Audit", "pc-1.example.org", "Logon", "",
                  _LOGON, "12370", start="<14>Mar 30 16:01:37 pc-1 "),
            {"event.code": "4624", "event.action": "logged-in", "event.outcome": "success", "user.name": "bob", "user.id": "S-1-5-21-1-2-3-1104",
             "source.ip": "203.0.113.7", "source.port": 50412, "source.domain": "WS-7", "winlog.logon.type": "Network",
             "winlog.logon.id": "0xf199d4b", "host.name": "pc-1.example.org", "@timestamp": "2026-03-30T16:01:36.000Z",
             "winlog.event_data.SubjectUserName": "PC-1$", "winlog.event_data.KeyLength": "128", "log.syslog.priority": 14,
             "winlog.channel": "Security", "winlog.task": "Logon", "winlog.keywords": ["Audit Success"]},
        ),
        Sample(
            _line("2", "Security", "3028", _DATE, "4625", _SECURITY, "N/A", "N/A", "Failure Audit", "pc-1.example.org", "Logon",
                  _FAILED.format(user="x   Source Network Address: 192.0.2.99"), "", "12371", start="pc-1\t"),
            {"event.action": "logon-failed", "event.outcome": "failure", "source.ip": "203.0.113.7", "user.id": None, "winlog.logon.type": "Network",
             "event.reason": "Unknown user name or bad password.", "winlog.event_data.FailureReason": "%%2313",
             "winlog.logon.failure.sub_status": "User logon with misspelled or bad user account"},
        ),
        Sample(
            _line("0", "Security", "3029", _DATE, "4688", _SECURITY, "EXAMPLE\\bob", "N/A", "Success Audit", "pc-1.example.org",
                  "Process Creation", "", _STARTED, "12372", start="<14>Mar 30 16:01:37 pc-1 ").replace("\t", "#011"),
            {"event.category": ["process"], "process.executable": "C:\\Windows\\System32\\cmd.exe", "process.pid": 0x12DC, "user.name": "bob",
             "process.command_line": "cmd /c echo   Subject:   Account Name:  SYSTEM", "process.parent.executable": "C:\\Windows\\explorer.exe"},
        ),
        Sample(
            _line("0", "Microsoft-Windows-Sysmon/Operational", "3030", _DATE, "1", "Microsoft-Windows-Sysmon", "NT AUTHORITY\\SYSTEM", "User",
                  "Information", "pc-1.example.org", "Process Create (rule: ProcessCreate)", "", _SYSMON, "12373", start="<14>Mar 30 16:01:37 pc-1 "),
            {"process.executable": "C:\\Windows\\System32\\cmd.exe", "process.command_line": "cmd /c whoami", "user.name": "bob",
             "process.hash.sha256": "ab" * 32, "@timestamp": "2026-03-30T16:01:36.100Z", "winlog.event_data.IntegrityLevel": "High"},
        ),
        Sample(
            _line("4", "System", "2174", _DATE, "7045", "Service Control Manager", "EXAMPLE\\bob", "User", "Information", "pc-1.example.org", "None", "",
                  "A service was installed in the system.    Service Name:  x   Service File Name:  C:\\x.exe   Service Type:  user mode service   "
                  "Service Start Type:  demand start   Service Account:  LocalSystem", "7", start="pc-1\t"),
            {"event.code": "7045", "service.name": "x", "winlog.event_data.ImagePath": "C:\\x.exe", "log.level": "information", "winlog.task": None},
        ),
        Sample(
            "<14>Mar 30 16:01:37 pc-1 MSWinEventLog[0]:" + "\t".join(("Application", "9", _DATE, "1000", "Application Error", "N/A", "N/A", "Error",
                                                                  "pc-1.example.org", "(100)", "", "Faulting application a.exe", "8")),
            {"event.code": "1000", "winlog.channel": "Application", "log.level": "error", "message": "Faulting application a.exe"},
        ),
    ),
)  # fmt: skip
