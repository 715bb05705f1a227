"""When a source's silence is out of the ordinary."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.health import HOURS_KEPT, History, overdue
from rules.health.cadence import WEEK, hour_of, moment_of

MONDAY = hour_of(datetime.fromisoformat("2026-03-02T00:00:00+00:00"))


def history(weeks: int, *patterns: list[int], first: int = MONDAY) -> History:
    """Return weeks of sources that repeat a week's pattern; the last of them delivers always."""
    sources = {f"s{number}": pattern * weeks for number, pattern in enumerate(patterns)}
    sources["always"] = [1000] * WEEK * weeks
    hours = {name: {first + at: count for at, count in enumerate(counts)} for name, counts in sources.items()}
    return History(first=first).extended(weeks * WEEK, hours, {})


def office() -> list[int]:
    """A week of a source that delivers on working days from 8 to 18."""
    return [100 if at // 24 < 5 and 8 <= at % 24 < 18 else 0 for at in range(WEEK)]


@settings(max_examples=80, deadline=None)
@given(
    pattern=st.lists(st.integers(0, 300), min_size=WEEK, max_size=WEEK),
    quiet=st.sets(st.integers(0, 6)),
    weeks=st.integers(0, 5),
    later=st.integers(1, WEEK),
)
def test_what_repeats_by_the_week_is_never_silent(
    pattern: list[int], quiet: set[int], weeks: int, later: int
) -> None:
    week = [0 if at // 24 in quiet else count for at, count in enumerate(pattern)]
    known = history(weeks, week)
    present = [week[at % WEEK] for at in range(later)]
    known = known.extended(
        later,
        {
            "s0": {known.end + at: count for at, count in enumerate(present)},
            "always": {known.end + at: 9 for at in range(later)},
        },
        {},
    )
    last = known.last_hour("s0")
    if last is not None:
        now = moment_of(known.end) + timedelta(minutes=7)
        assert overdue(known, "s0", moment_of(last) + timedelta(minutes=1), now) is None


@pytest.mark.parametrize(("weeks", "hours"), [(1, 4), (2, 4), (4, 4)])
def test_a_steady_source_that_stops_is_missed_within_hours(weeks: int, hours: int) -> None:
    known = history(weeks, [50] * WEEK)
    last = moment_of(known.end) + timedelta(minutes=30)
    assert overdue(known, "s0", last, last + timedelta(minutes=90)) is None
    missing = overdue(known, "s0", last, last + timedelta(hours=hours))
    assert missing is not None
    assert missing.events >= 100


def test_office_hours_end_and_begin() -> None:
    known = history(3, office())
    friday = moment_of(known.end + 4 * 24 + 17) + timedelta(minutes=59)
    assert overdue(known, "s0", friday, friday + timedelta(hours=62, minutes=30)) is None
    assert overdue(known, "s0", friday, friday + timedelta(hours=66)) is not None


def test_an_hour_sooner_or_later_is_no_silence() -> None:
    """Daylight saving time moves a site's hours in UTC."""
    known = history(4, office())
    late = moment_of(known.end - WEEK + 4 * 24 + 17) + timedelta(minutes=59)
    assert overdue(known, "s0", late, moment_of(known.end) + timedelta(hours=9)) is None


def test_with_less_than_a_week_nothing_is_known() -> None:
    known = History(first=MONDAY).extended(150, {"s0": {MONDAY + at: 500 for at in range(150)}}, {})
    assert overdue(known, "s0", moment_of(known.end), moment_of(known.end + 18)) is None


def test_rare_sources_are_never_silent_by_themselves() -> None:
    nightly = [40 if at % 24 == 3 else 0 for at in range(WEEK)]
    known = history(4, nightly)
    assert overdue(known, "s0", moment_of(known.end - 21), moment_of(known.end + 300)) is None


def test_hours_without_any_source_say_nothing() -> None:
    """The collector was away for a night: that night makes no later silence ordinary."""
    hours = {MONDAY + at: 100 for at in range(2 * WEEK) if not 170 <= at < 190}
    known = History(first=MONDAY).extended(2 * WEEK, {"s0": hours}, {})
    last = moment_of(known.end + 1)
    assert overdue(known, "s0", last, last + timedelta(hours=12)) is not None


def test_a_source_nobody_knows_is_not_judged() -> None:
    known = history(2)
    assert overdue(known, "other", moment_of(known.end), moment_of(known.end + 50)) is None


@given(chunks=st.lists(st.integers(1, 400), max_size=6))
def test_histories_stay_bounded_and_keep_their_place(chunks: list[int]) -> None:
    known = History(first=MONDAY)
    for number, hours in enumerate(chunks):
        known = known.extended(hours, {f"s{number}": {known.end: 7}}, {f"s{number}": {known.end: 1}})
        assert known.length <= HOURS_KEPT
        assert all(len(counts) == known.length for counts in known.events.values())
    assert known.end == MONDAY + sum(chunks)
    if chunks and chunks[-1] < HOURS_KEPT:
        assert known.last_hour(f"s{len(chunks) - 1}") == known.end - chunks[-1]
