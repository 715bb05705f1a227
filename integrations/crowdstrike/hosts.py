"""``crowdstrike.isolate_host`` and ``crowdstrike.lookup_host``: Falcon's network containment.

Collection Hosts, ``PerformActionV2`` (``contain``, ``lift_containment``): a contained host talks to Falcon
alone, and to what the containment policy lets through. A host obeys when it next asks; until then its status
is ``containment_pending`` or ``lift_containment_pending``, which is neither the one nor the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.connections import Http
from integrations.contract import ActionCall, ActionRefusedError, ActionUnavailableError
from integrations.crowdstrike.falcon import KIND, ask, find_host, open_falcon, read_host
from integrations.machines import Machine, MachineIsolation
from integrations.ports import Site
from integrations.reversal import CONNECTION, Seen
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

HOST = Parameter(
    name="host", type=ValueType.HOST, description="The host's name in Falcon, with or without its domain."
)
STATUSES = frozenset({"normal", "containment_pending", "contained", "lift_containment_pending"})


class IsolateHost(MachineIsolation):
    product = "Falcon"
    spec = ActionSpec(
        name="crowdstrike.isolate_host",
        kind=ActionKind.CONTAINMENT,
        summary="Contain a host's network with CrowdStrike Falcon; Falcon itself still reaches it.",
        parameters=(HOST, CONNECTION),
        returns={"state": ValueType.TEXT},
        target="host",
        noun="isolation",
        timeout=60.0,
        connection=KIND,
        permission="Hosts: Read, Write",
        per_minute=100,
    )
    patience = 45.0
    pause = 3.0

    async def look(self, call: ActionCall, site: Site) -> Seen:
        async with open_falcon(site, call.params.get("connection")) as falcon:
            host = await self._host(falcon, call, site)
        status = str(host["status"]).casefold()
        said = f"{host.get('hostname')} is {status} in Falcon"
        if status not in STATUSES:
            raise ActionUnavailableError(f"{said}, a status that Falcon does not document")
        return Seen(
            status == "contained",
            said,
            {"status": status, "device_id": str(host["device_id"])},
            moving="in" if status == "containment_pending" else "out" if status.startswith("lift_") else "",
        )

    async def contain(self, call: ActionCall, site: Site, seen: Seen) -> None:
        if seen.moving == "out":
            raise ActionRefusedError(f"{seen.said}: somebody is just releasing it")
        await self._order(call, site, "contain")

    async def restore(self, call: ActionCall, site: Site, before: Mapping[str, Any]) -> None:
        del before
        await self._order(call, site, "lift_containment")

    async def machine(self, call: ActionCall, site: Site) -> Machine:
        async with open_falcon(site, call.params.get("connection")) as falcon:
            host = await find_host(falcon, call.params["host"], site)
        kind, name, domain = (
            str(host.get(key) or "") for key in ("product_type_desc", "hostname", "machine_domain")
        )
        return Machine(
            kind=kind,
            personal=kind == "Workstation",
            system=str(host.get("os_version") or host.get("platform_name") or ""),
            user=str(host.get("last_login_user") or ""),
            names=(name, f"{name}.{domain}" if domain else "", str(host.get("local_ip") or "")),
        )

    async def _host(self, falcon: Http, call: ActionCall, site: Site) -> dict[str, Any]:
        """Return the host that this containment began with, by its id: it may have another name by now."""
        known = await self._recall(call, site)
        if known:
            return await read_host(falcon, str(known["before"]["device_id"]))
        return await find_host(falcon, call.params["host"], site)

    async def _order(self, call: ActionCall, site: Site, action: str) -> None:
        async with open_falcon(site, call.params.get("connection")) as falcon:
            host = await self._host(falcon, call, site)
            path, ids = "/devices/entities/devices-actions/v2", {"ids": [host["device_id"]]}
            await ask(falcon, "POST", path, params={"action_name": action}, json=ids)


class LookupHost:
    """Answers ``status`` (normal, contained, …_pending), ``last_seen`` (ISO 8601) and what Falcon knows of the
    machine; ``limited`` is true where the sensor works in reduced functionality mode."""

    spec = ActionSpec(
        name="crowdstrike.lookup_host",
        kind=ActionKind.LOOKUP,
        summary="Say what CrowdStrike Falcon knows of a host: containment, system, addresses, last seen.",
        parameters=(HOST, CONNECTION),
        returns={
            "name": ValueType.HOST, "id": ValueType.TEXT, "status": ValueType.TEXT, "os": ValueType.TEXT,
            "last_seen": ValueType.TEXT, "local_ip": ValueType.TEXT, "external_ip": ValueType.TEXT,
            "last_user": ValueType.TEXT, "limited": ValueType.BOOLEAN,
        },
        timeout=20.0,
        connection=KIND,
        permission="Hosts: Read",
        per_minute=100,
    )  # fmt: skip

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        async with open_falcon(site, call.params.get("connection")) as falcon:
            host = await find_host(falcon, call.params["host"], site)
        named = {key: str(host.get(key) or "") for key in ("last_seen", "local_ip", "external_ip")}
        return {
            "name": str(host.get("hostname") or ""),
            "id": str(host["device_id"]),
            "status": str(host["status"]),
            "os": f"{host.get('platform_name') or ''} {host.get('os_version') or ''}".strip(),
            "last_user": str(host.get("last_login_user") or ""),
            "limited": str(host.get("reduced_functionality_mode")).casefold() in ("yes", "true"),
            **named,
        }
