"""Splunk's HTTP Event Collector: the wire format of existing shippers.

https://docs.splunk.com/Documentation/Splunk/latest/Data/FormateventsforHTTPEventCollector and
…/RESTREF/RESTinput#services.2Fcollector: ``/services/collector/event`` takes JSON objects one behind the
other, ``/raw`` lines; the token comes as ``Authorization: Splunk TOKEN``; answers have a text and a code.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, NamedTuple

import orjson

from integrations.arrival import Arrival


class HecAnswer(NamedTuple):
    """An answer of the collector, as its shippers know it."""

    status: int
    text: str
    code: int


SUCCESS = HecAnswer(200, "Success", 0)
NO_TOKEN = HecAnswer(401, "Token is required", 2)
NO_AUTHORIZATION = HecAnswer(401, "Invalid authorization", 3)
WRONG_TOKEN = HecAnswer(403, "Invalid token", 4)
NO_DATA = HecAnswer(400, "No data", 5)
WRONG_FORMAT = HecAnswer(400, "Invalid data format", 6)
BUSY = HecAnswer(503, "Server is busy", 9)
NO_CHANNEL = HecAnswer(400, "Data channel is missing", 10)
NO_EVENT = HecAnswer(400, "Event field is required", 12)
BLANK_EVENT = HecAnswer(400, "Event field cannot be blank", 13)
HEALTHY = HecAnswer(200, "HEC is healthy", 17)
FULL = HecAnswer(503, "HEC is unhealthy, queues are full", 18)
TOO_LARGE = HecAnswer(413, "Content-Length is too large", 27)


class HecError(Exception):
    """A request is refused; `answer` is what its sender is told, `event` which of its events is wrong."""

    def __init__(self, answer: HecAnswer, event: int | None = None) -> None:
        super().__init__(answer.text)
        self.answer = answer
        self.event = event


def token_of(header: str | None) -> str:
    """Return the token that an Authorization header carries: ``Splunk TOKEN``, ``Bearer TOKEN``, or a
    password (RFC 7617). Raises `HecError`."""
    if not header:
        raise HecError(NO_TOKEN)
    scheme, _, rest = header.partition(" ")
    if scheme.lower() in {"splunk", "bearer"} and rest.strip():
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest, validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError) as error:
            raise HecError(NO_AUTHORIZATION) from error
    raise HecError(NO_AUTHORIZATION)


def read_events(body: bytes) -> list[Arrival]:
    """Return the events of a body for ``/event``. Raises `HecError` naming the event that is wrong;
    then none of them counts."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise HecError(WRONG_FORMAT) from error
    found: list[Arrival] = []
    decoder, at = json.JSONDecoder(), 0
    while (at := _skip(text, at)) < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise HecError(WRONG_FORMAT, len(found)) from error
        for one in value if isinstance(value, list) else [value]:
            found.append(_event(one, len(found)))
    if not found:
        raise HecError(NO_DATA)
    return found


def read_acks(body: bytes) -> list[int]:
    """Return the acknowledgement ids that a body ``{"acks": [1, 2]}`` asks for. Raises `HecError`."""
    try:
        asked = orjson.loads(body)["acks"]
        if not all(type(number) is int for number in asked):
            raise HecError(WRONG_FORMAT)
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise HecError(WRONG_FORMAT) from error
    return list(asked[:10_000])


def _event(said: Any, number: int) -> Arrival:
    if not isinstance(said, dict):
        raise HecError(WRONG_FORMAT, number)
    if said.get("event") is None:
        raise HecError(NO_EVENT, number)
    event, host = said["event"], said.get("host")
    if event == "":
        raise HecError(BLANK_EVENT, number)
    try:
        data = event.encode() if isinstance(event, str) else orjson.dumps(event)
    except (TypeError, ValueError) as error:  # a lone surrogate, a number beyond 64 bits
        raise HecError(WRONG_FORMAT, number) from error
    return Arrival(data, host=host if isinstance(host, str) else "", single=True)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n,":
        at += 1
    return at
