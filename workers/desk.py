"""The desk: everything people and programs may ask of a running installation, in one place.

The command line, the Slack commands and the HTTP API all call the same `Desk`. It reads the
stores and talks to workflows; it never calls a vendor.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from integrations.ports import StoredEvent
from playbooks.commands import Cancel
from rules.alerts import Alert
from rules.attack_path import AttackPath
from rules.incidents import IncidentFacts
from workers.contract import (
    AnswerRefused,
    ChangeIncident,
    ContainmentState,
    EvidenceNote,
    GivenAnswer,
    InquiryCard,
    ThreadRef,
    Vote,
    VoteRefused,
    VoteResult,
)
from workers.messages import Foreseen

if TYPE_CHECKING:
    from workers.intelligence_answers import Known


class DeskError(Exception):
    """What was asked can't be done; the text says why and what to do instead.

    DeskError
    ├── UnknownIdError       there is no such incident, block or playbook
    ├── QueryError           the search query is wrong, with the place
    ├── NotAllowedError      the person may not do this
    ├── VoteRefusedError     the vote does not count
    └── AnswerRefusedError   the answer does not count
    """


class UnknownIdError(DeskError):
    pass


class QueryError(DeskError):
    pass


class NotAllowedError(DeskError):
    pass


class VoteRefusedError(DeskError):
    def __init__(self, refused: VoteRefused, text: str) -> None:
        super().__init__(text)
        self.refused = refused


class AnswerRefusedError(DeskError):
    """``FIELD: what was expected`` where a field's answer is none."""

    def __init__(self, refused: AnswerRefused, text: str) -> None:
        super().__init__(text)
        self.refused = refused


@dataclass(frozen=True)
class SearchAnswer:
    query: str
    first: datetime
    last: datetime
    total: int
    events: tuple[StoredEvent, ...]


@dataclass(frozen=True)
class IncidentDetail:
    facts: IncidentFacts
    alerts: tuple[Alert, ...]
    containments: tuple[ContainmentState, ...]
    playbooks: tuple[str, ...]
    thread: ThreadRef | None


@dataclass(frozen=True)
class TimelineEntry:
    at: datetime
    kind: str
    """``event``, ``alert`` or the kind of an evidence record (``vote.granted``)."""
    actor: str
    text: str


@dataclass(frozen=True)
class ReleasedAll:
    """What became of a request to lift everything."""

    waiting: bool
    """It was the first of the two that are needed."""
    first_by: str = ""
    released: tuple[ContainmentState, ...] = ()
    failed: tuple[tuple[str, str], ...] = ()
    """(containment, why) of those that could not be lifted yet."""


@dataclass(frozen=True)
class PartStatus:
    """One part of the installation: an engine, a process, a source, the sweep."""

    name: str
    ok: bool
    text: str


class Desk(Protocol):
    async def search(self, query: str, *, hours: float, limit: int) -> SearchAnswer:
        """Search events of the last `hours` (by event time) with Lucene query syntax. Raises QueryError."""

    async def incidents(self, *, open_only: bool, limit: int) -> list[IncidentFacts]: ...

    async def incident(self, incident: str) -> IncidentDetail:
        """Raises UnknownIdError."""

    async def timeline(self, incident: str) -> list[TimelineEntry]:
        """Return events, alerts, decisions and deeds of an incident in the order of their times."""

    async def path(self, incident: str) -> AttackPath: ...

    async def blocks(self, *, all_states: bool = False) -> list[ContainmentState]:
        """Return containments in force, newest first; `all_states`: ended ones too."""

    async def extend(self, block: str, seconds: int, by: str) -> ContainmentState:
        """Raises UnknownIdError, NotAllowedError."""

    async def release(self, block: str, by: str, reason: str = "") -> ContainmentState: ...

    async def release_all(self, by: str, reason: str = "") -> ReleasedAll:
        """Lift everything that is contained, once two approvers have asked for it within a quarter of an
        hour. Raises NotAllowedError for who is no approver."""

    async def run_playbook(self, incident: str, playbook: str, inputs: dict[str, Any], by: str) -> str:
        """Start a playbook on an incident; return its workflow id."""

    async def cancel_run(self, run: str, cancel: Cancel) -> str:
        """Cancel a run by its id (``inc-abcd2345/contain-ssh-breach``), or the only one of an incident that
        goes on; returns its id. It has begun then, the incident's thread tells how it ends.

        Raises UnknownIdError, NotAllowedError, DeskError.
        """

    async def plan(self, incident: str, playbook: str, inputs: dict[str, Any]) -> Foreseen:
        """Say what a playbook would do for an incident: look-ups are made, nothing is asked or changed."""

    async def change(self, incident: str, change: ChangeIncident) -> None: ...

    async def vote(self, workflow: str, vote: Vote) -> VoteResult:
        """Raises VoteRefusedError; a refused vote is put in evidence by the desk."""

    async def inquiry(self, workflow: str, question: str) -> InquiryCard:
        """Return an open question for data. Raises DeskError where it is not open any more."""

    async def answer(self, workflow: str, given: GivenAnswer) -> None:
        """Raises AnswerRefusedError; returns once the answer is durable."""

    async def note(self, chain: str, note: EvidenceNote) -> None:
        """Put a note on an incident's chain, or on ``system``."""

    async def known_bad(self, value: str, days: int) -> Known:
        """Return who calls a value bad, and where it was seen in the last `days`. Raises QueryError."""

    async def status(self) -> list[PartStatus]: ...
