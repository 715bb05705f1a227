"""The correlation engine: hits in, alerts out, for the groups that new hits touch.

Pure and in two phases: it says which history it needs, its caller fetches that, and then it judges.

    requests = engine.observe(hits, now)
    while requests:
        for request in requests:
            engine.load(request, [hits of the events that the store holds for it])
        requests = engine.pending()
    alerts = engine.evaluate(now)

What it holds is a cache: a fresh engine over the same store finds the same. An alert's id comes from
the event that completed it, so what is judged twice gives the same alert. Where late events move the
completion of a burst that has its alert already, the alert keeps its id: this engine remembers
those it gave, and `settle` does the same with what the store knows after a restart.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rules.alerts import Alert
from rules.correlation.definition import SEQUENCES, Definition, Kind, Plan
from rules.correlation.findings import FIELDS, alert_of_finding
from rules.correlation.history import SKEW, HistoryRequest, requests_of
from rules.correlation.hits import Hit, Key, hit_of, keys_of, length, micros, moment
from rules.correlation.memory import Memory, Place
from rules.correlation.names import Names, stored_twin
from rules.correlation.windows import Firing, Occurrence, bursts, firings

GRACE = timedelta(seconds=30)
"""How long after the end of its time something that did not happen is waited for."""


@dataclass(frozen=True)
class Crowd:
    """A group with more hits than are held: its counts are too low. An incident of the system's own."""

    rule: str
    group: Mapping[str, str]
    until: datetime
    """Hits up to this time were dropped."""


class Engine:
    """Correlations over hits. One engine belongs to one caller."""

    def __init__(self, plan: Plan, *, most: int | None = None) -> None:
        """`most` bounds the hits that are held."""
        self._plan = plan
        self._alerting = [each for each in plan.definitions.values() if each.name in plan.alerting]
        bases = {each.name: plan.bases(each.name) for each in plan.definitions.values()}
        self.rules = frozenset(base for found in bases.values() for base in found)
        """The detections whose hits the engine wants."""
        self._fields = {
            (name, base): plan.base_fields(name, base) for name, found in bases.items() for base in found
        }
        places = [Place(base, each) for (_, base), fields in self._fields.items() for each in fields]
        reach = {
            rule: max(plan.reach(name) for name, found in bases.items() if rule in found)
            for rule in self.rules
        }
        bound = {} if most is None else {"most": most}
        self._memory = Memory(dict.fromkeys(places), reach, **bound)
        self._kept = FIELDS | {name for place in places for name in place.fields}
        self._kept |= {
            name
            for each in plan.definitions.values()
            for wanted in each.condition.fields
            for name in [wanted, *each.aliases.get(wanted, {}).values()]
        }
        self._touched: list[Hit] = []
        self._reached_by: dict[str, dict[Key, tuple[int, int]]] = {}
        """What `_reached` said, within one `_judge`."""
        self._waiting: dict[str, dict[tuple[Key, int], int]] = {}
        """Of deferred correlations: (group, time) to when it can be judged."""
        self._verdict: list[tuple[Definition, Key, Firing]] | None = None
        """What `_judge` said when nothing was missing, until something new comes."""
        self._now = -math.inf
        self._names = Names()
        self.costs: dict[str, tuple[int, int, float]] = {}
        """By correlation: groups that were judged, firings among them, seconds it took."""

    # --- phase one: what is new, and what is needed ------------------------------------------------

    def hit(self, rule: str, event: Mapping[str, Any], index: str = "", seq: int = 0) -> Hit | None:
        """Return the hit of a flat event that a detection matched, None where no correlation asks for
        that detection. Raises what `hit_of` raises."""
        return hit_of(rule, event, self._kept, index, seq) if rule in self.rules else None

    def resume(self, since: datetime, now: datetime) -> list[HistoryRequest]:
        """Return what to `load` after a restart so that what was awaited at `since` is awaited still."""
        self._clock(now)
        deferred = [each for each in self._alerting if each.deferred]
        if not deferred:
            return []
        longest = max(each.timespan for each in deferred) + length(GRACE)
        rules = tuple(dict.fromkeys(base for each in deferred for base in self._plan.bases(each.name)))
        return [HistoryRequest({}, moment(micros(since) - longest), now + SKEW, rules)]

    def observe(self, hits: Iterable[Hit], now: datetime) -> list[HistoryRequest]:
        """Take in new hits (and hits seen before: they are judged again); return what is missing.

        `now` is the time on the clock, not in events.
        """
        self._clock(now)
        self._verdict = None
        for hit in hits:
            self._touched.append(hit)
            for _ in self._memory.observe(hit):
                pass
            self._await(hit)
        return self.pending()

    def load(self, request: HistoryRequest, hits: Iterable[Hit]) -> None:
        """Take in what was asked for: the hits of `request.rules` in the events it describes."""
        self._verdict = None
        found = list(hits)
        if request.missing:
            self._memory.load(request.missing, found, request.whole)
        else:
            for hit in found:
                self._await(hit)

    def pending(self) -> list[HistoryRequest]:
        """Return what is still missing before `evaluate` can be called."""
        if self._verdict is not None:
            return []
        self._memory.missing.clear()
        found = self._judge()
        if not self._memory.missing:
            self._verdict = found
        return requests_of(self._memory.missing, self._now)

    # --- phase two: judging ------------------------------------------------------------------------

    def evaluate(self, now: datetime) -> list[Alert]:
        """Return the alerts that the hits since the last call gave, ordered by time.

        Raises RuntimeError where history is missing: call `pending` and `load` until it is not.
        """
        if self.pending():
            raise RuntimeError("history is missing: load what `pending` asks for first")
        found, self._verdict = self._verdict or [], None
        self._touched.clear()
        self._drop_judged()
        alerts: dict[str, Alert] = {}
        for definition, key, finding in sorted(found, key=lambda each: (each[2].order, each[0].name)):
            name = self._names.name(definition, key, finding)
            alert = alert_of_finding(definition, key, finding, self._plan, now, name)
            alerts.setdefault(alert.id, alert)
        self._memory.forget(self._now)
        return list(alerts.values())

    def settle(self, alerts: Sequence[Alert], stored: Iterable[Alert]) -> list[Alert]:
        """Return alerts with those that go on with a burst the store knows replaced by the stored ones.

        `stored` are alerts about the same entities within their rules' timespans.
        """
        known = list(stored)
        return [stored_twin(alert, known, self._plan.definitions) or alert for alert in alerts]

    @property
    def crowds(self) -> tuple[Crowd, ...]:
        """The groups that had more hits than can be held, since the engine was made."""
        return tuple(
            Crowd(place.rule, dict(zip(place.fields, key, strict=True)), moment(until))
            for (place, key), until in self._memory.crowded.items()
        )

    # --- judging -----------------------------------------------------------------------------------

    def _clock(self, now: datetime) -> None:
        if self._now == -math.inf:
            self._memory.start(micros(now + SKEW))
        self._now = max(self._now, micros(now))

    def _judge(self) -> list[tuple[Definition, Key, Firing]]:
        self._reached_by.clear()
        found: list[tuple[Definition, Key, Firing]] = []
        for definition in self._alerting:
            started, before = time.perf_counter(), len(found)
            if definition.deferred:
                spans = [(key, at, at) for key, at in self._due(definition)]
            else:
                touched = self._reached(definition)
                spans = [(key, lo, hi + definition.timespan) for key, (lo, hi) in touched.items()]
            for key, first, last in spans:
                found += [(definition, key, each) for each in self._bursts(definition, key, first, last)]
            if spans:
                runs, hits, spent = self.costs.get(definition.name, (0, 0, 0.0))
                spent += time.perf_counter() - started
                self.costs[definition.name] = runs + len(spans), hits + len(found) - before, spent
        return found

    def _reached(self, definition: Definition) -> dict[Key, tuple[int, int]]:
        """Return the groups that new hits touch, with the times of what is new in them."""
        if definition.name in self._reached_by:
            return self._reached_by[definition.name]
        touched: dict[Key, tuple[int, int]] = {}

        def touch(fields: Mapping[str, Any], names: Sequence[str], at: int) -> None:
            for key in keys_of(fields, names):
                first, last = touched.get(key, (at, at))
                touched[key] = (min(first, at), max(last, at))

        for rule in definition.rules:
            names = [definition.field_of(name, rule) for name in definition.group_by]
            inner = self._plan.definitions.get(rule)
            if inner is None:
                for hit in self._touched:
                    if hit.rule == rule:
                        touch(hit.fields, names, hit.at)
            else:
                for key, (first, last) in self._reached(inner).items():
                    for each in self._parts(definition, inner, key, first, last + inner.timespan):
                        touch(each.fields, names, each.at)
        self._reached_by[definition.name] = touched
        return touched

    def _bursts(self, definition: Definition, key: Key, first: int, last: int) -> list[Firing]:
        fired = self._firings(definition, key, first - definition.timespan, last)
        return bursts(definition, fired, first)

    def _firings(self, definition: Definition, key: Key, first: int, last: int) -> list[Firing]:
        start = first - definition.timespan
        end = last + definition.timespan if definition.deferred else last
        occurrences: dict[str, list[Occurrence]] = {}
        if definition.kind is Kind.TEMPORAL_ORDERED:
            # the last step is rare: without it the others, which may be many, need no look
            final = definition.rules[-1]
            occurrences[final] = self._occurrences(definition, final, key, first, last)
            if not occurrences[final]:
                return []
            start = occurrences[final][0].at - definition.timespan
            end = occurrences[final][-1].at
        for rule in definition.rules:
            if rule not in occurrences:
                occurrences[rule] = self._occurrences(definition, rule, key, start, end)
        return firings(definition, key, occurrences, first, last)

    def _occurrences(
        self, definition: Definition, rule: str, key: Key, first: int, last: int
    ) -> list[Occurrence]:
        inner = self._plan.definitions.get(rule)
        names = tuple(definition.field_of(name, rule) for name in definition.group_by)
        found: list[Occurrence] = []
        if inner is None:
            found += self._memory.between(Place(rule, names), key, first, last)
            return found
        for inner_key in self._inner_keys(definition, inner, names, key, first, last):
            parts = self._parts(definition, inner, inner_key, first, last)
            found += [each for each in parts if key in keys_of(each.fields, names)]
        return sorted(found, key=lambda each: (each.order, each.group))

    def _inner_keys(
        self, definition: Definition, inner: Definition, names: Key, key: Key, first: int, last: int
    ) -> list[Key]:
        """Return the groups of a part that events of an outer group may have completed."""
        if names == inner.group_by:
            return [key]
        found: dict[Key, None] = {}
        for base in self._plan.bases(inner.name):
            inner_fields = self._fields[inner.name, base]
            for fields in self._fields[definition.name, base]:
                for hit in self._memory.between(Place(base, fields), key, first, last):
                    for each in inner_fields:
                        found |= dict.fromkeys(keys_of(hit.fields, each))
        return list(found)

    def _parts(self, outer: Definition, inner: Definition, key: Key, first: int, last: int) -> list[Firing]:
        """Return how a correlation occurs as part of another one: each firing in a sequence, else
        once a burst."""
        if outer.kind in SEQUENCES:
            return self._firings(inner, key, first, last)
        return self._bursts(inner, key, first, last)

    # --- what must be awaited ----------------------------------------------------------------------

    def _await(self, hit: Hit) -> None:
        for definition in self._alerting:
            if not definition.deferred:
                continue
            waiting = self._waiting.setdefault(definition.name, {})
            opening = definition.rules if definition.condition.bounds else definition.rules[:1]
            for rule in opening:
                if hit.rule not in self._plan.bases(rule):
                    continue
                for names in self._fields[definition.name, hit.rule]:
                    for key in keys_of(hit.fields, names):
                        due = max(hit.at, int(self._now)) + definition.timespan + length(GRACE)
                        waiting.setdefault((key, hit.at), due)

    def _due(self, definition: Definition) -> list[tuple[Key, int]]:
        waiting = self._waiting.get(definition.name, {})
        return [place for place, due in waiting.items() if due <= self._now]

    def _drop_judged(self) -> None:
        for name, waiting in self._waiting.items():
            self._waiting[name] = {place: due for place, due in waiting.items() if due > self._now}
