"""``linux.collect_triage``: what an investigator asks of a host first, taken now and sealed as evidence.

It becomes an evidence chain of its own, ``triage-<digest of the step>``, a record a part; the step's result
carries the chain's head and lands on the incident's chain, so that a cut-off end shows too.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from integrations.contract import ActionCall, ActionUnavailableError
from integrations.linux.response.connection import KIND, Host, host_of
from integrations.linux.response.session import opened
from integrations.linux.response.single import HOST
from integrations.ports import Site
from integrations.reversal import CONNECTION, stored
from playbooks.actions import ActionKind, ActionSpec, ValueType
from rules.evidence import EvidenceRecord, Head

SECONDS = 45.0
LAST = "triage.sealed"
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
        name = f"triage-{hashlib.sha256(call.key.encode()).hexdigest()[:16]}"
        for attempt in range(10):
            chain = name if not attempt else f"{name}-{attempt}"
            with stored():
                known = await site.evidence.chain(chain)
            if known and known[-1].kind == LAST:
                return dict(known[-1].data["result"])
            if not known:
                break
            # an attempt was cut off half way: what it wrote stays, as all evidence does
        async with opened(host) as session:
            found = await session.ask("triage", within=SECONDS)
        parts = found.get("parts")
        if not isinstance(parts, dict) or not all(isinstance(one, list) for one in parts.values()):
            raise ActionUnavailableError(f"{host}: it answered with nonsense")
        records, result = _sealed(chain, host, call, parts, list(found.get("cut") or ()), site.clock.now())
        with stored():
            await site.evidence.append(records)
        return result


def _sealed(
    chain: str, host: Host, call: ActionCall, parts: dict[str, list[Any]], cut: list[Any], at: datetime
) -> tuple[list[EvidenceRecord], dict[str, Any]]:
    head, records = Head(chain=chain), []
    for part, entries in parts.items():
        for start in range(0, max(1, len(entries)), ENTRIES):
            some = entries[start : start + ENTRIES]
            record, head = EvidenceRecord.link(
                head,
                at=at,
                kind="triage.collected",
                actor="siem",
                text=f"{len(some)} {PARTS.get(part, part)} of {host}.",
                data={"host": host.name, "incident": call.incident or "", "part": part, "entries": some},
            )
            records.append(record)
    processes = [one for one in parts.get("processes", ()) if isinstance(one, dict)]
    result = {
        "chain": chain,
        "sha256": head.hash,
        "processes": len(processes),
        "sockets": len(parts.get("sockets", ())),
        "logins": len(parts.get("logins", ())),
        "deleted_programs": sorted(
            {str(one["program"]) for one in processes if str(one.get("program")).endswith(" (deleted)")}
        )[:50],
        "cut": [str(one) for one in cut],
    }
    record, head = EvidenceRecord.link(
        head, at=at, kind=LAST, actor="siem", text=f"All of {host} is sealed.", data={"result": result}
    )
    return [*records, record], result
