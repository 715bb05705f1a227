"""CrowdStrike's API as documented: OAuth 2.0, Falcon Query Language held to its syntax, hosts that obey when they
next ask, one indicator for each value, faults under ``errors``, X-RateLimit headers."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from tests.integrations.vendor_server import Handler, VendorServer

CLIENT, SECRET = "a1b2c3d4e5f60718293a4b5c6d7e8f90", "a-secret-of-the-api-client"
TERM = re.compile(r"(\w+):'((?:[^'\\]|\\.)*)'")
HEX = re.compile(r"[0-9a-f]+")


class FalconServer(VendorServer):
    def __init__(self) -> None:
        super().__init__()
        now = datetime.now(UTC)
        self.hosts: dict[str, dict[str, Any]] = {
            f"aid-{number}": {
                "device_id": f"aid-{number}", "hostname": name, "machine_domain": domain, "status": "normal",
                "platform_name": "Windows", "product_type_desc": "Domain Controller" if name == "DB-1" else "Workstation", "os_version": "Windows 11", "local_ip": "192.0.2.7",
                "external_ip": "203.0.113.7", "last_login_user": "alice", "reduced_functionality_mode": "no",
                "last_seen": (now - age).strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
            for number, name, domain, age in (
                (1, "WEB-1", "example.com", timedelta()), (2, "DB-1", "example.com", timedelta()),
                (3, "DB-1", "example.org", timedelta()), (4, "OLD-1", "", timedelta(days=9)),
                (5, "OLD-1", "", timedelta()), (6, "WEB-10", "example.com", timedelta()),
            )
        }  # fmt: skip
        self.steps = 0
        """How many looks a host takes until it obeys."""
        self.waiting: dict[str, int] = {}
        self.offline = False
        self.orders: list[tuple[str, str]] = []
        self.indicators: dict[str, dict[str, Any]] = {}
        self.quota = 6000
        self.inner_fault: int | None = None

    @property
    def connection(self) -> dict[str, Any]:
        return {"kind": "crowdstrike", "url": self.url, "client_id": CLIENT, "client_secret": SECRET}

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        indicators = "/iocs/entities/indicators/v1"
        return (
            ("POST", "/oauth2/token", self.token), ("GET", "/devices/queries/devices/v1", self.query),
            ("POST", "/devices/entities/devices/v2", self.entities),
            ("POST", "/devices/entities/devices-actions/v2", self.order),
            ("GET", "/iocs/combined/indicator/v1", self.find), ("GET", "/iocs/queries/indicators/v1", self.find_ids),
            ("POST", indicators, self.create), ("PATCH", indicators, self.update), ("DELETE", indicators, self.delete),
        )  # fmt: skip

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return faulty(403, "access denied, invalid client")
        return web.json_response(
            {"access_token": "falcon-token", "token_type": "bearer", "expires_in": 1799}, status=201
        )

    def refuse(self, request: web.Request) -> web.Response | None:
        if request.headers.get("authorization") != "Bearer falcon-token":
            return faulty(401, "access denied, invalid bearer token")
        if self.quota == 0:
            answer = faulty(429, "API rate limit exceeded.")
            answer.headers["X-RateLimit-RetryAfter"] = str(int(time.time()) + 20)
            return answer
        self.quota -= 1
        return None

    def filtered(self, request: web.Request, rows: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        """The rows that a filter of terms with ``,`` or ``+`` between them finds, None for a wrong one.

        A text without brackets finds what holds it, whatever its case, as Falcon's does for names.
        """
        asked = request.query.get("filter", "")
        if not asked:
            return rows
        terms = list(TERM.finditer(asked))
        between = TERM.sub("", asked)
        if not terms or set(between) - {",", "+"} or len(between) != len(terms) - 1 or len(set(between)) > 1:
            return None
        pairs = [(term[1], re.sub(r"\\(.)", r"\1", term[2]).casefold()) for term in terms]
        means = all if between.startswith("+") else any
        return [
            row for row in rows if means(value in str(row.get(key, "")).casefold() for key, value in pairs)
        ]

    async def query(self, request: web.Request) -> web.Response:
        if self.inner_fault is not None:
            return web.json_response(
                {"meta": {}, "resources": [], "errors": [{"code": self.inner_fault, "message": "x"}]}
            )
        found = self.filtered(request, list(self.hosts.values()))
        if found is None:
            return faulty(400, "invalid filter")
        return fine([row["device_id"] for row in found][: int(request.query["limit"])])

    async def entities(self, request: web.Request) -> web.Response:
        found = []
        for identity in (await request.json())["ids"]:
            host = self.hosts.get(identity)
            if host is None:
                continue
            if host["status"].endswith("_pending") and not self.offline:
                self.waiting[identity] -= 1
                if self.waiting[identity] < 0:
                    host["status"] = {"c": "contained", "l": "normal"}[host["status"][0]]
            found.append(host)
        return fine(found)

    async def order(self, request: web.Request) -> web.Response:
        action, ids = request.query["action_name"], (await request.json())["ids"]
        states = {"contain": "containment_pending", "lift_containment": "lift_containment_pending"}
        if action not in states:
            return faulty(400, "Provided action_name is not valid")
        for identity in ids:
            host = self.hosts[identity]
            if self.offline and action == "lift_containment" and host["status"] == "containment_pending":
                host["status"] = "normal"  # never obeyed, so there is nothing to lift
            else:
                host["status"], self.waiting[identity] = states[action], self.steps
            self.orders.append((action, identity))
        self.changes += 1
        return fine([{"id": one, "path": f"/devices/entities/devices/v1?ids={one}"} for one in ids], 202)

    async def find(self, request: web.Request) -> web.Response:
        found = self.filtered(request, list(self.indicators.values()))
        return fine(found) if found is not None else faulty(400, "invalid filter")

    async def find_ids(self, _: web.Request) -> web.Response:
        return fine(list(self.indicators))

    async def create(self, request: web.Request) -> web.Response:
        body = await request.json()
        for one in body["indicators"]:
            for key in ("type", "value", "action", "platforms", "severity", "source"):
                if not one.get(key):
                    return faulty(400, f"{key} is required")
            if one["type"] not in ("sha256", "md5") or not HEX.fullmatch(one["value"]):
                return faulty(400, "invalid value")
            if any(known["value"] == one["value"] for known in self.indicators.values()):
                row = {
                    "message_type": "error",
                    "message": "Duplicate type and value combination",
                    "field_name": "value",
                }
                return web.json_response(
                    {"meta": {}, "resources": [row], "errors": [{"code": 400, "message": "duplicate"}]},
                    status=400,
                )
            identity = f"{len(self.indicators) + 1:064x}"
            self.indicators[identity] = {
                "id": identity,
                "expired": False,
                "deleted": False,
                "host_groups": [],
                **one,
            }
        self.changes += 1
        return fine(list(self.indicators.values())[-1:], 201)

    async def update(self, request: web.Request) -> web.Response:
        for one in (await request.json())["indicators"]:
            if one["id"] not in self.indicators:
                return faulty(404, "not found")
            if set(one) & {"type", "value", "source"}:
                return faulty(400, "can't be changed")
            self.indicators[one["id"]] |= one
        self.changes += 1
        return fine([])

    async def delete(self, request: web.Request) -> web.Response:
        if self.indicators.pop(request.query["ids"], None) is None:
            return faulty(404, "not found")
        self.changes += 1
        return fine([request.query["ids"]])


def fine(resources: list[Any], status: int = 200) -> web.Response:
    return web.json_response(
        {"meta": {"query_time": 0.01}, "resources": resources, "errors": []}, status=status
    )


def faulty(status: int, message: str) -> web.Response:
    return web.json_response({"meta": {}, "errors": [{"code": status, "message": message}]}, status=status)
