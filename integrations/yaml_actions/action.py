"""An action out of YAML, with the same contract as one in Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from integrations.connections import Authenticate, Http, Named, bearer, choose, client_credentials, open_http
from integrations.contract import ActionCall, ActionRefusedError, ActionUnavailableError
from integrations.ports import Site
from integrations.yaml_actions.model import ActionFile, ConnectionFile, Paging, Request
from playbooks.actions import ActionKind, ActionSpec, BlastRadius, Parameter, ValueType, Verification
from playbooks.expressions import ExpressionError, parse_template
from playbooks.filters import show
from playbooks.values import parse_value

DAYS = 7


def spec_of(file: ActionFile, vendor: str) -> ActionSpec:
    """Return what an action of a file promises."""
    parameters = [
        Parameter(
            name=name, type=one.type, description=one.description, required=one.required, default=one.default,
            choices=one.choices, items=one.items,
        )
        for name, one in file.parameters.items()
    ]  # fmt: skip
    parameters.append(
        Parameter(
            name="connection",
            type=ValueType.TEXT,
            description=f"Which of the site's {vendor} connections; needed where there are several.",
            required=False,
        )
    )
    return ActionSpec(
        name=file.name, kind=file.kind, summary=file.summary, parameters=tuple(parameters),
        returns=dict(file.returns), target=file.target, noun=file.noun, timeout=file.timeout,
        connection=vendor, permission=file.permission, per_minute=file.per_minute,
        guarded=file.guarded,
    )  # fmt: skip


class YamlAction:
    """A lookup or a change."""

    def __init__(self, file: ActionFile, vendor: str, connection: ConnectionFile) -> None:
        self.file = file
        self._connection = connection
        self._vendor = vendor
        self._spec = spec_of(file, vendor)

    @property
    def spec(self) -> ActionSpec:
        return self._spec

    async def run(self, call: ActionCall, site: Site) -> dict[str, Any]:
        named = choose(site, self._vendor, call.params.get("connection"))
        async with self._open(named) as opened:
            context, items = await self._ask(opened, self.file.run, call, self.file.run.paging)
        found = {
            name: value
            for name, shown in self.file.run.result.items()
            if (value := _render(shown, {**context, "items": items})) is not None
        }
        return {name: self._typed(name, value) for name, value in found.items()}

    def _typed(self, name: str, value: Any) -> Any:
        kind = self.file.returns[name]
        try:
            return parse_value(kind, value) if kind is not ValueType.ANY else value
        except ValueError as error:
            raise ActionUnavailableError(
                f"{self.file.name}: its answer's {name} is not as expected: {error}"
            ) from error

    def _open(self, named: Named) -> Any:
        return open_http(
            named,
            authenticate=_authenticate(self._connection),
            url=self._connection.url,
            seconds=self.file.timeout,
        )

    async def _ask(
        self, opened: Http, request: Request, call: ActionCall, paging: Paging | None = None
    ) -> tuple[dict[str, Any], list[Any]]:
        """Send a request and those for further pages; returns the last answer's context, and all items."""
        context = _context(call, opened.named)
        answer = await _send(opened, request, context)
        context["response"] = _response(answer)
        if paging is None:
            return context, []
        items: list[Any] = []
        for _ in range(paging.most):
            found = _render(paging.items, context)
            items += found if isinstance(found, list) else []
            more = _render(paging.next, context)
            if not more:
                return context, items
            if paging.query is not None:
                answer = await _send(opened, request, context, {paging.query: more})
            else:
                answer = await opened.ask("GET", _same_host(str(more), opened))
            context["response"] = _response(answer)
        raise ActionRefusedError(f"{self.file.name}: more than {paging.most} pages (paging: most)")


class YamlContainment(YamlAction):
    """A containment."""

    async def verify(self, call: ActionCall, site: Site) -> Verification:
        wanted = self.file.verify
        assert wanted is not None
        async with self._open(choose(site, self._vendor, call.params.get("connection"))) as opened:
            context, _ = await self._ask(opened, wanted, call)
        there = _render(wanted.in_force, context)
        if not isinstance(there, bool):
            raise ActionUnavailableError(f"{self.file.name}: in_force gave {there!r}, neither true nor false")
        return Verification(in_force=there, detail=show(_render(wanted.detail, context))[:500])

    async def undo(self, call: ActionCall, site: Site) -> dict[str, Any]:
        assert self.file.undo is not None
        async with self._open(choose(site, self._vendor, call.params.get("connection"))) as opened:
            await self._ask(opened, self.file.undo, call)
        return {}

    async def blast_radius(self, call: ActionCall, site: Site) -> BlastRadius:
        """Say how often the target is in the events of the last days."""
        from datetime import timedelta

        parameter = self._spec.parameter(self._spec.target or "")
        value = str(call.params.get(self._spec.target or "", ""))
        field = _FIELDS.get(parameter.type) if parameter else None
        if field is None:
            return BlastRadius(summary=f"What else {value} is used for is not known.")
        now = site.clock.now()
        events = await site.events.count({field: [value]}, now - timedelta(days=DAYS), now)
        return BlastRadius(summary=f"{value} is in {events:,} events of the last {DAYS} days.", events=events)


_FIELDS: Mapping[ValueType, str] = {
    ValueType.IP: "related.ip",
    ValueType.USER: "related.user",
    ValueType.HOST: "related.hosts",
    ValueType.HASH: "related.hash",
    ValueType.DOMAIN: "related.hosts",
}


def make_action(file: ActionFile, vendor: str, connection: ConnectionFile) -> YamlAction:
    kind = YamlContainment if file.kind is ActionKind.CONTAINMENT else YamlAction
    return kind(file, vendor, connection)


def trial(vendor: str, connection: ConnectionFile) -> Any:
    """Return the function that tries a connection, None where the file has none."""
    wanted = connection.test
    if wanted is None:
        return None

    async def attempt(site: Site, name: str) -> str:
        named = choose(site, vendor, name)
        async with open_http(named, authenticate=_authenticate(connection), url=connection.url) as opened:
            context = _context(ActionCall(params={}, key=""), named)
            context["response"] = _response(await _send(opened, wanted, context))
        return show(_render(wanted.says, context))[:300]

    return attempt


# --- from expressions to requests ---------------------------------------------------------------


async def _send(
    opened: Http, request: Request, context: Mapping[str, Any], query: Mapping[str, Any] | None = None
) -> httpx.Response:
    encoded = {**context, "params": _encoded(context["params"])}
    path = show(_render(request.path, encoded))
    if "//" in path or "/../" in f"{path}/" or "/./" in f"{path}/" or "?" in path or "#" in path:
        raise ActionRefusedError(f"{path!r}: a parameter may not change where a request goes")
    arguments: dict[str, Any] = {}
    asked = {**_render(request.query, context), **(query or {})}
    if asked:
        arguments["params"] = {name: show(value) for name, value in asked.items() if value is not None}
    if request.json_ is not None:
        arguments["json"] = _render(request.json_, context)
    if request.form is not None:
        arguments["data"] = {name: show(value) for name, value in _render(request.form, context).items()}
    if request.headers:
        arguments["headers"] = {
            name: _header(show(_render(v, context))) for name, v in request.headers.items()
        }
    return await opened.ask(request.method, path, expected=request.expected, **arguments)


def _header(value: str) -> str:
    if not value.isascii() or any(ord(character) < 32 for character in value):
        raise ActionRefusedError("a header takes one line of ASCII")
    return value


def _encoded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _encoded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_encoded(inner) for inner in value]
    return quote(show(value), safe="") if value is not None else None


def _context(call: ActionCall, named: Named) -> dict[str, Any]:
    plain = {
        name: value
        for name, value in named.settings.items()
        if str(value) not in named.secrets and name != "token"
    }
    return {
        "params": dict(call.params),
        "connection": plain,
        "call": {
            "id": call.key,
            "mark": f"siem {call.key}",
            "incident": call.incident or "",
            "reason": call.reason,
            "until": call.until.isoformat() if call.until else "",
        },
    }


def _response(answer: httpx.Response) -> dict[str, Any]:
    body: Any
    try:
        body = answer.json() if answer.content.strip() else {}
    except ValueError:
        body = answer.text[:10_000]
    return {"status": answer.status_code, "body": body, "headers": dict(answer.headers)}


def _render(value: Any, context: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        template = parse_template(value)
        try:
            return value if template.constant else template.render(context)
        except ExpressionError as error:
            raise ActionRefusedError(f"{value!r:.100}: {error}") from error
    if isinstance(value, Mapping):
        return {key: _render(inner, context) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_render(inner, context) for inner in value]
    return value


def _same_host(more: str, opened: Http) -> str:
    url = httpx.URL(str(opened.client.base_url)).join(more)
    if url.host != opened.client.base_url.host or url.scheme != opened.client.base_url.scheme:
        raise ActionRefusedError(f"the next page is at {url.host}, which is not this connection's host")
    return url.raw_path.decode("ascii")


def _authenticate(connection: ConnectionFile) -> Authenticate | None:
    match connection.auth:
        case "bearer":
            return bearer()
        case "client_credentials":
            return client_credentials(connection.token_path or "", scope=connection.scope)
        case "header":

            async def add(opened: Http, request: httpx.Request) -> None:
                request.headers[connection.header or ""] = opened.named.need("token")

            return add
        case "basic":

            async def sign(opened: Http, request: httpx.Request) -> None:
                auth = httpx.BasicAuth(opened.named.need("user"), opened.named.need("password"))
                request.headers["authorization"] = auth._auth_header

            return sign
    return None
