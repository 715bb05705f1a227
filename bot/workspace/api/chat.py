"""chat.*, reactions.* and pins.*."""

from __future__ import annotations

from bot.workspace.api.method import Arguments, Method
from bot.workspace.errors import SlackError
from bot.workspace.messages import Draft
from bot.workspace.store import Json
from bot.workspace.team import Team


def _draft(arguments: Arguments) -> Draft:
    for name in ("username", "icon_url", "icon_emoji"):
        if name in arguments:
            raise SlackError("missing_scope", needed="chat:write.customize", provided="chat:write")
    return Draft(
        text=arguments.text("text") if "text" in arguments else None,
        blocks=arguments.json("blocks", "invalid_blocks_format"),
        attachments=arguments.json("attachments", "invalid_attachments"),
        thread_ts=arguments.text("thread_ts", "") or None,
        reply_broadcast=arguments.flag("reply_broadcast"),
        metadata=arguments.json("metadata", "metadata_must_be_sent_as_json"),
    )


def _post_message(team: Team, arguments: Arguments) -> Json:
    channel = team.directory.find_channel(arguments.text("channel"))
    team.limiter.count_post(channel)
    body = team.messages.post(channel, _draft(arguments))
    return {"channel": channel, "ts": body["ts"], "message": body}


def _update(team: Team, arguments: Arguments) -> Json:
    channel = team.directory.find_channel(arguments.text("channel"))
    body = team.messages.update(channel, arguments.text("ts"), _draft(arguments))
    return {"channel": channel, "ts": body["ts"], "text": body["text"], "message": body}


def _delete(team: Team, arguments: Arguments) -> Json:
    channel, ts = team.directory.find_channel(arguments.text("channel")), arguments.text("ts")
    team.messages.delete(channel, ts)
    return {"channel": channel, "ts": ts}


def _post_ephemeral(team: Team, arguments: Arguments) -> Json:
    channel, user = team.directory.find_channel(arguments.text("channel")), arguments.text("user")
    if not team.directory.sees(user, channel):
        raise SlackError("user_not_in_channel")
    return {"message_ts": team.messages.show(channel, user, _draft(arguments))["ts"]}


def _get_permalink(team: Team, arguments: Arguments) -> Json:
    channel, ts = team.directory.find_channel(arguments.text("channel")), arguments.text("message_ts")
    body = team.store.message(channel, ts)
    if body is None:
        raise SlackError("message_not_found")
    thread = body.get("thread_ts")
    query = f"?thread_ts={thread}&cid={channel}" if thread and thread != ts else ""
    return {
        "channel": channel,
        "permalink": f"{team.address}/archives/{channel}/p{ts.replace('.', '')}{query}",
    }


def _react(team: Team, arguments: Arguments, *, add: bool) -> Json:
    channel = team.directory.find_channel(arguments.text("channel"))
    name = arguments.text("name").strip(":")
    team.messages.react(channel, arguments.text("timestamp"), team.directory.app.user_id, name, add=add)
    return {}


def _pin(team: Team, arguments: Arguments) -> Json:
    team.messages.pin(team.directory.find_channel(arguments.text("channel")), arguments.text("timestamp"))
    return {}


METHODS = {
    "chat.postMessage": Method(_post_message, "chat:write"),
    "chat.update": Method(_update, "chat:write", 3),
    "chat.delete": Method(_delete, "chat:write", 3),
    "chat.postEphemeral": Method(_post_ephemeral, "chat:write", 4),
    "chat.getPermalink": Method(_get_permalink),
    "reactions.add": Method(lambda team, args: _react(team, args, add=True), "reactions:write", 3),
    "reactions.remove": Method(lambda team, args: _react(team, args, add=False), "reactions:write", 2),
    "pins.add": Method(_pin, "pins:write", 2),
}
