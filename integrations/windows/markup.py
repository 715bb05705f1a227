"""Windows events as XML, turned into the objects that evtx_dump prints, without any entity or document type.

Schema: https://learn.microsoft.com/windows/win32/wes/eventschema-schema; rendered events (wevtutil
``/f:RenderedXml``, forwarded ones) have RenderingInfo beside it.
"""

from __future__ import annotations

import re
from typing import Any
from xml.parsers import expat

from integrations.contract import UnparsedError

DEEPEST = 64
"""Elements within elements of one event."""
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(r"&#(?:x([0-9A-Fa-f]{1,8})|([0-9]{1,8}));")


class _Element:
    __slots__ = ("attributes", "children", "name", "texts")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name, self.attributes = name.rpartition(":")[2], attributes
        self.texts: list[str] = []
        self.children: list[_Element] = []

    @property
    def text(self) -> str:
        return "".join(self.texts)


def read_markup(text: str) -> dict[str, Any]:
    """Return the event of one ``<Event>`` element as evtx_dump prints it. Raises `UnparsedError`."""
    try:
        root = _parse(text)
    except expat.ExpatError as error:
        legal = _REFERENCE.sub(_legal, _ILLEGAL.sub("\ufffd", text))
        if legal == text:
            raise UnparsedError(f"expected an XML element Event: {error}") from error
        try:
            root = _parse(legal)
        except expat.ExpatError as again:
            raise UnparsedError(f"expected an XML element Event: {again}") from again
    if root.name != "Event":
        raise UnparsedError(f"expected an XML element Event, not {root.name[:40]}")
    event: dict[str, Any] = {}
    for part in root.children:
        if part.name == "EventData":
            event["EventData"] = _data(part)
        elif part.name in ("System", "UserData", "RenderingInfo"):
            event[part.name] = _object(part)
    return {"Event": event}


def _parse(text: str) -> _Element:
    top = _Element("", {})
    stack = [top]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(stack) > DEEPEST:
            raise UnparsedError(f"expected no more than {DEEPEST} elements within elements")
        element = _Element(name, attributes)
        stack[-1].children.append(element)
        stack.append(element)

    def end(_: str) -> None:
        stack.pop()

    def characters(data: str) -> None:
        stack[-1].texts.append(data)

    def refuse(*_: Any) -> None:
        raise UnparsedError("expected no document type and no entities in an event")

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.buffer_text = True
    parser.Parse(text.encode("utf-8", "replace"), True)
    return top.children[0]


def _legal(match: re.Match[str]) -> str:
    """Replace a reference to a character that XML has not."""
    code = int(match[1], 16) if match[1] else int(match[2])
    if (
        code in (9, 10, 13)
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or 0x10000 <= code <= 0x10FFFF
    ):
        return match[0]
    return "\ufffd"


def _object(element: _Element) -> Any:
    """Return an element's children by name, its text where it has none, both with its attributes."""
    attributes = {name: value for name, value in element.attributes.items() if not name.startswith("xmlns")}
    if not element.children:
        text = element.text
        return {"#attributes": attributes, "#text": text} if attributes else text
    found: dict[str, Any] = {"#attributes": attributes} if attributes else {}
    for child in element.children:
        value = _object(child)
        if child.name not in found:
            found[child.name] = value
        elif isinstance(there := found[child.name], list):
            there.append(value)
        else:
            found[child.name] = [there, value]
    return found


def _data(element: _Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    unnamed: list[str] = []
    for child in element.children:
        name = child.attributes.get("Name") or (child.name if child.name != "Data" else "")
        value = child.text if not child.children else _object(child)
        if name:
            found[name] = value
        else:
            unnamed.append(value)
    if unnamed:
        found["Data"] = {"#text": unnamed if len(unnamed) > 1 else unnamed[0]}
    return found
