"""Helpers of expressions, written ``value | name(arguments)``: pure functions over plain data."""

from __future__ import annotations

import ipaddress
import json
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from playbooks.kept import Kept, refuse_json, refuse_kept

MAX_SIZE = 100_000
"""Characters of a text, items of a list."""

Filter: TypeAlias = Callable[..., Any]


class FilterTypeError(TypeError):
    """A filter was given a value of another type than it takes; the text says which."""


def show(value: Any) -> str:
    """Return a value as it stands in a text: lists joined by commas, mappings as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(show(item) for item in value)
    return json.dumps(value, ensure_ascii=False, default=refuse_json)


def kind_of(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "yes or no"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list() | tuple():
            return "a list"
    return "a mapping"


def number_of(value: Any) -> int | float:
    if isinstance(value, Kept):
        value.refuse()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FilterTypeError(f"{kind_of(value)} is no number")
    return value


def _text(value: Any) -> str:
    if isinstance(value, Kept):
        value.refuse()
    if not isinstance(value, str):
        raise FilterTypeError(f"{kind_of(value)} is no text; x | string makes it one")
    return value


def _list(value: Any) -> list[Any]:
    if isinstance(value, Kept):
        value.refuse()
    if not isinstance(value, list | tuple):
        raise FilterTypeError(f"{kind_of(value)} is no list")
    return list(value)


def _alike(value: Any) -> list[Any]:
    items = _list(value)
    refuse_kept(items)
    if (
        len(
            {
                str if isinstance(item, str) else float if isinstance(item, int | float) else dict
                for item in items
            }
        )
        > 1
    ):
        raise FilterTypeError("the items are of different types")
    if items and isinstance(items[0], dict | list):
        raise FilterTypeError("mappings and lists can't be ordered")
    return items


def length_of(value: Any) -> int:
    if isinstance(value, Kept):
        return value.count
    if not isinstance(value, str | list | tuple | dict):
        raise FilterTypeError(f"{kind_of(value)} has no length")
    return len(value)


def _one(value: Any, last: bool) -> Any:
    items = value if isinstance(value, str) else _list(value)
    if not items:
        raise ValueError("it is empty; give a stand-in where that may be")
    return items[-1 if last else 0]


def _unique(value: Any) -> list[Any]:
    kept: list[Any] = []
    seen: set[str] = set()
    for item in _list(value):
        key = json.dumps(item, sort_keys=True, default=refuse_json)
        if key not in seen:
            seen.add(key)
            kept.append(item)
    return kept


def _pick(value: Any, field: str) -> list[Any]:
    items = _list(value)
    for item in items:
        if isinstance(item, Kept):
            item.refuse()
    return [item[field] for item in items if isinstance(item, Mapping) and field in item]


def _replace(value: Any, old: str, new: str) -> str:
    text = _text(value)
    if not old or len(text) * max(1, len(new)) > MAX_SIZE * 10:
        raise ValueError("there is nothing to replace, or the result would be too large")
    return text.replace(old, new)


def _truncate(value: Any, length: int) -> str:
    text = _text(value)
    return text if len(text) <= length else text[: max(0, length - 1)] + "…"


def _to_int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise FilterTypeError(f"{kind_of(value)} is no number")
    if isinstance(value, str) and len(value) > 19:
        raise ValueError(f"{value[:30]!r} is no number of ours")
    return int(value)


def _to_float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise FilterTypeError(f"{kind_of(value)} is no number")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("it is not a finite number")
    return number


def _in_network(value: Any, *networks: Any) -> bool:
    address = ipaddress.ip_address(_text(value))
    wanted = [item for entry in networks for item in (entry if isinstance(entry, list) else [entry])]
    return any(
        address.version == network.version and address in network
        for network in (ipaddress.ip_network(_text(item)) for item in wanted)
    )


def _defang(value: Any) -> str:
    """Make a link or address that nobody follows by mistake."""
    return _text(value).replace("://", "[://]").replace(".", "[.]").replace("@", "[@]")


def _host_of(value: Any) -> str:
    host = urlsplit(_text(value)).hostname
    if not host:
        raise ValueError(f"{value[:80]!r} is no URL with a host")
    return host


def _seconds_since(value: Any, earlier: Any) -> float:
    return (_moment(value) - _moment(earlier)).total_seconds()


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError(f"{value} names no time zone")
    return moment


def _local(value: Any, zone: str, shape: str = "%Y-%m-%d %H:%M") -> str:
    try:
        return _moment(value).astimezone(ZoneInfo(zone)).strftime(shape)
    except (KeyError, OSError) as error:
        raise ValueError(f"{zone!r} is no IANA time zone, like Europe/Berlin") from error


FILTERS: Mapping[str, Filter] = {
    "lower": lambda value: _text(value).lower(),
    "upper": lambda value: _text(value).upper(),
    "trim": lambda value: _text(value).strip(),
    "replace": _replace,
    "truncate": _truncate,
    "split": lambda value, by=None: _text(value).split(by),
    "starts_with": lambda value, start: _text(value).startswith(_text(start)),
    "ends_with": lambda value, end: _text(value).endswith(_text(end)),
    "string": show,
    "int": _to_int,
    "float": _to_float,
    "abs": lambda value: abs(number_of(value)),
    "round": lambda value, digits=0: round(number_of(value), digits) if digits else round(number_of(value)),
    "length": length_of,
    "count": length_of,
    "first": lambda value: _one(value, last=False),
    "last": lambda value: _one(value, last=True),
    "join": lambda value, by=", ": _text(by).join(show(item) for item in _list(value)),
    "sort": lambda value: sorted(_alike(value)),
    "unique": _unique,
    "min": lambda value: min(_alike(value)),
    "max": lambda value: max(_alike(value)),
    "sum": lambda value: sum(number_of(item) for item in _list(value)),
    "pick": _pick,
    "in_network": _in_network,
    "is_private": lambda value: ipaddress.ip_address(_text(value)).is_private,
    "defang": _defang,
    "host_of": _host_of,
    "seconds_since": _seconds_since,
    "local": _local,
}
"""Helpers, written ``value | name(arguments)``."""

TESTS: Mapping[str, Callable[[Any], bool]] = {
    "none": lambda value: value is None,
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "sequence": lambda value: isinstance(value, list | tuple),
    "mapping": lambda value: isinstance(value, Mapping),
    "empty": lambda value: length_of(value) == 0,
}
