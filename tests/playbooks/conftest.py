"""What tests of playbooks share: a small catalogue, an incident, and a driver that answers by a script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from playbooks.actions import ActionKind, ActionSpec, Parameter, ValueType
from playbooks.commands import Ask, Command, Completed, Contain, Decided, Outcome, RunResult, Succeeded
from playbooks.engine import inputs_of, run
from playbooks.model import load_playbook
from rules.alerts import Severity
from rules.entities import Entity
from rules.incidents import IncidentFacts

WHEN = datetime(2026, 3, 30, 16, 2, tzinfo=UTC)


def _ip(name: str = "ip") -> Parameter:
    return Parameter(name=name, type=ValueType.IP, description="The address.")


CATALOGUE: Mapping[str, ActionSpec] = {
    spec.name: spec
    for spec in (
        ActionSpec(
            name="geo.lookup",
            kind=ActionKind.LOOKUP,
            summary="Say where an address is.",
            parameters=(_ip(),),
            returns={"country": ValueType.TEXT, "asn": ValueType.INTEGER},
        ),
        ActionSpec(
            name="desk.open_ticket",
            kind=ActionKind.CHANGE,
            summary="Open a ticket.",
            parameters=(
                Parameter(name="title", type=ValueType.TEXT, description="What it is about."),
                Parameter(
                    name="urgency", type=ValueType.ENUM, description="How urgent.", required=False,
                    default="normal", choices=("normal", "high"),
                ),
                Parameter(
                    name="watchers", type=ValueType.LIST, items=ValueType.USER, description="Who is told.",
                    required=False,
                ),
            ),
            returns={"number": ValueType.INTEGER},
        ),
        ActionSpec(
            name="wall.cut",
            kind=ActionKind.CONTAINMENT,
            summary="End the connections of an address.",
            parameters=(_ip(),),
            target="ip",
            lasts=False,
        ),
        ActionSpec(
            name="wall.block_ip",
            kind=ActionKind.CONTAINMENT,
            summary="Block an address on the wall.",
            parameters=(_ip(), Parameter(
                name="list", type=ValueType.TEXT, description="Which list.", required=False, default="default"
            )),
            target="ip",
        ),
    )
}  # fmt: skip


def incident(*entities: str, **changes: Any) -> IncidentFacts:
    return IncidentFacts(
        **{
            "id": "inc-abcdefgh",
            "title": "Somebody broke in",
            "severity": Severity.HIGH,
            "rules": ("ssh-breach",),
            "alerts": ("alr-1",),
            "entities": tuple(Entity.parse(text) for text in entities or ("ip:203.0.113.7", "user:alice")),
            "first": WHEN,
            "last": WHEN,
            "opened": WHEN,
        }
        | changes
    )


@dataclass
class Driven:
    """What a run asked for, in order, and how it ended."""

    result: RunResult
    commands: list[Command] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [command.id for command in self.commands]

    @property
    def statuses(self) -> dict[str, str]:
        return {step.id: step.status for step in self.result.steps}


Answer = Callable[[Command], Outcome | None]


def answer(command: Command, decision: str = "granted") -> Outcome:
    """What a driver says by itself: everything works."""
    match command:
        case Ask():
            return Decided.model_validate(
                {"decision": decision, "digest": command.digest, "by": ("U0ALICE",)}
            )
        case Contain():
            return Succeeded(result={"id": "blk-1", "until": "2026-03-31T16:02:00+00:00", "detail": "on it"})
    return Succeeded(result={"country": "Germany", "asn": 64500, "number": 7})


def drive(
    text: str,
    facts: IncidentFacts | None = None,
    *,
    said: Mapping[str, Outcome] | None = None,
    decision: str = "granted",
    given: Mapping[str, Any] | None = None,
    last_first: bool = False,
) -> Driven:
    """Run a playbook to its end; `said` answers commands by id, the rest works."""
    facts = facts or incident()
    playbook = load_playbook("test.yaml", text, CATALOGUE)
    inputs, faults = inputs_of(playbook, facts, given or {})
    assert faults == []
    engine = run(playbook, facts, inputs, CATALOGUE)
    pending: list[Command] = []
    commands: list[Command] = []
    try:
        new = next(engine)
        while True:
            commands += new
            pending += new
            command = pending.pop(-1 if last_first else 0)
            outcome = (said or {}).get(command.id) or answer(command, decision)
            new = engine.send(Completed(id=command.id, outcome=outcome))
    except StopIteration as stop:
        return Driven(stop.value, commands)


@pytest.fixture
def facts() -> IncidentFacts:
    return incident()
