"""Findings over time: one incident each, told when over, never twice, whatever dies when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rules.alerts import Severity
from rules.health import Close, Episode, Finding, HealthKind, Note, Open, Step, advance, alert_of_finding
from rules.health.episodes import QUIET, SETTLE, TOGETHER
from rules.incidents import incident_id

START = datetime(2026, 3, 30, 16, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALL = tuple(HealthKind)


def finding(
    subject: str = "linux.auth", kind: HealthKind = HealthKind.SOURCE_SILENT, **more: object
) -> Finding:
    fields = {"text": "It is so.", "remedy": "Do it.", "severity": Severity.MEDIUM, "since": START}
    return Finding.model_validate({"kind": kind, "subject": subject, **fields, **more})


class Story:
    """Looks, a minute apart."""

    def __init__(self) -> None:
        self.now = START
        self.episodes: dict[str, Episode] = {}
        self.steps: list[Step] = []
        self.closed: set[str] = set()

    def look(self, *found: Finding, judged: tuple[HealthKind, ...] = ALL, times: int = 1) -> list[Step]:
        steps: list[Step] = []
        for _ in range(times):
            self.episodes, more = advance(self.episodes, found, judged, self.closed, self.now)
            steps += more
            self.now += MINUTE
        self.steps += steps
        return steps


def test_a_finding_opens_lasts_ends_and_closes() -> None:
    story = Story()
    (opened,) = story.look(finding())
    assert isinstance(opened, Open)
    assert opened.alert.rule == "health.source-silent"
    assert opened.alert.tags == ("health", "source-silent", "source:linux.auth")
    assert opened.incident == incident_id(opened.alert.id)
    assert opened.alert.summary == "It is so. Do it."
    assert story.look(finding(text="It still is."), times=30) == []
    assert story.look() == []
    over = story.look(times=3)
    assert [step.kind for step in over if isinstance(step, Note)] == ["health.over"]
    assert "over since 2026-03-30 16:31 UTC" in over[0].text  # type: ignore[union-attr]
    last = story.look(times=40)
    assert [type(step) for step in last] == [Close]
    assert story.episodes == {}


def test_what_flaps_stays_in_its_incident() -> None:
    story = Story()
    (opened,) = story.look(finding())
    for _ in range(5):
        story.look(times=4)
        story.look(finding(), times=2)
    assert [type(step) for step in story.steps].count(Open) == 1
    assert [step.kind for step in story.steps if isinstance(step, Note)] == ["health.over", "health.back"] * 5
    keys = [step.key for step in story.steps if isinstance(step, Note)]
    assert len(set(keys)) == len(keys)
    assert isinstance(opened, Open)


def test_a_look_that_missed_it_once_says_nothing() -> None:
    story = Story()
    story.look(finding())
    story.look()
    story.look(finding(), times=3)
    assert [type(step) for step in story.steps] == [Open]


def test_what_could_not_be_judged_is_not_over() -> None:
    story = Story()
    story.look(finding())
    assert story.look(judged=(HealthKind.SWEEP_LAG,), times=60) == []
    assert list(story.episodes) == ["source-silent/linux.auth"]


def test_worse_and_different_is_told_once() -> None:
    story = Story()
    story.look(finding(mark="a"))
    worse = story.look(finding(mark="a", severity=Severity.CRITICAL, text="Worse."), times=3)
    story.look(finding(mark="a", severity=Severity.MEDIUM), times=3)
    other = story.look(finding(mark="b", severity=Severity.CRITICAL, text="Other."), times=3)
    assert [step.text.split(": ")[-1] for step in worse if isinstance(step, Note)] == ["Worse."]
    assert not any(isinstance(step, Open) for step in other)
    assert [step.alert.severity for step in worse if isinstance(step, Open)] == [Severity.CRITICAL]
    assert len({step.incident for step in story.steps}) == 1
    assert [step.text.split(": ")[-1] for step in other if isinstance(step, Note)] == ["Other."]


def test_closed_by_a_person_it_is_quiet_while_it_lasts_and_opens_anew_after() -> None:
    story = Story()
    (first,) = story.look(finding())
    assert isinstance(first, Open)
    story.closed.add(first.incident)
    assert story.look(finding(text="It still is so."), times=5) == []
    assert story.look(times=4) == []
    (again,) = story.look(finding())
    assert isinstance(again, Open)
    assert again.incident != first.incident
    story.closed.add(again.incident)
    (other,) = story.look(finding(mark="another rule is broken"))
    assert isinstance(other, Open)
    assert other.incident not in {first.incident, again.incident}


def test_thirty_silent_sources_are_one_incident_and_a_few_are_their_own() -> None:
    story = Story()
    many = story.look(*(finding(f"s{number}") for number in range(30)))
    assert len(many) == 30
    assert len({step.incident for step in many}) == 1
    others = Story()
    few = others.look(*(finding(f"s{number}") for number in range(TOGETHER)))
    assert len({step.incident for step in few}) == TOGETHER
    (late,) = others.look(*(finding(f"s{number}") for number in range(TOGETHER + 1)))
    assert late.incident in {step.incident for step in few}
    rule = others.look(
        finding("r", HealthKind.RULE_FAILING), *(finding(f"s{n}") for n in range(TOGETHER + 1))
    )
    assert rule[0].incident not in {step.incident for step in few}


def test_an_incident_of_many_closes_when_all_are_over() -> None:
    story = Story()
    story.look(*(finding(f"s{number}") for number in range(10)))
    story.look(finding("s3"), times=60)
    assert not any(isinstance(step, Close) for step in story.steps)
    story.look(times=40)
    assert [type(step) for step in story.steps].count(Close) == 1


@given(looks=st.lists(st.sets(st.sampled_from("abcde")), max_size=60))
def test_looking_twice_after_a_death_takes_the_same_steps(looks: list[set[str]]) -> None:
    """The episodes are kept with the steps; what is lost is judged again from what was kept before."""
    story = Story()
    open_incidents: set[str] = set()
    for names in looks:
        before, at = dict(story.episodes), story.now
        found = tuple(finding(name) for name in sorted(names))
        steps = story.look(*found)
        assert advance(before, found, ALL, (), at) == (story.episodes, steps)
        for step in steps:
            if isinstance(step, Open):
                open_incidents.add(step.incident)
            else:
                assert step.incident in open_incidents
            if isinstance(step, Close):
                open_incidents.discard(step.incident)
        assert {each.incident for each in story.episodes.values()} == open_incidents


def test_the_pauses_are_longer_than_a_look() -> None:
    assert MINUTE < SETTLE < QUIET
    assert alert_of_finding(finding(), START).id == alert_of_finding(finding(), START).id
    assert alert_of_finding(finding(), START).id != alert_of_finding(finding(), START + MINUTE).id
