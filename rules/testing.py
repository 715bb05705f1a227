"""Inline tests: a rule's own examples, at the foot of its YAML, run by the real matcher and engine.

    tests:
      - name: five failures in five minutes
        events:
          - {event: {event.module: linux, …}, at: 0s, repeat: 5, every: 75s}
        match: true                        # or false
        alerts: 1                          # of correlations: how many; 1 where it matches
        summary: 198.51.100.7 failed …     # and what else the first alert must say, all optional
        entities: [ip:198.51.100.7]        # exactly these, in any order
        group: {source.ip: 198.51.100.7}

``event: {…}`` stands for ``events: [{event: {…}}]``. Events are ECS, nested or dotted; ``at`` is the
time since the test began, or the event has its ``@timestamp``. A detection matches where it matches
any of the events. A correlation is run twice, event by event and all at once, and must do the same. A
scheduled query is asked on a real engine about every window that its events are in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from rules.alerts import Alert
from rules.correlation import Engine, Hit, Plan, alert_of, plan_correlations
from rules.ecs import flatten, parse_timestamp, timestamp
from rules.rule import Correlation, Detection, Query, RuleFault, RuleSet
from rules.rule_yaml import Path, did_you_mean
from rules.sigma import Matcher, compile_rules

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CASE_KEYS = ("name", "event", "events", "match", "alerts", "summary", "entities", "group")
EVENT_KEYS = ("event", "at", "repeat", "every")
_OFFSET = re.compile(r"(-?\d+(?:\.\d+)?)(ms|s|m|h|d)\Z")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_MOST_REPEATS = 10_000


@dataclass(frozen=True)
class CaseResult:
    """How one inline test went."""

    rule: str
    case: str
    """Its name, else ``test 1``."""
    path: str
    """The rule's file."""
    passed: bool
    message: str = ""
    """What was expected and what came, where it failed."""
    fault: RuleFault | None = None
    """The failure with its place in the file."""


@dataclass(frozen=True)
class TestRun:
    """All inline tests of a rule set."""

    __test__ = False
    results: tuple[CaseResult, ...]
    untested: tuple[str, ...]
    """Rules without tests."""
    faults: tuple[RuleFault, ...] = ()
    """What is wrong with the rules themselves."""

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        return tuple(result for result in self.results if not result.passed)


def run_tests(rules: RuleSet, only: Iterable[str] | None = None) -> TestRun:
    """Run the inline tests of a rule set; `only` names the rules to test, all of them by default."""
    plan = plan_correlations(rules)
    matcher = compile_rules(rules.detections, rules.filters)
    wanted = None if only is None else set(only)
    results: list[CaseResult] = []
    untested: list[str] = []
    every: list[Detection | Correlation] = [*rules.detections, *rules.correlations]
    for rule in every:
        if wanted is not None and rule.name not in wanted:
            continue
        if rule.tests is None:
            untested.append(rule.name)
        elif not isinstance(rule.tests, list):
            results.append(_failed(rule, "tests", ("tests",), "tests must be a list", "- {event: {…}}"))
        else:
            results += [_Case(rule, place, matcher, plan).run() for place in range(len(rule.tests))]
    return TestRun(tuple(results), tuple(untested), (*rules.faults, *plan.faults, *matcher.faults))


def example_alerts(rules: RuleSet) -> dict[str, Alert]:
    """Return the alert that each rule's first matching test gives, by the rule's name: what an incident
    of that rule looks like. Rules without such a test have none."""
    plan = plan_correlations(rules)
    matcher = compile_rules(rules.detections, rules.filters)
    examples: dict[str, Alert] = {}
    every: list[Detection | Correlation] = [*rules.detections, *rules.correlations]
    for rule in every:
        for place in range(len(rule.tests) if isinstance(rule.tests, list) else 0):
            case = _Case(rule, place, matcher, plan)
            if case.raw.get("match") is True:
                examples[rule.name] = case.alerts()[0]
                break
    return examples


class QueryCase:
    """One inline test of a scheduled query; `workers` asks a real engine about its events."""

    def __init__(self, rule: Query, place: int) -> None:
        self._case = _Case(rule, place, compile_rules(()), Plan({}, (), frozenset()))
        self.name = self._case.name

    def events(self) -> list[dict[str, Any]] | CaseResult:
        """Return the flat events, or the result of a test that is malformed."""
        try:
            self._case.check_keys()
            return list(self._case.events())
        except _Malformed as error:
            return self._case.malformed(error)

    def judge(self, alerts: Sequence[Alert]) -> CaseResult:
        """Hold the alerts that the events gave against what is expected."""
        return self._case.judge(alerts)


def query_cases(rule: Query) -> list[QueryCase] | CaseResult:
    """Return the inline tests of a scheduled query, or the fault that they are no list."""
    if rule.tests is None:
        return []
    if not isinstance(rule.tests, list):
        return _failed(rule, "tests", ("tests",), "tests must be a list", "- {events: [{event: {…}}]}")
    return [QueryCase(rule, place) for place in range(len(rule.tests))]


def _failed(
    rule: Detection | Correlation | Query, case: str, path: Path, words: str, remedy: str = ""
) -> CaseResult:
    return CaseResult(rule.name, case, rule.source.path, False, words, rule.fault(path, words, remedy))


class _Malformed(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, path: Path, text: str, remedy: str) -> None:
        super().__init__(text)
        self.path, self.text, self.remedy = path, text, remedy


class _Case:
    def __init__(
        self, rule: Detection | Correlation | Query, place: int, matcher: Matcher, plan: Plan
    ) -> None:
        self.rule = rule
        self.place = place
        self.matcher = matcher
        self.plan = plan
        raw = rule.tests[place]
        self.raw: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
        self.name = str(self.raw.get("name") or f"test {place + 1}")

    def run(self) -> CaseResult:
        try:
            self.check_keys()
            events = list(self.events())
            if isinstance(self.rule, Detection):
                words = self._detect(self.rule, events)
            else:
                words = self._correlate(self.rule.name, events)
        except _Malformed as error:
            return self.malformed(error)
        return self._result(words)

    def malformed(self, error: _Malformed) -> CaseResult:
        path = ("tests", self.place, *error.path)
        return _failed(self.rule, self.name, path, error.text, error.remedy)

    def judge(self, alerts: Sequence[Alert]) -> CaseResult:
        expected = self.raw.get("alerts", 1 if self.raw["match"] else 0)
        if len(alerts) != expected:
            told = "; ".join(alert.summary for alert in alerts[:3])
            words = f"it must give {_alerts(expected)} and gave {_alerts(len(alerts))}"
            return self._result(f"{words} ({told})" if told else words)
        return self._result(self._compare(alerts[0]) if alerts else "")

    def _result(self, words: str) -> CaseResult:
        if words:
            return _failed(self.rule, self.name, ("tests", self.place), words)
        return CaseResult(self.rule.name, self.name, self.rule.source.path, True)

    def alerts(self) -> list[Alert]:
        """Return what the rule makes of the events, at once."""
        events = list(self.events())
        if isinstance(self.rule, Detection):
            found = [event for event in events if self.rule in self.matcher.match(event)]
            return [alert_of(self.rule, event, START) for event in found]
        return self._play(replace(self.plan, alerting=frozenset({self.rule.name})), [events])

    def check_keys(self) -> None:
        if not self.raw:
            raise _Malformed((), "a test must be a mapping", "- {event: {…}, match: true}")
        for key in self.raw:
            if key not in CASE_KEYS:
                near = did_you_mean(str(key), CASE_KEYS)
                remedy = f"did you mean {near!r}?" if near else f"known: {', '.join(CASE_KEYS)}"
                raise _Malformed((str(key),), f"{key!r} is no key of a test", remedy)
        if not isinstance(self.raw.get("match"), bool):
            raise _Malformed(("match",), "a test says whether the rule must match", "match: true")
        if ("event" in self.raw) == ("events" in self.raw):
            raise _Malformed((), "a test has either event or events", "event: {event.action: …}")

    def events(self) -> Iterator[dict[str, Any]]:
        steps = self.raw["events"] if "events" in self.raw else [{"event": self.raw["event"]}]
        if not isinstance(steps, list):
            raise _Malformed(("events",), "events must be a list", "events: [{event: {…}, at: 0s}]")
        number = 0
        for place, step in enumerate(steps):
            path: Path = ("events", place) if "events" in self.raw else ()
            if not isinstance(step, Mapping) or not isinstance(step.get("event"), Mapping):
                raise _Malformed(path, "an event must be a mapping", "{event: {event.action: …}, at: 10s}")
            if unknown := [str(key) for key in step if key not in EVENT_KEYS]:
                remedy = f"known: {', '.join(EVENT_KEYS)}; fields go inside event"
                raise _Malformed((*path, unknown[0]), f"{unknown[0]!r} is no key here", remedy)
            repeat = step.get("repeat", 1)
            if isinstance(repeat, bool) or not isinstance(repeat, int) or not 1 <= repeat <= _MOST_REPEATS:
                raise _Malformed((*path, "repeat"), f"repeat is from 1 to {_MOST_REPEATS}", "repeat: 5")
            begin, every = self._offset(step, "at", path), self._offset(step, "every", path)
            for turn in range(repeat):
                number += 1
                yield self._event(step["event"], number, begin + turn * every, path)

    def _offset(self, step: Mapping[str, Any], key: str, path: Path) -> timedelta:
        value = str(step.get(key, "0s"))
        match = _OFFSET.match(value)
        if match is None:
            raise _Malformed((*path, key), f"{value!r} is no length of time", f"{key}: 90s")
        return timedelta(seconds=float(match[1]) * _UNITS[match[2]])

    def _event(self, fields: Mapping[str, Any], number: int, offset: timedelta, path: Path) -> dict[str, Any]:
        event = flatten({str(key): value for key, value in fields.items()})
        written = event.get("@timestamp")
        try:
            time = parse_timestamp(str(written)) if written is not None else START
        except ValueError:
            words = f"{written!r} is no time"
            raise _Malformed((*path, "event", "@timestamp"), words, '"2026-03-02T09:00:00Z"') from None
        event["@timestamp"] = timestamp(time + offset)
        event.setdefault("event.id", f"test-{number:06d}")
        return event

    def _detect(self, rule: Detection, events: Sequence[dict[str, Any]]) -> str:
        found = [event for event in events if rule in self.matcher.match(event)]
        if bool(found) is not self.raw["match"]:
            return "it must match and doesn't" if self.raw["match"] else "it must not match and does"
        return self._compare(alert_of(rule, found[0], START)) if found else ""

    def _correlate(self, name: str, events: list[dict[str, Any]]) -> str:
        if name not in self.plan.definitions:
            return "the correlation has faults, so it can't be tested"
        plan = replace(self.plan, alerting=frozenset({name}))
        singly = self._play(plan, [[event] for event in events])
        at_once = self._play(plan, [events])
        expected = self.raw.get("alerts", 1 if self.raw["match"] else 0)
        if len(singly) != expected:
            return f"it must give {_alerts(expected)} and gave {_alerts(len(singly))}"
        if {alert.id for alert in singly} != {alert.id for alert in at_once}:
            return f"event by event it gave {_alerts(len(singly))}, all at once {_alerts(len(at_once))}"
        return self._compare(singly[0]) if singly else ""

    def _play(self, plan: Plan, batches: Sequence[list[dict[str, Any]]]) -> list[Alert]:
        """Let events come in batches, and then time pass; return the alerts, each once."""
        engine = Engine(plan)
        alerts: dict[str, Alert] = {}
        now = START
        number = 0
        for batch in batches:
            hits: list[Hit] = []
            for event in batch:
                number += 1
                now = max(now, parse_timestamp(event["@timestamp"]))
                for detection in self.matcher.match(event):
                    hit = engine.hit(detection.name, event, "test", number)
                    hits += [] if hit is None else [hit]
            alerts |= {alert.id: alert for alert in _judge(engine, hits, now)}
        longest = max(each.timespan for each in plan.definitions.values())
        later = now + timedelta(microseconds=longest) + timedelta(hours=1)
        alerts |= {alert.id: alert for alert in _judge(engine, [], later)}
        return sorted(alerts.values(), key=lambda alert: (alert.last, alert.id))

    def _compare(self, alert: Alert) -> str:
        entities = sorted(str(entity) for entity in alert.entities)
        found: dict[str, Any] = {"summary": alert.summary, "entities": entities, "group": alert.group}
        for key, value in found.items():
            if key not in self.raw:
                continue
            expected = self.raw[key]
            expected = sorted(map(str, expected)) if isinstance(expected, list) else expected
            if value != expected:
                return f"its {key} must be {expected!r} and is {value!r}"
        return ""


def _judge(engine: Engine, hits: Sequence[Hit], now: datetime) -> list[Alert]:
    """Judge hits where there is no store, so that what is not in memory never was."""
    requests = engine.observe(hits, now)
    while requests:
        for request in requests:
            engine.load(request, ())
        requests = engine.pending()
    return engine.evaluate(now)


def _alerts(count: int) -> str:
    return f"{count} alert{'' if count == 1 else 's'}"
