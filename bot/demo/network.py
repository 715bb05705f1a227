"""A network of its own on one machine: real hosts in namespaces, with real sshd, rsyslogd and nftables.

    attacker 203.0.113.66 ┐                           ┌ web-1   .10
    bystander 203.0.113.77 ┴ gateway .1 ── inside ────┼ db-1    .20
                                             │        └ files-1 .30
                                   this machine .2

Everything hangs on this process: it ends, however that happens, and every host ends with it (PR_SET_PDEATHSIG
and process 1 of each host), and with the namespaces their links, the one into this machine too. Needs root.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import psutil

TOOLS = {
    "ip": "iproute2", "ss": "iproute2", "nft": "nftables", "/usr/sbin/sshd": "openssh-server",
    "ssh": "openssh-client", "rsyslogd": "rsyslog", "ping": "iputils-ping", "unshare": "util-linux",
    "nsenter": "util-linux", "useradd": "passwd", "sudo": "sudo", "/usr/bin/python3": "python3",
}  # fmt: skip
NAMESPACES = ("--net", "--mount", "--uts", "--ipc", "--pid")
GATEWAY = "gateway"
ATTACKER = "203.0.113.66"
BYSTANDER = "203.0.113.77"
OUTSIDE = "203.0.113.1"
SERVERS = {"web-1": 10, "db-1": 20, "files-1": 30}
"""Name to the last part of its address."""
SECONDS = 30.0
PR_SET_PDEATHSIG = 1
CLONE_NEWNET = 0x40000000


class NetworkError(Exception):
    """The network can't be had here; the text says what is missing."""


def missing() -> str:
    """Return what this machine lacks for the network, in words; empty where it can be had."""
    lacking = sorted({package for tool, package in TOOLS.items() if _tool(tool) is None})
    found = [f"the packages {', '.join(lacking)} (apt-get install {' '.join(lacking)})"] if lacking else []
    if os.geteuid() != 0:
        found.insert(0, "root, to make network namespaces (sudo)")
    elif not found:
        tried = subprocess.run(
            (
                "unshare",
                "--net",
                "--mount",
                "--uts",
                "--pid",
                "--fork",
                "--mount-proc",
                "nft",
                "list",
                "ruleset",
            ),
            capture_output=True,
            text=True,
            check=False,
        )
        if tried.returncode:
            found.append(f"the right to make namespaces with nftables in them ({tried.stderr.strip()[:200]})")
    return "; ".join(found)


def _tool(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


@dataclass
class Host:
    """One host. Commands run in it as root, as argument vectors."""

    name: str
    address: str
    """The one by which this machine reaches it; of those outside, their own."""
    folder: Path
    started: subprocess.Popen[str]
    _children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def log(self) -> Path:
        return self.folder / "log" / "auth.log"

    @property
    def enter(self) -> tuple[str, ...]:
        """The words that run a command in the host."""
        first = Path(f"/proc/{self.started.pid}/task/{self.started.pid}/children").read_text().split()[0]
        return ("nsenter", "--target", first, "--net", "--mount", "--uts", "--pid", "--")

    def run(self, *words: str, check: bool = True, given: str | None = None) -> str:
        """Run a command and return what it wrote. Raises `NetworkError`."""
        done = subprocess.run(
            (*self.enter, *words), capture_output=True, text=True, check=False, input=given, timeout=SECONDS
        )
        if check and done.returncode:
            raise NetworkError(f"{self.name}: {' '.join(words)[:200]}: {done.stderr.strip()[:300]}")
        return done.stdout

    def start(self, *words: str, **arguments: Any) -> subprocess.Popen[bytes]:
        """Start a command that ends with the network."""
        child = subprocess.Popen((*self.enter, *words), preexec_fn=_die_with_parent, **arguments)
        self._children.append(child)
        return child

    def rules(self) -> str:
        """Return the host's whole ruleset, counters left out."""
        return self.run("nft", "--stateless", "list", "ruleset")

    def end(self) -> None:
        for child in self._children:
            child.kill()
            child.wait()
        self.started.kill()
        self.started.wait()
        for stream in (self.started.stdin, self.started.stdout):
            if stream is not None:
                stream.close()

    async def dial(self, address: str, port: int = 22, seconds: float = 5.0) -> socket.socket:
        """Connect from this host; returns the socket, which stays in the host's network. Raises OSError."""
        return await asyncio.to_thread(self._dial, address, port, seconds)

    def _dial(self, address: str, port: int, seconds: float) -> socket.socket:
        """A socket belongs to the network namespace of the thread that made it: setns(2)."""
        setns = ctypes.CDLL(None, use_errno=True).setns
        with open("/proc/thread-self/ns/net") as home, open(f"/proc/{self.started.pid}/ns/net") as there:
            if setns(there.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), f"{self.name}: its network can't be entered")
            try:
                made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            finally:
                if setns(home.fileno(), CLONE_NEWNET):
                    os._exit(1)  # this thread would go on in a strange network
        made.settimeout(seconds)
        try:
            made.connect((address, port))
        except OSError:
            made.close()
            raise
        made.setblocking(False)
        return made


@dataclass
class Network:
    folder: Path
    hosts: dict[str, Host]
    prefix: str
    """The first three parts of the inside's addresses."""

    @property
    def servers(self) -> dict[str, Host]:
        """All that have an sshd: the gateway too."""
        return {name: host for name, host in self.hosts.items() if name not in {"attacker", "bystander"}}

    @property
    def us(self) -> str:
        return f"{self.prefix}.2"

    @property
    def key_file(self) -> Path:
        return self.folder / "key"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    def connection(self) -> dict[str, Any]:
        """Return the connection of siem.yaml that reaches all servers."""
        return {
            "kind": "ssh",
            "hosts": {name: host.address for name, host in self.servers.items()},
            "user": "root",
            "program": "sent",
            "key_file": str(self.key_file),
            "known_hosts_file": str(self.known_hosts),
        }

    def resolved(self) -> dict[str, Any]:
        """Return the same with what the files hold, as an action gets it."""
        given = {name: value for name, value in self.connection().items() if not name.endswith("_file")}
        return given | {"key": self.key_file.read_text(), "known_hosts": self.known_hosts.read_text()}


@asynccontextmanager
async def network(
    folder: Path, users: Mapping[str, Mapping[str, str]] | None = None
) -> AsyncIterator[Network]:
    """Build the network, give it, take all of it down. `users`: host to its accounts and their passwords.

    Raises `NetworkError` where it can't be had.
    """
    if lacking := missing():
        raise NetworkError(f"it needs {lacking}")
    made = _build(folder, users or {})  # in this thread: the hosts end with the thread that started them
    try:
        await _greeted(made)
        yield made
    finally:
        await asyncio.to_thread(_end, made.hosts.values())


def _end(hosts: Any) -> None:
    for host in hosts:
        host.end()


def _build(folder: Path, users: Mapping[str, Mapping[str, str]]) -> Network:
    folder.mkdir(parents=True, exist_ok=True)
    prefix = _free_prefix()
    ours = asyncssh.generate_private_key("ssh-ed25519", comment="siem")
    (folder / "key").write_bytes(ours.export_private_key())
    (folder / "key").chmod(0o600)
    inside = {GATEWAY: f"{prefix}.1"} | {name: f"{prefix}.{last}" for name, last in SERVERS.items()}
    names = "127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name, address in inside.items())
    hosts: dict[str, Host] = {}
    known = []
    try:
        for name, address in (inside | {"attacker": ATTACKER, "bystander": BYSTANDER}).items():
            key = asyncssh.generate_private_key("ssh-ed25519")
            if name in inside:
                known.append(f"{name},{address} {key.export_public_key().decode()}")
            settings = {
                "name": name,
                "folder": str(folder / name),
                "services": name in inside,
                "hosts": names,
                "sshd": "",
                "host_key": key.export_private_key().decode(),
                "root_key": ours.export_public_key().decode(),
                "users": dict(users.get(name, {})),
            }
            hosts[name] = _host(name, address, folder / name, settings)
        (folder / "known_hosts").write_text("".join(known), encoding="utf-8")
        for host in hosts.values():
            _expect(host, "mounted")
        _wire(hosts, prefix)
        for host in hosts.values():
            assert host.started.stdin is not None
            host.started.stdin.write("go\n")
            host.started.stdin.flush()
            _expect(host, "started")
    except BaseException:
        _end(hosts.values())
        raise
    return Network(folder, hosts, prefix)


def _host(name: str, address: str, folder: Path, settings: Mapping[str, Any]) -> Host:
    folder.mkdir(exist_ok=True)
    log = (folder / "start.log").open("wb")
    started = subprocess.Popen(
        (
            "unshare", *NAMESPACES, "--fork", "--kill-child=SIGKILL", "--mount-proc",
            sys.executable, "-m", "bot.demo.namespace", json.dumps(settings),
        ),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=_die_with_parent,
        env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    log.close()
    return Host(name, address, folder, started)


def _die_with_parent() -> None:
    """Ask the kernel to kill this child when its parent ends, whatever ends it: prctl(2)."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _expect(host: Host, word: str) -> None:
    assert host.started.stdout is not None
    said = host.started.stdout.readline().strip()
    if said != word:
        why = (host.folder / "start.log").read_text(encoding="utf-8", errors="replace")[-500:]
        raise NetworkError(f"{host.name} did not start: {why or said}")


def _free_prefix() -> str:
    """Return three parts of a network that this machine is not in, of those kept for tests (RFC 2544)."""
    taken = {
        address.address.rpartition(".")[0] for found in psutil.net_if_addrs().values() for address in found
    }
    for number in range(os.getpid() % 200, os.getpid() % 200 + 50):
        if (prefix := f"198.18.{number}") not in taken:
            return prefix
    raise NetworkError("no network of 198.18.0.0/16 is free")


def _wire(hosts: Mapping[str, Host], prefix: str) -> None:
    gateway = hosts[GATEWAY]
    for bridge, address in (("inside", f"{prefix}.1"), ("outside", OUTSIDE)):
        _ip(gateway, f"link add {bridge} type bridge forward_delay 0")
        _ip(gateway, f"addr add {address}/24 dev {bridge}", f"link set {bridge} up")
    gateway.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
    for name, host in hosts.items():
        _ip(host, "link set lo up")
        if name == GATEWAY:
            continue
        bridge = "inside" if name in SERVERS else "outside"
        _link(gateway, f"to-{name}", host, "eth0", bridge)
        via = f"{prefix}.1" if name in SERVERS else OUTSIDE
        _ip(host, f"addr add {host.address}/24 dev eth0", "link set eth0 up", f"route add default via {via}")
    mine = f"siem{prefix.rpartition('.')[2]}"
    _local(f"link add {mine} type veth peer name to-siem netns {gateway.started.pid}")
    _ip(gateway, "link set to-siem master inside", "link set to-siem up")
    _local(f"addr add {prefix}.2/24 dev {mine}")
    _local(f"link set {mine} up")


def _link(gateway: Host, there: str, host: Host, here: str, bridge: str) -> None:
    _ip(gateway, f"link add {there} type veth peer name {here} netns {host.started.pid}")
    _ip(gateway, f"link set {there} master {bridge}", f"link set {there} up")


def _ip(host: Host, *commands: str) -> None:
    for command in commands:
        _do(("nsenter", "--target", str(host.started.pid), "--net", "--", "ip", *command.split()))


def _local(command: str) -> None:
    _do(("ip", *command.split()))


def _do(words: Sequence[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NetworkError(f"{' '.join(words)}: {done.stderr.strip()}")


async def _greeted(made: Network) -> None:
    """Wait until every sshd greets."""
    async with asyncio.timeout(SECONDS):
        for host in made.servers.values():
            while True:
                try:
                    reader, writer = await asyncio.open_connection(host.address, 22)
                    greeting = await reader.readline()
                    writer.close()
                    if greeting.startswith(b"SSH-"):
                        break
                except OSError:
                    pass
                await asyncio.sleep(0.05)
