"""Takes Web API calls, response URLs and uploads over HTTP."""

from __future__ import annotations

import hmac
from typing import Any

import orjson
from aiohttp import web

from bot.workspace.acts import read_draft
from bot.workspace.api import chat, conversations, files, people
from bot.workspace.api.method import Arguments, Method
from bot.workspace.delivery.socket_mode import PATH
from bot.workspace.errors import SlackError
from bot.workspace.limits import RateLimitedError
from bot.workspace.payloads import RESPONSE_PATH
from bot.workspace.store import Json
from bot.workspace.team import Team

METHODS: dict[str, Method] = {
    **chat.METHODS,
    **conversations.METHODS,
    **people.METHODS,
    **files.METHODS,
}


def add_routes(app: web.Application, team: Team) -> None:
    async def call(request: web.Request) -> web.StreamResponse:
        return await _call(team, request)

    async def respond(request: web.Request) -> web.StreamResponse:
        return await _respond(team, request)

    async def upload(request: web.Request) -> web.StreamResponse:
        return await files.take_upload(team, request)

    app.router.add_route("POST", "/api/{method}", call)
    app.router.add_route("GET", "/api/{method}", call)
    app.router.add_post(f"{RESPONSE_PATH}{team.settings.team_id}/{{handle}}", respond)
    app.router.add_post(f"{files.UPLOAD_PATH}{{handle}}", upload)
    app.router.add_get(PATH, team.sockets.connect)


async def _call(team: Team, request: web.Request) -> web.Response:
    try:
        values = await _read_arguments(request)
        method = METHODS.get(request.match_info["method"])
        if method is None:
            raise SlackError("unknown_method", req_method=request.match_info["method"])
        _authorize(team, method, request, values)
        if method.tier:
            team.limiter.count_call(request.match_info["method"], method.tier)
        return _json({"ok": True, **method.call(team, Arguments(values))}, team)
    except SlackError as error:
        return _refusal(error, team)
    except RateLimitedError as error:
        headers = {"Retry-After": str(error.retry_after)}
        return _json({"ok": False, "error": "ratelimited"}, team, status=429, headers=headers)


async def _read_arguments(request: web.Request) -> Json:
    values: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = orjson.loads(await request.read() or b"{}")
        except orjson.JSONDecodeError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        values |= body
    elif request.can_read_body:
        if request.content_type not in ("application/x-www-form-urlencoded", "multipart/form-data"):
            raise SlackError("invalid_post_type")
        values |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return values


def _authorize(team: Team, method: Method, request: web.Request, values: Json) -> None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip() if kind.lower() == "bearer" else str(values.get("token", ""))
    if not token:
        raise SlackError("not_authed")
    is_bot = _same(token, team.secrets.bot_token.get_secret_value())
    if not is_bot and not _same(token, team.secrets.app_token.get_secret_value()):
        raise SlackError("invalid_auth")
    if is_bot != (method.token == "xoxb"):
        raise SlackError("not_allowed_token_type")
    scopes = team.directory.app.scopes
    if is_bot and method.scope and method.scope not in scopes:
        raise SlackError("missing_scope", needed=method.scope, provided=",".join(scopes))


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


async def _respond(team: Team, request: web.Request) -> web.Response:
    """A response URL: five uses in half an hour, no token.

    docs.slack.dev/interactivity/handling-user-interaction
    """
    holder = team.store.use_handle("response", request.match_info["handle"])
    if isinstance(holder, str):
        return _json({"ok": False, "error": f"{holder}_url"}, team, status=404)
    try:
        body = orjson.loads(await request.read())
        if not isinstance(body, dict):
            raise SlackError("invalid_payload")
        _take_response(team, holder, body)
    except orjson.JSONDecodeError:
        return _json({"ok": False, "error": "invalid_payload"}, team, status=400)
    except SlackError as error:
        return _refusal(error, team)
    return web.Response(text="ok")


def _take_response(team: Team, holder: Json, body: Json) -> None:
    channel, user, ts = holder["channel"], holder["user"], holder["ts"]
    ephemeral = holder["ephemeral"]
    if body.get("delete_original") and ts:
        if ephemeral:
            team.messages.hide(channel, user, ts)
        else:
            team.messages.delete(channel, ts)
        return
    thread = body.get("thread_ts") or (
        holder["thread"] if body.get("response_type") != "in_channel" else None
    )
    if body.get("replace_original") and ts:
        draft = read_draft({"text": "", "blocks": [], "attachments": [], **body}, holder["thread"])
        if ephemeral:
            team.messages.show(channel, user, draft, ts)
        else:
            team.messages.update(channel, ts, draft)
    elif body.get("response_type") == "in_channel":
        team.messages.post(channel, read_draft(body, thread))
    else:
        team.messages.show(channel, user, read_draft(body, thread))


def _refusal(error: SlackError, team: Team) -> web.Response:
    body: Json = {"ok": False, "error": error.code, **error.more}
    if error.messages:
        body |= {"errors": error.messages, "response_metadata": {"messages": error.messages}}
    return _json(body, team)


def _json(
    body: Json, team: Team, *, status: int = 200, headers: dict[str, Any] | None = None
) -> web.Response:
    return web.Response(
        body=orjson.dumps(body),
        content_type="application/json",
        charset="utf-8",
        status=status,
        headers={"X-OAuth-Scopes": ",".join(team.directory.app.scopes), **(headers or {})},
    )
