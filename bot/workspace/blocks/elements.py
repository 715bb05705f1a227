"""Text, options and the interactive elements (docs.slack.dev/reference/block-kit/block-elements)."""

from __future__ import annotations

from bot.workspace.blocks.shape import (
    Check,
    also,
    anything,
    at_least_one,
    exactly_one,
    flag,
    integer,
    items,
    one_of,
    record,
    string,
    typed,
)

URL = r"(?:https?|mailto|tel|slack):\S+"
_DATE = r"\d{4}-\d{2}-\d{2}"
_TIME = r"[0-2]\d:[0-5]\d"


def plain(most: int) -> Check:
    """A ``plain_text`` object."""
    return typed({"plain_text": record({"text": string(most)}, {"emoji": flag})})


def text(most: int) -> Check:
    """A ``plain_text`` or ``mrkdwn`` object."""
    return typed(
        {
            "plain_text": record({"text": string(most)}, {"emoji": flag}),
            "mrkdwn": record({"text": string(most)}, {"verbatim": flag}),
        }
    )


CONFIRM = record(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)


def _option(words: Check) -> Check:
    return record({"text": words, "value": string(150)}, {"description": text(75)})


OPTION = _option(plain(75))
RICH_OPTION = _option(text(75))
OVERFLOW_OPTION = record(
    {"text": plain(75), "value": string(150)}, {"description": plain(75), "url": string(3000, 1, URL)}
)
_GROUP = record({"label": plain(75), "options": items(OPTION, 100)})
_ID = string(255)
_INPUT = {"action_id": _ID, "focus_on_load": flag}
_PICK = {**_INPUT, "placeholder": plain(150), "confirm": CONFIRM}
_ALERTS = record({}, {"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), 2)})
_TYPED = {**_INPUT, "placeholder": plain(150), "dispatch_action_config": _ALERTS}
_USER = string(32, 1, r"[UW][A-Z0-9]+")
_CHANNEL = string(32, 1, r"[CDG][A-Z0-9]+")


def _select(extra: dict[str, Check]) -> Check:
    options = {"options": items(OPTION, 100), "option_groups": items(_GROUP, 100)}
    return also(record({}, {**options, **_PICK, **extra}), exactly_one("options", "option_groups"))


IMAGE = also(
    record(
        {"alt_text": string(2000)},
        {
            "image_url": string(3000, 1, r"https?://\S+"),
            "slack_file": also(record({}, {"id": string(64), "url": string(3000)}), exactly_one("id", "url")),
        },
    ),
    exactly_one("image_url", "slack_file"),
)

BUTTON = record(
    {"text": plain(75)},
    {
        "action_id": _ID,
        "value": string(2000),
        "url": string(3000, 1, URL),
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
)

INTERACTIVE: dict[str, Check] = {
    "button": BUTTON,
    "overflow": record({"options": items(OVERFLOW_OPTION, 5)}, {"action_id": _ID, "confirm": CONFIRM}),
    "static_select": _select({"initial_option": OPTION}),
    "users_select": record({}, {**_PICK, "initial_user": _USER}),
    "conversations_select": record(
        {},
        {
            **_PICK,
            "initial_conversation": _CHANNEL,
            "default_to_current_conversation": flag,
            "response_url_enabled": flag,
            "filter": anything,
        },
    ),
    "channels_select": record({}, {**_PICK, "initial_channel": _CHANNEL, "response_url_enabled": flag}),
    "datepicker": record({}, {**_PICK, "initial_date": string(10, 10, _DATE)}),
    "timepicker": record({}, {**_PICK, "initial_time": string(5, 5, _TIME), "timezone": string(100)}),
    "datetimepicker": record(
        {}, {**_INPUT, "confirm": CONFIRM, "initial_date_time": integer(1_000_000_000, 9_999_999_999)}
    ),
    "checkboxes": record(
        {"options": items(RICH_OPTION, 10)},
        {**_INPUT, "confirm": CONFIRM, "initial_options": items(RICH_OPTION, 10)},
    ),
    "radio_buttons": record(
        {"options": items(RICH_OPTION, 10)}, {**_INPUT, "confirm": CONFIRM, "initial_option": RICH_OPTION}
    ),
}
_MANY = {"max_selected_items": integer(1, 100)}
MULTIPLE: dict[str, Check] = {
    "multi_static_select": _select({**_MANY, "initial_options": items(OPTION, 100)}),
    "multi_users_select": record({}, {**_PICK, **_MANY, "initial_users": items(_USER, 100)}),
}
WRITTEN: dict[str, Check] = {
    "plain_text_input": record(
        {},
        {
            **_TYPED,
            "initial_value": string(3000, 0),
            "multiline": flag,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        },
    ),
    "number_input": record(
        {"is_decimal_allowed": flag},
        {**_TYPED, "initial_value": string(100), "min_value": string(100), "max_value": string(100)},
    ),
    "email_text_input": record({}, {**_TYPED, "initial_value": string(320)}),
    "url_text_input": record({}, {**_TYPED, "initial_value": string(3000)}),
}

ACTIONS = typed(INTERACTIVE)
ACCESSORY = typed({**INTERACTIVE, **MULTIPLE, "image": IMAGE})
INPUT = typed(
    {
        name: one
        for name, one in {**INTERACTIVE, **MULTIPLE, **WRITTEN}.items()
        if name not in ("button", "overflow")
    }
)
CONTEXT = typed(
    {
        "image": IMAGE,
        "plain_text": record({"text": string(3000)}, {"emoji": flag}),
        "mrkdwn": record({"text": string(3000)}, {"verbatim": flag}),
    }
)

_STYLE = record({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight"), flag))
_RICH_LEAF = typed(
    {
        "text": record({"text": string(3000)}, {"style": _STYLE}),
        "link": record(
            {"url": string(3000, 1, URL)}, {"text": string(3000), "style": _STYLE, "unsafe": flag}
        ),
        "user": record({"user_id": _USER}, {"style": _STYLE}),
        "usergroup": record({"usergroup_id": string(32)}, {"style": _STYLE}),
        "channel": record({"channel_id": _CHANNEL}, {"style": _STYLE}),
        "emoji": record({"name": string(100)}, {"unicode": string(100), "style": _STYLE}),
        "broadcast": record({"range": one_of("here", "channel", "everyone")}, {"style": _STYLE}),
        "date": record(
            {"timestamp": integer(0, 99_999_999_999), "format": string(200)},
            {"url": string(3000, 1, URL), "fallback": string(300), "style": _STYLE},
        ),
        "color": record({"value": string(7, 4, r"#[0-9A-Fa-f]{3,6}")}),
    }
)
_LEAVES = items(_RICH_LEAF, 500, 0)
_SECTION = record({"elements": _LEAVES})
RICH = typed(
    {
        "rich_text_section": _SECTION,
        "rich_text_quote": record({"elements": _LEAVES}, {"border": integer(0, 1)}),
        "rich_text_preformatted": record(
            {"elements": _LEAVES}, {"border": integer(0, 1), "language": string(50)}
        ),
        "rich_text_list": record(
            {
                "elements": items(typed({"rich_text_section": _SECTION}), 200, 0),
                "style": one_of("bullet", "ordered"),
            },
            {"indent": integer(0, 8), "offset": integer(0, 9999), "border": integer(0, 1)},
        ),
    }
)
TEXT_OR_FIELDS = at_least_one("text", "fields")
