"""What an investigator asks of a host first, sealed: an evidence chain of its own for each collection.

The chain is named ``triage-<digest of the step>``, a record a part; the step's result carries the chain's
head and lands on the incident's chain, so that a cut-off end shows too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from integrations.contract import ActionCall
from integrations.ports import Site
from integrations.reversal import stored
from rules.evidence import EvidenceRecord, Head

LAST = "triage.sealed"
TRIES = 10


async def chain_of(call: ActionCall, site: Site) -> tuple[str, dict[str, Any] | None]:
    """Return the chain to write, and the answer where the same call is sealed. Raises `ActionError`."""
    name = f"triage-{hashlib.sha256(call.key.encode()).hexdigest()[:16]}"
    chain = name
    for attempt in range(TRIES):
        chain = name if not attempt else f"{name}-{attempt}"
        with stored():
            known = await site.evidence.chain(chain)
        if known and known[-1].kind == LAST:
            return chain, dict(known[-1].data["result"])
        if not known:
            break
        # an attempt was cut off half way: what it wrote stays, as all evidence does
    return chain, None


def seal(
    chain: str,
    host: str,
    call: ActionCall,
    parts: Mapping[str, Sequence[Any]],
    result: Mapping[str, Any],
    at: datetime,
    *,
    noun: Callable[[str], str],
    entries: int,
) -> tuple[list[EvidenceRecord], dict[str, Any]]:
    """Return the records of a chain and the result with the chain's head in it.

    `noun` says what a part's entries are, `entries` how many one record holds.
    """
    head, records = Head(chain=chain), []
    for part, found in parts.items():
        for start in range(0, max(1, len(found)), entries):
            some = list(found[start : start + entries])
            text = f"{len(some)} {noun(part)} of {host}."
            record, head = EvidenceRecord.link(
                head, at=at, kind="triage.collected", actor="siem", text=text,
                data={"host": host, "incident": call.incident or "", "part": part, "entries": some},
            )  # fmt: skip
            records.append(record)
    sealed = {"chain": chain, "sha256": head.hash, **result}
    record, head = EvidenceRecord.link(
        head, at=at, kind=LAST, actor="siem", text=f"All of {host} is sealed.", data={"result": sealed}
    )
    return [*records, record], sealed
