"""Block Kit blocks, checked against Slack's limits as they are made.

Limits: https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from bot.slack.mrkdwn import plain

Blocks: TypeAlias = list[dict[str, Any]]
"""Blocks as JSON."""

MOST_BLOCKS = 48
"""Of Slack's 50."""
MOST_CHARACTERS = 12_000
"""Of all blocks as JSON; Slack refuses messages from about 13,000 on."""
SECTION = 2900
FIELD = 1900


def mrkdwn(text: str) -> MarkdownTextObject:
    """Text that is mrkdwn already; nothing in it is linked by guess."""
    return MarkdownTextObject(text=text if text.strip() else "—", verbatim=True)


def header(text: str) -> Block:
    """A headline of plain text. Slack reads neither mentions nor links there."""
    return HeaderBlock(text=PlainTextObject(text=plain(text, 140) or " ", emoji=False))


def section(text: str) -> Block:
    return SectionBlock(text=mrkdwn(text))


def fields(named: Sequence[tuple[str, str]]) -> list[Block]:
    """Names over values, ten a block."""
    texts = [mrkdwn(f"*{name}*\n{value or '—'}") for name, value in named]
    return [SectionBlock(fields=texts[start : start + 10]) for start in range(0, len(texts), 10)]


def context(text: str) -> Block:
    return ContextBlock(elements=[mrkdwn(text)])


def divider() -> Block:
    return DividerBlock()


def button(
    text: str, action_id: str, value: str, *, style: str | None = None, confirm: ConfirmObject | None = None
) -> ButtonElement:
    return ButtonElement(text=text, action_id=action_id, value=value, style=style, confirm=confirm)


def confirm(title: str, text: str, yes: str, *, danger: bool = False) -> ConfirmObject:
    return ConfirmObject(
        title=title,
        text=PlainTextObject(text=text, emoji=False),
        confirm=yes,
        deny="Go back",
        style="danger" if danger else "primary",
    )


def actions(*buttons: ButtonElement) -> Block:
    return ActionsBlock(elements=list(buttons))


def as_json(blocks: Iterable[Block]) -> Blocks:
    """Return blocks as JSON, all of which must fit. Raises `SlackObjectFormationError` where one
    passes a limit."""
    return [block.to_dict() for block in blocks]


def as_many_as_fit(blocks: Iterable[Block], rest: str) -> Blocks:
    """Return the first blocks that fit one message, and `rest` (mrkdwn) where some don't."""
    found = as_json(blocks)
    kept: Blocks = []
    size = 0
    for block in found:
        size += len(json.dumps(block, ensure_ascii=False))
        if size > MOST_CHARACTERS - 400 or len(kept) >= MOST_BLOCKS - 1:
            return [*kept, context(rest).to_dict()]
        kept.append(block)
    return kept
