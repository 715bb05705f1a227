"""A worker that contains on real hosts, to be killed at any moment; its state is in files, which outlive it.

Run with Temporal's address, the namespace, the queue and a folder: ``connection.json`` in it is the
connection to the hosts, ``clock`` by how many seconds this worker's clock is wrong. It says ``ready``.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from temporalio.worker import Worker

from integrations.linux import ACTIONS
from integrations.ports import Site, StoreConflictError
from playbooks.policy import ApproversPolicy, GuardPolicy
from tests.workers.fakes import MemoryEvidence, MemoryIncidents
from tests.workers.test_containment_workflow import NoteTaker
from workers.containment_workflow import ContainmentWorkflow
from workers.response import Response
from workers.temporal import connect, sandbox


class FileState:
    """The port `StateStore`, a file for each key."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self._folder.parent / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _path(self, key: str) -> Path:
        return self._folder / quote(key, safe="")

    def read(self, key: str) -> tuple[dict[str, Any], str] | None:
        try:
            found = json.loads(self._path(key).read_text())
        except FileNotFoundError:
            return None
        return found["value"], found["version"]

    async def get(self, key: str) -> tuple[dict[str, Any], str] | None:
        return self.read(key)

    async def put(self, key: str, value: Mapping[str, Any], version: str | None = None) -> str:
        with self._alone():
            known = self.read(key)
            if version is not None and version != (known[1] if known else ""):
                raise StoreConflictError(key)
            newer = str(int(known[1]) + 1 if known else 1)
            path = self._path(key)
            path.with_suffix(".new").write_text(json.dumps({"value": dict(value), "version": newer}))
            path.with_suffix(".new").rename(path)
        return newer

    async def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    async def keys(self, prefix: str) -> list[str]:
        names = [unquote(path.name) for path in self._folder.iterdir() if path.suffix != ".new"]
        return sorted(name for name in names if name.startswith(prefix))


class WrongClock:
    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(self._file.read_text()))


async def main(address: str, namespace: str, queue: str, place: str) -> None:
    folder, nothing = Path(place), None
    client = await connect(address, namespace=namespace)
    site = Site(
        events=nothing, alerts=nothing, incidents=MemoryIncidents(), evidence=MemoryEvidence(),  # type: ignore[arg-type]
        state=FileState(folder / "state"), clock=WrongClock(folder / "clock"), api_url="",
        connections={"servers": json.loads((folder / "connection.json").read_text())},
    )  # fmt: skip
    actions = {action.spec.name: action for action in ACTIONS}
    response = Response(
        client=client, site=site, actions=actions, playbooks=lambda: None,  # type: ignore[arg-type, return-value]
        approvers=ApproversPolicy(groups={}), guard=GuardPolicy(hosts=("dc-1",)),
    )  # fmt: skip
    async with Worker(
        client, task_queue=queue, workflows=[ContainmentWorkflow, NoteTaker], activities=response.activities,
        workflow_runner=sandbox(),
    ):  # fmt: skip
        print("ready", flush=True)
        await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
