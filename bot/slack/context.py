"""What every listener may use, put in bolt's context by `bot.slack.app`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from slack_bolt.context.async_context import AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.people import People
from bot.verbs import Caller
from workers.desk import Desk

KEY = "here"


@dataclass
class Here:
    desk: Desk
    client: AsyncWebClient
    people: People
    shown_paths: dict[str, str] = field(default_factory=dict)
    """Incident to the fingerprint of the path that its thread shows."""


def here(context: AsyncBoltContext) -> Here:
    found: Here = context[KEY]
    return found


def caller(body: dict[str, Any], people: People) -> Caller:
    """Return who clicked or typed, from the payload that Slack signed."""
    user = body.get("user") or {"id": body.get("user_id"), "username": body.get("user_name")}
    identity = str(user["id"])
    return Caller(identity, people.known(identity, str(user.get("username") or user.get("name") or identity)))
