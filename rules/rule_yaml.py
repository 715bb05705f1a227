"""Rule files as YAML that knows where everything stands.

Reads the YAML 1.1 that Sigma is written in, with four differences: a key given twice is a fault, a
date stays text, a value that refers to itself is a fault, and so is a plain yes, no, on or off,
which YAML 1.1 takes for true or false.
Places are looked up again from the text when a fault needs one, so parsed rules carry no marks.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands in its document: ``("detection", "selection", 0)``."""

UNREADABLE = "\ufffd"
"""What stands for a byte that is no UTF-8."""
MAX_DEPTH = 40
MAX_NODES = 200_000


@dataclass(frozen=True)
class RuleText:
    """One rule file as its reader found it; rules/ itself reads no files."""

    path: str
    text: str


@dataclass(frozen=True)
class RuleFault:
    """One thing wrong with a rule file."""

    path: str
    line: int
    """From 1."""
    column: int
    """From 1."""
    text: str
    """What is wrong, and what was expected."""
    remedy: str = ""
    """What to write instead."""
    source: str = ""
    """The line itself."""

    def __str__(self) -> str:
        lines = [f"{self.path}:{self.line}:{self.column}: {self.text}"]
        if self.source.strip():
            lines += [f"    {self.source}", "    " + " " * (self.column - 1) + "^"]
        if self.remedy:
            lines.append(f"    {self.remedy}")
        return "\n".join(lines)


_Fast: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Fast):  # type: ignore[misc]
    """A safe loader that leaves dates as text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Fast.yaml_implicit_resolvers.items()
}
_BOOL_TRAP = re.compile(r"(?i:yes|no|on|off)\Z")


def unreadable(text: str) -> tuple[int, int] | None:
    """Return line and column, from 0, of the first byte of a file that was no UTF-8; None where all is."""
    at = text.find(UNREADABLE)
    return None if at < 0 else (text.count("\n", 0, at), at - text.rfind("\n", 0, at) - 1)


def read_documents(source: RuleText) -> tuple[list[tuple[int, Any]], list[RuleFault]]:
    """Return the file's documents as (place among the documents, value), and what is wrong with them.

    A document with a fault is left out; empty documents are passed over. A file that is no UTF-8 has
    none: what its reader put in place of the bytes would match nothing, in silence.
    """
    if (unread := unreadable(source.text)) is not None:
        line, column = unread
        shown = source.text.splitlines()[line][:200].replace("\t", " ")
        text = "this byte is no UTF-8"
        return [], [RuleFault(source.path, line + 1, column + 1, text, "save the file as UTF-8 text", shown)]
    documents: list[tuple[int, Any]] = []
    faults: list[RuleFault] = []
    loader = _Loader(source.text)
    try:
        place = 0
        while loader.check_node():
            node = loader.get_node()
            found = list(_check(source, node))
            faults += found
            if not found and (value := loader.construct_document(node)) is not None:
                documents.append((place, value))
            place += 1
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = " ".join(str(part) for part in (error.context, error.problem) if part)
        faults.append(_fault_at(source, mark, f"this is no YAML: {words}", "check indents and quotes"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        faults.append(_fault_at(source, None, f"this is no YAML: {error}", "save the file as UTF-8 text"))
    finally:
        loader.dispose()
    return documents, faults


def fault_at(source: RuleText, document: int, path: Path, text: str, remedy: str = "") -> RuleFault:
    """Return a fault at the key (or list item) that `path` leads to, or at the nearest thing around it."""
    loader = _Loader(source.text)
    try:
        nodes = [loader.get_node() for _ in range(document + 1) if loader.check_node()]
    finally:
        loader.dispose()
    node = nodes[-1] if nodes else None
    mark = node.start_mark if node is not None else None
    for step in path:
        inner: tuple[yaml.Node, yaml.Node] | None = None
        if isinstance(node, yaml.MappingNode):
            inner = next((pair for pair in node.value if str(pair[0].value) == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            inner = (node.value[step], node.value[step])
        if inner is None:
            break
        mark, node = inner[0].start_mark, inner[1]
    return _fault_at(source, mark, text, remedy)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the known word that `word` is a misspelling of, or the empty string."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.75)
    return near[0] if near else ""


def _fault_at(source: RuleText, mark: yaml.Mark | None, text: str, remedy: str) -> RuleFault:
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    lines = source.text.splitlines()
    if line >= len(lines) > 0:  # a fault at the end of the text is shown at its last line
        line, column = len(lines) - 1, len(lines[-1])
    shown = lines[line][:200].replace("\t", " ") if lines else ""
    return RuleFault(source.path, line + 1, column + 1, text, remedy, shown)


def _check(source: RuleText, root: yaml.Node) -> Iterable[RuleFault]:
    """Find keys given twice, words that YAML takes for booleans, and structures that never end."""
    waiting: list[tuple[yaml.Node, int]] = [(root, 0)]
    seen = 0
    while waiting:
        node, depth = waiting.pop()
        seen += 1
        if depth > MAX_DEPTH or seen > MAX_NODES:
            words = "this refers to itself, or is nested or repeated too much"
            yield _fault_at(source, node.start_mark, words, "spell it out, without anchors")
            return
        if isinstance(node, yaml.MappingNode):
            lines: dict[tuple[str, str], int] = {}
            for key, value in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    yield _fault_at(source, key.start_mark, "a key must be a word", "quote it")
                    continue
                if (first := lines.get((key.tag, key.value))) is not None:
                    words = f"{key.value!r} is given twice, first in line {first}"
                    yield _fault_at(source, key.start_mark, words, "keep one of the two, or merge them")
                lines.setdefault((key.tag, key.value), key.start_mark.line + 1)
                waiting.append((value, depth + 1))
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(item, depth + 1) for item in node.value]
        elif node.tag == "tag:yaml.org,2002:bool" and _BOOL_TRAP.match(node.value):
            meant = "true" if node.value.lower() in ("yes", "on") else "false"
            words = f"YAML reads a plain {node.value} as {meant}"
            yield _fault_at(source, node.start_mark, words, f'write {meant}, or "{node.value}" for the word')
        elif not node.tag.startswith("tag:yaml.org,2002:"):
            yield _fault_at(source, node.start_mark, f"the tag {node.tag} is not read here", "leave it out")


def plain(value: Any) -> Mapping[str, Any]:
    """Return a value as a mapping with text keys, empty where it is no mapping."""
    return {str(key): inner for key, inner in value.items()} if isinstance(value, Mapping) else {}
