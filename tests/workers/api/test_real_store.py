"""The feed over the real store: what another connection writes reaches those who wait."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from integrations.blocklist.entries import add_entry, remove_entry
from integrations.opensearch import connect
from integrations.ports import Site
from workers.api import ApiServer, create_app
from workers.api.service import run_api
from workers.composition import api_token
from workers.engines import PortInUseError
from workers.engines.sockets import any_free
from workers.settings import settings_in_code
from workers.site_file import ApiSection, GuardSection, SiteFile

pytestmark = pytest.mark.engine


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


async def test_a_block_and_its_release_reach_a_waiting_poll(
    opensearch_url: str, index_prefix: str, tmp_path: Path
) -> None:
    stores, writer = [await connect(opensearch_url, prefix=f"{index_prefix}-") for _ in range(2)]
    await stores.setup()
    site = Site(
        stores.events, stores.alerts, stores.incidents, stores.evidence, stores.state, WallClock(),
        "http://127.0.0.1", api_token="t",
    )  # fmt: skip
    settings = settings_in_code(SiteFile(guard=GuardSection(hosts=("dc-1",))), tmp_path)
    server = ApiServer(create_app(site, settings), "127.0.0.1:0")
    serving = asyncio.create_task(server.run_until_stopped())
    seen: list[str] = []

    async def obey(client: httpx.AsyncClient) -> None:
        """A firewall: hold the list, wait for a change, take it over."""
        tag = '"none"'
        while True:
            answer = await client.get(
                "/blocklists/default.txt", params={"wait": 25}, headers={"If-None-Match": tag}
            )
            tag = answer.headers["etag"]
            if answer.status_code == 200:
                seen.append(answer.text)

    async def until_seen(count: int) -> None:
        async with asyncio.timeout(20):
            while True:
                if len(seen) >= count:
                    return
                await asyncio.sleep(0.005)

    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{server.port}", trust_env=False, timeout=40
        ) as client:
            obeying = asyncio.create_task(obey(client))
            await until_seen(1)
            until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
            entry = {"until": until, "incident": "i", "key": "k", "added": until}
            assert await add_entry(writer.state, "default", "203.0.113.9", entry) == 1
            await until_seen(2)
            assert await remove_entry(writer.state, "default", "203.0.113.9", datetime.now(UTC)) == 2
            await until_seen(3)
            soon = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
            await add_entry(writer.state, "default", "203.0.113.9", {**entry, "key": "k2", "until": soon})
            await until_seen(5)
            obeying.cancel()
            await asyncio.gather(obeying, return_exceptions=True)
        assert seen == ["", "203.0.113.9\n", "", "203.0.113.9\n", ""], "the last one expired by itself"
    finally:
        server.should_exit = True
        await serving
        await stores.close()
        await writer.close()


async def test_the_process_says_when_it_answers_and_stops_when_told(
    opensearch_url: str, tmp_path: Path
) -> None:
    site = SiteFile(guard=GuardSection(hosts=("dc-1",)), api=ApiSection(listen=f"127.0.0.1:{any_free()}"))
    settings = settings_in_code(site, tmp_path, {"opensearch_url": opensearch_url})
    stop, ready = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(run_api(settings, stop, ready.set))
    await ready.wait()
    async with httpx.AsyncClient(base_url=settings.api_url, trust_env=False, timeout=30) as client:
        assert (await client.get("/health")).json() == {"status": "ok"}
        assert (await client.get("/blocklists/default/consumers")).status_code == 401
        headers = {"Authorization": f"Bearer {api_token(settings)}"}
        assert (await client.get("/blocklists/default/consumers", headers=headers)).status_code == 200
        with pytest.raises(PortInUseError):
            await run_api(settings, asyncio.Event(), lambda: None)
    stop.set()
    await running
