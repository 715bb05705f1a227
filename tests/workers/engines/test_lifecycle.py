"""The engines over their lives: killed, left behind, in the way of each other, out of room."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from temporalio.client import Client

from workers.engines import (
    DiskFullError,
    Engines,
    EnginesNotRunningError,
    EngineStartError,
    FolderLockedError,
    PortInUseError,
    Progress,
    Stage,
    find_engines,
)
from workers.engines.children import ProcessRef, is_listener
from workers.engines.folder import MB, DataFolder, EngineRecord, OwnerRecord, Runtime
from workers.engines.opensearch import OpenSearchEngine
from workers.engines.progress import say_nothing
from workers.engines.temporal import TemporalEngine
from workers.settings import settings_in_code
from workers.site_file import GuardSection, SiteFile

pytestmark = pytest.mark.engine
ELSEWHERE = "127.0.0.1:1"
SITE = SiteFile(guard=GuardSection(hosts=("dc-1",)))


@asynccontextmanager
async def kept(engines: Engines, told: list[str]) -> AsyncIterator[None]:
    keeping = asyncio.create_task(engines.keep_running(told.append))
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while True:
            if condition():
                return
            await asyncio.sleep(0.05)


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


async def test_a_killed_opensearch_comes_back_on_its_port_with_its_data(tmp_path: Path) -> None:
    said: list[Progress] = []
    told: list[str] = []
    settings = settings_in_code(SITE, tmp_path, {"temporal_address": ELSEWHERE})
    engines = Engines(settings.data, said.append, temporal_address=ELSEWHERE, heap_mb=512)
    async with engines, kept(engines, told), httpx.AsyncClient(trust_env=False, timeout=30) as client:
        url = engines.addresses.opensearch_url
        assert [progress.stage for progress in said][-1] is Stage.READY
        assert find_engines(settings).opensearch_url == url
        with pytest.raises(FolderLockedError):
            await Engines(settings.data, temporal_address=ELSEWHERE).start()
        made = await client.put(f"{url}/kept", json={"settings": {"number_of_replicas": 0}})
        assert made.status_code == 200, made.text
        stored = await client.put(f"{url}/kept/_doc/1", json={"value": 7})
        assert stored.status_code == 201, stored.text
        first = engines.folder.read_runtime().opensearch
        assert first is not None
        os.kill(first.pid, signal.SIGKILL)
        await until(lambda: len(told) == 1)
        assert find_engines(settings).opensearch_url == url, "it comes back there"
        await until(lambda: told[-1:] == ["opensearch answers again"])
        assert told[0] == f"opensearch ended ({-signal.SIGKILL}); starting it again"
        second = engines.folder.read_runtime().opensearch
        assert second is not None
        assert (second.url, second.pid != first.pid) == (url, True)
        found = await client.get(f"{url}/kept/_doc/1")
        assert found.json()["_source"] == {"value": 7}
        assert [health.ok for health in await engines.health()] == [True]
    assert second.process.find() is None
    with pytest.raises(EnginesNotRunningError, match="siem up"):
        find_engines(settings)


async def test_a_killed_temporal_comes_back_on_its_ports_with_its_state(tmp_path: Path) -> None:
    told: list[str] = []
    engines = Engines(tmp_path, opensearch_url=f"http://{ELSEWHERE}")
    async with engines, kept(engines, told):
        addresses = engines.addresses
        client = await Client.connect(addresses.temporal_address)
        await client.start_workflow("Waiting", id="kept-1", task_queue="nobody")
        first = engines.folder.read_runtime().temporal
        assert first is not None
        os.kill(first.pid, signal.SIGKILL)
        await until(lambda: told[-1:] == ["temporal answers again"])
        assert engines.addresses == addresses
        client = await Client.connect(addresses.temporal_address)
        assert (await client.get_workflow_handle("kept-1").describe()).workflow_type == "Waiting"
    async with Engines(tmp_path, opensearch_url=f"http://{ELSEWHERE}") as again:
        assert again.addresses == addresses, "the same ports the next time"


async def test_engines_die_with_an_owner_that_is_killed_and_stop_with_one_that_is_told(
    tmp_path: Path,
) -> None:
    program = f"""
import asyncio, pathlib
from workers.engines import Engines
from workers.supervisor import stop_signals
async def main():
    with stop_signals() as stop:
        async with Engines(pathlib.Path({str(tmp_path)!r}), opensearch_url="http://{ELSEWHERE}"):
            print("ready", flush=True)
            await stop.wait()
asyncio.run(main())
"""
    for number, leaves in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 0)):
        owner = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
        )
        assert owner.stdout is not None
        assert await owner.stdout.readline() == b"ready\n"
        record = DataFolder(tmp_path).read_runtime().temporal
        assert record is not None
        assert record.process.find() is not None
        owner.send_signal(number)
        assert await owner.wait() == leaves
        await until(lambda record=record: record.process.find() is None)


@pytest.fixture
def left_behind(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Temporal of an earlier run whose owner is gone."""
    temporal = Path(sys.executable).parent / "temporal"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        [temporal, "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(port),
         "--db-filename", tmp_path / "temporal.db", "--log-level", "never"],
        stdout=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        yield process
        process.kill()


def note(folder: Path, process: ProcessRef, port: int) -> None:
    record = EngineRecord(
        url=f"127.0.0.1:{port}", port=port, ui_port=port + 1, pid=process.pid, created=process.created, log=""
    )
    owner = OwnerRecord(pid=process.pid, created=process.created - 100)
    DataFolder(folder).write_runtime(Runtime(owner=owner, temporal=record))


async def test_what_an_earlier_run_left_is_ended(
    tmp_path: Path, left_behind: subprocess.Popen[bytes]
) -> None:
    note(tmp_path, ProcessRef.of(left_behind.pid), 7299)
    said: list[Progress] = []
    async with Engines(tmp_path, said.append, opensearch_url=f"http://{ELSEWHERE}"):
        assert left_behind.wait() in (0, -signal.SIGTERM)
        assert f"pid {left_behind.pid} that an earlier run left" in said[0].text


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


async def test_a_process_that_only_has_the_old_number_is_let_be(
    tmp_path: Path, stranger: subprocess.Popen[bytes]
) -> None:
    """Process ids are given again: neither another start time nor another folder is ours."""
    ref = ProcessRef.of(stranger.pid)
    for mistaken in (ProcessRef(ref.pid, ref.created - 100), ref):
        note(tmp_path, mistaken, 7299)
        async with Engines(tmp_path, opensearch_url=f"http://{ELSEWHERE}"):
            assert stranger.poll() is None


async def test_a_port_taken_since_is_left_for_another(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        note(tmp_path, ProcessRef(1, 0.0), taken)
        async with Engines(tmp_path, opensearch_url=f"http://{ELSEWHERE}") as engines:
            assert engines.temporal is not None
            assert engines.temporal.port != taken


async def test_two_temporals_started_at_once_are_never_taken_for_each_other(tmp_path: Path) -> None:
    """Both find the same port free; the one that comes second must not mistake the first for itself."""
    one, other = (Engines(tmp_path / name, opensearch_url=f"http://{ELSEWHERE}") for name in ("one", "other"))
    await asyncio.gather(one.start(), other.start())
    try:
        assert one.addresses.temporal_address != other.addresses.temporal_address
        for engines in (one, other):
            assert engines.temporal is not None
            assert engines.temporal.child is not None
            assert is_listener(engines.temporal.child.pid, engines.temporal.port)
    finally:
        await asyncio.gather(one.stop(), other.stop())


async def test_a_port_that_must_be_the_same_names_who_has_it(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        name = rf"port {taken} is in use by .* \(pid {os.getpid()}\)"
        with pytest.raises(PortInUseError, match=name):
            await TemporalEngine(folder, say_nothing).start(taken, taken, exactly=True)
        with pytest.raises(PortInUseError, match=name):
            await OpenSearchEngine(folder, say_nothing).start(taken, exactly=True)


async def test_java_that_cannot_start_shows_its_words_and_leaves_nothing(tmp_path: Path) -> None:
    before = children()
    with pytest.raises(
        EngineStartError, match=r"exit code 1\n(.|\n)*memory(.|\n)*last lines:(.|\n)*heap"
    ) as caught:
        await Engines(tmp_path, heap_mb=100_000_000).start()
    assert str(tmp_path / "logs" / "opensearch.log") in caught.value.remedy
    assert children() <= before, "the other engine must not stay"
    DataFolder(tmp_path).take(need_bytes=0)


async def test_a_damaged_start_cache_does_not_matter_and_one_in_the_making_is_given_up(
    tmp_path: Path,
) -> None:
    told: list[str] = []
    engines = Engines(tmp_path, temporal_address=ELSEWHERE, heap_mb=512, cache_folder=tmp_path / "caches")
    engine = engines.opensearch
    assert engine is not None
    before = children()
    damaged = engine.start_cache
    damaged.parent.mkdir()
    damaged.write_bytes(b"this is no cache" * 1000)
    async with engines:
        assert [health.ok for health in await engines.health()] == [True]
        damaged.unlink()
        engines.prepare_faster_starts(told.append)
        await until(lambda: len(children() - before) == 2)
    assert children() <= before
    assert os.listdir(damaged.parent) == []
    assert not [name for name in os.listdir(tmp_path) if name.startswith("training")]
    assert told == []


async def test_a_damaged_temporal_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "temporal.db").write_bytes(b"this is no database" * 1000)
    with pytest.raises(EngineStartError, match=r"temporal.db is damaged"):
        await Engines(tmp_path, opensearch_url=f"http://{ELSEWHERE}").start()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 300 MB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m", "siem-test", folder], check=False)
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


async def test_a_disk_that_fills_up_is_told_and_writes_go_on_when_it_is_freed(disk: Path) -> None:
    """The flood stage of OpenSearch itself, on a real full disk."""
    filler = disk / "filler"
    options = {"temporal_address": ELSEWHERE, "heap_mb": 512, "flood_bytes": 80 * MB}
    async with (
        Engines(disk / "data", say_nothing, **options) as engines,  # type: ignore[arg-type]
        httpx.AsyncClient(base_url=engines.addresses.opensearch_url, trust_env=False, timeout=30) as client,
    ):
        settings = {"settings": {"number_of_replicas": 0}}
        assert (await client.put("/full", json=settings)).status_code == 200
        free = shutil.disk_usage(disk).free
        filler.write_bytes(b"\0" * (free - 40 * MB))
        health = (await engines.health())[0]
        assert not health.ok
        assert "OpenSearch refuses writes below 80 MB" in health.text

        async def answers(status: int) -> None:
            async with asyncio.timeout(120):
                while True:
                    if (await client.post("/full/_doc", json={"a": 1})).status_code == status:
                        return
                    await asyncio.sleep(0.5)

        await answers(429)
        filler.unlink()
        await answers(201)
        assert (await engines.health())[0].ok
    filler.write_bytes(b"\0" * (shutil.disk_usage(disk).free - 40 * MB))
    with pytest.raises(DiskFullError, match=r"only \d+ MB are free"):
        await Engines(disk / "data", say_nothing, **options).start()  # type: ignore[arg-type]
