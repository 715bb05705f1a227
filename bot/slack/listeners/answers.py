"""Questions for data: the button opens a form, the form is the answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.errors import SlackApiError

from bot.slack.context import caller, here
from bot.slack.ephemeral import whisper
from bot.slack.inquiry_view import ANSWER_ACTION, FORM, FormError, FormRef, answers_of, form_view
from bot.slack.mrkdwn import plain, prose
from workers.contract import AnswerRefused, GivenAnswer
from workers.desk import AnswerRefusedError, DeskError

log = structlog.get_logger(__name__)


def register(app: AsyncApp) -> None:
    app.action(ANSWER_ACTION)(open_form)
    app.view(FORM)(take_answer)


async def open_form(
    ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext
) -> None:
    """Show the form to the one who clicked, if they may answer and the question is open."""
    await ack()
    site = here(context)
    try:
        ref = FormRef.from_value(action["value"])
        card = await site.desk.inquiry(ref.workflow, ref.question)
    except (FormError, DeskError) as error:
        await whisper(site, body, f"⚠️ {prose(error)}")
        return
    if body["user"]["id"] not in card.people:
        await whisper(site, body, f"⛔ Only {prose(card.group)} may answer this.")
        return
    try:
        await site.client.views_open(trigger_id=body["trigger_id"], view=form_view(card))
    except SlackApiError as error:
        log.warning("a form was not opened", reason=error.response["error"])
        await whisper(site, body, "⚠️ The form came too late to be opened: click again.")


async def take_answer(
    ack: AsyncAck, body: dict[str, Any], view: dict[str, Any], context: AsyncBoltContext
) -> None:
    """Acknowledge once the answer is durable; what is no answer is told beside its field."""
    site = here(context)
    by = caller(body, site.people)
    try:
        ref = FormRef.from_value(view["private_metadata"])
        answers = answers_of(view)
        given = GivenAnswer(
            question=ref.question, by=by.id, by_name=by.name, answers=answers, at=datetime.now(UTC)
        )
        await site.desk.answer(ref.workflow, given)
    except AnswerRefusedError as error:
        log.info("an answer was refused", by=by.id, why=error.refused.value)
        field, colon, words = str(error).partition(": ")
        blocks = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
        beside = field if colon and field in blocks else blocks[0]
        text = words if error.refused is AnswerRefused.NO_ANSWER and colon else str(error)
        await ack(response_action="errors", errors={beside: plain(text, 140)})
    except (FormError, DeskError) as error:
        blocks = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
        await ack(response_action="errors", errors={blocks[0]: plain(error, 140)})
    else:
        await ack()
