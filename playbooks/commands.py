"""What the engine asks of its driver, and what the driver tells it.

`engine.run` is a generator. It yields tuples of new `Command`s (often one; several within
``parallel``; none while others are pending) and is sent one `Completed` at a time, or a `Cancel` at any
moment. The workflow, `plan` and `rehearse` are drivers: nothing in the engine knows which one drives it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from playbooks.actions import AnswerType, RenderedAction
from playbooks.kept import Kept


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Call(_Value):
    """Run a lookup or a change."""

    type: Literal["call"] = "call"
    id: str
    """The step's id, with the iteration in brackets inside ``foreach``: unique in a run, stable
    over replays."""
    action: str
    params: dict[str, Any]
    """May hold values that are kept elsewhere: `playbooks.kept.take_out`."""
    lookup: bool
    seconds: float | None = None
    """Seconds that one attempt may take, where the playbook says so; None: as the action says."""


class Ask(_Value):
    """Ask people for approval of exactly these actions."""

    type: Literal["ask"] = "ask"
    id: str
    question: str
    approvers: str
    """The group that may answer."""
    quorum: int
    seconds: int
    """Until the question expires."""
    escalate: str | None = None
    """The group asked next when it expires; None: expiry denies."""
    releases: tuple[RenderedAction, ...]
    digest: str
    """`digest_of(releases)`: a vote carries it and counts for nothing else."""


class Contain(_Value):
    """Apply a containment that was approved, or that the playbook may apply by itself."""

    type: Literal["contain"] = "contain"
    id: str
    action: RenderedAction
    digest: str
    """`digest_of((action,))`."""
    approval: str | None
    """Id of the `Ask` that released it; None: the playbook's ``automatic`` clause did."""
    max_per_hour: int | None = None
    override: str = ""
    """Why the guard's lists shall be passed, where the playbook says so."""


class Notify(_Value):
    """Tell people."""

    type: Literal["notify"] = "notify"
    id: str
    tier: Literal["low", "medium", "high", "critical"]
    text: str


class Wait(_Value):
    """Let time pass: `seconds`, or until a moment."""

    type: Literal["wait"] = "wait"
    id: str
    seconds: float = 0
    until: datetime | None = None
    """Aware; one that is past does not wait."""


class Await(_Value):
    """Wait for something to happen: an event, or a webhook. Answered by a `Succeeded` with ``happened`` and
    the ``event`` (an ECS document) or ``payload``; time running out is no failure."""

    type: Literal["await"] = "await"
    id: str
    event: str | None = None
    webhook: str | None = None
    where: dict[str, Any] = Field(default_factory=dict)
    seconds: int


class AskedField(_Value):
    """One typed answer that an `Inquire` wants."""

    name: str
    type: AnswerType
    label: str
    choices: tuple[str, ...] = ()
    required: bool = True


class Inquire(_Value):
    """Ask people for data. Answered by a `Succeeded` with a value for each field, ``by`` and ``answered``,
    or by a `Decided` that is ``expired``."""

    type: Literal["inquire"] = "inquire"
    id: str
    question: str
    people: str
    """The group that may answer."""
    seconds: int
    escalate: str | None = None
    fields: tuple[AskedField, ...]


class Release(_Value):
    """Lift a containment of this run."""

    type: Literal["release"] = "release"
    id: str
    step: str
    """The command that applied it."""
    containment: str
    """Its id: ``blk-…``."""
    cancelled: str = ""
    """Why, where it is lifted since the run was cancelled, not by a step of the playbook's."""


Command = Annotated[
    Call | Ask | Inquire | Contain | Release | Notify | Wait | Await, Field(discriminator="type")
]


def ends_at_once(command: Call | Ask | Inquire | Contain | Release | Notify | Wait | Await) -> bool:
    """Whether a command that is under way ends when its run is cancelled: the driver answers it with a
    `Failed` that is ``cancelled``. Whatever changes something outside is waited for."""
    return isinstance(command, Ask | Inquire | Wait | Await) or (isinstance(command, Call) and command.lookup)


class Succeeded(_Value):
    """A call's, a containment's, a notice's or a wait's result; a containment's has ``until``
    (ISO 8601 or None), ``id`` and ``detail``."""

    type: Literal["succeeded"] = "succeeded"
    result: dict[str, Any] = Field(default_factory=dict)
    kept: tuple[Kept, ...] = ()
    """Parts of a call's result that are kept elsewhere; `result` has None in their place."""


class Failed(_Value):
    """A failure that is final: the driver has retried what may be retried."""

    type: Literal["failed"] = "failed"
    reason: str
    kind: Literal["error", "timeout", "refused", "cancelled"] = "error"
    """``refused``: the guard or the policy said no; of what a cancellation would lift: it stays, since others
    asked for it as well. ``cancelled``: it was under way when the run was cancelled."""


class Decided(_Value):
    """How a question ended. Only ``granted`` is approval: ``denied`` and ``expired`` release nothing."""

    type: Literal["decided"] = "decided"
    decision: Literal["granted", "denied", "expired"]
    digest: str
    by: tuple[str, ...] = ()
    at: datetime | None = None


Outcome = Annotated[Succeeded | Failed | Decided, Field(discriminator="type")]


class Completed(_Value):
    """The outcome of one command."""

    id: str
    outcome: Outcome


LONGEST_REASON = 500
"""Characters of why a run is cancelled."""
TEMPORAL = "temporal:cancel"
"""Who cancels, where Temporal's own cancel does."""


class Cancel(_Value):
    """Ends a run early: sent to the engine while commands are pending, and once. No step of the body begins
    any more, what the run contained is lifted, ``finally`` runs. The driver then ends what `ends_at_once`."""

    type: Literal["cancel"] = "cancel"
    by: str
    """Slack user id, ``cli:NAME`` or `TEMPORAL`."""
    by_name: str = ""
    reason: str = Field(default="", max_length=LONGEST_REASON)
    keep: bool = False
    """Let stay what the run contained."""

    @property
    def said(self) -> str:
        """In words: ``cancelled by alice: it was a test``."""
        who = "through Temporal" if self.by == TEMPORAL else f"by {self.by_name or self.by}"
        return f"cancelled {who}{': ' * bool(self.reason)}{self.reason}"


class Trace(_Value):
    """Something that a run did to the world, and what became of it."""

    step: str
    """The command that did it."""
    what: str
    """A containment's id, or a change's action."""
    why: str = ""


class CancelReport(_Value):
    """What a cancellation did."""

    asked: Cancel
    lifted: tuple[Trace, ...] = ()
    kept: tuple[Trace, ...] = ()
    """Containments that stay in force: it was asked for, or others asked for them as well."""
    failed: tuple[Trace, ...] = ()
    """Containments that could not be lifted yet."""
    changes: tuple[Trace, ...] = ()
    """Changes that were made: nothing takes them back."""


class StepRecord(_Value):
    """What became of one step."""

    id: str
    status: Literal["succeeded", "failed", "skipped", "denied", "expired", "cancelled"]
    detail: str = ""
    result: dict[str, Any] = Field(default_factory=dict)


class RunResult(_Value):
    """How a run ended."""

    status: Literal["succeeded", "failed", "denied", "cancelled"]
    steps: tuple[StepRecord, ...]
    reason: str = ""
    outputs: dict[str, Any] = Field(default_factory=dict)
    """The playbook's ``outputs``, of a run that did not fail and was not cancelled."""
    cancelled: CancelReport | None = None
    """Of a run that was cancelled."""
