"""All single-event rules against new events, in process.

An event's log source chooses a group of rules, built when the first such event comes. Each field of
the event is looked up once in the group's index, for all rules; only the rules that a true check
wakes are run. Cost follows the events and their new values, hardly the number of rules.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Any

from rules.rule import Detection, Filter, Rule, RuleFault
from rules.sigma.columns import tables_of
from rules.sigma.groups import Groups
from rules.sigma.program import Program, Sight, Tests, write_program
from rules.sigma.sighting import sight
from rules.sigma.terms import Check, Expression, checks_of
from rules.sigma.translation import Placeholders, TranslationError, faults_of_filter, translate

PAGE = 1000
"""How many events are looked at together."""


@dataclass(frozen=True)
class RuleCost:
    """What one rule has cost since it was loaded."""

    rule: Rule
    runs: int
    """How often a true check woke it."""
    hits: int
    seconds: float


@dataclass(frozen=True)
class Trouble:
    """A rule that was taken out, so that it can't hold up the others: an incident of the system's own."""

    rule: Detection
    reason: str


@dataclass(frozen=True)
class Limits:
    """When a rule is taken out."""

    slow: float = 0.1
    """Seconds one run may take, and once more when it is run again."""
    strikes: int = 3
    """Slow events after which it is out; a rule that raises is out at once."""


@dataclass
class _Entry:
    """One compiled rule, with its counters."""

    detection: Detection
    expression: Expression
    program: Program | None = None
    runs: int = 0
    hits: int = 0
    nanoseconds: int = 0
    strikes: int = 0
    trouble: str = ""


def compile_rules(
    detections: Iterable[Detection],
    filters: Sequence[Filter] = (),
    placeholders: Placeholders | None = None,
    limits: Limits | None = None,
) -> Matcher:
    """Compile detections, each narrowed by the filters that apply to it.

    What can't be compiled is left out, with all its faults in `Matcher.faults`.
    """
    faulty = {narrowing: faults_of_filter(narrowing) for narrowing in filters}
    faults = [fault for found in faulty.values() for fault in found]
    sound = [narrowing for narrowing, found in faulty.items() if not found]
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
        self._entries = [_Entry(detection, expression) for detection, expression in compiled]
        self._numbers: dict[Check, int] = {}
        for entry in self._entries:
            for check in checks_of(entry.expression):
                self._numbers.setdefault(check, len(self._numbers))
        self._tests = Tests(tuple(self._numbers))
        rules = [(entry.expression, entry.detection.logsource) for entry in self._entries]
        self._groups = Groups(rules, self._numbers)

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

    def match(self, event: Mapping[str, Any]) -> list[Detection]:
        """Return the rules that a flat event fulfils, in the order they were compiled in."""
        return [detection for _, detection in self._match_page([event])]

    def match_all(self, events: Iterable[Mapping[str, Any]]) -> list[tuple[int, Detection]]:
        """Return (place of the event, rule) for each match in a batch of flat events, in order."""
        rest = iter(events)
        matches: list[tuple[int, Detection]] = []
        start = 0
        while page := list(islice(rest, PAGE)):
            matches += [(start + place, detection) for place, detection in self._match_page(page)]
            start += len(page)
        return matches

    def _match_page(self, page: Sequence[Mapping[str, Any]]) -> list[tuple[int, Detection]]:
        matches: list[tuple[int, Detection]] = []
        for table in tables_of(page):
            for group, rows in self._groups.split(table):
                for place, woken, true in sight(group, rows):
                    matches += [(place, rule) for rule in self._run(woken, true, page[place])]
        self._groups.memory.end_page()
        matches.sort(key=itemgetter(0))
        return matches

    def _run(self, woken: list[int], true: frozenset[int], event: Mapping[str, Any]) -> list[Detection]:
        matches: list[Detection] = []
        sight = Sight(event, self._tests)
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
            entry.program(true, Sight(event, self._tests))
        seconds = (self._clock() - start) / 1e9
        if seconds <= self._limits.slow:
            return
        entry.strikes += 1
        if entry.strikes >= self._limits.strikes:
            words = f"it was slow {entry.strikes} times, at last {seconds:.2f} s for one event"
            entry.trouble = f"{words} where {self._limits.slow:.2f} s is the limit"
