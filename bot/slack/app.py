"""The bolt app: what people do in Slack, dispatched to the listeners."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.context import KEY, Here
from bot.slack.ephemeral import whisper
from bot.slack.listeners import GROUPS
from bot.slack.people import People
from workers.desk import Desk

log = structlog.get_logger(__name__)

SORRY = "⚠️ Something went wrong here. It is in the bot's log; try again, or use the `siem` command."


def create_app(desk: Desk, client: AsyncWebClient, signing_secret: str | None = None) -> AsyncApp:
    """Make the app. `signing_secret` is needed for signed HTTP only; without it every request that
    comes over HTTP is refused."""
    app = AsyncApp(
        client=client,
        signing_secret=signing_secret or secrets.token_hex(32),
        logger=_quiet_logger(),
    )
    here = Here(desk=desk, client=client, people=People(client))

    async def bring(context: AsyncBoltContext, next: Callable[[], Awaitable[None]]) -> None:
        context[KEY] = here
        await next()

    async def fail(error: Exception, body: dict[str, Any]) -> None:
        log.error("a listener failed", exc_info=error)
        if "container" in body:
            await whisper(here, body, SORRY)

    app.use(bring)
    app.error(fail)
    for group in GROUPS:
        group.register(app)
    return app


def _quiet_logger() -> logging.Logger:
    """Bolt logs whole requests, with their tokens, at lower levels."""
    logger = logging.getLogger("siem.slack")
    logger.setLevel(logging.ERROR)
    return logger
