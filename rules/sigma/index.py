"""The checks of one field, found all at once: a dictionary for equality, one automaton for the rest.

The automaton (Aho-Corasick) finds every literal of every pattern in one pass over the text. Where a
literal alone decides (contains, startswith, endswith) its position does; a pattern of more parts is
tested once its longest literal was seen. What a text was found to answer is remembered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

import ahocorasick

from rules.sigma.checking import like_test, text_test
from rules.sigma.program import is_found
from rules.sigma.terms import Check
from rules.sigma.values import fold, number_of

Found: TypeAlias = tuple[frozenset[int], tuple[int, ...]]
"""The checks that are true of a text, and the rules that they wake."""

NOTHING: Found = (frozenset(), ())
LONGEST_REMEMBERED = 2048


class Memory:
    """How many characters all memos of a matcher may hold together; when they are full, all forget."""

    def __init__(self, characters: int = 12_000_000) -> None:
        self.characters = characters
        self.left = characters
        self.memos: list[dict[str, Found]] = []

    def take(self, characters: int) -> None:
        self.left -= characters + 100
        if self.left < 0:
            for memo in self.memos:
                memo.clear()
            self.left = self.characters


class _Entry(NamedTuple):
    """What one literal in the automaton means."""

    number: int
    size: int
    contained: tuple[int, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    tested: tuple[tuple[int, Callable[[str], bool]], ...]


class FieldIndex:
    """All checks of one field that rules of one group ask about."""

    def __init__(
        self,
        checks: Mapping[int, Check],
        wakes: Mapping[int, Iterable[int]],
        memory: Memory,
        keywords: FieldIndex | None = None,
    ) -> None:
        self.memo: dict[str, Found] = {}
        self._memory = memory
        memory.memos.append(self.memo)
        self._wakes = wakes
        self._keywords = keywords
        self._equal: dict[str, list[int]] = defaultdict(list)
        self._same: dict[str, list[int]] = defaultdict(list)
        self._numbers: dict[float, list[int]] = defaultdict(list)
        self._tested: list[tuple[int, Callable[[str], bool]]] = []
        literals: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for number, check in checks.items():
            if check.op == "eq":
                (self._same if check.mode else self._equal)[check.value].append(number)
            elif not is_found(check):
                self._tested.append((number, text_test(check)))
            elif check.op == "number":
                self._numbers[check.value[1]].append(number)
            else:
                place, literal = _anchor(check)
                test = like_test(check.value) if place == "tested" else None
                literals[literal][place].append((number, test) if test else number)
        self._automaton = _automaton(literals)

    def look(self, text: str) -> Found:
        """Return what is true of a text, and remember it."""
        folded = fold(text)
        true = set(self._equal.get(folded, ()))
        if self._same:
            true.update(self._same.get(text, ()))
        if self._numbers and (value := number_of(text)) is not None:
            true.update(self._numbers.get(value, ()))
        if self._automaton is not None:
            self._search(folded, true)
        true.update(number for number, test in self._tested if _may_hold(test, text))
        found = NOTHING
        if true:
            wakes = dict.fromkeys(rule for number in true for rule in self._wakes.get(number, ()))
            found = (frozenset(true), tuple(wakes))
        if self._keywords is not None and (more := self._keywords.look(text)) is not NOTHING:
            found = (found[0] | more[0], tuple(dict.fromkeys(found[1] + more[1])))
        if len(text) <= LONGEST_REMEMBERED:
            self._memory.take(len(text))
            self.memo[text] = found
        return found

    def _search(self, folded: str, true: set[int]) -> None:
        seen: set[int] = set()
        last = len(folded) - 1
        for end, entry in self._automaton.iter(folded):
            if entry.ends and end == last:
                true.update(entry.ends)
            if entry.starts and end + 1 == entry.size:
                true.update(entry.starts)
            if entry.number not in seen:
                seen.add(entry.number)
                true.update(entry.contained)
                for number, test in entry.tested:
                    if test(folded):
                        true.add(number)


def _may_hold(test: Callable[[str], bool], text: str) -> bool:
    """Whether a test is true, or fails: then its rule is woken, fails by itself, and is reported."""
    try:
        return test(text)
    except Exception:  # noqa: BLE001
        return True


def _anchor(check: Check) -> tuple[str, str]:
    """Return how a pattern is found, and by which literal."""
    literals = [part for part in check.value if isinstance(part, str)]
    if len(literals) == 1 and len(check.value) <= 3:
        if len(check.value) == 3:
            return "contained", literals[0]
        return ("starts" if isinstance(check.value[0], str) else "ends"), literals[0]
    return "tested", max(literals, key=len)


def _automaton(literals: Mapping[str, Mapping[str, list[Any]]]) -> Any:
    if not literals:
        return None
    automaton = ahocorasick.Automaton()
    for number, (literal, places) in enumerate(literals.items()):
        by_place = (tuple(places.get(place, ())) for place in ("contained", "starts", "ends", "tested"))
        automaton.add_word(literal, _Entry(number, len(literal), *by_place))
    automaton.make_automaton()
    return automaton
