"""Results of actions, made fit for a run: whatever an integration answers, a run gets plain, bounded JSON.

A message of Temporal may have 2 MiB, a task's answer 4 MiB, a history 50 MiB: results stay far below each. Of
one that is larger the run gets references (`playbooks.kept`), and `workers.kept_results` keeps it. An answer
that is none fails its step with the reason; it never stops the workflow itself.
"""

from __future__ import annotations

from typing import Any

from pydantic_core import PydanticSerializationError, from_json, to_json

from playbooks.kept import INLINE_LIMIT as RESULT_LIMIT

__all__ = [
    "AT_ONCE",
    "DEEPEST",
    "ENVELOPE",
    "KEPT_LIMIT",
    "NOTE_LIMIT",
    "RESULT_LIMIT",
    "RUN_LIMIT",
    "TEXT_LIMIT",
    "ResultError",
    "check_result",
    "size_of",
]

KEPT_LIMIT = 20_000_000
"""Bytes of JSON that an action's result may have; more than `RESULT_LIMIT` are kept elsewhere."""
ENVELOPE = "siem:kept"
"""The field of a result that names what of it is kept elsewhere. No action may answer with it."""
DEEPEST = 40
"""How deep it may be nested."""
AT_ONCE = 1_000_000
"""Bytes of results that one workflow task may bring: its whole answer must stay below 4 MiB."""
NOTE_LIMIT = 20_000
"""Bytes of a result that evidence shows; of a larger one it has the digest and the beginning."""
RUN_LIMIT = 1_000_000
"""Bytes of all results that an ended run shows."""


TEXT_LIMIT = 2_000
"""Characters of what an integration says about a failure or a look."""


class ResultError(Exception):
    """What an action answered is no result; the text says why."""


def check_result(result: Any, action: str, limit: int = RESULT_LIMIT) -> dict[str, Any]:
    """Return a result as plain JSON of at most `limit` bytes. Raises `ResultError`."""
    if not isinstance(result, dict):
        raise ResultError(f"{action} answered with {_kind(result)}: a mapping of fields was expected")
    if _deeper(result, DEEPEST):
        raise ResultError(f"{action} answered with something nested more than {DEEPEST} deep")
    if ENVELOPE in result:
        raise ResultError(f"{action} answered with a field {ENVELOPE!r}, which is none of an action's")
    try:
        text = to_json(result)
    except (PydanticSerializationError, UnicodeEncodeError, ValueError) as error:
        raise ResultError(f"{action} answered with what is no JSON: {error}") from error
    if len(text) > limit:
        raise ResultError(
            f"{action} answered with {len(text):,} bytes; a step's result may have {limit:,}: "
            "ask it for less (a limit, a shorter time)"
        )
    plain: dict[str, Any] = from_json(text)
    return plain


def size_of(value: Any) -> int:
    """Return how many bytes of JSON a plain value has."""
    return len(to_json(value))


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


def _deeper(value: Any, levels: int) -> bool:
    """Whether a value is nested deeper than that, without recursion of its own."""
    layer = [value]
    for _ in range(levels):
        layer = [
            inner
            for one in layer
            for inner in (
                one.values() if isinstance(one, dict) else one if isinstance(one, list | tuple) else ()
            )
            if isinstance(inner, dict | list | tuple)
        ]
        if not layer:
            return False
    return True
