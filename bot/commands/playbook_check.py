"""`siem playbooks check`: what is wrong with playbooks, in themselves and on this site."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from bot.commands.catalogue import Paths, catalogue, is_own, read_playbooks
from bot.commands.failures import FAILED
from bot.commands.output import fail, print_json, say, tell
from bot.commands.site import Json, settings_or_none

if TYPE_CHECKING:
    from playbooks.actions import ActionSpec
    from playbooks.schema import Names
    from workers.playbook_files import PlaybookFile
    from workers.playbook_fit import Misfits
    from workers.settings import Settings


def check(paths: Paths = None, as_json: Json = False) -> None:
    """Find every fault of playbooks, with line and column. Exit 1 where there is one."""
    from workers.playbook_fit import names_of

    known = read_playbooks(paths, library=True)
    own = [file for file, _ in known.playbooks if is_own(file.path)]
    faults, notes = list(known.faults), list[str]()
    unfit = set[str]()
    if (chosen := settings_or_none()) is not None:
        names, specs = names_of(chosen, [one.name for _, one in known.playbooks]), catalogue()
        for path, found in _misfits(chosen, names, specs, own):
            faults += map(str, found.faults)
            notes += map(str, found.notes)
            unfit |= {path} if found.faults else set()
        notes += _stale_schemas(chosen, names, specs)
    if as_json:
        print_json({"checked": [file.path for file in own], "faults": faults, "notes": notes})
    else:
        for fault in faults:
            fail(fault)
        for note in notes:
            tell(f"note: {note}")
        good, bad = len(own) - len(unfit), len(known.faults) + len(unfit)
        right = "1 playbook is right" if good == 1 else f"{good} playbooks are right"
        say(f"{right}, {bad} not." if bad else f"{right}.")
    if faults:
        raise typer.Exit(FAILED)


def wrong_on(chosen: Settings) -> list[str]:
    """Return what keeps playbooks of a site from doing what they are for."""
    from workers.playbook_files import playbooks_of
    from workers.playbook_fit import names_of

    specs = catalogue()
    known = playbooks_of(chosen, specs)
    own = [file for file, _ in known.playbooks if is_own(file.path)]
    unfit = (found.faults for _, found in _misfits(chosen, names_of(chosen), specs, own))
    return [*known.faults, *(str(fault) for faults in unfit for fault in faults)]


def _misfits(
    chosen: Settings, names: Names, specs: dict[str, ActionSpec], files: Iterable[PlaybookFile]
) -> Iterator[tuple[str, Misfits]]:
    from workers.playbook_fit import misfits

    for file in files:
        yield file.path, misfits(file, chosen, names, specs)


def _stale_schemas(chosen: Settings, names: Names, specs: dict[str, ActionSpec]) -> list[str]:
    """Say which schemas for the editor do not know what this version and this site have."""
    from playbooks.schema import schema

    wanted = _but_playbooks(schema(specs, names))
    return [
        f"{path} is not of this version and this site, so the editor does not know all: "
        f"siem playbooks schema -o {path}"
        for folder in chosen.playbook_folders
        if (path := folder / "schema.json").exists() and _but_playbooks(_read(path)) != wanted
    ]


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None


def _but_playbooks(schema: Any) -> Any:
    """The schema without the names that ``run`` offers: each new file is one more, and no reason to tell."""
    try:
        schema["$defs"]["Step"]["properties"]["run"].pop("defaultSnippets", None)
    except (KeyError, TypeError, AttributeError):
        return None
    return schema
