"""The page's own HTTP interface: state, live events, and acts.

Whoever has the key acts as everyone, and nobody else does: the key comes once in the address and then
in a cookie (HttpOnly, SameSite=Strict), or as a bearer token. Requests must be for this host (against
DNS rebinding); acts must be JSON, and come from this origin where a browser sends them (against
forgery). The page may not be framed.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any, TypeAlias

import orjson
from aiohttp import web

from bot.workspace.acts import ActError
from bot.workspace.api.files import picture_type
from bot.workspace.errors import SlackError
from bot.workspace.settings import Person
from bot.workspace.store import Json
from bot.workspace.team import Team

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

PAGE_LIMIT = 100
"""Messages of a channel that are sent at once."""
_KEEPALIVE_SECONDS = 15.0
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def add_routes(app: web.Application, team: Team) -> None:
    server = _PageServer(team)
    app.router.add_get("/", server.index)
    app.router.add_get("/assets/{name}", server.asset)
    app.router.add_get("/archives/{channel}/{message}", server.index)
    for path, handler in (
        ("/page/state", server.state),
        ("/page/channel/{channel}", server.channel),
        ("/page/thread/{channel}/{ts}", server.thread),
        ("/page/events", server.events),
        ("/files/{file}", server.file),
    ):
        app.router.add_get(path, server.keyed(handler))
    app.router.add_post("/page/act", server.keyed(server.act))


def guard_host(team: Team) -> Any:
    """Middleware that refuses what was sent to another name: DNS rebinding brings the wrong Host."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = team.address.removeprefix("http://")
        port = host.rpartition(":")[2]
        if request.host not in (host, f"localhost:{port}"):
            return web.Response(status=421, text="This workspace answers to its own address only.")
        return await handler(request)

    return check


class _PageServer:
    def __init__(self, team: Team) -> None:
        self._team = team
        folder = files("bot.workspace") / "page"
        self._assets = {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()}

    # --- who may ----------------------------------------------------------------------------------

    @property
    def _cookie(self) -> str:
        """Cookies are shared by all ports of a host: each workspace has its own."""
        return f"workspace-{self._team.address.rpartition(':')[2]}"

    def _has_key(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._team.secrets.page_key.get_secret_value().encode())

    def keyed(self, handler: Handler) -> Handler:
        async def checked(request: web.Request) -> web.StreamResponse:
            bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
            if not self._has_key(bearer) and not self._has_key(request.cookies.get(self._cookie, "")):
                return _failure(401, "no_key", "Open the address that the workspace printed.")
            if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
                return _failure(403, "cross_origin", "Another site sent this request.")
            own = f"http://{request.host}"
            if request.method != "GET" and request.headers.get("Origin", own) != own:
                return _failure(403, "cross_origin", "Another site sent this request.")
            if request.method != "GET" and request.content_type != "application/json":
                return _failure(415, "not_json", "An act is JSON.")
            try:
                return await handler(request)
            except ActError as error:
                return _failure(409, error.code, str(error), error.faults)
            except SlackError as error:
                return _failure(404, error.code, error.code)

        return checked

    def _person(self, user: object) -> Person:
        return self._team.directory.person(str(user))

    # --- the page -------------------------------------------------------------------------------

    async def index(self, request: web.Request) -> web.StreamResponse:
        given = request.query.get("key", "")
        if not self._has_key(given) and not self._has_key(request.cookies.get(self._cookie, "")):
            return self._file("locked.html", 403)
        response = self._file("index.html", 200)
        if given:
            response.set_cookie(self._cookie, given, httponly=True, samesite="Strict", path="/")
        return response

    async def asset(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        return self._file(name, 200) if name in self._assets else web.Response(status=404)

    def _file(self, name: str, status: int) -> web.Response:
        kind = _TYPES[name[name.rindex(".") :]]
        return web.Response(
            body=self._assets[name], status=status, content_type=kind, charset="utf-8", headers=HEADERS
        )

    async def file(self, request: web.Request) -> web.StreamResponse:
        """A picture to show, or anything else to download."""
        found = self._team.store.file(request.match_info["file"])
        if found is None or not found[2] or found[1] is None:
            raise SlackError("file_not_found")
        kind = picture_type(found[1])
        shown = {} if kind else {"Content-Disposition": "attachment"}
        return web.Response(
            body=found[1], content_type=kind or "application/octet-stream", headers={**HEADERS, **shown}
        )

    # --- state ----------------------------------------------------------------------------------

    async def state(self, request: web.Request) -> web.StreamResponse:
        team = self._team
        person = self._person(request.query.get("user") or team.settings.people[0].id)
        unread = team.store.unread(person.id)
        channels = [
            {**team.directory.channel(each["id"]), "unread": unread.get(each["id"], 0)}
            for each in team.store.channels()
            if team.directory.sees(person.id, each["id"])
        ]
        settings = team.settings
        return _json(
            {
                "team": {"id": settings.team_id, "name": settings.team_name},
                "me": person.id,
                "people": [each.id for each in team.directory.people()],
                "users": team.directory.users(),
                "groups": team.directory.groups(),
                "channels": channels,
                "app": {"id": settings.app.id, "name": settings.app.name, "user": settings.app.user_id},
                "commands": [each.model_dump() for each in settings.app.commands],
                "views": team.store.views(person.id),
                "home": next(iter(team.store.views(person.id, "home")), None),
                "now": team.store.new_ts(),
                "connected": team.is_connected,
            }
        )

    async def channel(self, request: web.Request) -> web.StreamResponse:
        """The latest messages, oldest first, and the ephemeral ones since this page was loaded."""
        person, channel = self._seen(request)
        before = request.query.get("before", "")
        found = self._team.store.history(channel, limit=PAGE_LIMIT + 1, latest=before)
        messages = found[:PAGE_LIMIT][::-1]
        since = request.query.get("since", "")
        ephemerals = self._team.store.ephemerals(person.id, since) if since and not before else []
        return _json(
            {
                "messages": messages,
                "more": len(found) > PAGE_LIMIT,
                "ephemerals": [body for where, body in ephemerals if where == channel],
            }
        )

    async def thread(self, request: web.Request) -> web.StreamResponse:
        _, channel = self._seen(request)
        return _json({"messages": self._team.store.thread(channel, request.match_info["ts"])})

    def _seen(self, request: web.Request) -> tuple[Person, str]:
        person, channel = self._person(request.query.get("user")), request.match_info["channel"]
        if not self._team.directory.sees(person.id, channel):
            raise SlackError("channel_not_found")
        return person, channel

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events; after a gap the page loads its state again."""
        person = self._person(request.query.get("user"))
        response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        with self._team.hub.subscribe(person.id) as subscription, contextlib.suppress(ConnectionError):
            await response.write(b'data: {"type":"ready"}\n\n')
            while True:
                try:
                    async with asyncio.timeout(_KEEPALIVE_SECONDS):
                        event = await subscription.next()
                except TimeoutError:
                    await response.write(b": still here\n\n")
                    continue
                await response.write(b"data: " + orjson.dumps(event) + b"\n\n")
        return response

    # --- acts -----------------------------------------------------------------------------------

    async def act(self, request: web.Request) -> web.StreamResponse:
        try:
            body = orjson.loads(await request.read())
        except orjson.JSONDecodeError:
            body = None
        if not isinstance(body, dict):
            return _failure(400, "invalid_json", "An act is a JSON object.")
        user = self._person(body.get("user")).id
        act = body.get("act")

        def text(name: str, default: str = "") -> str:
            value = body.get(name, default)
            if not isinstance(value, str):
                raise ActError("invalid_arguments", f"{name} is no text.")
            return value

        acts = self._team.acts
        used = (text("block"), text("action"), body.get("value"), body.get("values"))
        match act:
            case "say":
                done = await acts.say(user, text("channel"), text("text"), text("thread") or None)
            case "use" if text("view"):
                done = await acts.use_in_view(user, text("view"), *used)
            case "use":
                done = await acts.use(user, text("channel"), text("ts"), *used)
            case "submit":
                done = await acts.submit(user, text("view"), body.get("values"))
            case "close":
                done = await acts.close(user, text("view"))
            case "react":
                add = body.get("add", True) is True
                done = acts.react(user, text("channel"), text("ts"), text("name"), add=add)
            case "read":
                self._team.store.mark_read(user, text("channel"), text("ts"))
                done = {}
            case "home":
                done = {"view": acts.open_home(user)}
            case _:
                return _failure(400, "unknown_act", f"There is no act {act!r}.")
        return _json({"ok": True, "done": done})


def _json(body: Json, status: int = 200) -> web.Response:
    return web.Response(
        body=orjson.dumps(body), status=status, content_type="application/json", headers=HEADERS
    )


def _failure(status: int, code: str, text: str, faults: dict[str, str] | None = None) -> web.Response:
    return _json({"ok": False, "error": code, "text": text, "faults": faults or {}}, status)
