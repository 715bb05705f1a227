"""Small checks that add up to a schema; each notes every fault with its JSON pointer.

The wording follows what Slack answers in ``response_metadata.messages``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Faults: TypeAlias = list[str]
Check: TypeAlias = Callable[[Any, str, Faults], None]
"""(value, JSON pointer of the value, faults to add to)."""


def note(faults: Faults, what: str, pointer: str) -> None:
    faults.append(f"[ERROR] {what} [json-pointer:{pointer}]")


def string(most: int, least: int = 1, pattern: str | None = None) -> Check:
    """A string of `least` to `most` characters."""

    def check(value: Any, pointer: str, faults: Faults) -> None:
        if not isinstance(value, str):
            note(faults, "must provide a string", pointer)
        elif len(value) < least:
            note(faults, f"must be more than {least - 1} characters", pointer)
        elif len(value) > most:
            note(faults, f"must be less than {most + 1} characters", pointer)
        elif pattern is not None and not re.fullmatch(pattern, value, re.DOTALL):
            note(faults, "invalid value", pointer)

    return check


def flag(value: Any, pointer: str, faults: Faults) -> None:
    if not isinstance(value, bool):
        note(faults, "must provide a boolean", pointer)


def anything(value: Any, pointer: str, faults: Faults) -> None:
    """For what the page doesn't draw."""
    del value, pointer, faults


def integer(least: int, most: int) -> Check:
    def check(value: Any, pointer: str, faults: Faults) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            note(faults, "must provide an integer", pointer)
        elif not least <= value <= most:
            note(faults, f"must be between {least} and {most}", pointer)

    return check


def one_of(*values: str) -> Check:
    def check(value: Any, pointer: str, faults: Faults) -> None:
        if value not in values:
            note(faults, f"must be one of: {', '.join(values)}", pointer)

    return check


def items(each: Check, most: int, least: int = 1) -> Check:
    """A list of `least` to `most` things."""

    def check(value: Any, pointer: str, faults: Faults) -> None:
        if not isinstance(value, list):
            note(faults, "must provide an array", pointer)
            return
        if len(value) < least:
            note(faults, f"no less than {least} items allowed", pointer)
        if len(value) > most:
            note(faults, f"no more than {most} items allowed", pointer)
        for index, one in enumerate(value):
            each(one, f"{pointer}/{index}", faults)

    return check


def record(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these fields and no others; ``type`` is always allowed."""
    known = {**required, **(optional or {})}

    def check(value: Any, pointer: str, faults: Faults) -> None:
        if not isinstance(value, dict):
            note(faults, "must provide an object", pointer)
            return
        for name in required:
            if name not in value:
                note(faults, f"missing required field: {name}", pointer)
        for name, one in value.items():
            if name == "type":
                continue
            if name not in known:
                note(faults, f"no more fields allowed: {name}", pointer)
            else:
                known[name](one, f"{pointer}/{name}", faults)

    return check


def typed(table: Mapping[str, Check]) -> Check:
    """An object whose ``type`` names its check."""

    def check(value: Any, pointer: str, faults: Faults) -> None:
        if not isinstance(value, dict):
            note(faults, "must provide an object", pointer)
        elif "type" not in value:
            note(faults, "missing required field: type", pointer)
        elif value["type"] not in table:
            note(faults, f"unsupported type: {value['type']}", f"{pointer}/type")
        else:
            table[value["type"]](value, pointer, faults)

    return check


def also(*checks: Check) -> Check:
    """All of them."""

    def check(value: Any, pointer: str, faults: Faults) -> None:
        for one in checks:
            one(value, pointer, faults)

    return check


def exactly_one(*names: str) -> Check:
    """An object that has one of the fields."""

    def check(value: Any, pointer: str, faults: Faults) -> None:
        if isinstance(value, dict) and sum(name in value for name in names) != 1:
            note(faults, f"must provide exactly one of: {', '.join(names)}", pointer)

    return check


def at_least_one(*names: str) -> Check:
    def check(value: Any, pointer: str, faults: Faults) -> None:
        if isinstance(value, dict) and not any(name in value for name in names):
            note(faults, f"must provide at least one of: {', '.join(names)}", pointer)

    return check
