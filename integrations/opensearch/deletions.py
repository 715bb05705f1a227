"""What the chains of seals say was deleted in order: by retention, or on request. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.opensearch.seals import Kind, Seal


@dataclass(frozen=True)
class Deletion:
    """Events that the chains say were deleted in order."""

    kind: Kind
    """`ERASURE` or `EXPIRY`."""
    seal: str
    """Name of the link that says so."""
    at: str
    events: int
    data: Mapping[str, Any]
    """The link's own words: who and why, or the data stream and the time before which."""

    def __str__(self) -> str:
        if self.kind is Kind.ERASURE:
            return (
                f"{self.events} erased under {self.seal}: {self.data.get('reason')} ({self.data.get('by')})"
            )
        stream, before = self.data.get("stream"), self.data.get("before")
        return f"{self.events} of {stream} expired under {self.seal}: stored before {before}"


@dataclass
class Deletions:
    """What the chains say was deleted."""

    erased: set[str] = field(default_factory=set)
    blocks: dict[str, set[str]] = field(default_factory=dict)
    """Block to the digests that erasures gave it."""
    expired: dict[str, str] = field(default_factory=dict)
    """Data stream to the time before which its events may be gone."""
    kept_of: dict[str, set[str]] = field(default_factory=dict)
    """Backing index to the events that retention left of it last, since they were held: they may not
    be gone unless erased since."""
    told: list[Deletion] = field(default_factory=list)

    @property
    def kept(self) -> set[str]:
        return {event for kept in self.kept_of.values() for event in kept}


def deletions_of(seals: Iterable[Seal]) -> Deletions:
    """Read the links that say what was deleted, in the order of their times."""
    found = Deletions()
    for seal in sorted(seals, key=lambda seal: (seal.at, seal.writer, seal.seq)):
        if seal.kind is Kind.ERASURE:
            events = seal.data.get("events", ())
            found.erased |= set(events)
            for block, digest in seal.blocks.items():
                found.blocks.setdefault(block, set()).add(digest)
            data = {name: value for name, value in seal.data.items() if name != "events"}
            found.told.append(Deletion(seal.kind, seal.name, seal.at, len(events), data))
        elif seal.kind is Kind.EXPIRY:
            stream, before = seal.data["stream"], seal.data["before"]
            found.expired[stream] = max(before, found.expired.get(stream, ""))
            found.kept_of[seal.data["index"]] = set(seal.data.get("kept", ()))
            data = {name: value for name, value in seal.data.items() if name != "kept"}
            found.told.append(Deletion(seal.kind, seal.name, seal.at, int(seal.data["events"]), data))
    return found
