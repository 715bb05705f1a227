"""The contract between the workflows and everyone who talks to them.

Queue names, workflow ids, the names of updates, signals, queries and bot activities, and the
messages they carry. `bot` serves the activities named in `BotActivity` on `BOT_QUEUE`; nothing
here knows Slack: a `Channel reference` is an opaque pair of strings.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from playbooks.actions import ActionSpec, BlastRadius, RenderedAction
from playbooks.commands import Ask, AskedField, Await, Cancel, Inquire, Wait
from playbooks.policy import ApproversPolicy, GuardPolicy
from rules.alerts import Alert
from rules.evidence import Head
from rules.incidents import IncidentFacts, incident_id

QUEUE = "siem"
"""Workflows and their activities."""
DETECT_QUEUE = "siem-detect"
"""The sweep."""
BOT_QUEUE = "siem-bot"
"""What only the bot can do: talk to people."""

SWEEP_ID = "sweep"
SYSTEM_ID = "system"


def playbook_workflow_id(incident: str, playbook: str, run: int = 1) -> str:
    return f"{incident}/{playbook}" if run == 1 else f"{incident}/{playbook}/{run}"


PLAYBOOK_ACTOR = "playbook:"
"""Before a playbook workflow's id: who lifts a containment when a run does so itself."""


def case_id(key: str) -> str:
    """Return the incident id of a run without alerts, the same for the same key."""
    return incident_id(key)


def actor_of(person: str) -> str:
    """Return a person as evidence names them: ``slack:U0ALICE``; ``cli:NAME`` stays what it is."""
    return person if ":" in person else f"slack:{person}"


LONGEST_TARGET = 200
"""Characters."""


def containment_workflow_id(action: str, target: str) -> str:
    """One containment of one target at a time: the id is what makes a second one impossible. A target longer
    than Temporal's ids may be (1,000 bytes) is named by its beginning and a digest."""
    if len(target) > LONGEST_TARGET:
        digest = hashlib.sha256(target.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        target = f"{target[:100]}~{digest}"
    return f"contain/{action}/{target}"


Tier: TypeAlias = Literal["low", "medium", "high", "critical"]
"""How loudly people are told."""


class Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# --- The incident -------------------------------------------------------------------------------


class AlertsJoined(Message):
    """Signal ``alerts``: what one tick found for this incident."""

    alerts: tuple[Alert, ...]


class CaseOpened(Message):
    """Signal ``open_case`` of ``IncidentWorkflow``: a run without alerts, for a webhook or a schedule, has
    an incident of its own, which closes by itself when the run has ended."""

    playbook: str
    title: str
    reason: str
    """What started it, in a sentence."""
    payload: Any = None


class EvidenceNote(Message):
    """Signal ``record`` of ``IncidentWorkflow`` and ``SystemWorkflow``: put on the chain, once by `key`."""

    key: str
    """Idempotency key: the same note sent twice is recorded once."""
    kind: str
    actor: str
    text: str
    data: dict[str, Any] = Field(default_factory=dict)
    at: datetime
    tell: Tier | None = None
    """Also post `text` in the incident's thread, at this tier."""


class EvidenceNotes(Message):
    """Signal ``records``: several notes at once, each as ``record`` takes it."""

    notes: tuple[EvidenceNote, ...]


class RunPlaybook(Message):
    """Update ``run_playbook`` of ``IncidentWorkflow``; returns the playbook workflow's id."""

    playbook: str
    inputs: dict[str, Any] = Field(default_factory=dict)
    by: str


class ChangeIncident(Message):
    """Update ``change`` of ``IncidentWorkflow``: take ownership, close, reopen."""

    by: str
    owner: str | None = None
    status: Literal["open", "closed"] | None = None
    note: str = ""


class ThreadRef(Message):
    """Where the incident's conversation is: a chat channel and the first message in it."""

    channel: str
    ts: str


class IncidentView(Message):
    """Query ``view`` of ``IncidentWorkflow``."""

    facts: IncidentFacts | None
    """None until the first alert was taken in."""
    thread: ThreadRef | None = None
    head: Head
    playbooks: tuple[str, ...] = ()
    """Ids of the playbook workflows started for it."""
    containments: tuple[str, ...] = ()
    """Ids of those in force."""


class IncidentCarried(Message):
    view: IncidentView
    alerts: tuple[Alert, ...]
    version: int
    keys: tuple[str, ...]
    """Idempotency keys of the latest notes."""
    started: tuple[str, ...] = ()
    """``name#run key`` of the playbook runs that the incident started."""
    case: bool = False
    """Whether it was opened for a run without alerts."""


class IncidentStart(Message):
    """Input of ``IncidentWorkflow``, id = incident id. Started with the signal ``alerts``."""

    incident: str
    carried: IncidentCarried | None = None
    """What continue-as-new hands over; None at the start."""


class SystemStart(Message):
    """Input of ``SystemWorkflow``, id `SYSTEM_ID`: the writer of the chain ``system``."""

    head: Head | None = None
    keys: tuple[str, ...] = ()


# --- The playbook -------------------------------------------------------------------------------


class PlaybookText(Message):
    """A playbook as its file has it."""

    path: str
    text: str


class PostedCard(Message):
    """A question's card, as it was posted."""

    thread: ThreadRef
    card: ThreadRef
    expires: datetime
    escalated: bool = False


class CarriedQuestion(Message):
    """An open approval, for the next history of its run."""

    ask: Ask
    expires: datetime
    approvals: dict[str, datetime]
    """Votes so far: who, and when they clicked."""
    escalated: bool
    blast: tuple[BlastRadius, ...] | None
    cards: tuple[PostedCard, ...]


class CarriedInquiry(Message):
    """An open question for data, for the next history of its run."""

    inquire: Inquire
    expires: datetime
    escalated: bool
    cards: tuple[PostedCard, ...]


class CarriedWait(Message):
    """Something that is waited for, for the next history of its run."""

    command: Wait | Await = Field(discriminator="type")
    since: datetime
    until: datetime


class LogPart(Message):
    """A part of the log of a run's outcomes, kept in the store."""

    id: str
    count: int
    """Outcomes."""
    packed: int
    """Bytes, compressed and as text: what reading it costs the next history."""


class PlaybookCarried(Message):
    """What a run hands to its next history, beside what the store keeps."""

    log: tuple[LogPart, ...]
    """The outcomes of all commands that ended, in their order: the engine is rebuilt from them."""
    questions: tuple[CarriedQuestion, ...] = ()
    inquiries: tuple[CarriedInquiry, ...] = ()
    waits: tuple[CarriedWait, ...] = ()
    message: ThreadRef | None = None
    """Where its progress is told."""
    cancelled: Cancel | None = None
    """By whom it is being cancelled. Where the log does not have it yet, it is cancelled anew."""


class PlaybookStart(Message):
    """Input of ``PlaybookWorkflow``: carries its own definition, so that editing a file never
    changes a running incident."""

    playbook: str
    path: str
    """The file it came from, for messages."""
    text: str
    inside: tuple[PlaybookText, ...] = ()
    """The playbooks that it may run, and those that they may run."""
    specs: dict[str, ActionSpec]
    """The actions that all these texts use, as they were then."""
    incident: IncidentFacts
    inputs: dict[str, Any] = Field(default_factory=dict)
    run_key: str = ""
    """What tells this run from others of the same playbook for the same incident."""
    thread: ThreadRef | None = None
    requested_by: str | None = None
    """Slack user id of the person who started it, who may not approve it; None: the system."""
    approvers: ApproversPolicy
    guard: GuardPolicy
    continue_after: int | None = None
    """Events of one history after which the run continues in a fresh one; None: as the server suggests."""
    carried: PlaybookCarried | None = None
    """What the history before handed over; None at the start."""


class Vote(Message):
    """Update ``vote`` of ``PlaybookWorkflow``."""

    question: str
    """The id of the `Ask`."""
    digest: str
    by: str
    """Slack user id."""
    by_name: str = ""
    approve: bool
    at: datetime
    """When the person clicked."""


class GivenAnswer(Message):
    """Update ``answer`` of ``PlaybookWorkflow``."""

    question: str
    """The id of the `Inquire`."""
    by: str
    """Slack user id."""
    by_name: str = ""
    answers: dict[str, str]
    """A text for each field that was filled in."""
    at: datetime


class AnswerRefused(StrEnum):
    """Why the validator refuses an answer, before it reaches history (the update error's ``type``)."""

    NOT_ASKED = "not_asked"
    LATE = "late"
    NO_ANSWER = "no_answer"
    UNKNOWN_QUESTION = "unknown_question"


class HookCall(Message):
    """Signal ``hook`` of ``PlaybookWorkflow``: a webhook that it may wait for was called."""

    webhook: str
    delivery: str
    """The sender's id of this call: the same for a repetition."""
    payload: Any


class PlaybookView(Message):
    """Query ``view`` of ``PlaybookWorkflow``."""

    playbook: str
    status: Literal["running", "cancelling", "succeeded", "failed", "denied", "cancelled"]
    waiting_for: tuple[str, ...] = ()
    """Ids of the open questions."""
    steps: tuple[str, ...] = ()
    """``step: status`` of those that ended."""


class CancelRefused(StrEnum):
    """Why the validator refuses a cancellation, before it reaches history (the update error's ``type``)."""

    NOT_APPROVER = "not_approver"
    CANCELLED = "cancelled"
    """It is being cancelled already."""
    ENDED = "ended"


class VoteRefused(StrEnum):
    """Why the validator refuses a vote, before it reaches history (the update error's ``type``)."""

    NOT_APPROVER = "not_approver"
    REQUESTER = "requester"
    SECOND_VOTE = "second_vote"
    LATE = "late"
    OTHER_DIGEST = "other_digest"
    UNKNOWN_QUESTION = "unknown_question"


class VoteResult(Message):
    """What a counted vote did."""

    decision: Literal["granted", "denied", "pending"]
    approvals: int
    quorum: int
    by: tuple[str, ...] = ()


# --- The containment ----------------------------------------------------------------------------


class ContainmentStart(Message):
    """Input of ``ContainmentWorkflow``, id = `containment_workflow_id`; the requests come as updates."""

    id: str
    spec: ActionSpec
    action: str
    target: str


class ContainmentRequest(Message):
    """Update ``request`` of ``ContainmentWorkflow`` (update-with-start); answers once the
    containment is verified, refused or failed."""

    key: str
    """The same for every retry: ``<playbook workflow>/<step>``."""
    incident: str
    playbook: str
    action: RenderedAction
    digest: str
    guard: GuardPolicy
    approvers: ApproversPolicy
    approved_by: tuple[str, ...] = ()
    max_per_hour: int | None = None
    """The playbook's own bound, for a containment that it applies by itself."""
    override: str = ""
    """Why soft rules of the guard shall be passed; two people must have approved."""
    reason: str = ""

    def is_of(self, run: str) -> bool:
        """Whether a playbook run, by its workflow id, made it."""
        return self.key.startswith(f"{run}/")


class ContainmentState(Message):
    """What a containment is; also stored under ``containment/<id>`` for lists."""

    id: str
    """Short and for people: ``blk-7f3a2c``; what ``/siem release`` takes."""
    workflow: str
    action: str
    target: str
    params: dict[str, Any] = Field(default_factory=dict)
    status: Literal["applying", "active", "refused", "failed", "releasing", "released", "stuck"]
    """``stuck``: the undo keeps failing and a person was told."""
    incident: str
    playbook: str
    reason: str = ""
    applied_at: datetime | None = None
    verified_at: datetime | None = None
    until: datetime | None = None
    released_at: datetime | None = None
    released_by: str | None = None
    approved_by: tuple[str, ...] = ()
    detail: str = ""


class ExtendContainment(Message):
    """Update ``extend``."""

    by: str
    seconds: int
    """Added to the present end."""


class ReleaseContainment(Message):
    """Update ``release``; answers once the undo is verified."""

    by: str
    reason: str = ""


# --- What the bot does for workflows ------------------------------------------------------------


class BotActivity(StrEnum):
    """Activities on `BOT_QUEUE`, each with one message argument. All are idempotent by `key`:
    a retry first looks for the message it may already have posted."""

    OPEN_INCIDENT = "bot.open_incident"
    """IncidentPost -> ThreadRef: the incident's first message."""
    UPDATE_INCIDENT = "bot.update_incident"
    """IncidentPost with thread -> None: edit that message to the present facts."""
    ASK = "bot.ask"
    """Question -> ThreadRef of the card."""
    INQUIRE = "bot.inquire"
    """InquiryCard -> ThreadRef of the card."""
    ANSWERED = "bot.answered"
    """InquiryEnd -> None: replace the card's button by how it ended."""
    RETIRE = "bot.retire"
    """QuestionEnd -> None: replace the card's buttons by how it ended."""
    POST = "bot.post"
    """ThreadPost -> None."""
    PROGRESS = "bot.progress"
    """Progress -> ThreadRef: post where a run is, or edit what was posted."""


class IncidentPost(Message):
    key: str
    incident: IncidentFacts
    alerts: tuple[Alert, ...]
    """At most ten."""
    thread: ThreadRef | None = None


class Question(Message):
    key: str
    workflow: str
    """The playbook workflow's id, to which votes go."""
    question_id: str
    incident: IncidentFacts
    playbook: str
    thread: ThreadRef
    text: str
    approvers: str
    approver_ids: tuple[str, ...]
    quorum: int
    expires: datetime
    actions: tuple[RenderedAction, ...]
    blast: tuple[BlastRadius, ...]
    """One for each action."""
    digest: str
    escalated: bool = False


class QuestionEnd(Message):
    key: str
    question: Question
    card: ThreadRef
    decision: Literal["granted", "denied", "expired", "withdrawn"]
    by: tuple[str, ...] = ()
    at: datetime
    why: str = ""
    """Why it was withdrawn, in words."""


class InquiryCard(Message):
    """A question for data, as a card; also the answer of the query ``inquiry``."""

    key: str
    workflow: str
    question_id: str
    incident: IncidentFacts
    playbook: str
    thread: ThreadRef
    text: str
    group: str
    people: tuple[str, ...]
    fields: tuple[AskedField, ...]
    expires: datetime
    escalated: bool = False


class InquiryEnd(Message):
    key: str
    inquiry: InquiryCard
    card: ThreadRef
    answer: GivenAnswer | None
    """None: nobody answered in time, or it was withdrawn."""
    at: datetime
    withdrawn: str = ""
    """Why it was, in words."""


class ProgressLine(Message):
    """One step of a run, as people see it."""

    step: str
    state: Literal["running", "waiting", "succeeded", "failed", "skipped", "denied", "expired", "cancelled"]
    text: str = ""


class Progress(Message):
    """Where a run is: one message in the incident's thread, edited as it goes."""

    key: str
    thread: ThreadRef
    message: ThreadRef | None = None
    """What was posted; None: post it."""
    playbook: str
    status: Literal["running", "cancelling", "succeeded", "failed", "denied", "cancelled"]
    reason: str = ""
    lines: tuple[ProgressLine, ...]


class DailyHeads(Message):
    """Result of ``evidence.heads``."""

    text: str
    lines: tuple[str, ...]
    """``seals`` or ``evidence``, the chain's name, its number of links, SHA-256."""
    digest: str
    """SHA-256 over `lines`, each with a line end, hex."""


class ThreadPost(Message):
    key: str
    thread: ThreadRef | None
    """None: the security channel itself."""
    tier: Tier = "low"
    text: str
    """Plain text; the bot escapes it."""
    actor: str = ""
    """Who did it, where a person did: ``slack:U0ALICE``; the bot shows it as a mention."""
    broadcast: bool = False
