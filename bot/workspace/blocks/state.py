"""What a person chose or wrote in an element, as the app receives it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]


class InputError(Exception):
    """A value that the element doesn't allow; the text is for the person."""


def elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """(block, element) for everything that acts."""
    for block in blocks:
        if block["type"] == "actions":
            for element in block["elements"]:
                yield block, element
        for name in ("accessory", "element"):
            element = block.get(name)
            if isinstance(element, dict) and element["type"] != "image":
                yield block, element


def find(blocks: list[Json], block_id: str, action_id: str) -> Json | None:
    for block, element in elements(blocks):
        if block["block_id"] == block_id and element["action_id"] == action_id:
            return element
    return None


def options(element: Json) -> list[Json]:
    groups = element.get("option_groups") or [{"options": element.get("options", [])}]
    return [option for group in groups for option in group["options"]]


_PICKED = {
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
}
_FORMATS = {
    "users_select": (r"[UW][A-Z0-9]+", "Choose a person"),
    "conversations_select": (r"[CDG][A-Z0-9]+", "Choose a channel"),
    "channels_select": (r"C[A-Z0-9]+", "Choose a channel"),
    "datepicker": (r"\d{4}-\d\d-\d\d", "Choose a date"),
    "timepicker": (r"\d\d:\d\d", "Choose a time"),
    "email_text_input": (r"[^@\s]+@[^@\s]+\.[^@\s]+", "Enter a valid email address"),
    "url_text_input": (r"https?://\S+", "Enter a valid URL"),
}


def element_state(element: Json, value: Any) -> Json:
    """Return the state of an element to which a person gave `value`.

    `value` is a string (an option's value, a text, a date), a list of strings where several may be
    chosen, or None for nothing. Raises `InputError`.
    """
    kind = element["type"]
    if kind == "button":
        return {"type": kind}
    if kind in ("static_select", "radio_buttons", "overflow"):
        return {"type": kind, "selected_option": _option(element, value)}
    if kind in ("checkboxes", "multi_static_select"):
        chosen = [_option(element, one) for one in _strings(value)]
        return {"type": kind, "selected_options": chosen}
    if kind == "multi_users_select":
        return {"type": kind, "selected_users": _strings(value)}
    if value is not None and not isinstance(value, str):
        raise InputError("This value is no text")
    if value and kind in _FORMATS and not re.fullmatch(_FORMATS[kind][0], value):
        raise InputError(_FORMATS[kind][1])
    if kind in _PICKED:
        return {"type": kind, _PICKED[kind]: value or None}
    if kind == "datetimepicker":
        if value and not re.fullmatch(r"\d{10}", value):
            raise InputError("Choose a date and time")
        return {"type": kind, "selected_date_time": int(value) if value else None}
    return {"type": kind, "value": _written(element, value) or None}


def _strings(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InputError("This value is no list")
    return list(dict.fromkeys(value))


def _option(element: Json, value: Any) -> Json | None:
    if value is None or value == "":
        return None
    for option in options(element):
        if option["value"] == value:
            return option
    raise InputError("This is none of the options")


def _written(element: Json, value: str | None) -> str | None:
    if not value:
        return None
    if len(value) > element.get("max_length", 3000):
        raise InputError(f"Enter at most {element.get('max_length', 3000)} characters")
    if len(value) < element.get("min_length", 0):
        raise InputError(f"Enter at least {element['min_length']} characters")
    if element["type"] == "number_input":
        pattern = r"-?\d+(?:\.\d+)?" if element["is_decimal_allowed"] else r"-?\d+"
        if not re.fullmatch(pattern, value):
            raise InputError("Enter a number")
        if "min_value" in element and float(value) < float(element["min_value"]):
            raise InputError(f"Enter {element['min_value']} or more")
        if "max_value" in element and float(value) > float(element["max_value"]):
            raise InputError(f"Enter {element['max_value']} or less")
    return value


_INITIAL = ("initial_option", "initial_user", "initial_conversation", "initial_channel", "initial_date")


def initial_value(element: Json) -> Any:
    """What `element_state` takes for an element that nobody touched."""
    if "initial_options" in element:
        return [option["value"] for option in element["initial_options"]]
    if "initial_option" in element:
        return element["initial_option"]["value"]
    if "initial_date_time" in element:
        return str(element["initial_date_time"])
    names = ("initial_value", "initial_users", "initial_time", *_INITIAL)
    return next((element[name] for name in names if name in element), None)


def is_empty(state: Json) -> bool:
    return all(not value for name, value in state.items() if name != "type")


def form_state(
    blocks: list[Json], values: Mapping[str, Mapping[str, Any]], *, complete: bool = False
) -> tuple[Json, dict[str, str]]:
    """Return (``state.values``, faults by block id) for what a person filled in.

    `values` is by block id and action id. With `complete`, required inputs must have a value.
    """
    state: Json = {}
    faults: dict[str, str] = {}
    for block, element in elements(blocks):
        if element["type"] in ("button", "overflow"):
            continue
        given = values.get(block["block_id"], {})
        action_id = element["action_id"]
        value = given[action_id] if action_id in given else initial_value(element)
        try:
            one = element_state(element, value)
        except InputError as error:
            faults[block["block_id"]] = str(error)
            continue
        required = block["type"] == "input" and not block.get("optional")
        if complete and required and is_empty(one):
            faults[block["block_id"]] = "Please complete this required field."
        state.setdefault(block["block_id"], {})[action_id] = one
    return state, faults
