"""What a rule's ``correlation:`` section means, as values.

Format: https://github.com/SigmaHQ/sigma-specification, correlation rules 2.1, with these decisions
where the specification leaves a choice, and one type of our own:

- ``absence`` (ours): the first rule happens and none of the others follows within the timespan.
- ``value_percentile`` with ``percentile: N`` compares the N-th percentile of a numeric field (linear
  interpolation); without it, the share in percent that the newest value has among all values of the
  window, so that ``lte: 1`` finds what is rare.
- An upper bound on a count or a sum (lt, lte, eq, neq) is judged once the window is over, see `windows`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rules.rule import Correlation, RuleFault


class Kind(StrEnum):
    """Sigma's correlation types, and ``absence``."""

    EVENT_COUNT = "event_count"
    VALUE_COUNT = "value_count"
    VALUE_SUM = "value_sum"
    VALUE_AVG = "value_avg"
    VALUE_PERCENTILE = "value_percentile"
    VALUE_MEDIAN = "value_median"
    TEMPORAL = "temporal"
    TEMPORAL_ORDERED = "temporal_ordered"
    ABSENCE = "absence"


SEQUENCES = frozenset({Kind.TEMPORAL, Kind.TEMPORAL_ORDERED})
"""Kinds about several rules, where each completion by somebody else is a finding of its own."""
_BOUNDED = frozenset({Kind.EVENT_COUNT, Kind.VALUE_COUNT, Kind.VALUE_SUM})
MOST_EVENTS = 10_000
"""The largest count a condition may ask for: what is held of one key is bounded, see `memory`."""


@dataclass(frozen=True)
class Condition:
    """Bounds that must all hold."""

    bounds: tuple[tuple[str, float], ...] = ()
    fields: tuple[str, ...] = ()
    percentile: float | None = None

    def holds(self, value: float) -> bool:
        return all(_compare(operator, value, bound) for operator, bound in self.bounds)

    @property
    def only_lower(self) -> bool:
        return all(operator in ("gt", "gte") for operator, _ in self.bounds)


def _compare(operator: str, value: float, bound: float) -> bool:
    match operator:
        case "gt":
            return value > bound
        case "gte":
            return value >= bound
        case "lt":
            return value < bound
        case "lte":
            return value <= bound
        case "eq":
            return value == bound
        case _:
            return value != bound


@dataclass(frozen=True)
class Definition:
    """One correlation. Times are whole microseconds."""

    rule: Correlation
    kind: Kind
    rules: tuple[str, ...]
    """Names of the rules it refers to, in order."""
    group_by: tuple[str, ...]
    timespan: int
    condition: Condition = Condition()
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Alias to rule name to field."""

    @property
    def name(self) -> str:
        return self.rule.name

    @property
    def deferred(self) -> bool:
        """Whether it can only be judged once the time after its first event is over."""
        return self.kind is Kind.ABSENCE or (self.kind in _BOUNDED and not self.condition.only_lower)

    def field_of(self, name: str, rule: str) -> str:
        """Return the field that a group-by or value name stands for in what `rule` found."""
        return self.aliases.get(name, {}).get(rule, name)


@dataclass(frozen=True)
class Plan:
    """All sound correlations of a rule set, and how they hang together."""

    definitions: Mapping[str, Definition]
    """By name, the referred before those that refer to them."""
    faults: tuple[RuleFault, ...]
    alerting: frozenset[str]
    """Names of the rules, detections and correlations, that raise alerts by themselves: not
    informational, and not just a part of a correlation without ``generate``."""

    def bases(self, name: str) -> tuple[str, ...]:
        """Return the detections that a rule rests on, directly or through correlations, each once."""
        if name not in self.definitions:
            return (name,)
        found = (base for part in self.definitions[name].rules for base in self.bases(part))
        return tuple(dict.fromkeys(found))

    def base_fields(self, name: str, base: str) -> tuple[tuple[str, ...], ...]:
        """Return the fields in events of `base` that hold the group-by values of `name`; several
        tuples where `base` takes part in several ways."""
        definition = self.definitions[name]
        found: dict[tuple[str, ...], None] = {}
        for part in definition.rules:
            if base not in self.bases(part):
                continue
            wanted = [definition.field_of(each, part) for each in definition.group_by]
            found |= dict.fromkeys(self._resolve(part, base, wanted))
        return tuple(found)

    def _resolve(self, part: str, base: str, fields: list[str]) -> list[tuple[str, ...]]:
        inner = self.definitions.get(part)
        if inner is None:
            return [tuple(fields)]
        return [
            each
            for deeper in inner.rules
            if base in self.bases(deeper)
            for each in self._resolve(deeper, base, [inner.field_of(name, deeper) for name in fields])
        ]

    def reach(self, name: str) -> int:
        """Return how far behind an event the judgement on it can look, in microseconds."""
        definition = self.definitions.get(name)
        if definition is None:
            return 0
        return 2 * definition.timespan + max(self.reach(part) for part in definition.rules)
