"""What is in force and what should be: drift is repaired, orphans are lifted, everything goes at once."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

from integrations.blocklist.block_ip import BlockIp
from integrations.blocklist.entries import add_entry, read_entries
from integrations.catalogue import actions
from integrations.contract import (
    ActionCall,
    ActionRefusedError,
    ActionUnavailableError,
    Mark,
    MarksUnreadError,
)
from integrations.inventory import Asset, Inventory, Person
from integrations.ports import Site
from playbooks.actions import ActionKind, ActionSpec, Parameter, RenderedAction, ValueType, Verification
from playbooks.guard import check_guard
from playbooks.policy import ApproversPolicy, GuardPolicy
from rules.evidence import EvidenceRecord
from tests.workers.fakes import MemoryEvidence, MemoryIncidents, MemoryState, Wall, WallClock, terminate_all
from tests.workers.test_containment_workflow import NoteTaker
from workers import lifelines as lifelines_module
from workers.containment_workflow import ContainmentWorkflow
from workers.containments import Containments, where_of
from workers.contract import QUEUE, SYSTEM_ID, ContainmentRequest, ContainmentState, containment_workflow_id
from workers.desk import NotAllowedError
from workers.lifelines import Lifelines, gateways, gateways_v6, name_servers, own_addresses
from workers.live_desk import LiveDesk
from workers.reconciliation import Reconciliation
from workers.response import Response
from workers.settings import settings_in_code
from workers.site_file import GuardSection, SiteFile
from workers.system_workflow import SystemWorkflow
from workers.temporal import sandbox
from workers.weighing import Weighing
from workers.worker import start_system

APPROVERS = ApproversPolicy(groups={"responders": ("U0ALICE", "U0BOB")})
GUARD = GuardPolicy(networks=("198.51.100.0/24",))
CUT = ActionSpec(
    name="wall.cut_off",
    kind=ActionKind.CONTAINMENT,
    summary="Cut something off.",
    parameters=tuple(
        Parameter(name=kind.value, type=kind, description="What.", required=False)
        for kind in (ValueType.IP, ValueType.HOST, ValueType.USER)
    ),
    target="host",
)


class MarkingWall(Wall):
    """A wall that knows who put what on it."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: dict[str, str] = {}
        self.away = False
        self.half_away = False
        self.deaf = ""
        """The address whose undo never ends."""

    async def undo(self, call: ActionCall, site: Any) -> dict[str, Any]:
        if call.params["ip"] == self.deaf:
            await asyncio.sleep(60)
        return await super().undo(call, site)

    async def run(self, call: ActionCall, site: Any) -> dict[str, Any]:
        self.keys[call.params["ip"]] = call.key
        return await super().run(call, site)

    async def verify(self, call: ActionCall, site: Any) -> Verification:
        if self.away:
            raise ActionUnavailableError("the wall does not answer")
        return await super().verify(call, site)

    async def marks(self, _site: Any) -> list[Mark]:
        marks = [Mark(self.keys[ip], {"ip": ip}, f"{ip} on the wall") for ip in self.blocked]
        if self.half_away:
            raise MarksUnreadError("the wall's other half does not answer", marks)
        return marks


@dataclass
class Rig:
    client: Client
    site: Site
    wall: MarkingWall
    incident: str
    desk: LiveDesk

    async def block(self, ip: str) -> ContainmentState:
        request = ContainmentRequest(
            key=f"{self.incident}/contain/{ip}", incident=self.incident, playbook="contain",
            action=RenderedAction(step="block", action="wall.block_ip", params={"ip": ip}, target=ip, seconds=3600),
            digest="0", guard=GUARD, approvers=APPROVERS, approved_by=("U0ALICE",),
        )  # fmt: skip
        found: ContainmentState = await ActivityEnvironment().run(
            self.response.request, request, self.wall.spec
        )
        return found

    @property
    def response(self) -> Response:
        return Response(
            client=self.client, site=self.site, actions={"wall.block_ip": self.wall}, playbooks=lambda: None,  # type: ignore[arg-type, return-value]
            approvers=APPROVERS, guard=GUARD,
        )  # fmt: skip

    async def reconcile(self) -> list[str]:
        work = Reconciliation(self.client, self.site, {"wall.block_ip": self.wall})
        found: list[str] = await ActivityEnvironment().run(work.reconcile)
        return found


@pytest.fixture
async def rig(temporal: Client) -> AsyncIterator[Rig]:
    wall = MarkingWall()
    site = Site(
        events=None, alerts=None, incidents=MemoryIncidents(), evidence=MemoryEvidence(), state=MemoryState(),  # type: ignore[arg-type]
        clock=WallClock(), api_url="",
    )  # fmt: skip
    incident = f"inc-{uuid.uuid4().hex[:8]}"
    here = Rig(temporal, site, wall, incident, LiveDesk(temporal, site, approvers=APPROVERS))
    async with Worker(
        temporal, task_queue=QUEUE, workflows=[ContainmentWorkflow, NoteTaker], activities=here.response.activities,
        workflow_runner=sandbox(),
    ):  # fmt: skip
        for name in (incident, SYSTEM_ID):
            await temporal.start_workflow(NoteTaker.run, id=name, task_queue=QUEUE)
        yield here
    await terminate_all(temporal)


async def until(what: Any) -> None:
    async with asyncio.timeout(20):
        while not what():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_nothing_is_found_where_all_is_as_it_should_be(rig: Rig) -> None:
    assert (await rig.block("203.0.113.7")).status == "active"
    assert await rig.reconcile() == []


async def test_what_was_lifted_behind_our_back_is_applied_again_and_told(rig: Rig) -> None:
    await rig.block("203.0.113.7")
    rig.wall.blocked.clear()
    (found,) = await rig.reconcile()
    assert "is not in force" in found
    await until(lambda: "203.0.113.7" in rig.wall.blocked)

    async with asyncio.timeout(20):
        while True:
            notes = await rig.client.get_workflow_handle(rig.incident).query(NoteTaker.notes)
            drift = [note for note in notes if note.kind == "containment.drift"]
            if drift:
                break
            await asyncio.sleep(0.05)
    assert "it was applied again" in drift[0].text
    assert drift[0].tell == "high"
    state = await rig.desk.release((await rig.desk.blocks())[0].id, "U0BOB")
    assert state.status == "released"


async def test_what_nobody_knows_of_is_lifted(rig: Rig) -> None:
    await rig.block("203.0.113.7")
    rig.wall.blocked["203.0.113.99"] = None
    rig.wall.keys["203.0.113.99"] = "blk-forgotten"
    (found,) = await rig.reconcile()
    assert (
        found == "wall.block_ip: 203.0.113.99 on the wall was in force and nobody knew of it; it was lifted"
    )
    assert set(rig.wall.blocked) == {"203.0.113.7"}


async def test_what_is_only_just_applied_is_no_orphan(rig: Rig) -> None:
    state = await rig.block("203.0.113.7")
    await rig.site.state.delete(f"containment/{state.id}")  # as before it is listed
    assert await rig.reconcile() == []
    assert set(rig.wall.blocked) == {"203.0.113.7"}


async def test_what_can_be_read_is_lifted_and_the_rest_is_reported(rig: Rig) -> None:
    await rig.block("203.0.113.7")
    rig.wall.blocked["203.0.113.99"] = None
    rig.wall.keys["203.0.113.99"] = "blk-forgotten"
    rig.wall.half_away = True
    away, lifted = await rig.reconcile()
    assert "could not be read: the wall's other half does not answer" in away
    assert "203.0.113.99 on the wall was in force and nobody knew of it; it was lifted" in lifted
    assert set(rig.wall.blocked) == {"203.0.113.7"}


async def test_a_system_that_does_not_answer_is_reported_and_nothing_is_done(rig: Rig) -> None:
    await rig.block("203.0.113.7")
    rig.wall.away = True
    (found,) = await rig.reconcile()
    assert "could not be looked at: the wall does not answer" in found
    assert rig.wall.undone == 0


async def test_a_workflow_that_was_lost_is_reported(rig: Rig) -> None:
    await rig.block("203.0.113.7")
    await rig.client.get_workflow_handle(containment_workflow_id("wall.block_ip", "203.0.113.7")).terminate()
    rig.wall.blocked.clear()
    (found,) = await rig.reconcile()
    assert "its workflow has ended" in found


async def test_what_lost_its_workflow_is_lifted_at_its_end(rig: Rig) -> None:
    state = await rig.block("203.0.113.7")
    handle = rig.client.get_workflow_handle(containment_workflow_id("wall.block_ip", "203.0.113.7"))
    await handle.terminate()
    (found,) = await rig.reconcile()
    assert "its workflow has ended: it is lifted after" in found
    assert "the wall has it" in found
    assert set(rig.wall.blocked) == {"203.0.113.7"}, "not before its time"
    listed = Containments(rig.site.state, rig.site.clock)
    over = rig.site.clock.now() - timedelta(seconds=1)
    await listed.publish(state.model_copy(update={"until": over}))
    rig.wall.fail_undo = 1
    (found,) = await rig.reconcile()
    assert "it could not be lifted: the wall does not answer" in found
    (found,) = await rig.reconcile()
    assert "was lifted by the hourly look: its workflow had ended" in found
    assert rig.wall.blocked == {}
    assert await rig.reconcile() == []
    ended = await listed.get(state.id)
    assert ended is not None
    assert ended.status == "released"


async def test_what_is_stuck_and_lost_its_workflow_is_lifted(rig: Rig) -> None:
    state = await rig.block("203.0.113.7")
    await rig.client.get_workflow_handle(state.workflow).terminate()
    stuck = state.model_copy(update={"status": "stuck", "until": None})
    await Containments(rig.site.state, rig.site.clock).publish(stuck)
    (found,) = await rig.reconcile()
    assert "was lifted by the hourly look" in found
    assert rig.wall.blocked == {}


async def test_one_that_does_not_answer_holds_up_no_other(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.live_desk.PATIENCE", timedelta(seconds=2))
    for number in range(5):
        await rig.block(f"203.0.113.{number}")
    rig.wall.deaf = "203.0.113.4"
    await rig.desk.release_all("U0ALICE", "a bad day")
    done = await rig.desk.release_all("U0BOB", "agreed")
    assert len(done.released) == 4
    assert [block for block, _ in done.failed] == [one.id for one in await rig.desk.blocks()]
    assert set(rig.wall.blocked) == {"203.0.113.4"}
    ((_, why),) = done.failed
    assert "no answer within 2 s. It may come yet" in why


async def test_everything_is_lifted_once_two_approvers_ask(rig: Rig) -> None:
    await rig.block("203.0.113.7")
    await rig.block("203.0.113.8")
    with pytest.raises(NotAllowedError):
        await rig.desk.release_all("U0MALLORY")
    assert (await rig.desk.release_all("U0ALICE", "a bad day")).waiting
    assert (await rig.desk.release_all("U0ALICE", "a bad day")).waiting
    assert len(rig.wall.blocked) == 2
    done = await rig.desk.release_all("U0BOB", "agreed")
    assert (done.waiting, done.first_by, len(done.released), done.failed) == (False, "U0ALICE", 2, ())
    assert rig.wall.blocked == {}
    assert (await rig.desk.release_all("U0BOB")).waiting, "the next time it takes two again"


async def test_a_blocklist_names_what_is_on_it() -> None:
    state = MemoryState()
    site: Any = Site(
        events=None, alerts=None, incidents=None, evidence=None, state=state, clock=WallClock(), api_url="",  # type: ignore[arg-type]
    )  # fmt: skip
    entry = {"until": None, "incident": "inc-1", "key": "blk-1", "added": datetime.now(UTC).isoformat()}
    await add_entry(state, "edge", "203.0.113.7", entry)
    assert await BlockIp().marks(site) == [
        Mark("blk-1", {"ip": "203.0.113.7", "list": "edge"}, "203.0.113.7 on the blocklist edge")
    ]
    assert set(await read_entries(state, "edge")) == {"203.0.113.7"}


async def test_the_next_look_comes_also_where_nobody_can_be_told(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No bot posts here. What was found is on the chain."""
    monkeypatch.setattr("workers.system_workflow.HOUR", timedelta(seconds=1))
    looks: list[int] = []
    written: list[EvidenceRecord] = []

    @activity.defn(name="containment.reconcile")
    async def reconcile() -> list[str]:
        looks.append(1)
        return ["wall.block_ip of 203.0.113.7 is not in force"]

    @activity.defn(name="evidence.append")
    async def append(records: list[EvidenceRecord]) -> None:
        written.extend(records)

    async with Worker(
        temporal, task_queue=QUEUE, workflows=[SystemWorkflow], activities=[append, reconcile],
        workflow_runner=sandbox(),
    ):  # fmt: skip
        await start_system(temporal)
        await until(lambda: len(looks) == 2 and written)
    await temporal.get_workflow_handle(SYSTEM_ID).terminate()
    assert {record.kind for record in written} == {"containment.drift"}


async def test_a_worker_that_starts_does_not_wait_for_the_hour(temporal: Client) -> None:
    looks: list[int] = []

    @activity.defn(name="containment.reconcile")
    async def reconcile() -> list[str]:
        looks.append(1)
        return []

    async with Worker(
        temporal,
        task_queue=QUEUE,
        workflows=[SystemWorkflow],
        activities=[reconcile],
        workflow_runner=sandbox(),
    ):
        await start_system(temporal)
        await until(lambda: len(looks) == 1)
        await start_system(temporal)
        await until(lambda: len(looks) == 2)
    await temporal.get_workflow_handle(SYSTEM_ID).terminate()


# --- what only the installation knows ------------------------------------------------------------


async def test_lifelines_are_never_targets(tmp_path: Path) -> None:
    settings = settings_in_code(
        SiteFile(guard=GuardSection(hosts=("dc-1",)), connections={"idp": {"kind": "okta", "url": "https://idp.example.org"}, "db": {"kind": "postgresql", "host": "198.51.100.50"}}),  # type: ignore[dict-item]
        tmp_path, {"opensearch_url": "https://203.0.113.50:9200"},
    )  # fmt: skip
    weighing = Weighing(Lifelines(settings), Inventory)
    spec = Wall().spec
    own = [address for address, _ in own_addresses()]
    lifelines = [*own[:1], "203.0.113.50", "203.0.113.0/24", "198.51.100.50"]
    for ip in lifelines:
        assert (await weighing.weigh(spec, {"ip": ip})).own, ip
    for ip in ("64:ff9b::203.0.113.50", "2002:cb00:7132::1", "::ffff:198.51.100.50"):
        assert (await weighing.weigh(spec, {"ip": ip})).own, ip
    assert (await weighing.weigh(spec, {"ip": "192.0.2.77"})).own == ""


async def test_a_host_is_a_lifeline_under_any_name_that_leads_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {"os.example.org": ["203.0.113.50"], "store-1": ["203.0.113.50"], "web-1": ["203.0.113.51"]}

    async def resolve(host: str) -> list[str]:
        return places.get(host, [])

    monkeypatch.setattr(lifelines_module, "_resolve", resolve)
    settings = settings_in_code(
        SiteFile(guard=GuardSection(hosts=("dc-1",))),
        tmp_path,
        {"opensearch_url": "https://os.example.org:9200"},
    )
    weighing = Weighing(Lifelines(settings), Inventory)
    assert (await weighing.weigh(CUT, {"host": "OS.example.org."})).own
    assert "203.0.113.50" in (await weighing.weigh(CUT, {"host": "store-1"})).own
    assert (await weighing.weigh(CUT, {"host": "web-1"})).own == ""


async def test_the_machine_itself_is_known_by_its_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = lifelines_module._Names()
    monkeypatch.setattr(lifelines_module, "_names_of_hosts", names)
    monkeypatch.setattr(lifelines_module.socket, "gethostname", lambda: "siem-1")
    monkeypatch.setattr(lifelines_module.socket, "getfqdn", lambda: "siem-1.example.com")
    settings = settings_in_code(SiteFile(guard=GuardSection(hosts=("dc-1",))), tmp_path, {})
    lifelines = Lifelines(settings)
    for host in ("siem-1", "SIEM-1.example.com.", "siem-1.example.com"):
        assert "the machine that this system runs on" in await lifelines.why([(ValueType.HOST, host)]), host
    assert await lifelines.why([(ValueType.HOST, "siem-10")]) == ""


async def test_name_servers_that_are_away_hold_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is asked for once however often it is wanted, what was known before is used, and nothing else waits."""
    away, asked = threading.Event(), []

    def lookup(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        if len(asked) > 1:
            away.wait(20)
            raise OSError("no name server answers")
        return [(0, 0, 0, "", ("203.0.113.50", 0))]

    monkeypatch.setattr(lifelines_module.socket, "getaddrinfo", lookup)
    monkeypatch.setattr(lifelines_module, "RESOLVE_SECONDS", 0.1)
    monkeypatch.setattr(lifelines_module, "FRESH_SECONDS", 0.0)
    names = lifelines_module._Names()
    assert await names.find("os.example.org") == ["203.0.113.50"]
    for _ in range(8):
        found = await asyncio.gather(names.find("os.example.org"), asyncio.to_thread(lambda: "at once"))
        assert found == [["203.0.113.50"], "at once"]
        assert await names.find("other.example.org") == []
    assert sorted(asked) == ["os.example.org", "os.example.org", "other.example.org"]
    away.set()


async def test_accounts_that_this_system_comes_in_as_are_known(tmp_path: Path) -> None:
    connections = {
        "ldap": {"kind": "ldap", "url": "ldaps://192.0.2.9", "user": "CN=siem,OU=Services,DC=example,DC=com"},
        "hosts": {"kind": "ssh", "user": "deploy", "us": ["198.51.100.77"]},
    }
    settings = settings_in_code(
        SiteFile(guard=GuardSection(hosts=("dc-1",)), connections=connections),
        tmp_path,
        {},  # type: ignore[arg-type]
    )
    weighing = Weighing(Lifelines(settings), Inventory)
    for user in ("siem", "EXAMPLE\\SIEM", "siem@example.com", "deploy"):
        assert "comes in as" in (await weighing.weigh(CUT, {"user": user})).account, user
    assert (await weighing.weigh(CUT, {"user": "alice"})).account == ""
    assert "connection 'hosts': us" in (await weighing.weigh(CUT, {"ip": "198.51.100.77"})).own


def test_name_servers_and_gateways_are_read(tmp_path: Path) -> None:
    (tmp_path / "resolv.conf").write_text(
        "# x\nnameserver 192.0.2.53\nnameserver fe80::1%eth0\nsearch example.com\n"
    )
    assert [address for address, _ in name_servers(tmp_path / "resolv.conf")] == ["192.0.2.53", "fe80::1"]
    (tmp_path / "route").write_text(
        "Iface\tDestination\tGateway\neth0\t00000000\t010200C0\neth0\t000200C0\t00000000\n"
    )
    assert [address for address, _ in gateways(tmp_path / "route")] == ["192.0.2.1"]
    assert list(gateways(tmp_path / "none")) == []
    (tmp_path / "ipv6_route").write_text(
        f"{'0' * 32} 00 {'0' * 32} 00 fe800000000000000000000000000001 00000400 1 0 450003 eth0\n"
        f"20010db8{'0' * 24} 40 {'0' * 32} 00 {'0' * 32} 00000100 1 0 1 eth0\n"
    )
    assert [address for address, _ in gateways_v6(tmp_path / "ipv6_route")] == ["fe80::1"]


async def test_an_asset_s_criticality_is_known_by_name_and_by_address() -> None:
    inventory = Inventory(
        assets=(
            Asset(
                name="db-1", names=("db-1.example.com",), addresses=("192.0.2.0/28",), criticality="critical"
            ),
        ),
        people=(Person(id="alice", names=("EXAMPLE\\alice",), privileged=True),),
    )
    weighing = Weighing(None, lambda: inventory)
    spec = Wall().spec
    assert (await weighing.weigh(spec, {"ip": "192.0.2.3"})).criticality == "critical"
    assert (await weighing.weigh(spec, {"ip": "::ffff:192.0.2.3"})).criticality == "critical"
    assert (await weighing.weigh(spec, {"ip": "192.0.2.99"})).criticality is None
    for host in ("db-1", "DB-1.example.com.", "db-1.example.com", "192.0.2.3"):
        assert (await weighing.weigh(CUT, {"host": host})).criticality == "critical", host
    for user in ("alice", "example\\ALICE", "alice@example.com"):
        assert (await weighing.weigh(CUT, {"user": user})).criticality == "critical", user


async def test_what_the_inventory_calls_one_is_protected_under_each_of_its_names() -> None:
    inventory = Inventory(
        assets=(Asset(name="dc-1", names=("logon.example.com",), addresses=("192.0.2.5", "2001:db8::5")),),
        people=(Person(id="svc-backup", names=("S-1-5-21-1-2-3-1105",), emails=("backup@example.com",)),),
    )
    weighing = Weighing(None, lambda: inventory)
    guard = GuardPolicy(hosts=("dc-*",), users=("svc-*",))
    for params in (
        {"host": "logon"}, {"host": "logon.example.com"}, {"host": "192.0.2.5"}, {"ip": "192.0.2.5"},
        {"ip": "2001:db8::5"}, {"ip": "64:ff9b::192.0.2.5"}, {"user": "backup@example.com"},
        {"user": "S-1-5-21-1-2-3-1105"}, {"user": "EXAMPLE\\backup"},
    ):  # fmt: skip
        weighed = await weighing.weigh(CUT, params)
        found = check_guard(guard, CUT, params, seconds=60, applied_last_hour=0, weighed=weighed)
        assert found is not None, params
        assert found.rule in ("hosts", "users")
    weighed = await weighing.weigh(CUT, {"host": "web-1", "user": "alice", "ip": "192.0.2.6"})
    assert (weighed.aliases, weighed.users) == ((), ())


async def test_an_inventory_that_can_not_be_read_is_a_reason_and_no_wait() -> None:
    def broken() -> Inventory:
        raise OSError("assets.yaml: permission denied")

    weighed = await Weighing(None, broken).weigh(CUT, {"host": "web-1"})
    found = check_guard(GUARD, CUT, {"host": "web-1"}, seconds=60, applied_last_hour=0, weighed=weighed)
    assert found is not None
    assert "the inventory can't be read: assets.yaml: permission denied" in found.reason


# --- one target by several connections -------------------------------------------------------------


def by_connections(**connections: dict[str, Any]) -> Any:
    site: Any = Site(
        events=None, alerts=None, incidents=None, evidence=None, state=MemoryState(), clock=WallClock(), api_url="",  # type: ignore[arg-type]
        connections=connections,
    )  # fmt: skip
    return site


def test_the_same_target_at_two_firewalls_is_two_containments() -> None:
    firewall = next(one for one in actions() if one.spec.name == "panw.block_ip")
    one = {"kind": "panos", "url": "https://192.0.2.1"}

    def where(site: Any, **params: Any) -> str:
        return where_of(firewall, ActionCall(params={"ip": "203.0.113.7", **params}, key="k"), site)

    assert where(by_connections(fw=one)) == where(by_connections(fw=one), connection="fw") == ""
    two = by_connections(edge=one, inner=one)
    assert [where(two, connection=name) for name in ("edge", "inner")] == [" at edge", " at inner"]
    for site, params in ((two, {}), (by_connections(), {}), (two, {"connection": "other"})):
        with pytest.raises(ActionRefusedError):
            where(site, **params)


def test_a_host_has_the_connection_that_lists_it() -> None:
    site = by_connections(
        a={"kind": "ssh", "hosts": {"web-1": "192.0.2.10"}},
        b={"kind": "ssh", "hosts": {"db-1": "192.0.2.20"}},
    )
    known = {one.spec.name: one for one in actions()}

    def where(name: str, **params: Any) -> str:
        return where_of(known[name], ActionCall(params=params, key="k"), site)

    assert where("linux.isolate_host", host="web-1") == where(
        "linux.isolate_host", host="web-1", connection="a"
    )
    assert where("linux.isolate_host", host="db-1") == " at b"
    assert where("linux.block_ip", ip="203.0.113.7") == ""
    assert where("blocklist.block_ip", ip="203.0.113.7") == ""
    for name, params in (("linux.isolate_host", {"host": "pc-9"}), ("linux.block_ip", {"hosts": ["pc-9"]})):
        with pytest.raises(ActionRefusedError, match="lists the host"):
            where(name, ip="203.0.113.7", **params)


async def test_what_leads_nowhere_is_refused_before_anything_begins(rig: Rig) -> None:
    away = rig.wall.spec.model_copy(update={"connection": "panos"})
    rig.wall.__class__ = type("Away", (MarkingWall,), {"spec": property(lambda _: away)})
    with pytest.raises(ApplicationError, match="no connection of kind panos") as caught:
        await rig.block("203.0.113.7")
    assert caught.value.non_retryable
    assert await rig.desk.blocks() == []
