"""Schedules as people write them: five fields of cron."""

from __future__ import annotations

import re

_FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 7),
)
_NAMES = {
    **{name: number for number, name in enumerate("sun mon tue wed thu fri sat".split())},
    **{
        name: number
        for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)
    },
}
_PART = re.compile(r"(\*|[a-z0-9]{1,3})(?:-([a-z0-9]{1,3}))?(?:/(\d{1,2}))?", re.ASCII)


def cron_fault(text: str) -> str:
    """Return what is wrong with a cron expression, an empty text where nothing is."""
    fields = text.lower().split()
    if len(fields) != len(_FIELDS):
        return f"cron has five fields, this has {len(fields)}"
    for field, (name, least, most) in zip(fields, _FIELDS, strict=True):
        for part in field.split(","):
            match = _PART.fullmatch(part)
            if match is None:
                return f"{part!r} is no {name}"
            first, last, step = match.groups()
            numbers = [_number(word) for word in (first, last) if word not in (None, "*")]
            if any(number is None or not least <= number <= most for number in numbers):
                return f"{part!r} is no {name}: {least} to {most} are"
            if last is not None and (first == "*" or numbers[0] > numbers[1]):  # type: ignore[operator]
                return f"{part!r} ends before it begins"
            if step is not None and int(step) == 0:
                return f"{part!r}: a step of nothing"
    return ""


def _number(word: str | None) -> int | None:
    if word is None:
        return None
    return int(word) if word.isdigit() else _NAMES.get(word)
