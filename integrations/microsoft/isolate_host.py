"""``microsoft.isolate_host``: a machine talks to Defender alone, until the undo.

https://learn.microsoft.com/defender-endpoint/api/isolate-machine and .../api/unisolate-machine. Defender
obeys when the machine next asks, so what is in force is read from its machine actions: an isolation that
succeeded, and no release after it. One that still waits is cancelled instead of released.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.connections import segment
from integrations.contract import ActionCall, ActionRefusedError
from integrations.machines import Machine, MachineIsolation
from integrations.microsoft.machines import HOST, find_machine, machine_actions
from integrations.microsoft.registration import KIND, open_defender
from integrations.ports import Site
from integrations.reversal import CONNECTION, Seen
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

UNDER_WAY = frozenset({"Pending", "InProgress"})


class IsolateHost(MachineIsolation):
    product = "Defender"
    spec = ActionSpec(
        name="microsoft.isolate_host",
        kind=ActionKind.CONTAINMENT,
        summary="Isolate a machine from the network with Defender for Endpoint; Defender itself still reaches it.",
        parameters=(
            HOST,
            Parameter(
                name="isolation", type=ValueType.ENUM, required=False, default="Full",
                choices=("Full", "Selective"),
                description="Selective lets Outlook, Teams and Skype through (Windows only).",
            ),
            CONNECTION,
        ),
        returns={"state": ValueType.TEXT},
        target="host",
        noun="isolation",
        timeout=60.0,
        connection=KIND,
        permission="WindowsDefenderATP: Machine.Isolate, Machine.Read.All",
        per_minute=100,
    )  # fmt: skip
    patience = 45.0
    pause = 3.0

    async def look(self, call: ActionCall, site: Site) -> Seen:
        async with open_defender(site, call.params.get("connection")) as defender:
            machine = await find_machine(defender, call.params["host"])
            acts = await machine_actions(defender, machine["id"], ("Isolate", "Unisolate"))
        contained, said = False, "no isolation"
        for act in reversed(acts):
            if act.get("status") == "Succeeded":
                contained = act.get("type") == "Isolate"
                said = f"{act.get('type')} succeeded"
        newest = acts[0] if acts else {}
        where = f"{machine.get('computerDnsName')} in Defender"
        if newest.get("status") in UNDER_WAY:
            said = f"{newest.get('type')} is {newest.get('status')}"
            return Seen(
                contained, f"{where}: {said}", moving="in" if newest.get("type") == "Isolate" else "out"
            )
        return Seen(contained, f"{where}: {said}")

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        if seen.moving == "out":
            raise ActionRefusedError(f"{seen.said}: somebody is just releasing it")
        body = {"IsolationType": call.params.get("isolation", "Full")}
        await self._order(call, site, "isolate", body)

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        del before
        async with open_defender(site, call.params.get("connection")) as defender:
            machine = await find_machine(defender, call.params["host"])
            acts = await machine_actions(defender, machine["id"], ("Isolate", "Unisolate"))
            newest = acts[0] if acts else {}
            if newest.get("type") == "Isolate" and newest.get("status") == "Pending":
                path = f"/api/machineactions/{segment(str(newest['id']))}/cancel"
                await defender.ask("POST", path, json={"Comment": _comment(call)})
                return
        await self._order(call, site, "unisolate", {})

    async def machine(self, call: ActionCall, site: Site) -> Machine:
        """Defender says of no machine what it is for; of its system's name a server's tells that it is one."""
        async with open_defender(site, call.params.get("connection")) as defender:
            machine = await find_machine(defender, call.params["host"])
        system = str(machine.get("osPlatform") or "")
        addresses = machine.get("ipAddresses")
        own = (
            [one.get("ipAddress") for one in addresses if isinstance(one, Mapping)]
            if isinstance(addresses, list)
            else []
        )
        server = "server" in system.casefold() or system.casefold() in ("linux", "")
        return Machine(
            kind="server" if server else "client",
            personal=not server,
            system=system,
            names=(
                str(machine.get("computerDnsName") or ""),
                str(machine.get("lastIpAddress") or ""),
                *map(str, own),
            ),
        )

    async def _order(self, call: ActionCall, site: Site, what: str, body: Mapping[str, Any]) -> None:
        async with open_defender(site, call.params.get("connection")) as defender:
            machine = await find_machine(defender, call.params["host"])
            path = f"/api/machines/{segment(machine['id'])}/{what}"
            await defender.ask("POST", path, json={"Comment": _comment(call), **body})


def _comment(call: ActionCall) -> str:
    return f"siem {call.key}: {call.reason or 'see its incident'}"[:500]
