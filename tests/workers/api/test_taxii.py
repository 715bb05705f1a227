"""Blocklists over TAXII 2.1, as the client of the standard's own committee and our own read them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import httpx
import pytest_asyncio
from stix2patterns.validator import run_validator
from taxii2client.v21 import ApiRoot, Collection, Server, as_pages

from integrations.blocklist.entries import add_entry, remove_entry
from integrations.blocklist.stix import collection_id, items_of
from integrations.ports import Site
from integrations.taxii import fetch_collection
from tests.workers.api.test_blocklists import NOW, Hand, Shaky
from workers.api import ApiServer, create_app
from workers.settings import settings_in_code
from workers.site_file import BlocklistSection, GuardSection, SiteFile

MEDIA = "application/taxii+json;version=2.1"
ROOT = "/taxii2/blocklists/"
DEFAULT = f"{ROOT}collections/{collection_id('default')}/"
T = TypeVar("T")


class Service:
    def __init__(self, state: Shaky, clock: Hand, client: httpx.AsyncClient) -> None:
        self.state, self.clock, self.client = state, clock, client
        self.url = str(client.base_url)

    async def block(self, address: str, seconds: int | None = 3600, key: str = "k") -> None:
        until = None if seconds is None else (self.clock.now() + timedelta(seconds=seconds)).isoformat()
        added = self.clock.now().isoformat()
        entry = {"until": until, "key": key, "incident": "inc-secret", "added": added}
        await add_entry(self.state, "default", address, entry)

    async def release(self, address: str) -> None:
        await remove_entry(self.state, "default", address, self.clock.now())

    async def get(self, path: str, status: int = 200, **params: str) -> dict[str, Any]:
        answer = await self.client.get(path, params=params, headers={"accept": MEDIA})
        assert (answer.status_code, answer.headers["content-type"]) == (status, MEDIA), answer.text
        return cast(dict[str, Any], answer.json())


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    state, clock = Shaky(), Hand()
    nothing = cast(Any, None)
    site = Site(nothing, nothing, nothing, nothing, state, clock, "http://127.0.0.1", api_token="t0ken")
    lists = (BlocklistSection(), BlocklistSection(name="edge"))
    file = SiteFile(guard=GuardSection(hosts=("dc-1",)), blocklists=lists)
    server = ApiServer(create_app(site, settings_in_code(file, tmp_path)), "127.0.0.1:0")
    running = asyncio.create_task(server.run_until_stopped())
    base = f"http://127.0.0.1:{server.port}"
    async with httpx.AsyncClient(base_url=base, timeout=40, trust_env=False) as client:
        yield Service(state, clock, client)
    server.should_exit = True
    await running


async def apart(work: Callable[[], T]) -> T:
    """Run the standard's client, which blocks, beside the server."""
    return await asyncio.to_thread(work)


async def test_the_standards_client_finds_each_list(service: Service) -> None:
    def look() -> tuple[str, list[tuple[str, bool, bool]]]:
        with Server(f"{service.url}/taxii2/") as server:
            assert server.default.url == server.api_roots[0].url
            root: ApiRoot = server.default
            assert root.versions == [MEDIA]
            return server.title, [(one.title, one.can_read, one.can_write) for one in root.collections]

    title, found = await apart(look)
    assert (title, found) == ("SIEM", [("Blocklist default", True, False), ("Blocklist edge", True, False)])


async def test_blocks_are_indicators_that_end_when_the_blocks_do(service: Service) -> None:
    await service.block("203.0.113.7", 3600)
    service.clock.time += timedelta(seconds=1)
    await service.block("2001:db8::/64", None)

    def read() -> list[dict[str, Any]]:
        with Collection(f"{service.url}{DEFAULT}") as collection:
            return list(collection.get_objects()["objects"])

    maker, first, second = await apart(read)
    assert maker["type"] == "identity"
    assert (first["pattern"], first["valid_from"], first["valid_until"]) == (
        "[ipv4-addr:value = '203.0.113.7']", "2024-05-01T12:00:00.000Z", "2024-05-01T13:00:00.000Z",
    )  # fmt: skip
    assert second["pattern"] == "[ipv6-addr:value ISSUBSET '2001:db8::/64']"
    assert "valid_until" not in second
    for one in (first, second):
        assert run_validator(one["pattern"], stix_version="2.1") == []
        assert one["created_by_ref"] == maker["id"]
        assert "inc-secret" not in str(one)
    assert await service.get(f"{ROOT}collections/edge/objects/", **{"match[type]": "indicator"}) == {}


async def test_who_asks_for_what_came_since_is_told_of_every_change(service: Service) -> None:
    await service.block("203.0.113.7", key="one")
    answer = await service.client.get(f"{DEFAULT}objects/")
    last = answer.headers["x-taxii-date-added-last"]
    (known,) = [one for one in answer.json()["objects"] if one["type"] == "indicator"]
    assert await service.get(f"{DEFAULT}objects/", added_after=last) == {}

    await service.block("203.0.113.7", 7200, key="one")  # its end is moved, in the same moment
    (moved,) = (await service.get(f"{DEFAULT}objects/", added_after=last))["objects"]
    assert (moved["id"], moved["created"]) == (known["id"], known["created"])
    assert (moved["valid_until"], moved["modified"] > known["modified"]) == ("2024-05-01T14:00:00.000Z", True)

    service.clock.time += timedelta(minutes=5)
    await service.release("203.0.113.7")
    (gone,) = (await service.get(f"{DEFAULT}objects/", added_after=moved["modified"]))["objects"]
    assert (gone["id"], gone["revoked"], gone["valid_until"]) == (
        known["id"],
        True,
        "2024-05-01T12:05:00.000Z",
    )

    await service.block("203.0.113.7", key="two")
    (again,) = (await service.get(f"{DEFAULT}objects/", added_after=gone["modified"]))["objects"]
    assert (again["id"] != known["id"], "revoked" in again) == (True, False)
    whole = (await service.get(f"{DEFAULT}objects/", **{"match[type]": "indicator"}))["objects"]
    assert sorted(one.get("revoked", False) for one in whole) == [False, True]


async def test_a_block_that_comes_back_under_its_key_is_the_same_object(service: Service) -> None:
    await service.block("203.0.113.7")
    await service.release("203.0.113.7")
    await service.block("203.0.113.7")
    (one,) = (await service.get(f"{DEFAULT}objects/", **{"match[type]": "indicator"}))["objects"]
    assert ("revoked" in one, one["modified"]) == (False, "2024-05-01T12:00:00.002Z")


async def test_pages_give_each_object_once(service: Service) -> None:
    for number in range(7):
        await service.block(f"203.0.113.{number}")

    def read() -> list[str]:
        with Collection(f"{service.url}{DEFAULT}") as collection:
            pages = list(as_pages(collection.get_objects, per_request=3))
            assert [len(page["objects"]) for page in pages] == [3, 3, 2]
            return [one["id"] for page in pages for one in page["objects"]]

    found = await apart(read)
    assert len(set(found)) == 8
    rows = (await service.get(f"{DEFAULT}manifest/"))["objects"]
    assert [row["id"] for row in rows] == found
    assert [row["date_added"] for row in rows] == sorted({row["date_added"] for row in rows})


async def test_one_object_its_versions_and_what_matches(service: Service) -> None:
    await service.block("203.0.113.7")
    (one,) = (await service.get(f"{DEFAULT}objects/", **{"match[type]": "indicator"}))["objects"]
    path = f"{DEFAULT}objects/{one['id']}/"

    def read() -> Any:
        with Collection(f"{service.url}{DEFAULT}") as collection:
            versions = collection.object_versions(one["id"])
            return collection.get_object(one["id"])["objects"], versions["versions"]

    assert await apart(read) == ([one], [one["modified"]])
    for match, there in (
        ({"match[id]": one["id"]}, True), ({"match[id]": "indicator--x"}, False),
        ({"match[version]": "all"}, True), ({"match[version]": one["modified"]}, True),
        ({"match[version]": "2020-01-01T00:00:00.000Z"}, False),
        ({"match[spec_version]": "2.0"}, False), ({"match[type]": "identity,indicator"}, True),
    ):  # fmt: skip
        assert bool(await service.get(path, **match)) is there, match


async def test_what_can_not_be_answered_is_said_as_the_standard_says(service: Service) -> None:
    wrong: tuple[tuple[str, int, dict[str, str]], ...] = (
        (f"{ROOT}collections/nope/", 404, {}), (f"{ROOT}collections/nope/objects/", 404, {}),
        (f"{DEFAULT}objects/indicator--x/", 404, {}), (f"{ROOT}status/x/", 404, {}),
        (f"{DEFAULT}objects/", 400, {"limit": "0"}), (f"{DEFAULT}objects/", 400, {"limit": "-1"}),
        (f"{DEFAULT}objects/", 400, {"added_after": "yesterday"}),
        (f"{DEFAULT}objects/", 400, {"added_after": "2026-01-01T00:00:00"}),
        (f"{DEFAULT}objects/", 400, {"next": "x"}), (f"{DEFAULT}objects/", 400, {"next": "ü" * 10_000}),
    )  # fmt: skip
    for path, status, params in wrong:
        said = await service.get(path, status, **params)
        assert (said["http_status"], bool(said["title"])) == (str(status), True)
    for accept, status in (
        ("application/taxii+json", 200), ("*/*", 200),
        ("text/html, application/taxii+json; version=2.1", 200),
        ("application/json", 406), ("application/taxii+json;version=2.0", 406),
        ("application/vnd.oasis.taxii+json", 406),
    ):  # fmt: skip
        assert (await service.client.get("/taxii2/", headers={"accept": accept})).status_code == status, (
            accept
        )
    for answer in (
        await service.client.post(f"{DEFAULT}objects/", json={"objects": []}),
        await service.client.delete(f"{DEFAULT}objects/x/"),
    ):
        assert (answer.status_code, answer.headers["content-type"]) == (403, MEDIA)
    service.state.away = True
    assert (await service.get(f"{DEFAULT}objects/", 503))["http_status"] == "503"


async def test_our_own_client_reads_it(service: Service) -> None:
    await service.block("203.0.113.7")
    await service.block("203.0.113.8", key="two")
    await service.release("203.0.113.8")
    nothing = cast(Any, None)
    own = {"own": {"kind": "taxii", "url": f"{service.url}{ROOT}"}}
    site = Site(nothing, nothing, nothing, nothing, service.state, service.clock, "", connections=own)
    found = await fetch_collection(site, "own", "default", {}, whole=True)
    assert "203.0.113.7" in str(found.taken)
    assert found.cursor == {"added_after": "2024-05-01T12:00:00.002Z"}
    again = await fetch_collection(site, "own", "default", found.cursor, whole=False)
    assert "203.0.113" not in str(again.taken)


def test_documents_of_before_are_read_too() -> None:
    entry = {"until": None, "incident": "i", "key": "k", "added": NOW.isoformat()}
    document = {"version": 1, "entries": {"203.0.113.7": entry, "no address": entry}}
    maker, one = items_of("default", document)
    assert (maker.object["type"], one.version) == ("identity", "2024-05-01T12:00:00.000Z")
    assert [item.id for item in items_of("default", document)] == [maker.id, one.id]
    assert items_of("edge", document)[1].id != one.id
    assert datetime.fromisoformat(one.version).tzinfo == UTC
