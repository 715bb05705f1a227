"""The approval card: exactly what would be done, what it would hit, and who may say yes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from slack_sdk.models.blocks import Block

from bot.slack import blocks as b
from bot.slack.mrkdwn import code, date, joined, mention, plain, prose, whole_code
from playbooks.actions import BlastRadius, RenderedAction
from workers.contract import Question, QuestionEnd

APPROVE_ACTION = "question_approve"
DENY_ACTION = "question_deny"
WHOLE_ACTIONS = 7_000
"""Characters of all actions that a card can show whole; nobody approves what they can't see."""

_ENDS = {
    "granted": ("✅", "Approved"),
    "denied": ("⛔", "Denied: nothing is done"),
    "expired": ("⌛", "Nobody decided in time: nothing is done"),
    "withdrawn": ("↩️", "Withdrawn: nothing is done"),
}


class BallotError(ValueError):
    """A button's value is none that a card carries."""


class Ballot(BaseModel):
    """What a button of a card carries: the question, and the digest of what it would release."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workflow: str
    question: str
    digest: str

    def to_value(self) -> str:
        return json.dumps({"w": self.workflow, "q": self.question, "d": self.digest}, separators=(",", ":"))

    @classmethod
    def from_value(cls, value: str) -> Ballot:
        """Raises `BallotError`."""
        try:
            raw = json.loads(value)
            return cls(workflow=raw["w"], question=raw["q"], digest=raw["d"])
        except (ValueError, KeyError, TypeError, ValidationError) as error:
            raise BallotError("this button is not of a card of ours") from error


def question_text(question: Question) -> str:
    """Return the card in one line, for notifications."""
    return f"Approval needed: {prose(question.text, 400)}"


def question_blocks(question: Question, summaries: Mapping[str, str]) -> b.Blocks:
    """Return the open card. `summaries` are the actions' own, by action."""
    title = "Still no answer: approval needed" if question.escalated else "Approval needed"
    ballot = Ballot(workflow=question.workflow, question=question.question_id, digest=question.digest)
    shown = _actions(question, summaries)
    found: list[Block] = [b.header(f"🗳️ {title}"), *_matter(question, shown)]
    found += b.fields(
        [
            ("Who may decide", _approvers(question)),
            ("Approvals needed", f"{question.quorum}, of {len(question.approver_ids)} who may decide"),
            ("Expires", date(question.expires)),
            ("Fingerprint", code(question.digest[:12])),
        ]
    )
    deny = b.button("Deny", DENY_ACTION, ballot.to_value(), style="danger", confirm=_confirm_no())
    if shown is None:
        found += [
            b.section("⚠️ *It is too long to be shown whole here, so it can't be approved.*"),
            b.actions(deny),
        ]
    else:
        yes = b.button(
            "Approve", APPROVE_ACTION, ballot.to_value(), style="primary", confirm=_confirm_yes(question)
        )
        found.append(b.actions(yes, deny))
    found.append(_origin(question))
    return b.as_json(found)


def ended_text(end: QuestionEnd) -> str:
    mark, words = _ENDS[end.decision]
    return f"{mark} {words}: {prose(end.question.text, 400)}"


def ended_blocks(end: QuestionEnd, summaries: Mapping[str, str]) -> b.Blocks:
    """Return the card as it stays: what was asked, how it ended, no buttons."""
    question = end.question
    mark, words = _ENDS[end.decision]
    by = f" by {joined([mention(person) for person in end.by], 600, ' and ')}" if end.by else ""
    why = f"\nThe run was {prose(end.why, 600)}" if end.why else ""
    found = [
        b.header(f"{mark} {words}"),
        *_matter(question, _actions(question, summaries)),
        b.section(f"*{prose(words)}*{by}, {date(end.at)}{why}"),
        _origin(question),
    ]
    return b.as_json(found)


def _matter(question: Question, shown: list[str] | None) -> list[Block]:
    """What is asked, what would be done and what that would hit."""
    found: list[Block] = [b.section(f"*{prose(question.text, 1500)}*")]
    found += [b.section(text) for text in shown or ()]
    found += [b.section(text) for text in _blast(question.blast)]
    return found


def _actions(question: Question, summaries: Mapping[str, str]) -> list[str] | None:
    """Return each action in words, whole; None where they are too long for that."""
    texts = [_action(action, summaries) for action in question.actions]
    short = sum(map(len, texts)) <= WHOLE_ACTIONS and len(texts) <= 12
    return texts if short and all(len(text) <= b.SECTION for text in texts) else None


def _action(action: RenderedAction, summaries: Mapping[str, str]) -> str:
    summary = summaries.get(action.action, "")
    lines = [f"*Would do:* {prose(summary.rstrip('.'), 300) or code(action.action)} ({code(action.action)})"]
    lines += [f"    {prose(name, 80)}: {_value(value)}" for name, value in action.params.items()]
    lines.append(f"    {_how_long(action)}")
    return "\n".join(lines)


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " ".join(_value(item) for item in value) or "nothing"
    if isinstance(value, dict):
        return whole_code(json.dumps(value, ensure_ascii=True, sort_keys=True))
    return whole_code(value)


def _how_long(action: RenderedAction) -> str:
    return "until somebody lifts it" if action.seconds is None else f"for {_duration(action.seconds)}"


def _duration(seconds: int) -> str:
    """Return a length of time in words, none of it lost: ``1 day``, ``90 minutes``."""
    units = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
    size, unit = next(each for each in units if seconds % each[0] == 0)
    count = seconds // size
    return f"{count:,} {unit}{'s' * (count != 1)}"


def _blast(blast: tuple[BlastRadius, ...]) -> list[str]:
    texts = []
    for one in blast[:12]:
        lines = [f"*Would hit:* {prose(one.summary, 500)}"]
        lines += [f"    • {prose(detail, 150)}" for detail in one.details[:4]]
        texts.append("\n".join(lines))
    return list(dict.fromkeys(texts))[:4]


def _approvers(question: Question) -> str:
    people = joined([mention(person) for person in question.approver_ids], 1000)
    return f"{prose(question.approvers, 200)}: {people or 'nobody'}"


def _confirm_yes(question: Question) -> Any:
    doing = "; ".join(
        f"{action.action} {action.target or ''} {_how_long(action)}" for action in question.actions
    )
    text = "Do exactly this now: " + doing
    text = text if len(text) <= 280 else "Do exactly what the card shows, now."
    return b.confirm("Approve?", plain(text, 290), "Approve")


def _confirm_no() -> Any:
    return b.confirm("Deny?", "Nothing of what the card shows will be done.", "Deny", danger=True)


def _origin(question: Question) -> Block:
    return b.context(f"{code(question.playbook, 100)} asks for {code(question.incident.id, 60)}")
