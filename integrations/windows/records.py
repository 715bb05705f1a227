"""A Windows event record by its parts, whatever it was written as: the shape that all Windows sources share.

The parts are those of the event schema: https://learn.microsoft.com/windows/win32/wes/eventschema-systempropertiestype-complextype
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from integrations.contract import UnparsedError
from integrations.fields import integer, text

_ATTRIBUTES = "#attributes"
_TEXT = "#text"


@dataclass(slots=True)
class WindowsRecord:
    """What System says, flat, and the elements of EventData and UserData."""

    channel: str
    provider: str
    code: int
    """EventID without its qualifiers."""
    time: str
    """As ECS writes it."""
    data: dict[str, Any]
    """EventData by name; UserData's elements without their wrapper; unnamed elements as the list ``Data``."""
    computer: str | None = None
    guid: str | None = None
    version: int | None = None
    level: int | str | None = None
    task: int | str | None = None
    opcode: int | str | None = None
    keywords: int | list[str] | None = None
    record_id: str | None = None
    activity_id: str | None = None
    related_activity_id: str | None = None
    pid: int | None = None
    thread: int | None = None
    sid: str | None = None
    """Of the account that wrote the record."""
    message: str | None = None
    user_data: dict[str, Any] = field(default_factory=dict)
    """UserData with the name of its wrapper as ``xml_name``, empty where the record has EventData."""


def read_event(entry: Mapping[str, Any], time: Any) -> WindowsRecord:
    """Return the record that is in an event as evtx_dump prints it: elements are keys, attributes are below
    ``#attributes``, the text of an element that has both is ``#text``.

    `time` turns ``SystemTime`` into ECS's form, None where it can't. Raises `UnparsedError`.
    """
    event = entry.get("Event")
    system = event.get("System") if type(event) is dict else None
    if type(event) is not dict or type(system) is not dict:
        raise UnparsedError("expected an object Event with an object System")
    channel, code = _texted(system.get("Channel")), integer(_texted(system.get("EventID")))
    if code is None:
        raise UnparsedError("expected a number in Event.System.EventID")
    provider = _attributes(system, "Provider")
    created = time(_attributes(system, "TimeCreated").get("SystemTime"))
    if created is None:
        raise UnparsedError("expected a time in Event.System.TimeCreated's SystemTime")
    data, user_data = _data(event)
    record = WindowsRecord(
        channel=text(channel) or "",
        provider=text(provider.get("Name")) or text(provider.get("EventSourceName")) or "",
        code=code,
        time=created,
        data=data,
        computer=text(_texted(system.get("Computer"))),
        guid=text(provider.get("Guid")),
        version=integer(system.get("Version")),
        level=integer(system.get("Level")),
        task=integer(system.get("Task")),
        opcode=integer(system.get("Opcode")),
        keywords=_flags(system.get("Keywords")),
        record_id=text(system.get("EventRecordID")),
        user_data=user_data,
    )
    if correlation := _attributes(system, "Correlation"):
        record.activity_id = text(correlation.get("ActivityID"))
        record.related_activity_id = text(correlation.get("RelatedActivityID"))
    if execution := _attributes(system, "Execution"):
        record.pid = integer(execution.get("ProcessID"))
        record.thread = integer(execution.get("ThreadID"))
    if security := _attributes(system, "Security"):
        record.sid = text(security.get("UserID"))
    if type(rendering := event.get("RenderingInfo")) is dict:
        _render(record, rendering)
    return record


def _render(record: WindowsRecord, rendering: Mapping[str, Any]) -> None:
    """Take the texts that the record's publisher has for its numbers."""
    record.message = text(_texted(rendering.get("Message")))
    record.level = text(_texted(rendering.get("Level"))) or record.level
    record.task = text(_texted(rendering.get("Task"))) or record.task
    record.opcode = text(_texted(rendering.get("Opcode"))) or record.opcode
    keywords = rendering.get("Keywords")
    if type(keywords) is dict and (found := keywords.get("Keyword")):
        texts = [text(_texted(word)) for word in (found if isinstance(found, list) else [found])]
        record.keywords = [word for word in texts if word] or record.keywords


def _attributes(system: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    element = system.get(name)
    attributes = element.get(_ATTRIBUTES) if type(element) is dict else None
    return attributes if type(attributes) is dict else _NO_ATTRIBUTES


_NO_ATTRIBUTES: Mapping[str, Any] = {}


def _texted(value: Any) -> Any:
    return value.get(_TEXT) if type(value) is dict else value


def _flags(value: Any) -> int | None:
    """Return the 64 bits of Keywords."""
    if type(value) is str and len(value) < 20:
        return _number(value)
    return value if type(value) is int else None


@lru_cache(maxsize=1024)
def _number(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None


def _data(event: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    data, user_data = event.get("EventData"), event.get("UserData")
    if type(data) is dict:
        if type(user_data) is not dict:
            return data, {}
        return data | _unwrapped(user_data)[0], {}
    if type(user_data) is dict:
        return _unwrapped(user_data)
    return ({"Data": data}, {}) if data and isinstance(data, str | list) else ({}, {})


def _unwrapped(user_data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    found: dict[str, Any] = {}
    whole: dict[str, Any] = {}
    for name, inner in user_data.items():
        if name == _ATTRIBUTES:
            continue
        if type(inner) is dict:
            found |= inner
            whole.setdefault("xml_name", name)
        elif inner is not None:
            found[name] = inner
    whole |= {name: value for name, value in found.items() if name[:1] != "#" and value is not None}
    return found, whole if found else {}
