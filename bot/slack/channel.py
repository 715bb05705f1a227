"""The security channel: its id by the name in ``siem.yaml``, and what was posted there already."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from workers.contract import ThreadRef

EVENT = "siem"
"""``event_type`` of the metadata of all our messages."""
PAGE = 200
SKEW = 120.0
"""Seconds that this clock and Slack's may differ."""


def metadata(key: str) -> dict[str, Any]:
    """Return the metadata by which a message is found again.

    Format: https://docs.slack.dev/messaging/message-metadata
    """
    return {"event_type": EVENT, "event_payload": {"key": key}}


class ChannelError(Exception):
    """There is no such channel, as far as the app can see."""


class Channel:
    def __init__(self, client: AsyncWebClient, name: str) -> None:
        """`name` is ``#security`` or an id."""
        self._client = client
        self.name = name
        self._id = "" if name.startswith("#") else name
        self._finding = asyncio.Lock()

    async def id(self) -> str:
        """Return the channel's id. Raises `ChannelError`, `SlackApiError`."""
        async with self._finding:
            if not self._id:
                self._id = await self._find()
        return self._id

    async def _find(self) -> str:
        wanted = self.name.removeprefix("#")
        cursor = ""
        while True:
            page = await self._client.conversations_list(
                types="public_channel", exclude_archived=True, limit=PAGE, cursor=cursor or None
            )
            for channel in page["channels"]:
                if channel["name"] == wanted:
                    return str(channel["id"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                raise ChannelError(
                    f"there is no public channel {self.name}: make it, or write the id of a private one "
                    "(Slack: channel name, About, Channel ID) under slack: channel: in siem.yaml"
                )

    async def find(self, key: str, thread: ThreadRef | None, since: datetime) -> ThreadRef | None:
        """Return the message with this key, posted after `since`; in a thread, or in the channel."""
        messages = self._replies(thread, since) if thread else self._history(since)
        async for message in messages:
            found = message.get("metadata") or {}
            if found.get("event_type") == EVENT and found.get("event_payload", {}).get("key") == key:
                channel = thread.channel if thread else await self.id()
                return ThreadRef(channel=channel, ts=message["ts"])
        return None

    async def _replies(self, thread: ThreadRef, since: datetime) -> AsyncIterator[dict[str, Any]]:
        cursor = ""
        while True:
            page = await self._client.conversations_replies(
                channel=thread.channel, ts=thread.ts, oldest=_oldest(since), inclusive=True, limit=PAGE,
                cursor=cursor or None, include_all_metadata=True,
            )  # fmt: skip
            for message in page["messages"]:
                yield message
            cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return

    async def _history(self, since: datetime) -> AsyncIterator[dict[str, Any]]:
        cursor = ""
        while True:
            page = await self._client.conversations_history(
                channel=await self.id(), oldest=_oldest(since), inclusive=True, limit=PAGE,
                cursor=cursor or None, include_all_metadata=True,
            )  # fmt: skip
            for message in page["messages"]:
                yield message
            cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return


def _oldest(since: datetime) -> str:
    return f"{max(0.0, since.timestamp() - SKEW):.6f}"
