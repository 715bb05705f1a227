"""What playbooks can use: the catalogue of actions, and the tests of the site's own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from bot.commands.catalogue import catalogue
from bot.commands.failures import FAILED, MISUSED, CommandError
from bot.commands.output import print_json, print_table, say
from bot.commands.site import Json, run, settings_or_none

if TYPE_CHECKING:
    from playbooks.actions import ActionSpec


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
    _print_table(specs.values())


def _print_table(specs: Iterable[ActionSpec]) -> None:
    rows = [
        [
            spec.name,
            spec.kind.value,
            spec.summary,
            " ".join(f"{one.name}{'' if one.required else '?'}" for one in spec.parameters),
            spec.connection or "",
        ]
        for spec in specs
    ]
    print_table(("action", "kind", "what it does", "takes", "connection"), rows, wrapped=("what it does",))


def show(
    words: Annotated[list[str], typer.Argument(metavar="WORD...", help="Of its name or of what it does.")],
    as_json: Json = False,
) -> None:
    """Find actions by words; of one show what it takes and gives, and a step with it."""
    from playbooks.action_table import example_step
    from playbooks.faults import did_you_mean

    specs = catalogue()
    exact = specs.get(words[0]) if len(words) == 1 else None
    found = [exact] if exact else [spec for spec in specs.values() if _is_about(spec, words)]
    if as_json:
        print_json(found)
    elif not found:
        near = did_you_mean(words[0], specs)
        raise CommandError(
            f"no action has {' and '.join(map(repr, words))} in its name or in what it does; "
            f"{near if near.startswith('did') else '`siem actions` lists all'}",
            FAILED,
        )
    elif len(found) > 1:
        _print_table(found)
        say("siem actions NAME says all of one.")
    else:
        _print_one(found[0])
        say(f"\n{example_step(found[0])}")


def _is_about(spec: ActionSpec, words: list[str]) -> bool:
    text = f"{spec.name} {spec.kind.value} {spec.summary} {spec.noun} {spec.connection or ''}".casefold()
    return all(word.casefold() in text for word in words)


def _print_one(spec: ActionSpec) -> None:
    needs = f"connection of kind {spec.connection}" if spec.connection else "no connection"
    kind = f"{spec.kind.value}, guarded" if spec.guarded else spec.kind.value
    say(f"{spec.name} ({kind}; {needs})\n{spec.summary}")
    if spec.permission:
        say(f"Least right: {spec.permission}")
    takes = [[one.name, one.type.value, "" if one.required else "may be left out", one.description] for one in
             spec.parameters]  # fmt: skip
    print_table(("takes", "type", "", "what"), takes, wrapped=("what",))
    if spec.gives:
        print_table(("gives", "type"), [[name, kind.value] for name, kind in spec.gives.items()])


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


def schema() -> None:
    """Print the JSON Schema of a YAML file with actions, for editors."""
    from integrations.yaml_actions import vendor_schema

    print_json(vendor_schema())


class _Words(TyperGroup):
    """``siem actions WORD`` is ``siem actions show WORD``, as ``/siem actions WORD`` is."""

    takes_words = True

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        known = not args or args[0] in self.commands
        return super().resolve_command(ctx, args if known else ["show", *args])


def register(app: typer.Typer) -> None:
    actions = typer.Typer(help="What playbooks can use.", invoke_without_command=True, cls=_Words)
    actions.callback()(list_actions)
    actions.command("show")(show)
    actions.command("test")(run_tests)
    actions.command("schema")(schema)
    app.add_typer(actions, name="actions", rich_help_panel="Rules and playbooks")
