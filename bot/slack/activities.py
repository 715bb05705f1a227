"""What the bot does for workflows: messages posted, edited and retired, each once whatever dies when.

Temporal alone retries. Every message carries its key in Slack's metadata; a retry that can't be sure
that nothing was posted looks for the key first.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from temporalio import activity

from bot.slack.blocks import Blocks
from bot.slack.channel import Channel, ChannelError, metadata
from bot.slack.errors import (
    GONE,
    SLOWLY,
    THREAD_GONE,
    SlackDeliveryError,
    delivery_error,
    retry_after,
)
from bot.slack.incident_view import incident_blocks, incident_text
from bot.slack.inquiry_view import answered_blocks, answered_text, inquiry_blocks, inquiry_text
from bot.slack.pace import Pace
from bot.slack.progress_view import progress_blocks, progress_text
from bot.slack.question_view import ended_blocks, ended_text, question_blocks, question_text
from bot.slack.thread_view import is_broadcast, post_blocks, post_text
from workers.contract import (
    BotActivity,
    IncidentPost,
    InquiryCard,
    InquiryEnd,
    Progress,
    Question,
    QuestionEnd,
    ThreadPost,
    ThreadRef,
)

log = structlog.get_logger(__name__)

MARGIN = 1.0
"""Seconds before an attempt's end at which it gives up by itself: two attempts never overlap."""
PATIENCE = 3.0
"""Seconds that an attempt waits for its turn in a channel; longer waits are Temporal's."""
KEYS_KEPT = 2000


class BotActivities:
    def __init__(
        self, client: AsyncWebClient, channel: str, summaries: Mapping[str, str], pace: Pace | None = None
    ) -> None:
        """`client` must have no retry handlers: a repeated post is a second message. `summaries` are
        the actions' own, by action."""
        self._client = client
        self._channel = Channel(client, channel)
        self._summaries = summaries
        self._pace = pace or Pace()
        self._unposted: OrderedDict[str, None] = OrderedDict()
        """Keys of which this process knows that no message of theirs is there."""

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [
            self.open_incident, self.update_incident, self.ask, self.retire, self.inquire, self.answered,
            self.post, self.progress,
        ]  # fmt: skip

    @activity.defn(name=BotActivity.OPEN_INCIDENT.value)
    async def open_incident(self, post: IncidentPost) -> ThreadRef:
        blocks = incident_blocks(post.incident, post.alerts)
        return await self._post_once(post.key, None, incident_text(post.incident), blocks, urgent=True)

    @activity.defn(name=BotActivity.UPDATE_INCIDENT.value)
    async def update_incident(self, post: IncidentPost) -> None:
        if post.thread is None:
            raise SlackDeliveryError("there is no message to edit", type="no_thread", non_retryable=True)
        blocks = incident_blocks(post.incident, post.alerts)
        await self._edit(post.thread, incident_text(post.incident), blocks)

    @activity.defn(name=BotActivity.ASK.value)
    async def ask(self, question: Question) -> ThreadRef:
        blocks = question_blocks(question, self._summaries)
        return await self._post_once(
            question.key,
            question.thread,
            question_text(question),
            blocks,
            urgent=True,
            broadcast=question.escalated,
        )

    @activity.defn(name=BotActivity.RETIRE.value)
    async def retire(self, end: QuestionEnd) -> None:
        await self._edit(end.card, ended_text(end), ended_blocks(end, self._summaries))

    @activity.defn(name=BotActivity.INQUIRE.value)
    async def inquire(self, card: InquiryCard) -> ThreadRef:
        return await self._post_once(
            card.key,
            card.thread,
            inquiry_text(card),
            inquiry_blocks(card),
            urgent=True,
            broadcast=card.escalated,
        )

    @activity.defn(name=BotActivity.ANSWERED.value)
    async def answered(self, end: InquiryEnd) -> None:
        await self._edit(end.card, answered_text(end), answered_blocks(end))

    @activity.defn(name=BotActivity.POST.value)
    async def post(self, post: ThreadPost) -> None:
        await self._post_once(
            post.key,
            post.thread,
            post_text(post),
            post_blocks(post),
            urgent=post.tier == "critical",
            broadcast=is_broadcast(post),
        )

    @activity.defn(name=BotActivity.PROGRESS.value)
    async def progress(self, progress: Progress) -> ThreadRef:
        text, blocks = progress_text(progress), progress_blocks(progress)
        if progress.message is not None:
            await self._edit(progress.message, text, blocks)
            return progress.message
        return await self._post_once(progress.key, progress.thread, text, blocks, urgent=False)

    # --- once -------------------------------------------------------------------------------------

    async def _post_once(
        self,
        key: str,
        thread: ThreadRef | None,
        text: str,
        blocks: Blocks,
        *,
        urgent: bool,
        broadcast: bool = False,
    ) -> ThreadRef:
        async with self._attempt():
            if await self._may_be_there(key):
                found = await self._channel.find(key, thread, activity.info().scheduled_time)
                if found is not None:
                    return found
            self._remember_unposted(key)
            channel = thread.channel if thread else await self._channel.id()
            await self._turn(channel, urgent=urgent)
            self._unposted.pop(key, None)
            message: dict[str, Any] = {"text": text, "blocks": blocks, "metadata": metadata(key)}
            message |= {"channel": channel, "unfurl_links": False, "unfurl_media": False}
            in_thread = {"thread_ts": thread.ts, "reply_broadcast": broadcast} if thread else {}
            try:
                return await self._send(**message, **in_thread)
            except SlackApiError as error:
                self._refused(key, channel, error)
                if error.response["error"] != THREAD_GONE:
                    raise
            log.warning("the thread is gone, so the channel is told", channel=channel)
            return await self._send(**message)

    async def _send(self, **message: Any) -> ThreadRef:
        posted = await self._client.chat_postMessage(**message)
        return ThreadRef(channel=posted["channel"], ts=posted["ts"])

    async def _may_be_there(self, key: str) -> bool:
        return activity.info().attempt > 1 and key not in self._unposted

    def _remember_unposted(self, key: str) -> None:
        self._unposted[key] = None
        while len(self._unposted) > KEYS_KEPT:
            self._unposted.popitem(last=False)

    def _refused(self, key: str, channel: str, error: SlackApiError) -> None:
        """Slack answered, and its answer was no: nothing was posted."""
        if error.response.status_code < 500:
            self._remember_unposted(key)
        if error.response.status_code == 429:
            self._pace.hold(channel, retry_after(error))

    async def _turn(self, channel: str, *, urgent: bool) -> None:
        waited = 0.0
        while seconds := self._pace.wait(channel, urgent=urgent):
            if waited + seconds > PATIENCE:
                raise SlackDeliveryError(
                    "the channel has had its messages for now",
                    type="paced",
                    next_retry_delay=timedelta(seconds=seconds),
                )
            await asyncio.sleep(seconds)
            waited += seconds

    async def _edit(self, message: ThreadRef, text: str, blocks: Blocks) -> None:
        """Editing twice is editing once."""
        async with self._attempt():
            try:
                await self._client.chat_update(
                    channel=message.channel, ts=message.ts, text=text, blocks=blocks
                )
            except SlackApiError as error:
                if (why := GONE.get(error.response["error"])) is None:
                    raise
                log.warning("a message stays as it is", ts=message.ts, reason=why)

    @asynccontextmanager
    async def _attempt(self) -> AsyncIterator[None]:
        limit = activity.info().start_to_close_timeout
        try:
            async with asyncio.timeout(max(1.0, limit.total_seconds() - MARGIN) if limit else 30.0):
                yield
        except SlackApiError as error:
            failure = delivery_error(error)
            if failure.type not in {"ratelimited"}:
                log.warning("slack refused a message", reason=str(failure), attempt=activity.info().attempt)
            raise failure from error
        except ChannelError as error:
            raise SlackDeliveryError(str(error), type="no_channel", next_retry_delay=SLOWLY) from error
        except (TimeoutError, OSError, aiohttp.ClientError) as error:
            raise SlackDeliveryError(
                f"Slack could not be reached: {error or 'no answer in time'}", type="unreachable"
            ) from error
