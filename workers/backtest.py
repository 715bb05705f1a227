"""What rules would have found in the events that are stored, day by day, before and after a change.

The store is asked for the events that the rules' queries find, in the order of their times; these run
through the real matcher and correlation engine. Where a rule has no query, all events are read. Only a
page of events is held at a time, and alerts as counts with a few samples. Exceptions are not applied.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from integrations.opensearch import OpenSearchStores
from integrations.opensearch.aggregations import Aggregations
from integrations.ports import StoreLimitError
from rules.alerts import Alert
from rules.correlation import plan_correlations
from rules.rule import RuleText, parse_rules
from rules.scheduled import Definition, Firings
from rules.sigma import Matcher
from workers.detection import Detection
from workers.query_windows import KnownGroups, alerts_of, ask_window, load_queries
from workers.rule_files import compile_texts
from workers.rule_queries import queries_of

MOST_ALERTS = 200_000
"""More than so many are no rule but a mistake; the count ends there, and says so."""


class BacktestError(Exception):
    """A rule can't be tried; the text says why."""


@dataclass
class Findings:
    """What one version of the rules found."""

    by_day: Counter[date] = field(default_factory=Counter)
    by_rule: Counter[str] = field(default_factory=Counter)
    samples: list[Alert] = field(default_factory=list)
    events: int = 0
    """Events that were read; of a scheduled query those of the groups that fired."""
    whole: bool = True
    """False where there were more than MOST_ALERTS."""
    everything: bool = False
    """Whether all events were read, since a rule has no query."""
    ids: set[str] = field(default_factory=set, repr=False)

    @property
    def alerts(self) -> int:
        return len(self.ids)


class _NoAlerts:
    """An alert store where nothing is yet: findings are not continued from those of the real one."""

    async def about(self, entities: Sequence[str], first: datetime, last: datetime) -> list[Alert]:
        del entities, first, last
        return []


def rules_under_test(
    texts: Sequence[RuleText], names: Collection[str]
) -> tuple[Detection, list[dict[str, Any]] | None]:
    """Return the named rules at work, with those that they build on, and the queries of their events;
    None where they have none. Raises `BacktestError`."""
    loaded = compile_texts(texts)
    plan = plan_correlations(loaded.rules)
    faults = [*loaded.rules.faults, *loaded.matcher.faults, *plan.faults]
    wanted: set[str] = set()
    waiting: list[str] = []
    for name in names:
        rule = loaded.rules.find(name)
        if rule is None:
            near = "\n".join(str(fault) for fault in faults[:3])
            raise BacktestError(f"there is no sound rule {name!r}\n{near}".rstrip())
        waiting.append(rule.name)
    alerting = frozenset(waiting)
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            if (definition := plan.definitions.get(name)) is not None:
                waiting += definition.rules
    compiled = [pair for pair in loaded.matcher.compiled() if pair[0].name in wanted]
    definitions = {name: one for name, one in plan.definitions.items() if name in wanted}
    if missing := alerting - definitions.keys() - {one.name for one, _ in compiled}:
        raise BacktestError("\n".join(str(fault) for fault in faults) or f"{min(missing)!r} has faults")
    matcher = Matcher(compiled)
    asked = queries_of(matcher)
    queries = [*asked.queries.values(), *asked.wide.values()] if compiled else None
    trimmed = replace(plan, definitions=definitions, alerting=alerting)
    return Detection(matcher=matcher, plan=trimmed, faults=()), queries


async def run_backtest(
    stores: OpenSearchStores,
    detection: Detection,
    queries: list[dict[str, Any]] | None,
    first: datetime,
    last: datetime,
    samples: int,
) -> Findings:
    """Return what rules find in the events of [first, last]. Raises `StoreError`."""
    found = Findings(everything=queries is None)
    nothing: Any = _NoAlerts()
    query = {"bool": {"should": queries, "minimum_should_match": 1}} if queries else {"match_all": {}}
    async for page in stores.events.matching(query, first, last):
        found.events += len(page)
        now = max(datetime.fromisoformat(str(stored.document["@timestamp"])) for stored in page)
        _count(await detection.see(page, stores.events, nothing, now), found, samples)
        if not found.whole:
            return found
    _count(await detection.idle(stores.events, nothing, last), found, samples)
    return found


def queries_under_test(texts: Sequence[RuleText], names: Collection[str]) -> list[Definition]:
    """Return those of the named rules that are scheduled queries. Raises `BacktestError` for faulty ones."""
    rules = parse_rules(texts)
    plan = load_queries(rules.queries)
    wanted = {one.name for one in rules.queries if one.name in names or one.id in names}
    found = [one for one in plan.definitions if one.name in wanted]
    if len(found) < len(wanted):
        raise BacktestError("\n".join(str(fault) for fault in plan.faults))
    return found


async def backtest_query(
    stores: OpenSearchStores, definition: Definition, first: datetime, last: datetime, samples: int
) -> Findings:
    """Return what a scheduled query would have found in the windows that ended in [first, last].

    Raises `StoreError`, also where a window has more groups than are judged.
    """
    store = Aggregations(stores.connection)
    await store.refresh()
    steps = await store.late(
        definition.query, datetime.fromtimestamp(0, UTC), (first - definition.window, last), definition.every
    )
    ends = {end for step in steps for end in definition.ends(step, min(step + definition.window, last))}
    found, firings, known = Findings(), Firings(), KnownGroups()
    for end in sorted(end for end in ends if end >= first):
        fired, cut = await ask_window(definition, end, store, known)
        if cut:
            raise StoreLimitError(f"the window that ends at {end} has more groups than are judged")
        new = [one for one in fired if firings.add(one.group.key, end, definition.window)]
        found.events += sum(one.group.events for one in new)
        shown = new[: max(0, samples - len(found.samples))]
        found.samples += await alerts_of(definition, shown, store, last)
        found.by_rule[definition.name] += len(new)
        for one in new:
            found.ids.add(f"{one.group.key} {end}")
            found.by_day[one.start.date()] += 1
        if len(found.ids) > MOST_ALERTS:
            found.whole = False
            break
    return found


def _count(alerts: Sequence[Alert], found: Findings, samples: int) -> None:
    for alert in alerts:
        if alert.id in found.ids:
            continue
        if len(found.ids) >= MOST_ALERTS:
            found.whole = False
            return
        found.ids.add(alert.id)
        found.by_day[alert.last.date()] += 1
        found.by_rule[alert.rule] += 1
        if len(found.samples) < samples:
            found.samples.append(alert)
