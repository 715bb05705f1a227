"""A bolt app that takes signed HTTP requests instead of Socket Mode."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.workspace import AppSetting, WorkspaceSettings, load_secrets, run
from bot.workspace.acts import ActError
from bot.workspace.delivery.signed_http import sign
from bot.workspace.team import Team
from tests.bot.workspace.conftest import SECURITY, client_of, eventually, person


@asynccontextmanager
async def listening(app: AsyncApp, port: int = 0) -> AsyncIterator[str]:
    async def take(request: web.Request) -> web.StreamResponse:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    server = web.Application()
    server.router.add_post("/slack/events", take)
    runner = web.AppRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    await runner.cleanup()


@asynccontextmanager
async def workspace(data: Path, url: str, ack_seconds: float = 3.0) -> AsyncIterator[Team]:
    settings = WorkspaceSettings(
        data=data, app=AppSetting(delivery="http", request_url=url), ack_seconds=ack_seconds
    )
    async with run(settings) as team:
        yield team


def with_listeners(app: AsyncApp, seen: list[dict[str, Any]]) -> None:
    @app.command("/siem")
    async def siem(ack: Any, command: dict[str, Any]) -> None:
        seen.append(command)
        await ack(text="Yes.", response_type="in_channel")

    @app.action("go")
    async def go(ack: Any, body: dict[str, Any]) -> None:
        seen.append(body)
        await ack()

    @app.event("app_mention")
    async def mention(event: dict[str, Any]) -> None:
        seen.append(event)


async def test_commands_clicks_and_events_arrive_signed(tmp_path: Path) -> None:
    secrets = load_secrets(tmp_path)

    async def authorize(**_kwargs: Any) -> Any:
        return AuthorizeResult(
            enterprise_id=None,
            team_id="T0SIEM",
            bot_token=secrets.bot_token.get_secret_value(),
            bot_id="B0SIEM",
            bot_user_id="U0SIEM",
        )

    app = AsyncApp(signing_secret=secrets.signing_secret.get_secret_value(), authorize=authorize)
    seen: list[dict[str, Any]] = []
    with_listeners(app, seen)
    async with listening(app) as url, workspace(tmp_path, url) as team, person(team) as alice:
        await alice.say(SECURITY, "/siem status")
        texts = [message["text"] for message in await alice.messages(SECURITY)]
        assert texts == ["/siem status", "Yes."]
        button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
        await client_of(team).chat_postMessage(
            channel=SECURITY, text="card", blocks=[{"type": "actions", "elements": [button]}]
        )
        await alice.click(SECURITY, (await alice.messages(SECURITY))[-1], "go")
        await alice.say(SECURITY, "@siem hello")
        await eventually(lambda: len(seen) == 3)
        assert seen[0]["text"] == "status"
        assert seen[1]["actions"][0]["action_id"] == "go"
        assert seen[2]["text"] == "<@U0SIEM> hello"
        async with aiohttp.ClientSession() as session:
            forged = sign("another secret", "1", b"payload={}")
            headers = {"X-Slack-Signature": forged, "X-Slack-Request-Timestamp": "1"}
            async with session.post(url, data=b"payload={}", headers=headers) as response:
                assert response.status == 401


async def test_an_app_that_refuses_or_is_slow_is_shown_as_such(tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.Response:
        text = (await request.post())["text"]
        if text == "slow":
            await asyncio.sleep(1)
        return web.Response(status=500 if text == "broken" else 200)

    server = web.Application()
    server.router.add_post("/", answer)
    runner = web.AppRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    async with workspace(tmp_path, url, ack_seconds=0.3) as team, person(team) as alice:
        await alice.say(SECURITY, "/siem fine")
        with pytest.raises(ActError) as failure:
            await alice.say(SECURITY, "/siem broken")
        assert failure.value.code == "dispatch_failed"
        with pytest.raises(ActError) as failure:
            await alice.say(SECURITY, "/siem slow")
        assert failure.value.code == "operation_timeout"
        await runner.cleanup()
        with pytest.raises(ActError) as failure:
            await alice.say(SECURITY, "/siem gone")
        assert failure.value.code == "dispatch_failed"


def test_the_signature_is_slacks() -> None:
    """The example of docs.slack.dev/authentication/verifying-requests-from-slack."""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554"
        b"%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    assert sign("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", body) == (
        "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    )
