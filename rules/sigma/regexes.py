"""Regular expressions that can't hang."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import re2

from rules.sigma.values import fold


def compile_regex(pattern: str, flags: str) -> Any:
    """Compile with RE2, whose time is linear in the text (https://github.com/google/re2/wiki/Syntax)."""
    return re2.compile(_spelled(pattern, flags), _options())


class RegexSet:
    """Many regular expressions on one text: RE2 tells the words that each can't do without, looks for all of
    these at once, and searches only the expressions whose words are there (its FilteredRE2)."""

    def __init__(self, regexes: Iterable[tuple[int, str, str]]) -> None:
        """`regexes`: number, pattern, flags."""
        self._numbers: list[int] = []
        self._filter = re2.Filter()
        for number, pattern, flags in regexes:
            self._filter.Add(_spelled(pattern, flags), _options())
            self._numbers.append(number)
        self._filter.Compile()

    def search(self, text: str) -> list[int]:
        """Return the numbers of the expressions that are found in a text."""
        numbers = self._numbers
        return [numbers[place] for place in self._filter.Match(text.encode("utf-8", "replace")) or ()]


def any_of(literals: Iterable[str]) -> Callable[[str], bool]:
    """Return the function that says whether one of folded literals is in a text, whatever its case."""
    search = compile_regex("|".join(re2.escape(literal) for literal in literals), "").search
    return lambda text: search(fold(text).encode("utf-8", "replace")) is not None


def _spelled(pattern: str, flags: str) -> str:
    return f"(?{flags}){pattern}" if flags else pattern


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 8 << 20
    return options
