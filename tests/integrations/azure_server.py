"""Azure Resource Manager as documented: client credentials, ``api-version``, security rules with priorities of
their own in each direction, and changes that go on after a 201 or a 202."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from tests.integrations.vendor_server import Handler, VendorServer

SUBSCRIPTION, GROUP, NSG = "11111111-2222-3333-4444-555555555555", "edge", "edge-nsg"
SECRET = "azure-client-secret"


class AzureServer(VendorServer):
    def __init__(self) -> None:
        super().__init__()
        self.rules: dict[str, dict[str, Any]] = {"web": self.rule(1000, "Inbound", "Allow", "*")}
        self.looks = 1
        """After how many looks a change is there."""
        self.moving: dict[str, int] = {}
        self.fails = False
        self.busy = False

    @staticmethod
    def rule(priority: int, direction: str, access: str, prefix: str, **more: Any) -> dict[str, Any]:
        here, there = ("source", "destination") if direction == "Inbound" else ("destination", "source")
        return {
            "priority": priority, "direction": direction, "access": access, "protocol": "*", "sourcePortRange": "*",
            "destinationPortRange": "*", f"{here}AddressPrefix": prefix, f"{there}AddressPrefix": "*",
            "sourceAddressPrefixes": [], "destinationAddressPrefixes": [], "provisioningState": "Succeeded", **more,
        }  # fmt: skip

    @property
    def connection(self) -> dict[str, Any]:
        return {
            "kind": "azure", "url": self.url, "login_url": self.url, "tenant": "example.com", "client_id": "app",
            "client_secret": SECRET, "subscription": SUBSCRIPTION, "resource_group": GROUP, "nsg": NSG,
        }  # fmt: skip

    def refuse(self, request: web.Request) -> web.Response | None:
        if request.headers.get("authorization") != "Bearer arm-token":
            return error(401, "AuthenticationFailed")
        return (
            None
            if request.query.get("api-version") == "2024-05-01"
            else error(400, "MissingApiVersionParameter")
        )

    def state(self) -> Any:
        return {name: dict(rule) for name, rule in self.rules.items()}

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Network/networkSecurityGroups/{NSG}"
        rule = group + "/securityRules/{name}"
        return (
            ("POST", "/example.com/oauth2/v2.0/token", self.token), ("GET", group, self.get),
            ("PUT", rule, self.put), ("DELETE", rule, self.delete),
        )  # fmt: skip

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if (form["client_secret"], form["scope"]) != (SECRET, f"{self.url}/.default"):
            return web.json_response({"error": "invalid_client"}, status=401)
        return web.json_response({"access_token": "arm-token", "expires_in": 3599, "token_type": "Bearer"})

    async def get(self, _: web.Request) -> web.Response:
        for name in list(self.moving):
            self.moving[name] -= 1
            if self.moving[name] <= 0:
                del self.moving[name]
                if self.rules[name]["provisioningState"] == "Deleting":
                    del self.rules[name]
                else:
                    self.rules[name]["provisioningState"] = "Failed" if self.fails else "Succeeded"
        rules = [{"name": name, "properties": rule} for name, rule in self.rules.items()]
        return web.json_response(
            {"name": NSG, "properties": {"securityRules": rules, "defaultSecurityRules": []}}
        )

    async def put(self, request: web.Request) -> web.Response:
        if self.busy:
            return error(409, "AnotherOperationInProgress")
        name, body = request.match_info["name"], (await request.json())["properties"]
        assert 100 <= body["priority"] <= 4096
        assert len(body["description"]) <= 140
        for other, rule in self.rules.items():
            if other != name and (rule["direction"], rule["priority"]) == (
                body["direction"],
                body["priority"],
            ):
                return error(400, "SecurityRuleConflict")
        self.rules[name] = {**body, "provisioningState": "Updating"}
        self.moving[name] = self.looks
        self.changes += 1
        headers = {"Azure-AsyncOperation": f"{self.url}/operations/1"}
        return web.json_response({"name": name, "properties": self.rules[name]}, status=201, headers=headers)

    async def delete(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self.rules:
            return web.Response(status=204)
        self.rules[name]["provisioningState"] = "Deleting"
        self.moving[name] = self.looks
        self.changes += 1
        return web.Response(status=202, headers={"Location": f"{self.url}/operations/2"})


def error(status: int, code: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": f"{code} it is"}}, status=status)
