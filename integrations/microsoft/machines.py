"""Defender for Endpoint's machines: found by name, looked up, scanned.

https://learn.microsoft.com/defender-endpoint/api/machine and .../api/machineaction
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from integrations.answers import record, text
from integrations.connections import Http, segment
from integrations.contract import ActionCall, ActionRefusedError
from integrations.microsoft.registration import KIND, open_defender, pages, quoted
from integrations.ports import Site
from integrations.reversal import CONNECTION
from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType

HOST = Parameter(
    name="host",
    type=ValueType.HOST,
    description="The machine's DNS name as Defender has it, or its first part.",
)


async def find_machine(defender: Http, host: str) -> dict[str, Any]:
    """Return the one onboarded machine of a name. Raises `ActionRefusedError` where there is none or several:
    nothing is isolated by a guess."""
    asked = f"computerDnsName eq {quoted(host)}"
    if "." not in host:
        asked += f" or startswith(computerDnsName,{quoted(host + '.')})"
    found = [
        one
        for one in await pages(defender, "/api/machines", **{"$filter": asked})
        if _is_named(str(one.get("computerDnsName", "")), host)
        and one.get("onboardingStatus", "Onboarded") == "Onboarded"
    ]
    if len(found) > 1:
        live = [one for one in found if one.get("healthStatus") == "Active"]
        found = live if len(live) == 1 else found
    if not found:
        raise ActionRefusedError(f"Defender knows no onboarded machine {host}")
    if len(found) > 1:
        names = ", ".join(sorted(str(one.get("computerDnsName")) for one in found))
        raise ActionRefusedError(f"Defender knows {len(found)} machines {host} ({names}): use the whole name")
    text(found[0], "id", "Defender")
    return found[0]


def _is_named(name: str, host: str) -> bool:
    name = name.casefold()
    return name == host.casefold() or ("." not in host and name.partition(".")[0] == host.casefold())


async def machine_actions(defender: Http, machine: str, kinds: Sequence[str]) -> list[dict[str, Any]]:
    """Return a machine's actions of some types, newest first."""
    found = await pages(defender, "/api/machineactions", **{"$filter": f"machineId eq {quoted(machine)}"})
    wanted = [one for one in found if one.get("type") in kinds and one.get("machineId") == machine]
    return sorted(wanted, key=lambda one: str(one.get("creationDateTimeUtc")), reverse=True)


class LookupMachine:
    """Answers ``name``, ``health``, ``os``, ``last_seen`` (ISO 8601), ``risk``, ``exposure`` and ``isolation``,
    the last isolation or release that Defender knows of with its status."""

    spec = ActionSpec(
        name="microsoft.lookup_machine",
        kind=ActionKind.LOOKUP,
        summary="Say what Defender for Endpoint knows of a machine: health, risk, isolation.",
        parameters=(HOST, CONNECTION),
        returns={
            "name": ValueType.HOST, "health": ValueType.TEXT, "os": ValueType.TEXT, "last_seen": ValueType.TEXT,
            "risk": ValueType.TEXT, "exposure": ValueType.TEXT, "isolation": ValueType.TEXT,
        },
        timeout=20.0,
        connection=KIND,
        permission="WindowsDefenderATP: Machine.Read.All",
        per_minute=100,
    )  # fmt: skip

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        async with open_defender(site, call.params.get("connection")) as defender:
            machine = await find_machine(defender, call.params["host"])
            acts = await machine_actions(defender, machine["id"], ("Isolate", "Unisolate"))
        newest = acts[0] if acts else None
        return {
            "name": str(machine.get("computerDnsName", "")),
            "health": str(machine.get("healthStatus") or ""),
            "os": str(machine.get("osPlatform") or ""),
            "last_seen": str(machine.get("lastSeen") or ""),
            "risk": str(machine.get("riskScore") or ""),
            "exposure": str(machine.get("exposureLevel") or ""),
            "isolation": f"{newest.get('type')}: {newest.get('status')}" if newest else "none",
        }


class RunAvScan:
    """A scan that is under way already is not started again."""

    spec = ActionSpec(
        name="microsoft.run_av_scan",
        kind=ActionKind.CHANGE,
        summary="Start a scan of Defender Antivirus on a machine.",
        parameters=(
            HOST,
            Parameter(
                name="scan", type=ValueType.ENUM, description="How much is scanned.", required=False,
                default="Quick", choices=("Quick", "Full"),
            ),
            CONNECTION,
        ),
        returns={"action": ValueType.TEXT, "status": ValueType.TEXT},
        timeout=20.0,
        connection=KIND,
        permission="WindowsDefenderATP: Machine.Scan, Machine.Read.All",
        per_minute=100,
    )  # fmt: skip

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        async with open_defender(site, call.params.get("connection")) as defender:
            machine = await find_machine(defender, call.params["host"])
            for known in await machine_actions(defender, machine["id"], ("RunAntiVirusScan",)):
                ours = call.key in str(known.get("requestorComment"))
                if ours or known.get("status") in ("Pending", "InProgress"):
                    return {"action": str(known.get("id")), "status": str(known.get("status"))}
            body = {
                "Comment": f"siem {call.key}: {call.reason}"[:500],
                "ScanType": call.params.get("scan", "Quick"),
            }
            path = f"/api/machines/{segment(machine['id'])}/runAntiVirusScan"
            begun = record(await defender.json("POST", path, json=body), "Defender")
        return {"action": text(begun, "id", "Defender"), "status": text(begun, "status", "Defender")}
