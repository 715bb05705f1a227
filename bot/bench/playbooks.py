"""`siem bench playbooks`: what the engine costs beyond the activities that it runs, and what waiting costs.

Runs of a five-step playbook (three look-ups, an approval, a containment) alternate, round by round, with
bare workflows that do the same activities by hand, in one worker process, on one Temporal and one
OpenSearch; a stand-in for the bot approves each card as it comes. The incident takes their evidence and
writes its chain meanwhile. What evidence costs is measured too: bare workflows that send none.

Then incidents are opened and playbooks started for them that nobody answers, and the worker's resident
memory is read before and after.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import psutil
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from bot.bench.figures import BenchError, Load, LoadWatch
from bot.bench.run_worker import APPROVERS, GUARD, SPECS
from rules.alerts import Alert, EventRef, Severity
from rules.entities import Entity
from rules.incidents import IncidentFacts
from workers.contract import (
    BOT_QUEUE,
    QUEUE,
    AlertsJoined,
    BotActivity,
    IncidentPost,
    IncidentStart,
    PlaybookStart,
    Progress,
    Question,
    QuestionEnd,
    ThreadPost,
    ThreadRef,
    Vote,
)
from workers.engines import Engines
from workers.engines import Progress as EngineProgress
from workers.temporal import connect

THREAD = ThreadRef(channel="C1", ts="1.0")
PATIENCE = 120.0
WARM = 10
"""Waiting ones before memory is read first."""
TEXT = """\
name: bench
description: Three look-ups, one approval, one containment.
on: {command: true}
inputs: {ip: {type: ip}}
steps:
  - id: first
    uses: bench.lookup
    with: {ip: "{{ inputs.ip }}"}
  - id: second
    uses: bench.lookup
    with: {ip: "{{ inputs.ip }}"}
  - id: third
    uses: bench.lookup
    with: {ip: "{{ inputs.ip }}"}
  - id: ask
    approval:
      from: responders
      expires: 1h
      question: "Block {{ inputs.ip }} ({{ steps.third.where }})?"
      releases: [block]
  - id: block
    uses: bench.block_ip
    with: {ip: "{{ inputs.ip }}"}
    for: 1h
"""


PLAYBOOK, BARE, SILENT = "playbook", "bare", "silent"
KINDS = (PLAYBOOK, BARE, SILENT)
TARGETS = {"of a bare run's speed": 0.9, "MB for 500 waiting": 150.0}


@dataclass(frozen=True)
class PlaybooksOptions:
    rounds: int = 10
    runs: int = 24
    """Of each kind in a round."""
    at_once: int = 3
    waiting: int = 500
    """Playbooks that nobody answers, each with an incident of its own."""


@dataclass(frozen=True)
class Spent:
    """What the runs of one kind in one round took."""

    runs: int
    seconds: float
    processor: dict[str, float]
    """Seconds of processor time of ``worker``, ``temporal``, ``opensearch``."""

    @property
    def speed(self) -> float:
        """Runs a second."""
        return self.runs / self.seconds

    @property
    def work(self) -> float:
        """Seconds of processor time, of all three."""
        return sum(self.processor.values())


@dataclass
class PlaybooksResult:
    rounds: list[dict[str, Spent]] = field(default_factory=list)
    """By kind: ``playbook``, ``bare``, ``silent``."""
    waiting: int = 0
    before: int = 0
    """Bytes resident in the worker before the playbooks that wait were started."""
    after: int = 0
    load: Load | None = None

    def speed(self, kind: str, of: str) -> float:
        """How fast one kind of run is, to another; the median of the rounds."""
        return statistics.median(one[kind].speed / one[of].speed for one in self.rounds)

    def work(self, kind: str, of: str) -> float:
        """How much less processor time one kind of run takes, to another."""
        return statistics.median(one[of].work / one[kind].work for one in self.rounds)

    @property
    def added(self) -> float:
        """MB that 500 waiting playbooks cost, reckoned from as many as there were."""
        return (self.after - self.before) / 1e6 / max(1, self.waiting) * 500


async def run_playbooks(
    options: PlaybooksOptions, report: Callable[[EngineProgress], None], tell: Callable[[str], None]
) -> PlaybooksResult:
    """Measure. Raises `EngineError`, or `BenchError` where a run does not end as it should."""
    result = PlaybooksResult(waiting=options.waiting)
    with tempfile.TemporaryDirectory(prefix="siem-bench-") as folder:
        async with Engines(Path(folder) / "engines", report, heap_mb=1024) as engines:
            addresses = engines.addresses
            client = await connect(addresses.temporal_address)
            async with (
                _worker(addresses.temporal_address, addresses.opensearch_url, Path(folder)) as process,
                _bot(client) as bot,
            ):
                assert engines.temporal is not None
                assert engines.opensearch is not None
                parts = {"worker": process}
                for name, child in (
                    ("temporal", engines.temporal.child), ("opensearch", engines.opensearch.child)
                ):  # fmt: skip
                    assert child is not None
                    parts[name] = psutil.Process(child.pid)
                bench = _Bench(client, bot, parts)
                for kind in KINDS:
                    await bench.round(kind, options.at_once * 2, options.at_once)
                watch = LoadWatch()
                for number in range(options.rounds):
                    turn = number % len(KINDS)
                    result.rounds.append(
                        {
                            kind: await bench.round(kind, options.runs, options.at_once)
                            for kind in (*KINDS[turn:], *KINDS[:turn])
                        }
                    )
                    said = ", ".join(f"{kind} {result.rounds[-1][kind].speed:.1f}" for kind in KINDS)
                    tell(f"Round {number + 1} of {options.rounds}, runs a second: {said}.")
                result.load = watch.read()
                if options.waiting:
                    await bench.leave_waiting(WARM)
                    result.before = process.memory_info().rss
                    await bench.leave_waiting(options.waiting)
                    result.after = process.memory_info().rss
    return result


@asynccontextmanager
async def _worker(temporal: str, opensearch: str, folder: Path) -> AsyncIterator[psutil.Process]:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.bench.run_worker", temporal, opensearch, "bench-", str(folder / "keys"),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            if await child.stdout.readline() != b"ready\n":
                raise BenchError(f"the worker ended with exit code {await child.wait()}")
        yield psutil.Process(child.pid)
    finally:
        child.stdin.close()
        try:
            async with asyncio.timeout(20):
                await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()


class _Bot:
    """Stands where the bot does: says yes to every card as it comes, unless told to keep silent."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.answers = True
        self.asked = 0
        self.told = 0
        """Progress messages, first posts."""
        self._voting: set[asyncio.Task[Any]] = set()

    @activity.defn(name=BotActivity.ASK.value)
    async def ask(self, question: Question) -> ThreadRef:
        self.asked += 1
        if self.answers:
            vote = Vote(
                question=question.question_id, digest=question.digest, by="U0ALICE", approve=True,
                at=datetime.now(UTC),
            )  # fmt: skip
            handle = self._client.get_workflow_handle(question.workflow)
            voting = asyncio.create_task(handle.execute_update("vote", vote))
            self._voting.add(voting)
            voting.add_done_callback(self._voting.discard)
        return ThreadRef(channel="C1", ts="2.0")

    @activity.defn(name=BotActivity.RETIRE.value)
    async def retire(self, end: QuestionEnd) -> None: ...

    @activity.defn(name=BotActivity.PROGRESS.value)
    async def progress(self, progress: Progress) -> ThreadRef:
        self.told += progress.message is None
        return ThreadRef(channel="C1", ts="3.0")

    @activity.defn(name=BotActivity.OPEN_INCIDENT.value)
    async def open_incident(self, post: IncidentPost) -> ThreadRef:  # noqa: ARG002
        return THREAD

    @activity.defn(name=BotActivity.UPDATE_INCIDENT.value)
    async def update(self, post: IncidentPost) -> None: ...

    @activity.defn(name=BotActivity.POST.value)
    async def post(self, post: ThreadPost) -> None: ...


@asynccontextmanager
async def _bot(client: Client) -> AsyncIterator[_Bot]:
    bot = _Bot(client)
    activities: list[Callable[..., Any]] = [
        bot.ask, bot.retire, bot.progress, bot.open_incident, bot.update, bot.post,
    ]  # fmt: skip
    async with Worker(client, task_queue=BOT_QUEUE, activities=activities):
        yield bot


class _Bench:
    def __init__(self, client: Client, bot: _Bot, parts: Mapping[str, psutil.Process]) -> None:
        self._client = client
        self._bot = bot
        self._parts = parts
        self._number = 0
        self._incident = ""

    async def open_incident(self) -> str:
        """Open an incident of its own."""
        incident, now = f"inc-{uuid.uuid4().hex[:8]}", datetime.now(UTC)
        alert = Alert(
            id=f"alr-{incident}", rule="bench", rule_id="bench", title="Somebody broke in",
            severity=Severity.HIGH, risk=70, entities=(Entity.parse("ip:203.0.113.7"),),
            evidence=(EventRef(id="e1"),), evidence_count=1, first=now, last=now, detected=now,
            summary="Measured.",
        )  # fmt: skip
        await self._client.start_workflow(
            "IncidentWorkflow",
            IncidentStart(incident=incident),
            id=incident,
            task_queue=QUEUE,
            start_signal="alerts",
            start_signal_args=[AlertsJoined(alerts=(alert,))],
        )
        return incident

    async def round(self, kind: str, runs: int, at_once: int) -> Spent:
        """Do `runs` runs, so many at once, for an incident of their own."""
        self._bot.answers = True
        incident = await self.open_incident()
        left = iter(range(runs))

        async def lane() -> None:
            for _ in left:
                handle = await self._start(kind, incident)
                ended = await handle.result()
                status = ended if isinstance(ended, str) else ended["status"]
                if status not in ("succeeded", "active"):
                    raise BenchError(f"{handle.id} ended otherwise: {ended}")

        await asyncio.sleep(0.5)
        before, began = self._processor(), time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE + 5 * runs), asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(lane())
        except TimeoutError:
            raise BenchError(f"{runs} runs of the {kind} did not end") from None
        except BaseExceptionGroup as error:
            raise error.exceptions[0] from None
        seconds, after = time.perf_counter() - began, self._processor()
        return Spent(runs, seconds, {part: after[part] - before[part] for part in after})

    def _processor(self) -> dict[str, float]:
        times = {part: process.cpu_times() for part, process in self._parts.items()}
        return {part: one.user + one.system for part, one in times.items()}

    async def leave_waiting(self, count: int) -> None:
        """Start playbooks that nobody answers; return when all have asked and told of it."""
        self._bot.answers = False
        asked, told = self._bot.asked, self._bot.told
        for _ in range(count):
            await self._start(PLAYBOOK, await self.open_incident())
        try:
            async with asyncio.timeout(PATIENCE + 2 * count):
                while min(self._bot.asked - asked, self._bot.told - told) < count:  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise BenchError(f"of {count} playbooks {self._bot.asked - asked} asked") from None
        await asyncio.sleep(1)

    async def _start(self, kind: str, incident: str) -> Any:
        self._number += 1
        ip = str(IPv4Address("198.18.0.0") + self._number)
        now = datetime.now(UTC)
        facts = IncidentFacts(
            id=incident, title="Somebody broke in", severity=Severity.HIGH, rules=("bench",),
            alerts=("alr-bench",), entities=(Entity.parse(f"ip:{ip}"),), first=now, last=now, opened=now,
        )  # fmt: skip
        return await self._client.start_workflow(
            "PlaybookWorkflow" if kind == PLAYBOOK else "BareRun",
            PlaybookStart(
                playbook=kind, path="bench.yaml", text=TEXT, specs=SPECS, incident=facts, inputs={"ip": ip},
                thread=THREAD, approvers=APPROVERS, guard=GUARD,
            ),
            id=f"{incident}/{kind}/{self._number}",
            task_queue=QUEUE,
        )  # fmt: skip
