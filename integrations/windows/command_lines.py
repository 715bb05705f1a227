"""Command lines of Windows, cut into arguments as its C runtime does it.

Rules: https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r'(?:[^ \t\r\n"]++|"[^"]*+"?)++')
LONGEST = 32_768
"""Characters of a command line: CreateProcess takes no longer one."""


@lru_cache(maxsize=8192)
def arguments(line: str) -> tuple[str, ...]:
    """Return the arguments of a command line, without the quotes around them."""
    line = line[:LONGEST]
    if '"' not in line:
        return tuple(line.split())
    if '\\"' not in line and '""' not in line:
        return tuple(word.replace('"', "") for word in _WORD.findall(line))
    return tuple(_escaped(line))


def _escaped(line: str) -> list[str]:
    """The same, of a line with escaped quotes."""
    found: list[str] = []
    word: list[str] = []
    inside = begun = False
    at, end = 0, len(line)
    while at < end:
        character = line[at]
        if character == "\\":
            stop = at
            while stop < end and line[stop] == "\\":
                stop += 1
            count = stop - at
            begun = True
            if stop < end and line[stop] == '"':
                word.append("\\" * (count // 2))
                if count % 2:
                    word.append('"')
                    stop += 1
            else:
                word.append("\\" * count)
            at = stop
            continue
        if character == '"':
            begun = True
            if inside and line[at + 1 : at + 2] == '"':
                word.append('"')
                at += 2
                continue
            inside = not inside
        elif character in " \t\r\n" and not inside:
            if begun:
                found.append("".join(word))
                word, begun = [], False
        else:
            word.append(character)
            begun = True
        at += 1
    if begun:
        found.append("".join(word))
    return found
