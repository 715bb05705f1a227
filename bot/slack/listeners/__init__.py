"""What people do in Slack, grouped by what it serves."""

from bot.slack.listeners import commands, incidents, votes

GROUPS = (commands, incidents, votes)

__all__ = ["GROUPS"]
