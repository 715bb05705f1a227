"""Defender for Endpoint's actions against a server whose machines obey when they next ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.microsoft import ACTIONS
from integrations.microsoft.isolate_host import IsolateHost
from integrations.ports import Site
from tests.integrations.microsoft_server import MicrosoftServer, machine
from tests.integrations.vendor_server import call, prove_containment, prove_faults, prove_hostile, site_of

BY_NAME: dict[str, Any] = {action.spec.name: action for action in ACTIONS}
ISOLATE = BY_NAME["microsoft.isolate_host"]
HASH = "ab" * 32


@pytest_asyncio.fixture
async def cloud() -> AsyncIterator[MicrosoftServer]:
    async with MicrosoftServer() as server:
        yield server


@pytest.fixture
def site(cloud: MicrosoftServer, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(IsolateHost, "pause", 0.01)
    monkeypatch.setattr(IsolateHost, "patience", 0.15)
    return site_of(tenant=cloud.connection)


@pytest.mark.parametrize("steps", [0, 2])
@pytest.mark.parametrize("host", ["web-1.example.com", "web-1"])
async def test_a_machine_is_isolated_and_released(
    cloud: MicrosoftServer, site: Site, steps: int, host: str
) -> None:
    cloud.steps = steps
    await prove_containment(ISOLATE, site, call(host=host))
    assert [(act["type"], act["status"]) for act in cloud.acts] == [
        ("Isolate", "Succeeded"),
        ("Unisolate", "Succeeded"),
    ]
    assert cloud.acts[0]["requestorComment"] == "siem blk-0001: test"


async def test_an_isolation_that_waits_is_no_success_and_is_cancelled(
    cloud: MicrosoftServer, site: Site
) -> None:
    cloud.offline = True
    what = call(host="web-1")
    for _ in range(2):
        with pytest.raises(ActionUnavailableError, match="Isolate is Pending: it has not happened yet"):
            await ISOLATE.run(what, site)
    assert not (await ISOLATE.verify(what, site)).in_force
    assert len(cloud.acts) == 1
    await ISOLATE.undo(what, site)
    assert [act["status"] for act in cloud.acts] == ["Cancelled"]
    assert not (await ISOLATE.verify(what, site)).in_force


async def test_a_name_that_several_machines_have_is_refused(cloud: MicrosoftServer, site: Site) -> None:
    with pytest.raises(ActionRefusedError, match=r"2 machines db-1 \(db-1.example.com, db-1.example.org\)"):
        await ISOLATE.run(call(host="db-1"), site)
    cloud.machines.append({**machine("m-9", "web-1.example.com"), "healthStatus": "Inactive"})
    await ISOLATE.run(call(host="web-1"), site)
    assert cloud.acts[0]["machineId"] == "m-1"


async def test_a_hash_is_blocked_until_its_end_and_let_go(cloud: MicrosoftServer, site: Site) -> None:
    block = BY_NAME["microsoft.block_hash"]
    until = datetime(2026, 9, 1, 12, tzinfo=UTC)
    await prove_containment(block, site, call(hash=HASH, until=until))
    assert cloud.indicators == {}
    await block.run(call(hash=HASH, until=until), site)
    await block.run(call(hash=HASH, until=until + timedelta(days=1)), site)
    (row,) = cloud.indicators.values()
    assert (row["indicatorType"], row["action"], row["expirationTime"]) == (
        "FileSha256", "BlockAndRemediate", "2026-09-02T12:00:00Z",
    )  # fmt: skip
    row["description"] = "taken over by the blue team"
    await block.undo(call(hash=HASH), site)
    assert len(cloud.indicators) == 1
    assert not (await block.verify(call(hash=HASH), site)).in_force


async def test_an_indicator_that_was_there_is_put_back(cloud: MicrosoftServer, site: Site) -> None:
    block = BY_NAME["microsoft.block_hash"]
    allowed = {
        "id": "1", "indicatorValue": HASH, "indicatorType": "FileSha256", "action": "Allowed", "title": "Ours",
        "description": "own tool", "severity": "Informational", "generateAlert": False,
    }  # fmt: skip
    cloud.indicators["1"] = dict(allowed)
    await prove_containment(block, site, call(hash=HASH))
    (row,) = cloud.indicators.values()
    assert {key: row[key] for key in allowed} == allowed


async def test_a_scan_is_started_once(cloud: MicrosoftServer, site: Site) -> None:
    scan = BY_NAME["microsoft.run_av_scan"]
    first = await scan.run(call(host="web-1", scan="Full"), site)
    assert await scan.run(call(host="web-1", scan="Full"), site) == {**first, "status": "Succeeded"}
    assert len(cloud.acts) == 1


async def test_a_machine_is_looked_up(cloud: MicrosoftServer, site: Site) -> None:
    await ISOLATE.run(call(host="web-1"), site)
    found = await BY_NAME["microsoft.lookup_machine"].run(call(host="web-1"), site)
    assert found == {
        "name": "web-1.example.com", "health": "Active", "os": "Windows11", "last_seen": "2026-08-01T10:00:00Z",
        "risk": "High", "exposure": "Low", "isolation": "Isolate: Succeeded",
    }  # fmt: skip
    assert cloud.changes == 1


@pytest.mark.parametrize("name", sorted(BY_NAME))
async def test_faults_and_hostile_values(cloud: MicrosoftServer, site: Site, name: str) -> None:
    parameter = "hash" if name.endswith("hash") else "host"
    await prove_hostile(BY_NAME[name], site, cloud, parameter)
    value = {"hash": HASH} if parameter == "hash" else {"host": "web-1"}
    await prove_faults(BY_NAME[name], site, call(**value), cloud)
    assert cloud.changes == 0


async def test_who_decides_and_the_guard_are_told_what_the_machine_is(site: Site) -> None:
    what = call(host="web-1.example.com")
    assert (await ISOLATE.blast_radius(what, site)).details == ("In Defender: client, Windows11",)
    assert set(await ISOLATE.aliases_of(what, site)) == {"web-1.example.com", "192.0.2.4", "2001:db8::4"}
