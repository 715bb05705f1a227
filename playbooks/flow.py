"""The ways a playbook can go: each step with what is known where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from playbooks.expressions import ExpressionError, parse_template
from playbooks.scope import Known, Scope, World, fields_of
from playbooks.steps import ActionStep, ForeachStep, ParallelStep, Playbook, Step, SwitchStep


@dataclass(frozen=True)
class Visit:
    """One step on its way."""

    step: Step
    scope: Scope
    """What is known before it."""
    after: Scope
    """What is known after it, where it ran as it should."""
    block: tuple[str, ...]
    """The lists of steps that it stands in, outermost first: ``each/steps``."""

    def inside(self, other: Visit) -> bool:
        """Whether this step stands in the same list of steps as the other, or deeper within it.

        Not deeper in a ``foreach``: there it would be many steps, and the other only one.
        """
        depth = len(other.block)
        return self.block[:depth] == other.block and not any(
            name.endswith("/foreach") for name in self.block[depth:]
        )


def walk(
    playbook: Playbook, world: World, broken: frozenset[str], unnamed: frozenset[str] = frozenset()
) -> Iterator[Visit]:
    """Yield every step in the order of the file. Steps that are `broken` may be referred to, those that are
    `unnamed` can't be."""
    every = frozenset(step.id for step in playbook.every_step) - unnamed
    scope = Scope(inputs=playbook.inputs, every=every, broken=broken)
    last = scope
    for visit in _walk(playbook.steps, scope, (), world):
        yield visit
        if not visit.block:
            last = visit.after
    doubtful = last.with_steps(
        {name: _doubted(known, "finally runs however it went") for name, known in last.steps.items()}
    )
    yield from _walk(playbook.finally_, doubtful, ("finally",), world)


def _walk(steps: tuple[Step, ...], scope: Scope, block: tuple[str, ...], world: World) -> Iterator[Visit]:
    for step in steps:
        within = _asking(scope, step)
        gained: dict[str, Known] = {}
        inner: list[Visit] = []
        for name, branch in step.blocks:
            kind = "foreach" if isinstance(step, ForeachStep) else name
            start = within
            if isinstance(step, ForeachStep):
                start = replace(within, variables=within.variables | {step.foreach.as_, "index"})
            elif isinstance(step, ActionStep):
                failed = Known(fields_of(step, world), f"it failed when {name} runs")
                start = within.with_steps({step.id: failed})
            visits = list(_walk(branch, start, (*block, f"{step.id}/{kind}"), world))
            inner += visits
            if visits and not isinstance(step, ForeachStep):
                last = [visit for visit in visits if len(visit.block) == len(block) + 1][-1]
                gained |= {key: known for key, known in last.after.steps.items() if key not in start.steps}
        if not isinstance(step, ParallelStep):
            why = (
                "only one case runs"
                if isinstance(step, SwitchStep)
                else f"it runs only when {step.id} failed"
            )
            gained = {key: _doubted(known, why) for key, known in gained.items()}
        if step.if_ is not None:
            gained = {key: _doubted(known, f"{step.id} has an if") for key, known in gained.items()}
        gained[step.id] = _known(step, world)
        scope = scope.with_steps(gained)
        yield Visit(step, within, scope, block)
        yield from inner


def _asking(scope: Scope, step: Step) -> Scope:
    """The scope of a step whose own ``if`` holds."""
    if not isinstance(step.if_, str):
        return scope
    try:
        references = parse_template(step.if_).references
    except ExpressionError:
        return scope
    asked = {
        ref.path[1]
        for ref in references
        if ref.path[0] == "steps" and len(ref.path) > 1 and (ref.optional or ref.path[2:3] == ("outcome",))
    }
    inputs = {ref.path[1] for ref in references if ref.path[0] == "inputs" and len(ref.path) > 1}
    return replace(
        scope,
        conditions=(*scope.conditions, step.if_),
        asked=scope.asked | asked,
        asked_inputs=scope.asked_inputs | inputs,
    )


def _known(step: Step, world: World) -> Known:
    doubt, condition = "", ""
    if step.if_ is not None:
        doubt, condition = "it has an if", str(step.if_)
    if isinstance(step, ActionStep) and step.on_error != "fail":
        doubt, condition = "it goes on when it fails", ""
    return Known(fields_of(step, world), doubt, condition)


def _doubted(known: Known, why: str) -> Known:
    return known if known.doubt else replace(known, doubt=why)
