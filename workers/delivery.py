"""Delivering what a person says to a workflow, and telling them where no answer came."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from temporalio.service import RPCError, RPCStatusCode
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential

from workers.desk import DeskError


def late(what: str, patience: timedelta) -> DeskError:
    """Return that something was asked for and is under way: it may be done yet, nobody waits for it here."""
    return DeskError(
        f"{what}: no answer within {patience.total_seconds():.0f} s. It may come yet: look again in a "
        "moment, and at `siem status`"
    )


async def delivered(update: Callable[[], Awaitable[Any]]) -> Any:
    """Deliver an update, again where its workflow was not ready: a run that just continues in a fresh history
    has its task done anew when something comes in at that moment, and the server sends back what was on its
    way. It counts once: by its id, or as a second vote of the same person."""
    again = AsyncRetrying(
        stop=stop_after_attempt(8),
        wait=wait_exponential(multiplier=0.05, max=0.5),
        retry=retry_if_exception(_not_ready),
        reraise=True,
    )
    return await again(update)


def _not_ready(error: BaseException) -> bool:
    return isinstance(error, RPCError) and error.status is RPCStatusCode.FAILED_PRECONDITION
