"""Playbooks: list, schema, export, import, run; the other commands have modules of their own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.asking import PANEL as ASKING
from bot.commands.asking import run_playbook
from bot.commands.catalogue import Library, Paths, catalogue, read_playbooks, unknown_playbook
from bot.commands.failures import FAILED, MISUSED, CommandError
from bot.commands.output import fail, print_json, print_table, tell
from bot.commands.plans import plan, plan_for
from bot.commands.playbook_check import check
from bot.commands.playbook_rehearsal import rehearse
from bot.commands.site import As, Json, open_stores, run, settings, settings_or_none

if TYPE_CHECKING:
    from workers.playbook_files import PlaybookSet


def list_playbooks(
    paths: Paths = None,
    library: Library = True,
    markdown: Annotated[
        bool, typer.Option(help="Print a table for a handbook: who is asked, what is done.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List playbooks, and why any can't be used."""
    known = read_playbooks(paths, library=library)
    if markdown:
        from playbooks.overview import table

        print(table([one for _, one in known.playbooks], catalogue()), end="")
        return
    if as_json:
        print_json(
            {
                "playbooks": [
                    {
                        "name": one.name,
                        "description": one.description,
                        "file": file.path,
                        "idle": known.idle.get(one.name),
                    }
                    for file, one in known.playbooks
                ],
                "faults": known.faults,
            }
        )
        return
    rows = [
        [one.name, one.description, file.path, known.idle.get(one.name, "")]
        for file, one in sorted(known.playbooks, key=lambda p: p[1].name)
    ]
    columns = ("name", "what it does", "file", "not started here")
    print_table(columns, rows, wrapped=("what it does", "not started here"))
    for fault in known.faults:
        fail(fault)


def schema(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it there.", dir_okay=False)
    ] = None,
) -> None:
    """Print the JSON Schema of playbooks, for editors; it knows the site's groups, rules and connections."""
    from playbooks.schema import Names, schema_text

    names = Names()
    if (chosen := settings_or_none()) is not None:
        from workers.playbook_fit import names_of

        names = names_of(chosen, [one.name for _, one in read_playbooks(None, library=True).playbooks])
    text = schema_text(catalogue(), names)
    if output is None:
        print(text, end="")
        return
    output.write_text(text, encoding="utf-8")
    tell(f"wrote {output}")


def _known() -> PlaybookSet:
    """The site's playbooks and the library's; where there is no site, the library's."""
    from workers.playbook_files import read_playbooks as read

    if settings_or_none() is None and not Path("playbooks").exists():
        return read((), catalogue(), library=True)
    return read_playbooks(None, library=True)


def export(
    name: Annotated[str, typer.Argument(help="The playbook's name.")],
    cacao: Annotated[bool, typer.Option("--cacao", help="As an OASIS CACAO 2.0 security playbook.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it there.", dir_okay=False)
    ] = None,
) -> None:
    """Write a playbook for another program, and say what that will not understand of it."""
    import json
    from datetime import UTC, datetime

    from playbooks.cacao_export import export_playbook
    from playbooks.marked_yaml import parse_yaml

    if not cacao:
        raise CommandError("say in which format: --cacao", MISUSED)
    found = _known().named(name)
    if found is None:
        raise unknown_playbook(name, _known())
    value = parse_yaml(found[0].text, found[0].path).value
    exported, unmapped = export_playbook(value, catalogue(), datetime.now(UTC))
    text = json.dumps(exported, indent=2, ensure_ascii=False, default=str) + "\n"
    for one in unmapped:
        tell(f"does not map: {one}")
    if output is None:
        print(text, end="")
        return
    output.write_text(text, encoding="utf-8")
    tell(f"wrote {output}")


def import_file(
    file: Annotated[Path, typer.Argument(help="A CACAO 2.0 playbook, JSON.", exists=True, dir_okay=False)],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it there.", dir_okay=False)
    ] = None,
) -> None:
    """Read a CACAO 2.0 playbook as one of ours, and say what has no counterpart. Exit 1 where what came out
    must be mended before it can run."""
    import json

    import yaml

    from playbooks.cacao import CacaoError
    from playbooks.cacao_import import import_playbook
    from playbooks.model import PlaybookError, load_playbook

    try:
        imported, unmapped = import_playbook(json.loads(file.read_text(encoding="utf-8")))
    except (CacaoError, ValueError, RecursionError) as error:
        raise CommandError(f"{file}: {error}") from error
    head = "# yaml-language-server: $schema=schema.json\n"
    text = head + yaml.safe_dump(imported, sort_keys=False, allow_unicode=True, width=110)
    for one in unmapped:
        tell(f"does not map: {one}")
    path = str(output or file.with_suffix(".yaml"))
    if output is None:
        print(text, end="")
    else:
        output.write_text(text, encoding="utf-8")
        tell(f"wrote {output}")
    known = _known()
    try:
        load_playbook(path, text, catalogue(), {one.name: one for _, one in known.playbooks})
    except PlaybookError as error:
        fail(str(error))
        raise typer.Exit(FAILED) from None


def run_by_name(
    name: str,
    incident: Annotated[str, typer.Option(help="The incident's id.")],
    inputs: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...")] = None,
    user: As = "",
    as_json: Json = False,
) -> None:
    """Start a playbook on an incident."""
    run_playbook(name, incident, inputs, user, as_json)


def result(
    identity: Annotated[str, typer.Argument(metavar="ID", help="As evidence names it: res-….")],
    path: Annotated[str, typer.Option(help="Only this part, like answer.rows.")] = "",
) -> None:
    """Print a large result of an action, which its run had by reference, as JSON."""
    from pydantic_core import from_json

    from integrations.ports import KeptGoneError

    days = settings().site.retention.results.days

    async def work() -> Any:
        async with open_stores() as stores:
            item = await stores.results.describe(identity)
            if item.kind != "result":
                raise KeptGoneError(f"{identity} is no result")
            return from_json(await stores.results.fetch(identity))

    try:
        value = run(work())
    except KeptGoneError as error:
        raise CommandError(
            f"{error}\nresults are kept for {days} days; the incident's evidence still has digest and size"
        ) from error
    for part in path.split(".") if path else ():
        if not isinstance(value, dict) or part not in value:
            raise CommandError(f"{identity} has no {path!r}", MISUSED)
        value = value[part]
    print_json(value)


def register(app: typer.Typer) -> None:
    panel = "Rules and playbooks"
    playbooks = typer.Typer(help="What is done about it.", no_args_is_help=True)
    playbooks.command("list")(list_playbooks)
    playbooks.command("check")(check)
    playbooks.command("rehearse")(rehearse)
    playbooks.command("plan")(plan)
    playbooks.command("schema")(schema)
    playbooks.command("export")(export)
    playbooks.command("import")(import_file)
    playbooks.command("run")(run_by_name)
    playbooks.command("result")(result)
    app.add_typer(playbooks, name="playbooks", rich_help_panel=panel)
    app.command("plan", rich_help_panel=ASKING)(plan_for)
