"""What is wrong with a playbook, told to the person who wrote it.

PlaybookError      the text is no playbook: every fault at once
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

MOST_TOLD = 100
"""Faults in one message; all are in `PlaybookError.faults`."""
LINE_SHOWN = 120
"""Characters of a source line."""


@dataclass(frozen=True, order=True)
class PlaybookFault:
    """One thing wrong with a playbook, and where."""

    path: str
    line: int
    """From 1."""
    column: int
    """From 1."""
    message: str
    """What is wrong, and what was expected."""
    hint: str = ""
    """What to write instead."""
    source: str = ""
    """The line itself."""

    def __str__(self) -> str:
        lines = [f"{self.path}:{self.line}:{self.column}: {self.message}"]
        if self.source.strip():
            start = (
                max(0, min(self.column - 1, len(self.source)) - LINE_SHOWN // 2)
                if self.column > LINE_SHOWN
                else 0
            )
            shown = self.source[start : start + LINE_SHOWN]
            lines += [f"    {shown}", "    " + " " * (self.column - 1 - start) + "^"]
        if self.hint:
            lines.append(f"    {self.hint}")
        return "\n".join(lines)


class PlaybookError(Exception):
    """The text is no playbook; its message lists every fault with its place."""

    def __init__(self, faults: Iterable[PlaybookFault]) -> None:
        self.faults = tuple(sorted(faults))
        told = [str(fault) for fault in self.faults[:MOST_TOLD]]
        if len(self.faults) > MOST_TOLD:
            told.append(f"… and {len(self.faults) - MOST_TOLD:,} more")
        super().__init__("\n".join(told))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the nearest known word, or all of them; empty where none is known."""
    names = sorted(set(known))
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    listing = f"known here: {', '.join(names)}" if names else ""
    return f"did you mean {near[0]!r}?" if near else listing
