"""Questions to people whose answers are data: what is asked, and how an answer is entered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from playbooks.actions import ValueType
from playbooks.commands import AskedField, Decided, Failed, Inquire, Outcome, Succeeded
from playbooks.ledger import Ledger, Place, StepError
from playbooks.steps import AskStep
from playbooks.values import parse_value

LONGEST_ANSWER = 3_000
"""Characters of one text, as a Slack modal takes them."""


class AnswerError(ValueError):
    """An answer is none; the text says of which field, and what was expected."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(f"{field}: {text}")
        self.field = field
        self.text = text


def inquiry(name: str, step: AskStep, question: str) -> Inquire:
    """Return the question of a step, under its `name` in the run."""
    asked = step.ask
    return Inquire(
        id=name,
        question=question,
        people=asked.from_,
        seconds=asked.expires,
        escalate=asked.on_expiry.escalate if asked.on_expiry is not None else None,
        fields=tuple(
            AskedField(name=field, type=one.type, label=one.label, choices=one.choices, required=one.required)
            for field, one in asked.answers.items()
        ),
    )


def read_answers(fields: tuple[AskedField, ...], given: Mapping[str, Any]) -> dict[str, str]:
    """Return what a person answered, a text for each field (dates as ISO 8601), an empty one where an
    optional field was left out.

    Raises `AnswerError` for the first field whose answer is missing or none, and for one nobody asked for.
    """
    names = {field.name for field in fields}
    for name in given:
        if name not in names:
            raise AnswerError(name, "nobody asked for this")
    return {field.name: _read(field, given.get(field.name)) for field in fields}


def _read(field: AskedField, value: Any) -> str:
    if value is None or value == "":
        if field.required:
            raise AnswerError(field.name, "an answer is needed")
        return ""
    if not isinstance(value, str):
        raise AnswerError(field.name, f"expected a text, not {type(value).__name__}")
    if field.type == "choice" and value not in field.choices:
        raise AnswerError(field.name, f"{value[:80]!r} is none of {', '.join(field.choices)}")
    if field.type == "date":
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError as error:
            raise AnswerError(field.name, f"{value[:40]!r} is no date like 2026-03-30") from error
    if field.type not in ("choice", "text"):
        try:
            return str(parse_value(ValueType(field.type), value.strip()))
        except ValueError as error:
            raise AnswerError(field.name, str(error)) from error
    if len(value) > LONGEST_ANSWER:
        raise AnswerError(field.name, f"{len(value):,} characters; at most {LONGEST_ANSWER:,} are taken")
    return value


def take_data(books: Ledger, step: AskStep, place: Place, asked: Inquire, outcome: Outcome) -> None:
    """Enter an answer, or what counts instead of one. Raises `StepError` where it is neither."""
    if isinstance(outcome, Failed):
        raise StepError(outcome.reason, outcome.kind)
    if isinstance(outcome, Succeeded):
        given = {name: value for name, value in outcome.result.items() if name not in ("by", "answered")}
        try:
            answers = read_answers(asked.fields, given)
        except AnswerError as error:
            raise StepError(f"the answer is none: {error}", "refused") from error
        by = str(outcome.result.get("by", ""))
        books.record(step, place, "succeeded", f"answered by {by}", {**answers, "answered": True, "by": by})
        return
    if not isinstance(outcome, Decided) or outcome.decision != "expired":
        raise StepError("the answer is none", "refused")
    declared = step.ask.answers
    if all(one.default is not None or not one.required for one in declared.values()):
        stand_ins = {name: one.default or "" for name, one in declared.items()}
        result = {**stand_ins, "answered": False, "by": ""}
        books.record(step, place, "succeeded", "nobody answered: the defaults count", result)
        return
    books.withheld[step.id + place.suffix] = f"{asked.id} expired without an answer"
    books.refused = books.refused or f"{asked.id} expired without an answer"
    books.record(step, place, "expired", "nobody answered", {"answered": False, "by": ""})
