"""Typed values: what inputs, parameters and results may be, as JSON types.

Durations become seconds, addresses their canonical spelling; nothing else is changed silently.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from playbooks.actions import Parameter, ValueType
from playbooks.durations import parse_duration
from playbooks.kept import Kept
from rules.entities import EntityKind, canonical

MAX_TEXT = 10_000
MAX_ITEMS = 1_000
MAX_DEPTH = 20
MAX_JSON = 100_000

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HOST = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\Z"
)
_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[^\W](?:[\w-]{0,62})\.)+[^\W\d][\w-]{0,62}\Z")
_HASH = re.compile(r"[0-9a-fA-F]{32}\Z|[0-9a-fA-F]{40}\Z|[0-9a-fA-F]{64}\Z|[0-9a-fA-F]{128}\Z")


def parse_value(
    kind: ValueType,
    value: Any,
    *,
    choices: Sequence[str] = (),
    items: ValueType | None = None,
) -> Any:
    """Return a value as its type has it, JSON types only. Raises ValueError in words."""
    if value is None:
        raise ValueError(f"there is no value; expected {_named(kind, choices, items)}")
    if isinstance(value, Kept):
        return _handed_on(kind, value)
    if isinstance(value, list | tuple) and kind not in {ValueType.LIST, ValueType.ANY}:
        raise ValueError(
            f"a list of {len(value)} where one {kind.value} was expected: take a list input, or foreach"
        )
    if kind is ValueType.ENUM:
        if value not in choices or not isinstance(value, str):
            raise ValueError(f"{_shown(value)} is none of {', '.join(choices)}")
        return value
    if kind is ValueType.LIST:
        return _parse_list(value, items or ValueType.ANY)
    return _PARSERS[kind](value)


def _handed_on(kind: ValueType, kept: Kept) -> Kept:
    """Return a value that is kept elsewhere, for a type that takes it whole."""
    fits = {"list": ValueType.LIST, "text": ValueType.TEXT}.get(kept.kind)
    if kind not in {fits, ValueType.ANY}:
        raise ValueError(f"{kept} where {EXPECTED[kind]} was expected")
    return kept


def parse_whole(parameter: Parameter, place: tuple[str | int, ...], value: Any) -> Any:
    """Return a value that was kept elsewhere, as the parameter that it is for has it: of any size.

    `place` is where it stands in the parameter's value. Raises ValueError in words.
    """
    if parameter.type is ValueType.LIST and parameter.items is not None and not place:
        return [_item(parameter.items, number, one) for number, one in enumerate(value)]
    return value


def parse_parameters(parameters: Sequence[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all of an action's parameters, defaults filled in. Raises ValueError in words."""
    parsed: dict[str, Any] = {}
    for name in given:
        if not any(parameter.name == name for parameter in parameters):
            raise ValueError(f"there is no parameter {name!r}")
    for parameter in parameters:
        value = given.get(parameter.name)
        if value is None:
            value = parameter.default
        if value is None:
            if parameter.required:
                raise ValueError(f"{parameter.name} is missing")
            continue
        try:
            parsed[parameter.name] = parse_value(
                parameter.type, value, choices=parameter.choices, items=parameter.items
            )
        except ValueError as error:
            raise ValueError(f"{parameter.name}: {error}") from error
    return parsed


def _named(kind: ValueType, choices: Sequence[str], items: ValueType | None) -> str:
    if kind is ValueType.ENUM:
        return f"one of {', '.join(choices)}"
    if kind is ValueType.LIST:
        return f"a list of {(items or ValueType.ANY).value}"
    return EXPECTED[kind]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _parse_list(value: Any, items: ValueType) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{_shown(value)} is no list")
    if len(value) > MAX_ITEMS:
        raise ValueError(f"a list of {len(value):,} items; at most {MAX_ITEMS:,} are taken")
    return [_item(items, number, item) for number, item in enumerate(value)]


def _item(kind: ValueType, number: int, item: Any) -> Any:
    try:
        return parse_value(kind, item)
    except ValueError as error:
        raise ValueError(f"item {number + 1}: {error}") from error


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{_shown(value)} is no text: put it in quotes, or use | string")
    if len(value) > MAX_TEXT:
        raise ValueError(f"a text of {len(value):,} characters; at most {MAX_TEXT:,} are taken")
    if not _encodes(value):
        raise ValueError(f"{_shown(value)} is no whole Unicode text")
    return value


def _encodes(text: str) -> bool:
    """Whether a text has no lone surrogates, which no JSON can carry."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        raise ValueError(f"{_shown(value)} is no whole number")
    return value


def _number(value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 2**63:
        raise ValueError(f"{_shown(value)} is no number")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{_shown(value)} is neither true nor false")
    return value


def _ip(value: Any) -> str:
    text = _text(value).strip()
    try:
        if "/" in text:
            return str(ipaddress.ip_network(text))
        ipaddress.ip_address(text)
    except ValueError as error:
        raise ValueError(f"{_shown(value)} is no IP address or network") from error
    if "%" in text:
        raise ValueError(f"{_shown(value)} names an interface; write the address alone")
    return canonical(EntityKind.IP, text)


def _domain(value: Any) -> str:
    text = canonical(EntityKind.DOMAIN, _text(value))
    if not _DOMAIN.match(text):
        raise ValueError(f"{_shown(value)} is no domain name")
    return text


def _url(value: Any) -> str:
    text = _text(value).strip()
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and not _CONTROL.search(text)
        good = good and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good or " " in text:
        raise ValueError(f"{_shown(value)} is no http or https URL")
    return text


def _user(value: Any) -> str:
    text = _text(value).strip()
    if not text or len(text) > 256 or _CONTROL.search(text):
        raise ValueError(f"{_shown(value)} is no user name")
    return text


def _host(value: Any) -> str:
    text = canonical(EntityKind.HOST, _text(value))
    try:
        return canonical(EntityKind.IP, str(ipaddress.ip_address(text)))
    except ValueError:
        if not _HOST.match(text):
            raise ValueError(f"{_shown(value)} is no host name") from None
    return text


def _hash(value: Any) -> str:
    text = canonical(EntityKind.HASH, _text(value))
    if not _HASH.match(text):
        raise ValueError(f"{_shown(value)} is no MD5, SHA-1, SHA-256 or SHA-512 in hex")
    return text


def _duration(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31:
        return value
    return parse_duration(value)


def _any(value: Any) -> Any:
    _check_json(value, 0)
    try:
        size = len(json.dumps(value, allow_nan=False, ensure_ascii=False, default=_reference).encode())
    except (TypeError, ValueError) as error:
        raise ValueError(f"{_shown(value)} can't be written as JSON") from error
    if size > MAX_JSON:
        raise ValueError(f"a value of {size:,} characters; at most {MAX_JSON:,} are taken")
    return value


def _reference(value: Any) -> str:
    if isinstance(value, Kept):
        return value.id
    raise TypeError(type(value).__name__)


def _check_json(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError(f"a value nested deeper than {MAX_DEPTH} levels")
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        _check_json(inner, depth + 1)


_PARSERS: Mapping[ValueType, Callable[[Any], Any]] = {
    ValueType.TEXT: _text,
    ValueType.INTEGER: _integer,
    ValueType.NUMBER: _number,
    ValueType.BOOLEAN: _boolean,
    ValueType.IP: _ip,
    ValueType.DOMAIN: _domain,
    ValueType.URL: _url,
    ValueType.USER: _user,
    ValueType.HOST: _host,
    ValueType.HASH: _hash,
    ValueType.DURATION: _duration,
    ValueType.ANY: _any,
}

EXPECTED: Mapping[ValueType, str] = {
    ValueType.TEXT: "a text",
    ValueType.INTEGER: "a whole number",
    ValueType.NUMBER: "a number",
    ValueType.BOOLEAN: "true or false",
    ValueType.IP: "an IP address",
    ValueType.DOMAIN: "a domain name",
    ValueType.URL: "an http or https URL",
    ValueType.USER: "a user name",
    ValueType.HOST: "a host name",
    ValueType.HASH: "a hash in hex",
    ValueType.DURATION: "a duration like 15m",
    ValueType.ENUM: "one of its choices",
    ValueType.LIST: "a list",
    ValueType.ANY: "any value",
}
