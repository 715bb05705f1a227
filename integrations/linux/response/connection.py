"""The way to Linux hosts: SSH with a key, to the hosts that the connection lists and to no others.

Host keys are checked against the connection's own list (the format of sshd(8), SSH_KNOWN_HOSTS FILE FORMAT), by
the host's listed name and its address; a key that is not there is refused, never learned. What runs on the host
is `integrations.linux.program`: installed there, so that its sudo rule or its forced command allows that and
nothing else, or, for root, sent with each connection.
"""

from __future__ import annotations

import fnmatch
import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.connections import ConnectionKind, Named, Setting, choose
from integrations.contract import ActionError, ActionRefusedError
from integrations.linux.program import INSTALLED, text, version
from integrations.ports import Site
from rules.entities import EntityKind, canonical

KIND = "ssh"
PORT = 22


@dataclass(frozen=True)
class Host:
    """One host, as a connection lists it."""

    name: str
    """What people call it, and under which its key is known."""
    address: str
    """A name or an address, to connect to."""
    port: int
    connection: Named = field(repr=False, compare=False)

    def __str__(self) -> str:
        return self.name


def host_of(site: Site, name: Any, connection: Any = None) -> Host:
    """Return the host that a name or an address means: one that a connection lists, or that fits a pattern.

    Raises `ActionRefusedError` where none or several do.
    """
    wanted = _name(name)
    found: list[Host] = []
    for way in ways(site, connection):
        found += _find(way, wanted)
    if not found:
        raise ActionRefusedError(
            f"no connection of kind {KIND} lists the host {wanted[:100]!r} (siem.yaml: connections)"
        )
    if len({(one.address, one.port) for one in found}) > 1:
        listed = ", ".join(f"{one.name} ({one.connection.name})" for one in found[:5])
        raise ActionRefusedError(f"{wanted} is several hosts: {listed}; say which with its whole name")
    return found[0]


def every_host(site: Site, connection: Any = None) -> list[Host]:
    """Return all hosts that the connections list by name. Raises `ActionRefusedError` where there is none."""
    found = [host for way in ways(site, connection) for host in listed(way)]
    if not found:
        raise ActionRefusedError(
            f"no connection of kind {KIND} lists a host by name: say which hosts (patterns name none)"
        )
    return found


def ways(site: Site, connection: Any = None) -> list[Named]:
    """Return the connections of this kind, or the one that is named. Raises `ActionRefusedError`."""
    if connection:
        return [choose(site, KIND, connection)]
    found = [
        Named(name, KIND, given) for name, given in site.connections.items() if given.get("kind") == KIND
    ]
    return found or [choose(site, KIND)]


def listed(way: Named) -> list[Host]:
    """Return the hosts that a connection lists by name."""
    return [host for host, pattern in _entries(way) if not pattern]


def _find(way: Named, wanted: str) -> list[Host]:
    entries = list(_entries(way))
    whole = [host for host, pattern in entries if not pattern and wanted in (host.name, host.address)]
    if whole:
        return whole
    short = [
        host
        for host, pattern in entries
        if not pattern
        and ("." in wanted) != ("." in host.name)
        and not _is_address(wanted)
        and not _is_address(host.name)
        and wanted.partition(".")[0] == host.name.partition(".")[0]
    ]
    if short:
        return short
    fits = [host for host, pattern in entries if pattern and fnmatch.fnmatchcase(wanted, host.name)]
    return [Host(wanted, wanted, host.port, way) for host in fits[:1]]


def _entries(way: Named) -> Iterator[tuple[Host, bool]]:
    """Yield (host, whether it is a pattern) of ``hosts:``, a list or a mapping of names to addresses."""
    given = way.get("hosts")
    if isinstance(given, Mapping):
        pairs = list(given.items())
    elif isinstance(given, list | tuple):
        pairs = [(one, one) for one in given]
    else:
        pairs = []
    if not pairs:
        raise ActionRefusedError(
            f"connection {way.name!r} lists no hosts: write hosts: {{web-1: 192.0.2.10}} or a list of names"
        )
    for name, place in pairs:
        address, port = _place(way, str(place))
        known = _place(way, str(name))[0] if name is place else _name(name, pattern=True)
        yield Host(known, address, port, way), any(mark in known for mark in "*?")


def _place(way: Named, text: str) -> tuple[str, int]:
    """Split ``address``, ``address:port`` or ``[IPv6 address]:port``."""
    address, port = text.strip(), ""
    if address.startswith("["):
        address, _, port = address[1:].partition("]")
        port = port.removeprefix(":")
    elif address.count(":") == 1:
        address, _, port = address.partition(":")
    given = port or str(way.get("port", PORT))
    if not given.isdecimal() or not 0 < int(given) < 65536:
        raise ActionRefusedError(f"connection {way.name!r}: {text[:100]!r} has no port from 1 to 65535")
    return _name(address, pattern=True), int(given)


def _name(value: Any, *, pattern: bool = False) -> str:
    """Return a host's name or address in one spelling. Raises `ActionRefusedError` for what is none."""
    text = value if isinstance(value, str) else ""
    if _is_address(text.strip()):
        return str(ipaddress.ip_address(text.strip()))
    name = canonical(EntityKind.HOST, text) if text else ""
    allowed = "._-*?" if pattern else "._-"
    good = name.isascii() and 0 < len(name) < 254 and not name.startswith("-")
    if not good or not all(one.isalnum() or one in allowed for one in name):
        raise ActionRefusedError(f"{str(value)[:60]!r} is no name or address of a host")
    return name


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


# --- for `siem connections` -----------------------------------------------------------------------


async def _test(site: Site, name: str) -> str:
    from integrations.linux.response.session import opened

    hosts = listed(choose(site, KIND, name))
    if not hosts:
        return "it is whole; it names patterns only, so there is no host to try"
    said, failed = [], []
    for host in hosts:
        try:
            async with opened(host) as session:
                older = "" if session.version == version() else ", whose program is of another version"
                said.append(f"{host}{older}")
        except ActionError as error:
            failed.append(str(error))
    if failed:
        raise ActionRefusedError("; ".join([*failed, *([f"root on {', '.join(said)}"] if said else [])]))
    return f"root on {', '.join(said)}"


SETUP = f"""\
1. A key of its own, kept where the worker can read it and nobody else:
     ssh-keygen -t ed25519 -N '' -C siem -f siem-key
2. The hosts' own keys, compared with what each host itself says (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub)
   before they are trusted:
     ssh-keyscan -t ed25519 web-1 db-1 > siem-known-hosts
3. On each host (python3 3.8 or later, nftables, iproute2), the one program that this system runs there:
     siem connections setup linux --program > siem-host
     install -o root -g root -m 755 siem-host {INSTALLED}
4. Then one of these two, on each host:
   a) root, by a forced command that allows that program only, in /root/.ssh/authorized_keys
      (sshd_config: PermitRootLogin forced-commands-only). linux.lock_computer needs this one: it refuses the
      log-ins of everybody but root, this system's account too.
     restrict,command="{INSTALLED}",from="192.0.2.5" ssh-ed25519 AAAA… siem
   b) an account of its own (user: siem), with the least sudo rule: that program, without arguments
     useradd --system --create-home --shell /bin/sh siem
     install -d -o siem -g siem -m 700 ~siem/.ssh   # and the key in ~siem/.ssh/authorized_keys, with restrict
     echo 'siem ALL=(root) NOPASSWD: {INSTALLED} ""' > /etc/sudoers.d/siem && visudo -c
   To try it at once without 3.: user: root, program: sent. Then the key opens root's shell: not for long.
5. siem connections test NAME"""

SSH = ConnectionKind(
    name=KIND,
    title="Linux hosts, over SSH",
    documentation="https://man.openbsd.org/sshd.8#SSH_KNOWN_HOSTS_FILE_FORMAT",
    settings=(
        Setting(
            "hosts", "{web-1: 192.0.2.10, db-1: 192.0.2.20:2222}, or names and patterns: [web-1, 'db-*']"
        ),
        Setting("user", "root, or the account with the sudo rule; none: root", required=False),
        Setting("key", "the private key; key_file: PATH takes it from a file", secret=True),
        Setting("passphrase", "the key's passphrase", required=False, secret=True),
        Setting("known_hosts", "the hosts' public keys; known_hosts_file: PATH takes them from a file"),
        Setting(
            "program", "sent: nothing is installed, root runs what is sent; none: installed", required=False
        ),
        Setting("port", f"none: {PORT}", required=False),
        Setting(
            "us", "[192.0.2.5]: further addresses of this system, open on an isolated host", required=False
        ),
    ),
    permissions=(f"run {INSTALLED} as root: a forced command, or sudo of that program without arguments",),
    test=_test,
    setup=SETUP,
    program=text,
)
