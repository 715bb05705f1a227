"""`siem playbooks rehearse`: playbooks' own tests, and what each of them would ask, do and tell."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.catalogue import (
    Library,
    catalogue,
    is_own,
    read_playbooks,
    unknown_playbook,
    with_files,
)
from bot.commands.failures import FAILED
from bot.commands.output import fail, print_json, say
from bot.commands.site import Json

if TYPE_CHECKING:
    from playbooks.commands import StepRecord
    from playbooks.rehearsal import Coverage, Rehearsed


def rehearse(
    names: Annotated[list[str] | None, typer.Argument(help="Names or files; none: the site's own.")] = None,
    library: Library = False,
    show: Annotated[
        bool, typer.Option("--show", help="Say what each rehearsal would ask, do and tell.")
    ] = False,
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
        raise unknown_playbook(unknown[0], known)
    wanted = [
        one
        for file, one in known.playbooks
        if (one.name in names if names or files else library or is_own(file.path))
    ]
    results, failed = [], 0
    for playbook in wanted:
        done = rehearse_all(playbook, specs, by_name)
        covered = coverage(playbook, done)
        failed += sum(not one.passed for one in done)
        results.append((playbook.name, done, covered))
        if not as_json:
            _say_rehearsed(playbook.name, done, covered, show=show)
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
        of = f"{len(results)} playbook{'' if len(results) == 1 else 's'}"
        say(f"{total - failed} of {total} rehearsals of {of} went as expected.")
    for fault in known.faults:
        fail(fault)
    if failed or known.faults:
        raise typer.Exit(FAILED)


def _say_rehearsed(name: str, done: Iterable[Rehearsed], covered: Coverage, *, show: bool) -> None:
    for one in done:
        say(f"{'ok' if one.passed else 'FAILED':<7}{name}: {one.case}")
        if show:
            _say_steps(one)
        for fault in one.faults:
            say(f"       {fault}")
    say(f"       {covered}")


def _say_steps(rehearsed: Rehearsed) -> None:
    """Print what a run did, and what became of it."""
    from playbooks.plan import describe

    steps = rehearsed.result.steps if rehearsed.result is not None else ()
    became = {step.id: step for step in steps}
    for command in rehearsed.commands:
        kind, text = describe(command)
        say(f"         {kind:<12} {command.id}: {text}{_ending(kind, became.pop(command.id, None))}")
    for step in became.values():
        if step.status in ("skipped", "failed"):
            say(f"         {step.status:<12} {step.id}: {step.detail}")


def _ending(kind: str, step: StepRecord | None) -> str:
    if step is None:
        return ""
    if kind == "question" and step.status == "succeeded":
        said = {
            name: value for name, value in step.result.items() if name not in ("answered", "by", "granted")
        }
        return f" → {', '.join(str(value) for value in said.values())}"
    return "" if step.status == "succeeded" else f" → {step.detail or step.status}"
