"""AnySecura's locks and isolations against a server whose requests the connection spells out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from integrations.anysecura import ACTIONS, CONNECTIONS
from integrations.anysecura.computers import ComputerOrder
from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.ports import Site
from tests.integrations.anysecura_server import AnySecuraServer, SignedServer
from tests.integrations.vendor_server import call, prove_containment, prove_faults, prove_hostile, site_of

BY_NAME: dict[str, Any] = {action.spec.name: action for action in ACTIONS}
LOCK = BY_NAME["anysecura.lock_computer"]


@pytest_asyncio.fixture
async def server() -> AsyncIterator[AnySecuraServer]:
    async with AnySecuraServer() as one:
        yield one


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ComputerOrder, "pause", 0.01)
    monkeypatch.setattr(ComputerOrder, "patience", 0.05)


@pytest.fixture
def site(server: AnySecuraServer) -> Site:
    return site_of(dlp=server.connection)


@pytest.mark.parametrize("name", sorted(BY_NAME))
@pytest.mark.parametrize("host", ["pc-7.example.com", "PC-7"])
async def test_a_computer_is_taken_and_given_back(
    server: AnySecuraServer, site: Site, name: str, host: str
) -> None:
    await prove_containment(BY_NAME[name], site, call(host=host))
    assert [one["lock"] + one["net"] for one in server.computers.values()] == ["unlockednormal"] * 3
    assert server.changes == 2


async def test_the_order_carries_what_the_connection_says(server: AnySecuraServer, site: Site) -> None:
    await LOCK.run(call(host="pc-7"), site)
    assert server.orders == [("lock", "7", {"target": ["7"], "memo": "siem blk-0001: test", "force": True})]


async def test_a_computer_that_is_away_is_no_success_and_its_order_is_taken_back(
    server: AnySecuraServer, site: Site
) -> None:
    server.computers["7"]["online"] = False
    what = call(host="pc-7")
    for _ in range(2):
        with pytest.raises(
            ActionUnavailableError, match="pc-7 is locking in AnySecura: it has not happened yet"
        ):
            await LOCK.run(what, site)
    assert not (await LOCK.verify(what, site)).in_force
    assert [verb for verb, *_ in server.orders] == ["lock"]
    await LOCK.undo(what, site)
    assert (server.computers["7"]["lock"], server.changes) == ("unlocked", 2)


async def test_a_server_that_says_ok_and_does_nothing_is_found_out(
    server: AnySecuraServer, site: Site
) -> None:
    server.lying = True
    await LOCK.run(call(host="pc-7"), site)
    assert not (await LOCK.verify(call(host="pc-7"), site)).in_force
    server.lying = False
    await LOCK.run(call(host="pc-7"), site)
    server.lying = True
    await LOCK.undo(call(host="pc-7"), site)
    assert (await LOCK.verify(call(host="pc-7"), site)).in_force, (
        "an undo that did not happen is not forgotten"
    )


async def test_who_was_locked_before_stays_locked(server: AnySecuraServer, site: Site) -> None:
    server.computers["7"]["lock"] = "Locked"
    await LOCK.run(call(host="pc-7"), site)
    await LOCK.undo(call(host="pc-7"), site)
    assert (server.computers["7"]["lock"], server.changes) == ("Locked", 0)


async def test_a_release_under_way_is_neither_and_is_waited_for(server: AnySecuraServer, site: Site) -> None:
    what = call(host="pc-7")
    await LOCK.run(what, site)
    server.computers["7"]["lock"] = "unlocking"
    assert not (await LOCK.verify(what, site)).in_force
    with pytest.raises(ActionRefusedError, match="somebody is just releasing it"):
        await LOCK.run(call(key="blk-0002", host="pc-7"), site)
    with pytest.raises(ActionUnavailableError, match="it has not happened yet"):
        await LOCK.undo(what, site)
    server.computers["7"]["lock"] = "unlocked"
    await LOCK.undo(what, site)
    assert server.changes == 1


async def test_a_computer_that_is_renamed_is_unlocked(server: AnySecuraServer, site: Site) -> None:
    await LOCK.run(call(host="pc-7"), site)
    server.computers["7"]["pc"], server.computers["8"]["pc"] = "other.example.com", "pc-7.example.com"
    await LOCK.undo(call(host="pc-7"), site)
    assert [(verb, number) for verb, number, _ in server.orders] == [("lock", "7"), ("unlock", "7")]


async def test_nothing_is_locked_by_a_guess(server: AnySecuraServer, site: Site) -> None:
    for host, why in (
        ("pc-8", "knows 2 computers pc-8"),
        ("pc-99", "knows no computer"),
        ("pc", "knows no computer"),
    ):
        with pytest.raises(ActionRefusedError, match=why):
            await LOCK.run(call(host=host), site)
    server.computers["7"]["lock"] = "halfway"
    with pytest.raises(
        ActionRefusedError, match=r"data\.lock is 'halfway', which the connection gives no meaning"
    ):
        await LOCK.run(call(host="pc-7"), site)
    assert server.changes == 0


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"unlock": None}, "has no unlock"),
        ({"lock": "POST //evil.example.com/{id}"}, "lock is a method and a path"),
        ({"lock": "POST https://evil.example.com/{id}"}, "lock is a method and a path"),
        ({"lock": "FETCH /x/{id}"}, "lock is a method and a path"),
        ({"find": "GET /v1/computers/{id}"}, "find has {id}; it may have {host}"),
        ({"status": "GET /v1/{user}"}, "status has {user}; it may have {host}, {id}"),
        ({"body": "text"}, "body is a mapping"),
        ({"token": None}, "has no client"),
        ({"url": "http://anysecura.example.com"}, "a token over http://"),
    ],
)
async def test_a_connection_that_is_not_whole_does_nothing(
    server: AnySecuraServer, change: dict[str, Any], why: str
) -> None:
    with pytest.raises(ActionRefusedError, match=why):
        await LOCK.run(call(host="pc-7"), site_of(dlp={**server.connection, **change}))
    assert server.changes == 0


@pytest.mark.parametrize("name", sorted(BY_NAME))
async def test_faults_and_hostile_names(server: AnySecuraServer, site: Site, name: str) -> None:
    await prove_hostile(BY_NAME[name], site, server, "host")
    await prove_faults(BY_NAME[name], site, call(host="pc-7"), server)
    assert server.changes == 0


async def test_signed_requests_are_known_and_others_are_not() -> None:
    async with SignedServer() as server:
        await prove_containment(LOCK, site_of(dlp=server.signed), call(host="pc-7"))
        assert len(server.used) > 5
        for change in ({"key": "another-signing-key"}, {"client": "eve"}):
            with pytest.raises(ActionRefusedError, match="bad signature") as caught:
                await LOCK.run(call(host="pc-7"), site_of(dlp={**server.signed, **change}))
            assert "another-signing-key" not in str(caught.value)
        with pytest.raises(ActionRefusedError, match="401"):
            await LOCK.run(call(host="pc-7"), site_of(dlp=server.connection))


async def test_the_connection_reads_one_computer_and_changes_none(
    server: AnySecuraServer, site: Site
) -> None:
    test = CONNECTIONS[0].test
    assert test is not None
    said = await test(site, "dlp")
    assert said == "the server answers for pc-7: lock_state unlocked, isolation_state normal"
    assert server.changes == 0
