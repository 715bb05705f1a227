"""Who did what to whom in the Security log: users, groups, logons, addresses.

The acting account is ``user``, the one acted upon ``user.target``; a logon is the act of who logs on.
Elements by event: https://learn.microsoft.com/windows/security/threat-protection/auditing/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from integrations.fields import integer, port_number, put
from integrations.flows import put_flow, put_transport
from integrations.text import address
from integrations.windows.names import ENCRYPTIONS, FAILURE_REASONS, KERBEROS, LOGON_TYPES, STATUSES
from integrations.windows.records import WindowsRecord
from rules.ecs import Document

_NONE = frozenset({"", "-", "S-1-0-0", "%%1793", "NULL SID"})
_LONG = 1 + max(map(len, _NONE))
"""A text of so many characters says something: it need not be hashed to be looked up."""
_RDN = re.compile(r"(CN|DC)=((?:[^,\\]|\\.)*+)", re.IGNORECASE)


def said(data: Mapping[str, Any], name: str) -> str | None:
    """Return the text of an element, None for what says nothing."""
    value = data.get(name)
    if type(value) is not str or (len(value) < _LONG and value in _NONE):
        return None
    return value


def account(data: Mapping[str, Any], prefix: str, sid: str = "UserSid") -> dict[str, Any]:
    """Return ``id``, ``name`` and ``domain`` of the account that the elements of a prefix name."""
    found: dict[str, Any] = {}
    for field, element in _elements(prefix, sid):
        value = data.get(element)
        if type(value) is str and (len(value) >= _LONG or value not in _NONE):
            found[field] = value
    return found


@cache
def _elements(prefix: str, sid: str) -> tuple[tuple[str, str], ...]:
    return ("id", prefix + sid), ("name", prefix + "UserName"), ("domain", prefix + "DomainName")


def relate_user(document: Document, name: str | None) -> None:
    """Name a user who is in no field of ``user``."""
    if name:
        users = document.setdefault("related", {}).setdefault("user", [])
        if name not in users:
            users.append(name)


def set_logon(document: Document, data: Mapping[str, Any], element: str) -> None:
    if value := said(data, element):
        document["winlog"].setdefault("logon", {})["id"] = value


def set_source(document: Document, data: Mapping[str, Any], host: str, port: str = "IpPort") -> None:
    """Set the address that a request came from; an IPv4 one is written as such."""
    value = said(data, host)
    if value and (len(value) > 7 or value.upper() not in ("LOCAL", "UNKNOWN")):
        plain = value.strip("[]")
        ip = address(plain)
        source = document.setdefault("source", {})
        if ip:
            source["ip"] = source["address"] = ip
            if number := port_number(data.get(port)):
                source["port"] = number
        else:
            source["domain"] = plain.lstrip("\\")


def set_process(document: Document, data: Mapping[str, Any]) -> None:
    pid = integer(data.get("ProcessId"))
    if pid:
        document.setdefault("process", {})["pid"] = pid


def _subject(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    if user := account(data, "Subject"):
        document["user"] = user
    set_logon(document, data, "SubjectLogonId")
    set_process(document, data)


def _logon(record: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    user = account(data, "Target")
    if record.code == 4624 and (outbound := said(data, "TargetOutboundUserName")):
        relate_user(document, outbound)
    if user:
        document["user"] = user
    relate_user(document, said(data, "SubjectUserName"))
    winlog = document["winlog"]
    logon: dict[str, Any] = {}
    if (value := said(data, "TargetLogonId")) or (value := said(data, "SubjectLogonId")):
        logon["id"] = value
    if name := LOGON_TYPES.get(data.get("LogonType", "")):
        logon["type"] = name
    if record.code == 4625:
        failure: dict[str, Any] = {}
        if (reason := said(data, "FailureReason")) is not None:
            failure["reason"] = FAILURE_REASONS.get(reason, reason)
            if reason in FAILURE_REASONS:
                document["event"]["reason"] = FAILURE_REASONS[reason]
        for element, field in (("Status", "status"), ("SubStatus", "sub_status")):
            if (status := said(data, element)) is not None:
                failure[field] = STATUSES.get(status.lower(), status)
        if failure:
            logon["failure"] = failure
    if logon:
        winlog["logon"] = logon
    set_source(document, data, "IpAddress")
    if station := said(data, "WorkstationName"):
        document.setdefault("source", {})["domain"] = station.lstrip("\\")
    set_process(document, data)


def _explicit(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    user = account(data, "Subject")
    if effective := account(data, "Target"):
        user["effective"] = effective
    if user:
        document["user"] = user
    set_logon(document, data, "SubjectLogonId")
    set_source(document, data, "IpAddress")
    set_process(document, data)


def _target(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    user = account(data, "Subject")
    target = account(data, "Target", "Sid") or {}
    if not target.get("id") and (sid := said(data, "TargetUserSid") or said(data, "AccountSid")):
        target["id"] = sid
    if "name" not in target and (name := said(data, "AccountName")):
        target["name"] = name
    if target:
        user["target"] = target
    if user:
        document["user"] = user
    set_logon(document, data, "SubjectLogonId")
    pid = integer(data.get("CallerProcessId") or data.get("ProcessId"))
    if pid:
        document.setdefault("process", {})["pid"] = pid
    if caller := said(data, "CallerProcessName"):
        document.setdefault("process", {})["executable"] = caller


def _rename(record: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    _target(record, data, document)
    user = document.setdefault("user", {})
    target = user.setdefault("target", {})
    if old := said(data, "OldTargetUserName"):
        target["name"] = old
    if new := said(data, "NewTargetUserName"):
        user["changes"] = {"name": new}
        relate_user(document, new)
        if "name" not in target:
            target["name"] = new


def _group(record: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    user = account(data, "Subject")
    group = account(data, "Target", "Sid")
    if group:
        document["group"] = group
    target: dict[str, Any] = {}
    if (member := said(data, "MemberName")) is not None:
        names = _RDN.findall(member[:1024])
        if names and names[0][0].upper() == "CN":
            target["name"] = names[0][1].replace("\\", "")
        domain = ".".join(value for kind, value in names if kind.upper() == "DC")
        if domain:
            target["domain"] = domain
    if sid := said(data, "MemberSid"):
        target["id"] = sid
    if group and record.code not in (4799,):
        target["group"] = dict(group)
    if target:
        user["target"] = target
    if user:
        document["user"] = user
    set_logon(document, data, "SubjectLogonId")
    if pid := integer(data.get("CallerProcessId")):
        document.setdefault("process", {})["pid"] = pid
    if caller := said(data, "CallerProcessName"):
        document.setdefault("process", {})["executable"] = caller


def _process(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    user = account(data, "Subject")
    if (effective := account(data, "Target")).get("name"):
        user["effective"] = effective
    if user:
        document["user"] = user
    process = document.setdefault("process", {})
    if (pid := integer(data.get("NewProcessId"))) is not None:
        process["pid"] = pid
    if (pid := integer(data.get("ProcessId"))) is not None:
        process.setdefault("parent", {})["pid"] = pid
    if not process:
        del document["process"]
    set_logon(document, data, "SubjectLogonId")


def _exit(record: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    _subject(record, data, document)
    if (code := integer(data.get("Status"))) is not None:
        document.setdefault("process", {})["exit_code"] = code


def _service(record: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    if record.channel == "Security":
        _subject(record, data, document)
        return
    name = said(data, "ServiceName") or said(data, "param1")
    if name:
        document["service"] = {"name": name}
    if record.code == 7036 and (state := said(data, "param2")):
        document["service"] = {**document.get("service", {}), "state": state}
    if record.sid:
        document["user"] = {"id": record.sid}


def _kerberos(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    user = account(data, "Target", "Sid")
    if name := user.get("name"):
        plain, at, realm = name.partition("@")
        if at and plain:
            user["name"] = plain
            user.setdefault("domain", realm)
    if user:
        document["user"] = user
    set_source(document, data, "IpAddress")
    status = said(data, "Status") or said(data, "FailureCode")
    if status:
        if name := KERBEROS.get(status.lower()):
            data["StatusDescription"] = name
        if status.lower() != "0x0":
            document["event"]["outcome"] = "failure"
            if name:
                document["event"]["reason"] = name
        else:
            document["event"].setdefault("outcome", "success")
    if name := ENCRYPTIONS.get(str(data.get("TicketEncryptionType")).lower()):
        data["TicketEncryptionTypeDescription"] = name
    if service := said(data, "ServiceName"):
        document["service"] = {"name": service}


def _ntlm(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    if name := said(data, "TargetUserName"):
        document["user"] = {"name": name}
        if domain := said(data, "TargetDomainName"):
            document["user"]["domain"] = domain
    if station := said(data, "Workstation"):
        document["source"] = {"domain": station.lstrip("\\")}
    if (status := said(data, "Status")) is not None:
        failed = status.lower() not in ("0x0", "0x00000000")
        document["event"]["outcome"] = "failure" if failed else "success"
        if failed and (reason := STATUSES.get(status.lower())):
            document["event"]["reason"] = reason


def _session(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    user: dict[str, Any] = {}
    if name := said(data, "AccountName"):
        user["name"] = name
    if domain := said(data, "AccountDomain"):
        user["domain"] = domain
    if user:
        document["user"] = user
    set_logon(document, data, "LogonID")
    set_source(document, data, "ClientAddress")
    if (name := said(data, "ClientName")) and name.upper() != "UNKNOWN":
        document.setdefault("source", {})["domain"] = name


def _object(record: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    _subject(record, data, document)
    name, kind = said(data, "ObjectName"), said(data, "ObjectType")
    if not name:
        return
    if kind == "File":
        document["file"] = {"path": name}
    elif kind == "Key":
        document["registry"] = {"path": name, "is_key": True}
        document["event"]["category"] = ["registry"]


def _registry(record: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    _subject(record, data, document)
    if key := said(data, "ObjectName"):
        value = said(data, "ObjectValueName")
        document["registry"] = {"path": f"{key}\\{value}" if value else key}
        if not value:
            document["registry"]["is_key"] = True
        if (content := said(data, "NewValue")) is not None:
            document["registry"]["data"] = {"strings": [content]}
            if kind := _REGISTRY_TYPES.get(data.get("NewValueType", "")):
                document["registry"]["data"]["type"] = kind


_REGISTRY_TYPES = {
    "%%1873": "REG_SZ", "%%1874": "REG_EXPAND_SZ", "%%1875": "REG_BINARY", "%%1876": "REG_DWORD",
    "%%1879": "REG_MULTI_SZ", "%%1883": "REG_QWORD",
}  # fmt: skip


def _share(record: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    _subject(record, data, document)
    set_source(document, data, "IpAddress")
    share, target = said(data, "ShareLocalPath"), said(data, "RelativeTargetName")
    if share:
        root = share.removeprefix("\\??\\").rstrip("\\")
        whole = f"{root}\\{target}" if target and target != "\\" else root
        document["file"] = {"path": whole, "directory": whole.rpartition("\\")[0] or whole}
    elif target and target != "\\" and record.code == 5145:
        document["file"] = {"path": target}
    if record.code == 5140 or (record.code == 5145 and not said(data, "RelativeTargetName")):
        document.pop("file", None) if not share else None
    document["network"] = {"protocol": "smb"} if record.code in (5140, 5145, 5168) else {}
    if not document["network"]:
        del document["network"]


def _filtering(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    """The Windows Filtering Platform's: source and destination are the packet's; outbound starts here."""
    direction = {"%%14592": "ingress", "%%14593": "egress"}.get(str(data.get("Direction")))
    put(document, "network.direction", direction)
    put_transport(document, data.get("Protocol"))
    put_flow(document)
    pid = integer(data.get("ProcessId") or data.get("ProcessID"))
    if pid is not None:
        document.setdefault("process", {})["pid"] = pid


def _nps(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    """Network Policy Server: RADIUS."""
    user = account(data, "Subject")
    if user:
        name = user.get("name", "")
        domain, separator, plain = name.partition("\\")
        if separator and plain:
            user["name"], user["domain"] = plain, domain
        document["user"] = user
    if reason := said(data, "Reason"):
        document["event"]["reason"] = reason
    station = said(data, "CallingStationID")
    if station and (ip := address(station)):
        document["source"] = {"ip": ip, "address": ip}


SECURITY_READERS = {
    "subject": _subject,
    "logon": _logon,
    "explicit": _explicit,
    "target": _target,
    "rename": _rename,
    "group": _group,
    "process": _process,
    "exit": _exit,
    "service": _service,
    "kerberos": _kerberos,
    "ntlm": _ntlm,
    "session": _session,
    "object": _object,
    "registry": _registry,
    "share": _share,
    "filtering": _filtering,
    "nps": _nps,
}
