"""SentinelOne's Management API 2.1 as documented: ApiToken, cursors, agents that obey when they next ask, a
blocklist by system and scope."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from tests.integrations.vendor_server import Handler, VendorServer

TOKEN = "an-api-token-of-a-service-user"
SYSTEMS = {"windows", "windows_legacy", "macos", "linux"}


class SentinelServer(VendorServer):
    def __init__(self) -> None:
        super().__init__()
        self.agents: dict[str, dict[str, Any]] = {
            str(number): {
                "id": str(number), "computerName": name, "domain": domain, "networkStatus": "connected",
                "isActive": active, "isDecommissioned": gone, "infected": False, "machineType": "laptop" if number == 1 else "server", "activeThreats": 2,
                "osName": "Windows 11", "lastActiveDate": "2026-08-01T10:00:00Z", "lastLoggedInUserName": "alice",
                "externalIp": "203.0.113.7", "agentVersion": "24.1", "siteName": f"Site {number}",
                "networkInterfaces": [{"inet": [f"192.0.2.3{number}"], "inet6": [f"fe80::3{number}"], "name": "Ethernet"}],
            }
            for number, name, domain, active, gone in (
                (1, "PC-1", "example.com", True, False), (2, "PC-2", "WORKGROUP", True, False),
                (3, "PC-2", "WORKGROUP", True, False), (4, "PC-4", "", False, False), (5, "PC-4", "", True, False),
                (6, "PC-1", "example.com", True, True),
            )
        }  # fmt: skip
        self.steps = 0
        self.waiting: dict[str, int] = {}
        self.offline = False
        self.orders: list[tuple[str, str]] = []
        self.blocked: dict[str, dict[str, Any]] = {}
        self.out_of_scope = False
        self.fail_after: int | None = None
        """How many items may be added until the service is away."""
        self.number = 100

    @property
    def connection(self) -> dict[str, Any]:
        return {"kind": "sentinelone", "url": self.url, "token": TOKEN, "site_ids": ["11", "12"]}

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        api = "/web/api/v2.1"
        return (
            ("GET", api + "/agents", self.list_agents), ("POST", api + "/agents/actions/{action}", self.order),
            ("GET", api + "/restrictions", self.list_blocked), ("POST", api + "/restrictions", self.block),
            ("DELETE", api + "/restrictions", self.unblock),
        )  # fmt: skip

    def refuse(self, request: web.Request) -> web.Response | None:
        if request.headers.get("authorization") == f"ApiToken {TOKEN}":
            return None
        return fault(401, 4010010, "Authentication Failed")

    def paged(self, request: web.Request, rows: list[dict[str, Any]]) -> web.Response:
        if not 1 <= int(request.query["limit"]) <= 1000:
            return fault(400, 4000040, "Validation Error")
        start = int(request.query.get("cursor", "0"))
        cursor = str(start + 2) if start + 2 < len(rows) else None
        return web.json_response(
            {"data": rows[start : start + 2], "pagination": {"nextCursor": cursor, "totalItems": len(rows)}}
        )

    async def list_agents(self, request: web.Request) -> web.Response:
        name = request.query.get("computerName")
        ids = request.query.get("ids")
        rows = []
        for agent in self.agents.values():
            if ids is not None and agent["id"] != ids:
                continue
            if (ids is None and agent["isDecommissioned"]) or (
                name is not None and agent["computerName"].casefold() != name.casefold()
            ):
                continue
            if agent["networkStatus"].endswith("ing") and not self.offline:
                self.waiting[agent["id"]] -= 1
                if self.waiting[agent["id"]] < 0:
                    agent["networkStatus"] = {"d": "disconnected", "c": "connected"}[
                        agent["networkStatus"][0]
                    ]
            rows.append(dict(agent))
        return self.paged(request, rows)

    async def order(self, request: web.Request) -> web.Response:
        action, body = request.match_info["action"], await request.json()
        if (
            action not in ("connect", "disconnect")
            or set(body) != {"filter", "data"}
            or not body["filter"].get("ids")
        ):
            return fault(400, 4000040, "Validation Error")
        if self.out_of_scope:
            return web.json_response({"data": {"affected": 0}})
        for identity in body["filter"]["ids"]:
            agent = self.agents[identity]
            if self.offline and action == "connect" and agent["networkStatus"] == "disconnecting":
                agent["networkStatus"] = "connected"
            else:
                agent["networkStatus"], self.waiting[identity] = f"{action}ing", self.steps
            self.orders.append((action, identity))
        self.changes += 1
        return web.json_response({"data": {"affected": len(body["filter"]["ids"])}})

    async def list_blocked(self, request: web.Request) -> web.Response:
        site = request.query.get("siteIds")
        if request.query.get("type") != "black_hash" or site not in ("11", "12"):
            return fault(400, 4000040, "Validation Error")
        value = request.query.get("value")
        rows = [one for one in self.blocked.values() if one["site"] in (site, "above")]
        return self.paged(request, [one for one in rows if value in (None, one["value"])])

    async def block(self, request: web.Request) -> web.Response:
        body = await request.json()
        data = body["data"]
        hashed = data.get("value") or data.get("sha256Value")
        site = body["filter"].get("siteIds", [""])[0]
        if (
            data["type"] != "black_hash"
            or data["osType"] not in SYSTEMS
            or body["filter"] not in ({"siteIds": ["11"]}, {"siteIds": ["12"]})
        ):
            return fault(400, 4000040, "Validation Error")
        if any(
            (one["value"] or one["sha256Value"], one["osType"], one["site"]) == (hashed, data["osType"], site)
            for one in self.blocked.values()
        ):
            return fault(400, 4000030, "Already Exists")
        if self.fail_after is not None:
            if self.fail_after == 0:
                return fault(503, 5030010, "Service Unavailable")
            self.fail_after -= 1
        self.number += 1
        row = {"id": str(self.number), "value": None, "sha256Value": None, "site": site, **data}
        self.blocked[row["id"]] = row
        self.changes += 1
        return web.json_response({"data": [row]})

    async def unblock(self, request: web.Request) -> web.Response:
        data = (await request.json())["data"]
        if data["type"] != "black_hash":
            return fault(400, 4000040, "Validation Error")
        gone = [self.blocked.pop(one) for one in data["ids"] if one in self.blocked]
        self.changes += 1
        return web.json_response({"data": {"affected": len(gone)}})


def fault(status: int, code: int, title: str) -> web.Response:
    return web.json_response({"errors": [{"code": code, "detail": None, "title": title}]}, status=status)
