"""What a person does on the page: say, command, click, choose, submit, close, react.

Each act answers once the app has acknowledged it, or with what Slack shows where it did not.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable
from typing import Any

from pydantic import ValidationError

from bot.workspace.blocks.state import InputError, element_state, find, form_state
from bot.workspace.delivery import AppRequest, Delivery, Outbox
from bot.workspace.directory import Directory
from bot.workspace.errors import DeliveryError, SlackError
from bot.workspace.messages import Draft, Messages
from bot.workspace.mrkdwn import escape, mentions
from bot.workspace.payloads import Payloads
from bot.workspace.store import Json, Store
from bot.workspace.views import Views

LONGEST_SAID = 12_000


class ActError(Exception):
    """The act did not work; `code` is Slack's and the text is for the person."""

    def __init__(self, code: str, text: str, faults: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.faults = faults or {}
        """By block id, for a form."""


class Acts:
    def __init__(
        self,
        directory: Directory,
        store: Store,
        messages: Messages,
        views: Views,
        payloads: Payloads,
        delivery: Delivery,
        outbox: Outbox,
    ) -> None:
        self._directory = directory
        self._store = store
        self._messages = messages
        self._views = views
        self._payloads = payloads
        self._delivery = delivery
        self._outbox = outbox

    async def say(self, user: str, channel: str, text: str, thread: str | None = None) -> Json:
        """Post what a person typed; a line that begins with ``/`` is a command. Raises `ActError`."""
        self._check_sees(user, channel)
        text = text.strip()
        if not text or len(text) > LONGEST_SAID:
            raise ActError("msg_too_long" if text else "no_text", "Write between 1 and 12,000 characters.")
        if re.match(r"/[a-z]", text):
            return await self.command(user, channel, text, thread)
        body = self._messages.put(channel, {"user": user, "text": self._link(text)}, Draft(thread_ts=thread))
        if not thread:
            self._store.mark_read(user, channel, body["ts"])
        self._tell_app(channel, body)
        return body

    def _link(self, text: str) -> str:
        """Turn ``@alice``, ``#security`` and ``@here`` into what they stand for; escape the rest."""
        handles = {user["name"]: f"<@{user['id']}>" for user in self._directory.users()}
        handles |= {each: f"<!{each}>" for each in ("here", "channel", "everyone")}
        handles |= {group["handle"]: f"<!subteam^{group['id']}>" for group in self._directory.groups()}
        rooms = {each["name"]: f"<#{each['id']}>" for each in self._store.channels() if not each["person"]}
        text = escape(text)
        text = re.sub(r"(?<![\w@/])@([a-z0-9._-]*[a-z0-9_])", lambda m: handles.get(m[1], m[0]), text)
        text = re.sub(r"(?<![\w#/&])#([a-z0-9_-]+)", lambda m: rooms.get(m[1], m[0]), text)
        return re.sub(r"(?<![\w|<])(https?://[^\s<>|]+[^\s<>|.,;:!?)\"'])", r"<\1>", text)

    def _tell_app(self, channel: str, body: Json) -> None:
        app = self._directory.app
        if not self._directory.sees(app.user_id, channel):
            return
        kind = "im" if channel.startswith("D") else "channel"
        event: Json = {
            name: body[name] for name in ("user", "text", "ts", "team", "thread_ts") if name in body
        }
        event |= {"channel": channel, "event_ts": body["ts"], "client_msg_id": f"local-{body['ts']}"}
        if f"message.{kind}" in app.events or (kind == "channel" and "message.channels" in app.events):
            self._outbox.put(self._payloads.event({"type": "message", "channel_type": kind, **event}))
        if kind == "channel" and "app_mention" in app.events and mentions(body["text"], app.user_id):
            self._outbox.put(self._payloads.event({"type": "app_mention", **event}))

    async def command(self, user: str, channel: str, line: str, thread: str | None = None) -> Json:
        """Run a slash command and show what it answers at once. Raises `ActError`."""
        self._check_sees(user, channel)
        command, _, text = line.partition(" ")
        if command not in {each.command for each in self._directory.app.commands}:
            raise ActError("invalid_command", f"{command} is not a valid command. Type / to see the list.")
        if thread:
            raise ActError("not_in_threads", f"{command} is not supported in threads. Sorry!")
        payload = self._payloads.slash_command(user, channel, command, text.strip())
        try:
            answer = await self._delivery.deliver(AppRequest("slash_commands", payload))
        except DeliveryError as error:
            raise ActError(error.code, f'{command} failed with the error "{error.code}"') from error
        if answer.get("response_type") == "in_channel":
            self._messages.put(channel, {"user": user, "text": escape(line)}, Draft())
        if answer.get("text") or answer.get("blocks") or answer.get("attachments"):
            self._answer(channel, user, answer, None)
        return {}

    def _answer(self, channel: str, user: str, answer: Json, thread: str | None) -> None:
        try:
            draft = read_draft(answer, thread)
            if answer.get("response_type") == "in_channel":
                self._messages.post(channel, draft)
            else:
                self._messages.show(channel, user, draft)
        except SlackError as error:
            raise ActError(
                error.code, "\n".join([f"The app's answer is wrong: {error}", *error.messages])
            ) from error

    async def use(
        self, user: str, channel: str, ts: str, block: str, action: str, value: Any, values: Any = None
    ) -> Json:
        """Click or choose in a message. Raises `ActError`."""
        self._check_sees(user, channel)
        message = self._store.ephemeral(channel, ts, user) or self._store.message(channel, ts)
        if message is None:
            raise ActError("message_not_found", "This message is gone.")
        blocks = [*message.get("blocks", [])]
        for attachment in message.get("attachments", []):
            blocks += attachment.get("blocks", [])
        used = _action(blocks, block, action, value)
        state, _ = form_state(blocks, _values(values, block, action, value))
        payload = self._payloads.block_action(user, channel, message, used, state)
        await self._deliver(payload)
        return {}

    async def use_in_view(
        self, user: str, view_id: str, block: str, action: str, value: Any, values: Any = None
    ) -> Json:
        """Click or choose in a modal or in the app's home. Raises `ActError`."""
        view = self._view(user, view_id)
        used = _action(view["blocks"], block, action, value)
        state, _ = form_state(view["blocks"], _values(values, block, action, value))
        filled = {**view, "state": {"values": state}}
        await self._deliver(self._payloads.view_action(user, filled, used))
        return {}

    async def submit(self, user: str, view_id: str, values: Any) -> Json:
        """Submit a modal and do what the app answers. Raises `ActError`, with faults by block id."""
        view = self._view(user, view_id)
        state, faults = form_state(view["blocks"], _values(values), complete=True)
        if faults:
            raise ActError("invalid_input", "Some fields need attention.", faults)
        filled = {**view, "state": {"values": state}}
        answer = await self._deliver(self._payloads.view_submission(user, filled))
        action = answer.get("response_action")
        try:
            if action == "errors":
                known = {each["block_id"] for each in view["blocks"] if each["type"] == "input"}
                wrong = {str(key): str(text) for key, text in dict(answer.get("errors") or {}).items()}
                if not wrong or not wrong.keys() <= known:
                    raise ActError("invalid_errors", "The app answered errors for no input of this form.")
                raise ActError("invalid_input", "Some fields need attention.", wrong)
            if action == "update":
                self._views.update(answer.get("view"), view_id)
            elif action == "push":
                self._views.put(user, answer.get("view"), push=True)
            elif action in (None, "clear"):
                self._views.close(user, view_id, whole=action == "clear")
            else:
                raise ActError("invalid_response_action", f"The app answered {action!r}.")
        except SlackError as error:
            raise ActError(error.code, "\n".join(["The app's answer is wrong.", *error.messages])) from error
        return {}

    async def close(self, user: str, view_id: str) -> Json:
        """Close a modal; the app is told where it asked for that."""
        view = self._view(user, view_id)
        closed = self._views.close(user, view_id, whole=view["clear_on_close"])
        for each in reversed(closed):
            if each["notify_on_close"]:
                payload = self._payloads.view_closed(user, each, cleared=len(closed) > 1)
                await self._quietly(self._deliver(payload))
        return {}

    def react(self, user: str, channel: str, ts: str, name: str, *, add: bool) -> Json:
        """Raises `ActError`."""
        self._check_sees(user, channel)
        if not re.fullmatch(r"[a-z0-9_+-]{1,60}", name):
            raise ActError("invalid_name", "This is no emoji's name.")
        try:
            self._messages.react(channel, ts, user, name, add=add)
        except SlackError as error:
            raise ActError(error.code, "The reaction did not work.") from error
        return {}

    def open_home(self, user: str) -> Json | None:
        """Open the app's home; the app may publish it in answer. Returns the present one."""
        home = next(iter(self._store.views(user, "home")), None)
        if "app_home_opened" in self._directory.app.events:
            event = {
                "type": "app_home_opened",
                "user": user,
                "channel": self._directory.direct_message(user),
                "tab": "home",
                "event_ts": self._store.new_ts(),
            }
            self._outbox.put(self._payloads.event({**event, **({"view": home} if home else {})}))
        return home

    def _check_sees(self, user: str, channel: str) -> None:
        if not self._directory.sees(user, channel):
            raise ActError("not_in_channel", "You are not in this channel.")

    def _view(self, user: str, view_id: str) -> Json:
        found = self._store.view(view_id)
        if found is None or found[0] != user:
            raise ActError("not_found", "This view is closed.")
        return found[1]

    async def _deliver(self, payload: Json) -> Json:
        try:
            return await self._delivery.deliver(AppRequest("interactive", payload))
        except DeliveryError as error:
            raise ActError(
                error.code, f"{self._directory.app.name} did not respond ({error.code}): {error}."
            ) from error

    async def _quietly(self, delivered: Awaitable[Json]) -> None:
        """Nobody waits for this one's answer."""
        try:
            await delivered
        except ActError:
            return


def read_draft(answer: Json, thread: str | None) -> Draft:
    """Read the message of an acknowledgement or of a response URL. Raises SlackError."""
    names = ("text", "blocks", "attachments", "metadata")
    try:
        return Draft(thread_ts=thread, **{name: answer[name] for name in names if name in answer})
    except ValidationError as error:
        raise SlackError("invalid_payload", [str(each["msg"]) for each in error.errors()]) from error


def _action(blocks: list[Json], block: str, action: str, value: Any) -> Json:
    element = find(blocks, block, action)
    if element is None:
        raise ActError("message_not_found", "This button is gone: the message has changed.")
    try:
        state = element_state(element, value)
    except InputError as error:
        raise ActError("invalid_input", str(error)) from error
    used = {"action_id": action, "block_id": block, **state}
    for name in ("text", "value", "style", "url", "placeholder", "confirm"):
        if name in element and not (name == "value" and element["type"] != "button"):
            used[name] = element[name]
    return used


def _values(values: Any, block: str = "", action: str = "", value: Any = None) -> dict[str, dict[str, Any]]:
    checked: dict[str, dict[str, Any]] = {}
    if isinstance(values, dict):
        checked = {str(key): each for key, each in values.items() if isinstance(each, dict)}
    if block:
        checked.setdefault(block, {})[action] = value
    return checked
