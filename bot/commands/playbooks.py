"""Playbooks: list, check, plan, rehearse, schema, run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.asking import run_playbook
from bot.commands.failures import FAILED, MISUSED, CommandError
from bot.commands.output import fail, print_json, print_table, say, tell
from bot.commands.site import As, Json, installation, pairs, run, settings_or_none

if TYPE_CHECKING:
    from playbooks.actions import ActionSpec
    from playbooks.commands import Outcome
    from playbooks.plan import Plan
    from playbooks.steps import Playbook
    from workers.composition import Installation
    from workers.playbook_files import PlaybookSet

Paths = Annotated[
    list[Path] | None,
    typer.Argument(help="Files or folders; none: those of siem.yaml, else ./playbooks.", exists=True),
]
Library = Annotated[bool, typer.Option(help="Also the playbooks that come with the program.")]


def catalogue() -> dict[str, ActionSpec]:
    from integrations.catalogue import actions

    return {action.spec.name: action.spec for action in actions()}


def _read(paths: list[Path] | None, *, library: bool) -> PlaybookSet:
    from workers.playbook_files import read_playbooks

    chosen = None if paths else settings_or_none()
    folders = paths or (list(chosen.playbook_folders) if chosen else [Path("playbooks")])
    wanted: bool | tuple[str, ...] = library
    if library and chosen is not None:
        wanted = chosen.site.playbooks.library
    if missing := [str(folder) for folder in folders if not folder.exists()]:
        raise CommandError(f"{', '.join(missing)}: no such file or folder", MISUSED)
    known = read_playbooks([one for one in folders if one.is_dir()], catalogue(), library=wanted)
    return _with_files(known, [one for one in folders if not one.is_dir()])


def _with_files(known: PlaybookSet, files: list[Path]) -> PlaybookSet:
    from playbooks.model import PlaybookError, load_playbook
    from workers.playbook_files import PlaybookFile, PlaybookSet

    by_name = {one.name: one for _, one in known.playbooks}
    found = {one.name: (file, one) for file, one in known.playbooks}
    faults = list(known.faults)
    for path in files:
        file = PlaybookFile(str(path), path.read_text(encoding="utf-8"))
        try:
            playbook = load_playbook(file.path, file.text, catalogue(), by_name)
        except PlaybookError as error:
            faults.append(str(error))
        else:
            found[playbook.name] = (file, playbook)
    return PlaybookSet(tuple(found.values()), tuple(faults))


def _is_own(path: str) -> bool:
    return not path.startswith("library/")


def list_playbooks(paths: Paths = None, library: Library = True, as_json: Json = False) -> None:
    """List playbooks, and why any can't be used."""
    known = _read(paths, library=library)
    if as_json:
        print_json(
            {
                "playbooks": [
                    {"name": one.name, "description": one.description, "file": file.path}
                    for file, one in known.playbooks
                ],
                "faults": known.faults,
            }
        )
        return
    rows = [
        [one.name, one.description, file.path]
        for file, one in sorted(known.playbooks, key=lambda p: p[1].name)
    ]
    print_table(("name", "what it does", "file"), rows)
    for fault in known.faults:
        fail(fault)


def check(paths: Paths = None, as_json: Json = False) -> None:
    """Find every fault of playbooks, with line and column. Exit 1 where there is one."""
    known = _read(paths, library=False)
    own = [file for file, _ in known.playbooks if _is_own(file.path)]
    if as_json:
        print_json({"checked": [file.path for file in own], "faults": known.faults})
    else:
        for fault in known.faults:
            fail(fault)
        say(f"{len(own)} playbooks are right, {len(known.faults)} faults.")
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
    known = _with_files(_read([Path(name).parent for name in files] or None, library=True), files)
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


def plan(
    name: str,
    incident: Annotated[str, typer.Option(help="The incident's id.")],
    inputs: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...")] = None,
    as_json: Json = False,
) -> None:
    """Say what a playbook would do for an incident; only look-ups are made. Exit 1 where it would fail."""
    known = _read(None, library=True)
    found = known.named(name)
    if found is None:
        names = ", ".join(sorted(one.name for _, one in known.playbooks))
        raise CommandError(f"there is no playbook {name!r}; there are: {names}", MISUSED)
    playbooks = {one.name: one for _, one in known.playbooks}

    async def work() -> Plan:
        async with installation(vendors=True) as here:
            return await _plan(here, found[1], incident, pairs(inputs or []), playbooks)

    planned = run(work())
    if as_json:
        print_json(planned)
    else:
        print_table(
            ("step", "kind", "what would happen"),
            [[step.id, step.kind, step.text] for step in planned.steps],
        )
        for step, why in planned.skipped:
            say(f"skipped: {step} ({why})")
    if planned.fault:
        raise CommandError(f"it would end early: {planned.fault}")


async def _plan(
    here: Installation,
    playbook: Playbook,
    incident: str,
    given: Mapping[str, str],
    playbooks: Mapping[str, Playbook],
) -> Plan:
    from playbooks.engine import inputs_of
    from playbooks.plan import plan as plan_run
    from workers.live_desk import LiveDesk

    detail = await LiveDesk(here.client, here.site).incident(incident)
    values, wrong = inputs_of(playbook, detail.facts, given, detail.alerts)
    if wrong:
        raise CommandError("; ".join(wrong), MISUSED)
    planning = plan_run(playbook, detail.facts, values, catalogue(), playbooks)
    try:
        call = next(planning)
        while True:
            call = planning.send(await _look_up(here, call, detail.facts.id))
    except StopIteration as stop:
        planned: Plan = stop.value
        return planned


async def _look_up(here: Installation, call: Any, incident: str) -> Outcome:
    from integrations.catalogue import actions
    from integrations.contract import ActionCall, ActionError
    from playbooks.commands import Failed, Succeeded

    action = next(action for action in actions() if action.spec.name == call.action)
    try:
        made = ActionCall(params=call.params, key=f"plan/{call.id}", incident=incident)
        return Succeeded(result=await action.run(made, here.site))
    except ActionError as error:
        return Failed(reason=str(error))


def run_by_name(
    name: str,
    incident: Annotated[str, typer.Option(help="The incident's id.")],
    inputs: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...")] = None,
    user: As = "",
    as_json: Json = False,
) -> None:
    """Start a playbook on an incident."""
    run_playbook(name, incident, inputs, user, as_json)


def list_actions(as_json: Json = False) -> None:
    """List what playbooks can use."""
    specs = catalogue()
    if as_json:
        print_json(list(specs.values()))
        return
    rows = [
        [
            name,
            spec.kind.value,
            spec.summary,
            " ".join(f"{one.name}{'' if one.required else '?'}" for one in spec.parameters),
        ]
        for name, spec in specs.items()
    ]
    print_table(("action", "kind", "what it does", "takes"), rows)


def register(app: typer.Typer) -> None:
    panel = "Rules and playbooks"
    playbooks = typer.Typer(help="What is done about it.", no_args_is_help=True)
    playbooks.command("list")(list_playbooks)
    playbooks.command("check")(check)
    playbooks.command("rehearse")(rehearse)
    playbooks.command("plan")(plan)
    playbooks.command("schema")(schema)
    playbooks.command("run")(run_by_name)
    app.add_typer(playbooks, name="playbooks", rich_help_panel=panel)
    app.command("actions", rich_help_panel=panel)(list_actions)
