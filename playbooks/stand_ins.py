"""Stand-ins for what is missing or wrong in a step, so that the rest of it is checked in the same go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

STAND_INS: Mapping[str, Any] = {
    "from": "nobody",
    "expires": "1h",
    "question": "-",
    "text": "-",
    "label": "-",
    "tier": "low",
    "reason": "there is none",
    "max_per_hour": 1,
    "attempts": 2,
    "quorum": 2,
}
"""Of keys in a step: what stands in their place while the rest is checked, and is right for any check."""


def mend(raw: Any, details: Iterable[ErrorDetails], name: str) -> Any | None:
    """Return a step's value with stand-ins for all that a validation complained of; None where something has
    none. `name` stands in for its id."""
    raw = _copied(raw)
    return raw if all(_mend(raw, detail, name) for detail in details) else None


def _copied(value: Any) -> Any:
    """Copy what the file holds; steps that were read already stay themselves."""
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


def _has(inside: Any, part: str | int) -> bool:
    if isinstance(inside, dict):
        return part in inside
    return isinstance(inside, list) and isinstance(part, int) and part < len(inside)


def _mend(raw: Any, detail: ErrorDetails, name: str) -> bool:
    """Mend one thing in place; returns whether there is something that may stand in its place."""
    holder, at = raw, None
    inside: Any = raw
    for part in detail["loc"]:  # names of union members are no places
        if _has(inside, part):
            holder, at, inside = inside, part, inside[part]
    if detail["type"] == "missing":
        holder, at = inside, detail["loc"][-1]
    if not isinstance(holder, dict) or at is None:
        return False
    if detail["type"] == "extra_forbidden":
        holder.pop(at, None)
        return True
    stand_ins = {**STAND_INS, "id": name, "type": "choice" if "choices" in holder else "text"}
    if at not in stand_ins:
        return False
    holder[at] = stand_ins[at]
    return True
