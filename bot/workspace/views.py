"""Modals and the app's home: opened with a trigger, stacked at most three deep."""

from __future__ import annotations

import secrets
from typing import Any

from bot.workspace.blocks import check_view, fill_blocks
from bot.workspace.directory import Directory
from bot.workspace.errors import SlackError
from bot.workspace.hub import Hub
from bot.workspace.messages import canonical_blocks
from bot.workspace.store import Json, Store

DEEPEST = 3
LARGEST = 250_000


class Views:
    def __init__(self, directory: Directory, store: Store, hub: Hub) -> None:
        self._directory = directory
        self._store = store
        self._hub = hub

    def open(self, trigger: str, view: Any, *, push: bool = False) -> Json:
        """Open a modal for the person who triggered it, or push one on top of theirs.

        Raises SlackError: the trigger's (``invalid_trigger_id``, ``expired_trigger_id``,
        ``exchanged_trigger_id``), ``invalid_arguments`` for the view, ``push_limit_reached``.
        """
        _check(view)
        if trigger and isinstance(holder := self._store.use_handle("trigger", trigger), dict):
            return self.put(holder["user"], view, push=push)
        if not trigger:
            raise SlackError("invalid_trigger_id")
        codes = {
            "unknown": "invalid_trigger_id",
            "expired": "expired_trigger_id",
            "used": "exchanged_trigger_id",
        }
        raise SlackError(codes[str(holder)])

    def put(self, user: str, view: Any, *, push: bool = False) -> Json:
        """Show a modal to `user`. Raises SlackError."""
        _check(view)
        stack = self._store.views(user)
        if push and not stack:
            raise SlackError("not_found")
        if push and len(stack) >= DEEPEST:
            raise SlackError("push_limit_reached")
        if not push:
            self._store.close_views(each["id"] for each in stack)
            stack = []
        self._check_external(view)
        view_id = f"V{secrets.token_hex(6).upper()}"
        body = {
            **self._built(view, view_id),
            "root_view_id": stack[0]["id"] if stack else view_id,
            "previous_view_id": stack[-1]["id"] if stack else None,
        }
        self._store.put_view(user, "modal", body)
        self._tell(user)
        return body

    def update(self, view: Any, view_id: str = "", external_id: str = "", hash_: str = "") -> Json:
        """Raises SlackError ``not_found``, ``hash_conflict`` and ``invalid_arguments``."""
        _check(view)
        found = self._store.view(view_id, external_id)
        if found is None:
            raise SlackError("not_found")
        user, old = found
        if hash_ and hash_ != old["hash"]:
            raise SlackError("hash_conflict")
        if view.get("external_id") != (old.get("external_id") or None):
            self._check_external(view)
        kept = {name: old[name] for name in ("root_view_id", "previous_view_id")}
        body = {**self._built(view, old["id"]), **kept}
        self._store.put_view(user, "modal", body)
        self._tell(user)
        return body

    def publish(self, user: str, view: Any, hash_: str = "") -> Json:
        """Set the app's home of one person. Raises SlackError ``user_not_found`` and as `update`."""
        self._directory.person(user)
        _check(view, "home")
        old = self._store.views(user, "home")
        if hash_ and old and hash_ != old[0]["hash"]:
            raise SlackError("hash_conflict")
        view_id = f"VH{user[1:]}"
        body = {**self._built(view, view_id), "root_view_id": view_id, "previous_view_id": None}
        self._store.put_view(user, "home", body)
        self._hub.tell_user(user, {"type": "home", "view": body})
        return body

    def close(self, user: str, view_id: str, *, whole: bool) -> list[Json]:
        """Close one modal, or the whole stack that it is in; return those closed, the topmost last."""
        stack = self._store.views(user)
        closed = [each for each in stack if whole or each["id"] == view_id]
        self._store.close_views(each["id"] for each in closed)
        self._tell(user)
        return closed

    def _tell(self, user: str) -> None:
        self._hub.tell_user(user, {"type": "views", "views": self._store.views(user)})

    def _check_external(self, view: Json) -> None:
        if view.get("external_id") and self._store.view(external=view["external_id"]) is not None:
            raise SlackError("duplicate_external_id")

    def _built(self, view: Json, view_id: str) -> Json:
        app = self._directory.app
        return {
            "id": view_id,
            "team_id": self._directory.settings.team_id,
            "type": view["type"],
            "title": view.get("title") or {"type": "plain_text", "text": app.name},
            "blocks": canonical_blocks(fill_blocks(view["blocks"])),
            "close": view.get("close"),
            "submit": view.get("submit"),
            "private_metadata": view.get("private_metadata", ""),
            "callback_id": view.get("callback_id", ""),
            "external_id": view.get("external_id", ""),
            "clear_on_close": view.get("clear_on_close", False),
            "notify_on_close": view.get("notify_on_close", False),
            "state": {"values": {}},
            "hash": f"{self._store.new_ts()}.{secrets.token_hex(4)}",
            "app_id": app.id,
            "bot_id": app.bot_id,
            "app_installed_team_id": self._directory.settings.team_id,
        }


def _check(view: Any, kind: Any = "modal") -> None:
    if faults := check_view(view, kind):
        raise SlackError("invalid_arguments", faults)
    if len(str(view)) > LARGEST:
        raise SlackError("view_too_large")
