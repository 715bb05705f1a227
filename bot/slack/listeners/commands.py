"""``/siem``: the verbs, answered to the one who asks."""

from __future__ import annotations

from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.context.respond.async_respond import AsyncRespond

from bot.slack.answer_view import answer_blocks, fault_blocks, usage_blocks
from bot.slack.context import caller, here
from bot.slack.mrkdwn import plain
from bot.slack.pictures import show_path
from bot.verbs import UsageError, answer
from workers.desk import DeskError

log = structlog.get_logger(__name__)

COMMAND = "/siem"


def register(app: AsyncApp) -> None:
    app.command(COMMAND)(siem)


async def siem(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond, context: AsyncBoltContext) -> None:
    """Do what was typed; only the one who typed it sees the answer."""
    await ack()
    site = here(context)
    by = caller(body, site.people)
    text = str(body.get("text") or "")
    log.info("asked", by=by.id, text=text[:200])
    try:
        found = await answer(site.desk, text, by)
    except UsageError as error:
        await respond(text=plain(error, 300), blocks=usage_blocks(error), response_type="ephemeral")
        return
    except DeskError as error:
        await respond(text=plain(error, 300), blocks=fault_blocks(str(error)), response_type="ephemeral")
        return
    await respond(text=plain(found.title, 300), blocks=answer_blocks(found), response_type="ephemeral")
    if found.path is not None:
        thread = (await site.desk.incident(found.path.incident)).thread
        if thread is not None:
            await show_path(site, found.path, thread)
