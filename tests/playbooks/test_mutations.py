# ruff: noqa: E501  a list of pieces
"""Playbooks as they come out of a tired hand: each is accepted and runs, or refused with a place."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playbooks.commands import Ask, Command, Completed, Contain, RunResult
from playbooks.engine import inputs_of, run
from playbooks.faults import PlaybookFault
from playbooks.model import PlaybookError, load_playbook
from tests.playbooks.conftest import CATALOGUE, answer, incident
from tests.playbooks.test_constructs import AUTOMATIC, EACH, FINALLY, PARALLEL, RETRY, SWITCH
from tests.playbooks.test_engine import BREACH

TEXTS = (BREACH, PARALLEL, EACH, SWITCH, FINALLY, AUTOMATIC, RETRY.replace("ON_ERROR", "on_error: continue"))
PIECES = (
    "  ", "\n", ":", "- ", '"', "'", "{", "}", "[", "]", "{{", "}}", "|", ">", "#", "&a ", "*a", "!x", "yes", "null",
    "010", "1_000", "steps.", "inputs.ip", "| upper", "{{ x }}", "if: ", "for: ", "id: ask", "uses: wall.block_ip",
    "é", "\x07", "\t", "\ufeff", "releases: [block]", "parallel: {}", "9" * 30,
)  # fmt: skip


def mutate(text: str, dice: random.Random) -> str:
    for _ in range(dice.randint(1, 3)):
        lines = text.split("\n")
        place = dice.randrange(len(text))
        match dice.randrange(7):
            case 0:
                text = text[:place] + dice.choice(PIECES) + text[place:]
            case 1:
                text = text[:place] + text[place + dice.randint(1, 12) :]
            case 2:
                del lines[dice.randrange(len(lines))]
                text = "\n".join(lines)
            case 3:
                lines.insert(dice.randrange(len(lines)), dice.choice(lines))
                text = "\n".join(lines)
            case 4:
                one, other = dice.randrange(len(lines)), dice.randrange(len(lines))
                lines[one], lines[other] = lines[other], lines[one]
                text = "\n".join(lines)
            case 5:
                text = text[:place] + text[place : place + 8][::-1] + text[place + 8 :]
            case 6:
                line = dice.randrange(len(lines))
                lines[line] = " " * dice.randint(0, 4) + lines[line]
                text = "\n".join(lines)
        if not text:
            return "-"
    return text


def refusal(text: str) -> list[PlaybookFault]:
    try:
        load_playbook("p.yaml", text, CATALOGUE)
    except PlaybookError as error:
        return list(error.faults)
    return []


def play(text: str, dice: random.Random) -> RunResult | None:
    """Run with answers by chance; None where the incident lacks an input, or after 1,000 commands."""
    playbook = load_playbook("p.yaml", text, CATALOGUE)
    facts = incident("ip:203.0.113.7", "user:alice", severity=dice.choice(["high", "critical"]))
    inputs, faults = inputs_of(playbook, facts, {})
    if faults:
        return RunResult(status="failed", steps=(), reason="; ".join(faults))
    engine = run(playbook, facts, inputs, CATALOGUE)
    waiting: list[Command] = []
    granted: set[str] = set()
    try:
        waiting += next(engine)
        for _ in range(1_000):
            command = waiting.pop(dice.randrange(len(waiting)))
            decision = dice.choice(["granted", "denied"])
            if isinstance(command, Ask) and decision == "granted":
                granted.update(action.model_dump_json() for action in command.releases)
            if isinstance(command, Contain) and command.max_per_hour is None:
                assert command.action.model_dump_json() in granted, text
            waiting += engine.send(Completed(id=command.id, outcome=answer(command, decision)))
    except StopIteration as stop:
        result: RunResult = stop.value
        return result
    return None


@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_a_mutated_playbook_runs_or_is_refused(dice: random.Random) -> None:
    text = mutate(dice.choice(TEXTS), dice)
    faults = refusal(text)
    for fault in faults:
        assert fault.line >= 1
        assert fault.column >= 1
        assert fault.message
    if not faults:
        assert play(text, dice) is not None


def test_an_unharmed_one_is_among_those_that_run() -> None:
    dice = random.Random(1)
    for text in TEXTS:
        assert refusal(text) == []
        result = play(text, dice)
        assert result is not None
        assert result.steps
