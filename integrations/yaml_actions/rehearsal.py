"""A YAML action's own tests: recorded answers over a real HTTP server, so that what is sent is really sent."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from aiohttp import web

from integrations.contract import ActionCall, ActionError
from integrations.ports import Site
from integrations.yaml_actions.action import YamlAction, YamlContainment
from integrations.yaml_actions.loading import LoadedVendor
from integrations.yaml_actions.model import ActionTest, Answer
from playbooks.values import parse_parameters

KEY = "blk-test"


@dataclass(frozen=True)
class TestedAction:
    """How one test went."""

    action: str
    test: str
    faults: tuple[str, ...]


async def run_tests(vendor: LoadedVendor) -> list[TestedAction]:
    """Run the tests of all actions of a vendor, over a server on loopback."""
    return [
        TestedAction(action.spec.name, test.name, tuple(await _run(vendor, action, test)))
        for action in vendor.actions
        for test in action.file.tests
    ]


@dataclass
class _Recorded:
    """Answers in the order in which they are expected."""

    answers: deque[Answer]
    token_path: str | None
    faults: list[str] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        if request.path == self.token_path:
            return web.json_response({"access_token": "test", "expires_in": 60})
        sent = f"{request.method} {request.raw_path}"
        if not self.answers:
            self.faults.append(f"{sent} was sent, and nothing more was expected")
            return web.Response(status=500)
        answer = self.answers.popleft()
        if sent != answer.to:
            self.faults.append(f"expected {answer.to}, sent was {sent}")
        if answer.body is not None:
            text = await request.text()
            try:
                body = json.loads(text) if text else None
            except ValueError:
                body = text
            if body != answer.body:
                self.faults.append(f"{sent}: expected the body {answer.body!r}, sent was {body!r}")
        if answer.json_ is not None:
            return web.json_response(answer.json_, status=answer.status, headers=answer.headers)
        return web.Response(text=answer.text, status=answer.status, headers=answer.headers)


async def _run(vendor: LoadedVendor, action: YamlAction, test: ActionTest) -> Sequence[str]:
    recorded = _Recorded(deque(test.answers), vendor.file.connection.token_path)
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", recorded.take)
    runner = web.AppRunner(app, handle_signals=False)
    await runner.setup()
    listening = web.TCPSite(runner, "127.0.0.1", 0)
    await listening.start()
    try:
        port = runner.addresses[0][1]
        connection = {"kind": vendor.name, "url": f"http://127.0.0.1:{port}", "token": "t", "user": "u",
                      "password": "p", "client_id": "c", "client_secret": "s"}  # fmt: skip
        connection |= dict.fromkeys(vendor.file.connection.settings, "x")
        site = cast(Site, SimpleNamespace(connections={"test": connection}))
        said = await asyncio.wait_for(_call(action, test, site), action.file.timeout + 5)
    finally:
        await runner.cleanup()
    left = [f"{answer.to} was never sent" for answer in recorded.answers]
    return [*recorded.faults, *said, *left]


async def _call(action: YamlAction, test: ActionTest, site: Site) -> list[str]:
    expect = test.expect
    result: Any
    try:
        params = parse_parameters(action.spec.parameters, test.params)
        call = ActionCall(params=params, key=KEY, incident="inc-test", reason="a test")
        if test.call == "run":
            result = await action.run(call, site)
        elif test.call == "verify":
            result = await cast(YamlContainment, action).verify(call, site)
        else:
            result = await cast(YamlContainment, action).undo(call, site)
    except (ActionError, ValueError) as error:
        if expect.error is None:
            return [f"it was refused: {error}"]
        return (
            [] if expect.error in str(error) else [f"expected {expect.error!r} in the error, it is: {error}"]
        )
    if expect.error is not None:
        return [f"expected an error with {expect.error!r}, it answered {result!r}"]
    faults = []
    if expect.result is not None and result != expect.result:
        faults.append(f"expected the result {expect.result!r}, it is {result!r}")
    if expect.in_force is not None and getattr(result, "in_force", None) is not expect.in_force:
        faults.append(f"expected in_force: {expect.in_force}, it is {getattr(result, 'in_force', None)}")
    if expect.detail is not None and expect.detail not in getattr(result, "detail", ""):
        faults.append(f"expected {expect.detail!r} in the detail, it is {getattr(result, 'detail', '')!r}")
    return faults
