"""Runs the parts of ``siem up`` as processes of their own, and starts again each one that dies.

The first restart comes at once, later ones with growing pauses. What the parts print goes, each line
with its time and part, to one rotating log. A status file tells which process each part is.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from workers.engines.children import Child, spawn
from workers.engines.folder import write_atomically

STATUS_FILE = "parts.json"
_STEADY_SECONDS = 60.0
"""A part that ran for so long may again be restarted at once."""
_LONGEST_PAUSE = 30.0
_MISUSED = 2
"""Exit code of a part that was started wrongly: it would not start the next time either."""


@dataclass(frozen=True)
class Part:
    """One process to keep running."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    """Its whole environment: each part gets only the secrets that it needs."""
    ready_file: Path | None = None
    """It is ready when it has written this file, which is removed before each start."""
    ready_url: str | None = None
    """It is ready when this answers 200."""
    grace: float = 10.0
    """Seconds it has to end after SIGTERM."""


class PartState(StrEnum):
    STARTING = "starting"
    READY = "ready"
    WAITING = "waiting"
    """Dead, and soon started again."""
    STOPPED = "stopped"


class PartError(Exception):
    """A part did not get ready; the text has its name, how it ended and its last lines."""


class Supervisor:
    """Keeps parts running; ``async with`` starts and stops them. Use it in the main thread."""

    def __init__(self, parts: Sequence[Part], data: Path, tell: Callable[[str], None]) -> None:
        """`tell` takes one line for people about each end and restart."""
        self._data = data
        self._tell = tell
        self._log = _open_log(data / "logs" / "siem.log")
        self._parts = [_Running(part, self._log.info, tell, self._write_status) for part in parts]

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start all, in their order, without waiting for any to get ready."""
        for running in self._parts:
            running.task = asyncio.create_task(running.keep(), name=f"part {running.part.name}")

    async def wait_ready(self, seconds: float = 60.0) -> None:
        """Wait until all were ready once. Raises `PartError` for one that can't start, or is late."""
        waits = [asyncio.create_task(running.was_ready.wait()) for running in self._parts]
        failures = [asyncio.create_task(running.failed.wait()) for running in self._parts]
        everyone = asyncio.ensure_future(asyncio.wait(waits))
        failed = asyncio.ensure_future(asyncio.wait(failures, return_when=asyncio.FIRST_COMPLETED))
        try:
            async with asyncio.timeout(seconds):
                await asyncio.wait((everyone, failed), return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            pass
        finally:
            tasks = (everyone, failed, *waits, *failures)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        late = [running for running in self._parts if not running.was_ready.is_set()]
        if late:
            raise PartError("\n".join(running.describe() for running in late))

    async def stop(self) -> None:
        """Stop all, the last started first."""
        for running in reversed(self._parts):
            await running.stop()
        for handler in list(self._log.handlers):
            self._log.removeHandler(handler)
            handler.close()

    def _write_status(self) -> None:
        status = {
            "pid": os.getpid(),
            "parts": {running.part.name: running.status() for running in self._parts},
        }
        with contextlib.suppress(OSError):  # a full disk must not end what still runs
            write_atomically(self._data / STATUS_FILE, json.dumps(status, indent=1))


class _Running:
    """One part over all its processes."""

    def __init__(
        self,
        part: Part,
        log: Callable[[str], None],
        tell: Callable[[str], None],
        changed: Callable[[], None],
    ) -> None:
        self.part = part
        self.task: asyncio.Task[None] | None = None
        self.was_ready = asyncio.Event()
        self.failed = asyncio.Event()
        self._log = log
        self._tell = tell
        self._changed = changed
        self._state = PartState.STOPPED
        self._since = datetime.now(UTC)
        self._child: Child | None = None
        self._reading: asyncio.Task[None] | None = None
        self._restarts = 0
        self._exit: int | None = None
        self._last_lines: deque[str] = deque(maxlen=12)

    async def keep(self) -> None:
        """Start it again and again, until cancelled."""
        pause = 0.0
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await self._run_once()
            except OSError as error:
                self._exit = None
                self._tell(f"{self.part.name} can't be started: {error.strerror}")
                pause = pause or 1.0
            if asyncio.get_running_loop().time() - started > _STEADY_SECONDS:
                pause = 0.0
            self._set(PartState.WAITING)
            if self._exit == _MISUSED:
                self.failed.set()
            after = f"in {pause:g} s" if pause else "at once"
            self._tell(f"{self.part.name} ended ({_ending(self._exit)}); starting it again {after}")
            await asyncio.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 2 or 0.5)
            self._restarts += 1

    async def _run_once(self) -> None:
        if self.part.ready_file is not None:
            self.part.ready_file.unlink(missing_ok=True)
        child = self._child = await spawn(self.part.name, self.part.command, None, env=self.part.env)
        self._set(PartState.STARTING)
        self._reading = asyncio.create_task(self._read_output(child))
        checking = asyncio.create_task(self._until_ready())
        try:
            self._exit = await child.wait()
            await self._finish_reading()
        finally:
            checking.cancel()
            await asyncio.gather(checking, return_exceptions=True)

    async def _finish_reading(self) -> None:
        """Take the last lines of a process that ended; a grandchild may hold the pipe open."""
        if self._reading is not None:
            await asyncio.wait([self._reading], timeout=1.0)
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _read_output(self, child: Child) -> None:
        assert child.output is not None
        async for line in _lines(child.output):
            self._last_lines.append(line[:300])
            self._log(f"{self.part.name:<9} | {line}")

    async def _until_ready(self) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=2.0) as client:
            while True:
                if await self._is_ready(client):
                    break
                await asyncio.sleep(0.05)
        self._set(PartState.READY)
        self.was_ready.set()

    async def _is_ready(self, client: httpx.AsyncClient) -> bool:
        if self.part.ready_file is not None and not self.part.ready_file.exists():
            return False
        if self.part.ready_url is not None:
            try:
                return (await client.get(self.part.ready_url)).status_code == 200
            except httpx.HTTPError:
                return False
        return True

    async def stop(self) -> None:
        if self.task is not None:
            child, task = self._child, self.task
            self.task = None
            task.cancel()  # its end must not be taken for a death
            await asyncio.gather(task, return_exceptions=True)
            if child is not None and child.returncode is None:
                self._exit = await child.stop(self.part.grace)
            await self._finish_reading()
            self._set(PartState.STOPPED)

    def _set(self, state: PartState) -> None:
        self._state = state
        self._since = datetime.now(UTC)
        self._changed()

    def status(self) -> dict[str, object]:
        running = self._child is not None and self._child.returncode is None
        return {
            "state": self._state,
            "pid": self._child.pid if running and self._child else None,
            "restarts": self._restarts,
            "last_exit": self._exit,
            "since": self._since.isoformat(timespec="milliseconds"),
        }

    def describe(self) -> str:
        how = f"ended ({_ending(self._exit)})" if self._exit is not None else "is not ready"
        lines = "".join(f"\n    {line}" for line in self._last_lines)
        return f"{self.part.name} {how}; its last lines:{lines or ' none'}"


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Yield lines of text; a longer one than 64 KiB comes in pieces."""
    rest = b""
    while chunk := await stream.read(65536):
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > 65536:
            whole, rest = [*whole, rest], b""
        for line in whole:
            yield line.decode("utf-8", "replace").rstrip("\r")
    if rest:
        yield rest.decode("utf-8", "replace")


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"


def _open_log(path: Path) -> logging.Logger:
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=10_000_000, backupCount=3, encoding="utf-8")
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = lambda seconds: datetime.fromtimestamp(seconds or 0, UTC).timetuple()
    handler.setFormatter(formatter)
    log = logging.Logger("parts", logging.INFO)
    log.addHandler(handler)
    return log


@contextlib.contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """Give an event that SIGTERM or SIGINT sets, from now until the end of the block. Enter it first
    of all, in the main thread, so that no signal finds the process without it."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, told.set)
    try:
        yield told
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
