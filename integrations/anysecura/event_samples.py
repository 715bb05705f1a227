"""The own tests of `anysecura.event`."""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Sample


def _cef(expect: dict[str, Any], code: str, name: str, severity: object, extension: str) -> Sample:
    line = f"<134>Mar 30 16:01:36 as-1 CEF:0|AnySecura|Endpoint|5.2|{code}|{name}|{severity}|rt=1774886496123 {extension}"
    return Sample(
        line,
        {"@timestamp": "2026-03-30T16:01:36.123Z", "event.code": code, "observer.vendor": "AnySecura"}
        | expect,
    )


def _json(expect: dict[str, Any], **entry: Any) -> Sample:
    usual = {
        "vendor": "AnySecura",
        "time": "2026-03-30T16:01:36.123Z",
        "computer": "pc-1",
        "user": "EXAMPLE\\alice",
        "ip": "192.0.2.4",
    }
    return Sample(
        orjson.dumps(usual | entry).decode(),
        {
            "@timestamp": "2026-03-30T16:01:36.123Z",
            "host.name": "pc-1",
            "user.name": "alice",
            "host.ip": ["192.0.2.4"],
        }
        | expect,
    )


SAMPLES = (
    _cef({"event.kind": "alert", "event.action": "screen-photographed", "user.name": "alice", "user.domain": "EXAMPLE", "host.name": "pc-1",
          "event.severity": 8, "source.ip": "192.0.2.4", "rule.name": "No photos", "event.category": ["intrusion_detection"]},
         "2101", "Screen photographed", 8, "suser=EXAMPLE\\\\alice shost=pc-1 src=192.0.2.4 cs1Label=Policy cs1=No photos"),
    _cef({"event.action": "screen-locked", "event.category": ["session"], "event.type": ["change"], "host.name": "pc-1"},
         "2001", "Lock screen", 3, "suser=alice shost=pc-1"),
    _cef({"event.action": "file-copied-to-removable-media", "file.path": "C:\\t\\plan.docx", "file.name": "plan.docx", "file.size": 77,
          "process.name": "explorer.exe", "device.id": "USB-7", "event.category": ["file"], "file.hash.sha256": "ef" * 32},
         "2201", "File copied to USB", 6,
         "suser=alice shost=pc-1 filePath=C:\\\\t\\\\plan.docx fsize=77 sproc=explorer.exe deviceExternalId=USB-7 fileHash=" + "ef" * 32),
    _cef({"event.action": "application-blocked", "event.type": ["denied"], "process.executable": "C:\\t\\x.exe", "process.name": "x.exe"},
         "2301", "Application blocked", 5, "suser=alice shost=pc-1 sproc=C:\\\\t\\\\x.exe act=blocked"),
    _cef({"event.action": "computer-unlocked", "event.category": ["session"], "host.name": "pc-1", "event.severity": 3},
         "2004", "Computer unlocked", "Low", "duser=alice dhost=pc-1"),
    _cef({"event.action": "something-new", "event.type": ["info"], "host.name": "as-1", "vendor.flexString1": "x"},
         "1", "Something new", 1, "flexString1=x"),
    _json({"event.action": "file-printed", "file.path": "C:\\t\\plan.docx", "event.type": ["access"], "vendor.printer": "P1"},
          event="file_printed", filePath="C:\\t\\plan.docx", printer="P1", severity="medium"),
    _json({"event.action": "file-uploaded", "url.domain": "www.example.com", "event.type": ["access", "denied"], "event.reason": "blocked"},
          event="FileUpload", url="https://www.example.com/up", result="blocked", filePath="C:\\t\\a.zip"),
    _json({"event.action": "clipboard-copied", "process.name": "winword.exe"}, event="clipboard", process="winword.exe"),
    _json({"event.kind": "alert", "event.action": "agent-tampered", "event.severity": 10}, eventName="Agent tampered", level="critical"),
    _json({"event.action": "computer-locked", "host.os.type": "windows", "host.mac": ["02-00-00-00-00-01"]},
          event="Computer locked", os="Windows 11", mac="02:00:00:00:00:01"),
)  # fmt: skip
