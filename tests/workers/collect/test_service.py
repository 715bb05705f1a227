"""The service: it waits for the store, says so, stops when told, and survives SIGKILL at any moment."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integrations.catalogue import CatalogueError, source
from integrations.contract import Origin
from workers.collect import file_origin, ingest_file, run_collectors
from workers.collect.state import read_state
from workers.site_file import CollectSection

from .conftest import KeptEvents
from .test_tail import append, line


async def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for is in files
            await asyncio.sleep(0.02)


async def test_the_files_are_the_spool_while_the_store_is_away(tmp_path: Path, store: KeptEvents) -> None:
    log = tmp_path / "auth.log"
    append(log, *range(5000))
    store.away = True
    stop = asyncio.Event()
    section = CollectSection(source="linux.auth", files=("auth.log",))
    state = tmp_path / "state"
    running = asyncio.create_task(run_collectors([section], store, state, stop, root=tmp_path, enrichers=[]))

    def waits() -> bool:
        said = read_state(state)
        return said is not None and said.sources[0].waits_for == "the store is away"

    await until(waits)
    append(log, 5000)
    store.away = False
    await until(lambda: len(store.kept) == 5001)
    await until(lambda: not waits())
    stop.set()
    await running
    said = read_state(state)
    assert said is not None
    assert said.pid == os.getpid()


async def test_it_stops_while_the_store_is_away(tmp_path: Path, store: KeptEvents) -> None:
    append(tmp_path / "auth.log", 1)
    store.away = True
    stop = asyncio.Event()
    section = CollectSection(source="linux.auth", files=("auth.log",))
    running = asyncio.create_task(
        run_collectors([section], store, tmp_path / "state", stop, root=tmp_path, enrichers=[])
    )
    await until(lambda: store.calls > 1)
    stop.set()
    await asyncio.wait_for(running, 10)
    assert store.kept == {}


async def test_an_unknown_source_is_named(tmp_path: Path, store: KeptEvents) -> None:
    section = CollectSection(source="linux.nothing", files=("x",))
    with pytest.raises(CatalogueError, match=r"linux\.nothing"):
        await run_collectors([section], store, tmp_path, asyncio.Event())


KILLED = """
    import asyncio, json, sys
    from pathlib import Path
    from integrations.ports import WriteResult
    from workers.collect import run_collectors
    from workers.site_file import CollectSection

    folder = Path(sys.argv[1])

    class Disk:
        '''Appends (id, line) of each event to a file: what stands there is acknowledged.'''
        def __init__(self):
            self.file = (folder / "stored").open("a", buffering=1)
        async def write(self, documents):
            for document in documents:
                print(json.dumps([document["event"]["id"], document["process"]["pid"]]), file=self.file)
            await asyncio.sleep(0.002)
            return WriteResult(created=len(documents), duplicates=0)

    section = CollectSection(source="linux.auth", files=("auth.log*",))
    running = run_collectors(
        [section], Disk(), folder / "state", asyncio.Event(), root=folder, enrichers=[]
    )
    asyncio.run(running)
"""


def stored(folder: Path) -> dict[str, int]:
    path = folder / "stored"
    lines = path.read_text().splitlines() if path.exists() else []
    found = {}
    for text in lines:
        try:
            name, number = json.loads(text)
        except ValueError:
            continue  # cut off by the kill
        found[name] = number
    return found


def test_killed_at_any_moment_it_loses_nothing_and_repeats_no_id(tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    written = 0
    for round in range(5):
        process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path)])
        before = len(stored(tmp_path))
        try:
            for _ in range(5):
                append(log, *range(written, written + 400))
                written += 400
                time.sleep(0.01)
            if round == 3:
                log.rename(tmp_path / "auth.log.1")
            deadline = time.monotonic() + 30
            while len(stored(tmp_path)) <= before and time.monotonic() < deadline:
                time.sleep(0.005 * round)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path)])
    try:
        deadline = time.monotonic() + 60
        while len(stored(tmp_path)) < written and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        process.terminate()
        process.wait()
    assert sorted(stored(tmp_path).values()) == list(range(written))


async def test_a_file_at_once(tmp_path: Path, store: KeptEvents) -> None:
    log = tmp_path / "auth.log"
    append(log, *range(4500))
    with log.open("a", encoding="utf-8") as file:
        file.write("no syslog\n" + line(9999))
    origin = Origin(received=datetime(2026, 4, 20, tzinfo=UTC))
    report = await ingest_file(source("linux.auth"), log, store, origin)
    assert (report.records, report.created, report.unparsed) == (4502, 4502, 1)
    again = await ingest_file(source("linux.auth"), log.rename(tmp_path / "moved"), store, origin)
    assert (again.created, again.duplicates) == (0, 4502)


def test_a_files_records_are_dated_by_its_last_change(tmp_path: Path) -> None:
    path = tmp_path / "auth.log"
    append(path, 1)
    moment = datetime(2017, 4, 21, tzinfo=UTC)
    os.utime(path, (moment.timestamp(), moment.timestamp()))
    assert file_origin(path, timezone="Europe/Berlin").received == moment
