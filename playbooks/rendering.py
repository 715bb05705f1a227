"""From a step as written to a command's values: expressions evaluated, types parsed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playbooks.actions import ActionKind, ActionSpec, RenderedAction, ValueType
from playbooks.expressions import ExpressionError, KeptError, parse_template
from playbooks.filters import show
from playbooks.kept import find_kept
from playbooks.steps import UNTIL_RELEASED, ActionStep
from playbooks.values import parse_parameters, parse_value


class MissingResultError(ExpressionError):
    """An expression reads a result of a step that has none."""

    def __init__(self, step: str, reference: str) -> None:
        super().__init__(f"{reference} is not there: {step} has no result")
        self.step = step


def render(value: Any, context: Mapping[str, Any]) -> Any:
    """Return a value of YAML with every expression in it replaced by its value.

    Raises `ExpressionError`, as `MissingResultError` where a step read from did not succeed.
    """
    if isinstance(value, str):
        template = parse_template(value)
        results = context["steps"]
        for reference in template.references:
            match reference.path:
                case ("steps", step, field, *_) if not reference.optional and step in results:
                    if field not in results[step] and results[step]["outcome"] != "succeeded":
                        raise MissingResultError(step, str(reference))
        return value if template.constant else template.render(context)
    if isinstance(value, Mapping):
        return {key: render(inner, context) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [render(inner, context) for inner in value]
    return value


def render_text(value: str, context: Mapping[str, Any]) -> str:
    """Return a text for people; what is no Unicode in it becomes ``?``."""
    return show(read(value, context)).encode("utf-8", "replace").decode()


def read(value: Any, context: Mapping[str, Any]) -> Any:
    """Return a rendered value that is looked at here, and not handed on. Raises `KeptError` where it is kept
    elsewhere, or holds what is."""
    rendered = render(value, context)
    for found in find_kept(rendered):
        try:
            found.kept.refuse()
        except KeptError as error:
            raise error.in_(_text_about(value, found.kept.name)) from None
    return rendered


def _text_about(value: Any, name: str) -> str:
    """Return the text inside a value of YAML that names something."""
    if isinstance(value, str):
        return value
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    texts = [text for one in inner if (text := _text_about(one, name))]
    return next((text for text in texts if name in text), texts[0] if texts else "")


def render_action(
    step: ActionStep, spec: ActionSpec, context: Mapping[str, Any], name: str
) -> RenderedAction:
    """Return a step's action, under its `name` in the run, all parameters rendered and parsed.

    Raises `ExpressionError` in words, also for a value that is not of its parameter's type, and for a
    containment's that is kept elsewhere: people approve what they can read.
    """
    given = (read if spec.kind is ActionKind.CONTAINMENT else render)(step.with_, context)
    try:
        params = parse_parameters(spec.parameters, given)
        seconds = None
        if step.for_ is not None and step.for_ != UNTIL_RELEASED:
            seconds = parse_value(ValueType.DURATION, read(step.for_, context))
    except ValueError as error:
        raise ExpressionError(str(error)) from error
    return RenderedAction(
        step=name, action=step.uses, params=params, target=target_of(spec, params), seconds=seconds
    )


def widened(spec: ActionSpec, params: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a containment in force, with the places that another request names besides."""
    name = spec.widens
    if name is None or not (here := params.get(name)):
        return dict(params)
    there = asked.get(name)
    return {**params, name: list(dict.fromkeys([*here, *there])) if there else None}


def differences(spec: ActionSpec, params: Mapping[str, Any], asked: Mapping[str, Any]) -> tuple[str, ...]:
    """Return in words what of another request a containment in force is not: it can't stand for that one.

    The target, its place and where it is applied are its identity or can be widened; the connection is looked
    at where the action goes by more than one.
    """
    known = {spec.target, spec.place, spec.widens} | ({"connection"} if spec.widens is None else set())
    return tuple(
        f"{one.name} is {show(params.get(one.name))}, not {show(asked.get(one.name))}"
        for one in spec.parameters
        if one.name not in known and not one.manner and params.get(one.name) != asked.get(one.name)
    )


def target_of(spec: ActionSpec, params: Mapping[str, Any]) -> str | None:
    """Return what a containment hits, as its identity has it, None where nothing is named."""
    if spec.target is None or (hit := params.get(spec.target)) is None:
        return None
    where = spec.parameter(spec.place or "")
    if where is None or (where.default is not None and params.get(where.name) == where.default):
        return show(hit)
    word = "on" if where.type is ValueType.HOST else "in"
    return f"{show(hit)} {word} {show(params.get(where.name))}"
