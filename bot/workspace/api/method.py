"""What a Web API method is: its scope, its rate limit tier, and a function of its arguments."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from bot.workspace.errors import SlackError
from bot.workspace.store import Json
from bot.workspace.team import Team

LIMIT_DEFAULT = 100
LIMIT_MOST = 999


class Arguments:
    """A call's arguments, from a form (all strings) or from JSON."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str:
        """A string. Raises SlackError ``invalid_arguments`` where it is missing or no string."""
        value = self._values.get(name, default)
        if value is None:
            raise SlackError("invalid_arguments", [f"[ERROR] missing required field: {name}"])
        if not isinstance(value, str):
            raise SlackError("invalid_arguments", [f"[ERROR] must provide a string [json-pointer:/{name}]"])
        return value

    def flag(self, name: str) -> bool:
        value = self._values.get(name, False)
        if isinstance(value, str):
            value = {"1": True, "true": True, "0": False, "false": False, "": False}.get(value.lower())
        if value in (0, 1):
            return bool(value)
        raise SlackError("invalid_arguments", [f"[ERROR] must provide a boolean [json-pointer:/{name}]"])

    def integer(self, name: str, default: int) -> int:
        try:
            return int(self._values.get(name, default))
        except (TypeError, ValueError):
            raise SlackError(
                "invalid_arguments", [f"[ERROR] must provide an integer [json-pointer:/{name}]"]
            ) from None

    def json(self, name: str, wrong: str = "invalid_arguments") -> Any:
        """A structure, in a form as JSON; None where it is missing. Raises SlackError `wrong`."""
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            raise SlackError(wrong, [f"[ERROR] {name} is no JSON"]) from None

    def page(self, things: list[Json], name: str) -> Json:
        """One page of `things` under `name`, by ``limit`` and ``cursor``."""
        limit = self.integer("limit", LIMIT_DEFAULT)
        if not 1 <= limit <= LIMIT_MOST + 1:
            raise SlackError("invalid_limit")
        start = self.cursor()
        more = start + limit < len(things)
        return {
            name: things[start : start + limit],
            "response_metadata": {"next_cursor": write_cursor(start + limit) if more else ""},
        }

    def cursor(self) -> int:
        """Raises SlackError ``invalid_cursor``."""
        cursor = self.text("cursor", "")
        if not cursor:
            return 0
        try:
            kind, _, at = base64.b64decode(cursor, validate=True).decode().partition(":")
            if kind == "next" and at.isdecimal():
                return int(at)
        except (binascii.Error, UnicodeDecodeError):
            pass
        raise SlackError("invalid_cursor")


def write_cursor(at: int) -> str:
    return base64.b64encode(f"next:{at}".encode()).decode()


@dataclass(frozen=True)
class Method:
    call: Callable[[Team, Arguments], Json]
    scope: str = ""
    """Empty: any bot token will do."""
    tier: int = 0
    """0: Slack gives it a limit of its own, or none worth counting."""
    token: str = "xoxb"
    """The type of token that it takes."""
