"""W3C extended log lines: fields in the order that ``#Fields:`` states, or in one that is known by its length.

Reference: https://www.w3.org/TR/WD-logfile.html. Times are UTC, ``-`` is none, a space within a value is ``+``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from integrations.contract import UnparsedError

_DIRECTIVES = ("#fields:", "#software:", "#version:", "#date:", "#start-date:", "#end-date:", "#remark:")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}(?:\([a-z0-9_-]{1,64}\))?", re.ASCII)


def field_names(header: Sequence[str]) -> tuple[str, ...]:
    """Return the names after ``#Fields:``, lower case; the last such line counts.

    Raises `UnparsedError` for a line of the header that is none.
    """
    if header and not header[-1].lower().startswith(_DIRECTIVES):
        raise UnparsedError("expected #Fields:, #Software:, #Version:, #Date: or #Remark: after a #")
    for line in reversed(header):
        if line.lower().startswith("#fields:"):
            names = tuple(line[8:].lower().split())
            if wrong := next((name for name in names if not _NAME.fullmatch(name)), None):
                raise UnparsedError(f"#Fields: names {wrong[:100]!r}, which can't be a field's name")
            return names
    return ()


def split_fields(
    line: str, names: Sequence[str], known: Mapping[int, Sequence[str]], what: str
) -> dict[str, str]:
    """Return the fields of a line that are not ``-``. Raises `UnparsedError`.

    `known` are usual orders by their length, for lines that the header's names don't fit.
    """
    values = line.split()
    if len(values) != len(names):
        names = known.get(len(values), ())
    if not names:
        orders = ", ".join(map(str, sorted(known)))
        raise UnparsedError(
            f"expected {what} after a #Fields: line, or in a usual order of {orders} fields, not {len(values)}"
        )
    return {name: value for name, value in zip(names, values, strict=True) if value != "-"}
