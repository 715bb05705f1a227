"""YAML that remembers where everything stands, so that a fault can name its line and column.

Reads the plain part of YAML 1.2: text, numbers, ``true``/``false``, null, lists, mappings. A key is
always its text, so ``on:`` is the key ``on``. What some YAML readers take for something else than
it looks (``yes``, ``0755``, ``1_000``, ``1:30``, a key given twice, anchors) is a fault, not a guess;
a date stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from playbooks.faults import PlaybookFault
from rules.rule_yaml import unreadable

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands: ``("steps", 0, "with", "ip")``."""

MAX_DEPTH = 40
MAX_TEXT = 200_000
"""Characters of a whole file."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BOOL_TRAP = re.compile(r"(?i:yes|no|on|off|y|n)\Z")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\Z")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]{1,3})?\Z")
_TRAPS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[-+]?0[0-9_]+\Z|[-+]?0o[0-7]+\Z"), "an octal number"),
    (re.compile(r"[-+]?0[xb][0-9a-fA-F_]+\Z"), "a hexadecimal or binary number"),
    (re.compile(r"[-+]?[0-9][0-9_]*_[0-9_]*(?:\.[0-9_]*)?\Z"), "a number with separators"),
    (re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?\Z"), "a number to the base of sixty"),
    (re.compile(r"[-+]?(?:[0-9]{19,}|\.(?i:inf|nan))\Z|\.(?i:nan)\Z"), "a number of no use"),
)


@dataclass
class MarkedYaml:
    """A parsed file: its value, and the place of each key and value in it."""

    path: str
    lines: Sequence[str]
    value: Any = None
    faults: list[PlaybookFault] = field(default_factory=list)
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    """Line and column, from 0, of each value."""
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    faulty: set[Path] = field(default_factory=set)
    """Paths already reported, so that a check of the values need not repeat them."""

    def fault(
        self, place: Path, message: str, hint: str = "", *, at_key: bool = False, within: str = ""
    ) -> PlaybookFault:
        """Make a fault at `place`, or at the nearest thing around it.

        `within` is a piece of the value: where it stands in the same line, the fault points there.
        """
        while place not in self.values and place:
            place = place[:-1]
        mark = (self.keys.get(place) if at_key else None) or self.values.get(place) or (0, 0)
        return self.fault_at(mark, message, hint, within)

    def rename(self, place: Path, meant: Path) -> None:
        """Let what stands at a place be found where it was meant to stand too."""
        for marks in (self.values, self.keys):
            for at in [at for at in marks if at[: len(place)] == place]:
                marks[(*meant, *at[len(place) :])] = marks[at]

    def fault_at(
        self, mark: tuple[int, int], message: str, hint: str = "", within: str = ""
    ) -> PlaybookFault:
        line, column = mark
        if line >= len(self.lines) > 0:
            line, column = len(self.lines) - 1, len(self.lines[-1])
        text = self.lines[line].replace("\t", " ") if self.lines else ""
        if within and (found := text.find(within, column)) >= 0:
            column = found
        return PlaybookFault(self.path, line + 1, column + 1, message, hint, text[:10_000])


def parse_yaml(text: str, path: str) -> MarkedYaml:
    """Parse one document; every fault found is in `faults`, and `value` is as much as could be read."""
    marked = MarkedYaml(path, text[:MAX_TEXT].splitlines())
    if (there := unreadable(text)) is not None:
        marked.faults.append(marked.fault_at(there, "this byte is no UTF-8", "save the file as UTF-8 text"))
        return marked
    if len(text) > MAX_TEXT:
        marked.faults.append(
            marked.fault_at((0, 0), f"the file has {len(text):,} characters, at most {MAX_TEXT:,} are read")
        )
        return marked
    try:
        reader = _Reader(marked, yaml.parse(text, Loader=_Loader))
        reader.document()
    except yaml.MarkedYAMLError as error:
        words = " ".join(str(part) for part in (error.context, error.problem) if part)
        mark = error.problem_mark or error.context_mark
        at = (mark.line, mark.column) if mark is not None else (0, 0)
        marked.faults.append(marked.fault_at(at, f"this is no YAML: {words}", _yaml_hint(words)))
        return marked
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        marked.faults.append(
            marked.fault_at((0, 0), f"this is no YAML text: {error}", "save the file as UTF-8 text")
        )
        return marked
    except _Stop:
        pass
    return marked


def _yaml_hint(words: str) -> str:
    if "mapping values are not allowed" in words:
        return "a text that holds ': ' needs quotes, and keys inside a key braces: with: {ip: …}"
    if "flow" in words or "unhashable" in words:
        return 'a value that starts with {{ needs quotes: "{{ … }}"'
    if "cannot start any token" in words:
        return "indent with spaces, and quote a text that starts with @, ` or %"
    return "check indents and quotes"


class _Stop(Exception):  # noqa: N818
    """The rest of the file is not worth reading; the fault was noted."""


class _Reader:
    """Builds values from the parser's events, so that no nesting is deeper than allowed."""

    def __init__(self, marked: MarkedYaml, events: Iterator[yaml.Event]) -> None:
        self.marked = marked
        self.events = events

    def document(self) -> None:
        started = False
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if started:
                    self._report(event, (), "a second document starts here", "one playbook is one file")
                    raise _Stop
                started = True
                self.marked.value = self._value(next(self.events), ())

    def _value(self, event: yaml.Event, place: Path) -> Any:
        self.marked.values.setdefault(place, _at(event))
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            self._report(event, place, "anchors and aliases (& and *) are not read here", "spell it out")
            if isinstance(event, yaml.AliasEvent):
                return None
        if len(place) > MAX_DEPTH:
            self._report(event, place, f"this is nested deeper than {MAX_DEPTH} levels")
            raise _Stop
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(place)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(inner := next(self.events), yaml.SequenceEndEvent):
                items.append(self._value(inner, (*place, len(items))))
            return items
        assert isinstance(event, yaml.ScalarEvent)
        return self._scalar(event, place)

    def _report(self, event: yaml.Event, place: Path, message: str, hint: str = "") -> None:
        self.marked.faults.append(self.marked.fault_at(_at(event), message, hint))
        self.marked.faulty.add(place)

    def _mapping(self, place: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                hint = 'write "{{ … }}" in quotes where an expression was meant'
                self._report(event, place, "a key must be a word", hint)
                self._value(event, (*place, "?"))
                self._value(next(self.events), (*place, "?"))
                continue
            key = str(event.value)
            inner = (*place, key)
            if key == "<<" and not event.style:
                self._report(event, place, "merge keys (<<) are not read here", "spell the keys out")
                self._value(next(self.events), (*place, "?"))
                continue
            if key in result:
                first = self.marked.keys[inner][0] + 1
                message = f"{key!r} is given twice, first in line {first}"
                self._report(event, inner, message, "keep one of the two")
                self._value(next(self.events), (*place, "?"))
                continue
            self.marked.keys[inner] = _at(event)
            result[key] = self._value(next(self.events), inner)
        return result

    def _scalar(self, event: yaml.ScalarEvent, place: Path) -> Any:
        text = str(event.value)
        if event.tag not in (None, "!"):
            return self._report(event, place, f"the tag {event.tag!r} is not read here", "leave it out")
        if event.style or event.tag == "!":
            return text
        if text in ("", "~", "null", "Null", "NULL"):
            return None
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
        if _BOOL_TRAP.match(text):
            meant = "true" if text.lower() in ("yes", "on", "y") else "false"
            message = f"{text!r} is read as {meant} by some and as a word by others"
            return self._report(event, place, message, f'write {meant}, or "{text}" in quotes for the word')
        if _INT.match(text):
            return int(text)
        for pattern, kind in _TRAPS:
            if pattern.match(text):
                message = f"{text!r} is read as {kind} by some and as text by others"
                return self._report(event, place, message, f'write a plain number, or "{text}" in quotes')
        if _FLOAT.match(text):
            return float(text)
        return text


def _at(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line, mark.column) if mark is not None else (0, 0)
