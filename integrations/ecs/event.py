"""``ecs.event``: documents that are ECS already, as other shippers and pipelines make them.

Each is checked (`ecs.schema`): what is not ECS, or not as ECS has it, stays below ``vendor``. The sender's module
and dataset are ``labels.sender_module`` and ``labels.sender_dataset``, its event id ``vendor.event.id``.
"""

from __future__ import annotations

from typing import Any

from integrations.contract import Sample
from integrations.ecs.schema import part
from integrations.fields import mapping, put, put_new, text
from integrations.normalisers import json_source
from integrations.times import Times
from rules.ecs import Document


def read_event(entry: dict[str, Any], times: Times) -> Document:
    """Return the document of one that is ECS. Raises `UnparsedError` where it has no time."""
    document, rest = part(entry, times)
    stamp = entry.get("@timestamp")
    document["@timestamp"] = times.required(times.any(stamp))
    event = document.get("event")
    if not isinstance(event, dict):
        event = document["event"] = {}
    event.setdefault("kind", "event")
    if "type" not in event:
        event["type"] = ["info"]
    theirs = mapping(rest.get("event"))
    put(document, "labels.sender_module", text(theirs.get("module")))
    put(
        document,
        "labels.sender_dataset",
        text(theirs.get("dataset")) or text(mapping(rest.get("data_stream")).get("dataset")),
    )
    if reason := text(mapping(rest.get("error")).get("message")):
        put_new(document, "message", reason)
    put(document, "vendor", rest)
    return document


def field_of(entry: dict[str, Any], name: str) -> Any:
    """Return a field of a document that may be nested or dotted: ``event.module``."""
    if name in entry:
        return entry[name]
    head, _, tail = name.partition(".")
    return mapping(entry.get(head)).get(tail) if tail else None


def _recognise(entry: dict[str, Any]) -> bool:
    return (
        "@timestamp" in entry
        and field_of(entry, "ecs.version") is not None
        and not {"winlog", "auditd", "suricata", "zeek"} & entry.keys()
        and field_of(entry, "agent.type") != "auditbeat"
    )


EVENT = json_source(
    "ecs.event",
    "Documents in Elastic Common Schema (NDJSON, nested or dotted)",
    "Elastic Common Schema 8, ECS Field Reference",
    read_event,
    _recognise,
    (
        Sample('{"@timestamp":"2026-03-30T16:01:36.123Z","ecs":{"version":"8.11.0"},"event":{"kind":"event","category":"network","type":["connection","start"],'
               '"module":"acme","dataset":"acme.flow","id":"x1"},"source":{"ip":"198.51.100.7","port":"50112"},"destination.ip":"203.0.113.9",'
               '"acme":{"zone":"dmz"},"message":"hello"}',
               {"@timestamp": "2026-03-30T16:01:36.123Z", "event.category": ["network"], "event.type": ["connection", "start"], "source.ip": "198.51.100.7",
                "source.port": 50112, "destination.ip": "203.0.113.9", "vendor.acme.zone": "dmz", "vendor.event.id": "x1", "event.module": "ecs",
                "labels.sender_module": "acme", "labels.sender_dataset": "acme.flow", "message": "hello"}),
        Sample('{"@timestamp":1774886496123,"ecs.version":"1.12.0","event.category":["network","nonsense"],"event.outcome":"ok","source.ip":"not one",'
               '"source.address":"app-1","user":{"id":1000},"host":"web-1","host.os":"linux","host.os.name":"Debian","labels":{"team":"blue"},"tags":["a"]}',
               {"@timestamp": "2026-03-30T16:01:36.123Z", "event.category": ["network"], "vendor.event.category": ["nonsense"], "event.outcome": None,
                "vendor.event.outcome": "ok", "source.ip": None, "vendor.source.ip": "not one", "source.address": "app-1", "user.id": "1000",
                "vendor.host": "web-1", "host.os.name": "Debian", "vendor.host_os": "linux", "labels.team": "blue", "tags": ["a"], "event.type": ["info"]}),
        Sample('{"@timestamp":"2026-03-30T16:01:36Z","ecs":{"version":"8.0"},"event":{"kind":"pipeline_error"},"error":{"message":"no route"},"event.severity":"7"}',
               {"event.kind": "event", "vendor.error.message": "no route", "message": "no route", "event.severity": 7}),
    ),
)  # fmt: skip
