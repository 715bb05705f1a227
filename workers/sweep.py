"""The sweep: new events become alerts, alerts become incidents.

One tick reads what is new (by sequence number, so nothing is skipped or read twice), matches it,
lets correlations look at the keys it touched, writes the alerts, groups them, signals the
incidents, and only then moves the watermark on. A crash anywhere repeats the tick: alert and
incident ids are derived, so the repetition writes nothing new.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from temporalio import activity
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from integrations.ports import Site, StoreError, StoreLimitError
from rules.alerts import Alert
from rules.exceptions import LONGEST
from rules.grouping import GroupingPolicy, assign
from rules.health import HealthKind, Trouble
from rules.health.canaries import is_canary
from workers.contract import QUEUE, AlertsJoined, IncidentStart
from workers.detection import Detection
from workers.garbage import rare_collections
from workers.health_reports import Reports
from workers.rule_costs import CostKeeper
from workers.rule_troubles import left_out, troubles_of

WATERMARK = "sweep/watermark"
ALIVE = "sweep/alive"
"""State document with the time of a recent tick, for those who watch."""
FAILED = "sweep/failed"
"""State document with the time of the last run that failed, and why."""
ALIVE_EVERY = 5.0
COSTS_EVERY = 30.0
"""Seconds between two times that the rules' costs are kept and their troubles told."""
ALERTS_A_SIGNAL = 50

log = structlog.get_logger(__name__)


@dataclass
class TickReport:
    """What one tick did, and the seconds it spent on it."""

    events: int = 0
    alerts: int = 0
    incidents: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)


class Sweep:
    def __init__(
        self,
        *,
        client: Client,
        site: Site,
        detection: Callable[[], Detection],
        grouping: Callable[[], GroupingPolicy] | GroupingPolicy,
        tick: float,
        costs: CostKeeper | None = None,
    ) -> None:
        self._client = client
        self._site = site
        self._detection = detection
        self._policy = grouping
        self._grouping = grouping if isinstance(grouping, GroupingPolicy) else GroupingPolicy()
        self._tick = tick
        self._costs = costs
        self._reports = Reports(site.state, site.clock)
        self._watermark: dict[str, int] | None = None
        self._version = ""

    @activity.defn(name="sweep.run")
    async def run(self, seconds: float) -> None:
        """Tick until `seconds` are over, the activity is cancelled, or the worker shuts down."""
        try:
            await self._run(seconds)
        except Exception as error:
            await self._keep_failure(error)
            raise

    async def _run(self, seconds: float) -> None:
        self._watermark = None
        end = time.monotonic() + seconds
        told = kept = 0.0
        detection = await asyncio.to_thread(self._detection)
        if not isinstance(self._policy, GroupingPolicy):
            self._grouping = await asyncio.to_thread(self._policy)
        if (found := await self._site.state.get(WATERMARK)) is not None:
            since = datetime.fromisoformat(found[0]["at"])
            await detection.resume(since, self._site.events, self._site.clock.now())
        beats = asyncio.create_task(self._beat())
        beside: list[asyncio.Task[None]] = []
        try:
            beside = await detection.start_beside()
            while time.monotonic() < end and not activity.is_worker_shutdown():
                started = time.monotonic()
                await self.tick(detection)
                for task in beside:
                    if task.done():
                        task.result()
                if started - told >= ALIVE_EVERY:
                    told = started
                    await self._site.state.put(ALIVE, {"at": self._site.clock.now().isoformat()})
                if started - kept >= COSTS_EVERY:
                    kept = started
                    await self._keep_costs(detection)
                    await self._tell(detection)
                    await asyncio.to_thread(detection.renew_exceptions)
                await asyncio.sleep(max(0.0, self._tick - (time.monotonic() - started)))
            await self._keep_costs(detection)
        finally:
            for task in (beats, *beside):
                task.cancel()

    async def _tell(self, detection: Detection) -> None:
        """Tell health what is wrong with rules."""
        now = self._site.clock.now()
        await self._reports.tell("rules", left_out(detection, now))
        await self._reports.tell("matching", troubles_of(detection, now), all_of_them=False)

    async def _keep_failure(self, error: Exception) -> None:
        """Leave word why a run ended; the run is tried again in any case."""
        now = self._site.clock.now()
        text = f"{type(error).__name__}: {error}"[:1000]
        try:
            await self._site.state.put(FAILED, {"at": now.isoformat(), "text": text})
            if isinstance(error, StoreLimitError):
                trouble = Trouble(
                    kind=HealthKind.TRUNCATION, subject="the sweep", text=f"An answer was not whole: {text}",
                    remedy="The sweep asks again until it is. See `siem status`, and the store's own limits.",
                    since=now, last=now,
                )  # fmt: skip
                await self._reports.tell("limits", [trouble], all_of_them=False)
        except StoreError as unsaid:
            log.warning("why the sweep failed could not be kept", error=str(unsaid), failure=text)

    async def _keep_costs(self, detection: Detection) -> None:
        if self._costs is None:
            return
        try:
            await asyncio.to_thread(self._costs.keep, detection.costs())
        except OSError as error:
            log.warning("the rules' costs were not kept", error=str(error))

    async def _beat(self) -> None:
        while True:
            activity.heartbeat(self._watermark)
            await asyncio.sleep(1)

    async def tick(self, detection: Detection) -> TickReport:
        """Do one tick. Raises `StoreError` where the store can't be read or written whole."""
        report = TickReport()
        watch = _Watch(report.seconds)
        after = await self._load_watermark()
        upto = await self._site.events.checkpoints()
        watch.lap("checkpoints")
        if dict(upto) == after:
            alerts = await detection.idle(self._site.events, self._site.alerts, self._site.clock.now())
        else:
            alerts = []
            with rare_collections():
                async for page in self._site.events.between(after, upto):
                    watch.lap("fetch")
                    report.events += len(page)
                    alerts += await detection.see(
                        page, self._site.events, self._site.alerts, self._site.clock.now()
                    )
                    watch.lap("match")
        alerts += detection.take_side_findings()
        alerts = await self._silence(detection, alerts)
        if alerts:
            await self._deliver(alerts, report)
            watch.lap("write")
        if dict(upto) != after:
            await self._save_watermark(dict(upto))
            watch.lap("watermark")
        detection.side.settle()
        return report

    async def _silence(self, detection: Detection, alerts: list[Alert]) -> list[Alert]:
        """Keep what exceptions covered, fold repeated findings into earlier ones, and return the rest."""
        silenced = detection.take_silenced()
        canaries = [alert for alert in alerts if is_canary(alert)]
        alerts = [alert for alert in alerts if not is_canary(alert)]
        windowed = [alert for alert in alerts if detection.exceptions.window_of(alert)]
        if windowed:
            about = sorted({str(entity) for alert in windowed for entity in alert.entities})
            first = min(alert.first for alert in windowed) - LONGEST
            last = max(alert.last for alert in windowed)
            earlier = await self._site.alerts.about(about, first, last)
            alerts, folded = detection.exceptions.fold(alerts, earlier)
            silenced += folded
        if silenced:
            if self._site.suppressed is None:
                raise StoreError("exceptions need a place for what they silence")
            await self._site.suppressed.create(silenced)
        return canaries + alerts

    async def _deliver(self, alerts: Sequence[Alert], report: TickReport) -> None:
        """Write alerts, group them, and tell the incidents: in this order, each step repeatable. Canaries
        are only written."""
        await self._site.alerts.create(alerts)
        alerts = [alert for alert in alerts if not is_canary(alert)]
        report.alerts = len(alerts)
        if not alerts:
            return
        entities = sorted({str(entity) for alert in alerts for entity in alert.entities})
        first = min(alert.first for alert in alerts) - self._grouping.window
        last = max(alert.last for alert in alerts) + self._grouping.window
        known = await self._site.incidents.about(entities, first, last)
        earlier = await self._site.alerts.about(entities, first, last)
        taken = await self._site.alerts.incident_of([alert.id for alert in [*alerts, *earlier]])
        groups = assign(alerts, earlier=earlier, taken=taken, incidents=known, policy=self._grouping)
        for group in groups:
            await hand_over(self._client, group.incident, group.alerts)
            await self._site.alerts.assign([alert.id for alert in group.alerts], group.incident)
        report.incidents = tuple(group.incident for group in groups)

    async def _load_watermark(self) -> dict[str, int]:
        if self._watermark is None:
            found = await self._site.state.get(WATERMARK)
            self._watermark = dict(found[0]["upto"]) if found else {}
            self._version = found[1] if found else ""
        return self._watermark

    async def _save_watermark(self, upto: dict[str, int]) -> None:
        value = {"upto": upto, "at": self._site.clock.now().isoformat()}
        self._version = await self._site.state.put(WATERMARK, value, self._version)
        self._watermark = upto


async def hand_over(client: Client, incident: str, alerts: Sequence[Alert]) -> None:
    """Tell an incident its alerts, which opens it where it is new. One that was closed takes no more."""
    for start in range(0, len(alerts), ALERTS_A_SIGNAL):
        joined = AlertsJoined(alerts=tuple(alerts[start : start + ALERTS_A_SIGNAL]))
        try:
            await client.start_workflow(
                "IncidentWorkflow",
                IncidentStart(incident=incident),
                id=incident,
                task_queue=QUEUE,
                start_signal="alerts",
                start_signal_args=[joined],
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            )
        except WorkflowAlreadyStartedError:
            log.info("incident was closed before its alerts came again", incident=incident)


class _Watch:
    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds = seconds
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self._seconds[name] = self._seconds.get(name, 0.0) + now - self._last
        self._last = now
