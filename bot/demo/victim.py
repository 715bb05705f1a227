"""The demo's host: a real SSH server that logs as OpenSSH does and obeys the blocklist feed.

It polls the feed as a firewall would (ETag, with the feed's long poll), refuses connections of
listed addresses before a byte of SSH is spoken, and cuts the sessions they have. Its one account
has a password that a short dictionary holds. Loopback only.
"""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import os
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncssh
import httpx

HOST = "web-1"
USER = "deploy"
PASSWORD = "Summer2026!"
ACCOUNTS = frozenset({USER, "root"})
CUSTOMERS = "/srv/shop/customers.csv"
CONSUMER = "web-1-firewall"
POLL_SECONDS = 20


class AuthLog:
    """An ``auth.log`` in the traditional format of RFC 3164, times in UTC."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def write(self, program: str, pid: int | None, message: str) -> None:
        now = datetime.now(UTC)
        tag = program if pid is None else f"{program}[{pid}]"
        self._file.write(f"{now:%b} {now.day:2d} {now:%H:%M:%S} {HOST} {tag}: {message}\n")


class Firewall:
    """Obeys the feed: what is listed may not connect, and what is connected is cut."""

    def __init__(self, log: AuthLog) -> None:
        self._log = log
        self._blocked: frozenset[str] = frozenset()
        self._connections: dict[asyncssh.SSHServerConnection, str] = {}
        self.refused = 0

    def admits(self, address: str) -> bool:
        if address in self._blocked:
            self.refused += 1
            return False
        return True

    def opened(self, connection: asyncssh.SSHServerConnection, address: str) -> None:
        self._connections[connection] = address

    def closed(self, connection: asyncssh.SSHServerConnection) -> None:
        self._connections.pop(connection, None)

    def obey(self, feed: str) -> None:
        self._blocked = frozenset(
            str(ipaddress.ip_address(line.strip()))
            for line in feed.splitlines()
            if line.strip() and not line.startswith("#")
        )
        for connection, address in list(self._connections.items()):
            if address in self._blocked:
                connection.abort()

    async def poll(self, url: str) -> None:
        """Fetch the feed for ever; while it can't be had, the last list stays in force."""
        etag = ""
        async with httpx.AsyncClient(timeout=POLL_SECONDS + 10, follow_redirects=False) as client:
            while True:
                try:
                    answer = await client.get(
                        url,
                        params={"consumer": CONSUMER, "wait": POLL_SECONDS},
                        headers={"If-None-Match": etag} if etag else {},
                    )
                except httpx.HTTPError:
                    await asyncio.sleep(0.5)
                    continue
                if answer.status_code == 200:
                    etag = answer.headers.get("ETag", "")
                    self.obey(answer.text)
                elif answer.status_code != 304:
                    await asyncio.sleep(0.5)


class Session(asyncssh.SSHServer):
    """One connection, logged in the words of OpenSSH."""

    def __init__(self, log: AuthLog, firewall: Firewall) -> None:
        self._log, self._firewall = log, firewall
        self._pid = random.randrange(2000, 60000)
        self._peer: tuple[str, int] = ("", 0)
        self._user: str | None = None
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._peer = conn.get_extra_info("peername")[:2]
        self._connection = conn
        if not self._firewall.admits(self._peer[0]):
            conn.abort()
            return
        self._firewall.opened(conn, self._peer[0])

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self._firewall.closed(self._connection)
        address, port = self._peer
        if self._user is not None:
            self._sshd(f"Disconnected from user {self._user} {address} port {port}")
            self._sshd(f"pam_unix(sshd:session): session closed for user {self._user}")
        elif exc is None:
            self._sshd(f"Connection closed by {address} port {port} [preauth]")

    def begin_auth(self, username: str) -> bool:
        if username not in ACCOUNTS:
            self._sshd(f"Invalid user {username} from {self._peer[0]} port {self._peer[1]}")
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        address, port = self._peer
        if username == USER and password == PASSWORD:
            self._user = username
            self._sshd(f"Accepted password for {username} from {address} port {port} ssh2")
            self._sshd(f"pam_unix(sshd:session): session opened for user {username}(uid=1001) by (uid=0)")
            return True
        who = username if username in ACCOUNTS else f"invalid user {username}"
        self._sshd(f"Failed password for {who} from {address} port {port} ssh2")
        return False

    def _sshd(self, message: str) -> None:
        self._log.write("sshd", self._pid, message)


def _shell(log: AuthLog) -> Callable[[asyncssh.SSHServerProcess[str]], object]:
    async def serve(process: asyncssh.SSHServerProcess[str]) -> None:
        """Answer the few commands that a thief types first."""
        command = (process.command or "").strip()
        user = process.get_extra_info("username")
        if command == "id":
            process.stdout.write(f"uid=1001({user}) gid=1001({user}) groups=1001({user}),27(sudo)\n")
        elif command.startswith("sudo "):
            wanted = command.removeprefix("sudo ")
            log.write(
                "sudo",
                None,
                f"{user:>8} : TTY=pts/0 ; PWD=/home/{user} ; USER=root ; COMMAND=/usr/bin/{wanted}",
            )
            log.write(
                "sudo",
                None,
                f"pam_unix(sudo:session): session opened for user root(uid=0) by {user}(uid=1001)",
            )
            process.stdout.write("id,name,mail\n1,example,example@example.org\n")
            log.write("sudo", None, "pam_unix(sudo:session): session closed for user root")
        elif command:
            process.stdout.write(f"{command.split()[0]}: command not found\n")
        if not command or command == "wait":
            await process.stdin.read()
        process.exit(0)

    return serve


async def serve(folder: Path, listen: str, feed: str) -> None:
    """Run until cancelled. `listen` is ``address:port``; the log is ``folder/auth.log``."""
    address, _, port = listen.rpartition(":")
    log = AuthLog(folder / "auth.log")
    firewall = Firewall(log)
    key = folder / "host_key"
    if not key.exists():
        asyncssh.generate_private_key("ssh-ed25519").write_private_key(key)
        key.chmod(0o600)
    server = await asyncssh.listen(
        address,
        int(port),
        server_factory=lambda: Session(log, firewall),
        server_host_keys=[key],
        process_factory=_shell(log),
        server_version="OpenSSH_9.2p1 Debian-2+deb12u3",
        login_timeout=20,
    )
    (folder / "victim.ready").write_text(f"{os.getpid()}\n", encoding="utf-8")
    async with server:
        await firewall.poll(feed)


def main() -> None:
    parser = argparse.ArgumentParser(description="The demo's SSH server.")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--listen", required=True)
    parser.add_argument("--feed", required=True)
    options = parser.parse_args()
    asyncio.run(serve(options.folder, options.listen, options.feed))


if __name__ == "__main__":
    main()
