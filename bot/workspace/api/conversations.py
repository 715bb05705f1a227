"""conversations.*"""

from __future__ import annotations

from bot.workspace.api.method import LIMIT_DEFAULT, LIMIT_MOST, Arguments, Method, write_cursor
from bot.workspace.errors import SlackError
from bot.workspace.store import Json
from bot.workspace.team import Team

_TYPES = {"public_channel", "private_channel", "im", "mpim"}


def _list(team: Team, arguments: Arguments) -> Json:
    types = set(arguments.text("types", "public_channel").replace(" ", "").split(","))
    if types - _TYPES:
        raise SlackError("invalid_types")
    channels = [team.directory.channel(each["id"]) for each in team.store.channels()]
    wanted = [each for each in channels if ("im" if each["is_im"] else "public_channel") in types]
    return arguments.page(wanted, "channels")


def _info(team: Team, arguments: Arguments) -> Json:
    channel = team.directory.find_channel(arguments.text("channel"), joined=False)
    return {"channel": team.directory.channel(channel)}


def _without_metadata(messages: list[Json], arguments: Arguments) -> list[Json]:
    if arguments.flag("include_all_metadata"):
        return messages
    return [{name: value for name, value in each.items() if name != "metadata"} for each in messages]


def _history(team: Team, arguments: Arguments) -> Json:
    channel = team.directory.find_channel(arguments.text("channel"))
    limit = arguments.integer("limit", LIMIT_DEFAULT)
    if not 1 <= limit <= LIMIT_MOST:
        raise SlackError("invalid_limit")
    oldest, latest = arguments.text("oldest", ""), arguments.text("latest", "")
    inclusive = arguments.flag("inclusive")
    start = arguments.cursor()
    found = team.store.history(
        channel,
        limit=start + limit + 1,
        oldest=_comparable(oldest),
        latest=_comparable(latest),
        inclusive=inclusive,
    )
    more = len(found) > start + limit
    return {
        "messages": _without_metadata(found[start : start + limit], arguments),
        "has_more": more,
        "pin_count": 0,
        "response_metadata": {"next_cursor": write_cursor(start + limit) if more else ""},
    }


def _comparable(ts: str) -> str:
    """Timestamps are compared as text: bring one like ``1700000000`` to the stored form."""
    if not ts or ts == "0":
        return ""
    whole, _, part = ts.partition(".")
    if not whole.isdecimal() or (part and not part.isdecimal()):
        raise SlackError("invalid_ts_oldest")
    return f"{int(whole):010d}.{part[:6]:0<6}"


def _replies(team: Team, arguments: Arguments) -> Json:
    channel = team.directory.find_channel(arguments.text("channel"))
    thread = team.store.thread(channel, arguments.text("ts"))
    if not thread or thread[0].get("thread_ts", thread[0]["ts"]) != thread[0]["ts"]:
        raise SlackError("thread_not_found")
    oldest, latest = _comparable(arguments.text("oldest", "")), _comparable(arguments.text("latest", ""))
    wanted = [
        each
        for each in thread
        if each is thread[0] or (each["ts"] >= oldest and (not latest or each["ts"] <= latest))
    ]
    page = arguments.page(_without_metadata(wanted, arguments), "messages")
    return {**page, "has_more": bool(page["response_metadata"]["next_cursor"])}


def _members(team: Team, arguments: Arguments) -> Json:
    channel = team.directory.find_channel(arguments.text("channel"), joined=False)
    page = arguments.page([{"id": user} for user in team.store.members(channel)], "members")
    return {**page, "members": [each["id"] for each in page["members"]]}


def _join(team: Team, arguments: Arguments) -> Json:
    channel = team.directory.find_channel(arguments.text("channel"), joined=False)
    if channel.startswith("D"):
        raise SlackError("method_not_supported_for_channel_type")
    team.store.join(channel, team.directory.app.user_id)
    return {"channel": team.directory.channel(channel)}


def _open(team: Team, arguments: Arguments) -> Json:
    users = [each for each in arguments.text("users", "").replace(" ", "").split(",") if each]
    if "channel" in arguments and not users:
        channel = team.directory.find_channel(arguments.text("channel"))
    elif len(users) == 1:
        channel = team.directory.direct_message(users[0])
    else:
        raise SlackError("users_list_not_supplied" if not users else "method_not_supported_for_channel_type")
    found = team.directory.channel(channel)
    return {"channel": found if arguments.flag("return_im") else {"id": channel}}


METHODS = {
    "conversations.list": Method(_list, "channels:read", 2),
    "conversations.info": Method(_info, "channels:read", 3),
    "conversations.history": Method(_history, "channels:history", 3),
    "conversations.replies": Method(_replies, "channels:history", 3),
    "conversations.members": Method(_members, "channels:read", 4),
    "conversations.join": Method(_join, "channels:join", 3),
    "conversations.open": Method(_open, "im:write", 3),
}
