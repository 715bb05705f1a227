"""What tests do to and on the hosts in namespaces: log in, cut a host off, look at its rules."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncssh

from bot.demo.network import Host, Network
from integrations.contract import ActionCall, Containment
from integrations.linux import ACTIONS
from integrations.linux.response.session import close_sessions
from integrations.ports import Site
from tests.integrations.vendor_server import Events, call, site_of

BY_NAME: dict[str, Any] = {action.spec.name: action for action in ACTIONS}


def site_for(network: Network, events: Events | None = None, **changes: Any) -> Site:
    """Return a site whose connection reaches the network's hosts, some of its settings changed."""
    return site_of(events, servers=network.resolved() | changes)


@asynccontextmanager
async def login(
    source: Host, host: Host, user: str, password: str | None = None, **options: Any
) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """Log in from a host of the network, by password."""
    ways: Mapping[str, Any] = {"client_keys": None, "preferred_auth": "password"} if password else {}
    connection = await asyncssh.connect(
        sock=await source.dial(host.address), username=user, password=password, known_hosts=None, config=None,
        agent_path=None, **{**ways, **options},
    )  # fmt: skip
    try:
        yield connection
    finally:
        connection.abort()


async def may_login(source: Host, host: Host, user: str, password: str | None, **options: Any) -> bool:
    try:
        async with login(source, host, user, password, **options) as connection:
            await connection.run("true", check=True)
    except (asyncssh.Error, OSError):
        return False
    return True


async def is_alive(connection: asyncssh.SSHClientConnection, seconds: float = 1.0) -> bool:
    try:
        await asyncio.wait_for(connection.run("true", check=True), seconds)
    except (asyncssh.Error, OSError, TimeoutError):
        return False
    return True


def pings(source: Host, address: str) -> bool:
    """Whether one packet is answered."""
    said = source.run("ping", "-c", "1", "-W", "1", address, check=False)
    return " 0% packet loss" in said


@contextmanager
def cut_off(host: Host) -> Iterator[None]:
    """The host refuses SSH meanwhile, at once."""
    close_sessions()
    rules = "table inet cut { chain input { type filter hook input priority -50; tcp dport 22 reject with tcp reset; }; }"
    host.run("nft", "-f", "-", given=rules)
    try:
        yield
    finally:
        host.run("nft", "delete", "table", "inet", "cut")


@contextmanager
def lying(host: Host) -> Iterator[None]:
    """The host's nft answers that all is well, and does nothing."""
    host.run("tee", "/usr/local/sbin/nft", given="#!/bin/sh\necho '{\"nftables\": []}'\n")
    host.run("chmod", "755", "/usr/local/sbin/nft")
    try:
        yield
    finally:
        host.run("rm", "/usr/local/sbin/nft")


@contextmanager
def busy(host: Host) -> Iterator[None]:
    """Something else of ours is under way on the host meanwhile: what changes anything waits."""
    words = ("flock", "/run/siem/lock", "sh", "-c", "echo held; cat")
    holder = host.start(*words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    try:
        yield
    finally:
        holder.stdin.close()
        holder.wait()
        holder.stdout.close()


async def prove(action: Any, site: Site, what: ActionCall) -> None:
    """Undo what is not there, apply twice, undo twice; look after each."""
    one: Containment = action
    await one.undo(what, site)
    assert not (await one.verify(what, site)).in_force
    assert (await one.blast_radius(what, site)).summary
    for _ in range(2):
        await one.run(what, site)
        seen = await one.verify(what, site)
        assert seen.in_force, seen.detail
    for _ in range(2):
        await one.undo(what, site)
        seen = await one.verify(what, site)
        assert not seen.in_force, seen.detail


__all__ = [
    "BY_NAME",
    "busy",
    "call",
    "cut_off",
    "is_alive",
    "login",
    "lying",
    "may_login",
    "pings",
    "prove",
    "site_for",
]
