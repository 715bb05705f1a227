"""Google Cloud as documented: signed assertions for a service account, Compute Engine's firewall rules with
operations that go on after the answer, IAM's service accounts and keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import jwt
from aiohttp import web

from tests.integrations.google_server import ACCOUNT, fault, keys
from tests.integrations.vendor_server import Handler, VendorServer

PROJECT, OWN_KEY, KEY = "example-project", "1" * 40, "a" * 40
DEPLOY = f"deploy@{PROJECT}.iam.gserviceaccount.com"


class GcpServer(VendorServer):
    def __init__(self) -> None:
        super().__init__()
        self.rules: dict[str, dict[str, Any]] = {}
        self.operations: dict[str, dict[str, Any]] = {}
        self.looks = 1
        """After how many looks an operation is done."""
        self.fails: dict[str, str] | None = None
        """The error that the next operation ends with."""
        self.disabled: dict[str, bool] = {
            DEPLOY: False, f"{DEPLOY}/{KEY}": False, ACCOUNT: False, f"{ACCOUNT}/{OWN_KEY}": False, f"{ACCOUNT}/{KEY}": False,
        }  # fmt: skip

    @property
    def connection(self) -> dict[str, Any]:
        key = {
            "type": "service_account", "client_email": ACCOUNT, "private_key": keys()[0], "private_key_id": OWN_KEY,
            "token_uri": "https://elsewhere.example.com/token",
        }  # fmt: skip
        return {
            "kind": "gcp", "url": self.url, "token_url": f"{self.url}/token", "project": PROJECT, "key": json.dumps(key),
        }  # fmt: skip

    def is_token(self, request: web.Request) -> bool:
        return request.path == "/token"

    def refuse(self, request: web.Request) -> web.Response | None:
        if request.headers.get("authorization") == "Bearer ya29.cloud":
            return None
        return fault(401, "authError", "Request had invalid authentication credentials.")

    def state(self) -> Any:
        return [dict(self.rules), dict(self.disabled)]

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        compute = f"/compute/v1/projects/{PROJECT}/global"
        account = f"/v1/projects/{PROJECT}/serviceAccounts/{{account}}"
        return (
            ("POST", "/token", self.token), ("GET", f"{compute}/firewalls", self.list_rules),
            ("POST", f"{compute}/firewalls", self.insert), ("GET", f"{compute}/firewalls/{{name}}", self.get),
            ("DELETE", f"{compute}/firewalls/{{name}}", self.delete), ("GET", f"{compute}/operations/{{name}}", self.operation),
            ("GET", account, self.account), ("POST", account + ":{verb}", self.switch),
            ("GET", account + "/keys/{key}", self.account), ("POST", account + "/keys/{key}:{verb}", self.switch),
        )  # fmt: skip

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        try:
            claims = jwt.decode(
                str(form["assertion"]), keys()[1], ["RS256"], audience=f"{self.url}/token", issuer=ACCOUNT,
                options={"require": ["exp", "iat"]},
            )  # fmt: skip
        except jwt.PyJWTError as error:
            return web.json_response({"error": "invalid_grant", "error_description": str(error)}, status=400)
        if "sub" in claims or claims["scope"] != "https://www.googleapis.com/auth/cloud-platform":
            return web.json_response({"error": "unauthorized_client"}, status=401)
        return web.json_response({"access_token": "ya29.cloud", "token_type": "Bearer", "expires_in": 3599})

    async def list_rules(self, _: web.Request) -> web.Response:
        return web.json_response({"kind": "compute#firewallList", "items": list(self.rules.values())})

    async def insert(self, request: web.Request) -> web.Response:
        rule = await request.json()
        if rule["name"] in self.rules:
            return fault(409, "alreadyExists", f"The resource '{rule['name']}' already exists")
        ways = {"INGRESS": "sourceRanges", "EGRESS": "destinationRanges"}
        assert rule[ways[rule["direction"]]]
        assert 0 <= rule["priority"] <= 65535
        assert len(rule["name"]) <= 63
        rule = {
            "disabled": False,
            **rule,
            "network": f"https://www.googleapis.com/compute/v1/{rule['network']}",
        }
        return self.begin(lambda: self.rules.update({rule["name"]: rule}))

    async def get(self, request: web.Request) -> web.Response:
        rule = self.rules.get(request.match_info["name"])
        return web.json_response(rule) if rule else fault(404, "notFound", "The resource was not found")

    async def delete(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self.rules:
            return fault(404, "notFound", "The resource was not found")
        return self.begin(lambda: self.rules.pop(name, None))

    def begin(self, act: Any) -> web.Response:
        self.changes += 1
        name = f"operation-{len(self.operations)}"
        self.operations[name] = {"left": self.looks, "act": act, "fails": self.fails}
        self.fails = None
        return web.json_response({"kind": "compute#operation", "name": name, "status": "PENDING"})

    async def operation(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        state = self.operations[name]
        state["left"] -= 1
        answer: dict[str, Any] = {"kind": "compute#operation", "name": name, "status": "RUNNING"}
        if state["left"] <= 0:
            answer["status"] = "DONE"
            if state["fails"]:
                answer["error"] = {"errors": [state["fails"]]}
            else:
                state["act"]()
        return web.json_response(answer)

    def key_of(self, request: web.Request) -> str:
        account, key = request.match_info["account"], request.match_info.get("key")
        return f"{account}/{key}" if key else account

    async def account(self, request: web.Request) -> web.Response:
        found = self.disabled.get(self.key_of(request))
        if found is None:
            return fault(404, "notFound", "Unknown service account")
        return web.json_response({"name": request.path, **({"disabled": True} if found else {})})

    async def switch(self, request: web.Request) -> web.Response:
        assert await request.json() == {}
        self.disabled[self.key_of(request)] = {"disable": True, "enable": False}[request.match_info["verb"]]
        self.changes += 1
        return web.json_response({})
