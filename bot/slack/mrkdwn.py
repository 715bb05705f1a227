"""Values into Slack's mrkdwn without their meaning anything there.

Everything that came from a log, a file or a person is data: it can't mention anybody, link anywhere,
format, fake an emoji, break a line or turn the reading direction.
Format: https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime

from rules.entities import Entity, EntityKind

ELLIPSIS = "…"
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_INERT = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
_EMOJI = re.compile(r":(?=[A-Za-z0-9_+-]*[A-Za-z+-][A-Za-z0-9_+-]*:)")
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_QUOTE = re.compile(r"^>+")
_URL = re.compile(r"\b(h)(tt)(ps?://)([^\s/?#]*)|\b(f)(t)(p://)([^\s/?#]*)", re.IGNORECASE)
_USER_ID = re.compile(r"[UW][A-Z0-9]{2,30}\Z")
_TECHNIQUE = re.compile(r"T(\d{4})(?:\.(\d{3}))?\Z")


def prose(value: object, limit: int = 2900) -> str:
    """Return a value as one line of plain words, at most `limit` characters, an ellipsis where it was cut."""
    line = " ↵ ".join(part.strip() for part in str(value)[: 2 * limit + 64].splitlines() if part.strip())
    line = "".join(" " if char == "\t" else char for char in line if _visible(char))
    line = _EMOJI.sub("\u2236", _EDGE_UNDERSCORE.sub("\uff3f", defang(line).translate(_INERT)))
    line = _QUOTE.sub(lambda match: "›" * len(match[0]), line)
    turns = any(unicodedata.bidirectional(char) in {"R", "AL"} for char in line)
    fitted = _fit(line, limit - 2 if turns else limit)
    return f"\u2068{fitted}\u2069" if turns else fitted


def paragraphs(value: str, limit: int = 2900) -> str:
    """Return a text whose line breaks are its author's own, each line as `prose`."""
    lines: list[str] = []
    left = limit
    for line in value.splitlines():
        if left < 20:
            lines.append(ELLIPSIS)
            break
        lines.append(prose(line, left - 2))
        left -= len(lines[-1]) + 1
    return "\n".join(lines)


def plain(value: object, limit: int) -> str:
    """Return a value for a plain text object, where nothing is read as mrkdwn, at most `limit` long."""
    shown = prose(value, limit)
    return shown.replace("&lt;", "‹").replace("&gt;", "›").replace("&amp;", "&")


def code(value: object, limit: int = 300) -> str:
    """Return a value as code that people may copy: links defanged, and what can't be seen in it shows as
    ``\\u202e``."""
    return _code(defang(str(value)[: 2 * limit]), limit)


def whole_code(value: object) -> str:
    """Return a value as code, exactly and never cut, for what somebody decides on."""
    text = str(value)
    return _code(text, 6 * len(text) + 10)


def _code(text: str, limit: int) -> str:
    shown = "".join(
        char if _visible(char) else f"\\u{ord(char):04x}"
        for char in text.replace("`", "ˋ").replace("\t", " ")
    )
    return f"`{_fit(shown, limit - 2) or ' '}`"


def defang(text: str) -> str:
    """Return a text whose links lead nowhere: ``hxxp://evil[.]example``."""
    return _URL.sub(_disarm, text)


def _disarm(match: re.Match[str]) -> str:
    first, middle, scheme, host = match.group(1, 2, 3, 4) if match[1] else match.group(5, 6, 7, 8)
    return f"{first}{'x' * len(middle)}{scheme}{host.replace('.', '[.]')}"


def entity(value: Entity, limit: int = 200) -> str:
    """Return an entity's value as code, links defanged."""
    text = value.value
    if value.kind is EntityKind.URL:
        text = defang(text)
    elif value.kind is EntityKind.DOMAIN:
        text = text.replace(".", "[.]")
    return code(text, limit)


def mention(user: str) -> str:
    """Return a mention of a Slack user id; what is none is shown as it is."""
    return f"<@{user}>" if _USER_ID.match(user) else code(user.removeprefix("slack:"), 80)


def actor(name: str) -> str:
    """Return who did something: ``slack:U0ALICE`` is a mention."""
    kind, colon, person = name.partition(":")
    return mention(person) if colon and kind == "slack" else prose(name, 120)


def date(moment: datetime) -> str:
    """Return a time that each reader sees in their own zone."""
    utc = moment.astimezone(UTC)
    return f"<!date^{int(utc.timestamp())}^{{date_short_pretty}}, {{time_secs}}|{utc:%Y-%m-%d %H:%M:%S} UTC>"


def technique(name: str) -> str:
    """Return an ATT&CK technique as a link to its page, a tactic as words."""
    if match := _TECHNIQUE.match(name):
        page = f"T{match[1]}/{match[2]}" if match[2] else f"T{match[1]}"
        return f"<https://attack.mitre.org/techniques/{page}/|{name}>"
    return prose(name, 60)


def joined(items: list[str], limit: int, separator: str = ", ") -> str:
    """Return whole items as far as they fit, and how many more there are."""
    kept: list[str] = []
    for place, item in enumerate(items):
        rest = f" and {len(items) - place} more"
        if len(separator.join([*kept, item])) + len(rest) > limit:
            return separator.join(kept) + rest
        kept.append(item)
    return separator.join(kept)


def _visible(char: str) -> bool:
    return char == "\t" or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _fit(text: str, limit: int, escape: Callable[[str], str] = lambda char: _ENTITIES.get(char, char)) -> str:
    pieces = [escape(char) for char in text]
    if sum(map(len, pieces)) <= limit:
        return "".join(pieces)
    size, kept = 0, []
    for piece in pieces:
        if size + len(piece) > limit - 1:
            break
        kept.append(piece)
        size += len(piece)
    return "".join(kept).rstrip() + ELLIPSIS
