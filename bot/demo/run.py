"""`siem demo`: the main job on real input, for people to watch, or headless with ``--exit``."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.demo.attacker import ADDRESS, Attacker
from bot.demo.live_story import play_live
from bot.demo.people import people_of
from bot.demo.rig import Rig, running, victim_part, write_site
from bot.demo.stages import Stages, expect, until
from bot.demo.story import Story
from bot.demo.victim import CUSTOMERS, HOST, USER
from integrations.catalogue import source as source_named
from integrations.contract import Origin
from rules.ecs import parse_timestamp
from workers.collect import IngestReport, ingest_file
from workers.engines import Progress
from workers.engines.sockets import any_free
from workers.supervisor import stop_signals

BYSTANDER = "127.77.7.7"
"""Somebody else on loopback, who must never notice."""


@dataclass(frozen=True)
class DemoOptions:
    exit: bool = False
    """Play it headless, check each stage, and end."""
    as_json: bool = False
    live: bool = False
    """On real hosts in network namespaces; needs root."""
    log: Path | None = None
    """A log of the user's own instead of the attacker."""
    source: str = "linux.auth"
    year: int | None = None
    """Year of the log's timestamps, where they name none."""
    timezone: str = "UTC"
    ttl: int | None = None
    """Seconds that the block lasts; None: 12 headless, 90 for people."""
    data: Path | None = None
    """Keep everything here; None: a folder that is removed afterwards."""


async def run_demo(
    options: DemoOptions, report: Callable[[Progress], None], tell: Callable[[str], None]
) -> bool:
    """Play the demo; whether all stages came out right. `tell` takes lines for people.

    Raises `workers.engines.EngineError` or `workers.supervisor.PartError` where it can't start, and
    `bot.demo.network.NetworkError` where it is to be live and can't.
    """
    folder = options.data or Path(tempfile.mkdtemp(prefix="siem-demo-"))
    ttl = options.ttl or (12 if options.exit else 90)
    stages = Stages(as_json=options.as_json)
    try:
        with stop_signals() as stop:
            if options.live:
                aside = (lambda _: None) if options.as_json else tell
                await play_live(folder, stages, stop, report, aside, headless=options.exit)
            elif options.log is not None:
                await _play_log(options, options.log, folder, ttl, stages, stop, report, tell)
            else:
                await _play_attack(options, folder, ttl, stages, stop, report, tell)
    finally:
        if options.data is None:
            if stages.ok:
                shutil.rmtree(folder, ignore_errors=True)
            else:
                tell(f"The logs are kept in {folder / 'data' / 'logs'}")
    stages.finish()
    return stages.ok and bool(stages.results)


async def _play_attack(
    options: DemoOptions,
    folder: Path,
    ttl: int,
    stages: Stages,
    stop: asyncio.Event,
    report: Callable[[Progress], None],
    tell: Callable[[str], None],
) -> None:
    auth_log = folder / "victim" / "auth.log"
    settings = write_site(
        folder, ttl=f"{ttl}s", collect=[{"source": "linux.auth", "files": [str(auth_log)], "timezone": "UTC"}]
    )
    target = f"127.0.0.1:{any_free()}"
    async with running(settings, report=report, tell=tell, more=[victim_part(settings, target)]) as rig:
        now = datetime.now(UTC)
        people = people_of(rig)
        story = Story(rig, people["alice"], people["mallory"], now - timedelta(minutes=1), now)
        attacker = Attacker(target, tell if not options.as_json else lambda _: None)
        bystander = Attacker(target, lambda _: None, source=BYSTANDER)
        await stages.run("start", _started(rig))
        if not options.exit:
            _invite(rig, tell)
            await asyncio.sleep(3)
        script = _attack_script(options, rig, story, attacker, bystander, auth_log, ttl, stages, tell)
        playing = asyncio.create_task(script)
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if playing.done():
            await playing
            if not options.exit:
                tell("The story is told. Type /siem help on the page; Ctrl-C ends everything.")
                await stopping
        playing.cancel()
        stopping.cancel()
        await attacker.close()


async def _attack_script(
    options: DemoOptions,
    rig: Rig,
    story: Story,
    attacker: Attacker,
    bystander: Attacker,
    auth_log: Path,
    ttl: int,
    stages: Stages,
    tell: Callable[[str], None],
) -> None:
    attempts = 0

    async def attack() -> str:
        nonlocal attempts
        loot = await attacker.break_in()
        attempts = loot.attempts
        story.until = datetime.now(UTC)
        expect(loot.customers.startswith("id,name"), "the attacker read nothing")
        return f"{ADDRESS} guessed {USER}'s password at the {attempts}th try and read {CUSTOMERS} as root"

    async def events() -> str:
        lines = auth_log.read_text(encoding="utf-8").splitlines()
        failures = sum("Failed password" in line and ADDRESS in line for line in lines)
        keys = {"source.ip": [ADDRESS], "event.action": ["ssh_login"]}
        failed = await story.events(keys | {"event.outcome": ["failure"]}, failures, "failed logins stored")
        logins = await story.events(keys | {"event.outcome": ["success"]}, 1, "login stored")
        return f"{failed} and {logins}, as the log's {len(lines)} lines say"

    async def refused() -> str:
        expect(not await attacker.session_is_alive(), "the attacker's session is still alive")
        expect(not await attacker.can_connect(), "the attacker can still connect")
        expect(await bystander.can_connect(), "a bystander is refused as well")
        return f"the session is dead, {ADDRESS} is refused, {BYSTANDER} still gets in"

    async def free_again() -> str:
        said = await story.lifted(ttl + 30)

        async def look() -> bool | None:
            return await attacker.can_connect() or None

        await until(look, f"{ADDRESS} getting in again", seconds=10)
        return f"{said}; {ADDRESS} can connect again"

    ok = await stages.run("attack", attack())
    ok = ok and await stages.run("collect", events())
    ok = ok and await stages.run("detect", story.alert())
    ok = ok and await stages.run(
        "incident", story.opened(entities=[f"ip:{ADDRESS}", f"user:{USER}", f"host:{HOST}"])
    )
    ok = ok and await stages.run("ask", story.asked())
    if ok and options.exit:
        ok = await stages.run("refuse", story.stranger_refused())
        ok = ok and await stages.run("approve", story.approved())
    elif ok:
        tell(f"Now you decide: open {rig.page} and click Approve in #security (as Alice or Bob).")
        ok = await stages.run("approve", story.wait_for_approval(seconds=15 * 60))
    ok = ok and await stages.run("block", story.blocked(ADDRESS))
    ok = ok and await stages.run("obey", refused())
    ok = ok and await stages.run("tell", story.told())
    if ok and not options.exit:
        tell(f"The block lifts by itself in at most {ttl} s; /siem extend or release changes that.")
    ok = ok and await stages.run("lift", free_again())
    ok = ok and await stages.run("path", story.path(f"ip:{ADDRESS}"))
    if ok:
        await stages.run("prove", story.proved())


async def _play_log(
    options: DemoOptions,
    log: Path,
    folder: Path,
    ttl: int,
    stages: Stages,
    stop: asyncio.Event,
    report: Callable[[Progress], None],
    tell: Callable[[str], None],
) -> None:
    source = source_named(options.source)
    before = hashlib.sha256(log.read_bytes()).hexdigest()
    settings = write_site(folder, ttl=f"{ttl}s")
    async with running(settings, report=report, tell=tell) as rig:
        people = people_of(rig)
        epoch = datetime(1970, 1, 2, tzinfo=UTC)
        story = Story(rig, people["alice"], people["mallory"], epoch, datetime.now(UTC))
        await stages.run("start", _started(rig))
        if not options.exit:
            _invite(rig, tell)
        counted = IngestReport()

        async def ingest() -> str:
            nonlocal counted
            modified = datetime.fromtimestamp(log.stat().st_mtime, UTC)
            origin = Origin(received=modified, timezone=options.timezone, year=options.year)
            counted = await ingest_file(source, log, rig.here.site.events, origin)
            expect(counted.events == counted.created + counted.duplicates, "some events were not stored")
            return f"{counted.records:,} records, {counted.created:,} events, {counted.unparsed} unparsed"

        async def quiet() -> str:
            """Everybody else, who only tried, asked nobody anything, once the sweep has seen all."""
            await until(story.swept, "the end of the sweep", seconds=60)
            alerts = await rig.here.site.alerts.recent(10_000)
            tried = {str(alert.entities[0]) for alert in alerts if alert.rule == "ssh-brute-force"}
            facts = await rig.here.site.incidents.recent(100)
            expect(len(facts) == 1, f"{len(facts)} incidents are open, expected one")
            return f"{len(tried)} addresses tried passwords, {len(facts)} of them got in and asks"

        async def unchanged() -> str:
            expect(hashlib.sha256(log.read_bytes()).hexdigest() == before, "the log was changed")
            return await story.proved()

        ok = await stages.run("ingest", ingest())
        ok = ok and await stages.run("detect", story.alert(seconds=60))
        if ok:
            alert = (await story.breaches() or [])[0]
            names = [str(entity) for entity in alert.entities]
            address = next(entity.value for entity in alert.entities if entity.kind.value == "ip")
            ok = await stages.run("incident", story.opened(entities=names))
            ok = ok and await stages.run("times", _times(story))
            ok = ok and await stages.run("quiet", quiet())
            ok = ok and await stages.run("ask", story.asked())
            if options.exit:
                ok = ok and await stages.run("refuse", story.stranger_refused())
                ok = ok and await stages.run("approve", story.approved())
            else:
                tell(f"Now you decide: open {rig.page} and click Approve in #security.")
                ok = ok and await stages.run("approve", story.wait_for_approval(seconds=15 * 60))
            ok = ok and await stages.run("block", story.blocked(address))
            ok = ok and await stages.run("tell", story.told())
            ok = ok and await stages.run("lift", story.lifted(ttl + 30))
            ok = ok and await stages.run("path", story.path(f"ip:{address}"))
            if ok:
                await stages.run("prove", unchanged())
        if not options.exit:
            tell("Type /siem help on the page; Ctrl-C ends everything.")
            await stop.wait()


async def _times(story: Story) -> str:
    """The incident begins and ends when its own evidence does."""
    assert story.incident is not None
    detail = await story.rig.desk.incident(story.incident.id)
    ids = [event.id for alert in detail.alerts for event in alert.evidence]
    events = await story.rig.here.site.events.read(ids)
    times = sorted(parse_timestamp(str(event.document["@timestamp"])) for event in events)
    facts = detail.facts
    expect(bool(times), "none of the incident's evidence can be read")
    expect(facts.first == times[0], f"it begins at {facts.first}, its evidence at {times[0]}")
    expect(facts.last == times[-1], f"it ends at {facts.last}, its evidence at {times[-1]}")
    return f"from {facts.first:%d %b %H:%M:%S} to {facts.last:%d %b %H:%M:%S}"


async def _started(rig: Rig) -> str:
    addresses = rig.engines.addresses
    health = await rig.here.stores.connection.request("GET", "/")
    running_now = await rig.here.client.count_workflows("ExecutionStatus = 'Running'")
    return (
        f"OpenSearch {health['version']['number']} at {addresses.opensearch_url}, Temporal at "
        f"{addresses.temporal_address} with {running_now.count} workflows"
    )


def _invite(rig: Rig, tell: Callable[[str], None]) -> None:
    tell(f"The workspace, a Slack of its own: {rig.page}")
    if rig.engines.addresses.temporal_ui:
        tell(f"Temporal's page, where the workflows can be watched: {rig.engines.addresses.temporal_ui}")
