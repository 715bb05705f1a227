"""The worker of `siem bench playbooks`: the product's workflows and activities in a process of their own,
with two actions that touch nothing but the state store, and the bare workflow beside them.

    python -m bot.bench.run_worker TEMPORAL OPENSEARCH PREFIX KEYS

It says ``ready`` on its output once it takes tasks, and ends with its input.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from temporalio.worker import Worker

from bot.bench.bare_run import BLOCK, LOOKUP, BareRun
from integrations.contract import ActionCall
from integrations.opensearch import connect as connect_stores
from integrations.opensearch import keep_keyring
from integrations.ports import Site
from playbooks.actions import ActionKind, ActionSpec, BlastRadius, Parameter, ValueType, Verification
from playbooks.policy import ApproversPolicy, GuardPolicy
from workers.composition import WallClock
from workers.containment_workflow import ContainmentWorkflow
from workers.contract import QUEUE
from workers.incident_workflow import IncidentWorkflow
from workers.playbook_files import PlaybookSet
from workers.playbook_workflow import PlaybookWorkflow
from workers.response import Response
from workers.run_logs import RunLogs
from workers.temporal import CACHED_WORKFLOWS, connect, sandbox
from workers.waits import Waits

APPROVERS = ApproversPolicy(groups={"responders": ("U0ALICE", "U0BOB")})
GUARD = GuardPolicy(networks=("10.0.0.0/8",), max_per_hour=1_000_000)
_IP = (Parameter(name="ip", type=ValueType.IP, description="The address."),)
SPECS = {
    LOOKUP: ActionSpec(
        name=LOOKUP,
        kind=ActionKind.LOOKUP,
        summary="Say where an address is.",
        parameters=_IP,
        returns={"where": ValueType.TEXT},
    ),
    BLOCK: ActionSpec(
        name=BLOCK,
        kind=ActionKind.CONTAINMENT,
        summary="Block an address.",
        parameters=_IP,
        target="ip",
        noun="block",
    ),
}


class Lookup:
    spec = SPECS[LOOKUP]

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:  # noqa: ARG002
        return {"where": f"the net of {call.params['ip']}"}


class Block:
    """Writes one document an address, so that runs don't wait for each other."""

    spec = SPECS[BLOCK]

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        await site.state.put(_key(call), {"key": call.key})
        return {}

    async def verify(self, call: ActionCall, site: Site) -> Verification:
        there = await site.state.get(_key(call)) is not None
        return Verification(in_force=there, detail="it is written" if there else "it is not written")

    async def undo(self, call: ActionCall, site: Site) -> dict[str, Any]:
        await site.state.delete(_key(call))
        return {}

    async def blast_radius(self, call: ActionCall, site: Site) -> BlastRadius:  # noqa: ARG002
        return BlastRadius(summary=f"Nobody uses {call.params['ip']}.")


def _key(call: ActionCall) -> str:
    return f"bench/{call.params['ip']}"


async def work(temporal: str, opensearch: str, prefix: str, keys: Path) -> None:
    """Work until the input ends."""
    stores = await connect_stores(opensearch, prefix=prefix, keyring=keep_keyring(keys))
    try:
        await stores.setup()
        client = await connect(temporal)
        site = Site(
            events=stores.events,
            alerts=stores.alerts,
            incidents=stores.incidents,
            evidence=stores.evidence,
            state=stores.state,
            results=stores.results,
            clock=WallClock(),
            api_url="",
        )
        response = Response(
            client=client,
            site=site,
            actions={LOOKUP: Lookup(), BLOCK: Block()},
            playbooks=lambda: PlaybookSet((), ()),
            approvers=APPROVERS,
            guard=GUARD,
        )
        async with Worker(
            client,
            task_queue=QUEUE,
            workflows=[IncidentWorkflow, PlaybookWorkflow, ContainmentWorkflow, BareRun],
            activities=[*response.activities, *Waits(client, site).activities, *RunLogs(site).activities],
            workflow_runner=sandbox(),
            max_cached_workflows=CACHED_WORKFLOWS,
        ):
            print("ready", flush=True)
            await asyncio.to_thread(sys.stdin.read)
    finally:
        await stores.close()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4])))
