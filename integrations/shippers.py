"""What log shippers put around a line: Filebeat, Elastic Agent, Fluent Bit, Vector, Logstash and Docker send
JSON objects of which one text is the line.

``{"@timestamp": …, "message": "<134>1 …", "agent": {"type": "filebeat"}, "log": {…}}`` is read as the line in
it, by the source that the line is of. Stated rule: an object is a shipper's when it has nothing but what
shippers add; the line is ``event.original``, else ``message``, else ``log``. What is a record of a source
itself is never taken apart: a JSON log's object only where a shipper left its mark on it.
"""

from __future__ import annotations

from typing import Any

import orjson

from integrations.contract import Framing, Normaliser, Source
from integrations.fields import mapping, put_new, text
from integrations.unwrapping import Tell, Unwrapping
from rules.ecs import Document

_AROUND = frozenset(
    "@metadata @timestamp @version agent beat cloud container container_id container_name data_stream date "
    "docker ecs elastic_agent event fields file filename host hostname input kubernetes log logtag message "
    "metadata offset path prospector source source_type stream tag tags time timestamp type".split()
)
_MARKS = frozenset(
    "@version agent beat container_id docker elastic_agent input kubernetes logtag prospector source_type "
    "stream".split()
)
_WHOLE_DOCUMENTS = frozenset({"ecs.event", "json.event", "windows.winlogbeat", "auditbeat.event"})
"""Sources whose records are such objects themselves."""
LONGEST = 1 << 20


def line_in(data: bytes, framing: Framing = Framing.LINES) -> tuple[bytes, dict[str, Any]] | None:
    """Return the line that a shipper's object holds, and the object; None for what is none."""
    if data[:1] != b"{" or len(data) > LONGEST:
        return None
    if framing is Framing.JSON and b'{\\"' not in data:
        return None
    if not (b'"message"' in data or b'"log"' in data or b'"original"' in data):
        return None
    try:
        entry = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(entry, dict) or not entry.keys() <= _AROUND:
        return None
    line = next(
        (
            found
            for found in (mapping(entry.get("event")).get("original"), entry.get("message"), entry.get("log"))
            if isinstance(found, str)
        ),
        "",
    ).rstrip("\r\n")
    if framing is Framing.JSON and not (
        line.lstrip()[:1] == "{" and (_MARKS & entry.keys() or len(entry) == 1)
    ):
        return None
    return (line.encode("utf-8", "surrogatepass"), entry) if line else None


def is_shipped(source: Source) -> bool:
    """Whether records of a source are taken out of shippers' objects."""
    return source.framing in (Framing.LINES, Framing.JSON) and source.name not in _WHOLE_DOCUMENTS


def from_shippers(normaliser: Normaliser, framing: Framing) -> Normaliser:
    """Return a normaliser that takes its records out of shippers' objects, where they are in such."""
    return Unwrapping(normaliser, _Objects(framing))


class _Objects:
    """Takes shippers' objects off: an `Unwrap`."""

    def __init__(self, framing: Framing) -> None:
        self._framing = framing

    def __call__(self, data: bytes) -> tuple[bytes, Tell] | None:
        found = line_in(data, self._framing)
        if found is None:
            return None
        line, entry = found
        return line, lambda document: _put_shipper(document, entry)


def _put_shipper(document: Document, entry: dict[str, Any]) -> None:
    """Keep where the shipper read the line: its host and its file."""
    host, agent, log = mapping(entry.get("host")), mapping(entry.get("agent")), mapping(entry.get("log"))
    name = (
        text(host.get("name"))
        or text(host.get("hostname"))
        or text(entry.get("host"))
        or text(entry.get("hostname"))
    )
    name = name or text(agent.get("hostname")) or text(mapping(entry.get("beat")).get("hostname"))
    if name and not {"name", "hostname"} & document.get("observer", {}).keys():
        put_new(document, "host.name", name)
    path = (
        text(mapping(log.get("file")).get("path")) or text(entry.get("path")) or text(entry.get("filename"))
    )
    put_new(document, "log.file.path", path or text(entry.get("file")))
    for field, value in (("agent.type", agent.get("type")), ("agent.id", agent.get("id"))):
        put_new(document, field, text(value))
