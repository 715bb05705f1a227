"""The local workspace: Slack for people without Slack.

A small server that speaks Slack's Web API, Socket Mode and signed HTTP as far as a bot needs, and a
page on which people read channels, type commands and click buttons. It is as strict as Slack is.
"""

from bot.workspace.person_client import PersonClient
from bot.workspace.server import Addresses, WorkspaceError, read_addresses, run, serve
from bot.workspace.settings import (
    AppSetting,
    ChannelSetting,
    Person,
    RateLimits,
    SlashCommand,
    UserGroup,
    WorkspaceSecrets,
    WorkspaceSettings,
    load_secrets,
)

__all__ = [
    "Addresses",
    "AppSetting",
    "ChannelSetting",
    "Person",
    "PersonClient",
    "RateLimits",
    "SlashCommand",
    "UserGroup",
    "WorkspaceError",
    "WorkspaceSecrets",
    "WorkspaceSettings",
    "load_secrets",
    "read_addresses",
    "run",
    "serve",
]
