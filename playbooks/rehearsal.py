"""Rehearsals: a playbook's own ``tests`` run on the real engine, with outcomes that the test gives.

Nothing is called and nothing waits: an approval is answered by the test, an action by its given
result, or by one made up from what its spec promises. So a hundred playbooks rehearse in seconds.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from playbooks.actions import ActionSpec, ValueType
from playbooks.cases import Case
from playbooks.commands import (
    Ask,
    Await,
    Call,
    Cancel,
    Command,
    Completed,
    Contain,
    Decided,
    Failed,
    Inquire,
    Notify,
    Outcome,
    Release,
    RunResult,
    Succeeded,
    Wait,
    ends_at_once,
)
from playbooks.engine import inputs_of, matches, run
from playbooks.kept import TooLargeError, set_aside
from playbooks.steps import ApprovalStep, AskStep, Playbook
from rules.entities import Entity, unique
from rules.incidents import IncidentFacts

WHEN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""When every rehearsed incident happens."""
REHEARSED = "inc-rehearse"
"""The id of its incident."""
MOST_COMMANDS = 5_000


@dataclass(frozen=True)
class Rehearsed:
    """How one rehearsal went."""

    case: str
    faults: tuple[str, ...]
    """What was not as the test expects, in words; empty where it passed."""
    result: RunResult | None = None
    """None where nothing was run."""
    commands: tuple[Command, ...] = ()
    """What the run asked for, in order."""

    @property
    def passed(self) -> bool:
        return not self.faults


@dataclass(frozen=True)
class Coverage:
    """Which ways of a playbook its tests went."""

    missing: tuple[str, ...]
    """What no test reaches, in words: ``block succeeds``, ``ask is denied``."""
    ways: int
    """How many branches there are in all."""

    def __str__(self) -> str:
        left = f"; no test where {', '.join(self.missing)}" if self.missing else ""
        return f"{self.ways - len(self.missing)} of {self.ways} branches rehearsed{left}"


def rehearse(
    playbook: Playbook,
    case: Case,
    catalogue: Mapping[str, ActionSpec],
    playbooks: Mapping[str, Playbook] | None = None,
) -> Rehearsed:
    """Run one of a playbook's tests. Never raises: what goes wrong is a fault of the rehearsal."""
    facts = incident_of(case)
    starts = matches(playbook, facts)
    by_hand = playbook.on.incident is None and playbook.on.alert is None
    if not by_hand and starts is not case.expect.starts:
        words = "does not start for this incident" if case.expect.starts else "starts for this incident"
        return Rehearsed(case.name, (f"the playbook {words}",))
    if not case.expect.starts:
        return Rehearsed(case.name, ())
    inputs, faults = inputs_of(playbook, facts, case.inputs, payload=case.payload)
    if faults:
        return Rehearsed(case.name, tuple(faults))
    stage = _Stage(case, catalogue, playbooks or {})
    result = stage.play(playbook, facts, inputs)
    said = [*stage.faults, *_compare(case, result, stage.commands)]
    return Rehearsed(case.name, tuple(said), result, tuple(stage.commands))


def rehearse_all(
    playbook: Playbook,
    catalogue: Mapping[str, ActionSpec],
    playbooks: Mapping[str, Playbook] | None = None,
) -> tuple[Rehearsed, ...]:
    return tuple(rehearse(playbook, case, catalogue, playbooks) for case in playbook.tests)


def incident_of(case: Case) -> IncidentFacts:
    """Return the incident of a rehearsal: what the test says, the rest the same each time."""
    given = case.incident
    named = (Entity.parse(f"{kind.value}:{value}") for kind, some in given.entities.items() for value in some)
    return IncidentFacts(
        id=REHEARSED,
        title=given.title,
        severity=given.severity,
        rules=given.rules,
        alerts=("alr-rehearse",),
        entities=unique(named),
        attack=given.attack,
        tags=given.tags,
        summary=given.summary,
        first=WHEN,
        last=WHEN + timedelta(minutes=5),
        opened=WHEN + timedelta(minutes=5),
    )


@dataclass
class _Stage:
    """Answers the commands of one rehearsal."""

    case: Case
    catalogue: Mapping[str, ActionSpec]
    playbooks: Mapping[str, Playbook]
    commands: list[Command] = field(default_factory=list)
    waiting: list[Command] = field(default_factory=list)
    """Those that are not answered yet."""
    faults: list[str] = field(default_factory=list)
    attempts: dict[str, int] = field(default_factory=dict)

    def play(self, playbook: Playbook, facts: IncidentFacts, inputs: Mapping[str, Any]) -> RunResult | None:
        engine = run(playbook, facts, inputs, self.catalogue, self.playbooks)
        try:
            self._take(next(engine))
            while len(self.commands) < MOST_COMMANDS:
                command = self.waiting.pop(0)
                given = self._given(command)
                if _cancels(given):
                    given = self._cancel(engine, command, given)
                if given is not ENDED:
                    self._take(engine.send(Completed(id=command.id, outcome=self.answer(command, given))))
        except StopIteration as stop:
            result: RunResult = stop.value
            return result
        self.faults.append(f"the run asked for more than {MOST_COMMANDS:,} things")
        return None

    def _take(self, new: Iterable[Command]) -> None:
        self.commands += new
        self.waiting += new

    def _cancel(self, engine: Engine, command: Command, given: Any) -> Any:
        """Cancel the run while a command is under way; returns what that one is answered with, `ENDED` where
        the cancellation has ended it."""
        keep = given != CANCELLED and given["cancelled"] == "keep"
        if given != CANCELLED and not keep:
            self.faults.append(f"given.{command.id}: write cancelled, or {{cancelled: keep}}")
        cancel = Cancel(by="U0REHEARSE", reason="rehearsed", keep=keep)
        open_now, self.waiting = [command, *self.waiting], []
        self._take(engine.send(cancel))
        ended = Failed(reason=cancel.said, kind="cancelled")
        for one in open_now:
            if ends_at_once(one):
                self._take(engine.send(Completed(id=one.id, outcome=ended)))
            elif one is not command:
                self.waiting.append(one)
        return ENDED if ends_at_once(command) else None

    def answer(self, command: Command, given: Any) -> Outcome:
        if isinstance(command, Ask):
            return self._decision(command, given)
        if isinstance(command, Inquire):
            return self._answer(command, given)
        failure = _failure(given)
        if failure is not None:
            return failure
        if given is not None and not isinstance(given, Mapping):
            self.faults.append(f"given.{command.id}: {given!r} is no result: write a mapping of fields")
            return Succeeded()
        return self._succeeded(command, {**self._made_up(command), **(given or {})})

    def _succeeded(self, command: Command, result: dict[str, Any]) -> Outcome:
        """As a run has it: by reference what is large."""
        if not isinstance(command, Call):
            return Succeeded(result=result)
        try:
            left, kept = set_aside(result, "res-rehearse")
        except TooLargeError as error:
            return Failed(reason=f"{command.action} answered with {error}")
        except ValueError:  # no JSON, by a lone surrogate: the engine says what it thinks of that
            return Succeeded(result=result)
        return Succeeded(result=left, kept=kept)

    def _given(self, command: Command) -> Any:
        """What the test says of a command: by its whole id (``block[1]``), else by its step's."""
        if isinstance(command, Release) and command.cancelled:
            return self.case.given.get(command.id)
        whole = command.id.partition("#")[0]
        given = self.case.given.get(whole, self.case.given.get(whole.partition("[")[0]))
        if isinstance(given, list):
            attempt = self.attempts[whole] = self.attempts.get(whole, 0) + (not isinstance(command, Wait))
            return given[min(attempt, len(given)) - 1] if given and attempt else None
        return given

    def _decision(self, ask: Ask, given: Any) -> Outcome:
        if (failure := _failure(given)) is not None:
            return failure
        if given not in ("granted", "denied", "expired"):
            self.faults.append(
                f"the test does not answer {ask.id}: write given: {{{ask.id}: granted}} (or denied, expired)"
            )
            given = "expired"
        by = () if given == "expired" else ("U0REHEARSE",)
        return Decided(decision=given, digest=ask.digest, by=by, at=WHEN + timedelta(minutes=6))

    def _answer(self, asked: Inquire, given: Any) -> Outcome:
        if (failure := _failure(given)) is not None:
            return failure
        if given == "expired":
            return Decided(decision="expired", digest="")
        if not isinstance(given, Mapping):
            names = ", ".join(f"{field.name}: …" for field in asked.fields)
            self.faults.append(
                f"the test does not answer {asked.id}: write given: {{{asked.id}: {{{names}}}}}"
            )
            return Decided(decision="expired", digest="")
        return Succeeded(result={"by": "U0REHEARSE", **given})

    def _made_up(self, command: Command) -> dict[str, Any]:
        match command:
            case Call():
                returns = self.catalogue[command.action].returns
                return {name: MADE_UP[kind] for name, kind in returns.items()}
            case Contain():
                seconds = command.action.seconds
                until = None if seconds is None else WHEN + timedelta(minutes=6, seconds=seconds)
                return {
                    "id": "blk-rehearse",
                    "until": until.isoformat() if until is not None else None,
                    "detail": "rehearsed",
                }
            case Release():
                return {"detail": "rehearsed"}
            case Await():
                return {"happened": True, **({"event": {}} if command.event is not None else {"payload": {}})}
        return {}


CANCELLED = "cancelled"
ENDED = object()
"""In place of a command's outcome: it has ended already."""
Engine: TypeAlias = Generator[tuple[Command, ...], Completed | Cancel, RunResult]


def _cancels(given: Any) -> bool:
    """Whether a test cancels the run here."""
    return given == CANCELLED or (isinstance(given, Mapping) and list(given) == [CANCELLED])


MADE_UP: Mapping[ValueType, Any] = {
    ValueType.TEXT: "something",
    ValueType.INTEGER: 1,
    ValueType.NUMBER: 1.5,
    ValueType.BOOLEAN: True,
    ValueType.IP: "192.0.2.1",
    ValueType.DOMAIN: "example.org",
    ValueType.URL: "https://example.org/",
    ValueType.USER: "alice",
    ValueType.HOST: "web-1",
    ValueType.HASH: "0" * 64,
    ValueType.DURATION: 60,
    ValueType.ENUM: "something",
    ValueType.LIST: [],
    ValueType.ANY: "something",
}
"""Results of calls that a test says nothing about."""


def _failure(given: Any) -> Failed | None:
    if isinstance(given, Mapping) and len(given) == 1:
        for kind in ("error", "timeout", "refused"):
            if kind in given:
                return Failed.model_validate({"reason": str(given[kind]), "kind": kind})
    return None


def _compare(case: Case, result: RunResult | None, commands: Sequence[Command]) -> Iterator[str]:
    if result is None:
        return
    expect = case.expect
    if expect.status is not None and result.status != expect.status:
        why = f": {result.reason}" if result.reason else ""
        yield f"expected the run to end {expect.status}, it ended {result.status}{why}"
    ran = tuple(step.id for step in result.steps if step.status != "skipped")
    if expect.path is not None and ran != expect.path:
        yield f"expected the path {_way(expect.path)}, it went {_way(ran)}"
        yield from _detours(expect.path, ran, result)
    if expect.reason is not None and expect.reason not in result.reason:
        yield f"expected the reason to hold {expect.reason!r}, it is {result.reason!r}"
    if expect.lifted is not None:
        lifted = tuple(one.step for one in result.cancelled.lifted) if result.cancelled else ()
        if lifted != expect.lifted:
            yield f"expected {_some(expect.lifted)} to be lifted, it was {_some(lifted)}"
    by_id = {command.id: command for command in commands}
    for step, params in expect.actions.items():
        command = by_id.get(step)
        rendered = _params(command)
        if rendered is None:
            yield f"{step} was never called"
            continue
        for name, value in params.items():
            if rendered.get(name) != value:
                yield f"expected {step} to be called with {name}: {value!r}, it was {rendered.get(name)!r}"
    for step, piece in expect.says.items():
        command = by_id.get(step)
        text = command.text if isinstance(command, Notify) else getattr(command, "question", None)
        if text is None:
            yield f"{step} said nothing"
        elif piece not in text:
            yield f"expected {step} to say {piece!r}, it said {text!r}"


def _detours(expected: Iterable[str], ran: Iterable[str], result: RunResult) -> Iterator[str]:
    """Say why steps that were expected did not run, and of the others which failed."""
    for step in result.steps:
        if step.status == "skipped" and step.id in expected:
            yield f"{step.id} was skipped: {step.detail}"
        elif step.status == "failed" and step.id in ran:
            yield f"{step.id} failed: {step.detail}"


def _params(command: Command | None) -> Mapping[str, Any] | None:
    match command:
        case Call():
            return command.params
        case Contain():
            return {**command.action.params, "for": command.action.seconds}
    return None


def _has_defaults(step: AskStep) -> bool:
    return all(one.default is not None or not one.required for one in step.ask.answers.values())


def _way(path: Iterable[str]) -> str:
    return " → ".join(path) or "nowhere"


def _some(steps: Iterable[str]) -> str:
    return ", ".join(steps) or "nothing"


def coverage(playbook: Playbook, rehearsed: Iterable[Rehearsed]) -> Coverage:
    """Say which steps and answers no rehearsal reached."""
    reached: set[tuple[str, str]] = set()
    for one in rehearsed:
        for record in one.result.steps if one.result is not None else ():
            reached.add((record.id.partition("[")[0], record.status))
    wanted: list[tuple[str, str, str]] = []
    for step in playbook.every_step:
        if isinstance(step, AskStep):
            wanted += [
                (step.id, "succeeded", f"{step.id} is answered"),
                *([] if _has_defaults(step) else [(step.id, "expired", f"{step.id} expires")]),
            ]
        elif isinstance(step, ApprovalStep):
            answers = (("succeeded", "granted"), ("denied", "denied"), ("expired", "expired"))
            wanted += [(step.id, status, f"{step.id} is {word}") for status, word in answers]
        else:
            wanted.append((step.id, "succeeded", f"{step.id} succeeds"))
        if step.if_ is not None:
            wanted.append((step.id, "skipped", f"the if of {step.id} does not hold"))
    missing = [words for step_id, status, words in wanted if (step_id, status) not in reached]
    return Coverage(tuple(missing), len(wanted))
