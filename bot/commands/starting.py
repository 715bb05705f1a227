"""Setting it up: a starter folder, the Slack app's manifest, connections."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.failures import FAILED, MISUSED, CommandError
from bot.commands.output import print_json, print_table, say
from bot.commands.site import Json, run, settings

if TYPE_CHECKING:
    from integrations.connections import ConnectionKind
    from workers.collect_section import CollectSection
    from workers.settings import Settings

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
    from workers.playbook_files import playbooks_of
    from workers.playbook_fit import names_of
    from workers.settings import load_settings

    chosen, specs = load_settings(folder / "siem.yaml"), catalogue()
    names = names_of(chosen, [one.name for _, one in playbooks_of(chosen, specs).playbooks])
    (folder / SCHEMA).write_text(schema_text(specs, names), encoding="utf-8")
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


def check_connections(
    names: Annotated[list[str] | None, typer.Argument(help="Names of connections; none: all.")] = None,
    as_json: Json = False,
) -> None:
    """Try connections: are they whole, can their secrets be read, does the other side answer?"""
    chosen = settings()
    known = list(chosen.site.connections)
    for name in names or ():
        if name not in known:
            raise CommandError(
                f"siem.yaml has no connection {name!r}; it has: {', '.join(known) or 'none'}", MISUSED
            )
    tried = run(_try(chosen, names or known))
    if as_json:
        print_json([{"name": name, "ok": good, "says": words} for name, good, words in tried])
    elif tried:
        print_table(
            ("name", "", "says"), [[name, "ok" if good else "failed", words] for name, good, words in tried]
        )
    else:
        say("siem.yaml names no connections.")
    if not all(good for _, good, _ in tried):
        raise typer.Exit(FAILED)


async def _try(chosen: Settings, names: list[str]) -> list[tuple[str, bool, str]]:
    from integrations.catalogue import connection_kinds
    from integrations.contract import ActionError
    from workers.composition import vendors_only
    from workers.own_vendors import register_actions

    register_actions(chosen)
    kinds = {kind.name: kind for kind in connection_kinds()}
    site = vendors_only(chosen)
    tried = []
    for name in names:
        given = site.connections[name]
        entries = [
            entry
            for entry in chosen.site.collect
            if (way := entry.pull or entry.objects) and way.connection == name
        ]
        if entries:
            # What is fetched over it is the best trial, and needs no more rights than that.
            tried += [(name, *await _try_entry(entry, site.connections)) for entry in entries]
            continue
        kind = kinds.get(given["kind"])
        if kind is None:
            tried.append(
                (name, False, f"no vendor has a kind {given['kind']!r}; there are: {', '.join(kinds)}")
            )
        elif faults := kind.faults(given):
            tried.append((name, False, "; ".join(faults)))
        elif kind.test is None:
            tried.append((name, True, "it is whole; this kind has no trial"))
        else:
            try:
                tried.append((name, True, await kind.test(site, name)))
            except ActionError as error:
                tried.append((name, False, str(error)))
    return tried


async def _try_entry(entry: CollectSection, connections: Mapping[str, Mapping[str, Any]]) -> tuple[bool, str]:
    from integrations.catalogue import CatalogueError
    from integrations.contract import ActionError
    from workers.collect.trials import try_entry
    from workers.collect_section import EntryError

    try:
        return True, await try_entry(entry, connections)
    except (ActionError, CatalogueError, EntryError) as error:
        return False, f"{entry.identity}: {error}"


def show_setup(
    kind: Annotated[
        str | None, typer.Argument(help="A kind of connection, or a vendor; none: list them.")
    ] = None,
    program: Annotated[
        bool, typer.Option("--program", help="Print the program that is installed there, where one is.")
    ] = False,
) -> None:
    """Say what a kind of connection needs in siem.yaml, and what to do on the other side."""
    from bot.commands.catalogue import know_own_actions
    from integrations.catalogue import connection_kinds, kinds_of

    know_own_actions()
    kinds = {one.name: one for one in connection_kinds()}
    if kind is None:
        print_table(("kind", "what"), [[one.name, one.title] for one in kinds.values()])
        return
    meant = [kinds[kind]] if kind in kinds else list(kinds_of(kind))
    if not meant:
        raise CommandError(f"there is no kind {kind!r}; there are: {', '.join(kinds)}", MISUSED)
    if not program:
        say("\n\n".join("\n".join([setup_text(one), *_collecting(one.name)]) for one in meant))
        return
    texts = [one.program() for one in meant if one.program is not None]
    if not texts:
        raise CommandError(f"{kind} installs no program on the other side", MISUSED)
    print(texts[0], end="")


def _collecting(kind: str) -> list[str]:
    """Return the lines for siem.yaml of what can be collected over a kind of connection."""
    from integrations.aws.connection import KIND as AWS
    from integrations.catalogue import pulls

    lines = []
    for pull in pulls():
        if pull.kind == kind:
            options = (
                f"{name}: {json.dumps(field.default)}" for name, field in pull.options.model_fields.items()
            )
            lines += [
                "",
                f"# To collect {pull.source}: {pull.permissions}.",
                f"# {pull.documentation}",
                "collect:",
                f"  - source: {pull.source}",
                f"    pull: {{connection: my-{kind}, every: 1m, since: 24h}}",
                f"    # What may be said besides, with its default: with: {{{', '.join(options)}}}",
            ]
    if kind == AWS:
        lines += [
            "",
            "# To collect objects of S3, as an SQS queue announces them:",
            "collect:",
            "  - source: aws.cloudtrail",
            f"    objects: {{connection: my-{kind}, queue: https://sqs.REGION.amazonaws.com/ACCOUNT/QUEUE}}",
        ]
    return lines


def setup_text(kind: ConnectionKind) -> str:
    """Return the lines for siem.yaml, the rights and the steps of a kind of connection."""
    lines = [
        f"# {kind.title}: {kind.documentation}",
        "connections:",
        f"  my-{kind.name}:",
        f"    kind: {kind.name}",
    ]
    for setting in kind.settings:
        key, value = (
            (f"{setting.name}_env", f"MY_{setting.name.upper()}") if setting.secret else (setting.name, "…")
        )
        lines.append(
            f"    {key}: {value}  # {setting.description}{'' if setting.required else ' (may be left out)'}"
        )
    if kind.permissions:
        lines += ["", "It needs these rights and no more:", *(f"  - {right}" for right in kind.permissions)]
    return "\n".join([*lines, *(["", kind.setup] if kind.setup else [])])


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
    connections.command("setup")(show_setup)
    app.add_typer(connections, name="connections", rich_help_panel=panel)
