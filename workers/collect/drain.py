"""From the spool to the store: records are normalised by sender, stored, and only then let go of."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from integrations.contract import Origin, Record, Source
from integrations.pipeline import Enricher, Pipeline, Place
from integrations.ports import EventStore, WriteResult
from rules.ecs import Document
from workers.collect.counts import Counts
from workers.collect.delivery import BATCH, Delivery, PatientWriter
from workers.collect.spool import Frame, Item, Mark, Spool
from workers.collect_section import CollectSection

FLUSH_SECONDS = 1.0
"""Records held back to be joined wait so long for more."""
RENEW_SECONDS = 3600.0
"""A normaliser takes its time of reception anew after so long, so that years are right at New Year."""
SENDERS = 5000
"""The most senders whose normalisers are kept; the one that was silent for longest goes."""
READ = 256 << 10
"""Bytes of the spool that are normalised in one go: those who receive wait so long for their turn."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class _Sender:
    pipeline: Pipeline
    opened: float
    last: float
    held: deque[tuple[str, Mark]] = field(default_factory=deque)
    """Positions of records that may be held back, with the place in the spool before each."""


class Drain:
    """One entry's spool on its way to the store."""

    def __init__(
        self,
        section: CollectSection,
        source: Source,
        spool: Spool,
        store: EventStore,
        counts: Counts,
        enrichers: Sequence[Enricher] = (),
    ) -> None:
        self._section = section
        self._source = source
        self._spool = spool
        self._counts = counts
        self._enrichers = enrichers
        self._writer = PatientWriter(store)
        self._delivery = Delivery(self._writer.write)
        self._senders: OrderedDict[tuple[str, str], _Sender] = OrderedDict()
        self._before = spool.read_to

    @property
    def waits_for(self) -> str | None:
        """Why a batch is not stored yet, None where none waits."""
        return self._writer.waits_for

    async def step(self) -> bool:
        """Take on what is next in the spool; whether there was anything. All of it is stored, and gone
        from the spool, when a step answers False and nothing is held back to be joined."""
        frames = self._spool.read(READ)
        if not frames:
            flushed = await self._flush()
            await self._delivery.settle()
            return flushed
        events: list[Document] = []
        size = 0
        for frame in frames:
            for item in frame.items:
                events += self._feed(item)
                size += len(item.data)
            self._before = frame.end
            if len(events) >= BATCH or frame is frames[-1]:
                await self._give(events, size, frame)
                events, size = [], 0
        return True

    async def close(self) -> None:
        """Leave off: what is on its way stays in the spool."""
        await self._delivery.abandon()

    def _feed(self, item: Item) -> list[Document]:
        key = (item.address, item.host)
        now = time.monotonic()
        received = _EPOCH + timedelta(microseconds=item.received)
        sender = self._senders.get(key)
        events: list[Document] = []
        if sender is None or (now - sender.opened > RENEW_SECONDS and sender.pipeline.held is None):
            sender = self._senders[key] = _Sender(self._pipeline(item, received), now, now)
            if len(self._senders) > SENDERS:
                _, silent = self._senders.popitem(last=False)
                events += silent.pipeline.flush()
        self._senders.move_to_end(key)
        sender.last = now
        sender.pipeline.receive(received)
        if self._source.joins:
            sender.held.append((item.position, self._before))
        events += sender.pipeline.feed(Record(item.data, item.position))
        if self._source.joins:
            held = sender.pipeline.held
            while sender.held and (held is None or sender.held[0][0] != held.position):
                sender.held.popleft()
        return events

    def _pipeline(self, item: Item, received: datetime) -> Pipeline:
        host = item.host or self._section.host
        if self._section.syslog is not None:
            host = host or item.address
        origin = Origin(received, self._section.timezone, self._section.year, host or None)
        return Pipeline(self._source, origin, Place(address=item.address), self._enrichers)

    async def _flush(self) -> bool:
        """Give what was held back for long enough; whether there was any."""
        if not self._source.joins:
            return False
        old = time.monotonic() - FLUSH_SECONDS
        events: list[Document] = []
        for sender in self._senders.values():
            if sender.held and sender.last < old:
                events += sender.pipeline.flush()
                sender.held.clear()
        if events:
            await self._give(events, 0, Frame((), self._before))
        return bool(events)

    async def _give(self, events: list[Document], size: int, frame: Frame) -> None:
        held = (sender.held[0][1] for sender in self._senders.values() if sender.held)
        mark = min(held, default=frame.end) if self._source.joins else frame.end

        def acknowledge(result: WriteResult) -> None:
            self._counts.add(events, result, size)
            self._spool.commit(mark)

        await self._delivery.give(events, acknowledge)
