"""Threat intelligence on real engines: sources fill the store, new events and the past become alerts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from temporalio.client import Client

from integrations.opensearch import Keyring, OpenSearchStores, connect
from integrations.opensearch.sightings import Sightings
from integrations.ports import Site
from rules.alerts import Alert
from rules.correlation import plan_correlations
from rules.ecs import timestamp
from rules.exceptions import parse_exceptions
from rules.grouping import GroupingPolicy
from rules.intelligence import IndicatorKind
from rules.rule import RuleText
from tests.integrations.intelligence_servers import ListServer, TaxiiServer, indicator
from workers import intelligence_matching
from workers.contract import EvidenceNote
from workers.detection import Detection
from workers.health_reports import Reports
from workers.intelligence import Feeds, readings
from workers.intelligence_matching import Intelligence
from workers.intelligence_section import IntelligenceSection
from workers.rule_files import compile_texts
from workers.sweep import Sweep

BAD, WORSE = "203.0.113.7", "203.0.113.99"


@dataclass
class Clock:
    time: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self.time


@dataclass
class Rig:
    """A site with its store, and a sweep that is ticked by hand."""

    stores: OpenSearchStores
    site: Site
    clock: Clock
    temporal: Client
    root: Path
    notes: list[EvidenceNote] = field(default_factory=list)

    async def note(self, _chain: str, note: EvidenceNote) -> None:
        self.notes.append(note)

    def feeds(self, *sections: IntelligenceSection) -> Feeds:
        return Feeds(sections, self.root, self.site, self.stores.intelligence, self.note)

    def intelligence(self, *sections: IntelligenceSection, own: tuple[str, ...] = ()) -> Intelligence:
        return Intelligence(
            store=self.stores.intelligence, state=self.stores.state,
            sightings=Sightings(self.stores.connection), sections=sections, clock=self.clock, own=own,
        )  # fmt: skip

    def detection(self, intelligence: Intelligence, exceptions: str = "") -> Detection:
        found, _, faults = parse_exceptions(
            [RuleText("e.yml", exceptions)] if exceptions else [], self.clock.now()
        )
        assert not faults
        loaded = compile_texts([])
        plan = plan_correlations(loaded.rules)
        return Detection(
            matcher=loaded.matcher, plan=plan, faults=(), exceptions=found, intelligence=intelligence
        )

    def sweep(self, detection: Detection) -> Sweep:
        return Sweep(
            client=self.temporal,
            site=self.site,
            detection=lambda: detection,
            grouping=GroupingPolicy(),
            tick=1.0,
        )

    async def write(self, name: str, ago: timedelta = timedelta(), **fields: Any) -> None:
        event = {"id": name, "module": "fortinet", "dataset": "fortinet.fortigate", "kind": "event",
                 "category": ["network"], **fields.pop("event", {})}  # fmt: skip
        at = timestamp(self.clock.now() - ago)
        await self.stores.events.write([{"@timestamp": at, "event": event, **fields}])

    async def alerts(self) -> dict[str, Alert]:
        return {alert.evidence[0].id: alert for alert in await self.stores.alerts.recent(100)}


@pytest.fixture
async def rig(opensearch_url: str, temporal: Client, index_prefix: str, tmp_path: Path) -> AsyncIterator[Rig]:
    stores = await connect(opensearch_url, prefix=index_prefix, keyring=Keyring({"test": b"k" * 32}))
    await stores.setup()
    clock = Clock()
    site = Site(
        events=stores.events, alerts=stores.alerts, incidents=stores.incidents, evidence=stores.evidence,
        state=stores.state, clock=clock, api_url="", suppressed=stores.suppressed,
    )  # fmt: skip
    yield Rig(stores, site, clock, temporal, tmp_path)
    await stores.close()


def _file(rig: Rig, *lines: str, **more: Any) -> IntelligenceSection:
    (rig.root / "bad.txt").write_text("\n".join(lines))
    return IntelligenceSection(name="own", kind="file", path=Path("bad.txt"), **{"confidence": 90, **more})


OUT = {"source": {"ip": "10.0.0.5"}, "destination": {"ip": BAD}, "host": {"name": "fw-1"}}
KNOCK = {"source": {"ip": BAD}, "destination": {"ip": "192.0.2.10"}, "host": {"name": "fw-1"}}


async def test_new_events_and_the_past(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Contacts before and after an indicator became known are alerts, each once; knocks are one a day."""
    monkeypatch.setattr(intelligence_matching, "PAUSE", 0.02)
    monkeypatch.setattr(intelligence_matching, "RENEW", 0.05)
    section = _file(rig, BAD, "evil.example", "203.0.113.96/28")
    past = timedelta(days=12)
    await rig.write("past-out", past, **OUT)
    await rig.write("past-dns", past, dns={"question": {"name": "CDN.evil.example",
                    "registered_domain": "evil.example"}}, source={"ip": "10.0.0.6"})  # fmt: skip
    await rig.write("past-net", past, source={"ip": "10.0.0.7"}, destination={"ip": WORSE})
    await rig.write("past-fine", past, source={"ip": "10.0.0.7"}, destination={"ip": "203.0.113.8"})
    await rig.write("too-long-ago", timedelta(days=31), **OUT)
    (reading,) = await rig.feeds(section).refresh()
    assert (reading.added, reading.error) == (3, "")

    known = rig.intelligence(section)
    detection = rig.detection(known)
    sweep = rig.sweep(detection)
    beside = await detection.start_beside()
    try:
        await rig.stores.state.put("sweep/watermark", {"at": timestamp(rig.clock.now()),
                                   "upto": dict(await rig.stores.events.checkpoints())})  # fmt: skip
        for number in range(2000):
            await asyncio.sleep(0.02)
            await sweep.tick(detection)
            if len(await rig.alerts()) == 3 and number > 2:
                break
        retro = await rig.alerts()
        assert sorted(retro) == ["past-dns", "past-net", "past-out"]
        assert {alert.rule for alert in retro.values()} == {"intelligence-outbound"}
        assert all("siem.retro" in alert.tags for alert in retro.values())
        assert retro["past-net"].group["threat.indicator.ip"] == "203.0.113.96/28"
        assert retro["past-dns"].first < rig.clock.now() - timedelta(days=11)

        await rig.write("now-out", **OUT)
        for number in range(30):
            await rig.write(f"knock-{number}", timedelta(seconds=number), event={"action": "deny"}, **KNOCK)
        assert (await sweep.tick(detection)).alerts == 2
        await rig.write("now-again", **OUT)
        await rig.write("knock-again", event={"action": "deny"}, **KNOCK)
        assert (await sweep.tick(detection)).alerts == 0
        live = {name: one for name, one in (await rig.alerts()).items() if name not in retro}
        assert sorted(one.severity.value for one in live.values()) == ["high", "low"]
        assert "siem.retro" not in live["now-out"].tags

        rig.clock.time += timedelta(hours=2)
        (rig.root / "bad.txt").write_text("evil.example\n198.51.100.9\n")
        (reading,) = await rig.feeds(section).refresh()
        assert (reading.added, reading.withdrawn) == (1, 2)
        for _ in range(300):
            await asyncio.sleep(0.02)
            if not known.table.get(IndicatorKind.IP, BAD) and known.table.get(
                IndicatorKind.IP, "198.51.100.9"
            ):
                break
        await rig.write("not-any-more", source={"ip": "10.0.0.8"}, destination={"ip": BAD})
        await rig.write("newly", source={"ip": "10.0.0.8"}, destination={"ip": "198.51.100.9"})
        await sweep.tick(detection)
        assert set(await rig.alerts()) - set(live) - set(retro) == {"newly"}
        for task in beside:
            assert not task.done()
    finally:
        for task in beside:
            task.cancel()
    again = rig.intelligence(section)
    await again.renew()
    assert len(again.table) == 2
    assert again.table.words["own"].until == pytest.approx(
        (rig.clock.now() + timedelta(days=30)).timestamp(), abs=1
    )


async def test_exceptions_and_own_networks_hold(rig: Rig) -> None:
    section = _file(rig, BAD, "192.0.2.10")
    await rig.feeds(section).refresh()
    known = rig.intelligence(section, own=("192.0.2.0/24",))
    await known.renew()
    detection = rig.detection(
        known,
        "name: sinkhole\nrules: [intelligence-outbound]\nfields: {threat.indicator.ip: '203.0.113.*'}\n"
        "owner: alice\nreason: Our own test.\nuntil: 2999-12-31\n",
    )
    sweep = rig.sweep(detection)
    await rig.write("out", **OUT)
    await rig.write("in", **KNOCK)
    assert (await sweep.tick(detection)).alerts == 1
    assert [alert.rule for alert in (await rig.alerts()).values()] == ["intelligence-inbound"]
    assert [one.alert.rule for one in await rig.stores.suppressed.recent(10)] == ["intelligence-outbound"]


async def test_too_much_of_the_past_is_told(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intelligence_matching, "MOST_EVENTS", 5)
    monkeypatch.setattr(intelligence_matching, "ENDS", 2)
    section = _file(rig, BAD, WORSE)
    for number in range(8):
        await rig.write(f"knock-{number}", timedelta(days=2, minutes=number), **KNOCK)
    await rig.write("out", timedelta(days=1), source={"ip": "10.0.0.5"}, destination={"ip": WORSE})
    await rig.stores.events.checkpoints()
    await rig.feeds(section).refresh()
    known = rig.intelligence(section)
    detection = rig.detection(known)
    await known.renew()
    search = asyncio.create_task(known.search_past(detection.side))
    sweep = rig.sweep(detection)
    try:
        for _ in range(300):
            await asyncio.sleep(0.02)
            await sweep.tick(detection)
            if await rig.stores.state.get(intelligence_matching.PAST_STATE):
                break
    finally:
        search.cancel()
    state = await rig.stores.state.get(intelligence_matching.PAST_STATE)
    assert state is not None
    assert state[0]["truncated"] == {f"ip:{BAD}": 8}
    assert "out" in await rig.alerts()


async def test_a_failing_source_is_told_and_what_it_said_counts_until_it_ends(rig: Rig) -> None:
    async with TaxiiServer() as taxii, ListServer() as lists:
        taxii.objects = [("2026-03-01T00:00:00.000Z", indicator(1, f"[ipv4-addr:value = '{BAD}']"))]
        lists.text = WORSE
        site = replace(
            rig.site,
            connections={
                "taxii": {"kind": "taxii", "url": f"{taxii.url}/api1/", "user": "reader",
                          "password": "s3cret-password"},
                "list": {"kind": "list", "url": f"{lists.url}/feeds/ips.txt", "key": "list-key-01",
                         "header": "Auth-Key"},
            },
        )  # fmt: skip
        rig.site = site
        sections = (
            IntelligenceSection(name="one", kind="taxii", collection="c-1", expires=timedelta(days=2)),
            IntelligenceSection(name="two", kind="list", confidence=20),
        )
        feeds = rig.feeds(*sections)
        assert [(one.name, one.added) for one in await feeds.refresh()] == [("one", 1), ("two", 1)]
        assert await feeds.refresh() == []

        rig.clock.time += timedelta(hours=1)
        taxii.fault_always = lambda: web.Response(status=429, headers={"Retry-After": "600"})
        one, two = await feeds.refresh()
        assert "429" in one.error
        assert one.next == rig.clock.now() + timedelta(seconds=600)
        assert (two.error, two.added) == ("", 0)
        rig.clock.time += timedelta(minutes=11)
        assert [one.name for one in await feeds.refresh()] == ["one"]
        assert [note.kind for note in rig.notes] == ["intelligence.failing"]
        (told,) = await Reports(rig.stores.state, rig.clock).read()
        assert (told.subject, "429" in told.text) == ("intelligence one", True)

        known = rig.intelligence(*sections)
        await known.renew()
        event = {"destination.ip": BAD}
        assert known.table.match(event, rig.clock.now().timestamp())
        assert not known.table.match(event, (rig.clock.now() + timedelta(days=2)).timestamp())

        taxii.fault_always = None
        taxii.objects.append(("2026-03-02T00:00:00.000Z", indicator(1, f"[ipv4-addr:value = '{WORSE}']")))
        rig.clock.time += timedelta(minutes=11)
        (back,) = await feeds.refresh()
        assert (back.error, back.added, back.withdrawn) == ("", 1, 1)
        assert taxii.asked[-1]["added_after"] == "2026-03-01T00:00:00.000Z"
        assert [note.kind for note in rig.notes] == ["intelligence.failing", "intelligence.back"]
        assert await Reports(rig.stores.state, rig.clock).read() == []
        await rig.feeds(sections[1]).refresh()
        assert sorted(await readings(rig.stores.state)) == ["two"]
        assert await rig.stores.intelligence.counts() == {"two": {"ip": 1}}
