"""The system's own incidents, each from its start to its end, on real engines; time is the site's clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from integrations.canary import canaries, slot_of
from integrations.opensearch import Keyring, OpenSearchStores, connect
from integrations.ports import Site
from playbooks.model import load_playbook
from playbooks.policy import ApproversPolicy, GuardPolicy
from rules import correlation
from rules.alerts import Alert, Severity, alert_id
from rules.correlation import plan_correlations
from rules.ecs import timestamp
from rules.grouping import GroupingPolicy
from rules.health import History
from rules.health.cadence import WEEK, hour_of
from rules.health.canaries import DATASET
from rules.health.episodes import QUIET
from rules.incidents import IncidentFacts, IncidentStatus
from rules.rule import RuleText
from rules.sigma import Matcher
from rules.sigma.matcher import Limits
from tests.workers.test_incident_workflow import Bot
from workers.collect.canary import plant_canaries
from workers.collect.state import STATE_KEY, CollectorState, SourceState
from workers.contract import BOT_QUEUE, QUEUE, ChangeIncident
from workers.detection import Detection, load_detection
from workers.health import HEALTH, Findings, Health
from workers.health_metrics import HealthMetrics, read_findings
from workers.health_section import CanarySection, HealthSection, SourceHealth
from workers.health_sights import HISTORY
from workers.incident_workflow import IncidentWorkflow
from workers.live_desk import LiveDesk
from workers.playbook_files import PlaybookFile, PlaybookSet
from workers.playbook_workflow import PlaybookWorkflow
from workers.response import Response
from workers.rule_files import canary_texts, compile_texts
from workers.settings import Settings, settings_in_code
from workers.site_file import GuardSection, SiteFile
from workers.site_status import health_of
from workers.sweep import ALIVE, Sweep
from workers.temporal import sandbox

pytestmark = pytest.mark.engine

MINUTE = timedelta(minutes=1)
EMPTY = Detection(Matcher([]), plan_correlations(compile_texts([]).rules), ())
KEYS = Keyring({"test": b"k" * 32})
SILENT = """
name: source-silent
description: Tell who looks after the source.
on: {incident: {rules: [health.source-silent]}}
steps:
  - {id: tell, notify: {tier: low, text: "{{ incident.title }}"}}
"""
ATTACK = """
name: attacked
description: For whatever is severe.
on: {incident: {severity: low}}
steps:
  - {id: tell, notify: {tier: low, text: "attacked"}}
"""


class Clock:
    """The wall clock, moved."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Rig:
    client: Client
    stores: OpenSearchStores
    site: Site
    clock: Clock
    bot: Bot
    folder: Path
    health: Health = field(init=False)
    settings: Settings = field(init=False)

    def start(self, section: HealthSection | None = None) -> None:
        """Start the look-out, as of an hour ago: it has had its grace."""
        section = section or HealthSection(canary=CanarySection(off="not of interest here"))
        site = SiteFile(guard=GuardSection(hosts=("dc-1",)), health=section)
        self.settings = settings_in_code(site, self.folder)
        self.clock.ahead -= timedelta(hours=1)
        self.health = Health(self.client, self.site, self.stores.watch, self.settings)
        self.clock.ahead += timedelta(hours=1)

    async def look(self, after: timedelta = MINUTE) -> list[str]:
        """Look after a while in which the sweep is alive; return what is wrong."""
        self.clock.ahead += after
        await self.site.state.put(ALIVE, {"at": self.clock.now().isoformat()})
        await self.health.look()
        return await self.wrong()

    async def wrong(self) -> list[str]:
        found = await self.site.state.get(HEALTH)
        assert found is not None
        known = Findings.model_validate(found[0])
        assert known.unseen == {}
        assert [step for step in known.steps if step.do != "close"] == []
        return sorted(key for key, one in known.episodes.items() if not one.told_over)

    async def incidents(self) -> list[IncidentFacts]:
        return await self.site.incidents.recent(50)

    async def incident(self, **wanted: Any) -> IncidentFacts:
        """Wait for the one incident that there is, until its facts are such."""
        for _ in range(150):
            found = await self.incidents()
            if len(found) == 1 and all(getattr(found[0], key) == value for key, value in wanted.items()):
                return found[0]
            await asyncio.sleep(0.1)
        raise AssertionError(f"no incident with {wanted} among {found}")

    async def ends(self, incident: str) -> None:
        """What is wrong has ended: it is told, and after a while the incident closes by itself."""
        assert await self.look() != []
        assert await self.look(2 * MINUTE) == []
        assert await self.look(QUIET + MINUTE) == []
        assert (await self.incident(status=IncidentStatus.CLOSED)).id == incident
        said = [(one.kind, one.actor) for one in await self.site.evidence.chain(incident)]
        assert said[0] == ("incident.opened", "siem")
        assert said[-2:] == [("health.over", "siem:health"), ("incident.closed", "siem:health")]
        assert any("over since" in text for text in self.bot.posted)

    async def write(self, *numbers: int, **more: Any) -> None:
        """Store events."""
        at = timestamp(datetime.now(UTC))
        documents = []
        for number in numbers:
            event = {"id": f"e{number}", "module": "linux", "dataset": "linux.auth", "kind": "event"}
            documents.append({"@timestamp": at, **more, "event": event | more.get("event", {})})
        await self.stores.events.write(documents)

    async def end(self) -> None:
        """Let the incidents end in order: a worker that is stopped while they write waits for them."""
        handles = []
        for facts in await self.incidents():
            handle = self.client.get_workflow_handle(facts.id)
            if facts.status is not IncidentStatus.CLOSED:
                await handle.execute_update("change", ChangeIncident(by="U0BOB", status="closed"))
            handles.append(handle)
        await asyncio.wait_for(asyncio.gather(*(handle.result() for handle in handles)), 60)

    def sweep(self, detection: Detection) -> Sweep:
        return Sweep(
            client=self.client,
            site=self.site,
            detection=lambda: detection,
            grouping=GroupingPolicy(),
            tick=1.0,
        )


@pytest.fixture
async def stores(opensearch_url: str, index_prefix: str) -> AsyncIterator[OpenSearchStores]:
    stores = await connect(opensearch_url, prefix=index_prefix, keyring=KEYS)
    try:
        await stores.setup()
        yield stores
    finally:
        await stores.close()


@pytest.fixture
async def rig(stores: OpenSearchStores, temporal: Client, tmp_path: Path) -> AsyncIterator[Rig]:
    clock, bot = Clock(), Bot()
    site = Site(
        events=stores.events, alerts=stores.alerts, incidents=stores.incidents, evidence=stores.evidence,
        state=stores.state, suppressed=stores.suppressed, clock=clock, api_url="",
    )  # fmt: skip
    texts = {"silent.yaml": SILENT, "attacked.yaml": ATTACK}
    books = tuple((PlaybookFile(path, text), load_playbook(path, text, {})) for path, text in texts.items())
    response = Response(
        client=temporal, site=site, actions={}, playbooks=lambda: PlaybookSet(books, ()),
        approvers=ApproversPolicy(groups={}), guard=GuardPolicy(hosts=("dc-1",)),
    )  # fmt: skip
    spoken = [bot.open_incident, bot.update, bot.ask, bot.retire, bot.post, bot.progress]
    async with (
        Worker(
            temporal,
            task_queue=QUEUE,
            workflows=[IncidentWorkflow, PlaybookWorkflow],
            activities=response.activities,
            workflow_runner=sandbox(),
            graceful_shutdown_timeout=timedelta(seconds=5),
        ),
        Worker(
            temporal,
            task_queue=BOT_QUEUE,
            activities=spoken,
            graceful_shutdown_timeout=timedelta(seconds=5),
        ),
    ):
        rig = Rig(temporal, stores, site, clock, bot, tmp_path)
        yield rig
        await rig.end()


async def test_a_sweep_that_is_behind_and_catches_up(rig: Rig) -> None:
    rig.start()
    await rig.write(1)
    assert await rig.look() == []
    assert await rig.look(2 * MINUTE) == ["sweep-lag/the sweep"]
    opened = await rig.incident(severity=Severity.HIGH)
    assert opened.rules == ("health.sweep-lag",)
    assert "1 wait, the oldest for 3 minutes" in opened.summary
    assert any(not part.ok and "since" in part.text for part in await health_of(rig.site.state))
    await rig.sweep(EMPTY).tick(EMPTY)
    await rig.ends(opened.id)
    parts = await health_of(rig.site.state, rig.clock.now())
    assert [(part.name, part.ok) for part in parts] == [("health", True)]
    metrics = list(HealthMetrics(await read_findings(rig.site.state)).collect())
    assert sum(sample.value for sample in metrics[0].samples) == 0
    rig.clock.ahead += 10 * MINUTE
    await rig.health.look()
    assert await rig.wrong() == ["sweep-lag/the sweep"]  # nothing ticks
    findings, looked = HealthMetrics(await read_findings(rig.site.state)).collect()
    assert [sample.labels for sample in findings.samples if sample.value] == [{"kind": "sweep-lag"}]
    assert looked.samples[0].value == pytest.approx(rig.clock.now().timestamp(), abs=120)


async def test_a_silent_source_starts_its_playbook_and_no_other(rig: Rig) -> None:
    section = HealthSection(
        sources={"linux.auth": SourceHealth(silent_after=120 * MINUTE)},
        canary=CanarySection(off="elsewhere"),
    )
    rig.start(section)
    await rig.write(1)
    await rig.sweep(EMPTY).tick(EMPTY)
    assert await rig.look(119 * MINUTE) == []
    assert await rig.look(2 * MINUTE) == ["source-silent/linux.auth"]
    rig.start(section)
    rig.health._started = rig.clock.now()  # it is not over because it is early to judge
    assert await rig.look() == ["source-silent/linux.auth"]
    opened = await rig.incident()
    assert opened.tags == ("health", "source-silent", "source:linux.auth")
    for _ in range(100):
        if "A log source is silent: linux.auth" in rig.bot.posted[1:]:
            break
        await asyncio.sleep(0.1)
    desk = LiveDesk(rig.client, rig.site)
    detail = await desk.incident(opened.id)
    assert detail.playbooks == (f"{opened.id}/source-silent",)
    assert [alert.rule for alert in detail.alerts] == ["health.source-silent"]
    assert (await desk.path(opened.id)) is not None
    assert "alert" in {entry.kind for entry in await desk.timeline(opened.id)}
    await desk.change(opened.id, ChangeIncident(by="U0ALICE", owner="U0ALICE"))
    rig.clock.ahead -= 122 * MINUTE  # the store's clock is the wall's
    await rig.write(2)
    await rig.sweep(EMPTY).tick(EMPTY)
    await rig.look()
    await rig.look(2 * MINUTE)
    assert await rig.look(QUIET) == []
    facts = await rig.incident(owner="U0ALICE")
    assert facts.status is IncidentStatus.OPEN  # somebody has it in hand
    kinds = [one.kind for one in await rig.site.evidence.chain(opened.id)]
    assert "health.over" in kinds


async def test_a_source_that_fails_and_is_mended(rig: Rig) -> None:
    rig.start()
    error = {"kind": "pipeline_error"}
    await rig.write(*range(30), event=error, error={"message": "linux.auth: no date"})
    await rig.sweep(EMPTY).tick(EMPTY)
    assert await rig.look() == ["source-failing/linux.auth"]
    opened = await rig.incident(severity=Severity.MEDIUM)
    assert "30 of 30 events of linux.auth (100%)" in opened.summary
    rig.clock.ahead += 15 * MINUTE
    await rig.ends(opened.id)


async def test_what_is_usual_is_learnt_and_missed(rig: Rig) -> None:
    rig.start()
    hour = hour_of(datetime.now(UTC))
    first = hour - 2 * WEEK
    usual = {first + at: 40 for at in range(2 * WEEK)}
    past = History(first=first).extended(2 * WEEK, {"linux.auth": usual, "linux.syslog": usual}, {})
    await rig.site.state.put(HISTORY, past.model_dump(mode="json"))
    await rig.write(0)
    await rig.write(*range(1, 5), event={"kind": "pipeline_error"})
    await rig.write(9, event={"dataset": "linux.syslog"})
    await rig.stores.connection.refresh(f"{rig.stores.connection.prefix}logs-*")
    events, errors = await rig.stores.watch.hours(hour, 2)
    assert sum(events["linux.auth"].values()) == 5
    assert sum(errors["linux.auth"].values()) == 4
    await rig.sweep(EMPTY).tick(EMPTY)
    assert await rig.look() == []
    wrong = await rig.look(timedelta(hours=4, minutes=5))
    assert wrong == ["source-silent/linux.auth", "source-silent/linux.syslog"]
    found = await rig.site.state.get(HISTORY)
    assert found is not None
    learnt = History.model_validate(found[0])
    assert learnt.end >= hour + 4
    assert sum(learnt.events["linux.auth"][2 * WEEK :]) == 5
    assert {facts.severity for facts in await rig.incidents()} == {Severity.MEDIUM}


async def test_rules_that_fail_are_told_with_what_they_missed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(correlation.memory, "MOST_OF_A_GROUP", 20)
    head = "level: medium\nlogsource: {product: linux}\ndetection: "
    loaded = compile_texts(
        [
            RuleText("a.yml", f"title: A\nid: a-1\n{head}{{a: {{process.name: su}}, condition: a}}"),
            RuleText("b.yml", f"title: B\nid: b-1\n{head}{{a: {{process.name|nope: x}}, condition: a}}"),
            RuleText(
                "c.yml",
                "title: C\nid: c-1\nlevel: low\ncorrelation: {type: event_count, rules: [a-1], "
                "group-by: [user.name], timespan: 1h, condition: {gte: 500}}",
            ),
        ]
    )
    ticking = iter(range(10**9, 10**15, 10**9))
    slow = Matcher(loaded.matcher.compiled(), loaded.matcher.faults, Limits(slow=0.5), lambda: next(ticking))
    plan = plan_correlations(loaded.rules)
    detection = Detection(slow, plan, (*loaded.rules.faults, *slow.faults, *plan.faults))
    await rig.write(*range(40), process={"name": "su"}, user={"name": "bob"})
    sweep = rig.sweep(detection)
    rig.start()
    await sweep.tick(detection)
    await sweep._tell(detection)
    wrong = await rig.look()
    assert wrong == ["rule-failing/a", "rule-failing/rules left out"]
    detection = Detection(loaded.matcher, plan, ())
    await rig.write(*range(40, 80), process={"name": "su"}, user={"name": "bob"})
    sweep = rig.sweep(detection)
    await sweep.tick(detection)
    await sweep._tell(detection)
    assert await rig.look() == ["rule-failing/a", "rule-failing/rules left out", "truncation/events of a"]
    assert await rig.look(2 * MINUTE) == ["rule-failing/a", "truncation/events of a"]
    assert await rig.look(timedelta(hours=1, minutes=5)) == ["rule-failing/a", "truncation/events of a"]
    assert await rig.look(2 * MINUTE) == []
    found = {facts.rules: facts.summary for facts in await rig.incidents()}
    assert "user.name=bob" in found["health.truncation",]


async def test_a_noisy_rule_and_an_exception_that_has_ended(rig: Rig) -> None:
    rig.start()
    now = datetime.now(UTC)

    def alert(number: int) -> Alert:
        return Alert(
            id=alert_id("r", {}, str(number)), rule="chatty", rule_id="r", title="Chatty", entities=(),
            risk=1, severity=Severity.LOW, evidence=(), evidence_count=1, first=now, last=now, detected=now,
        )  # fmt: skip

    await rig.stores.alerts.create([alert(number) for number in range(520)])
    folder = rig.folder / "exceptions"
    folder.mkdir()
    text = "name: old\nrules: [r]\nentities: [user:bob]\nowner: alice\nreason: Known.\n"
    (folder / "e.yml").write_text(f"{text}until: {date(2026, 1, 2)}\n")
    assert await rig.look() == ["exception-expired/old", "rule-noisy/chatty"]
    (folder / "e.yml").unlink()
    await rig.look(timedelta(hours=1))
    assert await rig.look(2 * MINUTE) == []
    titles = {facts.title for facts in await rig.incidents()}
    assert titles == {"An exception has expired: old", "A rule fires far more than usual: chatty"}


async def test_canaries_come_out_as_alerts_and_only_their_absence_is_told(rig: Rig) -> None:
    rig.start(HealthSection(canary=CanarySection(every=5 * MINUTE)))
    planting = asyncio.create_task(plant_canaries(rig.stores.events, 5 * MINUTE))
    again = asyncio.create_task(plant_canaries(rig.stores.events, 5 * MINUTE))  # a collector started anew
    detection = load_detection(rig.settings)
    sweep = rig.sweep(detection)
    for _ in range(100):
        await sweep.tick(detection)
        if all(planted and alerted for planted, alerted in await _canaries(rig)):
            break
        await asyncio.sleep(0.1)
    planting.cancel()
    again.cancel()
    assert (await sweep.tick(detection)).alerts == 0
    assert await rig.look(timedelta()) == []
    now = datetime.now(UTC)
    assert await rig.stores.alerts.recent(10) == []
    assert await rig.stores.events.sources() == []
    assert (await rig.stores.events.search("*", now - timedelta(hours=1), now, 10))[0] == 0
    stored = await rig.stores.connection.search(f"{rig.stores.connection.prefix}logs-{DATASET}-*", {})
    assert stored["hits"]["total"]["value"] == 4
    # events come, but no rule works
    detection = replace(detection, matcher=Matcher([]))
    await rig.stores.events.write(canaries("web-1", slot_of(now, MINUTE * 5) + 2, 5 * MINUTE))
    await rig.sweep(detection).tick(detection)
    wrong = await rig.look(10 * MINUTE)
    assert wrong == ["canary-missing/correlations", "canary-missing/single-event rules"]
    assert {facts.severity for facts in await rig.incidents()} == {Severity.HIGH}
    good = load_detection(rig.settings)
    await rig.stores.events.write(canaries("web-1", slot_of(now, MINUTE * 5) + 3, 5 * MINUTE))
    await rig.sweep(good).tick(good)
    await rig.look()
    assert await rig.look(2 * MINUTE) == []
    await rig.stores.watch.forget_canary_alerts(rig.clock.now() + timedelta(days=1))


async def _canaries(rig: Rig) -> list[tuple[datetime | None, datetime | None]]:
    await rig.stores.connection.refresh(f"{rig.stores.connection.prefix}logs-*")
    return [
        await rig.stores.watch.canary("siem-canary-event", "canary-event"),
        await rig.stores.watch.canary("siem-canary-burst", "canary-step"),
    ]


def test_the_canaries_rules_are_sound() -> None:
    loaded = compile_texts(canary_texts())
    plan = plan_correlations(loaded.rules)
    assert (loaded.rules.faults, loaded.matcher.faults, plan.faults) == ((), (), ())
    assert plan.alerting == {"siem-canary-event", "siem-canary-burst"}


async def test_what_a_dead_process_left_is_done_by_the_next(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.start()
    since = timestamp(datetime.now(UTC) - timedelta(hours=1))
    edge = SourceState(name="edge", source="linux.auth", way="syslog", since=since)
    state = CollectorState(host="c1", pid=1, at=since, sources=(edge,))
    await rig.site.state.put(f"{STATE_KEY}c1", state.model_dump())

    async def die(*_: object) -> bool:
        raise ConnectionResetError("the process dies here")

    monkeypatch.setattr(rig.health._steps, "take", die)
    with pytest.raises(ConnectionResetError):
        await rig.look()
    assert await rig.incidents() == []
    rig.start()
    assert await rig.look() == ["source-silent/collector c1"]
    opened = await rig.incident()
    assert opened.summary.startswith("The collector on c1 has not been heard of since")
    fresh = state.model_copy(update={"at": timestamp(rig.clock.now() + timedelta(hours=4))})
    await rig.site.state.put(f"{STATE_KEY}c1", fresh.model_dump())
    await rig.ends(opened.id)
    lost = edge.model_copy(update={"lost": 2, "last_lost": "42 rows are gone"})
    fresh = fresh.model_copy(update={"sources": (lost,)})
    await rig.site.state.put(f"{STATE_KEY}c1", fresh.model_dump())
    assert await rig.look() == ["truncation/edge"]
    await rig.look(timedelta(hours=1))
    assert await rig.look(2 * MINUTE) == []
