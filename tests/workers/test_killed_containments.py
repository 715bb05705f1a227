"""Workers killed while they block and lift on real hosts, with wrong clocks: never a block forgotten, never
one twice, always told. A few moments run always, 204 with ``--kills=all``; ``-s`` prints what was met."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from bot.demo.network import Host, Network
from integrations.linux.response.block_ip import BlockIp
from playbooks.actions import RenderedAction
from playbooks.policy import ApproversPolicy, GuardPolicy
from tests.workers.mortal_worker import FileState
from tests.workers.test_containment_workflow import NoteTaker
from workers.containment_workflow import ContainmentWorkflow
from workers.contract import ContainmentRequest, ContainmentStart, ContainmentState, ReleaseContainment

pytestmark = pytest.mark.engine
ROOT = Path(__file__).resolve().parents[2]
SPEC = BlockIp.spec
AT_ONCE = 6
"""Containments that one kill meets, each at another moment."""
CLOCKS = (0, 86_400, -86_400)
"""By how many seconds the workers' clocks are wrong, one after the other."""


@dataclass
class Rig:
    client: Client
    address: str
    folder: Path
    hosts: Network
    incident: WorkflowHandle[Any, Any]
    queue: str
    worker: subprocess.Popen[str] | None = None
    started: int = 0
    met: Counter[str] = field(default_factory=Counter)

    async def start_worker(self) -> None:
        assert await asyncio.to_thread(self._start) == "ready\n"

    def _start(self) -> str:
        clock = CLOCKS[self.started % len(CLOCKS)]
        (self.folder / "clock").write_text(str(clock))
        self.started += 1
        where = [self.address, self.client.namespace, self.queue, str(self.folder)]
        self.worker = subprocess.Popen(
            [sys.executable, "-m", "tests.workers.mortal_worker", *where],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.worker.stdout is not None
        return self.worker.stdout.readline()

    def kill_worker(self) -> None:
        if self.worker is not None:
            self.worker.kill()
            self.worker.wait()
            assert self.worker.stdout is not None
            self.worker.stdout.close()
            self.met["kills"] += 1
        self.worker = None

    async def ask(self, ip: str) -> ContainmentState:
        key = f"{self.incident.id}/{ip}"
        request = ContainmentRequest(
            key=key, incident=self.incident.id, playbook="contain",
            action=RenderedAction(
                step="block", action=SPEC.name, params={"ip": ip, "need": "all"}, target=ip, seconds=3600
            ),
            digest="d", guard=GuardPolicy(hosts=("dc-1",), max_per_hour=10_000),
            approvers=ApproversPolicy(groups={"responders": ("U0ALICE",)}),
        )  # fmt: skip
        while True:
            start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
                ContainmentWorkflow.run,
                ContainmentStart(id=ident(ip), spec=SPEC, action=SPEC.name, target=ip),
                id=f"contain/{ip}",
                task_queue=self.queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            )
            try:
                return await self.client.execute_update_with_start_workflow(
                    ContainmentWorkflow.request, request, id=key, start_workflow_operation=start
                )
            except RPCError:  # nobody was there to take it: the same again
                await asyncio.sleep(0.2)

    async def release(self, ip: str) -> ContainmentState:
        while True:
            try:
                return await self.client.get_workflow_handle(f"contain/{ip}").execute_update(
                    ContainmentWorkflow.release, ReleaseContainment(by="U0ALICE"), id=f"release-{ip}"
                )
            except RPCError:
                await asyncio.sleep(0.2)

    async def notes(self) -> Counter[tuple[str, str]]:
        """Return how often each containment was told to have come to what."""
        known = {note.key: note for note in await self.incident.query(NoteTaker.notes)}
        return Counter((note.kind, str(note.data["target"])) for note in known.values())


def ident(ip: str) -> str:
    return f"blk-{ip.replace('.', '-')}"


def in_force(host: Host) -> list[tuple[str, str]]:
    """Return (address, mark) of all that a host's kernel drops for us."""
    listed = json.loads(host.run("nft", "-j", "list", "ruleset"))["nftables"]
    sets = [one["set"] for one in listed if one.get("set", {}).get("table") == "siem"]
    elements = [element["elem"] for one in sets for element in one.get("elem", ())]
    assert all(3000 < one["timeout"] <= 3640 for one in elements), "a wrong clock moved an end"
    return sorted((str(one["val"]), str(one["comment"])) for one in elements)


async def some_kernel_has(hosts: Network, ips: Sequence[str], count: int, *, there: bool) -> None:
    """Wait until a kernel drops so many of the addresses, or so few any more."""
    web = hosts.hosts["web-1"]
    while True:
        found = await asyncio.to_thread(in_force, web)
        left = sum(ip in dict(found) for ip in ips)
        if (left >= count) if there else (left <= len(ips) - count):
            return


@pytest.fixture
async def rig(temporal: Client, temporal_address: str, tmp_path: Path, hosts: Network) -> Any:
    (tmp_path / "connection.json").write_text(json.dumps(hosts.resolved()))
    queue = uuid.uuid4().hex
    incident = await temporal.start_workflow(NoteTaker.run, id=f"inc-{queue[:8]}", task_queue=queue)
    made = Rig(temporal, temporal_address, tmp_path, hosts, incident, queue)
    try:
        yield made
    finally:
        made.kill_worker()
        await incident.terminate()


async def test_no_moment_to_die_forgets_or_doubles_a_block(
    rig: Rig, hosts: Network, request: pytest.FixtureRequest
) -> None:
    rounds = (
        17 if request.config.getoption("--kills") == "all" else 1
    )  # 17 * 6 blocked and lifted: 204 moments
    dice = random.Random(7)
    before = {name: host.rules() for name, host in hosts.servers.items()}
    await rig.start_worker()
    for number in range(rounds):
        ips = [f"198.51.100.{number * AT_ONCE + one + 10}" for one in range(AT_ONCE)]
        await _through_a_kill(rig, dice, ips, blocking=True)
        states = {name: in_force(host) for name, host in hosts.servers.items()}
        expected = sorted((ip, f"siem:{ident(ip)}") for ip in ips)
        assert states == dict.fromkeys(states, expected), "each block once, on every host"
        await _through_a_kill(rig, dice, ips, blocking=False)
        assert {name: host.rules() for name, host in hosts.servers.items()} == before
        notes = await rig.notes()
        for ip in ips:
            assert [notes[kind, ip] for kind in ("containment.verified", "containment.released")] == [1, 1], (
                notes
            )
        assert not await FileState(rig.folder / "state").keys("undo/"), "a memory was left"
        assert not await FileState(rig.folder / "state").keys("containment/")
    print(f"\n{rounds * AT_ONCE * 2} moments: {dict(rig.met)}")
    assert rig.met["between change and record"] >= rounds


async def _through_a_kill(rig: Rig, dice: random.Random, ips: Sequence[str], *, blocking: bool) -> None:
    """Ask for all; kill the worker a random moment after a kernel obeyed some of it; start another."""
    ask = rig.ask if blocking else rig.release

    async def one(ip: str) -> ContainmentState:
        await asyncio.sleep(dice.random())
        return await ask(ip)

    asking = [asyncio.create_task(one(ip)) for ip in ips]
    async with asyncio.timeout(60):
        await some_kernel_has(rig.hosts, ips, dice.randint(1, len(ips)), there=blocking)
    await asyncio.sleep(dice.random() * 0.05)
    rig.kill_worker()
    changed = [ip for ip in ips if (ip in dict(in_force(rig.hosts.hosts["web-1"]))) is blocking]
    recorded = [task.done() for task in asking]
    rig.met["before any change"] += len(ips) - len(changed)
    rig.met["between change and record"] += sum(
        not done for ip, done in zip(ips, recorded, strict=True) if ip in changed
    )
    rig.met["after the record"] += sum(recorded)
    await rig.start_worker()
    async with asyncio.timeout(120):
        found = await asyncio.gather(*asking)
    wanted = "active" if blocking else "released"
    assert {state.status for state in found} == {wanted}, found


@pytest.mark.asked_for("--kills")
async def test_an_undo_that_can_not_be_done_is_told_and_done_later(rig: Rig, hosts: Network) -> None:
    """It takes a minute: --kills=all."""
    before = {name: host.rules() for name, host in hosts.servers.items()}
    ip, db = "198.51.100.200", hosts.hosts["db-1"]
    await rig.start_worker()
    assert (await rig.ask(ip)).status == "active"
    rig.kill_worker()  # and with it the conversation that is open
    rule = "type filter hook input priority -50; tcp dport 22 reject with tcp reset;"
    db.run("nft", "-f", "-", given=f"table inet cut {{ chain input {{ {rule} }}; }}")
    try:
        await rig.start_worker()
        state = await rig.release(ip)
        assert state.status == "stuck"
        assert "db-1" in state.detail
        assert (await rig.notes())["containment.stuck", ip] == 1
    finally:
        db.run("nft", "delete", "table", "inet", "cut")
    handle = rig.client.get_workflow_handle_for(ContainmentWorkflow.run, f"contain/{ip}")
    async with asyncio.timeout(90):
        assert (await handle.result(rpc_timeout=timedelta(seconds=80))).status == "released"
    assert {name: host.rules() for name, host in hosts.servers.items()} == before
