"""Posting, changing and deleting messages, whoever does it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from bot.workspace.blocks import check_blocks, fill_blocks
from bot.workspace.blocks.check import is_too_long
from bot.workspace.directory import Directory
from bot.workspace.errors import SlackError
from bot.workspace.hub import Hub
from bot.workspace.mrkdwn import canonical
from bot.workspace.store import Json, Store

MOST_TEXT = 40_000
MOST_METADATA = 16_000


class Draft(BaseModel):
    """What an app says; None is what it left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str | None = None
    blocks: Any = None
    attachments: Any = None
    thread_ts: str | None = None
    reply_broadcast: bool = False
    metadata: Any = None

    def content(self) -> Json:
        """Check it all and return the message's fields.

        Raises SlackError ``no_text``, ``msg_too_long``, ``invalid_blocks``, ``msg_blocks_too_long``,
        ``invalid_attachments``, ``invalid_metadata_format`` and ``metadata_too_large``.
        """
        fields: Json = {}
        if self.text is not None:
            if len(self.text) > MOST_TEXT:
                raise SlackError("msg_too_long")
            fields["text"] = canonical(self.text)
        if self.blocks is not None:
            if faults := check_blocks(self.blocks):
                raise SlackError("invalid_blocks", faults)
            if is_too_long(self.blocks):
                raise SlackError("msg_blocks_too_long")
            fields["blocks"] = canonical_blocks(fill_blocks(self.blocks))
        if self.attachments is not None:
            fields["attachments"] = _check_attachments(self.attachments)
        if self.metadata is not None:
            fields["metadata"] = _check_metadata(self.metadata)
        return fields


class Messages:
    def __init__(self, directory: Directory, store: Store, hub: Hub) -> None:
        self._directory = directory
        self._store = store
        self._hub = hub

    def post(self, channel: str, draft: Draft, **more: Any) -> Json:
        """Post as the app and return the message. Raises SlackError."""
        fields = draft.content()
        if not any(fields.get(name) for name in ("text", "blocks", "attachments")) and not more.get("files"):
            raise SlackError("no_text")
        return self.put(channel, {**self._by_app(), "text": "", **fields, **more}, draft)

    def put(self, channel: str, fields: Json, draft: Draft) -> Json:
        """Post checked `fields` in the thread that `draft` names. Raises SlackError ``thread_not_found``."""
        body: Json = {"type": "message", "ts": "", "team": self._directory.settings.team_id, **fields}
        parent = None
        if draft.thread_ts:
            parent = self._store.message(channel, draft.thread_ts)
            if parent is None:
                raise SlackError("thread_not_found")
            if parent.get("thread_ts", parent["ts"]) != parent["ts"]:
                raise SlackError("cannot_reply_to_message")
            body |= {"thread_ts": parent["ts"], "parent_user_id": parent["user"]}
            if draft.reply_broadcast:
                body["subtype"] = "thread_broadcast"
        body["ts"] = self._store.new_ts()
        self._store.put_message(channel, body)
        self._hub.tell_channel(channel, {"type": "message", "message": body})
        if parent is not None:
            self._count_replies(channel, parent["ts"])
        return body

    def update(self, channel: str, ts: str, draft: Draft) -> Json:
        """Change a message of the app; what the draft leaves out stays, an empty list removes.

        Raises SlackError ``message_not_found`` and ``cant_update_message``.
        """
        body = self._store.message(channel, ts)
        if body is None:
            raise SlackError("message_not_found")
        if body.get("bot_id") != self._directory.app.bot_id:
            raise SlackError("cant_update_message")
        fields = draft.content()
        if not fields:
            raise SlackError("no_text")
        body |= {**fields, "edited": {"user": body["user"], "ts": self._store.new_ts()}}
        for name in ("blocks", "attachments", "metadata"):
            if not body.get(name):
                body.pop(name, None)
        if not body["text"] and not body.get("blocks") and not body.get("attachments"):
            raise SlackError("no_text")
        self._change(channel, body)
        return body

    def delete(self, channel: str, ts: str) -> None:
        """Raises SlackError ``message_not_found`` and ``cant_delete_message``."""
        body = self._store.message(channel, ts)
        if body is None:
            raise SlackError("message_not_found")
        if body.get("bot_id") != self._directory.app.bot_id:
            raise SlackError("cant_delete_message")
        if body.get("reply_count"):
            kept = ("type", "ts", "user", "bot_id", "thread_ts", "reply_count", "reply_users", "latest_reply")
            tombstone = {name: body[name] for name in kept if name in body}
            self._change(channel, {**tombstone, "subtype": "tombstone", "text": "This message was deleted."})
            return
        self._store.delete_message(channel, ts)
        self._hub.tell_channel(channel, {"type": "message_deleted", "ts": ts})
        if body.get("thread_ts"):
            self._count_replies(channel, body["thread_ts"])

    def show(self, channel: str, user: str, draft: Draft, ts: str = "") -> Json:
        """Show a message to one user only, in place of the one at `ts` where given. Raises SlackError."""
        fields = draft.content()
        if not any(fields.get(name) for name in ("text", "blocks", "attachments")):
            raise SlackError("no_text")
        fields = {name: value for name, value in fields.items() if value and name != "metadata"}
        body = {"type": "message", "ts": ts or self._store.new_ts(), **self._by_app(), "text": "", **fields}
        if draft.thread_ts:
            body["thread_ts"] = draft.thread_ts
        body["is_ephemeral"] = True
        self._store.put_ephemeral(channel, user, body)
        self._hub.tell_user(user, {"type": "ephemeral", "channel": channel, "message": body})
        return body

    def hide(self, channel: str, user: str, ts: str) -> None:
        """Remove an ephemeral message."""
        self._store.delete_ephemeral(channel, ts)
        self._hub.tell_user(user, {"type": "message_deleted", "channel": channel, "ts": ts})

    def react(self, channel: str, ts: str, user: str, name: str, *, add: bool) -> None:
        """Raises SlackError ``message_not_found``, ``already_reacted`` and ``no_reaction``."""
        body = self._store.message(channel, ts)
        if body is None:
            raise SlackError("message_not_found")
        users = {each["name"]: each["users"] for each in body.get("reactions", [])}
        there = user in users.get(name, [])
        if there == add:
            raise SlackError("already_reacted" if add else "no_reaction")
        users[name] = [*users.get(name, []), user] if add else [u for u in users[name] if u != user]
        body["reactions"] = [
            {"name": name, "users": who, "count": len(who)} for name, who in users.items() if who
        ]
        self._change(channel, body)

    def pin(self, channel: str, ts: str) -> None:
        """Raises SlackError ``message_not_found`` and ``already_pinned``."""
        body = self._store.message(channel, ts)
        if body is None:
            raise SlackError("message_not_found")
        if body.get("pinned_to"):
            raise SlackError("already_pinned")
        self._change(channel, {**body, "pinned_to": [channel]})

    def _by_app(self) -> Json:
        app = self._directory.app
        profile = self._directory.bot()
        return {"user": app.user_id, "bot_id": app.bot_id, "app_id": app.id, "bot_profile": profile}

    def _change(self, channel: str, body: Json) -> None:
        self._store.put_message(channel, body)
        self._hub.tell_channel(channel, {"type": "message_changed", "message": body})

    def _count_replies(self, channel: str, ts: str) -> None:
        thread = self._store.thread(channel, ts)
        if not thread or thread[0]["ts"] != ts:
            return
        parent, replies = thread[0], thread[1:]
        for name in ("thread_ts", "reply_count", "reply_users", "reply_users_count", "latest_reply"):
            parent.pop(name, None)
        if replies:
            users = list(dict.fromkeys(reply["user"] for reply in replies))
            parent |= {
                "thread_ts": ts,
                "reply_count": len(replies),
                "reply_users": users[:5],
                "reply_users_count": len(users),
                "latest_reply": replies[-1]["ts"],
            }
        self._change(channel, parent)


def canonical_blocks(value: Any) -> Any:
    """Bring every mrkdwn text object to the form in which Slack keeps it."""
    if isinstance(value, list):
        return [canonical_blocks(each) for each in value]
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            return {**value, "text": canonical(value["text"])}
        return {name: canonical_blocks(each) for name, each in value.items()}
    return value


_ATTACHMENT_TEXTS = ("fallback", "color", "pretext", "title", "title_link", "text", "footer", "author_name")


def _check_attachments(attachments: Any) -> list[Json]:
    if not isinstance(attachments, list) or not all(isinstance(each, dict) for each in attachments):
        raise SlackError("invalid_attachments")
    if len(attachments) > 100:
        raise SlackError("too_many_attachments")
    checked = []
    for index, each in enumerate(attachments):
        kept: Json = {"id": index + 1}
        for name in _ATTACHMENT_TEXTS:
            if name in each:
                if not isinstance(each[name], str):
                    raise SlackError("invalid_attachments", [f"[ERROR] must provide a string: {name}"])
                kept[name] = canonical(each[name])
        if "blocks" in each:
            if faults := check_blocks(each["blocks"], pointer=f"/attachments/{index}/blocks"):
                raise SlackError("invalid_attachments", faults)
            kept["blocks"] = canonical_blocks(fill_blocks(each["blocks"]))
        if not kept.get("blocks") and not any(kept.get(name) for name in ("text", "title", "fallback")):
            raise SlackError("invalid_attachments", [f"[ERROR] attachment {index} says nothing"])
        checked.append(kept)
    return checked


def _check_metadata(metadata: Any) -> Json:
    if metadata == {}:
        return {}
    if (
        not isinstance(metadata, dict)
        or set(metadata) != {"event_type", "event_payload"}
        or not isinstance(metadata["event_type"], str)
        or not metadata["event_type"]
        or not isinstance(metadata["event_payload"], dict)
    ):
        raise SlackError("invalid_metadata_format")
    if len(str(metadata["event_payload"])) > MOST_METADATA:
        raise SlackError("metadata_too_large")
    return metadata
