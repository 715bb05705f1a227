"""`siem bench latency`: from a log line to the message in Slack, and from a click to the verified block.

A whole installation runs as `siem up` runs it, parts as processes of their own. Incidents come one
after the other, slowly enough for Slack's message a second and at changing moments between two ticks of
the sweep. Times are those that the engines recorded: the workspace's own timestamp of the message, and
the containment's `verified_at`; a poll that waits for the blocklist's change is the second witness. With
`live` the block is `linux.block_ip` on four real hosts in network namespaces, over SSH, whose kernels tell.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from bot.bench.bare import QUEUE, BareWorkflow, do_nothing
from bot.bench.break_in import BreakIn
from bot.bench.figures import BenchError, Load, LoadWatch, Spread, spread
from bot.bench.kernels import Kernels
from bot.demo.network import GATEWAY, network
from bot.demo.rig import Rig, running, write_site
from bot.slack.question_view import APPROVE_ACTION
from bot.workspace import PersonClient
from bot.workspace.store import Json
from workers.contract import ContainmentState, containment_workflow_id
from workers.engines import Progress

APPROVER = "U0ALICE"
TARGETS = {"line to message": 3.0, "click to block": 0.3}
"""Seconds at p99, on two idle cores."""
LIVE_TARGETS = TARGETS | {"click to block": 0.7}
LIVE_FIRST = 254
"""The first number of `BreakIn` whose address no host of the network has; a network of them follows."""
POSTS = 4
"""Messages of an incident: opened, question, in force, and the playbook's own."""
PACE = POSTS + 1.0
"""Seconds from one incident to the next: within Slack's message a second."""
READING = 1.0
"""Seconds that a person reads a card before clicking."""
PATIENCE = 60.0
CONSUMER = "bench-firewall"
ACTIONS = {False: "blocklist.block_ip", True: "linux.block_ip"}


@dataclass(frozen=True)
class LatencyOptions:
    incidents: int = 100
    pace: float = PACE
    data: Path | None = None
    """Keep everything here; None: a folder that is removed afterwards."""
    live: bool = False
    """With nftables on real hosts over SSH; needs root."""


@dataclass(frozen=True)
class Sample:
    """One incident, seconds."""

    line_to_message: float
    click_to_block: float
    """To `verified_at`."""
    click_to_feed: float
    """To when a waiting firewall, or all kernels, had the address."""
    click_to_answer: float
    """To the page's answer."""
    bare: float
    """An update that runs an activity, on the same Temporal, right after."""
    stages: dict[str, float]
    """Parts of the two: seconds from the stage before."""


@dataclass(frozen=True)
class LatencyResult:
    line_to_message: Spread
    click_to_block: Spread
    click_to_feed: Spread
    click_to_answer: Spread
    bare: Spread
    ratio: float
    """Click to block against bare, medians."""
    stages: dict[str, Spread]
    load: Load
    pace: float
    targets: dict[str, float]
    """Seconds at p99, on two idle cores."""
    faults: tuple[str, ...]
    """What came out wrong, whatever its speed."""


async def run_latency(
    options: LatencyOptions, report: Callable[[Progress], None], tell: Callable[[str], None]
) -> LatencyResult:
    """Measure. Raises `EngineError` or `PartError` where it can't start, `BenchError` where an incident
    does not come to its end, `bot.demo.network.NetworkError` where real hosts can't be had."""
    folder = options.data or Path(tempfile.mkdtemp(prefix="siem-bench-"))
    log = folder / "auth.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch()
    tailed = {"source": "linux.auth", "files": [str(log)], "timezone": "UTC"}
    try:
        async with AsyncExitStack() as stack:
            hosts = await stack.enter_async_context(network(folder / "hosts")) if options.live else None
            settings = write_site(
                folder,
                ttl="6h",
                collect=[tailed],
                max_per_hour=100_000,
                connections={"servers": hosts.connection()} if hosts else None,
                protected=GATEWAY if hosts else "web-1",
                block=ACTIONS[options.live],
            )
            rig = await stack.enter_async_context(running(settings, report=report, tell=tell))
            bare = await stack.enter_async_context(_bare(rig.here.client))
            witness: Kernels | _Firewall = Kernels(hosts) if hosts else _Firewall(rig)
            await stack.enter_async_context(witness)
            return await _measure(rig, bare, witness, log, options, tell)
    finally:
        if options.data is None:
            shutil.rmtree(folder, ignore_errors=True)


async def _measure(
    rig: Rig,
    bare: WorkflowHandle[BareWorkflow, None],
    firewall: _Firewall | Kernels,
    log: Path,
    options: LatencyOptions,
    tell: Callable[[str], None],
) -> LatencyResult:
    dice = random.Random(7)
    samples: list[Sample] = []
    blocked: list[str] = []
    faults: list[str] = []
    async with PersonClient(rig.page, APPROVER) as person:
        async with person.live() as events:
            watch = _Watch(events)
            try:
                for number in range(options.incidents + 1):
                    if number == 1:
                        tell(f"Measuring {options.incidents} incidents, one each {options.pace:g} s.")
                        load = LoadWatch()
                    began = time.monotonic()
                    await asyncio.sleep(dice.random() * rig.settings.site.detection.tick.total_seconds())
                    break_in = BreakIn(number + LIVE_FIRST * options.live)
                    action = ACTIONS[options.live]
                    sample = await _one(rig, bare, break_in, log, person, watch, firewall, action)
                    blocked.append(break_in.address)
                    if number:  # the first one warms everything up
                        samples.append(sample)
                    await asyncio.sleep(max(0.0, options.pace - (time.monotonic() - began)))
            finally:
                await watch.close()
        faults += await _faults(rig, blocked, watch)
        faults += await firewall.faults(blocked)
    return _result(samples, load.read(), options, faults)


async def _one(
    rig: Rig,
    bare: WorkflowHandle[BareWorkflow, None],
    break_in: BreakIn,
    log: Path,
    person: PersonClient,
    watch: _Watch,
    firewall: _Firewall | Kernels,
    action: str,
) -> Sample:
    now = datetime.now(UTC)
    with log.open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in break_in.guesses(now))
        file.write(f"{break_in.login(now)}\n")
        file.flush()
        os.fsync(file.fileno())
    written = time.time()
    async with _patience(f"the message about {break_in.address}"):
        opened = await watch.wait(lambda m: break_in.address in str(m) and _key(m).endswith("/open"))
    incident = _key(opened).partition("/")[0]
    async with _patience(f"the question about {break_in.address}"):
        card = await watch.wait(lambda m: _key(m).startswith(f"{incident}/") and APPROVE_ACTION in str(m))
    await asyncio.sleep(READING)
    clicked = time.time()
    await person.click(card["channel"], card, APPROVE_ACTION)
    answered = time.time()
    async with _patience(f"the block of {break_in.address}"):
        listed = await firewall.wait(break_in.address)
        handle = rig.here.client.get_workflow_handle(containment_workflow_id(action, break_in.address))
        state = await _settled(handle)
    started = time.perf_counter()
    await bare.execute_update(BareWorkflow.act)
    barely = time.perf_counter() - started
    facts = await rig.here.site.incidents.get(incident)
    alerts = await rig.here.site.alerts.of_incident(incident)
    records = {record.kind: record.at for record in await rig.here.site.evidence.chain(incident)}
    assert facts is not None
    assert state.verified_at is not None
    assert state.applied_at is not None
    line = [
        ("line to alert", min(alert.detected for alert in alerts).timestamp()),
        ("alert to incident", facts.opened.timestamp()),
        ("incident to message", float(opened["ts"])),
    ]
    click = [
        ("click to vote", records["vote.granted"].timestamp()),
        ("vote to containment", state.applied_at.timestamp()),
        ("containment to verified", state.verified_at.timestamp()),
    ]
    return Sample(
        line_to_message=float(opened["ts"]) - written,
        click_to_block=state.verified_at.timestamp() - clicked,
        click_to_feed=listed - clicked,
        click_to_answer=answered - clicked,
        bare=barely,
        stages=_parts(written, line) | _parts(clicked, click),
    )


def _parts(start: float, stages: Sequence[tuple[str, float]]) -> dict[str, float]:
    parts: dict[str, float] = {}
    for name, at in stages:
        parts[name], start = at - start, at
    return parts


async def _settled(handle: WorkflowHandle[object, object]) -> ContainmentState:
    while True:
        state: ContainmentState = await handle.query("state", result_type=ContainmentState)
        if state.verified_at is not None:
            return state
        await asyncio.sleep(0.02)


@asynccontextmanager
async def _patience(what: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(PATIENCE):
            yield
    except TimeoutError:
        raise BenchError(f"{what} did not come within {PATIENCE:.0f} s") from None


def _key(message: Json) -> str:
    return str(message.get("metadata", {}).get("event_payload", {}).get("key", ""))


class _Watch:
    """The messages that a page is told of, as they come."""

    def __init__(self, events: AsyncIterator[Json]) -> None:
        self.messages: list[Json] = []
        self._came = asyncio.Event()
        self._reading = asyncio.create_task(self._read(events))

    async def _read(self, events: AsyncIterator[Json]) -> None:
        async for event in events:
            if event["type"] == "message":
                self.messages.append(event["message"] | {"channel": event["channel"]})
                self._came.set()

    async def wait(self, matches: Callable[[Json], bool]) -> Json:
        seen = 0
        while True:
            self._came.clear()
            for message in self.messages[seen:]:
                if matches(message):
                    return message
            seen = len(self.messages)
            await self._came.wait()

    async def close(self) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)


class _Firewall:
    """A firewall that polls the blocklist with the feed's long poll, as the demo's host does."""

    def __init__(self, rig: Rig) -> None:
        self._url = f"{rig.settings.api_url}/blocklists/default.txt"
        self._since: dict[str, float] = {}
        self._changed = asyncio.Event()
        self._polling: asyncio.Task[None] | None = None

    async def __aenter__(self) -> _Firewall:
        self._polling = asyncio.create_task(self._poll())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.gather(self._polling, return_exceptions=True)

    async def _poll(self) -> None:
        etag = ""
        async with httpx.AsyncClient(trust_env=False, timeout=40) as client:
            while True:
                answer = await client.get(
                    self._url,
                    params={"consumer": CONSUMER, "wait": 20},
                    headers={"If-None-Match": etag} if etag else {},
                )
                if answer.status_code == httpx.codes.OK:
                    etag, now = answer.headers["ETag"], time.time()
                    for address in answer.text.split():
                        self._since.setdefault(address, now)
                    self._changed.set()

    async def wait(self, address: str) -> float:
        """Return since when it is blocked, seconds of the epoch."""
        while address not in self._since:
            self._changed.clear()
            await self._changed.wait()
        return self._since[address]

    async def faults(self, blocked: Sequence[str]) -> list[str]:
        """Say whether the feed lists other addresses than those, asked anew."""
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            listed = (await client.get(self._url)).text.split()
        if sorted(listed) == sorted(blocked):
            return []
        return [f"the feed lists {len(listed)} addresses, {len(blocked)} were blocked"]


@asynccontextmanager
async def _bare(client: Client) -> AsyncIterator[WorkflowHandle[BareWorkflow, None]]:
    async with Worker(client, task_queue=QUEUE, workflows=[BareWorkflow], activities=[do_nothing]):
        handle = await client.start_workflow(BareWorkflow.run, id="bench/bare", task_queue=QUEUE)
        yield handle
        await handle.signal(BareWorkflow.end)
        await handle.result()


async def _faults(rig: Rig, blocked: Sequence[str], watch: _Watch) -> list[str]:
    """Say what is wrong with what the run left in the engines."""
    faults = []
    for ending, what in (("/open", "first messages"), ("/ask", "cards")):
        keys = [_key(message) for message in watch.messages if _key(message).endswith(ending)]
        if len(keys) != len(blocked) or len(set(keys)) != len(keys):
            faults.append(f"{len(keys)} {what} ({len(set(keys))} different) for {len(blocked)} incidents")
    active = [one for one in await rig.desk.blocks() if one.status == "active"]
    if sorted(one.target for one in active) != sorted(blocked):
        faults.append(f"{len(active)} blocks are in force, {len(blocked)} were approved")
    return faults + [f"a part died: {line}" for line in rig.told]


def _result(
    samples: Sequence[Sample], load: Load, options: LatencyOptions, faults: Sequence[str]
) -> LatencyResult:
    click = spread([sample.click_to_block for sample in samples])
    bare = spread([sample.bare for sample in samples])
    return LatencyResult(
        line_to_message=spread([sample.line_to_message for sample in samples]),
        click_to_block=click,
        click_to_feed=spread([sample.click_to_feed for sample in samples]),
        click_to_answer=spread([sample.click_to_answer for sample in samples]),
        bare=bare,
        ratio=round(click.p50 / bare.p50, 2),
        stages={name: spread([sample.stages[name] for sample in samples]) for name in samples[0].stages},
        load=load,
        pace=options.pace,
        targets=LIVE_TARGETS if options.live else TARGETS,
        faults=tuple(faults),
    )
