"""What a vendor's folder declares: sources that become events, and actions that playbooks use.

A vendor is one vertical: ``integrations/<vendor>/`` holds its normalisers, actions and webhooks,
and its ``__init__`` exposes ``SOURCES: tuple[Source, ...]`` and ``ACTIONS: tuple[Action, ...]``
(either may be absent); `integrations.catalogue` finds them there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from integrations.ports import Site
from playbooks.actions import ActionSpec, BlastRadius, Verification
from rules.ecs import Document


class Framing(StrEnum):
    """How a stream of bytes falls into records."""

    LINES = "lines"
    JSON = "json"
    """A JSON array or concatenated objects; also NDJSON."""
    EVTX = "evtx"
    """A binary Windows event log, or JSON, told apart by the first bytes."""
    XML = "xml"
    """Windows events as XML, each from ``<Event`` to ``</Event>``."""


class Record(NamedTuple):
    """One raw record, as it came."""

    data: bytes
    """Without its line end."""
    position: str
    """Where it stood: ``<device>-<inode>@<byte offset>`` of a file, a sender's id and sequence."""


@dataclass(frozen=True)
class Origin:
    """What a normaliser may know beside the record: it must not look at a clock itself."""

    received: datetime
    """When the record was received, or the file's modification time; the year of a timestamp
    without one is inferred so that the event is not later than a day after this."""
    timezone: str = "UTC"
    """IANA zone of timestamps that name none."""
    year: int | None = None
    """The year of timestamps that name none, where the user states it."""
    host: str | None = None
    """The host the record came from, where the transport knows it."""


class Normaliser(Protocol):
    """Turns the records of one stream into ECS documents; may hold records back to join them."""

    def feed(self, record: Record) -> Sequence[tuple[Record, Document]]:
        """Return the documents that are complete now, each with the (first) record it came from.

        A record may give none (held back, or an empty line), one, or several (a syslog "message
        repeated 5 times" gives five). Raises `UnparsedError` for a record that is not of this
        source's format; any other exception is a bug.
        """

    def flush(self) -> Sequence[tuple[Record, Document]]:
        """Return what was held back, as complete as it will get."""


class JoiningNormaliser(Normaliser, Protocol):
    """One that holds records back, of a source that says so in `Source.joins`."""

    @property
    def held(self) -> Record | None:
        """The earliest record held back: a collector reads on from there after a restart."""


class UnparsedError(ValueError):
    """A record that its source's format does not allow; the text says what was expected where."""


@dataclass(frozen=True)
class Source:
    """A vendor's log format with its normaliser."""

    name: str
    """``vendor.stream``: ``linux.auth``; also ``event.module`` and, whole, ``event.dataset``."""
    title: str
    documentation: str
    """The document that defines the format."""
    open: Callable[[Origin], Normaliser]
    """Make a normaliser for one stream."""
    guess: Callable[[Sequence[bytes]], float]
    """How likely these sample records are of this source, 0 to 1."""
    framing: Framing = Framing.LINES
    joins: bool = False
    """Whether its normaliser is a `JoiningNormaliser`: such a stream is read in order by one process."""
    samples: tuple[Sample, ...] = ()
    """The source's own tests, run by ``siem sources test``."""


@dataclass(frozen=True)
class Sample:
    """One record of a source and fields that its document must have (flat, ECS names).

    Of a source that joins records, `record` may be several, and of any source the first document counts.
    """

    record: str
    expect: Mapping[str, Any]
    origin: Origin | None = None


@dataclass(frozen=True)
class ActionCall:
    """One request to an action. `params` were parsed to the types of the action's spec."""

    params: Mapping[str, Any]
    key: str
    """The same for every retry of the same request: an action must not do its work twice."""
    incident: str | None = None
    until: datetime | None = None
    """When a containment ends, None for one that stays; also a second net, where the target can
    expire it by itself."""
    reason: str = ""
    lasts: float | None = None
    """Seconds from now to `until` by the clock that will end it, which need not be this machine's; None
    where that isn't known."""


class Action(Protocol):
    """A lookup or a change. One that holds to its spec's ``per_minute`` itself, because not every call asks
    the other side, says so by ``paces_itself = True``."""

    @property
    def spec(self) -> ActionSpec: ...

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        """Do it and return the result, JSON types only. Idempotent by `call.key`. Raises `ActionError`."""


class Containment(Action, Protocol):
    """An action that takes something away from somebody. Called by the containment workflow only."""

    async def verify(self, call: ActionCall, site: Site) -> Verification:
        """Look at the system itself and say whether the containment is in force."""

    async def undo(self, call: ActionCall, site: Site) -> dict[str, Any]:
        """Give back what `run` took; harmless where nothing is in force."""

    async def blast_radius(self, call: ActionCall, site: Site) -> BlastRadius:
        """Say who and what would be hit, from the events of the last days and the inventory."""


@dataclass(frozen=True)
class Mark:
    """Something in force on a system that carries our mark."""

    key: str
    """The `ActionCall.key` that it was applied under."""
    params: Mapping[str, Any]
    """Parameters with which `Containment.undo` lifts it."""
    detail: str = ""


class Marking(Protocol):
    """A containment that can say what of it is in force, whoever remembers it: what nobody knows of any more
    is found by that, and lifted."""

    async def marks(self, site: Site) -> Sequence[Mark]:
        """Return all that is in force under our mark. Raises `MarksUnreadError` with those that could be
        read, or another `ActionError`."""


class Grouped(Protocol):
    """A containment whose system says which groups its target is a member of: the guard protects groups by
    that."""

    async def groups_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        """Return the names of the target's groups and roles. Raises `ActionError`."""


class Aliased(Protocol):
    """A containment whose system knows what else its host is called, or alone knows the id that names it: the
    guard protects hosts under all their names."""

    async def aliases_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        """Return the target host's other names and its addresses. Raises `ActionError`."""


class Naming(Protocol):
    """A containment whose system knows what else its user is called: the guard protects users under all their
    names."""

    async def names_of(self, call: ActionCall, site: Site) -> Sequence[str]:
        """Return the target user's names, addresses and numbers. Raises `ActionError`."""


class Placed(Protocol):
    """A containment that finds its connection by what it hits; of any other it is the one that is named, else
    the only one there is."""

    def connection_of(self, call: ActionCall, site: Site) -> str:
        """Return the connection that it goes by, empty where that may be several. Raises `ActionError`."""


class ActionError(Exception):
    """An action could not do its work. Drawn as a tree:

    ActionError
    ├── ActionUnavailableError   the other side is away or slow: worth a retry
    └── ActionRefusedError       the other side, or we, said no: final
    """

    retryable = False
    retry_after: float | None = None
    """Seconds that the other side asks to wait before a retry."""


class ActionUnavailableError(ActionError):
    retryable = True

    def __init__(self, text: str, *, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class ActionRefusedError(ActionError):
    pass


class MarksUnreadError(ActionUnavailableError):
    """What is in force could not be read everywhere; `marks` is what could be."""

    def __init__(self, text: str, marks: Sequence[Mark]) -> None:
        super().__init__(text)
        self.marks = tuple(marks)


@dataclass(frozen=True)
class Vendor:
    """One vendor's declarations, as the catalogue collects them."""

    name: str
    sources: tuple[Source, ...] = ()
    actions: tuple[Action, ...] = ()
    connections: Mapping[str, str] = field(default_factory=dict)
