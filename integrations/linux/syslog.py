"""``linux.syslog``: everything a Linux host says: ``syslog``, ``messages``, the whole journal, cron's log.

What `linux.auth` and `iptables.log` know is read as there; the rest stays an event with its program,
its severity and its message.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from datetime import UTC, datetime

from integrations.contract import Normaliser, Origin, Record, Sample, Source, UnparsedError
from integrations.linux.auth import describe
from integrations.linux.packets import read_packet
from integrations.syslog import EnvelopeReader, repeats
from integrations.text import readable
from rules.ecs import Document

_LEVELS = ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug")


class _SyslogNormaliser:
    def __init__(self, origin: Origin) -> None:
        self._read = EnvelopeReader(origin).read

    def feed(self, record: Record) -> Sequence[tuple[Record, Document]]:
        text = readable(record.data)
        if not text or text.isspace():
            return ()
        envelope = self._read(text)
        times, message = repeats(envelope.message)
        document = envelope.document(message)
        document.setdefault("host", {})["os"] = {"type": "linux"}
        if envelope.priority is not None:
            document["log"]["level"] = _LEVELS[envelope.priority % 8]
        if not (envelope.program == "kernel" and read_packet(message, document)):
            describe(envelope.program, message, document)
        return [(record, document if at == 0 else deepcopy(document)) for at in range(times)]

    def flush(self) -> Sequence[tuple[Record, Document]]:
        return ()


def _open(origin: Origin) -> Normaliser:
    return _SyslogNormaliser(origin)


def _guess(records: Sequence[bytes]) -> float:
    """Any syslog line may be of it, but a source that knows its lines knows better."""
    reader = EnvelopeReader(Origin(received=datetime(2026, 1, 1, tzinfo=UTC)))
    hits = 0
    for record in records:
        try:
            hits += bool(reader.read(readable(record)).program)
        except UnparsedError:
            continue
    return 0.6 * hits / max(1, len(records))


SYSLOG = Source(
    name="linux.syslog",
    title="Linux system log (syslog, messages, cron, the whole journal)",
    documentation="RFC 3164, RFC 5424, systemd.journal-fields(7), cron(8)",
    open=_open,
    guess=_guess,
    samples=(
        Sample(
            "<30>Mar 30 16:01:36 web-1 systemd[1]: Started Daily apt upgrade and clean activities.",
            {"process.name": "systemd", "process.pid": 1, "log.level": "informational", "log.syslog.facility.name": "system",
             "message": "Started Daily apt upgrade and clean activities.", "event.action": None, "host.os.type": "linux"},
        ),
        Sample("Mar 30 16:01:36 web-1 kernel: [    1.0] usb 1-1: new high-speed USB device number 2 using xhci_hcd",
               {"process.name": "kernel", "process.pid": None}),
        Sample("Mar 30 16:01:36 web-1 kernel: [UFW BLOCK] IN=eth0 OUT= SRC=203.0.113.7 DST=192.0.2.1 LEN=40 PROTO=UDP SPT=1 DPT=53 LEN=20",
               {"event.category": ["network"], "source.ip": "203.0.113.7", "destination.port": 53}),
        Sample("Mar 30 16:01:36 web-1 CRON[9]: (alice) CMD (/usr/local/bin/backup)",
               {"event.action": "cron_command", "process.command_line": "/usr/local/bin/backup"}),
        Sample("Mar 30 16:01:36 mac com.apple.xpc.launchd[1] (com.example.agent[77]): Service exited with abnormal code: 1",
               {"process.name": "com.apple.xpc.launchd", "message": "Service exited with abnormal code: 1"}),
        Sample("Mar 30 16:01:36 web-1 last message repeated 3 times", {"message": "last message repeated 3 times", "process.name": None}),
        Sample("1986-04-26T01:23:45.101+0400 gw shutdown[2649]: shutting down for system halt", {"@timestamp": "1986-04-25T21:23:45.101Z"}),
    ),
)  # fmt: skip
