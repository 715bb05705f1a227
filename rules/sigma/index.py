"""The checks of one field, found all at once: a dictionary for equality, one automaton for the rest.

The automaton (Aho-Corasick) finds every literal of every pattern in one pass over the text. Where a
literal alone decides (contains, startswith, endswith) its position does; a pattern of more parts is
tested once its longest literal was seen; regular expressions are searched together, each only where the words
it can't do without are there. What a text was found to answer is remembered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from operator import itemgetter
from typing import Any, NamedTuple

import ahocorasick

from rules.sigma.checking import like_test, text_test
from rules.sigma.memory import Found, Memo, Memory
from rules.sigma.program import is_found
from rules.sigma.regexes import RegexSet, any_of
from rules.sigma.terms import Check
from rules.sigma.values import fold, number_of

NOTHING: Found = (frozenset(), ())
_NUMBER = itemgetter(1)
"""Of what an automaton finds: (place of the end, number of the literal)."""
TOGETHER = 32
"""How many texts are searched for keywords as one."""


class _Special(NamedTuple):
    """What a literal means that is not enough by being somewhere in the text."""

    literal: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    tested: tuple[tuple[int, Callable[[str], bool]], ...]


class FieldIndex:
    """All checks of one field that rules of one group ask about."""

    def __init__(
        self, checks: Mapping[int, Check], wakes: Mapping[int, Iterable[int]], memory: Memory
    ) -> None:
        self._memo = Memo(memory)
        self._wakes = wakes
        self._waking = checks.keys() & wakes.keys()
        """The checks that wake rules."""
        self._equal: dict[str, list[int]] = defaultdict(list)
        self._same: dict[str, list[int]] = defaultdict(list)
        self._numbers: dict[float, list[int]] = defaultdict(list)
        self._tested: list[tuple[int, Callable[[str], bool]]] = []
        regexes: list[tuple[int, str, str]] = []
        literals: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for number, check in checks.items():
            if check.op == "eq":
                (self._same if check.mode else self._equal)[check.value].append(number)
            elif check.op == "re":
                regexes.append((number, check.value, check.mode))
            elif not is_found(check):
                self._tested.append((number, text_test(check)))
            elif check.op == "number":
                self._numbers[check.value[1]].append(number)
            else:
                place, literal = _anchor(check)
                test = like_test(check.value) if place == "tested" else None
                literals[literal][place].append((number, test) if test else number)
        self._automaton = _automaton(literals)
        self._signs = {literal: number for number, literal in enumerate(literals) if len(literal) == 1}
        """Literals of one character, which are everywhere: the number of each."""
        self._contained = [tuple(places.get("contained", ())) for places in literals.values()]
        """By the number of a literal in the automaton, the checks that it makes true by being in the text."""
        self._special = {
            number: _Special(
                literal, *(tuple(places.get(place, ())) for place in ("starts", "ends", "tested"))
            )
            for number, (literal, places) in enumerate(literals.items())
            if places.keys() - {"contained"}
        }
        self._regexes = RegexSet(regexes) if regexes else None
        others = (self._equal, self._same, self._numbers, self._tested, regexes)
        self.literals = () if any(others) else tuple(literals)
        """Where literals alone decide: those of which a text must hold one for anything to be true of it."""

    def find(self, texts: Set[str]) -> dict[str, Found]:
        """Return what is true of each of the texts of which anything is."""
        known, look = self._memo.found, self._look
        found: dict[str, Found] = {}
        new: list[str] = []
        for text in texts - self._memo.quiet:
            if (what := known.get(text)) is None:
                new.append(text)
                what = look(text)
            if what is not NOTHING:
                found[text] = what
        if new:
            self._memo.learn(new, found)
        return found

    def _look(self, text: str) -> Found:
        folded = fold(text)
        true = set(self._equal.get(folded, ()))
        if self._same:
            true.update(self._same.get(text, ()))
        if self._numbers and (value := number_of(text)) is not None:
            true.update(self._numbers.get(value, ()))
        if self._contained:
            self._search(folded, true)
        if self._regexes is not None:
            true.update(self._regexes.search(text))
        for number, test in self._tested:
            if _may_hold(test, text):
                true.add(number)
        if not true:
            return NOTHING
        waking = [self._wakes[number] for number in self._waking & true]
        return frozenset(true), tuple(set().union(*waking))

    def _search(self, folded: str, true: set[int]) -> None:
        seen = set(map(_NUMBER, self._automaton.iter(folded))) if self._automaton is not None else set()
        if self._signs:
            seen.update(map(self._signs.__getitem__, self._signs.keys() & set(folded)))
        if not seen:
            return
        true.update(*map(self._contained.__getitem__, seen))
        for number in self._special.keys() & seen:
            literal, starts, ends, tested = self._special[number]
            if starts and folded.startswith(literal):
                true.update(starts)
            if ends and folded.endswith(literal):
                true.update(ends)
            for each, test in tested:
                if test(folded):
                    true.add(each)


class KeywordIndex(FieldIndex):
    """The keywords that rules of one group look for in whatever field."""

    def __init__(
        self, checks: Mapping[int, Check], wakes: Mapping[int, Iterable[int]], memory: Memory
    ) -> None:
        super().__init__(checks, wakes, memory)
        self._holds_any = any_of(self.literals) if self.literals else None
        """Whether a text may hold a keyword at all, where literals alone decide."""

    def search(self, texts: Sequence[str]) -> dict[str, Found]:
        """Return what is true of each of the texts of which anything is.

        Most hold no keyword, so some are searched as one. What is found in that may lie across two of them:
        then each is looked at by itself.
        """
        if self._holds_any is None:
            return self.find(set(texts))
        suspects: set[str] = set()
        for start in range(0, len(texts), TOGETHER):
            some = texts[start : start + TOGETHER]
            if self._holds_any("\n".join(some)):
                suspects.update(some)
        return self.find(suspects) if suspects else {}


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


def _automaton(literals: Iterable[str]) -> Any:
    """Return the automaton that finds literals, each by its place among them."""
    automaton = ahocorasick.Automaton(ahocorasick.STORE_INTS)
    for number, literal in enumerate(literals):
        if len(literal) > 1:
            automaton.add_word(literal, number)
    if not len(automaton):
        return None
    automaton.make_automaton()
    return automaton
