"""Questions to people, inside the playbook workflow that asks them: who may vote, and what it adds up to.

Pure state without Temporal, so that every refusal can be tested as a function.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from playbooks.actions import BlastRadius
from playbooks.commands import Ask
from playbooks.policy import ApproversPolicy
from workers.contract import PostedCard, Vote, VoteRefused, VoteResult

CLOCK_SKEW = timedelta(seconds=5)
"""How much later than the end a click may claim to be, by another machine's clock."""


class RefusedVoteError(Exception):
    def __init__(self, refused: VoteRefused, text: str) -> None:
        super().__init__(text)
        self.refused = refused


@dataclass
class OpenQuestion:
    """One approval while it runs and after it ended."""

    ask: Ask
    approvers: ApproversPolicy
    requested_by: str | None
    expires: datetime
    approvals: dict[str, datetime] = field(default_factory=dict)
    denied_by: str | None = None
    decision: Literal["granted", "denied", "expired", "withdrawn"] | None = None
    withdrawn: str = ""
    """Why it was, in words: its run was cancelled."""
    escalated: bool = False
    """Nobody answered in time, and the next group is asked too."""
    blast: tuple[BlastRadius, ...] | None = None
    """What the actions would hit; None until that is known."""
    cards: list[PostedCard] = field(default_factory=list)

    @property
    def groups(self) -> tuple[str, ...]:
        """Those who are asked now."""
        return self.groups_of(self.escalated)

    def groups_of(self, escalated: bool) -> tuple[str, ...]:
        if escalated and self.ask.escalate is not None:
            return self.ask.approvers, self.ask.escalate
        return (self.ask.approvers,)

    @property
    def approver_ids(self) -> tuple[str, ...]:
        """Everybody who may answer now, without the person who asked for it."""
        return self.approvers_of(self.escalated)

    def approvers_of(self, escalated: bool) -> tuple[str, ...]:
        groups = self.groups_of(escalated)
        people = frozenset[str]().union(*(self.approvers.members(group) for group in groups))
        return tuple(sorted(people - {self.requested_by}))

    @property
    def voters(self) -> tuple[str, ...]:
        return (self.denied_by,) if self.denied_by else tuple(self.approvals)

    def check(self, vote: Vote, now: datetime) -> None:
        """Raise `RefusedVoteError` where the vote does not count."""
        if vote.digest != self.ask.digest:
            raise RefusedVoteError(
                VoteRefused.OTHER_DIGEST,
                "this button belongs to another version of the action than the one now asked about",
            )
        if vote.by in self.approvals or vote.by == self.denied_by:
            raise RefusedVoteError(VoteRefused.SECOND_VOTE, "you have voted on this already")
        if self.decision == "withdrawn":
            raise RefusedVoteError(VoteRefused.LATE, f"too late: the run was {self.withdrawn}")
        if self.decision is not None:
            raise RefusedVoteError(VoteRefused.LATE, f"too late: the question was {self.decision} already")
        if max(now, vote.at - CLOCK_SKEW) > self.expires:
            raise RefusedVoteError(
                VoteRefused.LATE, f"too late: the question expired at {self.expires:%H:%M:%S} UTC"
            )
        if vote.by == self.requested_by:
            raise RefusedVoteError(
                VoteRefused.REQUESTER, "you asked for this, so somebody else has to approve it"
            )
        if vote.by not in self.approver_ids:
            groups = " or ".join(self.groups)
            raise RefusedVoteError(VoteRefused.NOT_APPROVER, f"only members of {groups} may answer this")

    def withdraw(self, why: str) -> bool:
        """Let no vote count any more; returns False where it was decided before."""
        if self.decision is not None:
            return False
        self.decision, self.withdrawn = "withdrawn", why
        return True

    def count(self, vote: Vote) -> VoteResult:
        """Take a vote that `check` let pass. One denial denies; the quorum of approvals grants."""
        if vote.approve:
            self.approvals[vote.by] = vote.at
            if len(self.approvals) >= self.ask.quorum:
                self.decision = "granted"
        else:
            self.denied_by = vote.by
            self.decision = "denied"
        return VoteResult(
            decision="pending" if self.decision not in ("granted", "denied") else self.decision,
            approvals=len(self.approvals),
            quorum=self.ask.quorum,
            by=self.voters,
        )
