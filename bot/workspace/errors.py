"""What Slack answers when it won't."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class SlackError(Exception):
    """A refusal with Slack's error code; `messages` go to ``response_metadata``."""

    def __init__(self, code: str, messages: Sequence[str] = (), **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.messages = list(messages)
        self.more = more


class DeliveryError(Exception):
    """The app did not take a request; `code` is what the person is shown."""

    code = "dispatch_failed"


class NotConnectedError(DeliveryError):
    """No connection, or the app's URL did not answer 200: ``dispatch_failed``."""


class UnacknowledgedError(DeliveryError):
    """The app has it, but did not acknowledge in time: ``operation_timeout``."""

    code = "operation_timeout"
