"""Reading ``correlation:`` sections: definitions, or faults that name their place.

Format: https://github.com/SigmaHQ/sigma-specification, correlation rules 2.1; see `definition` for
what is decided here where it leaves a choice.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from rules.correlation.definition import MOST_EVENTS, SEQUENCES, Condition, Definition, Kind, Plan
from rules.rule import Correlation, Detection, RuleFault, RuleSet
from rules.rule_yaml import Path, did_you_mean

_VALUES = frozenset(
    {Kind.VALUE_COUNT, Kind.VALUE_SUM, Kind.VALUE_AVG, Kind.VALUE_PERCENTILE, Kind.VALUE_MEDIAN}
)
_OPERATORS = ("gt", "gte", "lt", "lte", "eq", "neq")
_KEYS = ("type", "rules", "group-by", "timespan", "condition", "aliases", "generate")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_TIMESPAN = re.compile(r"(\d{1,6})([smhdw])\Z")


def plan_correlations(rules: RuleSet) -> Plan:
    """Read all correlations of a rule set; those with faults are left out, with all their faults."""
    read: dict[str, Definition] = {}
    faults: list[RuleFault] = []
    for rule in rules.correlations:
        reader = _Reader(rule, rules)
        definition = reader.read()
        faults += reader.faults
        if definition is not None and not reader.faults:
            read[rule.name] = definition
    return Plan(_in_order(read, rules, faults), tuple(faults), _alerting(rules))


def _alerting(rules: RuleSet) -> frozenset[str]:
    """Sigma: a rule referred to is stand-alone only with ``generate``; informational ones never alert."""
    referred: dict[str, bool] = {}
    for correlation in rules.correlations:
        for reference in _texts(correlation.raw["correlation"].get("rules")):
            if (rule := rules.find(reference)) is not None:
                referred[rule.name] = referred.get(rule.name, False) or correlation.generate
    every: Iterable[Detection | Correlation] = [*rules.detections, *rules.correlations]
    return frozenset(rule.name for rule in every if rule.severity.rank > 0 and referred.get(rule.name, True))


def _in_order(read: dict[str, Definition], rules: RuleSet, faults: list[RuleFault]) -> dict[str, Definition]:
    """Order definitions inner before outer; leave out those that refer to themselves or to faulty ones."""
    ordered: dict[str, Definition] = {}
    waiting = dict(read)
    correlations = {rule.name for rule in rules.correlations}
    while waiting:
        ready = [
            name
            for name, definition in waiting.items()
            if all(part in ordered or part not in correlations for part in definition.rules)
        ]
        for name in ready:
            ordered[name] = waiting.pop(name)
        if not ready:
            break
    for definition in waiting.values():
        place = next(i for i, part in enumerate(definition.rules) if part in correlations - set(ordered))
        part = definition.rules[place]
        words = (
            f"{part!r} refers back to this rule"
            if part in waiting and _refers(waiting, part, definition.name)
            else f"the correlation {part!r} has faults"
        )
        faults.append(definition.rule.fault(("correlation", "rules", place), words, "break the circle"))
    for name, definition in list(ordered.items()):
        for place, part in enumerate(definition.rules):
            if part in ordered and ordered[part].deferred:
                words = f"{part!r} is only known when its time is over, so no other rule can build on it"
                remedy = "refer to the rules that it is made of"
                faults.append(definition.rule.fault(("correlation", "rules", place), words, remedy))
                ordered.pop(name, None)
    return ordered


def _refers(waiting: Mapping[str, Definition], start: str, goal: str) -> bool:
    seen: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name == goal:
            return True
        if name in waiting and name not in seen:
            seen.add(name)
            todo += waiting[name].rules
    return False


def _texts(value: Any) -> list[str]:
    return [str(item) for item in (value if isinstance(value, list) else [] if value is None else [value])]


class _Reader:
    """Reads one correlation section and notes every fault in it."""

    def __init__(self, rule: Correlation, rules: RuleSet) -> None:
        self.rule = rule
        self.rules = rules
        self.raw: Mapping[str, Any] = rule.raw["correlation"]
        self.faults: list[RuleFault] = []

    def note(self, path: Path, text: str, remedy: str = "") -> None:
        self.faults.append(self.rule.fault(("correlation", *path), text, remedy))

    def read(self) -> Definition | None:
        for key in self.raw:
            if key not in _KEYS:
                near = did_you_mean(str(key), _KEYS)
                remedy = f"did you mean {near!r}?" if near else f"known: {', '.join(_KEYS)}"
                self.note((str(key),), f"{key!r} is no key of a correlation", remedy)
        kind = self._kind()
        names = self._rules(kind)
        groups = self._groups()
        timespan = self._timespan()
        aliases = self._aliases(names)
        if kind is None:
            return None
        condition = self._condition(kind, len(names))
        return Definition(self.rule, kind, names, groups, timespan, condition, aliases)

    def _kind(self) -> Kind | None:
        value = str(self.raw.get("type", ""))
        if value in set(Kind):
            return Kind(value)
        near = did_you_mean(value, list(Kind))
        remedy = f"did you mean {near!r}?" if near else f"known: {', '.join(Kind)}"
        self.note(("type",), f"{value!r} is no correlation type", remedy)
        return None

    def _rules(self, kind: Kind | None) -> tuple[str, ...]:
        references = _texts(self.raw.get("rules"))
        known = [rule.name for rule in [*self.rules.detections, *self.rules.correlations]]
        names: list[str] = []
        for place, reference in enumerate(references):
            rule = self.rules.find(reference)
            if rule is None:
                near = did_you_mean(reference, known)
                remedy = f"did you mean {near!r}?" if near else "write a rule's name or id"
                self.note(("rules", place), f"there is no rule {reference!r}", remedy)
            elif rule.name in names:
                self.note(("rules", place), f"{reference!r} is named twice", "name each rule once")
            else:
                names.append(rule.name)
        if not references:
            self.note(("rules",), "a correlation needs rules", "rules: [name of a rule]")
        elif kind in (Kind.TEMPORAL, Kind.TEMPORAL_ORDERED, Kind.ABSENCE) and len(references) < 2:
            self.note(("rules",), f"{kind} needs two rules or more", "add the rule that comes next")
        return tuple(names)

    def _groups(self) -> tuple[str, ...]:
        value = self.raw.get("group-by")
        items = value if isinstance(value, list) else [] if value is None else [value]
        if any(not isinstance(item, str) or not item for item in items):
            self.note(("group-by",), "group-by must be a list of field names", "group-by: [source.ip]")
            return ()
        return tuple(dict.fromkeys(items))

    def _timespan(self) -> int:
        value = str(self.raw.get("timespan", ""))
        match = _TIMESPAN.match(value)
        if match is None or int(match[1]) == 0:
            text = f"{value!r} is no timespan" if value else "a correlation needs a timespan"
            self.note(("timespan",), text, "write a number and one of s, m, h, d, w: timespan: 5m")
            return 1_000_000
        return int(match[1]) * _UNITS[match[2]] * 1_000_000

    def _aliases(self, names: tuple[str, ...]) -> Mapping[str, Mapping[str, str]]:
        value = self.raw.get("aliases") or {}
        found: dict[str, dict[str, str]] = {}
        if not isinstance(value, Mapping):
            self.note(("aliases",), "aliases must be a mapping", "aliases: {ip: {a_rule: source.ip}}")
            return found
        for alias, fields in value.items():
            place = ("aliases", str(alias))
            if not isinstance(fields, Mapping):
                self.note(place, "an alias must map rule names to fields", f"{alias}: {{a_rule: source.ip}}")
                continue
            by_rule: dict[str, str] = {}
            for reference, name in fields.items():
                rule = self.rules.find(str(reference))
                if rule is None or rule.name not in names:
                    words = f"{reference!r} is none of the rules of this correlation"
                    self.note((*place, str(reference)), words, f"one of {', '.join(names)}")
                else:
                    by_rule[rule.name] = str(name)
            missing = [name for name in names if name not in by_rule and self._is_detection(name)]
            if missing and not self.faults:
                words = f"the alias {alias!r} doesn't say which field it is in {', '.join(missing)}"
                self.note(place, words, f"{missing[0]}: name of the field")
            found[str(alias)] = by_rule
        return found

    def _is_detection(self, name: str) -> bool:
        return isinstance(self.rules.find(name), Detection)

    def _condition(self, kind: Kind, rules: int) -> Condition:
        value = self.raw.get("condition")
        if kind is Kind.ABSENCE:
            if value is not None:
                self.note(("condition",), "an absence has no condition", "leave it out")
            return Condition()
        if value is None and kind in SEQUENCES:
            return Condition((("gte", rules),))
        if not isinstance(value, Mapping):
            words = "the condition must be a mapping" if value is not None else f"{kind} needs a condition"
            self.note(("condition",) if value is not None else (), words, "condition: {gte: 5}")
            return Condition()
        bounds: list[tuple[str, float]] = []
        for key, bound in value.items():
            if key in ("field", "percentile"):
                continue
            if key not in _OPERATORS:
                remedy = f"one of {', '.join(_OPERATORS)}"
                self.note(("condition", str(key)), f"{key!r} is no operator", remedy)
            elif isinstance(bound, bool) or not isinstance(bound, int | float) or not math.isfinite(bound):
                self.note(("condition", str(key)), f"{key} needs a number", f"{key}: 5")
            else:
                bounds.append((str(key), bound))
        condition = Condition(tuple(bounds), self._fields(kind, value), self._percentile(kind, value))
        self._check_bounds(kind, condition, rules)
        return condition

    def _fields(self, kind: Kind, value: Mapping[str, Any]) -> tuple[str, ...]:
        fields = tuple(_texts(value.get("field")))
        if kind in _VALUES and not fields:
            self.note(("condition",), f"{kind} needs a field", "field: user.name")
        elif kind not in _VALUES and fields:
            words = f"{kind} looks at no field"
            self.note(("condition", "field"), words, "leave it out, or count values: type: value_count")
        elif kind is not Kind.VALUE_COUNT and len(fields) > 1:
            self.note(("condition", "field"), f"{kind} takes one field", f"field: {fields[0]}")
        return fields

    def _percentile(self, kind: Kind, value: Mapping[str, Any]) -> float | None:
        percentile = value.get("percentile")
        if percentile is None:
            return None
        if kind is not Kind.VALUE_PERCENTILE:
            self.note(("condition", "percentile"), f"{kind} has no percentile", "type: value_percentile")
        elif isinstance(percentile, bool) or not isinstance(percentile, int | float):
            self.note(("condition", "percentile"), "percentile needs a number", "percentile: 95")
        elif not 0 <= percentile <= 100:
            self.note(("condition", "percentile"), "a percentile is from 0 to 100", "percentile: 95")
        else:
            return float(percentile)
        return None

    def _check_bounds(self, kind: Kind, condition: Condition, rules: int) -> None:
        if not condition.bounds:
            self.note(("condition",), "a condition needs a bound", "gte: 5")
        if kind in SEQUENCES:
            operators = {operator for operator, _ in condition.bounds}
            if kind is Kind.TEMPORAL_ORDERED or not operators <= {"gt", "gte"}:
                if condition.bounds != (("gte", rules),) and condition.bounds != (("eq", rules),):
                    words = f"{kind} asks for all of its {rules} rules"
                    self.note(("condition",), words, "leave the condition out")
            elif not condition.holds(rules):
                self.note(("condition",), f"there are only {rules} rules", f"gte: {rules}")
            return
        counting = kind in (Kind.EVENT_COUNT, Kind.VALUE_COUNT)
        for operator, bound in condition.bounds:
            if counting and bound > MOST_EVENTS:
                words = f"a count can be judged up to {MOST_EVENTS:,}"
                self.note(("condition", operator), words, f"{operator}: {MOST_EVENTS}")
        if counting and not any(condition.holds(count) for count in range(1, MOST_EVENTS + 2)):
            self.note(("condition",), "no count of one or more fulfils this", "gte: 5")
