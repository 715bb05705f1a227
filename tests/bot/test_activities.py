"""What the bot posts for workflows: once, whatever dies when; refusals that say what to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from slack_sdk.errors import SlackApiError
from temporalio.exceptions import ApplicationError

from bot.slack.access import plain_client
from bot.slack.activities import BotActivities
from bot.slack.errors import FINAL, MENDABLE, delivery_error
from bot.slack.pace import BURST, KEPT_BACK, PER_SECOND, Pace
from bot.slack.question_view import APPROVE_ACTION
from bot.workspace.settings import RateLimits
from tests.bot.desk_fake import alert, facts, question
from tests.bot.slack_rig import SECURITY, SUMMARIES, SlackRig, fresh, perform, rig
from workers.contract import IncidentPost, QuestionEnd, ThreadPost, ThreadRef


@pytest_asyncio.fixture
async def here(tmp_path: Path) -> AsyncIterator[SlackRig]:
    async with rig(tmp_path / "workspace", connected=False) as here:
        yield here


OPEN = IncidentPost(key="inc-abcd2345/open", incident=facts(), alerts=(alert(),))


async def open_thread(here: SlackRig) -> ThreadRef:
    thread: ThreadRef = await perform(here.bot.open_incident, OPEN)
    return thread


def asked(thread: ThreadRef) -> Any:
    return question(thread=thread, expires=datetime.now(UTC) + timedelta(minutes=15))


async def test_an_incident_is_told_once_however_often_it_is_tried(here: SlackRig) -> None:
    first = await perform(here.bot.open_incident, OPEN)
    again = await perform(fresh(here).open_incident, OPEN, attempt=2)
    assert first == again
    assert first.channel == SECURITY
    assert len([one for one in await here.history() if one.get("metadata")]) == 1


async def test_a_question_is_asked_once_though_the_bot_died_after_posting(here: SlackRig) -> None:
    thread = await open_thread(here)
    card = await perform(here.bot.ask, asked(thread))
    again = await perform(fresh(here).ask, asked(thread), attempt=2)
    assert card == again
    replies = await here.replies(thread.ts)
    assert len(replies) == 1
    assert APPROVE_ACTION in str(replies[0]["blocks"])


async def test_what_was_never_posted_is_posted_by_the_retry(here: SlackRig) -> None:
    thread = await open_thread(here)
    card = await perform(fresh(here).ask, asked(thread), attempt=7)
    assert [one["ts"] for one in await here.replies(thread.ts)] == [card.ts]


async def test_an_edit_shows_the_present_facts(here: SlackRig) -> None:
    thread = await open_thread(here)
    owned = IncidentPost(key="u/1", incident=facts(owner="U0BOB"), alerts=(), thread=thread)
    await perform(here.bot.update_incident, owned)
    await perform(fresh(here).update_incident, owned, attempt=2)
    (message,) = (one for one in await here.history() if one["ts"] == thread.ts)
    assert "<@U0BOB>" in str(message["blocks"])
    assert message["metadata"]["event_payload"] == {"key": OPEN.key}, "a late retry still finds it"


async def test_a_card_is_retired_and_keeps_its_key(here: SlackRig) -> None:
    thread = await open_thread(here)
    ask = asked(thread)
    card = await perform(here.bot.ask, ask)
    end = QuestionEnd(
        key="end", question=ask, card=card, decision="granted", by=("U0ALICE",), at=datetime.now(UTC)
    )
    await perform(here.bot.retire, end)
    (reply,) = await here.replies(thread.ts)
    assert "Approved" in str(reply["blocks"])
    assert "actions" not in {block["type"] for block in reply["blocks"]}
    assert await perform(fresh(here).ask, ask, attempt=2) == card, "no second question after the end"


async def test_a_message_that_somebody_deleted_holds_nobody_up(here: SlackRig) -> None:
    thread = await open_thread(here)
    await here.client.chat_delete(channel=thread.channel, ts=thread.ts)
    gone = IncidentPost(key="u/1", incident=facts(), alerts=(), thread=thread)
    await perform(here.bot.update_incident, gone)


async def test_posts_are_told_in_the_thread_and_heads_in_the_channel(here: SlackRig) -> None:
    thread = await open_thread(here)
    await perform(here.bot.post, ThreadPost(key="p1", thread=thread, tier="high", text="web-1 <!channel>"))
    await perform(here.bot.post, ThreadPost(key="p2", thread=None, text="heads"))
    (reply,) = await here.replies(thread.ts)
    assert "&lt;!channel&gt;" in str(reply["blocks"])
    assert "heads" in str([one for one in await here.history() if "thread_ts" not in one][-1])


async def test_many_posts_at_once_come_each_once_within_the_limits(tmp_path: Path) -> None:
    limits = RateLimits(post_per_second=50, post_burst=2)
    async with rig(tmp_path / "workspace", connected=False, limits=limits) as here:
        thread = await open_thread(here)
        bots = [fresh(here, Pace(lambda: 0.0)) for _ in range(2)]

        async def deliver(number: int) -> None:
            post = ThreadPost(key=f"p{number}", thread=thread, tier="critical", text=f"post {number}")
            attempt = 1
            while True:
                try:
                    await perform(bots[number % 2].post, post, attempt=attempt)
                    return
                except ApplicationError as error:
                    if error.non_retryable:
                        raise
                    attempt += 1
                    await asyncio.sleep(0.05)
                    bots[number % 2] = fresh(here)

        await asyncio.gather(*(deliver(number) for number in range(12)))
        texts = [one["metadata"]["event_payload"]["key"] for one in await here.replies(thread.ts)]
        assert sorted(texts) == sorted(f"p{number}" for number in range(12))


def test_the_pace_keeps_some_of_a_burst_for_what_cannot_wait() -> None:
    now = 0.0
    pace = Pace(lambda: now)
    posted = 0
    while pace.wait("C1", urgent=False) == 0:
        posted += 1
    assert posted == BURST - KEPT_BACK
    assert [pace.wait("C1", urgent=True) for _ in range(int(KEPT_BACK))] == [0.0] * int(KEPT_BACK)
    assert pace.wait("C1", urgent=True) == pytest.approx(1 / PER_SECOND)
    assert pace.wait("C2", urgent=False) == 0.0, "each channel has its own"
    now = 1.0
    assert pace.wait("C1", urgent=True) == 0.0
    pace.hold("C1", 30)
    assert pace.wait("C1", urgent=True) == pytest.approx(31)


async def test_a_longer_wait_is_temporals_and_needs_no_look_through_the_channel(here: SlackRig) -> None:
    pace = Pace()
    bot = fresh(here, pace)
    pace.hold(SECURITY, 60)
    with pytest.raises(ApplicationError) as raised:
        await perform(bot.open_incident, OPEN)
    assert raised.value.next_retry_delay is not None
    assert raised.value.next_retry_delay > timedelta(seconds=55)
    calls: list[str] = []
    bot._client.conversations_history = lambda **_: calls.append("history")  # type: ignore[assignment, method-assign, return-value]
    pace.hold(SECURITY, -10)
    await perform(bot.open_incident, OPEN, attempt=2)
    assert calls == []


class Answered(dict[str, Any]):
    def __init__(self, error: str, status: int = 200, headers: dict[str, str] | None = None) -> None:
        super().__init__(ok=False, error=error)
        self.status_code = status
        self.headers = headers or {}


@pytest.mark.parametrize("name", sorted(FINAL))
def test_what_never_heals_is_final(name: str) -> None:
    assert delivery_error(SlackApiError("", Answered(name))).non_retryable


@pytest.mark.parametrize("name", sorted(MENDABLE))
def test_what_a_person_can_mend_waits_and_says_how(name: str) -> None:
    error = delivery_error(SlackApiError("", Answered(name)))
    assert not error.non_retryable
    assert error.next_retry_delay is not None
    assert MENDABLE[name] in str(error)


def test_slacks_own_wait_is_kept_to() -> None:
    error = delivery_error(SlackApiError("", Answered("ratelimited", 429, {"Retry-After": "17"})))
    assert error.next_retry_delay == timedelta(seconds=17)


async def test_a_channel_that_is_not_there_is_told_with_a_remedy(here: SlackRig) -> None:
    bot = BotActivities(plain_client(here.access), "#nowhere", SUMMARIES)
    with pytest.raises(ApplicationError, match="there is no public channel #nowhere") as raised:
        await perform(bot.open_incident, OPEN)
    assert not raised.value.non_retryable


async def test_a_channel_without_the_app_is_told_with_a_remedy(here: SlackRig) -> None:
    bot = BotActivities(plain_client(here.access), "C0GENERAL", SUMMARIES)
    with pytest.raises(ApplicationError, match="/invite") as raised:
        await perform(bot.open_incident, OPEN)
    assert raised.value.type == "not_in_channel"


async def test_a_wrong_token_is_told_with_a_remedy(here: SlackRig) -> None:
    client = plain_client(here.access)
    client.token = "xoxb-wrong"
    with pytest.raises(ApplicationError, match="SLACK_BOT_TOKEN") as raised:
        await perform(BotActivities(client, SECURITY, SUMMARIES).open_incident, OPEN)
    assert raised.value.type == "invalid_auth"
