"""Tickets elsewhere: made once, however often the request for one is repeated.

A ticket carries a mark that follows from the request's key. Whoever repeats the request finds the ticket by
what we remember (``tickets/<action>/<mark>`` in the state store), else by the mark at the vendor, and only
then makes one. So a worker that dies between making and remembering makes no second one, as far as the
vendor finds what was just made.

Texts may hold what logs said. They are data: sent as plain text, in the vendor's own form for that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from integrations.contract import ActionCall, ActionRefusedError, ActionUnavailableError
from integrations.ports import Site, StoreError, StoreUnavailableError
from playbooks.actions import Parameter, ValueType

Ticket = dict[str, Any]
"""What the action returns: ``id`` and ``url``."""
RETURNS = {"id": ValueType.TEXT, "url": ValueType.TEXT}
TITLE = Parameter(name="title", type=ValueType.TEXT, description="One line.")
TEXT = Parameter(
    name="text", type=ValueType.TEXT, description="What happened, in plain text.", required=False, default=""
)
LONGEST = 30_000
"""Characters of a text; the rest is cut off, and said to be."""


def mark_of(call: ActionCall, action: str) -> str:
    """Return the mark of a request: letters and digits, which no query language takes for anything else."""
    return "siem-" + hashlib.sha256(f"{action}\n{call.key}".encode()).hexdigest()[:32]


async def make_once(
    call: ActionCall,
    site: Site,
    action: str,
    find: Callable[[str], Awaitable[Ticket | None]],
    make: Callable[[str], Awaitable[Ticket]],
) -> Ticket:
    """Return the request's ticket, made now where there is none. Raises `ActionError`."""
    mark = mark_of(call, action)
    key = f"tickets/{action}/{mark}"
    with _stored():
        known = await site.state.get(key)
    if known is not None:
        return dict(known[0])
    ticket = await find(mark) or await make(mark)
    with _stored():
        await site.state.put(key, ticket)
    return ticket


def line(value: Any, longest: int) -> str:
    """Return a title as one line. Raises `ActionRefusedError` for an empty one."""
    text = " ".join("".join(one if one.isprintable() else " " for one in str(value or "")).split())
    if not text:
        raise ActionRefusedError("a ticket needs a title")
    return text if len(text) <= longest else text[: longest - 1] + "…"


def lines(value: Any, longest: int = LONGEST) -> str:
    """Return a text without control characters, cut where it is too long."""
    text = str(value or "").replace("\r\n", "\n")
    text = "".join(one if one.isprintable() or one in "\n\t" else "�" for one in text)
    if len(text) <= longest:
        return text
    said = f"\n… ({len(text):,} characters in all)"
    return text[: longest - len(said)] + said


def told(call: ActionCall) -> str:
    """Return the text of a request, with the incident that it is about."""
    about = f"Incident {call.incident}" if call.incident else ""
    return "\n\n".join(part for part in (lines(call.params.get("text")), about) if part)


class _stored:  # noqa: N801
    """Turns the store's errors into an action's."""

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, StoreUnavailableError):
            raise ActionUnavailableError(f"the store does not answer: {error}") from error
        if isinstance(error, StoreError):
            raise ActionRefusedError(str(error)) from error
