"""What is judged wrong, and what is not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from rules.alerts import Severity
from rules.exceptions import RuleException
from rules.health import (
    CanarySight,
    EntrySight,
    Finding,
    HealthKind,
    History,
    RuleCount,
    SourceSight,
    Trouble,
    judge_canary,
    judge_entries,
    judge_exceptions,
    judge_noise,
    judge_silence,
    judge_sources,
    judge_sweep,
    judge_troubles,
    past_grace,
)
from rules.health.cadence import WEEK, hour_of

NOW = datetime(2026, 3, 30, 16, 1, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=2)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def subjects(found: list[Finding]) -> list[str]:
    return [one.subject for one in found]


@pytest.mark.parametrize(
    ("alive", "waiting", "severity"),
    [
        (NOW, None, None),
        (NOW - MINUTE, NOW - MINUTE, None),
        (NOW - 3 * MINUTE, None, Severity.HIGH),
        (None, None, Severity.CRITICAL),
        (NOW, NOW - 3 * MINUTE, Severity.HIGH),
        (NOW, NOW - 2 * HOUR, Severity.CRITICAL),
    ],
)
def test_a_late_sweep(alive: datetime | None, waiting: datetime | None, severity: Severity | None) -> None:
    found = judge_sweep(alive, waiting, 7, "the disk is full", 2 * MINUTE, LONG_AGO, NOW)
    assert [one.severity for one in found] == ([severity] if severity else [])
    assert all("the disk is full" in one.text for one in found)


def test_after_a_start_only_what_was_wrong_before_is_wrong() -> None:
    found = judge_sweep(LONG_AGO, None, 0, "", 2 * MINUTE, NOW - MINUTE, NOW)
    found += judge_canary([CanarySight("one", None, None)], 10 * MINUTE, MINUTE, NOW - MINUTE, NOW)
    trouble = Trouble(kind=HealthKind.RULE_FAILING, subject="r", text="slow", since=NOW, last=NOW)
    found += judge_troubles([trouble], NOW)

    def wrong(minutes: int, known: tuple[str, ...] = ()) -> list[str]:
        return subjects(past_grace(found, known, NOW - minutes * MINUTE, 11 * MINUTE, NOW))

    assert wrong(1) == ["r"]
    assert wrong(1, ("sweep-lag/the sweep", "canary-missing/one")) == ["the sweep", "one", "r"]
    assert wrong(6) == ["the sweep", "r"]
    assert wrong(11) == ["the sweep", "one", "r"]


def test_troubles_last_a_while_and_are_one_each() -> None:
    def trouble(minutes: int) -> Trouble:
        at = NOW - minutes * MINUTE
        return Trouble(kind=HealthKind.RULE_FAILING, subject="r", text="slow", since=at, last=at)

    assert subjects(judge_troubles([trouble(5), trouble(50)], NOW)) == ["r"]
    assert judge_troubles([trouble(70)], NOW) == []


@pytest.mark.parametrize(
    ("now", "hours", "days", "noisy"),
    [
        (250, dict.fromkeys(range(336), 1), 14, True),  # once an hour, now 250
        (99, {0: 1}, 14, False),  # hardly ever, and not often now
        (120, {0: 1}, 14, True),
        (900, dict.fromkeys(range(0, 336, 24), 1000), 14, False),  # a thousand each night
        (5000, dict.fromkeys(range(0, 336, 24), 1000), 14, True),
        (4000, dict.fromkeys(range(336), 50), 14, False),  # eighty times
        (499, {}, 0, False),  # new
        (500, {}, 0, True),
    ],
)
def test_a_noisy_rule(now: int, hours: dict[int, int], days: int, noisy: bool) -> None:
    found = judge_noise([RuleCount("r", now, hours, timedelta(days=days))], NOW)
    assert subjects(found) == (["r"] if noisy else [])


def steady() -> History:
    first = hour_of(NOW) - 2 * WEEK
    hours = {first + at: 60 for at in range(2 * WEEK)}
    return History(first=first).extended(2 * WEEK, {"a": hours, "b": hours}, {"b": dict.fromkeys(hours, 6)})


def test_stated_silence_beats_the_usual_and_excuses_hold() -> None:
    sights = [SourceSight("a", NOW - 40 * MINUTE), SourceSight("b", NOW - 5 * HOUR), SourceSight("c", None)]
    stated = {"a": (30 * MINUTE, LONG_AGO), "c": (HOUR, LONG_AGO), "d": (HOUR, NOW - MINUTE)}
    found = judge_silence(sights, steady(), stated, (), NOW)
    assert subjects(found) == ["a", "b", "c"]
    assert [one.severity for one in found] == [Severity.HIGH, Severity.MEDIUM, Severity.HIGH]
    assert "since 2026-03-30 15:21 UTC" in found[0].text
    assert "has never delivered" in found[2].text
    assert found[2].since == LONG_AGO + HOUR
    assert judge_silence(sights, steady(), stated, ("a", "b", "c"), NOW) == []
    assert subjects(judge_silence(sights, None, {}, (), NOW)) == []


@pytest.mark.parametrize(
    ("name", "events", "errors", "limits", "failing"),
    [
        ("a", 100, 20, {}, True),  # never any before
        ("b", 1000, 300, {}, True),  # above the limit
        ("b", 1000, 150, {}, False),  # usually a tenth
        ("b", 1000, 150, {"b": 0.05}, True),
        ("new", 1000, 150, {}, False),
        ("new", 30, 19, {}, False),  # too few to say
        ("new", 30, 30, {}, True),
    ],
)
def test_a_failing_source(
    name: str, events: int, errors: int, limits: dict[str, float], failing: bool
) -> None:
    sight = SourceSight(name, NOW, events, errors, reason="no date")
    found = judge_sources([sight], steady(), limits, 15 * MINUTE, NOW)
    assert subjects(found) == ([name] if failing else [])
    assert all("no date" in one.text for one in found)


def test_cut_events_are_told() -> None:
    found = judge_sources([SourceSight("a", NOW, 50, cut=12)], None, {}, 15 * MINUTE, NOW)
    assert [one.kind for one in found] == [HealthKind.TRUNCATION]


def entry(**more: object) -> EntrySight:
    fields: dict[str, object] = {
        "host": "c1",
        "told": NOW,
        "name": "edge",
        "source": "linux.auth",
        "since": LONG_AGO,
        "last": NOW,
    }
    return EntrySight(**(fields | more))  # type: ignore[arg-type]


def test_what_collectors_say() -> None:
    def kinds(one: EntrySight, stated: tuple[str, ...] = ()) -> list[str]:
        return [each.kind.value for each in judge_entries([one], stated, NOW)]

    assert kinds(entry()) == []
    assert kinds(entry(silent_after=HOUR, last=NOW - 2 * HOUR)) == ["source-silent"]
    assert kinds(entry(silent_after=HOUR, last=NOW - 2 * HOUR), ("linux.auth",)) == []
    assert kinds(entry(silent_after=HOUR, last=None)) == ["source-silent"]
    assert kinds(entry(problem="401", problem_since=NOW - MINUTE)) == []
    assert kinds(entry(problem="401", problem_since=NOW - HOUR)) == ["source-failing"]
    assert kinds(entry(unreadable={"/var/log/x": "denied"})) == ["source-failing"]
    assert kinds(entry(dropped=3, full="1 GB")) == ["truncation"]
    assert kinds(entry(gap="42 rows are gone")) == ["truncation"]
    away = judge_entries([entry(told=NOW - HOUR), entry(told=NOW - HOUR, name="two")], (), NOW)
    assert subjects(away) == ["collector c1"]
    assert judge_entries([entry(told=NOW - timedelta(days=8))], (), NOW) == []


def test_an_exception_is_in_force_to_the_end_of_its_last_day() -> None:
    def ends(day: date) -> RuleException:
        return RuleException("e", frozenset({"r"}), {}, {}, None, "alice", "Known", day, "e.yml")

    assert judge_exceptions([ends(NOW.date())], NOW) == []
    (found,) = judge_exceptions([ends(NOW.date() - timedelta(days=1))], NOW)
    assert found.since == datetime(2026, 3, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("planted", "alerted", "started", "words"),
    [
        (NOW - MINUTE, NOW - MINUTE, LONG_AGO, ""),
        (NOW - 8 * MINUTE, NOW - 8 * MINUTE, LONG_AGO, "was stored since"),
        (NOW - MINUTE, NOW - HOUR, LONG_AGO, "do not come out"),
        (NOW - MINUTE, None, LONG_AGO, "do not come out"),
        (None, None, LONG_AGO, "was stored at all"),
    ],
)
def test_a_missing_canary(
    planted: datetime | None, alerted: datetime | None, started: datetime, words: str
) -> None:
    found = judge_canary([CanarySight("one", planted, alerted)], 5 * MINUTE, 2 * MINUTE, started, NOW)
    assert [words in one.text for one in found] == ([True] if words else [])
