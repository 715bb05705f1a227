"""``windows.collect_triage``: what an investigator asks of a host first, taken now and sealed as evidence.

It becomes an evidence chain of its own, ``triage-<digest of the step>``, a record a part; the step's result
carries the chain's head and lands on the incident's chain, so that a cut-off end shows too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from integrations.contract import ActionCall, ActionUnavailableError
from integrations.ports import Site
from integrations.reversal import CONNECTION, stored
from integrations.windows.response.connection import HOST, KIND, Host, host_of
from integrations.windows.response.session import ask, texts
from playbooks.actions import ActionKind, ActionSpec, ValueType
from rules.evidence import EvidenceRecord, Head

PARTS = ("processes", "hashes", "connections", "logons", "tasks", "services", "autoruns", "accounts")
LIMIT = 1000
"""Lines of one part."""
ENTRIES = 200
"""Lines of one record."""
LAST = "triage.sealed"
TRIES = 10


class CollectTriage:
    """Answers the chain with its head, how many processes, connections and log-ons it holds, ``missing``
    (parts that could not be read, and why) and ``cut`` (parts that had more than a thousand lines)."""

    spec = ActionSpec(
        name="windows.collect_triage",
        kind=ActionKind.LOOKUP,
        summary="Collect processes, hashes, connections, log-ons, tasks, services and autoruns of a Windows host, "
        "sealed as evidence.",
        parameters=(HOST, CONNECTION),
        returns={
            "chain": ValueType.TEXT, "sha256": ValueType.HASH, "processes": ValueType.INTEGER,
            "connections": ValueType.INTEGER, "logons": ValueType.INTEGER, "missing": ValueType.LIST,
            "cut": ValueType.LIST,
        },
        timeout=120.0,
        connection=KIND,
        permission="Administrators: read processes, connections, the Security log, tasks, services, accounts",
    )  # fmt: skip

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        """Return the chain and its head; the same call again returns what was sealed then."""
        host = host_of(site, call.params["host"], call.params.get("connection"))
        chain = f"triage-{hashlib.sha256(call.key.encode()).hexdigest()[:16]}"
        name = chain
        for attempt in range(1, TRIES):
            with stored():
                known = await site.evidence.chain(name)
            if known and known[-1].kind == LAST:
                return dict(known[-1].data["result"])
            if not known:
                break
            name = f"{chain}-{attempt}"  # an attempt was cut off half way: what it wrote stays, as all evidence does
        found = await ask(host, "triage", within=100.0, limit=LIMIT)
        parts, totals = found.get("parts"), found.get("totals")
        if not isinstance(parts, dict) or not isinstance(totals, dict):
            raise ActionUnavailableError(f"{host}: it answered with nonsense")
        lines = {part: texts(parts, part)[:LIMIT] for part in PARTS}
        cut = [
            part for part in PARTS if isinstance(totals.get(part), int) and totals[part] > len(lines[part])
        ]
        records, result = _sealed(name, host, call, lines, texts(found, "missing"), cut, site.clock.now())
        with stored():
            await site.evidence.append(records)
        return result


def _sealed(
    chain: str,
    host: Host,
    call: ActionCall,
    lines: Mapping[str, list[str]],
    missing: list[str],
    cut: list[str],
    at: datetime,
) -> tuple[list[EvidenceRecord], dict[str, Any]]:
    head, records = Head(chain=chain), []
    for part, entries in lines.items():
        for start in range(0, max(1, len(entries)), ENTRIES):
            some = entries[start : start + ENTRIES]
            record, head = EvidenceRecord.link(
                head, at=at, kind="triage.collected", actor="siem", text=f"{len(some)} lines of {part} of {host}.",
                data={"host": host.name, "incident": call.incident or "", "part": part, "entries": some},
            )  # fmt: skip
            records.append(record)
    result = {
        "chain": chain,
        "sha256": head.hash,
        **{part: len(lines[part]) for part in ("processes", "connections", "logons")},
        "missing": missing,
        "cut": cut,
    }
    record, head = EvidenceRecord.link(
        head, at=at, kind=LAST, actor="siem", text=f"All of {host} is sealed.", data={"result": result}
    )
    return [*records, record], result
