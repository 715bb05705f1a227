"""Cloud Logging's LogEntry, and in what Pub/Sub delivers it.

References: https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry and
https://cloud.google.com/pubsub/docs/push
"""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import unquote

from integrations.contract import UnparsedError
from integrations.fields import integer, mapping, pick, put, text
from integrations.normalisers import load_object
from integrations.times import Times
from rules.ecs import Document


def log_entry(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the LogEntry of a Pub/Sub message (``{"message": {"data": "<base64>"}}``, as pushed, or pulled),
    or the object itself. Raises `UnparsedError` for data that is no JSON object."""
    message = entry.get("message", entry) if "logName" not in entry else entry
    if (
        isinstance(message, dict)
        and isinstance(data := message.get("data"), str)
        and "logName" not in message
    ):
        try:
            return load_object(base64.b64decode(data, validate=True))
        except (binascii.Error, ValueError) as error:
            raise UnparsedError(f"expected a LogEntry in base64 in message.data: {error}") from error
    return entry


def log_id(entry: dict[str, Any]) -> str:
    """Return the log's id: ``cloudaudit.googleapis.com/activity`` of ``projects/p/logs/…%2Factivity``."""
    name = entry.get("logName")
    return unquote(name[:1024].rpartition("/logs/")[2]) if isinstance(name, str) else ""


def recognised(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the LogEntry of an object, an empty one where it is none."""
    try:
        return mapping(log_entry(entry))
    except UnparsedError:
        return {}


def started(entry: dict[str, Any], times: Times) -> Document:
    """Return the beginning of a document: time, project, place, logger. Raises `UnparsedError`."""
    time = times.iso(entry.get("timestamp")) or times.iso(entry.get("receiveTimestamp"))
    document: Document = {"@timestamp": times.required(time)}
    put(document, "cloud.provider", "gcp")
    labels = mapping(mapping(entry.get("resource")).get("labels"))
    project = text(labels.get("project_id")) or project_of(entry.get("logName"))
    put(document, "cloud.project.id", project)
    put_zone(document, text(labels.get("zone")) or text(labels.get("location")) or text(labels.get("region")))
    put(document, "log.logger", text(entry.get("logName")))
    put(document, "log.level", text(entry.get("severity")))
    return document


def project_of(name: Any) -> str | None:
    """Return the project of ``projects/example/logs/…``."""
    if isinstance(name, str) and name.startswith("projects/"):
        return text(name.split("/", 2)[1])
    return None


def put_zone(document: Document, place: str | None) -> None:
    """Set ``cloud.availability_zone`` and ``.region`` from ``europe-west3-a`` or ``europe-west3``."""
    if place is None or place == "global":
        return
    region, dash, zone = place.rpartition("-")
    if dash and len(zone) == 1 and "-" in region:
        put(document, "cloud.availability_zone", place)
        put(document, "cloud.region", region)
    elif "-" in place:
        put(document, "cloud.region", place)


def status_code(entry: dict[str, Any]) -> int | None:
    """Return ``protoPayload.status.code`` (google.rpc.Code; 0 is OK)."""
    return integer(pick(entry, "protoPayload.status.code"))
