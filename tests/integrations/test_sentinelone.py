"""SentinelOne's actions against a server whose agents obey when they next ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.ports import Site
from integrations.sentinelone import ACTIONS, CONNECTIONS
from integrations.sentinelone.hosts import IsolateHost
from tests.integrations.sentinelone_server import SYSTEMS, SentinelServer
from tests.integrations.vendor_server import call, prove_containment, prove_faults, prove_hostile, site_of

BY_NAME: dict[str, Any] = {action.spec.name: action for action in ACTIONS}
ISOLATE, BLOCK = BY_NAME["sentinelone.isolate_host"], BY_NAME["sentinelone.block_hash"]
SHA256, SHA1 = "ab" * 32, "cd" * 20


@pytest_asyncio.fixture
async def console() -> AsyncIterator[SentinelServer]:
    async with SentinelServer() as server:
        yield server


@pytest.fixture
def site(console: SentinelServer, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(IsolateHost, "pause", 0.01)
    monkeypatch.setattr(IsolateHost, "patience", 0.1)
    return site_of(edr=console.connection)


@pytest.mark.parametrize("steps", [0, 2])
@pytest.mark.parametrize("host", ["pc-1", "PC-1.example.com"])
async def test_a_computer_is_cut_off_and_let_back(
    console: SentinelServer, site: Site, steps: int, host: str
) -> None:
    console.steps = steps
    await prove_containment(ISOLATE, site, call(host=host))
    assert console.orders == [("disconnect", "1"), ("connect", "1")]
    assert console.agents["1"]["networkStatus"] == "connected"


async def test_an_agent_that_is_away_is_no_success_and_its_order_is_taken_back(
    console: SentinelServer, site: Site
) -> None:
    console.offline = True
    what = call(host="pc-1")
    for _ in range(2):
        with pytest.raises(
            ActionUnavailableError, match="PC-1 is disconnecting in SentinelOne: it has not happened"
        ):
            await ISOLATE.run(what, site)
    assert not (await ISOLATE.verify(what, site)).in_force
    await ISOLATE.undo(what, site)
    assert console.orders == [("disconnect", "1"), ("connect", "1")]
    assert console.agents["1"]["networkStatus"] == "connected"


async def test_who_was_cut_off_before_stays_cut_off(console: SentinelServer, site: Site) -> None:
    console.agents["1"]["networkStatus"] = "disconnected"
    await ISOLATE.run(call(host="pc-1"), site)
    await ISOLATE.undo(call(host="pc-1"), site)
    assert (console.agents["1"]["networkStatus"], console.changes) == ("disconnected", 0)


async def test_a_computer_that_is_renamed_is_let_back_and_one_that_is_gone_is_forgotten(
    console: SentinelServer, site: Site
) -> None:
    what = call(host="pc-1")
    await ISOLATE.run(what, site)
    console.agents["1"]["computerName"] = "OTHER"
    console.agents["2"]["computerName"] = "PC-1"
    assert (await ISOLATE.verify(what, site)).in_force
    await ISOLATE.undo(what, site)
    assert console.orders == [("disconnect", "1"), ("connect", "1")]
    await ISOLATE.run(what, site)
    del console.agents["2"]
    assert "there is nothing to give back" in (await ISOLATE.undo(what, site))["state"]


async def test_nothing_is_cut_off_by_a_guess(console: SentinelServer, site: Site) -> None:
    with pytest.raises(ActionRefusedError, match=r"2 agents on pc-2 \(sites: Site 2, Site 3\)"):
        await ISOLATE.run(call(host="pc-2"), site)
    with pytest.raises(ActionRefusedError, match="no agent on pc-9"):
        await ISOLATE.run(call(host="pc-9"), site)
    await ISOLATE.run(call(host="pc-4"), site)
    assert console.orders == [("disconnect", "5")]


async def test_an_order_that_reaches_nobody_is_told(console: SentinelServer, site: Site) -> None:
    console.out_of_scope = True
    with pytest.raises(ActionRefusedError, match="role or scope does not reach it"):
        await ISOLATE.run(call(host="pc-1"), site)
    console.agents["1"]["networkStatus"] = "lost"
    with pytest.raises(ActionUnavailableError, match="does not document"):
        await ISOLATE.run(call(host="pc-1"), site)


@pytest.mark.parametrize("value", [SHA256, SHA1, SHA256.upper()])
async def test_a_hash_is_blocked_on_all_systems_and_let_go(
    console: SentinelServer, site: Site, value: str
) -> None:
    await BLOCK.run(call(hash=value), site)
    assert {one["osType"] for one in console.blocked.values()} == SYSTEMS
    await BLOCK.undo(call(hash=value), site)
    await prove_containment(BLOCK, site, call(hash=value))
    assert console.blocked == {}


async def test_what_was_blocked_before_stays_and_the_rest_goes(console: SentinelServer, site: Site) -> None:
    theirs = {
        "id": "7",
        "value": SHA1,
        "sha256Value": None,
        "osType": "linux",
        "description": "theirs",
        "site": "11",
    }
    console.blocked["7"] = dict(theirs)
    await prove_containment(BLOCK, site, call(hash=SHA1))
    assert console.blocked == {"7": theirs}


@pytest.mark.parametrize("added", [0, 1, 3, 6])
async def test_a_block_that_was_half_applied_is_finished_or_taken_back(
    console: SentinelServer, site: Site, added: int
) -> None:
    console.fail_after = added
    what = call(hash=SHA256)
    with pytest.raises(ActionUnavailableError, match="503"):
        await BLOCK.run(what, site)
    assert not (await BLOCK.verify(what, site)).in_force
    await BLOCK.undo(what, site)
    assert console.blocked == {}
    console.fail_after = added
    with pytest.raises(ActionUnavailableError, match="503"):
        await BLOCK.run(what, site)
    console.fail_after = None
    await BLOCK.run(what, site)
    assert ((await BLOCK.verify(what, site)).in_force, len(console.blocked)) == (True, 8)


async def test_a_block_above_the_site_counts_and_one_beside_it_does_not(
    console: SentinelServer, site: Site
) -> None:
    for number, system in enumerate(sorted(SYSTEMS)):
        row = {
            "id": str(number),
            "value": SHA1,
            "sha256Value": None,
            "osType": system,
            "description": "",
            "site": "12",
        }
        console.blocked[str(number)] = row
    await BLOCK.run(call(hash=SHA1), site)
    assert [one["site"] for one in console.blocked.values()].count("11") == 4
    await BLOCK.undo(call(hash=SHA1), site)
    for row in console.blocked.values():
        row["site"] = "above"
    await BLOCK.run(call(hash=SHA1), site)
    assert ((await BLOCK.verify(call(hash=SHA1), site)).in_force, len(console.blocked)) == (True, 4)


async def test_a_block_that_others_took_over_stays(console: SentinelServer, site: Site) -> None:
    await BLOCK.run(call(hash=SHA256), site)
    for one in console.blocked.values():
        one["description"] = "taken over"
    await BLOCK.undo(call(hash=SHA256), site)
    assert len(console.blocked) == 8


async def test_who_decides_is_told_what_the_computer_is(console: SentinelServer, site: Site) -> None:
    blast = await ISOLATE.blast_radius(call(host="pc-1"), site)
    assert blast.details == ("In SentinelOne: laptop, Windows 11, site Site 1, last used by alice",)
    blast = await ISOLATE.blast_radius(call(host="pc-4"), site)
    assert blast.summary.startswith("It is nobody's own computer, but: server. ")
    assert await ISOLATE.aliases_of(call(host="pc-1"), site) == [
        "PC-1",
        "PC-1.example.com",
        "192.0.2.31",
    ]
    blast = await ISOLATE.blast_radius(call(host="pc-9"), site)
    assert blast.details == ("SentinelOne does not say what it is: SentinelOne knows no agent on pc-9",)
    assert console.changes == 0


async def test_a_computer_is_looked_up(console: SentinelServer, site: Site) -> None:
    found = await BY_NAME["sentinelone.lookup_host"].run(call(host="pc-1"), site)
    assert found == {
        "name": "PC-1", "id": "1", "network": "connected", "active": True, "infected": False, "threats": 2,
        "os": "Windows 11", "last_seen": "2026-08-01T10:00:00Z", "last_user": "alice",
        "external_ip": "203.0.113.7", "agent": "24.1",
    }  # fmt: skip
    assert console.changes == 0


@pytest.mark.parametrize("name", sorted(BY_NAME))
async def test_faults_and_hostile_values(console: SentinelServer, site: Site, name: str) -> None:
    parameter = "hash" if name.endswith("hash") else "host"
    await prove_hostile(BY_NAME[name], site, console, parameter)
    value: dict[str, Any] = {"hash": SHA1} if parameter == "hash" else {"host": "pc-1"}
    await prove_faults(BY_NAME[name], site, call(**value), console)
    assert console.changes == 0


async def test_the_connection_says_what_it_sees_and_a_wrong_token_is_final(
    console: SentinelServer, site: Site
) -> None:
    test = CONNECTIONS[0].test
    assert test is not None
    assert (
        await test(site, "edr")
        == "SentinelOne answers; 5 agents can be seen; hashes are blocked for siteIds 11, siteIds 12"
    )
    with pytest.raises(ActionRefusedError, match="Authentication Failed") as caught:
        await test(site_of(x={**console.connection, "token": "another-token"}), "x")
    assert "another-token" not in str(caught.value)
    with pytest.raises(ActionRefusedError, match="site_ids are numbers"):
        await test(site_of(x={**console.connection, "site_ids": "11;drop"}), "x")
