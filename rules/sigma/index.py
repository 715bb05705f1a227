"""The checks of one field, found all at once: a dictionary for equality, one automaton for the rest.

The automaton (Aho-Corasick) finds every literal of every pattern in one pass over the text. Where a
literal alone decides (contains, startswith, endswith) its position does; a pattern of more parts is
tested once its longest literal was seen; regular expressions are searched together, each only where the words
it can't do without are there. What a text was found to answer is remembered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import ahocorasick

from rules.sigma.checking import like_test, text_test
from rules.sigma.program import is_found
from rules.sigma.regexes import RegexSet, any_of
from rules.sigma.terms import Check
from rules.sigma.values import fold, number_of

Found: TypeAlias = tuple[frozenset[int], tuple[int, ...]]
"""The checks that are true of a text, and the rules that they wake."""
NOTHING: Found = (frozenset(), ())
LONGEST_REMEMBERED = 2048


class Memory:
    """What all memos of a matcher may hold together; when they are full, all forget.

    A text is worth remembering when it comes again: most of those that are new never do, and keeping them
    costs more than looking at them. A byte of the hash says, nearly always rightly, what was seen lately.
    """

    def __init__(self, characters: int = 12_000_000) -> None:
        self.characters = characters
        self.left = characters
        self.memos: list[dict[str, Found]] = []
        self._lately = bytearray(1 << 16)

    def again(self, text: str) -> bool:
        """Whether a text was asked about before, lately."""
        number = hash(text)
        place, sign = number & 0xFFFF, number >> 16 & 0xFF
        if self._lately[place] == sign:
            return True
        self._lately[place] = sign
        return False

    def take(self, characters: int) -> None:
        self.left -= characters + 100
        if self.left < 0:
            for memo in self.memos:
                memo.clear()
            self.left = self.characters


class _Special(NamedTuple):
    """What a literal means that is not enough by being somewhere in the text."""

    literal: str
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
        *,
        searched: bool = False,
    ) -> None:
        """`searched`: whether rules look for keywords in the field too."""
        self.memo: dict[str, Found] = {}
        self.known = self.memo.get
        """What is remembered of a text."""
        self.searched = searched
        self._memory = memory
        memory.memos.append(self.memo)
        self._wakes = wakes
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

    def look(self, text: str) -> Found:
        """Return what is true of a text, and remember it."""
        found = self._look(text)
        self.remember(text, found)
        return found

    def remember(self, text: str, found: Found) -> None:
        """Remember what is true of a text, where it is worth it."""
        if len(text) <= LONGEST_REMEMBERED and self._memory.again(text):
            self._memory.take(len(text))
            self.memo[text] = found

    def join(self, text: str, more: Found) -> None:
        """Add to what is remembered of a text."""
        if (found := self.memo.get(text)) is not None:
            self.memo[text] = (found[0] | more[0], tuple(dict.fromkeys(found[1] + more[1])))

    def _look(self, text: str) -> Found:
        folded = fold(text)
        true = set(self._equal.get(folded, ()))
        if self._same:
            true.update(self._same.get(text, ()))
        if self._numbers and (value := number_of(text)) is not None:
            true.update(self._numbers.get(value, ()))
        if self._automaton is not None:
            self._search(folded, true)
        if self._regexes is not None:
            true.update(self._regexes.search(text))
        for number, test in self._tested:
            if _may_hold(test, text):
                true.add(number)
        if not true:
            return NOTHING
        wakes = dict.fromkeys(rule for number in true for rule in self._wakes.get(number, ()))
        return frozenset(true), tuple(wakes)

    def _search(self, folded: str, true: set[int]) -> None:
        seen = {number for _, number in self._automaton.iter(folded)}
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


class KeywordIndex:
    """The keywords that rules of one group look for in whatever field."""

    def __init__(
        self, checks: Mapping[int, Check], wakes: Mapping[int, Iterable[int]], memory: Memory
    ) -> None:
        self._index = FieldIndex(checks, wakes, memory)
        self._holds_any = any_of(self._index.literals) if self._index.literals else None
        """Whether a text may hold a keyword at all, where literals alone decide."""
        self.others = FieldIndex({}, {}, memory, searched=True)
        """For fields that no rule asks about by name."""

    def look(self, fresh: Sequence[tuple[FieldIndex, str]], unknown: Sequence[str]) -> list[Found]:
        """Return what is true of the new texts of an event: of fields with an index, and of others.

        Most hold nothing: they are searched as one text. What is found in that may lie across two of them, so
        then each is searched by itself, and what it holds is remembered by its own field.
        """
        if self._holds_any and not self._holds_any("\n".join([*unknown, *[text for _, text in fresh]])):
            for text in unknown:
                self.others.remember(text, NOTHING)
            return []
        every = []
        for index, text in fresh:
            if (found := self._find(text)) is not NOTHING:
                every.append(found)
                index.join(text, found)
        for text in unknown:
            if (found := self._find(text)) is not NOTHING:
                every.append(found)
            self.others.remember(text, found)
        return every

    def _find(self, text: str) -> Found:
        return self._index.known(text) or self._index.look(text)


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
        automaton.add_word(literal, number)
    if not len(automaton):
        return None
    automaton.make_automaton()
    return automaton
