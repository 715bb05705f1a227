"""The engine: what a playbook does, as a pure generator of commands.

    engine = run(playbook, facts, inputs, catalogue)
    commands = next(engine)                     # the first commands
    commands = engine.send(Completed(...))      # new ones, () while others are pending
    commands = engine.send(Cancel(by="alice"))  # (): it ends once what is pending has
    StopIteration.value                         # the RunResult

How a run goes:
- Steps run in order. A step that fails ends the run: what is left is skipped, ``finally`` runs, the
  run is ``failed``. ``on_error: continue`` goes on with ``steps.ID.error``; ``on_error: [steps]``
  runs those instead.
- An approval renders every action that it would release and asks for exactly these; a containment
  is rendered again when it is reached and must be the same, else it is refused.
- An approval that was not granted releases nothing. The containments that it names are skipped,
  and so is every later step that reads a result which is missing for that reason; steps that don't
  depend on it run, so that people are told. Such a run ends ``denied``.
- A containment without a granted approval of its own, and not automatic, never becomes a command,
  whatever else happened.
- ``ask`` gets data from people; where nobody answers, its defaults count, or what needs an answer is
  skipped as above. ``undo`` lifts a containment of this run; ``wait`` waits for time, an event, a webhook.
- ``run`` runs another playbook inside, its steps named ``STEP.ID``; denied inside is denied here.
- Branches of ``parallel`` and items of ``foreach`` end on their own: one that fails doesn't stop the
  others half way, and the step fails once all have ended.
- A `Cancel` may come at any moment. No step of the body begins then, whatever ``on_error`` says. Once what
  was under way has ended, what the run contained is lifted (`playbooks.cancelling`), and ``finally`` runs:
  there nobody is asked and nothing is contained any more. Such a run ends ``cancelled``.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from playbooks.actions import ActionKind, ActionSpec, RenderedAction
from playbooks.approvals import ask_about, digest_of, take_answer
from playbooks.asking import inquiry, take_data
from playbooks.cancelling import CANCELLED, Course
from playbooks.commands import (
    Call,
    Cancel,
    Command,
    Completed,
    Contain,
    Failed,
    Notify,
    Outcome,
    Release,
    RunResult,
    Succeeded,
    Trace,
    Wait,
)
from playbooks.expressions import ExpressionError, KeptError
from playbooks.facts import describe
from playbooks.inputs import inputs_of, matches, run_key, runs_of
from playbooks.kept import Kept, put_back
from playbooks.ledger import Ledger, Place, Status, StepError, told
from playbooks.rendering import MissingResultError, read, render, render_action, render_text
from playbooks.steps import (
    ActionStep,
    ApprovalStep,
    AskStep,
    ForeachStep,
    NotifyStep,
    ParallelStep,
    Playbook,
    RunStep,
    Step,
    SwitchStep,
    UndoStep,
    WaitStep,
)
from playbooks.strands import Fork, Strand, weave
from playbooks.waiting import await_command
from rules.incidents import IncidentFacts

__all__ = ["digest_of", "inputs_of", "matches", "run", "run_key", "runs_of"]


def run(
    playbook: Playbook,
    facts: IncidentFacts,
    inputs: Mapping[str, Any],
    catalogue: Mapping[str, ActionSpec],
    playbooks: Mapping[str, Playbook] | None = None,
) -> Generator[tuple[Command, ...], Completed | Cancel, RunResult]:
    """Run a playbook. `inputs` come from `inputs_of`; `catalogue` needs the actions it uses, and
    `playbooks` those that it runs, by name, and those that they run.

    Faults of the data (a value that is none, an action's failure) become records of the run; the
    generator raises only on a driver's fault, `playbooks.strands.UnexpectedOutcomeError`.
    """
    world = _World(facts, catalogue, playbooks or {})
    return weave(_Run(playbook, inputs, world, Ledger()).story(), world.course.stop)


@dataclass(frozen=True)
class _World:
    """What a run and those inside it share."""

    facts: IncidentFacts
    catalogue: Mapping[str, ActionSpec]
    playbooks: Mapping[str, Playbook]
    course: Course = field(default_factory=Course)


DEEPEST = 5
"""How many playbooks may run inside each other."""


class _Run:
    def __init__(
        self,
        playbook: Playbook,
        inputs: Mapping[str, Any],
        world: _World,
        books: Ledger,
        depth: int = 0,
        *,
        closing: bool = False,
    ) -> None:
        """`closing`: it runs inside another's ``finally``."""
        self._playbook = playbook
        self._world = world
        self._depth = depth
        self._closing = closing
        self._course = world.course
        self._context = {
            "incident": describe(world.facts),
            "inputs": dict(inputs),
            "playbook": {"name": playbook.name},
        }
        self._steps = {step.id: step for step in playbook.every_step}
        self._books = books

    def story(self) -> Strand:
        place = Place(results={}, closing=self._closing)
        good = yield from self._sequence(self._playbook.steps, place)
        finished = yield from self._close(replace(place, closing=True))
        if self._stopped(place):
            return self._books.cancelled(self._course.report())
        outputs = {}
        if good and finished:
            try:
                outputs = render(self._playbook.outputs, self._seen(place))
            except MissingResultError as missing:
                good = bool(self._books.why_withheld(missing.step, place))
                self._books.failure = f"outputs: {missing}"
            except ExpressionError as error:
                good, self._books.failure = False, f"outputs: {error}"
        return self._books.result(good=good and finished, outputs=outputs)

    def _close(self, place: Place) -> Generator[Any, Any, bool]:
        """Run what stands in ``finally``. Of a cancelled run that comes after the lifting, so those inside
        leave theirs to the outermost."""
        last = self._sequence(self._playbook.finally_, place)
        outermost = self._depth == 0
        if self._course.cancel is not None and not self._closing:
            if not outermost:
                self._course.closings.append(last)
                return True
            yield from self._course.sweep()
            for inner in self._course.closings:
                yield from inner
        finished = yield from last
        if outermost:  # it may have been cancelled only just now
            yield from self._course.sweep()
        return finished

    def _stopped(self, place: Place) -> bool:
        """Whether nothing begins here any more."""
        return self._course.cancel is not None and not place.closing

    def _barred(self, step: Step) -> str:
        """Why a step of the ``finally`` of a cancelled run does not run, empty where it does."""
        if self._course.cancel is None:
            return ""
        match step:
            case ApprovalStep() | AskStep():
                return f"nobody is asked any more: {CANCELLED}"
            case ActionStep() if self._kind(step) is ActionKind.CONTAINMENT:
                return f"nothing is contained any more: {CANCELLED}"
            case UndoStep() if self._course.cancel.keep:
                return "it stays, as was asked by who cancelled the run"
        return ""

    # --- steps in order -------------------------------------------------------------------------

    def _sequence(self, steps: Sequence[Step], place: Place) -> Generator[Any, Any, bool]:
        """Run steps one after the other; returns whether none of them failed."""
        for number, step in enumerate(steps):
            if self._stopped(place):
                return self._leave(steps[number:], place)
            good: bool = yield from self._step(step, place)
            if not good and self._stopped(place):
                return self._leave(steps[number + 1 :], place)
            if not good:
                for left in steps[number + 1 :]:
                    self._books.skip(left, place, f"{self._books.id_of(step, place)} failed before it")
                return False
        return True

    def _leave(self, steps: Sequence[Step], place: Place) -> bool:
        for step in steps:
            self._books.skip(step, place, CANCELLED, withheld=True)
        return False

    def _step(self, step: Step, place: Place) -> Generator[Any, Any, bool]:
        try:
            if step.if_ is not None and not self._holds(step, place):
                self._books.skip(step, place, "its if does not hold")
                return True
            if why := self._barred(step):
                self._books.skip(step, place, why, withheld=True)
                return True
            if isinstance(step, ActionStep) and (why := self._unreleased(step, place)):
                self._books.skip(step, place, why, withheld=True)
                return True
            good: bool = yield from self._perform(step, place)
            return good
        except MissingResultError as missing:
            if withheld := self._books.why_withheld(missing.step, place):
                self._books.skip(step, place, f"{missing.step} has no result: {withheld}", withheld=True)
                return True
            outcome = Failed(reason=str(missing))
        except ExpressionError as error:
            outcome = Failed(reason=_placed(step, error))
        except StepError as error:
            outcome = error.outcome
        good = yield from self._settle(step, place, outcome)
        return good

    def _perform(self, step: Step, place: Place) -> Generator[Any, Any, bool]:
        key = self._books.id_of(step, place)
        match step:
            case ActionStep():
                good: bool = yield from self._action(step, place)
                return good
            case ApprovalStep():
                yield from self._approve(step, place)
            case NotifyStep():
                text = render_text(step.notify.text, self._seen(place))
                outcome = yield Notify(id=key, tier=step.notify.tier, text=text)
                good = yield from self._settle(step, place, outcome)
                return good
            case AskStep():
                yield from self._inquire(step, place)
            case WaitStep():
                outcome = yield await_command(key, step, self._seen(place))
                good = yield from self._settle(step, place, outcome)
                return good
            case UndoStep():
                good = yield from self._release(step, place)
                return good
            case RunStep():
                yield from self._inner(step, place)
            case ParallelStep():
                branches = tuple(self._sequence(branch, place) for _, branch in step.blocks)
                ended: list[bool] = yield Fork(branches, len(branches))
                return self._gather(step, place, ended, {})
            case ForeachStep():
                good = yield from self._each(step, place)
                return good
            case SwitchStep():
                value: str = render_text(step.switch.value, self._seen(place))
                branch = step.switch.cases.get(value, step.switch.default)
                for _, other in step.blocks:
                    self._books.pass_by(other, place)
                good = yield from self._sequence(branch, place)
                return self._gather(step, place, [good], {"case": value})
        return True

    def _holds(self, step: Step, place: Place) -> bool:
        value = read(step.if_, self._seen(place))
        if not isinstance(value, bool):
            raise StepError(f"its if gave {value!r}, which is neither true nor false")
        return value

    # --- actions --------------------------------------------------------------------------------

    def _action(self, step: ActionStep, place: Place) -> Generator[Any, Any, bool]:
        attempts = step.retry.attempts if step.retry is not None else 1
        for attempt in range(1, attempts + 1):
            command = self._command(step, place, attempt)
            outcome: Outcome = yield command
            if not (isinstance(outcome, Failed) and outcome.kind in {"error", "timeout"}):
                self._remember(command, outcome)
                break
            if self._stopped(place):
                break
            if step.retry is not None and attempt < attempts:
                yield Wait(id=f"{self._books.id_of(step, place)}#pause{attempt}", seconds=step.retry.every)
                if self._stopped(place):
                    break
        good: bool = yield from self._settle(step, place, outcome)
        return good

    def _remember(self, command: Command, outcome: Outcome) -> None:
        """Keep what a cancellation will have to lift, or to tell of."""
        match command, outcome:
            case Contain(id=name), Succeeded(result={"id": containment}):
                self._course.applied(name, str(containment))
            case Call(id=name, action=action, lookup=False), Succeeded():
                self._course.changes.append(Trace(step=name.partition("#")[0], what=action))

    def _kind(self, step: ActionStep) -> ActionKind | None:
        spec = self._world.catalogue.get(step.uses)
        return spec.kind if spec is not None else None

    def _command(self, step: ActionStep, place: Place, attempt: int) -> Command:
        spec = self._spec(step)
        action = self._rendered(step, place)
        if spec.kind is ActionKind.CONTAINMENT:
            return self._contain(step, place, action)
        key = self._books.id_of(step, place) + (f"#{attempt}" if attempt > 1 else "")
        lookup = spec.kind is ActionKind.LOOKUP
        return Call(id=key, action=step.uses, params=action.params, lookup=lookup, seconds=step.timeout)

    def _contain(self, step: ActionStep, place: Place, action: RenderedAction) -> Contain:
        approval = None
        if step.automatic is None:
            approved, approval = self._books.granted[step.id + place.suffix]
            if approved != action:
                raise StepError("what it would do now is not what was approved", "refused")
        return Contain(
            id=self._books.id_of(step, place),
            action=action,
            digest=digest_of((action,)),
            approval=approval,
            max_per_hour=step.automatic.max_per_hour if step.automatic is not None else None,
            override=step.override or "",
        )

    def _rendered(self, step: ActionStep, place: Place) -> RenderedAction:
        name = self._books.id_of(step, place)
        return render_action(step, self._spec(step), self._seen(place), name)

    def _spec(self, step: ActionStep) -> ActionSpec:
        if step.uses not in self._world.catalogue:
            raise StepError(f"there is no action {step.uses}")
        return self._world.catalogue[step.uses]

    def _unreleased(self, step: ActionStep, place: Place) -> str:
        """Why a containment may not run, empty where it may."""
        if step.automatic is not None or self._spec(step).kind is not ActionKind.CONTAINMENT:
            return ""
        key = step.id + place.suffix
        return (
            ""
            if key in self._books.granted
            else self._books.withheld.get(key, "no approval was asked for it")
        )

    # --- people ---------------------------------------------------------------------------------

    def _approve(self, step: ApprovalStep, place: Place) -> Generator[Any, Any, None]:
        actions = []
        for name in step.approval.releases:
            released = self._steps[name]
            assert isinstance(released, ActionStep)
            try:
                actions.append(self._rendered(released, place))
            except MissingResultError:
                raise
            except ExpressionError as error:
                raise StepError(f"{name} can't be asked about: {_placed(released, error)}") from error
        question = render_text(step.approval.question, self._seen(place))
        ask = ask_about(self._books.id_of(step, place), step, question, actions)
        outcome: Outcome = yield ask
        take_answer(self._books, step, place, ask, outcome)

    def _inquire(self, step: AskStep, place: Place) -> Generator[Any, Any, None]:
        asked = inquiry(
            self._books.id_of(step, place), step, render_text(step.ask.question, self._seen(place))
        )
        outcome: Outcome = yield asked
        take_data(self._books, step, place, asked, outcome)

    def _release(self, step: UndoStep, place: Place) -> Generator[Any, Any, bool]:
        """Lift what a step of this run applied; nothing to lift is no failure."""
        applied = place.results.get(step.undo, {})
        if applied.get("outcome") != "succeeded" or not applied.get("id"):
            self._books.skip(step, place, f"{step.undo} applied nothing")
            return True
        if self._course.swept and not self._course.holds(str(applied["id"])):
            self._books.skip(step, place, f"it was lifted already: {CANCELLED}")
            return True
        target = self._steps[step.undo]
        outcome: Outcome = yield Release(
            id=self._books.id_of(step, place),
            step=self._books.id_of(target, place),
            containment=str(applied["id"]),
        )
        if isinstance(outcome, Succeeded):
            self._course.released(str(applied["id"]))
        good: bool = yield from self._settle(step, place, outcome)
        return good

    # --- another playbook -----------------------------------------------------------------------

    def _inner(self, step: RunStep, place: Place) -> Generator[Any, Any, None]:
        """Run another playbook. Denied within is denied here: what reads its outputs is skipped."""
        playbook = self._world.playbooks.get(step.run)
        if playbook is None:
            raise StepError(f"there is no playbook {step.run!r}")
        if self._depth >= DEEPEST:
            raise StepError(f"playbooks run each other more than {DEEPEST} deep")
        given = render(step.with_, self._seen(place))
        inputs, faults = inputs_of(playbook, self._world.facts, given)
        if faults:
            raise StepError(f"{step.run} can't run: {'; '.join(faults)}")
        key = self._books.id_of(step, place)
        books = self._books.inner(f"{key}.")
        inner = _Run(playbook, inputs, self._world, books, self._depth + 1, closing=place.closing)
        result: RunResult = yield from inner.story()
        if result.status == "failed":
            raise StepError(result.reason)
        if result.status == "cancelled":
            raise StepError(result.reason, "cancelled")
        if result.status == "denied":
            self._books.refused = self._books.refused or result.reason
            self._books.withheld[step.id + place.suffix] = result.reason
        status: Status = "denied" if result.status == "denied" else "succeeded"
        self._books.record(step, place, status, result.reason, result.outputs)

    # --- many at once ---------------------------------------------------------------------------

    def _each(self, step: ForeachStep, place: Place) -> Generator[Any, Any, bool]:
        loop = step.foreach
        items = render(loop.in_, self._seen(place))
        if isinstance(items, Kept):
            read(loop.in_, self._seen(place))
        if not isinstance(items, list):
            raise StepError(f"foreach needs a list, it got {str(items)[:80]!r}")
        if len(items) > loop.max:
            raise StepError(f"foreach got {len(items)} items, at most {loop.max} are allowed (max)")
        places = [
            replace(
                place,
                results=dict(place.results),
                variables={**place.variables, loop.as_: item, "index": index},
                suffix=f"{place.suffix}[{index}]",
            )
            for index, item in enumerate(items)
        ]
        branches = tuple(self._sequence(loop.steps, inner) for inner in places)
        ended: list[bool] = yield Fork(branches, loop.concurrency)
        inside = [inner.id for inner in loop.steps]
        results = [{name: inner.results.get(name, {}) for name in inside} for inner in places]
        return self._gather(step, place, ended, {"count": len(items), "results": results})

    def _gather(self, step: Step, place: Place, ended: Sequence[bool], result: dict[str, Any]) -> bool:
        failed = ended.count(False)
        if failed and self._stopped(place):
            return self._books.stop(step, place, CANCELLED, result)
        if failed:
            what = "it" if len(ended) == 1 else f"{failed} of {len(ended)}"
            return self._books.fail(step, place, f"{what} failed: {self._books.failure}", "error", result)
        self._books.record(step, place, "succeeded", "", result)
        return True

    # --- what became of a step ------------------------------------------------------------------

    def _settle(self, step: Step, place: Place, outcome: Outcome) -> Generator[Any, Any, bool]:
        """Take a step's outcome, with what ``on_error`` says about a failure; returns whether to go on."""
        for _, instead in step.blocks:
            self._books.pass_by(instead, place)
        if isinstance(outcome, Succeeded):
            result = outcome.result
            if outcome.kept:
                result = put_back(result, outcome.kept, f"steps.{step.id}")
            self._books.record(step, place, "succeeded", "", result)
            return True
        failed = outcome if isinstance(outcome, Failed) else Failed(reason="a decision is no result")
        if failed.kind == "cancelled" and self._course.cancel is not None:
            return self._books.stop(step, place, failed.reason)
        if not isinstance(step, ActionStep) or step.on_error == "fail":
            return self._books.fail(step, place, failed.reason, failed.kind)
        said = told(failed.reason, failed.kind)
        self._books.record(step, place, "failed", said, {"error": said})
        if isinstance(step.on_error, tuple):
            good: bool = yield from self._sequence(step.on_error, place)
            return good
        return True

    def _seen(self, place: Place) -> dict[str, Any]:
        """What an expression may read here."""
        return {**self._context, "steps": place.results, **place.variables}


def _placed(step: Step, error: ExpressionError) -> str:
    """Return an error of a step's expression, with its place where it is about a value kept elsewhere."""
    place = step.place_of(error.source) if isinstance(error, KeptError) else ""
    return f"{place}: {error}" if place else str(error)
