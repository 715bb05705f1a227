"""The embedded engines as one thing: started together, kept running, found by other processes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import psutil

from workers.engines.children import Child, ProcessRef, end_process
from workers.engines.errors import EngineError, EnginesNotRunningError
from workers.engines.folder import MB, DataFolder, EngineRecord, OwnerRecord, Runtime
from workers.engines.opensearch import FLOOD_BYTES, OpenSearchEngine
from workers.engines.progress import Health, Progress, Report, Stage, say_nothing
from workers.engines.temporal import TemporalEngine
from workers.settings import Settings

ROOM_BYTES = 500 * MB
"""What is needed beyond OpenSearch's own limit."""


@dataclass(frozen=True)
class Addresses:
    """Where the engines answer."""

    opensearch_url: str
    temporal_address: str
    temporal_ui: str | None = None


class Engines:
    """OpenSearch and Temporal of one data folder; ``async with`` starts and stops them.

    An engine that the settings name elsewhere (``SIEM_OPENSEARCH_URL``, ``TEMPORAL_ADDRESS``) is not
    started. Enter it in the main thread's event loop: the engines die with that thread.
    """

    def __init__(
        self,
        data: Path,
        report: Report = say_nothing,
        *,
        opensearch_url: str | None = None,
        temporal_address: str | None = None,
        namespace: str = "default",
        heap_mb: int | None = None,
        flood_bytes: int = FLOOD_BYTES,
        cache_folder: Path | None = None,
    ) -> None:
        """`heap_mb` is OpenSearch's, None: a quarter of the memory within 512 to 1024 MB.
        `cache_folder` holds its start caches, None: jgo's cache folder."""
        self.folder = DataFolder(data)
        self._report = report
        self._need_bytes = 50 * MB if opensearch_url else flood_bytes + min(ROOM_BYTES, flood_bytes)
        self._elsewhere = (opensearch_url, temporal_address)
        self.opensearch = (
            None
            if opensearch_url
            else OpenSearchEngine(
                self.folder,
                report,
                heap_mb=heap_mb or default_heap_mb(),
                flood_bytes=flood_bytes,
                cache_folder=cache_folder,
            )
        )
        self.temporal = None if temporal_address else TemporalEngine(self.folder, report, namespace)
        self._runtime = Runtime()
        self._stopping = False
        self._caching: asyncio.Task[None] | None = None

    @classmethod
    def of(cls, settings: Settings, report: Report = say_nothing) -> Self:
        environment = settings.environment
        return cls(
            settings.data,
            report,
            opensearch_url=environment.opensearch_url,
            temporal_address=environment.temporal_address,
            namespace=environment.temporal_namespace,
        )

    @property
    def embedded(self) -> bool:
        """Whether any engine is started here at all."""
        return self.opensearch is not None or self.temporal is not None

    @property
    def addresses(self) -> Addresses:
        opensearch_url, temporal_address = self._elsewhere
        return Addresses(
            self.opensearch.url if self.opensearch else str(opensearch_url),
            self.temporal.url if self.temporal else str(temporal_address),
            self.temporal.ui if self.temporal else None,
        )

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Take the data folder, end what an earlier run left, and start both engines side by side,
        on their ports of the last time where these are free. Raises `EngineError`; nothing is left
        running then."""
        self._stopping = False
        self.folder.take(need_bytes=self._need_bytes)
        try:
            before = self.folder.read_runtime()
            for record in (before.opensearch, before.temporal):
                if record is not None:
                    await self._end_stale(record)
            await _both(self._start_opensearch(before.opensearch), self._start_temporal(before.temporal))
        except OSError as error:
            await self.stop()
            raise self.folder.explain(error) from error
        except BaseException:
            await self.stop()
            raise

    def prepare_faster_starts(self, tell: Callable[[str], None]) -> None:
        """Make OpenSearch's start cache in the background, once for a machine; `stop` gives it up."""

        async def make(engine: OpenSearchEngine) -> None:
            try:
                if await engine.make_start_cache():
                    tell("the next start of OpenSearch will be faster")
            except (EngineError, OSError, httpx.HTTPError) as error:
                tell(f"no start cache was made: {error}")

        if self.opensearch is not None:
            self._caching = asyncio.create_task(make(self.opensearch))

    async def _end_stale(self, record: EngineRecord) -> None:
        """End an engine whose owner died without it: ours for sure, as it works in this folder."""
        process = record.process.find()
        try:
            if process is None or not any(str(self.folder.path) in part for part in process.cmdline()):
                return
        except psutil.Error:  # gone meanwhile, or somebody else's: not ours either way
            return
        self._report(Progress("engines", Stage.CHECKING, f"ending pid {record.pid} that an earlier run left"))
        await end_process(record.process)

    async def _start_opensearch(self, before: EngineRecord | None, *, exactly: bool = False) -> None:
        engine = self.opensearch
        if engine is not None:
            await engine.start(before.port if before else None, exactly=exactly)
            self._write(opensearch=_record(engine.child, engine.url, engine.port, engine.log))

    async def _start_temporal(self, before: EngineRecord | None, *, exactly: bool = False) -> None:
        engine = self.temporal
        if engine is not None:
            ports = (before.port, before.ui_port) if before else (None, None)
            await engine.start(*ports, exactly=exactly)
            self._write(temporal=_record(engine.child, engine.url, engine.port, engine.log, engine.ui_port))

    def _write(self, **records: EngineRecord) -> None:
        me = ProcessRef.current()
        owner = OwnerRecord(pid=me.pid, created=me.created)
        self._runtime = self._runtime.model_copy(update={"owner": owner, **records})
        self.folder.write_runtime(self._runtime)

    async def keep_running(self, tell: Callable[[str], None]) -> None:
        """Start again, on the same port and data, each engine that dies; runs until cancelled.

        `tell` takes one line for people about each end and restart.
        """
        async with asyncio.TaskGroup() as group:
            if self.opensearch is not None:
                group.create_task(self._keep("opensearch", tell))
            if self.temporal is not None:
                group.create_task(self._keep("temporal", tell))

    async def _keep(self, name: str, tell: Callable[[str], None]) -> None:
        engine = self.opensearch if name == "opensearch" else self.temporal
        while engine is not None and engine.child is not None:
            code = await engine.child.wait()
            if self._stopping:
                return
            tell(f"{name} ended ({code}); starting it again")
            pause = 0.0
            while True:
                await asyncio.sleep(pause)
                try:
                    if name == "opensearch":
                        await self._start_opensearch(self._runtime.opensearch, exactly=True)
                    else:
                        await self._start_temporal(self._runtime.temporal, exactly=True)
                    break
                except (EngineError, OSError) as error:
                    tell(str(error))
                    pause = min(30.0, pause * 2 or 1.0)
            tell(f"{name} answers again")

    async def health(self) -> list[Health]:
        return [await engine.health() for engine in (self.opensearch, self.temporal) if engine is not None]

    async def stop(self) -> None:
        """Stop both cleanly and give the folder free."""
        self._stopping = True
        if self._caching is not None:
            self._caching.cancel()
            await asyncio.gather(self._caching, return_exceptions=True)
        engines = [engine for engine in (self.temporal, self.opensearch) if engine is not None]
        await asyncio.gather(*(engine.stop() for engine in engines))
        if self._runtime.owner is not None:
            self._runtime = self._runtime.model_copy(update={"owner": None})
            with contextlib.suppress(OSError):  # a full disk must not keep us from ending
                self.folder.write_runtime(self._runtime)
        self.folder.give_up()


def find_engines(settings: Settings) -> Addresses:
    """Return where the engines of this installation answer, for a process that doesn't own them.

    The environment goes first, then what runs on the data folder. An engine that its owner is just
    starting again counts: it comes back at the same address. Raises `EnginesNotRunningError`.
    """
    runtime = DataFolder(settings.data).read_runtime()
    opensearch_url = settings.environment.opensearch_url or _url_of(runtime, runtime.opensearch)
    temporal_address = settings.environment.temporal_address or _url_of(runtime, runtime.temporal)
    if opensearch_url is None or temporal_address is None:
        missing = [
            *(["OpenSearch"] if opensearch_url is None else []),
            *(["Temporal"] if temporal_address is None else []),
        ]
        raise _not_running(" and ".join(missing), settings.data)
    ours = runtime.temporal if settings.environment.temporal_address is None else None
    return Addresses(
        opensearch_url,
        temporal_address,
        f"http://127.0.0.1:{ours.ui_port}" if ours and ours.ui_port else None,
    )


def find_opensearch(settings: Settings) -> str:
    """Return the URL of OpenSearch alone, as `find_engines` does. Raises `EnginesNotRunningError`."""
    runtime = DataFolder(settings.data).read_runtime()
    url = settings.environment.opensearch_url or _url_of(runtime, runtime.opensearch)
    if url is None:
        raise _not_running("OpenSearch", settings.data)
    return url


def _url_of(runtime: Runtime, record: EngineRecord | None) -> str | None:
    if record is None:
        return None
    owned = runtime.owner is not None and runtime.owner.process.find() is not None
    return record.url if owned or record.process.find() is not None else None


def _not_running(missing: str, data: Path) -> EnginesNotRunningError:
    return EnginesNotRunningError(
        f"no {missing} runs on the data folder {data}",
        "Start `siem up` there, or set SIEM_OPENSEARCH_URL and TEMPORAL_ADDRESS to engines of your own.",
    )


def default_heap_mb() -> int:
    return min(1024, max(512, psutil.virtual_memory().total // MB // 4))


def _record(child: Child | None, url: str, port: int, log: Path, ui_port: int | None = None) -> EngineRecord:
    assert child is not None
    return EngineRecord(
        url=url, port=port, ui_port=ui_port, pid=child.pid, created=child.ref.created, log=str(log)
    )


async def _both(*starts: Coroutine[Any, Any, None]) -> None:
    """Run side by side; the first failure cancels the other and is raised as it is."""
    tasks = [asyncio.ensure_future(start) for start in starts]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
