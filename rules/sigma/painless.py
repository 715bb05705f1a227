"""Scripts for what no other query can compare: numbers held as text, parts of times, two fields.

Each visits all values of a field, so that one of them is enough. A rule's values are parameters and
never part of a script's source. Language: https://docs.opensearch.org/latest/api-reference/script-apis/
"""

from __future__ import annotations

from typing import Any

from rules.sigma.terms import Pattern


def number_script(field: str, op: str, number: float) -> dict[str, Any]:
    """Compare the numbers that a keyword field writes in decimal or as 0x…."""
    return _script(_COMPARE[op], field=field, number=number)


def part_script(field: str, unit: str, op: str, number: float) -> dict[str, Any]:
    """Compare a part of a date field, in UTC."""
    source = _EACH % f"if ({_UNITS[unit]} {_OPERATORS[op]} params.number) return true;"
    return _script(source, field=field, number=number)


def like_script(field: str, pattern: Pattern) -> dict[str, Any]:
    """Match the text of a number field with a pattern of literals and MANY."""
    literals = [part for part in pattern if isinstance(part, str)]
    start = literals.pop(0) if isinstance(pattern[0], str) else ""
    end = literals.pop() if literals and isinstance(pattern[-1], str) else ""
    return _script(_FITS, field=field, start=start, end=end, middle=literals)


def reference_script(one: str, other: str, where: str) -> dict[str, Any]:
    """Compare two fields without case; `where` as in a check of two fields."""
    return _script(_BOTH % _TESTS[where], one=one, other=other)


def _script(source: str, **params: Any) -> dict[str, Any]:
    return {"script": {"script": {"lang": "painless", "source": source, "params": params}}}


_OPERATORS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "=="}
_UNITS = {
    "minute": "v.getMinute()",
    "hour": "v.getHour()",
    "day": "v.getDayOfMonth()",
    "week": "v.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR)",
    "month": "v.getMonthValue()",
    "year": "v.getYear()",
}
_EACH = "for (def v : doc[params.field]) { %s } return false;"
_COMPARE = {
    op: _EACH
    % (
        "double d = Double.NaN; try { d = v.startsWith('0x') || v.startsWith('0X')"
        " ? (double) Long.decode(v).longValue() : Double.parseDouble(v); }"
        f" catch (NumberFormatException e) {{ d = Double.NaN; }} if (d {sign} params.number) return true;"
    )
    for op, sign in _OPERATORS.items()
}
_FITS = (
    "for (def x : doc[params.field]) { String v = String.valueOf(x);"
    " if (v.length() < params.start.length() + params.end.length()) continue;"
    " if (!v.startsWith(params.start) || !v.endsWith(params.end)) continue;"
    " int at = params.start.length(); int limit = v.length() - params.end.length(); boolean fits = true;"
    " for (String part : params.middle) { int found = v.indexOf(part, at);"
    " if (found < 0 || found + part.length() > limit) { fits = false; break; } at = found + part.length(); }"
    " if (fits) return true; } return false;"
)
_BOTH = (
    "for (def x : doc[params.one]) { for (def y : doc[params.other]) {"
    " String a = String.valueOf(x).toLowerCase(); String b = String.valueOf(y).toLowerCase();"
    " if (%s) return true; } } return false;"
)
_TESTS = {
    "equal": "a.equals(b)",
    "starts": "a.startsWith(b)",
    "ends": "a.endsWith(b)",
    "contains": "a.contains(b)",
}
