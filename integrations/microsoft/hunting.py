"""Records of Defender XDR's streaming API: the tables of advanced hunting.

Each is ``{"time", "tenantId", "category": "AdvancedHunting-DeviceProcessEvents", "properties": {…}}``.
Tables: https://learn.microsoft.com/defender-xdr/advanced-hunting-schema-tables. In the Device tables the
initiating process did it; in DeviceProcessEvents it is the parent of the process that the record is about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from integrations.endpoints import put_account, put_command, put_sums, put_threat, system_type
from integrations.fields import add, categorise, integer, mac, mapping, number, put, put_end, put_new, text
from integrations.flows import put_flow, put_transport
from integrations.microsoft.evidence import SEVERITIES, joined_path, put_image
from integrations.text import address
from integrations.times import Times
from integrations.web import domain_parts, put_agent, put_path, put_url
from rules.ecs import Document

Fields = Mapping[str, Any]
Meaning = tuple[tuple[str, ...], tuple[str, ...]]

_ACTIONS: Mapping[str, Meaning] = {
    "ProcessCreated": (("process",), ("start",)),
    "OpenProcess": (("process",), ("access",)),
    "ConnectionSuccess": (("network",), ("start", "connection", "allowed")),
    "ConnectionFailed": (("network",), ("connection", "error")),
    "ConnectionAttempt": (("network",), ("start", "connection")),
    "ConnectionRequest": (("network",), ("start", "connection")),
    "ConnectionFound": (("network",), ("connection", "info")),
    "ConnectionAcknowledged": (("network",), ("connection", "info")),
    "InboundConnectionAccepted": (("network",), ("start", "connection", "allowed")),
    "InboundConnectionBlocked": (("network",), ("connection", "denied")),
    "ListeningConnectionCreated": (("network",), ("start",)),
    "DnsConnectionInspected": (("network",), ("connection", "protocol")),
    "FileCreated": (("file",), ("creation",)),
    "FileModified": (("file",), ("change",)),
    "FileRenamed": (("file",), ("change",)),
    "FileDeleted": (("file",), ("deletion",)),
    "RegistryKeyCreated": (("registry", "configuration"), ("creation",)),
    "RegistryKeyDeleted": (("registry", "configuration"), ("deletion",)),
    "RegistryKeyRenamed": (("registry", "configuration"), ("change",)),
    "RegistryValueSet": (("registry", "configuration"), ("change",)),
    "RegistryValueDeleted": (("registry", "configuration"), ("deletion",)),
    "ImageLoaded": (("library",), ("start",)),
    "DriverLoad": (("driver",), ("start",)),
    "LogonSuccess": (("authentication",), ("start",)),
    "LogonFailed": (("authentication",), ("start",)),
    "LogonAttempted": (("authentication",), ("start",)),
    "AntivirusDetection": (("malware",), ("info",)),
    "AntivirusReport": (("malware",), ("info",)),
    "PowerShellCommand": (("process",), ("info",)),
    "CreateRemoteThreadApiCall": (("process",), ("change",)),
    "ScheduledTaskCreated": (("configuration",), ("creation",)),
    "ScheduledTaskDeleted": (("configuration",), ("deletion",)),
    "ScheduledTaskUpdated": (("configuration",), ("change",)),
    "ServiceInstalled": (("configuration",), ("creation",)),
    "UserAccountCreated": (("iam",), ("user", "creation")),
    "UserAccountDeleted": (("iam",), ("user", "deletion")),
    "UserAccountModified": (("iam",), ("user", "change")),
    "UserAccountAddedToLocalGroup": (("iam",), ("group", "change")),
    "UserAccountRemovedFromLocalGroup": (("iam",), ("group", "change")),
    "PasswordChangeAttempt": (("iam",), ("user", "change")),
    "DnsQueryResponse": (("network",), ("protocol", "info")),
    "UsbDriveMounted": (("host",), ("start",)),
    "UsbDriveUnmounted": (("host",), ("end",)),
    "SecurityLogCleared": (("iam",), ("admin", "change")),
}
_TABLES: Mapping[str, Meaning] = {
    "DeviceProcessEvents": (("process",), ("info",)),
    "DeviceNetworkEvents": (("network",), ("info",)),
    "DeviceFileEvents": (("file",), ("info",)),
    "DeviceRegistryEvents": (("registry", "configuration"), ("info",)),
    "DeviceImageLoadEvents": (("library",), ("start",)),
    "DeviceLogonEvents": (("authentication",), ("info",)),
    "DeviceEvents": (("host",), ("info",)),
    "DeviceInfo": (("host",), ("info",)),
    "DeviceNetworkInfo": (("host", "network"), ("info",)),
    "DeviceFileCertificateInfo": (("file",), ("info",)),
    "EmailEvents": (("email",), ("info",)),
    "EmailAttachmentInfo": (("email", "file"), ("info",)),
    "EmailUrlInfo": (("email",), ("info",)),
    "EmailPostDeliveryEvents": (("email",), ("change",)),
    "UrlClickEvents": (("web", "email"), ("access",)),
    "IdentityLogonEvents": (("authentication",), ("start",)),
    "IdentityQueryEvents": (("iam",), ("info",)),
    "IdentityDirectoryEvents": (("iam",), ("change",)),
    "IdentityInfo": (("iam",), ("user", "info")),
    "CloudAppEvents": (("web",), ("access",)),
    "AADSignInEventsBeta": (("authentication",), ("start",)),
    "AADSpnSignInEventsBeta": (("authentication",), ("start",)),
    "EntraIdSignInEvents": (("authentication",), ("start",)),
    "CloudAuditEvents": (("configuration",), ("info",)),
    "CloudProcessEvents": (("process",), ("start",)),
    "CloudStorageAggregatedEvents": (("file",), ("access",)),
    "DataSecurityEvents": (("file",), ("info",)),
    "GraphApiAuditEvents": (("web", "api"), ("access",)),
    "MessageEvents": (("email",), ("info",)),
    "MessagePostDeliveryEvents": (("email",), ("change",)),
    "MessageUrlInfo": (("email",), ("info",)),
    "CampaignInfo": (("email", "threat"), ("info",)),
    "OAuthAppInfo": (("configuration",), ("info",)),
    "BehaviorInfo": (("threat",), ("info",)),
    "BehaviorEntities": (("threat",), ("info",)),
    "AlertInfo": (("intrusion_detection",), ("info",)),
    "AlertEvidence": (("intrusion_detection",), ("info",)),
}
_INITIATING = "InitiatingProcess"
_LOGON_OUTCOMES = {"LogonSuccess": "success", "LogonFailed": "failure"}


def read_hunting(entry: Mapping[str, Any], times: Times) -> Document:
    """Return the document of one record of the streaming API. Raises `UnparsedError`."""
    table = (text(entry.get("category")) or "").removeprefix("AdvancedHunting-")
    fields = mapping(entry.get("properties"))
    action = text(fields.get("ActionType"))
    other = ("vulnerability",) if table.startswith("DeviceTvm") else ()
    category, type = _ACTIONS.get(action or "") or _TABLES.get(table, (other, ("info",)))
    if table.startswith("Identity") and table in _TABLES:
        category, type = _TABLES[table]
    document: Document = {}
    alert = table in ("AlertInfo", "AlertEvidence") or action in (
        "AntivirusDetection",
        "ExploitGuardNetworkProtectionBlocked",
    )
    categorise(document, category, type, kind="alert" if alert else "event", action=action or table)
    if action and action.endswith("Blocked") and "denied" not in document["event"]["type"]:
        document["event"]["type"] = ["denied"]
    document["@timestamp"] = times.required(
        times.any(fields.get("Timestamp")), times.any(entry.get("time")), times.any(entry.get("Time"))
    )
    put(document, "event.outcome", _LOGON_OUTCOMES.get(action or ""))
    if category == ("authentication",) and (code := text(fields.get("ErrorCode"))) is not None:
        put(document, "event.outcome", "success" if code == "0" else "failure")
        put(document, "event.code", code)
    put(document, "cloud.provider", "azure")
    put(document, "cloud.account.id", text(entry.get("tenantId")))
    put(document, "observer.vendor", "Microsoft")
    put(document, "observer.product", "Defender XDR")
    put(document, "vulnerability.id", text(fields.get("CveId")))
    put(document, "vulnerability.severity", text(fields.get("VulnerabilitySeverityLevel")))
    _device(fields, document)
    if table.startswith("Device"):
        if table == "DeviceProcessEvents":
            _process(fields, times, document)
        else:
            _initiating(fields, "process", times, document)
        _thing(table, fields, document)
    reader = _READERS.get(table)
    if reader is not None:
        reader(fields, times, document)
    return document


def _device(fields: Fields, document: Document) -> None:
    name = text(fields.get("DeviceName"))
    put(document, "host.name", name)
    put(document, "host.hostname", name.partition(".")[0] if name else None)
    put(document, "host.domain", name.partition(".")[2] if name else None)
    put(document, "host.id", text(fields.get("DeviceId")))
    platform = fields.get("OSPlatform")
    put(document, "host.os.name", text(platform))
    # Most tables don't name the system; a backslash in a path does.
    paths = (fields.get("FolderPath"), fields.get(_INITIATING + "FolderPath"))
    windows = any(isinstance(path, str) and "\\" in path for path in paths)
    put(document, "host.os.type", system_type(platform) or ("windows" if windows else None))
    put(document, "host.os.version", text(fields.get("OSVersion")))
    put(document, "group.name", text(fields.get("MachineGroup")))


def _initiating(fields: Fields, place: str, times: Times, document: Document) -> None:
    """The process that did it, at `place`, and its parent."""

    def given(name: str) -> Any:
        return fields.get(_INITIATING + name)

    put_image(document, place, given("FolderPath"), given("FileName"))
    put(document, f"{place}.pid", integer(given("Id")))
    put_command(document, place, given("CommandLine"))
    put(document, f"{place}.start", times.any(given("CreationTime")))
    put_sums(document, place, given("MD5"), given("SHA1"), given("SHA256"))
    for leaf, name in _VERSION.items():
        put(document, f"{place}.pe.{leaf}", text(given(f"VersionInfo{name}")))
    if place == "process":
        put(document, "process.parent.name", text(given("ParentFileName")))
        put(document, "process.parent.pid", integer(given("ParentId")))
        put(document, "process.parent.start", times.any(given("ParentCreationTime")))
        put_account(document, "user", given("AccountName"))
        put(document, "user.domain", text(given("AccountDomain")))
        put(document, "user.id", text(given("AccountSid")))
        put(document, "user.email", text(given("AccountUpn")))


_VERSION = {
    "company": "CompanyName",
    "product": "ProductName",
    "file_version": "ProductVersion",
    "original_file_name": "OriginalFileName",
    "description": "FileDescription",
}


def _process(fields: Fields, times: Times, document: Document) -> None:
    put_image(document, "process", fields.get("FolderPath"), fields.get("FileName"))
    put(document, "process.pid", integer(fields.get("ProcessId")))
    put_command(document, "process", fields.get("ProcessCommandLine"))
    put(document, "process.start", times.any(fields.get("ProcessCreationTime")))
    put_sums(document, "process", fields.get("MD5"), fields.get("SHA1"), fields.get("SHA256"))
    for leaf, name in _VERSION.items():
        put(document, f"process.pe.{leaf}", text(fields.get(f"ProcessVersionInfo{name}")))
    _initiating(fields, "process.parent", times, document)
    put_account(document, "user", text(fields.get("AccountName")) or fields.get(_INITIATING + "AccountName"))
    put(
        document,
        "user.domain",
        text(fields.get("AccountDomain")) or text(fields.get(_INITIATING + "AccountDomain")),
    )
    put(document, "user.id", text(fields.get("AccountSid")) or text(fields.get(_INITIATING + "AccountSid")))
    put(document, "user.email", text(fields.get("AccountUpn")))


def _thing(table: str, fields: Fields, document: Document) -> None:
    """What it was done to: a file, a registry value, an image, another end."""
    if table in ("DeviceFileEvents", "DeviceImageLoadEvents", "DeviceEvents"):
        put_path(document, "file", joined_path(fields.get("FolderPath"), fields.get("FileName")))
        put_new(document, "file.name", text(fields.get("FileName")))
        put(document, "file.size", integer(fields.get("FileSize")))
        for place in ("file", "dll") if table == "DeviceImageLoadEvents" else ("file",):
            put_sums(document, place, fields.get("MD5"), fields.get("SHA1"), fields.get("SHA256"))
    if table == "DeviceImageLoadEvents":
        put(document, "dll.path", joined_path(fields.get("FolderPath"), fields.get("FileName")))
        put(document, "dll.name", text(fields.get("FileName")))
    if table == "DeviceEvents":
        _device_event(fields, document)
    key, value = text(fields.get("RegistryKey")), text(fields.get("RegistryValueName"))
    if key:
        hive, _, rest = key.partition("\\")
        short = {
            "HKEY_LOCAL_MACHINE": "HKLM",
            "HKEY_USERS": "HKU",
            "HKEY_CURRENT_USER": "HKCU",
            "HKEY_CLASSES_ROOT": "HKCR",
        }.get(hive, hive)
        put(document, "registry.hive", short)
        put(document, "registry.key", rest)
        put(document, "registry.value", value)
        put(document, "registry.path", "\\".join(part for part in (short, rest, value) if part))
        put(document, "registry.data.type", text(fields.get("RegistryValueType")))
        put(
            document,
            "registry.data.strings",
            [found] if (found := text(fields.get("RegistryValueData"))) else None,
        )
    _ends(table, fields, document)


def _device_event(fields: Fields, document: Document) -> None:
    extra = _extra(fields)
    if text(fields.get("ActionType")) == "PowerShellCommand":
        put(document, "powershell.command.name", text(extra.get("Command")))
    put(document, "rule.name", text(extra.get("ThreatName") or extra.get("RuleName")))
    put(document, "dns.question.name", name := text(extra.get("DnsQueryString")))
    for part, found in domain_parts(name or "").items():
        put(document, f"dns.question.{part}", found)
    if account := text(fields.get("AccountName")):
        put(document, "user.target.name", account)
        put(document, "user.target.domain", text(fields.get("AccountDomain")))
        put(document, "user.target.id", text(fields.get("AccountSid")))
        add(document, "related.user", account)


def _extra(fields: Fields) -> Mapping[str, Any]:
    """AdditionalFields: an object, or the text of one."""
    value = fields.get("AdditionalFields")
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return {}
    return mapping(value)


def _ends(table: str, fields: Fields, document: Document) -> None:
    action = text(fields.get("ActionType")) or ""
    inbound = action.startswith("Inbound") or table == "DeviceLogonEvents"
    local, remote = ("destination", "source") if inbound else ("source", "destination")
    put_end(document, local, fields.get("LocalIP"), fields.get("LocalPort"))
    put_end(document, remote, fields.get("RemoteIP"), fields.get("RemotePort"))
    if table == "DeviceNetworkEvents":
        put(document, "network.direction", "ingress" if inbound else "egress")
        put_transport(document, fields.get("Protocol"))
        put_flow(document)
    if url := text(fields.get("RemoteUrl")):
        if "/" in url:
            put_url(document, url)
        else:
            put(document, f"{remote}.domain", url)
            put(document, "url.domain", url)


def _logon(fields: Fields, _: Times, document: Document) -> None:
    document.pop("user", None)
    put_account(document, "user", fields.get("AccountName"))
    put(document, "user.domain", text(fields.get("AccountDomain")))
    put(document, "user.id", text(fields.get("AccountSid")))
    put(document, "source.domain", text(fields.get("RemoteDeviceName")))
    put(document, "winlog.logon.type", text(fields.get("LogonType")))
    put(document, "event.reason", text(fields.get("FailureReason")))


def _email(fields: Fields, _: Times, document: Document) -> None:
    def addresses(name: str) -> list[str] | None:
        return [found] if (found := text(fields.get(name))) else None

    put(document, "email.from.address", addresses("SenderFromAddress") or addresses("SenderMailFromAddress"))
    put(document, "email.sender.address", text(fields.get("SenderMailFromAddress")))
    put(document, "email.to.address", addresses("RecipientEmailAddress"))
    put(document, "email.subject", text(fields.get("Subject")))
    put(document, "email.message_id", text(fields.get("InternetMessageId")))
    put(document, "email.local_id", text(fields.get("NetworkMessageId")))
    put(
        document,
        "email.direction",
        {"Inbound": "inbound", "Outbound": "outbound", "Intra-org": "internal"}.get(
            text(fields.get("EmailDirection")) or ""
        ),
    )
    put_end(document, "source", text(fields.get("SenderIPv4")) or text(fields.get("SenderIPv6")))
    delivery = text(fields.get("DeliveryAction"))
    put(document, "event.outcome", {"Delivered": "success", "Blocked": "failure"}.get(delivery or ""))
    put_account(document, "user", fields.get("RecipientEmailAddress"))
    if text(fields.get("ThreatTypes")):
        add(document, "event.category", ["threat"])
        put(document, "threat.indicator.name", text(fields.get("ThreatNames")))
    put_path(document, "file", fields.get("FileName"))
    put_sums(document, "file", fields.get("SHA256"))
    put_url(document, fields.get("Url"))


def _click(fields: Fields, _: Times, document: Document) -> None:
    put_url(document, fields.get("Url"))
    put_account(document, "user", fields.get("AccountUpn"))
    put_end(document, "source", fields.get("IPAddress"))
    put(document, "email.local_id", text(fields.get("NetworkMessageId")))
    action = document["event"]["action"]
    put(document, "event.outcome", {"ClickAllowed": "success", "ClickBlocked": "failure"}.get(action))


def _identity(fields: Fields, _: Times, document: Document) -> None:
    put_account(document, "user", fields.get("AccountUpn") or fields.get("AccountName"))
    put(document, "user.name", text(fields.get("AccountName")))
    put(document, "user.domain", text(fields.get("AccountDomain")))
    put(document, "user.id", text(fields.get("AccountSid")) or text(fields.get("AccountObjectId")))
    put(document, "user.full_name", text(fields.get("AccountDisplayName")))
    put_end(document, "source", fields.get("IPAddress"), fields.get("Port"))
    put_end(document, "destination", fields.get("DestinationIPAddress"), fields.get("DestinationPort"))
    put(document, "destination.domain", text(fields.get("DestinationDeviceName")))
    put(document, "network.protocol", (text(fields.get("Protocol")) or "").lower())
    put(document, "event.reason", text(fields.get("FailureReason")))
    if target := text(fields.get("TargetAccountUpn") or fields.get("TargetAccountDisplayName")):
        put_account(document, "user.target", target)
        add(
            document,
            "related.user",
            document["user"]["target"].get("name") if "target" in document.get("user", {}) else None,
        )
    put(document, "winlog.logon.type", text(fields.get("LogonType")))


def _cloud(fields: Fields, _: Times, document: Document) -> None:
    put_account(document, "user", fields.get("AccountId"))
    put(document, "user.id", text(fields.get("AccountObjectId")))
    put(document, "user.full_name", text(fields.get("AccountDisplayName")))
    put_end(document, "source", fields.get("IPAddress"))
    put(document, "source.geo.country_iso_code", text(fields.get("CountryCode")))
    put(document, "source.geo.city_name", text(fields.get("City")))
    put_agent(document, fields.get("UserAgent"))
    put(document, "event.provider", text(fields.get("Application")))
    put(document, "event.reason", text(fields.get("ActivityType")))
    put(document, "cloud.service.name", text(fields.get("Application")))


def _alert(fields: Fields, _: Times, document: Document) -> None:
    put(document, "rule.name", text(fields.get("Title")))
    put(document, "message", text(fields.get("Title")))
    put(document, "event.severity", SEVERITIES.get((text(fields.get("Severity")) or "").lower()))
    put(document, "event.provider", text(fields.get("ServiceSource")))
    category = fields.get("Category")
    put_threat(
        document,
        (category,) if isinstance(category, str) else (),
        _techniques(fields.get("AttackTechniques")),
    )
    put_account(document, "user", fields.get("AccountUpn") or fields.get("AccountName"))
    put(document, "user.domain", text(fields.get("AccountDomain")))
    put(document, "user.id", text(fields.get("AccountSid")))
    put_path(document, "file", joined_path(fields.get("FolderPath"), fields.get("FileName")))
    put_sums(document, "file", fields.get("SHA1"), fields.get("SHA256"))
    put_command(document, "process", fields.get("ProcessCommandLine"))
    put_end(document, "source", fields.get("LocalIP"))
    put_end(document, "destination", fields.get("RemoteIP"))
    put_url(document, fields.get("RemoteUrl"))


def _techniques(value: Any) -> list[Any]:
    """A list, or the text of one: ``["Valid Accounts (T1078)"]``."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            value = [value]
    found: list[str] = []
    for each in value if isinstance(value, list) else []:
        name = text(each)
        if name and len(name) < 256:
            plain, bracket, rest = name.partition(" (")
            found += [plain, rest.rstrip(")")] if bracket else [name]
    return found


def _info(fields: Fields, _: Times, document: Document) -> None:
    ip = address(text(fields.get("PublicIP")) or "")
    put(document, "host.ip", [ip] if ip else None)
    put(document, "host.mac", [found] if (found := mac(fields.get("MacAddress"))) else None)
    put(document, "host.risk.static_level", text(fields.get("ExposureLevel")))
    put(document, "host.architecture", text(fields.get("OSArchitecture")))
    put(document, "event.risk_score", number(fields.get("RiskScore")))


Reader = Callable[[Fields, Times, Document], None]
_READERS: Mapping[str, Reader] = {
    "DeviceLogonEvents": _logon,
    "DeviceInfo": _info,
    "DeviceNetworkInfo": _info,
    "EmailEvents": _email,
    "EmailAttachmentInfo": _email,
    "EmailUrlInfo": _email,
    "EmailPostDeliveryEvents": _email,
    "UrlClickEvents": _click,
    "IdentityLogonEvents": _identity,
    "IdentityQueryEvents": _identity,
    "IdentityDirectoryEvents": _identity,
    "IdentityInfo": _identity,
    "AADSignInEventsBeta": _identity,
    "EntraIdSignInEvents": _identity,
    "CloudAppEvents": _cloud,
    "AlertInfo": _alert,
    "AlertEvidence": _alert,
}
