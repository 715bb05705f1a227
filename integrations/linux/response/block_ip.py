"""``linux.block_ip``: an address dropped by the kernels of several hosts, in a table of our own.

A block is in force when every host drops it, and lifted when no host does any more; what was started is kept in
``undo/linux.block_ip/<key>``, so that a half applied block is neither taken for a whole one nor forgotten.
The kernel ends each entry by itself a moment after its time, should nobody come to lift it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from integrations.blocklist.blast import blast_of
from integrations.contract import (
    ActionCall,
    ActionError,
    ActionRefusedError,
    ActionUnavailableError,
    Mark,
    MarksUnreadError,
)
from integrations.linux.response.connection import KIND, Host, all_listed, every_host, host_of
from integrations.linux.response.session import HostUnreachableError, ask
from integrations.linux.response.single import seconds_left
from integrations.ports import Site
from integrations.reversal import CONNECTION, stored
from playbooks.actions import ActionKind, ActionSpec, BlastRadius, Parameter, ValueType, Verification

NAMED = 8
BLAST_SECONDS = 2.5


@dataclass
class _Memory:
    """What was started."""

    hosts: dict[str, str]
    """Host to the connection that lists it."""
    lifting: bool = False
    never: list[str] = field(default_factory=list)
    """Hosts that no attempt could reach: nothing of this block can be there."""


class BlockIp:
    spec = ActionSpec(
        name="linux.block_ip",
        kind=ActionKind.CONTAINMENT,
        summary="Drop all packets from and to an address on Linux hosts, with nftables.",
        parameters=(
            Parameter(name="ip", type=ValueType.IP, description="The address to block."),
            Parameter(
                name="hosts",
                type=ValueType.LIST,
                items=ValueType.TEXT,  # where it is dropped; what it hits is the address alone
                description="On which hosts; none: on all that the connections list by name.",
                required=False,
            ),
            Parameter(
                name="need",
                type=ValueType.ENUM,
                choices=("all", "reachable"),
                description="Whether a host that does not answer fails it; with `reachable` the others do.",
                required=False,
                default="all",
                manner=True,
            ),
            CONNECTION,
        ),
        returns={"hosts": ValueType.INTEGER, "without": ValueType.LIST},
        target="ip",
        widens="hosts",
        noun="block",
        timeout=40.0,
        connection=KIND,
        permission="root by siem-host: nftables tables of its own, end TCP connections",
        expires=True,
    )

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        """Block on all hosts; returns on how many, and which did not answer."""
        hosts = _hosts_of(call, site)
        memory = await self._start(call, site, hosts)
        found = await _each(hosts, "block", call, seconds=seconds_left(call, site))
        never = [host.name for host, one in found.items() if isinstance(one, HostUnreachableError)]
        if never:
            await self._note(call, site, _Memory(memory.hosts, never=never))
        failed = {host: one for host, one in found.items() if isinstance(one, ActionError)}
        _judge(call, found, failed)
        return {"hosts": len(found) - len(failed), "without": [host.name for host in failed]}

    async def verify(self, call: ActionCall, site: Site) -> Verification:
        """Ask the kernel of each host. While it is applied all must drop the address, else none may."""
        memory = await self._recall(call, site)
        hosts = _remembered(memory, site) if memory is not None else _hosts_of(call, site)
        found = await _each(hosts, "look_blocked", call)
        failed = {host: one for host, one in found.items() if isinstance(one, ActionError)}
        seen = {host: one for host, one in found.items() if not isinstance(one, ActionError)}
        having = [host for host, one in seen.items() if one.get("in_force") is True]
        if memory is None or memory.lifting:
            blind = [host for host in failed if memory is not None and host.name not in memory.never]
            if blind:
                raise failed[blind[0]]
            return Verification(
                in_force=bool(having), detail=f"dropped on {_listed(having)}" if having else "dropped nowhere"
            )
        _judge(call, found, failed)
        lacking = {host: str(one.get("why", "")) for host, one in seen.items() if host not in having}
        packets = sum(int(one.get("packets") or 0) for one in seen.values())
        said = (
            f"dropped on {len(having)} of {len(hosts)} hosts ({_listed(having)}), {packets:,} packets so far"
        )
        if lacking:
            said += "; not on " + "; ".join(f"{host}: {why}" for host, why in lacking.items())
        if failed:
            said += f"; no answer from {_listed(failed)}"
        return Verification(in_force=not lacking and bool(having), detail=said)

    async def undo(self, call: ActionCall, site: Site) -> dict[str, Any]:
        """Lift it on every host where it was started; what carries another mark stays."""
        memory = await self._recall(call, site)
        if memory is not None and not memory.lifting:
            memory.lifting = True
            await self._note(call, site, memory)
        hosts = _remembered(memory, site) if memory is not None else _hosts_of(call, site)
        found = await _each(hosts, "unblock", call)
        failed = {host: one for host, one in found.items() if isinstance(one, ActionError)}
        if memory is None:  # lifted before, or nobody's: what does not answer now was not asked then
            serious = {host: one for host, one in failed.items() if not isinstance(one, HostUnreachableError)}
            serious = serious or (failed if len(failed) == len(found) else {})
        else:
            serious = {
                host: one
                for host, one in failed.items()
                if not (host.name in memory.never and isinstance(one, HostUnreachableError))
            }
        if serious:
            raise _worst(serious.values(), f"not lifted on {_listed(serious)}: ")
        if memory is not None:
            with stored():
                await site.state.delete(_key(call))
        changed = [host.name for host, one in found.items() if isinstance(one, dict) and one.get("changed")]
        return {"hosts": len(changed)}

    async def blast_radius(self, call: ActionCall, site: Site) -> BlastRadius:
        """Say who logged in from the address in the last days, and on which hosts it has connections open now."""
        hosts = _hosts_of(call, site)
        asked = asyncio.gather(*(_open_now(host, call) for host in hosts))
        with stored():
            blast = await blast_of(call.params["ip"], call.incident, site)
        answers = dict(zip((host.name for host in hosts), await asked, strict=True))
        open_on = [f"{name} ({count})" for name, count in answers.items() if count]
        silent = [name for name, count in answers.items() if count is None]
        said = f"It has connections open on {', '.join(open_on[:NAMED])}." if open_on else ""
        if silent:
            more = f" and {len(silent) - NAMED} more" if len(silent) > NAMED else ""
            said += f" Not heard from in time: {', '.join(silent[:NAMED])}{more}."
        return blast.model_copy(update={"summary": f"{blast.summary} {said}".strip()})

    async def marks(self, site: Site) -> Sequence[Mark]:
        """Return every entry of our sets on every host. Raises `MarksUnreadError` with those that were read."""
        found = await _each(all_listed(site), "marks_blocked", None)
        marks = [
            Mark(
                str(one["key"]),
                {"ip": str(one["ip"]), "hosts": [host.name], "connection": host.connection.name},
                f"the block of {one['ip']} on {host}",
            )
            for host, answer in found.items()
            if isinstance(answer, dict)
            for one in answer.get("marks", ())
        ]
        if failed := [str(one) for one in found.values() if isinstance(one, ActionError)]:
            raise MarksUnreadError("; ".join(failed), marks)
        return marks

    def connection_of(self, call: ActionCall, site: Site) -> str:
        """Several, where the hosts are; that each of them is listed is looked at."""
        _hosts_of(call, site)
        return ""

    async def _start(self, call: ActionCall, site: Site, hosts: Iterable[Host]) -> _Memory:
        """Remember what is being started, before it is."""
        known = await self._recall(call, site)
        memory = _Memory({host.name: host.connection.name for host in hosts})
        if known is not None:
            memory.hosts |= known.hosts
        if known is None or known != memory:
            await self._note(call, site, memory)
        return memory

    async def _note(self, call: ActionCall, site: Site, memory: _Memory) -> None:
        with stored():
            await site.state.put(
                _key(call), {"hosts": memory.hosts, "lifting": memory.lifting, "never": memory.never}
            )

    async def _recall(self, call: ActionCall, site: Site) -> _Memory | None:
        with stored():
            found = await site.state.get(_key(call))
        return None if found is None else _Memory(**found[0])


def _key(call: ActionCall) -> str:
    return f"undo/linux.block_ip/{call.key}"


def _hosts_of(call: ActionCall, site: Site) -> list[Host]:
    named, connection = call.params.get("hosts"), call.params.get("connection")
    if not named:
        return every_host(site, connection)
    if not isinstance(named, list | tuple):
        raise ActionRefusedError("hosts is a list of names")
    found = {(host.address, host.port): host for host in (host_of(site, one, connection) for one in named)}
    return list(found.values())


def _remembered(memory: _Memory, site: Site) -> list[Host]:
    return [host_of(site, name, connection) for name, connection in memory.hosts.items()]


async def _each(
    hosts: Sequence[Host], operation: str, call: ActionCall | None, **request: Any
) -> dict[Host, dict[str, Any] | ActionError]:
    """Ask all hosts at once; returns the answer or the error of each."""
    if call is not None:
        request |= {"key": call.key, "ip": str(call.params["ip"])}

    async def one(host: Host) -> dict[str, Any] | ActionError:
        try:
            return await ask(host, operation, **request)
        except ActionError as error:
            return error

    return dict(zip(hosts, await asyncio.gather(*(one(host) for host in hosts)), strict=True))


def _judge(call: ActionCall, found: Mapping[Host, Any], failed: Mapping[Host, ActionError]) -> None:
    """Raise what went wrong, naming the hosts, unless the call can do without those that don't answer."""
    serious = dict(failed)
    if call.params.get("need") == "reachable" and len(failed) < len(found):
        serious = {host: one for host, one in failed.items() if not isinstance(one, HostUnreachableError)}
    if serious:
        raise _worst(serious.values(), f"on {len(found) - len(failed)} of {len(found)} hosts; ")


def _worst(errors: Iterable[ActionError], before: str) -> ActionError:
    """Return the errors as one: final where one is."""
    several = list(errors)
    said = before + "; ".join(str(one) for one in several[:NAMED])
    if any(not one.retryable for one in several):
        return ActionRefusedError(said)
    return ActionUnavailableError(said)


async def _open_now(host: Host, call: ActionCall) -> int | None:
    """Return how many connections the address has open on a host, None where it does not say so soon."""
    try:
        async with asyncio.timeout(BLAST_SECONDS):
            answer = await ask(host, "sessions", ip=str(call.params["ip"]))
    except (ActionError, TimeoutError):
        return None
    return int(answer.get("open") or 0)


def _listed(hosts: Iterable[Host]) -> str:
    names = sorted(host.name for host in hosts)
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "") or "none"
