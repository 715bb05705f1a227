"""Tables of log lines: a pattern, and what such a line says in ECS.

A table is a list of `Line`. A pattern's named groups are fields (see `_PLACES`). Lines are found by
their first word, so that a message is held against few patterns however long the table is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from integrations.text import address
from rules.ecs import Document

ADDRESS = r"(?P<address>\S{1,255})"
PORT = r"(?P<port>\d{1,5})"

_PLACES: dict[str, tuple[str, ...]] = {
    "user": ("user", "name"),
    "uid": ("user", "id"),
    "effective": ("user", "effective", "name"),
    "target": ("user", "target", "name"),
    "target_id": ("user", "target", "id"),
    "new_name": ("user", "changes", "name"),
    "group": ("group", "name"),
    "gid": ("group", "id"),
    "session": ("session", "id"),
    "service": ("service", "name"),
    "reason": ("event", "reason"),
    "command": ("process", "command_line"),
    "pwd": ("process", "working_directory"),
    "file": ("file", "path"),
    "tty": ("system", "auth", "tty"),
    "method": ("system", "auth", "ssh", "method"),
    "signature": ("system", "auth", "ssh", "signature"),
    "home": ("system", "auth", "useradd", "home"),
    "shell": ("system", "auth", "useradd", "shell"),
}
_NUMBERS = {"port": ("source", "port"), "to_port": ("destination", "port")}


@dataclass(frozen=True)
class Line:
    """One kind of line."""

    pattern: str
    """Matched against the whole message. Its first word is literal, or `words` names it."""
    action: str
    category: tuple[str, ...] = ()
    type: tuple[str, ...] = ("info",)
    outcome: str | None = None
    words: tuple[str, ...] = ()
    """First words that such a message has, where the pattern doesn't begin with one; empty and no
    literal word either: any."""
    more: Callable[[Document, re.Match[str]], None] | None = field(default=None, compare=False)
    """Adds what a table can't say."""


class Table:
    """Compiled lines of one program."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._by_word: dict[str, list[_Compiled]] = {}
        self._any: list[_Compiled] = []
        for line in lines:
            compiled = _Compiled(line)
            words = line.words or tuple(filter(None, [_first_word(line.pattern)]))
            for word in words:
                self._by_word.setdefault(word, []).append(compiled)
            if not words:
                self._any.append(compiled)

    def read(self, message: str, document: Document) -> bool:
        """Add to `document` what `message` says; whether any line fits."""
        word = message.split(" ", 1)[0]
        for line in self._by_word.get(word, ()):
            if line.read(message, document):
                return True
        return any(line.read(message, document) for line in self._any)


class _Compiled:
    __slots__ = (
        "_action",
        "_category",
        "_match",
        "_more",
        "_numbers",
        "_outcome",
        "_peer",
        "_texts",
        "_type",
    )

    def __init__(self, line: Line) -> None:
        pattern = re.compile(line.pattern, re.DOTALL | re.ASCII)
        groups = pattern.groupindex
        self._match = pattern.fullmatch
        self._action, self._outcome, self._more = line.action, line.outcome, line.more
        self._category, self._type = line.category, line.type
        self._texts = [
            (groups[name], place[:-1], place[-1]) for name, place in _PLACES.items() if name in groups
        ]
        self._numbers = [(groups[name], place) for name, place in _NUMBERS.items() if name in groups]
        self._peer = groups.get("address", 0)

    def read(self, message: str, document: Document) -> bool:
        match = self._match(message)
        if match is None:
            return False
        event = document["event"]
        event["action"] = self._action
        event["type"] = list(self._type)
        if self._category:
            event["category"] = list(self._category)
        if self._outcome is not None:
            event["outcome"] = self._outcome
        found = (match[0], *match.groups())
        if self._peer and (peer := found[self._peer]):
            set_peer(document, peer)
        for group, parents, leaf in self._texts:
            if value := found[group]:
                place = document
                for parent in parents:
                    inner = place.get(parent)
                    if inner is None:
                        inner = place[parent] = {}
                    place = inner
                place[leaf] = value
        for group, (end, leaf) in self._numbers:
            if (value := found[group]) and (number := int(value)) < 65_536:
                document.setdefault(end, {})[leaf] = number
        if self._more is not None:
            self._more(document, match)
        return True


def put(document: Document, place: tuple[str, ...], value: Any) -> None:
    """Set a nested field."""
    *parents, leaf = place
    for parent in parents:
        document = document.setdefault(parent, {})
    document[leaf] = value


def set_peer(document: Document, peer: str) -> None:
    """Set ``source.*`` of who is at the other end: an address, or a name."""
    source = document.get("source")
    if source is None:
        source = document["source"] = {}
    source["address"] = peer
    if ip := address(peer):
        source["ip"] = ip
    else:
        source["domain"] = peer


def _first_word(pattern: str) -> str:
    """Return the literal first word of a pattern, empty where it has none."""
    word = re.match(r"(?:[\w:.,+-]|\\[.():+])+(?= |$)", pattern)
    return re.sub(r"\\(.)", r"\1", word[0]) if word else ""
