"""``run``: a playbook inside another, with its own questions, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from playbooks.collection import in_order, inside, load_playbooks
from playbooks.commands import Ask, Command, Completed, Contain, Failed, Notify, Outcome, RunResult
from playbooks.engine import inputs_of, run
from playbooks.model import PlaybookError, load_playbook
from playbooks.rehearsal import rehearse_all
from tests.playbooks.conftest import CATALOGUE, answer, incident
from tests.playbooks.test_engine import BREACH, HEAD

BLOCK = (
    BREACH.replace("name: test", "name: block-one").replace(
        "{incident: {rules: [ssh-breach]}}", "{command: true}"
    )
    + """
outputs:
  until: "{{ steps.block.until }}"
"""
)
OUTER = (
    HEAD.replace("name: test", "name: outer")
    + """
steps:
  - id: call
    run: block-one
    with: {ip: "{{ inputs.ip }}"}
  - id: tell
    notify: {text: "until {{ steps.call.until }}"}
  - id: end
    notify: {text: "{{ steps.call.outcome }}"}
"""
)


def drive_outer(
    decision: str = "granted", said: Mapping[str, Outcome] | None = None
) -> tuple[RunResult, list[Command]]:
    known, faults = load_playbooks([("outer.yaml", OUTER), ("block.yaml", BLOCK)], CATALOGUE)
    assert faults == []
    facts = incident()
    engine = run(known["outer"], facts, inputs_of(known["outer"], facts, {})[0], CATALOGUE, known)
    commands: list[Command] = []
    try:
        new = next(engine)
        while True:
            commands += new
            outcome = (said or {}).get(commands[-1].id) or answer(commands[-1], decision)
            new = engine.send(Completed(id=commands[-1].id, outcome=outcome))
    except StopIteration as stop:
        return stop.value, commands


def test_it_runs_inside_and_gives_its_outputs_back() -> None:
    result, commands = drive_outer()
    assert [command.id for command in commands] == [
        "call.who", "call.ask", "call.block", "call.tell", "call.close", "tell", "end",
    ]  # fmt: skip
    ask, block = commands[1], commands[2]
    assert isinstance(ask, Ask)
    assert isinstance(block, Contain)
    assert block.approval == ask.id == "call.ask"
    assert block.action.step == "call.block"
    assert isinstance(commands[-2], Notify)
    assert commands[-2].text == "until 2026-03-31T16:02:00+00:00"
    assert result.status == "succeeded"
    assert [step.id for step in result.steps] == [
        "call.who", "call.ask", "call.block", "call.tell", "call.close", "call", "tell", "end",
    ]  # fmt: skip


def test_denied_inside_is_denied_outside() -> None:
    result, commands = drive_outer("denied")
    assert [command.id for command in commands] == ["call.who", "call.ask", "call.close", "end"]
    assert isinstance(commands[-1], Notify)
    assert commands[-1].text == "denied"
    assert result.status == "denied"
    assert {step.id: step.status for step in result.steps}["tell"] == "skipped"


def test_a_failure_inside_is_a_failure_outside() -> None:
    result, commands = drive_outer(said={"call.block": Failed(reason="the wall is away")})
    assert commands[-1].id == "call.block"
    assert result.status == "failed"
    assert "the wall is away" in result.reason


@pytest.mark.parametrize(
    ("change", "piece"),
    [
        (("run: block-one", "run: blok-one"), "no playbook 'blok-one'"),
        (("with: {ip:", "with: {ipp:"), "no input 'ipp'"),
        (('"{{ inputs.ip }}"', '"{{ incident.entities.ip }}"'), "takes ip, this is list"),
        (("steps.call.until", "steps.call.untill"), "gives no 'untill'"),
    ],
)
def test_its_name_inputs_and_outputs_are_checked(change: tuple[str, str], piece: str) -> None:
    inner = load_playbook("block.yaml", BLOCK, CATALOGUE)
    load_playbook("outer.yaml", OUTER, CATALOGUE, {"block-one": inner})
    with pytest.raises(PlaybookError, match=piece):
        load_playbook("outer.yaml", OUTER.replace(*change), CATALOGUE, {"block-one": inner})


def test_a_needed_input_is_missed() -> None:
    inner = load_playbook("block.yaml", BLOCK.replace(", from: incident.entities.ip", ""), CATALOGUE)
    with pytest.raises(PlaybookError, match="block-one needs ip"):
        load_playbook(
            "outer.yaml",
            OUTER.replace('    with: {ip: "{{ inputs.ip }}"}\n', ""),
            CATALOGUE,
            {"block-one": inner},
        )


def test_what_is_run_is_read_first_and_circles_are_faults() -> None:
    files = [("outer", OUTER), ("other", "name: other"), ("block", BLOCK)]
    assert [path for path, _ in in_order(files)] == ["block", "outer", "other"]
    circle = [
        ("a", OUTER.replace("outer", "a").replace("block-one", "b")),
        ("b", OUTER.replace("outer", "b").replace("block-one", "a")),
    ]
    good, faults = load_playbooks(circle, CATALOGUE)
    assert good == {}
    assert faults
    known, _ = load_playbooks(files[::2], CATALOGUE)
    assert set(inside(known["outer"], known)) == {"block-one"}
    assert inside(known["block-one"], known) == {}
    itself, faults = load_playbooks([("a", OUTER.replace("block-one", "outer"))], CATALOGUE)
    assert itself == {}
    assert faults


def test_a_rehearsal_answers_what_is_asked_inside() -> None:
    text = (
        OUTER
        + """
tests:
  - name: they agree
    incident: {rules: [ssh-breach], entities: {ip: [203.0.113.7]}}
    given: {call.ask: granted, call.who: {country: Peru}}
    expect:
      status: succeeded
      says: {call.ask: "Block 203.0.113.7 (Peru)?"}
      actions: {call.block: {ip: 203.0.113.7}}
"""
    )
    known, faults = load_playbooks([("outer.yaml", text), ("block.yaml", BLOCK)], CATALOGUE)
    assert faults == []
    (rehearsed,) = rehearse_all(known["outer"], CATALOGUE, known)
    assert rehearsed.faults == ()
