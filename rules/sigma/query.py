"""The same rule as an OpenSearch query, for backtests and hunts over what is stored.

Made from the very tree that the matcher runs, in query DSL and not in Lucene's syntax: no parser
splits a value at its spaces, every text is compared without case, and absence, references between
fields and networks mean what they mean in `rules.sigma.checking`. Which query a field takes depends
on its type in the store (`kinds_of`). Where no query can say the same, `QueryError` says why.
Reference: https://docs.opensearch.org/latest/query-dsl/
"""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeAlias

from rules.rule import Detection, Filter
from rules.sigma.lucene_regex import RegexError, lucene_regex
from rules.sigma.sources import ANY_VALUE, Gate, gate_of
from rules.sigma.terms import KEYWORDS, MANY, ONE, All, AnyOf, Check, Expression, Not, Pattern
from rules.sigma.translation import Placeholders, translate
from rules.sigma.values import number_of

Query: TypeAlias = dict[str, Any]


class Kind(StrEnum):
    """How the store holds a field."""

    KEYWORD = "keyword"
    """Exact, with a lower case twin ``.caseless``."""
    LONG = "long text"
    """Exact up to a length, with a twin ``.caseless`` of type wildcard."""
    FLAT = "flat_object"
    """A leaf inside one."""
    IP = "ip"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    OTHER = "other"
    """Not in the mapping, or not searchable by whole values."""


Kinds: TypeAlias = Callable[[str], Kind]

MOST_PATTERNS = 2000
"""Each pattern is an automaton of its own in the engine's memory."""

SEARCHED = (
    "process.name",
    "process.executable",
    "process.parent.executable",
    "file.path",
    "file.name",
    "registry.path",
    "user.name",
    "url.domain",
    "dns.question.name",
    "event.action",
    "log.syslog.appname",
    "winlog.provider_name",
)
"""Keyword fields that keywords look at, beside all long texts and flat objects."""


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
    conditions = [
        _any([_all([_holds(name, values) for name, values in one.items()]) for one in condition])
        for condition in gate
    ]
    return {"bool": {"filter": [*conditions, _Writer(kinds).write(expression)]}}


def kinds_of(properties: Mapping[str, Any]) -> Kinds:
    """Return the kind of each field of a mapping's nested ``properties``."""
    known: dict[str, Kind] = {}
    _walk("", properties, known)
    flat = tuple(f"{name}." for name, kind in known.items() if kind is Kind.FLAT)

    def kind_of(field: str) -> Kind:
        return known.get(field) or (Kind.FLAT if field.startswith(flat) else Kind.OTHER)

    kind_of.__dict__["searched"] = [
        name for name, kind in known.items() if kind in (Kind.LONG, Kind.FLAT) or name in SEARCHED
    ]
    return kind_of


_NUMBERS = frozenset({"long", "integer", "short", "byte", "double", "float", "half_float", "unsigned_long"})


def _walk(prefix: str, properties: Mapping[str, Any], known: dict[str, Kind]) -> None:
    for name, definition in properties.items():
        if "properties" in definition:
            _walk(f"{prefix}{name}.", definition["properties"], known)
        kind = definition.get("type", "object")
        twin = definition.get("fields", {}).get("caseless", {}).get("type")
        if twin == "wildcard":
            known[prefix + name] = Kind.LONG
        elif kind == "keyword" and twin == "keyword":
            known[prefix + name] = Kind.KEYWORD
        elif kind in _NUMBERS:
            known[prefix + name] = Kind.NUMBER
        elif kind in ("ip", "date", "boolean", "flat_object"):
            known[prefix + name] = Kind(kind)


def _all(queries: list[Query]) -> Query:
    return queries[0] if len(queries) == 1 else {"bool": {"filter": queries}}


def _any(queries: list[Query]) -> Query:
    return queries[0] if len(queries) == 1 else {"bool": {"should": queries, "minimum_should_match": 1}}


def _not(query: Query) -> Query:
    return {"bool": {"must_not": [query]}}


_REGEXP = {"flags": "NONE", "max_determinized_states": 200_000}
_NONE: Query = {"match_none": {}}


def _holds(field: str, values: frozenset[str]) -> Query:
    if ANY_VALUE in values:
        return {"exists": {"field": field}}
    return {"terms": {f"{field}.caseless": sorted(values)}}


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
            textual = isinstance(part, Check) and self.kinds(part.field) in (Kind.KEYWORD, Kind.LONG)
            if textual and isinstance(part, Check) and part.op == "eq" and part.value and not part.mode:
                equal[part.field].append(part.value)
            else:
                others.append(self.write(part))
        others += [{"terms": {f"{field}.caseless": values}} for field, values in equal.items()]
        return _any(others) if others else _NONE

    def _check(self, check: Check) -> Query:
        if check.field == KEYWORDS:
            return self._keyword(check)
        kind = self.kinds(check.field)
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
        fields: list[str] = getattr(self.kinds, "searched", [])
        return _any([self._check(check._replace(field=field)) for field in fields]) if fields else _NONE

    def _equal(self, kind: Kind, check: Check) -> Query:
        field, value = check.field, check.value
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
        kind = self.kinds(field)
        if kind is Kind.IP:
            return _addresses(field, pattern)
        if kind is Kind.NUMBER:
            return _script(_LIKE, field=field, **_pieces(field, pattern))
        if kind not in (Kind.KEYWORD, Kind.LONG, Kind.FLAT):
            raise QueryError(f"{field} is a {kind.value}, which takes no wildcards")
        at = field if mode or kind is Kind.FLAT else f"{field}.caseless"
        insensitive = {"case_insensitive": True} if kind is Kind.FLAT and not mode else {}
        if len(pattern) == 2 and isinstance(pattern[0], str) and pattern[1] == MANY:
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
        kind = self.kinds(field)
        if insensitive and kind in (Kind.KEYWORD, Kind.LONG):
            return {"regexp": {f"{field}.caseless": {"value": value, **_REGEXP}}}
        return {"regexp": {field: {"value": value, **_REGEXP, "case_insensitive": insensitive}}}

    def _regex(self, kind: Kind, check: Check) -> Query:
        if kind not in (Kind.KEYWORD, Kind.LONG, Kind.FLAT):
            raise QueryError(f"{check.field} is a {kind.value}, which takes no regular expression")
        try:
            value = lucene_regex(check.value, check.mode)
        except RegexError as error:
            raise QueryError(f"the expression {check.value!r} has no twin in Lucene: {error}") from error
        insensitive = "i" in check.mode or check.value.startswith("(?i)")
        return {"regexp": {check.field: {"value": value, **_REGEXP, "case_insensitive": insensitive}}}

    def _cidr(self, kind: Kind, check: Check) -> Query:
        network = ipaddress.ip_network(check.value)
        if kind is Kind.IP:
            return {"term": {check.field: check.value}}
        if kind not in (Kind.KEYWORD, Kind.LONG, Kind.FLAT):
            return _NONE
        if isinstance(network, ipaddress.IPv4Network):
            return self._regexp(check.field, f"(::ffff:)?{_ipv4_regex(network)}", True)
        if network.prefixlen == 128:
            return self._equal(kind, Check("eq", check.field, str(network.network_address)))
        group = f"{int(network.network_address) >> 112:04x}"
        if network.prefixlen > 16 or group[0] == "0":
            raise QueryError(f"{check.field} holds addresses as text, where {network} can't be found")
        last = f"{int(network.broadcast_address) >> 112:04x}"
        digits = "".join(f"[{_HEX[int(a, 16) : int(b, 16) + 1]}]" for a, b in zip(group, last, strict=True))
        return self._regexp(check.field, f"{digits}:.*", True)

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
        return _script(_COMPARE[op], field=check.field, number=number)

    def _part(self, kind: Kind, check: Check) -> Query:
        unit, op, number = check.value
        if kind is not Kind.DATE:
            raise QueryError(f"{check.field} is no time in the store")
        source = _EACH % f"if ({_UNITS[unit]} {_OPERATORS[op]} params.number) return true;"
        return _script(source, field=check.field, number=number)

    def _reference(self, check: Check) -> Query:
        other, where = check.value
        for field in (check.field, other):
            if self.kinds(field) not in (Kind.KEYWORD, Kind.LONG, Kind.NUMBER):
                raise QueryError(f"{field} is inside an object or no text, so two fields can't be compared")
        test = {"equal": "a.equals(b)", "starts": "a.startsWith(b)", "ends": "a.endsWith(b)"}
        source = (
            "for (def x : doc[params.one]) { for (def y : doc[params.other]) {"
            " String a = String.valueOf(x).toLowerCase(); String b = String.valueOf(y).toLowerCase();"
            f" if ({test.get(where, 'a.contains(b)')}) return true; }} }} return false;"
        )
        return _script(source, one=check.field, other=other)


def _script(source: str, **params: Any) -> Query:
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
_LIKE = (
    "for (def x : doc[params.field]) { String v = String.valueOf(x);"
    " if (v.length() < params.start.length() + params.end.length()) continue;"
    " if (!v.startsWith(params.start) || !v.endsWith(params.end)) continue;"
    " int at = params.start.length(); int limit = v.length() - params.end.length(); boolean fits = true;"
    " for (String part : params.middle) { int found = v.indexOf(part, at);"
    " if (found < 0 || found + part.length() > limit) { fits = false; break; } at = found + part.length(); }"
    " if (fits) return true; } return false;"
)


def _addresses(field: str, pattern: Pattern) -> Query:
    """Addresses that begin with a text, as networks: scripts can't read several addresses of one field."""
    if len(pattern) != 2 or not isinstance(pattern[0], str) or pattern[1] != MANY:
        raise QueryError(f"{field} holds addresses, of which only the beginning can be asked for, without ?")
    prefix = pattern[0]
    if re.fullmatch(r"[1-9a-f][0-9a-f]{3}:", prefix):
        return {"term": {field: f"{prefix}:/16"}}
    *groups, last = prefix.split(".")
    if (
        not groups
        or len(groups) > 3
        or not all(re.fullmatch("[0-9]{1,3}", each) for each in [*groups, last or "0"])
    ):
        raise QueryError(f"addresses that begin with {prefix!r} are no networks")
    octets = [str(octet) for octet in range(256) if str(octet).startswith(last)] if last else ["0"]
    bits = 8 * (len(groups) + bool(last))
    networks = [".".join([*groups, octet, "0", "0", "0"][:4]) + f"/{bits}" for octet in octets]
    return {"terms": {field: networks}} if networks and all(int(each) < 256 for each in groups) else _NONE


def _pieces(field: str, pattern: Pattern) -> dict[str, Any]:
    if ONE in pattern:
        raise QueryError(f"{field} is a number, which takes no ? wildcard")
    literals = [part for part in pattern if isinstance(part, str)]
    start = literals.pop(0) if isinstance(pattern[0], str) else ""
    end = literals.pop() if literals and isinstance(pattern[-1], str) else ""
    return {"start": start, "end": end, "middle": literals}


_HEX = "0123456789abcdef"
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"


def _ipv4_regex(network: ipaddress.IPv4Network) -> str:
    """Return the expression for the addresses of a network as text."""
    first, last = network.network_address.packed, network.broadcast_address.packed
    octets = [
        str(low)
        if low == high
        else _OCTET
        if (low, high) == (0, 255)
        else f"({'|'.join(map(str, range(low, high + 1)))})"
        for low, high in zip(first, last, strict=True)
    ]
    return "\\.".join(octets)
