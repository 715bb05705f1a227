"""Running it: all of it, one part of it, or the demo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.failures import FAILED, MISUSED, CommandError
from bot.commands.output import progress_printer, say, tell
from bot.commands.site import Json, run, settings

if TYPE_CHECKING:
    from workers.settings import Settings

PANEL = "Run"


def up() -> None:
    """Run all of it with siem.yaml, until Ctrl-C; without Slack tokens, a local workspace too."""
    from bot.commands.playbook_check import wrong_on

    chosen = settings()
    for fault in wrong_on(chosen):
        tell(f"playbook: {fault}")
    run(_up(chosen))


async def _up(chosen: Settings) -> None:
    from bot.parts import parts_of
    from workers.engines import Engines
    from workers.supervisor import stop_signals
    from workers.up import run_parts

    local = chosen.environment.slack_bot_token is None
    with stop_signals() as stop:
        async with Engines.of(chosen, progress_printer()) as engines:
            parts = parts_of(chosen, local_workspace=local)
            await run_parts(engines, parts, chosen.data, stop, tell, lambda: _say_ready(chosen, local))


def _say_ready(chosen: Settings, local: bool) -> None:
    if local:
        from bot.workspace import read_addresses

        found = read_addresses(chosen.data / "workspace")
        if found is not None:
            say(f"The local workspace: {found.page_url}")
    say(f"All parts run. Blocklists for firewalls: {chosen.api_url}/blocklists/default.txt. Ctrl-C ends it.")


def _part(name: str) -> None:
    from bot.parts import run_part

    run(run_part(name, settings()))


def worker() -> None:
    """Run the workflows, the sweep and the actions alone."""
    _part("worker")


def bot() -> None:
    """Run the Slack app alone."""
    _part("bot")


def api() -> None:
    """Run the HTTP API alone: blocklists and webhooks."""
    _part("api")


def collect() -> None:
    """Tail what siem.yaml names, alone."""
    _part("collect")


def workspace() -> None:
    """Run the local workspace alone, for people without Slack."""
    _part("workspace")


def demo(
    leave: Annotated[
        bool, typer.Option("--exit", help="Play it headless, check each stage, and end.")
    ] = False,
    live: Annotated[
        bool, typer.Option("--live", help="On real hosts in network namespaces of this machine; needs root.")
    ] = False,
    log: Annotated[
        Path | None,
        typer.Option(help="A log of your own instead of the attacker.", exists=True, dir_okay=False),
    ] = None,
    source: Annotated[str, typer.Option(help="What the log is: see `siem sources list`.")] = "linux.auth",
    year: Annotated[
        int | None, typer.Option(help="Year of the log's timestamps.", min=1970, max=9999)
    ] = None,
    timezone: Annotated[str, typer.Option(help="IANA zone of the log's timestamps.")] = "UTC",
    ttl: Annotated[int | None, typer.Option(help="Seconds that the block lasts.", min=5)] = None,
    data: Annotated[
        Path | None, typer.Option(help="Keep everything in this folder.", file_okay=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Show everything on real input, with the local workspace: a break-in, a question, a block, its end."""
    if (log or as_json) and not leave:
        raise CommandError("--log and --json go with --exit: siem demo --exit --log FILE", MISUSED)
    if live and (log is not None or ttl is not None):
        raise CommandError("--live has an attack of its own: leave out --log and --ttl", MISUSED)
    from bot.demo.run import DemoOptions, run_demo

    options = DemoOptions(
        exit=leave,
        as_json=as_json,
        live=live,
        log=log,
        source=source,
        year=year,
        timezone=timezone,
        ttl=ttl,
        data=data,
    )
    if not run(run_demo(options, progress_printer(), tell if as_json else say)):
        raise typer.Exit(FAILED)


def register(app: typer.Typer) -> None:
    app.command("demo", rich_help_panel=PANEL)(demo)
    app.command("up", rich_help_panel=PANEL)(up)
    app.command("worker", rich_help_panel=PANEL)(worker)
    app.command("bot", rich_help_panel=PANEL)(bot)
    app.command("api", rich_help_panel=PANEL)(api)
    app.command("collect", rich_help_panel=PANEL)(collect)
    app.command("workspace", rich_help_panel=PANEL)(workspace)
