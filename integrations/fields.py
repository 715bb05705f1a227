"""Setting ECS fields by their dotted names, from values that anybody may have written.

What is empty or of the wrong kind is left out: a wrong value in ECS misleads a rule, and the vendor's
own text of it stays under ``vendor`` and in ``event.original``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from integrations.text import address
from rules.ecs import Document

_MAC = re.compile(r"[0-9a-fA-F]{2}(?:[:-]?[0-9a-fA-F]{2}){5}|(?:[0-9a-fA-F]{4}\.){2}[0-9a-fA-F]{4}", re.ASCII)
_EMPTY: tuple[Any, ...] = (None, "", [], {})
LARGEST = 2**63 - 1
"""OpenSearch's ``long``."""


_Parts: TypeAlias = tuple[tuple[str, ...], str]
_PARTS: dict[str, _Parts] = {}
"""Fields that were taken apart: an event has some twenty of them, so that even the call of a cache shows."""
_MOST_PARTS = 4096


def _parts(field: str) -> _Parts:
    if len(_PARTS) >= _MOST_PARTS:
        _PARTS.clear()
    *parents, leaf = field.split(".")
    _PARTS[field] = parts = tuple(parents), leaf
    return parts


def put(document: Document, field: str, value: Any) -> None:
    """Set a dotted field, unless the value is None or empty, or a number beyond what the store holds."""
    if not value and (value is None or value == "" or value == [] or value == {}):
        return
    if type(value) is int and not -LARGEST <= value <= LARGEST:
        return
    parents, leaf = _PARTS.get(field) or _parts(field)
    for parent in parents:
        inner = document.get(parent)
        if type(inner) is not dict:
            inner = document[parent] = {}
        document = inner
    document[leaf] = value


def put_all(document: Document, values: Mapping[str, Any]) -> None:
    """Set several dotted fields."""
    for field, value in values.items():
        put(document, field, value)


def put_new(document: Document, field: str, value: Any) -> None:
    """Set a dotted field unless it has a value already."""
    if value is None:
        return
    parents, leaf = _PARTS.get(field) or _parts(field)
    place: Any = document
    for parent in parents:
        place = place.get(parent)
        if not isinstance(place, dict):
            return put(document, field, value)
    if place.get(leaf) is None:
        put(document, field, value)


def add(document: Document, field: str, values: Any) -> None:
    """Add a value, or each of several, to a list field; what is there already, or empty, is left out."""
    items = values if isinstance(values, list | tuple) else [values]
    parents, leaf = _PARTS.get(field) or _parts(field)
    place: Any = document
    for parent in parents:
        place = place.get(parent) if isinstance(place, dict) else None
    there = place.get(leaf, []) if isinstance(place, dict) else []
    if not items and isinstance(there, list):
        return
    found = list(there) if isinstance(there, list) else [there]
    found += [
        item for item in dict.fromkeys(item for item in items if item not in _EMPTY) if item not in found
    ]
    put(document, field, found)


def categorise(
    document: Document,
    category: Iterable[str] = (),
    type: Iterable[str] = ("info",),
    *,
    kind: str = "event",
    action: str | None = None,
    outcome: str | None = None,
) -> None:
    """Set ECS's categorisation fields. Allowed values:
    https://www.elastic.co/docs/reference/ecs/ecs-category-field-values-reference"""
    event = document.setdefault("event", {})
    event["kind"] = kind
    if category := list(category):
        event["category"] = category
    if type := list(type):
        event["type"] = type
    if action:
        event["action"] = action
    if outcome:
        event["outcome"] = outcome


def put_end(document: Document, side: str, host: Any, port: Any = None) -> None:
    """Set one end of a connection: ``<side>.address`` and ``.ip`` or ``.domain``, and ``.port``.

    `side` is ``source``, ``destination``, ``client``, ``server``; `host` an address or a name.
    """
    text = host.strip().strip("[]") if isinstance(host, str) else ""
    if text and text != "-":
        put(document, f"{side}.address", text)
        if ip := address(text):
            put(document, f"{side}.ip", ip)
        else:
            put(document, f"{side}.domain", text)
    put(document, f"{side}.port", port_number(port))


def put_ip(document: Document, field: str, value: Any) -> str | None:
    """Set an address field to what is an address; return it as set."""
    ip = address(value.strip().strip("[]")) if isinstance(value, str) else None
    put(document, field, ip)
    return ip


def integer(value: Any) -> int | None:
    """Return a whole number that fits OpenSearch's ``long``, None for anything else: 7, 7.0, "7", "0x7"."""
    kind = type(value)
    if kind is int:
        return value if -LARGEST <= value <= LARGEST else None
    if value is None or kind is bool:
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= LARGEST else None
    if not isinstance(value, str):
        return None
    text = value.strip()
    if not text.isascii() or len(text) > 20:
        return None
    try:
        number = int(text, 16) if text[:2].lower() == "0x" else int(text)
    except ValueError:
        return None
    return number if -LARGEST <= number <= LARGEST else None


def number(value: Any) -> float | int | None:
    """Return a finite number, None for anything else."""
    if (whole := integer(value)) is not None:
        return whole
    if isinstance(value, str) and value.isascii() and len(value) < 40:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, float) and value == value and abs(value) != float("inf"):
        return value
    return None


def port_number(value: Any) -> int | None:
    """Return a TCP or UDP port, None for anything else."""
    found = integer(value)
    return found if found is not None and 0 <= found < 65_536 else None


def text(value: Any) -> str | None:
    """Return a non-empty text; numbers and truth values are written, ``-`` and the like are none."""
    if value is None:
        return None
    if isinstance(value, str):
        value = value.strip()
        return value if value and value != "-" else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return None


def mac(value: Any) -> str | None:
    """Return a MAC address as ECS writes it (RFC 7042: ``02-00-00-00-00-01``), None for what is none."""
    if not isinstance(value, str) or not _MAC.fullmatch(value.strip()):
        return None
    digits = re.sub(r"[^0-9a-fA-F]", "", value).upper()
    return "-".join(digits[at : at + 2] for at in range(0, 12, 2))


def mapping(value: Any) -> dict[str, Any]:
    """Return a JSON object, an empty one for anything else: for reading where depth is not certain."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the JSON objects of a list (or the one object that stands in its place)."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def pick(entry: Mapping[str, Any], path: str) -> Any:
    """Return what is at a dotted path of a JSON object, None where it is not; a number picks from a list."""
    place: Any = entry
    for part in path.split("."):
        if isinstance(place, dict):
            place = place.get(part)
        elif isinstance(place, list) and part.isdigit() and int(part) < len(place):
            place = place[int(part)]
        else:
            return None
    return place
