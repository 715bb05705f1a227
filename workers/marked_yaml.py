"""YAML that remembers where everything stands, so that a fault can name its line and column.

Reads the plain part of YAML 1.2: strings, numbers, ``true``/``false``, null, lists, mappings. What
older YAML reads as something else than it looks (``yes``, ``on``, ``0755``, a key given twice) is a
fault, not a guess.
"""

from __future__ import annotations

import difflib
import pathlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands: ``("collect", 0, "files")``."""

MAX_DEPTH = 40


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a file (or, where `line` is None, in the environment)."""

    source: str
    """The file's name, or the variable's."""
    message: str
    line: int | None = None
    """From 1."""
    column: int | None = None
    """From 1."""
    text: str = ""
    """The source line."""
    hint: str = ""
    """What to write instead."""

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}:{self.column}"
        lines = [f"{place}: {self.message}"]
        if self.text.strip():
            lines += [f"    {self.text}", "    " + " " * ((self.column or 1) - 1) + "^"]
        if self.hint:
            lines.append(f"    {self.hint}")
        return "\n".join(lines)


@dataclass
class MarkedYaml:
    """A parsed file: its value, and the place of each key and value in it."""

    source: str
    lines: Sequence[str]
    value: Any = None
    faults: list[Fault] = field(default_factory=list)
    values: dict[Path, yaml.Mark] = field(default_factory=dict)
    keys: dict[Path, yaml.Mark] = field(default_factory=dict)
    faulty: set[Path] = field(default_factory=set)
    """Paths already reported, so that a check of the values need not repeat them."""

    def fault(self, path: Path, message: str, hint: str = "", *, at_key: bool = False) -> Fault:
        """Make a fault at the place of `path`, or of the nearest thing around it."""
        while path not in self.values and path:
            path = path[:-1]
        mark = self.keys.get(path) if at_key else None
        return self._fault_at(mark or self.values.get(path), message, hint)

    def _fault_at(self, mark: yaml.Mark | None, message: str, hint: str = "") -> Fault:
        line, column = (mark.line, mark.column) if mark is not None else (0, 0)
        text = self.lines[line] if line < len(self.lines) else ""
        return Fault(self.source, message, line + 1, column + 1, text.replace("\t", " "), hint)


_BOOL_TRAPS = re.compile(r"(?i:yes|no|on|off|y|n)\Z")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_OCTAL = re.compile(r"[-+]?0[0-9_]+\Z|[-+]?0o[0-7]+\Z")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]+)?\Z")


def read_yaml(path: pathlib.Path) -> str:
    """Return a file's text; bytes that are no UTF-8 are told by whoever parses it, with their place."""
    return path.read_text(encoding="utf-8-sig", errors="replace")


def parse_yaml(text: str, source: str) -> MarkedYaml:
    """Parse one document; every fault found is in `faults`, and `value` is as much as could be read."""
    marked = MarkedYaml(source, text.splitlines())
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        words = " ".join(part for part in (error.context, error.problem) if part)
        marked.faults.append(marked._fault_at(error.problem_mark or error.context_mark, words))
        return marked
    except yaml.YAMLError as error:
        marked.faults.append(Fault(source, f"this is no YAML text: {error}", 1, 1))
        return marked
    if node is not None:
        marked.value = _Reader(marked).read(node, (), ())
    return marked


class _Reader:
    def __init__(self, marked: MarkedYaml) -> None:
        self.marked = marked

    def read(self, node: yaml.Node, path: Path, above: tuple[int, ...]) -> Any:
        self.marked.values.setdefault(path, node.start_mark)
        if id(node) in above or len(above) > MAX_DEPTH:
            return self._report(node, path, "this refers to itself, or is nested too deeply", "spell it out")
        within = (*above, id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, within)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, place), within) for place, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _report(self, node: yaml.Node, path: Path, message: str, hint: str = "") -> Any:
        self.marked.faults.append(self.marked._fault_at(node.start_mark, message, hint))
        self.marked.faulty.add(path)
        return None

    def _mapping(self, node: yaml.MappingNode, path: Path, within: tuple[int, ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._report(key_node, path, "a key must be a word", "quote it, if it holds {} or []")
                continue
            key = str(key_node.value)
            if key == "<<" and key_node.style is None:
                self._report(key_node, path, "merge keys (<<) are not read here", "spell the keys out")
                continue
            inner = (*path, key)
            if key in result:
                first = self.marked.keys[inner].line + 1
                self._report(
                    key_node, inner, f"{key!r} is given twice, first in line {first}", "keep one of the two"
                )
                continue
            self.marked.keys[inner] = key_node.start_mark
            result[key] = self.read(value_node, inner, within)
        return result

    def _scalar(self, node: yaml.Node, path: Path) -> Any:
        text = str(node.value)
        if node.tag not in _PLAIN_TAGS:
            return self._report(node, path, f"the tag {node.tag!r} is not read here", "leave it out")
        if getattr(node, "style", None) is not None or node.tag == "!":
            return text
        if text in ("", "~", "null", "Null", "NULL"):
            return None
        if text in ("true", "True", "TRUE"):
            return True
        if text in ("false", "False", "FALSE"):
            return False
        if _BOOL_TRAPS.match(text):
            meant = "true" if text.lower() in ("yes", "on", "y") else "false"
            hint = f'write {meant}, or "{text}" in quotes for the word'
            return self._report(
                node, path, f"{text!r} is read as {meant} by some and as a word by others", hint
            )
        if _OCTAL.match(text):
            plain = text.lstrip("+-0o_") or "0"
            hint = f'write {plain}, or "{text}" in quotes for the text'
            return self._report(node, path, f"{text!r} is read as an octal number by some", hint)
        if _INT.match(text):
            return int(text) if len(text) < 40 else text
        if _FLOAT.match(text):
            return float(text)
        return text


_PLAIN_TAGS = {
    "!",
    *(f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp", "value")),
}


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the known words, the nearest one first; empty where none is known."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    listing = f"known here: {', '.join(names)}" if names else ""
    return f"did you mean {near[0]!r}? {listing}" if near else listing
