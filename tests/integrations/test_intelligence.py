"""Sources of threat intelligence over real HTTP: pages, what is new, refusals, quotas, what is unchanged."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from integrations import misp as misp_vendor
from integrations.catalogue import connection_kinds
from integrations.contract import ActionRefusedError, ActionUnavailableError
from integrations.indicator_list import fetch_list
from integrations.misp import attributes as misp_attributes
from integrations.misp import fetch_attributes
from integrations.ports import Site
from integrations.taxii import fetch_collection
from rules.intelligence import ListError, read_document
from tests.integrations.intelligence_servers import ListServer, MispServer, TaxiiServer, indicator
from tests.integrations.vendor_server import site_of

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(params=[True, False], ids=["next", "dates only"])
async def taxii(request: pytest.FixtureRequest) -> AsyncIterator[TaxiiServer]:
    async with TaxiiServer(page=2, tokens=request.param) as server:
        for number in range(5):
            pattern = f"[ipv4-addr:value = '203.0.113.{number}']"
            server.objects.append((f"2026-03-01T00:00:0{number}.000Z", indicator(number, pattern)))
        server.objects.insert(2, ("2026-03-01T00:00:01.500Z", {"type": "malware", "id": "malware--1"}))
        yield server


def _taxii_site(server: TaxiiServer, password: str = "s3cret-password") -> Site:
    return site_of(
        feed={"kind": "taxii", "url": f"{server.url}/api1/", "user": "reader", "password": password}
    )


async def test_a_collection_is_read_page_by_page(taxii: TaxiiServer) -> None:
    fetched = await fetch_collection(_taxii_site(taxii), "feed", "c-1", {}, whole=True)
    assert [one.value for one in fetched.taken.indicators] == [f"203.0.113.{number}" for number in range(5)]
    assert fetched.whole
    assert fetched.cursor == {"added_after": "2026-03-01T00:00:04.000Z"}
    assert len(taxii.asked) == 3


async def test_later_only_what_was_added_is_asked_for(taxii: TaxiiServer) -> None:
    site = _taxii_site(taxii)
    first = await fetch_collection(site, None, "c-1", {}, whole=True)
    nothing = await fetch_collection(site, None, "c-1", first.cursor, whole=False)
    assert (nothing.taken.indicators, nothing.whole, nothing.cursor) == ([], False, first.cursor)
    gone = indicator(1, "[ipv4-addr:value = '203.0.113.1']", revoked=True)
    taxii.objects.append(("2026-03-02T00:00:00.000Z", gone))
    taxii.objects.append(("2026-03-02T00:00:01.000Z", indicator(2, "[file:name = 'x']")))
    more = await fetch_collection(site, None, "c-1", first.cursor, whole=False)
    assert [(one.value, one.revoked) for one in more.taken.indicators] == [("203.0.113.1", True)]
    assert more.taken.externals == {"indicator--1", "indicator--2"}
    assert more.cursor == {"added_after": "2026-03-02T00:00:01.000Z"}


async def test_refusals_and_quotas_of_a_taxii_server(taxii: TaxiiServer) -> None:
    with pytest.raises(ActionRefusedError, match="401") as refused:
        await fetch_collection(_taxii_site(taxii, "wrong-password"), "feed", "c-1", {}, whole=True)
    assert "wrong-password" not in str(refused.value)
    taxii.faults.append(lambda: web.Response(status=429, headers={"Retry-After": "120"}))
    with pytest.raises(ActionUnavailableError) as busy:
        await fetch_collection(_taxii_site(taxii), "feed", "c-1", {}, whole=True)
    assert busy.value.retry_after == 120
    for text in ("<html>", '{"objects": 7}', '{"objects": [7]}', '{"objects": [], "more": true}'):
        taxii.faults.append(lambda text=text: web.Response(text=text))  # type: ignore[misc]
        with pytest.raises(ActionUnavailableError):
            await fetch_collection(_taxii_site(taxii), "feed", "c-1", {}, whole=True)
    with pytest.raises(ActionRefusedError, match="404"):
        await fetch_collection(_taxii_site(taxii), "feed", "c-9", {}, whole=True)


async def test_connections_say_what_answers(taxii: TaxiiServer) -> None:
    kinds = {kind.name: kind for kind in connection_kinds()}
    test = kinds["taxii"].test
    assert test is not None
    assert await test(_taxii_site(taxii), "feed") == ("Feeds answers; collections that can be read: C2 (c-1)")
    async with MispServer() as misp:
        ask = kinds["misp"].test
        assert ask is not None
        assert "alice@example.com" in await ask(_misp_site(misp), "misp")


def _misp_site(server: MispServer, key: str = "misp-key-0123456789") -> Site:
    return site_of(misp={"kind": "misp", "url": server.url, "token": key})


def _attribute(number: int, **more: Any) -> dict[str, Any]:
    return {"uuid": f"u-{number}", "type": "ip-dst", "value": f"203.0.113.{number}", "to_ids": True,
            "timestamp": "1772000000", **more}  # fmt: skip


async def test_attributes_are_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(misp_attributes, "PAGE", 3)
    async with MispServer() as misp:
        misp.attributes = [_attribute(number) for number in range(7)]
        misp.attributes += [
            _attribute(8, to_ids=False),
            _attribute(9, listed=True),
            _attribute(10, type="mutex"),
        ]
        fetched = await fetch_attributes(_misp_site(misp), None, ["apt", "!test"], {}, NOW, whole=True)
        assert [one.external for one in fetched.taken.indicators] == [f"u-{number}" for number in range(7)]
        assert [asked["page"] for asked in misp.asked] == [1, 2, 3]
        assert misp.asked[0]["tags"] == ["apt", "!test"]
        assert fetched.whole

        late = str(int(NOW.timestamp()))
        misp.attributes[0] |= {"deleted": True, "timestamp": late}
        misp.attributes[1] |= {"to_ids": False, "timestamp": late}
        misp.attributes[2] |= {"comment": "known better", "timestamp": late}
        more = await fetch_attributes(_misp_site(misp), None, [], fetched.cursor, NOW, whole=False)
        assert [(one.external, one.revoked) for one in more.taken.indicators] == [
            ("u-0", True), ("u-1", True), ("u-2", False),
        ]  # fmt: skip
        assert not more.whole
        with pytest.raises(ActionRefusedError, match="403") as refused:
            await fetch_attributes(_misp_site(misp, "another-key-00"), None, [], {}, NOW, whole=True)
        assert "another-key-00" not in str(refused.value)
    assert misp_vendor.CONNECTIONS


async def test_a_list_is_fetched_only_where_it_changed() -> None:
    async with ListServer() as server:
        server.text = "# ips\n203.0.113.7\n10.0.0.1\n"
        site = site_of(
            abuse={"kind": "list", "url": f"{server.url}/feeds/", "key": "list-key-01", "header": "Auth-Key"}
        )
        first = await fetch_list(site, "abuse", "ips.txt", {}, read_document)
        assert [one.value for one in first.taken.indicators] == ["203.0.113.7"]
        assert first.taken.skipped == 1
        again = await fetch_list(site, "abuse", "ips.txt", first.cursor, read_document)
        assert again.unchanged
        server.text = "<html>\n<body>We moved</body>\n"
        with pytest.raises(ActionUnavailableError, match="nothing in it is an indicator"):
            await fetch_list(site, "abuse", "ips.txt", first.cursor, read_document)
        server.text = "\n"
        with pytest.raises(ActionUnavailableError, match="empty"):
            await fetch_list(site, "abuse", "ips.txt", first.cursor, read_document)
        server.text = "# nothing today\n"
        assert (await fetch_list(site, "abuse", "ips.txt", first.cursor, read_document)).whole
        server.text = '{"no": "list"}'
        with pytest.raises(ListError):
            await fetch_list(site, "abuse", "ips.txt", {}, read_document)
        other = site_of(abuse={"kind": "list", "url": f"{server.url}/feeds/"})
        with pytest.raises(ActionRefusedError, match="401"):
            await fetch_list(other, "abuse", "ips.txt", {}, read_document)
