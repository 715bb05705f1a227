"""``keyvalue.event`` and ``json.event``: records of no known product, kept whole and searchable.

Only what names itself beyond doubt gets an ECS field: a time, addresses, a user, a level, a message. For
more, define a source of your own in YAML (`integrations.definitions`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from integrations.contract import Sample, Source, UnparsedError
from integrations.fields import categorise, integer, put, put_end, text
from integrations.generic.cef import outcome_of
from integrations.normalisers import json_source, message_source, started
from integrations.notations import read_pairs
from integrations.syslog import Envelope
from integrations.times import Times
from rules.ecs import Document

FAINT = 0.15
"""How likely a log is of these at the most: any source that knows its format is likelier."""

_NAMES: Mapping[str, tuple[str, ...]] = {
    "time": ("timestamp", "time", "ts", "date", "datetime", "eventtime", "createdat", "occurredat", "logtime"),
    "message": ("message", "msg", "log", "text"),
    "log.level": ("level", "severity", "loglevel", "lvl"),
    "user.name": ("user", "username", "usr", "account", "actor", "principal"),
    "source.ip": (
        "src", "srcip", "sourceip", "sourceipaddress", "sourceaddress", "srcaddr", "clientip", "clientaddress",
        "remoteaddr", "remoteip", "remoteaddress",
    ),
    "source.port": ("spt", "srcport", "sourceport", "clientport", "remoteport"),
    "destination.ip": ("dst", "dstip", "destip", "destinationip", "destinationaddress", "dstaddr", "serverip"),
    "destination.port": ("dpt", "dstport", "destport", "destinationport", "serverport"),
    "host.name": ("host", "hostname", "devname", "computer", "computername"),
    "event.action": ("action", "act", "event", "operation", "eventname", "eventtype"),
    "outcome": ("outcome", "result", "status"),
}  # fmt: skip
"""Names in small letters, without what stands between words: ``client_ip``, ``clientIP`` and ``Client-IP`` are one."""
_BETWEEN = str.maketrans("", "", "_-. @")
MOST_NAMES = 500


def _describe(fields: Mapping[str, Any], document: Document, times: Times) -> Document:
    known: dict[str, Any] = {}
    for name in list(fields)[:MOST_NAMES]:
        known.setdefault(name.lower().translate(_BETWEEN), fields[name])
    found = {
        field: next((value for name in names if (value := text(known.get(name))) is not None), None)
        for field, names in _NAMES.items()
    }
    categorise(document, action=found["event.action"], outcome=outcome_of(found["outcome"]))
    stated = times.usual(found["time"])
    document["@timestamp"] = stated or document.get("@timestamp") or times.received()
    for field in ("message", "log.level", "user.name", "host.name"):
        put(document, field, found[field])
    put_end(document, "source", found["source.ip"], integer(found["source.port"]))
    put_end(document, "destination", found["destination.ip"], integer(found["destination.port"]))
    document["vendor"] = dict(fields)
    return document


def read_json(entry: dict[str, Any], times: Times) -> Document:
    """Return the document of any JSON object."""
    return _describe(entry, {"event": {}}, times)


def read_key_value(message: str, envelope: Envelope | None, times: Times) -> Document:
    """Return the document of a line with ``key=value`` pairs. Raises `UnparsedError` for one without."""
    pairs = read_pairs(message)
    if not pairs:
        raise UnparsedError("expected key=value pairs")
    document = _describe(pairs, started(envelope), times)
    document.setdefault("message", message)
    return document


def _any_object(entry: dict[str, Any]) -> bool:
    return bool(entry)


def _several_pairs(message: str) -> bool:
    return message[:2048].count("=") >= 3 and len(read_pairs(message[:2048])) >= 3


class _Faint:
    def __init__(self, guess: Callable[[Sequence[bytes]], float]) -> None:
        self._guess = guess

    def __call__(self, records: Sequence[bytes]) -> float:
        return FAINT * self._guess(records)


def _faint(source: Source) -> Source:
    return replace(source, guess=_Faint(source.guess))


KEY_VALUE = _faint(
    message_source(
        "keyvalue.event",
        "Lines of key=value pairs of any program",
        "logfmt; values bare, \"quoted\" or 'quoted'",
        read_key_value,
        _several_pairs,
        (
            Sample(
                'EventTime="Mar 30, 2026 4:01:36 PM" clientIP=203.0.113.7 User-Name=alice Operation=read',
                {"@timestamp": "2026-03-30T16:01:36.000Z", "source.ip": "203.0.113.7", "user.name": "alice", "event.action": "read"},
            ),
            Sample(
                'time=2026-03-30T16:01:36Z level=warn msg="login refused" user=alice src=203.0.113.7 spt=40000 result=denied',
                {"@timestamp": "2026-03-30T16:01:36.000Z", "message": "login refused", "user.name": "alice", "source.ip": "203.0.113.7",
                 "source.port": 40000, "event.outcome": "failure", "log.level": "warn", "vendor.result": "denied"},
            ),
        ),
    )
)  # fmt: skip

JSON = _faint(
    json_source(
        "json.event",
        "JSON objects of any program",
        "RFC 8259",
        read_json,
        _any_object,
        (
            Sample(
                '{"ts": 1774886496.5, "level": "info", "msg": "file opened", "user": "bob", "detail": {"size": 7}}',
                {"@timestamp": "2026-03-30T16:01:36.500Z", "message": "file opened", "user.name": "bob", "vendor.detail.size": 7},
            ),
        ),
    )
)  # fmt: skip
