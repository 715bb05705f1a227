"""All single-event rules against new events, in process.

An event's log source chooses a group of rules, built when the first such event comes. Each field of
the event is looked up once in the group's index, for all rules; only the rules that a true check
wakes are run. Cost follows the events and their new values, hardly the number of rules.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rules.rule import Detection, Filter, LogSource, RuleFault
from rules.sigma import sources
from rules.sigma.index import NOTHING, FieldIndex, Memory
from rules.sigma.program import (
    Program,
    Sight,
    canonical_code,
    is_found,
    required_codes,
    wake_checks,
    write_program,
)
from rules.sigma.terms import KEYWORDS, Check, Expression, checks_of
from rules.sigma.translation import Placeholders, TranslationError, faults_of_filter, translate
from rules.sigma.values import UNSEARCHED, fold, texts_of

MOST_GROUPS = 1000
MOST_SPELLINGS = 20_000
_OTHER = "\0other"
"""Stands for all values of a gate field that no gate asks for."""


@dataclass(frozen=True)
class RuleCost:
    """What one rule has cost since the matcher was made."""

    rule: Detection
    runs: int
    """How often a true check woke it."""
    hits: int
    seconds: float


@dataclass(frozen=True)
class Trouble:
    """A rule that was taken out, so that it can't hold up the others: an incident of the system's own."""

    rule: Detection
    reason: str


@dataclass
class _Entry:
    """One compiled rule, with its counters."""

    detection: Detection
    expression: Expression
    gate: int
    """Its place among the distinct gates."""
    codes: frozenset[str] | None
    program: Program | None = None
    runs: int = 0
    hits: int = 0
    nanoseconds: int = 0
    strikes: int = 0
    trouble: str = ""


@dataclass(frozen=True)
class Limits:
    """When a rule is taken out."""

    slow: float = 0.1
    """Seconds one run may take, and once more when it is run again."""
    strikes: int = 3
    """Slow events after which it is out; a rule that raises is out at once."""


@dataclass
class _Group:
    """The rules that are for events of one kind."""

    indexes: dict[str, FieldIndex | None]
    others: FieldIndex | None
    """For fields without an index of their own, where rules look for keywords."""
    always: tuple[int, ...]
    """Rules that nothing in particular wakes."""


def compile_rules(
    detections: Iterable[Detection],
    filters: Sequence[Filter] = (),
    placeholders: Placeholders | None = None,
    limits: Limits | None = None,
) -> Matcher:
    """Compile detections, each narrowed by the filters that apply to it.

    What can't be compiled is left out, with all its faults in `Matcher.faults`.
    """
    faults = [fault for narrowing in filters for fault in faults_of_filter(narrowing)]
    sound = [narrowing for narrowing in filters if not faults_of_filter(narrowing)]
    compiled: list[tuple[Detection, Expression]] = []
    for detection in detections:
        try:
            compiled.append((detection, translate(detection, sound, placeholders)))
        except TranslationError as error:
            faults += error.faults
    return Matcher(compiled, faults, limits)


class Matcher:
    """Compiled rules. One matcher belongs to one thread."""

    def __init__(
        self,
        compiled: Iterable[tuple[Detection, Expression]],
        faults: Sequence[RuleFault] = (),
        limits: Limits | None = None,
        clock: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self.faults = tuple(faults)
        """Why rules are not in the matcher."""
        self._limits = limits or Limits()
        self._clock = clock
        gates: dict[LogSource, int] = {}
        self._entries = [
            _Entry(
                detection,
                expression,
                gates.setdefault(detection.logsource, len(gates)),
                required_codes(expression),
            )
            for detection, expression in compiled
        ]
        self._gates = [sources.gate_of(logsource) for logsource in gates]
        numbers: dict[Check, int] = {}
        for entry in self._entries:
            for check in checks_of(entry.expression):
                numbers.setdefault(check, len(numbers))
        self._numbers = numbers
        self._checks = list(numbers)
        self._memory = Memory()
        self._groups: dict[tuple[int, ...], _Group] = {}
        self._by_kind: dict[tuple[frozenset[str], ...], _Group | None] = {}
        self._by_spelling: dict[tuple[str | tuple[str, ...] | None, ...], _Group | None] = {}
        self._known = self._known_values()

    @property
    def detections(self) -> tuple[Detection, ...]:
        """The rules that were compiled, in order."""
        return tuple(entry.detection for entry in self._entries)

    def compiled(self) -> list[tuple[Detection, Expression]]:
        """The rules with their trees, as the cache and the query converter take them."""
        return [(entry.detection, entry.expression) for entry in self._entries]

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """The rules that were taken out while matching, and why."""
        return tuple(Trouble(entry.detection, entry.trouble) for entry in self._entries if entry.trouble)

    def costs(self) -> list[RuleCost]:
        """What each rule that ran has cost, the dearest first."""
        ran = [entry for entry in self._entries if entry.runs]
        ran.sort(key=lambda entry: -entry.nanoseconds)
        return [RuleCost(each.detection, each.runs, each.hits, each.nanoseconds / 1e9) for each in ran]

    def match_all(self, events: Iterable[Mapping[str, Any]]) -> list[tuple[int, Detection]]:
        """Return (place of the event, rule) for each match in a batch of flat events, in order."""
        match = self.match
        return [(place, detection) for place, event in enumerate(events) for detection in match(event)]

    def match(self, event: Mapping[str, Any]) -> list[Detection]:
        """Return the rules that a flat event fulfils, in the order they were compiled in."""
        try:  # the usual case first: texts only, and of a kind seen before
            group = self._by_spelling[tuple(map(event.get, self._known))]
        except (KeyError, TypeError):
            group = self._group_of(event)
        if group is None:
            return []
        hits: list[frozenset[int]] = []
        woken = set(group.always)
        index_of, others = group.indexes.get, group.others
        for name, value in event.items():
            index = index_of(name, others)
            if index is None or value is None:
                continue
            for text in (value,) if value.__class__ is str else texts_of(value):
                found = index.memo.get(text) or index.look(text)
                if found is not NOTHING:
                    hits.append(found[0])
                    if found[1]:
                        woken.update(found[1])
        return self._run(sorted(woken), frozenset().union(*hits), event) if woken else []

    def _run(self, woken: list[int], true: frozenset[int], event: Mapping[str, Any]) -> list[Detection]:
        matches: list[Detection] = []
        sight = Sight(event, self._checks)
        clock = self._clock
        start = clock()
        for place in woken:
            entry = self._entries[place]
            if entry.trouble:
                continue
            try:
                if entry.program is None:
                    entry.program = write_program(entry.expression, self._numbers)
                    start = clock()
                answer = entry.program(true, sight)
            except Exception as error:  # noqa: BLE001 - whatever a rule does, the others run on
                entry.trouble = f"it failed: {type(error).__name__}: {error}"
                start = clock()
                continue
            end = clock()
            entry.runs += 1
            entry.nanoseconds += end - start
            if end - start > self._limits.slow * 1e9:
                self._judge_slow(entry, true, event)
                end = clock()
            start = end
            if answer:
                entry.hits += 1
                matches.append(entry.detection)
        return matches

    def _judge_slow(self, entry: _Entry, true: frozenset[int], event: Mapping[str, Any]) -> None:
        """Run a slow rule once more: a busy machine is no fault of the rule."""
        start = self._clock()
        if entry.program is not None:
            entry.program(true, Sight(event, self._checks))
        seconds = (self._clock() - start) / 1e9
        if seconds <= self._limits.slow:
            return
        entry.strikes += 1
        if entry.strikes >= self._limits.strikes:
            words = f"it was slow {entry.strikes} times, at last {seconds:.2f} s for one event"
            entry.trouble = f"{words} where {self._limits.slow:.2f} s is the limit"

    def _known_values(self) -> dict[str, frozenset[str]]:
        """The values of gate fields that make a difference; all others there are one kind."""
        known: dict[str, set[str]] = {name: set() for name in sources.FIELDS}
        for gate in self._gates:
            for condition in gate:
                for alternative in condition:
                    for name, values in alternative.items():
                        known[name] |= values
        for entry in self._entries:
            known["event.code"] |= entry.codes or set()
        return {name: frozenset(values) for name, values in known.items() if values}

    def _group_of(self, event: Mapping[str, Any]) -> _Group | None:
        """Return the group for an event: by its gate fields as they stand, else by what they mean."""
        raw = [event.get(name) for name in self._known]
        spelled = tuple(
            [each if each is None or each.__class__ is str else tuple(texts_of(each)) for each in raw]
        )
        if spelled in self._by_spelling:
            return self._by_spelling[spelled]
        meant = tuple(self._meant(name, value) for name, value in zip(self._known, raw, strict=True))
        if meant not in self._by_kind:
            self._by_kind[meant] = self._group(dict(zip(self._known, meant, strict=True)))
        group = self._by_kind[meant]
        if len(self._by_spelling) >= MOST_SPELLINGS:
            self._by_spelling.clear()
        self._by_spelling[spelled] = group
        return group

    def _meant(self, name: str, value: Any) -> frozenset[str]:
        texts = [fold(text) for text in texts_of(value)]
        if name == "event.code":
            texts = [canonical_code(text) for text in texts]
        known = self._known[name]
        return frozenset(text if text in known else _OTHER for text in texts)

    def _group(self, values: Mapping[str, frozenset[str]]) -> _Group | None:
        codes = values.get("event.code", frozenset())
        is_open = [sources.opens(gate, values) for gate in self._gates]
        members = tuple(
            place
            for place, entry in enumerate(self._entries)
            if is_open[entry.gate] and (entry.codes is None or entry.codes & codes)
        )
        if not members:
            return None
        if members not in self._groups:
            if len(self._groups) >= MOST_GROUPS:
                self._groups.clear()
                self._by_kind.clear()
                self._by_spelling.clear()
                self._memory = Memory()
            self._groups[members] = self._build(members)
        return self._groups[members]

    def _build(self, members: tuple[int, ...]) -> _Group:
        by_field: dict[str, dict[int, Check]] = defaultdict(dict)
        wakes: dict[int, list[int]] = defaultdict(list)
        always: list[int] = []
        for place in members:
            expression = self._entries[place].expression
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
            keywords = FieldIndex(by_field.pop(KEYWORDS), wakes, self._memory)
        indexes: dict[str, FieldIndex | None] = dict.fromkeys(UNSEARCHED)
        for name, checks in by_field.items():
            also = None if name in UNSEARCHED else keywords
            indexes[name] = FieldIndex(checks, wakes, self._memory, also)
        return _Group(indexes, keywords, tuple(always))
