"""Playbooks: list, check, plan, rehearse, schema, export, import, run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.asking import run_playbook
from bot.commands.catalogue import catalogue, read_playbooks, with_files
from bot.commands.failures import FAILED, MISUSED, CommandError
from bot.commands.output import fail, print_json, print_table, say, tell
from bot.commands.plans import plan
from bot.commands.site import As, Json, settings_or_none

if TYPE_CHECKING:
    from workers.playbook_files import PlaybookSet

Paths = Annotated[
    list[Path] | None,
    typer.Argument(help="Files or folders; none: those of siem.yaml, else ./playbooks.", exists=True),
]
Library = Annotated[bool, typer.Option(help="Also the playbooks that come with the program.")]


def _is_own(path: str) -> bool:
    return not path.startswith("library/")


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
    print_table(("name", "what it does", "file", "not started here"), rows)
    for fault in known.faults:
        fail(fault)


def check(paths: Paths = None, as_json: Json = False) -> None:
    """Find every fault of playbooks, with line and column. Exit 1 where there is one."""
    known = read_playbooks(paths, library=True)
    own = [file for file, _ in known.playbooks if _is_own(file.path)]
    if as_json:
        print_json({"checked": [file.path for file in own], "faults": known.faults})
    else:
        for fault in known.faults:
            fail(fault)
        right = "1 playbook is right" if len(own) == 1 else f"{len(own)} playbooks are right"
        say(f"{right}, {len(known.faults)} not." if known.faults else f"{right}.")
    if known.faults:
        raise typer.Exit(FAILED)


def rehearse(
    names: Annotated[list[str] | None, typer.Argument(help="Names or files; none: the site's own.")] = None,
    library: Library = False,
    as_json: Json = False,
) -> None:
    """Run playbooks' own tests on the real engine, touching nothing. Exit 1 where one fails."""
    from playbooks.rehearsal import coverage, rehearse_all

    files = [Path(name) for name in names or () if name.endswith((".yaml", ".yml"))]
    known = with_files(read_playbooks([Path(name).parent for name in files] or None, library=True), files)
    names = [name for name in names or () if Path(name) not in files]
    names += [one.name for file, one in known.playbooks if Path(file.path) in files]
    specs, by_name = catalogue(), {one.name: one for _, one in known.playbooks}
    if unknown := [name for name in names if name not in by_name]:
        raise CommandError(f"there is no playbook {unknown[0]!r}: see `siem playbooks list`", MISUSED)
    wanted = [
        one
        for file, one in known.playbooks
        if (one.name in names if names or files else library or _is_own(file.path))
    ]
    results, failed = [], 0
    for playbook in wanted:
        done = rehearse_all(playbook, specs, by_name)
        covered = coverage(playbook, done)
        failed += sum(not one.passed for one in done)
        results.append((playbook.name, done, covered))
        if not as_json:
            _say_rehearsed(playbook.name, done, covered)
    if as_json:
        print_json(
            [
                {
                    "playbook": name,
                    "tests": [{"name": one.case, "passed": one.passed, "faults": one.faults} for one in done],
                    "not_reached": covered.missing,
                    "ways": covered.ways,
                }
                for name, done, covered in results
            ]
        )
    else:
        total = sum(len(done) for _, done, _ in results)
        say(f"{total - failed} of {total} rehearsals of {len(results)} playbooks come out right.")
    for fault in known.faults:
        fail(fault)
    if failed or known.faults:
        raise typer.Exit(FAILED)


def _say_rehearsed(name: str, done: tuple[Any, ...], covered: Any) -> None:
    for one in done:
        say(f"{'ok' if one.passed else 'FAILED':<7}{name}: {one.case}")
        for fault in one.faults:
            fail(f"       {fault}")
    reached = covered.ways - len(covered.missing)
    left = f": {'; '.join(covered.missing)}" if covered.missing else ""
    say(f"       {reached} of {covered.ways} ways were gone{left}")


def schema(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write it there.", dir_okay=False)
    ] = None,
) -> None:
    """Print the JSON Schema of playbooks, for editors."""
    from playbooks.schema import schema_text

    text = schema_text(catalogue())
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
        raise CommandError(f"there is no playbook {name!r}: see `siem playbooks list`", MISUSED)
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
    app.add_typer(playbooks, name="playbooks", rich_help_panel=panel)
