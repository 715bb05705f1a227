"""Sigma's field names on ECS ones, for each log source.

Windows follows what winlogbeat writes, through the table of pySigma's own ECS pipeline, except for
fields whose ECS twin is not an exact copy (a split user name, an address that may be ``-``, a status
that was translated): those are read from ``winlog.event_data``, where a normaliser keeps every
element of EventData and UserData that it did not copy unchanged. For the other sources the ECS
fields below hold exact copies, and what ECS has no field for stays under the vendor's own name
below ``vendor``, as in ``vendor.requestParameters.enable``; names that are ECS already stay.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache

from sigma.pipelines.elasticsearch.windows import ecs_windows, ecs_windows_variable_mappings
from sigma.processing.transformations import FieldMappingTransformation
from sigma.types import SigmaBool, SigmaNumber, SigmaString, SigmaType

from rules.rule import LogSource
from rules.sigma.office_fields import ENTRA_AUDIT, ENTRA_RISK, ENTRA_SIGNIN, M365, M365_ALERT, WORKSPACE

_UPSTREAM: Mapping[str, str] = {
    name: field.removesuffix(".caseless")
    for item in ecs_windows().items
    if item.identifier == "ecs_windows_field_mapping"
    and isinstance(item.transformation, FieldMappingTransformation)
    for name, field in item.transformation.mapping.items()
    if isinstance(name, str) and isinstance(field, str)
}

_KEPT_IN_EVENT_DATA = frozenset(
    {"User", "SubjectUserName", "SubjectUserSid", "SubjectDomainName", "SubjectLogonId", "TargetDomainName"}
    | {"TargetLogonId", "AccountDomain", "AccountName", "IpAddress", "IpPort", "WorkstationName"}
    | {"ClientAddress", "ClientName", "Destination", "Device", "FileName", "ScriptName", "HostName", "HostId"}
    | {"QueryStatus", "IsExecutable", "Archived", "Payload", "Imphash", "Signature", "SourceHostname"}
    | {"ProcessId", "ParentProcessId", "NewProcessId", "SourceProcessId", "SourceThreadId"}
    | {"DestinationPortName", "CommandName", "CommandPath", "CommandType", "SequenceNumber"}
)

WINDOWS: Mapping[str, str] = {
    **{name: field for name, field in _UPSTREAM.items() if name not in _KEPT_IN_EVENT_DATA},
    "Computer": "winlog.computer_name",
    "Level": "winlog.level",
    "Keywords": "winlog.keywords",
    "Message": "message",
    "ParentProcessName": "process.parent.executable",
    "Initiated": "network.direction",
    "Hash": "winlog.event_data.Hash",
}
"""Exact copies in ECS; every other name N is ``winlog.event_data.N``."""

WINDOWS_BY_SOURCE: Mapping[tuple[str, str], Mapping[str, str]] = {
    (kind, value): {
        name: field
        for name, mappings in ecs_windows_variable_mappings.items()
        for its_kind, its_value, field in mappings
        if (its_kind, its_value) == (kind, value) and name not in _KEPT_IN_EVENT_DATA | {"Initiated"}
    }
    for mappings in ecs_windows_variable_mappings.values()
    for kind, value, _ in mappings
}
"""What a name is in one category or service only."""

PROCESS: Mapping[str, str] = {
    "Image": "process.executable",
    "CommandLine": "process.command_line",
    "CurrentDirectory": "process.working_directory",
    "ProcessId": "process.pid",
    "ParentImage": "process.parent.executable",
    "ParentCommandLine": "process.parent.command_line",
    "ParentProcessId": "process.parent.pid",
    "User": "user.name",
    "LogonId": "process.user.id",
    "TargetFilename": "file.path",
    "DestinationHostname": "destination.domain",
    "DestinationIp": "destination.ip",
    "DestinationPort": "destination.port",
    "SourceIp": "source.ip",
    "SourcePort": "source.port",
    "Initiated": "network.direction",
    "OriginalFileName": "process.pe.original_file_name",
}
"""Sysmon's names on Linux and macOS."""

WEB: Mapping[str, str] = {
    "c-ip": "source.ip",
    "c-uri": "url.original",
    "c-uri-query": "url.query",
    "c-uri-extension": "url.extension",
    "c-useragent": "user_agent.original",
    "cs-user-agent": "user_agent.original",
    "cs-uri": "url.original",
    "cs-uri-stem": "url.path",
    "cs-uri-query": "url.original",
    "cs-method": "http.request.method",
    "cs-host": "url.domain",
    "cs-referer": "http.request.referrer",
    "cs-referrer": "http.request.referrer",
    "cs-username": "user.name",
    "cs-content-type": "http.request.mime_type",
    "cs-cookie": "http.request.cookie",
    "sc-status": "http.response.status_code",
    "sc-bytes": "http.response.bytes",
    "dst_ip": "destination.ip",
    "src_ip": "source.ip",
}
"""Proxies and web servers. In ``cs-uri-query`` rules look for whatever stood behind the host, which
access logs give as one: url.original."""

NETWORK: Mapping[str, str] = {
    "src_ip": "source.ip",
    "dst_ip": "destination.ip",
    "src_port": "source.port",
    "dst_port": "destination.port",
    "action": "event.action",
    "blocked": "event.blocked",
    "query": "dns.question.name",
    "record_type": "dns.question.type",
    "answer": "dns.answers.data",
}

ZEEK: Mapping[str, str] = {
    "id.orig_h": "source.ip",
    "id.orig_p": "source.port",
    "id.resp_h": "destination.ip",
    "id.resp_p": "destination.port",
    "c-uri": "url.original",
    "c-useragent": "user_agent.original",
    "uri": "url.original",
    "user_agent": "user_agent.original",
    "host": "url.domain",
    "method": "http.request.method",
    "status_code": "http.response.status_code",
}

AUDITD: Mapping[str, str] = {"exe": "process.executable", "comm": "process.name"}

_BY_PRODUCT: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("linux", "auditd"): AUDITD,
    ("linux", "sudo"): {"USER": "user.effective.name"},
    ("aws", "cloudtrail"): {
        "eventSource": "event.provider",
        "eventName": "event.action",
        "userAgent": "user_agent.original",
        "sourceIPAddress": "source.address",
        "requestParameters": "aws.cloudtrail.request_parameters",
        "responseElements": "aws.cloudtrail.response_elements",
        "status": "event.outcome",
    },
    ("azure", "activitylogs"): {
        "operationName": "event.action",
        "OperationNameValue": "event.action",
        "CategoryValue": "azure.activitylogs.category",
        "ResourceProviderValue": "azure.resource.provider",
        "ResourceId": "azure.resource.id",
    },
    ("azure", "signinlogs"): ENTRA_SIGNIN,
    ("azure", "auditlogs"): ENTRA_AUDIT,
    ("azure", "pim"): ENTRA_RISK,
    ("azure", "riskdetection"): ENTRA_RISK,
    ("gcp", "gcp.audit"): {
        "gcp.audit.method_name": "event.action",
        "data.protoPayload.methodName": "event.action",
        "data.protoPayload.serviceName": "service.name",
        "data.protoPayload.authorizationInfo.permission": "vendor.protoPayload.authorizationInfo.permission",
        "data.protoPayload.authorizationInfo.granted": "vendor.protoPayload.authorizationInfo.granted",
        "data.protoPayload.resource.type": "vendor.resource.type",
        "data.protoPayload.logName": "gcp.audit.log_name",
    },
    ("gcp", "google_workspace.admin"): WORKSPACE,
    ("gcp", "google_workspace.login"): WORKSPACE,
    ("github", "audit"): {"action": "event.action"},
    ("kubernetes", "audit"): {"userAgent": "user_agent.original"},
    ("m365", ""): M365,
    ("m365", "threat_management"): M365_ALERT,
    ("m365", "threat_detection"): M365_ALERT,
    ("okta", "okta"): {"eventType": "event.action"},
    ("zeek", ""): ZEEK,
    ("paloalto", ""): {"TargetFilename": "file.path"},
}
"""(product, service or "") to names that have an exact copy in ECS."""

_ECS = frozenset(
    {"agent", "client", "cloud", "container", "database", "destination", "device", "dns", "email", "error"}
    | {"event", "file", "group", "host", "http", "log", "network", "observer", "orchestrator", "organization"}
    | {"package", "process", "registry", "related", "rule", "server", "service", "source", "threat", "tls"}
    | {
        "url",
        "user",
        "user_agent",
        "vulnerability",
        "winlog",
        "powershell",
        "sysmon",
        "labels",
        "x509",
        "geo",
    }
)
"""The first parts of names that are ECS already: rules may use them as they are."""


def digest() -> str:
    """Return a digest of all tables: rules translated under another one must be translated again."""
    others = [(key, sorted(names.items())) for key, names in sorted(_BY_PRODUCT.items())]
    words = [(field, sorted(names.items())) for field, names in sorted(_WORDS.items())]
    windows = [(key, sorted(names.items())) for key, names in sorted(WINDOWS_BY_SOURCE.items())]
    plain = [sorted(names.items()) for names in (WINDOWS, PROCESS, WEB, NETWORK, ZEEK, AUDITD)]
    return hashlib.sha256(repr((windows, plain, others, words, sorted(_ECS))).encode()).hexdigest()


_WHOLE = frozenset({"@timestamp", "message", "tags"})


@lru_cache(maxsize=4096)
def naming(logsource: LogSource) -> Callable[[str], str]:
    """Return the function from a rule's field name to the flat ECS field for a log source."""
    if logsource.product == "windows":
        special: dict[str, str] = {**WINDOWS}
        special |= WINDOWS_BY_SOURCE.get(("category", logsource.category), {})
        special |= WINDOWS_BY_SOURCE.get(("service", logsource.service), {})
        return _Naming(special, "winlog.event_data.")
    names: dict[str, str] = {}
    for key in ((logsource.product, ""), (logsource.product, logsource.service)):
        names |= _BY_PRODUCT.get(key, {})
    if logsource.category in ("proxy", "webserver"):
        names |= WEB
    elif logsource.category in ("dns", "firewall"):
        names |= NETWORK
    elif logsource.category == "antivirus":
        names |= {"Filename": "file.path", "Signature": "threat.indicator.name"}
    elif logsource.product in ("linux", "macos") and logsource.service != "auditd":
        names = {**PROCESS, **names}
    return _Naming(names, "vendor.")


class _Naming:
    def __init__(self, names: Mapping[str, str], prefix: str) -> None:
        self.names = names
        self.prefix = prefix

    def __call__(self, name: str) -> str:
        if (field := self.names.get(name)) is not None:
            return field
        if name in _WHOLE or ("." in name and name.partition(".")[0] in _ECS):
            return name
        return self.prefix + name


def translated(field: str, value: SigmaType) -> SigmaType:
    """Return a rule's value as the field spells it: Sysmon's ``Initiated: true`` is ECS's egress, and
    Windows' levels and keywords have their names."""
    words = _WORDS.get(field)
    if words is not None and isinstance(value, (SigmaBool, SigmaString, SigmaNumber)):
        word = str(value).lower()
        if field == "network.direction" or word in words:
            return SigmaString(words.get(word, word))
    return value


_WORDS: Mapping[str, Mapping[str, str]] = {
    "network.direction": {"true": "egress", "false": "ingress"},
    "winlog.level": {"1": "critical", "2": "error", "3": "warning", "4": "information", "5": "verbose"},
    "winlog.keywords": {"0x8010000000000000": "Audit Failure", "0x8020000000000000": "Audit Success"},
}
