"""How the bot finds Slack, and what it says before it starts where it can't."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.slack.access import SLACK, SlackAccess, find_access, patient_client
from bot.slack.service import serve
from bot.workspace import WorkspaceSettings, run
from bot.workspace.server import addresses
from tests.bot.slack_rig import SlackRig, rig
from workers.settings import Settings, SettingsError, settings_in_code
from workers.site_file import GuardSection, SiteFile, SlackSection

SECRETS = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "SIEM_SLACK_URL")


@pytest.fixture(autouse=True)
def _no_slack(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.delenv(name, raising=False)


def site(root: Path, *, listen: str | None = None, **environment: Any) -> Settings:
    file = SiteFile(guard=GuardSection(users=("root",)), slack=SlackSection(listen=listen))
    return settings_in_code(file, root, environment)


async def test_tokens_lead_to_slack_itself_over_socket_mode(tmp_path: Path) -> None:
    access = await find_access(site(tmp_path, slack_bot_token="xoxb-1", slack_app_token="xapp-1"))
    assert (access.base_url, access.app_token, access.listen) == (SLACK, "xapp-1", None)
    assert "xoxb-1" not in repr(access)


async def test_an_address_to_listen_at_means_signed_http(tmp_path: Path) -> None:
    access = await find_access(
        site(tmp_path, listen="127.0.0.1:3000", slack_bot_token="xoxb-1", slack_signing_secret="s")
    )
    assert (access.listen, access.signing_secret) == ("127.0.0.1:3000", "s")


@pytest.mark.parametrize(
    ("listen", "environment", "missing"),
    [
        (None, {}, "SLACK_APP_TOKEN"),
        ("127.0.0.1:3000", {"slack_app_token": "xapp-1"}, "SLACK_SIGNING_SECRET"),
    ],
)
async def test_what_is_missing_is_named_with_what_to_set(
    tmp_path: Path, listen: str | None, environment: dict[str, Any], missing: str
) -> None:
    with pytest.raises(SettingsError, match=missing):
        await find_access(site(tmp_path, listen=listen, slack_bot_token="xoxb-1", **environment))


async def test_without_tokens_the_local_workspace_of_the_data_folder_is_found(tmp_path: Path) -> None:
    settings = site(tmp_path, listen="127.0.0.1:3000")
    async with run(WorkspaceSettings(data=settings.data / "workspace")) as team:
        access = await find_access(settings)
        assert access.base_url == addresses(team).api_url
        assert access.listen is None
        assert (await patient_client(access).auth_test())["user_id"] == "U0SIEM"


async def refusal(here: SlackRig, access: SlackAccess) -> str:
    with pytest.raises(SettingsError) as raised:
        async with serve(access, here.desk, None, asyncio.Event()):  # type: ignore[arg-type]
            pass
    return str(raised.value)


async def test_a_wrong_token_or_channel_ends_the_start_with_a_remedy(tmp_path: Path) -> None:
    async with rig(tmp_path / "workspace", connected=False) as here:
        assert "SLACK_BOT_TOKEN: Slack says invalid_auth" in await refusal(
            here, replace(here.access, bot_token="xoxb-wrong")
        )
        assert "there is no public channel #nowhere" in await refusal(
            here, replace(here.access, channel="#nowhere")
        )


async def test_the_start_waits_for_slack_until_it_is_told_to_stop(tmp_path: Path) -> None:
    async with rig(tmp_path / "workspace", connected=False) as here:
        gone = replace(here.access, base_url="http://127.0.0.1:1/api/")
        stop = asyncio.Event()

        async def start() -> None:
            async with serve(gone, here.desk, None, stop):  # type: ignore[arg-type]
                raise AssertionError("it can't have started")

        starting = asyncio.create_task(start())
        await asyncio.sleep(0.8)
        assert not starting.done()
        stop.set()
        with pytest.raises(OSError, match="Cannot connect"):
            await asyncio.wait_for(starting, 3)
