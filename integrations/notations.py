"""The notations in which devices write their fields: CEF, LEEF, key=value, CSV.

References: "Implementing ArcSight Common Event Format (CEF)", version 26; IBM's "Log Event Extended
Format (LEEF)" 1.0 and 2.0. Each reads in time in proportion to the text's length.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

from integrations.contract import UnparsedError

_CEF_HEADER = ("version", "vendor", "product", "product_version", "event_class", "name", "severity")
_CEF_KEY = re.compile(r"(?:^|(?<=\s))([A-Za-z0-9_.\[\]-]{1,128})=", re.ASCII)
_CEF_ESCAPE = re.compile(r"\\([\\=|nr])")
_ESCAPED = {"n": "\n", "r": "\r"}
_PAIR = re.compile(
    r"""([A-Za-z_@][\w.@:/-]{0,127})=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s,;"']*))""", re.ASCII | re.DOTALL
)
_QUOTED = re.compile(r"\\(.)", re.DOTALL)
MOST_FIELDS = 1000
"""Fields of one record that are read; the rest stays in ``event.original``."""


@dataclass(frozen=True)
class Cef:
    """A CEF record: its header and its extension, values unescaped, keys as written."""

    version: str
    vendor: str
    product: str
    product_version: str
    event_class: str
    name: str
    severity: str
    extension: dict[str, str]

    def labelled(self) -> dict[str, str]:
        """Return the extension with custom fields under their labels: ``cs1Label=Rule cs1=7`` is
        ``Rule: 7``."""
        found = {}
        for key, value in self.extension.items():
            if key.endswith("Label") and key[:-5] in self.extension:
                continue
            found[self.extension.get(f"{key}Label") or key] = value
        return found


def read_cef(text: str) -> Cef:
    """Read a CEF record; what stands before ``CEF:`` is passed over. Raises `UnparsedError`."""
    start = text.find("CEF:")
    if start < 0:
        raise UnparsedError("expected CEF: CEF:Version|Vendor|Product|Version|Class|Name|Severity|Extension")
    parts = _split_header(text, start + 4, len(_CEF_HEADER))
    if len(parts) < len(_CEF_HEADER):
        raise UnparsedError(f"a CEF header has 7 parts separated by |, this one {len(parts)}")
    header = parts[: len(_CEF_HEADER)]
    rest = parts[len(_CEF_HEADER)] if len(parts) > len(_CEF_HEADER) else ""
    fields = dict(zip(_CEF_HEADER, (_unescape(part).strip() for part in header), strict=True))
    return Cef(extension=_cef_extension(rest), **fields)


def _split_header(text: str, at: int, count: int) -> list[str]:
    """Split at the first `count` bars that no backslash escapes."""
    parts: list[str] = []
    begin = at
    while len(parts) < count:
        bar = text.find("|", at)
        if bar < 0:
            break
        slashes = 0
        while bar - slashes > begin and text[bar - slashes - 1] == "\\" and slashes < 64:
            slashes += 1
        at = bar + 1
        if slashes % 2 == 0:
            parts.append(text[begin:bar])
            begin = at
    parts.append(text[begin:])
    return parts


def _cef_extension(text: str) -> dict[str, str]:
    """A value goes on to the next `` key=``; a lone ``=`` inside of one should be escaped but often is not,
    which only matters where a word stands right before it."""
    found: dict[str, str] = {}
    keys = []
    for match in _CEF_KEY.finditer(text):
        keys.append(match)
        if len(keys) > MOST_FIELDS:
            break
    for at, match in enumerate(keys[:MOST_FIELDS]):
        end = keys[at + 1].start() if at + 1 < len(keys) else len(text)
        found.setdefault(match[1], _unescape(text[match.end() : end].strip()))
    return found


def _unescape(text: str) -> str:
    return _CEF_ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), text) if "\\" in text else text


@dataclass(frozen=True)
class Leef:
    """A LEEF record: its header and its attributes, keys as written."""

    version: str
    vendor: str
    product: str
    product_version: str
    event_id: str
    attributes: dict[str, str]


def read_leef(text: str) -> Leef:
    """Read a LEEF 1.0 or 2.0 record; what stands before ``LEEF:`` is passed over. Raises `UnparsedError`."""
    start = text.find("LEEF:")
    if start < 0:
        raise UnparsedError("expected LEEF: LEEF:Version|Vendor|Product|Version|EventID|Attributes")
    parts = text[start + 5 :].split("|", 5)
    if len(parts) < 6:
        raise UnparsedError(f"a LEEF header has 5 parts separated by |, this one {len(parts) - 1}")
    version, vendor, product, product_version, event, rest = parts
    delimiter = "\t"
    if version.startswith("2"):
        stated, bar, after = rest.partition("|")
        if bar and len(stated) <= 6:
            delimiter, rest = _delimiter(stated), after
    if delimiter == "\t" and "\t" not in rest and rest.count("=") > 1:
        attributes = _cef_extension(rest)
    else:
        attributes = {}
        for piece in rest.split(delimiter)[:MOST_FIELDS]:
            key, equals, value = piece.partition("=")
            if equals and key.strip():
                attributes.setdefault(key.strip(), value.strip())
    return Leef(version, vendor, product, product_version, event, attributes)


def _delimiter(stated: str) -> str:
    match = re.fullmatch(r"(?:0?x)([0-9a-fA-F]{1,4})", stated)
    return chr(int(match[1], 16)) if match else stated or "\t"


def read_pairs(text: str) -> dict[str, str]:
    """Return the ``key=value`` pairs of a text, values bare, ``"quoted"`` (with ``\\"``) or ``'quoted'``;
    of a key that comes twice the first value counts."""
    found: dict[str, str] = {}
    for match in _PAIR.finditer(text):
        key, double, single, bare = match.groups()
        if double is not None:
            value = _QUOTED.sub(r"\1", double) if "\\" in double else double
        else:
            value = single if single is not None else bare
        found.setdefault(key, value)
        if len(found) >= MOST_FIELDS:
            break
    return found


def read_csv(text: str, delimiter: str = ",") -> list[str]:
    """Return the fields of one CSV record (RFC 4180). Raises `UnparsedError`."""
    try:
        return next(csv.reader([text.replace("\r", " ").replace("\n", " ")], delimiter=delimiter), [])
    except csv.Error as error:
        raise UnparsedError(f"no CSV: {error}") from error
