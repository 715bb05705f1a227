"""The benchmark of detection measures what it says: what it calls different is."""

from __future__ import annotations

from bot.bench.detect import TARGETS, DetectOptions, DetectResult, measure_matching
from bot.bench.windows_events import HOSTILE_SIZE, easy_events, hard_events, hostile_events, made_up_rules
from rules.ecs import flatten
from workers.rule_files import compile_texts


def test_events_are_what_they_are_called() -> None:
    hard = [flatten(event) for event in hard_events(200)]
    assert {event["event.code"] for event in hard} == {"1", "4104"}
    lines = [event["process.command_line"] for event in hard if event["event.code"] == "1"]
    assert len(set(lines)) == len(lines) == 100
    assert len({event["event.id"] for event in map(flatten, easy_events(100))}) == 100
    assert easy_events(20) == easy_events(20)
    for event in map(flatten, hostile_events()):
        longest = max(len(value) for value in event.values() if isinstance(value, str))
        assert longest >= HOSTILE_SIZE


def test_rules_that_are_made_up_look_at_these_events() -> None:
    loaded = compile_texts(made_up_rules(300))
    assert loaded.matcher.faults == ()
    result = DetectResult(rules=300, not_converted=0)
    measure_matching(loaded, result, 100)
    assert set(result.figures) <= set(TARGETS)
    assert all(value > 0 for value in [*result.figures.values(), *result.matching.values()])
    assert loaded.matcher.costs()
    assert DetectOptions().rules is None
