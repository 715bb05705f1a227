"""A question for data: the card with its button, the form that answers it, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from slack_sdk.models.blocks import (
    Block,
    DatePickerElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    PlainTextObject,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from bot.slack import blocks as b
from bot.slack.mrkdwn import code, date, joined, mention, plain, prose
from playbooks.asking import LONGEST_ANSWER
from playbooks.commands import AskedField
from workers.contract import InquiryCard, InquiryEnd

ANSWER_ACTION = "inquiry_open"
FORM = "inquiry_form"
"""The modal's ``callback_id``."""


class FormError(ValueError):
    """A button's or a form's value is none of ours."""


class FormRef(BaseModel):
    """What the button and the form carry: which question is answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workflow: str
    question: str

    def to_value(self) -> str:
        return json.dumps({"w": self.workflow, "q": self.question}, separators=(",", ":"))

    @classmethod
    def from_value(cls, value: str) -> FormRef:
        """Raises `FormError`."""
        try:
            raw = json.loads(value)
            return cls(workflow=raw["w"], question=raw["q"])
        except (ValueError, KeyError, TypeError, ValidationError) as error:
            raise FormError("this is not of a card of ours") from error


def inquiry_text(card: InquiryCard) -> str:
    """Return the card in one line, for notifications."""
    return f"A question: {prose(card.text, 400)}"


def inquiry_blocks(card: InquiryCard) -> b.Blocks:
    """Return the open card."""
    title = "Still no answer: a question" if card.escalated else "A question"
    wanted = "\n".join(f"    • {prose(field.label, 150)}{_choices(field)}" for field in card.fields)
    people = joined([mention(person) for person in card.people], 1000)
    ref = FormRef(workflow=card.workflow, question=card.question_id)
    found: list[Block] = [
        b.header(f"❓ {title}"),
        b.section(f"*{prose(card.text, 1500)}*\n{wanted}"),
        *b.fields(
            [
                ("Who may answer", f"{prose(card.group, 200)}: {people or 'nobody'}"),
                ("Expires", date(card.expires)),
            ]
        ),
        b.actions(b.button("Answer", ANSWER_ACTION, ref.to_value(), style="primary")),
        _origin(card),
    ]
    return b.as_json(found)


def _choices(field: AskedField) -> str:
    return f": {prose(' / '.join(field.choices), 300)}" if field.choices else ""


def answered_text(end: InquiryEnd) -> str:
    return f"{_mark(end)}: {prose(end.inquiry.text, 400)}"


def _mark(end: InquiryEnd) -> str:
    if end.withdrawn:
        return "↩️ Withdrawn"
    return "💬 Answered" if end.answer else "⌛ Nobody answered in time"


def answered_blocks(end: InquiryEnd) -> b.Blocks:
    """Return the card as it stays: what was asked, what was said and by whom, no button."""
    card = end.inquiry
    found: list[Block] = [b.header(_mark(end))]
    found.append(b.section(f"*{prose(card.text, 1500)}*"))
    if end.answer is not None:
        labels = {field.name: field.label for field in card.fields}
        said = [
            (prose(labels.get(name, name), 150), prose(value, 1500))
            for name, value in end.answer.answers.items()
            if value
        ]
        found += b.fields(said)
        found.append(b.section(f"{mention(end.answer.by)}, {date(end.at)}"))
    elif end.withdrawn:
        found.append(b.section(f"The run was {prose(end.withdrawn, 600)}, {date(end.at)}"))
    else:
        found.append(b.section(f"What needs the answer is skipped, {date(end.at)}"))
    found.append(_origin(card))
    return b.as_json(found)


def form_view(card: InquiryCard) -> dict[str, Any]:
    """Return the modal that answers a question."""
    ref = FormRef(workflow=card.workflow, question=card.question_id)
    view = View(
        type="modal",
        callback_id=FORM,
        private_metadata=ref.to_value(),
        title=PlainTextObject(text="Answer", emoji=False),
        submit=PlainTextObject(text="Answer", emoji=False),
        close=PlainTextObject(text="Not now", emoji=False),
        blocks=[b.section(f"*{prose(card.text, 1500)}*"), *(_input(field) for field in card.fields)],
    )
    found: dict[str, Any] = view.to_dict()
    return found


def answers_of(view: Mapping[str, Any]) -> dict[str, str]:
    """Return what a submitted form holds, a text for each field that was filled in."""
    found = {}
    for name, actions in view["state"]["values"].items():
        state = actions.get(name, {})
        option = state.get("selected_option") or {}
        value = option.get("value") or state.get("selected_date") or state.get("value")
        if value:
            found[name] = str(value)
    return found


def _input(field: AskedField) -> Block:
    element: StaticSelectElement | PlainTextInputElement | DatePickerElement
    match field.type:
        case "choice":
            options = [Option(text=PlainTextObject(text=plain(one, 75)), value=one) for one in field.choices]
            element = StaticSelectElement(action_id=field.name, options=options)
        case "date":
            element = DatePickerElement(action_id=field.name)
        case _:
            lines = field.type == "text"
            element = PlainTextInputElement(action_id=field.name, multiline=lines, max_length=LONGEST_ANSWER)
    label = PlainTextObject(text=plain(field.label, 150), emoji=False)
    return InputBlock(block_id=field.name, label=label, element=element, optional=not field.required)


def _origin(card: InquiryCard) -> Block:
    return b.context(f"{code(card.playbook, 100)} asks for {code(card.incident.id, 60)}")
