"""``blocklist.block_ip`` against the real service over HTTP: written, served, confirmed, lifted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio

from integrations.blocklist import ACTIONS
from integrations.blocklist.entries import add_entry, remove_entry
from integrations.contract import ActionCall, ActionRefusedError, ActionUnavailableError
from integrations.opensearch import connect
from integrations.ports import Site, StoredEvent, StoreUnavailableError
from rules.ecs import event_id, timestamp
from tests.workers.fakes import MemoryIncidents, MemoryState, WallClock
from workers.api import ApiServer, create_app
from workers.settings import settings_in_code
from workers.site_file import BlocklistSection, GuardSection, SiteFile

(BLOCK,) = ACTIONS
ADDRESS = "203.0.113.7"


class NoEvents:
    async def count(self, keys: Mapping[str, Sequence[str]], first: datetime, last: datetime) -> int:
        del keys, first, last
        return 0

    async def search(
        self, query: str, first: datetime, last: datetime, limit: int
    ) -> tuple[int, list[StoredEvent]]:
        del query, first, last, limit
        return 0, []


class Away(MemoryState):
    async def get(self, key: str) -> tuple[dict[str, Any], str] | None:
        raise StoreUnavailableError(key)


def site_with(state: MemoryState, url: str, events: Any = None) -> Site:
    nothing = cast(Any, None)
    incidents = cast(Any, MemoryIncidents())
    return Site(
        events=events or cast(Any, NoEvents()), alerts=nothing, incidents=incidents, evidence=nothing,
        state=state, clock=WallClock(), api_url=url, api_token="t0ken",
    )  # fmt: skip


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A site whose API really runs, on a free port."""
    draft = site_with(MemoryState(), "http://127.0.0.1")
    file = SiteFile(
        guard=GuardSection(hosts=("dc-1",)), blocklists=(BlocklistSection(), BlocklistSection(name="edge"))
    )
    server = ApiServer(create_app(draft, settings_in_code(file, tmp_path)), "127.0.0.1:0")
    running = asyncio.create_task(server.run_until_stopped())
    yield replace(draft, api_url=f"http://127.0.0.1:{server.port}")
    server.should_exit = True
    await running


def call(key: str = "blk-1", until: datetime | None = None, **params: Any) -> ActionCall:
    return ActionCall(params={"ip": ADDRESS, **params}, key=key, incident="inc-1", until=until)


async def feed(site: Site, name: str = "default") -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"{site.api_url}/blocklists/{name}.txt")).text


async def entry(site: Site, name: str = "default") -> dict[str, Any]:
    found = await site.state.get(f"blocklist/{name}")
    assert found is not None
    return found[0]


async def test_a_block_is_served_and_its_undo_is_too(site: Site) -> None:
    assert (await BLOCK.verify(call(), site)).in_force is False
    await BLOCK.run(call(), site)
    seen = await BLOCK.verify(call(), site)
    assert seen.in_force
    assert "version 1" in seen.detail
    assert await feed(site) == f"{ADDRESS}\n"
    assert await feed(site, "edge") == ""
    await BLOCK.undo(call(), site)
    assert (await BLOCK.verify(call(), site)).in_force is False
    assert await feed(site) == ""


async def test_the_same_request_again_changes_nothing(site: Site) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    await BLOCK.run(call(until=until), site)
    before = await entry(site)
    await BLOCK.run(call(until=until), site)
    assert await entry(site) == before
    assert before["entries"][ADDRESS]["until"] == until.isoformat()
    assert before["entries"][ADDRESS]["incident"] == "inc-1"


async def test_a_later_end_is_written_over_the_first(site: Site) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    await BLOCK.run(call(until=until), site)
    added = (await entry(site))["entries"][ADDRESS]["added"]
    await BLOCK.run(call(until=until + timedelta(hours=1)), site)
    now = (await entry(site))["entries"][ADDRESS]
    assert now["until"] == (until + timedelta(hours=1)).isoformat()
    assert now["added"] == added


async def test_an_undo_where_nothing_is_in_force_is_harmless(site: Site) -> None:
    await BLOCK.undo(call(), site)
    assert await feed(site) == ""


async def test_an_unknown_list_is_refused_before_anything_is_written(site: Site) -> None:
    with pytest.raises(ActionRefusedError, match="no blocklist 'nope'"):
        await BLOCK.run(call(list="nope"), site)
    assert await site.state.get("blocklist/nope") is None
    await BLOCK.undo(call(list="nope"), site)
    assert (await BLOCK.verify(call(list="nope"), site)).in_force is False
    with pytest.raises(ActionRefusedError):
        await BLOCK.run(call(list="../x"), site)


async def test_another_list_is_another_list(site: Site) -> None:
    await BLOCK.run(call(list="edge"), site)
    assert (await feed(site), await feed(site, "edge")) == ("", f"{ADDRESS}\n")


async def test_it_says_who_has_the_list(site: Site) -> None:
    async def firewall() -> None:
        async with httpx.AsyncClient(base_url=site.api_url, trust_env=False, timeout=30) as client:
            tag = ""
            while True:
                answer = await client.get(
                    "/blocklists/default.txt",
                    params={"consumer": "fw-1", "wait": 20},
                    headers={"If-None-Match": tag} if tag else {},
                )
                tag = answer.headers["etag"]

    obeys = asyncio.create_task(firewall())
    try:
        await asyncio.sleep(0.1)
        await BLOCK.run(call(), site)
        seen = await BLOCK.verify(call(), site)
    finally:
        obeys.cancel()
        await asyncio.gather(obeys, return_exceptions=True)
    assert "1 of 1 who poll it have it (fw-1)" in seen.detail


async def test_writers_at_once_lose_nothing(site: Site) -> None:
    addresses = [f"198.51.100.{number}" for number in range(20)]
    calls = [call(key=address, ip=address) for address in addresses]
    await asyncio.gather(*(BLOCK.run(one, site) for one in calls))
    assert set((await feed(site)).split()) == set(addresses)
    await asyncio.gather(*(BLOCK.undo(one, site) for one in calls))
    assert await feed(site) == ""


async def test_what_is_away_is_worth_a_retry(site: Site) -> None:
    gone = replace(site, api_url="http://127.0.0.1:1")
    with pytest.raises(ActionUnavailableError):
        await BLOCK.run(call(), gone)
    with pytest.raises(ActionUnavailableError):
        await BLOCK.verify(call(), gone)
    with pytest.raises(ActionUnavailableError):
        await BLOCK.undo(call(), replace(site, state=Away()))
    with pytest.raises(ActionRefusedError, match="SIEM_API_TOKEN"):
        await BLOCK.run(call(), replace(site, api_token="wrong"))


async def test_entries_keep_their_document(site: Site) -> None:
    now = datetime(2026, 8, 1, 12, tzinfo=UTC)
    put = {"until": None, "incident": "i", "key": "k", "added": now.isoformat()}
    await add_entry(site.state, "default", ADDRESS, put)
    assert await remove_entry(site.state, "default", "192.0.2.1", now) == 1
    assert await remove_entry(site.state, "default", ADDRESS, now) == 2
    changed = (now + timedelta(milliseconds=1)).isoformat()
    removed = {f"k {ADDRESS}": {**put, "address": ADDRESS, "changed": changed}}
    assert await entry(site) == {"version": 2, "changed": changed, "entries": {}, "removed": removed}


async def test_changes_are_in_order_whatever_clocks_say(site: Site) -> None:
    """One writer's clock stands still, another's is an hour behind: who reads up to a change misses none."""
    now, seen = datetime(2026, 8, 1, 12, tzinfo=UTC), []
    for number, clock in enumerate((now, now, now - timedelta(hours=1), now - timedelta(hours=1))):
        put = {"until": None, "incident": "i", "key": f"k{number % 2}", "added": clock.isoformat()}
        await add_entry(site.state, "default", f"203.0.113.{number // 2}", put)
        seen.append((await entry(site))["changed"])
    await remove_entry(site.state, "default", "203.0.113.1", now - timedelta(days=1))
    seen.append((await entry(site))["changed"])
    assert seen == sorted(set(seen))
    assert {one["address"] for one in (await entry(site))["removed"].values()} == {
        "203.0.113.0",
        "203.0.113.1",
    }


async def test_what_was_removed_is_told_of_for_a_while(site: Site) -> None:
    now = datetime(2026, 8, 1, 12, tzinfo=UTC)
    for day in (0, 1, 32):
        put = {"until": None, "incident": "i", "key": "k", "added": (now + timedelta(days=day)).isoformat()}
        await add_entry(site.state, "default", f"203.0.113.{day}", put)
        await remove_entry(site.state, "default", f"203.0.113.{day}", now + timedelta(days=day))
    assert [one["address"] for one in (await entry(site))["removed"].values()] == ["203.0.113.32"]
    later = now + timedelta(days=33)
    for address, hours in (("203.0.113.40", 0), ("203.0.113.41", 1)):
        until = (later + timedelta(hours=hours)).isoformat()
        put = {"until": until, "incident": "i", "key": "k", "added": (later - timedelta(hours=1)).isoformat()}
        await add_entry(site.state, "default", address, put)
        await remove_entry(site.state, "default", address, later)
    kept = {one["address"] for one in (await entry(site))["removed"].values()}
    assert kept == {"203.0.113.32", "203.0.113.41"}, "the one that ended at its time need not be told of"


# --- blast radius -------------------------------------------------------------------------------


async def test_an_address_nobody_uses_hits_nobody(site: Site) -> None:
    blast = await BLOCK.blast_radius(call(), site)
    assert blast.summary.startswith(f"Nothing else is known of {ADDRESS}")
    assert (blast.events, blast.users, blast.hosts) == (0, (), ())


@dataclass
class Login:
    user: str
    host: str
    outcome: str = "success"
    ago: timedelta = timedelta(hours=1)
    ip: str = ADDRESS


def documents(logins: Sequence[Login], end: datetime) -> list[dict[str, Any]]:
    return [
        {
            "@timestamp": timestamp(end - login.ago),
            "event": {
                "id": event_id("linux.auth", f"f@{number}", b"x"), "dataset": "linux.auth", "kind": "event",
                "category": ["authentication"], "outcome": login.outcome,
            },
            "source": {"ip": login.ip},
            "user": {"name": login.user},
            "host": {"name": login.host},
        }
        for number, login in enumerate(logins)
    ]  # fmt: skip


@pytest.mark.engine
async def test_it_names_who_logged_in_from_there(opensearch_url: str, index_prefix: str) -> None:
    stores = await connect(opensearch_url, prefix=index_prefix)
    try:
        await stores.setup()
        logins = [
            Login("alice", "web-1"), Login("alice", "web-2"), Login("bob", "web-1"),
            Login("mallory", "web-1", outcome="failure"),
            Login("carol", "web-1", ago=timedelta(days=8)), Login("dave", "web-1", ip="203.0.113.8"),
        ]  # fmt: skip
        await stores.events.write(documents(logins, datetime.now(UTC)))
        await stores.events.checkpoints()
        blast = await BLOCK.blast_radius(call(), site_with(MemoryState(), "", stores.events))
    finally:
        await stores.close()
    assert blast.users == ("alice", "bob")
    assert blast.hosts == ("web-1", "web-2")
    assert blast.events == 4
    assert blast.summary == (
        f"2 users logged in from {ADDRESS} in the last 7 days: alice, bob, on web-1, web-2. "
        "They would be cut off too. It is the source of 4 events."
    )
    assert blast.details == ("alice: 2 log-ins", "bob: 1 log-in")
