"""The workspace put together: one object with everything that the servers need."""

from __future__ import annotations

from collections.abc import Callable

import aiohttp

from bot.workspace.acts import Acts
from bot.workspace.delivery import Delivery, Outbox, SignedHttp, SocketMode
from bot.workspace.directory import Directory
from bot.workspace.hub import Hub
from bot.workspace.limits import Limiter
from bot.workspace.messages import Messages
from bot.workspace.payloads import Payloads
from bot.workspace.settings import WorkspaceSettings, load_secrets
from bot.workspace.store import Store
from bot.workspace.views import Views


class Team:
    """`session` carries signed requests; needed for delivery ``http`` only."""

    def __init__(
        self,
        settings: WorkspaceSettings,
        session: aiohttp.ClientSession,
        log: Callable[[str], None] = lambda _line: None,
    ) -> None:
        """Raises OSError, sqlite3.Error and ValueError where the data folder can't be used."""
        self.settings = settings
        self.log = log
        self.secrets = settings.secrets or load_secrets(settings.data)
        self.store = Store(settings.data / "workspace.sqlite")
        self.directory = Directory(settings, self.store)
        self.hub = Hub(self.directory.sees)
        self.limiter = Limiter(settings.limits)
        self.messages = Messages(self.directory, self.store, self.hub)
        self.views = Views(self.directory, self.store, self.hub)
        self.payloads = Payloads(self.directory, self.store)
        self.sockets = SocketMode(
            settings.app.id,
            self.secrets.app_token.get_secret_value(),
            ack_seconds=settings.ack_seconds,
            socket_seconds=settings.socket_seconds,
            log=log,
        )
        delivery: Delivery = self.sockets
        if settings.app.delivery == "http":
            signing_secret = self.secrets.signing_secret.get_secret_value()
            delivery = SignedHttp(
                settings.app.request_url or "", signing_secret, session, ack_seconds=settings.ack_seconds
            )
        self.outbox = Outbox(self.store, delivery, log)
        self.sockets.on_change = self._note_connections
        self.acts = Acts(
            self.directory, self.store, self.messages, self.views, self.payloads, delivery, self.outbox
        )

    def _note_connections(self) -> None:
        if self.is_connected:
            self.outbox.hurry()
        self.hub.tell_all({"type": "app", "connected": self.is_connected})

    @property
    def is_connected(self) -> bool:
        """Whether the app could be reached now, as far as can be known without asking it."""
        return self.settings.app.delivery == "http" or self.sockets.connections > 0

    @property
    def address(self) -> str:
        """``http://host:port``."""
        return self.payloads.address

    @address.setter
    def address(self, address: str) -> None:
        self.payloads.address = address
