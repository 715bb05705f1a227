"""From the words behind ``/siem`` to a verb and its arguments."""

from __future__ import annotations

import difflib
import html
import re
import shlex
from collections.abc import Iterable

from bot.verbs.answer import UsageError, Words

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "\u00a0": " "})
"""What phones and desks make of quotes while one types."""
_OPTION = re.compile(r"--([a-z][a-z-]*)(?:=(.*))?\Z", re.DOTALL)
_PAIR = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)\Z", re.DOTALL)
_LINK = re.compile(r"<(?:https?://|mailto:)[^|>]*\|([^>]*)>|<((?:https?://|mailto:)[^|>]*)>")
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")


def clean(text: str) -> str:
    """Return a slash command's text as the person meant it: Slack's escapes, links and typographic
    quotes undone. Format: https://docs.slack.dev/interactivity/implementing-slash-commands
    """
    text = _MENTION.sub(r"\1", text.translate(_QUOTES))
    text = _LINK.sub(lambda match: match[1] or match[2], text)
    return html.unescape(text).strip()


def split_verb(text: str) -> tuple[str, str]:
    """Return the first word in lower case, and the rest as typed."""
    verb, _, rest = text.strip().partition(" ")
    return verb.lower(), rest.strip()


def read_words(
    text: str, usage: str, flags: Iterable[str], options: Iterable[str], *, prose: bool = False
) -> Words:
    """Read the arguments of a verb; in `prose` a quote is a mere apostrophe. Raises `UsageError`."""
    try:
        words = text.split() if prose else shlex.split(text)
    except ValueError as error:
        raise UsageError("a quote is opened and never closed", usage) from error
    known_flags, known_options = set(flags), set(options)
    positional: list[str] = []
    found: dict[str, str] = {}
    pairs: dict[str, str] = {}
    queue = list(words)
    while queue:
        word = queue.pop(0)
        if match := _OPTION.match(word):
            name, value = match[1], match[2]
            if name in known_flags and value is None:
                found[name] = ""
            elif name in known_options and (value is not None or queue):
                found[name] = value if value is not None else queue.pop(0)
            elif name in known_options | known_flags:
                raise UsageError(
                    f"--{name} {'needs a value' if name in known_options else 'takes none'}", usage
                )
            else:
                hint = did_you_mean(name, known_options | known_flags, prefix="--")
                raise UsageError(f"there is no option --{name}{hint}", usage)
        elif match := _PAIR.match(word):
            pairs[match[1]] = match[2]
            positional.append(word)
        else:
            positional.append(word)
    return Words(positional=tuple(positional), options=found, pairs=pairs, text=text)


def did_you_mean(word: str, known: Iterable[str], *, prefix: str = "") -> str:
    """Return ``: did you mean …?``, or nothing where no known word is near."""
    near = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.55)
    return f": did you mean {prefix}{near[0]}?" if near else ""
