"""The workspace as a process: killed, started twice, without its port."""

from __future__ import annotations

import asyncio
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace import (
    PersonClient,
    WorkspaceError,
    WorkspaceSettings,
    load_secrets,
    read_addresses,
    run,
    serve,
)
from tests.bot.workspace.conftest import SECURITY

PROGRAM = """
import asyncio, pathlib, sys
from bot.workspace import WorkspaceSettings, serve
settings = WorkspaceSettings(data=pathlib.Path(sys.argv[1]))
asyncio.run(serve(settings, asyncio.Event(), lambda line: print(line, flush=True)))
"""


@asynccontextmanager
async def process(data: Path) -> AsyncIterator[tuple[Process, str]]:
    """The process and the page's address as it printed it."""
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, str(data), stdout=PIPE)
    try:
        assert child.stdout is not None
        async with asyncio.timeout(20):
            line = (await child.stdout.readline()).decode().strip()
        yield child, line.removeprefix("workspace: ")
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()
        child._transport.close()  # type: ignore[attr-defined]


async def test_a_killed_workspace_has_lost_nothing(tmp_path: Path) -> None:
    token = load_secrets(tmp_path).bot_token.get_secret_value()
    sent = 0
    async with process(tmp_path) as (child, page_url), PersonClient(page_url, "U0ALICE") as alice:
        addresses = read_addresses(tmp_path)
        assert addresses is not None
        assert addresses.page_url == page_url
        slack = AsyncWebClient(token=token, base_url=addresses.api_url)
        for sent in range(1, 6):
            await slack.chat_postMessage(channel=SECURITY, text=str(sent))
        asked = await alice.say(SECURITY, "@siem are you there?")
        child.kill()
        await child.wait()
    async with process(tmp_path) as (_, again), PersonClient(again, "U0ALICE") as alice:
        assert again == page_url
        texts = [message["text"] for message in await alice.messages(SECURITY)]
        assert texts == [*map(str, range(1, sent + 1)), asked["text"]]
        assert (await slack.chat_postMessage(channel=SECURITY, text="next"))["ts"] > asked["ts"]


async def test_one_folder_has_one_workspace(settings: WorkspaceSettings) -> None:
    async with run(settings):
        with pytest.raises(WorkspaceError, match="another workspace runs in"):
            await serve(settings, asyncio.Event())


async def test_a_taken_port_is_said_to_be_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(WorkspaceError, match=f"can't listen on 127.0.0.1:{port}.*choose another port"):
            await serve(WorkspaceSettings(data=tmp_path, port=port), asyncio.Event())


def test_settings_that_contradict_themselves_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="request_url is missing"):
        WorkspaceSettings.model_validate({"data": tmp_path, "app": {"delivery": "http"}})
    channel = {"id": "C0ONE", "name": "one", "members": ["U0NOBODY"]}
    with pytest.raises(ValueError, match="channel C0ONE: U0NOBODY is none of the people"):
        WorkspaceSettings.model_validate({"data": tmp_path, "channels": [channel]})


def test_secrets_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    made = load_secrets(tmp_path)
    assert load_secrets(tmp_path) == made
    assert ((tmp_path / "secrets.json").stat().st_mode & 0o777) == 0o600
    assert made.bot_token.get_secret_value() not in repr(made)
