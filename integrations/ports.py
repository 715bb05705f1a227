"""Ports: what the outside world is to the rest, as protocols beside their value types.

`integrations.opensearch` implements the stores; `workers` builds a `Site` of adapters once, in its
composition root, and hands it to actions.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias

from rules.alerts import Alert
from rules.ecs import Document
from rules.evidence import EvidenceRecord
from rules.exceptions import Silenced
from rules.incidents import IncidentFacts

Checkpoints = Mapping[str, int]
"""Backing index to sequence number: all operations up to it, that one included, are done with."""


@dataclass(frozen=True)
class StoredEvent:
    index: str
    seq_no: int
    document: Document


@dataclass(frozen=True)
class WriteResult:
    """What became of a batch: every event is in exactly one of the three."""

    created: int
    duplicates: int
    """Already there under the same id: a replay."""
    rejected: tuple[tuple[str, str], ...] = ()
    """(event id, reason) of events the engine refused; they were stored as pipeline errors."""


class StoreError(Exception):
    """The store could not do it.

    StoreError
    ├── StoreUnavailableError   it is away, busy or slow: try the same again
    ├── StoreQueryError         the query is wrong: the text says where
    └── StoreLimitError         a limit was hit, so the answer would not be whole
    """


class StoreUnavailableError(StoreError):
    pass


class StoreQueryError(StoreError):
    pass


class StoreLimitError(StoreError):
    pass


class Draft(Protocol):
    """An event made ready to be stored, by the store that will do so."""

    @property
    def id(self) -> str: ...


Writable: TypeAlias = Document | Draft


class EventStore(Protocol):
    """Events, in data streams ``logs-<dataset>-<namespace>``, one primary shard each."""

    def draft(self, documents: Sequence[Document]) -> Sequence[Writable]:
        """Make events ready to be written. Whoever gathers large batches does so soon after they are made:
        what is drafted takes a fraction of a document's memory, and is written sooner."""

    async def write(self, events: Sequence[Writable]) -> WriteResult:
        """Seal and store a batch, create-only by ``event.id``; returns when it is durable."""

    async def checkpoints(self) -> Checkpoints:
        """Return each backing index's global checkpoint, and make all up to it searchable."""

    def between(self, after: Checkpoints, upto: Checkpoints) -> AsyncIterator[list[StoredEvent]]:
        """Yield pages of the events with after < sequence number <= upto, in that order per index.

        An index that `after` doesn't name is read from its start. Nothing is skipped or repeated.
        """

    def history(
        self, keys: Mapping[str, Sequence[str]], first: datetime, last: datetime
    ) -> AsyncIterator[list[StoredEvent]]:
        """Yield pages of the events in [first, last] event time where every field of `keys` holds
        one of its values, ordered by time."""

    async def search(
        self, query: str, first: datetime, last: datetime, limit: int
    ) -> tuple[int, list[StoredEvent]]:
        """Return the total and the newest events of a query in Lucene's query string syntax over
        ECS fields. Raises `StoreQueryError` with the place of the fault."""

    async def read(self, ids: Sequence[str]) -> list[StoredEvent]:
        """Return the events with these ids, ``event.original`` decrypted; missing ones are absent."""

    async def count(self, keys: Mapping[str, Sequence[str]], first: datetime, last: datetime) -> int:
        """Return how many events in [first, last] have every field of `keys` at one of its values."""


class AlertStore(Protocol):
    async def create(self, alerts: Sequence[Alert]) -> list[str]:
        """Write alerts, create-only; return the ids that are new. All are searchable on return."""

    async def assign(self, alerts: Sequence[str], incident: str) -> None:
        """Record the incident that alerts joined."""

    async def incident_of(self, alerts: Sequence[str]) -> dict[str, str]:
        """Return {alert id: incident id} of those that joined one."""

    async def of_incident(self, incident: str) -> list[Alert]: ...

    async def about(self, entities: Sequence[str], first: datetime, last: datetime) -> list[Alert]:
        """Return the alerts about any of these entities (``kind:value``) that overlap [first, last]."""

    async def recent(self, limit: int) -> list[Alert]: ...


class SuppressedStore(Protocol):
    async def create(self, found: Sequence[Silenced]) -> None:
        """Keep findings that an exception silenced, create-only; the same again changes nothing."""


class IncidentStore(Protocol):
    async def put(self, incident: IncidentFacts, version: int) -> None:
        """Store the incident's newest facts; an older `version` never overwrites a newer one."""

    async def get(self, incident: str) -> IncidentFacts | None: ...

    async def about(self, entities: Sequence[str], first: datetime, last: datetime) -> list[IncidentFacts]:
        """Return incidents that are not closed, about any of these entities, that overlap [first, last]."""

    async def recent(self, limit: int, *, open_only: bool = False) -> list[IncidentFacts]: ...


class EvidenceStore(Protocol):
    async def append(self, records: Sequence[EvidenceRecord]) -> None:
        """Create each record as ``<chain>:<seq>``; the same record again is no error, another one
        under that id is a `StoreError`."""

    async def chain(self, chain: str) -> list[EvidenceRecord]:
        """Return a chain's records in order, searchable at once after `append`."""

    async def chains(self) -> list[str]: ...


@dataclass(frozen=True)
class KeptItem:
    """Something that a playbook run keeps outside its workflow."""

    id: str
    """``res-`` or ``log-`` and hex digits."""
    kind: Literal["result", "log"]
    incident: str
    run: str
    """The id of the playbook's workflow."""
    at: datetime
    about: Mapping[str, str] = field(default_factory=dict)
    """What people want to know of it: ``action``, ``step``."""
    bytes: int = 0
    sha256: str = ""
    """Of the whole; both are the store's to say."""


class ResultStore(Protocol):
    """Large results of actions and logs of long runs, encrypted, for a time."""

    async def keep(self, item: KeptItem, data: bytes) -> None:
        """Keep bytes under an id; the same again changes nothing."""

    async def describe(self, name: str) -> KeptItem:
        """Raises `KeptGoneError`."""

    async def fetch(self, name: str) -> bytes:
        """Return what was kept. Raises `KeptGoneError`, `KeptAlteredError`."""

    async def forget(self, run: str) -> None:
        """Delete the log of a run that has ended."""


class KeptGoneError(StoreError):
    """Nothing is kept under this id: it is past its time, was erased, or never was."""


class KeptAlteredError(StoreError):
    """What is kept is not what was written."""


class StateStore(Protocol):
    """Small documents of the program's own, by key, with compare-and-set."""

    async def get(self, key: str) -> tuple[dict[str, Any], str] | None:
        """Return (value, version), at once after a `put`; None where there is none."""

    async def put(self, key: str, value: Mapping[str, Any], version: str | None = None) -> str:
        """Write and return the new version. `version` None overwrites; "" only creates; any other
        writes only over that version. Raises `StoreConflictError` where it is not the one."""

    async def delete(self, key: str) -> None: ...

    async def keys(self, prefix: str) -> list[str]: ...


class StoreConflictError(StoreError):
    """Somebody else wrote first: read again."""


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the time, aware, UTC."""


@dataclass(frozen=True)
class Site:
    """The outside world as this installation has it."""

    events: EventStore
    alerts: AlertStore
    incidents: IncidentStore
    evidence: EvidenceStore
    state: StateStore
    clock: Clock
    api_url: str
    """Where the HTTP API answers, without a trailing slash: ``http://127.0.0.1:8700``."""
    api_token: str = field(repr=False, default="")
    """Bearer token of the API's own actions."""
    connections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    """Named connections of siem.yaml, secrets resolved."""
    results: ResultStore | None = None
    """Where large results go; without one, they are refused."""
    inside_names: frozenset[str] = frozenset()
    """Names of hosts that nobody outside is told of, in lower case."""
    suppressed: SuppressedStore | None = None
    """Where silenced findings go; without one, exceptions are not applied."""
