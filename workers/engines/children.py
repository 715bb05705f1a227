"""Child processes that never outlive their parent, with their output in a log file."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class ProcessRef:
    """A process for sure: a process id alone may have been given to another one since."""

    pid: int
    created: float
    """Seconds since the epoch, as the system knows it."""

    @classmethod
    def of(cls, pid: int) -> ProcessRef:
        """Raises `psutil.NoSuchProcess` where there is none."""
        return cls(pid, psutil.Process(pid).create_time())

    @classmethod
    def current(cls) -> ProcessRef:
        return cls.of(os.getpid())

    def find(self) -> psutil.Process | None:
        """Return the process if it is still that one and no zombie."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < 0.05
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None


class Child:
    """One running child process, leader of a process group of its own."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, ref: ProcessRef) -> None:
        self.name = name
        self.ref = ref
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def output(self) -> asyncio.StreamReader | None:
        """Its output, where it was started without a log file."""
        return self._process.stdout

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for its end; returns the exit code, negative for a signal."""
        return await self._process.wait()

    async def stop(self, grace: float = 15.0) -> int:
        """SIGTERM, and after `grace` seconds SIGKILL to its whole group; returns the exit code."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), grace)
        _kill_group(self.pid)
        return await self._process.wait()


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


async def spawn(
    name: str,
    command: Sequence[str],
    log: Path | None,
    *,
    env: Mapping[str, str],
    folder: Path | None = None,
) -> Child:
    """Start `command` with exactly the environment `env`; its output is appended to `log`, or left
    to be read from `Child.output`.

    The child dies with the calling *thread* (Linux ties PR_SET_PDEATHSIG to it): call it in the
    main thread's event loop. Raises `OSError` where it can't be started.
    """
    with contextlib.ExitStack() as stack:
        output = asyncio.subprocess.PIPE if log is None else stack.enter_context(log.open("ab")).fileno()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-S", str(_LAUNCH), str(os.getpid()), *command,
            stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=asyncio.subprocess.STDOUT,
            env=dict(env), cwd=folder, start_new_session=True,
        )  # fmt: skip
    try:
        ref = ProcessRef.of(process.pid)
    except psutil.NoSuchProcess:
        ref = ProcessRef(process.pid, 0.0)
    return Child(name, process, ref)


async def end_process(ref: ProcessRef, grace: float = 15.0) -> bool:
    """End a process that is not our child, with its group; False where it was gone already."""
    process = ref.find()
    if process is None:
        return False
    with contextlib.suppress(psutil.NoSuchProcess):
        process.terminate()
    deadline = asyncio.get_running_loop().time() + grace
    while ref.find() is not None:
        if asyncio.get_running_loop().time() > deadline:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        await asyncio.sleep(0.05)
    return True


def tail(path: Path, lines: int = 12, limit: int = 16384) -> str:
    """Return the last lines of a text file, empty where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - limit))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join([line[:300] for line in text.splitlines() if line.strip()][-lines:])


def listener_of(port: int) -> str:
    """Name the process that listens on a loopback port, as far as the system lets us see it."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
                if connection.pid is None:
                    break
                process = psutil.Process(connection.pid)
                return f"{process.name()} (pid {connection.pid})"
    except psutil.Error:
        pass
    return "another program"


def is_listener(pid: int, port: int) -> bool:
    """Whether the process, or a child of it, listens on a port. Another one may have taken it first."""
    try:
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            for connection in one.net_connections(kind="tcp"):
                listening = connection.status == psutil.CONN_LISTEN
                if listening and connection.laddr and connection.laddr.port == port:
                    return True
    except psutil.NoSuchProcess:
        return False
    return False
