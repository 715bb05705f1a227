"""Entries that pull from a vendor's API: again and again, from where the last stored event stood.

The cursor moves only when the store has acknowledged the batch that came with it, and all before. What is
pulled twice (after a crash, or because a vendor's late records make pulls overlap) is one event, since its
id is made of the vendor's own. Where a pull fails, the next begins at the cursor: nothing is skipped. What
the vendor does not keep any more is told as an event of its own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from pydantic import ValidationError

from integrations.catalogue import pull as pull_of
from integrations.connections import Named, open_http
from integrations.contract import ActionError, Origin, Record, Source
from integrations.pipeline import Enricher, Pipeline, Place
from integrations.ports import EventStore, WriteResult
from integrations.pulling import LARGEST_PAGE, Batch, Pull, Puller, PullOptions, Start
from rules.ecs import Document, parse_timestamp, timestamp
from workers.collect.asking import LONGEST_WAIT, PatientAsking
from workers.collect.counts import Counts
from workers.collect.delivery import BATCH, Delivery, PatientWriter
from workers.collect.positions import Positions
from workers.collect.state import SourceState
from workers.collect_section import CollectSection, EntryError

SECONDS = 60.0
"""For one answer."""
_FAILED = (ActionError, LookupError, TypeError, ValueError, AttributeError)
"""But for the first: answers that are not of their documented form. No reason to stop the others."""

log = structlog.get_logger(__name__)


def check_pull(
    section: CollectSection, connections: Mapping[str, Mapping[str, Any]]
) -> tuple[Pull[Any], Named, PullOptions]:
    """Return what an entry pulls with. Raises `EntryError` or `integrations.catalogue.CatalogueError`."""
    assert section.pull is not None
    pull, name = pull_of(section.source), section.pull.connection
    given = connections.get(name, {})
    if given.get("kind") != pull.kind:
        found = f"of kind {given['kind']}" if given else "not there"
        raise EntryError(
            f"the entry {section.identity!r} of collect needs a connection of kind {pull.kind}, and {name!r} "
            f"is {found}: `siem connections setup {pull.kind}`"
        )
    try:
        options = pull.options.model_validate(section.pull.options)
    except ValidationError as error:
        said = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'with'}: {one['msg']}"
            for one in error.errors(include_url=False, include_input=False)
        )
        raise EntryError(f"the entry {section.identity!r} of collect: pull: with: {said}") from error
    return pull, Named(name, pull.kind, given), options


class PullCollector:
    """One entry that pulls."""

    def __init__(
        self,
        section: CollectSection,
        source: Source,
        store: EventStore,
        positions: Positions,
        counts: Counts,
        connections: Mapping[str, Mapping[str, Any]],
        enrichers: Sequence[Enricher] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Raises `EntryError` or `integrations.catalogue.CatalogueError`."""
        assert section.pull is not None
        self._pull, self._named, self._options = check_pull(section, connections)
        self._section = section
        self._settings = section.pull
        self._source = source
        self._positions = positions
        self._enrichers = enrichers
        self._clock = clock
        self._counts = counts
        self._told: set[str] = set()
        """Gaps that were counted already."""
        self._writer = PatientWriter(store)
        self._delivery = Delivery(self._writer.write)
        settings = json.dumps(self._options.model_dump(mode="json"), sort_keys=True)
        # Other settings ask for other records: their pull begins anew.
        self._place = f"{section.identity} {self._named.name} {settings}"

    def state(self) -> SourceState:
        return self._counts.state(waits_for=self._writer.waits_for)

    async def close(self) -> None:
        """Leave off: what is on its way stays unacknowledged, and is pulled again next time."""
        await self._delivery.abandon()

    async def run(self) -> None:
        """Pull again and again, until cancelled. Raises `sqlite3.Error` where places can't be kept."""
        every = self._settings.every.total_seconds()
        failed = 0
        while True:
            try:
                async with open_http(
                    self._named,
                    authenticate=self._pull.authenticate(self._named),
                    url=self._pull.url(self._named),
                    seconds=SECONDS,
                    largest=LARGEST_PAGE,
                ) as http:
                    puller = self._pull.open(self._start(PatientAsking(http, self._pull, self._counts)))
                    while True:
                        await self._once(puller)
                        failed = 0
                        self._counts.fail(None)
                        await asyncio.sleep(every)
            except _FAILED as error:
                failed += 1
                reason = str(error) if isinstance(error, ActionError) else f"an odd answer: {error!r}"
                self._counts.fail(reason)
                log.warning("can't pull", entry=self._section.identity, attempt=failed, reason=reason)
                asked = getattr(error, "retry_after", None)
                await asyncio.sleep(asked or min(every, LONGEST_WAIT, 2.0 ** min(failed, 8)))

    def _start(self, asking: PatientAsking) -> Start[Any]:
        longest = max((one.long for one in self._pull.keeps(self._options)), default=timedelta.max)
        return Start(asking, self._named, self._options, min(self._settings.since, longest))

    async def _once(self, puller: Puller) -> None:
        """Pull all there is; it is stored, and its place kept, on return. Raises `ActionError`."""
        now = self._clock()
        kept = self._positions.cursor(self._place) or {}
        through = kept.get("through")
        if through:
            await self._tell_gaps(parse_timestamp(through), now)
        pipeline, cursor = self._pipeline(now), kept.get("cursor")
        try:
            async for batch in puller.pull(cursor, now):
                cursor = batch.cursor or cursor
                await self._give(pipeline, batch, {"cursor": cursor, "through": through})
        except _FAILED:
            await self._delivery.settle()  # what came before the failure need not come again
            raise
        await self._delivery.give([], self._keeping({"cursor": cursor, "through": timestamp(now)}))
        await self._delivery.settle()

    def _pipeline(self, now: datetime) -> Pipeline:
        origin = Origin(now, self._section.timezone, self._section.year, self._section.host)
        return Pipeline(self._source, origin, Place(), self._enrichers)

    async def _give(self, pipeline: Pipeline, batch: Batch, place: Mapping[str, Any]) -> None:
        self._counts.receive(len(batch.records))
        events: list[Document] = []
        size = 0
        for record in batch.records:
            events += pipeline.feed(Record(record.data, record.id))
            size += len(record.data)
            if len(events) >= BATCH:
                await self._delivery.give(events, self._counting(events, size))
                events, size = [], 0
        if batch.lost:
            events.append(self._lost(batch.lost, batch.lost, self._clock()))
        counting, keeping = self._counting(events, size), self._keeping(place)

        def acknowledge(result: WriteResult) -> None:
            counting(result)
            keeping(result)

        await self._delivery.give(events, acknowledge)

    def _counting(self, events: list[Document], size: int) -> Callable[[WriteResult], None]:
        return lambda result: self._counts.add(events, result, size) if events else None

    def _keeping(self, place: Mapping[str, Any]) -> Callable[[WriteResult], None]:
        def keep(_: WriteResult) -> None:
            if place["cursor"] is not None:
                self._positions.keep_cursor(self._place, place)

        return keep

    async def _tell_gaps(self, through: datetime, now: datetime) -> None:
        """Tell, as events, of what the vendor does not have any more since the last whole pull."""
        for keeps in self._pull.keeps(self._options):
            if now - keeps.long > through:
                what = (
                    f"{keeps.what} of {timestamp(through)} to {timestamp(now - keeps.long)} may be lost: the "
                    f"last whole pull was then, and the vendor keeps them for {keeps.long.days} days"
                )
                events = [self._lost(f"{keeps.what} since {timestamp(through)}", what, now)]
                await self._delivery.give(events, self._counting(events, 0))

    def _lost(self, place: str, what: str, now: datetime) -> Document:
        if place not in self._told:
            self._told.add(place)
            self._counts.lose(what)
            log.error("a gap", entry=self._section.identity, reason=what)
        # Told again after a failure or a crash, it is the same event.
        return self._pipeline(now).unparsed(Record(place.encode(), self._section.identity), what)
