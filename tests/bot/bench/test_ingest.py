"""Measuring ingest: both sides store the same events, and no figure is taken from a round that lost some."""

from __future__ import annotations

import pytest

from bot.bench import ingest
from bot.bench.ingest import IngestOptions, IngestResult, IngestRound, run_ingest
from bot.bench.lines import MAKERS

pytestmark = pytest.mark.engine


def test_shares_are_of_the_plain_bulk_and_the_median_counts() -> None:
    rounds = [
        IngestRound(100, 2.0, 1.0, 1000),
        IngestRound(100, 4.0, 1.0, 1100),
        IngestRound(100, 1.0, 1.0, 1050),
    ]
    result = IngestResult(rounds, sealed_bytes=300, plain_bytes=200)
    assert result.share == 0.5
    assert result.bytes_ratio == 1.5
    assert result.memory_ratio == 1.05


async def test_both_sides_store_every_line() -> None:
    said: list[str] = []
    result = await run_ingest(IngestOptions(100, 1), lambda _: None, said.append)
    assert [one.events for one in result.rounds] == [100 * len(MAKERS)]
    assert result.sealed_bytes > 0
    assert result.plain_bytes > 0
    assert len(said) == 1


async def test_a_lost_event_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def send(*_: object) -> int:
        return 1

    monkeypatch.setattr(ingest, "_send", send)
    with pytest.raises(ingest.BenchError, match="plain: 1 of 400"):
        await run_ingest(IngestOptions(100, 1), lambda _: None, lambda _: None)
