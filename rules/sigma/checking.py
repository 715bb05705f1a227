"""Single checks on single texts: the slow half of matching, for what no automaton can find.

Every check is a function from a text to yes or no, except those about absence and about two fields,
which see the event.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from operator import eq, ge, gt, le, lt
from typing import Any

import re2

from rules.sigma.regexes import compile_regex
from rules.sigma.terms import KEYWORDS, MANY, ONE, Check, Pattern
from rules.sigma.values import fold, keyword_texts, number_of, texts_of

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {"gt": gt, "gte": ge, "lt": lt, "lte": le, "eq": eq}


def event_test(check: Check) -> Callable[[Mapping[str, Any]], bool]:
    """Return the function that says whether a check is true of a flat event."""
    field = check.field
    if check.op == "null":
        return lambda event: not texts_of(event.get(field))
    if check.op == "exists":
        return lambda event: bool(texts_of(event.get(field)))
    if check.op == "ref":
        other, where = check.value
        return lambda event: _refers(texts_of(event.get(field)), texts_of(event.get(other)), where)
    test = text_test(check)
    if field == KEYWORDS:
        return lambda event: any(test(text) for text in keyword_texts(event))

    def holds(event: Mapping[str, Any]) -> bool:
        value = event.get(field)
        if value.__class__ is str:
            return test(value)
        return any(test(text) for text in texts_of(value))

    return holds


def _refers(ours: list[str], theirs: list[str], where: str) -> bool:
    """Two absent fields are not equal: there must be a value on both sides."""
    for one in map(fold, ours):
        for other in map(fold, theirs):
            if where == "equal" and one == other:
                return True
            if where == "starts" and one.startswith(other):
                return True
            if where == "ends" and one.endswith(other):
                return True
            if where == "contains" and other in one:
                return True
    return False


@lru_cache(maxsize=20_000)
def text_test(check: Check) -> Callable[[str], bool]:
    """Return the function of a check about one text."""
    value = check.value
    if check.op == "eq":
        return value.__eq__ if check.mode else lambda text: fold(text) == value
    if check.op == "like":
        pattern = like_test(value)
        return pattern if check.mode else lambda text: pattern(fold(text))
    if check.op == "re":
        search = compile_regex(value, check.mode).search
        return lambda text: search(text.encode("utf-8", "replace")) is not None
    if check.op == "cidr":
        return _within(value)
    if check.op == "number":
        return _numeric(*value)
    if check.op == "part":
        return _part_of_time(*value)
    raise ValueError(f"{check.op} is no check of one text")


def like_test(pattern: Pattern) -> Callable[[str], bool]:
    """Return the function that says whether a whole text fits a pattern; its time is linear."""
    if ONE in pattern:
        return _single_wildcards(pattern)
    literals = [part for part in pattern if isinstance(part, str)]
    start = literals.pop(0) if isinstance(pattern[0], str) else ""
    end = literals.pop() if literals and isinstance(pattern[-1], str) else ""
    if not literals and not end and not isinstance(pattern[0], str):
        return lambda _text: True
    least = len(start) + len(end)

    def fits(text: str) -> bool:
        if len(text) < least or not (text.startswith(start) and text.endswith(end)):
            return False
        place, limit = len(start), len(text) - len(end)
        for literal in literals:
            place = text.find(literal, place, limit)
            if place < 0:
                return False
            place += len(literal)
        return True

    return fits


def _single_wildcards(pattern: Pattern) -> Callable[[str], bool]:
    parts = [re2.escape(part) if isinstance(part, str) else ".*" if part == MANY else "." for part in pattern]
    fullmatch = compile_regex("".join(parts), "s").fullmatch
    return lambda text: fullmatch(text.encode("utf-8", "replace")) is not None


def _within(network: str) -> Callable[[str], bool]:
    net = ipaddress.ip_network(network)
    version, mask, wanted = net.version, int(net.netmask), int(net.network_address)

    def within(text: str) -> bool:
        address = _address(text)
        return address is not None and address[0] == version and address[1] & mask == wanted

    return within


@lru_cache(maxsize=4096)
def _address(text: str) -> tuple[int, int] | None:
    """Return an address as version and number, None where a text is none."""
    if len(text) > 60:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    return address.version, int(address)


def _numeric(op: str, wanted: float) -> Callable[[str], bool]:
    compare = _COMPARE[op]

    def numeric(text: str) -> bool:
        number = number_of(text)
        return number is not None and compare(number, wanted)

    return numeric


def _part_of_time(unit: str, op: str, wanted: float) -> Callable[[str], bool]:
    compare = _COMPARE[op]

    def part(text: str) -> bool:
        try:
            moment = datetime.fromisoformat(text)
            moment = moment.astimezone(UTC) if moment.tzinfo else moment
        except (ValueError, OverflowError):  # no time, or one before the year 1
            return False
        value = moment.isocalendar().week if unit == "week" else getattr(moment, unit)
        return compare(value, wanted)

    return part
