"""``anysecura.event``: AnySecura's endpoint security, its events as CEF or JSON by syslog.

The vendor publishes no reference of this export. What is read is therefore the common ground: CEF with the
standard extension keys (the vendor's own under their labels), or one JSON object with the names that such
exports use; `_NAMES` lists which. What happened is told by the words of the event's name (`_MEANINGS`), so that
a spelling that differs ("Screen photographed", "screen_photo") is still known. Whatever is not understood
stays an event with its name, and every field is kept under ``vendor``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from integrations.anysecura.event_samples import SAMPLES
from integrations.contract import UnparsedError
from integrations.endpoints import put_account, put_command, put_sums, system_type
from integrations.fields import categorise, integer, mac, put, put_end, put_ip, put_new, text
from integrations.normalisers import load_object, message_source
from integrations.notations import read_cef
from integrations.syslog import Envelope
from integrations.text import address
from integrations.times import Times
from integrations.web import put_executable, put_path, put_url
from rules.ecs import Document


class _Meaning(NamedTuple):
    words: tuple[str, ...]
    """All of them are in the event's name; of several meanings the first counts."""
    action: str
    category: tuple[str, ...]
    type: tuple[str, ...]
    kind: str = "event"


_MEANINGS = (
    _Meaning(("photo",), "screen-photographed", ("intrusion_detection",), ("info",), "alert"),
    _Meaning(("camera",), "screen-photographed", ("intrusion_detection",), ("info",), "alert"),
    _Meaning(("tamper",), "agent-tampered", ("intrusion_detection", "configuration"), ("change",), "alert"),
    _Meaning(
        ("agent", "uninstall"),
        "agent-uninstalled",
        ("package", "intrusion_detection"),
        ("deletion",),
        "alert",
    ),
    _Meaning(("agent", "stop"), "agent-stopped", ("process", "intrusion_detection"), ("end",), "alert"),
    _Meaning(("unlock",), "computer-unlocked", ("session",), ("change",)),
    _Meaning(("lock", "screen"), "screen-locked", ("session",), ("change",)),
    _Meaning(("lock", "computer"), "computer-locked", ("session", "host"), ("change",)),
    _Meaning(("computer", "locked"), "computer-locked", ("session", "host"), ("change",)),
    _Meaning(("screenshot",), "screen-captured", ("session",), ("info",)),
    _Meaning(("screen", "capture"), "screen-captured", ("session",), ("info",)),
    _Meaning(("usb", "cop"), "file-copied-to-removable-media", ("file",), ("creation",)),
    _Meaning(("removable", "cop"), "file-copied-to-removable-media", ("file",), ("creation",)),
    _Meaning(("file", "cop"), "file-copied", ("file",), ("creation",)),
    _Meaning(("print",), "file-printed", ("file",), ("access",)),
    _Meaning(("upload",), "file-uploaded", ("file", "network"), ("access",)),
    _Meaning(("clipboard",), "clipboard-copied", ("session",), ("info",)),
    _Meaning(("application", "block"), "application-blocked", ("process",), ("denied",)),
    _Meaning(("process", "block"), "application-blocked", ("process",), ("denied",)),
    _Meaning(("app", "block"), "application-blocked", ("process",), ("denied",)),
    _Meaning(("website", "block"), "website-blocked", ("network", "web"), ("denied",)),
    _Meaning(("usb", "block"), "device-blocked", ("host",), ("denied",)),
    _Meaning(("device", "block"), "device-blocked", ("host",), ("denied",)),
    _Meaning(("usb",), "device-connected", ("host",), ("start",)),
    _Meaning(("login", "fail"), "login-failed", ("authentication",), ("start",)),
    _Meaning(("logon", "fail"), "login-failed", ("authentication",), ("start",)),
    _Meaning(("login",), "logged-in", ("authentication",), ("start",)),
    _Meaning(("logon",), "logged-in", ("authentication",), ("start",)),
    _Meaning(("logout",), "logged-out", ("authentication",), ("end",)),
    _Meaning(("logoff",), "logged-out", ("authentication",), ("end",)),
    _Meaning(("email",), "email-sent", ("email",), ("info",)),
    _Meaning(("delete",), "file-deleted", ("file",), ("deletion",)),
    _Meaning(("rename",), "file-renamed", ("file",), ("change",)),
)
_NAMES: Mapping[str, tuple[str, ...]] = {
    "name": ("event", "eventName", "event_name", "eventType", "event_type", "name", "type"),
    "code": ("eventId", "event_id", "eventCode", "code", "id"),
    "time": ("time", "timestamp", "eventTime", "event_time", "occurredAt", "createTime", "@timestamp"),
    "user": ("user", "userName", "user_name", "username", "account", "suser"),
    "host": (
        "computer",
        "computerName",
        "computer_name",
        "host",
        "hostname",
        "hostName",
        "endpoint",
        "device_name",
    ),
    "ip": ("ip", "ipAddress", "ip_address", "clientIp", "hostIp", "src_ip"),
    "mac": ("mac", "macAddress", "mac_address"),
    "os": ("os", "osName", "platform"),
    "file": ("file", "filePath", "file_path", "path", "sourcePath", "fileName", "file_name"),
    "target": ("targetPath", "target_path", "destination", "destPath", "target"),
    "size": ("fileSize", "file_size", "size"),
    "hash": ("hash", "fileHash", "sha256", "md5"),
    "process": ("process", "processName", "process_name", "application", "app", "processPath"),
    "command": ("commandLine", "command_line", "cmdline"),
    "url": ("url", "website", "uploadUrl"),
    "printer": ("printer", "printerName"),
    "device": ("device", "deviceId", "usbSerial", "serialNumber", "serial"),
    "policy": ("policy", "policyName", "policy_name", "rule", "ruleName"),
    "result": ("result", "action", "outcome", "response"),
    "severity": ("severity", "level", "risk", "riskLevel"),
    "message": ("message", "msg", "description", "detail", "details"),
}
_CEF_NAMES = {
    "suser": "user", "duser": "user", "shost": "host", "dhost": "host", "dvchost": "host", "src": "ip", "smac": "mac",
    "filePath": "file", "fname": "file", "oldFilePath": "source", "fsize": "size", "fileHash": "hash", "sproc": "process",
    "dproc": "process", "request": "url", "act": "result", "outcome": "result", "msg": "message", "deviceExternalId": "device",
    "externalId": "code", "sntdom": "domain", "cs1": "policy",
}  # fmt: skip
_SEVERITIES = {
    "info": 1, "informational": 1, "unknown": 0, "low": 3, "medium": 5, "warning": 5, "high": 8, "very-high": 10, "critical": 10,
}  # fmt: skip
_DENIED = re.compile(r"block|den(?:y|ied)|prevent|forbid|reject|refus", re.IGNORECASE)
_FAILED = re.compile(r"fail|error", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+")
_VENDOR = re.compile(r"anysecura", re.IGNORECASE)


def _read(message: str, envelope: Envelope | None, times: Times) -> Document:
    if "CEF:" in message[:512]:
        found, whole = _of_cef(message)
    else:
        start = message.find("{", 0, 512)
        if start < 0:
            raise UnparsedError("expected CEF or a JSON object")
        whole = load_object(message[start:])
        found = {
            field: value for field, names in _NAMES.items() if (value := _first(whole, names)) is not None
        }
    document: Document = {}
    stated = times.any(found.get("time")) or times.parse(
        found.get("time"), "%b %d %Y %H:%M:%S", "%b %d %H:%M:%S"
    )
    document["@timestamp"] = stated or (envelope.time if envelope else None) or times.received()
    _meaning(found, document)
    _fields(found, document)
    if "host" not in document and envelope is not None and envelope.host:
        put(document, "host.name", envelope.host)
    document["observer"] = {
        "vendor": "AnySecura",
        "product": text(found.get("product")) or "AnySecura",
        "type": "endpoint",
    }
    put(document, "observer.version", text(found.get("version")))
    document["vendor"] = whole
    return document


def _first(entry: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((value for name in names if text(value := entry.get(name)) is not None), None)


def _of_cef(message: str) -> tuple[dict[str, Any], dict[str, Any]]:
    cef = read_cef(message)
    found: dict[str, Any] = {
        "name": cef.name, "code": cef.event_class, "severity": cef.severity, "product": cef.product, "version": cef.product_version,
    }  # fmt: skip
    extension = cef.extension
    found["time"] = next((value for key in ("rt", "start", "end") if (value := extension.get(key))), None)
    for key, field in _CEF_NAMES.items():
        if (value := extension.get(key)) and (field not in found or field == "code"):
            found[field] = value
    labels = {re.sub(r"[^a-z]", "", key.lower()): value for key, value in cef.labelled().items()}
    for field, names in _NAMES.items():
        for name in names:
            if field not in found and (value := labels.get(re.sub(r"[^a-z]", "", name.lower()))):
                found[field] = value
    whole = {"name": cef.name, "event_class": cef.event_class, "severity": cef.severity, **cef.labelled()}
    return found, whole


def _meaning(found: Mapping[str, Any], document: Document) -> None:
    said = f"{text(found.get('name')) or ''} {text(found.get('code')) or ''}"[:512]
    plain = re.sub(r"([a-z])([A-Z])", r"\1 \2", said).lower()
    meaning = next((each for each in _MEANINGS if all(word in plain for word in each.words)), None)
    result = text(found.get("result")) or ""
    outcome = "failure" if _FAILED.search(result) else None
    if meaning is None:
        name = "-".join(_WORD.findall((text(found.get("name")) or "").lower())[:8])
        categorise(document, (), ("info",), action=name or None, outcome=outcome)
    else:
        if meaning.action == "login-failed":
            outcome = "failure"
        categorise(
            document,
            meaning.category,
            meaning.type,
            kind=meaning.kind,
            action=meaning.action,
            outcome=outcome,
        )
    event = document["event"]
    if _DENIED.search(result) and "denied" not in event["type"]:
        event["type"] = [*event["type"], "denied"]
    put(document, "event.code", text(found.get("code")))
    severity = text(found.get("severity"))
    number = integer(severity)
    put(
        document,
        "event.severity",
        number if number is not None else _SEVERITIES.get((severity or "").lower()),
    )
    put(document, "event.reason", text(found.get("result")))
    put(document, "message", text(found.get("message")) or text(found.get("name")))


def _fields(found: Mapping[str, Any], document: Document) -> None:
    put_account(document, "user", found.get("user"))
    put_new(document, "user.domain", text(found.get("domain")))
    host = text(found.get("host"))
    if host and not address(host):
        put(document, "host.name", host)
        put(document, "host.hostname", host)
    if ip := put_ip({}, "ip", text(found.get("ip"))):
        put(document, "host.ip", [ip])
        put_end(document, "source", ip)
    put(document, "host.mac", [each] if (each := mac(found.get("mac"))) else None)
    put(document, "host.os.type", system_type(found.get("os")))
    put_path(document, "file", text(found.get("file")))
    put(document, "file.target_path", text(found.get("target")))
    put(document, "file.size", integer(found.get("size")))
    put_sums(document, "file", found.get("hash"))
    process = text(found.get("process"))
    if process and ("\\" in process or "/" in process):
        put_executable(document, "process", process)
    else:
        put(document, "process.name", process)
    put_command(document, "process", found.get("command"))
    url = text(found.get("url"))
    put_url(document, url if url and "/" in url else None)
    put(
        document,
        "url.domain",
        url if url and "/" not in url and "." in url else document.get("url", {}).get("domain"),
    )
    put(document, "rule.name", text(found.get("policy")))
    put(document, "device.id", text(found.get("device")))


def _recognise(message: str) -> bool:
    if "CEF:" in message[:512]:
        return bool(_VENDOR.search(message[:512].partition("CEF:")[2].partition("|")[2].partition("|")[0]))
    start = message.find("{", 0, 512)
    if start < 0 or not _VENDOR.search(message):
        return False
    try:
        entry = orjson.loads(message[start:])
    except orjson.JSONDecodeError:
        return False
    return isinstance(entry, dict) and any(
        isinstance(value := entry.get(name), str) and bool(_VENDOR.search(value))
        for name in ("vendor", "product", "source", "deviceVendor", "app")
    )


EVENT = message_source(
    "anysecura.event",
    "AnySecura endpoint security (CEF or JSON by syslog)",
    "none is public: common CEF and JSON as the module states",
    _read,
    _recognise,
    SAMPLES,
)
