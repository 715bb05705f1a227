"""``wazuh.alerts``: ``alerts.json`` of a Wazuh server, also as its ``syslog_output`` and integrations send it.

Format: https://documentation.wazuh.com/current/user-manual/manager/event-logging.html. What a Windows agent
sent (``data.win``) is read as `windows.evtx` reads it, so that rules about Windows find it.
"""

from __future__ import annotations

from typing import Any

from integrations.contract import UnparsedError
from integrations.endpoints import put_account, put_command, put_sums, put_threat
from integrations.fields import add, categorise, integer, mapping, put, put_end, put_ip, put_new, text
from integrations.normalisers import json_source
from integrations.times import Times
from integrations.wazuh.alerts_samples import SAMPLES
from integrations.web import put_path, put_url
from integrations.windows.documents import document as read_windows
from integrations.windows.records import WindowsRecord
from rules.ecs import Document

_GROUPS: dict[str, tuple[tuple[str, ...], tuple[str, ...], str | None]] = {
    "authentication_success": (("authentication",), ("start",), "success"),
    "authentication_failed": (("authentication",), ("start",), "failure"),
    "authentication_failures": (("authentication", "intrusion_detection"), ("start",), "failure"),
    "invalid_login": (("authentication",), ("start",), "failure"),
    "win_authentication_failed": (("authentication",), ("start",), "failure"),
    "adduser": (("iam",), ("user", "creation"), None),
    "account_changed": (("iam",), ("user", "change"), None),
    "syscheck_entry_added": (("file",), ("creation",), None),
    "syscheck_entry_modified": (("file",), ("change",), None),
    "syscheck_entry_deleted": (("file",), ("deletion",), None),
    "syscheck_registry": (("registry",), ("change",), None),
    "syscheck": (("file",), ("change",), None),
    "vulnerability-detector": (("vulnerability",), ("info",), None),
    "rootcheck": (("host",), ("info",), None),
    "sca": (("configuration",), ("info",), None),
    "active_response": (("intrusion_detection",), ("change",), None),
    "web": (("web",), ("access",), None),
    "accesslog": (("web",), ("access",), None),
    "ids": (("intrusion_detection",), ("info",), None),
    "firewall": (("network",), ("connection",), None),
    "virustotal": (("malware",), ("info",), None),
    "virus": (("malware",), ("info",), None),
    "attack": (("intrusion_detection",), ("info",), None),
    "sudo": (("process",), ("start",), None),
    "firewall_drop": (("network",), ("connection", "denied"), None),
    "pam": (("authentication",), ("info",), None),
    "sysmon": (("process",), ("info",), None),
    "audit": (("process",), ("info",), None),
    "docker": (("process",), ("info",), None),
    **dict.fromkeys(
        ("aws", "amazon", "azure", "gcp", "office365", "github", "ms-graph"), (("api",), ("info",), None)
    ),
    **dict.fromkeys(("windows", "osquery", "systemd", "syslog", "ossec"), (("host",), ("info",), None)),
}
"""By the rule's group, the more telling ones first."""


def _read(entry: dict[str, Any], times: Times) -> Document:
    rule = mapping(entry.get("rule"))
    if "level" not in rule and "id" not in rule:
        raise UnparsedError("expected an object rule with level and id")
    moment = times.any(entry.get("timestamp")) or times.any(entry.get("@timestamp"))
    data = mapping(entry.get("data"))
    windows = mapping(data.get("win"))
    document: Document = _windows(windows, times.required(moment)) if windows else {}
    event = document.setdefault("event", {})
    groups = [name for each in _list(rule.get("groups")) if (name := text(each))]
    _categorise(document, groups, entry)
    document["@timestamp"] = times.required(moment)
    event["kind"] = "alert"
    put(document, "event.severity", integer(rule.get("level")))
    if "code" not in event:
        put(document, "event.code", text(rule.get("id")))
    put(document, "message", text(rule.get("description")))
    put(document, "rule.id", text(rule.get("id")))
    put(document, "rule.name", text(rule.get("description")))
    put(document, "rule.ruleset", "wazuh")
    put(document, "rule.category", groups[0] if groups else None)
    mitre = mapping(rule.get("mitre"))
    put_threat(
        document, _list(mitre.get("tactic")), [*_list(mitre.get("id")), *_list(mitre.get("technique"))]
    )
    _agent(entry, document)
    _data(data, document)
    _syscheck(mapping(entry.get("syscheck")), times, document)
    put(document, "event.provider", text(mapping(entry.get("decoder")).get("name")) if not windows else None)
    put(document, "log.file.path", path if (path := text(entry.get("location"))) and "/" in path else None)
    document["observer"] = {"vendor": "Wazuh", "product": "Wazuh", "type": "hids"}
    put(document, "observer.name", text(mapping(entry.get("manager")).get("name")))
    document["vendor"] = {
        name: value for name, value in entry.items() if name not in ("timestamp", "full_log")
    }
    return document


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _categorise(document: Document, groups: list[str], entry: dict[str, Any]) -> None:
    event = document["event"]
    found = next((_GROUPS[name] for name in _GROUPS if name in groups), None)
    outcome = event.get("outcome")
    if found is not None and "category" not in event:
        categorise(document, found[0], found[1], kind="alert", outcome=outcome or found[2])
    elif "type" not in event:
        categorise(document, (), ("info",), kind="alert")
    if "action" not in event:
        action = mapping(entry.get("syscheck")).get("event") or mapping(entry.get("data")).get("action")
        put(document, "event.action", text(action) or (groups[-1] if groups else None))


def _windows(win: dict[str, Any], moment: str) -> Document:
    """Read ``data.win``: Wazuh writes the elements' names with a small first letter."""
    system = mapping(win.get("system"))
    data: dict[str, Any] = {}
    for part in ("eventdata", "userData", "eventData"):
        for name, value in mapping(win.get(part)).items():
            data[name[:1].upper() + name[1:]] = value
            for inner, more in value.items() if isinstance(value, dict) else ():
                data[inner[:1].upper() + inner[1:]] = more
    severity = str(system.get("severityValue")).upper()
    record = WindowsRecord(
        channel=text(system.get("channel")) or "",
        provider=text(system.get("providerName")) or "",
        code=integer(system.get("eventID")) or 0,
        time=moment,
        data=data,
        computer=text(system.get("computer")),
        guid=text(system.get("providerGuid")),
        version=integer(system.get("version")),
        level=integer(system.get("level")),
        task=integer(system.get("task")),
        opcode=integer(system.get("opcode")),
        keywords={"AUDIT_SUCCESS": 1 << 53, "AUDIT_FAILURE": 1 << 52}.get(severity),
        record_id=text(system.get("eventRecordID")),
        pid=integer(system.get("processID")),
        thread=integer(system.get("threadID")),
    )
    return read_windows(record)


def _agent(entry: dict[str, Any], document: Document) -> None:
    agent = mapping(entry.get("agent"))
    name = text(agent.get("name"))
    put_new(document, "host.name", name)
    put(document, "host.hostname", name)
    put(document, "agent.id", text(agent.get("id")))
    put(document, "agent.name", name)
    put(document, "agent.type", "wazuh")
    if isinstance(ip := agent.get("ip"), str) and put_ip({}, "ip", ip):
        put(document, "host.ip", [ip])
    put_new(document, "host.name", text(mapping(entry.get("predecoder")).get("hostname")))
    put(
        document,
        "process.name",
        text(mapping(entry.get("predecoder")).get("program_name")) if "winlog" not in document else None,
    )


def _data(data: dict[str, Any], document: Document) -> None:
    """What decoders found, under their usual names."""
    put_end(
        document,
        "source",
        data.get("srcip") or data.get("src_ip"),
        data.get("srcport") or data.get("src_port"),
    )
    put_end(
        document,
        "destination",
        data.get("dstip") or data.get("dest_ip"),
        data.get("dstport") or data.get("dest_port"),
    )
    put(
        document,
        "network.transport",
        protocol.lower() if (protocol := text(data.get("protocol"))) and len(protocol) < 5 else None,
    )
    actor, target = text(data.get("srcuser")), text(data.get("dstuser") or data.get("user"))
    if "user" not in document:
        put_account(document, "user", actor or target)
        if actor and target:
            put_account(document, "user.target", target)
            add(document, "related.user", target)
    put(document, "user.id", text(data.get("uid")) if "winlog" not in document else None)
    put_command(document, "process", data.get("command"))
    put_url(document, data.get("url"))
    vulnerability = mapping(data.get("vulnerability"))
    put(document, "vulnerability.id", text(vulnerability.get("cve")))
    put(document, "vulnerability.severity", text(vulnerability.get("severity")))
    put(document, "vulnerability.description", text(vulnerability.get("title")))
    put(document, "package.name", text(mapping(vulnerability.get("package")).get("name")))
    put(document, "package.version", text(mapping(vulnerability.get("package")).get("version")))
    virus = mapping(data.get("virustotal"))
    source = mapping(virus.get("source"))
    put_path(document, "file", source.get("file"))
    put_sums(document, "file", source.get("md5"), source.get("sha1"))
    audit = mapping(data.get("audit"))
    put(document, "process.executable", text(audit.get("exe")))
    put(document, "process.pid", integer(audit.get("pid")))


def _syscheck(check: dict[str, Any], times: Times, document: Document) -> None:
    path = text(check.get("path"))
    if path is None:
        return
    if path.startswith("HKEY_"):
        put(document, "registry.path", path)
        put(document, "registry.value", text(check.get("value_name")))
        return
    put_path(document, "file", path)
    put(document, "file.size", integer(check.get("size_after")))
    put(
        document,
        "file.mode",
        text(check.get("perm_after")) if isinstance(check.get("perm_after"), str) else None,
    )
    put(document, "file.owner", text(check.get("uname_after")))
    put(document, "file.group", text(check.get("gname_after")))
    put(document, "file.uid", text(check.get("uid_after")))
    put(document, "file.gid", text(check.get("gid_after")))
    put(document, "file.inode", text(check.get("inode_after")))
    put(document, "file.mtime", times.any(check.get("mtime_after")))
    put_sums(document, "file", check.get("md5_after"), check.get("sha1_after"), check.get("sha256_after"))
    audit = mapping(check.get("audit"))
    put_account(
        document,
        "user",
        mapping(audit.get("login_user")).get("name") or mapping(audit.get("user")).get("name"),
    )
    process = mapping(audit.get("process"))
    put(document, "process.executable", text(process.get("name")))
    put(document, "process.pid", integer(process.get("id")))


def _recognise(entry: dict[str, Any]) -> bool:
    rule = entry.get("rule")
    return (
        isinstance(rule, dict)
        and "level" in rule
        and isinstance(entry.get("manager"), dict)
        and "agent" in entry
    )


ALERTS = json_source(
    "wazuh.alerts",
    "Wazuh alerts (alerts.json)",
    "https://documentation.wazuh.com/current/user-manual/manager/event-logging.html",
    _read,
    _recognise,
    SAMPLES,
)
