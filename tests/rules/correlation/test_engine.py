"""What the engine asks for, what it keeps, and what it says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rules.alerts import alert_id
from rules.correlation import Engine, Hit, Plan, memory, plan_correlations
from rules.correlation.hits import moment
from rules.rule import RuleText, parse_rules
from tests.rules.correlation.streams import START, Store, judge

SECOND = 1_000_000
RULES = """\
title: Failed
name: failed
level: informational
logsource: {product: linux}
detection: {s: {event.outcome: failure}, condition: s}
---
title: Login
name: login
level: informational
logsource: {product: linux}
detection: {s: {event.outcome: success}, condition: s}
---
title: Guessing
name: guessing
level: medium
correlation: {type: event_count, rules: [failed], group-by: [source.ip], timespan: 5m, condition: {gte: 5}}
---
title: Guessed
name: guessed
level: high
generate: true
correlation: {type: temporal_ordered, rules: [guessing, login], group-by: [source.ip], timespan: 10m}
"""


@pytest.fixture
def plan() -> Plan:
    rules = parse_rules([RuleText("rules.yml", RULES)])
    assert rules.faults == ()
    return plan_correlations(rules)


def hit(rule: str, seq: int, seconds: float, ip: str = "198.51.100.7", user: str = "root") -> Hit:
    fields = {
        "source.ip": ip,
        "user.name": user,
        "host.name": "web-1",
        "event.category": ["authentication"],
        "event.outcome": "failure" if rule == "failed" else "success",
        "event.type": ["info"] if rule == "failed" else ["start"],
    }
    return Hit(rule, f"e{seq}", "logs", seq, START + int(seconds * SECOND), fields)


def failures(count: int, every: float = 3.0, **more: str) -> list[Hit]:
    return [hit("failed", turn, turn * every, **more) for turn in range(count)]


def test_history_is_asked_for_once_and_for_all_groups_together(plan: Plan) -> None:
    engine = Engine(plan)
    new = [hit("failed", turn, 0, ip=f"198.51.100.{turn}") for turn in range(50)]
    (request,) = engine.observe(new, moment(START))
    assert list(request.keys) == ["source.ip"]
    assert len(request.keys["source.ip"]) == 50
    assert request.rules == ("failed",)
    assert request.first <= moment(START) - timedelta(minutes=10)
    assert request.last >= moment(START)
    with pytest.raises(RuntimeError, match="history is missing"):
        engine.evaluate(moment(START))
    engine.load(request, ())
    while requests := engine.pending():
        for each in requests:
            engine.load(each, ())
    assert engine.evaluate(moment(START)) == []
    more = [hit("failed", 100 + turn, 5, ip=f"198.51.100.{turn}") for turn in range(50)]
    assert engine.observe(more, moment(START + 5 * SECOND)) == []


def test_a_group_that_was_not_seen_for_a_day_needs_no_history(plan: Plan) -> None:
    engine = Engine(plan)
    engine.observe((), moment(START))
    engine.evaluate(moment(START))
    later = 2 * 86400
    assert engine.observe([hit("failed", 1, later)], moment(START + later * SECOND)) == []


def test_the_alert_names_who_when_and_how_often(plan: Plan) -> None:
    store = Store()
    store.hits = [*failures(147, user="alice"), hit("login", 500, 440, user="alice")]
    found = judge(Engine(plan), store, store.hits, moment(START + 500 * SECOND))
    guessing, guessed = found
    assert guessing.id == alert_id(guessing.rule_id, {"source.ip": "198.51.100.7"}, "e4")
    assert guessed.id == alert_id(guessed.rule_id, {"source.ip": "198.51.100.7"}, "e500")
    assert guessed.summary == "198.51.100.7 logged in as alice on web-1 after 147 failed logins."
    assert guessed.evidence_count == 148
    assert len(guessed.evidence) == 100
    assert [guessed.evidence[0].id, guessed.evidence[-1].id] == ["e0", "e500"]
    assert (guessed.first, guessed.last) == (moment(START), moment(START + 440 * SECOND))
    assert [str(entity) for entity in guessed.entities] == ["ip:198.51.100.7", "user:alice", "host:web-1"]
    assert guessed.evidence[0].index == "logs"


def test_after_a_restart_the_store_says_which_burst_has_its_alert(plan: Plan) -> None:
    store = Store()
    early = [hit("failed", turn, turn) for turn in (0, 1, 2, 4, 5)]
    store.hits += early
    (first,) = judge(Engine(plan), store, early, moment(START + 6 * SECOND))
    late = hit("failed", 9, 3)
    store.hits.append(late)
    engine = Engine(plan)
    (again,) = judge(engine, store, [late], moment(START + 7 * SECOND))
    assert again.id != first.id
    assert engine.settle([again], [first]) == [first]
    assert engine.settle([first], [first]) == [first]


def test_without_a_restart_it_knows_by_itself(plan: Plan) -> None:
    store, engine = Store(), Engine(plan)
    early = [hit("failed", turn, turn) for turn in (0, 1, 2, 4, 5)]
    store.hits += early
    (first,) = judge(engine, store, early, moment(START + 6 * SECOND))
    late = hit("failed", 9, 3)
    store.hits.append(late)
    (again,) = judge(engine, store, [late], moment(START + 7 * SECOND))
    assert again.id == first.id


def test_events_of_one_second_that_come_apart_are_one_burst(plan: Plan) -> None:
    store, engine = Store(), Engine(plan)
    ids = set()
    for batch in range(4):
        new = [hit("failed", batch * 3 + turn, 0) for turn in range(3)]
        store.hits += new
        ids |= {alert.id for alert in judge(engine, store, new, moment(START + SECOND))}
    assert ids == {alert_id(plan.definitions["guessing"].rule.id, {"source.ip": "198.51.100.7"}, "e4")}


def test_memory_is_bounded_and_forgets_nothing_that_matters(plan: Plan) -> None:
    store, engine = Store(), Engine(plan, most=40)
    found = set()
    for turn in range(5):
        for address in range(60):
            new = [hit("failed", turn * 60 + address, turn * 60 + address, ip=f"198.51.100.{address}")]
            store.hits += new
            found |= {alert.id for alert in judge(engine, store, new, new[0].time)}
            assert engine._memory.size <= 40
    assert len(found) == 60


def test_too_many_hits_of_one_group_are_reported(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST_OF_A_GROUP", 100)
    store, engine = Store(), Engine(plan)
    store.hits = failures(150, every=1)
    found = judge(engine, store, store.hits, moment(START + 200 * SECOND))
    assert engine.crowds
    assert engine.crowds[0].rule == "failed"
    assert engine.crowds[0].group == {"source.ip": "198.51.100.7"}
    assert len(found) <= 1


def test_only_wanted_detections_become_hits_with_only_wanted_fields(plan: Plan) -> None:
    engine = Engine(plan)
    event = {
        "@timestamp": "2026-03-02T09:00:00.000Z",
        "event.id": "e1",
        "source.ip": "198.51.100.7",
        "user_agent.original": "x" * 5000,
        "event.original": "secret",
    }
    assert engine.hit("other", event) is None
    found = engine.hit("failed", event, "logs", 7)
    assert found is not None
    assert dict(found.fields) == {"source.ip": "198.51.100.7"}
    assert (found.index, found.seq, found.time.isoformat()) == ("logs", 7, "2026-03-02T09:00:00+00:00")


def test_times_far_apart_are_fetched_for_one_group_without_what_lies_between() -> None:
    text = RULES.replace(
        "{type: event_count, rules: [failed], group-by: [source.ip], timespan: 5m, condition: {gte: 5}}",
        "{type: absence, rules: [failed, login], group-by: [source.ip], timespan: 5m}",
    ).split("---\ntitle: Guessed")[0]
    plan = plan_correlations(parse_rules([RuleText("rules.yml", text)]))
    assert plan.faults == ()
    store, engine = Store(), Engine(plan)
    day = 86400
    store.hits = [hit("failed", 1, 0), *(hit("login", 10 + n, 2 * day + n) for n in range(50))]
    store.hits += [hit("failed", 2, 4 * day)]
    now = moment(START + 30 * day * SECOND)
    new = [store.hits[0], store.hits[-1]]
    asked = engine.observe(new, now)
    assert asked == []
    later = now + timedelta(minutes=6)
    requests, rounds, fetched = engine.observe([], later), 0, 0
    while requests:
        rounds += 1
        assert rounds < 5
        for request in requests:
            found = store.history(request)
            fetched += len(found)
            engine.load(request, found)
        requests = engine.pending()
    assert {alert.evidence[0].id for alert in engine.evaluate(later)} == {"e1", "e2"}
    late = hit("failed", 3, 0.5)
    store.hits.append(late)
    judge(engine, store, [late], later)
    found = judge(engine, store, [], later + timedelta(minutes=6))
    assert [alert.evidence[0].id for alert in found] == []
