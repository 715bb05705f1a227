"""What people do in Slack, grouped by what it serves."""

from bot.slack.listeners import answers, commands, incidents, votes

GROUPS = (answers, commands, incidents, votes)

__all__ = ["GROUPS"]
