"""Who may vote, and what votes add up to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from playbooks.actions import RenderedAction
from playbooks.commands import Ask
from playbooks.policy import ApproversPolicy
from workers.contract import Vote, VoteRefused
from workers.questions import OpenQuestion, RefusedVoteError

NOW = datetime(2026, 3, 30, 16, 2, tzinfo=UTC)
APPROVERS = ApproversPolicy(groups={"responders": ("U0ALICE", "U0BOB"), "leads": ("U0CAROL",)})
ACTION = RenderedAction(
    step="block", action="wall.block_ip", params={"ip": "203.0.113.7"}, target="203.0.113.7"
)


def question(quorum: int = 1, requested_by: str | None = None) -> OpenQuestion:
    ask = Ask(
        id="ask", question="Block it?", approvers="responders", quorum=quorum, seconds=900,
        escalate="leads", releases=(ACTION,), digest="right",
    )  # fmt: skip
    return OpenQuestion(
        ask=ask, approvers=APPROVERS, requested_by=requested_by, expires=NOW + timedelta(minutes=15)
    )


def vote(by: str = "U0ALICE", approve: bool = True, digest: str = "right", at: datetime = NOW) -> Vote:
    return Vote(question="ask", digest=digest, by=by, approve=approve, at=at)


def refusal(asked: OpenQuestion, cast: Vote, now: datetime = NOW) -> VoteRefused:
    with pytest.raises(RefusedVoteError) as error:
        asked.check(cast, now)
    assert str(error.value)
    return error.value.refused


def test_one_approval_grants_where_the_quorum_is_one() -> None:
    asked = question()
    asked.check(vote(), NOW)
    result = asked.count(vote())
    assert (result.decision, result.approvals, result.by) == ("granted", 1, ("U0ALICE",))


def test_a_quorum_of_two_needs_two_people() -> None:
    asked = question(quorum=2)
    assert asked.count(vote()).decision == "pending"
    assert refusal(asked, vote()) is VoteRefused.SECOND_VOTE
    asked.check(vote("U0BOB"), NOW)
    assert asked.count(vote("U0BOB")).decision == "granted"


def test_one_denial_denies_whatever_was_approved_before() -> None:
    asked = question(quorum=2)
    asked.count(vote())
    result = asked.count(vote("U0BOB", approve=False))
    assert (result.decision, result.by) == ("denied", ("U0BOB",))


@pytest.mark.parametrize(
    ("cast", "requested_by", "now", "refused"),
    [
        (vote("U0MALLORY"), None, NOW, VoteRefused.NOT_APPROVER),
        (vote("U0CAROL"), None, NOW, VoteRefused.NOT_APPROVER),
        (vote("U0ALICE"), "U0ALICE", NOW, VoteRefused.REQUESTER),
        (vote(digest="wrong"), None, NOW, VoteRefused.OTHER_DIGEST),
        (vote(), None, NOW + timedelta(minutes=16), VoteRefused.LATE),
        (vote(at=NOW + timedelta(minutes=16)), None, NOW, VoteRefused.LATE),
    ],
)
def test_what_does_not_count(
    cast: Vote, requested_by: str | None, now: datetime, refused: VoteRefused
) -> None:
    assert refusal(question(requested_by=requested_by), cast, now) is refused


@pytest.mark.parametrize("decision", ["granted", "denied", "expired"])
def test_a_vote_after_the_end_is_late(decision: str) -> None:
    asked = question()
    asked.decision = decision  # type: ignore[assignment]
    assert refusal(asked, vote()) is VoteRefused.LATE


def test_an_escalated_question_may_be_answered_by_both_groups() -> None:
    asked = question()
    asked.escalated = True
    assert asked.approver_ids == ("U0ALICE", "U0BOB", "U0CAROL")
    asked.check(vote("U0CAROL"), NOW)


def test_the_requester_is_not_among_those_who_are_asked() -> None:
    assert question(requested_by="U0ALICE").approver_ids == ("U0BOB",)
