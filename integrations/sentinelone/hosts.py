"""``sentinelone.isolate_host`` and ``sentinelone.lookup_host``: an agent disconnected from the network.

Management API 2.1, ``agents/actions/disconnect`` and ``…/connect``: a disconnected agent talks to its console
alone. It obeys when it next asks; until then it is ``disconnecting`` or ``connecting``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.connections import Http
from integrations.contract import ActionCall, ActionRefusedError, ActionUnavailableError
from integrations.machines import Machine, MachineIsolation
from integrations.ports import Site
from integrations.reversal import CONNECTION, Seen
from integrations.sentinelone.console import KIND, change, find_agent, open_console, read_agent
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

HOST = Parameter(
    name="host",
    type=ValueType.HOST,
    description="The computer's name in SentinelOne, with or without its domain.",
)
STATUSES = frozenset({"connected", "connecting", "disconnected", "disconnecting"})


class IsolateHost(MachineIsolation):
    product = "SentinelOne"
    spec = ActionSpec(
        name="sentinelone.isolate_host",
        kind=ActionKind.CONTAINMENT,
        summary="Disconnect a computer from the network with SentinelOne; the console still reaches it.",
        parameters=(HOST, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="host",
        noun="isolation",
        timeout=60.0,
        connection=KIND,
        permission="Endpoints: Disconnect From Network, Reconnect To Network",
        per_minute=60,
    )
    patience = 45.0
    pause = 3.0

    async def look(self, call: ActionCall, site: Site) -> Seen:
        async with open_console(site, call.params.get("connection")) as console:
            agent = await self._agent(console, call, site)
        status = str(agent["networkStatus"])
        said = f"{agent.get('computerName')} is {status} in SentinelOne"
        if status not in STATUSES:
            raise ActionUnavailableError(f"{said}, a status that SentinelOne does not document")
        moving: Any = {"disconnecting": "in", "connecting": "out"}.get(status, "")
        return Seen(status == "disconnected", said, {"status": status, "agent": agent["id"]}, moving=moving)

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        if seen.moving == "out":
            raise ActionRefusedError(f"{seen.said}: somebody is just releasing it")
        await self._order(call, site, "disconnect")

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        del before
        await self._order(call, site, "connect")

    async def machine(self, call: ActionCall, site: Site) -> Machine:
        async with open_console(site, call.params.get("connection")) as console:
            agent = await find_agent(console, call.params["host"])
        kind, name, domain = (str(agent.get(key) or "") for key in ("machineType", "computerName", "domain"))
        return Machine(
            kind=kind,
            personal=kind in ("desktop", "laptop"),
            system=str(agent.get("osName") or ""),
            user=str(agent.get("lastLoggedInUserName") or ""),
            place=f"site {agent.get('siteName')}",
            names=(name, f"{name}.{domain}" if domain else "", *_addresses(agent)),
        )

    async def _agent(self, console: Http, call: ActionCall, site: Site) -> dict[str, Any]:
        """Return the agent that this containment began with, by its id: its computer may have another name."""
        known = await self._recall(call, site)
        if known:
            return await read_agent(console, str(known["before"]["agent"]))
        return await find_agent(console, call.params["host"])

    async def _order(self, call: ActionCall, site: Site, action: str) -> None:
        async with open_console(site, call.params.get("connection")) as console:
            agent = await self._agent(console, call, site)
            body = {"filter": {"ids": [agent["id"]]}, "data": {}}
            done = await change(console, "POST", f"agents/actions/{action}", body)
        affected = done.get("affected") if isinstance(done, dict) else None
        if affected == 0:
            raise ActionRefusedError(
                f"SentinelOne did not {action} {call.params['host']}: the token's role or scope does not reach it"
            )
        if affected != 1:
            raise ActionUnavailableError(f"SentinelOne does not say what {action} affected")


def _addresses(agent: Mapping[str, Any]) -> list[str]:
    """Return the addresses of an agent's own interfaces."""
    interfaces = agent.get("networkInterfaces")
    found = interfaces if isinstance(interfaces, list) else []
    several = [one.get(key) for one in found if isinstance(one, Mapping) for key in ("inet", "inet6")]
    return [str(one) for values in several if isinstance(values, list) for one in values]


class LookupHost:
    """Answers ``network`` (connected, disconnected, …), ``active`` (whether the agent talks to the console),
    ``infected``, ``threats`` (open ones) and ``last_seen`` (ISO 8601)."""

    spec = ActionSpec(
        name="sentinelone.lookup_host",
        kind=ActionKind.LOOKUP,
        summary="Say what SentinelOne knows of a computer: network, threats, system, last seen.",
        parameters=(HOST, CONNECTION),
        returns={
            "name": ValueType.HOST, "id": ValueType.TEXT, "network": ValueType.TEXT, "active": ValueType.BOOLEAN,
            "infected": ValueType.BOOLEAN, "threats": ValueType.INTEGER, "os": ValueType.TEXT,
            "last_seen": ValueType.TEXT, "last_user": ValueType.TEXT, "external_ip": ValueType.TEXT,
            "agent": ValueType.TEXT,
        },
        timeout=20.0,
        connection=KIND,
        permission="Endpoints: View",
        per_minute=60,
    )  # fmt: skip

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        async with open_console(site, call.params.get("connection")) as console:
            agent = await find_agent(console, call.params["host"])
        threats = agent.get("activeThreats")
        return {
            "name": str(agent.get("computerName") or ""),
            "id": str(agent["id"]),
            "network": str(agent["networkStatus"]),
            "active": agent.get("isActive") is True,
            "infected": agent.get("infected") is True,
            "threats": threats if isinstance(threats, int) else 0,
            "os": str(agent.get("osName") or ""),
            "last_seen": str(agent.get("lastActiveDate") or ""),
            "last_user": str(agent.get("lastLoggedInUserName") or ""),
            "external_ip": str(agent.get("externalIp") or ""),
            "agent": str(agent.get("agentVersion") or ""),
        }
