"""The same rule as an OpenSearch query, for backtests and hunts over what is stored.

Made from the very tree that the matcher runs, in query DSL and not in Lucene's syntax: no parser
splits a value at its spaces, every text is compared without case, and absence, references between
fields and networks mean what they mean in `rules.sigma.checking`. Which query a field takes depends
on its type in the store (`kinds_of`). Where no query can say the same, `QueryError` says why.
Reference: https://docs.opensearch.org/latest/query-dsl/
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, TypeAlias

from rules.rule import Detection, Filter, LogSource
from rules.sigma.lucene_regex import RegexError, literal, lucene_regex
from rules.sigma.networks import NetworkError, networks_beginning_with, text_regex
from rules.sigma.painless import like_script, number_script, part_script, reference_script
from rules.sigma.sources import ANY_VALUE, Gate, gate_of
from rules.sigma.stored import TEXTUAL, Kind, Kinds
from rules.sigma.terms import KEYWORDS, MANY, ONE, All, AnyOf, Check, Expression, Not, Pattern
from rules.sigma.translation import Placeholders, translate
from rules.sigma.values import number_of

Query: TypeAlias = dict[str, Any]


MOST_PATTERNS = 2000
"""Each pattern is an automaton of its own in the engine's memory."""


class QueryError(ValueError):
    """A rule that no OpenSearch query can express over this mapping; the matcher still runs it."""


def to_query(
    detection: Detection,
    kinds: Kinds,
    filters: Iterable[Filter] = (),
    placeholders: Placeholders | None = None,
) -> Query:
    """Return the query for a detection's events, its log source included.

    Raises TranslationError where the rule is faulty, QueryError where no query says the same.
    """
    return query_of(translate(detection, filters, placeholders), gate_of(detection.logsource), kinds)


def query_of(expression: Expression, gate: Gate, kinds: Kinds) -> Query:
    """Return the query for a tree as `Matcher.compiled` gives it. Raises QueryError."""
    return {"bool": {"filter": [*_conditions(gate), _Writer(kinds).write(expression)]}}


def wide_query_of(expression: Expression, gate: Gate, kinds: Kinds) -> Query:
    """Return a query that finds at least a tree's events, where none finds exactly these.

    What no query can say counts as true here, and below a negation as false; the matcher has the last word.
    """
    return {"bool": {"filter": [*_conditions(gate), _WideWriter(kinds).write(expression)]}}


def gate_query(logsource: LogSource) -> Query:
    """Return the query for all events of a log source."""
    return {"bool": {"filter": _conditions(gate_of(logsource))}}


def _conditions(gate: Gate) -> list[Query]:
    return [
        _any([_all([_holds(name, values) for name, values in one.items()]) for one in condition])
        for condition in gate
    ]


def _all(queries: list[Query]) -> Query:
    return queries[0] if len(queries) == 1 else {"bool": {"filter": queries}}


def _any(queries: list[Query]) -> Query:
    return queries[0] if len(queries) == 1 else {"bool": {"should": queries, "minimum_should_match": 1}}


def _not(query: Query) -> Query:
    return {"bool": {"must_not": [query]}}


_REGEXP = {"flags": "NONE", "max_determinized_states": 1_000_000}
_NONE: Query = {"match_none": {}}


def _holds(field: str, values: frozenset[str]) -> Query:
    if ANY_VALUE in values:
        return {"exists": {"field": field}}
    if field == "event.code":  # a number is one however it is written
        values |= {each for code in values if code.isdecimal() for each in (f"{code}.0", hex(int(code)))}
    return {"terms": {f"{field}.caseless": sorted(values)}}


def _caseless_regex(pattern: Pattern) -> str:
    """Where a field has no twin without case, the engine ignores that of ASCII only."""
    return "".join(
        "(.|\\\n)*" if part == MANY
        else "(.|\\\n)" if not isinstance(part, str)
        else "".join(literal(sign) if sign.isascii() else _any_case(sign) for sign in part)
        for part in pattern
    )  # fmt: skip


def _any_case(sign: str) -> str:
    cases = {sign, *(case for case in (sign.upper(), sign.title()) if len(case) == 1)}
    return f"[{''.join(literal(case) for case in sorted(cases))}]"


class _Writer:
    def __init__(self, kinds: Kinds) -> None:
        self.kinds = kinds
        self.patterns = 0

    def write(self, expression: Expression) -> Query:
        if isinstance(expression, Not):
            return _not(self.write(expression.part))
        if isinstance(expression, All):
            return (
                _all([self.write(part) for part in expression.parts])
                if expression.parts
                else {"match_all": {}}
            )
        if isinstance(expression, AnyOf):
            return self._any_of(expression)
        return self._check(expression)

    def _any_of(self, expression: AnyOf) -> Query:
        """Equalities of one field become one clause: a query may have only so many."""
        equal: dict[str, list[str]] = defaultdict(list)
        others: list[Query] = []
        for part in expression.parts:
            textual = isinstance(part, Check) and self.kinds.of(part.field) in (Kind.KEYWORD, Kind.LONG)
            if textual and isinstance(part, Check) and part.op == "eq" and part.value and not part.mode:
                equal[part.field].append(part.value)
            else:
                others.append(self.write(part))
        others += [{"terms": {f"{field}.caseless": values}} for field, values in equal.items()]
        return _any(others) if others else _NONE

    def _check(self, check: Check) -> Query:
        if check.field == KEYWORDS:
            return self._keyword(check)
        kind = self.kinds.of(check.field)
        if kind is Kind.OTHER:
            raise QueryError(f"{check.field} is not in the store's mapping, so no query sees it")
        match check.op:
            case "exists":
                return {"exists": {"field": check.field}}
            case "null":
                return _not({"exists": {"field": check.field}})
            case "eq":
                return self._equal(kind, check)
            case "like":
                return self._like(check.field, check.value, check.mode)
            case "re":
                return self._regex(kind, check)
            case "cidr":
                return self._cidr(kind, check)
            case "number":
                return self._number(kind, check)
            case "part":
                return self._part(kind, check)
            case "ref":
                return self._reference(check)

    def _keyword(self, check: Check) -> Query:
        if self.kinds.known.get("message") is Kind.OTHER:
            words = "keywords look at message, which the store holds as single words only"
            raise QueryError(f"{words}: map a twin message.caseless of type wildcard")
        queries = [self._check(check._replace(field=field)) for field in self.kinds.searched]
        return _any(queries) if queries else _NONE

    def _equal(self, kind: Kind, check: Check) -> Query:
        field, value = check.field, check.value
        if kind is Kind.FLAT and not check.mode and not value.isascii():
            return self._regexp(field, _caseless_regex((value,)), True)
        if kind is Kind.FLAT:
            return {"term": {field: {"value": value, "case_insensitive": not check.mode}}}
        if kind in (Kind.KEYWORD, Kind.LONG):  # a wildcard field does not find the empty text
            return {"term": {field if check.mode or not value else f"{field}.caseless": value}}
        if kind is Kind.IP:
            try:
                return {"term": {field: str(ipaddress.ip_address(value))}}
            except ValueError:
                return _NONE
        if kind is Kind.NUMBER:
            number = number_of(value)
            return _NONE if number is None else {"term": {field: number}}
        if kind is Kind.BOOLEAN:
            return {"term": {field: value == "true"}} if value in ("true", "false") else _NONE
        raise QueryError(f"{field} is a time, which equals no text")

    def _like(self, field: str, pattern: Pattern, mode: str) -> Query:
        self.patterns += 1
        if self.patterns > MOST_PATTERNS:
            raise QueryError(f"it has more than {MOST_PATTERNS:,} patterns, which would exhaust the engine")
        kind = self.kinds.of(field)
        if kind is Kind.IP:
            return self._addresses(field, pattern)
        if kind is Kind.NUMBER:
            if ONE in pattern:
                raise QueryError(f"{field} is a number, which takes no ? wildcard")
            return like_script(field, pattern)
        if kind not in TEXTUAL:
            raise QueryError(f"{field} is a {kind.value}, which takes no wildcards")
        at = field if mode or kind is Kind.FLAT else f"{field}.caseless"
        insensitive = {"case_insensitive": True} if kind is Kind.FLAT and not mode else {}
        if insensitive and not all(part.isascii() for part in pattern if isinstance(part, str)):
            return self._regexp(field, _caseless_regex(pattern), True)
        begins = len(pattern) == 2 and isinstance(pattern[0], str) and pattern[1] == MANY
        if begins and kind is not Kind.LONG:  # in a wildcard field a prefix with a backslash is never found
            return {"prefix": {at: {"value": pattern[0], **insensitive}}}
        text = "".join(
            part.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")
            if isinstance(part, str)
            else "?"
            if part == ONE
            else "*"
            for part in pattern
        )
        return {"wildcard": {at: {"value": text, **insensitive}}}

    def _regexp(self, field: str, value: str, insensitive: bool) -> Query:
        kind = self.kinds.of(field)
        if insensitive and kind in (Kind.KEYWORD, Kind.LONG):
            return {"regexp": {f"{field}.caseless": {"value": value, **_REGEXP}}}
        return {"regexp": {field: {"value": value, **_REGEXP, "case_insensitive": insensitive}}}

    def _regex(self, kind: Kind, check: Check) -> Query:
        if kind not in TEXTUAL:
            raise QueryError(f"{check.field} is a {kind.value}, which takes no regular expression")
        try:
            value = lucene_regex(check.value, check.mode)
        except RegexError as error:
            raise QueryError(f"the expression {check.value!r} has no twin in Lucene: {error}") from error
        insensitive = "i" in check.mode or check.value.startswith("(?i)")
        return {"regexp": {check.field: {"value": value, **_REGEXP, "case_insensitive": insensitive}}}

    def _cidr(self, kind: Kind, check: Check) -> Query:
        if kind is Kind.IP:
            return {"term": {check.field: check.value}}
        if kind not in TEXTUAL:
            return _NONE
        try:
            return self._regexp(check.field, text_regex(check.value), True)
        except NetworkError as error:
            raise QueryError(f"{check.field} holds addresses as text: {error}") from error

    def _addresses(self, field: str, pattern: Pattern) -> Query:
        """Scripts can't read several addresses of one field, so only networks can be asked for."""
        if len(pattern) != 2 or not isinstance(pattern[0], str) or pattern[1] != MANY:
            raise QueryError(f"{field} holds addresses, of which only the beginning can be asked for")
        try:
            networks = networks_beginning_with(pattern[0])
        except NetworkError as error:
            raise QueryError(f"{field} holds addresses: {error}") from error
        return {"terms": {field: networks}} if networks else _NONE

    def _number(self, kind: Kind, check: Check) -> Query:
        op, number = check.value
        if kind is Kind.NUMBER:
            return {"term": {check.field: number}} if op == "eq" else {"range": {check.field: {op: number}}}
        if kind in (Kind.IP, Kind.DATE, Kind.BOOLEAN):
            return _NONE
        if op == "eq":
            spelled = [str(number), f"{number}.0", hex(number)] if isinstance(number, int) else [str(number)]
            return _any([self._equal(kind, Check("eq", check.field, each)) for each in spelled])
        if kind is Kind.FLAT:
            raise QueryError(f"{check.field} holds numbers as text inside an object, where none is greater")
        return number_script(check.field, op, number)

    def _part(self, kind: Kind, check: Check) -> Query:
        unit, op, number = check.value
        if kind is not Kind.DATE:
            raise QueryError(f"{check.field} is no time in the store")
        return part_script(check.field, unit, op, number)

    def _reference(self, check: Check) -> Query:
        other, where = check.value
        for field in (check.field, other):
            if self.kinds.of(field) not in (Kind.KEYWORD, Kind.LONG, Kind.NUMBER):
                raise QueryError(f"{field} is inside an object or no text, so two fields can't be compared")
        return reference_script(check.field, other, where)


class _WideWriter(_Writer):
    """Writes queries that find too much rather than too little."""

    def __init__(self, kinds: Kinds) -> None:
        super().__init__(kinds)
        self.negated = False

    def write(self, expression: Expression) -> Query:
        if not isinstance(expression, Not):
            return super().write(expression)
        self.negated = not self.negated
        try:
            return super().write(expression)
        finally:
            self.negated = not self.negated

    def _check(self, check: Check) -> Query:
        try:
            return super()._check(check)
        except QueryError:
            return _NONE if self.negated else {"match_all": {}}
