"""Named connections against a real HTTP server: what goes out, what comes back, and what is refused."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from integrations import connections
from integrations.connections import (
    LARGEST,
    ConnectionKind,
    Setting,
    bearer,
    choose,
    client_credentials,
    forbidden,
    http,
)
from integrations.contract import ActionRefusedError, ActionUnavailableError

SECRET = "s3cret-t0ken-value"
Serve = Callable[[web.Request], Any]


@contextlib.asynccontextmanager
async def serving(**answers: Serve) -> AsyncIterator[str]:
    app = web.Application()
    for name, answer in answers.items():
        app.router.add_route("*", f"/{name}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


def site_of(url: str, **more: Any) -> Any:
    return SimpleNamespace(connections={"shop": {"kind": "shop", "url": url, "token": SECRET, **more}})


async def test_a_request_carries_its_proof_and_answers_json() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response(
            {"saw": request.headers["authorization"], "agent": request.headers["user-agent"]}
        )

    async with serving(a=answer) as url, http(site_of(url), "shop", authenticate=bearer()) as shop:
        assert await shop.json("GET", "/a") == {"saw": f"Bearer {SECRET}", "agent": "siem"}


@pytest.mark.parametrize("status", [429, 500, 503, 408])
async def test_busy_is_worth_a_retry_after_what_the_vendor_asks(status: int) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Retry-After": "7"}, text=f"slow down, {SECRET}")

    async with serving(a=answer) as url, http(site_of(url), "shop") as shop:
        with pytest.raises(ActionUnavailableError) as caught:
            await shop.ask("GET", "/a")
    assert caught.value.retry_after == 7
    assert SECRET not in str(caught.value)
    assert str(status) in str(caught.value)


async def test_no_is_final_and_redirects_are_not_followed() -> None:
    seen = []

    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=403, text="no such right")

    async def away(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/b"})

    async def reached(_: web.Request) -> web.Response:
        seen.append(1)
        return web.Response()

    async with serving(a=refuse, r=away, b=reached) as url, http(site_of(url), "shop") as shop:
        with pytest.raises(ActionRefusedError, match="403 Forbidden: no such right"):
            await shop.ask("GET", "/a")
        with pytest.raises(ActionRefusedError, match="not followed"):
            await shop.ask("GET", "/r")
        assert (await shop.ask("GET", "/a", expected=(403,))).status_code == 403
    assert seen == []


async def test_an_endless_answer_is_cut_off() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        with contextlib.suppress(ConnectionError):
            for _ in range(LARGEST // 65_536 + 10):
                await stream.write(b"x" * 65_536)
        return stream

    async with serving(a=answer) as url, http(site_of(url), "shop") as shop:
        with pytest.raises(ActionRefusedError, match="more than"):
            await shop.ask("GET", "/a")


async def test_a_name_that_leads_inside_is_refused_unless_the_connection_says_so() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="inside")

    async with serving(a=answer) as url:
        named = url.replace("127.0.0.1", "localhost.localdomain")
        inside = site_of(named)
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().getaddrinfo("localhost.localdomain", 80)
        async with http(inside, "shop") as shop:
            with pytest.raises((ActionRefusedError, ActionUnavailableError)):
                await shop.ask("GET", "/a")
        async with http(site_of(url), "shop") as shop:
            assert (await shop.ask("GET", "/a")).text == "inside"


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254", "[fd00:ec2::254]", "metadata.google.internal", "METADATA.google.internal.", "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::1]", "[::a9fe:a9fe]", "[fe80::a9fe:a9fe]", "[fd20:ce::254]", "[fd00:ec2::23]",
        "169.254.170.23", "169.254.42.42", "168.63.129.16", "100.100.100.200", "instance-data.ec2.internal",
    ],
)  # fmt: skip
async def test_metadata_services_are_refused_always(host: str) -> None:
    async with http(site_of(f"http://{host}", private=True), "shop") as shop:
        with pytest.raises(ActionRefusedError, match="metadata"):
            await shop.ask("GET", "/latest/meta-data")


@pytest.mark.parametrize(
    "text", ["10.0.0.1", "127.0.0.1", "::1", "fe80::1%eth0", "192.168.1.1", "100.64.0.1", "::ffff:10.0.0.1",
     "64:ff9b::10.0.0.1", "2002:a00:1::", "::10.0.0.1"]
)  # fmt: skip
def test_addresses_inside(text: str) -> None:
    assert forbidden(text, private=False)
    assert forbidden(text, private=True) is None


@pytest.mark.parametrize("text", ["0.0.0.0", "224.0.0.1", "255.255.255.255", "ff02::1"])
def test_addresses_of_no_server(text: str) -> None:
    assert forbidden(text, private=True)


def test_addresses_of_others_are_no_addresses_inside() -> None:
    for text in ("8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"):
        assert forbidden(text, private=False) is None


async def test_a_name_is_looked_up_anew_each_time_and_connected_to_as_it_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that leads somewhere else the second time gets nothing."""
    hosts = []

    async def answer(request: web.Request) -> web.Response:
        hosts.append(request.headers["host"])
        return web.Response()

    async with serving(a=answer) as url:
        port = url.rpartition(":")[2]
        places = ["127.0.0.1", "169.254.169.254", "10.0.0.1"]

        async def lookup(*_: Any, **__: Any) -> list[Any]:
            return [(0, 0, 0, "", (places.pop(0), int(port)))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)
        async with http(site_of(f"http://shop.example.com:{port}", private=True), "shop") as shop:
            await shop.ask("GET", "/a")
            with pytest.raises(ActionRefusedError, match="metadata service"):
                await shop.ask("GET", "/a")
        async with http(site_of(f"http://shop.example.com:{port}"), "shop") as shop:
            with pytest.raises(ActionRefusedError, match=r"at 10\.0\.0\.1, an address inside"):
                await shop.ask("GET", "/a")
    assert hosts == [f"shop.example.com:{port}"]
    assert places == []


async def test_another_host_is_not_told_who_we_are() -> None:
    told = []

    async def answer(request: web.Request) -> web.Response:
        told.append(request.headers.get("authorization"))
        return web.Response()

    async with (
        serving(a=answer) as url,
        serving(a=answer) as other,
        http(site_of(url), "shop", authenticate=bearer()) as shop,
    ):
        for way in (f"{other}/a", "https://127.0.0.1/a"):
            with pytest.raises(ActionRefusedError, match="another host than the connection's"):
                await shop.ask("GET", way)
    assert told == []


async def test_an_answer_that_drips_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "TIMES", 0.05)

    async def answer(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        with contextlib.suppress(ConnectionError):
            for _ in range(200):
                await stream.write(b"x")
                await asyncio.sleep(0.02)
        return stream

    async with serving(a=answer) as url, http(site_of(url), "shop") as shop:
        with pytest.raises(ActionUnavailableError, match="no whole answer within"):
            await shop.ask("GET", "/a")


async def test_a_token_is_asked_for_once_and_kept() -> None:
    asked = []

    async def token(request: web.Request) -> web.Response:
        form = await request.post()
        asked.append((form["grant_type"], form["client_id"], form["client_secret"], form["scope"]))
        return web.json_response({"access_token": "abc", "expires_in": 3600})

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(request.headers["authorization"])

    async with serving(token=token, a=answer) as url:
        site = site_of(url, client_id="me", client_secret="hush-hush")
        proof = client_credentials("/token", scope="x.read")
        async with http(site, "shop", authenticate=proof) as shop:
            assert await shop.json("GET", "/a") == "Bearer abc"
            assert await shop.json("GET", "/a") == "Bearer abc"
    assert asked == [("client_credentials", "me", "hush-hush", "x.read")]


async def test_a_quota_is_kept() -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response()

    async with serving(a=answer) as url:
        site = SimpleNamespace(connections={"paced": {"kind": "shop", "url": url, "per_minute": 2}})
        async with http(site, "shop") as shop:
            await shop.ask("GET", "/a")
            await shop.ask("GET", "/a")
            with pytest.raises(ActionUnavailableError, match="per_minute") as caught:
                await shop.ask("GET", "/a")
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 60


def test_a_connection_is_chosen_by_kind_and_the_remedy_is_told() -> None:
    none: Any = SimpleNamespace(connections={})
    with pytest.raises(ActionRefusedError, match="connections setup okta"):
        choose(none, "okta")
    two: Any = SimpleNamespace(connections={"a": {"kind": "okta"}, "b": {"kind": "okta"}, "c": {"kind": "x"}})
    with pytest.raises(ActionRefusedError, match="several connections of kind okta: say which"):
        choose(two, "okta")
    assert choose(two, "okta", "b").name == "b"
    assert choose(two, "x").name == "c"
    with pytest.raises(ActionRefusedError, match="no connection 'c' of kind okta"):
        choose(two, "okta", "c")


def test_what_a_connection_lacks_is_told() -> None:
    kind = ConnectionKind(
        "x", "X", "d", (Setting("url", "where"), Setting("token", "an API token", secret=True))
    )
    assert kind.faults({"url": "https://x.example"}) == ["token_env is missing: an API token"]
