"""``clamav.log``: clamd, clamonacc, clamav-milter, freshclam and clamscan, from their files or by syslog.

Reference: ClamAV documentation, "Scanning" and clamd.conf (``LogTime``, ``ExtendedDetectionInfo``):
``TIME -> PATH: SIGNATURE(HASH:SIZE) FOUND``.
"""

from __future__ import annotations

import re

from integrations.contract import Sample, UnparsedError
from integrations.fields import categorise, integer, put, put_end, put_new
from integrations.normalisers import message_source, started
from integrations.syslog import Envelope
from integrations.times import Times
from integrations.web import put_path
from rules.ecs import Document

PROGRAMS = frozenset(
    {"clamd", "clamav", "freshclam", "clamonacc", "clamscan", "clamdscan", "clamav-milter", "clamav-daemon"}
)
_TIMED = re.compile(
    r"([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}) -> (.*)", re.DOTALL | re.ASCII
)
_SIGNATURE = re.compile(r"([^\s()]{1,256})(?:\(([0-9a-fA-F]{32,64}):(\d{1,18})\))?")
_SOCKET = re.compile(r"instream\(([0-9A-Za-z.:_-]{2,128})@(\d{1,5})\)")
_UPDATE = re.compile(r"(\S{1,64}) (?:database |updated |is up[ -]to[ -]date ).{0,128}?version: (\d{1,12})")
_HASHES = {32: "md5", 40: "sha1", 64: "sha256"}


def _read(message: str, envelope: Envelope | None, times: Times) -> Document:
    document = started(envelope)
    if envelope is not None and envelope.host:
        document["host"] = {"name": envelope.host, "hostname": envelope.host}
        document.pop("observer", None)
    if match := _TIMED.fullmatch(message):
        document["@timestamp"] = times.required(times.parse(match[1], "%a %b %d %H:%M:%S %Y"))
        message = match[2]
    elif envelope is None and not _found(message):
        raise UnparsedError("expected `TIME -> message`, a syslog line, or `PATH: SIGNATURE FOUND`")
    document.setdefault("@timestamp", times.received())
    put(document, "process.name", envelope.program if envelope is not None else None)
    put(document, "process.pid", envelope.pid if envelope is not None else None)
    put(document, "event.provider", "clamav")
    if envelope is not None or message.startswith("/"):
        # Rules about ClamAV are of Linux; of a Windows host it says drive letters.
        put(document, "host.os.type", "linux")
    put(document, "message", message)
    if found := _found(message):
        _detection(document, *found)
    elif message.startswith(("ERROR: ", "^", "!")) or message.endswith(" ERROR"):
        categorise(document, [], ["error"])
        put(document, "log.level", "error")
    else:
        categorise(document, [], ["info"])
        if message.startswith("WARNING: "):
            put(document, "log.level", "warning")
        if match := _UPDATE.match(message):
            categorise(document, ["configuration"], ["change"], action="signatures-updated")
            put(document, "vendor", {"database": match[1], "version": integer(match[2])})
    return document


def _found(message: str) -> tuple[str, str] | None:
    """Return what was scanned and its signature; the last colon parts them, a path may have some."""
    if not message.endswith(" FOUND"):
        return None
    path, colon, signature = message[:-6].rpartition(": ")
    return (path, signature) if colon and path and _SIGNATURE.fullmatch(signature) else None


def _detection(document: Document, path: str, signature: str) -> None:
    categorise(document, ["malware"], ["info"], kind="alert", action="malware-found")
    match = _SIGNATURE.fullmatch(signature)
    if match is None:
        return
    name, hash, size = match.groups()
    put(document, "threat.indicator.name", name)
    put(document, "rule.name", name)
    put(document, "vendor", {"signature": name})
    path = path.removeprefix("ScanOnAccess: ")
    if socket := _SOCKET.fullmatch(path):
        put_end(document, "source", socket[1], socket[2])
    else:
        put_path(document, "file", path)
    if hash:
        put_new(document, f"file.hash.{_HASHES.get(len(hash), 'md5')}", hash.lower())
        put(document, "file.size", integer(size))


def _recognise(message: str) -> bool:
    if _found(message) is not None:
        return True
    return _TIMED.match(message) is not None


LOG = message_source(
    "clamav.log",
    "ClamAV (clamd, clamonacc, freshclam, clamscan)",
    "ClamAV documentation, Scanning; clamd.conf(5)",
    _read,
    _recognise,
    (
        Sample("Mon Mar 30 16:01:36 2026 -> /srv/upload/x.php: Php.Webshell.Agent-1(0123456789abcdef0123456789abcdef:6149) FOUND",
               {"@timestamp": "2026-03-30T16:01:36.000Z", "event.kind": "alert", "event.category": ["malware"], "file.path": "/srv/upload/x.php",
                "file.extension": "php", "file.size": 6149, "host.os.type": "linux", "file.hash.md5": "0123456789abcdef0123456789abcdef",
                "threat.indicator.name": "Php.Webshell.Agent-1", "event.provider": "clamav",
                "message": "/srv/upload/x.php: Php.Webshell.Agent-1(0123456789abcdef0123456789abcdef:6149) FOUND"}),
        Sample("Mar 30 16:01:36 web-1 clamd[812]: /tmp/a: b: Unix.Trojan.Mirai-5 FOUND",
               {"event.kind": "alert", "file.path": "/tmp/a: b", "host.name": "web-1", "process.name": "clamd", "process.pid": 812}),
        Sample("Mon Mar 30 16:01:36 2026 -> instream(198.51.100.7@41022): Eicar-Test-Signature FOUND", {"event.kind": "alert", "source.ip": "198.51.100.7"}),
        Sample("Mon Mar 30 16:01:36 2026 -> daily.cld database is up-to-date (version: 27000, sigs: 2000000, f-level: 90, builder: x)",
               {"event.action": "signatures-updated", "vendor.version": 27000}),
        Sample("Mon Mar 30 16:01:36 2026 -> ERROR: Can't open file", {"event.type": ["error"], "log.level": "error"}),
    ),
)  # fmt: skip
