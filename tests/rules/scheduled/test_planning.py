"""Scheduled queries are read strictly: all faults at once, each with its place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rules.rule import RuleText, parse_rules
from rules.scheduled import Definition, Firings, QueryPlan, Usual, more_than_usual
from workers.query_windows import load_queries

HEAD = "title: One\nid: r-1\n"
SOUND = """query:
  query_string: event.outcome:failure
  every: 5m
  window: 1h
  group_by: [host.name, source.ip]
  measure: {cardinality: user.name}
  condition: {gte: 5}
  new: {within: 30d}
  usual: {over: 14d, times: 4, least: 3}
"""


def _plan(body: str) -> QueryPlan:
    rules = parse_rules([RuleText("r.yml", HEAD + body)])
    assert rules.faults == ()
    return load_queries(rules.queries)


def _definition(body: str = SOUND) -> Definition:
    (definition,) = _plan(body).definitions
    return definition


def test_a_sound_query() -> None:
    one = _definition()
    assert (one.every, one.window) == (timedelta(minutes=5), timedelta(hours=1))
    assert one.group_by == ("host.name", "source.ip")
    assert (one.measure.kind, one.measure.field, one.bounds) == ("cardinality", "user.name", (("gte", 5.0),))
    assert one.new is not None
    assert (one.new.known_by, one.new.known_for) == (("host.name",), timedelta(days=7))
    assert one.entities == ("host.name", "source.ip")
    gated = _definition("logsource: {category: process_creation}\nquery: {every: 1h}\n")
    assert gated.window == gated.every
    assert "event.category.caseless" in str(gated.query)
    assert gated.holds(1)
    assert not gated.holds(0)


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        (("every: 5m", "every: 5 minutes"), (5, 3), "no length of time"),
        (("every: 5m", "evry: 5m"), (5, 3), "'evry' is no key of a query"),
        (("window: 1h", "window: 7m"), (6, 3), "a whole number of times 5m"),
        (("event.outcome", "event.outcom"), (4, 3), "no field event.outcom; did you mean event.outcome?"),
        (("host.name, source.ip]", "host.nam, source.ip]"), (7, 14), "no field host.nam"),
        (("host.name, source.ip]", "message]"), (7, 14), "no field message"),
        (("host.name, source.ip]", "winlog.event_data.x]"), (7, 14), "stored as flat_object"),
        (("cardinality: user.name", "sum: user.name"), (8, 13), "stored as keyword"),
        (("cardinality: user.name", "mean: user.name"), (8, 13), "'mean' is no key of a measure"),
        (("gte: 5", "gte: five"), (9, 15), "'five' is no number"),
        (("gte: 5", "above: 5"), (9, 15), "'above' is no key of a condition"),
        (("within: 30d", "within: 3y"), (10, 9), "no length of time"),
        (
            ("within: 30d", "within: 30d, known_by: [user.name]"),
            (10, 33),
            "known_by names fields of group_by",
        ),
        (("within: 30d", "within: 3d, known_for: 7d"), (10, 21), "shorter than within"),
        (("times: 4", "times: 0.5"), (11, 22), "from 1 on"),
        (("over: 14d", "over: 90d"), (11, 11), "windows"),
        (("least: 3", "least: 900"), (11, 32), "up to the 336"),
    ],
)
def test_faults_have_their_place(change: tuple[str, str], place: tuple[int, int], words: str) -> None:
    plan = _plan(SOUND.replace(*change))
    assert plan.definitions == ()
    fault = next(fault for fault in plan.faults if words in fault.text + fault.remedy)
    assert (fault.line, fault.column) == place, str(fault)


def test_all_faults_come_at_once() -> None:
    plan = _plan(
        "query:\n  dsl: {script: {script: '1'}}\n  query_string: a\n  every: 1s\n  group_by: [nobody]\n"
        "  measure: median\n  entities: [event.action]\n"
    )
    assert len(plan.faults) == 6
    nested = _plan("query: {every: 1h, dsl: {bool: {must: [{term: {a: 1}}, {scipt: {}}]}}}\n")
    assert "'scipt' is no clause" in str(nested.faults[0])
    assert "which events" in str(_plan("query: {every: 1h}\n").faults[0])


def test_windows_are_on_a_grid_without_gaps() -> None:
    one = _definition()
    start = datetime(2026, 3, 2, 9, 2, 30, tzinfo=UTC)
    ends = one.ends(start, start + timedelta(minutes=15))
    assert [f"{end:%H:%M}" for end in ends] == ["09:05", "09:10", "09:15"]
    later = one.ends(ends[-1], start + timedelta(minutes=30))
    assert [f"{end:%H:%M}" for end in later] == ["09:20", "09:25", "09:30"]


def test_what_overlaps_goes_on() -> None:
    hour, start = timedelta(hours=1), datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    firings = Firings()
    said = [firings.add(("a",), start + minute * timedelta(minutes=5), hour) for minute in (0, 1, 11, 12, 40)]
    assert said == [True, False, False, False, True]
    assert firings.add(("b",), start, hour)
    again = Firings(firings.state())
    assert not again.add(("a",), start, hour)
    assert not again.add(("a",), start - timedelta(minutes=55), hour)
    assert again.add(("a",), start - timedelta(hours=2), hour)
    again.forget(start + timedelta(hours=5))
    assert again.state() == {}


def test_tumbling_windows_fire_each() -> None:
    hour, start = timedelta(hours=1), datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    firings = Firings()
    assert [firings.add(("a",), start + turn * hour, hour) for turn in range(3)] == [True, True, True]


def test_more_than_usual() -> None:
    usual = Usual(timedelta(days=14), times=3, least=3)
    assert more_than_usual(31, [10, 10, 10], usual) == 10
    assert more_than_usual(30, [10, 10, 10], usual) is None
    assert more_than_usual(31, [0, 0, 10, 10], usual) is None
    assert more_than_usual(31, [], usual) is None
