"""What the health look sees: the sweep, the sources, the rules, the collectors, the canaries.

What is learnt lasts in state documents: `HISTORY` has counts by hour, to which a look adds those that are
over, of a day at most; `SEEN` when each source was last seen. So no look reads more than a day of events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from integrations.opensearch.watch import Delivered, OpenSearchWatch, hours_over
from integrations.ports import Site
from rules.ecs import parse_timestamp
from rules.health import HOURS_KEPT, CanarySight, EntrySight, History, RuleCount, SourceSight
from rules.health.cadence import hour_of
from rules.health.canaries import BURST_ACTION, BURST_RULE, EVENT_ACTION, EVENT_RULE, PATHS
from rules.health.judgement import LEAST_ALERTS
from workers.collect.sightings import read_collectors
from workers.collect.state import CollectorState, SourceState
from workers.sweep import ALIVE, FAILED, WATERMARK

HISTORY = "health/history"
SEEN = "health/seen"
GAPS = "health/gaps"
"""How many gaps each entry had found, and when that grew."""
FRESH = timedelta(hours=1)
"""How long a gap is told of."""
WINDOW = timedelta(minutes=15)
"""Of which what sources deliver is looked at."""
CHUNK = 24
"""Hours that one look adds to what is learnt."""
USUAL = timedelta(days=14)
"""From which a rule's usual is taken."""


class Seen(BaseModel):
    """What lasts over looks, beside the history."""

    model_config = ConfigDict(extra="forbid")

    last: dict[str, datetime] = Field(default_factory=dict)
    """When each source's last event was stored."""
    stated: dict[str, datetime] = Field(default_factory=dict)
    """Since when the site says how long a source may be silent."""


@dataclass(frozen=True)
class Sources:
    sights: tuple[SourceSight, ...]
    history: History | None
    """None while it is being learnt, and where there is nothing to learn from."""
    learning: bool
    stated: dict[str, datetime]


@dataclass(frozen=True)
class SweepSight:
    alive: datetime | None
    waiting: datetime | None
    events: int
    failure: str


class Sights:
    def __init__(self, site: Site, watch: OpenSearchWatch) -> None:
        self._site = site
        self._watch = watch
        self._history: History | None = None

    async def sweep(self) -> SweepSight:
        """Raises `StoreError`, as all of these do."""
        state = self._site.state
        mark, alive, failed = await state.get(WATERMARK), await state.get(ALIVE), await state.get(FAILED)
        matched = dict(mark[0]["upto"]) if mark else {}
        waiting, events = await self._watch.waiting(matched, await self._site.events.checkpoints())
        looked = parse_timestamp(alive[0]["at"]) if alive else None
        failure = ""
        if failed and (looked is None or parse_timestamp(failed[0]["at"]) > looked):
            failure = str(failed[0]["text"])
        return SweepSight(looked, waiting, events, failure)

    async def sources(self, stated: set[str], now: datetime) -> Sources:
        """`stated`: sources of which the site says how long they may be silent."""
        found = await self._site.state.get(SEEN)
        seen = Seen.model_validate(found[0]) if found else Seen()
        delivered = await self._watch.delivered(now - WINDOW, now)
        last = seen.last | {name: one.last for name, one in delivered.items()}
        history = await self._learn(now)
        names = {*last, *stated, *(history.events if history else ())}
        for name in sorted(names - last.keys()):
            if (end := await self._watch.ends(name)) is not None:
                last[name] = end
        kept = stated | (history.events.keys() if history else set())
        edge = now - timedelta(hours=1)  # what came since then is in no history yet
        last = {name: at for name, at in last.items() if name in kept or at > edge}
        seen = Seen(last=last, stated={name: seen.stated.get(name, now) for name in sorted(stated)})
        await self._site.state.put(SEEN, seen.model_dump(mode="json"))
        caught_up = history is None or history.end >= hours_over(now)
        nothing = Delivered(now, 0, 0, 0, "")
        sights = []
        for name in sorted({*last, *stated}):
            one = delivered.get(name, nothing)
            sights.append(SourceSight(name, last.get(name), one.events, one.errors, one.cut, one.reason))
        return Sources(tuple(sights), history if caught_up else None, not caught_up, seen.stated)

    async def rules(self, now: datetime) -> list[RuleCount]:
        """Return the counts of rules that fire a lot now, mostly of none."""
        busy = await self._watch.busy_rules(now, LEAST_ALERTS)
        past = await self._watch.alerts_by_hour(list(busy), now - USUAL, now - timedelta(hours=1))
        return [
            RuleCount(rule, count, past[rule][0], now - (past[rule][1] or now))
            for rule, count in busy.items()
        ]

    async def entries(self, now: datetime) -> list[EntrySight]:
        """Return what collectors said of their entries; one without entries counts as one."""
        found: list[EntrySight] = []
        collectors = await read_collectors(self._site.state)
        gaps = await self._gaps(collectors, now)
        for collector in collectors:
            told = parse_timestamp(collector.at)
            found += [
                replace(_entry(collector.host, told, one), gap=gaps.get(f"{collector.host}/{one.name}", ""))
                for one in collector.sources
            ] or [EntrySight(collector.host, told, "collector", "", told, last=told)]
        return found

    async def _gaps(self, collectors: Sequence[CollectorState], now: datetime) -> dict[str, str]:
        """Return what was lost of late, by entry: counts grow for ever, so it is noted when one did."""
        found = await self._site.state.get(GAPS)
        before: dict[str, Any] = found[0] if found else {}
        known: dict[str, Any] = {}
        fresh: dict[str, str] = {}
        for collector in collectors:
            for one in collector.sources:
                name = f"{collector.host}/{one.name}"
                count, grew = before.get(name, (0, None))
                if one.lost > count:
                    grew = now.isoformat()
                if one.lost:
                    known[name] = one.lost, grew
                if grew is not None and now - parse_timestamp(grew) < FRESH:
                    fresh[name] = one.last_lost or "something that was due is gone"
        if known or before:
            await self._site.state.put(GAPS, known)
        return fresh

    async def canaries(self) -> list[CanarySight]:
        found = []
        for rule, action in ((EVENT_RULE, EVENT_ACTION), (BURST_RULE, BURST_ACTION)):
            planted, alerted = await self._watch.canary(rule, action)
            found.append(CanarySight(PATHS[rule], planted, alerted))
        return found

    async def _learn(self, now: datetime) -> History | None:
        """Return the counts by hour, those that are over added; None where no event was ever stored."""
        upto = hours_over(now)
        if self._history is not None and self._history.end >= upto:
            return self._history
        found = await self._site.state.get(HISTORY)
        history = History.model_validate(found[0]) if found else None
        if history is None:
            first = await self._watch.ends(None, first=True)
            if first is None:
                return None
            history = History(first=max(hour_of(first), upto - HOURS_KEPT))
        hours = min(CHUNK, upto - history.end)
        if hours > 0:
            events, errors = await self._watch.hours(history.end, hours)
            history = history.extended(hours, events, errors)
            await self._site.state.put(HISTORY, history.model_dump(mode="json"))
        self._history = history
        return history


def _entry(host: str, told: datetime, one: SourceState) -> EntrySight:
    return EntrySight(
        host=host,
        told=told,
        name=one.name,
        source=one.source,
        since=parse_timestamp(one.since),
        last=parse_timestamp(last) if (last := one.last_seen or one.last_event) else None,
        silent_after=timedelta(seconds=one.silent_after) if one.silent_after else None,
        problem=one.problem or "",
        problem_since=parse_timestamp(one.problem_since) if one.problem_since else None,
        unreadable=one.unreadable,
        full=(one.spool.full or "") if one.spool else "",
        damaged=one.spool.damaged if one.spool else 0,
        dropped=one.recent_dropped,
    )
