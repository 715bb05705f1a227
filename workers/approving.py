"""Approvals inside a playbook run: asked by a card, escalated, decided by votes, and the card retired.

What an approval is at any moment (`OpenQuestion`) is enough to go on from there: a run that continues in a
fresh history asks nobody twice and takes the votes that it has.
"""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from playbooks.commands import Ask, Decided, Failed, Outcome
    from workers.contract import (
        BotActivity,
        CarriedQuestion,
        PostedCard,
        Question,
        QuestionEnd,
        Vote,
        VoteRefused,
        VoteResult,
        actor_of,
    )
    from workers.messages import BlastAnswer, BlastRequest
    from workers.questions import OpenQuestion, RefusedVoteError
    from workers.running import Running

URGENT = timedelta(seconds=2)
"""How long what can wait is put behind a containment."""
BLAST = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_attempts=3)


class Approvals:
    """The approvals of one run."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._start = running.start
        self.questions: dict[str, OpenQuestion] = {}
        """Those that run and those that ended."""
        for carried in running.start.carried.questions if running.start.carried else ():
            self.questions[carried.ask.id] = OpenQuestion(
                ask=carried.ask,
                approvers=self._start.approvers,
                requested_by=self._start.requested_by,
                expires=carried.expires,
                approvals=dict(carried.approvals),
                escalated=carried.escalated,
                blast=carried.blast,
                cards=list(carried.cards),
            )

    @property
    def open(self) -> tuple[str, ...]:
        return tuple(key for key, question in self.questions.items() if question.decision is None)

    def carried(self) -> tuple[CarriedQuestion, ...]:
        """Return those that are open, as the next history needs them."""
        return tuple(
            CarriedQuestion(
                ask=question.ask,
                expires=question.expires,
                approvals=question.approvals,
                escalated=question.escalated,
                blast=question.blast,
                cards=tuple(question.cards),
            )
            for question in self.questions.values()
            if question.decision is None
        )

    def learn(self, ask: Ask, outcome: Outcome) -> None:
        """Take in one that was decided, or withdrawn, in an earlier history."""
        decided = outcome if isinstance(outcome, Decided) else Decided(decision="expired", digest=ask.digest)
        at = decided.at or workflow.now()
        question = self.questions[ask.id] = OpenQuestion(
            ask=ask, approvers=self._start.approvers, requested_by=self._start.requested_by, expires=at
        )
        if isinstance(outcome, Failed) and outcome.kind == "cancelled":
            question.withdraw(outcome.reason)
            return
        question.decision = decided.decision
        if decided.decision == "denied":
            question.denied_by = decided.by[0]
        else:
            question.approvals = dict.fromkeys(decided.by, at)

    # --- asking ----------------------------------------------------------------------------------

    async def ask(self, ask: Ask) -> Outcome:
        """Ask, and wait for the decision; from where it stands, where it was asked in an earlier history."""
        question = self.questions.get(ask.id)
        if question is None:
            question = self._open(ask)
            if len(question.approver_ids) < ask.quorum:
                question.decision = "expired"
                return Failed(
                    reason=f"{ask.approvers} has {len(question.approver_ids)} people who may answer, "
                    f"the quorum is {ask.quorum}",
                    kind="refused",
                )
        if question.blast is None:
            question.blast = (await self._blast(ask)).blast
        if not question.escalated and not question.withdrawn:
            if not question.cards:
                await self._post_card(question)
            await self._decided(question)
        if question.decision is None and ask.escalate is not None:
            if not question.escalated:
                question.escalated = True
                question.expires = workflow.now() + timedelta(seconds=ask.seconds)
                self._running.note(
                    "question.escalated", f"Nobody answered; {ask.escalate} is asked now.", tell="high"
                )
            if len(question.cards) < 2:
                await self._post_card(question)
            await self._decided(question)
        if question.decision is None:
            question.decision = "expired"
        decision = question.decision
        how = f"{decision}{' by ' * bool(question.voters)}{', '.join(question.voters)}"
        if question.withdrawn:
            how = f"the run was {question.withdrawn}"
        self._running.note(
            f"question.{decision}",
            f"{ask.question} — {how}",
            {"question": ask.id, "digest": ask.digest, "by": list(question.voters)},
        )
        for posted in question.cards:
            self._running.later(self._retire(question, self._card(question, posted), posted))
        if decision == "withdrawn":
            return Failed(reason=question.withdrawn, kind="cancelled")
        return Decided(decision=decision, digest=ask.digest, by=question.voters, at=workflow.now())

    def withdraw(self, ask: Ask, why: str) -> bool:
        """Ask no more; the card is closed as soon as it can be. Returns False where it is decided already."""
        return self.questions[ask.id].withdraw(why)

    def _open(self, ask: Ask) -> OpenQuestion:
        question = self.questions[ask.id] = OpenQuestion(
            ask=ask,
            approvers=self._start.approvers,
            requested_by=self._start.requested_by,
            expires=workflow.now() + timedelta(seconds=ask.seconds),
        )
        self._running.note(
            "question.asked",
            f"Asked {ask.approvers}: {ask.question}",
            {
                "question": ask.id,
                "digest": ask.digest,
                "actions": [a.model_dump(mode="json") for a in ask.releases],
            },
        )
        return question

    async def _decided(self, question: OpenQuestion) -> None:
        if question.withdrawn:
            return
        left = question.expires - workflow.now()

        def undecided() -> bool:
            return question.decision is None

        with self._running.rests(question.ask.id, undecided), contextlib.suppress(TimeoutError):
            await workflow.wait_condition(lambda: not undecided(), timeout=left)

    async def _blast(self, ask: Ask) -> BlastAnswer:
        async with self._running.locals.turn():
            answer: BlastAnswer = await workflow.execute_local_activity(
                "action.blast_radius",
                BlastRequest(incident=self._start.incident.id, actions=ask.releases),
                result_type=BlastAnswer,
                start_to_close_timeout=timedelta(seconds=5),
                retry_policy=BLAST,
            )
        return answer

    # --- cards -----------------------------------------------------------------------------------

    async def _post_card(self, question: OpenQuestion) -> None:
        await self._running.post(
            BotActivity.ASK, question, question.ask.id, lambda place: self._card(question, place)
        )

    def _card(self, question: OpenQuestion, posted: PostedCard) -> Question:
        ask, escalated = question.ask, posted.escalated
        return Question(
            key=f"{self._running.key(ask.id)}{'/escalated' * escalated}",
            workflow=workflow.info().workflow_id,
            question_id=ask.id,
            incident=self._start.incident,
            playbook=self._start.playbook,
            thread=posted.thread,
            text=ask.question,
            approvers=" and ".join(question.groups_of(escalated)),
            approver_ids=question.approvers_of(escalated),
            quorum=ask.quorum,
            expires=posted.expires,
            actions=ask.releases,
            blast=question.blast or (),
            digest=ask.digest,
            escalated=escalated,
        )

    async def _retire(self, question: OpenQuestion, card: Question, posted: PostedCard) -> None:
        assert question.decision is not None
        at = workflow.now()
        with contextlib.suppress(TimeoutError):  # what was released goes first
            await workflow.wait_condition(lambda: not self._running.urgent, timeout=URGENT)
        end = QuestionEnd(
            key=f"{card.key}/end",
            question=card,
            card=posted.card,
            decision=question.decision,
            by=() if question.withdrawn else question.voters,
            at=at,
            why=question.withdrawn,
        )
        await self._running.retire(BotActivity.RETIRE, end)

    # --- votes -----------------------------------------------------------------------------------

    def check(self, vote: Vote, now: datetime) -> None:
        """Refuse, before history, a vote that does not count."""
        question = self.questions.get(vote.question)
        if question is None and self._running.resuming:
            raise ApplicationError("too late: the question is not open any more", type=VoteRefused.LATE)
        if question is None:
            raise ApplicationError("there is no such question", type=VoteRefused.UNKNOWN_QUESTION)
        try:
            question.check(vote, now)
        except RefusedVoteError as error:
            raise ApplicationError(str(error), type=error.refused.value) from error

    def count(self, vote: Vote) -> VoteResult:
        question = self.questions[vote.question]
        result = question.count(vote)
        self._running.urgent = result.decision == "granted"
        self._running.note(
            "vote.granted" if vote.approve else "vote.denied",
            f"{vote.by_name or vote.by} {'approved' if vote.approve else 'denied'}: {question.ask.question}",
            {"question": vote.question, "digest": vote.digest, "clicked": vote.at.isoformat()},
            actor=actor_of(vote.by),
            once=f"vote/{vote.question}/{vote.by}/{vote.approve}/{vote.at.isoformat()}",
        )
        return result
