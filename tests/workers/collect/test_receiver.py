"""The HTTP receiver: who may send, what is taken in which shape, and that 2xx means it is on disk."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from standardwebhooks.webhooks import Webhook

from rules.ecs import get
from workers.collect import http_access, http_body
from workers.collect_section import ReceiverSection
from workers.site_file import CollectSection

from .certificates import Authority
from .conftest import KeptEvents
from .running import collecting, said, until

TOKEN = "t0ken"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def line(number: int, host: str = "web-1") -> str:
    return f"Mar 30 16:01:36 {host} sshd[{number}]: Failed password for root from 203.0.113.7 port 22 ssh2"


def entry(name: str = "here", **http: Any) -> CollectSection:
    given = {"token_env": "T"} if "signature" not in http and "jwks" not in http else {}
    return CollectSection.model_validate(
        {"source": "linux.auth", "name": name, "year": 2026, "http": given | http}
    )


@asynccontextmanager
async def receiving(
    folder: Path, store: KeptEvents, *sections: CollectSection, secrets: Any = None, **more: Any
) -> AsyncIterator[httpx.AsyncClient]:
    given = secrets or {section.identity: {"token": TOKEN} for section in sections}
    receiver = ReceiverSection(listen="127.0.0.1:0", **more)
    async with collecting(folder, store, *sections, secrets=given, receiver=receiver):
        base = (
            said(folder).listens[0].rpartition("/ingest")[0] or said(folder).listens[0].partition("/serv")[0]
        )
        async with httpx.AsyncClient(base_url=base, timeout=20) as client:
            yield client


def numbers(store: KeptEvents) -> list[int]:
    return sorted(get(document, "process.pid") for document in store.kept.values())


async def test_lines_arrays_and_gzip_with_a_bearer_token(tmp_path: Path, store: KeptEvents) -> None:
    async with receiving(tmp_path, store, entry()) as client:
        text = "".join(line(number) + "\n" for number in range(10))
        answer = await client.post("/ingest/here", content=text, headers=BEARER)
        assert (answer.status_code, answer.json()) == (200, {"accepted": 10})
        packed = gzip.compress(line(10).encode()) + gzip.compress(b"\n" + line(11).encode())
        answer = await client.post(
            "/ingest/here", content=packed, headers=BEARER | {"Content-Encoding": "gzip"}
        )
        assert answer.json() == {"accepted": 2}
        entries = [
            {"__REALTIME_TIMESTAMP": "1774886496000000", "SYSLOG_IDENTIFIER": "sshd", "_PID": f"{pid}",
             "MESSAGE": "Failed password for root from 203.0.113.7 port 22 ssh2"}
            for pid in (12, 13)
        ]  # fmt: skip
        answer = await client.post("/ingest/here", json=entries, headers=BEARER)
        assert answer.json() == {"accepted": 2}
        await until(lambda: len(store.kept) == 14)
    assert numbers(store) == list(range(14))
    assert {get(event, "log.source.address") for event in store.kept.values()} == {"127.0.0.1"}


async def test_json_is_one_record_an_object_however_it_is_batched(tmp_path: Path, store: KeptEvents) -> None:
    section = entry().model_copy(update={"source": "json.event"})
    documents = [{"@timestamp": "2026-03-30T16:01:36Z", "message": f"m{number}"} for number in range(4)]
    bodies = [
        json.dumps(documents[:2]),
        "\n".join(map(json.dumps, documents[2:3])),
        json.dumps({"Records": documents[3:]}, indent=1),
    ]
    async with receiving(tmp_path, store, section) as client:
        for body in bodies:
            assert (await client.post("/ingest/here", content=body, headers=BEARER)).status_code == 200
        await until(lambda: len(store.kept) == 4)
    assert sorted(get(event, "message") for event in store.kept.values()) == ["m0", "m1", "m2", "m3"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 403),
        ({"Authorization": "Basic dDpUMGtlbg=="}, 401),
        ({"Authorization": "Bearer t\u00f6ken".encode("latin-1")}, 403),
    ],
)
async def test_nobody_without_the_token(
    tmp_path: Path, store: KeptEvents, headers: dict[str, Any], status: int
) -> None:
    async with receiving(tmp_path, store, entry()) as client:
        answer = await client.post("/ingest/here", content=line(1), headers=headers)
        assert answer.status_code == status
        assert "token" in answer.json()["error"]
        assert (await client.post("/ingest/there", content="x", headers=BEARER)).status_code == 404
        await until(lambda: said(tmp_path).refused == 1)
    assert store.kept == {}


async def test_signatures_and_replays(tmp_path: Path, store: KeptEvents) -> None:
    secret = "whsec_" + base64.b64encode(b"s" * 24).decode()
    sections = [
        entry("hooks", signature="standard-webhooks", secret_env="S"),
        entry("hub", signature="github", secret_env="S"),
    ]
    secrets = {"hooks": {"secret": secret}, "hub": {"secret": "hush"}}
    body = line(1)
    now = datetime.now(UTC)
    hook = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", now, body),
    }
    hub = {
        "X-Hub-Signature-256": "sha256=" + hmac.new(b"hush", body.encode(), hashlib.sha256).hexdigest(),
        "X-GitHub-Delivery": "d-1",
    }
    async with receiving(tmp_path, store, *sections, secrets=secrets) as client:
        for _ in range(2):
            assert (await client.post("/ingest/hooks", content=body, headers=hook)).status_code == 200
            assert (await client.post("/ingest/hub", content=body, headers=hub)).status_code == 200
        for path, headers in (("hooks", hook), ("hub", hub)):
            answer = await client.post(f"/ingest/{path}", content=body + " ", headers=headers)
            assert answer.status_code == 403
            assert (await client.post(f"/ingest/{path}", content=body)).status_code == 401
        for bad in ({"webhook-timestamp": "1"}, {"webhook-signature": "v1"}, {"webhook-signature": "x,y"}):
            answer = await client.post("/ingest/hooks", content=body, headers=hook | bad)
            assert answer.status_code == 403
        answer = await client.post("/ingest/hooks", content=b"\xff\xfe", headers=hook)
        assert answer.status_code == 400
        await until(lambda: said(tmp_path).duplicates == 1)
    assert len(store.kept) == 2


async def test_bodies_are_bounded_as_sent_as_unpacked_and_together(
    tmp_path: Path, store: KeptEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = entry(max_body=20_000, max_unpacked=50_000)
    async with receiving(tmp_path, store, section) as client:

        async def post(content: Any, **headers: str) -> httpx.Response:
            return await client.post("/ingest/here", content=content, headers=BEARER | headers)

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(30):
                yield b"x" * 1000

        assert (await post(b"x" * 20_001)).status_code == 413
        assert (await post(pieces())).status_code == 413
        bomb = await post(gzip.compress(b"\0" * 10_000_000), **{"Content-Encoding": "gzip"})
        assert (bomb.status_code, "50,000 bytes when unpacked" in bomb.json()["error"]) == (413, True)
        damaged = gzip.compress(line(1).encode())
        for content in (damaged[:-9], b"\x1f\x8b" + damaged[4:], b"plain"):
            assert (await post(content, **{"Content-Encoding": "gzip"})).status_code == 400
        assert (await post("x", **{"Content-Encoding": "br"})).status_code == 415
        monkeypatch.setattr(http_body, "BODY_SECONDS", 0.2)

        async def trickle() -> AsyncIterator[bytes]:
            yield b"x"
            await asyncio.sleep(2)
            yield b"x"

        assert (await post(trickle())).status_code == 408
    assert store.kept == {}


async def test_a_full_spool_is_told_and_what_was_taken_survives(tmp_path: Path, store: KeptEvents) -> None:
    store.away = True
    section = entry().model_copy(update={"spool": 20_000})
    taken = 0
    async with receiving(tmp_path, store, section) as client:
        while True:
            answer = await client.post("/ingest/here", content=line(taken), headers=BEARER)
            if answer.status_code != 200:
                break
            taken += 1
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "of 20,000 bytes" in answer.json()["error"]
    assert taken > 50
    store.away = False
    async with receiving(tmp_path, store, section):
        await until(lambda: len(store.kept) == taken)
    assert numbers(store) == list(range(taken))


async def test_too_many_at_once_are_told_to_come_again(tmp_path: Path, store: KeptEvents) -> None:
    async with receiving(tmp_path, store, entry(), requests=1) as client:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            begun.set()
            yield line(1).encode()
            await go_on.wait()
            yield b"\n"

        first = asyncio.create_task(client.post("/ingest/here", content=slow(), headers=BEARER))
        await begun.wait()
        while True:
            answer = await client.post("/ingest/here", content=line(2), headers=BEARER)
            if answer.status_code == 429:
                break
        assert answer.headers["Retry-After"] == "1"
        go_on.set()
        assert (await first).status_code == 200


async def test_firehose(tmp_path: Path, store: KeptEvents) -> None:
    logs = {
        "messageType": "DATA_MESSAGE",
        "logGroup": "auth",
        "logEvents": [{"id": f"3{number}", "timestamp": 1, "message": line(number)} for number in (2, 3)],
    }
    control = {"messageType": "CONTROL_MESSAGE", "logEvents": [{"id": "", "timestamp": 1, "message": "x"}]}
    pieces = [
        f"{line(0)}\n{line(1)}\n".encode(),
        gzip.compress(json.dumps(logs).encode() + json.dumps(control).encode()),
        gzip.compress(line(4).encode()),
    ]
    body = {
        "requestId": "r-1",
        "timestamp": 1,
        "records": [{"data": base64.b64encode(piece).decode()} for piece in pieces],
    }
    headers = {"X-Amz-Firehose-Access-Key": TOKEN, "X-Amz-Firehose-Request-Id": "r-1"}
    async with receiving(tmp_path, store, entry(shape="firehose")) as client:
        for _ in range(2):  # a repeated delivery has the same id
            content = gzip.compress(json.dumps(body).encode())
            answer = await client.post(
                "/ingest/here", content=content, headers=headers | {"Content-Encoding": "gzip"}
            )
            assert (answer.status_code, answer.json()["requestId"]) == (200, "r-1")
            assert abs(answer.json()["timestamp"] / 1000 - time.time()) < 3600
        answer = await client.post(
            "/ingest/here", json=body, headers=headers | {"X-Amz-Firehose-Access-Key": "no"}
        )
        assert (answer.status_code, answer.json()["requestId"]) == (403, "r-1")
        assert "access key" in answer.json()["errorMessage"]
        answer = await client.post("/ingest/here", json=body | {"records": [{"data": "!"}]}, headers=headers)
        assert (answer.status_code, answer.json()["errorMessage"]) == (400, 'record 0 has no base64 "data"')
        bomb = base64.b64encode(gzip.compress(b"\0" * 70_000_000)).decode()
        answer = await client.post("/ingest/here", json=body | {"records": [{"data": bomb}]}, headers=headers)
        assert answer.status_code == 413
        await until(lambda: said(tmp_path).duplicates == 5)
    assert numbers(store) == [0, 1, 2, 3, 4]


async def test_splunk_hec(tmp_path: Path, store: KeptEvents) -> None:
    path = "/services/collector"
    splunk = {"Authorization": f"Splunk {TOKEN}"}
    async with receiving(tmp_path, store, entry(shape="splunk-hec")) as client:
        assert (await client.get(f"{path}/health")).json() == {"text": "HEC is healthy", "code": 17}
        event = "Mar 30 16:01:36 sshd[1]: Failed password for root from 203.0.113.7 port 22 ssh2"
        two = json.dumps({"event": event, "host": "db-1"}) + json.dumps({"event": line(2), "host": "x"})
        answer = await client.post(f"{path}/event", content=two, headers=splunk)
        assert (answer.status_code, answer.json()) == (200, {"text": "Success", "code": 0})
        raw = await client.post(
            f"{path}/raw", content=f"{line(3)}\n{line(4)}", headers=splunk, params={"channel": "c-1"}
        )
        ack = raw.json()["ackId"]
        acks = await client.post(
            f"{path}/ack", json={"acks": [ack, ack + 1]}, headers=splunk, params={"channel": "c-1"}
        )
        assert acks.json() == {"acks": {str(ack): True, str(ack + 1): False}}
        refusals = [
            (b"", splunk, 400, 5),
            (b'{"event": "a"}{"event": ', splunk, 400, 6),
            (b'{"event": "a"}{"time": 1}', splunk, 400, 12),
            (b'{"event": ""}', splunk, 400, 13),
            (b"[" * 100_000, splunk, 400, 6),
            (b'{"event": "a"}', {}, 401, 2),
            (b'{"event": "a"}', {"Authorization": "what"}, 401, 3),
            (b'{"event": "a"}', {"Authorization": "Splunk no"}, 403, 4),
        ]
        for body, headers, status, code in refusals:
            answer = await client.post(path, content=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (status, code), body[:50]
        await until(lambda: len(store.kept) == 4)
    hosts = {get(event, "process.pid"): get(event, "host.name") for event in store.kept.values()}
    assert hosts == {1: "db-1", 2: "web-1", 3: "web-1", 4: "web-1"}


async def test_a_full_spool_is_told_to_splunk_shippers(tmp_path: Path, store: KeptEvents) -> None:
    store.away = True
    section = entry(shape="splunk-hec").model_copy(update={"spool": 1000})
    splunk = {"Authorization": f"Splunk {TOKEN}"}
    async with receiving(tmp_path, store, section) as client:
        body = json.dumps({"event": line(1)}) * 20
        answer = await client.post("/services/collector", content=body, headers=splunk)
        assert (answer.status_code, answer.json()["code"], bool(answer.headers["Retry-After"])) == (
            503,
            9,
            True,
        )
        assert (await client.get("/services/collector/health")).status_code == 503


@asynccontextmanager
async def key_server(keys: list[dict[str, Any]]) -> AsyncIterator[str]:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"keys": keys})

    app = web.Application()
    app.router.add_get("/certs", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/certs"
    finally:
        await runner.cleanup()


class Google:
    """Signs OpenID tokens as Google does."""

    def __init__(self, kid: str) -> None:
        self._key = rsa.generate_private_key(65537, 2048)
        self.kid = kid

    @property
    def jwk(self) -> dict[str, Any]:
        return json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key())) | {"kid": self.kid}

    def token(self, **changed: Any) -> str:
        claims = {
            "iss": "https://accounts.google.com", "aud": "https://siem.example.org", "iat": int(time.time()),
            "exp": int(time.time()) + 600, "email": "push@example.org", "email_verified": True,
        }  # fmt: skip
        return jwt.encode(claims | changed, self._key, "RS256", {"kid": self.kid})


async def test_pubsub_with_openid_tokens(
    tmp_path: Path, store: KeptEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    google, newer = Google("k1"), Google("k2")
    keys = [google.jwk]
    body = {
        "message": {"data": base64.b64encode(line(1).encode()).decode(), "messageId": "7"},
        "subscription": "projects/p/subscriptions/s",
    }
    async with key_server(keys) as url:
        section = entry(
            shape="pubsub", jwks=url, audience="https://siem.example.org", email="push@example.org"
        )
        async with receiving(tmp_path, store, section, secrets={"here": {}}) as client:

            async def post(token: str, body: Any = body) -> int:
                headers = {"Authorization": f"Bearer {token}"}
                return (await client.post("/ingest/here", json=body, headers=headers)).status_code

            assert await post(google.token()) == 204
            assert await post(google.token()) == 204  # delivered again
            refused = [
                google.token(aud="https://other.example.org"), google.token(email="eve@example.org"),
                google.token(email_verified=False), google.token(exp=int(time.time()) - 600),
                google.token(iss="https://accounts.example.org"), Google("k1").token(), newer.token(),
                "x.y.z",
                jwt.encode({"aud": "https://siem.example.org"}, "k" * 32, "HS256", {"kid": "k1"}),
            ]  # fmt: skip
            for token in refused:
                assert await post(token) == 403
            assert (await client.post("/ingest/here", json=body)).status_code == 401
            assert await post(google.token(), {"message": {"data": "!"}}) == 400
            keys[:] = [newer.jwk]  # the keys change: an unknown one is looked up, but not at each request
            assert await post(newer.token()) == 403
            monkeypatch.setattr(http_access, "KEYS_PAUSE", 0.0)
            assert await post(newer.token()) == 204
            await until(lambda: said(tmp_path).duplicates == 2)
    assert numbers(store) == [1]


async def test_pubsub_with_a_token_in_the_query(tmp_path: Path, store: KeptEvents) -> None:
    body = {"message": {"data": base64.b64encode(line(1).encode()).decode(), "messageId": "7"}}
    async with receiving(tmp_path, store, entry(shape="pubsub")) as client:
        assert (await client.post("/ingest/here", json=body, params={"token": "no"})).status_code == 403
        assert (await client.post("/ingest/here", json=body, params={"token": TOKEN})).status_code == 204
        await until(lambda: len(store.kept) == 1)


async def test_tls(tmp_path: Path, store: KeptEvents) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("localhost")
    receiver = ReceiverSection(listen="127.0.0.1:0", certificate=certificate, key=key)
    secrets = {"here": {"token": TOKEN}}
    async with collecting(tmp_path, store, entry(), secrets=secrets, receiver=receiver):
        url = said(tmp_path).listens[0].replace("127.0.0.1", "localhost")
        assert url.startswith("https://")
        context = ssl.create_default_context(cafile=str(authority.file))
        async with httpx.AsyncClient(verify=context) as client:
            assert (await client.post(url, content=line(1), headers=BEARER)).json() == {"accepted": 1}
