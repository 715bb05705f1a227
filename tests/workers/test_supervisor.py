"""The supervisor on real processes: deaths, restarts, readiness, and an end that leaves nothing."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from workers.supervisor import STATUS_FILE, Part, PartError, Supervisor

ENV = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(sys.path)}


def part(name: str, folder: Path, body: str, **options: Any) -> Part:
    """A Python program that knows its folder as `folder` and its ready file as `ready`."""
    ready = folder / f"{name}.ready"
    program = (
        f"import os, pathlib, signal, sys, time\nfolder = pathlib.Path({str(folder)!r})\n"
        f"ready = pathlib.Path({str(ready)!r})\n{textwrap.dedent(body)}"
    )
    return Part(name, (sys.executable, "-c", program), ENV, ready_file=ready, **options)


STEADY = "ready.touch()\nprint('hello', flush=True)\ntime.sleep(600)\n"


def status(folder: Path) -> dict[str, Any]:
    parts: dict[str, Any] = json.loads((folder / STATUS_FILE).read_text())["parts"]
    return parts


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while True:
            if condition():
                return
            await asyncio.sleep(0.02)


async def test_a_killed_part_comes_back_and_is_ready_again(tmp_path: Path) -> None:
    told: list[str] = []
    parts = [part("worker", tmp_path, STEADY), part("bot", tmp_path, STEADY)]
    async with Supervisor(parts, tmp_path, told.append) as supervisor:
        await supervisor.wait_ready()
        before = status(tmp_path)
        assert {entry["state"] for entry in before.values()} == {"ready"}
        os.kill(before["worker"]["pid"], signal.SIGKILL)
        await until(lambda: status(tmp_path)["worker"]["restarts"] == 1)
        await until(lambda: status(tmp_path)["worker"]["state"] == "ready")
        after = status(tmp_path)
        assert after["worker"]["pid"] != before["worker"]["pid"]
        assert after["worker"]["last_exit"] == -signal.SIGKILL
        assert after["bot"]["pid"] == before["bot"]["pid"]
        assert told == ["worker ended (SIGKILL); starting it again at once"]
    assert {entry["state"] for entry in status(tmp_path).values()} == {"stopped"}
    assert not psutil.pid_exists(after["worker"]["pid"])
    assert not psutil.pid_exists(after["bot"]["pid"])


async def test_a_part_that_keeps_dying_is_restarted_more_and_more_slowly(tmp_path: Path) -> None:
    told: list[str] = []
    async with Supervisor([part("worker", tmp_path, "sys.exit(3)")], tmp_path, told.append):
        await until(lambda: len(told) >= 4)
    assert [line.rsplit(" again ")[1] for line in told[:4]] == ["at once", "in 0.5 s", "in 1 s", "in 2 s"]


async def test_a_part_started_wrongly_is_said_at_once_with_its_own_words(tmp_path: Path) -> None:
    parts = [
        part("bot", tmp_path, "print('siem.yaml:3:1: no such key'); sys.exit(2)"),
        part("worker", tmp_path, STEADY),
    ]
    async with Supervisor(parts, tmp_path, lambda _: None) as supervisor:
        with pytest.raises(PartError, match=r"bot ended \(exit code 2\)(.|\n)*no such key"):
            await supervisor.wait_ready(600)


async def test_a_part_that_is_late_is_named(tmp_path: Path) -> None:
    parts = [part("worker", tmp_path, "print('thinking', flush=True)\ntime.sleep(600)")]
    async with Supervisor(parts, tmp_path, lambda _: None) as supervisor:
        await until(lambda: "thinking" in (tmp_path / "logs" / "siem.log").read_text())
        with pytest.raises(PartError, match=r"worker is not ready(.|\n)*thinking"):
            await supervisor.wait_ready(0.2)


async def test_parts_stop_in_the_reverse_order_and_a_deaf_one_is_killed(tmp_path: Path) -> None:
    body = """
        def end(*_):
            with (folder / "order").open("a") as file:
                file.write({name!r} + "\\n")
            if {deaf}:
                return
            print("bye", flush=True)
            sys.exit(0)
        signal.signal(signal.SIGTERM, end)
        ready.touch()
        while True:
            time.sleep(1)
    """
    parts = [
        part("worker", tmp_path, textwrap.dedent(body).format(name="worker", deaf=False)),
        part("bot", tmp_path, textwrap.dedent(body).format(name="bot", deaf=True), grace=0.3),
        part("api", tmp_path, textwrap.dedent(body).format(name="api", deaf=False)),
    ]
    async with Supervisor(parts, tmp_path, lambda _: None) as supervisor:
        await supervisor.wait_ready()
        await supervisor.stop()
        assert (tmp_path / "order").read_text().split() == ["api", "bot", "worker"]
        assert {name: entry["last_exit"] for name, entry in status(tmp_path).items()} == {
            "worker": 0,
            "bot": -signal.SIGKILL,
            "api": 0,
        }
    lines = (tmp_path / "logs" / "siem.log").read_text().splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["api       | bye", "worker    | bye"]


async def test_lines_without_end_and_bytes_that_are_no_text_do_not_stop_a_part(tmp_path: Path) -> None:
    body = "os.write(1, b'x' * 300_000 + b'\\xff\\n' + b'end')\nready.touch()\ntime.sleep(600)"
    async with Supervisor([part("worker", tmp_path, body)], tmp_path, lambda _: None) as supervisor:
        await supervisor.wait_ready()
    text = (tmp_path / "logs" / "siem.log").read_text()
    assert text.count("x") == 300_000
    assert text.rstrip().endswith("worker    | end")


async def test_parts_die_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    program = f"""
import asyncio, os, sys, pathlib
from workers.supervisor import Part, Supervisor, stop_signals
folder = pathlib.Path({str(tmp_path)!r})
body = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"
async def main():
    ready = folder / "worker.ready"
    part = Part("worker", (sys.executable, "-c", body, str(ready)), dict(os.environ), ready_file=ready)
    with stop_signals() as stop:
        async with Supervisor([part], folder, print) as supervisor:
            await supervisor.wait_ready()
            await stop.wait()
asyncio.run(main())
"""
    for number, leaves in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 0)):
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, env=ENV)
        await until(
            lambda pid=process.pid: (
                (tmp_path / STATUS_FILE).exists()
                and json.loads((tmp_path / STATUS_FILE).read_text())["pid"] == pid
                and status(tmp_path)["worker"]["state"] == "ready"
            )
        )
        child = status(tmp_path)["worker"]["pid"]
        assert psutil.pid_exists(child)
        process.send_signal(number)
        assert await process.wait() == leaves
        await until(lambda child=child: not psutil.pid_exists(child))
