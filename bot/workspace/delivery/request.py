"""What is delivered, and the port that delivers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from bot.workspace.store import Json


@dataclass(frozen=True)
class AppRequest:
    kind: Literal["slash_commands", "interactive", "events_api"]
    payload: Json
    attempt: int = 0
    """0 the first time; later ones say so, as Slack does."""
    reason: str = ""
    """Why the last attempt failed."""


class Delivery(Protocol):
    async def deliver(self, request: AppRequest) -> Json:
        """Return what the app answered with its acknowledgement; ``{}``: nothing.

        Raises `NotConnectedError` and `UnacknowledgedError`.
        """
        ...
