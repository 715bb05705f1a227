"""A vendor's API on loopback, for tests: real HTTP, with faults on demand. Subclasses add the vendor's own
authentication, routes and state."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Self, cast

import pytest
from aiohttp import web

from integrations.contract import (
    ActionCall,
    ActionError,
    ActionRefusedError,
    ActionUnavailableError,
    Containment,
)
from integrations.ports import Site, StoredEvent
from tests.workers.fakes import MemoryIncidents, MemoryState, WallClock

Answer = web.StreamResponse
Handler = Callable[[web.Request], Awaitable[Answer]]


class VendorServer:
    """One API. `requests` holds what came in, ``METHOD /path``; `fail_next` makes the next answers faults."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.faults: list[Callable[[], web.Response]] = []
        self.fault_always: Callable[[], web.Response] | None = None
        self.after: int | None = None
        """After how many more requests none is answered but with a fault; None: never."""
        self.changes = 0
        """How many requests changed something."""
        self.url = ""

    def routes(self) -> Sequence[tuple[str, str, Handler]]:
        """Return (method, path, handler) of all that the vendor answers."""
        raise NotImplementedError

    def refuse(self, request: web.Request) -> web.Response | None:
        """Return the vendor's answer to who does not prove who it is, None where it does."""
        raise NotImplementedError

    def is_token(self, request: web.Request) -> bool:
        """Whether a request asks for a token: it has its own proof, and no faults."""
        return "token" in request.path.rsplit("/", 1)[-1]

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._through])
        for method, path, handler in self.routes():
            app.router.add_route(method, path, handler)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        server = cast(Any, site._server)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @web.middleware
    async def _through(self, request: web.Request, handler: Handler) -> Answer:
        self.requests.append(f"{request.method} {request.rel_url.raw_path}")
        if not self.is_token(request):
            if self.fault_always is not None:
                return self.fault_always()
            if self.after is not None:
                if self.after == 0:
                    return web.Response(status=503)
                self.after -= 1
            if self.faults:
                return self.faults.pop(0)()
            if refused := self.refuse(request):
                return refused
        return await handler(request)


class Events:
    """An event store that knows what it is told, and what it was asked."""

    def __init__(self, *documents: Mapping[str, Any]) -> None:
        self.documents = documents
        self.queries: list[str] = []

    async def count(self, keys: Mapping[str, Sequence[str]], first: datetime, last: datetime) -> int:
        del keys, first, last
        return len(self.documents)

    async def search(
        self, query: str, first: datetime, last: datetime, limit: int
    ) -> tuple[int, list[StoredEvent]]:
        del first, last, limit
        self.queries.append(query)
        found = [StoredEvent("logs", number, dict(one)) for number, one in enumerate(self.documents)]
        return len(found), found


def site_of(events: Events | None = None, **connections: Mapping[str, Any]) -> Site:
    nothing = cast(Any, None)
    return Site(
        events=cast(Any, events or Events()), alerts=nothing, incidents=cast(Any, MemoryIncidents()),
        evidence=nothing, state=MemoryState(), clock=WallClock(), api_url="", connections=connections,
    )  # fmt: skip


def call(key: str = "blk-0001", until: datetime | None = None, **params: Any) -> ActionCall:
    return ActionCall(params=params, key=key, incident="inc-1", until=until, reason="test")


async def prove_containment(action: Any, site: Site, what: ActionCall) -> None:
    """Apply twice, undo twice, look after each; nothing is remembered in the end."""
    one = cast(Containment, action)
    assert not (await one.verify(what, site)).in_force
    await one.undo(what, site)
    assert not (await one.verify(what, site)).in_force
    for _ in range(2):
        await one.run(what, site)
        seen = await one.verify(what, site)
        assert seen.in_force, seen.detail
    assert len(cast(MemoryState, site.state).documents) == 1
    assert (await one.blast_radius(what, site)).summary
    for _ in range(2):
        await one.undo(what, site)
        seen = await one.verify(what, site)
        assert not seen.in_force, seen.detail
    assert not cast(MemoryState, site.state).documents


def _text(status: int, text: str, **headers: str) -> Callable[[], web.Response]:
    return lambda: web.Response(
        status=status, text=text, headers=headers, content_type="application/json" if status == 200 else None
    )


async def prove_faults(action: Any, site: Site, what: ActionCall, server: VendorServer) -> None:
    """Every fault becomes an error of the right kind, from each verb that asks the vendor."""
    verbs = [action.run, *([action.verify] if hasattr(action, "verify") else [])]
    for status in (401, 403):
        for verb in verbs:
            server.fault_always = _text(status, "no")
            with pytest.raises(ActionRefusedError, match=str(status)):
                await verb(what, site)
    for status in (429, 500, 503):
        for verb in verbs:
            server.fault_always = _text(status, "later", **{"Retry-After": "7"})
            with pytest.raises(ActionUnavailableError) as caught:
                await verb(what, site)
            assert caught.value.retry_after == 7
    for garbage in (
        "<html>",
        "[]",
        "{}",
        "null",
        '"x"',
        "[1]",
        '{"value": 3, "resources": [7], "data": "x"}',
    ):
        for verb in verbs:
            server.fault_always = _text(200, garbage)
            with pytest.raises(ActionError):
                await verb(what, site)
    server.fault_always = None


HOSTILE = (
    "' or 1 eq 1", '"*"', "../../admin", "a/../b", "x%00y", "%2e%2e", "a;b", "a?b=c", "a#b", "*", "(objectClass=*)",
    "a)(uid=*", "a' or '1'='1", "$(id)", "`id`", "x,y", "a+b", "ünïcode", "a\\b", "a" * 10_000, "a\nb", "..", ".",
)  # fmt: skip
"""Values that must not break out of a path, a filter or a query."""


async def prove_hostile(action: Any, site: Site, server: VendorServer, parameter: str, **others: Any) -> None:
    """No hostile value of a parameter changes anything, nor asks for another path than the vendor has."""
    before = server.changes
    for value in HOSTILE:
        with pytest.raises(ActionError):
            await action.run(call(**{parameter: value}, **others), site)
        for request in server.requests:
            assert ".." not in request.split("?")[0].split("/"), request
        server.requests.clear()
    assert server.changes == before
