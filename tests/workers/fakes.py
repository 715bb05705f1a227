"""In-memory adapters that implement the ports, for tests that need no engine."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError

from integrations.contract import ActionCall, ActionUnavailableError
from integrations.ports import StoreConflictError, StoreError
from playbooks.actions import ActionKind, ActionSpec, BlastRadius, Parameter, ValueType, Verification
from rules.evidence import EvidenceRecord
from rules.incidents import IncidentFacts


async def terminate_all(client: Client) -> None:
    """End what a test left running, so that no worker of the next one has to do with it.

    Only once the test's own worker has ended: one whose workflow is terminated in the middle of a local
    activity waits for that for ever when it shall end (temporalio 1.35).
    """
    async for run in client.list_workflows("ExecutionStatus = 'Running'"):
        with contextlib.suppress(RPCError):  # it has just ended: the list lags behind
            await client.get_workflow_handle(run.id).terminate()


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class MemoryState:
    def __init__(self) -> None:
        self.documents: dict[str, tuple[dict[str, Any], int]] = {}

    async def get(self, key: str) -> tuple[dict[str, Any], str] | None:
        found = self.documents.get(key)
        return (dict(found[0]), str(found[1])) if found else None

    async def put(self, key: str, value: Mapping[str, Any], version: str | None = None) -> str:
        known = self.documents.get(key)
        if version is not None and version != (str(known[1]) if known else ""):
            raise StoreConflictError(key)
        self.documents[key] = (dict(value), (known[1] if known else 0) + 1)
        return str(self.documents[key][1])

    async def delete(self, key: str) -> None:
        self.documents.pop(key, None)

    async def keys(self, prefix: str) -> list[str]:
        return [key for key in self.documents if key.startswith(prefix)]


class MemoryEvidence:
    def __init__(self) -> None:
        self.records: dict[tuple[str, int], EvidenceRecord] = {}

    async def append(self, records: Sequence[EvidenceRecord]) -> None:
        for record in records:
            known = self.records.setdefault((record.chain, record.seq), record)
            if known != record:
                raise StoreError(f"{record.chain}:{record.seq} is another record")

    async def chain(self, chain: str) -> list[EvidenceRecord]:
        return sorted((r for (name, _), r in self.records.items() if name == chain), key=lambda r: r.seq)

    async def chains(self) -> list[str]:
        return sorted({name for name, _ in self.records})


class MemoryIncidents:
    def __init__(self) -> None:
        self.facts: dict[str, tuple[int, IncidentFacts]] = {}

    async def put(self, incident: IncidentFacts, version: int) -> None:
        if version >= self.facts.get(incident.id, (0, incident))[0]:
            self.facts[incident.id] = (version, incident)

    async def get(self, incident: str) -> IncidentFacts | None:
        found = self.facts.get(incident)
        return found[1] if found else None

    async def about(self, entities: Sequence[str], first: datetime, last: datetime) -> list[IncidentFacts]:
        return [
            facts
            for _, facts in self.facts.values()
            if set(entities) & {str(entity) for entity in facts.entities}
            and facts.first <= last
            and facts.last >= first
        ]

    async def recent(self, limit: int, *, open_only: bool = False) -> list[IncidentFacts]:
        return [facts for _, facts in self.facts.values() if not open_only or facts.status != "closed"][
            :limit
        ]


class Wall:
    """A containment on a wall that can be made to fail or lie."""

    def __init__(self) -> None:
        self.blocked: dict[str, datetime | None] = {}
        self.applied = 0
        self.undone = 0
        self.fail_apply = 0
        self.fail_undo = 0
        self.lies = False
        self.failure: Exception = ActionUnavailableError("the wall does not answer")
        self.seen = "the wall has it"
        self.places: list[Any] = []
        """Where it was applied, call by call."""

    @property
    def spec(self) -> ActionSpec:
        return ActionSpec(
            name="wall.block_ip",
            kind=ActionKind.CONTAINMENT,
            summary="Block an address on the wall.",
            parameters=(
                Parameter(name="ip", type=ValueType.IP, description="The address."),
                Parameter(
                    name="hosts",
                    type=ValueType.LIST,
                    items=ValueType.HOST,
                    description="Where; none: everywhere.",
                    required=False,
                ),
                Parameter(name="side", type=ValueType.TEXT, description="Which packets.", required=False),
                Parameter(
                    name="patience", type=ValueType.INTEGER, description="How.", required=False, manner=True
                ),
            ),
            target="ip",
            widens="hosts",
            timeout=5,
        )

    async def run(self, call: ActionCall, site: Any) -> dict[str, Any]:  # noqa: ARG002
        if self.fail_apply:
            self.fail_apply -= 1
            raise self.failure
        if not self.lies:
            self.applied += call.params["ip"] not in self.blocked
            self.places.append(call.params.get("hosts"))
            self.blocked[call.params["ip"]] = call.until
        return {}

    async def verify(self, call: ActionCall, site: Any) -> Verification:  # noqa: ARG002
        there = call.params["ip"] in self.blocked
        return Verification(in_force=there, detail=self.seen if there else "the wall does not have it")

    async def undo(self, call: ActionCall, site: Any) -> dict[str, Any]:  # noqa: ARG002
        if self.fail_undo:
            self.fail_undo -= 1
            raise ActionUnavailableError("the wall does not answer")
        self.undone += self.blocked.pop(call.params["ip"], 0) != 0
        return {}

    async def blast_radius(self, call: ActionCall, site: Any) -> BlastRadius:  # noqa: ARG002
        return BlastRadius(summary=f"Nobody else uses {call.params['ip']}.")
