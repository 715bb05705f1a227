"""Setting it up: a starter folder, the Slack app's manifest, connections."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.failures import MISUSED, CommandError
from bot.commands.output import print_json, print_table, say
from bot.commands.site import Json, settings

STARTER = {
    "siem.yaml": "siem.yaml",
    "README.md": "README.md",
    "env.example": ".env.example",
    "gitignore": ".gitignore",
    "rules/service-account-login.yaml": "rules/service-account-login.yaml",
    "playbooks/block-service-login.yaml": "playbooks/block-service-login.yaml",
}
"""Files of the starter, as they are kept and as they are written."""
SCHEMA = "playbooks/schema.json"
"""For editors; generated, so that it knows this version's actions."""


def init(folder: Annotated[Path, typer.Argument(metavar="DIR", file_okay=False)]) -> None:
    """Write a starter folder: siem.yaml, rules/, playbooks/. Files that are there stay as they are."""
    starter = resources.files("bot") / "starter"
    there = [name for name in STARTER.values() if (folder / name).exists()]
    if there:
        words = f"{folder} has {', '.join(there)} already: nothing was written. Name another folder"
        raise CommandError(words, MISUSED)
    for kept, name in STARTER.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(starter.joinpath(*kept.split("/")).read_text(encoding="utf-8"), encoding="utf-8")
    from bot.commands.catalogue import catalogue
    from playbooks.schema import schema_text

    (folder / SCHEMA).write_text(schema_text(catalogue()), encoding="utf-8")
    say(f"Wrote {len(STARTER) + 1} files to {folder}. Now: cd {folder}, look at siem.yaml, then `siem up`.")


def manifest() -> None:
    """Print the manifest of the Slack app, to create it from."""
    from bot.slack.manifest import manifest as text

    print(text(), end="")


def list_connections(as_json: Json = False) -> None:
    """List the named connections of siem.yaml, without their secrets."""
    chosen = settings()
    rows = [[name, one.kind, one.url or ""] for name, one in chosen.site.connections.items()]
    if as_json:
        print_json([{"name": name, "kind": kind, "url": url} for name, kind, url in rows])
    elif rows:
        print_table(("name", "kind", "url"), rows)
    else:
        say("siem.yaml names no connections.")


def check_connections() -> None:
    """Say whether every secret that the connections need can be read. Exit 2 where one can't."""
    found = settings().connections()
    say(f"{len(found)} connections, all secrets can be read.")


def register(app: typer.Typer) -> None:
    panel = "Set up"
    app.command("init", rich_help_panel=panel)(init)
    slack = typer.Typer(help="The Slack app.", no_args_is_help=True)
    slack.command("manifest")(manifest)
    slack.callback()(lambda: None)
    app.add_typer(slack, name="slack", rich_help_panel=panel)
    connections = typer.Typer(help="Named ways to vendors.", no_args_is_help=True)
    connections.command("list")(list_connections)
    connections.command("test")(check_connections)
    app.add_typer(connections, name="connections", rich_help_panel=panel)
