"""The form in which Slack keeps message text: ``&``, ``<`` and ``>`` escaped, except control sequences.

docs.slack.dev/messaging/formatting-message-text: text in angle brackets is a link, a mention or a
date; any other angle bracket and ampersand is data.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"&(?:amp|lt|gt);"
    r"|<(?:@[UW][A-Z0-9]+(?:\|[^<>]*)?"
    r"|#[CG][A-Z0-9]+(?:\|[^<>]*)?"
    r"|!(?:here|channel|everyone)(?:\|[^<>]*)?"
    r"|!subteam\^S[A-Z0-9]+(?:\|[^<>]*)?"
    r"|!date\^\d+\^[^<>^|]+(?:\^https?://[^<>|\s]+)?\|[^<>]*"
    r"|(?:https?://|mailto:|tel:)[^<>|\s]+(?:\|[^<>]*)?)>"
    r"|[&<>]"
)
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def canonical(text: str) -> str:
    """Escape what is no control sequence; what is canonical already stays as it is."""
    return _TOKEN.sub(lambda match: _ESCAPES.get(match[0], match[0]), text)


def escape(text: str) -> str:
    """Escape all of `text`: what a person typed is never a control sequence by itself."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mentions(text: str, user: str) -> bool:
    """Whether canonical `text` mentions the user with id `user`."""
    return re.search(rf"<@{re.escape(user)}(?:\|[^<>]*)?>", text) is not None
