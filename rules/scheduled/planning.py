"""Reading ``query:`` sections: definitions, or all their faults at once, each with its place."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from rules import entities
from rules.rule import Query, RuleFault
from rules.rule_header import ANY_SOURCE
from rules.rule_yaml import Path, did_you_mean
from rules.scheduled.definition import METRICS, Definition, Measure, New, QueryPlan, Usual
from rules.sigma import Kind, Kinds, gate_query

KEYS = (
    "query_string", "dsl", "every", "window", "group_by", "measure", "condition", "new", "usual", "entities",
)  # fmt: skip
OPERATORS = ("gt", "gte", "lt", "lte", "eq", "neq")
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=7)
FARTHEST = timedelta(days=90)
"""How far back `new` and `usual` may look."""
MOST_WINDOWS = 1000
"""Windows of the past that `usual` may compare with."""
MOST_GROUPS_BY = 5
_LENGTH = re.compile(r"(\d{1,5})([smhdw])\Z")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800}
_GROUPED = frozenset({Kind.KEYWORD, Kind.LONG, Kind.IP, Kind.NUMBER, Kind.BOOLEAN})
_TEXTS = frozenset({"message"})
"""Stored by words, which are no values."""
_CLAUSES = frozenset(
    "bool term terms terms_set range exists prefix wildcard regexp match match_phrase match_phrase_prefix "
    "multi_match query_string simple_query_string ids fuzzy match_all match_none constant_score "
    "dis_max".split()
)
CheckString = Callable[[str], str]
"""Returns what is wrong with a query string, "" where nothing is known to be."""


def plan_queries(rules: Iterable[Query], kinds: Kinds, check_string: CheckString) -> QueryPlan:
    """Read the queries of a rule set; those with faults are left out, with all their faults."""
    definitions: list[Definition] = []
    faults: list[RuleFault] = []
    for rule in rules:
        reader = _Reader(rule, kinds, check_string)
        definition = reader.read()
        faults += reader.faults
        if not reader.faults:
            definitions.append(definition)
    return QueryPlan(tuple(definitions), tuple(faults))


class _Reader:
    def __init__(self, rule: Query, kinds: Kinds, check_string: CheckString) -> None:
        self.rule = rule
        self.kinds = kinds
        self.check_string = check_string
        self.raw: Mapping[str, Any] = rule.raw["query"]
        self.faults: list[RuleFault] = []

    def note(self, path: Path, text: str, remedy: str = "") -> None:
        self.faults.append(self.rule.fault(("query", *path), text, remedy))

    def read(self) -> Definition:
        self._known((), self.raw, KEYS, "a query")
        every = self._length(("every",), self.raw.get("every"), "every: 1h", SHORTEST, LONGEST)
        window = every
        if "window" in self.raw:
            window = self._length(("window",), self.raw["window"], "window: 1h", SHORTEST, LONGEST)
        if window % every:
            words = f"the window must be a whole number of times {self.raw.get('every')}"
            self.note(("window",), f"{words}, so that none is left out", f"window: {self.raw.get('every')}")
        group_by = self._fields(("group_by",), self.raw.get("group_by"))
        if len(group_by) > MOST_GROUPS_BY:
            self.note(("group_by",), f"at most {MOST_GROUPS_BY} fields make a group", "leave some out")
        return Definition(
            rule=self.rule,
            query=(query := self._query()),
            background=self._gate() or query,
            every=every,
            window=window,
            group_by=group_by,
            measure=self._measure(),
            bounds=self._bounds(),
            new=self._new(group_by),
            usual=self._usual(window),
            entities=self._entities(group_by),
        )

    def _known(self, path: Path, given: Mapping[Any, Any], keys: Iterable[str], what: str) -> None:
        for key in given:
            if key not in keys:
                near = did_you_mean(str(key), keys)
                remedy = f"did you mean {near!r}?" if near else f"known: {', '.join(keys)}"
                self.note((*path, str(key)), f"{key!r} is no key of {what}", remedy)

    def _length(
        self, path: Path, value: Any, remedy: str, shortest: timedelta, longest: timedelta
    ) -> timedelta:
        match = _LENGTH.match(str(value)) if value is not None else None
        length = timedelta(seconds=int(match[1]) * _UNITS[match[2]]) if match else timedelta()
        if value is None:
            self.note(path[:-1], f"{path[-1]} is missing", remedy)
        elif not shortest <= length <= longest:
            words = f"{value!r} is no length of time from {_told(shortest)} to {_told(longest)}"
            self.note(path, words, remedy)
        else:
            return length
        return shortest

    # --- what is asked -------------------------------------------------------------------------------

    def _query(self) -> Mapping[str, Any]:
        text, dsl = self.raw.get("query_string"), self.raw.get("dsl")
        gate = self._gate()
        filters: list[Mapping[str, Any]] = [gate] if gate else []
        if text is not None and dsl is not None:
            self.note(("dsl",), "a query has either query_string or dsl", "put both into one")
        if text is not None:
            if not isinstance(text, str) or not text.strip():
                self.note(
                    ("query_string",), "query_string must be a text", "query_string: event.outcome:failure"
                )
            elif wrong := self.check_string(text):
                self.note(("query_string",), wrong, "fields are ECS names, like source.ip")
            else:
                filters.append({"query_string": {"query": text, "analyze_wildcard": True,
                                                 "max_determinized_states": 10_000}})  # fmt: skip
        if dsl is not None:
            self._clauses(("dsl",), dsl)
            filters.append(dsl if isinstance(dsl, Mapping) else {})
        if text is None and dsl is None and not filters:
            self.note(
                (), "a query says which events it is about", "query_string: …, dsl: {…}, or a logsource"
            )
        return {"bool": {"filter": filters}}

    def _gate(self) -> Mapping[str, Any] | None:
        return gate_query(self.rule.logsource) if self.rule.logsource != ANY_SOURCE else None

    def _clauses(self, path: Path, value: Any) -> None:
        """Find clauses that are not asked on a schedule: scripts cost what they like."""
        if not isinstance(value, Mapping) or len(value) != 1:
            self.note(
                path, "a clause of the query DSL is a mapping with one key", "{term: {user.name: alice}}"
            )
            return
        ((clause, inner),) = value.items()
        if clause not in _CLAUSES:
            near = did_you_mean(str(clause), sorted(_CLAUSES))
            remedy = f"did you mean {near!r}?" if near else f"known: {', '.join(sorted(_CLAUSES))}"
            self.note((*path, str(clause)), f"{clause!r} is no clause that is asked on a schedule", remedy)
        elif clause == "bool" and isinstance(inner, Mapping):
            for name, parts in inner.items():
                if name not in ("must", "filter", "should", "must_not"):
                    continue
                if isinstance(parts, list):
                    for place, part in enumerate(parts):
                        self._clauses((*path, "bool", name, place), part)
                else:
                    self._clauses((*path, "bool", name), parts)
        elif clause == "constant_score" and isinstance(inner, Mapping):
            self._clauses((*path, "constant_score", "filter"), inner.get("filter"))

    def _fields(self, path: Path, value: Any) -> tuple[str, ...]:
        items = value if isinstance(value, list) else [] if value is None else [value]
        if not all(isinstance(item, str) for item in items):
            self.note(path, f"{path[-1]} must be a list of fields", f"{path[-1]}: [user.name]")
            return ()
        for place, item in enumerate(items):
            self._check_field((*path, place) if isinstance(value, list) else path, item)
        if len(set(items)) < len(items):
            self.note(path, "a field is named twice", "keep one of the two")
        return tuple(items)

    def _check_field(self, path: Path, field: str, kinds: frozenset[Kind] = _GROUPED) -> None:
        found = Kind.OTHER if field in _TEXTS else self.kinds.of(field)
        if found in kinds:
            return
        if found is Kind.OTHER:
            near = did_you_mean(field, self.kinds.known)
            remedy = (
                f"did you mean {near}?" if near else "`siem sources` and the ECS reference have the names"
            )
            self.note(path, f"there is no field {field} in the store's mapping", remedy)
        else:
            words = f"{field} is stored as {found.value}, which can't be used here"
            self.note(path, words, "take a number" if kinds == _NUMBERS else "take a field of its own")

    # --- what is made of it --------------------------------------------------------------------------

    def _measure(self) -> Measure:
        value = self.raw.get("measure", "count")
        if value == "count":
            return Measure()
        kinds = ("count", *METRICS)
        if not isinstance(value, Mapping):
            near = did_you_mean(str(value), kinds)
            remedy = f"did you mean {near!r}?" if near == "count" else "{cardinality: source.ip}"
            self.note(("measure",), f"{value!r} is no measure", remedy)
            return Measure()
        self._known(("measure",), value, (*METRICS, "percent"), "a measure")
        named = [kind for kind in METRICS if kind in value]
        if len(named) != 1 or not isinstance(value[named[0]], str):
            self.note(("measure",), "a measure is one of these, of one field", "{sum: source.bytes}")
            return Measure()
        kind, field = named[0], str(value[named[0]])
        self._check_field(("measure", kind), field, _GROUPED if kind == "cardinality" else _NUMBERS)
        percent = value.get("percent", 95)
        if "percent" in value and (kind != "percentile" or not _number(percent) or not 0 < percent < 100):
            self.note(("measure", "percent"), "percent is of a percentile, between 0 and 100", "percent: 95")
            percent = 95
        return Measure(kind, field, float(percent))

    def _bounds(self) -> tuple[tuple[str, float], ...]:
        value = self.raw.get("condition")
        if value is None:
            return (("gte", 1.0),) if "measure" not in self.raw or self.raw["measure"] == "count" else ()
        if not isinstance(value, Mapping) or not value:
            self.note(("condition",), "a condition has bounds", "condition: {gte: 5}")
            return ()
        self._known(("condition",), value, OPERATORS, "a condition")
        bounds = []
        for operator in OPERATORS:
            if operator in value:
                if _number(value[operator]):
                    bounds.append((operator, float(value[operator])))
                else:
                    self.note(("condition", operator), f"{value[operator]!r} is no number", f"{operator}: 5")
        return tuple(bounds)

    def _section(self, key: str, keys: Iterable[str]) -> Mapping[str, Any] | None:
        value = self.raw.get(key)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self.note((key,), f"{key} must be a mapping", f"known: {', '.join(keys)}")
            return None
        self._known((key,), value, keys, f"`{key}`")
        return value

    def _new(self, group_by: tuple[str, ...]) -> New | None:
        value = self._section("new", ("within", "known_by", "known_for"))
        if value is None:
            return None
        if not group_by:
            self.note(("new",), "what is new is a group: it needs group_by", "group_by: [user.name, …]")
        within = self._length(("new", "within"), value.get("within"), "within: 30d", SHORTEST, FARTHEST)
        known_for = self._length(
            ("new", "known_for"), value.get("known_for", "7d"), "known_for: 7d", timedelta(), FARTHEST
        )
        given = value.get("known_by", list(group_by[:-1]))
        known_by = tuple(given) if isinstance(given, list) else (str(given),)
        for place, field in enumerate(known_by):
            if field not in group_by:
                words = f"known_by names fields of group_by, and {field} is none"
                self.note(("new", "known_by", place), words, f"of {', '.join(group_by)}")
        if known_for >= within:
            self.note(("new", "known_for"), "known_for must be shorter than within", "known_for: 7d")
        return New(within, known_by, known_for)

    def _usual(self, window: timedelta) -> Usual | None:
        value = self._section("usual", ("over", "times", "least"))
        if value is None:
            return None
        over = self._length(("usual", "over"), value.get("over"), "over: 14d", SHORTEST, FARTHEST)
        times, least = value.get("times", 3), value.get("least", 5)
        if not _number(times) or times < 1:
            self.note(("usual", "times"), "times is a number from 1 on", "times: 3")
            times = 3
        windows = int(over / window)
        if windows > MOST_WINDOWS:
            words = f"that compares with {windows:,} windows; {MOST_WINDOWS:,} are the most"
            self.note(("usual", "over"), words, "look back less far, or take a longer window")
        if isinstance(least, bool) or not isinstance(least, int) or not 1 <= least <= max(1, windows):
            words = f"least is a whole number of windows, up to the {windows} of `over`"
            self.note(("usual", "least"), words, "least: 5")
            least = 1
        return Usual(over, float(times), least)

    def _entities(self, group_by: tuple[str, ...]) -> tuple[str, ...]:
        value = self.raw.get("entities")
        if value is None:
            return tuple(field for field in group_by if field in entities.FIELDS)
        fields = value if isinstance(value, list) else [value]
        for place, field in enumerate(fields):
            if field not in entities.FIELDS:
                near = did_you_mean(str(field), entities.FIELDS)
                remedy = f"did you mean {near}?" if near else f"known: {', '.join(entities.FIELDS)}"
                self.note(("entities", place), f"{field!r} names no entity", remedy)
        return tuple(str(field) for field in fields)


_NUMBERS = frozenset({Kind.NUMBER})


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _told(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
