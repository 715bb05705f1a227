"""What is told in a thread, as loudly as its tier."""

from __future__ import annotations

from bot.slack import blocks as b
from bot.slack.mrkdwn import actor, paragraphs
from workers.contract import ThreadPost

_MARKS = {"low": "", "medium": "ℹ️ ", "high": "⚠️ ", "critical": "🚨 "}


def post_text(post: ThreadPost) -> str:
    who = f"{actor(post.actor)}: " if post.actor else ""
    return f"{_MARKS[post.tier]}{who}{paragraphs(post.text, 2700)}"


def post_blocks(post: ThreadPost) -> b.Blocks:
    """Return the post: small print for what is only noted, bold from high on."""
    text = post_text(post)
    if post.tier == "low":
        return b.as_json([b.context(text)])
    return b.as_json([b.section(text)])


def is_broadcast(post: ThreadPost) -> bool:
    """Whether the whole channel sees it, not only those who follow the thread."""
    return post.thread is not None and (post.broadcast or post.tier == "critical")
