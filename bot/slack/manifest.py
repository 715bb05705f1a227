"""The app's manifest, and the scopes that the code needs: the same, as a test holds.

Scopes of methods: https://docs.slack.dev/reference/methods
"""

from __future__ import annotations

from importlib import resources

METHOD_SCOPES: dict[str, frozenset[str]] = {
    "auth.test": frozenset(),
    "chat.postEphemeral": frozenset({"chat:write"}),
    "chat.postMessage": frozenset({"chat:write"}),
    "chat.update": frozenset({"chat:write"}),
    "conversations.history": frozenset({"channels:history", "groups:history"}),
    "conversations.list": frozenset({"channels:read"}),
    "conversations.replies": frozenset({"channels:history", "groups:history"}),
    "files.upload.v2": frozenset({"files:write"}),
    "users.info": frozenset({"users:read"}),
    "views.open": frozenset(),
}
"""The Web API methods that the bot calls. `conversations.list` lists public channels only."""
FEATURE_SCOPES = frozenset({"commands"})


def manifest() -> str:
    """Return the manifest as YAML."""
    return (resources.files("bot.slack") / "manifest.yaml").read_text(encoding="utf-8")
