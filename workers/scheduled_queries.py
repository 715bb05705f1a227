"""Rules that are asked of the store on a schedule, beside the sweep's ticks.

Each rule has windows on a fixed grid. All that ended since the last time are asked, in order; a window that
late events came into is asked again. What a rule was asked about, and which groups fired, is kept once the
alerts are written: a crash repeats the same questions, and they give the same alerts. A rule that can't be
asked whole is told (`siem status`, a note), and asked again; its windows wait for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from integrations.opensearch.aggregations import MOST_GROUPS, Aggregations
from integrations.ports import Clock, StateStore, StoreError
from rules.ecs import parse_timestamp, timestamp
from rules.evidence import SYSTEM_CHAIN
from rules.scheduled import Definition, Firings, QueryPlan
from rules.sigma import RuleCost
from workers.contract import EvidenceNote
from workers.query_windows import KnownGroups, alerts_of, ask_window
from workers.side_findings import SideFindings

STATE = "query/"
"""Prefix of the rules' state documents."""
SETTLE = timedelta(seconds=5)
"""How long after its end a window is asked: what was on its way has come."""
OVERLAP = timedelta(seconds=60)
"""So far the looks for late events overlap: clocks differ."""
LATEST = timedelta(hours=24)
"""Events that come later than this after their time are not looked for again."""
MOST_AT_ONCE = 20
"""Windows of one rule that are asked before others have their turn."""
MOST_FIRED = 1000
"""Groups of one window that become alerts; more is a faulty rule, which is told."""
PAUSE = 1.0
LONGEST_PAUSE = 600.0
"""Seconds until a rule that could not be asked is asked again, at most."""

log = structlog.get_logger(__name__)
Note = Callable[[str, EvidenceNote], Awaitable[None]]


@dataclass
class _Standing:
    """How far a rule is."""

    upto: datetime
    """All windows that ended until then were asked."""
    looked: datetime
    """Events stored until then were looked for in windows that were over."""
    firings: Firings
    trouble: str = ""
    since: str = ""
    failures: int = 0
    again: float = 0.0
    """Monotonic seconds before which it is not asked."""


@dataclass
class ScheduledQueries:
    """All scheduled queries of one sweep."""

    plan: QueryPlan
    store: Aggregations
    state: StateStore
    clock: Clock
    note: Note | None = None
    known: KnownGroups = field(default_factory=KnownGroups)
    _standing: dict[str, _Standing] = field(default_factory=dict, init=False)
    _costs: dict[str, tuple[int, int, float]] = field(default_factory=dict, init=False)

    async def run(self, side: SideFindings) -> None:
        """Ask what is due, for as long as the task lives."""
        try:
            await self._forget_troubles()
        except StoreError as error:
            log.warning("troubles of rules that are gone could not be forgotten", reason=str(error))
        while True:
            for definition in self.plan.definitions:
                await self.ask(definition, side)
            await asyncio.sleep(PAUSE)

    async def ask(self, definition: Definition, side: SideFindings) -> None:
        """Ask one rule about the windows that are due, if any."""
        now = self.clock.now()
        try:
            standing = await self._stand(definition, now)
            ends = definition.ends(standing.upto, now - SETTLE)[:MOST_AT_ONCE]
            if not ends or time.monotonic() < standing.again:
                return
            await self.store.refresh()
            firings = Firings(standing.firings.state())
            again = await self._late(definition, standing)
            cut = await self._ask_all(definition, firings, [*again, *ends], side)
        except StoreError as error:
            await self._fail(definition, str(error), now)
            return
        except Exception as error:  # noqa: BLE001 - whatever a rule does, the others run on
            await self._fail(definition, f"{type(error).__name__}: {error}", now)
            return
        standing.upto = ends[-1]
        standing.looked = now
        standing.firings = firings
        standing.firings.forget(now - LATEST - 2 * definition.window)
        if cut:
            await self._trouble(definition, standing, cut, now)
        elif standing.trouble:
            await self._tell(definition, "query.whole", f"{definition.name} is asked whole again", now)
            standing.trouble = standing.since = ""
        standing.failures, standing.again = 0, 0.0
        await self._save(definition, standing)

    async def _ask_all(
        self, definition: Definition, firings: Firings, ends: Sequence[datetime], side: SideFindings
    ) -> str:
        """Ask windows and deliver their alerts; return what was left out, in words."""
        cut = ""
        for end in ends:
            started = time.perf_counter()
            fired, too_many = await ask_window(definition, end, self.store, self.known)
            new = [one for one in fired if firings.add(one.group.key, end, definition.window)]
            if too_many:
                cut = f"a window has more than {MOST_GROUPS:,} groups, and only these were judged"
            if len(new) > MOST_FIRED:
                cut = f"{len(new):,} groups of a window fired, and only {MOST_FIRED:,} became alerts"
            alerts = await alerts_of(definition, new[:MOST_FIRED], self.store, self.clock.now())
            self._count(definition, len(fired), time.perf_counter() - started)
            await side.deliver([(alert, alert.group) for alert in alerts])
        return f"{cut}: narrow the query" if cut else ""

    async def _late(self, definition: Definition, standing: _Standing) -> list[datetime]:
        """Return the ends of windows that are over and that events came into since."""
        first = standing.upto - LATEST
        steps = await self.store.late(
            definition.query, standing.looked - OVERLAP, (first, standing.upto), definition.every
        )
        ends: set[datetime] = set()
        for step in steps:
            ends.update(definition.ends(step, min(step + definition.window, standing.upto)))
        return sorted(ends)

    # --- what is kept --------------------------------------------------------------------------------

    async def _stand(self, definition: Definition, now: datetime) -> _Standing:
        standing = self._standing.get(definition.rule.id)
        if standing is None:
            found = await self.state.get(STATE + definition.rule.id)
            if found is None:
                begun = definition.ends(now - 2 * definition.every, now - SETTLE)
                upto = begun[0] - definition.every if begun else now - definition.every
                standing = _Standing(upto, now, Firings())
            else:
                value = found[0]
                standing = _Standing(
                    parse_timestamp(value["upto"]), parse_timestamp(value["looked"]), Firings(value["fired"]),
                    value["trouble"], value["since"],
                )  # fmt: skip
            self._standing[definition.rule.id] = standing
        return standing

    async def _save(self, definition: Definition, standing: _Standing) -> None:
        value = {
            "rule": definition.name, "upto": timestamp(standing.upto), "looked": timestamp(standing.looked),
            "fired": standing.firings.state(), "trouble": standing.trouble, "since": standing.since,
        }  # fmt: skip
        await self.state.put(STATE + definition.rule.id, value)

    async def _forget_troubles(self) -> None:
        """Rules that are gone have no trouble any more; how far they were stays, should they come back."""
        here = {STATE + one.rule.id for one in self.plan.definitions}
        for key in await self.state.keys(STATE):
            found = await self.state.get(key)
            if key not in here and found is not None and found[0].get("trouble"):
                await self.state.put(key, found[0] | {"trouble": "", "since": ""})

    async def _fail(self, definition: Definition, words: str, now: datetime) -> None:
        log.warning("a scheduled query could not be asked", rule=definition.name, reason=words)
        standing = self._standing.get(definition.rule.id)
        if standing is None:
            return
        standing.failures += 1
        standing.again = time.monotonic() + min(LONGEST_PAUSE, 5.0 * 2**standing.failures)
        try:
            await self._trouble(definition, standing, words, now)
            await self._save(definition, standing)
        except StoreError as error:
            log.warning("the trouble of a rule could not be kept", rule=definition.name, reason=str(error))

    async def _trouble(self, definition: Definition, standing: _Standing, words: str, now: datetime) -> None:
        if not standing.trouble:
            standing.since = timestamp(now)
            await self._tell(
                definition, "query.troubled", f"{definition.name} is not asked whole: {words}", now
            )
        standing.trouble = words

    async def _tell(self, definition: Definition, kind: str, text: str, now: datetime) -> None:
        if self.note is not None:
            key = f"{kind}/{definition.rule.id}/{now.isoformat()}"
            data = {"rule": definition.name}
            note = EvidenceNote(key=key, kind=kind, actor="siem", text=text, data=data, at=now)
            await self.note(SYSTEM_CHAIN, note)

    # --- what it costs -------------------------------------------------------------------------------

    def _count(self, definition: Definition, hits: int, seconds: float) -> None:
        runs, found, spent = self._costs.get(definition.rule.id, (0, 0, 0.0))
        self._costs[definition.rule.id] = (runs + 1, found + hits, spent + seconds)

    def troubles(self) -> dict[str, str]:
        """Return which queries are not asked whole, and why, by the rule's name."""
        names = {one.rule.id: one.name for one in self.plan.definitions}
        return {names[key]: one.trouble for key, one in self._standing.items() if one.trouble}

    def costs(self) -> list[RuleCost]:
        """Return what each query has cost: windows asked, groups found, seconds waited for answers."""
        return [
            RuleCost(one.rule, *self._costs[one.rule.id])
            for one in self.plan.definitions
            if one.rule.id in self._costs
        ]


async def troubles(state: StateStore) -> dict[str, str]:
    """Return which scheduled queries are not asked whole, and why, by the rule's name."""
    found = {}
    for key in await state.keys(STATE):
        value = await state.get(key)
        if value is not None and value[0].get("trouble"):
            found[str(value[0]["rule"])] = str(value[0]["trouble"])
    return found
