"""How the bot reaches Slack, or the local workspace that stands in for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient

from workers.marked_yaml import Fault
from workers.settings import Settings, SettingsError

SLACK = "https://slack.com/api/"
WORKSPACE_FOLDER = "workspace"
WORKSPACE_WITHIN = 30.0
"""Seconds that the local workspace has to say where it is."""


@dataclass(frozen=True)
class SlackAccess:
    bot_token: str = field(repr=False)
    channel: str
    """``#security`` or an id."""
    base_url: str = SLACK
    """Ends in a slash."""
    app_token: str | None = field(default=None, repr=False)
    """For Socket Mode."""
    signing_secret: str | None = field(default=None, repr=False)
    """For signed HTTP."""
    listen: str | None = None
    """``host:port`` of signed HTTP; None: Socket Mode."""


async def find_access(settings: Settings) -> SlackAccess:
    """Return the access that the settings name: Slack's where there is a bot token, else the local
    workspace's of the data folder. Raises `SettingsError`."""
    environment, slack = settings.environment, settings.site.slack
    if environment.slack_bot_token is None:
        return await _local_workspace(settings)
    access = SlackAccess(
        bot_token=environment.slack_bot_token.get_secret_value(),
        channel=slack.channel,
        base_url=f"{(environment.slack_url or SLACK).rstrip('/')}/",
        app_token=environment.slack_app_token.get_secret_value() if environment.slack_app_token else None,
        signing_secret=(
            environment.slack_signing_secret.get_secret_value() if environment.slack_signing_secret else None
        ),
        listen=None if _is_loopback(environment.slack_url) else slack.listen,
    )
    if faults := _faults(access):
        raise SettingsError(faults)
    return access


def _is_loopback(url: str | None) -> bool:
    """Whether it is the local workspace's, which speaks Socket Mode to the bot."""
    return urlsplit(url or "").hostname in {"127.0.0.1", "::1", "localhost"}


def _faults(access: SlackAccess) -> list[Fault]:
    if access.listen and not access.signing_secret:
        hint = "set it to the Signing Secret of the app's page, or leave slack: listen: out for Socket Mode"
        return [Fault("SLACK_SIGNING_SECRET", "not set, but slack: listen: takes signed requests", hint=hint)]
    if not access.listen and not access.app_token:
        hint = "set it to an app-level token (xapp-…) with connections:write, or write slack: listen:"
        return [Fault("SLACK_APP_TOKEN", "not set, and Socket Mode needs it", hint=hint)]
    return []


async def _local_workspace(settings: Settings) -> SlackAccess:
    from bot.workspace import load_secrets, read_addresses

    folder = settings.data / WORKSPACE_FOLDER
    deadline = asyncio.get_running_loop().time() + WORKSPACE_WITHIN
    while (addresses := read_addresses(folder)) is None:
        if asyncio.get_running_loop().time() > deadline:
            hint = "set it to the app's bot token (xoxb-…), or run `siem workspace` for a local one"
            raise SettingsError([Fault("SLACK_BOT_TOKEN", "not set, and no local workspace runs", hint=hint)])
        await asyncio.sleep(0.1)
    secrets = load_secrets(folder)
    return SlackAccess(
        bot_token=secrets.bot_token.get_secret_value(),
        app_token=secrets.app_token.get_secret_value(),
        channel=settings.site.slack.channel,
        base_url=addresses.api_url,
    )


def patient_client(access: SlackAccess) -> AsyncWebClient:
    """Return the client of people's own requests: it retries what a moment heals."""
    client = AsyncWebClient(token=access.bot_token, base_url=access.base_url, timeout=15)
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=2))
    client.retry_handlers.append(AsyncServerErrorRetryHandler(max_retry_count=2))
    return client


def plain_client(access: SlackAccess) -> AsyncWebClient:
    """Return the client of the activities: it never repeats a call by itself, Temporal does."""
    return AsyncWebClient(token=access.bot_token, base_url=access.base_url, timeout=9, retry_handlers=[])
