"""Figures and break-ins: right percentiles, and lines that make incidents of their own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.bench.break_in import FAILURES, MOST, BreakIn
from bot.bench.figures import LoadWatch, Spread, spread
from integrations.catalogue import source
from integrations.contract import Origin, Record

NOW = datetime(2026, 3, 5, 12, 0, 7, tzinfo=UTC)


def test_percentiles_are_values_that_were_measured() -> None:
    values = [number / 100 for number in range(100, 0, -1)]
    assert spread(values) == Spread(n=100, p50=0.5, p99=0.99, longest=1.0)
    assert spread([0.3, 0.1, 0.2]) == Spread(n=3, p50=0.2, p99=0.3, longest=0.3)
    assert spread([0.7]) == Spread(n=1, p50=0.7, p99=0.7, longest=0.7)


def test_nothing_measured_is_no_figure() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        spread([])


def test_a_busy_moment_shows() -> None:
    watch = LoadWatch()
    sum(number * number for number in range(2_000_000))
    load = watch.read()
    assert load.cores >= 1
    assert 0 < load.busy <= 1


def test_break_ins_share_neither_address_nor_account_nor_host() -> None:
    every = [BreakIn(number) for number in range(MOST)]
    for name in ("address", "user", "host"):
        assert len({getattr(one, name) for one in every}) == MOST


def test_the_lines_are_what_the_source_reads() -> None:
    break_in = BreakIn(300)
    lines = [*break_in.guesses(NOW), break_in.login(NOW)]
    normaliser = source("linux.auth").open(Origin(received=NOW))
    found = [
        document
        for place, line in enumerate(lines)
        for _, document in normaliser.feed(Record(line.encode(), str(place)))
    ]
    assert len(found) == FAILURES + 1
    outcomes = [event["event"]["outcome"] for event in found]
    assert outcomes == ["failure"] * FAILURES + ["success"]
    for event in found:
        assert event["source"]["ip"] == break_in.address
        assert event["user"]["name"] == break_in.user
        assert event["host"]["name"] == break_in.host
    times = [event["@timestamp"] for event in found]
    assert times == sorted(set(times))
