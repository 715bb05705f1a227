"""``windows.nxlog``: NXLog's im_msvistalog as JSON, and other flat shapes of a Windows event.

Fields: https://docs.nxlog.co/refman/current/im/msvistalog.html. What NXLog does not name itself is an
element of EventData. Stated rule for times: ``EventTime`` without a zone is read with the difference
between ``EventReceivedTime`` (of the same clock) and ``@timestamp`` (UTC, set by what passed the event
on) where a record has both, else in the origin's zone; without it, ``@timestamp`` counts.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson

from integrations.contract import Sample, UnparsedError
from integrations.fields import integer, text
from integrations.normalisers import json_source
from integrations.times import Times
from integrations.windows.documents import document
from integrations.windows.records import WindowsRecord
from rules.ecs import Document, parse_timestamp, timestamp

_OWN = frozenset(
    """EventTime Hostname Keywords EventType SeverityValue Severity EventID SourceName ProviderGuid Version Task
    OpcodeValue Opcode RecordNumber ExecutionProcessID ExecutionThreadID ThreadID Channel Message Category
    EventReceivedTime SourceModuleName SourceModuleType ActivityID RelatedActivityID Level LevelValue host port
    tags @version @timestamp TimeCreated EventTypeOrignal EventTypeOriginal ERROR_EVT_UNRESOLVED UserID
    MessageSourceAddress EventTimeWritten Computer winlog agent""".split()
)
_ACCOUNT = frozenset({"AccountName", "AccountType", "Domain"})
"""NXLog's own where ``AccountType`` is there: the account that wrote the record."""
_TYPES = frozenset(
    {"INFO", "WARNING", "ERROR", "CRITICAL", "VERBOSE", "DEBUG", "AUDIT_SUCCESS", "AUDIT_FAILURE", ""}
)
_LEVELS = {
    "INFO": "information",
    "WARNING": "warning",
    "ERROR": "error",
    "CRITICAL": "critical",
    "DEBUG": "verbose",
    "VERBOSE": "verbose",
}
_WRITTEN_AS_TEXT = frozenset({"Windows PowerShell", "MSExchange Management"})
"""Logs of unnamed elements, which NXLog has in its message only."""


def _moment(entry: dict[str, Any], times: Times) -> str | None:
    stated = entry.get("EventTime") or entry.get("TimeCreated")
    arrived = times.any(entry.get("@timestamp"))
    if not isinstance(stated, str):
        return times.epoch(stated) or arrived
    zoned = stated[-1:] in ("Z", "z") or "+" in stated or stated[19:].count("-") == 1
    read = times.iso(stated)
    if read is None or zoned or arrived is None:
        return read or arrived
    received = times.iso(entry.get("EventReceivedTime")) or read
    difference = (parse_timestamp(arrived) - parse_timestamp(received)).total_seconds()
    if abs(difference) > 15 * 3600:
        return arrived
    quarters = round(difference / 900)
    return timestamp(parse_timestamp(read) + timedelta(minutes=15 * quarters))


def _bits(entry: dict[str, Any]) -> int | None:
    bits = integer(entry.get("Keywords"))
    if bits is None and isinstance(value := entry.get("Keywords"), str):
        try:
            bits = int(value, 16) if value.startswith("0x") and len(value) < 19 else None
        except ValueError:
            bits = None
    if bits is None:
        kind = entry.get("EventType")
        return (
            {"AUDIT_SUCCESS": 1 << 53, "AUDIT_FAILURE": 1 << 52}.get(kind) if isinstance(kind, str) else None
        )
    return bits & (2**64 - 1)


def _read(entry: dict[str, Any], times: Times) -> Document:
    code = integer(entry.get("EventID"))
    channel = text(entry.get("Channel"))
    if code is None or channel is None:
        raise UnparsedError("expected EventID, a number, and Channel")
    skipped = _OWN | _ACCOUNT if "AccountType" in entry else _OWN
    if "ExecutionProcessID" not in entry and channel != "Security":
        skipped = skipped | {"ProcessID"}
    data = {name: value for name, value in entry.items() if name not in skipped}
    kind = entry.get("EventType")
    if isinstance(kind, str) and kind not in _TYPES:
        data["EventType"] = kind
    message = text(entry.get("Message"))
    if channel in _WRITTEN_AS_TEXT and message and "Data" not in data:
        data["Data"] = message
    severity = entry.get("Severity")
    pid = integer(entry.get("ExecutionProcessID"))
    if pid is None and "ProcessID" in skipped:
        pid = integer(entry.get("ProcessID"))
    category = text(entry.get("Category"))
    record = WindowsRecord(
        channel=channel,
        provider=text(entry.get("SourceName")) or "",
        code=code,
        time=times.required(_moment(entry, times)),
        data=data,
        computer=text(entry.get("Hostname")) or text(entry.get("Computer")),
        guid=text(entry.get("ProviderGuid")),
        version=integer(entry.get("Version")),
        level=integer(entry.get("LevelValue"))
        or integer(entry.get("Level"))
        or (_LEVELS.get(severity) if isinstance(severity, str) else None),
        task=category or integer(entry.get("Task")),
        opcode=text(entry.get("Opcode")) or integer(entry.get("OpcodeValue")),
        keywords=_bits(entry),
        record_id=text(entry.get("RecordNumber")),
        activity_id=text(entry.get("ActivityID")),
        related_activity_id=text(entry.get("RelatedActivityID")),
        pid=pid,
        thread=integer(entry.get("ThreadID")) or integer(entry.get("ExecutionThreadID")),
        sid=text(entry.get("UserID")),
        message=message,
    )
    return document(record)


def _recognise(entry: dict[str, Any]) -> bool:
    return (
        "EventID" in entry
        and isinstance(entry.get("Channel"), str)
        and bool({"SourceName", "EventReceivedTime", "SourceModuleType"} & entry.keys())
        and "winlog" not in entry
    )


def _sample(expect: dict[str, Any], **entry: Any) -> Sample:
    usual = {
        "EventTime": "2026-03-30 12:01:36", "Hostname": "pc-1.example.org", "Keywords": -9214364837600034816,
        "EventType": "AUDIT_SUCCESS", "SeverityValue": 2, "Severity": "INFO", "SourceName": "Microsoft-Windows-Security-Auditing",
        "ProviderGuid": "{54849625-5478-4994-A5BA-3E3B0328C30D}", "Version": 2, "Task": 12544, "OpcodeValue": 0,
        "RecordNumber": 4711, "ExecutionProcessID": 652, "ThreadID": 700, "Channel": "Security", "Opcode": "Info",
        "EventReceivedTime": "2026-03-30 12:01:38", "SourceModuleName": "eventlog", "SourceModuleType": "im_msvistalog",
    }  # fmt: skip
    return Sample(orjson.dumps(usual | entry).decode(), expect)


NXLOG = json_source(
    "windows.nxlog",
    "Windows events as NXLog writes them in JSON (im_msvistalog), and flat ones alike",
    "https://docs.nxlog.co/refman/current/im/msvistalog.html",
    _read,
    _recognise,
    (
        _sample(
            {"event.action": "logged-in", "user.name": "bob", "source.ip": "203.0.113.7", "winlog.logon.type": "Network",
             "@timestamp": "2026-03-30T16:01:36.000Z", "event.outcome": "success", "winlog.task": "Logon",
             "winlog.record_id": "4711", "winlog.process.pid": 652, "log.level": "information",
             "winlog.event_data.LogonType": "3", "winlog.event_data.EventType": None, "message": "An account was …",
             "winlog.keywords": ["Audit Success"], "host.name": "pc-1.example.org"},
            EventID=4624, TargetUserName="bob", LogonType="3", IpAddress="203.0.113.7", IpPort="1", Category="Logon",
            Message="An account was …", **{"@timestamp": "2026-03-30T16:01:38.120Z"},
        ),
        _sample(
            {"event.outcome": "failure", "event.action": "logon-failed", "@timestamp": "2026-03-30T12:01:36.000Z"},
            EventID=4625, TargetUserName="bob", Keywords=-9218868437227405312, EventType="AUDIT_FAILURE",
        ),
        _sample(
            {"@timestamp": "2026-03-30T16:01:36.100Z", "registry.path": "HKLM\\A\\B", "user.name": None,
             "winlog.event_data.EventType": "SetValue", "winlog.event_data.AccountName": None,
             "event.action": "Registry value set (rule: RegistryEvent)", "winlog.user.identifier": "S-1-5-18"},
            EventID=13, Channel="Microsoft-Windows-Sysmon/Operational", SourceName="Microsoft-Windows-Sysmon",
            UtcTime="2026-03-30 16:01:36.100", TargetObject="HKLM\\A\\B", EventType="SetValue", AccountName="SYSTEM",
            AccountType="User", Domain="NT AUTHORITY", UserID="S-1-5-18", Details="x",
        ),
        _sample(
            {"powershell.engine.version": "5.1", "process.command_line": "powershell.exe -nop", "event.code": "400"},
            EventID=400, Channel="Windows PowerShell", SourceName="PowerShell", EventType="INFO",
            Message="Engine state is changed from None to Available. \r\n\r\nDetails: \r\n\tHostName=ConsoleHost\r\n"
                    "\tHostApplication=powershell.exe -nop\r\n\tEngineVersion=5.1\r\n",
        ),
        _sample({"@timestamp": "2026-03-30T16:01:36.500Z", "event.code": "5"}, EventID=5, EventTime=None,
                TimeCreated="2026-03-30T16:01:36.500Z", Channel="X"),
    ),
)  # fmt: skip
