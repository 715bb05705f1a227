"""Grok-like patterns: ``%{IP:peer}`` is an address that becomes the part ``peer``.

They are compiled by RE2, whose time is in proportion to the text's length whatever the pattern, so that
no pattern of a user's and no log line can hang a collector.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import re2

DEFINITIONS: Mapping[str, str] = {
    "WORD": r"\w+",
    "NOTSPACE": r"\S+",
    "SPACE": r"\s*",
    "DATA": r".*?",
    "GREEDYDATA": r".*",
    "INT": r"[+-]?\d+",
    "POSINT": r"\d+",
    "NUMBER": r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)",
    "HEX": r"(?:0[xX])?[0-9a-fA-F]+",
    "IPV4": r"(?:\d{1,3}\.){3}\d{1,3}",
    "IPV6": r"[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?:%\w+)?",
    "IP": r"(?:%{IPV4}|%{IPV6})",
    "HOSTNAME": r"[0-9A-Za-z_](?:[0-9A-Za-z_-]*)(?:\.[0-9A-Za-z_-]+)*\.?",
    "IPORHOST": r"(?:%{IP}|%{HOSTNAME})",
    "MAC": r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}",
    "USERNAME": r"[\w.@$+\\-]+",
    "EMAIL": r"[^\s@<>]+@[^\s@<>]+",
    "QUOTED": r'"(?:[^"\\]|\\.)*"',
    "UUID": r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}",
    "PATH": r"(?:/[^\s,;\"]*|[A-Za-z]:\\[^,;\"]*)",
    "URI": r"[A-Za-z][A-Za-z0-9+.-]*://\S+",
    "LEVEL": r"(?i:debug|trace|info(?:rmational)?|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|alert|fatal|emerg)",
    "MONTH": r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)",
    "TIME": r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?",
    "ZONE": r"(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})",
    "ISO8601": r"\d{4}-\d{2}-\d{2}[T ]%{TIME} ?%{ZONE}?",
    "SYSLOGTIME": r"%{MONTH} +\d{1,2} %{TIME}",
    "HTTPDATE": r"\d{1,2}/%{MONTH}/\d{4}:%{TIME} [+-]\d{4}",
}
"""What may be named; ``siem sources schema`` lists them to editors."""

_REFERENCE = re.compile(r"%\{([A-Z][A-Z0-9_]*)(?::([A-Za-z_@][A-Za-z0-9_.@-]*))?\}")
_LONE = re.compile(r"%\{[^}]{0,80}\}?")
DEEPEST = 8
LONGEST = 20_000


class PatternError(ValueError):
    """A pattern can't be read; the text says why, and what may be written instead."""


class Pattern:
    """A compiled pattern."""

    def __init__(self, text: str, definitions: Mapping[str, str] | None = None) -> None:
        """Raises `PatternError`."""
        self._names: list[str] = []
        known = {**DEFINITIONS, **(definitions or {})}
        expression = self._expand(text, known, 0)
        try:
            self._match: Any = re2.compile(f"(?s)(?:{expression})", _OPTIONS)
        except re2.error as error:
            raise PatternError(f"RE2 does not read {text!r}: {error} (it has no look-around)") from error

    @property
    def names(self) -> tuple[str, ...]:
        """The parts that it finds."""
        return tuple(self._names)

    def read(self, text: str) -> dict[str, str] | None:
        """Return the parts of a text, None where it does not fit as a whole."""
        match = self._match.fullmatch(text)
        if match is None:
            return None
        found: dict[str, str] = {}
        for at, name in enumerate(self._names):
            value = match.group(f"p{at}")
            if value is not None and name not in found:
                found[name] = value
        return found

    def _expand(self, text: str, known: Mapping[str, str], depth: int) -> str:
        if depth > DEEPEST or len(text) > LONGEST:
            raise PatternError("definitions refer to each other in a circle, or too deep")
        pieces, at = [], 0
        for match in _REFERENCE.finditer(text):
            pieces.append(self._checked(text[at : match.start()]))
            name, part = match.groups()
            if name not in known:
                raise PatternError(f"there is no pattern {name}; there are: {', '.join(sorted(known))}")
            inner = self._expand(known[name], known, depth + 1)
            if part is None:
                pieces.append(f"(?:{inner})")
            else:
                pieces.append(f"(?P<p{len(self._names)}>{inner})")
                self._names.append(part)
            at = match.end()
        pieces.append(self._checked(text[at:]))
        return "".join(pieces)

    @staticmethod
    def _checked(text: str) -> str:
        if (lone := _LONE.search(text)) is not None:
            raise PatternError(f"{lone[0]!r} is no %{{NAME}} or %{{NAME:part}}: names are upper case")
        return text


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 16 << 20
    return options


_OPTIONS = _options()
