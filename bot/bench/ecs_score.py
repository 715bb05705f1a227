"""How well a source's documents agree with ECS documents that somebody else expects of the same log.

A pair is a log and ``<log>-expected.json``, a list of documents (nested or flat). Only fields of ECS's own
core count, without what depends on a GeoIP database's edition and without the bookkeeping of whoever
ingested it. The score of a module is its share of expected leaves that are equal; the whole score is
their plain mean, so that a module with many lines counts no more than one with few.
"""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from integrations.catalogue import CatalogueError
from integrations.catalogue import source as source_named
from integrations.contract import Origin
from integrations.normalization import normalize_file
from integrations.text import address
from rules.ecs import (
    ALLOWED_CATEGORIES,
    ALLOWED_KINDS,
    ALLOWED_OUTCOMES,
    ALLOWED_TYPES,
    flatten,
    parse_timestamp,
)

CORE = frozenset(
    "@timestamp client cloud container database destination device dll dns email error event file group "
    "host http log message network observer orchestrator organization package process registry related rule "
    "server service session source threat tls url user user_agent vulnerability x509".split()
)
"""First parts of the names that count."""
UNCOUNTED = (
    "event.dataset", "event.module", "event.timezone", "event.original", "event.ingested", "event.created",
    "event.id", "event.hash", "service.type", "log.offset", "log.file", "log.original", "log.flags",
    "host.name", "host.geo", "observer.geo",
)  # fmt: skip
"""Bookkeeping of the collector."""
SIDES = ("source", "destination", "client", "server")
SOURCES: Mapping[str, str] = {
    "system.auth": "linux.auth",
    "system.syslog": "linux.syslog",
    "auditd.log": "linux.auditd",
}
"""``module.fileset`` of a pair to our source, where it isn't of the same name."""
_MISSING = object()


def dated(name: str, value: Any, wanted: Mapping[str, Any] | None = None) -> str | None:
    """Return why an expected value can't be met by a document that is right in ECS 8, None where it can.

    `wanted` is the whole expected document, flat. The pairs that are at hand were written for ECS 1.4,
    before its lists of allowed values.
    """
    whole = wanted or {}
    items = value if isinstance(value, list) else [value]
    for field_name, allowed in ALLOWED.items():
        if name == field_name and not all(item in allowed for item in items):
            return f"{value!r} is no allowed value of {name} in ECS 8"
    if name == "http.request.referrer" and value == "-":
        return "a dash in a log stands for no referrer"
    if name == "user.name" and value == "-":
        return "a dash in a log stands for no user"
    agent = str(whole.get("user_agent.original", ""))
    if name.startswith("user_agent.") and agent == "-":
        return "a dash in a log stands for no user agent"
    if name == "user_agent.version" and isinstance(value, str) and value.endswith("."):
        return "a version does not end with a dot"
    if name == "user_agent.device.name" and value == "Other" and "Macintosh" in agent:
        return "uap-core has known a Mac as a device since 2019"
    if (
        name == "http.request.method"
        and isinstance(value, str)
        and value.upper() in METHODS
        and value.islower()
    ):
        return "ECS 8 keeps a method as it was sent, and the log has it in upper case"
    if name == "process.ppid":
        return "ECS 8 has process.parent.pid in place of process.ppid"
    if name == "process.name" and isinstance(value, str) and "] (" in value:
        return "a syslog tag with a second process in it is no process's name"
    if name == "user.name" and value == "unknown":
        return "[unknown] in PostgreSQL's prefix stands for nobody yet"
    return None


METHODS = frozenset("GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH".split())
"""RFC 9110, 9.3, and RFC 5789."""


ALLOWED: Mapping[str, frozenset[str]] = {
    "event.kind": ALLOWED_KINDS,
    "event.category": ALLOWED_CATEGORIES,
    "event.type": ALLOWED_TYPES,
    "event.outcome": ALLOWED_OUTCOMES,
}


@dataclass(frozen=True)
class Pair:
    module: str
    source: str
    log: Path
    expected: Path


@dataclass(frozen=True)
class Difference:
    log: str
    event: int
    """From 0."""
    field: str
    expected: Any
    found: Any
    """None where the document doesn't have it."""


@dataclass
class Score:
    """Of one module."""

    leaves: int = 0
    equal: int = 0
    differences: list[Difference] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dated: Counter[str] = field(default_factory=Counter)
    """Expectations that were not counted, by the reason."""

    @property
    def share(self) -> float:
        return self.equal / self.leaves if self.leaves else 0.0


def find_pairs(folder: Path, sources: Mapping[str, str]) -> list[Pair]:
    """Return the pairs below ``<folder>/<module>/<fileset>/``, sorted. `sources` adds to `SOURCES`."""
    named = {**SOURCES, **sources}
    pairs = []
    for expected in sorted(folder.rglob("*-expected.json")):
        log = expected.with_name(expected.name.removesuffix("-expected.json"))
        parts = expected.relative_to(folder).parts
        if log.is_file() and len(parts) >= 3:
            name = f"{parts[0]}.{parts[1]}"
            pairs.append(Pair(parts[0], named.get(name, name), log, expected))
    return pairs


def score_pairs(pairs: Sequence[Pair]) -> dict[str, Score]:
    """Return the scores by module. A source that there is not scores nothing, and is named in `errors`."""
    scores: dict[str, Score] = {}
    for pair in pairs:
        score_pair(pair, scores.setdefault(pair.module, Score()))
    return scores


def mean(scores: Mapping[str, Score]) -> float:
    return sum(score.share for score in scores.values()) / len(scores) if scores else 0.0


def score_pair(pair: Pair, score: Score) -> None:
    expected = [flatten(document) for document in json.loads(pair.expected.read_text(encoding="utf-8"))]
    try:
        found = _normalized(pair, _zone(expected))
    except (CatalogueError, OSError, EOFError) as error:
        score.errors.append(f"{pair.log.name}: {error}")
        found = []
    for at, (wanted, got) in enumerate(_aligned(expected, found)):
        for name, value in comparable(wanted):
            if reason := dated(name, value, wanted):
                score.dated[reason] += 1
                continue
            score.leaves += 1
            actual = got.get(name, _MISSING)
            if actual is not _MISSING and same(name, value, actual):
                score.equal += 1
            else:
                shown = None if actual is _MISSING else actual
                score.differences.append(Difference(str(pair.log.name), at, name, value, shown))


def comparable(flat: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the leaves of a flat expected document that count."""
    for name, value in flat.items():
        if name.partition(".")[0] not in CORE or value in (None, "", []):
            continue
        if any(name == other or name.startswith(other + ".") for other in UNCOUNTED):
            continue
        if any(name.startswith((f"{side}.geo.", f"{side}.as.")) for side in SIDES):
            continue
        yield name, value


def same(name: str, expected: Any, found: Any) -> bool:
    """Whether two values are the same: lists without order, a list of one as its item, times and addresses
    by meaning, numbers by value."""
    if name == "event.duration" and isinstance(expected, int | float) and isinstance(found, int | float):
        # The expected ones were computed in floating point: 26.082 ms is 26082001 ns there.
        return abs(expected - found) <= abs(expected) * 1e-6
    if name.startswith("related."):  # a set: who writes an address twice says no more
        return {_canonical(name, item) for item in _items(expected)} == {
            _canonical(name, item) for item in _items(found)
        }
    return Counter(_canonical(name, item) for item in _items(expected)) == Counter(
        _canonical(name, item) for item in _items(found)
    )


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _canonical(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    if name.endswith(".ip"):  # related.ip, too
        return address(text) or text
    if name in {"@timestamp", "event.start", "event.end", "process.start", "file.mtime", "file.ctime"}:
        try:
            moment = parse_timestamp(text)
        except ValueError:
            return text
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000).isoformat()
    return text


def _zone(expected: Sequence[Mapping[str, Any]]) -> str:
    """Return the zone that the shipper of a pair took times without one to be in: a whole hour's offset is
    ``Etc/GMT+2`` for ``-02:00``."""
    for document in expected:
        if match := re.fullmatch(r"([+-])0?(\d{1,2}):00", str(document.get("event.timezone", ""))):
            return f"Etc/GMT{'-' if match[1] == '+' else '+'}{match[2]}" if int(match[2]) else "UTC"
    return "UTC"


def _normalized(pair: Pair, zone: str) -> list[dict[str, Any]]:
    output = io.BytesIO()
    origin = Origin(received=datetime.now(UTC), timezone=zone)
    normalize_file(source_named(pair.source), pair.log, output, origin, processes=1)
    return [flatten(orjson.loads(line)) for line in output.getvalue().splitlines()]


def _aligned(
    expected: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Pair documents by their offset in the log, where both sides tell it, else by their order."""
    by_offset = {document["log.offset"]: document for document in found if "log.offset" in document}
    offsets = [document.get("log.offset") for document in expected]
    if len(set(offsets)) == len(expected) and all(offset in by_offset for offset in offsets):
        for document, offset in zip(expected, offsets, strict=True):
            yield document, by_offset[offset]
        return
    for at, document in enumerate(expected):
        yield document, _around(offsets[at], by_offset) or (found[at] if at < len(found) else {})


def _around(offset: Any, by_offset: Mapping[int, Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the document of the record that an offset lies in: one of several lines begins before it."""
    if offset in by_offset or not isinstance(offset, int):
        return by_offset.get(offset)
    begun = max((start for start in by_offset if start < offset), default=None)
    if begun is None:
        return None
    document = by_offset[begun]
    length = len(str(document.get("event.original", "")).encode())
    return document if offset < begun + length else None
