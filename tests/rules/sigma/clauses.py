"""Events that hit each clause of a rule, and its near misses, made from the tree that the rule compiles to.

An event is made for each check of the tree: the other checks of its branch are satisfied as well, so that
the rule hangs on this one. Then come the variants: one letter less, one more before and behind, another
case, the neighbours of a number and of a network, the field absent, the value beside another one.
"""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as regex_parser  # type: ignore[attr-defined]
from typing import Any

from rules.sigma import Kind, Kinds
from rules.sigma.checking import text_test
from rules.sigma.regexes import compile_regex
from rules.sigma.sources import ANY_VALUE, Gate
from rules.sigma.terms import KEYWORDS, ONE, All, AnyOf, Check, Expression, Not, checks_of

MOST_CHECKS = 60
"""Of a rule with more checks than these, as many spread over all of them are tried."""

Event = dict[str, Any]


def events_of(tree: Expression, gate: Gate, kinds: Kinds) -> Iterator[Event]:
    """Yield flat events that the store takes, each different."""
    checks = list(dict.fromkeys(checks_of(tree)))
    seen: set[str] = set()
    for check in checks[:: -(-len(checks) // MOST_CHECKS)]:
        base: dict[str, list[Any]] = defaultdict(list)
        _open(gate, base)
        _meet(tree, True, check, base)
        field = _searched(kinds) if check.field == KEYWORDS else check.field
        values = list(dict.fromkeys(map(str, base.get(field, []))))
        hit = _value(check)
        variants: list[list[Any]] = [values, []]
        variants += [
            [near if value == str(hit) else value for value in values] or [near]
            for near in _neighbours(check)
        ]
        variants.append(["something else", *values])
        for variant in variants:
            event = {
                name: kept
                for name, listed in {**base, field: variant}.items()
                if (kept := _storable(kinds.of(name), listed)) is not None
            }
            if repr(event) not in seen and not _conflicts(event):
                seen.add(repr(event))
                yield event


def _open(gate: Gate, event: dict[str, list[Any]]) -> None:
    for condition in gate:
        for name, values in condition[0].items():
            event[name].append("x" if ANY_VALUE in values else min(values))


def _meet(tree: Expression, wanted: bool, focus: Check, event: dict[str, list[Any]]) -> None:
    """Add what makes a tree true (or false), by the branch of the check in focus where there are several."""
    match tree:
        case Not(part):
            _meet(part, not wanted, focus, event)
        case Check():
            if wanted != (tree.op == "null"):
                value = "x" if tree.op in ("null", "exists") else _value(tree)
                if value is not None:
                    if tree.op == "ref":
                        event[tree.value[0]].append(value)
                    event[tree.field if tree.field != KEYWORDS else "process.command_line"].append(value)
        case All(parts) | AnyOf(parts):
            if isinstance(tree, All) == wanted:
                for part in parts:
                    _meet(part, wanted, focus, event)
            elif parts:
                chosen = next((part for part in parts if focus in checks_of(part)), parts[0])
                _meet(chosen, wanted, focus, event)


def _searched(kinds: Kinds) -> str:
    assert kinds.of("process.command_line") is Kind.LONG
    return "process.command_line"


def _value(check: Check) -> Any:
    """A value of which the check is true, None where none is known."""
    match check.op:
        case "eq":
            return check.value
        case "like":
            return "".join(
                part if isinstance(part, str) else "q" if part == ONE else "" for part in check.value
            )
        case "re":
            return example(check.value, check.mode)
        case "cidr":
            return str(ipaddress.ip_network(check.value)[0])
        case "number":
            op, number = check.value
            return str(number + {"gt": 1, "lt": -1}.get(op, 0))
        case "part":
            days = (f"2026-{month:02}-{day:02}" for month in range(1, 13) for day in (1, 9, 17, 28))
            moments = (f"{day}T{hour:02}:07:00.000Z" for day in days for hour in range(24))
            return next(filter(text_test(check), moments), None)
        case "ref":
            return "same"
    return None


def _neighbours(check: Check) -> Iterator[Any]:
    value = _value(check)
    if value is None:
        return
    text = str(value)
    match check.op:
        case "eq" | "like" | "re":
            yield from (text[:-1], text[1:], f"Q{text}", f"{text}Q", text.swapcase(), text.upper())
            if len(text) > 3:
                yield text[: len(text) // 2] + "~" + text[len(text) // 2 + 1 :]
            if check.op == "like":
                yield "".join(part if isinstance(part, str) else "Q" for part in check.value)
                yield "".join(part if isinstance(part, str) else "" for part in check.value)
                yield "Q\n".join(part for part in check.value if isinstance(part, str))
        case "cidr":
            network = ipaddress.ip_network(check.value)
            yield str(network[-1])
            for outside in (int(network[0]) - 1, int(network[-1]) + 1):
                if 0 <= outside < 2**network.max_prefixlen:
                    yield str(type(network[0])(outside))
            yield f"{network[0]}x"
        case "number":
            number = check.value[1]
            yield from (str(number - 1), str(number), str(number + 1), f"{number}.0", hex(int(number)), "x1")
        case "ref":
            yield from ("Same", "other", "the same one", "same one", "the same")
        case "part":
            yield "2026-03-30T13:01:36.000Z"


def _storable(kind: Kind, values: list[Any]) -> Any:
    """What the store's field takes of some values, None for none."""
    takes: Callable[[str], Any] = str
    if kind is Kind.OTHER:
        return None
    if kind is Kind.IP:
        takes = lambda text: str(ipaddress.ip_address(text))  # noqa: E731
    elif kind is Kind.NUMBER:
        takes = int
    elif kind is Kind.DATE:
        takes = lambda text: re.fullmatch(r"\d{4}-.*Z", text)[0]  # type: ignore[index]  # noqa: E731
    elif kind is Kind.BOOLEAN:
        takes = {"true": True, "false": False}.__getitem__
    kept = []
    for value in values:
        try:
            kept.append(takes(str(value)))
        except (ValueError, KeyError, TypeError):
            continue
    kept = list(dict.fromkeys(kept))
    return kept[0] if len(kept) == 1 else kept or None


def _conflicts(event: Event) -> bool:
    """Whether a field is a value and an object at once, which no document can hold."""
    return any(one != other and other.startswith(f"{one}.") for one in event for other in event)


def example(pattern: str, flags: str = "") -> str | None:
    """Return a text that an expression finds, None where none was made."""
    try:
        parsed = regex_parser.parse(re.sub(r"\[\[:alpha:\]\]", "[a-z]", pattern))
    except re.error:
        return None
    text = "".join(_pieces(parsed))
    return text if compile_regex(pattern, flags).search(text.encode()) else None


def _pieces(parsed: Any) -> Iterator[str]:
    for op, argument in parsed:
        if op is codes.LITERAL:
            yield chr(argument)
        elif op is codes.NOT_LITERAL:
            yield "a" if argument != ord("a") else "b"
        elif op is codes.ANY:
            yield "a"
        elif op is codes.IN:
            yield _one_of(argument)
        elif op is codes.BRANCH:
            yield from _pieces(argument[1][0])
        elif op is codes.SUBPATTERN:
            yield from _pieces(argument[-1])
        elif op in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            least, most, inner = argument
            for _ in range(max(least, 1 if most else 0)):
                yield from _pieces(inner)


def _one_of(alternatives: Any) -> str:
    text = "".join(
        "^" if op is codes.NEGATE
        else re.escape(chr(argument)) if op is codes.LITERAL
        else f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}" if op is codes.RANGE
        else _CLASSES[argument]
        for op, argument in alternatives
    )  # fmt: skip
    wanted = re.compile(f"[{text}]")
    return next(
        (sign for sign in map(chr, [*range(97, 123), *range(32, 97), 10, 9]) if wanted.match(sign)), ""
    )


_CLASSES = {
    codes.CATEGORY_DIGIT: r"\d", codes.CATEGORY_NOT_DIGIT: r"\D", codes.CATEGORY_SPACE: r"\s",
    codes.CATEGORY_NOT_SPACE: r"\S", codes.CATEGORY_WORD: r"\w", codes.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip
