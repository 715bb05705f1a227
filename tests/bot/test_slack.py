"""People in Slack: what they click and type, what it does, and what only they are told."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
import pytest_asyncio
import yaml

from bot.slack.app import create_app
from bot.slack.incident_view import OWN_ACTION, PATH_ACTION
from bot.slack.manifest import FEATURE_SCOPES, METHOD_SCOPES, manifest
from bot.slack.question_view import APPROVE_ACTION, DENY_ACTION
from bot.slack.signed_http import FORGED, PATH, Forgeries, serve_http
from tests.bot.desk_fake import MemoryDesk, alert, facts, question
from tests.bot.slack_rig import SECURITY, SlackRig, eventually, perform, rig
from workers.contract import ChangeIncident, IncidentPost, ThreadRef, VoteRefused, VoteResult
from workers.desk import DeskError, VoteRefusedError


@pytest_asyncio.fixture
async def here(tmp_path: Path) -> AsyncIterator[SlackRig]:
    async with rig(tmp_path / "workspace") as here:
        yield here


async def card(here: SlackRig) -> tuple[ThreadRef, dict[str, Any]]:
    """Open the incident and ask; return its thread and the card."""
    post = IncidentPost(key="open", incident=facts(), alerts=(alert(),))
    thread = await perform(here.bot.open_incident, post)
    ask = question(thread=thread, expires=datetime.now(UTC) + timedelta(minutes=15))
    await perform(here.bot.ask, ask)
    return thread, (await here.replies(thread.ts))[0]


async def told(here: SlackRig, user: str = "U0ALICE") -> str:
    """What only this person was told last."""

    async def last() -> str:
        found = await here.people[user].ephemerals(SECURITY)
        return str(found[-1]) if found else ""

    return str(await eventually(last))


async def click(here: SlackRig, message: dict[str, Any], action: str, user: str = "U0ALICE") -> None:
    await here.people[user].click(SECURITY, message, action)


@pytest.mark.parametrize(("action", "approve"), [(APPROVE_ACTION, True), (DENY_ACTION, False)])
async def test_a_click_is_a_vote_for_exactly_what_the_card_shows(
    here: SlackRig, action: str, approve: bool
) -> None:
    _, message = await card(here)
    before = datetime.now(UTC) - timedelta(seconds=5)
    await click(here, message, action)
    ((workflow, vote),) = here.desk.votes
    assert workflow == "inc-abcd2345/contain-ssh-breach"
    assert (vote.question, vote.digest, vote.by) == ("ask", question().digest, "U0ALICE")
    assert vote.approve is approve
    assert vote.by_name
    assert before < vote.at < datetime.now(UTC) + timedelta(seconds=5)


async def test_a_click_is_acknowledged_only_after_it_is_durable(here: SlackRig) -> None:
    _, message = await card(here)
    durable = asyncio.Event()
    vote = here.desk.vote

    async def slow(workflow: str, ballot: Any) -> VoteResult:
        await durable.wait()
        return await vote(workflow, ballot)

    here.desk.vote = slow  # type: ignore[method-assign]
    clicking = asyncio.create_task(click(here, message, APPROVE_ACTION))
    await asyncio.sleep(0.5)
    assert not clicking.done()
    durable.set()
    await clicking
    assert len(here.desk.votes) == 1


async def test_a_slow_desk_still_gets_the_click_acknowledged_in_time(here: SlackRig) -> None:
    _, message = await card(here)
    vote = here.desk.vote

    async def slow(workflow: str, ballot: Any) -> VoteResult:
        await asyncio.sleep(4)
        return await vote(workflow, ballot)

    here.desk.vote = slow  # type: ignore[method-assign]
    await click(here, message, APPROVE_ACTION)
    assert here.desk.votes == []
    await eventually(lambda: here.desk.votes)


@pytest.mark.parametrize("refused", list(VoteRefused))
async def test_a_refused_vote_is_told_to_the_one_who_clicked_and_nobody_else(
    here: SlackRig, refused: VoteRefused
) -> None:
    thread, message = await card(here)
    here.desk.refusal = VoteRefusedError(refused, f"you can't: {refused.value} <!channel>")
    await click(here, message, APPROVE_ACTION, "U0MALLORY")
    words = await told(here, "U0MALLORY")
    assert "does not count" in words
    assert "&lt;!channel&gt;" in words
    assert await here.people["U0ALICE"].ephemerals(SECURITY) == []
    assert len(await here.replies(thread.ts)) == 1


async def test_a_vote_that_could_not_be_delivered_is_told(here: SlackRig) -> None:
    _, message = await card(here)
    here.desk.refusal = DeskError("the vote could not be delivered: try again")
    await click(here, message, APPROVE_ACTION)
    assert "was not counted" in await told(here)


async def test_the_first_of_two_approvals_is_told_how_many_are_missing(here: SlackRig) -> None:
    _, message = await card(here)

    async def pending(*_: Any) -> VoteResult:
        return VoteResult(decision="pending", approvals=1, quorum=2, by=("U0ALICE",))

    here.desk.vote = pending  # type: ignore[method-assign]
    await click(here, message, APPROVE_ACTION)
    assert "1 of 2" in await told(here)


async def test_taking_an_incident_makes_the_clicker_its_owner(here: SlackRig) -> None:
    await card(here)
    await click(here, (await here.history())[-1], OWN_ACTION, "U0BOB")
    assert here.desk.changes == [("inc-abcd2345", ChangeIncident(by="U0BOB", owner="U0BOB"))]


async def test_the_attack_path_comes_as_a_picture_once_and_then_in_words(here: SlackRig) -> None:
    thread, _ = await card(here)
    message = next(one for one in await here.history() if one["ts"] == thread.ts)
    await click(here, message, PATH_ACTION)

    async def picture() -> list[Any]:
        return [file for one in await here.replies(thread.ts) for file in one.get("files", [])]

    (file,) = await eventually(picture, 10)
    assert file["name"] == "inc-abcd2345-path.png"
    await click(here, message, PATH_ACTION)
    assert "147 failed logins" in await told(here)
    assert len(await picture()) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("help", "/siem release"),
        ("incident", "inc-abcd2345"),
        ("incident inc-abcd2345", "203.0.113.7"),
        ("timeline inc-abcd2345", "Failed password for deploy"),
        ("blocks", "blk-7f3a2c"),
        ("extend blk-7f3a2c 4h", "stays 4h longer"),
        ("release blk-7f3a2c it was us", "is lifted"),
        ("search source.ip:203.0.113.7", "No event"),
        ("search (", "the bracket is never closed"),
        ("run contain-ssh-breach inc-abcd2345", "is running"),
        ("cancel inc-abcd2345/contain-ssh-breach it was us", "is being cancelled"),
        ("close inc-abcd2345", "is closed"),
        ("status", "All parts are well"),
        ("path inc-abcd2345", "147 failed logins"),
        ("timeline inc-nothing", "There is no incident"),
        ("relase blk-1", "did you mean release?"),
        ("extend blk-7f3a2c", "For example"),
    ],
)
async def test_siem_answers_the_one_who_asks(here: SlackRig, text: str, said: str) -> None:
    await here.people["U0ALICE"].say(SECURITY, f"/siem {text}")
    assert said in await told(here)
    assert await here.people["U0BOB"].ephemerals(SECURITY) == []


async def test_who_may_not_release_is_told_so(here: SlackRig) -> None:
    await here.people["U0MALLORY"].say(SECURITY, "/siem release blk-7f3a2c")
    assert "Only approvers" in await told(here, "U0MALLORY")
    assert here.desk.containments["blk-7f3a2c"].status == "active"


# --- signed HTTP ----------------------------------------------------------------------------------


def signed(secret: str, body: str, at: float | None = None) -> dict[str, str]:
    stamp = str(int(at or time.time()))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
        "Content-Type": "application/x-www-form-urlencoded",
    }


COMMAND = urlencode(
    {
        "command": "/siem",
        "text": "release blk-7f3a2c",
        "user_id": "U0ALICE",
        "user_name": "alice",
        "channel_id": SECURITY,
        "team_id": "T0SIEM",
        "response_url": "http://127.0.0.1:1/none",
        "trigger_id": "1",
    }
)


@pytest.mark.parametrize(
    "wrong", ["none", "other secret", "old", "other body"], ids=lambda wrong: wrong.replace(" ", "_")
)
async def test_a_forged_request_is_refused_counted_and_put_in_evidence(tmp_path: Path, wrong: str) -> None:
    async with rig(tmp_path / "workspace", connected=False) as here:
        secret = str(here.access.signing_secret)
        headers = {
            "none": {"Content-Type": "application/x-www-form-urlencoded"},
            "other secret": signed("0" * 32, COMMAND),
            "old": signed(secret, COMMAND, time.time() - 400),
            "other body": signed(secret, COMMAND.replace("release", "extend")),
        }[wrong]
        counted = FORGED._value.get()
        app = create_app(here.desk, here.client, secret)
        async with serve_http(app, "127.0.0.1:0", here.desk) as port, aiohttp.ClientSession() as session:
            for _ in range(30):
                async with session.post(
                    f"http://127.0.0.1:{port}{PATH}", data=COMMAND, headers=headers
                ) as got:
                    assert got.status == 401
        assert FORGED._value.get() == counted + 30
        assert {chain for chain, _ in here.desk.notes} == {"system"}
        assert len(here.desk.notes) <= 2, "many forgeries don't flood the evidence"
        assert sum(sum(note.data["senders"].values()) for _, note in here.desk.notes) == 30
        assert here.desk.containments["blk-7f3a2c"].status == "active"


async def test_a_signed_request_is_served(tmp_path: Path) -> None:
    async with rig(tmp_path / "workspace", connected=False) as here:
        secret = str(here.access.signing_secret)
        app = create_app(here.desk, here.client, secret)
        async with serve_http(app, "127.0.0.1:0", here.desk) as port, aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{port}{PATH}"
            async with session.post(url, data=COMMAND, headers=signed(secret, COMMAND)) as got:
                assert got.status == 200
            await eventually(lambda: here.desk.containments["blk-7f3a2c"].status == "released")
        assert here.desk.notes == []


async def test_without_a_signing_secret_every_request_over_http_is_refused(tmp_path: Path) -> None:
    async with rig(tmp_path / "workspace", connected=False) as here:
        app = create_app(here.desk, here.client)
        async with serve_http(app, "127.0.0.1:0", here.desk) as port, aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{port}{PATH}"
            async with session.post(url, data=COMMAND, headers=signed("", COMMAND)) as got:
                assert got.status == 401


async def test_forgeries_are_noted_again_after_a_while() -> None:
    desk = MemoryDesk()
    forgeries = Forgeries(desk, every=0.05)
    for _ in range(3):
        forgeries.count("198.51.100.7")
    await eventually(lambda: len(desk.notes) == 1)
    forgeries.count("198.51.100.8")
    await eventually(lambda: len(desk.notes) == 2)
    await forgeries.close()
    assert [note.data["senders"] for _, note in desk.notes] == [{"198.51.100.7": 3}, {"198.51.100.8": 1}]


# --- the manifest ---------------------------------------------------------------------------------


def test_the_manifest_asks_for_exactly_the_scopes_that_the_code_uses() -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in (Path(__file__).parents[2] / "bot" / "slack").rglob("*.py")
    )
    called = set(
        re.findall(
            r"client\.((?:api|auth|chat|conversations|files|pins|reactions|team|users|views)_\w+)\(", code
        )
    )
    known = {name.replace(".", "_").lower(): scopes for name, scopes in METHOD_SCOPES.items()}
    assert {name.lower() for name in called} == set(known)
    needed = FEATURE_SCOPES.union(*METHOD_SCOPES.values())
    parsed = yaml.safe_load(manifest())
    assert set(parsed["oauth_config"]["scopes"]["bot"]) == needed
    assert parsed["settings"]["socket_mode_enabled"] is True
    assert [one["command"] for one in parsed["features"]["slash_commands"]] == ["/siem"]


async def test_the_bot_needs_no_more_than_its_manifest_asks_for(tmp_path: Path) -> None:
    from bot.workspace.settings import AppSetting

    scopes = tuple(yaml.safe_load(manifest())["oauth_config"]["scopes"]["bot"])
    async with rig(tmp_path / "workspace", app=AppSetting(scopes=scopes)) as here:
        thread, message = await card(here)
        await click(here, message, APPROVE_ACTION)
        await click(here, (await here.history())[0], PATH_ACTION)
        await eventually(lambda: here.desk.votes)

        async def picture() -> list[Any]:
            return [file for one in await here.replies(thread.ts) for file in one.get("files", [])]

        assert await eventually(picture, 10)
