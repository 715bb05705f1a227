"""``windows.collect_triage``: what an investigator asks of a host first, taken now and sealed as evidence.

It becomes an evidence chain of its own, ``triage-<digest of the step>``, a record a part; the step's result
carries the chain's head and lands on the incident's chain, so that a cut-off end shows too.
"""

from __future__ import annotations

from typing import Any

from integrations.contract import ActionCall, ActionUnavailableError
from integrations.ports import Site
from integrations.reversal import CONNECTION, stored
from integrations.triage import chain_of, seal
from integrations.windows.response.connection import HOST, KIND, host_of
from integrations.windows.response.session import ask, texts
from playbooks.actions import ActionKind, ActionSpec, ValueType

PARTS = ("processes", "hashes", "connections", "logons", "tasks", "services", "autoruns", "accounts")
LIMIT = 1000
"""Lines of one part."""
ENTRIES = 200
"""Lines of one record."""


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
        chain, done = await chain_of(call, site)
        if done is not None:
            return done
        found = await ask(host, "triage", within=100.0, limit=LIMIT)
        parts, totals = found.get("parts"), found.get("totals")
        if not isinstance(parts, dict) or not isinstance(totals, dict):
            raise ActionUnavailableError(f"{host}: it answered with nonsense")
        lines = {part: texts(parts, part)[:LIMIT] for part in PARTS}
        cut = [
            part for part in PARTS if isinstance(totals.get(part), int) and totals[part] > len(lines[part])
        ]
        counts = {part: len(lines[part]) for part in ("processes", "connections", "logons")}
        told = {**counts, "missing": texts(found, "missing"), "cut": cut}
        records, result = seal(
            chain, host.name, call, lines, told, site.clock.now(),
            noun=lambda part: f"lines of {part}", entries=ENTRIES,
        )  # fmt: skip
        with stored():
            await site.evidence.append(records)
        return result
