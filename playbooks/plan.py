"""Plans: what a playbook would do for an incident, with nothing asked and nothing changed.

`plan` is a third driver of the engine. Look-ups are really made, by its caller; every question is
taken as granted, or as one of the playbook's own tests answers it, every change and containment as done.
What each would be is rendered whole, so the plan shows the very parameters that an approval would be about.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from playbooks.actions import ActionSpec, RenderedAction, ValueType
from playbooks.commands import (
    Ask,
    AskedField,
    Await,
    Call,
    Command,
    Completed,
    Contain,
    Decided,
    Inquire,
    Notify,
    Outcome,
    Release,
    Succeeded,
    Wait,
)
from playbooks.durations import say_duration
from playbooks.engine import run
from playbooks.kept import put_back
from playbooks.rehearsal import MADE_UP
from playbooks.steps import Playbook
from rules.incidents import IncidentFacts

MOST_COMMANDS = 2_000


Kind: TypeAlias = Literal["lookup", "change", "question", "containment", "release", "notice", "wait"]


class PlannedStep(BaseModel):
    """One thing that would happen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    kind: Kind
    text: str
    """In words: what, with which parameters."""
    uses: str = ""
    """The name of the action, of a look-up, change or containment."""
    action: RenderedAction | None = None
    """Of a containment: exactly what would be applied."""
    result: dict[str, Any] | None = None
    """What a look-up really answered."""
    groups: tuple[str, ...] = ()
    """Of a question: who may answer, and who is asked next."""
    quorum: int = 1
    """How many of them must."""


class Plan(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    playbook: str
    incident: str
    steps: tuple[PlannedStep, ...]
    skipped: tuple[tuple[str, str], ...]
    """Steps that would not run, and why."""
    fault: str = ""
    """Why it would end early; empty where it would go through."""

    @property
    def containments(self) -> tuple[RenderedAction, ...]:
        """What would be taken from somebody; ask each action for its blast radius."""
        return tuple(step.action for step in self.steps if step.action is not None)


def plan(
    playbook: Playbook,
    facts: IncidentFacts,
    inputs: Mapping[str, Any],
    catalogue: Mapping[str, ActionSpec],
    playbooks: Mapping[str, Playbook] | None = None,
    answers: Mapping[str, Any] | None = None,
) -> Generator[Call, Outcome, Plan]:
    """Plan a run. Yields each look-up, is sent its outcome, returns the plan. What people and webhooks answer
    is in `answers`, by step, as tests give it; a question that is not in it is granted."""
    engine = run(playbook, facts, inputs, catalogue, playbooks)
    waiting: list[Command] = []
    steps: list[PlannedStep] = []
    try:
        waiting += next(engine)
        while len(steps) < MOST_COMMANDS:
            command = waiting.pop(0)
            if isinstance(command, Call) and command.lookup:
                outcome: Outcome = yield command
            else:
                outcome = _assume(command, catalogue, (answers or {}).get(command.id.partition("[")[0]))
            steps.append(_planned(command, outcome))
            waiting += engine.send(Completed(id=command.id, outcome=outcome))
    except StopIteration as stop:
        result = stop.value
        skipped = tuple((step.id, step.detail) for step in result.steps if step.status == "skipped")
        fault = result.reason
    else:
        skipped, fault = (), f"it would do more than {MOST_COMMANDS:,} things"
    return Plan(playbook=playbook.name, incident=facts.id, steps=tuple(steps), skipped=skipped, fault=fault)


def _assume(command: Command, catalogue: Mapping[str, ActionSpec], answer: Any) -> Outcome:
    said = answer if isinstance(answer, Mapping) else {}
    match command:
        case Ask():
            decision = answer if answer in ("granted", "denied", "expired") else "granted"
            return Decided(decision=decision, digest=command.digest)
        case Inquire() if answer == "expired":
            return Decided(decision="expired", digest="")
        case Inquire():
            assumed = {field.name: _answer(field) for field in command.fields}
            return Succeeded(result={"by": "(planned)", **assumed, **said})
        case Await():
            return Succeeded(result={"happened": False, "event": {}, "payload": {}, **said})
        case Release():
            return Succeeded(result={"detail": "planned only"})
        case Contain():
            return Succeeded(
                result={"id": "(planned)", "until": _end(command.action), "detail": "planned only"}
            )
        case Call():
            returns = catalogue[command.action].returns
            return Succeeded(result={name: MADE_UP[kind] for name, kind in returns.items()})
    return Succeeded()


def _end(action: RenderedAction) -> str:
    return "released by hand" if action.seconds is None else f"{say_duration(action.seconds)} after approval"


def _planned(command: Command, outcome: Outcome) -> PlannedStep:
    kind, text = describe(command)
    result = None
    if isinstance(command, Call) and command.lookup:
        result = {"error": getattr(outcome, "reason", "")}
        if isinstance(outcome, Succeeded):
            result = put_back(outcome.result, outcome.kept, f"steps.{command.id}")
    action = command.action if isinstance(command, Contain) else None
    uses = command.action if isinstance(command, Call) else action.action if action else ""
    text += _taken(command, outcome)
    planned = PlannedStep(id=command.id, kind=kind, text=text, uses=uses, action=action, result=result)
    match command:
        case Ask(approvers=asked, quorum=quorum, escalate=next_):
            return planned.model_copy(update={"groups": _both(asked, next_), "quorum": quorum})
        case Inquire(people=asked, escalate=next_):
            return planned.model_copy(update={"groups": _both(asked, next_)})
    return planned


def _both(first: str, escalated: str | None) -> tuple[str, ...]:
    return (first,) if escalated is None else (first, escalated)


def _taken(command: Command, outcome: Outcome) -> str:
    """What a plan takes as answered, where that decides how it goes on."""
    match command, outcome:
        case Ask(), Decided(decision="denied" | "expired" as decision):
            return f" [taken as {decision}]"
        case Inquire(), Decided():
            return " [taken as expired]"
        case Inquire(), Succeeded(result=result):
            said = ", ".join(f"{field.name}: {result.get(field.name, '')}" for field in command.fields)
            return f" [taken as {said}]"
        case Await(), Succeeded(result=result):
            return f" [taken as {'having happened' if result.get('happened') else 'not having happened'}]"
    return ""


def describe(command: Command) -> tuple[Kind, str]:
    """Return what kind of thing a command is, and what it asks for in words."""
    match command:
        case Call():
            return "lookup" if command.lookup else "change", _called(command.action, command.params)
        case Ask():
            escalates = f", then {command.escalate}" if command.escalate else ""
            who = (
                f"{command.quorum} of {command.approvers}{escalates}, within {say_duration(command.seconds)}"
            )
            return "question", f"ask {who}: {command.question}"
        case Contain():
            how = "without asking" if command.approval is None else f"once {command.approval} is granted"
            called = _called(command.action.action, command.action.params)
            return "containment", f"{called} until {_end(command.action)}, {how}"
        case Inquire():
            within = say_duration(command.seconds)
            wanted = ", ".join(map(_wanted, command.fields))
            return "question", f"ask {command.people}, within {within}: {command.question} — {wanted}"
        case Release():
            return "release", f"lift what {command.step} applied"
        case Await():
            what = f"webhook {command.webhook}" if command.webhook else f"an event with {command.event}"
            return "wait", f"wait for {what}, at most {say_duration(command.seconds)}"
        case Notify():
            return "notice", f"tell ({command.tier}): {command.text}"
        case Wait():
            for_ = f"until {command.until}" if command.until else say_duration(int(command.seconds))
            return "wait", f"wait {for_}"


def _wanted(field: AskedField) -> str:
    return f"{field.label} ({' / '.join(field.choices) if field.choices else field.type})"


def _answer(field: AskedField) -> str:
    match field.type:
        case "choice":
            return field.choices[0] if field.choices else ""
        case "date":
            return "2026-01-05"
        case "text" if not field.required:
            return ""  # as of somebody who leaves out what may be left out
    return str(MADE_UP[ValueType(field.type)])


def _called(action: str, params: Mapping[str, Any]) -> str:
    return f"{action}({', '.join(f'{name}={value!r}' for name, value in params.items())})"
