"""Which rules are for which events: a group for each kind of event, built when the first one comes.

An event's kind is what gates ask about, and its event.code. Values that no gate asks for count as
one, so that a stream of ever new channels or codes makes no ever new groups.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, TypeAlias

from rules.rule import LogSource
from rules.sigma import sources
from rules.sigma.columns import Column, Table
from rules.sigma.index import FieldIndex, KeywordIndex
from rules.sigma.memory import Memory
from rules.sigma.program import canonical_code, is_found, required_codes, wake_checks
from rules.sigma.terms import KEYWORDS, Check, Expression, checks_of
from rules.sigma.values import fold, texts_of

MOST_GROUPS = 1000
_OTHERS = frozenset({"\0other"})
"""Stands for all values of a gate field that no gate asks for."""
_NOTHING: frozenset[str] = frozenset()

Kind: TypeAlias = tuple[frozenset[str], ...]
"""What the values of the gate fields mean."""


@dataclass(frozen=True)
class Group:
    """The rules that are for events of one kind."""

    indexes: dict[str, FieldIndex]
    keywords: KeywordIndex | None
    """What rules look for in any field."""
    always: tuple[int, ...]
    """Rules that nothing in particular wakes."""


class Groups:
    """The groups of a set of rules, by kind of event; rules are known by their place in the set."""

    def __init__(self, rules: Sequence[tuple[Expression, LogSource]], numbers: Mapping[Check, int]) -> None:
        gates: dict[LogSource, int] = {}
        self._expressions = [expression for expression, _ in rules]
        self._codes = [required_codes(expression) for expression in self._expressions]
        self._gate_of = [gates.setdefault(logsource, len(gates)) for _, logsource in rules]
        self._gates = [sources.gate_of(logsource) for logsource in gates]
        self._numbers = numbers
        self.memory = Memory()
        self.by_members: dict[tuple[int, ...], Group] = {}
        self.by_kind: dict[Kind, Group | None] = {}
        self._known = self._known_values()

    def split(self, table: Table) -> Iterator[tuple[Group, Table]]:
        """Yield the groups that events are for, each with its events; none for those without a rule."""
        columns = [self._meanings(name, table.columns.get(name)) for name in self._known]
        if all(len(column) == 1 for column in columns):  # as nearly always where the fields are the same
            if (group := self._of_kind(tuple([column[0] for column in columns]))) is not None:
                yield group, table
            return
        rows = len(table.places)
        full = [column if len(column) == rows else repeat(column[0], rows) for column in columns]
        by_kind: dict[Kind, list[int]] = defaultdict(list)
        for row, kind in enumerate(zip(*full, strict=True)):
            by_kind[kind].append(row)
        for kind, members in by_kind.items():
            if (group := self._of_kind(kind)) is not None:
                yield group, table.take(members)

    def _known_values(self) -> dict[str, dict[str, frozenset[str]]]:
        """The values of gate fields that make a difference; all others there are one kind."""
        known: dict[str, set[str]] = {name: set() for name in sources.FIELDS}
        for gate in self._gates:
            for condition in gate:
                for alternative in condition:
                    for name, values in alternative.items():
                        known[name] |= values
        for codes in self._codes:
            known["event.code"] |= codes or set()
        return {
            name: {value: frozenset({value}) for value in values} for name, values in known.items() if values
        }

    def _of_kind(self, kind: Kind) -> Group | None:
        if kind not in self.by_kind:
            group = self._group(dict(zip(self._known, kind, strict=True)))
            self.by_kind[kind] = group
        return self.by_kind[kind]

    def _meanings(self, name: str, column: Column | None) -> list[frozenset[str]]:
        """Return what a gate field's values mean, row by row; one element where all mean the same."""
        if column is None:
            return [_NOTHING]
        one_of_each = dict(zip(column.spellings, column.values, strict=True))
        meant = {spelling: self._meant(name, value) for spelling, value in one_of_each.items()}
        different = set(meant.values())
        return list(different) if len(different) == 1 else [meant[each] for each in column.spellings]

    def _meant(self, name: str, value: Any) -> frozenset[str]:
        if value is None:
            return _NOTHING
        known = self._known[name]
        if value.__class__ is str:
            text = fold(value)
            return known.get(canonical_code(text) if name == "event.code" else text, _OTHERS)
        return _NOTHING.union(*(self._meant(name, text) for text in texts_of(value)))

    def _group(self, values: Mapping[str, frozenset[str]]) -> Group | None:
        codes = values.get("event.code", frozenset())
        is_open = [sources.opens(gate, values) for gate in self._gates]
        members = tuple(
            place
            for place, (gate, required) in enumerate(zip(self._gate_of, self._codes, strict=True))
            if is_open[gate] and (required is None or required & codes)
        )
        if not members:
            return None
        if members not in self.by_members:
            if len(self.by_members) >= MOST_GROUPS:
                self.by_members.clear()
                self.by_kind.clear()
                self.memory = Memory()
            self.by_members[members] = self._build(members)
        return self.by_members[members]

    def _build(self, members: tuple[int, ...]) -> Group:
        by_field: dict[str, dict[int, Check]] = defaultdict(dict)
        wakes: dict[int, list[int]] = defaultdict(list)
        always: list[int] = []
        for place in members:
            expression = self._expressions[place]
            for check in checks_of(expression):
                if is_found(check):
                    by_field[check.field][self._numbers[check]] = check
            clause = wake_checks(expression)
            if clause is None:
                always.append(place)
            for check in clause or ():
                by_field[check.field][self._numbers[check]] = check
                wakes[self._numbers[check]].append(place)
        keywords = None
        if KEYWORDS in by_field:
            keywords = KeywordIndex(by_field.pop(KEYWORDS), wakes, self.memory)
        indexes = {name: FieldIndex(checks, wakes, self.memory) for name, checks in by_field.items()}
        return Group(indexes, keywords, tuple(always))
