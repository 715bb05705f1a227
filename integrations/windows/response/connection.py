"""The way to Windows hosts: WinRM, to the hosts that the connection lists and to no others.

MS-WSMV over HTTPS; or over HTTP with messages that Kerberos or NTLM encrypts. A password that would go over
HTTP as it is (basic) is refused. What runs on the host is ``host.ps1``, sent with each call.
"""

from __future__ import annotations

import fnmatch
import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from integrations.connections import ConnectionKind, Named, Setting, choose
from integrations.contract import ActionCall, ActionError, ActionRefusedError
from integrations.ports import Site
from playbooks.actions import Parameter, ValueType

KIND = "winrm"
AUTHS = ("negotiate", "kerberos", "ntlm", "basic")
LOST_AFTER = 7200
"""Seconds after which a host that nobody asked gives itself back: this system asks hourly."""
HOST = Parameter(
    name="host", type=ValueType.HOST, description="The host, as a connection lists it (name or address)."
)


@dataclass(frozen=True)
class Host:
    """One Windows host, as a connection lists it."""

    name: str
    address: str
    """A name or an address, to connect to."""
    port: int
    tls: bool
    auth: str
    connection: Named = field(repr=False, compare=False)

    def __str__(self) -> str:
        return self.name

    @property
    def patience(self) -> int:
        """Seconds until the host gives itself back. Raises `ActionRefusedError` for less than two hours: this
        system asks hourly, and may miss once."""
        given = self.connection.get("lost_after", LOST_AFTER)
        if isinstance(given, bool) or not isinstance(given, int) or not LOST_AFTER <= given <= 7 * 86400:
            raise ActionRefusedError(
                f"connection {self.connection.name!r}: lost_after is {LOST_AFTER} seconds or more, a week at most"
            )
        return given


class OnHost:
    """An action on one host, which a connection lists."""

    def connection_of(self, call: ActionCall, site: Site) -> str:
        return host_of(site, call.params.get("host"), call.params.get("connection")).connection.name

    async def aliases_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        """Return what else the connection calls the host: its name there and its address."""
        host = host_of(site, call.params.get("host"), call.params.get("connection"))
        return (host.name, host.address)


def host_of(site: Site, name: Any, connection: Any = None) -> Host:
    """Return the host that a name means: one that a connection of this kind lists, or that fits a pattern.

    Raises `ActionRefusedError` where none or several do.
    """
    wanted = _name(name)
    if connection:
        ways = [choose(site, KIND, connection)]
    else:
        ways = [Named(key, KIND, one) for key, one in site.connections.items() if one.get("kind") == KIND]
        ways = ways or [choose(site, KIND)]
    found = [host for way in ways for host in _find(way, wanted)]
    if not found:
        raise ActionRefusedError(f"no connection of kind {KIND} lists the host {wanted[:80]!r}")
    if len({(one.address, one.port) for one in found}) > 1:
        listed = ", ".join(f"{one.name} ({one.connection.name})" for one in found[:5])
        raise ActionRefusedError(f"{wanted} is several hosts: {listed}; say which with its whole name")
    return found[0]


def _find(way: Named, wanted: str) -> list[Host]:
    entries = list(_entries(way))
    if whole := [host for host in entries if wanted in (host.name, host.address)]:
        return whole
    short = wanted.partition(".")[0]
    if not _is_address(wanted):
        same = [one for one in entries if not _is_pattern(one.name) and not _is_address(one.name)]
        if near := [
            one
            for one in same
            if ("." in wanted) != ("." in one.name) and short == one.name.partition(".")[0]
        ]:
            return near
    fits = [one for one in entries if _is_pattern(one.name) and fnmatch.fnmatchcase(wanted, one.name)]
    return [Host(wanted, wanted, one.port, one.tls, one.auth, way) for one in fits[:1]]


def _entries(way: Named) -> Iterator[Host]:
    """Yield the hosts of ``hosts:``, a list of names and patterns or a mapping of names to addresses."""
    given = way.get("hosts")
    pairs = list(given.items()) if isinstance(given, Mapping) else [(one, one) for one in given or ()]
    if not pairs:
        raise ActionRefusedError(
            f"connection {way.name!r} lists no hosts: write hosts: {{pc-7: 192.0.2.10}} or a list of names"
        )
    tls, auth = way.get("tls", True), str(way.get("auth", "negotiate"))
    if not isinstance(tls, bool) or auth not in AUTHS:
        raise ActionRefusedError(
            f"connection {way.name!r}: tls is true or false, auth one of {', '.join(AUTHS)}"
        )
    if auth == "basic" and not tls:
        raise ActionRefusedError(
            f"connection {way.name!r}: basic without TLS shows the password to the network: use tls: true, "
            "or Kerberos or NTLM, which encrypt the messages"
        )
    for name, place in pairs:
        text = str(place)
        address, _, port = text.rpartition(":") if text.count(":") == 1 else (text, "", "")
        number = port or str(way.get("port") or (5986 if tls else 5985))
        if not number.isdecimal() or not 0 < int(number) < 65536:
            raise ActionRefusedError(f"connection {way.name!r}: {text[:80]!r} has no port from 1 to 65535")
        known = _name(name if name is not place else address, pattern=True)
        yield Host(known, _name(address, pattern=True), int(number), tls, auth, way)


def _name(value: Any, *, pattern: bool = False) -> str:
    """Return a host's name or address in one spelling. Raises `ActionRefusedError` for what is none."""
    text = value.strip().rstrip(".").casefold() if isinstance(value, str) else ""
    if _is_address(text):
        return str(ipaddress.ip_address(text))
    allowed = "._-*?" if pattern else "._-"
    good = text.isascii() and 0 < len(text) < 254 and not text.startswith(("-", "."))
    if not good or not all(one.isalnum() or one in allowed for one in text):
        raise ActionRefusedError(f"{str(value)[:60]!r} is no name or address of a host")
    return text


def _is_pattern(name: str) -> bool:
    return "*" in name or "?" in name


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


async def _test(site: Site, name: str) -> str:
    from integrations.windows.response.session import ask

    way = choose(site, KIND, name)
    hosts = [host for host in _entries(way) if not _is_pattern(host.name)]
    if not hosts:
        return "it is whole; it names patterns only, so there is no host to try"
    said, failed = [], []
    for host in hosts:
        try:
            found = await ask(host, "self")
            right = (
                "an administrator"
                if found.get("administrator") is True
                else "no administrator, which is too little"
            )
            said.append(f"{host}: {found.get('user')}, {right} ({found.get('system')})")
        except ActionError as error:
            failed.append(str(error))
    if failed:
        raise ActionRefusedError("; ".join([*failed, *said]))
    return "; ".join(said)


WINRM = ConnectionKind(
    name=KIND,
    title="Windows hosts, over WinRM",
    documentation="https://learn.microsoft.com/windows/win32/winrm/installation-and-configuration-for-windows-remote-management",
    settings=(
        Setting("hosts", "{pc-7: 192.0.2.10, pc-8: 192.0.2.11:5986}, or names and patterns: [pc-7, '*.example.com']"),
        Setting("user", "siem@EXAMPLE.COM, EXAMPLE\\siem, or an account of the hosts' own"),
        Setting("password", "its password", secret=True),
        Setting("auth", f"one of {', '.join(AUTHS)} (negotiate); Kerberos needs the package pypsrp[kerberos]", required=False),
        Setting("tls", "false: port 5985, messages encrypted by Kerberos or NTLM (true)", required=False),
        Setting("port", "5986, without TLS 5985", required=False),
        Setting("ca", "path of the certificate authority, where the system does not know it", required=False),
        Setting(
            "us",
            "[192.0.2.5]: this system's IPv4 addresses, open on an isolated host; the domain controllers too, where "
            "NTLM asks them, and the DHCP server for an isolation longer than a lease",
            required=False,
        ),
        Setting("lost_after", f"seconds until a host that nobody asks gives itself back ({LOST_AFTER})", required=False),
    ),
    permissions=("a member of the hosts' Administrators: firewall rules, tasks, user rights, accounts, processes",),
    test=_test,
    setup="On each host, as administrator: winrm quickconfig -transport:https (it needs a certificate for the "
    "host's name), and let port 5986 in from this system alone:\n"
    "  New-NetFirewallRule -DisplayName 'siem WinRM' -Direction Inbound -Action Allow -Protocol TCP -LocalPort 5986 "
    "-RemoteAddress 192.0.2.5\n"
    "An account of its own for it: in the domain with log-on from this system only, or on each host (then set "
    "LocalAccountTokenFilterPolicy to 1, or it is no administrator over the network).",
)  # fmt: skip
