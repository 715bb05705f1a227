"""Alerts that belong together become one incident, whatever happens in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.alerts import Alert, EventRef, Severity
from rules.entities import Entity
from rules.grouping import Group, GroupingPolicy, assign, facts_of
from rules.incidents import IncidentFacts, incident_id

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DETECTED = START + timedelta(days=300)
HIGH, MEDIUM = Severity.HIGH, Severity.MEDIUM


def alert(
    name: str,
    *entities: str,
    severity: Severity = MEDIUM,
    hours: float = 0.0,
    lasted: float = 0.0,
    detected: datetime = DETECTED,
) -> Alert:
    last = START + timedelta(hours=hours)
    return Alert(
        id=name,
        rule=f"rule-{name}",
        rule_id=name,
        title=f"Title {name}",
        severity=severity,
        risk=severity.risk,
        entities=tuple(Entity.parse(text) for text in entities),
        evidence=(EventRef(id=f"event-{name}"),),
        evidence_count=1,
        first=last - timedelta(hours=lasted),
        last=last,
        detected=detected,
        attack=("T1110",),
        summary=f"What {name} says.",
    )


def joined(groups: tuple[Group, ...]) -> dict[str, set[str]]:
    return {group.incident: {each.id for each in group.alerts} for group in groups}


def test_a_high_alert_opens_an_incident_and_takes_in_what_came_before() -> None:
    before = alert("before", "ip:198.51.100.7", "host:web-1")
    stranger = alert("stranger", "ip:203.0.113.9", "host:web-1")
    breach = alert("breach", "ip:198.51.100.7", "user:alice", "host:web-1", severity=HIGH, hours=1)
    groups = assign([breach], earlier=[before, stranger, breach])
    assert joined(groups) == {incident_id("breach"): {"before", "breach"}}
    assert groups[0].opens


def test_lower_alerts_open_nothing() -> None:
    assert assign([alert("a", "ip:198.51.100.7"), alert("b", "ip:198.51.100.7")]) == ()


@pytest.mark.parametrize(("hours", "joins"), [(24.0, True), (24.001, False), (-24.0, True), (-24.001, False)])
def test_the_window_is_closed_at_both_ends(hours: float, joins: bool) -> None:
    facts = facts_of([alert("breach", "ip:198.51.100.7", severity=HIGH)])
    groups = assign([alert("later", "ip:198.51.100.7", hours=hours)], incidents=[facts])
    assert joined(groups) == ({facts.id: {"later"}} if joins else {})
    assert all(not group.opens for group in groups)


def test_a_long_alert_is_near_by_either_end() -> None:
    facts = facts_of([alert("breach", "ip:198.51.100.7", severity=HIGH)])
    long = alert("long", "ip:198.51.100.7", hours=40, lasted=17)
    assert joined(assign([long], incidents=[facts])) == {facts.id: {"long"}}


@pytest.mark.parametrize("shared", ["host:web-1", "user:root", "file:/etc/passwd"])
def test_what_everybody_shares_links_nobody(shared: str) -> None:
    one = alert("one", "ip:198.51.100.7", shared, severity=HIGH)
    two = alert("two", "ip:203.0.113.9", shared, severity=HIGH, hours=1)
    assert len(assign([one, two])) == 2


def test_weak_accounts_are_a_matter_of_policy() -> None:
    one = alert("one", "user:deploy", severity=HIGH)
    two = alert("two", "user:deploy", severity=HIGH, hours=1)
    assert len(assign([one, two])) == 1
    policy = GroupingPolicy(weak=frozenset({Entity.parse("user:deploy")}))
    assert len(assign([one, two], policy=policy)) == 2


def test_an_address_says_more_than_a_user() -> None:
    by_user = facts_of([alert("first", "ip:203.0.113.9", "user:alice", severity=HIGH)])
    by_address = facts_of([alert("second", "ip:198.51.100.7", "user:bob", severity=HIGH, hours=1)])
    new = alert("new", "ip:198.51.100.7", "user:alice", severity=HIGH, hours=2)
    assert joined(assign([new], incidents=[by_user, by_address])) == {by_address.id: {"new"}}


def test_of_two_incidents_the_older_one_wins() -> None:
    older = facts_of([alert("z", "ip:198.51.100.7", severity=HIGH)])
    younger = facts_of([alert("a", "ip:198.51.100.7", severity=HIGH, hours=1)])
    new = alert("new", "ip:198.51.100.7", hours=2)
    assert joined(assign([new], incidents=[younger, older])) == {older.id: {"new"}}


def test_a_closed_incident_takes_nothing_but_one_that_just_opened_does() -> None:
    first = alert("first", "ip:198.51.100.7", severity=HIGH)
    taken = {"first": incident_id("first")}
    soon = alert("soon", "ip:198.51.100.7", severity=HIGH, detected=DETECTED + timedelta(seconds=5))
    late = alert("late", "ip:198.51.100.7", severity=HIGH, detected=DETECTED + timedelta(hours=5))
    assert joined(assign([soon], earlier=[first], taken=taken)) == {incident_id("first"): {"soon"}}
    assert joined(assign([late], earlier=[first], taken=taken)) == {incident_id("late"): {"late"}}


def test_after_a_crash_the_same_alerts_go_to_the_same_incidents() -> None:
    before = alert("before", "ip:198.51.100.7")
    breach = alert("breach", "ip:198.51.100.7", "user:alice", severity=HIGH, hours=1)
    again = alert("again", "user:alice", severity=HIGH, hours=2)
    whole = assign([breach, again], earlier=[before, breach, again])
    assert len(whole) == 1
    incident = whole[0].incident
    # the signal was sent and the facts stored, but no alert was marked
    stored = facts_of([before, breach])
    resumed = assign([breach, again], earlier=[before, breach, again], incidents=[stored])
    assert joined(resumed) == {incident: {"before", "breach", "again"}}
    # one alert was marked
    resumed = assign(
        [breach, again], earlier=[before, breach, again], incidents=[stored], taken={"before": incident}
    )
    assert joined(resumed) == {incident: {"breach", "again"}}
    # all were
    taken = dict.fromkeys(("before", "breach", "again"), incident)
    assert assign([breach, again], earlier=[before, breach, again], incidents=[stored], taken=taken) == ()


ALERTS = st.lists(
    st.builds(
        lambda entities, severity, hours: (entities, severity, hours),
        st.sets(st.sampled_from(["ip:1.1.1.1", "ip:2.2.2.2", "user:a", "user:b", "user:root", "host:h"])),
        st.sampled_from([Severity.LOW, MEDIUM, HIGH, Severity.CRITICAL]),
        st.integers(0, 60),
    ),
    min_size=1,
    max_size=8,
)


@given(ALERTS, st.data())
def test_order_does_not_matter_and_a_second_run_changes_nothing(
    drawn: list[tuple[set[str], Severity, int]], data: st.DataObject
) -> None:
    alerts = [
        alert(f"a{i}", *sorted(entities), severity=severity, hours=hours)
        for i, (entities, severity, hours) in enumerate(drawn)
    ]
    groups = assign(alerts, earlier=alerts)
    shuffled = data.draw(st.permutations(alerts))
    assert assign(shuffled, earlier=shuffled) == groups
    taken = {each.id: group.incident for group in groups for each in group.alerts}
    facts = [facts_of(group.alerts, incident=group.incident) for group in groups]
    assert assign(alerts, earlier=alerts, taken=taken, incidents=facts) == ()
    names = [each.id for group in groups for each in group.alerts]
    assert len(names) == len(set(names))
    for each in alerts:
        if each.severity.rank >= HIGH.rank:
            assert each.id in taken
    marked = dict(data.draw(st.lists(st.sampled_from(sorted(taken.items())), unique=True)) if taken else ())
    resumed = assign(alerts, earlier=alerts, taken=marked, incidents=facts)
    for group in resumed:
        for each in group.alerts:
            assert taken.get(each.id, group.incident) == group.incident


def test_facts_name_the_attacker_and_the_victim_first() -> None:
    noise = alert("noise", "host:web-1", "user:carol", "ip:198.51.100.7")
    breach = alert(
        "breach", "host:web-1", "user:alice", "ip:198.51.100.7", severity=HIGH, hours=1, lasted=0.5
    )
    facts = facts_of([noise, breach])
    assert isinstance(facts, IncidentFacts)
    assert [str(entity) for entity in facts.entities] == [
        "ip:198.51.100.7",
        "user:alice",
        "host:web-1",
        "user:carol",
    ]
    assert facts.id == incident_id("breach")
    assert facts.title == "Title breach: 198.51.100.7 as alice on web-1"
    assert facts.severity is HIGH
    assert (facts.first, facts.last) == (START, START + timedelta(hours=1))
    assert facts.summary == "What breach says. What noise says."
    assert facts.rules == ("rule-breach", "rule-noise")
    assert facts.alerts == ("noise", "breach")
    with pytest.raises(ValueError, match="needs an alert"):
        facts_of([])
