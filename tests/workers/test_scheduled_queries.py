"""Scheduled queries on a real store: every window is asked, late events count, and trouble is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.opensearch import Keyring, OpenSearchStores, connect
from integrations.opensearch import aggregations as aggregations_module
from integrations.opensearch.aggregations import Aggregations
from integrations.ports import StoreUnavailableError
from rules.alerts import Alert
from rules.ecs import timestamp
from rules.rule import RuleText, parse_rules
from rules.scheduled import Measure
from workers import scheduled_queries as scheduled_module
from workers.contract import EvidenceNote
from workers.query_rule_tests import run_query_tests
from workers.query_windows import load_queries
from workers.rule_files import library_texts
from workers.scheduled_queries import STATE, ScheduledQueries, troubles
from workers.side_findings import Finding, SideFindings

START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
"""Events are stored now, whatever their time: a test's clock begins here and soon is ahead of it."""
FAILURES = """title: Failures
name: failures
id: r-1
query:
  {query_string: event.outcome:failure, every: 5m, window: 10m, group_by: [user.name], condition: {gte: 3}}
"""


@dataclass
class Clock:
    time: datetime = START

    def now(self) -> datetime:
        return self.time


class Sweep(SideFindings):
    """Delivers at once, as the next tick would."""

    def __init__(self) -> None:
        super().__init__()
        self.alerts: list[Alert] = []
        self.fails = False

    async def deliver(self, findings: Any) -> None:
        if self.fails and findings:
            raise StoreUnavailableError("away")
        found: list[Finding] = list(findings)
        self.alerts += [alert for alert, _ in found]


@dataclass
class Rig:
    stores: OpenSearchStores
    clock: Clock = field(default_factory=Clock)
    sweep: Sweep = field(default_factory=Sweep)
    notes: list[EvidenceNote] = field(default_factory=list)
    count: int = 0

    async def note(self, _chain: str, note: EvidenceNote) -> None:
        self.notes.append(note)

    def queries(self, *texts: str) -> ScheduledQueries:
        rules = parse_rules([RuleText(f"{place}.yml", text) for place, text in enumerate(texts)])
        plan = load_queries(rules.queries)
        assert rules.faults == plan.faults == ()
        store = Aggregations(self.stores.connection)
        return ScheduledQueries(plan, store, self.stores.state, self.clock, self.note)

    async def write(self, *minutes: float, user: str = "alice", **fields: Any) -> None:
        documents = []
        for minute in minutes:
            self.count += 1
            event = {"id": f"e-{self.count}", "dataset": "okta.system", "kind": "event", "outcome": "failure"}
            at = timestamp(START + timedelta(minutes=minute))
            documents.append({"@timestamp": at, "event": event, "user": {"name": user}, **fields})
        await self.stores.events.write(documents)

    async def ask(self, queries: ScheduledQueries, minute: float) -> list[Alert]:
        """Let the clock be at a minute, ask all rules, and return the new alerts."""
        self.clock.time = START + timedelta(minutes=minute)
        before = len(self.sweep.alerts)
        for definition in queries.plan.definitions:
            await queries.ask(definition, self.sweep)
        return self.sweep.alerts[before:]


@pytest.fixture
async def rig(opensearch_url: str, index_prefix: str) -> AsyncIterator[Rig]:
    stores = await connect(opensearch_url, prefix=index_prefix, keyring=Keyring({"test": b"k" * 32}))
    await stores.setup()
    yield Rig(stores)
    await stores.close()


async def test_each_window_is_asked_once_and_what_goes_on_is_one_alert(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Events are stored now, and the clock of the rules is behind: look that wide for late ones.
    monkeypatch.setattr(scheduled_module, "OVERLAP", timedelta(hours=6))
    queries = rig.queries(FAILURES)
    assert await rig.ask(queries, 1) == []
    await rig.write(2, 3, 7, 8, 12, 13, 18)
    assert await rig.ask(queries, 5.01) == []
    (first,) = await rig.ask(queries, 10.1)
    assert (first.group, first.evidence_count) == ({"user.name": "alice"}, 4)
    assert [str(one) for one in first.entities] == ["user:alice"]
    assert first.first == START + timedelta(minutes=2)
    assert first.summary == "Failures: user.name alice; events 4."
    assert await rig.ask(queries, 20.1) == []

    await rig.write(31, 32, user="bob")
    assert await rig.ask(queries, 40.1) == []
    await rig.write(33, user="bob")
    await rig.write(41, 42, 43)
    late, again = sorted(await rig.ask(queries, 45.1), key=lambda one: one.group["user.name"], reverse=True)
    assert (late.group["user.name"], late.evidence_count) == ("bob", 3)
    assert (again.group["user.name"], again.id != first.id) == ("alice", True)

    restarted = rig.queries(FAILURES)
    assert await rig.ask(restarted, 46) == []
    await rig.write(61, 62, 63)
    rig.sweep.fails = True
    assert await rig.ask(restarted, 70.1) == []
    assert list(await troubles(rig.stores.state)) == ["failures"]
    rig.sweep.fails = False
    crashed = rig.queries(FAILURES)
    (third,) = await rig.ask(crashed, 70.2)
    assert third.evidence_count == 3
    assert await troubles(rig.stores.state) == {}
    assert [note.kind for note in rig.notes] == ["query.troubled", "query.whole"]
    state = await rig.stores.state.get(STATE + "r-1")
    await rig.stores.state.put(STATE + "r-1", (state or ({}, ""))[0] | {"fired": {}})
    twice = rig.queries(FAILURES)
    await rig.write(64)
    assert third.id in {one.id for one in await rig.ask(twice, 75.1)}
    ((rule, runs, hits, _),) = [(one.rule.id, one.runs, one.hits, one.seconds) for one in queries.costs()]
    assert (rule, runs > 8, hits > 4) == ("r-1", True, True)


async def test_too_many_groups_and_refused_queries_are_told(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    each = FAILURES.replace("{gte: 3}", "{gte: 1}")
    broken = each.replace("r-1", "r-2").replace("failures", "broken").replace(
        "event.outcome:failure", "'event.outcome:(failure'"
    )  # fmt: skip
    queries = rig.queries(each, broken)
    await rig.ask(queries, 1)
    for number in range(7):
        await rig.write(2, user=f"u{number}")
    monkeypatch.setattr(aggregations_module, "MOST_GROUPS", 5)
    monkeypatch.setattr(scheduled_module, "MOST_GROUPS", 5)
    assert len(await rig.ask(queries, 5.1)) == 5
    told = await troubles(rig.stores.state)
    assert told["failures"].startswith("a window has more than 5 groups")
    assert "parse_exception" in told["broken"] or "Failed to parse" in told["broken"]
    assert sorted(note.data["rule"] for note in rig.notes) == ["broken", "failures"]
    monkeypatch.setattr(scheduled_module, "MOST_FIRED", 2)
    monkeypatch.setattr(aggregations_module, "MOST_GROUPS", 50)
    for number in range(7):
        await rig.write(21, user=f"v{number}")
    fired = [alert.group["user.name"] for alert in await rig.ask(rig.queries(each), 25.1)]
    assert [name for name in fired if name.startswith("v")] == ["v0", "v1"]
    assert "7 groups of a window fired" in (await troubles(rig.stores.state))["failures"]
    only = rig.queries(FAILURES)
    task = asyncio.create_task(only.run(rig.sweep))
    try:
        for _ in range(200):
            await asyncio.sleep(0.02)
            if "broken" not in await troubles(rig.stores.state):
                break
        assert "broken" not in await troubles(rig.stores.state)
    finally:
        task.cancel()


async def test_measures_and_kinds_of_groups(rig: Rig) -> None:
    for number in range(5):
        await rig.write(
            number, source={"ip": "203.0.113.7", "bytes": 100 * number, "port": 1000 + number % 2},
            http={"response": {"status_code": 404}},
        )  # fmt: skip
    await rig.write(6, source={"ip": "2001:db8::1", "bytes": 7})
    await rig.write(7, user="bob")
    store = Aggregations(rig.stores.connection)
    await store.refresh()
    end = START + timedelta(hours=1)

    async def ask(measure: Measure, *fields: str) -> dict[tuple[str, ...], float]:
        found = await store.groups({"match_all": {}}, fields, measure, START, end)
        return {one.key: one.value for one in found.groups}

    assert await ask(Measure()) == {(): 7.0}
    assert await ask(Measure(), "source.ip") == {("203.0.113.7",): 5.0, ("2001:db8::1",): 1.0}
    assert await ask(Measure("sum", "source.bytes"), "user.name") == {("alice",): 1007.0, ("bob",): 0.0}
    assert await ask(Measure("cardinality", "source.port"), "source.ip", "http.response.status_code") == {
        ("203.0.113.7", "404"): 2.0
    }
    assert await ask(Measure("max", "source.bytes"), "user.name") == {("alice",): 400.0, ("bob",): 0.0}
    assert await ask(Measure("percentile", "source.bytes", 50), "source.ip") == {
        ("203.0.113.7",): 200.0, ("2001:db8::1",): 7.0,
    }  # fmt: skip
    assert await ask(Measure("avg", "source.bytes")) == {(): pytest.approx(1007 / 6)}


async def test_the_library_s_queries_pass_their_own_tests(rig: Rig) -> None:
    rules = parse_rules(library_texts())
    plan = load_queries(rules.queries)
    assert plan.faults == ()
    done = await run_query_tests(rig.stores, plan, rules.queries)
    assert [(one.rule, one.case, one.message) for one in done.failed] == []
    assert (len(done.results) >= 10, done.untested) == (True, ())
    tests = "tests:\n- {event: {event.outcome: failure}, match: true}\n- {event: {}, math: true}\n"
    changed = parse_rules([RuleText("w.yml", FAILURES + tests)])
    failed = (await run_query_tests(rig.stores, load_queries(changed.queries), changed.queries)).failed
    assert [one.message for one in failed] == [
        "it must give 1 alert and gave 0 alerts", "'math' is no key of a test",
    ]  # fmt: skip
    assert replace(failed[0]).fault is not None
