"""The measurement of what UDP loses: a real sender, a real collector, the kernel's own counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.bench import udp
from tests.workers.collect.conftest import KeptEvents
from tests.workers.collect.running import said
from workers.collect import service


async def test_nothing_is_lost_at_a_walk_and_what_is_lost_at_a_run_is_what_the_kernel_threw_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "SAY", 0.05)
    monkeypatch.setattr(udp, "SETTLED", 0.5)
    monkeypatch.setattr(udp, "RATES", (500, 200_000))
    told: list[str] = []
    stores = type("Stores", (), {"events": KeptEvents()})()
    # The buffer holds all of the walk, so that a busy machine loses nothing of it either.
    walk, run = await udp._rounds(163_840, 0.2, stores, tmp_path, told.append)
    assert (walk.sent, walk.lost, walk.share) == (100, 0, 0.0)
    assert 0 < walk.reached <= 600
    assert run.sent == 40_000
    assert 0 < run.lost < run.sent
    assert said(tmp_path).received == walk.sent + run.sent - run.lost
    assert said(tmp_path).dropped == run.lost
    assert len(told) == 2
