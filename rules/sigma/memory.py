"""What the matcher remembers of texts.

A text is worth remembering when it comes again: most of those that are new never do, and keeping them costs
more than looking at them. So a text is remembered when it comes in a second page of events.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeAlias

Found: TypeAlias = tuple[frozenset[int], tuple[int, ...]]
"""The checks that are true of a text, and the rules that they wake."""
LONGEST_REMEMBERED = 2048
MOST_SIGNS = 32_000


class Memory:
    """What all memos of a matcher may hold together; when they are full, all forget."""

    def __init__(self, characters: int = 12_000_000) -> None:
        self.characters = characters
        self.left = characters
        self.memos: list[Memo] = []
        self._before: set[int] = set()
        """Hashes of the texts that were new in earlier pages."""
        self._now: set[int] = set()
        """Those of this page."""

    def coming_again(self, texts: Collection[str]) -> list[str]:
        """Return those of some new texts that an earlier page had, nearly always rightly."""
        signs = dict(zip(map(hash, texts), texts, strict=True))
        self._now.update(signs)
        return [signs[sign] for sign in self._before.intersection(signs)]

    def end_page(self) -> None:
        """What was new in this page has now come once."""
        if len(self._before) + len(self._now) > MOST_SIGNS:
            self._before.clear()
        self._before |= self._now
        self._now.clear()

    def take(self, characters: int) -> None:
        self.left -= characters + 100
        if self.left < 0:
            for memo in self.memos:
                memo.forget()
            self.left = self.characters


class Memo:
    """What is remembered of the texts of one field, or of all texts."""

    __slots__ = ("_memory", "found", "quiet")

    def __init__(self, memory: Memory) -> None:
        self.found: dict[str, Found] = {}
        self.quiet: set[str] = set()
        """Texts of which nothing is true."""
        self._memory = memory
        memory.memos.append(self)

    def learn(self, texts: Collection[str], found: Mapping[str, Found]) -> None:
        """Remember what is true of new texts, where it is worth it."""
        for text in self._memory.coming_again(texts):
            if len(text) > LONGEST_REMEMBERED:
                continue
            self._memory.take(len(text))
            if (known := found.get(text)) is None:
                self.quiet.add(text)
            else:
                self.found[text] = known

    def forget(self) -> None:
        self.found.clear()
        self.quiet.clear()
