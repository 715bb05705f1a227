"""``osquery.result``: results of scheduled queries: differential, snapshot, and in batches.

Reference: osquery documentation, "Logging" (results logs) and the schema of its tables. A query may select
from any table under any names, so rows are read by the columns of osquery's own tables of events and
processes. A snapshot is one event for each of its rows, and so is each row of a batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from integrations.contract import Sample, UnparsedError
from integrations.fields import add, categorise, integer, mapping, objects, put, put_end, put_new, text
from integrations.normalisers import json_source
from integrations.times import Times
from integrations.web import put_executable, put_path
from rules.ecs import Document

MOST_ROWS = 10_000
"""Rows of one snapshot that become events."""
_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "ipv6-icmp"}
_FILE_ACTIONS = {
    "CREATED": "creation", "DELETED": "deletion", "MOVED_TO": "creation", "MOVED_FROM": "deletion", "UPDATED": "change",
    "ATTRIBUTES_MODIFIED": "change", "ACCESSED": "access", "OPENED": "access",
}  # fmt: skip


def _read(entry: dict[str, Any], times: Times) -> list[Document]:
    if "name" not in entry or not ({"columns", "snapshot", "diffResults"} & entry.keys()):
        raise UnparsedError(
            "expected name, and columns, snapshot or diffResults, as osquery's result log has them"
        )
    time = times.required(
        times.epoch(entry.get("unixTime")), times.parse(text(entry.get("calendarTime")), *_FORMATS)
    )
    found = []
    for action, row, whole in _rows(entry):
        document: Document = {"@timestamp": time}
        _describe(document, entry, action, row)
        document["vendor"] = whole
        found.append(document)
    return found


_FORMATS = ("%a %b %d %H:%M:%S %Y UTC", "%a %b %d %H:%M:%S %Y")


def _rows(entry: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield (action, columns, what is kept of the record) for each row, one without columns where there is none."""
    if isinstance(entry.get("columns"), dict):
        yield text(entry.get("action")) or "added", entry["columns"], entry
        return
    about = {name: value for name, value in entry.items() if name not in {"snapshot", "diffResults"}}
    results = mapping(entry.get("diffResults"))
    rows = [("snapshot", row) for row in objects(entry.get("snapshot"))]
    rows += [(action, row) for action in ("added", "removed") for row in objects(results.get(action))]
    for action, row in rows[:MOST_ROWS]:
        yield action, row, about | {"action": action, "columns": row}
    if not rows:
        yield text(entry.get("action")) or "snapshot", {}, about


def _describe(document: Document, entry: dict[str, Any], action: str, row: dict[str, Any]) -> None:
    categorise(document, [], ["info"], action=action)
    name = text(entry.get("name"))
    put(document, "rule.name", name)
    host = text(entry.get("hostIdentifier")) or text(entry.get("hostname"))
    decorations = mapping(entry.get("decorations"))
    put(document, "host.hostname", text(decorations.get("hostname")) or host)
    put(document, "host.name", text(decorations.get("hostname")) or host)
    put(document, "host.id", text(decorations.get("host_uuid")))
    add(document, "related.user", text(decorations.get("username")))
    columns = {key: value for key, value in row.items() if isinstance(value, str | int | float)}
    if action == "removed":
        put(document, "event.type", ["end"] if "pid" in columns else ["info"])
    _process(document, columns, action)
    _socket(document, columns)
    _file(document, columns)
    _login(document, columns, name or "")


def _process(document: Document, columns: Mapping[str, Any], action: str) -> None:
    if "pid" not in columns:
        return
    put(document, "process.pid", integer(columns["pid"]))
    put(document, "process.parent.pid", integer(columns.get("parent")))
    put(document, "process.working_directory", text(columns.get("cwd")))
    if "cmdline" in columns:
        put(document, "process.command_line", text(columns["cmdline"]))
        kind = {"added": "start", "removed": "end"}.get(action, "info")
        categorise(document, ["process"], [kind], action=action)
        put_executable(document, "process", text(columns.get("path")))
        put(document, "process.name", text(columns.get("name")))
    elif "name" in columns and "port" in columns:
        put(document, "process.name", text(columns["name"]))
    put(document, "user.id", text(columns.get("uid")))
    put(document, "user.name", text(columns.get("username")))
    put(document, "user.effective.id", text(columns.get("euid")))
    put(document, "user.group.id", text(columns.get("gid")))


def _socket(document: Document, columns: Mapping[str, Any]) -> None:
    remote, local = text(columns.get("remote_address")), text(columns.get("local_address"))
    if remote in {None, "0.0.0.0", "::"} and local is None:
        return
    if remote not in {None, "0.0.0.0", "::"}:
        put_end(document, "destination", remote, columns.get("remote_port"))
    if local not in {None, "0.0.0.0", "::"}:
        put_end(document, "source", local, columns.get("local_port"))
    put(document, "network.transport", _PROTOCOLS.get(str(columns.get("protocol"))))
    if "process" not in document.get("event", {}).get("category", []):
        categorise(document, ["network"], ["connection", "info"], action=document["event"]["action"])


def _file(document: Document, columns: Mapping[str, Any]) -> None:
    path = text(columns.get("target_path"))
    if path is None and ("sha256" in columns or "md5" in columns) and "pid" not in columns:
        path = text(columns.get("path"))
    if path is None:
        return
    put_path(document, "file", path)
    for kind in ("md5", "sha1", "sha256"):
        put(document, f"file.hash.{kind}", text(columns.get(kind)))
    put(document, "file.size", integer(columns.get("size")))
    put(document, "file.inode", text(columns.get("inode")))
    put(document, "file.uid", text(columns.get("uid")))
    put(document, "file.gid", text(columns.get("gid")))
    if (change := _FILE_ACTIONS.get(str(columns.get("action")))) is not None:
        categorise(document, ["file"], [change], action=document["event"]["action"])


def _login(document: Document, columns: Mapping[str, Any], name: str) -> None:
    """Rows of ``logged_in_users`` and ``last``, ``users`` and ``shadow``."""
    user = text(columns.get("username")) or (text(columns.get("user")) if "tty" in columns else None)
    put_new(document, "user.name", user)
    if user and "tty" in columns and "host" in columns:
        categorise(document, ["session"], ["info"], action=document["event"]["action"])
        if (host := text(columns["host"])) and not host.startswith(":"):
            put_end(document, "source", host)
    elif user and "shell" in columns:
        types = {"added": ["user", "info"], "removed": ["user", "deletion"]}.get(
            document["event"]["action"], ["user", "info"]
        )
        categorise(document, ["iam"], types, action=document["event"]["action"])
        put(document, "user.id", text(columns.get("uid")))
    if name.endswith("shell_history") and "command" in columns:
        put(document, "process.command_line", text(columns["command"]))


def _recognise(entry: dict[str, Any]) -> bool:
    names = {"hostIdentifier", "hostname", "unixTime", "calendarTime"}
    return bool(names & entry.keys()) and bool({"columns", "snapshot", "diffResults"} & entry.keys())


_HEAD = (
    '"hostIdentifier":"web-1","calendarTime":"Mon Mar 30 16:01:36 2026 UTC","unixTime":1774886496,"epoch":0,"counter":1,'
    '"decorations":{"host_uuid":"72E1287B-D1BC-4FC6-B9D8-64F4352776A9","username":"alice"},'
)

RESULT = json_source(
    "osquery.result",
    "Results of osquery's scheduled queries",
    "osquery documentation, Logging; osquery schema",
    _read,
    _recognise,
    (
        Sample('{"name":"pack_it_mounts",' + _HEAD + '"columns":{"device":"/dev/sda1","path":"/boot","type":"ext4"},"action":"removed"}',
               {"@timestamp": "2026-03-30T16:01:36.000Z", "event.action": "removed", "event.type": ["info"], "rule.name": "pack_it_mounts",
                "host.name": "web-1", "host.id": "72E1287B-D1BC-4FC6-B9D8-64F4352776A9", "related.user": ["alice"], "file.path": None,
                "vendor.columns.device": "/dev/sda1"}),
        Sample('{"name":"processes",' + _HEAD + '"columns":{"pid":"4711","parent":"1","path":"/usr/bin/nc","name":"nc","cmdline":"nc -l 80","cwd":"/",'
               '"uid":"0","gid":"0"},"action":"added"}',
               {"event.category": ["process"], "event.type": ["start"], "process.pid": 4711, "process.parent.pid": 1, "process.executable": "/usr/bin/nc",
                "process.command_line": "nc -l 80", "user.id": "0"}),
        Sample('{"name":"sockets",' + _HEAD + '"columns":{"pid":"4711","remote_address":"203.0.113.9","remote_port":"443","local_address":"192.0.2.5",'
               '"local_port":"50112","protocol":"6"},"action":"added"}',
               {"event.category": ["network"], "destination.ip": "203.0.113.9", "destination.port": 443, "source.ip": "192.0.2.5", "network.transport": "tcp"}),
        Sample('{"name":"fim",' + _HEAD + '"columns":{"target_path":"/etc/passwd","action":"UPDATED","category":"etc","sha256":"ab","size":"99","uid":"0"},"action":"added"}',
               {"event.category": ["file"], "event.type": ["change"], "file.path": "/etc/passwd", "file.name": "passwd", "file.size": 99}),
        Sample('{"name":"users",' + _HEAD + '"action":"snapshot","snapshot":[{"username":"eve","uid":"1005","shell":"/bin/sh"},{"username":"bob","uid":"7","shell":"x"}]}',
               {"event.action": "snapshot", "event.category": ["iam"], "user.name": "eve", "user.id": "1005", "vendor.columns.shell": "/bin/sh"}),
        Sample('{"diffResults":{"added":[{"user":"alice","tty":"pts/0","host":"198.51.100.7"}],"removed":[]},"name":"who",' + _HEAD + '"action":"x"}',
               {"event.action": "added", "event.category": ["session"], "user.name": "alice", "source.ip": "198.51.100.7"}),
    ),
)  # fmt: skip
