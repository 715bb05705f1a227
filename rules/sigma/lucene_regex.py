"""Regular expressions of RE2's syntax in Lucene's, which match whole values and know no anchors.

Syntax on the other side: https://lucene.apache.org/core/10_0_0/core/org/apache/lucene/util/automaton/RegExp.html
"""

from __future__ import annotations

import re

LONGEST = 1000
"""OpenSearch's ``index.max_regex_length``."""

_CLASSES = {"d": "0-9", "w": "a-zA-Z0-9_", "s": " \\\t\\\n\\\r\\\f\\\v"}
_SIGNS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_REPEAT = re.compile(r"\{\d+(?:,\d*)?\}")
_GROUP = re.compile(r"\(\?(?:P?<\w+>|:)")
_SPAN = re.compile(r"([a-zA-Z0-9])-([a-zA-Z0-9])")
_CODE = re.compile(r"x([0-9a-fA-F]{2})|x\{([0-9a-fA-F]+)\}")


class RegexError(ValueError):
    """A regular expression says what Lucene's can't."""


def lucene_regex(pattern: str, flags: str = "") -> str:
    """Return the expression that matches the whole values in which `pattern` is found.

    Raises RegexError. The flag i is the query's business (``case_insensitive``) but inside sets, whose
    case the engine does not ignore.
    """
    if pattern.startswith("(?i)"):
        pattern, flags = pattern[4:], f"{flags}i"
    reader = _Reader(pattern, flags)
    whole = reader.alternatives(top=True)
    if reader.place < len(pattern):
        raise RegexError("an unbalanced )")
    if len(whole) > LONGEST:
        raise RegexError(f"it is longer than the {LONGEST} signs that OpenSearch takes")
    return whole


def literal(text: str) -> str:
    """Return a text as an expression for itself."""
    return "".join(sign if sign.isalnum() and sign.isascii() else f"\\{sign}" for sign in text)


class _Reader:
    def __init__(self, pattern: str, flags: str) -> None:
        self.pattern = pattern
        self.place = 0
        self.multiline = "m" in flags
        self.caseless = "i" in flags
        self.dot = "(.|\\\n)" if "s" in flags else "[^\\\n]"

    def alternatives(self, top: bool) -> str:
        found = [self._sequence(top)]
        while self._peek() == "|":
            self.place += 1
            found.append(self._sequence(top))
        return found[0] if len(found) == 1 else f"({'|'.join(found)})" if top else "|".join(found)

    def _peek(self) -> str:
        return self.pattern[self.place : self.place + 1]

    def _sequence(self, top: bool) -> str:
        anything = "(.|\\\n)*"
        start = end = anything if top else ""
        parts: list[str] = []
        while (sign := self._peek()) and sign not in "|)":
            if sign in "^$" and (self.multiline or not top):
                raise RegexError("an anchor inside a group or for single lines")
            if sign == "^":
                if parts:
                    raise RegexError("an anchor in the middle")
                start = ""
                self.place += 1
            elif sign == "$":
                self.place += 1
                if self._peek() not in ("", "|"):
                    raise RegexError("an anchor in the middle")
                end = ""
            else:
                parts.append(self._atom() + self._repeat())
        if top and self._peek() == ")":
            raise RegexError("an unbalanced )")
        return start + ("".join(parts) or ("" if top else "()")) + end

    def _repeat(self) -> str:
        sign = self._peek()
        found = sign if sign and sign in "*+?" else ""
        if match := _REPEAT.match(self.pattern, self.place):
            found = match.group()
        self.place += len(found)
        if found and self._peek() == "?":  # lazy or greedy: the same values match
            self.place += 1
        return found

    def _atom(self) -> str:
        sign = self._peek()
        if sign == "(":
            if match := _GROUP.match(self.pattern, self.place):
                self.place = match.end()
            elif self.pattern.startswith("(?", self.place):
                raise RegexError("flags inside the expression")
            else:
                self.place += 1
            inner = self.alternatives(top=False)
            if self._peek() != ")":
                raise RegexError("an unbalanced (")
            self.place += 1
            return f"({inner})"
        if sign == "[":
            return self._set()
        self.place += 1
        if sign == ".":
            return self.dot
        return self._escape(inside=False) if sign == "\\" else literal(sign)

    def _escape(self, inside: bool) -> str:
        sign = self._peek()
        self.place += 1
        if sign in _CLASSES:
            return _CLASSES[sign] if inside else f"[{_CLASSES[sign]}]"
        if sign and sign in "DWS" and not inside:
            return f"[^{_CLASSES[sign.lower()]}]"
        if match := _CODE.match(self.pattern, self.place - 1):
            self.place = match.end()
            return literal(chr(int(match.group(1) or match.group(2), 16)))
        if sign in _SIGNS:
            return literal(_SIGNS[sign])
        if not sign or sign.isalnum():
            raise RegexError(f"the escape \\{sign}")
        return literal(sign)

    def _set(self) -> str:
        self.place += 1
        found = "["
        if self._peek() == "^":
            found += "^"
            self.place += 1
        letters: set[str] = set()
        first = True
        while (sign := self._peek()) != "]" or first:
            if not sign or self.pattern.startswith("[:", self.place):
                raise RegexError("a named or unfinished set")
            if span := _SPAN.match(self.pattern, self.place):
                letters |= {chr(code) for code in range(ord(span[1]), ord(span[2]) + 1)}
                found += span[0]
                self.place = span.end()
                first = False
                continue
            self.place += 1
            edge = first or self._peek() == "]"
            if sign == "\\":
                found += self._escape(inside=True)
            else:
                letters.add(sign)
                found += "-" if sign == "-" and not edge else literal(sign)
            first = False
        self.place += 1
        if self.caseless:
            other = {each.swapcase() for each in letters if each.isascii() and each.isalpha()} - letters
            found += "".join(sorted(other))
        return found + "]"
