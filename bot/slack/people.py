"""Names of people, asked of Slack once and kept."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

log = structlog.get_logger(__name__)

KEPT_SECONDS = 6 * 3600.0
MOST_KEPT = 5000


class People:
    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._names: dict[str, tuple[str, float]] = {}
        self._asking: set[asyncio.Task[str]] = set()

    def known(self, user: str, otherwise: str) -> str:
        """Return a person's name without waiting: the one kept, else `otherwise`, while Slack is asked."""
        name, since = self._names.get(user, ("", 0.0))
        if not name or time.monotonic() - since > KEPT_SECONDS:
            task = asyncio.create_task(self.name(user))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
        return name or otherwise

    async def name(self, user: str) -> str:
        """Return a person's display name, their id where Slack won't say."""
        name, since = self._names.get(user, ("", 0.0))
        if name and time.monotonic() - since <= KEPT_SECONDS:
            return name
        try:
            found = (await self._client.users_info(user=user))["user"]
        except (SlackApiError, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info("a name could not be asked for", user=user, reason=str(error))
            return name or user
        profile = found.get("profile") or {}
        names = (
            profile.get("display_name"),
            profile.get("real_name"),
            found.get("real_name"),
            found.get("name"),
        )
        name = next((str(one) for one in names if one), user)
        if len(self._names) >= MOST_KEPT:
            self._names.clear()
        self._names[user] = (name, time.monotonic())
        return name
