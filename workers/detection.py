"""Detection of one sweep: the compiled rules and the correlation engine, fed from the store.

Matching is pure and happens in `rules`; this fetches the history that correlations ask for, in
pages, and matches it with the same rules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import structlog

from integrations.ports import AlertStore, EventStore, StoredEvent
from rules.alerts import Alert
from rules.correlation import Engine, Hit, Plan, alert_of, plan_correlations
from rules.ecs import flatten
from rules.exceptions import Exceptions, Silenced
from rules.rule import RuleFault
from rules.sigma import Matcher
from workers.exception_files import read_exceptions
from workers.rule_files import compile_texts, folder_texts, library_texts
from workers.settings import Settings

log = structlog.get_logger(__name__)

LOOK_BACK = timedelta(days=1)
"""How far around new findings stored alerts are looked up, to go on with a burst they began."""


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
    engine: Engine = field(init=False)
    silenced: list[Silenced] = field(default_factory=list, init=False)
    """What exceptions covered since `take_silenced` was called."""

    def __post_init__(self) -> None:
        self.engine = Engine(self.plan)

    async def see(
        self, page: Sequence[StoredEvent], events: EventStore, alerts: AlertStore, now: datetime
    ) -> list[Alert]:
        """Match new events and judge the correlations they touch; return the alerts, ids derived."""
        found: list[Alert] = []
        hits: list[Hit] = []
        for stored in page:
            flat = flatten(stored.document)
            for detection in self.matcher.match(flat):
                if detection.name in self.plan.alerting:
                    found += self._unless_silenced(alert_of(detection, flat, now, stored.index), flat)
                hits += self._hit(detection.name, flat, stored)
        return found + await self._judge(hits, events, alerts, now)

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

    def _unless_silenced(self, alert: Alert, event: dict[str, Any] | None) -> list[Alert]:
        name = self.exceptions.silences(alert, event)
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
            for stored in page:
                flat = flatten(stored.document)
                for detection in self.matcher.match(flat):
                    if detection.name in wanted:
                        hits += self._hit(detection.name, flat, stored)
        return hits

    def _hit(self, rule: str, flat: dict[str, Any], stored: StoredEvent) -> list[Hit]:
        hit = self.engine.hit(rule, flat, stored.index, stored.seq_no)
        return [] if hit is None else [hit]


def load_detection(settings: Settings) -> Detection:
    """Read and compile the rules that the site asks for. Faulty rules are left out and reported."""
    library = library_texts() if settings.site.detection.library else []
    placeholders = settings.site.detection.placeholders
    loaded = compile_texts([*library, *folder_texts(settings.rule_folders)], settings.data, placeholders)
    plan = plan_correlations(loaded.rules)
    faults = tuple(chain(loaded.rules.faults, loaded.matcher.faults, plan.faults))
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
    )
