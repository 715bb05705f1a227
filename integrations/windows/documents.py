"""From a Windows record to its ECS document: one mapping for all sources, whatever they read.

Every element of EventData and UserData is kept under ``winlog.event_data``, texts only, as winlogbeat
has it; those of `integrations.windows.places` are copied unchanged, since Sigma's rules read them there.
Names with spaces (Defender's ``Threat Name``) are kept also without them, as rules spell them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from integrations.windows.command_lines import arguments
from integrations.windows.logs import LOG_READERS
from integrations.windows.meanings import CLASSIC, DEFENDER, OTHERS, POWERSHELL, SECURITY, SYSMON, Meaning
from integrations.windows.names import (
    AUDIT_FAILURE,
    AUDIT_SUCCESS,
    LEVELS,
    OPCODES,
    SECURITY_TASKS,
    keyword_names,
)
from integrations.windows.places import CLASSIC as CLASSIC_PLACES
from integrations.windows.places import CONNECTED, LOADED, PLACES, STARTED, Place
from integrations.windows.places import SECURITY as SECURITY_PLACES
from integrations.windows.powershell import POWERSHELL_READERS
from integrations.windows.records import WindowsRecord
from integrations.windows.security import SECURITY_READERS
from integrations.windows.sysmon import SYSMON_READERS
from rules.ecs import Document

SYSMON_LOGS = ("Microsoft-Windows-Sysmon/Operational", "Linux-Sysmon/Operational")
_POWERSHELL_LOGS = ("Microsoft-Windows-PowerShell/Operational", "PowerShellCore/Operational")

Reader = Callable[[WindowsRecord, dict[str, Any], Document], None]
READERS: Mapping[str, Reader] = {**SECURITY_READERS, **SYSMON_READERS, **POWERSHELL_READERS, **LOG_READERS}

_MEANINGS: dict[tuple[str, int], Meaning] = {
    (log, code): meaning
    for logs, table in (
        (("Security",), SECURITY),
        (SYSMON_LOGS, SYSMON),
        (_POWERSHELL_LOGS, POWERSHELL),
        (("Windows PowerShell",), CLASSIC),
        (("Microsoft-Windows-Windows Defender/Operational",), DEFENDER),
    )
    for log in logs
    for code, meaning in table.items()
} | {(log, code): meaning for log, table in OTHERS.items() for code, meaning in table.items()}
"""(the log, or the publisher in logs that many share; event id) to what it means."""

_PLACES: dict[tuple[str, int], Mapping[str, Place]] = {
    **{
        (log, code): places
        for log in SYSMON_LOGS
        for code, places in ((1, STARTED), (3, CONNECTED), (7, LOADED))
    },
    ("Security", 4688): {**SECURITY_PLACES, **STARTED},
}
_LOG_PLACES: Mapping[str, Mapping[str, Place]] = {
    "Security": SECURITY_PLACES,
    "Windows PowerShell": CLASSIC_PLACES,
}
_SHARED = frozenset({"System", "Application", "Setup"})
_NOTHING = Meaning((), ("info",), "")


def document(record: WindowsRecord) -> Document:
    """Return the document of a record."""
    channel, code = record.channel, record.code
    meaning = _MEANINGS.get((channel, code))
    if meaning is None:
        meaning = _MEANINGS.get((record.provider, code), _NOTHING)
        if meaning is not _NOTHING and channel not in _SHARED and channel != "":
            # A publisher's events in its own log are another matter than those it writes to System.
            meaning = _NOTHING if record.provider in OTHERS and "/" in channel else meaning
    document = _started(record, meaning)
    places = _PLACES.get((channel, code)) or _LOG_PLACES.get(channel, PLACES)
    document["winlog"]["event_data"] = event_data = _copied(record.data, places, document)
    if record.user_data:
        document["winlog"]["user_data"] = record.user_data
    if not event_data:
        del document["winlog"]["event_data"]
    if meaning.reader:
        READERS[meaning.reader](record, event_data, document)
    _complete(document)
    return document


def _started(record: WindowsRecord, meaning: Meaning) -> Document:
    """Return the beginning: what System tells."""
    code = str(record.code)
    event: dict[str, Any] = {"kind": meaning.kind, "code": code}
    winlog: dict[str, Any] = {"event_id": code}
    document: Document = {
        "@timestamp": record.time,
        "event": event,
        "host": {"os": {"type": "windows", "family": "windows"}},
        "winlog": winlog,
    }
    if record.channel:
        winlog["channel"] = record.channel
    if meaning.category:
        event["category"] = list(meaning.category)
    event["type"] = list(meaning.type)
    if record.provider:
        event["provider"] = winlog["provider_name"] = record.provider
    if record.guid:
        winlog["provider_guid"] = "{" + record.guid.strip("{}") + "}"
    if record.computer:
        document["host"]["name"] = winlog["computer_name"] = record.computer
    if record.record_id:
        winlog["record_id"] = record.record_id
    if record.version is not None:
        winlog["version"] = record.version
    level = record.level
    if level is not None:
        name = LEVELS.get(level) if type(level) is int else str(level).lower()
        if name:
            document["log"] = {"level": name}
            winlog["level"] = name
    task = record.task
    if type(task) is int:
        task = SECURITY_TASKS.get(task) if record.channel == "Security" else None
    if task:
        winlog["task"] = task
    elif record.channel in SYSMON_LOGS and meaning.action:
        winlog["task"] = meaning.action
    opcode = record.opcode
    if type(opcode) is int:
        opcode = OPCODES.get(opcode)
    if opcode:
        winlog["opcode"] = opcode
    outcome = meaning.outcome
    keywords = record.keywords
    if type(keywords) is int:
        if record.channel == "Security":
            if keywords & AUDIT_FAILURE:
                outcome = "failure"
            elif keywords & AUDIT_SUCCESS:
                outcome = outcome or "success"
        keywords = keyword_names(keywords)
    elif type(keywords) is list:
        outcome = (
            "failure"
            if "Audit Failure" in keywords
            else outcome or ("success" if "Audit Success" in keywords else None)
        )
    if keywords:
        winlog["keywords"] = keywords
    if outcome:
        event["outcome"] = outcome
    if meaning.action:
        event["action"] = meaning.action
    elif type(record.task) is str:
        event["action"] = record.task
    if record.activity_id:
        winlog["activity_id"] = record.activity_id
    if record.related_activity_id:
        winlog["related_activity_id"] = record.related_activity_id
    if record.pid is not None:
        process: dict[str, Any] = {"pid": record.pid}
        if record.thread is not None:
            process["thread"] = {"id": record.thread}
        winlog["process"] = process
    if record.sid:
        winlog["user"] = {"identifier": record.sid}
    if record.message:
        document["message"] = record.message
    return document


def _copied(data: Mapping[str, Any], places: Mapping[str, Place], document: Document) -> dict[str, Any]:
    """Return the elements as texts; set the fields that are copies of them."""
    found: dict[str, Any] = {}
    for name, value in data.items():
        if type(value) is not str:
            if value is None or name[:1] == "#":
                continue
            value = str(value) if type(value) is int else _plain(value)
            if value is None:
                continue
        found[name] = value
        if " " in name:
            found[name.replace(" ", "_")] = value
            name = name.replace(" ", "")
            found[name] = value
        place = places.get(name)
        if place is None or type(value) is not str:
            continue
        root, inner, leaf, convert = place
        if convert is not None and (value := convert(value)) is None:
            continue
        into = document.get(root)
        if into is None:
            into = document[root] = {}
        if inner is not None:
            outer = into
            into = outer.get(inner)
            if into is None:
                into = outer[inner] = {}
        into[leaf] = value
    if (unnamed := found.get("Data")) is not None and len(found) < 3:
        texts = unnamed if type(unnamed) is list else [unnamed]
        for number, text in enumerate(texts[:100], 1):
            found[f"param{number}"] = text
    return found


def _plain(value: Any) -> Any:
    """Return a value's text; a list's texts; an element's text where it has attributes; else the object."""
    if type(value) is bool:
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if type(value) is dict:
        if "#text" in value:
            return _plain(value["#text"])
        return {name: inner for name, inner in value.items() if name[:1] != "#"} or None
    if type(value) is list:
        return [plain for item in value if (plain := _plain(item)) is not None]
    return value


def _complete(document: Document) -> None:
    """Set what follows from the fields that are there: names of paths, arguments, addresses."""
    process = document.get("process")
    if process is not None:
        _name_process(process)
        if (parent := process.get("parent")) is not None:
            _name_process(parent)
    file = document.get("file")
    if file is not None and (path := file.get("path")) is not None:
        directory, separator, name = path.rpartition("\\" if "\\" in path else "/")
        if name:
            file["name"] = name
            _, dot, extension = name.rpartition(".")
            if dot and extension and len(extension) < 64:
                file["extension"] = extension
        if separator and directory:
            file["directory"] = directory
    for side in ("source", "destination"):
        end = document.get(side)
        if end is not None and "address" not in end and (host := end.get("ip") or end.get("domain")):
            end["address"] = host
    if (registry := document.get("registry")) is not None and "hive" not in registry:
        split_registry(registry)


def _name_process(process: dict[str, Any]) -> None:
    path = process.get("executable")
    if path and path != "-" and "name" not in process:
        name = path.rpartition("\\" if "\\" in path else "/")[2]
        if name:
            process["name"] = name
    line = process.get("command_line")
    if line and "args" not in process:
        found = arguments(line)
        process["args"] = list(found)
        process["args_count"] = len(found)


_HIVES = {
    "HKEY_LOCAL_MACHINE": "HKLM",
    "HKEY_USERS": "HKU",
    "HKEY_CURRENT_USER": "HKCU",
    "HKEY_CLASSES_ROOT": "HKCR",
    "HKEY_CURRENT_CONFIG": "HKCC",
    "MACHINE": "HKLM",
    "USER": "HKU",
}


def split_registry(registry: dict[str, Any]) -> None:
    """Set ``hive``, ``key`` and ``value`` of a registry path."""
    path = registry.get("path")
    if not isinstance(path, str):
        return
    plain = path.removeprefix("\\REGISTRY\\")
    hive, separator, rest = plain.partition("\\")
    if not separator:
        return
    known = _HIVES.get(hive.upper(), hive)
    if known.startswith("HK") and len(known) < 5:
        registry["hive"] = known
    else:
        return
    if registry.pop("is_key", False):
        registry["key"] = rest
        return
    key, separator, value = rest.rpartition("\\")
    if separator:
        registry["key"] = key
        registry["value"] = value
    else:
        registry["key"] = rest
