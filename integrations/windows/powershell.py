"""PowerShell's two logs: module, script block and engine events.

The details stand in one text of ``Name = value`` lines. Documentation:
https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_eventlogs
"""

from __future__ import annotations

import re
from typing import Any

from integrations.fields import integer, put, put_new
from integrations.web import put_path
from integrations.windows.records import WindowsRecord
from integrations.windows.sysmon import split_user
from rules.ecs import Document

_INVOCATION = re.compile(
    r"(CommandInvocation|ParameterBinding|NonTerminatingError|TerminatingError)\(([^()\r\n]{0,256})\): ?(.*)"
)
_BOUND = re.compile(r'name="([^"]{0,256})"; value="(.*)"')
MOST_DETAILS = 200
"""Invocation details of one event that are read."""

_FIELDS = {
    "hostname": "process.title",
    "hostversion": "powershell.process.executable_version",
    "hostid": "process.entity_id",
    "hostapplication": "process.command_line",
    "engineversion": "powershell.engine.version",
    "runspaceid": "powershell.runspace_id",
    "pipelineid": "powershell.pipeline_id",
    "commandname": "powershell.command.name",
    "commandtype": "powershell.command.type",
    "commandpath": "powershell.command.path",
    "commandline": "powershell.command.value",
    "shellid": "powershell.id",
    "newenginestate": "powershell.engine.new_state",
    "previousenginestate": "powershell.engine.previous_state",
    "providername": "powershell.provider.name",
    "newproviderstate": "powershell.provider.new_state",
}


def _lines(text: str) -> dict[str, str]:
    """Return the values of ``Name = value`` lines, names in lower case without spaces."""
    found: dict[str, str] = {}
    for line in text.splitlines()[:500]:
        name, separator, value = line.partition("=")
        name = name.replace(" ", "").strip().lower()
        value = value.strip()
        if separator and value and name.isalpha():
            found.setdefault(name, value)
    return found


def _set(found: dict[str, str], document: Document) -> None:
    for name, value in found.items():
        if (field := _FIELDS.get(name)) is not None:
            put(document, field, value)
    sequence = integer(found.get("sequencenumber"))
    if sequence is not None:
        document["event"]["sequence"] = sequence
    for name, field in (("detailsequence", "powershell.sequence"), ("detailtotal", "powershell.total")):
        put(document, field, integer(found.get(name)))
    if user := split_user(found.get("connecteduser") or found.get("userid") or found.get("user")):
        document["user"] = user
    if (script := found.get("scriptname")) is not None:
        put_path(document, "file", script)


def _invoked(payload: Any) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    if not isinstance(payload, str):
        return found
    for line in payload.splitlines()[:MOST_DETAILS]:
        if (match := _INVOCATION.match(line)) is None:
            continue
        kind, command, rest = match.groups()
        detail = {"type": kind, "related_command": command}
        if bound := _BOUND.match(rest):
            detail["name"], detail["value"] = bound.groups()
        else:
            detail["value"] = rest.strip().strip('"')
        found.append({name: value for name, value in detail.items() if value})
    return found


def _operational(record: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    context = data.get("ContextInfo")
    if isinstance(context, str):
        _set(_lines(context), document)
    put(document, "powershell.command.invocation_details", _invoked(data.get("Payload")))
    if path := data.get("Path"):
        put_path(document, "file", path)
    if record.sid:
        put_new(document, "user.id", record.sid)
    if record.pid is not None:
        put_new(document, "process.pid", record.pid)


def _classic(_: WindowsRecord, data: dict[str, Any], document: Document) -> None:
    texts = data.get("Data")
    for text in texts if isinstance(texts, list) else [texts]:
        if not isinstance(text, str):
            continue
        if "HostName=" in text or "HostVersion=" in text:
            _set(_lines(text), document)
        elif text.startswith(("CommandInvocation(", "ParameterBinding(")):
            put(document, "powershell.command.invocation_details", _invoked(text))


POWERSHELL_READERS = {"powershell": _operational, "classic": _classic}
