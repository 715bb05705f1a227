"""Measuring ingest: both sides store the same events, and no figure is taken from a round that lost some."""

from __future__ import annotations

from collections import Counter

import pytest

from bot.bench import ingest
from bot.bench.figures import BenchError
from bot.bench.ingest import IngestOptions, IngestResult, IngestRound, Spent, run_ingest
from bot.bench.lines import MAKERS, lines
from bot.bench.memory import MemoryResult, run_memory

pytestmark = pytest.mark.engine


def spent(seconds: float) -> Spent:
    return Spent(seconds, own=seconds, node=3 * seconds)


def test_shares_are_of_the_plain_bulk_and_the_median_counts() -> None:
    rounds = [IngestRound(100, spent(seconds), Spent(1.0, 0.0, 4.0)) for seconds in (2.0, 4.0, 1.0)]
    result = IngestResult(rounds, sealed_bytes=300, plain_bytes=200)
    assert result.share == 0.5
    assert result.processor_share == 0.5
    assert result.bytes_ratio == 1.5
    assert IngestOptions(200_000, 4).each * 4 * len(MAKERS) == 200_000


def test_memory_is_of_the_last_quarter_to_the_first() -> None:
    result = MemoryResult(800, [100, 102, 300, 100, 100, 100, 120, 122])
    assert (result.growth, result.spread) == (121 / 101, 3.0)


@pytest.mark.parametrize("name", MAKERS)
def test_lines_are_the_same_each_time_and_hardly_one_is_there_twice(name: str) -> None:
    made = list(lines(name, 500, seed=3))
    assert made == list(lines(name, 500, seed=3))
    assert made != list(lines(name, 500, seed=4))
    assert Counter(made).most_common(1)[0][1] <= 3


async def test_both_sides_store_every_line() -> None:
    said: list[str] = []
    result = await run_ingest(IngestOptions(400, 1), lambda _: None, said.append)
    assert [one.events for one in result.rounds] == [100 * len(MAKERS)]
    assert result.rounds[0].sealed.node > 0
    assert result.sealed_bytes > 0
    assert result.plain_bytes > 0
    assert len(said) == 1


async def test_a_lost_event_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def send(*_: object) -> int:
        return 1

    monkeypatch.setattr(ingest, "_send", send)
    with pytest.raises(BenchError, match="plain: 1 of 400"):
        await run_ingest(IngestOptions(400, 1), lambda _: None, lambda _: None)


async def test_memory_is_read_after_each_round() -> None:
    result = await run_memory(800, lambda _: None, lambda _: None)
    assert (result.lines, len(result.resident)) == (800, 4)
    assert min(result.resident) > 0
