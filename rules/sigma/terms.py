"""A rule's meaning: a tree of all, any and not over checks of single fields.

Both the in-process matcher and the OpenSearch query are made from this tree, and so are the bytes
of the cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

Op: TypeAlias = Literal["eq", "like", "re", "cidr", "number", "part", "ref", "null", "exists"]

KEYWORDS = ""
"""The field of a test that looks at all texts of an event."""

Pattern: TypeAlias = tuple[str | int, ...]
"""A text with wildcards: literals, MANY for ``*`` and ONE for ``?``."""

MANY = 0
ONE = 1


class Check(NamedTuple):
    """One question about one field; with several values in the field, one of them is enough."""

    op: Op
    field: str
    """A flat ECS field, or KEYWORDS."""
    value: Any = None
    """
    eq      text, lower case unless cased
    like    Pattern, lower case unless cased
    re      a regular expression in RE2's syntax
    cidr    a network
    number  (gt|gte|lt|lte|eq, number)
    part    (minute|hour|day|week|month|year, gt|gte|lt|lte|eq, number) of a time
    ref     (other field, where: equal|starts|ends|contains)
    null    nothing: the field is absent, null or empty list
    exists  nothing: the field has a value
    """
    mode: str = ""
    """``cased`` for eq and like, the flags i, m and s for re."""


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Expression


Expression: TypeAlias = All | AnyOf | Not | Check


def all_of(parts: list[Expression]) -> Expression:
    """Return the conjunction of parts, nested ones taken in and each kept once."""
    return _join(All, parts)


def any_of(parts: list[Expression]) -> Expression:
    """Return the disjunction of parts, nested ones taken in and each kept once."""
    return _join(AnyOf, parts)


def _join(kind: type[All] | type[AnyOf], parts: list[Expression]) -> Expression:
    flat: dict[Expression, None] = {}
    for part in parts:
        flat.update(dict.fromkeys(part.parts if isinstance(part, kind) else (part,)))
    return next(iter(flat)) if len(flat) == 1 else kind(tuple(flat))


def checks_of(expression: Expression) -> list[Check]:
    """Return the checks of a tree in order, repetitions included."""
    if isinstance(expression, Check):
        return [expression]
    if isinstance(expression, Not):
        return checks_of(expression.part)
    return [check for part in expression.parts for check in checks_of(part)]
