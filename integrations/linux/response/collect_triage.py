"""``linux.collect_triage``: what an investigator asks of a host first, taken now and sealed as evidence.

It becomes an evidence chain of its own, ``triage-<digest of the step>``, a record a part; the step's result
carries the chain's head and lands on the incident's chain, so that a cut-off end shows too.
"""

from __future__ import annotations

from typing import Any

from integrations.contract import ActionCall, ActionUnavailableError
from integrations.linux.response.connection import KIND, host_of
from integrations.linux.response.session import opened
from integrations.linux.response.single import HOST
from integrations.ports import Site
from integrations.reversal import CONNECTION, stored
from integrations.triage import chain_of, seal
from playbooks.actions import ActionKind, ActionSpec, ValueType

SECONDS = 45.0
PARTS = {
    "processes": "processes", "sockets": "open sockets", "logged_in": "sessions", "logins": "log-ins",
    "scheduled": "lines of scheduled work", "access": "accounts and keys", "firewall": "lines of rules",
    "modules": "kernel modules", "hashes": "hashes of running programs", "host": "lines about the host",
}  # fmt: skip
ENTRIES = 500
"""Entries of one record."""


class CollectTriage:
    spec = ActionSpec(
        name="linux.collect_triage",
        kind=ActionKind.LOOKUP,
        summary="Collect processes, sockets, log-ins, scheduled work and hashes of a Linux host, sealed as evidence.",
        parameters=(HOST, CONNECTION),
        returns={
            "chain": ValueType.TEXT, "sha256": ValueType.HASH, "processes": ValueType.INTEGER,
            "sockets": ValueType.INTEGER, "logins": ValueType.INTEGER, "deleted_programs": ValueType.LIST,
            "cut": ValueType.LIST,
        },
        timeout=60.0,
        connection=KIND,
        permission="root by siem-host: read /proc, logs of log-ins, cron, authorized_keys, rules",
    )  # fmt: skip

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        """Return the chain, its head and what stands out; the same call again returns what was sealed then."""
        host = host_of(site, call.params.get("host"), call.params.get("connection"))
        chain, done = await chain_of(call, site)
        if done is not None:
            return done
        async with opened(host) as session:
            found = await session.ask("triage", within=SECONDS)
        parts = found.get("parts")
        if not isinstance(parts, dict) or not all(isinstance(one, list) for one in parts.values()):
            raise ActionUnavailableError(f"{host}: it answered with nonsense")
        records, result = seal(
            chain, host.name, call, parts, _result(parts, list(found.get("cut") or ())), site.clock.now(),
            noun=lambda part: PARTS.get(part, part), entries=ENTRIES,
        )  # fmt: skip
        with stored():
            await site.evidence.append(records)
        return result


def _result(parts: dict[str, list[Any]], cut: list[Any]) -> dict[str, Any]:
    processes = [one for one in parts.get("processes", ()) if isinstance(one, dict)]
    return {
        "processes": len(processes),
        "sockets": len(parts.get("sockets", ())),
        "logins": len(parts.get("logins", ())),
        "deleted_programs": sorted(
            {str(one["program"]) for one in processes if str(one.get("program")).endswith(" (deleted)")}
        )[:50],
        "cut": [str(one) for one in cut],
    }
