"""The audit: every chain recomputed from the store and held against what its writer says, and every
event against its seal.

Chains in the store alone can't show a cut-off tail; the workflows that wrote them know their heads,
also long after they ended, and the daily heads in the channel are the second witness.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError

from integrations.opensearch import OpenSearchStores
from integrations.opensearch.seals import Position
from integrations.opensearch.verification import Progress, Selection, Verification
from integrations.ports import EvidenceStore
from rules.evidence import SYSTEM_CHAIN, Head, faults
from workers.contract import SYSTEM_ID, IncidentView
from workers.heads import heads_on_chain

PATIENCE = timedelta(seconds=20)
LOOKS = 4
PAUSE = 0.5
"""Seconds between two looks."""


@dataclass(frozen=True)
class ChainAudit:
    """What was found about one chain."""

    chain: str
    records: int
    head: str
    """SHA-256 of the last stored record, hex."""
    witness: bool
    """Whether the chain's writer could be asked where it stands."""
    faults: tuple[str, ...]


async def audit_evidence(evidence: EvidenceStore, client: Client) -> list[ChainAudit]:
    """Recompute all evidence chains; a chain whose writer knows records that the store lacks shows too."""
    chains = {*await evidence.chains(), SYSTEM_CHAIN}
    async for run in client.list_workflows("WorkflowType = 'IncidentWorkflow'"):
        chains.add(run.id)
    return [await _audit(chain, evidence, client) for chain in sorted(chains)]


async def audit_events(
    stores: OpenSearchStores,
    selection: Selection | None = None,
    noted: Iterable[Position] = (),
    progress: Progress | None = None,
) -> Verification:
    """Hold all events against their seals; chains of seals also against the heads on the chain ``system``
    and those `noted` elsewhere, as in the channel. Raises `integrations.ports.StoreError`."""
    known = heads_on_chain(await stores.evidence.chain(SYSTEM_CHAIN))
    return await stores.events.verify([*known, *noted], selection, progress)


async def _audit(chain: str, evidence: EvidenceStore, client: Client) -> ChainAudit:
    for look in range(LOOKS):
        head = await _head_of_writer(chain, client)
        records = await evidence.chain(chain)
        stored = records[-1].seq if records else 0
        if head is None or head.seq == stored:
            break
        if look + 1 < LOOKS:  # the writer may be just writing: look again before accusing anybody
            await asyncio.sleep(PAUSE)
    return ChainAudit(
        chain=chain,
        records=len(records),
        head=records[-1].hash if records else "",
        witness=head is not None,
        faults=tuple(faults(chain, records, head)),
    )


async def _head_of_writer(chain: str, client: Client) -> Head | None:
    system = chain == SYSTEM_CHAIN
    handle = client.get_workflow_handle(SYSTEM_ID if system else chain)
    try:
        if system:
            head: Head = await handle.query("head", result_type=Head, rpc_timeout=PATIENCE)
            return head
        view: IncidentView = await handle.query("view", result_type=IncidentView, rpc_timeout=PATIENCE)
    except RPCError:
        return None
    return view.head
