"""Google's token service and Directory API as documented: signed assertions for a delegated subject, primary
addresses and aliases, pages, 403 with a reason for quotas, tokens and sessions."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from functools import cache
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.integrations.vendor_server import Handler, VendorServer

ACCOUNT, ADMIN = "siem@project.iam.gserviceaccount.com", "siem-admin@example.com"
DELEGATED = {
    f"https://www.googleapis.com/auth/admin.directory.{one}" for one in ("user", "user.security", "group.readonly")
}  # fmt: skip


@cache
def keys() -> tuple[str, str]:
    """Return (private, public), PEM; made once, for it takes its time."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


class GoogleServer(VendorServer):
    def __init__(self) -> None:
        super().__init__()
        self.users: dict[str, dict[str, Any]] = {}
        for name, suspended in (("alice", False), ("bob", True), ("siem-admin", False)):
            self.users[f"1{name}"] = {
                "kind": "admin#directory#user", "id": f"1{name}", "primaryEmail": f"{name}@example.com",
                "name": {"fullName": f"{name.title()} Example"}, "suspended": suspended,
                **({"suspensionReason": "ADMIN"} if suspended else {}), "isAdmin": name == "siem-admin",
                "isDelegatedAdmin": False, "isEnrolledIn2Sv": True, "orgUnitPath": "/Sales",
                "lastLoginTime": "2026-08-01T10:00:00.000Z", "aliases": [f"{name}.alias@example.com"],
            }  # fmt: skip
        self.tokens: dict[str, dict[str, dict[str, Any]]] = {
            "1alice": {
                client: {
                    "clientId": client,
                    "displayText": name,
                    "scopes": [f"https://mail.google.com/{name}"],
                }
                for client, name in (
                    ("77-app.apps.googleusercontent.com", "Mail Helper"),
                    ("88-x.example.com", "Sync"),
                )
            }
        }
        self.members = {
            "staff@example.com": ["alice@example.com"], "sales@example.com": ["alice@example.com"],
            "everyone@example.com": ["staff@example.com"], "root@example.com": ["everyone@example.com"],
            "other@example.com": ["bob@example.com"], "loop@example.com": ["root@example.com", "loop@example.com"],
        }  # fmt: skip
        self.signed_out: list[str] = []
        self.stubborn = False
        """Whether a revoked grant stays all the same."""

    @property
    def connection(self) -> dict[str, Any]:
        key = {
            "type": "service_account", "client_email": ACCOUNT, "private_key": keys()[0], "private_key_id": "k1",
            "token_uri": "https://elsewhere.example.com/token",
        }  # fmt: skip
        return {
            "kind": "google_workspace", "url": self.url, "token_url": f"{self.url}/token", "subject": ADMIN,
            "key": json.dumps(key),
        }  # fmt: skip

    def is_token(self, request: web.Request) -> bool:
        return request.path == "/token"

    def refuse(self, request: web.Request) -> web.Response | None:
        if request.headers.get("authorization") == "Bearer ya29.granted":
            return None
        return fault(401, "authError", "Request had invalid authentication credentials.")

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        user = "/admin/directory/v1/users/{user}"
        return (
            ("POST", "/token", self.token), ("GET", user, self.get), ("PATCH", user, self.patch),
            ("POST", user + "/signOut", self.sign_out), ("GET", user + "/tokens", self.list_tokens),
            ("DELETE", user + "/tokens/{client}", self.delete_token), ("GET", "/admin/directory/v1/groups", self.groups),
        )  # fmt: skip

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        try:
            claims = jwt.decode(
                str(form["assertion"]), keys()[1], ["RS256"], audience=f"{self.url}/token", issuer=ACCOUNT,
                options={"require": ["exp", "iat", "sub"]},
            )  # fmt: skip
        except jwt.PyJWTError as error:
            return web.json_response({"error": "invalid_grant", "error_description": str(error)}, status=400)
        if claims["exp"] - claims["iat"] > 3600 or claims["iat"] > time.time() + 60:
            return web.json_response({"error": "invalid_grant"}, status=400)
        if claims["sub"] != ADMIN or not set(claims["scope"].split()) <= DELEGATED:
            said = (
                "Client is unauthorized to retrieve access tokens using this method, or not for these scopes."
            )
            return web.json_response({"error": "unauthorized_client", "error_description": said}, status=401)
        return web.json_response({"access_token": "ya29.granted", "token_type": "Bearer", "expires_in": 3599})

    def found(self, request: web.Request) -> dict[str, Any] | None:
        name = request.match_info["user"].casefold()
        for user in self.users.values():
            if name in (user["id"], user["primaryEmail"], *user["aliases"]):
                return user
        return None

    async def get(self, request: web.Request) -> web.Response:
        user = self.found(request)
        return web.json_response(user) if user else missing()

    async def patch(self, request: web.Request) -> web.Response:
        user, body = self.found(request), await request.json()
        if user is None:
            return missing()
        if user["isAdmin"]:
            return fault(403, "forbidden", "Not Authorized to access this resource/api")
        assert set(body) == {"suspended"}
        assert type(body["suspended"]) is bool
        user |= body
        user.pop("suspensionReason", None)
        if body["suspended"]:
            user["suspensionReason"] = "ADMIN"
        self.changes += 1
        return web.json_response(user)

    async def sign_out(self, request: web.Request) -> web.Response:
        user = self.found(request)
        if user is None:
            return missing()
        if await request.read():
            return fault(400, "invalid", "The request body must be empty.")
        self.changes += 1
        self.signed_out.append(user["id"])
        return web.Response(status=204)

    async def list_tokens(self, request: web.Request) -> web.Response:
        user = self.found(request)
        if user is None:
            return missing()
        rows = list(self.tokens.get(user["id"], {}).values())
        return web.json_response({"kind": "admin#directory#tokenList", **({"items": rows} if rows else {})})

    async def delete_token(self, request: web.Request) -> web.Response:
        user = self.found(request)
        known = self.tokens.get(user["id"], {}) if user else {}
        if request.match_info["client"] not in known:
            return missing()
        self.changes += 1
        if not self.stubborn:
            del known[request.match_info["client"]]
        return web.Response(status=204)

    async def groups(self, request: web.Request) -> web.Response:
        if not 1 <= int(request.query["maxResults"]) <= 200:
            return fault(400, "invalid", "Invalid Input: maxResults")
        member = request.query["userKey"]
        rows = [
            {"email": group, "name": group.partition("@")[0].title()}
            for group, members in self.members.items() if member in members
        ]  # fmt: skip
        start = int(request.query.get("pageToken", "0"))
        answer: dict[str, Any] = {"kind": "admin#directory#groups"}
        if rows[start : start + 1]:
            answer["groups"] = rows[start : start + 1]
        if start + 1 < len(rows):
            answer["nextPageToken"] = str(start + 1)
        return web.json_response(answer)


def missing() -> web.Response:
    return fault(404, "notFound", "Resource Not Found: userKey")


def fault(status: int, reason: str, message: str) -> web.Response:
    body = {"error": {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}}
    return web.json_response(body, status=status)
