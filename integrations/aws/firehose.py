"""Amazon Data Firehose's deliveries to an HTTP endpoint.

https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html: a POST with
``{"requestId": …, "timestamp": …, "records": [{"data": base64}]}``, the access key in a header; the answer
repeats the request id. A repeated delivery has the same request id. CloudWatch Logs come through it as
gzip of ``{"messageType": "DATA_MESSAGE", "logEvents": [{"id", "timestamp", "message"}]}``.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any

import orjson

from integrations.arrival import Arrival, ArrivalError
from integrations.unpacking import DamagedError, gunzip

ACCESS_KEY = "X-Amz-Firehose-Access-Key"
REQUEST_ID = "X-Amz-Firehose-Request-Id"


def request_id_of(body: bytes) -> str:
    """Return the request id that a body names, or "" where it is no delivery."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    name = said.get("requestId") if isinstance(said, dict) else None
    return name if isinstance(name, str) else ""


def read_delivery(body: bytes, header: str | None, most: int) -> list[Arrival]:
    """Return the records of a delivery, CloudWatch Logs unwrapped.

    `header` is the request id of the headers, `most` the bytes of all records unpacked. Raises
    `ArrivalError`, or `integrations.unpacking.TooLargeError`.
    """
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ArrivalError(f"a delivery is a JSON object: {error}") from error
    records = said.get("records") if isinstance(said, dict) else None
    if not isinstance(records, list):
        raise ArrivalError('a delivery has "records": a list of {"data": base64}')
    request = said.get("requestId")
    if not isinstance(request, str) or not request:
        raise ArrivalError('a delivery has a "requestId"')
    if header is not None and header != request:
        raise ArrivalError(f"the request id of the body is not that of {REQUEST_ID}")
    found: list[Arrival] = []
    for place, record in enumerate(records):
        try:
            data = base64.b64decode(record["data"], validate=True)
        except (KeyError, TypeError, binascii.Error, ValueError) as error:
            raise ArrivalError(f'record {place} has no base64 "data"') from error
        for piece in _unwrapped(data, f"{request}-{place}", max(0, most)):
            most -= len(piece.data)
            found.append(piece)
    return found


def _unwrapped(data: bytes, name: str, most: int) -> Iterator[Arrival]:
    if not data.startswith(b"\x1f\x8b"):
        yield Arrival(data, name)
        return
    try:
        text = gunzip(data, most)
    except DamagedError:
        yield Arrival(data, name)  # no gzip after all: a record of its own, to be reported
        return
    messages = list(_objects(text))
    if not messages or not all(_is_whole(one) for one in messages):
        yield Arrival(text, name)
        return
    for place, message in enumerate(messages):
        if message["messageType"] != "DATA_MESSAGE":
            continue  # CloudWatch only looks whether we are there
        for number, event in enumerate(message["logEvents"]):
            own = event.get("id") or f"{name}-{place}-{number}"
            yield Arrival(event["message"].encode(), f"cloudwatch-{own}", single=True)


def _is_whole(message: dict[str, Any]) -> bool:
    """Whether an object is a message of CloudWatch Logs each of whose log events has its text."""
    events = message.get("logEvents")
    return (
        "messageType" in message
        and isinstance(events, list)
        and all(isinstance(one, dict) and isinstance(one.get("message"), str) for one in events)
    )


def _objects(text: bytes) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects that stand one behind the other, none where there is anything else."""
    decoder, at = json.JSONDecoder(), 0
    try:
        string = text.decode()
        while at < len(string):
            value, at = decoder.raw_decode(string, at)
            if not isinstance(value, dict):
                return
            yield value
            while at < len(string) and string[at].isspace():
                at += 1
    except (ValueError, RecursionError):
        return
