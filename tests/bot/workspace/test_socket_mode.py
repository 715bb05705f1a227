"""A real bolt app over Socket Mode: commands, clicks, modals, events, and what people see without it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp

from bot.workspace import PersonClient
from bot.workspace.acts import ActError
from bot.workspace.team import Team
from tests.bot.workspace.conftest import SECURITY, bolt, client_of, connected, eventually, person

CARD: list[dict[str, Any]] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "Block 203.0.113.7?"}},
    {
        "type": "actions",
        "block_id": "vote",
        "elements": [
            {
                "type": "button",
                "action_id": "approve",
                "style": "primary",
                "value": "digest",
                "text": {"type": "plain_text", "text": "Approve"},
            }
        ],
    },
]


def siem(team: Team) -> tuple[AsyncApp, list[dict[str, Any]]]:
    """A tiny app: answers ``/siem``, retires its card, opens a modal, greets."""
    app, seen = bolt(team), []

    @app.command("/siem")
    async def siem(ack: Any, command: dict[str, Any], client: Any) -> None:
        seen.append(command)
        await ack(f"You said {command['text']}")
        if command["text"] == "ask":
            await client.views_open(
                trigger_id=command["trigger_id"],
                view={
                    "type": "modal",
                    "callback_id": "why",
                    "title": {"type": "plain_text", "text": "Release"},
                    "submit": {"type": "plain_text", "text": "Release"},
                    "blocks": [
                        {
                            "type": "input",
                            "block_id": "reason",
                            "label": {"type": "plain_text", "text": "Reason"},
                            "element": {"type": "plain_text_input", "action_id": "text"},
                        }
                    ],
                },
            )

    @app.action("approve")
    async def approve(ack: Any, body: dict[str, Any], respond: Any) -> None:
        seen.append(body)
        await ack()
        await respond(text=f"Approved by <@{body['user']['id']}>", blocks=[], replace_original=True)

    @app.view("why")
    async def why(ack: Any, body: dict[str, Any]) -> None:
        seen.append(body)
        text = body["view"]["state"]["values"]["reason"]["text"]["value"]
        if text == "no":
            await ack(response_action="errors", errors={"reason": "Say more."})
        else:
            await ack()

    @app.event("app_mention")
    async def mention(event: dict[str, Any], say: Any) -> None:
        seen.append(event)
        await say("At your service.", thread_ts=event["ts"])

    return app, seen


async def test_a_command_is_answered_to_its_sender_only(team: Team, alice: PersonClient) -> None:
    app, seen = siem(team)
    async with connected(team, app), person(team, "U0BOB") as bob:
        await alice.say(SECURITY, "/siem search user:root | limit 5")
        shown = await alice.ephemerals(SECURITY)
        assert [each["text"] for each in shown] == ["You said search user:root | limit 5"]
        assert await bob.ephemerals(SECURITY) == []
        assert (seen[0]["user_id"], seen[0]["channel_name"]) == ("U0ALICE", "security")
        async with person(team) as reloaded:
            assert await reloaded.ephemerals(SECURITY) == []


async def test_a_click_reaches_the_app_and_retires_the_card(team: Team, alice: PersonClient) -> None:
    app, seen = siem(team)
    slack = client_of(team)
    async with connected(team, app):
        await slack.chat_postMessage(channel=SECURITY, text="Block?", blocks=CARD)
        card = await alice.wait_for(SECURITY, lambda message: message["text"] == "Block?")
        await alice.click(SECURITY, card, "approve")
        done = await alice.wait_for(SECURITY, lambda m: m["text"] == "Approved by <@U0ALICE>")
    assert done["ts"] == card["ts"]
    assert "blocks" not in done
    assert seen[0]["actions"][0]["value"] == "digest"
    assert seen[0]["message"]["blocks"] == card["blocks"]
    with pytest.raises(ActError, match="the message has changed") as failure:
        await alice.click(SECURITY, {**card}, "approve")
    assert failure.value.code == "message_not_found"


async def test_a_modal_opens_refuses_and_closes(team: Team, alice: PersonClient) -> None:
    app, seen = siem(team)
    async with connected(team, app):
        async with alice.live() as events:
            await alice.say(SECURITY, "/siem ask")
            while (event := await anext(events))["type"] != "views":
                pass
        (view,) = event["views"]
        with pytest.raises(ActError) as failure:
            await alice.submit(view, {})
        assert failure.value.faults == {"reason": "Please complete this required field."}
        with pytest.raises(ActError) as failure:
            await alice.submit(view, {"text": "no"})
        assert failure.value.faults == {"reason": "Say more."}
        assert await alice.views() == [view]
        await alice.submit(view, {"text": "false alarm"})
        assert await alice.views() == []
    assert seen[-1]["view"]["state"]["values"]["reason"]["text"]["value"] == "false alarm"


async def test_a_mention_waits_for_the_app(team: Team, alice: PersonClient) -> None:
    asked = await alice.say(SECURITY, "Hey @siem, are you there?")
    assert asked["text"] == "Hey <@U0SIEM>, are you there?"
    app, seen = siem(team)
    async with connected(team, app):
        answer = await alice.wait_for(SECURITY, lambda m: m["text"] == "At your service.", thread=asked["ts"])
    assert answer["thread_ts"] == asked["ts"]
    assert seen[0]["user"] == "U0ALICE"
    parent = (await alice.messages(SECURITY))[0]
    assert (parent["reply_count"], parent["reply_users"]) == (1, ["U0SIEM"])


async def test_without_the_app_people_are_told(alice: PersonClient) -> None:
    with pytest.raises(ActError, match='/siem failed with the error "dispatch_failed"'):
        await alice.say(SECURITY, "/siem help")
    with pytest.raises(ActError, match="/nope is not a valid command"):
        await alice.say(SECURITY, "/nope")


async def test_an_app_that_does_not_acknowledge_is_a_timeout(team: Team, alice: PersonClient) -> None:
    app = bolt(team)

    @app.command("/siem")
    async def siem(ack: Any) -> None:
        del ack
        await asyncio.sleep(0)

    team.sockets._ack_seconds = 0.3
    async with connected(team, app):
        with pytest.raises(ActError, match='/siem failed with the error "operation_timeout"'):
            await alice.say(SECURITY, "/siem help")


async def test_what_one_connection_drops_goes_to_another(team: Team, alice: PersonClient) -> None:
    first, second = bolt(team), bolt(team)
    took = []

    @first.command("/siem")
    async def silent(ack: Any) -> None:
        del ack
        took.append("first")
        await asyncio.sleep(0.1)
        await handler.close_async()

    @second.command("/siem")
    async def answer(ack: Any) -> None:
        took.append("second")
        await ack("Here.")

    async with connected(team, first) as handler, connected(team, second):
        await alice.say(SECURITY, "/siem one")
        await alice.say(SECURITY, "/siem two")
    assert took in (["first", "second", "second"], ["second", "first", "second"])
    assert len(await alice.ephemerals(SECURITY)) == 2


async def test_a_connection_renews_itself_when_asked(team: Team, alice: PersonClient) -> None:
    app, seen = siem(team)
    async with connected(team, app) as handler:
        before = await handler.client.session_id()
        await team.sockets.refresh()

        async def renewed() -> bool:
            return await handler.client.session_id() != before and team.sockets.connections == 1

        await eventually(renewed)
        await alice.say(SECURITY, "/siem help")
    assert len(seen) == 1
