"""Approve and Deny: a click is a vote, acknowledged once it is durable."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack.context import Here, caller, here
from bot.slack.ephemeral import whisper
from bot.slack.mrkdwn import mention, prose
from bot.slack.question_view import APPROVE_ACTION, DENY_ACTION, Ballot, BallotError
from workers.contract import Vote, VoteResult
from workers.desk import DeskError, VoteRefusedError

log = structlog.get_logger(__name__)

DURABLE_WITHIN = 2.4
"""Seconds to wait for the desk before acknowledging; Slack gives 3."""


def register(app: AsyncApp) -> None:
    app.action(APPROVE_ACTION)(approve)
    app.action(DENY_ACTION)(deny)


async def approve(
    ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext
) -> None:
    await _vote(ack, body, action, here(context), approve=True)


async def deny(
    ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], context: AsyncBoltContext
) -> None:
    await _vote(ack, body, action, here(context), approve=False)


async def _vote(
    ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], site: Here, *, approve: bool
) -> None:
    try:
        ballot = Ballot.from_value(action["value"])
    except BallotError as error:
        await ack()
        await whisper(site, body, f"⚠️ {prose(error)}")
        return
    by = caller(body, site.people)
    vote = Vote(
        question=ballot.question,
        digest=ballot.digest,
        by=by.id,
        by_name=by.name,
        approve=approve,
        at=_clicked(action),
    )
    deciding = asyncio.ensure_future(site.desk.vote(ballot.workflow, vote))
    await asyncio.wait({deciding}, timeout=DURABLE_WITHIN)
    await ack()
    try:
        result = await deciding
    except VoteRefusedError as error:
        log.info("a vote was refused", by=by.id, why=error.refused.value, question=ballot.question)
        await whisper(site, body, f"⛔ Your click does not count: {prose(error)}.")
    except DeskError as error:
        log.warning("a vote was not delivered", by=by.id, reason=str(error))
        await whisper(site, body, f"⚠️ Your click was not counted: {prose(error)}")
    else:
        if result.decision == "pending":
            await whisper(site, body, _pending(result))


def _clicked(action: dict[str, Any]) -> datetime:
    """Return when the button was pressed, by Slack's clock."""
    try:
        return datetime.fromtimestamp(float(action["action_ts"]), UTC)
    except (KeyError, TypeError, ValueError):
        return datetime.now(UTC)


def _pending(result: VoteResult) -> str:
    by = ", ".join(mention(person) for person in result.by)
    return f"🗳️ Counted: {result.approvals} of {result.quorum} approvals so far ({by})."
