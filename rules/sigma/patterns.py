"""pySigma's values as checks: texts with wildcards, numbers, parts of times."""

from __future__ import annotations

from sigma import types as sigma_types

from rules.sigma.terms import MANY, ONE, Check, Expression, Not
from rules.sigma.values import fold


def pattern_of(value: sigma_types.SigmaString) -> tuple[str | int, ...]:
    pattern: list[str | int] = []
    for part in value.s:
        if isinstance(part, str):
            if pattern and isinstance(pattern[-1], str):
                pattern[-1] += part
            elif part:
                pattern.append(part)
        elif part is sigma_types.SpecialChars.WILDCARD_SINGLE:
            pattern.append(ONE)
        elif not pattern or pattern[-1] != MANY:
            pattern.append(MANY)
    return tuple(pattern)


def like(field: str, pattern: tuple[str | int, ...], cased: bool) -> Check:
    parts: list[str | int] = []
    for part in pattern:
        if part == MANY and parts and parts[-1] == MANY and not isinstance(part, str):
            continue
        parts.append(part if cased or not isinstance(part, str) else fold(part))
    mode = "cased" if cased else ""
    if parts == [MANY]:
        return Check("exists", field) if field else Check("like", field, (MANY,))
    if all(isinstance(part, str) for part in parts):
        return Check("eq", field, "".join(str(part) for part in parts), mode)
    return Check("like", field, tuple(parts), mode)


def comparison(field: str, value: sigma_types.SigmaCompareExpression) -> Expression:
    op = value.op.name.lower()
    number = value.number
    if op == "neq":
        return Not(Check("number", field, ("eq", number.number)))
    if isinstance(number, sigma_types.SigmaTimestampPart):
        return Check("part", field, (number.timestamp_part.name.lower(), op, number.number))
    return Check("number", field, (op, number.number))
