"""The engines and the parts as one: whatever is killed comes back, and an end leaves nothing."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from workers.engines import Engines
from workers.supervisor import STATUS_FILE, Part, PartError
from workers.up import run_parts

pytestmark = pytest.mark.engine

PART = """
import asyncio, pathlib, sys
from temporalio.client import Client
async def main():
    await Client.connect(sys.argv[1])
    pathlib.Path(sys.argv[2]).touch()
    await asyncio.sleep(600)
asyncio.run(main())
"""


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while True:
            if condition():
                return
            await asyncio.sleep(0.02)


async def test_an_engine_and_a_part_come_back_and_all_ends_when_told(tmp_path: Path) -> None:
    told: list[str] = []
    stop, ready = asyncio.Event(), asyncio.Event()
    async with Engines(tmp_path, opensearch_url="http://127.0.0.1:1") as engines:
        flag = tmp_path / "worker.ready"
        command = (sys.executable, "-c", PART, engines.addresses.temporal_address, str(flag))
        parts = [Part("worker", command, {"PATH": os.defpath}, ready_file=flag)]
        running = asyncio.create_task(run_parts(engines, parts, tmp_path, stop, told.append, ready.set))
        await ready.wait()

        def worker() -> dict[str, object]:
            found: dict[str, object] = json.loads((tmp_path / STATUS_FILE).read_text())["parts"]["worker"]
            return found

        engine = engines.folder.read_runtime().temporal
        assert engine is not None
        first = worker()["pid"]
        assert isinstance(first, int)
        os.kill(engine.pid, signal.SIGKILL)
        os.kill(first, signal.SIGKILL)
        await until(lambda: "temporal answers again" in told)
        await until(lambda: worker()["state"] == "ready" and worker()["pid"] != first)
        assert [line for line in told if line.startswith("worker")] != []
        stop.set()
        await running
        assert worker()["state"] == "stopped"
        again = engines.folder.read_runtime().temporal
        assert again is not None
        assert (again.url, again.pid != engine.pid) == (engine.url, True)
    assert not psutil.pid_exists(again.pid)


async def test_a_part_that_cannot_start_ends_it_with_its_words(tmp_path: Path) -> None:
    part = Part(
        "bot",
        (sys.executable, "-c", "import sys; print('SLACK_BOT_TOKEN is wrong'); sys.exit(2)"),
        {"PATH": os.defpath},
        ready_file=tmp_path / "bot.ready",
    )
    nothing = Engines(tmp_path, opensearch_url="http://127.0.0.1:1", temporal_address="127.0.0.1:1")
    async with nothing as engines:
        with pytest.raises(PartError, match="SLACK_BOT_TOKEN is wrong"):
            await run_parts(engines, [part], tmp_path, asyncio.Event(), lambda _: None, lambda: None)
