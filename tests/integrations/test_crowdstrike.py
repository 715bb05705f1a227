"""CrowdStrike's actions against a server whose hosts obey when they next ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from integrations.contract import ActionError, ActionRefusedError, ActionUnavailableError
from integrations.crowdstrike import ACTIONS, CONNECTIONS
from integrations.crowdstrike.hosts import IsolateHost
from integrations.ports import Site
from tests.integrations.falcon_server import FalconServer
from tests.integrations.vendor_server import call, prove_containment, prove_faults, prove_hostile, site_of

BY_NAME: dict[str, Any] = {action.spec.name: action for action in ACTIONS}
ISOLATE, BLOCK = BY_NAME["crowdstrike.isolate_host"], BY_NAME["crowdstrike.block_hash"]
HASH = "ab" * 32


@pytest_asyncio.fixture
async def falcon() -> AsyncIterator[FalconServer]:
    async with FalconServer() as server:
        yield server


@pytest.fixture
def site(falcon: FalconServer, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(IsolateHost, "pause", 0.01)
    monkeypatch.setattr(IsolateHost, "patience", 0.1)
    return site_of(edr=falcon.connection)


@pytest.mark.parametrize("steps", [0, 2])
@pytest.mark.parametrize("host", ["web-1", "WEB-1.example.com"])
async def test_a_host_is_contained_and_released(
    falcon: FalconServer, site: Site, steps: int, host: str
) -> None:
    falcon.steps = steps
    await prove_containment(ISOLATE, site, call(host=host))
    assert falcon.orders == [("contain", "aid-1"), ("lift_containment", "aid-1")]
    assert falcon.hosts["aid-1"]["status"] == "normal"
    assert falcon.requests.count("POST /oauth2/token") <= 1


async def test_a_host_that_is_away_is_no_success_and_its_order_is_taken_back(
    falcon: FalconServer, site: Site
) -> None:
    falcon.offline = True
    what = call(host="web-1")
    for _ in range(2):
        with pytest.raises(
            ActionUnavailableError, match="WEB-1 is containment_pending in Falcon: it has not happened"
        ):
            await ISOLATE.run(what, site)
    assert not (await ISOLATE.verify(what, site)).in_force
    assert len(falcon.orders) == 1
    await ISOLATE.undo(what, site)
    assert (falcon.hosts["aid-1"]["status"], len(falcon.orders)) == ("normal", 2)


async def test_a_release_that_waits_is_not_forgotten(falcon: FalconServer, site: Site) -> None:
    what = call(host="web-1")
    await ISOLATE.run(what, site)
    falcon.offline = True
    for _ in range(2):
        with pytest.raises(ActionUnavailableError, match="lift_containment_pending"):
            await ISOLATE.undo(what, site)
    with pytest.raises(ActionRefusedError, match="somebody is just releasing it"):
        await ISOLATE.run(call(key="blk-0002", host="web-1"), site)
    falcon.offline = False
    await ISOLATE.undo(what, site)
    assert not (await ISOLATE.verify(what, site)).in_force


async def test_who_was_contained_before_stays_contained(falcon: FalconServer, site: Site) -> None:
    falcon.hosts["aid-1"]["status"] = "contained"
    await ISOLATE.run(call(host="web-1"), site)
    assert (await ISOLATE.verify(call(host="web-1"), site)).in_force
    await ISOLATE.undo(call(host="web-1"), site)
    assert (falcon.hosts["aid-1"]["status"], falcon.orders) == ("contained", [])


async def test_a_host_that_is_renamed_is_released_and_one_that_is_gone_is_forgotten(
    falcon: FalconServer, site: Site
) -> None:
    what = call(host="web-1")
    await ISOLATE.run(what, site)
    falcon.hosts["aid-1"]["hostname"] = "OTHER"
    falcon.hosts["aid-6"]["hostname"] = "WEB-1"
    assert (await ISOLATE.verify(what, site)).in_force
    await ISOLATE.undo(what, site)
    assert falcon.orders == [("contain", "aid-1"), ("lift_containment", "aid-1")]
    await ISOLATE.run(what, site)
    del falcon.hosts["aid-6"]
    assert "there is nothing to give back" in (await ISOLATE.undo(what, site))["state"]


async def test_nothing_is_contained_by_a_guess(falcon: FalconServer, site: Site) -> None:
    with pytest.raises(ActionRefusedError, match="2 hosts db-1, 2 of them seen within a day"):
        await ISOLATE.run(call(host="db-1"), site)
    with pytest.raises(ActionRefusedError, match="knows no host WEB"):
        await ISOLATE.run(call(host="WEB"), site)
    with pytest.raises(ActionRefusedError, match=r"knows no host web-1\.example\.net"):
        await ISOLATE.run(call(host="web-1.example.net"), site)
    assert falcon.changes == 0
    await ISOLATE.run(call(host="db-1.example.org"), site)
    await ISOLATE.run(call(key="blk-0002", host="old-1"), site)
    assert [identity for _, identity in falcon.orders] == ["aid-3", "aid-5"]


async def test_a_status_that_nobody_documents_is_not_guessed_at(falcon: FalconServer, site: Site) -> None:
    falcon.hosts["aid-1"]["status"] = "unknown"
    with pytest.raises(ActionUnavailableError, match="does not document"):
        await ISOLATE.run(call(host="web-1"), site)


async def test_a_hash_is_blocked_until_its_end_and_let_go(falcon: FalconServer, site: Site) -> None:
    until = datetime(2027, 9, 1, 12, tzinfo=UTC)
    await prove_containment(BLOCK, site, call(hash=HASH.upper(), until=until))
    assert falcon.indicators == {}
    await BLOCK.run(call(hash=HASH, until=until), site)
    await BLOCK.run(call(hash=HASH, until=until + timedelta(days=1)), site)
    (row,) = falcon.indicators.values()
    assert (row["type"], row["action"], row["applied_globally"], row["expiration"]) == (
        "sha256", "prevent", True, "2027-09-02T12:00:00Z",
    )  # fmt: skip
    row["description"] = "taken over by the blue team"
    await BLOCK.undo(call(hash=HASH), site)
    assert len(falcon.indicators) == 1
    assert not (await BLOCK.verify(call(hash=HASH), site)).in_force


@pytest.mark.parametrize(
    "before",
    [
        {"action": "allow", "applied_globally": True},
        {"action": "prevent", "applied_globally": False, "host_groups": ["group-1"]},
        {"action": "prevent", "applied_globally": True, "platforms": ["windows"]},
    ],
)
async def test_an_indicator_that_was_there_is_put_back(
    falcon: FalconServer, site: Site, before: dict[str, Any]
) -> None:
    known = {
        "id": "f" * 64, "type": "sha256", "value": HASH, "severity": "low", "source": "us", "deleted": False,
        "description": "own tool", "platforms": ["windows", "mac", "linux"], "host_groups": [], "expired": False,
        **before,
    }  # fmt: skip
    falcon.indicators[known["id"]] = dict(known)
    await prove_containment(BLOCK, site, call(hash=HASH))
    assert falcon.indicators == {known["id"]: known}


async def test_a_hash_that_is_blocked_already_is_left_alone(falcon: FalconServer, site: Site) -> None:
    await BLOCK.run(call(hash=HASH), site)
    other = call(key="blk-0002", hash=HASH, until=datetime(2027, 9, 1, tzinfo=UTC))
    await BLOCK.run(other, site)
    assert (await BLOCK.verify(other, site)).in_force
    await BLOCK.undo(other, site)
    assert (len(falcon.indicators), falcon.changes) == (1, 1)
    (row,) = falcon.indicators.values()
    row["expired"] = True
    assert not (await BLOCK.verify(call(hash=HASH), site)).in_force


async def test_faults_inside_a_success_are_told_apart(falcon: FalconServer, site: Site) -> None:
    for code, kind in (
        (403, ActionRefusedError),
        (429, ActionUnavailableError),
        (500, ActionUnavailableError),
    ):
        falcon.inner_fault = code
        with pytest.raises(kind, match=f"{code} x"):
            await ISOLATE.run(call(host="web-1"), site)
    assert falcon.changes == 0


async def test_a_used_quota_is_waited_for_as_falcon_says(falcon: FalconServer, site: Site) -> None:
    falcon.quota = 0
    with pytest.raises(ActionUnavailableError) as caught:
        await ISOLATE.run(call(host="web-1"), site)
    assert caught.value.retry_after is not None
    assert 10 < caught.value.retry_after <= 20


async def test_who_decides_is_told_what_the_host_is(falcon: FalconServer, site: Site) -> None:
    blast = await ISOLATE.blast_radius(call(host="web-1"), site)
    assert blast.details == ("In Falcon: Workstation, Windows 11, last used by alice",)
    assert blast.summary.startswith("Nothing is known of web-1")
    blast = await ISOLATE.blast_radius(call(host="db-1.example.com"), site)
    assert blast.summary.startswith("It is nobody's own computer, but: Domain Controller. ")
    names = await ISOLATE.aliases_of(call(host="db-1.example.com"), site)
    assert names == ["DB-1", "DB-1.example.com", "192.0.2.7"]
    falcon.quota = 0
    blast = await ISOLATE.blast_radius(call(host="web-1"), site)
    assert blast.details[0].startswith(
        "Falcon does not say what it is: edr: GET /devices/queries/devices/v1: 429"
    )
    assert falcon.changes == 0


async def test_a_host_is_looked_up(falcon: FalconServer, site: Site) -> None:
    found = await BY_NAME["crowdstrike.lookup_host"].run(call(host="web-1"), site)
    assert {**found, "last_seen": ""} == {
        "name": "WEB-1", "id": "aid-1", "status": "normal", "os": "Windows Windows 11", "last_seen": "",
        "local_ip": "192.0.2.7", "external_ip": "203.0.113.7", "last_user": "alice", "limited": False,
    }  # fmt: skip
    assert falcon.changes == 0


@pytest.mark.parametrize("name", sorted(BY_NAME))
async def test_faults_and_hostile_values(falcon: FalconServer, site: Site, name: str) -> None:
    parameter = "hash" if name.endswith("hash") else "host"
    await prove_hostile(BY_NAME[name], site, falcon, parameter)
    for hostile in ("x',hostname:'WEB-1", "x'+status:'normal", "\\", "WEB-1\\", "*", "WEB*", "'"):
        with pytest.raises(ActionError):
            await BY_NAME[name].run(call(until=None, **{parameter: hostile}), site)
    value: dict[str, Any] = {"hash": HASH} if parameter == "hash" else {"host": "web-1"}
    await prove_faults(BY_NAME[name], site, call(**value), falcon)
    assert falcon.changes == 0


async def test_the_connection_answers_and_a_wrong_secret_is_final(falcon: FalconServer, site: Site) -> None:
    test = CONNECTIONS[0].test
    assert test is not None
    assert "a1b2c3d4" in await test(site, "edr")
    with pytest.raises(ActionRefusedError, match="access denied, invalid client") as caught:
        await test(site_of(x={**falcon.connection, "client_secret": "another-secret"}), "x")
    assert "another-secret" not in str(caught.value)
