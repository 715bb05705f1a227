"""A slow and obvious reading of Sigma, to hold the matcher against.

It reads a detection's mapping as it stands in YAML: no pySigma, no automaton, no RE2. Fields must be
ECS names already, and regular expressions ones that Python and RE2 read alike.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

from rules.sigma.values import UNSEARCHED

DASHES = "-/\u2013\u2014\u2015"


def matches(detection: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    conditions = detection["condition"]
    names = {name: value for name, value in detection.items() if name != "condition"}
    listed = conditions if isinstance(conditions, list) else [conditions]
    return any(_Condition(condition, names, event).value() for condition in listed)


class _Condition:
    """A recursive descent over: or, and, not, parentheses, N of pattern, names."""

    def __init__(self, text: str, names: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        self.words = re.findall(r"[()]|[\w*-]+", text)
        self.names = names
        self.event = event

    def value(self) -> bool:
        result = self._or()
        assert not self.words
        return result

    def _or(self) -> bool:
        result = self._and()
        while self.words[:1] == ["or"]:
            self.words.pop(0)
            result = self._and() or result
        return result

    def _and(self) -> bool:
        result = self._not()
        while self.words[:1] == ["and"]:
            self.words.pop(0)
            result = self._not() and result
        return result

    def _not(self) -> bool:
        word = self.words.pop(0)
        if word == "not":
            return not self._not()
        if word == "(":
            result = self._or()
            assert self.words.pop(0) == ")"
            return result
        if self.words[:1] == ["of"]:
            self.words.pop(0)
            pattern = self.words.pop(0)
            wanted = "*" if pattern == "them" else pattern
            found = [
                selection(value, self.event)
                for name, value in self.names.items()
                if re.fullmatch(wanted.replace("*", ".*"), name)
            ]
            return all(found) if word == "all" else any(found)
        return selection(self.names[word], self.event)


def selection(definition: Any, event: Mapping[str, Any]) -> bool:
    if isinstance(definition, Mapping):
        return all(_item(key, value, event) for key, value in definition.items())
    if isinstance(definition, list) and any(isinstance(item, (Mapping, list)) for item in definition):
        return any(selection(item, event) for item in definition)
    values = definition if isinstance(definition, list) else [definition]
    return any(_keyword(value, event) for value in values)


def _keyword(value: Any, event: Mapping[str, Any]) -> bool:
    pattern = _fitting([0, *_tokens(lower(_plain(value))), 0])
    return any(
        pattern(lower(text))
        for field in event
        if field not in UNSEARCHED
        for text in _texts(event.get(field))
    )


def _item(key: str, value: Any, event: Mapping[str, Any]) -> bool:
    field, *modifiers = key.split("|")
    values = value if isinstance(value, list) else [value]
    texts = _texts(event.get(field))
    answers = [_one(item, modifiers, texts, event) for item in values]
    return all(answers) if "all" in modifiers else any(answers)


def _one(value: Any, modifiers: list[str], texts: list[str], event: Mapping[str, Any]) -> bool:
    if value is None:
        return not texts
    if "exists" in modifiers:
        return bool(texts) is bool(value)
    if "fieldref" in modifiers:
        theirs = [lower(text) for text in _texts(event.get(value))]
        ways: dict[str, Callable[[str, str], bool]] = {
            "contains": lambda one, other: other in one,
            "startswith": str.startswith,
            "endswith": str.endswith,
        }
        way = next((ways[name] for name in ways if name in modifiers), str.__eq__)
        return any(way(lower(text), other) for text in texts for other in theirs)
    if "cidr" in modifiers:
        return any(_inside(text, value) for text in texts)
    if "re" in modifiers:
        flags = re.IGNORECASE if "i" in modifiers else 0
        return any(re.search(value, text, flags) for text in texts)
    for name, compare in _COMPARISONS.items():
        if name in modifiers:
            return any((number := _number(text)) is not None and compare(number, value) for text in texts)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and "contains" not in modifiers:
        return any(_number(text) == value for text in texts)
    cased = "cased" in modifiers
    return any(
        _fitting(_around(_tokens(pattern if cased else lower(pattern)), modifiers))(
            text if cased else lower(text)
        )
        for pattern in _patterns(value, modifiers)
        for text in texts
    )


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda one, other: one > other,
    "gte": lambda one, other: one >= other,
    "lt": lambda one, other: one < other,
    "lte": lambda one, other: one <= other,
}


def _patterns(value: Any, modifiers: list[str]) -> list[str]:
    patterns = [_plain(value)]
    if "windash" in modifiers:
        places = [match.start() for match in re.finditer(r"\B[-/]\b", patterns[0])]
        for place in places:
            patterns = [text[:place] + dash + text[place + 1 :] for text in patterns for dash in DASHES]
    if "base64offset" in modifiers:
        raw = patterns[0].encode()
        patterns = []
        for offset in range(3):
            encoded = base64.b64encode(b" " * offset + raw).decode()
            start = (0, 2, 3)[offset]
            end = (None, -3, -2)[(len(raw) + offset) % 3]
            patterns.append(encoded[start:end])
    return patterns


def _around(tokens: list[str | int], modifiers: list[str]) -> list[str | int]:
    if "contains" in modifiers:
        return [0, *tokens, 0]
    if "startswith" in modifiers:
        return [*tokens, 0]
    return [0, *tokens] if "endswith" in modifiers else tokens


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _tokens(pattern: str) -> list[str | int]:
    """Sigma's wildcards and escapes: 0 for ``*``, 1 for ``?``, else the sign."""
    tokens: list[str | int] = []
    place = 0
    while place < len(pattern):
        sign = pattern[place]
        following = pattern[place + 1 : place + 2]
        if sign == "\\" and following and following in "*?\\":
            tokens.append(following)
            place += 2
            continue
        tokens.append({"*": 0, "?": 1}.get(sign, sign))
        place += 1
    return tokens


def _fitting(tokens: list[str | int]) -> Callable[[str], bool]:
    """Walk a text one token at a time, as the set of places that can be reached."""

    def fits(text: str) -> bool:
        reached = {0}
        for token in tokens:
            if token == 0:
                reached = set(range(min(reached), len(text) + 1)) if reached else set()
            else:
                reached = {at + 1 for at in reached if at < len(text) and (token == 1 or text[at] == token)}
        return len(text) in reached

    return fits


def lower(text: str) -> str:
    return "".join("i" if sign == "\u0130" else sign.lower() for sign in text)


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [_text(item) for item in values if item is not None]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value)


def _number(text: str) -> float | None:
    if re.fullmatch(r"0[xX][0-9a-fA-F]+", text):
        return int(text, 16)
    return float(text) if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text) else None


def _inside(text: str, network: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return address in ipaddress.ip_network(network)
