"""Blocks and views as a whole: which block may stand where, unique ids, and what they come to."""

from __future__ import annotations

import json
import secrets
from typing import Any, Literal

from bot.workspace.blocks.elements import (
    ACCESSORY,
    ACTIONS,
    CONTEXT,
    INPUT,
    RICH,
    TEXT_OR_FIELDS,
    plain,
    text,
)
from bot.workspace.blocks.shape import (
    Check,
    Faults,
    also,
    anything,
    exactly_one,
    flag,
    items,
    note,
    one_of,
    record,
    string,
    typed,
)

Surface = Literal["message", "modal", "home"]
MOST_BLOCKS: dict[Surface, int] = {"message": 50, "modal": 100, "home": 100}
MOST_CHARACTERS = 13_200
"""Of a message's blocks as JSON, about: beyond it Slack answers ``msg_blocks_too_long``."""

_ID = {"block_id": string(255)}
_CELL = typed(
    {"raw_text": record({"text": string(3000)}), "rich_text": record({"elements": items(RICH, 50)})}
)
_EVERYWHERE: dict[str, Check] = {
    "section": also(
        record(
            {},
            {
                **_ID,
                "text": text(3000),
                "fields": items(text(2000), 10),
                "accessory": ACCESSORY,
                "expand": flag,
            },
        ),
        TEXT_OR_FIELDS,
    ),
    "header": record({"text": plain(150)}, _ID),
    "divider": record({}, _ID),
    "context": record({"elements": items(CONTEXT, 10)}, _ID),
    "image": also(
        record(
            {"alt_text": string(2000)},
            {
                **_ID,
                "title": plain(2000),
                "image_url": string(3000, 1, r"https?://\S+"),
                "slack_file": anything,
            },
        ),
        exactly_one("image_url", "slack_file"),
    ),
    "actions": record({"elements": items(ACTIONS, 25)}, _ID),
    "rich_text": record({"elements": items(RICH, 100)}, _ID),
    "input": record(
        {"label": plain(2000), "element": INPUT},
        {**_ID, "hint": plain(2000), "optional": flag, "dispatch_action": flag},
    ),
}
_MESSAGE = {
    **_EVERYWHERE,
    "markdown": record({"text": string(12_000)}, _ID),
    "table": record(
        {"rows": items(items(_CELL, 20), 100)},
        {
            **_ID,
            "column_settings": items(
                record({}, {"align": one_of("left", "center", "right"), "is_wrapped": flag}), 20
            ),
        },
    ),
}
_BLOCK: dict[Surface, Check] = {
    "message": typed(_MESSAGE),
    "modal": typed(_EVERYWHERE),
    "home": typed(_EVERYWHERE),
}


def check_blocks(blocks: Any, surface: Surface = "message", pointer: str = "/blocks") -> list[str]:
    """Return every fault of `blocks` as Slack words it; none: they would be taken."""
    faults: Faults = []
    items(_BLOCK[surface], MOST_BLOCKS[surface], 0)(blocks, pointer, faults)
    if isinstance(blocks, list):
        _check_ids(blocks, pointer, faults)
        tables = [index for index, block in enumerate(blocks) if _type(block) == "table"]
        for index in tables[1:]:
            note(faults, "only_one_table_allowed", f"{pointer}/{index}")
    return faults


def _check_ids(blocks: list[Any], pointer: str, faults: Faults) -> None:
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        if not isinstance(block, dict):
            continue
        block_id = block.get("block_id")
        if isinstance(block_id, str):
            if block_id in seen:
                note(faults, f"block_id `{block_id}` already exists", f"{pointer}/{index}/block_id")
            seen.add(block_id)
        actions: set[str] = set()
        elements = block.get("elements")
        for at, element in enumerate(elements if isinstance(elements, list) else []):
            action_id = element.get("action_id") if isinstance(element, dict) else None
            if isinstance(action_id, str):
                if action_id in actions:
                    where = f"{pointer}/{index}/elements/{at}/action_id"
                    note(faults, f"action_id `{action_id}` already exists", where)
                actions.add(action_id)


def is_too_long(blocks: list[Any]) -> bool:
    return len(json.dumps(blocks, ensure_ascii=False)) > MOST_CHARACTERS


_VIEW_FIELDS: dict[str, Check] = {
    "private_metadata": string(3000, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
    "blocks": anything,
}
_VIEW = typed(
    {
        "modal": record(
            {"title": plain(24), "blocks": anything},
            {
                **_VIEW_FIELDS,
                "submit": plain(24),
                "close": plain(24),
                "clear_on_close": flag,
                "notify_on_close": flag,
                "submit_disabled": flag,
            },
        ),
        "home": record({"blocks": anything}, _VIEW_FIELDS),
    }
)


def check_view(view: Any, kind: Literal["modal", "home"] = "modal") -> list[str]:
    """Return every fault of a view payload (docs.slack.dev/reference/views)."""
    faults: Faults = []
    _VIEW(view, "/view", faults)
    if not isinstance(view, dict):
        return faults
    if _type(view) in ("modal", "home") and view["type"] != kind:
        note(faults, f"must be a {kind} view", "/view/type")
    blocks = view.get("blocks", [])
    faults += check_blocks(blocks, kind, "/view/blocks")
    has_input = isinstance(blocks, list) and any(_type(block) == "input" for block in blocks)
    if kind == "modal" and has_input and "submit" not in view:
        note(faults, "missing required field: submit (the view has input blocks)", "/view/submit")
    return faults


def fill_blocks(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give each block, and each element that acts, the id that Slack gives those without one."""
    filled = []
    for block in blocks:
        block = {**block, "block_id": block.get("block_id") or secrets.token_urlsafe(4)}
        for name in ("accessory", "element"):
            if isinstance(block.get(name), dict):
                block[name] = _with_action_id(block[name])
        if block["type"] == "actions":
            block["elements"] = [_with_action_id(element) for element in block["elements"]]
        filled.append(block)
    return filled


def _with_action_id(element: dict[str, Any]) -> dict[str, Any]:
    if element["type"] == "image" or element.get("action_id"):
        return element
    return {**element, "action_id": secrets.token_urlsafe(4)}


def _type(value: Any) -> Any:
    return value.get("type") if isinstance(value, dict) else None
