"""``santa.log``: Santa's decisions on what runs on a Mac, and what it saw of files and disks.

``[time] I santad: action=EXEC|decision=ALLOW|reason=CERT|sha256=…|path=…|args=…|…``; a bar inside of a value
is written ``<pipe>``. Reference: https://northpole.dev/features/logs
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from integrations.contract import Sample, UnparsedError
from integrations.fields import add, categorise, integer, put
from integrations.normalisers import line_source
from integrations.times import Times
from integrations.web import put_executable, put_path
from rules.ecs import Document

_HEAD = re.compile(r"\[([^\]]{10,40})\] ([A-Z]) santad(?:\[\d{1,10}\])?: ", re.ASCII)
_FILES = {
    "WRITE": "change", "RENAME": "change", "DELETE": "deletion", "LINK": "creation", "EXCHANGE": "change",
    "CLONE": "creation", "COPYFILE": "creation", "UNLINK": "deletion", "CLOSE": "change", "TRUNCATE": "change",
}  # fmt: skip
_LEVELS = {"D": "debug", "I": "info", "W": "warning", "E": "error"}
_MODES = {"M": "monitor", "L": "lockdown"}


def read(line: str, times: Times) -> Document:
    match = _HEAD.match(line)
    if match is None:
        raise UnparsedError("expected [time] I santad: action=…")
    time = times.required(times.iso(match[1]))
    document: Document = {"@timestamp": time, "host": {"os": {"type": "macos"}}}
    put(document, "log.level", _LEVELS.get(match[2]))
    rest = line[match.end() :]
    fields = _fields(rest)
    action = fields.get("action")
    if action is None:
        categorise(document, (), ["info"])
        put(document, "message", rest)
        return document
    _who(document, fields)
    if action == "EXEC":
        _execution(document, fields, time)
    elif action in _FILES:
        categorise(document, ["file"], [_FILES[action]], action=action.lower())
        put_path(document, "file", fields.get("newpath") or fields.get("path"))
        put_executable(document, "process", fields.get("processpath"))
        put(document, "process.name", fields.get("process"))
    elif action in ("DISKAPPEAR", "DISKDISAPPEAR"):
        categorise(document, ["host"], ["start" if action == "DISKAPPEAR" else "end"], action=action.lower())
        put(document, "device.serial_number", fields.get("serial"))
        put(document, "device.model.name", fields.get("model"))
        put(document, "file.path", fields.get("mount"))
    elif "LOGIN" in action or "LOGOUT" in action or action.startswith("AUTHENTICATION"):
        ended = "LOGOUT" in action
        categorise(
            document,
            ["authentication"],
            ["end" if ended else "start"],
            action=action.lower(),
            outcome=_success(fields),
        )
    else:
        categorise(document, ["process"], ["info"], action=action.lower())
        put_path(document, "file", fields.get("path"))
    document["vendor"] = fields
    return document


def _fields(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for piece in text.split("|"):
        name, equals, value = piece.partition("=")
        if equals and name and len(name) <= 64:
            found.setdefault(name.strip(), value.replace("<pipe>", "|"))
    return found


def _who(document: Document, fields: Mapping[str, str]) -> None:
    put(document, "process.pid", integer(fields.get("pid")))
    put(document, "process.parent.pid", integer(fields.get("ppid")))
    put(document, "user.id", fields.get("uid"))
    put(document, "user.name", fields.get("user"))
    put(document, "group.id", fields.get("gid"))
    put(document, "group.name", fields.get("group"))
    put(document, "host.id", fields.get("machineid"))


def _success(fields: Mapping[str, str]) -> str | None:
    return {"true": "success", "false": "failure"}.get(fields.get("success", "").lower())


def _execution(document: Document, fields: Mapping[str, str], time: str) -> None:
    denied = fields.get("decision", "").upper().startswith(("DENY", "BLOCK"))
    categorise(
        document, ["process"], ["start", "denied" if denied else "allowed"], action="exec",
        outcome="failure" if denied else "success",
    )  # fmt: skip
    put(document, "process.start", time)
    put_executable(document, "process", fields.get("path"))
    if line := fields.get("args", "").strip():
        arguments = line.split()
        put(document, "process.command_line", line)
        put(document, "process.args", arguments)
        put(document, "process.args_count", len(arguments))
    put(document, "process.hash.sha256", fields.get("sha256"))
    put(document, "event.reason", fields.get("reason"))
    put(document, "process.code_signature.subject_name", fields.get("cert_cn"))
    put(document, "process.code_signature.team_id", fields.get("teamid"))
    if "cert_sha256" in fields:
        put(document, "process.code_signature.exists", True)
        add(document, "related.hash", [fields.get("sha256"), fields["cert_sha256"]])
    if mode := _MODES.get(fields.get("mode", "")):
        put(document, "labels.mode", mode)
    put(document, "url.full", fields.get("quarantine_url"))


def recognise(line: str) -> bool:
    return _HEAD.match(line) is not None


_SHA = "c4bc09fd2f248534552f517acf3edb9a635aba2b02e46f49df683ea9b778e5b4"
SAMPLES = (
    Sample(
        f"[2026-01-08T09:00:00.802Z] I santad: action=EXEC|decision=ALLOW|reason=CERT|sha256={_SHA}|path=/usr/bin/curl"
        "|args=/usr/bin/curl -o /tmp/x https://example.org/|cert_sha256=2aa4b9|cert_cn=Software Signing|pid=29678"
        "|ppid=1|uid=501|user=alice|gid=20|group=staff|mode=M",
        {
            "@timestamp": "2026-01-08T09:00:00.802Z",
            "event.category": ["process"],
            "event.type": ["start", "allowed"],
            "event.action": "exec",
            "event.outcome": "success",
            "event.reason": "CERT",
            "host.os.type": "macos",
            "process.executable": "/usr/bin/curl",
            "process.name": "curl",
            "process.pid": 29678,
            "process.parent.pid": 1,
            "process.args": ["/usr/bin/curl", "-o", "/tmp/x", "https://example.org/"],
            "process.command_line": "/usr/bin/curl -o /tmp/x https://example.org/",
            "process.hash.sha256": _SHA,
            "process.start": "2026-01-08T09:00:00.802Z",
            "process.code_signature.subject_name": "Software Signing",
            "user.name": "alice",
            "user.id": "501",
            "group.name": "staff",
            "vendor.decision": "ALLOW",
        },
    ),
    Sample(
        f"[2026-01-08T09:00:01.000Z] I santad: action=EXEC|decision=DENY|reason=BINARY|sha256={_SHA}"
        "|path=/Users/alice/Downloads/x y|args=x a<pipe>b|pid=7|ppid=1|uid=501|user=alice|gid=20|group=staff|mode=L",
        {
            "event.type": ["start", "denied"],
            "event.outcome": "failure",
            "process.name": "x y",
            "process.command_line": "x a|b",
        },
    ),
    Sample(
        "[2026-01-08T09:00:02.000Z] I santad: action=WRITE|path=/etc/sudoers|pid=7|ppid=1|process=vim"
        "|processpath=/usr/bin/vim|uid=0|user=root|gid=0|group=wheel",
        {
            "event.category": ["file"],
            "event.type": ["change"],
            "file.path": "/etc/sudoers",
            "process.executable": "/usr/bin/vim",
            "user.name": "root",
        },
    ),
    Sample(
        "[2026-01-08T09:00:03.000Z] I santad: action=DISKAPPEAR|mount=/Volumes/USB|volume=USB|bsdname=disk4s1|fs=exfat"
        "|model=Flash|serial=123|bus=USB|dmgpath=|appearance=2026-01-08T09:00:03.000Z",
        {"event.action": "diskappear", "device.serial_number": "123", "vendor.bus": "USB"},
    ),
)

LOG = line_source(
    "santa.log",
    "Santa (binary authorization for macOS)",
    "https://northpole.dev/features/logs",
    read,
    recognise,
    SAMPLES,
)
