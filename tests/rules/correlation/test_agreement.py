"""The engine finds what the definition says, however events arrive and whatever it forgets.

With SIEM_STREAMS=10000 in the environment each test tries that many random streams.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.alerts import Alert, alert_id
from rules.correlation import Engine, Plan
from rules.correlation.hits import micros
from tests.rules.correlation.reference import Found, find_all
from tests.rules.correlation.streams import LATE_PROOF, Store, batches, end_of, hits, judge, make_plan

PLAN = make_plan()
STREAMS = settings(
    max_examples=int(os.environ.get("SIEM_STREAMS", "60")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def found_in(alerts: Iterable[Alert], by_anchor: dict[str, Found]) -> set[Found | str]:
    return {by_anchor.get(alert.id, f"{alert.rule} {alert.group}: {alert.summary}") for alert in alerts}


def names(plan: Plan, found: Iterable[Found]) -> dict[str, Found]:
    """Return findings by the alert id that each must have."""
    return {
        alert_id(
            plan.definitions[each.rule].rule.id,
            dict(zip(plan.definitions[each.rule].group_by, each.key, strict=True)),
            each.anchor,
        ): each
        for each in found
    }


@STREAMS
@given(st.data())
def test_events_in_order_with_restarts_and_a_tiny_memory(data: st.DataObject) -> None:
    arrived = data.draw(hits(in_order=True))
    most = data.draw(st.sampled_from([None, 1, 8]))
    engine, store = Engine(PLAN, most=most), Store()
    found: dict[str, Alert] = {}
    for batch in batches(data.draw, arrived):
        store.hits += batch
        now = end_of(batch) if data.draw(st.booleans()) else batch[-1].time
        if data.draw(st.integers(0, 3)) == 0:
            engine = Engine(PLAN, most=most)
            for request in engine.resume(arrived[0].time, now):
                engine.load(request, store.history(request))
        found |= {alert.id: alert for alert in judge(engine, store, batch, now)}
    found |= {alert.id: alert for alert in judge(engine, store, [], end_of(arrived))}
    immediate = {name for name, each in PLAN.definitions.items() if not each.deferred}
    expected = {each for each in find_all(PLAN, arrived) if each.rule in immediate}
    immediate_alerts = [alert for alert in found.values() if alert.rule in immediate]
    assert found_in(immediate_alerts, names(PLAN, expected)) == expected


@STREAMS
@given(st.data())
def test_what_must_be_awaited_is_judged_when_its_time_is_over(data: st.DataObject) -> None:
    arrived = data.draw(hits(in_order=True))
    engine, store = Engine(PLAN), Store()
    found: dict[str, Alert] = {}
    for batch in batches(data.draw, arrived):
        store.hits += batch
        if data.draw(st.integers(0, 3)) == 0:
            engine = Engine(PLAN)
            for request in engine.resume(arrived[0].time, batch[-1].time):
                engine.load(request, store.history(request))
        found |= {alert.id: alert for alert in judge(engine, store, batch, batch[-1].time)}
    found |= {alert.id: alert for alert in judge(engine, store, [], end_of(arrived))}
    expected = find_all(PLAN, arrived)
    assert found_in(found.values(), names(PLAN, expected)) == expected


@STREAMS
@given(st.data())
def test_a_fresh_engine_over_the_whole_store_finds_the_same(data: st.DataObject) -> None:
    arrived = data.draw(hits(in_order=False))
    engine, store = Engine(PLAN), Store()
    store.hits += arrived
    found = judge(engine, store, data.draw(st.permutations(arrived)), end_of(arrived))
    again = judge(engine, store, [], end_of(arrived).replace(year=2030))
    expected = find_all(PLAN, arrived)
    assert found_in([*found, *again], names(PLAN, expected)) == expected


@STREAMS
@given(st.data())
def test_late_events_make_no_second_alert_for_a_burst(data: st.DataObject) -> None:
    arrived = data.draw(hits(in_order=False))
    engine, store = Engine(PLAN), Store()
    found: dict[str, Alert] = {}
    for batch in batches(data.draw, arrived):
        store.hits += batch
        if data.draw(st.booleans()):
            engine = Engine(PLAN)
        new = judge(engine, store, batch, end_of(arrived))
        found |= {alert.id: alert for alert in engine.settle(new, list(found.values()))}
    for each in find_all(PLAN, arrived):
        definition = PLAN.definitions[each.rule]
        if each.rule not in LATE_PROOF:
            continue
        group = dict(zip(definition.group_by, each.key, strict=True))
        about = [alert for alert in found.values() if (alert.rule, alert.group) == (each.rule, group)]
        near = [alert for alert in about if abs(micros(alert.last) - each.at) <= definition.timespan]
        assert near, each
        if definition.kind.value == "event_count":
            assert all(
                abs(micros(one.last) - micros(other.last)) > definition.timespan
                for one in about
                for other in about
                if one.id != other.id
            )


@STREAMS
@given(st.data())
def test_the_same_batch_again_gives_the_same_alerts(data: st.DataObject) -> None:
    arrived = data.draw(hits(in_order=False))
    store = Store()
    store.hits += arrived
    engine = Engine(PLAN)
    now = end_of(arrived)
    first = judge(engine, store, arrived, arrived[0].time)
    again = judge(engine, store, arrived, arrived[0].time)
    fresh = judge(Engine(PLAN), store, arrived, arrived[0].time)
    assert first == again == fresh
    assert now > arrived[0].time
