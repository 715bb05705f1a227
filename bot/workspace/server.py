"""The workspace as a process: one folder, one loopback port, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from bot.workspace import page_server
from bot.workspace.api import add_routes
from bot.workspace.api.files import LARGEST
from bot.workspace.settings import WorkspaceSettings, load_secrets
from bot.workspace.team import Team

ADDRESS_FILE = "address.json"


class WorkspaceError(Exception):
    """The workspace can't start; the text says what to do."""


@dataclass(frozen=True)
class Addresses:
    api_url: str
    """``base_url`` of a Slack client."""
    page_url: str
    """For people; has the key in it."""


async def serve(
    settings: WorkspaceSettings, stop: asyncio.Event, tell: Callable[[str], None] = lambda _line: None
) -> None:
    """Run the workspace until `stop` is set; `tell` takes its address and what goes wrong, a line each.

    Raises `WorkspaceError`.
    """
    async with run(settings, tell) as team:
        tell(f"workspace: {addresses(team).page_url}")
        await stop.wait()


@asynccontextmanager
async def run(
    settings: WorkspaceSettings, tell: Callable[[str], None] = lambda _line: None
) -> AsyncIterator[Team]:
    """The workspace, listening. Raises `WorkspaceError`."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _only_one(settings.data):
        async with aiohttp.ClientSession() as session:
            try:
                team = Team(settings, session, tell)
            except (OSError, ValueError) as error:
                raise WorkspaceError(f"can't use the folder {settings.data}: {error}") from error
            outbox = asyncio.create_task(team.outbox.run())
            app = web.Application(
                middlewares=[page_server.guard_host(team)], client_max_size=LARGEST + (1 << 20)
            )
            add_routes(app, team)
            page_server.add_routes(app, team)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
            await runner.setup()
            try:
                await _listen(runner, team)
                yield team
            finally:
                outbox.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await outbox
                await team.sockets.close()
                await runner.cleanup()
                team.store.close()


def addresses(team: Team) -> Addresses:
    return _addresses(team.address, team.secrets.page_key.get_secret_value())


def _addresses(address: str, key: str) -> Addresses:
    return Addresses(f"{address}/api/", f"{address}/?key={key}")


def read_addresses(data: Path) -> Addresses | None:
    """The addresses of the workspace that runs, or last ran, in folder `data`; None: none did."""
    try:
        written = json.loads((data / ADDRESS_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return _addresses(written["address"], load_secrets(data).page_key.get_secret_value())


async def _listen(runner: web.AppRunner, team: Team) -> None:
    """With port 0, take the last port again if it is free: the bot and open pages find it there."""
    settings = team.settings
    file = settings.data / ADDRESS_FILE
    ports = [settings.port]
    if settings.port == 0 and file.exists():
        ports.insert(0, int(json.loads(file.read_text(encoding="utf-8"))["address"].rpartition(":")[2]))
    for port in ports:
        try:
            await web.TCPSite(runner, settings.host, port).start()
            break
        except OSError as error:
            failure = error
    else:
        raise WorkspaceError(
            f"can't listen on {settings.host}:{settings.port}: {failure.strerror or failure};"
            " stop what listens there, or choose another port"
        )
    host, actual = runner.addresses[0][:2]
    team.address = f"http://[{host}]:{actual}" if ":" in host else f"http://{host}:{actual}"
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps({"address": team.address, "pid": os.getpid()}), encoding="utf-8")
    draft.replace(file)


@contextlib.contextmanager
def _only_one(data: Path) -> Iterator[None]:
    with (data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorkspaceError(
                f"another workspace runs in {data}: stop it, or name another folder"
            ) from None
        yield
