"""The blocklist feed over real HTTP: what a firewall sees, and how soon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio

from integrations.blocklist.entries import add_entry, remove_entry
from integrations.ports import Site, StoreUnavailableError
from tests.workers.fakes import MemoryState
from workers.api import ApiServer, create_app, render
from workers.api.feeds import Feed
from workers.engines import PortInUseError
from workers.settings import settings_in_code
from workers.site_file import BlocklistSection, GuardSection, SiteFile

TOKEN = {"Authorization": "Bearer t0ken"}
NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


class Hand:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


class Shaky(MemoryState):
    """A store that can be away."""

    away = False

    async def get(self, key: str) -> tuple[dict[str, Any], str] | None:
        if self.away:
            raise StoreUnavailableError("connection refused")
        return await super().get(key)


class Service:
    def __init__(self, state: Shaky, clock: Hand, client: httpx.AsyncClient, server: ApiServer) -> None:
        self.state, self.clock, self.client, self.server = state, clock, client, server

    async def block(self, address: str, seconds: int = 3600, key: str = "k") -> int:
        """Write as another process would: past the service, into the store."""
        until = (self.clock.now() + timedelta(seconds=seconds)).isoformat()
        entry = {"until": until, "key": key, "incident": "i", "added": until}
        return await add_entry(self.state, "default", address, entry)


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    state, clock = Shaky(), Hand()
    nothing = cast(Any, None)
    site = Site(nothing, nothing, nothing, nothing, state, clock, "http://127.0.0.1", api_token="t0ken")
    file = SiteFile(
        guard=GuardSection(hosts=("dc-1",)), blocklists=(BlocklistSection(), BlocklistSection(name="edge"))
    )
    server = ApiServer(create_app(site, settings_in_code(file, tmp_path)), "127.0.0.1:0")
    running = asyncio.create_task(server.run_until_stopped())
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{server.port}", timeout=40, trust_env=False
    ) as client:
        yield Service(state, clock, client, server)
    server.should_exit = True
    await running


async def test_an_empty_list_is_served_empty(service: Service) -> None:
    answer = await service.client.get("/blocklists/default.txt")
    assert (answer.status_code, answer.text) == (200, "")
    assert answer.headers["content-type"].startswith("text/plain")
    assert not answer.headers["etag"].startswith("W/")


async def test_addresses_are_sorted_as_addresses_and_the_expired_are_not_served(service: Service) -> None:
    for address, seconds in {
        "203.0.113.10": 60, "203.0.113.9": 60, "2001:db8::1": 60, "198.51.100.0/24": 60, "192.0.2.1": 5,
    }.items():  # fmt: skip
        await service.block(address, seconds)
    service.clock.time += timedelta(seconds=5)
    answer = await service.client.get("/blocklists/default.txt")
    assert answer.text == "198.51.100.0/24\n203.0.113.9\n203.0.113.10\n2001:db8::1\n"
    other = await service.client.get("/blocklists/edge.txt")
    assert other.text == ""


async def test_what_is_no_address_never_reaches_a_firewall() -> None:
    document = {"version": 3, "entries": {"evil\n0.0.0.0/0": {"until": None}, "192.0.2.1": {"until": None}}}
    assert render(document, NOW).addresses == ("192.0.2.1",)


async def test_head_tells_the_tag_without_the_text(service: Service) -> None:
    await service.block("192.0.2.1")
    head = await service.client.head("/blocklists/default.txt")
    full = await service.client.get("/blocklists/default.txt")
    assert (head.status_code, head.content) == (200, b"")
    assert {key: head.headers[key] for key in ("etag", "content-length")} == {
        key: full.headers[key] for key in ("etag", "content-length")
    }
    assert (await service.client.get("/openapi.json")).status_code == 200


async def test_an_unchanged_list_is_304_and_its_tag_comes_back_with_its_text(service: Service) -> None:
    await service.block("192.0.2.1")
    first = await service.client.get("/blocklists/default.txt")
    tag = first.headers["etag"]
    for header in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = await service.client.get("/blocklists/default.txt", headers={"If-None-Match": header})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag), header
    await service.block("192.0.2.2")
    changed = await service.client.get("/blocklists/default.txt", headers={"If-None-Match": tag})
    assert (changed.status_code, changed.text) == (200, "192.0.2.1\n192.0.2.2\n")
    await remove_entry(service.state, "default", "192.0.2.2", NOW)
    back = await service.client.get("/blocklists/default.txt", headers={"If-None-Match": tag})
    assert back.status_code == 304


async def poll(service: Service, tag: str, wait: float, consumer: str = "fw") -> httpx.Response:
    return await service.client.get(
        "/blocklists/default.txt", params={"wait": wait, "consumer": consumer}, headers={"If-None-Match": tag}
    )


async def waiting(service: Service, names: set[str]) -> None:
    """Return once all these consumers wait."""
    while True:
        listed = (await service.client.get("/blocklists/default/consumers", headers=TOKEN)).json()
        if names <= {consumer["name"] for consumer in listed if consumer["waiting"]}:
            return
        await asyncio.sleep(0.005)


async def test_a_change_by_another_process_answers_those_who_wait_at_once(service: Service) -> None:
    tag = (await service.client.get("/blocklists/default.txt")).headers["etag"]
    names = {f"fw-{number}" for number in range(20)}
    polls = [asyncio.create_task(poll(service, tag, 25, name)) for name in names]
    await waiting(service, names)
    loop = asyncio.get_running_loop()
    started = loop.time()
    await service.block("192.0.2.1")
    answers = await asyncio.gather(*polls)
    took = loop.time() - started
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, "192.0.2.1\n")}
    assert took < 5, "a wait of 25 s must end with the change, not with its time"


async def test_an_expiry_answers_those_who_wait(service: Service) -> None:
    await service.block("192.0.2.1", seconds=60)
    tag = (await service.client.get("/blocklists/default.txt")).headers["etag"]
    task = asyncio.create_task(poll(service, tag, 25))
    await waiting(service, {"fw"})
    service.clock.time += timedelta(seconds=61)
    answer = await task
    assert (answer.status_code, answer.text) == (200, "")


async def test_what_another_poll_saw_before_is_not_served_again() -> None:
    state, clock = Shaky(), Hand()
    feed = Feed("default", state, clock)
    until = (NOW + timedelta(seconds=10)).isoformat()
    entry = {"until": until, "key": "k", "incident": "i", "added": until}
    await add_entry(state, "default", "203.0.113.9", entry)
    first = asyncio.create_task(feed.wait((await feed.read()).etag, 5))
    await asyncio.sleep(0.05)  # by now the list was read for it, block and all
    clock.time += timedelta(seconds=20)
    assert (await feed.wait((await feed.read()).etag, 0.5)).text == ""
    assert (await first).text == ""


async def test_a_wait_without_change_ends_in_304(service: Service) -> None:
    tag = (await service.client.get("/blocklists/default.txt")).headers["etag"]
    answer = await poll(service, tag, 0.1)
    assert answer.status_code == 304
    other = await poll(service, '"old"', 25)
    assert other.status_code == 200, "a stale tag is answered at once"


async def test_who_holds_which_version_is_proved_by_the_tag_they_send(service: Service) -> None:
    await service.block("192.0.2.1")
    first = await poll(service, '"none"', 0)
    listed = (await service.client.get("/blocklists/default/consumers", headers=TOKEN)).json()
    assert [(c["name"], c["served"], c["holds"], c["waiting"]) for c in listed] == [("fw", 1, None, False)]
    await poll(service, first.headers["etag"], 0)
    listed = (await service.client.get("/blocklists/default/consumers", headers=TOKEN)).json()
    assert (listed[0]["holds"], listed[0]["polls"], listed[0]["held_at"]) == (1, 2, NOW.isoformat())


async def test_a_nameless_consumer_goes_by_its_address(service: Service) -> None:
    await service.client.get("/blocklists/default.txt")
    listed = (await service.client.get("/blocklists/default/consumers", headers=TOKEN)).json()
    assert [consumer["name"] for consumer in listed] == ["127.0.0.1"]


async def test_writers_at_once_lose_nothing(service: Service) -> None:
    await asyncio.gather(*(service.block(f"192.0.2.{number}", key=str(number)) for number in range(30)))
    answer = await service.client.get("/blocklists/default.txt")
    assert len(answer.text.splitlines()) == 30
    assert answer.headers["x-blocklist-version"] == "30"


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "/blocklists/default/consumers"),
        ("POST", "/internal/blocklists/default/poke"),
    ],
)
@pytest.mark.parametrize("token", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "t0ken"}])
async def test_internal_calls_need_the_token(
    service: Service, method: str, url: str, token: dict[str, str]
) -> None:
    answer = await service.client.request(method, url, headers=token)
    assert answer.status_code == 401


async def test_an_unknown_list_names_the_known_ones(service: Service) -> None:
    answer = await service.client.get("/blocklists/nope.txt")
    assert answer.status_code == 404
    assert "default, edge" in answer.json()["detail"]


async def test_a_store_that_is_away_is_said_and_waited_for(service: Service) -> None:
    assert (await service.client.get("/health")).json() == {"status": "ok"}
    tag = (await service.client.get("/blocklists/default.txt")).headers["etag"]
    task = asyncio.create_task(poll(service, tag, 25))
    await waiting(service, {"fw"})
    service.state.away = True
    assert (await task).status_code == 503, "one who waits must not be told that nothing changed"
    for url in ("/health", "/blocklists/default.txt"):
        answer = await service.client.get(url)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    service.state.away = False
    assert (await service.client.get("/health")).status_code == 200


async def test_metrics_count_requests_and_entries(service: Service) -> None:
    await service.block("192.0.2.1")
    await service.client.get("/blocklists/default.txt")
    text = (await service.client.get("/metrics")).text
    assert 'siem_blocklist_entries{list="default"} 1.0' in text
    assert 'siem_api_requests_total{method="GET",route="/blocklists/{name}.txt",status="200"} 1.0' in text


async def test_metrics_tell_what_collectors_said(service: Service) -> None:
    entry = {
        "name": "web",
        "source": "linux.auth",
        "way": "files",
        "since": "2026-03-30T16:01:36.000Z",
        "received": 7,
    }
    at = datetime.now(UTC).isoformat()
    await service.state.put("collect/web-1", {"host": "web-1", "pid": 1, "at": at, "sources": [entry]})
    text = (await service.client.get("/metrics")).text
    labels = 'collector="web-1",entry="web",source="linux.auth"'
    assert f"siem_source_received_total{{{labels}}} 7.0" in text
    assert "siem_store_up 1.0" in text
    service.state.away = True
    text = (await service.client.get("/metrics")).text
    assert "siem_store_up 0.0" in text
    assert "siem_source_received_total" not in text


async def test_a_stop_does_not_wait_for_long_polls(service: Service) -> None:
    tag = (await service.client.get("/blocklists/default.txt")).headers["etag"]
    task = asyncio.create_task(poll(service, tag, 25))
    await waiting(service, {"fw"})
    service.server.should_exit = True
    assert (await asyncio.wait_for(task, 10)).status_code == 304


async def test_a_port_in_use_names_who_has_it(service: Service, tmp_path: Path) -> None:
    app = create_app(
        cast(Any, type("S", (), {"state": service.state, "clock": service.clock, "api_token": ""})),
        settings_in_code(SiteFile(guard=GuardSection(hosts=("dc-1",))), tmp_path),
    )
    with pytest.raises(PortInUseError, match=r"pid \d+"):
        ApiServer(app, f"127.0.0.1:{service.server.port}")
