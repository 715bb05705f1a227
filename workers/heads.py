"""The daily heads: where every chain stands, posted in the channel, out of the database's reach.

The message has the chains that moved last and one digest over all lines; all lines are also put on
the chain ``system``, whose own head Temporal knows. So a chain that is rewritten later, or whose tail is
cut off, differs from what was noted here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from temporalio import activity

from integrations.opensearch.seals import Position
from integrations.ports import EvidenceStore
from rules.evidence import EvidenceRecord
from workers.contract import DailyHeads

NOTED = 2000
"""The most lines that are noted, those of the chains that moved last."""
SHOWN = 20
"""Lines of each kind in the message."""
KIND = "heads.noted"
_LINE = re.compile(r"(seals|evidence) (\S+) (\d+) ([0-9a-f]{64})")

SealHeads = Callable[[], Awaitable[list[tuple[Position, str]]]]
"""Heads of the writers' chains of seals, each with the time of its last seal, newest first."""


class Heads:
    def __init__(self, evidence: EvidenceStore, seals: SealHeads) -> None:
        self._evidence = evidence
        self._seals = seals

    @activity.defn(name="evidence.heads")
    async def heads(self) -> DailyHeads:
        """Return the heads of all chains, and the text of the daily message about them."""
        found: list[tuple[datetime, str]] = []
        for chain in await self._evidence.chains():
            if records := await self._evidence.chain(chain):
                last = records[-1]
                found.append((last.at, f"evidence {chain} {last.seq} {last.hash}"))
        evidence = [line for _, line in sorted(found, reverse=True)]
        seals = [f"seals {one.writer} {one.seq} {one.hash}" for one, _ in await self._seals()]
        lines = (*seals[: NOTED // 2], *evidence[: NOTED // 2])
        digest = hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
        shown = "\n".join([*seals[:SHOWN], *evidence[:SHOWN]]) or "none"
        text = (
            f"Heads of {len(seals)} chains of seals and {len(evidence)} of evidence (kind, chain, links, "
            f"SHA-256), those that moved last:\n{shown}\nSHA-256 over all lines as noted on the chain "
            f"system: {digest}"
        )
        return DailyHeads(text=text, lines=lines, digest=digest)


def noted_heads(lines: Iterable[str]) -> list[Position]:
    """Return the heads of chains of seals in lines of the daily message; other text is passed over."""
    found = (_LINE.search(line) for line in lines)
    return [
        Position(writer=match[2], seq=int(match[3]), hash=match[4])
        for match in found
        if match is not None and match[1] == "seals"
    ]


def heads_on_chain(records: Iterable[EvidenceRecord]) -> list[Position]:
    """Return the heads of chains of seals that were noted on the chain ``system``."""
    return [
        position
        for record in records
        if record.kind == KIND
        for position in noted_heads(record.data.get("lines", ()))
    ]
