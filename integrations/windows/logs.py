"""The smaller logs: Defender, tasks, WMI, BITS, AppLocker, firewall, DNS, NTLM, remote desktop and others.

Elements as their publishers' manifests name them (``wevtutil gp <publisher> /ge``); Defender's:
https://learn.microsoft.com/defender-endpoint/troubleshoot-microsoft-defender-antivirus
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from integrations.fields import integer, put, put_end, put_new
from integrations.text import address
from integrations.web import domain_parts, put_executable, put_path, put_url
from integrations.windows.records import WindowsRecord
from integrations.windows.security import said
from integrations.windows.sysmon import DNS_TYPES, put_answers, split_user
from rules.ecs import Document

Reader = Callable[[WindowsRecord, dict[str, Any], Document], None]
_SEVERITIES = {"1": 21, "2": 47, "4": 73, "5": 99}
"""Defender's severity ids (low, moderate, high, severe) on Elastic's usual steps."""


def _set_user(document: Document, value: Any) -> None:
    if user := split_user(value):
        document["user"] = user


def _defender(record: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    _set_user(document, said(data, "DetectionUser") or said(data, "User"))
    event = document["event"]
    threat = said(data, "ThreatName")
    if threat:
        put(document, "rule.name", threat)
        put(document, "threat.indicator.name", threat)
    put(
        document,
        "rule.id",
        said(data, "ThreatID") or (said(data, "ID") if record.code in range(1121, 1129) else None),
    )
    put(document, "rule.category", said(data, "CategoryName"))
    if (severity := _SEVERITIES.get(str(data.get("SeverityID")))) is not None:
        event["severity"] = severity
    path = said(data, "Path")
    if path:
        first = path.split(";", 1)[0].strip()
        kind, separator, rest = first.partition(":_")
        plain = rest.partition("->")[0] if separator and kind in ("file", "containerfile") else first
        if not separator or kind in ("file", "containerfile"):
            put_path(document, "file", plain)
    process = said(data, "ProcessName")
    if process and process.lower() == "unknown":
        document.get("process", {}).pop("executable", None)
        if not document.get("process"):
            document.pop("process", None)
    put(document, "process.pid", integer(data.get("ProcessID") or data.get("ProcessId")) or None)
    put(
        document,
        "error.code",
        code if (code := said(data, "ErrorCode")) not in (None, "0x00000000") else None,
    )
    if record.code in (1118, 1119, 1008):
        put(document, "error.message", said(data, "ErrorDescription"))
    put(document, "event.reason", said(data, "FeatureName") if record.code in (5001, 3002) else None)


def _task(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    _set_user(document, said(data, "UserContext") or said(data, "UserName"))
    path = said(data, "Path") or said(data, "ActionName")
    if path and "\\" in path:
        put_executable(document, "process", path.strip('"'))
    put(document, "process.pid", integer(data.get("ProcessID")))


def _wmi(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    _set_user(document, said(data, "User"))
    put(document, "process.pid", integer(data.get("ClientProcessId") or data.get("ProcessID")))
    put(document, "error.code", said(data, "ResultCode"))
    if machine := said(data, "ClientMachine"):
        put(document, "source.domain", machine)


def _bits(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    _set_user(document, said(data, "jobOwner") or said(data, "User"))
    put_url(document, said(data, "url") or said(data, "RemoteName"))
    if local := said(data, "LocalName"):
        put_path(document, "file", local)
    if path := said(data, "processPath"):
        put_executable(document, "process", path)
    put(document, "process.pid", integer(data.get("processId")))


def _applocker(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    path = said(data, "FullFilePath") or said(data, "FilePath")
    if path and "\\" in path:
        put_path(document, "file", path)
    if (sum := said(data, "FileHash")) and len(sum) == 64:
        put(document, "file.hash.sha256", sum.lower())
    if user := said(data, "TargetUser"):
        put(document, "user.id", user)
    put(document, "process.pid", integer(data.get("TargetProcessId")))
    put(document, "rule.id", said(data, "RuleId"))
    put(document, "rule.name", said(data, "RuleName"))
    put(document, "rule.ruleset", said(data, "PolicyName"))


def _firewall(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    put(document, "rule.id", said(data, "RuleId"))
    put(document, "rule.name", said(data, "RuleName"))
    put(document, "user.id", said(data, "ModifyingUser"))
    if path := said(data, "ModifyingApplication"):
        put_executable(document, "process", path)
    put(document, "network.direction", {"1": "ingress", "2": "egress"}.get(str(data.get("Direction"))))


def _dns(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    put(document, "network.protocol", "dns")
    put_answers(data, document)
    document.pop("sysmon", None)


def _dns_server(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    """A query that the DNS server was asked: who asked, for what."""
    put(document, "network.protocol", "dns")
    put_end(document, "source", said(data, "Source"), data.get("Port"))
    put(document, "network.transport", {"0": "udp", "1": "tcp"}.get(str(data.get("TCP"))))
    put_end(document, "destination", said(data, "Destination"))
    if (name := said(data, "QNAME")) is not None:
        plain = name.rstrip(".")
        put(document, "dns.question", {"name": plain, **domain_parts(plain)})
    put(document, "dns.question.type", DNS_TYPES.get(str(data.get("QTYPE"))))
    put(document, "dns.response_code", _RESPONSES.get(str(data.get("RCODE"))))
    put(document, "dns.id", said(data, "XID"))


_RESPONSES = {"0": "NOERROR", "1": "FORMERR", "2": "SERVFAIL", "3": "NXDOMAIN", "4": "NOTIMP", "5": "REFUSED"}


def _lsa(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    put(document, "user.id", said(data, "TargetUserSid"))
    put(document, "user.name", said(data, "TargetUserName"))
    put(document, "user.domain", said(data, "TargetDomainName"))


def _remote(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    name = said(data, "UserName") or said(data, "TargetUserName") or said(data, "SubjectUserName")
    domain = said(data, "DomainName") or said(data, "TargetDomainName")
    if name:
        put(document, "user.name", name)
        put(document, "user.domain", domain)
    put(document, "source.domain", said(data, "WorkstationName") or said(data, "Workstation"))
    target = said(data, "TargetName")
    if target:
        put(document, "destination.domain", target.rpartition("/")[2])


def _integrity(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    path = said(data, "FileNameBuffer") or said(data, "FileName") or said(data, "ImageName")
    if path:
        put_path(document, "file", path)
    process = said(data, "ProcessNameBuffer") or said(data, "ProcessName") or said(data, "ProcessPath")
    if process:
        put_executable(document, "process", process)
    put(document, "process.pid", integer(data.get("ProcessId")))
    put(document, "rule.name", said(data, "PolicyName"))


def _terminal(_record: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    user = said(data, "User") or said(data, "Param1")
    _set_user(document, user)
    if domain := said(data, "Param2"):
        put_new(document, "user.domain", domain)
    host = said(data, "Address") or said(data, "Param3")
    if host and host.upper() != "LOCAL":
        put_end(document, "source", host)
    put(document, "session.id", said(data, "SessionID"))


def _rdp(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    if host := said(data, "Value"):
        put_end(document, "destination", host)
    put(document, "network.protocol", "rdp")


def _gateway(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    _set_user(document, said(data, "Username"))
    put_end(document, "source", said(data, "IpAddress"))
    put_end(document, "destination", said(data, "Resource"))
    put(document, "error.code", code if (code := said(data, "ErrorCode")) != "0" else None)
    put(document, "source.bytes", integer(data.get("BytesTransfered")))
    put(document, "destination.bytes", integer(data.get("BytesReceived")))
    seconds = integer(data.get("SessionDuration"))
    put(
        document,
        "event.duration",
        seconds * 1_000_000_000 if seconds is not None and seconds < 10**9 else None,
    )


def _smb(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    put(document, "network.protocol", "smb")
    put(document, "user.name", said(data, "UserName"))
    client = (said(data, "ClientName") or said(data, "ClientAddress") or "").lstrip("\\")
    if client:
        host, _colon, port = client.rpartition(":")
        if address(host.strip("[]")):
            put_end(document, "source", host, port)
        else:
            put_end(document, "source", client)
    if server := said(data, "ServerName"):
        put_end(document, "destination", server.lstrip("\\"))


LOG_READERS: Mapping[str, Reader] = {
    "defender": _defender,
    "task": _task,
    "wmi": _wmi,
    "bits": _bits,
    "applocker": _applocker,
    "firewall": _firewall,
    "dns": _dns,
    "dns_server": _dns_server,
    "lsa": _lsa,
    "remote": _remote,
    "integrity": _integrity,
    "terminal": _terminal,
    "rdp": _rdp,
    "gateway": _gateway,
    "smb": _smb,
}
