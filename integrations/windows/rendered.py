"""``windows.xml``: Windows events as XML, one ``<Event>`` a record or several in ``<Events>``, over any lines.

Stated rules: an event begins at ``<Event`` and ends at ``</Event>``; what stands before it in its line (a
syslog envelope) is left out, and so are declarations and ``<Events>``. One that grows beyond `LARGEST`
without ending is reported as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from integrations.contract import Framing, Origin, Record, Sample, Source, UnparsedError
from integrations.text import readable
from integrations.times import Times
from integrations.windows.documents import document
from integrations.windows.evtx import system_time
from integrations.windows.markup import read_markup
from integrations.windows.records import read_event
from rules.ecs import Document, timestamp

LARGEST = 1 << 20
"""Bytes of one event."""
_START = re.compile(rb"<Event[\s>]")
_END = b"</Event>"
_AROUND = re.compile(
    rb"(?:\xef\xbb\xbf|\s|<\?xml[^<>]{0,256}\?>|<!--[^<>]{0,1024}-->|</?Events(?:\s[^<>]{0,512})?>)*+"
)
Pairs = Sequence[tuple[Record, Document]]


class _XmlNormaliser:
    def __init__(self, origin: Origin) -> None:
        self._time = system_time(Times(origin))
        self._received = timestamp(origin.received)
        self._lines: list[Record] = []
        self._size = 0

    @property
    def held(self) -> Record | None:
        return _whole(self._lines) if self._lines else None

    def feed(self, record: Record) -> Pairs:
        data = record.data
        found: list[tuple[Record, Document]] = []
        if not self._lines:
            start = _START.search(data)
            if start is None:
                if _AROUND.fullmatch(data):
                    return ()
                raise UnparsedError("expected an XML element Event")
            data = data[start.start() :]
        while (end := data.find(_END)) >= 0:
            self._hold(Record(data[: end + len(_END)], record.position))
            found += self._complete()
            data = data[end + len(_END) :]
            start = _START.search(data)
            if start is None:
                if not _AROUND.fullmatch(data):
                    found.append(
                        (Record(data, record.position), self._fault("expected an XML element Event"))
                    )
                return found
            data = data[start.start() :]
        self._hold(Record(data, record.position))
        if self._size > LARGEST:
            found += self.flush()
        return found

    def flush(self) -> Pairs:
        return self._complete() if self._lines else ()

    def _hold(self, record: Record) -> None:
        self._lines.append(record)
        self._size += len(record.data) + 1

    def _complete(self) -> Pairs:
        record = _whole(self._lines)
        self._lines, self._size = [], 0
        try:
            made = document(read_event(read_markup(readable(record.data)), self._time))
        except UnparsedError as error:
            made = self._fault(str(error))
        return [(record, made)]

    def _fault(self, reason: str) -> Document:
        return {
            "@timestamp": self._received,
            "event": {"kind": "pipeline_error", "type": ["error"]},
            "error": {"message": reason},
        }


def _whole(lines: Sequence[Record]) -> Record:
    if len(lines) == 1:
        return lines[0]
    return Record(b"\n".join(line.data for line in lines), lines[0].position)


def _guess(records: Sequence[bytes]) -> float:
    """Of lines: those of a whole event, or the first lines of one that goes over several."""
    text = b"\n".join(records)
    events = text.count(b"http://schemas.microsoft.com/win/2004/08/events/event")
    if not events or b"Linux-Sysmon" in text:
        return 0.0
    starts = len(_START.findall(text))
    return min(1.0, 0.95 * events / max(1, starts)) if starts else 0.0


_HEAD = (
    '<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider '
    'Name="{provider}" Guid="{{54849625-5478-4994-a5ba-3e3b0328c30d}}"/><EventID>{code}</EventID><Version>2</Version>'
    "<Level>{level}</Level><Task>12544</Task><Opcode>0</Opcode><Keywords>0x8020000000000000</Keywords>"
    '<TimeCreated SystemTime="2026-03-30T16:01:36.1234567Z"/><EventRecordID>4711</EventRecordID>'
    '<Correlation ActivityID="{{a1}}"/><Execution ProcessID="652" ThreadID="700"/><Channel>{channel}</Channel>'
    "<Computer>pc-1.example.org</Computer><Security/></System>"
)


def _head(channel: str, code: int, provider: str, level: int = 0) -> str:
    return _HEAD.format(channel=channel, code=code, provider=provider, level=level)


_LOGON = (
    _head("Security", 4624, "Microsoft-Windows-Security-Auditing")
    + "<EventData><Data Name='TargetUserName'>bob</Data><Data Name='LogonType'>3</Data>"
    "<Data Name='IpAddress'>203.0.113.7</Data><Data Name='IpPort'>50412</Data></EventData>"
)
_RENDERED = (
    '<RenderingInfo Culture="en-US"><Message>An account was successfully logged on.\n\nSubject: &lt;none&gt;'
    "</Message><Level>Information</Level><Task>Logon</Task><Opcode>Info</Opcode><Channel>Security</Channel>"
    "<Provider>Microsoft Windows security auditing.</Provider><Keywords><Keyword>Audit Success</Keyword></Keywords>"
    "</RenderingInfo></Event>"
)

XML = Source(
    name="windows.xml",
    title="Windows events as XML (wevtutil, event viewer, event forwarding, rsyslog)",
    documentation="https://learn.microsoft.com/windows/win32/wes/eventschema-schema",
    open=_XmlNormaliser,
    guess=_guess,
    framing=Framing.XML,
    joins=True,
    samples=(
        Sample(
            _LOGON + _RENDERED,
            {"event.action": "logged-in", "user.name": "bob", "source.ip": "203.0.113.7", "event.outcome": "success",
             "winlog.task": "Logon", "log.level": "information", "winlog.keywords": ["Audit Success"],
             "message": "An account was successfully logged on.\n\nSubject: <none>", "@timestamp": "2026-03-30T16:01:36.123Z",
             "winlog.provider_guid": "{54849625-5478-4994-a5ba-3e3b0328c30d}", "winlog.activity_id": "{a1}"},
        ),
        Sample(
            "<?xml version='1.0'?><Events>" + _LOGON + "</Event>\n" + _LOGON + "</Event></Events>",
            {"event.code": "4624", "winlog.event_data.LogonType": "3", "winlog.logon.type": "Network"},
        ),
        Sample(
            "<13>Mar 30 16:01:36 pc-1 winlog: "
            + _head("Application", 1000, "Application Error", 2)
            + "<EventData><Data>a.exe</Data><Data>&#x1;1.0</Data><Binary>00</Binary></EventData></Event>",
            {"event.action": "application-crashed", "winlog.event_data.Data": ["a.exe", "\ufffd1.0"], "log.level": "error"},
        ),
        Sample(
            _head("Security", 1102, "Microsoft-Windows-Eventlog")
            + "<UserData><LogFileCleared xmlns='http://manifests.microsoft.com/win/2004/08/windows/eventlog'>"
            "<SubjectUserName>alice</SubjectUserName></LogFileCleared></UserData></Event>",
            {"event.action": "audit-log-cleared", "user.name": "alice", "winlog.user_data.xml_name": "LogFileCleared"},
        ),
        Sample(
            '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + _LOGON.replace("bob", "&b;") + "</Event>",
            {"event.kind": "pipeline_error", "user.name": None},
        ),
    ),
)  # fmt: skip
