"""Questions whose answer is data, inside the playbook workflow that asks them: who may answer, and what
counts as an answer. Pure state without Temporal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from playbooks.asking import AnswerError, read_answers
from playbooks.commands import Inquire
from playbooks.policy import ApproversPolicy
from workers.contract import AnswerRefused, GivenAnswer, PostedCard
from workers.questions import CLOCK_SKEW


class RefusedAnswerError(Exception):
    def __init__(self, refused: AnswerRefused, text: str) -> None:
        super().__init__(text)
        self.refused = refused


@dataclass
class OpenInquiry:
    """One inquiry while it runs and after it ended."""

    inquire: Inquire
    approvers: ApproversPolicy
    expires: datetime
    answer: GivenAnswer | None = None
    expired: bool = False
    withdrawn: str = ""
    """Why it was, in words: its run was cancelled."""
    escalated: bool = False
    """Nobody answered in time, and the next group is asked too."""
    cards: list[PostedCard] = field(default_factory=list)

    @property
    def groups(self) -> tuple[str, ...]:
        """Those who are asked now."""
        return self.groups_of(self.escalated)

    def groups_of(self, escalated: bool) -> tuple[str, ...]:
        if escalated and self.inquire.escalate is not None:
            return self.inquire.people, self.inquire.escalate
        return (self.inquire.people,)

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who may answer now."""
        return self.people_of(self.escalated)

    def people_of(self, escalated: bool) -> tuple[str, ...]:
        groups = self.groups_of(escalated)
        return tuple(sorted(frozenset[str]().union(*(self.approvers.members(group) for group in groups))))

    @property
    def settled(self) -> bool:
        return self.answer is not None or self.expired or bool(self.withdrawn)

    def withdraw(self, why: str) -> bool:
        """Let no answer count any more; returns False where it was settled before."""
        if self.settled:
            return False
        self.withdrawn = why
        return True

    def check(self, given: GivenAnswer, now: datetime) -> None:
        """Raise `RefusedAnswerError` where the answer does not count."""
        if self.answer is not None:
            text = f"{self.answer.by_name or self.answer.by} has answered this already"
            raise RefusedAnswerError(AnswerRefused.LATE, text)
        if self.withdrawn:
            text = f"too late: the run was {self.withdrawn}"
            raise RefusedAnswerError(AnswerRefused.LATE, text)
        if self.expired or max(now, given.at - CLOCK_SKEW) > self.expires:
            text = f"too late: the question expired at {self.expires:%H:%M:%S} UTC"
            raise RefusedAnswerError(AnswerRefused.LATE, text)
        if given.by not in self.people:
            groups = " or ".join(self.groups)
            raise RefusedAnswerError(AnswerRefused.NOT_ASKED, f"only members of {groups} may answer this")
        try:
            read_answers(self.inquire.fields, given.answers)
        except AnswerError as error:
            raise RefusedAnswerError(AnswerRefused.NO_ANSWER, str(error)) from error
