"""What a ``wait`` waits for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from playbooks.commands import Await, Wait
from playbooks.expressions import ExpressionError
from playbooks.rendering import read, render_text
from playbooks.steps import WaitStep

LONGEST_WAIT = 366 * 86400
"""Seconds; also of ``until``."""


def await_command(name: str, step: WaitStep, context: Mapping[str, Any]) -> Wait | Await:
    """Return the command of a wait, under its `name` in the run. Raises `ExpressionError` for a moment that
    is none."""
    wanted = step.wait
    if wanted.until is not None:
        return Wait(id=name, until=read_moment(render_text(wanted.until, context)))
    if wanted.event is not None or wanted.webhook is not None:
        return Await(
            id=name,
            event=None if wanted.event is None else render_text(wanted.event, context),
            webhook=wanted.webhook,
            where=read(wanted.where, context),
            seconds=wanted.within or 0,
        )
    return Wait(id=name, seconds=wanted.time or 0)


def read_moment(text: str) -> datetime:
    """Return an aware moment. Raises `ExpressionError` in words."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ExpressionError(f"{text[:60]!r} is no moment: write one like 2026-03-30T16:00:00Z") from error
    if moment.tzinfo is None:
        raise ExpressionError(f"{text[:60]!r} names no zone: end it with Z or +02:00")
    return moment


def holds(where: Mapping[str, Any], payload: Any) -> bool:
    """Whether a webhook's body has each of these values at its dotted path."""
    return all(_at(payload, path) == value for path, value in where.items())


def _at(payload: Any, path: str) -> Any:
    for part in path.split("."):
        if not isinstance(payload, Mapping):
            return None
        payload = payload.get(part)
    return payload
