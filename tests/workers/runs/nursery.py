"""Forks workers from a process that has imported all they need: another one is there in a moment.

It reads folders from its input, a line each, forks a worker for each, and writes ``started PID FOLDER`` and
``ended PID FOLDER`` on its output. Its end is that of all its workers.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
from pathlib import Path

from tests.workers.runs.stage import work


def main() -> None:
    """Serve until the input ends."""
    alive: dict[int, str] = {}
    rest = b""
    while True:
        readable, _, _ = select.select([0], [], [], 0.02)
        if readable:
            data = os.read(0, 65536)
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                folder = line.decode()
                pid = os.fork()
                if pid == 0:
                    _work(folder)
                alive[pid] = folder
                print(f"started {pid} {folder}", flush=True)
        while alive:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            print(f"ended {pid} {alive.pop(pid)}", flush=True)
    for pid in alive:
        os.kill(pid, signal.SIGKILL)


def _work(folder: str) -> None:
    log = os.open(Path(folder) / "worker.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    null = os.open(os.devnull, os.O_RDONLY)
    for number, own in ((0, null), (1, log), (2, log)):
        os.dup2(own, number)
    try:
        asyncio.run(work(Path(folder)))
    finally:
        sys.stdout.flush()
        os._exit(1)


if __name__ == "__main__":
    main()
