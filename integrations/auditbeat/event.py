"""``auditbeat.event``: what Auditbeat (modules auditd, file_integrity, system) and auditd_manager ship, as JSON.

The documents are ECS already and are checked as those of ``ecs.event``. What rules about auditd look for under the
audit records' own names (``type``, ``a0``, ``syscall``, ``name``) is put below ``vendor``, as ``linux.auditd`` has it.

Reference: Auditbeat documentation, "Exported fields".
"""

from __future__ import annotations

from typing import Any

from integrations.contract import Sample
from integrations.ecs.event import field_of, read_event
from integrations.fields import mapping, objects, put, put_new, text
from integrations.normalisers import json_source
from integrations.times import Times
from rules.ecs import Document

_MODULES = frozenset({"auditd", "file_integrity", "system"})


def _read(entry: dict[str, Any], times: Times) -> Document:
    document = read_event(entry, times)
    vendor = document.setdefault("vendor", {})
    platform = mapping(mapping(document.get("host")).get("os")).get("platform")
    put_new(document, "host.os.type", "linux" if platform not in {"windows", "darwin"} else None)
    audit = mapping(vendor.get("auditd"))
    if audit:
        _audited(document, vendor, audit)
    process = mapping(document.get("process"))
    args = process.get("args")
    if isinstance(args, list) and "command_line" not in process:
        put(document, "process.command_line", " ".join(str(arg) for arg in args[:1000]))
    return document


def _audited(document: Document, vendor: Document, audit: dict[str, Any]) -> None:
    """Name what the records say as the audit records do."""
    data = mapping(audit.get("data"))
    kind = text(audit.get("message_type")) or text(audit.get("record_type"))
    kinds = [kind.upper()] if kind else []
    call = text(data.get("syscall"))
    args = mapping(document.get("process")).get("args")
    for name, value in list(data.items())[:200]:
        if name not in vendor:
            vendor[name] = value
    if call in {"execve", "execveat"} and isinstance(args, list):
        kinds.append("EXECVE")
        vendor.update({f"a{at}": str(arg) for at, arg in enumerate(args[:64])})
    paths = [said for path in objects(audit.get("paths")) if (said := text(path.get("name")))]
    if paths:
        kinds.append("PATH")
        vendor["name"] = paths[0] if len(paths) == 1 else paths
    if call:
        vendor["SYSCALL"] = call
    if kinds:
        vendor["type"] = kinds[0] if len(kinds) == 1 else kinds
    summary = mapping(audit.get("summary"))
    if document["event"].get("action") is None:
        put(document, "event.action", text(summary.get("action")))
    result = text(audit.get("result"))
    put_new(document, "event.outcome", {"success": "success", "fail": "failure"}.get(result or ""))


def _recognise(entry: dict[str, Any]) -> bool:
    if field_of(entry, "agent.type") == "auditbeat":
        return True
    dataset = field_of(entry, "data_stream.dataset") or field_of(entry, "event.dataset")
    return (
        isinstance(dataset, str) and dataset.startswith(("auditd_manager.", "fim.")) and "@timestamp" in entry
    )


_HEAD = '"@timestamp":"2026-03-30T16:01:36.123Z","ecs":{"version":"8.0.0"},"agent":{"type":"auditbeat","version":"8.13.0"},"host":{"name":"web-1"},'

EVENT = json_source(
    "auditbeat.event",
    "Auditbeat and Elastic Agent auditd_manager",
    "Auditbeat documentation, Exported fields",
    _read,
    _recognise,
    (
        Sample("{" + _HEAD + '"event":{"module":"auditd","category":["process"],"type":["start"],"action":"executed","outcome":"success","kind":"event"},'
               '"process":{"pid":4711,"name":"cat","executable":"/usr/bin/cat","args":["cat","/etc/shadow"],"parent":{"pid":1}},"user":{"id":"1000","name":"alice"},'
               '"auditd":{"message_type":"syscall","result":"success","session":"7","data":{"syscall":"execve","arch":"x86_64","tty":"pts0","a0":"55d8"},'
               '"summary":{"actor":{"primary":"alice"},"how":"/usr/bin/cat"},"paths":[{"name":"/usr/bin/cat","nametype":"NORMAL"},{"name":"/lib64/ld.so"}]}}',
               {"@timestamp": "2026-03-30T16:01:36.123Z", "event.category": ["process"], "event.action": "executed", "process.args": ["cat", "/etc/shadow"],
                "process.command_line": "cat /etc/shadow", "vendor.type": ["SYSCALL", "EXECVE", "PATH"], "vendor.a0": "cat", "vendor.a1": "/etc/shadow",
                "vendor.SYSCALL": "execve", "vendor.name": ["/usr/bin/cat", "/lib64/ld.so"], "host.os.type": "linux", "user.name": "alice",
                "vendor.auditd.summary.how": "/usr/bin/cat"}),
        Sample("{" + _HEAD + '"event":{"module":"file_integrity","dataset":"file","category":["file"],"type":["change"],"action":["attributes_modified","updated"],'
               '"kind":"event"},"file":{"path":"/etc/passwd","size":99,"mtime":"2026-03-30T16:01:30.000Z","uid":"0"},"hash":{"sha1":"ab"}}',
               {"event.category": ["file"], "file.path": "/etc/passwd", "file.size": 99, "file.mtime": "2026-03-30T16:01:30.000Z",
                "vendor.hash.sha1": "ab", "labels.sender_module": "file_integrity"}),
        Sample("{" + _HEAD + '"event":{"module":"system","dataset":"user","action":"user_added","kind":"event","category":["iam"],"type":["user","creation"]},'
               '"user":{"name":"eve","id":"1005"},"system":{"audit":{"user":{"shell":"/bin/sh"}}}}',
               {"event.action": "user_added", "user.name": "eve", "vendor.system.audit.user.shell": "/bin/sh"}),
    ),
)  # fmt: skip
