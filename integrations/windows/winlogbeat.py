"""``windows.winlogbeat``: Windows events as Winlogbeat and the Elastic Agent write them.

Fields: https://www.elastic.co/docs/reference/beats/winlogbeat/exported-fields-winlog. Where a module of
theirs has read the event already (it has ``event.category``), what it found counts; else, and for what it
left out, the event is read here.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from integrations.contract import Sample, UnparsedError
from integrations.fields import integer, mapping, text
from integrations.normalisers import json_source
from integrations.times import Times
from integrations.windows.documents import document
from integrations.windows.records import WindowsRecord
from rules.ecs import Document

_KEPT = (
    "agent cloud destination dll dns error file group host labels message network organization powershell process "
    "registry related rule service source sysmon threat url user"
).split()
"""The parts of their document that are ECS's."""
_PARAMETER = re.compile(r"param([1-9]\d?)")


_OLD = {"log_name": "channel", "source_name": "provider_name", "record_number": "record_id"}
_OLD_TOO = (
    "event_id", "computer_name", "event_data", "user_data", "provider_guid", "version", "task", "opcode",
    "keywords", "activity_id", "related_activity_id",
)  # fmt: skip


def _is_old(entry: dict[str, Any]) -> bool:
    return "winlog" not in entry and {"log_name", "event_id", "source_name"} <= entry.keys()


def _winlog(entry: dict[str, Any]) -> dict[str, Any]:
    """Return ``winlog`` nested, also where its names are dotted, or stand at the top as they did before
    Winlogbeat 7."""
    winlog = dict(mapping(entry.get("winlog")))
    if _is_old(entry):
        winlog = {_OLD.get(name, name): entry[name] for name in (*_OLD, *_OLD_TOO) if name in entry}
        winlog["process"] = {"pid": entry.get("process_id"), "thread": {"id": entry.get("thread_id")}}
        winlog["user"] = mapping(entry.get("user"))
    for name, value in entry.items():
        if name.startswith("winlog."):
            place = winlog
            *parents, leaf = name.split(".")[1:]
            for parent in parents:
                inner = place.get(parent)
                place[parent] = place = dict(inner) if isinstance(inner, dict) else {}
            place[leaf] = value
    return winlog


def _read(entry: dict[str, Any], times: Times) -> Document:
    winlog = _winlog(entry)
    event = mapping(entry.get("event"))
    code = integer(winlog.get("event_id"))
    code = integer(event.get("code")) if code is None else code
    if code is None:
        raise UnparsedError("expected a number in winlog.event_id or event.code")
    user_data = {name: value for name, value in mapping(winlog.get("user_data")).items() if value is not None}
    data = dict(mapping(winlog.get("event_data")))
    data |= {name: value for name, value in user_data.items() if name != "xml_name"}
    _restore(data, entry)
    process = mapping(winlog.get("process"))
    keywords = winlog.get("keywords")
    words = [word for word in keywords if isinstance(word, str)] if isinstance(keywords, list) else None
    level = text(mapping(entry.get("log")).get("level")) or (
        text(entry.get("level")) if _is_old(entry) else None
    )
    created = times.any(winlog.get("time_created")) if "time_created" in winlog else None
    record = WindowsRecord(
        channel=text(winlog.get("channel")) or "",
        provider=text(winlog.get("provider_name")) or text(event.get("provider")) or "",
        code=code,
        time=times.required(times.any(entry.get("@timestamp")), created),
        data=data,
        computer=text(winlog.get("computer_name")),
        guid=text(winlog.get("provider_guid")),
        version=integer(winlog.get("version")),
        level=level,
        task=text(winlog.get("task")),
        opcode=text(winlog.get("opcode")),
        keywords=words or None,
        record_id=text(winlog.get("record_id")),
        activity_id=text(winlog.get("activity_id")),
        related_activity_id=text(winlog.get("related_activity_id")),
        pid=integer(process.get("pid")),
        thread=integer(mapping(process.get("thread")).get("id")),
        sid=text(mapping(winlog.get("user")).get("identifier")),
        message=text(entry.get("message")),
        user_data=user_data,
    )
    made = document(record)
    if mapping(winlog.get("user")):
        made["winlog"]["user"] = winlog["user"]
    return _merged(made, entry, event, times)


def _restore(data: dict[str, Any], entry: dict[str, Any]) -> None:
    """Put back what rules read in event_data and modules of theirs move away."""
    parameters = [
        (int(match[1]), value) for name, value in data.items() if (match := _PARAMETER.fullmatch(name))
    ]
    if (
        parameters
        and "Data" not in data
        and len(parameters) == len([name for name in data if name != "Binary"])
    ):
        data["Data"] = [value for _, value in sorted(parameters)]
    provider = mapping(entry.get("winlog")).get("provider_name")
    if provider != "Microsoft-Windows-Sysmon":
        return
    user = mapping(entry.get("user"))
    if "User" not in data and isinstance(name := user.get("name"), str):
        domain = user.get("domain")
        data["User"] = f"{domain}\\{name}" if isinstance(domain, str) else name
    if "Hashes" not in data:
        for place in ("process", "file"):
            sums = mapping(mapping(entry.get(place)).get("hash"))
            found = [f"{kind.upper()}={sum.upper()}" for kind, sum in sums.items() if isinstance(sum, str)]
            imphash = mapping(mapping(entry.get(place)).get("pe")).get("imphash")
            if isinstance(imphash, str):
                found.append(f"IMPHASH={imphash.upper()}")
            if found:
                data["Hashes"] = ",".join(found)
                return


def _merged(made: Document, entry: dict[str, Any], event: dict[str, Any], times: Times) -> Document:
    """Add what they found. An event of a module of theirs keeps its words for what happened."""
    for part in _KEPT:
        theirs = entry.get(part)
        if isinstance(theirs, dict):
            ours = made.get(part)
            made[part] = _filled(ours if isinstance(ours, dict) else {}, theirs)
            if not made[part]:
                del made[part]
    if isinstance(host := made.get("host"), dict):
        host["os"] = {"type": "windows"} | mapping(host.get("os"))
    ours = made["event"]
    if event.get("category"):
        for field in ("action", "outcome"):
            if isinstance(value := event.get(field), str) and (field != "outcome" or value in _OUTCOMES):
                ours[field] = value
    if "action" not in ours and (action := text(event.get("action"))):
        ours["action"] = action
    for field in ("reason", "timezone"):
        if (value := text(event.get(field))) is not None:
            ours.setdefault(field, value)
    for field in ("start", "end"):
        if (moment := times.any(event.get(field))) is not None:
            ours[field] = moment
    return made


_OUTCOMES = frozenset({"success", "failure", "unknown"})
_LISTS = frozenset({"ip", "user", "hosts", "hash", "mac", "args", "resolved_ip", "answers"})


def _filled(ours: dict[str, Any], theirs: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """Return ours with what they have beyond it; a value that is not of ours' kind stays out."""
    found = dict(ours)
    for name, value in theirs.items():
        there = found.get(name)
        if isinstance(value, dict):
            if there is None or isinstance(there, dict):
                inner = _filled(there or {}, value, depth + 1) if depth < 8 else value
                if inner:
                    found[name] = inner
        elif there is None and value is not None and (not isinstance(value, list) or name in _LISTS or depth):
            found[name] = value
    return found


def _recognise(entry: dict[str, Any]) -> bool:
    winlog = entry.get("winlog")
    if isinstance(winlog, dict):
        return "event_id" in winlog or "channel" in winlog
    return "winlog.channel" in entry or _is_old(entry)


def _sample(expect: dict[str, Any], winlog: dict[str, Any], **more: Any) -> Sample:
    usual = {
        "channel": "Security", "event_id": 4624, "provider_name": "Microsoft-Windows-Security-Auditing",
        "provider_guid": "{54849625-5478-4994-a5ba-3e3b0328c30d}", "record_id": 4711, "task": "Logon", "opcode": "Info",
        "computer_name": "pc-1.example.org", "keywords": ["Audit Success"], "api": "wineventlog", "version": 2,
        "process": {"pid": 652, "thread": {"id": 700}},
    }  # fmt: skip
    entry = {
        "@timestamp": "2026-03-30T16:01:36.123Z",
        "event": {"code": "4624", "kind": "event", "provider": "Microsoft-Windows-Security-Auditing", "action": "Logon"},
        "log": {"level": "information"},
        "host": {"name": "pc-1", "os": {"family": "windows", "version": "10.0"}, "ip": ["192.0.2.4"]},
        "agent": {"type": "winlogbeat", "version": "8.17.0"},
        "winlog": usual | winlog,
    }  # fmt: skip
    return Sample(orjson.dumps(entry | more).decode(), expect)


WINLOGBEAT = json_source(
    "windows.winlogbeat",
    "Windows events as Winlogbeat or the Elastic Agent write them",
    "https://www.elastic.co/docs/reference/beats/winlogbeat/exported-fields-winlog",
    _read,
    _recognise,
    (
        _sample(
            {"event.action": "logged-in", "event.category": ["authentication"], "user.name": "bob", "source.ip": "203.0.113.7",
             "event.outcome": "success", "winlog.task": "Logon", "winlog.record_id": "4711", "host.os.version": "10.0",
             "host.name": "pc-1.example.org", "agent.version": "8.17.0", "winlog.logon.type": "Network",
             "message": "An account was …", "host.os.type": "windows", "host.ip": ["192.0.2.4"]},
            {"event_data": {"TargetUserName": "bob", "LogonType": "3", "IpAddress": "203.0.113.7"}}, message="An account was …",
        ),
        Sample(
            '{"@timestamp":"2026-03-30T16:01:36.123Z","type":"wineventlog","beat":{"name":"x"},"log_name":"Security","source_name":"Microsoft-Windows-Security-Auditing","event_id":4688,"record_number":"5","level":"Information",'
            '"computer_name":"pc-1.example.org","process_id":4,"event_data":{"NewProcessName":"C:\\\\Windows\\\\cmd.exe","NewProcessId":"0x7b","CommandLine":"cmd /c x","SubjectUserName":"bob","SubjectDomainName":"EXAMPLE"}}',
            {"event.code": "4688", "event.category": ["process"], "process.executable": "C:\\Windows\\cmd.exe", "process.pid": 123, "user.name": "bob", "host.name": "pc-1.example.org", "winlog.channel": "Security"},
        ),
        _sample(
            {"process.executable": "C:\\x.exe", "process.hash.sha256": "ef" * 32, "winlog.event_data.User": "EXAMPLE\\alice",
             "winlog.event_data.Hashes": "SHA256=" + "EF" * 32, "user.name": "alice", "event.action": "Process creation"},
            {"channel": "Microsoft-Windows-Sysmon/Operational", "event_id": 1, "provider_name": "Microsoft-Windows-Sysmon",
             "event_data": {"Company": "Example"}},
            process={"executable": "C:\\x.exe", "hash": {"sha256": "ef" * 32}, "pid": 7},
            user={"name": "alice", "domain": "EXAMPLE"},
            event={"category": ["process"], "type": ["start"], "action": "Process creation", "module": "sysmon"},
        ),
        _sample(
            {"winlog.event_data.Data": ["Available", "None"], "powershell.engine.version": None, "event.code": "400"},
            {"channel": "Windows PowerShell", "event_id": "400", "provider_name": "PowerShell",
             "event_data": {"param1": "Available", "param2": "None"}},
        ),
        _sample(
            {"event.action": "audit-log-cleared", "user.name": "alice", "winlog.user_data.SubjectUserName": "alice"},
            {"event_id": 1102, "user_data": {"xml_name": "LogFileCleared", "SubjectUserName": "alice"}},
        ),
    ),
)  # fmt: skip
