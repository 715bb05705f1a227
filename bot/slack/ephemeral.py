"""What only the one who clicked is told, where they clicked."""

from __future__ import annotations

from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot.slack.blocks import Blocks, as_json, section
from bot.slack.context import Here

log = structlog.get_logger(__name__)


async def whisper(here: Here, body: dict[str, Any], text: str, blocks: Blocks | None = None) -> None:
    """Tell the person who caused `body` something that nobody else sees. `text` is mrkdwn."""
    container = body.get("container") or {}
    thread = (body.get("message") or {}).get("thread_ts") or container.get("thread_ts")
    try:
        await here.client.chat_postEphemeral(
            channel=(body.get("channel") or {}).get("id") or container["channel_id"],
            user=body["user"]["id"],
            thread_ts=thread,
            text=text,
            blocks=blocks or as_json([section(text)]),
        )
    except (SlackApiError, aiohttp.ClientError, OSError, TimeoutError) as error:
        log.warning("a person could not be told", user=body["user"]["id"], reason=str(error))
