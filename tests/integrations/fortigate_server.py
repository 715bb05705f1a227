"""FortiOS's REST API as documented: bearer tokens, ``vdom``, objects by name, errors by number under HTTP 500,
groups that can't be empty and objects that can't go while they are used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from tests.integrations.vendor_server import Handler, VendorServer

TOKEN = "fortigate-api-token"
NUMBERS = {404: -3, 500: -651}


class FortigateServer(VendorServer):
    def __init__(self) -> None:
        super().__init__()
        none = {"name": "none", "type": "ipmask", "subnet": "0.0.0.0 255.255.255.255", "comment": ""}
        six = {"name": "none", "type": "ipprefix", "ip6": "::/128", "comment": ""}
        self.objects: dict[str, dict[str, dict[str, Any]]] = {
            "address": {"none": none},
            "address6": {"none": six},
        }
        self.groups = {table: {"siem-blocked": ["none"]} for table in ("addrgrp", "addrgrp6")}
        self.used: set[str] = set()
        """Objects that a policy uses besides."""

    @property
    def connection(self) -> dict[str, object]:
        return {"kind": "fortigate", "url": self.url, "token": TOKEN}

    def refuse(self, request: web.Request) -> web.Response | None:
        if request.headers.get("authorization") != f"Bearer {TOKEN}" or "access_token" in request.query:
            return web.Response(status=401, text="<html>Unauthorized</html>")
        if request.query.get("vdom") not in {"root", "dmz"}:
            return web.Response(status=403, text="<html>Forbidden</html>")
        return None

    def hold(self, address: str) -> None:
        """Somebody else blocks an address."""
        name = f"siem-{address}_32"
        mask = f"{address} 255.255.255.255"
        self.objects["address"][name] = {
            "name": name,
            "type": "ipmask",
            "subnet": mask,
            "comment": "the boss's",
        }
        self.groups["addrgrp"]["siem-blocked"].append(name)

    def state(self) -> Any:
        return repr((self.objects, self.groups))

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        objects, groups = "/api/v2/cmdb/firewall/{table:address6?}", "/api/v2/cmdb/firewall/{table:addrgrp6?}"
        return (
            ("POST", objects, self.make), ("GET", objects + "/{name}", self.get), ("PUT", objects + "/{name}", self.put),
            ("DELETE", objects + "/{name}", self.delete), ("GET", groups + "/{name}", self.group),
            ("POST", groups + "/{name}/member", self.join), ("DELETE", groups + "/{name}/member/{member}", self.leave),
        )  # fmt: skip

    def table(self, request: web.Request) -> dict[str, dict[str, Any]]:
        return self.objects[request.match_info["table"]]

    async def make(self, request: web.Request) -> web.Response:
        body = await request.json()
        if len(body["name"]) > 79 or any(one in body["name"] for one in "<>()#'\""):
            return fault(500, -651)
        if body["name"] in self.table(request):
            return fault(500, -5)
        self.table(request)[body["name"]] = {"comment": "", **body}
        return self.done(mkey=body["name"])

    async def get(self, request: web.Request) -> web.Response:
        found = self.table(request).get(request.match_info["name"])
        return fault(404) if found is None else answer(results=[found])

    async def put(self, request: web.Request) -> web.Response:
        self.table(request)[request.match_info["name"]].update(await request.json())
        return self.done()

    async def delete(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self.table(request):
            return fault(404)
        if name in self.used or any(
            name in held for groups in self.groups.values() for held in groups.values()
        ):
            return fault(500, -23)
        del self.table(request)[name]
        return self.done()

    def held(self, request: web.Request) -> list[str] | None:
        return self.groups[request.match_info["table"]].get(request.match_info["name"])

    async def group(self, request: web.Request) -> web.Response:
        held = self.held(request)
        if held is None:
            return fault(404)
        members = [{"name": one, "q_origin_key": one} for one in held]
        return answer(results=[{"name": request.match_info["name"], "member": members}])

    async def join(self, request: web.Request) -> web.Response:
        held, name = self.held(request), (await request.json())["name"]
        assert held is not None
        objects = self.objects["address" if request.match_info["table"] == "addrgrp" else "address6"]
        if name in held or name not in objects:
            return fault(500, -5 if name in held else -3)
        held.append(name)
        return self.done()

    async def leave(self, request: web.Request) -> web.Response:
        held, name = self.held(request), request.match_info["member"]
        if held is None or name not in held:
            return fault(404)
        if len(held) == 1:
            return fault(500, -56)
        held.remove(name)
        return self.done()

    def done(self, **more: str) -> web.Response:
        self.changes += 1
        return answer(**more)


def answer(**more: Any) -> web.Response:
    return web.json_response({"http_status": 200, "status": "success", "vdom": "root", **more})


def fault(status: int, number: int = -3) -> web.Response:
    body: dict[str, Any] = {"http_status": status, "status": "error", "vdom": "root"}
    return web.json_response(body if status == 404 else {**body, "error": number}, status=status)
