"""Questions for data inside a playbook run: asked by a card, escalated, answered, and the card closed.

As with approvals, what an inquiry is at any moment is enough to go on from there in a fresh history.
"""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from playbooks.commands import Decided, Failed, Inquire, Outcome, Succeeded
    from workers.contract import (
        AnswerRefused,
        BotActivity,
        CarriedInquiry,
        GivenAnswer,
        InquiryCard,
        InquiryEnd,
        PostedCard,
        actor_of,
    )
    from workers.inquiries import OpenInquiry, RefusedAnswerError
    from workers.running import Running


class Inquiries:
    """The inquiries of one run."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._start = running.start
        self._inquiries: dict[str, OpenInquiry] = {}
        for carried in running.start.carried.inquiries if running.start.carried else ():
            self._inquiries[carried.inquire.id] = OpenInquiry(
                inquire=carried.inquire,
                approvers=self._start.approvers,
                expires=carried.expires,
                escalated=carried.escalated,
                cards=list(carried.cards),
            )

    @property
    def open(self) -> tuple[str, ...]:
        return tuple(key for key, inquiry in self._inquiries.items() if not inquiry.settled)

    def carried(self) -> tuple[CarriedInquiry, ...]:
        """Return those that are open, as the next history needs them."""
        return tuple(
            CarriedInquiry(
                inquire=inquiry.inquire,
                expires=inquiry.expires,
                escalated=inquiry.escalated,
                cards=tuple(inquiry.cards),
            )
            for inquiry in self._inquiries.values()
            if not inquiry.settled
        )

    def learn(self, asked: Inquire, outcome: Outcome) -> None:
        """Take in one that was settled in an earlier history."""
        inquiry = self._inquiries[asked.id] = OpenInquiry(
            inquire=asked, approvers=self._start.approvers, expires=workflow.now(), expired=True
        )
        if isinstance(outcome, Failed) and outcome.kind == "cancelled":
            inquiry.expired, inquiry.withdrawn = False, outcome.reason
        if isinstance(outcome, Succeeded):
            answers = {name: str(value) for name, value in outcome.result.items() if name != "by"}
            by = str(outcome.result.get("by", ""))
            inquiry.answer = GivenAnswer(question=asked.id, by=by, answers=answers, at=workflow.now())

    # --- asking ----------------------------------------------------------------------------------

    async def inquire(self, asked: Inquire) -> Outcome:
        """Ask, and wait for the answer; from where it stands, where it was asked in an earlier history."""
        inquiry = self._inquiries.get(asked.id)
        if inquiry is None:
            inquiry = self._inquiries[asked.id] = OpenInquiry(
                inquire=asked,
                approvers=self._start.approvers,
                expires=workflow.now() + timedelta(seconds=asked.seconds),
            )
            self._running.note(
                "inquiry.asked", f"Asked {asked.people}: {asked.question}", {"question": asked.id}
            )
            if not inquiry.people and asked.escalate is None:
                return Failed(reason=f"{asked.people} has nobody who may answer", kind="refused")
        if not inquiry.escalated and inquiry.people and not inquiry.withdrawn:
            if not inquiry.cards:
                await self._post(inquiry)
            await self._answered(inquiry)
        if not inquiry.settled and asked.escalate is not None:
            if not inquiry.escalated:
                inquiry.escalated = True
                inquiry.expires = workflow.now() + timedelta(seconds=asked.seconds)
                self._running.note(
                    "inquiry.escalated", f"Nobody answered; {asked.escalate} is asked now.", tell="high"
                )
            if not any(card.escalated for card in inquiry.cards):
                await self._post(inquiry)
            await self._answered(inquiry)
        answer = inquiry.answer
        inquiry.expired = answer is None and not inquiry.withdrawn
        if inquiry.withdrawn:
            text = f"{asked.question} — the run was {inquiry.withdrawn}"
            self._running.note("inquiry.withdrawn", text, {"question": asked.id})
        elif answer is None:
            self._running.note(
                "inquiry.expired", f"{asked.question} — nobody answered", {"question": asked.id}
            )
        for posted in inquiry.cards:
            self._running.later(self._retire(inquiry, posted))
        if inquiry.withdrawn:
            return Failed(reason=inquiry.withdrawn, kind="cancelled")
        if answer is None:
            return Decided(decision="expired", digest="", at=workflow.now())
        return Succeeded(result={**answer.answers, "by": answer.by})

    def withdraw(self, asked: Inquire, why: str) -> bool:
        """Ask no more; the card is closed as soon as it can be. Returns False where it is settled already."""
        return self._inquiries[asked.id].withdraw(why)

    async def _answered(self, inquiry: OpenInquiry) -> None:
        if inquiry.withdrawn:
            return
        left = max(timedelta(0), inquiry.expires - workflow.now())
        with (
            self._running.rests(inquiry.inquire.id, lambda: not inquiry.settled),
            contextlib.suppress(TimeoutError),
        ):
            await workflow.wait_condition(lambda: inquiry.settled, timeout=left)

    # --- cards -----------------------------------------------------------------------------------

    async def _post(self, inquiry: OpenInquiry) -> None:
        await self._running.post(
            BotActivity.INQUIRE, inquiry, inquiry.inquire.id, lambda place: self._card(inquiry, place)
        )

    def _card(self, inquiry: OpenInquiry, posted: PostedCard) -> InquiryCard:
        asked = inquiry.inquire
        return InquiryCard(
            key=f"{self._running.key(asked.id)}{'/escalated' * posted.escalated}",
            workflow=workflow.info().workflow_id,
            question_id=asked.id,
            incident=self._start.incident,
            playbook=self._start.playbook,
            thread=posted.thread,
            text=asked.question,
            group=" and ".join(inquiry.groups_of(posted.escalated)),
            people=inquiry.people_of(posted.escalated),
            fields=asked.fields,
            expires=posted.expires,
            escalated=posted.escalated,
        )

    def card(self, question: str) -> InquiryCard | None:
        """Return the card of an open inquiry, for the form that answers it."""
        known = self._inquiries.get(question)
        if known is None or known.settled or self._running.thread is None:
            return None
        now = PostedCard(
            thread=self._running.thread,
            card=self._running.thread,
            expires=known.expires,
            escalated=known.escalated,
        )
        return self._card(known, now)

    async def _retire(self, inquiry: OpenInquiry, posted: PostedCard) -> None:
        card = self._card(inquiry, posted)
        end = InquiryEnd(
            key=f"{card.key}/end", inquiry=card, card=posted.card, answer=inquiry.answer,
            at=workflow.now(), withdrawn=inquiry.withdrawn,
        )  # fmt: skip
        await self._running.retire(BotActivity.ANSWERED, end)

    # --- answers ---------------------------------------------------------------------------------

    def check(self, given: GivenAnswer, now: datetime) -> None:
        """Refuse, before history, an answer that does not count."""
        inquiry = self._inquiries.get(given.question)
        if inquiry is None and self._running.resuming:
            raise ApplicationError("too late: the question is not open any more", type=AnswerRefused.LATE)
        if inquiry is None:
            raise ApplicationError("there is no such question", type=AnswerRefused.UNKNOWN_QUESTION)
        try:
            inquiry.check(given, now)
        except RefusedAnswerError as error:
            raise ApplicationError(str(error), type=error.refused.value) from error

    def take(self, given: GivenAnswer) -> None:
        inquiry = self._inquiries[given.question]
        inquiry.answer = given
        said = "; ".join(f"{name}: {value}" for name, value in given.answers.items() if value)
        self._running.note(
            "inquiry.answered",
            f"{given.by_name or given.by} answered {inquiry.inquire.question} — {said}",
            {"question": given.question, "answers": given.answers, "clicked": given.at.isoformat()},
            actor=actor_of(given.by),
            once=f"answer/{given.question}/{given.by}/{given.at.isoformat()}",
        )
