"""Plain lists of indicators: one a line, or a column of CSV; comments, networks, ranges, defanged forms.

Also read: files in the form of ``/etc/hosts`` that send names to nowhere, and lines of ad blockers
(``||evil.example^``).
"""

from __future__ import annotations

import csv
import ipaddress
import re
from collections.abc import Iterable, Iterator

from rules.intelligence.indicators import Indicator, Taken
from rules.intelligence.values import (
    IndicatorKind,
    IndicatorValueError,
    canonical_value,
    guess,
    refang,
)

_COMMENT = ("#", ";", "//", "!")
_TRAILING = re.compile(r"\s+(?:#|;|//).*$")
_SINKS = frozenset({"0.0.0.0", "127.0.0.1", "::", "::1"})
_RANGE = re.compile(r"([0-9a-fA-F.:]+)\s*-\s*([0-9a-fA-F.:]+)\Z")
MOST_OF_RANGE = 64
"""Networks that one range of addresses may need."""


class ListError(ValueError):
    """A list can't be read as it was said to be; the text says what to change."""


def read_list(
    text: str,
    *,
    kind: IndicatorKind | None = None,
    column: int | str | None = None,
    separator: str = ",",
) -> Taken:
    """Read a list. `column`: of CSV, its number from 1 or its name in the first line.

    Raises `ListError` where the named column is not there.
    """
    taken = Taken()
    seen: set[tuple[IndicatorKind, str]] = set()
    cells = _lines(text) if column is None else _column(text, column, separator)
    for number, cell in cells:
        try:
            for one in _read(cell, kind):
                if one not in seen:
                    seen.add(one)
                    taken.indicators.append(Indicator(*one))
        except IndicatorValueError as error:
            taken.skip(f"line {number}", str(error))
    return taken


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip().strip("\ufeff")
        if not line or line.startswith(_COMMENT):
            continue
        line = _TRAILING.sub("", line)
        words = line.split()
        if len(words) > 1 and words[0] in _SINKS:
            yield from ((number, word) for word in words[1:] if "." in word)
        else:
            yield number, line.removeprefix("||").rstrip("^").strip("\"'")


def _column(text: str, column: int | str, separator: str) -> Iterator[tuple[int, str]]:
    """Comments before the names of columns are passed over; the names may stand behind a ``#``."""
    rows = csv.reader(text.lstrip("\ufeff").splitlines(), delimiter=separator, skipinitialspace=True)
    place = column - 1 if isinstance(column, int) else None
    for row in rows:
        if not row or not any(row):
            continue
        if place is None:
            names = [cell.strip().lstrip("# ").strip("\"'").lower() for cell in row]
            if str(column).lower() in names:
                place = names.index(str(column).lower())
            elif not row[0].lstrip().startswith(_COMMENT):
                known = ", ".join(names[:20])
                raise ListError(f"there is no column {column!r}: the first line has {known}")
            continue
        if row[0].lstrip().startswith(_COMMENT):
            continue
        if len(row) > place and row[place].strip():
            yield rows.line_num, row[place].strip().strip("\"'")
    if place is None:
        raise ListError(f"there is no column {column!r}: the list is empty")


def _read(cell: str, kind: IndicatorKind | None) -> Iterable[tuple[IndicatorKind, str]]:
    if kind in (None, IndicatorKind.IP, IndicatorKind.NETWORK) and (match := _RANGE.match(cell)):
        return _networks(match[1], match[2])
    if kind is None:
        return [guess(cell)]
    if kind in (IndicatorKind.IP, IndicatorKind.NETWORK):
        found = guess(cell)
        if found[0] not in (IndicatorKind.IP, IndicatorKind.NETWORK):
            raise IndicatorValueError(f"{cell!r:.60} is no address and no network")
        return [found]
    return [(kind, canonical_value(kind, refang(cell)))]


def _networks(first: str, last: str) -> list[tuple[IndicatorKind, str]]:
    try:
        found = list(
            ipaddress.summarize_address_range(ipaddress.ip_address(first), ipaddress.ip_address(last))
        )
    except (ValueError, TypeError) as error:
        raise IndicatorValueError(f"{first} - {last} is no range of addresses: {error}") from error
    if len(found) > MOST_OF_RANGE:
        raise IndicatorValueError(f"{first} - {last} needs {len(found)} networks: write it as networks")
    return [guess(str(network)) for network in found]
