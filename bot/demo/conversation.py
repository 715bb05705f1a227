"""What stands in the workspace, read through Slack's own Web API with the bot's token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.question_view import APPROVE_ACTION


@dataclass(frozen=True)
class Button:
    action_id: str
    block_id: str
    text: str
    value: str
    style: str


@dataclass(frozen=True)
class Message:
    channel: str
    ts: str
    thread_ts: str
    key: str
    """The idempotency key in its metadata, empty where it has none."""
    text: str
    blocks: tuple[dict[str, Any], ...]

    @property
    def buttons(self) -> tuple[Button, ...]:
        return tuple(
            Button(
                action_id=element.get("action_id", ""),
                block_id=block.get("block_id", ""),
                text=element.get("text", {}).get("text", ""),
                value=element.get("value", ""),
                style=element.get("style", ""),
            )
            for block in self.blocks
            if block.get("type") == "actions"
            for element in block.get("elements", [])
            if element.get("type") == "button"
        )

    @property
    def approve(self) -> Button | None:
        """The button that approves, where this message still asks."""
        return next((button for button in self.buttons if button.action_id == APPROVE_ACTION), None)

    @property
    def words(self) -> str:
        """Everything that a reader sees, as one text."""
        return " ".join([self.text, *_texts(self.blocks)])


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [
            text for key, inner in value.items() if key != "text" or not own for text in _texts(inner)
        ]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in _texts(item)]
    return []


async def channel_messages(slack: AsyncWebClient, channel: str) -> list[Message]:
    """Return the latest messages of a channel, oldest first."""
    answer = await slack.conversations_history(channel=channel, limit=200, include_all_metadata=True)
    return [_message(channel, message) for message in reversed(answer["messages"])]


async def thread_messages(slack: AsyncWebClient, channel: str, ts: str) -> list[Message]:
    """Return a thread's messages, the first one included, oldest first."""
    answer = await slack.conversations_replies(channel=channel, ts=ts, limit=200, include_all_metadata=True)
    return [_message(channel, message) for message in answer["messages"]]


def _message(channel: str, message: dict[str, Any]) -> Message:
    payload = message.get("metadata", {}).get("event_payload", {})
    return Message(
        channel=channel,
        ts=message["ts"],
        thread_ts=message.get("thread_ts", message["ts"]),
        key=str(payload.get("key", "")),
        text=message.get("text", ""),
        blocks=tuple(message.get("blocks", [])),
    )
