"""A TAXII 2.1 server, a MISP and a web server with lists on loopback, as their specifications say."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from tests.integrations.vendor_server import Answer, Handler, VendorServer

MEDIA = "application/taxii+json;version=2.1"
BASIC = "Basic " + base64.b64encode(b"reader:s3cret-password").decode()


def indicator(number: int, pattern: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "indicator", "spec_version": "2.1", "id": f"indicator--{number}", "pattern_type": "stix",
        "pattern": pattern, "valid_from": "2026-01-01T00:00:00Z", **more,
    }  # fmt: skip


class TaxiiServer(VendorServer):
    """One collection, ``c-1``; `page`: how many objects it gives at once."""

    def __init__(self, page: int = 2, *, tokens: bool = True) -> None:
        super().__init__()
        self.page, self.tokens = page, tokens
        self.objects: list[tuple[str, dict[str, Any]]] = []
        """(date added, object), in order."""
        self.asked: list[dict[str, str]] = []

    def refuse(self, request: web.Request) -> web.Response | None:
        if request.headers.get("authorization") != BASIC:
            return web.json_response({"title": "Unauthorized"}, status=401)
        if MEDIA not in request.headers.get("accept", ""):
            return web.json_response({"title": "Not acceptable"}, status=406)
        return None

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return (
            ("GET", "/api1/", self._root),
            ("GET", "/api1/collections/", self._collections),
            ("GET", "/api1/collections/c-1/objects/", self._objects),
        )

    async def _root(self, _request: web.Request) -> Answer:
        return web.json_response(
            {"title": "Feeds", "versions": [MEDIA]}, content_type="application/taxii+json"
        )

    async def _collections(self, _request: web.Request) -> Answer:
        return web.json_response({"collections": [{"id": "c-1", "title": "C2", "can_read": True},
                                                  {"id": "c-2", "title": "closed", "can_read": False}]})  # fmt: skip

    async def _objects(self, request: web.Request) -> Answer:
        self.asked.append(dict(request.query))
        after, start = request.query.get("added_after", ""), int(request.query.get("next", "0"))
        kinds = request.query.get("match[type]", "").split(",")
        left = [pair for pair in self.objects if pair[0] > after and pair[1]["type"] in kinds]
        shown = left[start : start + min(self.page, int(request.query["limit"]))]
        if not shown:
            return web.json_response({})
        envelope: dict[str, Any] = {"objects": [one for _, one in shown]}
        if start + len(shown) < len(left):
            envelope["more"] = True
            if self.tokens:
                envelope["next"] = str(start + len(shown))
        headers = {"X-TAXII-Date-Added-First": shown[0][0], "X-TAXII-Date-Added-Last": shown[-1][0]}
        return web.json_response(envelope, headers=headers)


class MispServer(VendorServer):
    """Attributes, with their ``timestamp``; MISP itself keeps back what is on a warning list."""

    def __init__(self) -> None:
        super().__init__()
        self.attributes: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []

    def refuse(self, request: web.Request) -> web.Response | None:
        if request.headers.get("authorization") != "misp-key-0123456789":
            return web.json_response({"name": "Authentication failed."}, status=403)
        return None

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return (
            ("POST", "/attributes/restSearch", self._search),
            ("GET", "/users/view/me", self._me),
        )

    async def _me(self, _request: web.Request) -> Answer:
        return web.json_response({"User": {"email": "alice@example.com"}})

    async def _search(self, request: web.Request) -> Answer:
        asked = await request.json()
        self.asked.append(asked)
        found = [
            one
            for one in self.attributes
            if one["type"] in asked["type"]
            and ("to_ids" not in asked or one["to_ids"] == asked["to_ids"])
            and (not one.get("deleted") or 1 in asked.get("deleted", [0]))
            and int(one["timestamp"]) >= int(asked.get("timestamp", 0))
            and not (asked.get("enforceWarninglist") and one.get("listed"))
        ]
        start = (asked["page"] - 1) * asked["limit"]
        return web.json_response({"response": {"Attribute": found[start : start + asked["limit"]]}})


class ListServer(VendorServer):
    """One list at ``/feeds/ips.txt``, with an ETag."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def refuse(self, request: web.Request) -> web.Response | None:
        if request.headers.get("auth-key") != "list-key-01":
            return web.Response(status=401)
        return None

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        return (("GET", "/feeds/ips.txt", self._list),)

    async def _list(self, request: web.Request) -> Answer:
        tag = f'"{hash(self.text)}"'
        if request.headers.get("if-none-match") == tag:
            return web.Response(status=304)
        return web.Response(text=self.text, headers={"ETag": tag})
