"""Okta's Users, Sessions and Factors APIs as documented: states, errors with ``errorCode``, rate-limit headers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import jwt
from aiohttp import web

from tests.integrations.vendor_server import Handler, VendorServer

TOKEN = "00-okta-api-token"
CLIENT = "0oa-client"


class OktaServer(VendorServer):
    def __init__(self, public_key: str = "") -> None:
        super().__init__()
        self.public_key = public_key
        self.users: dict[str, dict[str, Any]] = {}
        self.cleared: list[tuple[str, bool]] = []
        self.used: set[str] = set()
        self.quota: int | None = None
        for name, status in (("alice", "ACTIVE"), ("bob", "SUSPENDED"), ("carol", "PROVISIONED")):
            self.users[f"00u{name}"] = {
                "id": f"00u{name}", "status": status, "lastLogin": "2026-08-01T10:00:00.000Z",
                "passwordChanged": None,
                "profile": {"login": f"{name}@example.com", "email": f"{name}@example.com",
                            "firstName": name.title(), "lastName": "Example"},
            }  # fmt: skip

    def refuse(self, request: web.Request) -> web.Response | None:
        if self.quota is not None:
            if self.quota == 0:
                return error(429, "E0000047", "API call exceeded rate limit", reset=30)
            self.quota -= 1
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if (scheme, token) in {("SSWS", TOKEN), ("Bearer", "granted")}:
            return None
        return error(401, "E0000011", "Invalid token provided")

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        user = "/api/v1/users/{user}"
        return (
            ("POST", "/oauth2/v1/token", self.token), ("GET", "/api/v1/users/me", self.me),
            ("GET", "/api/v1/users", self.me), ("GET", user, self.get), ("GET", user + "/groups", self.groups),
            ("GET", user + "/factors", self.factors), ("DELETE", user + "/sessions", self.sessions),
            ("POST", user + "/lifecycle/{verb}", self.lifecycle),
        )  # fmt: skip

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["client_assertion_type"].endswith(":jwt-bearer")  # type: ignore[union-attr]
        try:
            claims = jwt.decode(
                str(form["client_assertion"]), self.public_key, ["RS256"], audience=f"{self.url}/oauth2/v1/token",
                issuer=CLIENT, options={"require": ["exp", "iat", "jti", "sub"]},
            )  # fmt: skip
        except jwt.PyJWTError as fault:
            return web.json_response({"error": "invalid_client", "error_description": str(fault)}, status=401)
        if claims["jti"] in self.used or claims["sub"] != CLIENT or claims["exp"] > time.time() + 3600:
            return web.json_response({"error": "invalid_client"}, status=401)
        self.used.add(claims["jti"])
        return web.json_response({"access_token": "granted", "token_type": "Bearer", "expires_in": 3600})

    async def me(self, _: web.Request) -> web.Response:
        return web.json_response(self.users["00ualice"])

    def found(self, request: web.Request) -> dict[str, Any] | None:
        name = request.match_info["user"]
        for user in self.users.values():
            login = user["profile"]["login"]
            if name in (user["id"], login, login.partition("@")[0]):
                return user
        return None

    async def get(self, request: web.Request) -> web.Response:
        user = self.found(request)
        return web.json_response(user) if user else missing(request)

    async def groups(self, request: web.Request) -> web.Response:
        names = (
            ("Everyone", "Domain Admins") if self.found(request) == self.users["00ualice"] else ("Everyone",)
        )
        return web.json_response([{"id": f"00g{n}", "profile": {"name": n}} for n in names])

    async def factors(self, request: web.Request) -> web.Response:
        if self.found(request) is None:
            return missing(request)
        return web.json_response(
            [
                {
                    "id": "f1",
                    "factorType": "push",
                    "provider": "OKTA",
                    "status": "ACTIVE",
                    "created": "2026-01-02T00:00:00.000Z",
                },
                {
                    "id": "f2",
                    "factorType": "sms",
                    "provider": "OKTA",
                    "status": "PENDING_ACTIVATION",
                    "created": "2026-08-03T00:00:00.000Z",
                },
            ]
        )

    async def sessions(self, request: web.Request) -> web.Response:
        user = self.found(request)
        if user is None:
            return missing(request)
        self.changes += 1
        self.cleared.append((user["id"], request.query.get("oauthTokens") == "true"))
        return web.Response(status=204)

    async def lifecycle(self, request: web.Request) -> web.Response:
        user, verb = self.found(request), request.match_info["verb"]
        if user is None:
            return missing(request)
        allowed = {"suspend": ("ACTIVE", "SUSPENDED"), "unsuspend": ("SUSPENDED", "ACTIVE")}
        if verb in allowed:
            needed, after = allowed[verb]
            if user["status"] != needed:
                return error(
                    400, "E0000001", f"Api validation failed: Cannot {verb} a user that is not {needed}"
                )
            user["status"] = after
        self.changes += 1
        self.cleared.append((user["id"], verb))  # type: ignore[arg-type]
        return web.json_response({})


def missing(request: web.Request) -> web.Response:
    return error(404, "E0000007", f"Not found: Resource not found: {request.match_info['user']} (User)")


def error(status: int, code: str, summary: str, reset: int = 60) -> web.Response:
    body = {
        "errorCode": code,
        "errorSummary": summary,
        "errorLink": code,
        "errorId": "oae1",
        "errorCauses": [],
    }
    headers = {
        "X-Rate-Limit-Limit": "600",
        "X-Rate-Limit-Remaining": "0",
        "X-Rate-Limit-Reset": str(int(time.time()) + reset),
    }
    return web.json_response(body, status=status, headers=headers)
