"""The parts of a running installation: one process each, started by `siem up`, or alone by name.

Each part gets only the secrets it needs: the workers hold no Slack token, the bot no vendor key.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from bot.workspace.settings import AppSetting, ChannelSetting, SlashCommand, load_secrets
from integrations.ports import StoreError
from workers.engines import EngineError
from workers.engines.sockets import any_free, first_free
from workers.settings import Settings, SettingsError, load_settings
from workers.supervisor import Part, stop_signals

MISUSED = 2
"""Exit code of a part that was started wrongly: the supervisor does not try again."""
WORKSPACE_PORTS = range(8765, 8865)
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
    from bot.verbs.registry import VERBS
    from bot.workspace import WorkspaceSettings, run

    usage = " | ".join(["help", *(f"{verb.name} {verb.takes}".strip() for verb in VERBS.values())])
    channel = settings.site.slack.channel.removeprefix("#")
    here = WorkspaceSettings(
        data=workspace_folder(settings),
        port=workspace_port(settings),
        team_name=settings.site.organisation,
        channels=workspace_channels(channel),
        app=AppSetting(commands=(SlashCommand(command="/siem", description="Ask the SIEM", usage=usage),)),
    )
    async with run(here, lambda line: print(line, flush=True)):
        ready()
        await stop.wait()


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
            command=(sys.executable, "-m", "bot.parts", name),
            env=_environment(name, settings, local_workspace),
            ready_file=ready_file(settings, name),
        )
        for name in names
    ]


def ready_file(settings: Settings, name: str) -> Path:
    """Where a part says that it is ready."""
    return settings.data / "ready" / name


def _environment(name: str, settings: Settings, local_workspace: bool) -> dict[str, str]:
    environment = dict(os.environ)
    if settings.file is not None:
        environment["SIEM_CONFIG"] = str(settings.file)
    if name == "bot" and local_workspace:
        environment |= workspace_environment(settings)
    elif name != "bot":
        for secret in SLACK_SECRETS:
            environment.pop(secret, None)
            environment.pop(f"{secret}_FILE", None)
    for variable in _vendor_variables(settings) - _variables_for(name, settings):
        environment.pop(variable, None)
    return environment


def _vendor_variables(settings: Settings) -> set[str]:
    """Return the variables that hold secrets of connections and of entries of ``collect:``."""
    return _variables_for("worker", settings) | _variables_for("collect", settings)


def _variables_for(name: str, settings: Settings) -> set[str]:
    """Return those one part needs: the worker acts over all connections, the collector pulls over some."""
    site = settings.site
    if name == "worker":
        return {variable for one in site.connections.values() for variable in one.variables}
    if name == "collect":
        named = {way.connection for entry in site.collect for way in (entry.objects, entry.pull) if way}
        pulled = (one.variables for key, one in site.connections.items() if key in named)
        tokens = ((entry.http.token_env, entry.http.secret_env) for entry in site.collect if entry.http)
        return {variable for several in (*pulled, *tokens) for variable in several if variable}
    return set()


def workspace_environment(settings: Settings) -> dict[str, str]:
    """Return what makes the bot talk to the local workspace instead of Slack."""
    made = load_secrets(workspace_folder(settings))
    return {
        "SIEM_SLACK_URL": f"http://127.0.0.1:{workspace_port(settings)}/api/",
        "SLACK_BOT_TOKEN": made.bot_token.get_secret_value(),
        "SLACK_APP_TOKEN": made.app_token.get_secret_value(),
        "SLACK_SIGNING_SECRET": made.signing_secret.get_secret_value(),
    }


def workspace_channels(security: str) -> tuple[ChannelSetting, ...]:
    """Return the workspace's channels: the site's security channel, by its name, and one for everybody."""
    general = ChannelSetting(id="C0GENERAL", name="general", topic="Everyone", has_app=False)
    topic = "Incidents, approvals and containment"
    return (ChannelSetting(id="C0SECURITY", name=security, topic=topic), general)


def workspace_folder(settings: Settings) -> Path:
    return settings.data / "workspace"


def workspace_port(settings: Settings) -> int:
    """Return the workspace's port: chosen once, kept in its folder, so that its address stays the same."""
    file = workspace_folder(settings) / "port"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # After the usual one at random: another installation may be choosing at this moment.
        candidates = [WORKSPACE_PORTS.start, *random.sample(WORKSPACE_PORTS, len(WORKSPACE_PORTS))]
        file.write_text(str(first_free(candidates) or any_free()), encoding="utf-8")
    return int(file.read_text(encoding="utf-8"))


async def run_part(name: str, settings: Settings) -> None:
    """Run one part until SIGTERM or SIGINT. Raises what the part raises."""
    file = ready_file(settings, name)

    def ready() -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{os.getpid()}\n", encoding="utf-8")

    with stop_signals() as stop:
        try:
            await PARTS[name](settings, stop, ready)
        finally:
            file.unlink(missing_ok=True)


def main() -> int:
    """``python -m bot.parts NAME``: what the supervisor runs, without the command line's weight."""
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    if name not in PARTS:
        print(f"expected one of {', '.join(PARTS)}", file=sys.stderr)
        return MISUSED
    try:
        asyncio.run(run_part(name, load_settings()))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return MISUSED
    except (EngineError, StoreError, OSError, RuntimeError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
