"""The elements of a Windows event out of the text that Event Viewer shows of it, in English.

Agents that send this text alone (Snare, Splunk's forwarder) leave the elements of EventData out; here they are
found again by their labels. Only labels that are known count, each in its section: ``Account Name`` is one thing
below ``Subject:`` and another below ``New Logon:``.

Stated rules: a security id that was resolved to a name is no id, and left out; logon ids are written in lower
case, as in EventData. A text in one line (Snare) may have labels inside of what somebody typed: of two values
of one label the later counts, for what comes after it (the address) is Windows' own; what follows the label of
a command line is all command line. Of Sysmon's events in one line what stands before the command line counts
where it stands first, and what is there twice behind it is left out.

Texts: https://learn.microsoft.com/previous-versions/windows/it-pro/windows-10/security/threat-protection/auditing/advanced-security-audit-policy-settings
and https://learn.microsoft.com/sysinternals/downloads/sysmon
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from integrations.windows.names import FAILURE_REASONS

LONGEST = 65_536
"""Characters of a message that are looked at."""
_Labels: TypeAlias = Mapping[str, str]


def _account(prefix: str, sid: str = "Sid") -> dict[str, str]:
    return {
        "Security ID": f"{prefix}{sid}",
        "Account Name": f"{prefix}UserName",
        "Account Domain": f"{prefix}DomainName",
        "Logon ID": f"{prefix}LogonId",
        "Logon GUID": "LogonGuid",
    }


_SUBJECT, _LOGGED_ON, _TARGET = (
    _account("Subject", "UserSid"),
    _account("Target", "UserSid"),
    _account("Target"),
)
_GROUP = {
    "Security ID": "TargetSid", "Group Name": "TargetUserName", "Account Name": "TargetUserName",
    "Group Domain": "TargetDomainName", "Account Domain": "TargetDomainName",
}  # fmt: skip
_SECTIONS: Mapping[str, _Labels] = {
    "Subject": _SUBJECT,
    "Creator Subject": _SUBJECT,
    "Target Subject": _LOGGED_ON,
    "New Logon": _LOGGED_ON
    | {
        "Linked Logon ID": "TargetLinkedLogonId", "Network Account Name": "TargetOutboundUserName",
        "Network Account Domain": "TargetOutboundDomainName",
    },
    "Account For Which Logon Failed": _LOGGED_ON,
    "Account Whose Credentials Were Used": {
        "Account Name": "TargetUserName", "Account Domain": "TargetDomainName", "Logon GUID": "TargetLogonGuid",
    },
    "Target Server": {"Target Server Name": "TargetServerName", "Additional Information": "TargetInfo"},
    "Target Account": _TARGET
    | {"Old Account Name": "OldTargetUserName", "New Account Name": "NewTargetUserName"},
    "New Account": _TARGET,
    "New Computer Account": _TARGET,
    "Computer Account That Was Changed": _TARGET,
    "Account That Was Locked Out": _TARGET,
    "Account Information": {
        "Security ID": "TargetSid", "User ID": "TargetSid", "Account Name": "TargetUserName",
        "Account Domain": "TargetDomainName", "Supplied Realm Name": "TargetDomainName", "Logon GUID": "LogonGuid",
    },
    "Member": {"Security ID": "MemberSid", "Account Name": "MemberName"},
    "Group": _GROUP,
    "New Group": _GROUP,
    "Deleted Group": _GROUP,
    "Changed Group": _GROUP,
    "User": _TARGET,
    "Logon Information": {
        "Logon Type": "LogonType", "Restricted Admin Mode": "RestrictedAdminMode",
        "Virtual Account": "VirtualAccount", "Elevated Token": "ElevatedToken",
    },
    "Failure Information": {"Failure Reason": "FailureReason", "Status": "Status", "Sub Status": "SubStatus"},
    "Process Information": {
        "Process ID": "ProcessId", "Process Name": "ProcessName", "Caller Process ID": "ProcessId",
        "Caller Process Name": "ProcessName", "New Process ID": "NewProcessId", "New Process Name": "NewProcessName",
        "Token Elevation Type": "TokenElevationType", "Mandatory Label": "MandatoryLabel",
        "Creator Process ID": "ProcessId", "Creator Process Name": "ParentProcessName", "Exit Status": "Status",
        "Process Command Line": "CommandLine",
    },
    "Network Information": {
        "Workstation Name": "WorkstationName", "Source Network Address": "IpAddress", "Source Port": "IpPort",
        "Network Address": "IpAddress", "Port": "IpPort", "Client Address": "IpAddress", "Client Port": "IpPort",
        "Source Address": "IpAddress", "Object Type": "ObjectType",
    },
    "Detailed Authentication Information": {
        "Logon Process": "LogonProcessName", "Authentication Package": "AuthenticationPackageName",
        "Transited Services": "TransmittedServices", "Package Name (NTLM only)": "LmPackageName", "Key Length": "KeyLength",
    },
    "Service Information": {
        "Service Name": "ServiceName", "Service ID": "ServiceSid", "Service File Name": "ServiceFileName",
        "Service Type": "ServiceType", "Service Start Type": "ServiceStartType", "Service Account": "ServiceAccount",
    },
    "Additional Information": {
        "Ticket Options": "TicketOptions", "Result Code": "Status", "Failure Code": "Status",
        "Ticket Encryption Type": "TicketEncryptionType", "Pre-Authentication Type": "PreAuthType",
        "Transited Services": "TransmittedServices", "Privileges": "PrivilegeList", "Client Name": "ClientName",
        "Client Address": "ClientAddress",
    },
    "Task Information": {"Task Name": "TaskName", "Task Content": "TaskContent", "Task New Content": "TaskContentNew"},
    "Share Information": {
        "Share Name": "ShareName", "Share Path": "ShareLocalPath", "Relative Target Name": "RelativeTargetName",
    },
    "Object": {
        "Object Server": "ObjectServer", "Object Type": "ObjectType", "Object Name": "ObjectName",
        "Object Value Name": "ObjectValueName", "Handle ID": "HandleId",
    },
    "Access Request Information": {"Accesses": "AccessList", "Access Mask": "AccessMask"},
    "Application Information": {"Process ID": "ProcessId", "Application Name": "Application"},
    "Change Information": {
        "Old Value Type": "OldValueType", "Old Value": "OldValue", "New Value Type": "NewValueType",
        "New Value": "NewValue",
    },
    "Session": {"Session Name": "SessionName"},
}  # fmt: skip
"""Of the Security log: title of a section to label to element."""
_LOGGED_OFF = {"Subject": _LOGGED_ON}
_SESSIONS = {
    "Subject": {"Account Name": "AccountName", "Account Domain": "AccountDomain", "Logon ID": "LogonID"}
}
_FLOW = {
    "Network Information": {
        "Direction": "Direction", "Source Address": "SourceAddress", "Source Port": "SourcePort",
        "Destination Address": "DestAddress", "Destination Port": "DestPort", "Protocol": "Protocol",
    }
}  # fmt: skip
_CALLER = {"Process Information": {"Process ID": "CallerProcessId", "Process Name": "CallerProcessName"}}
_OTHERWISE: Mapping[int, Mapping[str, _Labels]] = {
    **dict.fromkeys((4634, 4647), _LOGGED_OFF),
    **dict.fromkeys((4778, 4779), _SESSIONS),
    **dict.fromkeys(range(5150, 5160), _FLOW),
    **dict.fromkeys((4798, 4799), _CALLER),
    4740: {"Additional Information": {"Caller Computer Name": "TargetDomainName"}},
    4769: {"Additional Information": {"Failure Code": "Status", "Ticket Options": "TicketOptions",
                                      "Ticket Encryption Type": "TicketEncryptionType",
                                      "Transited Services": "TransmittedServices"}},
}  # fmt: skip
"""By event, where a section's labels mean something else."""
_ALONE: Mapping[int, _Labels] = {
    4672: {"Privileges": "PrivilegeList"},
    4776: {"Authentication Package": "PackageName", "Logon Account": "TargetUserName",
           "Source Workstation": "Workstation", "Error Code": "Status"},
    7045: {"Service Name": "ServiceName", "Service File Name": "ImagePath", "Service Type": "ServiceType",
           "Service Start Type": "StartType", "Service Account": "AccountName"},
}  # fmt: skip
"""By event, labels outside of sections."""
_ANYWHERE: _Labels = {"Logon Type": "LogonType"}
"""Older texts have it between two sections."""
_NUMBERED: Mapping[str, _Labels] = {
    "Direction": {"Inbound": "%%14592", "Outbound": "%%14593"},
    "FailureReason": {said: number for number, said in FAILURE_REASONS.items()},
}
"""What EventData has numbers for, which the text replaces."""
_COMMAND = "Process Command Line"
_AFTER_COMMAND = "Token Elevation Type indicates"
_LISTS = frozenset({"Privileges", "Accesses"})
"""Labels whose values go on in the next lines."""
_KNOWN = (
    set(_SECTIONS)
    | set(_ANYWHERE)
    | {label for labels in (*_SECTIONS.values(), *_ALONE.values()) for label in labels}
    | {label for sections in _OTHERWISE.values() for labels in sections.values() for label in labels}
)


def _labels(words: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern of labels, of which the longest that fits counts."""
    return re.compile(rf"(?:^|\s)({'|'.join(map(re.escape, sorted(words, key=len, reverse=True)))}):(?=\s|$)")


_IN_ONE_LINE = _labels(_KNOWN)

_SYSMON = (
    "RuleName UtcTime ProcessGuid ProcessId SourceProcessGUID SourceProcessGuid SourceProcessId SourceThreadId SourceImage "
    "TargetProcessGUID TargetProcessGuid TargetProcessId TargetImage NewThreadId StartAddress StartModule StartFunction "
    "GrantedAccess CallTrace SourceUser TargetUser Image EventType TargetObject Details NewName TargetFilename "
    "CreationUtcTime PreviousCreationUtcTime ImageLoaded FileVersion Description Product Company OriginalFileName "
    "Signed Signature SignatureStatus PipeName QueryName QueryStatus QueryResults Protocol Initiated SourceIsIpv6 "
    "SourceIp SourceHostname SourcePort SourcePortName DestinationIsIpv6 DestinationIp DestinationHostname "
    "DestinationPort DestinationPortName CommandLine CurrentDirectory User LogonGuid LogonId TerminalSessionId "
    "IntegrityLevel Hashes Hash Archived IsExecutable ParentProcessGuid ParentProcessId ParentImage "
    "ParentCommandLine ParentUser"
).split()
_SYSMON_LABEL = _labels(_SYSMON)
_ELEMENT = re.compile(r"[A-Za-z]{2,40}", re.ASCII)
_SCRIPT = re.compile(r"Creating Scriptblock text \((\d{1,6}) of (\d{1,6})\):", re.ASCII | re.IGNORECASE)


def elements(channel: str, code: int, message: str) -> dict[str, str]:
    """Return the elements that the text of an event tells, by EventData's names; none where it is of a log
    whose texts are not known."""
    message = message[:LONGEST].replace("\r\n", "\n")
    if channel == "Microsoft-Windows-Sysmon/Operational":
        return _sysmon(message)
    if code == 4104 and (script := _SCRIPT.match(message)):
        return _script_block(message[script.end() :], script[1], script[2])
    if channel == "Security" or (channel == "System" and code == 7045):
        return _labelled(code, message)
    return {}


def _labelled(code: int, message: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = message.find(f"{_COMMAND}:") if code == 4688 else -1
    if at >= 0:
        command = message[at + len(_COMMAND) + 1 :]
        end = command.rfind(_AFTER_COMMAND)
        found["CommandLine"] = (command[:end] if end >= 0 else command).strip()
        message = message[:at]
    alone = {**_ANYWHERE, **_ALONE.get(code, {})}
    otherwise = _OTHERWISE.get(code, {})
    labels: _Labels = {}
    for label, value in _lines(message) if "\n" in message else _words(message):
        if not value and (section := otherwise.get(label) or _SECTIONS.get(label)) is not None:
            labels = section
            continue
        element = labels.get(label) or alone.get(label)
        if element is None or not value:
            continue
        if element.endswith("Sid") and not value.startswith("S-1-"):
            continue
        if element.endswith(("LogonId", "LogonID")):
            value = value.lower()
        found[element] = _NUMBERED.get(element, {}).get(value, value)
    return {name: value for name, value in found.items() if value}


def _lines(message: str) -> Iterator[tuple[str, str]]:
    """Yield label and value of each line that has one; lists go on without a label."""
    label = ""
    gathered: list[str] = []
    for line in message.split("\n"):
        name, colon, value = line.strip().partition(":")
        if colon and name in _KNOWN:
            if label:
                yield label, " ".join(gathered)
            label, gathered = name, [value.strip()] if value.strip() else []
        elif label in _LISTS and line.strip() and len(gathered) < 100:
            gathered.append(line.strip())
        elif not line.strip() and gathered:
            yield label, " ".join(gathered)
            label, gathered = "", []
    if label:
        yield label, " ".join(gathered)


def _words(message: str) -> Iterator[tuple[str, str]]:
    """The same of a text in one line."""
    matches = list(_IN_ONE_LINE.finditer(message))
    for at, match in enumerate(matches):
        end = matches[at + 1].start() if at + 1 < len(matches) else len(message)
        value = message[match.end() : end].strip()
        if match[1] in _LISTS:
            value = " ".join(value.split())
        elif at + 1 == len(matches):  # what explains the event stands behind a wide gap
            value = value.split("    ", 1)[0].strip()
        yield match[1], value


def _sysmon(message: str) -> dict[str, str]:
    found: dict[str, str] = {}
    if "\n" in message:
        for line in message.split("\n")[:200]:
            name, colon, value = line.strip().partition(":")
            if colon and _ELEMENT.fullmatch(name):
                found.setdefault(name, value.strip())
        return {name: value for name, value in found.items() if value}
    matches = list(_SYSMON_LABEL.finditer(message))
    behind, before, twice = False, frozenset[str](), set[str]()
    for at, match in enumerate(matches):
        end = matches[at + 1].start() if at + 1 < len(matches) else len(message)
        name, value = match[1], message[match.end() : end].strip()
        if name in found:
            if behind and name not in before:
                twice.add(name)
            continue
        if name in ("CommandLine", "Details", "QueryResults") and not behind:
            behind, before = True, frozenset(found)
        found[name] = value
    return {name: value for name, value in found.items() if value and name not in twice}


def _script_block(rest: str, number: str, total: str) -> dict[str, str]:
    text, _, tail = rest.rpartition("ScriptBlock ID:")
    identity, _, path = tail.partition("Path:")
    found = {
        "MessageNumber": number,
        "MessageTotal": total,
        "ScriptBlockText": (text or rest).strip(),
        "ScriptBlockId": identity.strip() if text else "",
        "Path": path.strip(),
    }
    return {name: value for name, value in found.items() if value}
