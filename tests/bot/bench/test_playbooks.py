"""Figures of `siem bench playbooks`; what it measures runs in `.ci/run`, in its short form."""

from __future__ import annotations

from bot.bench.playbooks import BARE, PLAYBOOK, SILENT, TEXT, PlaybooksResult, Spent
from bot.bench.run_worker import SPECS
from playbooks.model import load_playbook
from playbooks.steps import ActionStep, ApprovalStep


def test_shares_are_of_the_same_round_and_the_median_counts() -> None:
    def a_round(playbook: float, bare: float) -> dict[str, Spent]:
        return {
            PLAYBOOK: Spent(10, playbook, {"worker": playbook, "temporal": playbook}),
            BARE: Spent(10, bare, {"worker": bare, "temporal": 0.0}),
            SILENT: Spent(10, 1.0, {"worker": 1.0}),
        }

    result = PlaybooksResult([a_round(2.0, 1.0), a_round(1.0, 1.0), a_round(8.0, 10.0)])
    assert result.speed(PLAYBOOK, BARE) == 1.0
    assert result.work(PLAYBOOK, BARE) == 0.5
    assert result.speed(PLAYBOOK, SILENT) == 0.5


def test_memory_is_reckoned_for_500() -> None:
    assert PlaybooksResult(waiting=50, before=100_000_000, after=110_000_000).added == 100.0


def test_the_playbook_is_what_it_says() -> None:
    steps = load_playbook("bench.yaml", TEXT, SPECS).steps
    assert [type(step) for step in steps] == [ActionStep] * 3 + [ApprovalStep, ActionStep]
