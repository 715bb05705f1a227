"""What a value of an event is to Sigma: its text, its text without case, its number.

Every comparison of the matcher rests on these four functions, so that ``4624``, ``"4624"`` and
``4624.0`` are one value, ``True`` is ``"true"`` and never ``1``, and no case rule depends on where
a comparison is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

UNSEARCHED = frozenset(
    {
        "event.original",
        "event.id",
        "event.hash",
        "@timestamp",
        "event.ingested",
        "event.kind",
        "event.category",
        "winlog.record_id",
    }
    | {"event.type", "event.outcome", "event.module", "event.dataset", "log.level", "data_stream.dataset"}
    | {"log.syslog.severity.name", "log.syslog.facility.name"}
)
"""Fields that keywords don't look at: the sealed original, what the pipeline itself adds, the running number
of a record, and words that ECS chose and no log: "format" is in every "informational"."""

_NUMBER = re.compile(r"[+-]?[0-9]{1,300}(?:\.[0-9]{1,300})?\Z")
_HEX = re.compile(r"0[xX][0-9a-fA-F]{1,300}\Z")


def fold(text: str) -> str:
    """Return a text without case, one character for each, as OpenSearch's lowercase normaliser has it.

    That is Unicode's simple mapping: Kelvin K is k, dotted I is i, a final sigma stays a plain one,
    and long s is not s.
    """
    if text.isascii():
        return text.lower()
    return text.replace("\u0130", "i").replace("\u03a3", "\u03c3").lower()


def text_of(value: Any) -> str | None:
    """Return a scalar as text: integral floats as integers, booleans as true or false; else None."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value.bit_length() < 4096 else hex(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return None


def texts_of(value: Any) -> list[str]:
    """Return the texts of a field: of a list each element's; none for null, an empty list, an object."""
    if isinstance(value, (list, tuple)):
        return [text for item in value if (text := text_of(item)) is not None]
    text = text_of(value)
    return [] if text is None else [text]


def number_of(text: str) -> int | float | None:
    """Return the number a text writes in decimal or as 0x…, None where it is none."""
    if _HEX.match(text):
        return int(text, 16)
    if not _NUMBER.match(text):
        return None
    try:
        return int(text)
    except ValueError:
        return float(text)


def keyword_texts(event: Mapping[str, Any]) -> Iterator[str]:
    """Yield all texts of a flat event that a rule's keywords look at."""
    for field, value in event.items():
        if field not in UNSEARCHED:
            yield from texts_of(value)
