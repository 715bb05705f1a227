"""Which rules are for which events: a group for each kind of event, built when the first one comes.

An event's kind is what gates ask about, and its event.code. Values that no gate asks for count as
one, so that a stream of ever new channels or codes makes no ever new groups.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rules.rule import LogSource
from rules.sigma import sources
from rules.sigma.index import FieldIndex, KeywordIndex, Memory
from rules.sigma.program import canonical_code, is_found, required_codes, wake_checks
from rules.sigma.terms import KEYWORDS, Check, Expression, checks_of
from rules.sigma.values import UNSEARCHED, fold, texts_of

MOST_GROUPS = 1000
MOST_SPELLINGS = 20_000
_OTHERS = frozenset({"\0other"})
"""Stands for all values of a gate field that no gate asks for."""
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Group:
    """The rules that are for events of one kind."""

    indexes: dict[str, FieldIndex | None]
    others: FieldIndex | None
    """For fields without an index of their own, where rules look for keywords."""
    keywords: KeywordIndex | None
    """The keywords themselves."""
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
        self.by_kind: dict[tuple[frozenset[str], ...], Group | None] = {}
        self.by_spelling: dict[tuple[str | tuple[str, ...] | None, ...], Group | None] = {}
        self._known = self._known_values()

    def of(self, event: Mapping[str, Any]) -> Group | None:
        """Return the group for an event, None where no rule is for it."""
        get = event.get
        values = [tuple(each) if (each := get(name)).__class__ is list else each for name in self._known]
        try:  # the usual case first: texts and lists of texts, of a kind seen before
            return self.by_spelling[tuple(values)]
        except (KeyError, TypeError):
            return self._find(event)

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

    def _find(self, event: Mapping[str, Any]) -> Group | None:
        """Look for a group by the gate fields as they stand, else by what they mean."""
        raw = [event.get(name) for name in self._known]
        spelled = tuple(
            [each if each is None or each.__class__ is str else tuple(texts_of(each)) for each in raw]
        )
        if spelled in self.by_spelling:
            return self.by_spelling[spelled]
        meant = tuple([self._meant(name, value) for name, value in zip(self._known, raw, strict=True)])
        if meant not in self.by_kind:
            self.by_kind[meant] = self._group(dict(zip(self._known, meant, strict=True)))
        group = self.by_kind[meant]
        if len(self.by_spelling) >= MOST_SPELLINGS:
            self.by_spelling.clear()
        self.by_spelling[spelled] = group
        return group

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
                self.by_spelling.clear()
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
        indexes: dict[str, FieldIndex | None] = dict.fromkeys(UNSEARCHED)
        for name, checks in by_field.items():
            searched = keywords is not None and name not in UNSEARCHED
            indexes[name] = FieldIndex(checks, wakes, self.memory, searched=searched)
        return Group(indexes, keywords.others if keywords else None, keywords, tuple(always))
