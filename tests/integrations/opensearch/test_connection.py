"""How a cluster is reached: over TLS, with credentials, and how soon it is said to be away."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from integrations.opensearch import Access, connect
from integrations.ports import StoreError, StoreUnavailableError

pytestmark = pytest.mark.engine


def certificate(folder: Path, name: str, issuer: tuple[x509.Name, ec.EllipticCurvePrivateKey] | None) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    above, signer = issuer or (subject, key)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(above)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(signer, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    if issuer is None:
        for other in ("server", "client"):
            certificate(folder, other, (subject, key))


@dataclass
class Front:
    """A TLS end before the node, as a cluster with security has one."""

    url: str
    folder: Path
    seen: list[str]
    """Authorization headers of requests."""


@pytest.fixture
async def front(opensearch_url: str, tmp_path: Path) -> AsyncIterator[Front]:
    certificate(tmp_path, "authority", None)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(tmp_path / "authority.pem"))
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    context.verify_mode = ssl.CERT_REQUIRED
    seen: list[str] = []
    async with aiohttp.ClientSession() as session:

        async def forward(request: web.Request) -> web.Response:
            seen.append(request.headers.get("authorization", ""))
            if request.headers.get("authorization") not in ("ApiKey abc", "Basic dTpw"):
                return web.json_response({"error": {"type": "security", "reason": "who?"}}, status=401)
            async with session.request(
                request.method, opensearch_url + request.path_qs, data=await request.read(),
                headers={"content-type": request.headers.get("content-type", "application/json")},
            ) as answer:  # fmt: skip
                return web.Response(
                    body=await answer.read(), status=answer.status, content_type="application/json"
                )

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", forward)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        port = runner.addresses[0][1]
        yield Front(f"https://127.0.0.1:{port}", tmp_path, seen)
        await runner.cleanup()


def access(front: Front, **more: str) -> Access:
    folder = front.folder
    return Access(
        ca=str(folder / "authority.pem"), certificate=str(folder / "client.pem"),
        key=str(folder / "client.key"), **more,
    )  # fmt: skip


@pytest.mark.parametrize("how", [{"api_key": "abc"}, {"user": "u", "password": "p"}])
async def test_tls_with_credentials(front: Front, index_prefix: str, how: dict[str, str]) -> None:
    stores = await connect(front.url, prefix=index_prefix, access=access(front, **how))
    await stores.setup()
    await stores.state.put("a", {"x": 1})
    assert (await stores.state.get("a") or ({},))[0] == {"x": 1}
    await stores.close()
    assert "abc" not in repr(access(front, **how))


async def test_wrong_credentials_are_no_outage(front: Front) -> None:
    with pytest.raises(StoreError, match="401") as told:
        await connect(front.url, access=access(front, api_key="wrong"))
    assert not isinstance(told.value, StoreUnavailableError)


async def test_a_server_that_nobody_vouches_for_is_not_talked_to(front: Front) -> None:
    with pytest.raises(StoreUnavailableError, match="certificate"):
        await connect(front.url, access=Access(api_key="abc"))
    assert front.seen == []


async def test_a_cluster_that_refuses_connections_is_said_to_be_away() -> None:
    with pytest.raises(StoreUnavailableError, match="does not answer"):
        await connect("http://127.0.0.1:1")


async def test_a_host_that_swallows_connections_is_given_up_soon() -> None:
    """A full backlog drops what comes: the connection neither stands nor fails."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(deaf.getsockname())
        try:
            async with asyncio.timeout(15):
                with pytest.raises(StoreUnavailableError, match="does not answer"):
                    await connect(f"http://127.0.0.1:{deaf.getsockname()[1]}")
        finally:
            for filler in fillers:
                filler.close()


async def test_an_answer_without_the_shards_that_are_away_is_none(
    opensearch_url: str, index_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.opensearch.connection.STARTING_SECONDS", 0.5)
    connection = (await connect(opensearch_url, prefix=index_prefix)).connection
    nowhere = {"index.number_of_replicas": 0, "index.routing.allocation.include._name": "no-such-node"}
    try:
        await connection.request("PUT", f"/{index_prefix}here", {"settings": {"index.number_of_replicas": 0}})
        event = {"@timestamp": "2026-04-20T00:00:00Z", "a": 1}
        await connection.request("PUT", f"/{index_prefix}here/_doc/1", event, refresh="true")
        everything = {"query": {"match_all": {}}}
        whole = await connection.search(f"{index_prefix}*", everything)
        assert whole["hits"]["total"]["value"] == 1

        asked = {"settings": nowhere}
        await connection.request("PUT", f"/{index_prefix}away", asked, wait_for_active_shards="0")
        with pytest.raises(StoreUnavailableError, match=r"1 of 2 shards of .* are away"):
            await connection.search(f"{index_prefix}*", everything)
        away = {**nowhere, "index.routing.allocation.include._name": None}
        await connection.request("PUT", f"/{index_prefix}away/_settings", away)
        await connection.request("GET", f"/_cluster/health/{index_prefix}away", wait_for_status="green")
        assert (await connection.search(f"{index_prefix}*", everything))["hits"]["total"]["value"] == 1
    finally:
        await connection.close()
