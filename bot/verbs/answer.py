"""What a verb answers: structure without looks, drawn by Slack, the terminal or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from rules.attack_path import AttackPath


@dataclass(frozen=True)
class Person:
    """A Slack user id (a mention in Slack), or whoever ran the command line."""

    id: str


@dataclass(frozen=True)
class Code:
    """An id or a value that people copy."""

    text: str


Cell: TypeAlias = str | int | datetime | Person | Code | None


@dataclass(frozen=True)
class Table:
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    """Each as long as `columns`."""


@dataclass(frozen=True)
class Section:
    title: str = ""
    text: str = ""
    facts: tuple[tuple[str, Cell], ...] = ()
    """Names and values, for a few things about one thing."""
    table: Table | None = None


@dataclass(frozen=True)
class Answer:
    title: str
    text: str = ""
    """Plain text; log-derived values in it are data, which the one who draws it escapes."""
    sections: tuple[Section, ...] = ()
    path: AttackPath | None = None
    """To be shown as a picture where one can be."""
    data: Any = None
    """The same for programs: pydantic models, dataclasses and JSON types."""
    ok: bool = True
    """Whether all is well with what was asked about: ``status`` with a dead part is not."""


@dataclass(frozen=True)
class Caller:
    """Who asks."""

    id: str
    """Slack user id, or ``cli:NAME``."""
    name: str = ""


class UsageError(Exception):
    """The words typed are no call of a verb; the text says why, `usage` what to type."""

    def __init__(self, text: str, usage: str) -> None:
        super().__init__(text)
        self.usage = usage


@dataclass(frozen=True)
class Words:
    """The arguments of a call, read."""

    positional: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict)
    """``--hours 3``, ``--hours=3``."""
    pairs: dict[str, str] = field(default_factory=dict)
    """``key=value``."""
    text: str = ""
    """All after the verb, as typed."""

    def first(self, index: int = 0) -> str | None:
        return self.positional[index] if index < len(self.positional) else None

    def rest(self, index: int) -> str:
        return " ".join(self.positional[index:])


def listed(items: Sequence[str], most: int = 5) -> str:
    """Return ``a, b, c and 4 more``."""
    shown = ", ".join(items[:most])
    return f"{shown} and {len(items) - most} more" if len(items) > most else shown
