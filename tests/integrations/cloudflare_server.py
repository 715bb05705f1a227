"""Cloudflare's API 4 as documented: ``success`` and ``errors``, one access rule for an address, lists that are
changed by operations which go on after the answer, pages by cursor."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from tests.integrations.vendor_server import Handler, VendorServer

TOKEN = "cloudflare-api-token-0123456789"
ACCOUNT, ZONE, LIST = "a" * 32, "b" * 32, "c" * 32


class CloudflareServer(VendorServer):
    def __init__(self) -> None:
        super().__init__()
        self.rules: dict[str, dict[str, Any]] = {}
        self.items: dict[str, dict[str, Any]] = {
            f"{number:032x}": {"id": f"{number:032x}", "ip": f"198.51.100.{number}", "comment": ""} for number in range(1, 6)
        }  # fmt: skip
        self.page = 2
        """Items on a page."""
        self.operations: dict[str, dict[str, Any]] = {}
        self.looks = 1
        self.fails = ""
        self.pending = False
        """Whether another change of a list goes on."""

    @property
    def connection(self) -> dict[str, Any]:
        return {"kind": "cloudflare", "url": self.url, "token": TOKEN, "account": ACCOUNT, "list": LIST}

    def refuse(self, request: web.Request) -> web.Response | None:
        if request.headers.get("authorization") == f"Bearer {TOKEN}":
            return None
        return no(403, 9109, "Invalid access token")

    def hold(self, address: str, mode: str = "block") -> None:
        """Somebody else has an access rule for an address, and it is on the list."""
        about = {"target": "ip", "value": address}
        self.rules["e" * 32] = {"id": "e" * 32, "mode": mode, "notes": "the boss's", "configuration": about}
        self.items["f" * 32] = {"id": "f" * 32, "ip": address, "comment": "the boss's"}

    def state(self) -> Any:
        return [list(self.rules.values()), list(self.items.values())]

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        lists = f"/accounts/{ACCOUNT}/rules/lists"
        rules = "/{scope}/{id}/firewall/access_rules/rules"
        return (
            ("GET", "/user/tokens/verify", self.verify), ("GET", lists, self.lists),
            ("GET", f"{lists}/{LIST}/items", self.list_items), ("POST", f"{lists}/{LIST}/items", self.add),
            ("DELETE", f"{lists}/{LIST}/items", self.remove), ("GET", f"{lists}/bulk_operations/{{id}}", self.operation),
            ("GET", rules, self.list_rules), ("POST", rules, self.make), ("PATCH", rules + "/{rule}", self.patch),
            ("DELETE", rules + "/{rule}", self.drop),
        )  # fmt: skip

    async def verify(self, _: web.Request) -> web.Response:
        return yes({"id": "d" * 32, "status": "active"})

    async def lists(self, _: web.Request) -> web.Response:
        return yes([{"id": LIST, "name": "blocked", "kind": "ip", "num_items": len(self.items)}])

    async def list_rules(self, request: web.Request) -> web.Response:
        query = request.query
        assert (query["match"], request.match_info["scope"] in {"accounts", "zones"}) == ("all", True)
        found = [
            rule for rule in self.rules.values()
            if query.get("notes", "") in rule["notes"]
            and query.get("configuration.value", "") in rule["configuration"]["value"]
            and query.get("configuration.target", rule["configuration"]["target"]) == rule["configuration"]["target"]
        ]  # fmt: skip
        return yes(found)

    async def make(self, request: web.Request) -> web.Response:
        rule = await request.json()
        target, value = rule["configuration"]["target"], ipaddress.ip_network(rule["configuration"]["value"])
        single = value.prefixlen == value.max_prefixlen
        assert target == ("ip_range" if not single else "ip" if value.version == 4 else "ip6")
        if value.version == 6 and single:
            rule["configuration"]["value"] = value.network_address.exploded  # as it is given back there
        if any(one["configuration"] == rule["configuration"] for one in self.rules.values()):
            return no(400, 10009, "firewallaccessrules.api.duplicate_of_existing")
        return self.put({"id": f"{len(self.rules) + 100:032x}", **rule})

    def put(self, rule: dict[str, Any]) -> web.Response:
        self.changes += 1
        self.rules[rule["id"]] = rule
        return yes(rule)

    async def patch(self, request: web.Request) -> web.Response:
        body = await request.json()
        assert set(body) == {"mode", "notes"}
        return self.put({**self.rules[request.match_info["rule"]], **body})

    async def drop(self, request: web.Request) -> web.Response:
        self.changes += 1
        del self.rules[request.match_info["rule"]]
        return yes({"id": request.match_info["rule"]})

    async def list_items(self, request: web.Request) -> web.Response:
        start = int(request.query.get("cursor", "0"))
        some = list(self.items.values())[start : start + self.page]
        more = start + self.page < len(self.items)
        cursors = {"cursors": {"after": str(start + self.page)} if more else {}}
        return web.json_response({"success": True, "errors": [], "result": some, "result_info": cursors})

    async def add(self, request: web.Request) -> web.Response:
        (item,) = await request.json()
        number = f"{len(self.operations) + 500:032x}"
        return self.begin(lambda: self.items.update({number: {"id": number, **item}}))

    async def remove(self, request: web.Request) -> web.Response:
        ((only,),) = [(await request.json())["items"]]
        return self.begin(lambda: self.items.pop(only["id"], None))

    def begin(self, act: Any) -> web.Response:
        if self.pending:
            return no(409, 10014, "a bulk operation is already in progress")
        self.changes += 1
        number = f"{len(self.operations):032x}"
        self.operations[number] = {"left": self.looks, "act": act, "fails": self.fails}
        self.fails = ""
        return yes({"operation_id": number})

    async def operation(self, request: web.Request) -> web.Response:
        state = self.operations[request.match_info["id"]]
        state["left"] -= 1
        if state["left"] > 0:
            return yes({"id": request.match_info["id"], "status": "running"})
        if state["fails"]:
            return yes({"id": request.match_info["id"], "status": "failed", "error": state["fails"]})
        state["act"]()
        return yes({"id": request.match_info["id"], "status": "completed"})


def yes(result: Any) -> web.Response:
    return web.json_response({"success": True, "errors": [], "messages": [], "result": result})


def no(status: int, code: int, message: str) -> web.Response:
    body = {"success": False, "errors": [{"code": code, "message": message}], "result": None}
    return web.json_response(body, status=status)
