"""The verbs of ``/siem`` on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.failures import FAILED, MISUSED, CommandError
from bot.commands.site import As, Json, ask, caller, pairs

if TYPE_CHECKING:
    from bot.verbs import Answer
    from workers.desk import Desk

Incident = Annotated[str, typer.Argument(metavar="ID", help="An incident's id, like inc-abcd2345.")]
Block = Annotated[str, typer.Argument(metavar="BLOCK", help="A block's id, like blk-7f3a2c.")]
Every = Annotated[bool, typer.Option("--all", help="Ended ones too.")]


PANEL = "Ask, as behind /siem"


def search(
    query: Annotated[str, typer.Argument(help="Lucene's query syntax over ECS fields.")],
    hours: Annotated[float, typer.Option(help="How far to look back.", min=0.01)] = 24.0,
    limit: Annotated[int, typer.Option(help="The most events to show.", min=1, max=1000)] = 20,
    as_json: Json = False,
) -> None:
    """Find events by their fields."""
    from bot.verbs.installation import search as verb

    ask(lambda desk: verb(desk, query, hours=hours, limit=limit), as_json=as_json)


def incident(
    identity: Annotated[str, typer.Argument(metavar="[ID]", help="None: list them.")] = "",
    every: Every = False,
    as_json: Json = False,
) -> None:
    """List open incidents, or show one."""
    from bot.verbs import incidents as verbs

    if identity:
        ask(lambda desk: verbs.show_incident(desk, identity), as_json=as_json)
    else:
        ask(lambda desk: verbs.list_incidents(desk, every=every), as_json=as_json)


def timeline(identity: Incident, as_json: Json = False) -> None:
    """Tell what happened, and what was done about it, in order."""
    from bot.verbs.incidents import tell_timeline

    ask(lambda desk: tell_timeline(desk, identity), as_json=as_json)


def path(
    identity: Incident,
    png: Annotated[Path | None, typer.Option(help="Write it as a picture.", dir_okay=False)] = None,
    svg: Annotated[Path | None, typer.Option(help="Write it as a drawing.", dir_okay=False)] = None,
    as_json: Json = False,
) -> None:
    """Draw the way that the attacker took."""
    from bot.commands.output import tell
    from bot.verbs.incidents import draw_path

    answer = ask(lambda desk: draw_path(desk, identity), as_json=as_json)
    if (png or svg) and answer.path is None:
        raise CommandError("there is no path to draw yet")
    if png and answer.path is not None:
        from bot.verbs.picture import png_of

        png.write_bytes(png_of(answer.path))
        tell(f"wrote {png}")
    if svg and answer.path is not None:
        from rules.path_drawing import to_svg

        svg.write_text(to_svg(answer.path), encoding="utf-8")
        tell(f"wrote {svg}")


def blocks(every: Every = False, as_json: Json = False) -> None:
    """List what is contained now."""
    from bot.verbs.containments import list_blocks

    ask(lambda desk: list_blocks(desk, every=every), as_json=as_json)


def extend(
    block: Block,
    duration: Annotated[str, typer.Argument(help="Like 30m, 4h, 2d.")],
    user: As = "",
    as_json: Json = False,
) -> None:
    """Let a block stay longer."""
    from bot.verbs.containments import extend_block
    from playbooks.durations import parse_duration

    try:
        seconds = parse_duration(duration.lstrip("+"))
    except ValueError as error:
        raise CommandError(str(error), MISUSED) from error
    ask(lambda desk: extend_block(desk, block, seconds, caller(user)), as_json=as_json)


def release(
    block: Block,
    reason: Annotated[list[str] | None, typer.Argument(help="Why, for the evidence.")] = None,
    user: As = "",
    as_json: Json = False,
) -> None:
    """Lift a block now; all of them, where BLOCK is ``all`` and two approvers ask."""
    from bot.verbs.containments import release_block, release_everything

    why = " ".join(reason or ())

    async def lift(desk: Desk) -> Answer:
        if block == "all":
            return await release_everything(desk, caller(user), why)
        return await release_block(desk, block, caller(user), why)

    answer = ask(lift, as_json=as_json)
    if not answer.ok:
        raise typer.Exit(FAILED)


def own(
    identity: Incident,
    owner: Annotated[str, typer.Argument(metavar="[USER]", help="Slack user id; none: you.")] = "",
    user: As = "",
    as_json: Json = False,
) -> None:
    """Take an incident."""
    from bot.verbs.incidents import own_incident

    ask(lambda desk: own_incident(desk, identity, caller(user), owner or None), as_json=as_json)


def close(
    identity: Incident,
    note: Annotated[list[str] | None, typer.Argument(help="Why, for the evidence.")] = None,
    user: As = "",
    as_json: Json = False,
) -> None:
    """Close an incident."""
    from bot.verbs.incidents import close_incident

    ask(lambda desk: close_incident(desk, identity, caller(user), " ".join(note or ())), as_json=as_json)


def run_playbook(
    playbook: str,
    identity: Annotated[str, typer.Argument(metavar="INCIDENT")],
    inputs: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...")] = None,
    user: As = "",
    as_json: Json = False,
) -> None:
    """Start a playbook on an incident."""
    from bot.verbs.playbooks import run_playbook as verb

    given = pairs(inputs or [])
    ask(lambda desk: verb(desk, playbook, identity, dict(given), caller(user)), as_json=as_json)


def cancel(
    run: Annotated[
        str, typer.Argument(help="A run, like inc-abcd2345/NAME; or the incident of the only one.")
    ],
    reason: Annotated[list[str] | None, typer.Argument(help="Why, for the evidence.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Let stay what it contained.")] = False,
    user: As = "",
    as_json: Json = False,
) -> None:
    """End a playbook's run early: what it contained is lifted, and its `finally` runs."""
    from bot.verbs.playbooks import cancel_run as verb

    ask(lambda desk: verb(desk, run, caller(user), " ".join(reason or ()), keep=keep), as_json=as_json)


def status(as_json: Json = False) -> None:
    """Say how the installation is; exit 1 where a part is not well."""
    from bot.verbs.installation import show_status

    if not ask(show_status, as_json=as_json).ok:
        raise typer.Exit(FAILED)


def register(app: typer.Typer) -> None:
    commands: dict[str, Callable[..., None]] = {
        "search": search, "incident": incident, "timeline": timeline, "path": path, "blocks": blocks,
        "extend": extend, "release": release, "run": run_playbook, "cancel": cancel, "own": own,
        "close": close, "status": status,
    }  # fmt: skip
    for name, command in commands.items():
        app.command(name, rich_help_panel=PANEL)(command)
