"""The parts of a running installation: one process each, started by `siem up`, or alone by name.

Each part gets only the secrets it needs: the workers hold no Slack token, the bot no vendor key.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from workers.settings import Settings
from workers.supervisor import Part

Ready = Callable[[], None]
Run = Callable[[Settings, asyncio.Event, Ready], Awaitable[None]]

SLACK_SECRETS = frozenset({"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"})


async def _worker(settings: Settings, stop: asyncio.Event, ready: Ready) -> None:
    from workers.worker import run_worker

    await run_worker(settings, stop, ready)


async def _api(settings: Settings, stop: asyncio.Event, ready: Ready) -> None:
    from workers.api.service import run_api

    await run_api(settings, stop, ready)


async def _collect(settings: Settings, stop: asyncio.Event, ready: Ready) -> None:
    from workers.collect.process import run_collect

    await run_collect(settings, stop, ready)


async def _bot(settings: Settings, stop: asyncio.Event, ready: Ready) -> None:
    from bot.slack.service import run_bot

    await run_bot(settings, stop, ready)


async def _workspace(settings: Settings, stop: asyncio.Event, ready: Ready) -> None:
    from bot.workspace.service import run_workspace

    await run_workspace(settings, stop, ready)


PARTS: Mapping[str, Run] = {
    "api": _api,
    "workspace": _workspace,
    "bot": _bot,
    "worker": _worker,
    "collect": _collect,
}
"""In the order in which they are started; the workspace only where there is no Slack."""


def parts_of(settings: Settings, *, local_workspace: bool) -> list[Part]:
    """Return the parts as the supervisor runs them."""
    names = [name for name in PARTS if name != "workspace" or local_workspace]
    return [
        Part(
            name=name,
            command=(sys.executable, "-m", "bot.cli", name),
            env=_environment(name, settings),
            ready_file=ready_file(settings, name),
        )
        for name in names
    ]


def ready_file(settings: Settings, name: str) -> Path:
    """Where a part says that it is ready."""
    return settings.data / "ready" / name


def _environment(name: str, settings: Settings) -> dict[str, str]:
    environment = dict(os.environ)
    if settings.file is not None:
        environment["SIEM_CONFIG"] = str(settings.file)
    if name != "bot":
        for secret in SLACK_SECRETS:
            environment.pop(secret, None)
            environment.pop(f"{secret}_FILE", None)
    if name != "worker":
        for connection in settings.site.connections.values():
            for key, value in (connection.model_extra or {}).items():
                if key.endswith("_env") and isinstance(value, str):
                    environment.pop(value, None)
    return environment


async def run_part(name: str, settings: Settings) -> None:
    """Run one part until SIGTERM or SIGINT. Raises what the part raises."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    file = ready_file(settings, name)

    def ready() -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{os.getpid()}\n", encoding="utf-8")

    try:
        await PARTS[name](settings, stop, ready)
    finally:
        file.unlink(missing_ok=True)
