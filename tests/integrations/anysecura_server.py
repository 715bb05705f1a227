"""A server as a site might put before its AnySecura: computers that are away obey when they next report, as the
vendor's manual says of locks; bearer token or signed requests, each signature good once."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from tests.integrations.vendor_server import Handler, VendorServer

TOKEN, CLIENT, KEY = "an-anysecura-token", "siem", "the-signing-key-of-siem"


class AnySecuraServer(VendorServer):
    def __init__(self) -> None:
        super().__init__()
        self.computers: dict[str, dict[str, Any]] = {
            str(number): {"no": number, "pc": name, "lock": "unlocked", "net": "normal", "online": True}
            for number, name in ((7, "pc-7.example.com"), (8, "pc-8.example.com"), (9, "pc-8.example.org"))
        }
        self.orders: list[tuple[str, str, dict[str, Any]]] = []
        self.used: set[str] = set()
        self.lying = False

    @property
    def connection(self) -> dict[str, Any]:
        return {
            "kind": "anysecura", "url": self.url, "token": TOKEN, "rows": "data.rows", "id_field": "no",
            "name_field": "pc", "find": "GET /v1/computers?kw={host}", "status": "GET /v1/computers/{id}",
            "lock": "POST /v1/computers/{id}/control/lock", "unlock": "POST /v1/computers/{id}/control/unlock",
            "isolate": "PUT /v1/policies/cut-off/{id}", "release": "DELETE /v1/policies/cut-off/{id}",
            "lock_state": "data.lock", "isolation_state": "data.net", "not_in_force": ["normal", "unlocked"],
            "body": {"target": ["{id}"], "memo": "{comment}", "force": True}, "test_host": "pc-7",
        }  # fmt: skip

    @property
    def signed(self) -> dict[str, Any]:
        return {key: value for key, value in self.connection.items() if key != "token"} | {
            "client": CLIENT,
            "key": KEY,
        }

    def refuse(self, request: web.Request) -> web.Response | None:
        if request.headers.get("authorization") == f"Bearer {TOKEN}":
            return None
        return web.json_response({"code": 401, "msg": "who are you?"}, status=401)

    async def proven(self, request: web.Request) -> bool:
        got = request.headers
        body = hashlib.sha256(await request.read()).hexdigest()
        text = "\n".join((request.method, request.raw_path, got["x-timestamp"], got["x-nonce"], body))
        proof = hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest()
        fresh = abs(time.time() - int(got["x-timestamp"])) < 60 and got["x-nonce"] not in self.used
        self.used.add(got["x-nonce"])
        return got["x-client"] == CLIENT and fresh and hmac.compare_digest(proof, got["x-signature"])

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return (
            ("GET", "/v1/computers", self.find), ("GET", "/v1/computers/{id}", self.status),
            ("POST", "/v1/computers/{id}/control/{verb}", self.order),
            ("PUT", "/v1/policies/cut-off/{id}", self.order), ("DELETE", "/v1/policies/cut-off/{id}", self.order),
        )  # fmt: skip

    async def find(self, request: web.Request) -> web.Response:
        word = request.query["kw"].casefold()
        rows = [
            {"no": one["no"], "pc": one["pc"]}
            for one in self.computers.values()
            if one["pc"].startswith(word)
        ]
        return web.json_response({"data": {"rows": rows}})

    async def status(self, request: web.Request) -> web.Response:
        known = self.computers.get(request.match_info["id"])
        if known is None:
            return web.json_response({"code": 404}, status=404)
        return web.json_response({"data": known})

    async def order(self, request: web.Request) -> web.Response:
        known = self.computers.get(request.match_info["id"])
        if known is None:
            return web.json_response({"code": 404}, status=404)
        verb = request.match_info.get("verb") or {"PUT": "isolate", "DELETE": "release"}[request.method]
        body = await request.json() if request.can_read_body else {}
        self.orders.append((verb, request.match_info["id"], body))
        self.changes += 1
        if not self.lying:
            field = "lock" if "lock" in verb else "net"
            states = {
                "lock": ("locked", "locking"), "unlock": ("unlocked", "unlocked"),
                "isolate": ("isolated", "isolating"), "release": ("normal", "normal"),
            }  # fmt: skip
            known[field] = states[verb][0 if known["online"] else 1]
        return web.json_response({"code": 0, "msg": "ok"})


class SignedServer(AnySecuraServer):
    """The same, of signed requests only."""

    def refuse(self, request: web.Request) -> web.Response | None:
        del request
        return None

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return tuple((method, path, self.checked(handler)) for method, path, handler in super().routes())

    def checked(self, handler: Handler) -> Handler:
        async def through(request: web.Request) -> web.StreamResponse:
            if "x-signature" in request.headers and await self.proven(request):
                return await handler(request)
            return web.json_response({"code": 401, "msg": "bad signature"}, status=401)

        return through
