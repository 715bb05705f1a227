"""The payloads that an app receives (docs.slack.dev/interactivity and /reference/interaction-payloads)."""

from __future__ import annotations

import secrets
import time

from bot.workspace.directory import Directory
from bot.workspace.store import Json, Store

RESPONSE_USES = 5
RESPONSE_SECONDS = 1800.0
RESPONSE_PATH = "/actions/"


class Payloads:
    """`address` is ``http://host:port``, without a trailing slash, known once the server listens."""

    def __init__(self, directory: Directory, store: Store) -> None:
        self._directory = directory
        self._store = store
        self.address = ""

    def slash_command(self, user: str, channel: str, command: str, text: str) -> Json:
        settings = self._directory.settings
        return {
            "token": "unused",
            "team_id": settings.team_id,
            "team_domain": settings.team_domain,
            "channel_id": channel,
            "channel_name": self._channel_name(channel),
            "user_id": user,
            "user_name": self._directory.person(user).name,
            "command": command,
            "text": text,
            "api_app_id": self._directory.app.id,
            "is_enterprise_install": "false",
            "response_url": self.response_url(channel, user),
            "trigger_id": self.trigger(user),
        }

    def block_action(self, user: str, channel: str, message: Json, action: Json, state: Json) -> Json:
        """An element of a message was used; an ephemeral message itself is not sent."""
        ephemeral = bool(message.get("is_ephemeral"))
        container = {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": channel,
            "is_ephemeral": ephemeral,
        }
        if "thread_ts" in message:
            container["thread_ts"] = message["thread_ts"]
        payload = {
            **self._interaction("block_actions", user),
            "container": container,
            "channel": {"id": channel, "name": self._channel_name(channel)},
            "state": {"values": state},
            "response_url": self.response_url(
                channel, user, message["ts"], message.get("thread_ts"), ephemeral
            ),
            "actions": [{**action, "action_ts": f"{time.time():.6f}"}],
        }
        return payload if ephemeral else {**payload, "message": message}

    def view_action(self, user: str, view: Json, action: Json) -> Json:
        return {
            **self._interaction("block_actions", user),
            "container": {"type": "view", "view_id": view["id"]},
            "view": view,
            "actions": [{**action, "action_ts": f"{time.time():.6f}"}],
        }

    def view_submission(self, user: str, view: Json) -> Json:
        return {**self._interaction("view_submission", user), "view": view, "response_urls": []}

    def view_closed(self, user: str, view: Json, *, cleared: bool) -> Json:
        payload = {**self._interaction("view_closed", user), "view": view, "is_cleared": cleared}
        del payload["trigger_id"]
        return payload

    def event(self, event: Json) -> Json:
        settings = self._directory.settings
        return {
            "token": "unused",
            "team_id": settings.team_id,
            "api_app_id": self._directory.app.id,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{secrets.token_hex(8).upper()}",
            "event_time": int(time.time()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": settings.team_id,
                    "user_id": self._directory.app.user_id,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
        }

    def trigger(self, user: str) -> str:
        seconds = self._directory.settings.trigger_seconds
        return self._store.new_handle("trigger", seconds, 1, {"user": user})

    def response_url(
        self,
        channel: str,
        user: str,
        ts: str | None = None,
        thread: str | None = None,
        ephemeral: bool = False,
    ) -> str:
        body = {"channel": channel, "user": user, "ts": ts, "thread": thread, "ephemeral": ephemeral}
        handle = self._store.new_handle("response", RESPONSE_SECONDS, RESPONSE_USES, body)
        return f"{self.address}{RESPONSE_PATH}{self._directory.settings.team_id}/{handle}"

    def _interaction(self, kind: str, user: str) -> Json:
        settings = self._directory.settings
        name = self._directory.person(user).name
        return {
            "type": kind,
            "user": {"id": user, "username": name, "name": name, "team_id": settings.team_id},
            "api_app_id": self._directory.app.id,
            "token": "unused",
            "trigger_id": self.trigger(user),
            "team": {"id": settings.team_id, "domain": settings.team_domain},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _channel_name(self, channel: str) -> str:
        found = self._store.channel(channel)
        return "directmessage" if found is None or found["person"] else str(found["name"])
