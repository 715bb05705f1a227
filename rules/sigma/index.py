"""The checks of one field, found all at once: dictionaries for equality and numbers, one automaton for all
patterns, one search for all regular expressions. What a text was found to answer is remembered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set

from rules.sigma.checking import text_test
from rules.sigma.literals import Literals
from rules.sigma.memory import Found, Memo, Memory
from rules.sigma.program import is_found
from rules.sigma.regexes import RegexSet, any_of
from rules.sigma.terms import Check
from rules.sigma.values import fold, number_of

NOTHING: Found = (frozenset(), ())
TOGETHER = 32
"""How many texts are searched for keywords as one."""


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
        likes: dict[int, Check] = {}
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
                likes[number] = check
        self._literals = Literals(likes) if likes else None
        self._regexes = RegexSet(regexes) if regexes else None

    @property
    def literals(self) -> tuple[str, ...]:
        """Where literals alone decide: those of which a text must hold one for anything to be true of it."""
        others = (self._equal, self._same, self._numbers, self._tested, self._regexes)
        return () if self._literals is None or any(others) else self._literals.all

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
        true = set(self._literals.search(folded)) if self._literals is not None else set()
        if folded in self._equal:
            true.update(self._equal[folded])
        if text in self._same:
            true.update(self._same[text])
        if self._numbers and (value := number_of(text)) in self._numbers:
            true.update(self._numbers[value])
        if self._regexes is not None:
            true.update(self._regexes.search(text))
        for number, test in self._tested:
            if _may_hold(test, text):
                true.add(number)
        if not true:
            return NOTHING
        waking = [self._wakes[number] for number in self._waking & true]
        return frozenset(true), tuple(set().union(*waking))


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
