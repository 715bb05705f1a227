"""How the store holds a field, which decides what a query can ask of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    KEYWORD = "keyword"
    """Exact, with a lower case twin ``.caseless``."""
    LONG = "long text"
    """Exact up to a length, with a twin ``.caseless`` of type wildcard."""
    FLAT = "flat_object"
    """A leaf inside one, or the object."""
    IP = "ip"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    OTHER = "other"
    """Not in the mapping, or not searchable by whole values."""


TEXTUAL = frozenset({Kind.KEYWORD, Kind.LONG, Kind.FLAT})

SEARCHED = frozenset(
    {"process.name", "process.executable", "process.parent.executable", "file.path", "file.name"}
    | {"registry.path", "user.name", "url.domain", "dns.question.name", "event.action"}
    | {"log.syslog.appname", "winlog.provider_name", "http.request.method", "http.response.status_code"}
    | {"http.request.referrer"}
)
"""Short fields that keywords look at, beside all long texts and flat objects."""

_NUMBERS = frozenset({"long", "integer", "short", "byte", "double", "float", "half_float", "unsigned_long"})


@dataclass(frozen=True)
class Kinds:
    """The kinds of all fields of a mapping."""

    known: Mapping[str, Kind]

    def of(self, field: str) -> Kind:
        if (kind := self.known.get(field)) is not None:
            return kind
        while "." in field:
            field = field.rpartition(".")[0]
            if self.known.get(field) is Kind.FLAT:
                return Kind.FLAT
        return Kind.OTHER

    @property
    def searched(self) -> list[str]:
        """The fields that keywords look at."""
        return [
            name for name, kind in self.known.items() if kind in (Kind.LONG, Kind.FLAT) or name in SEARCHED
        ]


def kinds_of(properties: Mapping[str, Any]) -> Kinds:
    """Read the ``properties`` of an OpenSearch mapping."""
    return Kinds(dict(_walk("", properties)))


def _walk(prefix: str, properties: Mapping[str, Any]) -> Iterator[tuple[str, Kind]]:
    for name, definition in properties.items():
        if "properties" in definition:
            yield from _walk(f"{prefix}{name}.", definition["properties"])
        kind = definition.get("type")
        twin = definition.get("fields", {}).get("caseless", {}).get("type")
        if twin == "wildcard":
            yield prefix + name, Kind.LONG
        elif kind == "keyword" and twin == "keyword":
            yield prefix + name, Kind.KEYWORD
        elif kind in ("text", "match_only_text"):
            yield prefix + name, Kind.OTHER
        elif kind in _NUMBERS:
            yield prefix + name, Kind.NUMBER
        elif kind in ("ip", "date", "boolean", "flat_object"):
            yield prefix + name, Kind(kind)
