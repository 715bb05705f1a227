"""The bot on a local workspace: a desk in memory, a real bolt app over Socket Mode, people who click."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.testing import ActivityEnvironment

from bot.slack.access import SlackAccess, patient_client, plain_client
from bot.slack.activities import BotActivities
from bot.slack.app import create_app
from bot.slack.pace import Pace
from bot.workspace import PersonClient, WorkspaceSettings, run
from bot.workspace.server import addresses
from bot.workspace.team import Team
from tests.bot.desk_fake import MemoryDesk

SECURITY = "C0SECURITY"
SUMMARIES = {"blocklist.block_ip": "Block an address on the firewalls that poll the blocklist."}


@dataclass
class SlackRig:
    team: Team
    desk: MemoryDesk
    access: SlackAccess
    bot: BotActivities
    client: AsyncWebClient
    """What is in the workspace, as the bot's token sees it."""
    people: dict[str, PersonClient] = field(default_factory=dict)

    async def history(self) -> list[dict[str, Any]]:
        page = await self.client.conversations_history(channel=SECURITY, include_all_metadata=True)
        return list(reversed(page["messages"]))

    async def replies(self, ts: str) -> list[dict[str, Any]]:
        page = await self.client.conversations_replies(channel=SECURITY, ts=ts, include_all_metadata=True)
        return list(page["messages"][1:])


def access_of(team: Team) -> SlackAccess:
    return SlackAccess(
        bot_token=team.secrets.bot_token.get_secret_value(),
        app_token=team.secrets.app_token.get_secret_value(),
        signing_secret=team.secrets.signing_secret.get_secret_value(),
        channel="#security",
        base_url=addresses(team).api_url,
    )


@asynccontextmanager
async def rig(folder: Path, *, connected: bool = True, **changes: Any) -> AsyncIterator[SlackRig]:
    async with run(WorkspaceSettings(data=folder, **changes)) as team:
        access, desk = access_of(team), MemoryDesk()
        client = patient_client(access)
        here = SlackRig(
            team, desk, access, BotActivities(plain_client(access), "#security", SUMMARIES), client
        )
        handler = AsyncSocketModeHandler(
            create_app(desk, client), access.app_token, web_client=client, ping_interval=1
        )
        try:
            async with AsyncExitStack() as stack:
                for user in ("U0ALICE", "U0BOB", "U0MALLORY"):
                    person = PersonClient(addresses(team).page_url, user)
                    here.people[user] = await stack.enter_async_context(person)
                if connected:
                    await handler.connect_async()  # type: ignore[no-untyped-call]
                yield here
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]


async def perform(activity: Any, message: Any, *, attempt: int = 1) -> Any:
    """Run an activity as Temporal would, as its `attempt`-th attempt."""
    environment = ActivityEnvironment()
    environment.info = replace(
        ActivityEnvironment.default_info(), attempt=attempt, scheduled_time=datetime.now(UTC)
    )
    return await environment.run(activity, message)


def fresh(here: SlackRig, pace: Pace | None = None) -> BotActivities:
    """The activities of a bot process that was started again."""
    return BotActivities(plain_client(here.access), "#security", SUMMARIES, pace)


async def eventually(check: Any, seconds: float = 5.0) -> Any:
    """Return what `check` returns once that is something; fail after `seconds`."""
    for _ in range(int(seconds / 0.02)):
        if found := await check() if inspect.iscoroutinefunction(check) else check():
            return found
        await asyncio.sleep(0.02)
    pytest.fail(f"it did not happen within {seconds} s")
