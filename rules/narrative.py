"""Narrative: events and findings told in plain words.

What is said follows the ECS categorisation fields (event.category, event.type, event.outcome), not a
vendor's names. Reference: https://www.elastic.co/docs/reference/ecs/ecs-category-field-values-reference
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any

MOST_NAMED = 3
_LONGEST = 120

FIELDS = frozenset(
    {"event.category", "event.type", "event.outcome", "event.action", "event.reason", "process.name"}
    | {"process.command_line", "group.name", "destination.port", "host.ip", "rule.name", "file.path"}
    | {"source.ip", "source.domain", "destination.ip", "user.name", "user.target.name", "user.effective.name"}
    | {"host.name", "database.name", "dns.question.name", "url.full"}
)
"""The fields that sentences and paths are made of."""


class Deed(StrEnum):
    """What an event is, as far as a story cares."""

    LOGIN = "login"
    FAILED_LOGIN = "failed login"
    ELEVATION = "elevation"
    FAILED_ELEVATION = "failed elevation"
    ACCOUNT_CREATED = "account created"
    ACCOUNT_DELETED = "account deleted"
    ACCOUNT_CHANGED = "account changed"
    MEMBER_ADDED = "member added"
    FILE_CREATED = "file created"
    FILE_DELETED = "file deleted"
    FILE_CHANGED = "file changed"
    FILE_READ = "file read"
    COMMAND = "command"
    CONNECTION = "connection"
    FINDING = "finding"
    SESSION = "session"
    OTHER = "event"


_PLURALS = {
    Deed.LOGIN: "logins",
    Deed.FAILED_LOGIN: "failed logins",
    Deed.ELEVATION: "privilege changes",
    Deed.FAILED_ELEVATION: "failed privilege changes",
    Deed.ACCOUNT_CREATED: "new accounts",
    Deed.ACCOUNT_DELETED: "deleted accounts",
    Deed.ACCOUNT_CHANGED: "account changes",
    Deed.MEMBER_ADDED: "new group members",
    Deed.FILE_CREATED: "new files",
    Deed.FILE_DELETED: "deleted files",
    Deed.FILE_CHANGED: "file changes",
    Deed.FILE_READ: "file reads",
    Deed.COMMAND: "commands",
    Deed.CONNECTION: "connections",
    Deed.FINDING: "findings",
    Deed.SESSION: "sessions",
    Deed.OTHER: "events",
}
_SINGULARS = {
    Deed.ELEVATION: "privilege change",
    Deed.FAILED_ELEVATION: "failed privilege change",
    Deed.ACCOUNT_CREATED: "new account",
    Deed.ACCOUNT_DELETED: "deleted account",
    Deed.ACCOUNT_CHANGED: "account change",
    Deed.MEMBER_ADDED: "new group member",
    Deed.FILE_CREATED: "new file",
    Deed.FILE_DELETED: "deleted file",
    Deed.FILE_CHANGED: "file change",
    Deed.FILE_READ: "file read",
}


def deed_of(flat: Mapping[str, Any]) -> Deed:
    """Return what a flat event is."""
    category, kind = words(flat, "event.category"), words(flat, "event.type")
    failed = text(flat, "event.outcome").lower() == "failure" or "denied" in kind
    user, effective = text(flat, "user.name"), text(flat, "user.effective.name")
    elevating = bool(effective) and effective != user
    if elevating and category & {"authentication", "process", "session"} and "end" not in kind:
        return Deed.FAILED_ELEVATION if failed else Deed.ELEVATION
    if "iam" in category and not failed:
        if "group" in kind and "change" in kind and text(flat, "user.target.name"):
            return Deed.MEMBER_ADDED
        if "user" in kind or text(flat, "user.target.name"):
            by_kind = {"creation": Deed.ACCOUNT_CREATED, "deletion": Deed.ACCOUNT_DELETED}
            return next((by_kind[each] for each in kind if each in by_kind), Deed.ACCOUNT_CHANGED)
    if "process" in category and kind & {"start", "info"} and text(flat, "process.command_line"):
        return Deed.COMMAND
    if "authentication" in category and "end" not in kind:
        if failed:
            return Deed.FAILED_LOGIN
        if text(flat, "event.outcome").lower() == "success" or "start" in kind:
            return Deed.LOGIN
    if "session" in category and "start" in kind and user:
        return Deed.SESSION
    if category & {"malware", "intrusion_detection", "threat", "vulnerability"}:
        return Deed.FINDING
    if "file" in category:
        by_kind = {
            "creation": Deed.FILE_CREATED, "deletion": Deed.FILE_DELETED,
            "change": Deed.FILE_CHANGED, "access": Deed.FILE_READ,
        }  # fmt: skip
        return next((deed for each, deed in by_kind.items() if each in kind), Deed.FILE_READ)
    if "process" in category and kind & {"start", "info"}:
        return Deed.COMMAND
    if "network" in category and kind & {"connection", "start", "allowed"} and text(flat, "destination.ip"):
        return Deed.CONNECTION
    return Deed.OTHER


def sentence(flat: Mapping[str, Any], title: str = "") -> str:
    """Return what a flat event says, in one plain sentence; `title` (the rule's) is told where the
    event alone says too little."""
    told = _tell(flat)
    if told is None:
        who = ", ".join(
            part
            for part in (
                f"user {text(flat, 'user.name')}" if text(flat, "user.name") else "",
                f"from {origin(flat)}" if origin(flat) else "",
                f"on {text(flat, 'host.name')}" if text(flat, "host.name") else "",
            )
            if part
        )
        return f"{title or text(flat, 'event.action') or 'An event'}{': ' if who else ''}{who}."
    return f"{told}."


def _tell(flat: Mapping[str, Any]) -> str | None:
    user, host = text(flat, "user.name"), text(flat, "host.name")
    effective, target = text(flat, "user.effective.name"), text(flat, "user.target.name")
    where = f" on {host}" if host else ""
    actor = user or origin(flat) or "Somebody"
    command = text(flat, "process.command_line")
    match deed_of(flat):
        case Deed.LOGIN:
            return f"{origin(flat) or 'Somebody'} logged in as {user or 'an unnamed user'}{where}"
        case Deed.FAILED_LOGIN:
            return f"{origin(flat) or 'Somebody'} failed to log in as {user or 'an unnamed user'}{where}"
        case Deed.ELEVATION:
            return f"{actor} {f'ran {shown(command)} as' if command else 'became'} {effective}{where}"
        case Deed.FAILED_ELEVATION:
            ran = f"to run {shown(command)} as" if command else "to become"
            return f"{actor} was refused {ran} {effective}{where}"
        case Deed.MEMBER_ADDED:
            group = text(flat, "group.name") or "a group"
            return f"{target} was added to the group {group}{f' by {user}' if user else ''}{where}"
        case Deed.ACCOUNT_CREATED | Deed.ACCOUNT_DELETED | Deed.ACCOUNT_CHANGED as deed:
            verb = {"creation": "created", "deletion": "deleted"}.get(deed.value.split()[-1], "")
            verb = verb or deed.value.split()[-1]
            return f"The account {target or user} was {verb}{f' by {user}' if user and target else ''}{where}"
        case Deed.FILE_CREATED | Deed.FILE_DELETED | Deed.FILE_CHANGED | Deed.FILE_READ as deed:
            verb = deed.value.split()[-1]
            return f"{actor} {verb} {shown(text(flat, 'file.path') or 'a file')}{where}"
        case Deed.COMMAND if command or text(flat, "process.name"):
            return f"{actor} ran {shown(command or text(flat, 'process.name'))}{where}"
        case Deed.SESSION:
            return f"{user} opened a session{where}"
        case Deed.CONNECTION:
            port = text(flat, "destination.port")
            peer = text(flat, "destination.ip") + (f" port {port}" if port else "")
            return f"{host or origin(flat) or 'Somebody'} connected to {peer}"
        case _:
            return None


def counted(events: Sequence[Mapping[str, Any]]) -> str:
    """Return how many of what: ``147 failed logins``, ``3 failed logins and 1 new account``."""
    counts = Counter(deed_of(flat) for flat in events)
    return listed([phrase(deed, count) for deed, count in counts.most_common()])


def phrase(deed: Deed, count: int) -> str:
    """Return a count of deeds in words: ``1 failed login``, ``1,042 failed logins``."""
    return f"{count:,} {_SINGULARS.get(deed, deed.value) if count == 1 else _PLURALS[deed]}"


def among(events: Sequence[Mapping[str, Any]], group: Mapping[str, str], span: timedelta) -> str:
    """Return a burst of events in one sentence:
    ``198.51.100.7 failed to log in 12 times as root and 3 others on web-1 within 40 seconds.``"""
    deeds = {deed_of(flat) for flat in events}
    hosts, users = _distinct(events, "host.name"), _distinct(events, "user.name")
    where = f" on {_several(hosts, 'hosts')}" if hosts else ""
    during = f" within {duration(span)}" if span >= timedelta(seconds=1) else " at once"
    sources = [each for each in dict.fromkeys(origin(flat) for flat in events) if each]
    if deeds == {Deed.FAILED_LOGIN}:
        who = _several(sources, "addresses") if sources else "Somebody"
        who = who[0].upper() + who[1:]
        names = f" as {_several(users, 'users')}" if users else ""
        return f"{who} failed to log in {len(events):,} times{names}{where}{during}."
    about = [value for name, value in group.items() if name not in ("host.name",)]
    who = f"{listed(about)}: " if about else ""
    return f"{who}{counted(events)}{where}{during}."


def after(last: Mapping[str, Any], before: Sequence[Mapping[str, Any]], title: str) -> str:
    """Return a sequence in one sentence: what it ended with, and what came before."""
    return f"{sentence(last, title).removesuffix('.')} after {counted(before)}."


def duration(span: timedelta) -> str:
    """Return a length of time in words: ``40 seconds``, ``5 minutes``, ``3 hours``, ``2 days``."""
    seconds = round(span.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * size:
            return f"{round(seconds / size)} {unit}s"
    return f"{seconds} second{'' if seconds == 1 else 's'}"


def listed(items: Sequence[str]) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def shown(value: str) -> str:
    """Return a value out of a log on one line and of bounded length."""
    line = " ".join(value.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def origin(flat: Mapping[str, Any]) -> str:
    return text(flat, "source.ip") or text(flat, "source.domain")


def text(flat: Mapping[str, Any], name: str) -> str:
    """Return a field's (first) value as text, empty where there is none."""
    value = flat.get(name)
    if isinstance(value, list | tuple):
        value = value[0] if value else None
    return "" if value is None else shown(str(value))


def texts(flat: Mapping[str, Any], name: str) -> list[str]:
    """Return a field's values as texts."""
    value = flat.get(name)
    items = value if isinstance(value, list | tuple) else [] if value is None else [value]
    return [shown(str(item)) for item in items if item not in (None, "")]


def words(flat: Mapping[str, Any], name: str) -> set[str]:
    """Return a field's values, lower case."""
    value = flat.get(name)
    items = value if isinstance(value, list | tuple) else [] if value is None else [value]
    return {str(item).lower() for item in items}


def _distinct(events: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    counts = Counter(value for flat in events if (value := text(flat, name)))
    return [value for value, _ in counts.most_common()]


def _several(values: Sequence[str], noun: str) -> str:
    if len(values) <= MOST_NAMED:
        return listed(list(values))
    return f"{', '.join(values[: MOST_NAMED - 1])} and {len(values) - MOST_NAMED + 1} other {noun}"
