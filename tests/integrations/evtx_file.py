"""Small binary Windows event logs, written by hand: headers, one chunk, records in BinXml without templates.

Format: https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

RECORDS = 512
"""Where the records begin in a chunk."""
CHUNK = 65_536


@dataclass(frozen=True)
class Element:
    name: str
    text: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    children: tuple[Element, ...] = ()


class _Writer:
    """Writes BinXml whose offsets count from the chunk's beginning."""

    def __init__(self, at: int) -> None:
        self.data = bytearray()
        self._start = at

    def place(self) -> int:
        return self._start + len(self.data)

    def put(self, format: str, *values: int) -> None:
        self.data += struct.pack("<" + format, *values)

    def name(self, text: str) -> None:
        self.put("I", self.place() + 4)  # the name itself follows
        hash = 0
        for character in text:
            hash = (hash * 65599 + ord(character)) & 0xFFFFFFFF
        self.put("IHH", 0, hash & 0xFFFF, len(text))
        self.data += text.encode("utf-16-le") + b"\0\0"

    def value(self, text: str) -> None:
        self.put("BBH", 0x05, 0x01, len(text))
        self.data += text.encode("utf-16-le")

    def sized(self) -> int:
        self.put("I", 0)
        return len(self.data)

    def size(self, since: int) -> None:
        struct.pack_into("<I", self.data, since - 4, len(self.data) - since)

    def element(self, element: Element) -> None:
        self.put("B", 0x41 if element.attributes else 0x01)
        whole = self.sized()
        self.name(element.name)
        if element.attributes:
            attributes = self.sized()
            for number, (name, text) in enumerate(element.attributes.items(), 1):
                self.put("B", 0x06 if number == len(element.attributes) else 0x46)
                self.name(name)
                self.value(text)
            self.size(attributes)
        if not element.text and not element.children:
            self.put("B", 0x03)
        else:
            self.put("B", 0x02)
            if element.text:
                self.value(element.text)
            for child in element.children:
                self.element(child)
            self.put("B", 0x04)
        self.size(whole)


def event(code: int, **data: str) -> Element:
    """Return a Security event."""
    system = (
        Element("Provider", attributes={"Name": "Microsoft-Windows-Security-Auditing"}),
        Element("EventID", str(code)),
        Element("Level", "0"),
        Element("Keywords", "0x8020000000000000"),
        Element("TimeCreated", attributes={"SystemTime": "2026-03-30T16:01:36.123456Z"}),
        Element("EventRecordID", "1"),
        Element("Channel", "Security"),
        Element("Computer", "pc-1.example.org"),
    )
    elements = tuple(Element("Data", text, {"Name": name}) for name, text in data.items())
    return Element(
        "Event", children=(Element("System", children=system), Element("EventData", children=elements))
    )


def evtx(events: Sequence[Element]) -> bytes:
    """Return a log of these events, fewer than fill one chunk."""
    chunk = bytearray(CHUNK)
    at = last = RECORDS
    for number, each in enumerate(events, 1):
        writer = _Writer(at + 24)
        writer.put("BBBB", 0x0F, 1, 1, 0)
        writer.element(each)
        writer.put("B", 0)
        size = 24 + len(writer.data) + 4
        struct.pack_into("<4sIQQ", chunk, at, b"**\0\0", size, number, 133_870_000_960_000_000)
        chunk[at + 24 : at + size - 4] = writer.data
        struct.pack_into("<I", chunk, at + size - 4, size)
        last, at = at, at + size
    count = len(events)
    records = zlib.crc32(chunk[RECORDS:at])
    struct.pack_into("<8sQQQQIIII", chunk, 0, b"ElfChnk\0", 1, count, 1, count, 128, last, at, records)
    struct.pack_into("<I", chunk, 124, zlib.crc32(chunk[:120] + chunk[128:RECORDS]))
    header = bytearray(4096)
    struct.pack_into("<8sQQQIHHHH", header, 0, b"ElfFile\0", 0, 0, count + 1, 128, 1, 3, 4096, 1)
    struct.pack_into("<I", header, 124, zlib.crc32(header[:120]))
    return bytes(header + chunk)
