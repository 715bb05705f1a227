"""What playbooks can use: the catalogue of actions, and the tests of the site's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.catalogue import catalogue
from bot.commands.failures import FAILED, MISUSED, CommandError
from bot.commands.output import print_json, print_table, say
from bot.commands.site import Json, run, settings_or_none


def list_actions(
    context: typer.Context,
    markdown: Annotated[bool, typer.Option(help="Print a table for a handbook.")] = False,
    as_json: Json = False,
) -> None:
    """List what playbooks can use."""
    if context.invoked_subcommand is not None:
        return
    specs = catalogue()
    if markdown:
        from playbooks.action_table import action_table

        print(action_table(specs.values()), end="")
        return
    if as_json:
        print_json(list(specs.values()))
        return
    rows = [
        [
            name,
            spec.kind.value,
            spec.summary,
            " ".join(f"{one.name}{'' if one.required else '?'}" for one in spec.parameters),
            spec.connection or "",
        ]
        for name, spec in specs.items()
    ]
    print_table(("action", "kind", "what it does", "takes", "connection"), rows)


def run_tests(
    files: Annotated[
        list[Path] | None, typer.Argument(help="YAML files of vendors; none: those of this site.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run the tests of actions written in YAML, against recorded answers."""
    from integrations.yaml_actions import load_vendor, load_vendors
    from integrations.yaml_actions.rehearsal import run_tests as tests_of

    if files:
        vendors = [
            load_vendor(file.read_text(encoding="utf-8", errors="replace"), str(file)) for file in files
        ]
    elif (chosen := settings_or_none()) is not None:
        vendors = [one for folder in chosen.action_folders if folder.is_dir() for one in load_vendors(folder)]
    else:
        raise CommandError("name the files, or run this where siem.yaml is", MISUSED)

    async def work() -> list[tuple[str, str, tuple[str, ...]]]:
        return [(one.action, one.test, one.faults) for vendor in vendors for one in await tests_of(vendor)]

    found = run(work())
    if as_json:
        print_json([{"action": name, "test": test, "faults": faults} for name, test, faults in found])
    else:
        for name, test, faults in found:
            for fault in faults:
                say(f"{name}: {test}: {fault}")
        good = sum(not faults for _, _, faults in found)
        say(f"{good} of {len(found)} tests of {sum(len(v.actions) for v in vendors)} actions passed.")
    if any(faults for _, _, faults in found):
        raise typer.Exit(FAILED)


def register(app: typer.Typer) -> None:
    actions = typer.Typer(help="What playbooks can use.", invoke_without_command=True)
    actions.callback()(list_actions)
    actions.command("test")(run_tests)
    app.add_typer(actions, name="actions", rich_help_panel="Rules and playbooks")
