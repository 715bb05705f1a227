"""Zeek's tab-separated logs: what their header says, and a line as the JSON object it would have been.

Reference: https://docs.zeek.org/en/current/log-formats.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from integrations.contract import UnparsedError
from integrations.fields import integer, number

_DIRECTIVES = frozenset(
    "#separator #set_separator #empty_field #unset_field #path #open #close #fields #types".split()
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}(?:\.[A-Za-z_][A-Za-z0-9_]{0,63}){0,4}", re.ASCII)
_PATH = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}", re.ASCII)
_TYPE = re.compile(r"(?:vector|set|table)?\[?[a-z]{3,10}\]?", re.ASCII)
_ESCAPED = re.compile(r"\\x([0-9a-fA-F]{2})|\\\\")
_NUMBERS = frozenset({"count", "int", "port"})
_FRACTIONS = frozenset({"time", "interval", "double"})


@dataclass(frozen=True)
class Header:
    """What the ``#`` lines before some lines said."""

    path: str | None = None
    fields: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    separator: str = "\t"
    set_separator: str = ","
    empty: str = "(empty)"
    unset: str = "-"


def read_header(lines: Sequence[str]) -> Header:
    """Return what the lines say. Raises `UnparsedError` for one that is none of a header."""
    said: dict[str, str] = {}
    separator = "\t"
    for line in lines:
        if line.startswith("#separator"):
            separator = _unescape(line[10:].strip(" ")) or "\t"
            continue
        name, _, value = line.partition(separator)
        if name not in _DIRECTIVES:
            raise UnparsedError(f"expected one of {', '.join(sorted(_DIRECTIVES))}, not {name[:64]!r}")
        said[name] = value
    fields = tuple(said["#fields"].split(separator)) if "#fields" in said else ()
    types = tuple(said["#types"].split(separator)) if "#types" in said else ()
    if wrong := next((name for name in fields if not _NAME.fullmatch(name)), None):
        raise UnparsedError(f"#fields names {wrong[:64]!r}, which can't be a field's name")
    if wrong := next((name for name in types if not _TYPE.fullmatch(name)), None):
        raise UnparsedError(f"#types names {wrong[:64]!r}, which is no type")
    path = said.get("#path")
    if path is not None and not _PATH.fullmatch(path):
        raise UnparsedError(f"#path is {path[:64]!r}, which can't be a log's name")
    if any(len(said.get(name, "")) > 32 for name in ("#set_separator", "#empty_field", "#unset_field")):
        raise UnparsedError("a separator or a word for nothing is longer than 32 characters")
    _check_times(said)
    return Header(
        path,
        fields,
        types,
        separator,
        said.get("#set_separator") or ",",
        said.get("#empty_field") or "(empty)",
        said.get("#unset_field") or "-",
    )


def _check_times(said: dict[str, str]) -> None:
    for name in ("#open", "#close"):
        if name in said and not re.fullmatch(r"\d{4}(?:-\d\d){5}", said[name], re.ASCII):
            raise UnparsedError(f"{name} is {said[name][:64]!r}, no time")


def read_line(line: str, header: Header) -> dict[str, Any]:
    """Return a line's fields by name, of their types; unset ones are left out. Raises `UnparsedError`."""
    values = line.split(header.separator)
    if not header.fields:
        raise UnparsedError(
            "expected a JSON object, or a #fields line before tab-separated values: without it only conn, dns, http, "
            "ssl, ssh, files and weird are read, where they have the fields of Zeek's own scripts alone"
        )
    if len(values) != len(header.fields):
        raise UnparsedError(f"expected {len(header.fields)} fields as #fields says, not {len(values)}")
    types = header.types if len(header.types) == len(header.fields) else ("string",) * len(values)
    entry: dict[str, Any] = {}
    for name, kind, value in zip(header.fields, types, values, strict=True):
        if value != header.unset:
            entry[name] = _typed(value, kind, header)
    return entry


def _typed(value: str, kind: str, header: Header) -> Any:
    outer, bracket, inner = kind.partition("[")
    if bracket and outer in ("vector", "set", "table"):
        if value == header.empty:
            return []
        element = inner.rstrip("]")
        return [_scalar(item, element) for item in value.split(header.set_separator) if item != header.unset]
    return "" if value == header.empty else _scalar(value, kind)


def _scalar(value: str, kind: str) -> Any:
    if kind in _NUMBERS and (whole := integer(value)) is not None:
        return whole
    if kind in _FRACTIONS and (fraction := number(value)) is not None:
        return fraction
    if kind == "bool" and value in ("T", "F"):
        return value == "T"
    return _unescape(value)


def _unescape(value: str) -> str:
    if "\\" not in value:
        return value
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else "\\", value)
