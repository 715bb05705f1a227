"""Where a run is: one message that is edited as it goes."""

from __future__ import annotations

from collections.abc import Mapping

from bot.slack import blocks as b
from bot.slack.mrkdwn import code, prose
from workers.contract import Progress

_MARKS: Mapping[str, str] = {
    "running": "⏳",
    "waiting": "🗳️",
    "succeeded": "✅",
    "failed": "❌",
    "skipped": "➖",
    "denied": "⛔",
    "expired": "⌛",
    "cancelled": "↩️",
}
_GOING: Mapping[str, str] = {"running": "▶️", "cancelling": "⏹️"}
_ENDS: Mapping[str, str] = {
    "running": "is running",
    "cancelling": "is being cancelled",
    "succeeded": "has ended well",
    "failed": "has failed",
    "denied": "has ended: not everything was approved",
    "cancelled": "was cancelled",
}
SHOWN = 30
"""Steps in one message; of more the latest."""


def progress_text(progress: Progress) -> str:
    """Return the message in one line, for notifications."""
    return f"Playbook {prose(progress.playbook, 100)} {_ENDS[progress.status]}"


def progress_blocks(progress: Progress) -> b.Blocks:
    mark = _GOING.get(progress.status) or _MARKS[progress.status]
    lines = [f"{mark} Playbook {code(progress.playbook, 100)} {_ENDS[progress.status]}"]
    if progress.reason:
        lines.append(f"    {prose(progress.reason, 300)}")
    hidden = len(progress.lines) - SHOWN
    if hidden > 0:
        lines.append(f"    … {hidden} steps before")
    for line in progress.lines[-SHOWN:]:
        said = f" — {prose(line.text, 80)}" if line.text else ""
        lines.append(f"{_MARKS[line.state]} {code(line.step, 60)}{said}")
    texts: list[str] = []
    for shown in lines:
        if sum(map(len, texts)) + len(texts) + len(shown) > b.SECTION:
            break
        texts.append(shown)
    return b.as_json([b.context("\n".join(texts))])
