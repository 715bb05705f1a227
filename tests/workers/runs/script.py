"""A run made from a playbook's own rehearsal: the same outcomes, but of real activities in real time.

Hours become seconds where the rehearsal says that they pass (an answer that never comes, an event that does
not happen) and at waits; nothing else of the playbook changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from playbooks.actions import ActionKind, ActionSpec
from playbooks.asking import AnswerError, inquiry, read_answers
from playbooks.cases import Case
from playbooks.engine import inputs_of
from playbooks.marked_yaml import parse_yaml
from playbooks.model import Playbook
from playbooks.policy import ApproversPolicy, GuardPolicy
from playbooks.rehearsal import MADE_UP, incident_of
from playbooks.steps import ApprovalStep, AskStep, UndoStep, WaitStep
from rules.incidents import IncidentFacts
from workers.contract import PlaybookStart, PlaybookText, ThreadRef

SOON = "2s"
"""How long what never comes is waited for."""
LATER = "20s"
"""The same, where others of the same step get an answer, which a killed worker may take late."""
HANGING = 0.3
"""Seconds that an action may take which the rehearsal lets time out."""
FAILURES = ("error", "timeout", "refused")
THREAD = ThreadRef(channel="C1", ts="1.0")


class Script(BaseModel):
    """All that a worker must know of a run, as a file in its folder."""

    address: str
    namespace: str
    workflow: str
    start: PlaybookStart
    given: dict[str, Any]
    """Step to outcome, as the rehearsal has it."""
    specs: dict[str, ActionSpec]
    by_itself: bool = False
    """The incident starts the run by its alerts; else the theatre does."""
    kills: str = "none"
    """``none``, ``all`` boundaries, or ``N/M``: of each M the N-th."""
    steps: tuple[str, ...] = ()
    """Only what is done for these counts as a boundary; none: everything."""

    def outcome(self, step: str) -> Any:
        """What the rehearsal says of a step: by its whole id (``block[1]``), of each attempt, else None."""
        whole, _, attempt = step.partition("#")
        given = self.given.get(whole, self.given.get(whole.partition("[")[0]))
        if isinstance(given, list):
            return given[min(int(attempt or 1), len(given)) - 1] if given else None
        return given


def failure_of(given: Any) -> tuple[str, str] | None:
    """Return (kind, reason) where the rehearsal gives a failure."""
    if isinstance(given, Mapping) and len(given) == 1:
        for kind in FAILURES:
            if kind in given:
                return kind, str(given[kind])
    return None


def cancels(given: Any) -> bool:
    """Whether the rehearsal cancels the run here."""
    return given == "cancelled" or (isinstance(given, Mapping) and list(given) == ["cancelled"])


def made_up(spec: ActionSpec) -> dict[str, Any]:
    return {name: MADE_UP[kind] for name, kind in spec.returns.items()}


def can_be_staged(playbook: Playbook, case: Case) -> bool:
    """Whether real activities can do what the rehearsal gives: all but a lifting that fails, a question that
    could not be asked, an answer that no form takes, and a cancellation while nobody is asked."""
    if not case.expect.starts:
        return False
    steps = {step.id: step for step in playbook.every_step}
    for name, given in case.given.items():
        step = steps.get(name.partition("[")[0].partition(".")[0])
        failed = failure_of(given)
        if cancels(given):
            if not isinstance(step, ApprovalStep | AskStep):
                return False
            continue
        if failed and isinstance(step, UndoStep | ApprovalStep | AskStep | WaitStep):
            return False
        if isinstance(step, AskStep) and isinstance(given, Mapping) and not _is_taken(step, given):
            return False
    return True


def _is_taken(step: AskStep, given: Mapping[str, Any]) -> bool:
    answers = {name: str(value) for name, value in given.items() if name != "by" and value != ""}
    try:
        read_answers(inquiry(step.id, step, "").fields, answers)
    except AnswerError:
        return False
    return True


def script_of(
    playbook: Playbook,
    case: Case,
    text: str,
    inside: Iterable[tuple[str, str]],
    catalogue: Mapping[str, ActionSpec],
    *,
    address: str,
    namespace: str,
    incident: str,
) -> Script:
    """Make a run of a rehearsal. Raises ValueError where its inputs are not right."""
    facts: IncidentFacts = incident_of(case).model_copy(update={"id": incident})
    inputs, faults = inputs_of(playbook, facts, case.inputs, payload=case.payload)
    if faults:
        raise ValueError(f"{playbook.name}, {case.name}: {'; '.join(faults)}")
    within = {name.rpartition(".")[2]: given for name, given in case.given.items()}
    texts = [shorten(text, case.given), *(shorten(inner, within) for _, inner in inside)]
    hanging = {step for step, given in case.given.items() if (failure_of(given) or ("",))[0] == "timeout"}
    actions = {step.id: step.uses for step in playbook.every_step if hasattr(step, "uses")}
    specs = dict(catalogue)
    for step in hanging & set(actions):
        specs[actions[step]] = specs[actions[step]].model_copy(update={"timeout": HANGING})
    groups = {name for one in texts for name in _groups(json.loads(one))}
    people = {name: tuple(f"U0{name.upper()[:12]}{number}" for number in range(1, 4)) for name in groups}
    automatic = tuple(name for name, spec in specs.items() if spec.kind is ActionKind.CONTAINMENT)
    return Script(
        address=address,
        namespace=namespace,
        workflow=f"{incident}/{playbook.name}",
        start=PlaybookStart(
            playbook=playbook.name,
            path=f"{playbook.name}.yaml",
            text=texts[0],
            inside=tuple(PlaybookText(path=f"inside{n}.yaml", text=one) for n, one in enumerate(texts[1:])),
            specs=specs,
            incident=facts,
            inputs=inputs,
            thread=THREAD,
            approvers=ApproversPolicy(groups=people or {"nobody": ("U0NOBODY",)}),
            guard=GuardPolicy(hosts=("nothing-of-ours",), max_per_hour=100_000, automatic=automatic),
        ),
        given=case.given,
        specs=specs,
    )


def shorten(text: str, given: Mapping[str, Any]) -> str:
    """Return a playbook without its tests, as JSON (it is YAML too), short where nothing shall pass."""
    value = parse_yaml(text, "").value
    assert isinstance(value, dict)
    value.pop("tests", None)
    _shorten(value, given)
    return json.dumps(value)


def _shorten(node: Any, given: Mapping[str, Any]) -> None:
    if isinstance(node, list):
        for inner in node:
            _shorten(inner, given)
    if not isinstance(node, dict):
        return
    outcome = given.get(node.get("id", ""))
    rounds = [one for name, one in given.items() if name.startswith(f"{node.get('id')}[")]
    for verb in ("approval", "ask"):
        if isinstance(node.get(verb), dict) and "expired" in (outcome, *rounds):
            node[verb]["expires"] = SOON if outcome == "expired" else LATER
    wait = node.get("wait")
    if isinstance(wait, dict) and isinstance(outcome, Mapping) and outcome.get("happened") is False:
        wait["within"] = SOON
    if isinstance(wait, str):
        node["wait"] = "1s"
    if isinstance(node.get("retry"), dict):
        node["retry"]["every"] = "1s"
    for inner in node.values():
        _shorten(inner, given)


def _groups(node: Any) -> Iterable[str]:
    if isinstance(node, dict):
        for verb in ("approval", "ask"):
            if isinstance(node.get(verb), dict):
                asked = node[verb]
                yield str(asked["from"])
                if isinstance(asked.get("on_expiry"), dict):
                    yield str(asked["on_expiry"]["escalate"])
        for inner in node.values():
            yield from _groups(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _groups(inner)
