"""Vendors' answers, held to the shape that their documentation promises before anything is read from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contract import ActionUnavailableError


def record(value: Any, what: str) -> dict[str, Any]:
    """Return a JSON object. Raises `ActionUnavailableError` saying whose answer is none; `what` names it."""
    if not isinstance(value, Mapping):
        raise ActionUnavailableError(f"{what} did not answer with a JSON object, but with {_kind(value)}")
    return dict(value)


def records(value: Any, what: str) -> list[dict[str, Any]]:
    """Return a JSON array of objects. Raises as `record`."""
    if not isinstance(value, list):
        raise ActionUnavailableError(f"{what} did not answer with a list, but with {_kind(value)}")
    return [record(one, what) for one in value]


def text(value: Mapping[str, Any], key: str, what: str) -> str:
    """Return a field that must hold a text. Raises as `record`."""
    found = value.get(key)
    if not isinstance(found, str) or not found:
        raise ActionUnavailableError(f"{what} answered without {key}")
    return found


def inner(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return an object within an object, an empty one where it is left out or null."""
    found = value.get(key)
    return dict(found) if isinstance(found, Mapping) else {}


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
