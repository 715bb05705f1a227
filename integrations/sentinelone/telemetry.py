"""What SentinelOne's agents see: Cloud Funnel 2's events, flat with dotted names, and Deep Visibility's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.endpoints import put_account, put_command, put_sums, system_type
from integrations.fields import categorise, integer, put, put_end, text
from integrations.flows import put_flow, put_transport
from integrations.text import address
from integrations.times import Times
from integrations.web import put_executable, put_path
from rules.ecs import Document

_MEANINGS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], str | None]] = {
    "process creation": (("process",), ("start",), None),
    "process exit": (("process",), ("end",), None),
    "process termination": (("process",), ("end",), None),
    "process modification": (("process",), ("change",), None),
    "open remote process handle": (("process",), ("access",), None),
    "remote thread creation": (("process",), ("change",), None),
    "duplicate process handle": (("process",), ("access",), None),
    "duplicate thread handle": (("process",), ("access",), None),
    "file creation": (("file",), ("creation",), None),
    "file modification": (("file",), ("change",), None),
    "file rename": (("file",), ("change",), None),
    "file deletion": (("file",), ("deletion",), None),
    "file scan": (("file",), ("info",), None),
    "ip connect": (("network",), ("start", "connection"), None),
    "ip listen": (("network",), ("info",), None),
    "dns resolved": (("network",), ("protocol", "info"), "success"),
    "dns unresolved": (("network",), ("protocol", "info"), "failure"),
    "get": (("network", "web"), ("access",), None),
    "post": (("network", "web"), ("access",), None),
    "registry key create": (("registry", "configuration"), ("creation",), None),
    "registry key delete": (("registry", "configuration"), ("deletion",), None),
    "registry key rename": (("registry", "configuration"), ("change",), None),
    "registry key export": (("registry", "configuration"), ("access",), None),
    "registry key import": (("registry", "configuration"), ("change",), None),
    "registry key security changed": (("registry", "configuration"), ("change",), None),
    "registry value create": (("registry", "configuration"), ("creation",), None),
    "registry value modified": (("registry", "configuration"), ("change",), None),
    "registry value delete": (("registry", "configuration"), ("deletion",), None),
    "module load": (("library",), ("start",), None),
    "driver load": (("driver",), ("start",), None),
    "login": (("authentication",), ("start",), None),
    "logout": (("authentication",), ("end",), None),
    "task register": (("configuration",), ("creation",), None),
    "task start": (("process",), ("start",), None),
    "task trigger": (("process",), ("start",), None),
    "task update": (("configuration",), ("change",), None),
    "task delete": (("configuration",), ("deletion",), None),
    "command script": (("process",), ("info",), None),
    "behavioral indicators": (("intrusion_detection",), ("info",), None),
    "threat intelligence indicators": (("threat",), ("indicator",), None),
    "scheduled task register": (("configuration",), ("creation",), None),
    "scheduled task update": (("configuration",), ("change",), None),
    "scheduled task delete": (("configuration",), ("deletion",), None),
    "scheduled task start": (("process",), ("start",), None),
    "scheduled task trigger": (("process",), ("start",), None),
    "group creation": (("process",), ("info",), None),
    "named pipe creation": (("file",), ("creation",), None),
    "named pipe connection": (("file",), ("access",), None),
    "windows event log creation": (("host",), ("info",), None),
}
_PROCESSES = (("src.process", "process"), ("src.process.parent", "process.parent"))


def _begun(kind: str, document: Document) -> None:
    category, type, outcome = _MEANINGS.get(kind.lower(), ((), ("info",), None))
    categorise(document, category, type, action=kind, outcome=outcome)


def read_funnel(entry: Mapping[str, Any], times: Times) -> Document:
    """Return the document of one of Cloud Funnel's events. Raises `UnparsedError`."""
    kind = text(entry.get("event.type")) or ""
    document: Document = {}
    _begun(kind, document)
    document["@timestamp"] = times.required(
        times.any(entry.get("event.time")),
        times.any(entry.get("timestamp")),
        times.any(entry.get("meta.event.time")),
    )
    created = kind.lower() == "process creation" and bool(text(entry.get("tgt.process.name")))
    processes = (("tgt.process", "process"), ("src.process", "process.parent")) if created else _PROCESSES
    for their, ours in processes:
        _process(entry, their, ours, times, document)
    put_account(
        document,
        "user",
        entry.get("tgt.process.user" if created else "src.process.user") or entry.get("src.process.user"),
    )
    if kind.lower() in ("login", "logout"):
        document.pop("user", None)
        put_account(document, "user", entry.get("event.login.userName"))
        put(document, "user.domain", text(entry.get("event.login.accountDomain")))
        put(document, "user.id", text(entry.get("event.login.accountSid")))
        succeeded = str(entry.get("event.login.loginIsSuccessful")).lower()
        put(document, "event.outcome", {"true": "success", "false": "failure"}.get(succeeded))
        put(document, "event.reason", text(entry.get("event.login.failureReason")))
        put(document, "winlog.logon.type", text(entry.get("event.login.type")))
        put_end(document, "source", entry.get("src.endpoint.ip.address"))
    put_path(
        document,
        "file",
        entry.get("tgt.file.path") or entry.get("module.path") or entry.get("namedPipe.name"),
    )
    put(document, "file.size", integer(entry.get("tgt.file.size")))
    for prefix in ("tgt.file.", "module."):
        put_sums(
            document,
            "file",
            entry.get(f"{prefix}md5"),
            entry.get(f"{prefix}sha1"),
            entry.get(f"{prefix}sha256"),
        )
    if module := text(entry.get("module.path")):
        put_path(document, "dll", module)
        for extra in ("directory", "extension"):
            document["dll"].pop(extra, None)
        put_sums(
            document, "dll", entry.get("module.md5"), entry.get("module.sha1"), entry.get("module.sha256")
        )
    _connection(entry, document)
    put(document, "dns.question.name", text(entry.get("event.dns.request")))
    _answers(entry.get("event.dns.response"), document)
    _registry(entry, document)
    put(document, "rule.name", text(entry.get("indicator.name")))
    put(document, "rule.category", text(entry.get("indicator.category")))
    put(document, "rule.description", text(entry.get("indicator.description")))
    put(document, "service.name", text(entry.get("task.name")))
    if (script := text(entry.get("cmdScript.content"))) is not None:
        put(document, "powershell.file.script_block_text", script)
    name = text(entry.get("endpoint.name"))
    put(document, "host.name", name)
    put(document, "host.hostname", name)
    put(document, "host.id", text(entry.get("agent.uuid")))
    put(document, "host.os.type", system_type(entry.get("endpoint.os")))
    put(document, "host.os.name", text(entry.get("os.name")))
    put(document, "agent.id", text(entry.get("agent.uuid")))
    put(document, "agent.version", text(entry.get("agent.version")))
    put(document, "organization.id", text(entry.get("account.id")))
    put(document, "organization.name", text(entry.get("account.name")))
    return document


def _process(entry: Mapping[str, Any], their: str, ours: str, times: Times, document: Document) -> None:
    put_executable(document, ours, entry.get(f"{their}.image.path"))
    put(document, f"{ours}.name", text(entry.get(f"{their}.name")))
    put(document, f"{ours}.pid", integer(entry.get(f"{their}.pid")))
    put(document, f"{ours}.entity_id", text(entry.get(f"{their}.uid")))
    put(document, f"{ours}.start", times.any(entry.get(f"{their}.startTime")))
    put_command(document, ours, entry.get(f"{their}.cmdline"))
    put_sums(document, ours, *(entry.get(f"{their}.image.{kind}") for kind in ("md5", "sha1", "sha256")))
    put(document, f"{ours}.code_signature.subject_name", text(entry.get(f"{their}.publisher")))
    put(document, f"{ours}.pe.original_file_name", text(entry.get(f"{their}.image.originalFileName")))


def _connection(entry: Mapping[str, Any], document: Document) -> None:
    put_end(document, "source", entry.get("src.ip.address"), entry.get("src.port.number"))
    put_end(document, "destination", entry.get("dst.ip.address"), entry.get("dst.port.number"))
    direction = str(entry.get("event.network.direction")).upper()
    put(document, "network.direction", {"OUTGOING": "egress", "INCOMING": "ingress"}.get(direction))
    put_transport(document, entry.get("event.network.protocolName"))
    put_flow(document)
    status = str(entry.get("event.network.connectionStatus")).upper()
    put(
        document,
        "event.outcome",
        {"SUCCESS": "success", "FAILURE": "failure", "BLOCKED": "failure"}.get(status),
    )


def _answers(value: Any, document: Document) -> None:
    """``type: 5 web.example.org;192.0.2.80;``"""
    said = text(value)
    if said is None:
        return
    found = [ip for part in said.split(";")[:256] if (ip := address(part.strip()))]
    put(document, "dns.resolved_ip", list(dict.fromkeys(found)))
    put(document, "dns.answers", [{"type": "AAAA" if ":" in ip else "A", "data": ip} for ip in found])


_HIVES = {"MACHINE": "HKLM", "USER": "HKU"}


def _registry(entry: Mapping[str, Any], document: Document) -> None:
    path = text(entry.get("registry.keyPath"))
    if path is None:
        return
    hive, _, rest = path.removeprefix("\\REGISTRY\\").partition("\\")
    short = _HIVES.get(hive.upper(), hive)
    put(document, "registry.path", f"{short}\\{rest}" if rest else path)
    put(document, "registry.hive", short if short.startswith("HK") else None)
    if "Value" in (text(entry.get("event.type")) or ""):
        key, _, value = rest.rpartition("\\")
        put(document, "registry.key", key)
        put(document, "registry.value", value)
    else:
        put(document, "registry.key", rest)
    put(document, "registry.data.strings", [found] if (found := text(entry.get("registry.value"))) else None)
    put(document, "registry.data.type", text(entry.get("registry.valueType")))


def read_visibility(entry: Mapping[str, Any], times: Times) -> Document:
    """Return the document of one of Deep Visibility's events. Raises `UnparsedError`."""
    kind = text(entry.get("eventType")) or ""
    document: Document = {}
    _begun(kind, document)
    document["@timestamp"] = times.required(
        times.any(entry.get("eventTime")),
        times.any(entry.get("createdAt")),
        times.any(entry.get("processStartTime")),
    )
    put_executable(document, "process", entry.get("processImagePath"))
    put(document, "process.name", text(entry.get("processName")))
    put(document, "process.pid", integer(entry.get("pid")))
    put(document, "process.entity_id", text(entry.get("processUniqueKey")))
    put(document, "process.start", times.any(entry.get("processStartTime")))
    put_command(document, "process", entry.get("processCmd"))
    put_sums(document, "process", entry.get("processImageSha1Hash"), entry.get("sha256"), entry.get("md5"))
    put(document, "process.parent.name", text(entry.get("parentProcessName")))
    put(document, "process.parent.pid", integer(entry.get("parentPid")))
    put(document, "process.parent.entity_id", text(entry.get("parentProcessUniqueKey")))
    put_account(
        document, "user", entry.get("user") or entry.get("processUserName") or entry.get("loginsUserName")
    )
    put_path(document, "file", entry.get("fileFullName"))
    put_sums(document, "file", entry.get("fileMd5"), entry.get("fileSha1"), entry.get("fileSha256"))
    put(document, "file.size", integer(entry.get("fileSize")))
    put_end(document, "source", entry.get("srcIp"), entry.get("srcPort"))
    put_end(document, "destination", entry.get("dstIp"), entry.get("dstPort"))
    direction = str(entry.get("direction")).upper()
    put(document, "network.direction", {"OUTGOING": "egress", "INCOMING": "ingress"}.get(direction))
    put(document, "dns.question.name", text(entry.get("dnsRequest")))
    _answers(entry.get("dnsResponse"), document)
    put(document, "registry.path", text(entry.get("registryPath")))
    put(document, "rule.name", text(entry.get("indicatorName")))
    put(document, "rule.category", text(entry.get("indicatorCategory")))
    name = text(entry.get("agentName"))
    put(document, "host.name", name)
    put(document, "host.hostname", name)
    put(document, "host.id", text(entry.get("agentUuid")))
    put(document, "host.ip", [ip] if (ip := address(text(entry.get("agentIp")) or "")) else None)
    put(document, "host.os.type", system_type(entry.get("agentOs")))
    put(document, "host.domain", text(entry.get("agentDomain")))
    put(document, "agent.id", text(entry.get("agentId") or entry.get("agentUuid")))
    put(document, "agent.version", text(entry.get("agentVersion")))
    return document
