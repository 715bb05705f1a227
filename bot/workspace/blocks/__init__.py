"""Block Kit, checked as strictly as Slack checks it (docs.slack.dev/reference/block-kit)."""

from bot.workspace.blocks.check import check_blocks, check_view, fill_blocks

__all__ = ["check_blocks", "check_view", "fill_blocks"]
