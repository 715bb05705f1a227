"""A desk in memory for the bot's tests, and values to put on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.ports import StoredEvent
from playbooks.actions import BlastRadius, RenderedAction
from playbooks.commands import AskedField, Cancel
from playbooks.engine import digest_of
from playbooks.plan import Plan, PlannedStep
from rules.alerts import Alert, EventRef, Severity
from rules.attack_path import AttackPath, PathEdge, PathNode
from rules.entities import Entity
from rules.incidents import IncidentFacts, IncidentStatus
from rules.intelligence import IndicatorValueError, guess
from workers.contract import (
    ChangeIncident,
    ContainmentState,
    EvidenceNote,
    GivenAnswer,
    InquiryCard,
    Question,
    ThreadRef,
    Vote,
    VoteResult,
)
from workers.desk import (
    DeskError,
    IncidentDetail,
    NotAllowedError,
    PartStatus,
    QueryError,
    ReleasedAll,
    SearchAnswer,
    TimelineEntry,
    UnknownIdError,
)
from workers.intelligence_answers import Known, Said
from workers.messages import Foreseen

SKIPPED = (("tell", "its if is false"),)
START = datetime(2026, 3, 30, 16, 1, tzinfo=UTC)
ATTACKER = Entity.parse("ip:203.0.113.7")
USER = Entity.parse("user:deploy")
HOST = Entity.parse("host:web-1")
ACTION = RenderedAction(
    step="block",
    action="blocklist.block_ip",
    params={"ip": "203.0.113.7"},
    target="203.0.113.7",
    seconds=86400,
)


def facts(**changes: Any) -> IncidentFacts:
    return IncidentFacts(
        id="inc-abcd2345",
        title="A login succeeded after a brute force",
        severity=Severity.HIGH,
        rules=("ssh-login-after-brute-force",),
        alerts=("alr-1",),
        entities=(ATTACKER, USER, HOST),
        attack=("credential-access", "T1110.001"),
        summary="203.0.113.7 logged in to web-1 as deploy after 147 failures.",
        first=START,
        last=START + timedelta(minutes=5),
        opened=START + timedelta(minutes=5, seconds=2),
    ).model_copy(update=changes)


def alert(**changes: Any) -> Alert:
    return Alert(
        id="alr-1",
        rule="ssh-login-after-brute-force",
        rule_id="4b0b2a2e-0000-4000-8000-000000000001",
        title="SSH login after brute force",
        severity=Severity.HIGH,
        risk=70,
        entities=(ATTACKER, USER, HOST),
        evidence=(EventRef(id="e1"),),
        evidence_count=148,
        first=START,
        last=START + timedelta(minutes=5),
        detected=START + timedelta(minutes=5, seconds=1),
        attack=("T1110.001",),
        summary="203.0.113.7 logged in to web-1 as deploy after 147 failures.",
    ).model_copy(update=changes)


def question(**changes: Any) -> Question:
    return Question(
        key="inc-abcd2345/contain-ssh-breach/ask",
        workflow="inc-abcd2345/contain-ssh-breach",
        question_id="ask",
        incident=facts(),
        playbook="contain-ssh-breach",
        thread=ThreadRef(channel="C0SECURITY", ts="1.000001"),
        text="Block 203.0.113.7 (Norway) for a day?",
        approvers="responders",
        approver_ids=("U0ALICE", "U0BOB"),
        quorum=1,
        expires=START + timedelta(minutes=20),
        actions=(ACTION,),
        blast=(BlastRadius(summary="No one else used this address in the last 7 days.", events=148),),
        digest=digest_of((ACTION,)),
    ).model_copy(update=changes)


def inquiry(**changes: Any) -> InquiryCard:
    return InquiryCard(
        key="inc-abcd2345/confirm/how",
        workflow="inc-abcd2345/confirm",
        question_id="how",
        incident=facts(),
        playbook="confirm",
        thread=ThreadRef(channel="C0SECURITY", ts="1.000001"),
        text="Was this you, deploy?",
        group="responders",
        people=("U0ALICE", "U0BOB"),
        fields=(
            AskedField(name="verdict", type="choice", label="Was it you?", choices=("it was", "it was not")),
            AskedField(name="since", type="date", label="Since when?", required=False),
            AskedField(name="note", type="text", label="Anything else?", required=False),
        ),
        expires=START + timedelta(minutes=30),
    ).model_copy(update=changes)


def block(**changes: Any) -> ContainmentState:
    return ContainmentState(
        id="blk-7f3a2c",
        workflow="contain/blocklist.block_ip/203.0.113.7",
        action="blocklist.block_ip",
        target="203.0.113.7",
        status="active",
        incident="inc-abcd2345",
        playbook="contain-ssh-breach",
        applied_at=START,
        verified_at=START,
        until=START + timedelta(days=1),
        approved_by=("U0ALICE",),
        detail="2 of 2 firewalls hold it",
    ).model_copy(update=changes)


def path() -> AttackPath:
    return AttackPath(
        incident="inc-abcd2345",
        nodes=(
            PathNode(entity=ATTACKER, role="entry", first=START),
            PathNode(entity=HOST, role="target", first=START),
        ),
        edges=(
            PathEdge(
                source=ATTACKER,
                target=HOST,
                label="147 failed logins",
                count=147,
                first=START,
                last=START + timedelta(minutes=5),
                attack=("T1110.001",),
            ),
        ),
        summary="203.0.113.7 guessed the password of deploy on web-1.",
    )


class MemoryDesk:
    """Answers from what tests put on it, and keeps what it was asked."""

    def __init__(self) -> None:
        self.facts = {"inc-abcd2345": facts()}
        self.containments = {"blk-7f3a2c": block()}
        self.events: list[StoredEvent] = []
        self.alerts: list[Alert] = [alert()]
        self.parts = [PartStatus("opensearch", True, "green"), PartStatus("sweep", True, "looked 1 s ago")]
        self.approvers = {"U0ALICE", "U0BOB"}
        self.votes: list[tuple[str, Vote]] = []
        self.refusal: Exception | None = None
        self.card: InquiryCard | None = None
        self.first: str | None = None
        self.answers: list[tuple[str, GivenAnswer]] = []
        self.notes: list[tuple[str, EvidenceNote]] = []
        self.changes: list[tuple[str, ChangeIncident]] = []
        self.runs: list[tuple[str, str, dict[str, Any], str]] = []
        self.cancelled: list[tuple[str, Cancel]] = []
        self.said: list[Said] = []
        self.searches: list[tuple[str, float, int]] = []

    async def search(self, query: str, *, hours: float, limit: int) -> SearchAnswer:
        self.searches.append((query, hours, limit))
        if query.endswith("("):
            raise QueryError(
                f"{query}: column {len(query)}: the bracket is never closed\nWas expecting one of: <TERM>"
            )
        return SearchAnswer(
            query=query,
            first=START - timedelta(hours=hours),
            last=START,
            total=len(self.events),
            events=tuple(self.events[:limit]),
        )

    async def incidents(self, *, open_only: bool, limit: int) -> list[IncidentFacts]:
        found = [one for one in self.facts.values() if not open_only or one.status != IncidentStatus.CLOSED]
        return found[:limit]

    async def incident(self, incident: str) -> IncidentDetail:
        if incident not in self.facts:
            raise UnknownIdError(f"there is no incident {incident!r}; the latest are: inc-abcd2345")
        return IncidentDetail(
            facts=self.facts[incident],
            alerts=tuple(self.alerts),
            containments=tuple(self.containments.values()),
            playbooks=(f"{incident}/contain-ssh-breach",),
            thread=ThreadRef(channel="C0SECURITY", ts="1.000001"),
        )

    async def timeline(self, incident: str) -> list[TimelineEntry]:
        await self.incident(incident)
        return [
            TimelineEntry(at=START, kind="event", actor="linux.auth", text="Failed password for deploy"),
            TimelineEntry(
                at=START + timedelta(minutes=6), kind="vote.granted", actor="slack:U0ALICE", text="approved"
            ),
        ]

    async def path(self, incident: str) -> AttackPath:
        await self.incident(incident)
        return path()

    async def blocks(self, *, all_states: bool = False) -> list[ContainmentState]:
        return [one for one in self.containments.values() if all_states or one.status in {"active", "stuck"}]

    def _block(self, block: str, by: str) -> ContainmentState:
        if block not in self.containments:
            raise UnknownIdError(f"there is no block {block!r}; in force are: blk-7f3a2c")
        if by not in self.approvers:
            raise NotAllowedError("only approvers may extend or release a containment")
        return self.containments[block]

    async def extend(self, block: str, seconds: int, by: str) -> ContainmentState:
        state = self._block(block, by)
        assert state.until is not None
        state = state.model_copy(update={"until": state.until + timedelta(seconds=seconds)})
        self.containments[block] = state
        return state

    async def release(self, block: str, by: str, reason: str = "") -> ContainmentState:
        state = self._block(block, by).model_copy(
            update={"status": "released", "released_by": by, "released_at": START, "detail": reason}
        )
        self.containments[block] = state
        return state

    async def run_playbook(self, incident: str, playbook: str, inputs: dict[str, Any], by: str) -> str:
        self.runs.append((incident, playbook, inputs, by))
        return f"{incident}/{playbook}"

    async def cancel_run(self, run: str, cancel: Cancel) -> str:
        if cancel.by not in self.approvers:
            raise NotAllowedError("only approvers may cancel a run")
        self.cancelled.append((run, cancel))
        return run

    async def plan(self, incident: str, playbook: str, inputs: dict[str, Any]) -> Foreseen:
        block = PlannedStep(id="block", kind="containment", text=f"block {inputs.get('ip')}", action=ACTION)
        plan = Plan(playbook=playbook, incident=incident, steps=(block,), skipped=SKIPPED)
        return Foreseen(plan=plan, blast=(BlastRadius(summary="Nobody else used it."),))

    async def change(self, incident: str, change: ChangeIncident) -> None:
        self.changes.append((incident, change))

    async def vote(self, workflow: str, vote: Vote) -> VoteResult:
        if self.refusal is not None:
            raise self.refusal
        self.votes.append((workflow, vote))
        return VoteResult(
            decision="granted" if vote.approve else "denied", approvals=1, quorum=1, by=(vote.by,)
        )

    async def release_all(self, by: str, reason: str = "") -> ReleasedAll:
        if by not in {"U0ALICE", "U0BOB"}:
            raise NotAllowedError("only approvers may ask to lift everything")
        first, self.first = self.first, by
        if first in {None, by}:
            return ReleasedAll(waiting=True)
        return ReleasedAll(
            False, str(first), (block(status="released", detail=reason),), (("blk-1", "stuck"),)
        )

    async def inquiry(self, workflow: str, question: str) -> InquiryCard:
        if self.card is None or (workflow, question) != (self.card.workflow, self.card.question_id):
            raise DeskError("this question is not open any more")
        return self.card

    async def answer(self, workflow: str, given: GivenAnswer) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.answers.append((workflow, given))

    async def note(self, chain: str, note: EvidenceNote) -> None:
        self.notes.append((chain, note))

    async def known_bad(self, value: str, days: int) -> Known:
        try:
            kind, canonical = guess(value)
        except IndicatorValueError as error:
            raise QueryError(f"{value!r} is no indicator: {error}") from error
        return Known(kind, canonical, days, tuple(self.said), ())

    async def status(self) -> list[PartStatus]:
        return self.parts
