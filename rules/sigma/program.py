"""One rule as one Python function, and the clause that must wake it.

A function takes the set of check numbers found true of an event and a `Sight` of the event for the
checks that nothing finds in advance. A rule needs running only when one of its wake checks is true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any, TypeAlias

from rules.sigma.checking import event_test
from rules.sigma.terms import KEYWORDS, MANY, ONE, All, AnyOf, Check, Expression, Not
from rules.sigma.values import fold, number_of, texts_of

Program: TypeAlias = Callable[[Set[int], "Sight"], bool]

_COMMON = (
    "c:\\windows\\system32\\cmd.exe",
    "c:\\windows\\system32\\windowspowershell\\v1.0\\powershell.exe",
    "c:\\windows\\syswow64\\",
    "c:\\windows\\explorer.exe",
    "c:\\windows\\system32\\svchost.exe -k netsvcs -p",
    "c:\\program files (x86)\\",
    "c:\\program files\\",
    "c:\\users\\appdata\\local\\temp\\",
    "hklm\\system\\currentcontrolset\\services\\",
    "hklm\\software\\microsoft\\windows\\currentversion\\",
    "hkcu\\software\\classes\\",
    "nt authority\\system",
    "http://",
    "https://",
    "get",
    "post",
    "dword (0x00000000)",
    "true",
    "false",
    ".dll",
    " /c ",
    "microsoft corporation",
    "/bin/bash",
    "/usr/bin/",
)
"""Texts that fill ordinary logs: what is part of one wakes a rule too often."""


class Tests:
    """What the checks of all rules ask an event, made when first needed."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self._checks = checks
        self._made: dict[int, Callable[[Mapping[str, Any]], bool]] = {}

    def __getitem__(self, number: int) -> Callable[[Mapping[str, Any]], bool]:
        test = self._made.get(number)
        if test is None:
            test = self._made[number] = event_test(self._checks[number])
        return test


class Sight:
    """One event as a rule's function sees it."""

    __slots__ = ("event", "known", "tests")

    def __init__(self, event: Mapping[str, Any], tests: Tests) -> None:
        self.event = event
        self.tests = tests
        self.known: dict[int, bool] = {}

    def look(self, number: int) -> bool:
        """Evaluate a check that nothing finds in advance; once an event."""
        known = self.known.get(number)
        if known is None:
            known = self.known[number] = self.tests[number](self.event)
        return known

    def has(self, field: str) -> bool:
        value = self.event.get(field)
        return value.__class__ is str or bool(texts_of(value))


def is_found(check: Check) -> bool:
    """Whether an index finds a check by itself (dictionary or automaton)."""
    if check.op == "eq":
        return True
    if check.op == "number":
        return bool(check.value[0] == "eq")
    if check.op == "like" and not check.mode and ONE not in check.value:
        return any(isinstance(part, str) for part in check.value)
    return False


def write_program(expression: Expression, numbers: Mapping[Check, int]) -> Program:
    """Compile a tree to a function. Nothing of a rule's text enters the source, only numbers."""
    constants: dict[str, Any] = {}
    source = f"lambda T, S: {_write(expression, numbers, constants)}"
    program: Program = eval(compile(source, "<rule>", "eval"), {"__builtins__": {}, **constants})
    return program


def _write(expression: Expression, numbers: Mapping[Check, int], constants: dict[str, Any]) -> str:
    if isinstance(expression, Not):
        return f"(not {_write(expression.part, numbers, constants)})"
    if isinstance(expression, Check):
        if expression.op in ("null", "exists"):
            name = _constant(constants, expression.field)
            return f"S.has({name})" if expression.op == "exists" else f"(not S.has({name}))"
        number = numbers[expression]
        return f"({number} in T)" if is_found(expression) else f"S.look({number})"
    found = [part for part in expression.parts if isinstance(part, Check) and is_found(part)]
    others = [part for part in expression.parts if not (isinstance(part, Check) and is_found(part))]
    written: list[str] = []
    conjunction = isinstance(expression, All)
    if len(found) > 3:
        name = _constant(constants, frozenset(numbers[part] for part in found))
        written.append(f"({name} <= T)" if conjunction else f"(not T.isdisjoint({name}))")
    else:
        written += [_write(part, numbers, constants) for part in found]
    written += [_write(part, numbers, constants) for part in sorted(others, key=_slowness)]
    if not written:
        return "True" if conjunction else "False"
    return f"({(' and ' if conjunction else ' or ').join(written)})"


def _constant(constants: dict[str, Any], value: Any) -> str:
    name = f"C{len(constants)}"
    constants[name] = value
    return name


def _slowness(expression: Expression) -> int:
    """Expressions that the index answers come before those that must look at the event."""
    if isinstance(expression, Check):
        return 0 if expression.op in ("null", "exists") or is_found(expression) else 2
    if isinstance(expression, Not):
        return _slowness(expression.part)
    return max((_slowness(part) for part in expression.parts), default=0)


def wake_checks(expression: Expression) -> frozenset[Check] | None:
    """Return checks of which one must be true for the tree to be, the rarest such clause; None if none."""
    clauses = _clauses(expression)
    return min(clauses, key=_frequency) if clauses else None


def _clauses(expression: Expression) -> list[frozenset[Check]]:
    if isinstance(expression, Check):
        return [frozenset({expression})] if expression.op in _OF_ONE_TEXT else []
    if isinstance(expression, Not):
        return []
    if isinstance(expression, All):
        return [clause for part in expression.parts for clause in _clauses(part)]
    best: list[Check] = []
    for part in expression.parts:
        clauses = _clauses(part)
        if not clauses:
            return []
        best += min(clauses, key=_frequency)
    return [frozenset(best)] if best else []


def _frequency(clause: Iterable[Check]) -> float:
    return sum(_likelihood(check) for check in clause)


_OF_FEW_VALUES = frozenset(
    {"event.code", "winlog.channel", "event.module", "event.dataset", "event.provider", "event.outcome"}
    | {"network.direction", "network.transport", "http.request.method", "winlog.event_data.IntegrityLevel"}
)
"""Fields of which most events of a kind have the same value, whatever it is."""
_OF_ONE_TEXT = frozenset({"eq", "like", "re", "cidr", "number", "part"})


def _likelihood(check: Check) -> float:
    """A guess at the share of events of which a check is true, and at what it costs to find out."""
    if not is_found(check):
        return 2.0  # tested on each new text, so only where nothing else wakes the rule
    if check.field in _OF_FEW_VALUES:
        return 0.9
    if check.op == "number":
        return 0.2
    if check.op == "eq":
        return 0.1 if any(check.value in text for text in _COMMON) else 0.01
    literals = [part for part in check.value if isinstance(part, str)]
    longest = max(literals, key=len)
    if any(longest in text for text in _COMMON):
        return 0.5
    spread = 3.0 if check.field == KEYWORDS else 1.0
    anchored = 0.5 if check.value[0] != MANY else 1.0
    return float(min(0.9, spread * anchored * 4 / (2 ** min(len(longest), 16)) + 0.0005))


def required_codes(expression: Expression, field: str = "event.code") -> frozenset[str] | None:
    """Return canonical codes one of which an event must have for the tree to be true; None if any may do."""
    if isinstance(expression, Check):
        if expression.field == field and expression.op == "eq":
            return frozenset({canonical_code(fold(expression.value))})
        if expression.field == field and expression.op == "number" and expression.value[0] == "eq":
            return frozenset({canonical_code(str(expression.value[1]))})
        return None
    if isinstance(expression, Not):
        return None
    sets = [required_codes(part, field) for part in expression.parts]
    known = [item for item in sets if item is not None]
    if isinstance(expression, AnyOf):
        return frozenset().union(*known) if known and len(known) == len(sets) else None
    return frozenset.intersection(*known) if known else None


def canonical_code(folded: str) -> str:
    """Return one spelling for all that a number may be written as; other texts as they are."""
    number = number_of(folded)
    return folded if number is None else str(int(number)) if float(number).is_integer() else str(number)
