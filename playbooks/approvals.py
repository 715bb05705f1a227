"""Questions to people about containments: what is asked, and what an answer lets happen."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from playbooks.actions import RenderedAction
from playbooks.commands import Ask, Decided, Failed, Outcome
from playbooks.ledger import Ledger, Place, Status, StepError
from playbooks.steps import ApprovalStep
from rules.evidence import canonical


def digest_of(actions: Sequence[RenderedAction]) -> str:
    """Return what a vote is bound to: SHA-256, in hex, of the actions' canonical JSON."""
    return hashlib.sha256(canonical([action.model_dump(mode="json") for action in actions])).hexdigest()


def ask_about(name: str, step: ApprovalStep, question: str, actions: Sequence[RenderedAction]) -> Ask:
    """Return the question, under its `name` in the run, about exactly these rendered actions."""
    asked = step.approval
    return Ask(
        id=name,
        question=question,
        approvers=asked.from_,
        quorum=asked.quorum,
        seconds=asked.expires,
        escalate=asked.on_expiry.escalate if asked.on_expiry is not None else None,
        releases=tuple(actions),
        digest=digest_of(actions),
    )


def take_answer(books: Ledger, step: ApprovalStep, place: Place, ask: Ask, outcome: Outcome) -> None:
    """Enter an answer: only a granted decision about this very digest releases anything.

    Raises `StepError` where it is no decision, or one about something else.
    """
    if isinstance(outcome, Failed):
        raise StepError(outcome.reason, outcome.kind)
    if not isinstance(outcome, Decided):
        raise StepError("the answer is no decision", "refused")
    granted = outcome.decision == "granted"
    if granted and outcome.digest != ask.digest:
        raise StepError("the decision is about other actions than those asked about", "refused")
    by = f" by {', '.join(outcome.by)}" if outcome.by else ""
    said = {"denied": "was denied", "expired": "expired"}.get(outcome.decision, outcome.decision)
    for name, action in zip(step.approval.releases, ask.releases, strict=True):
        if granted:
            books.granted[name + place.suffix] = (action, ask.id)
        else:
            books.withheld[name + place.suffix] = f"{ask.id} was not granted, it {said}"
    if not granted:
        books.refused = books.refused or f"{ask.id} {said}{by}"
    status: Status = "succeeded" if outcome.decision == "granted" else outcome.decision
    result = {"decision": outcome.decision, "granted": granted, "by": list(outcome.by)}
    books.record(step, place, status, f"{outcome.decision}{by}", result)
