"""In what AWS delivers a service's records: files, EventBridge, CloudWatch Logs.

- A file of CloudTrail's, or a notification: ``{"Records": [record, …]}``.
- EventBridge: ``{"detail-type": …, "source": …, "detail": record}``; Security Hub's has the findings in
  ``detail.findings``.
- A CloudWatch Logs subscription (also through Firehose): ``{"messageType": "DATA_MESSAGE", "logGroup": …,
  "logEvents": [{"timestamp": …, "message": "the record as text"}]}``.
- What ``aws logs filter-log-events`` and Logs Insights print: ``{"timestamp": …, "message": "…"}`` or
  ``{"@timestamp": …, "@message": "…"}``.

References: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html and
https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from integrations.contract import UnparsedError
from integrations.fields import mapping, objects
from integrations.normalisers import ReadObject, Recognise, load_object
from integrations.times import Times
from rules.ecs import Document

_AROUND = frozenset({"logEvents", "message", "@message", "Records", "detail-type", "messageType"})
"""What an envelope has one of; an object without is a record itself."""
LOOKED_AT = 20
"""Records of one envelope that are looked at to recognise it."""


def log_messages(entry: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the messages of an envelope of CloudWatch Logs, each with its time since 1970 in ms; of a
    control message, which only tests the delivery, none.

    Raises `UnparsedError` where a log event has no message: the envelope is then kept whole.
    """
    if "logEvents" in entry and entry.get("messageType") != "CONTROL_MESSAGE":
        for event in whole_objects(entry["logEvents"], "logEvents"):
            if not isinstance(message := event.get("message"), str):
                raise UnparsedError("an envelope with a log event that has no message")
            yield message, event.get("timestamp")
    for text, time in (("message", "timestamp"), ("@message", "@timestamp")):
        if isinstance(message := entry.get(text), str) and time in entry:
            yield message, entry[time]


def whole_objects(value: Any, name: str) -> list[dict[str, Any]]:
    """Return a list's objects. Raises `UnparsedError` where it is none, is empty, or has anything else in it:
    what is passed over is lost."""
    if not isinstance(value, list) or not value or len(found := objects(value)) != len(value):
        raise UnparsedError(f"an envelope whose {name} are no list of objects")
    return found


def is_log_envelope(entry: dict[str, Any]) -> bool:
    """Whether an object is an envelope of CloudWatch Logs."""
    if "logEvents" in entry and "messageType" in entry:
        return True
    return len(entry) <= 8 and any(
        isinstance(entry.get(text), str) and time in entry
        for text, time in (("message", "timestamp"), ("@message", "@timestamp"))
    )


def unwrapped(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the records of an envelope, or the object itself, where it is none.

    Raises `UnparsedError` for a message that should be a JSON object and is none.
    """
    if is_log_envelope(entry):
        for message, _ in log_messages(entry):
            yield from unwrapped_once(load_object(message))
    else:
        yield from unwrapped_once(entry)


def unwrapped_once(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if isinstance(entry.get("Records"), list):
        yield from whole_objects(entry["Records"], "Records")
    elif "detail-type" in entry and isinstance(detail := entry.get("detail"), dict):
        if isinstance(detail.get("findings"), list):
            yield from whole_objects(detail["findings"], "findings")
        else:
            yield detail
    else:
        yield entry


def unwrapping(read: Callable[[dict[str, Any], Times], Document]) -> ReadObject:
    """Return a reader of envelopes from one of records."""

    def read_all(entry: dict[str, Any], times: Times) -> Document | list[Document]:
        if entry.keys().isdisjoint(_AROUND):
            return read(entry, times)
        if entry.get("messageType") == "CONTROL_MESSAGE":
            return []
        found = [read(record, times) for record in unwrapped(entry)]
        if not found:
            raise UnparsedError("an envelope without records: expected Records, detail, or logEvents")
        return found

    return read_all


def recognising(recognise: Recognise) -> Recognise:
    """Return what recognises a record also inside of an envelope."""

    def recognise_any(entry: dict[str, Any]) -> bool:
        try:
            for at, record in enumerate(unwrapped(entry)):
                if recognise(mapping(record)):
                    return True
                if at >= LOOKED_AT:
                    break
        except UnparsedError:
            return False
        return False

    return recognise_any
