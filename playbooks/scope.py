"""What an expression may refer to where it stands, and of which type that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from playbooks.actions import ActionSpec, ValueType
from playbooks.expressions import Reference
from playbooks.facts import ENTITY_TYPES, INCIDENT_FIELDS
from playbooks.faults import did_you_mean
from playbooks.steps import (
    ActionStep,
    AnswerField,
    ApprovalStep,
    AskStep,
    ForeachStep,
    Input,
    Playbook,
    RunStep,
    Step,
    SwitchStep,
    UndoStep,
    WaitStep,
)
from rules.entities import EntityKind

ALWAYS: Mapping[str, ValueType] = {"outcome": ValueType.TEXT, "error": ValueType.TEXT}
"""What is known of every step that stands before, whether it ran or not."""
APPROVAL_RESULT: Mapping[str, ValueType] = {
    "decision": ValueType.TEXT,
    "granted": ValueType.BOOLEAN,
    "by": ValueType.LIST,
}
ASK_RESULT: Mapping[str, ValueType] = {"answered": ValueType.BOOLEAN, "by": ValueType.TEXT}


@dataclass(frozen=True)
class World:
    """What there is to use: the actions, and the other playbooks."""

    actions: Mapping[str, ActionSpec]
    playbooks: Mapping[str, Playbook]


def fields_of(step: Step, world: World) -> Mapping[str, ValueType] | None:
    """Return the fields of a step's result; None where they aren't known."""
    match step:
        case RunStep():
            inner = world.playbooks.get(step.run)
            return None if inner is None else dict.fromkeys(inner.outputs, ValueType.ANY)
        case ActionStep():
            spec = world.actions.get(step.uses)
            return None if spec is None else spec.gives
        case ApprovalStep():
            return APPROVAL_RESULT
        case AskStep():
            return {**{name: _answer_type(one) for name, one in step.ask.answers.items()}, **ASK_RESULT}
        case WaitStep() if step.wait.event is not None:
            return {"happened": ValueType.BOOLEAN, "event": ValueType.ANY}
        case WaitStep() if step.wait.webhook is not None:
            return {"happened": ValueType.BOOLEAN, "payload": ValueType.ANY}
        case UndoStep():
            return {"detail": ValueType.TEXT}
        case ForeachStep():
            return {"count": ValueType.INTEGER, "results": ValueType.LIST}
        case SwitchStep():
            return {"case": ValueType.TEXT}
    return {}


def _answer_type(field: AnswerField) -> ValueType:
    return ValueType.TEXT if field.type in ("choice", "date") else ValueType(field.type)


@dataclass(frozen=True)
class Known:
    """A step that an expression may refer to."""

    fields: Mapping[str, ValueType] | None
    doubt: str = ""
    """Why it may have no result; empty where it has one for sure."""
    condition: str = ""
    """Its own ``if``, where that is the doubt."""


@dataclass(frozen=True)
class Scope:
    """What is known at one place of a playbook."""

    inputs: Mapping[str, Input]
    every: frozenset[str]
    """Ids of all steps of the playbook."""
    broken: frozenset[str]
    steps: Mapping[str, Known] = field(default_factory=dict)
    variables: frozenset[str] = frozenset()
    conditions: tuple[str, ...] = ()
    """The ``if`` texts that hold here."""
    asked: frozenset[str] = frozenset()
    """Steps that those conditions ask about."""
    asked_inputs: frozenset[str] = frozenset()
    """Inputs that those conditions ask about."""

    def with_steps(self, steps: Mapping[str, Known]) -> Scope:
        return replace(self, steps={**self.steps, **steps})

    def doubt(self, reference: Reference) -> tuple[str, str] | None:
        """Return (what is wrong with a reference, what to write instead), None where it is right."""
        match reference.path:
            case ("incident", *rest):
                return _incident_doubt(tuple(rest))
            case ("inputs", *rest):
                return _part_doubt("inputs", rest, self.inputs)
            case ("playbook", *rest):
                return _part_doubt("playbook", rest, {"name"})
            case ("steps", *rest):
                return self._step_doubt(tuple(rest), reference)
            case (root, *_) if root in self.variables:
                return None
        roots = {"incident", "inputs", "steps", "playbook", *self.variables}
        for kind, names in (("inputs", self.inputs), ("steps", self.every)):
            if reference.path[0] in names:
                return f"there is no {reference.path[0]!r} here", f"write {kind}.{reference}"
        return f"there is no {reference.path[0]!r} here", did_you_mean(reference.path[0], roots)

    def may_be_none(self, reference: Reference) -> bool:
        """Whether a reference is an input that may be left out, and no ``if`` asks about it."""
        match reference.path:
            case ("inputs", name) if (given := self.inputs.get(name)) is not None:
                may = not given.required and given.default is None and given.type is not ValueType.LIST
                return may and not reference.optional and name not in self.asked_inputs
        return False

    def type_of(self, reference: Reference) -> ValueType | None:
        """Return the type of what a (right) reference reads, None where that isn't known."""
        match reference.path:
            case ("incident", "entities", _):
                return ValueType.LIST
            case ("incident", name):
                return INCIDENT_FIELDS.get(name)
            case ("inputs", name):
                return self.inputs[name].type if name in self.inputs else None
            case ("steps", step, name):
                if name in ALWAYS:
                    return ALWAYS[name]
                known = self.steps.get(step)
                return known.fields.get(name) if known is not None and known.fields is not None else None
        return None

    def _step_doubt(self, rest: tuple[str, ...], reference: Reference) -> tuple[str, str] | None:
        if not rest:
            return "steps itself is no value", "name a step and a field: steps.who.country"
        name = rest[0]
        if name in self.broken:
            return None
        if name not in self.steps:
            if name in self.every:
                return f"step {name!r} has not run yet here", "refer only to steps that stand before this one"
            return f"there is no step {name!r}", did_you_mean(name, self.steps)
        known = self.steps[name]
        if len(rest) > 1 and known.fields is not None:
            fields = {**known.fields, **ALWAYS}
            if rest[1] not in fields:
                return f"step {name!r} gives no {rest[1]!r}", did_you_mean(rest[1], fields)
        sure = reference.optional or (len(rest) > 1 and rest[1] in ALWAYS)
        guarded = name in self.asked or (known.condition != "" and known.condition in self.conditions)
        if known.doubt and not sure and not guarded:
            stand_in = "" if len(rest) == 1 else f", or give a stand-in: {reference} | default('…')"
            return (
                f"step {name!r} may have no result here: {known.doubt}",
                f"ask first, if: \"{{{{ steps.{name}.outcome == 'succeeded' }}}}\"{stand_in}",
            )
        return None


def _incident_doubt(rest: tuple[str, ...]) -> tuple[str, str] | None:
    if not rest:
        return "incident itself is no value", "name a field: incident.id"
    if doubt := _part_doubt("incident", rest, INCIDENT_FIELDS):
        return doubt
    if rest[0] == "entities":
        return _part_doubt("incident.entities", rest[1:], {kind.value for kind in EntityKind})
    return None


def _part_doubt(
    of: str, rest: list[str] | tuple[str, ...], known: Mapping[str, object] | set[str]
) -> tuple[str, str] | None:
    if not rest:
        return f"{of} itself is no value", f"name one: {did_you_mean('', known)}"
    if rest[0] not in known:
        return f"there is no {of}.{rest[0]}", did_you_mean(rest[0], known) or f"{of} has none"
    return None


_SHAPES: Mapping[ValueType, str] = {
    ValueType.INTEGER: "whole number",
    ValueType.DURATION: "whole number",
    ValueType.NUMBER: "number",
    ValueType.BOOLEAN: "true or false",
    ValueType.LIST: "list",
}
_VAGUE = frozenset({ValueType.TEXT, ValueType.ENUM})
_EITHER = frozenset({ValueType.HOST, ValueType.IP, ValueType.DOMAIN})


def fits(given: ValueType, wanted: ValueType) -> bool:
    """Return whether a value of one type may be one of another; what only the value can tell may."""
    if ValueType.ANY in (given, wanted) or given is wanted:
        return True
    shape, expected = _SHAPES.get(given, "text"), _SHAPES.get(wanted, "text")
    if shape != expected:
        return (shape, expected) == ("whole number", "number")
    if shape != "text" or given in _VAGUE or wanted in _VAGUE:
        return True
    return {given, wanted} <= _EITHER


def entity_type(kind: str) -> ValueType | None:
    """Return the type of an entity kind's values, None where there is no such kind."""
    return ENTITY_TYPES[EntityKind(kind)] if kind in set(EntityKind) else None
