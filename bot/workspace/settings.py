"""What a workspace is made of: its people, channels, app, limits and secrets."""

from __future__ import annotations

import json
import os
import secrets as random_source
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

SECRETS_FILE = "secrets.json"

SCOPES = (
    "app_mentions:read",
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "commands",
    "files:write",
    "im:history",
    "im:read",
    "im:write",
    "pins:write",
    "reactions:write",
    "usergroups:read",
    "users:read",
    "users:read.email",
)
"""Every scope that a method of this workspace asks for."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Person(_Value):
    """Someone who can be played on the page."""

    id: str = Field(pattern=r"^[UW][A-Z0-9]{2,}$")
    name: str = Field(pattern=r"^[a-z0-9._-]{1,21}$")
    real_name: str
    title: str = ""
    email: str = ""


class ChannelSetting(_Value):
    id: str = Field(pattern=r"^C[A-Z0-9]{2,}$")
    name: str = Field(pattern=r"^[a-z0-9_-]{1,80}$")
    topic: str = ""
    members: tuple[str, ...] | None = None
    """User ids; None: every person."""
    has_app: bool = True
    """Whether the app was invited."""


class UserGroup(_Value):
    id: str = Field(pattern=r"^S[A-Z0-9]{2,}$")
    name: str
    handle: str
    users: tuple[str, ...]


class SlashCommand(_Value):
    command: str = Field(pattern=r"^/[a-z0-9_-]{1,31}$")
    description: str = ""
    usage: str = ""


class AppSetting(_Value):
    """The one app installed in the workspace, as its manifest would say."""

    id: str = "A0SIEM"
    name: str = "SIEM"
    bot_id: str = "B0SIEM"
    user_id: str = "U0SIEM"
    scopes: tuple[str, ...] = SCOPES
    commands: tuple[SlashCommand, ...] = (
        SlashCommand(command="/siem", description="Ask the SIEM", usage="help | search | incident | blocks"),
    )
    events: tuple[str, ...] = ("app_mention", "app_home_opened")
    """Bot events that it subscribed to; also known: ``message.channels``, ``message.im``."""
    delivery: Literal["socket", "http"] = "socket"
    request_url: str | None = None
    """Where signed requests go, with ``http``."""

    @model_validator(mode="after")
    def _has_a_request_url(self) -> Self:
        if self.delivery == "http" and not self.request_url:
            raise ValueError("request_url is missing: with delivery `http` name the app's URL")
        return self


class RateLimits(_Value):
    """Slack's documented limits (docs.slack.dev/apis/web-api/rate-limits).

    A tier's allowance for a minute may be used in one burst and refills evenly.
    """

    tier2: int = Field(default=20, gt=0)
    tier3: int = Field(default=50, gt=0)
    tier4: int = Field(default=100, gt=0)
    post_per_second: float = Field(default=1.0, gt=0)
    """``chat.postMessage`` in one channel."""
    post_burst: int = Field(default=8, gt=0)
    """So many in a row are let through: Slack allows short bursts without saying how many."""


class WorkspaceSecrets(_Value):
    bot_token: SecretStr
    app_token: SecretStr
    signing_secret: SecretStr
    page_key: SecretStr
    """In the page's address: who has it may act as everyone in the workspace."""


PEOPLE = (
    Person(
        id="U0ALICE",
        name="alice",
        real_name="Alice Ferro",
        title="Incident responder",
        email="alice@acme.test",
    ),
    Person(id="U0BOB", name="bob", real_name="Bob Okafor", title="Incident responder", email="bob@acme.test"),
    Person(id="U0CAROL", name="carol", real_name="Carol Lind", title="On-call lead", email="carol@acme.test"),
    Person(
        id="U0MALLORY", name="mallory", real_name="Mallory Quist", title="Sales", email="mallory@acme.test"
    ),
)
CHANNELS = (
    ChannelSetting(id="C0SECURITY", name="security", topic="Incidents, approvals and containment"),
    ChannelSetting(id="C0GENERAL", name="general", topic="Everyone", has_app=False),
)
GROUPS = (UserGroup(id="S0RESPOND", name="Responders", handle="responders", users=("U0ALICE", "U0BOB")),)


class WorkspaceSettings(_Value):
    data: Path
    """A folder of the workspace's own."""
    host: Literal["127.0.0.1", "::1"] = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)
    """0: any free port."""
    team_id: str = "T0SIEM"
    team_name: str = "Acme"
    team_domain: str = "acme"
    people: tuple[Person, ...] = PEOPLE
    channels: tuple[ChannelSetting, ...] = CHANNELS
    groups: tuple[UserGroup, ...] = GROUPS
    app: AppSetting = AppSetting()
    limits: RateLimits = RateLimits()
    secrets: WorkspaceSecrets | None = None
    """None: made at the first start and kept in the data folder."""
    ack_seconds: float = Field(default=3.0, gt=0)
    """Slack's: how long an app may take to acknowledge."""
    trigger_seconds: float = Field(default=3.0, gt=0)
    """Slack's: how long a ``trigger_id`` opens a view, once."""
    socket_seconds: float | None = Field(default=None, gt=0)
    """How long a Socket Mode connection lives before it is asked to renew; None: for ever."""

    @model_validator(mode="after")
    def _refers_to_its_own(self) -> Self:
        ids = [person.id for person in self.people] + [self.app.user_id]
        faults = [f"user id {each} is used twice" for each in sorted({i for i in ids if ids.count(i) > 1})]
        if not self.people:
            faults.append("people is empty: name at least one")
        if not self.channels:
            faults.append("channels is empty: name at least one")
        for owner, members in (
            *((f"channel {channel.id}", channel.members or ()) for channel in self.channels),
            *((f"group {group.id}", group.users) for group in self.groups),
        ):
            faults += [f"{owner}: {user} is none of the people" for user in members if user not in ids]
        if faults:
            raise ValueError("; ".join(faults))
        return self


def load_secrets(data: Path) -> WorkspaceSecrets:
    """Return the secrets of the workspace in folder `data`, made and written (mode 0600) the first time.

    The bot gets its tokens from here. Raises OSError, and ValueError for a damaged file.
    """
    path = data / SECRETS_FILE
    if not path.exists():
        made = {
            "bot_token": f"xoxb-{random_source.token_hex(20)}",
            "app_token": f"xapp-1-{random_source.token_hex(20)}",
            "signing_secret": random_source.token_hex(16),
            "page_key": random_source.token_urlsafe(24),
        }
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = data / f"{SECRETS_FILE}.{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(made, file)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # the first to link wins: two starts at once read the same secrets
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return WorkspaceSecrets.model_validate_json(path.read_text(encoding="utf-8"))
