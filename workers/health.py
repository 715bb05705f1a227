"""The health look: once a minute, what is wrong with the system itself, as incidents of its own.

A look judges (`rules.health`), keeps what it found together with the steps that follow in one state
document, and only then takes the steps: alerts written create-only, incidents signalled, notes keyed. A
process that dies in between leaves the steps for the next look, and a step taken twice changes nothing.
Where one thing can't be looked at, the others are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from pydantic import BaseModel, ConfigDict, Field
from temporalio import activity
from temporalio.client import Client

from integrations.opensearch.watch import OpenSearchWatch
from integrations.ports import Site, StoreError
from rules.health import (
    Episode,
    Finding,
    HealthKind,
    Step,
    advance,
    judge_canary,
    judge_entries,
    judge_exceptions,
    judge_noise,
    judge_silence,
    judge_sources,
    judge_sweep,
    judge_troubles,
    past_grace,
)
from rules.incidents import IncidentStatus
from workers.exception_files import read_exceptions
from workers.health_reports import Reports
from workers.health_sights import WINDOW, Sights
from workers.health_steps import Steps
from workers.settings import Settings

HEALTH = "health/findings"
"""State document with what is wrong now: `Findings`."""
FORGET_CANARIES = timedelta(days=1)

log = structlog.get_logger(__name__)


class Findings(BaseModel):
    """What lasts over looks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime | None = None
    """When it was looked last."""
    episodes: dict[str, Episode] = Field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    """Those that follow and are not taken yet."""
    canary: datetime | None = None
    """The time of the last canary that came out as an alert on every path."""
    unseen: dict[str, str] = Field(default_factory=dict)
    """What could not be looked at, and why."""


@dataclass(frozen=True)
class _Part:
    """One thing that is looked at, and the kinds of findings it alone can give."""

    name: str
    look: Callable[[datetime], Awaitable[list[Finding]]]
    kinds: tuple[HealthKind, ...]


class Health:
    def __init__(self, client: Client, site: Site, watch: OpenSearchWatch, settings: Settings) -> None:
        self._site = site
        self._watch = watch
        self._settings = settings
        self._section = settings.site.health
        self._sights = Sights(site, watch)
        self._steps = Steps(client, site)
        self._reports = Reports(site.state, site.clock)
        self._started = site.clock.now()
        self._forgot: datetime | None = None
        self._canary: datetime | None = None
        self._learning = False
        """Whether it is not known yet what is usual."""

    @activity.defn(name="health.look")
    async def look(self) -> None:
        """Look once. Raises `StoreError` where the state can't be read or written."""
        now = self._site.clock.now()
        found = await self._site.state.get(HEALTH)
        known = Findings.model_validate(found[0]) if found else Findings()
        version = found[1] if found else ""
        if known.steps:
            known, version = await self._take_steps(known, version)
        findings, judged, unseen = await self._judge(now)
        patience = self._section.canary.every + self._section.canary.within
        findings = past_grace(findings, known.episodes, self._started, patience, now)
        closed = await self._closed(known.episodes)
        episodes, steps = advance(known.episodes, findings, judged, closed, now)
        known = Findings(
            at=now, episodes=episodes, steps=(*known.steps, *steps), unseen=unseen, canary=self._canary
        )
        version = await self._keep(known, version)
        if steps:
            await self._take_steps(known, version)

    # --- judging -----------------------------------------------------------------------------------

    async def _judge(self, now: datetime) -> tuple[list[Finding], set[HealthKind], dict[str, str]]:
        findings: list[Finding] = []
        unseen: dict[str, str] = {}
        judged = set(HealthKind)
        self._learning = False
        for part in self._parts():
            try:
                findings += await part.look(now)
            except (StoreError, OSError, UnicodeDecodeError) as error:
                unseen[part.name] = f"{type(error).__name__}: {error}"[:500]
                judged -= set(part.kinds)
                log.warning("health can't be judged whole", part=part.name, error=str(error))
        if self._learning:
            judged.discard(HealthKind.SOURCE_SILENT)
        return findings, judged, unseen

    def _parts(self) -> tuple[_Part, ...]:
        kinds = HealthKind
        return (
            _Part("sweep", self._sweep, (kinds.SWEEP_LAG,)),
            _Part("reports", self._told, tuple(kinds)),
            _Part("rules", self._rules, (kinds.RULE_NOISY,)),
            _Part("sources", self._sources, (kinds.SOURCE_SILENT, kinds.SOURCE_FAILING, kinds.TRUNCATION)),
            _Part("collectors", self._entries, (kinds.SOURCE_SILENT, kinds.SOURCE_FAILING, kinds.TRUNCATION)),
            _Part("exceptions", self._exceptions, (kinds.EXCEPTION_EXPIRED,)),
            _Part("canaries", self._canaries, (kinds.CANARY_MISSING,)),
        )

    async def _sweep(self, now: datetime) -> list[Finding]:
        seen = await self._sights.sweep()
        return judge_sweep(
            seen.alive, seen.waiting, seen.events, seen.failure, self._section.sweep_late, self._started, now
        )

    async def _told(self, now: datetime) -> list[Finding]:
        return judge_troubles(await self._reports.read(), now)

    async def _rules(self, now: datetime) -> list[Finding]:
        return judge_noise(await self._sights.rules(now), now)

    async def _sources(self, now: datetime) -> list[Finding]:
        stated = {name: one.silent_after for name, one in self._section.sources.items() if one.silent_after}
        excused = [name for name, one in self._section.sources.items() if one.may_be_silent]
        limits = {one.source: one.errors_above for one in self._settings.site.collect}
        limits |= {name: one.errors_above for name, one in self._section.sources.items() if one.errors_above}
        seen = await self._sights.sources(set(stated), now)
        self._learning = seen.learning
        since = {name: (after, seen.stated[name]) for name, after in stated.items()}
        return [
            *judge_silence(seen.sights, seen.history, since, excused, now),
            *judge_sources(seen.sights, seen.history, limits, WINDOW, now),
        ]

    async def _entries(self, now: datetime) -> list[Finding]:
        return judge_entries(await self._sights.entries(now), self._section.sources, now)

    async def _exceptions(self, now: datetime) -> list[Finding]:
        _, every, _ = await asyncio.to_thread(read_exceptions, self._settings, now)
        return judge_exceptions(every, now)

    async def _canaries(self, now: datetime) -> list[Finding]:
        section = self._section.canary
        if section.off:
            return []
        if self._forgot is None or now - self._forgot > FORGET_CANARIES:
            await self._watch.forget_canary_alerts(now - FORGET_CANARIES)
            self._forgot = now
        seen = await self._sights.canaries()
        out = [one.alerted for one in seen if one.alerted is not None]
        self._canary = min(out) if len(out) == len(seen) else None
        return judge_canary(seen, section.every, section.within, self._started, now)

    # --- what follows ------------------------------------------------------------------------------

    async def _closed(self, episodes: Mapping[str, Episode]) -> set[str]:
        closed = set()
        for incident in sorted({one.incident for one in episodes.values()}):
            facts = await self._site.incidents.get(incident)
            if facts is not None and facts.status is IncidentStatus.CLOSED:
                closed.add(incident)
        return closed

    async def _keep(self, findings: Findings, version: str) -> str:
        return await self._site.state.put(HEALTH, findings.model_dump(mode="json"), version)

    async def _take_steps(self, known: Findings, version: str) -> tuple[Findings, str]:
        """Take what was kept; what must wait stays."""
        waiting = [step for step in known.steps if not await self._steps.take(step)]
        known = known.model_copy(update={"steps": tuple(waiting)})
        return known, await self._keep(known, version)

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [self.look]
