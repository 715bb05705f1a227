"""A workspace on a free port, a bolt app that lives in it, and people."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import PersonClient, WorkspaceSettings, run
from bot.workspace.server import addresses
from bot.workspace.team import Team
from tests.bot.workspace.pages import CHROMIUM, QUIET

SECURITY = "C0SECURITY"


@pytest.fixture
def settings(tmp_path: Path) -> WorkspaceSettings:
    return WorkspaceSettings(data=tmp_path / "workspace")


@pytest_asyncio.fixture
async def team(settings: WorkspaceSettings) -> AsyncIterator[Team]:
    async with run(settings) as team:
        yield team


@pytest.fixture
def slack(team: Team) -> AsyncWebClient:
    return client_of(team)


def client_of(team: Team, token: str | None = None) -> AsyncWebClient:
    if token is None:
        token = team.secrets.bot_token.get_secret_value()
    return AsyncWebClient(token=token, base_url=addresses(team).api_url)


def person(team: Team, user: str = "U0ALICE") -> PersonClient:
    return PersonClient(addresses(team).page_url, user)


@pytest_asyncio.fixture
async def alice(team: Team) -> AsyncIterator[PersonClient]:
    async with person(team) as alice:
        yield alice


@asynccontextmanager
async def connected(team: Team, app: AsyncApp) -> AsyncIterator[AsyncSocketModeHandler]:
    """The bolt app, connected over Socket Mode."""
    handler = AsyncSocketModeHandler(
        app, team.secrets.app_token.get_secret_value(), web_client=client_of(team), ping_interval=1
    )
    try:
        await handler.connect_async()
        yield handler
    finally:
        await handler.close_async()


def bolt(team: Team) -> AsyncApp:
    return AsyncApp(
        client=client_of(team),
        signing_secret=team.secrets.signing_secret.get_secret_value(),
    )


async def eventually(holds: Callable[[], Awaitable[bool] | bool], seconds: float = 5.0) -> None:
    """Return once `holds()` does; fail after `seconds`."""
    for _ in range(int(seconds / 0.02)):
        held = holds()
        if held if isinstance(held, bool) else await held:
            return
        await asyncio.sleep(0.02)
    pytest.fail(f"it did not happen within {seconds} s")


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *sandbox])
        yield browser
        await browser.close()
