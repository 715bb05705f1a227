"""Entries that fetch objects of an S3-style store, as messages of a queue announce them.

A message is deleted only when the store has acknowledged every event of its objects; until then it is kept
from others, however long that takes, and after a crash it comes again. What comes twice is one event, since
an event's id is made of the object and the place in it. An object that can never be read (it is not there,
not of the source's format, too large) becomes a pipeline error and is done with; one that can't be read now
comes again, later each time.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import structlog

from integrations.aws.connection import KIND, Aws, machine_account
from integrations.aws.notifications import NotificationError, ObjectRef, read_notification
from integrations.aws.objects import AT_ONCE, Fetched, Message, ObjectError, Queue, fetch_object, region_of
from integrations.connections import Named
from integrations.contract import ActionError, Origin, Record, Source
from integrations.pipeline import Enricher, Pipeline, Place
from integrations.ports import EventStore, WriteResult
from rules.ecs import Document
from workers.collect.counts import Counts
from workers.collect.delivery import BATCH, Delivery, PatientWriter
from workers.collect.object_records import UNREADABLE, FormatError, read_object
from workers.collect.state import SourceState
from workers.collect_section import CollectSection, EntryError

FETCHED = 4
"""Objects that are fetched ahead."""
LONGEST_WAIT = 900
"""Seconds until a message comes again whose objects can't be read now."""
TOLD_AFTER = 5
"""Attempts after which that is an event too."""
DOUBTED = 100
"""Records: where an object begins with so many that are none of the source, the rest is not read."""
NAMED = 50
"""Objects that are named in the state as not readable now."""
_PAUSE = 2.0

log = structlog.get_logger(__name__)


def open_account(section: CollectSection, connections: Mapping[str, Mapping[str, Any]]) -> Aws:
    """Return the account that an entry fetches with. Raises `EntryError`."""
    assert section.objects is not None
    name, region = section.objects.connection, region_of(section.objects.queue)
    if name is None:
        if region is None:
            raise EntryError(
                f"the entry {section.identity!r} of collect: the queue's URL shows no region, as those of "
                f"AWS do: name a connection (`siem connections setup {KIND}`)"
            )
        return machine_account(region)
    given = connections.get(name, {})
    if given.get("kind") != KIND:
        found = f"of kind {given['kind']}" if given else "not there"
        raise EntryError(
            f"the entry {section.identity!r} of collect needs a connection of kind {KIND}, and {name!r} is "
            f"{found}: `siem connections setup {KIND}`"
        )
    return Aws(Named(name, KIND, given))


@dataclass
class _Held:
    """A message on which we are at work."""

    message: Message
    open: int = 1
    """Objects whose events are not all stored; one more while they are being given."""
    failed: bool = False
    """One of them can't be read now: the message comes again."""


@dataclass
class _Batch:
    """Events of some objects, on their way together."""

    events: list[Document] = field(default_factory=list)
    size: int = 0
    done: list[_Held] = field(default_factory=list)
    """Messages of which an object ends here."""


class ObjectCollector:
    """One entry that fetches objects."""

    def __init__(
        self,
        section: CollectSection,
        source: Source,
        store: EventStore,
        folder: Path,
        counts: Counts,
        connections: Mapping[str, Mapping[str, Any]],
        enrichers: Sequence[Enricher] = (),
    ) -> None:
        """`folder`: for copies of objects, of all entries. Raises `EntryError` or OSError."""
        assert section.objects is not None
        self._section, self._settings, self._source = section, section.objects, source
        self._account = open_account(section, connections)
        visibility = max(1, round(self._settings.visibility.total_seconds()))
        self._beat = visibility / 3
        self._queue = Queue(self._account, self._settings.queue, visibility)
        self._folder = folder / section.identity
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        self._counts = counts
        self._enrichers = enrichers
        self._writer = PatientWriter(store)
        self._delivery = Delivery(self._writer.write)
        self._batch = _Batch()
        self._held: list[_Held] = []
        self._unreadable: dict[str, str] = {}
        self._stored: list[Message] = []
        """Messages whose events are all stored: they go."""
        self._returned: list[tuple[Message, int]] = []
        """Messages that come again, in so many seconds."""

    def state(self) -> SourceState:
        return self._counts.state(waits_for=self._writer.waits_for, unreadable=dict(self._unreadable))

    async def close(self) -> None:
        """Leave off: messages whose events are not stored come again."""
        await self._delivery.abandon()

    async def run(self) -> None:
        """Fetch again and again, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep())
            group.create_task(self._work())

    async def _work(self) -> None:
        failed = 0
        while True:
            try:
                messages = await self._queue.receive()
                if failed:
                    failed = 0
                    self._counts.fail(None)
                await self._take(messages)
                if len(messages) < AT_ONCE:
                    await self._delivery.settle()
                await self._settle()
            except ActionError as error:
                failed += 1
                self._counts.fail(str(error))
                log.warning("can't ask the queue", entry=self._section.identity, reason=str(error))
                await asyncio.sleep(min(60.0, _PAUSE * 2.0 ** min(failed - 1, 6)))

    async def _keep(self) -> None:
        """Keep others from the messages that we are at work on."""
        while True:
            await asyncio.sleep(self._beat)
            try:
                await self._queue.keep([*(one.message for one in self._held), *self._stored])
            except ActionError as error:
                # They may come again meanwhile, and be stored once all the same.
                log.warning("can't keep messages", entry=self._section.identity, reason=str(error))

    async def _settle(self) -> None:
        """Delete messages whose events are stored, give back those that are tried again later."""
        while self._stored:
            part = self._stored[:AT_ONCE]
            await self._queue.delete(part)
            del self._stored[: len(part)]
        while self._returned:
            message, seconds = self._returned[0]
            await self._queue.keep([message], seconds)
            del self._returned[0]

    # --- messages --------------------------------------------------------------------------------

    async def _take(self, messages: Sequence[Message]) -> None:
        """Take on messages; their events are given, and stored where no other messages wait."""
        held = [_Held(message) for message in messages]
        self._held += held
        slots = asyncio.Semaphore(FETCHED)
        fetching: list[tuple[_Held, ObjectRef, asyncio.Task[Fetched]]] = []
        try:
            for one in held:
                for ref in await self._wanted(one):
                    one.open += 1
                    name = self._folder / f"{one.message.id}-{len(fetching)}"
                    fetching.append((one, ref, asyncio.create_task(self._fetch(ref, name, slots))))
            for one, ref, task in fetching:
                await self._object(one, ref, task)
                slots.release()
            self._batch.done += held
            await self._give()
        finally:
            for _, _, task in fetching:
                task.cancel()

    async def _wanted(self, held: _Held) -> list[ObjectRef]:
        """Return the objects of a message that the entry wants."""
        try:
            found = read_notification(held.message.body)
        except NotificationError as error:
            data = held.message.body.encode()[:4096]
            await self._tell(held, data, f"a message that is no notification: {error}")
            return []
        only, skip = self._settings.only, self._settings.skip
        return [
            ref
            for ref in found
            if any(fnmatchcase(ref.key, pattern) for pattern in only)
            and not any(fnmatchcase(ref.key, pattern) for pattern in skip)
        ]

    async def _fetch(self, ref: ObjectRef, path: Path, slots: asyncio.Semaphore) -> Fetched:
        await slots.acquire()
        return await fetch_object(self._account, ref, path, self._settings.largest)

    async def _object(self, held: _Held, ref: ObjectRef, task: asyncio.Task[Fetched]) -> None:
        """Give an object's events, or what it is instead."""
        fetched: Fetched | None = None
        try:
            fetched = await task
            await self._read(ref, fetched)
        except (ObjectError, FormatError) as error:
            await self._tell(held, ref.url.encode(), f"{ref.url} is not read to its end: {error}")
            self._unreadable.pop(ref.url, None)
        except (ActionError, OSError) as error:
            await self._later(held, ref, str(error))
        else:
            self._unreadable.pop(ref.url, None)
        finally:
            if fetched is not None:
                fetched.path.unlink(missing_ok=True)
        self._batch.done.append(held)

    async def _later(self, held: _Held, ref: ObjectRef, reason: str) -> None:
        held.failed = True
        if len(self._unreadable) < NAMED:
            self._unreadable[ref.url] = reason
        log.warning("can't be read now", object=ref.url, attempt=held.message.attempts, reason=reason)
        if held.message.attempts == TOLD_AFTER:
            what = f"{ref.url} can't be read, and is tried again: {reason}"
            await self._tell(held, ref.url.encode(), what)

    async def _tell(self, held: _Held, data: bytes, what: str) -> None:
        """Store what was due and did not come, as an event."""
        log.error("an object was not read", entry=self._section.identity, reason=what)
        self._counts.lose(what)
        pipeline = Pipeline(self._source, Origin(datetime.now(UTC)), Place(), self._enrichers)
        await self._add([pipeline.unparsed(Record(data, f"message {held.message.id}"), what)], 0)

    # --- objects ---------------------------------------------------------------------------------

    async def _read(self, ref: ObjectRef, fetched: Fetched) -> None:
        section = self._section
        origin = Origin(fetched.modified, section.timezone, section.year, section.host)
        pipeline = Pipeline(self._source, origin, Place(ref.url), self._enrichers)
        pipeline.receive(datetime.now(UTC))
        identity = f"{ref.url}#{ref.version or fetched.etag}"
        records = read_object(fetched.path, self._source.framing, identity, self._settings.largest_unpacked)
        doubtful = 0
        """Events of its first records, while none of them is of the source."""
        try:
            async for some in _in_a_thread(records):
                self._counts.receive(len(some))
                events: list[Document] = []
                for record in some:
                    events += pipeline.feed(record)
                if doubtful >= 0:
                    good = any(event["event"]["kind"] != "pipeline_error" for event in events)
                    doubtful = -1 if good else doubtful + len(events)
                if doubtful >= DOUBTED:
                    raise FormatError(f"none of its first {doubtful} records is of {self._source.name}")
                await self._add(events, sum(len(record.data) for record in some))
        except FormatError:
            await self._add(pipeline.flush(), 0)
            raise
        await self._add(pipeline.flush(), 0)

    async def _add(self, events: Sequence[Document], size: int) -> None:
        self._batch.events += events
        self._batch.size += size
        if len(self._batch.events) >= BATCH:
            await self._give()

    async def _give(self) -> None:
        batch, self._batch = self._batch, _Batch()

        def acknowledge(result: WriteResult) -> None:
            if batch.events:
                self._counts.add(batch.events, result, batch.size)
            for held in batch.done:
                held.open -= 1
                if not held.open:
                    self._finished(held)

        await self._delivery.give(batch.events, acknowledge)

    def _finished(self, held: _Held) -> None:
        self._held.remove(held)
        if not held.failed:
            self._stored.append(held.message)
            return
        wait = min(LONGEST_WAIT, round(self._beat * 3 * 2.0 ** min(held.message.attempts - 1, 12)))
        self._returned.append((held.message, wait))


async def _in_a_thread(found: Iterator[list[Record]]) -> AsyncIterator[list[Record]]:
    """Yield what an iterator gives that reads files. Raises `FormatError`."""
    while True:
        try:
            some = await asyncio.to_thread(next, found, None)
        except UNREADABLE as error:
            raise FormatError(f"it is damaged: {error}") from error
        if some is None:
            return
        yield some
