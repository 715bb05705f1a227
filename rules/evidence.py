"""Evidence: hash-chained records of what was seen, decided and done.

One chain for each incident (its name is the incident's id) and one, ``system``, for what belongs
to none. Each record carries the hash of the one before, so that a changed, missing or inserted
record shows when the chain is recomputed. The writer of a chain is a single workflow, which holds
the head; the store only ever creates ``<chain>:<seq>``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

GENESIS = "0" * 64
SYSTEM_CHAIN = "system"


class Head(BaseModel):
    """Where a chain stands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    chain: str
    seq: int = 0
    """Records so far; 0 for an empty chain."""
    hash: str = GENESIS


class EvidenceRecord(BaseModel):
    """One link. `hash` covers every other field."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    chain: str
    seq: int = Field(ge=1)
    at: datetime
    kind: str
    """Dotted and past tense: ``incident.opened``, ``vote.refused``, ``containment.verified``."""
    actor: str
    """Who did it: ``slack:U0ALICE``, ``playbook:contain-ssh-breach``, ``siem``."""
    text: str
    """One plain sentence."""
    data: dict[str, Any] = Field(default_factory=dict)
    previous: str
    hash: str

    @classmethod
    def link(
        cls, head: Head, *, at: datetime, kind: str, actor: str, text: str, data: dict[str, Any] | None = None
    ) -> tuple[Self, Head]:
        """Return the next record of a chain and its new head."""
        body: dict[str, Any] = {
            "chain": head.chain,
            "seq": head.seq + 1,
            "at": at,
            "kind": kind,
            "actor": actor,
            "text": text,
            "data": data or {},
            "previous": head.hash,
        }
        record = cls.model_construct(**body, hash="")
        digest = record.digest()
        return cls(**body, hash=digest), Head(chain=head.chain, seq=head.seq + 1, hash=digest)

    def digest(self) -> str:
        """SHA-256 of the record's canonical JSON (sorted keys, no spaces, UTF-8) without `hash`."""
        body = self.model_dump(mode="json", exclude={"hash"})
        return hashlib.sha256(canonical(body)).hexdigest()


def canonical(value: Any) -> bytes:
    """Return JSON in one spelling: sorted keys, no spaces, UTF-8. Raises ValueError on NaN."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def faults(chain: str, records: Iterable[EvidenceRecord], head: Head | None) -> list[str]:
    """Return what is wrong with a chain, in words; empty where it is whole.

    `records` are all stored records of the chain, in any order; `head` is where its writer says
    it stands, None where that isn't known (then a cut-off tail can't show).
    """
    found: list[str] = []
    previous, expected = GENESIS, 1
    for record in sorted(records, key=lambda record: record.seq):
        if record.seq > expected:
            found.append(f"{chain}: {_span(expected, record.seq - 1)} missing")
        elif record.seq < expected:
            found.append(f"{chain}: record {record.seq} is there twice")
        if record.digest() != record.hash:
            found.append(f"{chain}: record {record.seq} ({record.kind}) was altered")
        if record.seq == expected and record.previous != previous:
            found.append(f"{chain}: record {record.seq} ({record.kind}) does not follow the one before it")
        previous, expected = record.hash, record.seq + 1
    if head is not None and expected - 1 != head.seq:
        found.append(
            f"{chain}: {_span(expected, head.seq)} missing at the end"
            if expected - 1 < head.seq
            else f"{chain}: {_span(head.seq + 1, expected - 1)} added at the end"
        )
    elif head is not None and previous != head.hash:
        found.append(f"{chain}: the last record is not the one its writer recorded")
    return found


def _span(first: int, last: int) -> str:
    return f"record {first} is" if first == last else f"records {first} to {last} are"
