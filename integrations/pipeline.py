"""From raw records to finished events: normalise, identify, relate, enrich. Pure; keeps everything.

A record that its source's format does not allow becomes an event of its own, ``event.kind:
pipeline_error`` with the reason in ``error.message``; so does one that a normaliser chokes on.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from integrations.contract import Normaliser, Origin, Record, Source, UnparsedError
from rules.ecs import ECS_VERSION, Document, event_id, flatten, timestamp

LONGEST = 65_536
"""Bytes of one record that are read; the rest is cut, and that is recorded."""

Enricher = Callable[[Document], None]
"""Adds to a finished document in place; must not fail on any."""

_IPS = (
    "source.ip",
    "destination.ip",
    "client.ip",
    "server.ip",
    "host.ip",
    "source.nat.ip",
    "destination.nat.ip",
)
_USERS = ("user.name", "user.effective.name", "user.target.name", "source.user.name", "destination.user.name")
_HOSTS = ("host.name", "host.hostname", "source.domain", "destination.domain", "dns.question.name")
_HASHES = ("file.hash.md5", "file.hash.sha1", "file.hash.sha256", "process.hash.md5", "process.hash.sha1",
           "process.hash.sha256")  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where a stream of records comes from, for ``log.*`` and identities."""

    path: str | None = None
    """The file's path, where it is one."""


class Pipeline:
    """One stream of one source. Feed it records in order; flush it at the end."""

    def __init__(
        self, source: Source, origin: Origin, place: Place | None = None, enrichers: Sequence[Enricher] = ()
    ) -> None:
        self._source = source
        self._origin = origin
        self._place = place or Place()
        self._enrichers = enrichers
        self._normaliser: Normaliser = source.open(origin)
        self._module = source.name.split(".", 1)[0]

    def feed(self, record: Record) -> list[Document]:
        """Return the events that are complete now. Never raises, whatever the bytes."""
        cut = len(record.data) > LONGEST
        shown = Record(record.data[:LONGEST], record.position) if cut else record
        try:
            found = self._normaliser.feed(shown)
        except UnparsedError as error:
            return [self._unparsed(record, str(error))]
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
            return [self._unparsed(record, f"the normaliser failed: {type(error).__name__}: {error}")]
        return self._finish(found, record if cut else None)

    def flush(self) -> list[Document]:
        return self._finish(self._normaliser.flush(), None)

    def _finish(self, found: Iterable[tuple[Record, Document]], cut: Record | None) -> list[Document]:
        parts: dict[str, int] = {}
        events: list[Document] = []
        for record, document in found:
            part = parts.get(record.position, 0)
            parts[record.position] = part + 1
            events.append(self._event(cut or record, deepcopy(document) if part else document, part))
        return events

    def _unparsed(self, record: Record, reason: str) -> Document:
        document: Document = {
            "@timestamp": timestamp(self._origin.received),
            "event": {"kind": "pipeline_error", "type": ["error"]},
            "error": {"message": f"{self._source.name}: {reason}"},
        }
        return self._event(record, document, 0)

    def _event(self, record: Record, document: Document, part: int) -> Document:
        event = document.setdefault("event", {})
        event["id"] = event_id(self._source.name, record.position, record.data, part)
        event["module"] = self._module
        event["dataset"] = self._source.name
        event["original"] = record.data[:LONGEST].decode("utf-8", "replace").replace("\x00", "\ufffd")
        if len(record.data) > LONGEST:
            document.setdefault("log", {})["flags"] = ["truncated"]
            event["reason"] = f"cut to {LONGEST} of {len(record.data)} bytes"
        document["ecs"] = {"version": ECS_VERSION}
        if self._place.path is not None:
            log = document.setdefault("log", {})
            log["file"] = {"path": self._place.path}
            _, at, offset = record.position.rpartition("@")
            if at and offset.isdigit():
                log["offset"] = int(offset)
        _relate(document)
        for enrich in self._enrichers:
            enrich(document)
        return document


def _relate(document: Document) -> None:
    """Fill ``related.*`` from the fields that name addresses, users, hosts and hashes."""
    flat = flatten(document)
    related: dict[str, list[str]] = {}
    for name, fields in (("ip", _IPS), ("user", _USERS), ("hosts", _HOSTS), ("hash", _HASHES)):
        if values := _values(flat, fields):
            related[name] = values
    if related:
        document["related"] = related | document.get("related", {})


def _values(flat: Mapping[str, Any], fields: Sequence[str]) -> list[str]:
    found: dict[str, None] = {}
    for field in fields:
        value = flat.get(field)
        if value:
            found.update(dict.fromkeys(str(item) for item in (value if isinstance(value, list) else [value])))
    return list(found)


def geo_enricher() -> Enricher:
    """Return an enricher that adds country and AS of public addresses, from geoip2fast's own data."""
    from geoip2fast import GeoIP2Fast

    database = GeoIP2Fast(geoip2fast_data_file="geoip2fast-asn.dat.gz")

    @lru_cache(maxsize=65_536)
    def look_up(address: str) -> dict[str, Any]:
        try:
            if not ipaddress.ip_address(address).is_global:
                return {}
        except ValueError:
            return {}
        answer = database.lookup(address)
        found: dict[str, Any] = {}
        if answer.country_code and answer.country_code != "--":
            found["geo"] = {"country_iso_code": answer.country_code, "country_name": answer.country_name}
        if answer.asn_name:
            found["as"] = {"organization": {"name": answer.asn_name}}
        return found

    def enrich(document: Document) -> None:
        for side in ("source", "destination", "client"):
            there = document.get(side)
            if not isinstance(there, dict) or not isinstance(there.get("ip"), str):
                continue
            if found := look_up(there["ip"]):
                document[side] = deepcopy(found) | there

    return enrich
