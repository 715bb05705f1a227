"""ECS documents: the one shape in which events travel.

An event is a nested ``dict`` as Elastic Common Schema 8 draws it
(``{"source": {"ip": "203.0.113.7"}}``), everywhere: out of a normaliser, in OpenSearch,
on stdout. Only matching and correlation look at it flat (``{"source.ip": …}``), through
`flatten`. Reference: https://www.elastic.co/docs/reference/ecs
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]
"""A nested ECS document, JSON types only; times are ISO 8601 strings in UTC ending in ``Z``."""

ECS_VERSION = "8.17.0"

ALLOWED_KINDS = frozenset("alert asset enrichment event metric state pipeline_error signal".split())
ALLOWED_CATEGORIES = frozenset(
    "api authentication configuration database driver email file host iam intrusion_detection library "
    "malware network package process registry session threat vulnerability web".split()
)
ALLOWED_TYPES = frozenset(
    "access admin allowed change connection creation deletion denied device end error group indicator info "
    "installation protocol start user".split()
)
ALLOWED_OUTCOMES = frozenset({"success", "failure", "unknown"})
"""https://www.elastic.co/docs/reference/ecs/ecs-category-field-values-reference"""


def flatten(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``{dotted field: value}``; lists stay lists, already dotted keys stay as they are.

    A list of objects becomes one list per inner field (``{"a": [{"b": 1}, {"b": 2}]}`` is
    ``{"a.b": [1, 2]}``), as OpenSearch indexes it.
    """
    flat: dict[str, Any] = {}
    _flatten(_NAMES, document, flat)
    return flat


class _Names(dict[str, str]):
    """The dotted names of the fields below one field, by the last part. Events share them: to make them anew
    for each takes longer, and more memory than the values."""

    shared = 0
    __slots__ = ("_below", "_prefix")

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix
        self._below: dict[str, _Names] = {}

    def __missing__(self, key: str) -> str:
        field = f"{self._prefix}{key}"
        if _is_shared(field):
            self[key] = field
        return field

    def below(self, key: str) -> _Names:
        if (known := self._below.get(key)) is not None:
            return known
        names = _Names(f"{self._prefix}{key}.")
        if _is_shared(names._prefix):
            self._below[key] = names
        return names


_MOST_SHARED, _LONGEST_SHARED = 20_000, 200


def _is_shared(name: str) -> bool:
    """Whether to keep a new name: who sends ever new ones must not fill the memory."""
    if len(name) > _LONGEST_SHARED or _Names.shared >= _MOST_SHARED:
        return False
    _Names.shared += 1
    return True


_NAMES = _Names("")
_PLAIN = frozenset({str, int, float, bool, type(None)})


def _flatten(names: _Names, value: Mapping[str, Any], flat: dict[str, Any]) -> None:
    """Each event passes here on its way to the rules, so the usual types are told by their class."""
    for key, inner in value.items():
        field = names[key]
        kind = inner.__class__
        if kind in _PLAIN:
            if field in flat:
                _join(flat, field, inner)
            else:
                flat[field] = inner
        elif kind is dict or isinstance(inner, Mapping):
            _flatten(names.below(key), inner, flat)
        elif isinstance(inner, list) and any(isinstance(item, Mapping) for item in inner):
            for item in inner:
                if isinstance(item, Mapping):
                    _flatten(names.below(key), item, flat)
                else:
                    _join(flat, field, item)
        else:
            _join(flat, field, inner)


def _join(flat: dict[str, Any], field: str, value: Any) -> None:
    if field in flat:
        known = flat[field]
        flat[field] = (known if isinstance(known, list) else [known]) + (
            value if isinstance(value, list) else [value]
        )
    else:
        flat[field] = value


def nest(flat: Mapping[str, Any]) -> Document:
    """Return the nested document of a flat one; the inverse of `flatten` for plain leaves.

    Raises ValueError where one field is both a value and an object (``a`` and ``a.b``).
    """
    document: Document = {}
    for field, value in flat.items():
        *parents, leaf = field.split(".")
        place = document
        for parent in parents:
            inner = place.setdefault(parent, {})
            if not isinstance(inner, dict):
                raise ValueError(f"{field}: {parent} is already a value, so it can't hold fields")
            place = inner
        if isinstance(place.get(leaf), dict):
            raise ValueError(f"{field} is already an object, so it can't be a value")
        place[leaf] = value
    return document


def get(document: Mapping[str, Any], field: str) -> Any:
    """Return the value at a dotted field of a nested (or flat) document, None where it is absent."""
    if field in document:
        return document[field]
    place: Any = document
    for part in field.split("."):
        if not isinstance(place, Mapping) or part not in place:
            return None
        place = place[part]
    return place


def event_id(source: str, position: str, original: bytes, part: int = 0) -> str:
    """Return the identity of an event: 32 hex digits, the same for every replay of the same record.

    `source` is the source's name, `position` where the record stood (file identity and byte
    offset, queue message id, sender and sequence), `original` the raw record and `part` its
    place among the events of one record.
    """
    name, place, number = source.encode(), position.encode(), b"%d" % part
    whole = b"".join(
        (
            len(name).to_bytes(8, "big"), name, len(place).to_bytes(8, "big"), place,
            len(number).to_bytes(8, "big"), number, len(original).to_bytes(8, "big"), original,
        )
    )  # fmt: skip
    return hashlib.sha256(whole).hexdigest()[:32]


def timestamp(moment: datetime) -> str:
    """Return a time as ECS text, UTC with millisecond precision: ``2026-03-30T16:01:36.000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def parse_timestamp(text: str) -> datetime:
    """Return the aware UTC time of an ECS timestamp. Raises ValueError where it is none."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
