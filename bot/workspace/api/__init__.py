"""Slack's Web API (docs.slack.dev/reference/methods), as far as a bot needs it."""

from bot.workspace.api.server import add_routes

__all__ = ["add_routes"]
