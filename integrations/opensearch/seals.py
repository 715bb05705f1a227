"""Seals: a hash chain for each writer over everything it did to the events, and the checks on it.

Pure. A writer is one process for one lifetime. Each batch it writes adds a seal with the Merkle
root over the batch's events; deletions by policy or on request add seals of their own kinds. A
seal holds the hash of the one before, and a writer's first holds the heads of the chains that it
found, so that cutting off the tail of an older chain shows in a younger one.

A *leaf* is 16 bytes of SHA-256 over an event's id and its stored JSON (keys sorted): 128 bits
withstand a second preimage. The leaves and ids lie beside the seal, so that what differs can be
named; the root and the digest of the ids bind them to the chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field

from integrations.opensearch import merkle
from rules.evidence import GENESIS, canonical

LEAF_BYTES = 16


class Kind(StrEnum):
    BATCH = "batch"
    ERASURE = "erasure"
    """Events deleted on request: `data.events` names them."""
    EXPIRY = "expiry"
    """Events deleted by retention: `data.stream`, ingested before `data.before`."""
    CLOSING = "closing"
    """The writer ended in order: everything before was acknowledged."""


class Position(BaseModel):
    """Where a writer's chain stands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    writer: str
    seq: int = 0
    hash: str = GENESIS


class Seal(BaseModel):
    """One link of a writer's chain; `hash` covers every other field."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    writer: str
    seq: int = Field(ge=1)
    at: str
    """Time of ingestion, ECS text; also ``event.ingested`` of all events of a batch."""
    kind: Kind
    root: str = ""
    """Merkle root over the leaves of a batch, hex."""
    ids: str = ""
    """SHA-256 over the ids of a batch, each with a line end, hex."""
    streams: tuple[tuple[str, int], ...] = ()
    """Data streams of a batch, each with how many of its events follow one another in it."""
    blocks: dict[str, str] = Field(default_factory=dict)
    """Id of each block of sealed originals to the SHA-256 of its bytes; an erasure names new digests."""
    data: dict[str, Any] = Field(default_factory=dict)
    previous: str
    hash: str = ""

    @property
    def name(self) -> str:
        """The batch's name: ``<writer>-<number>``."""
        return seal_name(self.writer, self.seq)

    def digest(self) -> str:
        return hashlib.sha256(canonical(self.model_dump(mode="json", exclude={"hash"}))).hexdigest()

    @classmethod
    def link(cls, head: Position, **fields: Any) -> tuple[Self, Position]:
        """Return the next seal of a chain and where the chain stands then."""
        draft = cls(writer=head.writer, seq=head.seq + 1, previous=head.hash, **fields)
        sealed = draft.model_copy(update={"hash": draft.digest()})
        return sealed, Position(writer=head.writer, seq=sealed.seq, hash=sealed.hash)


def seal_name(writer: str, seq: int) -> str:
    return f"{writer}-{seq}"


def leaf(event_id: str, source: bytes) -> bytes:
    """Return the leaf of an event; `source` is its stored JSON as `stored_json` writes it."""
    return hashlib.sha256(b"%s\n%s" % (event_id.encode(), source)).digest()[:LEAF_BYTES]


def stored_json(document: Mapping[str, Any]) -> bytes:
    """Return a document's JSON in the one spelling that leaves cover. Raises TypeError for what is none."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def ids_digest(ids: Iterable[str]) -> str:
    return hashlib.sha256("".join(f"{one}\n" for one in ids).encode()).hexdigest()


class Fault(StrEnum):
    ALTERED_EVENT = "altered event"
    MISSING_EVENT = "missing event"
    ADDED_EVENT = "added event"
    DROPPED_BATCH = "dropped batch"
    ALTERED_BATCH = "altered batch"
    ALTERED_ORIGINAL = "altered original"
    MISSING_ORIGINAL = "missing original"
    UNFINISHED = "unfinished batch"
    """Not whole, but it may never have been: its writer was cut off while writing it."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not as its writer left it."""

    fault: Fault
    batch: str
    """The batch's name, or the writer's where a chain ends too early."""
    event: str = ""
    """The event's id, where one event is meant."""
    text: str = ""
    stream: str = ""
    """The event's data stream, empty where a batch is meant."""

    def __str__(self) -> str:
        event = f" {self.event}" if self.event else ""
        stream = f" of {self.stream}" if self.stream else ""
        return f"{self.fault}{event}{stream} in {self.batch}: {self.text}"


@dataclass(frozen=True)
class Stored:
    """An event as it was found in the store."""

    id: str
    stream: str
    source: bytes
    """Its JSON, as `stored_json` writes it."""


def chain_findings(writer: str, seals: Sequence[Seal], known: Iterable[Position] = ()) -> list[Finding]:
    """Return what is wrong with one writer's chain; `seals` in order of `seq`.

    `known` are positions of this chain noted elsewhere: the writer's own head, a younger chain's
    first seal, the daily heads in the channel.
    """
    found: list[Finding] = []
    previous, expected = GENESIS, 1
    sure = _acknowledged(seals)
    for seal in seals:
        if seal.seq > expected:
            found += [_dropped(writer, seq, seq <= sure) for seq in range(expected, seal.seq)]
        elif seal.previous != previous:
            found.append(Finding(Fault.ALTERED_BATCH, seal.name, text="it does not follow the one before it"))
        if seal.digest() != seal.hash:
            found.append(Finding(Fault.ALTERED_BATCH, seal.name, text="its seal does not match its hash"))
        previous, expected = seal.hash, seal.seq + 1
    by_seq = {seal.seq: seal.hash for seal in seals}
    for position in known:
        if position.seq >= expected:
            found += [_dropped(writer, seq) for seq in range(expected, position.seq + 1)]
            expected = position.seq + 1
        elif position.seq and by_seq.get(position.seq, position.hash) != position.hash:
            name = seal_name(writer, position.seq)
            found.append(Finding(Fault.ALTERED_BATCH, name, text="its hash is not the one that was noted"))
    return found


def _dropped(writer: str, seq: int, sure: bool = True) -> Finding:
    if not sure:
        text = "its seal is not there; its writer was cut off while writing it"
        return Finding(Fault.UNFINISHED, seal_name(writer, seq), text=text)
    return Finding(Fault.DROPPED_BATCH, seal_name(writer, seq), text="its seal is gone from the chain")


def details_findings(seal: Seal, ids: Sequence[str], leaves: Sequence[bytes]) -> list[Finding]:
    """Return whether the ids and leaves beside a seal are those it was made over."""
    if ids_digest(ids) != seal.ids or merkle.root(leaves).hex() != seal.root or len(ids) != len(leaves):
        return [Finding(Fault.ALTERED_BATCH, seal.name, text="its list of events does not match its seal")]
    return []


def batch_findings(
    seal: Seal,
    expected: Mapping[str, tuple[str, bytes]],
    stored: Iterable[Stored],
    elsewhere: frozenset[str],
    excused: frozenset[str],
    *,
    finished: bool,
) -> list[Finding]:
    """Return which events of one batch are altered, missing or added.

    `expected` is what was sealed, event id to data stream and leaf; `stored` all stored events that
    name this batch; `elsewhere` the ids that are stored under another batch's name (the batch was a
    replay of them, or they were refused and kept as errors); `excused` those whose deletion is sealed.
    `finished`: the writer lived on.
    """
    seen: set[str] = set()
    found: list[Finding] = []

    def note(fault: Fault, event: str, text: str, stream: str) -> None:
        found.append(Finding(fault, seal.name, event, text, stream))

    for event in stored:
        stream, digest = expected.get(event.id, ("", b""))
        if not stream:
            note(Fault.ADDED_EVENT, event.id, "the batch was sealed without it", event.stream)
        elif event.id in seen:
            note(Fault.ADDED_EVENT, event.id, "it is there twice", event.stream)
        elif leaf(event.id, event.source) != digest:
            note(Fault.ALTERED_EVENT, event.id, "it is not what was sealed", event.stream)
        elif event.stream != stream:
            note(Fault.ALTERED_EVENT, event.id, f"it was sealed in {stream}", event.stream)
        seen.add(event.id)
    for one, (stream, _) in expected.items():
        if one in seen or one in elsewhere or one in excused:
            continue
        if finished:
            note(Fault.MISSING_EVENT, one, "it was sealed and is gone", stream)
        else:
            note(Fault.UNFINISHED, one, "it is not there; its writer was cut off while writing it", stream)
    return found


def unfinished(seals: Sequence[Seal]) -> frozenset[str]:
    """Return the names of a chain's batches that were never acknowledged, as far as the chain knows.

    `data.acknowledged` of a seal is the number up to which all batches were acknowledged when it was
    made, `data.failed` names those that were given up.
    """
    sure = _acknowledged(seals)
    names = {name for seal in seals for name in seal.data.get("failed", ())}
    return frozenset(names | {seal.name for seal in seals if seal.seq > sure})


def _acknowledged(seals: Sequence[Seal]) -> int:
    """Return the number of the last batch of which the chain says that all up to it were acknowledged."""
    if seals and seals[-1].kind is Kind.CLOSING:
        return seals[-1].seq
    return max((int(seal.data.get("acknowledged", 0)) for seal in seals), default=0)
