"""Indicators at work: the table that the sweep matches with, and the search of the past for new ones.

The table belongs to the process and outlives a sweep. It follows the store by sequence number, so that a
renewal costs what changed. An indicator that is new is looked for in the last thirty days once it is in
the table: what came before was searched, what comes later is matched, and nothing falls between.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from integrations.opensearch.intelligence import Change, OpenSearchIntelligence
from integrations.opensearch.sightings import Sightings
from integrations.ports import Clock, StateStore, StoreError
from rules.ecs import flatten, parse_timestamp, timestamp
from rules.intelligence import Collector, IndicatorKind, IndicatorTable, Word
from workers.intelligence import readings
from workers.intelligence_section import IntelligenceSection
from workers.side_findings import SideFindings

PAST = timedelta(days=30)
BATCH = 500
"""Indicators that are looked for at once."""
MOST_EVENTS = 20_000
"""Events that are read for one batch; more, and it is halved; of one indicator, the rest is counted."""
DELIVERED = 200
"""Alerts that are given to one tick."""
ENDS = 1000
"""Events of such an indicator that are read from each end."""
MARGIN = timedelta(minutes=10)
"""So far before the last indicator that was looked for begins the next search after a restart."""
PAST_STATE = "intelligence-past"
RENEW = 20.0
"""Seconds between two renewals of the table."""
PAUSE = 1.0
"""Seconds between two looks for work."""
AFTER_FAULT = 10.0

log = structlog.get_logger(__name__)
Value = tuple[IndicatorKind, str]


@dataclass
class Cost:
    """What matching indicators has cost, for `siem rules list --cost`."""

    events: int = 0
    hits: int = 0
    nanoseconds: int = 0


@dataclass
class Intelligence:
    """All that is known to be bad, as one process holds it."""

    store: OpenSearchIntelligence
    state: StateStore
    sightings: Sightings
    sections: Sequence[IntelligenceSection]
    clock: Clock
    own: Sequence[str] = ()
    """Networks of the site's own: they never match."""
    table: IndicatorTable = field(init=False)
    position: int = field(default=-1, init=False)
    cost: Cost = field(default_factory=Cost, init=False)
    truncated: dict[str, int] = field(default_factory=dict, init=False)
    """Indicators of which the past held too much to be read, with the number of events."""
    _waiting: deque[tuple[str, Value]] = field(default_factory=deque, init=False)
    """New indicators, each with when it came, that the past is to be searched for."""
    _searched: str | None = field(default=None, init=False)
    """Indicators that came until then were looked for; None: not known yet."""

    def __post_init__(self) -> None:
        self.table = IndicatorTable(self.own)

    # --- the table -----------------------------------------------------------------------------------

    async def renew(self) -> None:
        """Take what has changed in the store since the last time. Raises `StoreError`."""
        if self._searched is None:
            found = await self.state.get(PAST_STATE)
            self._searched = str(found[0]["at"]) if found else ""
        known = await readings(self.state)
        for section in self.sections:
            reading = known.get(section.name)
            until = reading.until(section) if reading else None
            self.table.words[section.name] = Word(until.timestamp() if until else 0.0)
        upto = await self.store.position()
        if upto <= self.position:
            return
        since = self._begin()
        first = self.position < 0
        if first:  # or again, where the store failed on the way
            words, self.table = self.table.words, IndicatorTable(self.own)
            self.table.words = words
            self._waiting.clear()
        async for page in self.store.changes(self.position, upto):
            self._queue(page, since)
            if first:
                for one in page:
                    if not one.withdrawn:
                        self.table.add(one.kind, one.value, one.claim)
            else:
                await self._replace(page)
            await asyncio.sleep(0)
        self.position = upto

    async def keep_up(self) -> None:
        """Renew the table, for as long as the task lives."""
        while True:
            await asyncio.sleep(RENEW)
            try:
                await self.renew()
            except StoreError as error:
                log.warning("the indicators could not be read anew", reason=str(error))

    async def _replace(self, changed: Sequence[Change]) -> None:
        now: dict[Value, list[Change]] = {(one.kind, one.value): [] for one in changed}
        for one in await self.store.of_values(value for _, value in now):
            if (one.kind, one.value) in now:
                now[one.kind, one.value].append(one)
        for (kind, value), said in now.items():
            self.table.set(kind, value, [one.claim for one in said])

    def _begin(self) -> str:
        return timestamp(parse_timestamp(self._searched) - MARGIN) if self._searched else ""

    def _queue(self, page: Iterable[Change], since: str) -> None:
        for one in page:
            if not one.withdrawn and one.fresh > since:
                self._waiting.append((one.fresh, (one.kind, one.value)))

    # --- the past ------------------------------------------------------------------------------------

    async def search_past(self, side: SideFindings) -> None:
        """Look for new indicators in the past, for as long as the task lives."""
        while True:
            if not self._waiting:
                await asyncio.sleep(PAUSE)
                continue
            try:
                await self._search_some(side)
            except StoreError as error:
                log.warning("the past could not be searched for indicators", reason=str(error))
                await asyncio.sleep(AFTER_FAULT)

    async def _search_some(self, side: SideFindings) -> None:
        some = [self._waiting[place] for place in range(min(BATCH, len(self._waiting)))]
        now = self.clock.now()
        collector = Collector()
        # What the sweep matched with the table as it was must be found here, however new it is.
        await self.sightings.catch_up()
        await self._look(list(dict.fromkeys(value for _, value in some)), now, collector)
        found = collector.take(now, retro=True)
        for at in range(0, len(found), DELIVERED):
            await side.deliver(found[at : at + DELIVERED])
        for _ in some:
            self._waiting.popleft()
        self._searched = max([self._searched or "", *(fresh for fresh, _ in some)])
        if not self._waiting:
            await self.state.put(PAST_STATE, {"at": self._searched, "truncated": self.truncated})

    async def _look(self, values: list[Value], now: datetime, collector: Collector) -> None:
        first = now - PAST
        count = await self.sightings.count(values, first, now, MOST_EVENTS + 1)
        if not count:
            return
        if count > MOST_EVENTS and len(values) > 1:
            half = len(values) // 2
            await self._look(values[:half], now, collector)
            await self._look(values[half:], now, collector)
            return
        table = IndicatorTable(self.own)
        table.words = self.table.words
        for kind, value in values:
            table.set(kind, value, self.table.get(kind, value))
        if count <= MOST_EVENTS:
            async for page in self.sightings.events(values, first, now):
                for stored in page:
                    flat = flatten(stored.document)
                    collector.add(table.match(flat, now.timestamp()), flat, stored.index)
            return
        await self._look_at_ends(values, first, now, table, collector)

    async def _look_at_ends(
        self, values: list[Value], first: datetime, now: datetime, table: IndicatorTable, collector: Collector
    ) -> None:
        kind, value = values[0]
        total = await self.sightings.count(values, first, now, 2_000_000_000)
        self.truncated[f"{kind.value}:{value}"] = total
        log.warning(
            "the past has too many events of one indicator to read them all", value=value, events=total
        )
        for newest_first in (False, True):
            read = 0
            async for page in self.sightings.events(values, first, now, newest_first=newest_first):
                for stored in page:
                    flat = flatten(stored.document)
                    collector.add(table.match(flat, now.timestamp()), flat, stored.index)
                read += len(page)
                if read >= ENDS:
                    break

    def count_cost(self, started: int, hits: int) -> None:
        self.cost.events += 1
        self.cost.hits += hits
        self.cost.nanoseconds += time.perf_counter_ns() - started
