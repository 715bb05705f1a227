"""The buttons of an incident's first message: its attack path, and taking it."""

from __future__ import annotations

from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack.answer_view import answer_blocks, fault_blocks
from bot.slack.context import caller, here
from bot.slack.ephemeral import whisper
from bot.slack.incident_view import OWN_ACTION, PATH_ACTION
from bot.slack.mrkdwn import plain
from bot.slack.pictures import show_path
from bot.verbs.incidents import draw_path, own_incident
from workers.contract import ThreadRef
from workers.desk import DeskError


def register(app: AsyncApp) -> None:
    app.action(PATH_ACTION)(attack_path)
    app.action(OWN_ACTION)(take)


async def attack_path(
    ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext
) -> None:
    """Show the path in the incident's thread as a picture, or to the one who asks in words."""
    await ack()
    site = here(context)
    try:
        answer = await draw_path(site.desk, action["value"])
    except DeskError as error:
        await whisper(site, body, plain(error, 500), fault_blocks(str(error)))
        return
    thread = ThreadRef(channel=body["channel"]["id"], ts=body["message"]["ts"])
    if answer.path is None or not await show_path(site, answer.path, thread):
        await whisper(site, body, plain(answer.title, 200), answer_blocks(answer))


async def take(
    ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext
) -> None:
    """Make the one who clicked the incident's owner; the message itself shows it then."""
    site = here(context)
    try:
        await own_incident(site.desk, action["value"], caller(body, site.people))
        await ack()
    except DeskError as error:
        await ack()
        await whisper(site, body, plain(error, 500), fault_blocks(str(error)))
