"""Questions for data in Slack: the card, the form, what is typed, and what is refused beside its field."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.slack.inquiry_view import (
    ANSWER_ACTION,
    FormError,
    FormRef,
    answered_blocks,
    form_view,
    inquiry_blocks,
)
from bot.workspace.acts import ActError
from playbooks.commands import AskedField
from tests.bot.desk_fake import alert, facts, inquiry
from tests.bot.slack_rig import SECURITY, SlackRig, eventually, perform, rig
from workers.contract import AnswerRefused, GivenAnswer, IncidentPost, InquiryEnd, ThreadRef
from workers.desk import AnswerRefusedError


@pytest_asyncio.fixture
async def here(tmp_path: Path) -> AsyncIterator[SlackRig]:
    async with rig(tmp_path / "workspace") as here:
        yield here


async def card(here: SlackRig, **changes: Any) -> tuple[ThreadRef, dict[str, Any]]:
    thread = await perform(
        here.bot.open_incident, IncidentPost(key="open", incident=facts(), alerts=(alert(),))
    )
    here.desk.card = inquiry(thread=thread, expires=datetime.now(UTC) + timedelta(minutes=30), **changes)
    await perform(here.bot.inquire, here.desk.card)
    return thread, (await here.replies(thread.ts))[0]


async def form(here: SlackRig, message: dict[str, Any], user: str = "U0ALICE") -> dict[str, Any]:
    await here.people[user].click(SECURITY, message, ANSWER_ACTION)

    async def opened() -> Any:
        return await here.people[user].views()

    found: dict[str, Any] = (await eventually(opened))[-1]
    return found


async def test_the_form_is_the_answer(here: SlackRig) -> None:
    _, message = await card(here)
    view = await form(here, message)
    await here.people["U0ALICE"].submit(
        view, {"verdict": "it was not", "since": "2026-03-29", "note": "from a new phone"}
    )
    ((workflow, given),) = here.desk.answers
    assert workflow == "inc-abcd2345/confirm"
    assert (given.question, given.by) == ("how", "U0ALICE")
    assert given.answers == {"verdict": "it was not", "since": "2026-03-29", "note": "from a new phone"}
    assert await here.people["U0ALICE"].views() == []


async def test_what_is_no_answer_is_told_beside_its_field(here: SlackRig) -> None:
    _, message = await card(here)
    view = await form(here, message)
    here.desk.refusal = AnswerRefusedError(
        AnswerRefused.NO_ANSWER, "note: 4,000 characters; at most 3,000 are taken"
    )
    with pytest.raises(ActError, match="Some fields need attention") as caught:
        await here.people["U0ALICE"].submit(view, {"verdict": "it was", "note": "x"})
    assert "4,000 characters" in str(vars(caught.value))
    assert here.desk.answers == []


async def test_who_may_not_answer_gets_no_form(here: SlackRig) -> None:
    _, message = await card(here)
    await here.people["U0MALLORY"].click(SECURITY, message, ANSWER_ACTION)

    async def told() -> str:
        return str(await here.people["U0MALLORY"].ephemerals(SECURITY) or "")

    assert "Only responders may answer" in await eventually(told)
    assert await here.people["U0MALLORY"].views() == []


async def test_a_question_that_ended_says_so(here: SlackRig) -> None:
    thread, message = await card(here)
    asked, here.desk.card = here.desk.card, None
    assert asked is not None
    await here.people["U0ALICE"].click(SECURITY, message, ANSWER_ACTION)

    async def told() -> str:
        return str(await here.people["U0ALICE"].ephemerals(SECURITY) or "")

    assert "not open any more" in await eventually(told)
    posted = ThreadRef(channel=SECURITY, ts=message["ts"])
    end = InquiryEnd(key="e", inquiry=asked, card=posted, answer=None, at=datetime.now(UTC))
    await perform(here.bot.answered, end)
    shown = str((await here.replies(thread.ts))[0])
    assert "Nobody answered in time" in shown
    assert ANSWER_ACTION not in shown


def test_a_withdrawn_card_says_by_whom_and_why() -> None:
    end = InquiryEnd(
        key="e", inquiry=inquiry(), card=ThreadRef(channel="C", ts="1"), answer=None, at=datetime.now(UTC),
        withdrawn="cancelled by alice: it was our scanner",
    )  # fmt: skip
    said = str(answered_blocks(end))
    assert "Withdrawn" in said
    assert "The run was cancelled by alice: it was our scanner" in said
    assert "Nobody answered" not in said
    assert ANSWER_ACTION not in said


def test_hostile_texts_are_data_in_card_form_and_end() -> None:
    evil = "<!channel> <https://evil.example|click> *bold* @here"
    hostile = inquiry(
        text=evil,
        fields=(AskedField(name="note", type="text", label=evil[:150], required=False),),
        group="a<b",
    )
    answer = GivenAnswer(question="how", by="U0BOB", answers={"note": evil}, at=datetime.now(UTC))
    end = InquiryEnd(
        key="e", inquiry=hostile, card=ThreadRef(channel="C", ts="1"), answer=answer, at=datetime.now(UTC)
    )
    for shown in (inquiry_blocks(hostile), answered_blocks(end), form_view(hostile)["blocks"]):
        mrkdwn = str([block for block in shown if block["type"] != "input"])
        assert "<!channel>" not in mrkdwn
        assert "<https://evil" not in mrkdwn


def test_a_button_of_somebody_else_is_no_form() -> None:
    for value in ("", "{}", '{"w":1}', "[]", "null"):
        with pytest.raises(FormError):
            FormRef.from_value(value)
    ref = FormRef(workflow="a/b", question="q")
    assert FormRef.from_value(ref.to_value()) == ref


def test_a_form_holds_as_many_fields_and_choices_as_the_language_allows() -> None:
    fields = tuple(
        AskedField(
            name=f"f{at}", type="choice", label="x" * 150, choices=tuple(f"{n:075d}" for n in range(100))
        )
        for at in range(10)
    )
    assert len(form_view(inquiry(fields=fields))["blocks"]) == 11
