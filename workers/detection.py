"""Detection of one sweep: the compiled rules and the correlation engine, fed from the store.

Matching is pure and happens in `rules`; this fetches the history that correlations ask for, in
pages, and matches it with the same rules.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import structlog

from integrations.opensearch import OpenSearchStores
from integrations.opensearch.sightings import Sightings
from integrations.ports import AlertStore, EventStore, Site, StoredEvent
from rules.alerts import Alert
from rules.correlation import Engine, Hit, Plan, alert_of, plan_correlations
from rules.ecs import flatten
from rules.exceptions import Exceptions, Silenced
from rules.health.canaries import is_canary, may_match
from rules.intelligence import Collector
from rules.rule import RuleFault
from rules.scheduled import QueryPlan
from rules.sigma import Matcher, RuleCost
from workers.exception_files import read_exceptions
from workers.intelligence_matching import Intelligence
from workers.query_windows import load_queries
from workers.rule_costs import INDICATORS
from workers.rule_files import canary_texts, compile_texts, folder_texts, library_texts
from workers.scheduled_queries import ScheduledQueries
from workers.settings import Settings
from workers.side_findings import SideFindings

log = structlog.get_logger(__name__)

LOOK_BACK = timedelta(days=1)
"""How far around new findings stored alerts are looked up, to go on with a burst they began."""


MOST_RAISED = 50_000
"""Alerts about indicators that are remembered."""


@dataclass
class Detection:
    """Rules at work. One belongs to one sweep."""

    matcher: Matcher
    plan: Plan
    faults: tuple[RuleFault, ...]
    """Of rules that do not take part, for `siem rules list` and the system's chain."""
    exceptions: Exceptions = field(default_factory=Exceptions)
    reread: Callable[[], Exceptions] | None = None
    """Reads the exceptions anew."""
    intelligence: Intelligence | None = None
    """What is known to be bad."""
    queries: ScheduledQueries | None = None
    """Rules that are asked of the store."""
    side: SideFindings = field(default_factory=SideFindings)
    """What was found beside the ticks."""
    engine: Engine = field(init=False)
    silenced: list[Silenced] = field(default_factory=list, init=False)
    """What exceptions covered since `take_silenced` was called."""
    _raised: dict[str, None] = field(default_factory=dict, init=False)
    """Alerts about indicators that this sweep raised already: the same thing again, that day."""

    def __post_init__(self) -> None:
        self.engine = Engine(self.plan)

    async def see(
        self, page: Sequence[StoredEvent], events: EventStore, alerts: AlertStore, now: datetime
    ) -> list[Alert]:
        """Match new events and judge the correlations they touch; return the alerts, ids derived."""
        found: list[Alert] = []
        hits: list[Hit] = []
        collector = Collector()
        at = now.timestamp()
        flats = [flatten(stored.document) for stored in page]
        for stored, flat in zip(page, flats, strict=True):
            if self.intelligence is not None and may_match(INDICATORS.name, flat.get("event.dataset")):
                self._compare(self.intelligence, flat, stored, at, collector)
        for place, detection in self.matcher.match_all(flats):
            stored, flat = page[place], flats[place]
            if not may_match(detection.name, flat.get("event.dataset")):
                continue
            if detection.name in self.plan.alerting:
                found += self._unless_silenced(alert_of(detection, flat, now, stored.index), flat)
            hits += self._hit(detection.name, flat, stored)
        for alert, about in collector.take(now):
            found += self._unless_raised(alert, about)
        return found + await self._judge(hits, events, alerts, now)

    def _compare(
        self, known: Intelligence, flat: dict[str, Any], stored: StoredEvent, at: float, into: Collector
    ) -> None:
        started = time.perf_counter_ns()
        matches = known.table.match(flat, at)
        if matches:
            into.add(matches, flat, stored.index)
        known.count_cost(started, len(matches))

    def _unless_raised(self, alert: Alert, about: Mapping[str, Any]) -> list[Alert]:
        if alert.id in self._raised:
            return []
        if len(self._raised) >= MOST_RAISED:
            del self._raised[next(iter(self._raised))]
        self._raised[alert.id] = None
        return self._unless_silenced(alert, about)

    async def start_beside(self) -> list[asyncio.Task[None]]:
        """Start what works beside the ticks, once the indicators are known. Raises `StoreError`."""
        work: list[Coroutine[Any, Any, None]] = []
        if self.intelligence is not None:
            await self.intelligence.renew()
            work += [self.intelligence.keep_up(), self.intelligence.search_past(self.side)]
        if self.queries is not None and self.queries.plan.definitions:
            work.append(self.queries.run(self.side))
        return [asyncio.create_task(one) for one in work]

    def costs(self) -> list[RuleCost]:
        """Return what each rule has cost, of every kind; indicators are one."""
        found = self.matcher.costs()
        found += [
            RuleCost(self.plan.definitions[name].rule, *cost) for name, cost in self.engine.costs.items()
        ]
        if self.queries is not None:
            found += self.queries.costs()
        if self.intelligence is not None:
            cost = self.intelligence.cost
            found.append(RuleCost(INDICATORS, cost.events, cost.hits, cost.nanoseconds / 1e9))
        return found

    def take_side_findings(self) -> list[Alert]:
        """Return what was found beside the ticks and no exception covers."""
        return [alert for one, about in self.side.take() for alert in self._unless_silenced(one, about)]

    async def idle(self, events: EventStore, alerts: AlertStore, now: datetime) -> list[Alert]:
        """Judge what only time decides: that something did not happen."""
        return await self._judge([], events, alerts, now)

    async def resume(self, since: datetime, events: EventStore, now: datetime) -> None:
        """Load what was awaited when the last sweep ended."""
        for request in self.engine.resume(since, now):
            self.engine.load(request, await self._history(request, events))

    async def _judge(
        self, hits: Sequence[Hit], events: EventStore, alerts: AlertStore, now: datetime
    ) -> list[Alert]:
        requests = self.engine.observe(hits, now)
        while requests:
            for request in requests:
                self.engine.load(request, await self._history(request, events))
            requests = self.engine.pending()
        found = self.engine.evaluate(now)
        if not found:
            return found
        about = sorted({str(entity) for alert in found for entity in alert.entities})
        first = min(alert.first for alert in found) - LOOK_BACK
        last = max(alert.last for alert in found) + LOOK_BACK
        settled = self.engine.settle(found, await alerts.about(about, first, last))
        return [alert for one in settled for alert in self._unless_silenced(one, None)]

    def _unless_silenced(self, alert: Alert, event: Mapping[str, Any] | None) -> list[Alert]:
        name = "" if is_canary(alert) else self.exceptions.silences(alert, event)
        if name:
            self.silenced.append(Silenced(alert, name))
        return [] if name else [alert]

    def renew_exceptions(self) -> None:
        """Take what the files say now; where they can't be read, what they said stays in force."""
        if self.reread is None:
            return
        try:
            self.exceptions = self.reread()
        except (OSError, UnicodeDecodeError) as error:
            log.warning("the exceptions can't be read", error=str(error))

    def take_silenced(self) -> list[Silenced]:
        """Return what exceptions covered, each finding once."""
        taken, self.silenced = self.silenced, []
        return taken

    async def _history(self, request: Any, events: EventStore) -> list[Hit]:
        wanted = set(request.rules)
        hits: list[Hit] = []
        async for page in events.history(request.keys, request.first, request.last):
            flats = [flatten(stored.document) for stored in page]
            for place, detection in self.matcher.match_all(flats):
                if detection.name in wanted:
                    hits += self._hit(detection.name, flats[place], page[place])
        return hits

    def _hit(self, rule: str, flat: dict[str, Any], stored: StoredEvent) -> list[Hit]:
        hit = self.engine.hit(rule, flat, stored.index, stored.seq_no)
        return [] if hit is None else [hit]


def load_detection(
    settings: Settings,
    intelligence: Intelligence | None = None,
    schedule: Callable[[QueryPlan], ScheduledQueries] | None = None,
) -> Detection:
    """Read and compile the rules that the site asks for. Faulty rules are left out and reported."""
    library = library_texts() if settings.site.detection.library else []
    placeholders = settings.site.detection.placeholders
    canaries = [] if settings.site.health.canary.off else canary_texts()
    texts = [*canaries, *library, *folder_texts(settings.rule_folders)]
    loaded = compile_texts(texts, settings.data, placeholders)
    plan = plan_correlations(loaded.rules)
    asked = load_queries(loaded.rules.queries)
    faults = tuple(chain(loaded.rules.faults, loaded.matcher.faults, plan.faults, asked.faults))
    for fault in faults:
        log.warning("a rule does not take part", fault=str(fault))
    exceptions, _, unsound = read_exceptions(settings, datetime.now(UTC))
    for fault in unsound:
        log.warning("an exception is not in force", fault=str(fault))
    faults = (*faults, *unsound)
    return Detection(
        matcher=loaded.matcher,
        plan=plan,
        faults=faults,
        exceptions=exceptions,
        reread=lambda: read_exceptions(settings, datetime.now(UTC))[0],
        intelligence=intelligence,
        queries=schedule(asked) if schedule else None,
    )


def intelligence_of(settings: Settings, stores: OpenSearchStores, site: Site) -> Intelligence | None:
    """Return what this site is told to be bad, None where it asks nobody. The site's own networks and what
    its guard protects are never taken for bad."""
    if not settings.site.intelligence:
        return None
    own = [network for group in settings.site.inventory.networks.values() for network in group]
    return Intelligence(
        store=stores.intelligence,
        state=site.state,
        sightings=Sightings(stores.connection),
        sections=settings.site.intelligence,
        clock=site.clock,
        own=[*own, *settings.site.guard.networks],
    )
