"""Plans: what a playbook would do for an incident, with nothing asked and nothing changed.

`plan` is a third driver of the engine. Look-ups are really made, by its caller; every question is
taken as granted, every change and containment as done. What each would be is rendered whole, so the
plan shows the very parameters that an approval would be about.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Literal

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
from playbooks.rehearsal import MADE_UP
from playbooks.steps import Playbook
from rules.incidents import IncidentFacts

MOST_COMMANDS = 2_000


class PlannedStep(BaseModel):
    """One thing that would happen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    kind: Literal["lookup", "change", "question", "containment", "release", "notice", "wait"]
    text: str
    """In words: what, with which parameters."""
    action: RenderedAction | None = None
    """Of a containment: exactly what would be applied."""
    result: dict[str, Any] | None = None
    """What a look-up really answered."""


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
) -> Generator[Call, Outcome, Plan]:
    """Plan a run, everything granted. Yields each look-up, is sent its outcome, returns the plan."""
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
                outcome = _assume(command, catalogue)
            steps.append(_planned(command, outcome))
            waiting += engine.send(Completed(id=command.id, outcome=outcome))
    except StopIteration as stop:
        result = stop.value
        skipped = tuple((step.id, step.detail) for step in result.steps if step.status == "skipped")
        fault = result.reason
    else:
        skipped, fault = (), f"it would do more than {MOST_COMMANDS:,} things"
    return Plan(playbook=playbook.name, incident=facts.id, steps=tuple(steps), skipped=skipped, fault=fault)


def _assume(command: Command, catalogue: Mapping[str, ActionSpec]) -> Outcome:
    match command:
        case Ask():
            return Decided(decision="granted", digest=command.digest)
        case Inquire():
            return Succeeded(
                result={"by": "(planned)", **{field.name: _answer(field) for field in command.fields}}
            )
        case Await():
            return Succeeded(result={"happened": False, "event": {}, "payload": {}})
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
    match command:
        case Call():
            if not command.lookup:
                return PlannedStep(id=command.id, kind="change", text=_called(command.action, command.params))
            result = (
                outcome.result
                if isinstance(outcome, Succeeded)
                else {"error": getattr(outcome, "reason", "")}
            )
            text = _called(command.action, command.params)
            return PlannedStep(id=command.id, kind="lookup", text=text, result=result)
        case Ask():
            escalates = f", then {command.escalate}" if command.escalate else ""
            who = (
                f"{command.quorum} of {command.approvers}{escalates}, within {say_duration(command.seconds)}"
            )
            return PlannedStep(id=command.id, kind="question", text=f"ask {who}: {command.question}")
        case Contain():
            how = "without asking" if command.approval is None else f"once {command.approval} is granted"
            text = (
                f"{_called(command.action.action, command.action.params)} until {_end(command.action)}, {how}"
            )
            return PlannedStep(id=command.id, kind="containment", text=text, action=command.action)
        case Inquire():
            wanted = ", ".join(f"{field.label} ({field.type})" for field in command.fields)
            text = (
                f"ask {command.people}, within {say_duration(command.seconds)}: {command.question} — {wanted}"
            )
            return PlannedStep(id=command.id, kind="question", text=text)
        case Release():
            return PlannedStep(id=command.id, kind="release", text=f"lift what {command.step} applied")
        case Await():
            what = f"webhook {command.webhook}" if command.webhook else f"an event with {command.event}"
            text = f"wait for {what}, at most {say_duration(command.seconds)}"
            return PlannedStep(id=command.id, kind="wait", text=text)
        case Notify():
            return PlannedStep(id=command.id, kind="notice", text=f"tell ({command.tier}): {command.text}")
        case Wait():
            for_ = f"until {command.until}" if command.until else say_duration(int(command.seconds))
            return PlannedStep(id=command.id, kind="wait", text=f"wait {for_}")


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
