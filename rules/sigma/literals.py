"""Patterns of one field, found by their literals: all at once, in one pass over a text.

An automaton (Aho-Corasick, https://docs.rs/aho-corasick) finds which literals a text holds. Being there is
enough for ``contains``; ``startswith`` and ``endswith`` need the place, and a pattern of more parts is tested
once its longest literal was seen. Literals of one character are in nearly every text, and the automaton would
find them over and over: a text is asked for each of them instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Set
from operator import itemgetter
from typing import NamedTuple

from ahocorasick_rs import BytesAhoCorasick

from rules.sigma.checking import like_test
from rules.sigma.terms import Check

_LITERAL = itemgetter(0)
"""Of what the automaton finds: (number of the literal, start, end)."""
_NONE: frozenset[int] = frozenset()


class _Placed(NamedTuple):
    """What a literal means that is not enough by being somewhere in the text."""

    literal: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    tested: tuple[tuple[int, Callable[[str], bool]], ...]


class Literals:
    """Checks with the op ``like``, none of them cased."""

    def __init__(self, checks: Mapping[int, Check]) -> None:
        """`checks` by their number."""
        contained: dict[str, list[int]] = defaultdict(list)
        starts: dict[str, list[int]] = defaultdict(list)
        ends: dict[str, list[int]] = defaultdict(list)
        tested: dict[str, list[tuple[int, Callable[[str], bool]]]] = defaultdict(list)
        for number, check in checks.items():
            literals = [part for part in check.value if isinstance(part, str)]
            if len(literals) > 1 or len(check.value) > 3:
                tested[max(literals, key=len)].append((number, like_test(check.value)))
            elif len(check.value) == 3:
                contained[literals[0]].append(number)
            else:
                (starts if isinstance(check.value[0], str) else ends)[literals[0]].append(number)
        every = dict.fromkeys([*contained, *starts, *ends, *tested])
        words = [literal for literal in every if len(literal) > 1]
        signs = [literal for literal in every if len(literal) == 1]
        self.all = (*words, *signs)
        """A text must hold one of these for anything to be true of it. What follows goes by their numbers."""
        self._automaton = BytesAhoCorasick(list(map(_bytes, words))) if words else None
        self._signs = {sign: number for number, sign in enumerate(signs, len(words))}
        self._plain_signs = [(sign, number) for sign, number in self._signs.items() if sign.isascii()]
        self._contained = [tuple(contained.get(literal, ())) for literal in self.all]
        self._placed = {
            number: _Placed(literal, tuple(starts[literal]), tuple(ends[literal]), tuple(tested[literal]))
            for number, literal in enumerate(self.all)
            if literal in starts or literal in ends or literal in tested
        }

    def search(self, folded: str) -> Set[int]:
        """Return the numbers of the checks that are true of a folded text."""
        seen = self._seen(folded)
        if not seen:
            return _NONE
        true = set().union(*map(self._contained.__getitem__, seen))
        for number in self._placed.keys() & seen:
            literal, starts, ends, tested = self._placed[number]
            if starts and folded.startswith(literal):
                true.update(starts)
            if ends and folded.endswith(literal):
                true.update(ends)
            for each, test in tested:
                if test(folded):
                    true.add(each)
        return true

    def _seen(self, folded: str) -> set[int]:
        seen: set[int] = set()
        if self._automaton is not None:
            hits = self._automaton.find_matches_as_indexes(_bytes(folded), overlapping=True)
            seen.update(map(_LITERAL, hits))
        if self._signs:
            if folded.isascii():
                seen.update([number for sign, number in self._plain_signs if sign in folded])
            else:
                seen.update(map(self._signs.__getitem__, self._signs.keys() & set(folded)))
        return seen


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # logs hold halves of pairs, too
